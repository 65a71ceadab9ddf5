//! Three-way merge of texts: by lines and, where lines collide, by tokens.
//!
//! What two sides made of a common base goes together where their changes do not touch: at least one line, or within a line at least one
//! word, that neither has changed lies between them (where one is but layout, anything). That is diff3 (Khanna, Kunal, Pierce: *A Formal Investigation of Diff3*, 2007) with
//! git's rule that neighbours collide. Tokens let a change of a name and a reformatting of its line stand together; who merges
//! by them has to prove the result.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// The most tokens of one place that are compared: more is the work of a person.
const MOST_TOKENS: usize = 20_000;

/// How fine texts are merged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grain {
    /// Changes of neighbouring lines collide.
    Lines,
    /// Changes of neighbouring lines collide only where they touch the same, or neighbouring, tokens.
    Tokens,
}

/// A merged text, in pieces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Merged {
    pieces: Vec<Piece>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    Agreed(Vec<u8>),
    /// As the tokens of both sides make it, or who settled it; the lines of our side, counted from 0.
    Fine(Vec<u8>, Range<usize>),
    Clash(Clash),
}

/// A place that both sides changed, each in its own way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clash {
    /// Its lines on our side, counted from 0; empty where they are gone.
    pub lines: Range<usize>,
    /// What both sides changed.
    pub base: Vec<u8>,
    /// What our side made of it.
    pub ours: Vec<u8>,
    /// What their side made of it.
    pub theirs: Vec<u8>,
}

/// Merges what two sides made of a text.
///
/// ```
/// use ssot_migrate::text::merge::{Grain, merge};
/// let (base, theirs) = (b"from new import X\n", b"from old import X\n");
/// let ours = b"from new import (\n    X,\n)\n";
/// assert_eq!(merge(base, ours, theirs, Grain::Lines).text(), None);
/// assert_eq!(merge(base, ours, theirs, Grain::Tokens).text().unwrap(), b"from old import (\n    X,\n)\n");
/// ```
pub fn merge(base: &[u8], ours: &[u8], theirs: &[u8], grain: Grain) -> Merged {
    let sides = Sides { base: lines(base), ours: lines(ours), theirs: lines(theirs), is_solid: |_| true };
    let piece = |region: &Region| {
        if let Some(text) = sides.resolve(region) {
            return Piece::Agreed(text.concat());
        }
        let [base, ours, theirs] = sides.parts(region).map(<[&[u8]]>::concat);
        match merge_tokens(&base, &ours, &theirs).filter(|_| grain == Grain::Tokens) {
            Some(text) => Piece::Fine(text, region.ours.clone()),
            None => Piece::Clash(Clash { lines: region.ours.clone(), base, ours, theirs }),
        }
    };
    Merged { pieces: sides.regions().iter().map(piece).collect() }
}

/// The merge of a place by its tokens; `None` where they collide.
fn merge_tokens(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let sides = Sides { base: tokens(base), ours: tokens(ours), theirs: tokens(theirs), is_solid: is_word };
    if sides.base.len() + sides.ours.len() + sides.theirs.len() > MOST_TOKENS {
        return None;
    }
    let mut text = Vec::with_capacity(ours.len());
    for region in sides.regions() {
        sides.resolve(&region)?.iter().for_each(|token| text.extend_from_slice(token));
    }
    Some(text)
}

impl Merged {
    /// The text, where nothing collides.
    pub fn text(&self) -> Option<Vec<u8>> {
        self.clashes().next().is_none().then(|| self.with_markers("", ""))
    }

    /// The places where the sides collide.
    pub fn clashes(&self) -> impl Iterator<Item = &Clash> {
        self.pieces.iter().filter_map(|piece| if let Piece::Clash(clash) = piece { Some(clash) } else { None })
    }

    /// Settles places that collide as somebody says who knows what the texts mean; `None` leaves a place as it is.
    pub fn settle(&mut self, settled: impl Fn(&Clash) -> Option<Vec<u8>>) {
        for piece in &mut self.pieces {
            let Piece::Clash(clash) = piece else { continue };
            if let Some(text) = settled(clash) {
                *piece = Piece::Fine(text, clash.lines.clone());
            }
        }
    }

    /// The lines of our side, counted from 0, in which both sides changed something and what they did was told apart.
    pub fn fine(&self) -> impl Iterator<Item = &Range<usize>> {
        self.pieces.iter().filter_map(|piece| if let Piece::Fine(_, lines) = piece { Some(lines) } else { None })
    }

    /// The text with git's conflict markers where the sides collide; the labels say what each side is.
    pub fn with_markers(&self, ours: &str, theirs: &str) -> Vec<u8> {
        let mut text = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Agreed(agreed) | Piece::Fine(agreed, _) => text.extend_from_slice(agreed),
                Piece::Clash(clash) => {
                    let end: &[u8] = if clash.ours.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
                    let sides = [(format!("<<<<<<< {ours}"), &clash.ours[..]), ("=======".to_owned(), &clash.theirs[..])];
                    for (marker, side) in sides {
                        text.extend([marker.as_bytes(), end, side].concat());
                        // The last line of a file may lack its end.
                        if !side.is_empty() && !side.ends_with(b"\n") {
                            text.extend_from_slice(end);
                        }
                    }
                    text.extend([format!(">>>>>>> {theirs}").as_bytes(), end].concat());
                }
            }
        }
        text
    }
}

/// The lines of an old text that some lines of a new one come from; for those that are new, the ones that they took the place of.
pub fn came_from(old: &[u8], new: &[u8], at: Range<usize>) -> Range<usize> {
    let ops = capture_diff_slices(Algorithm::Histogram, &lines(old), &lines(new)).into_iter();
    let sources = ops.filter_map(|op| {
        let (was, is) = (op.old_range(), op.new_range());
        let is_met = is.start < at.end.max(at.start + 1) && at.start < is.end.max(is.start + 1);
        match op {
            _ if !is_met => None,
            DiffOp::Equal { .. } => {
                let old = |line: usize| was.start + line.clamp(is.start, is.end) - is.start;
                Some(old(at.start)..old(at.end))
            }
            _ => Some(was),
        }
    });
    sources.reduce(|one, other| one.start.min(other.start)..one.end.max(other.end)).unwrap_or_default()
}

/// Three texts, cut into lines or tokens.
struct Sides<'t> {
    base: Vec<&'t [u8]>,
    ours: Vec<&'t [u8]>,
    theirs: Vec<&'t [u8]>,
    /// Whether a line or token that nobody has changed keeps the changes around it apart.
    is_solid: fn(&[u8]) -> bool,
}

/// A stretch of the three texts.
struct Region {
    base: Range<usize>,
    ours: Range<usize>,
    theirs: Range<usize>,
}

impl<'t> Sides<'t> {
    fn parts(&self, region: &Region) -> [&[&'t [u8]]; 3] {
        [&self.base[region.base.clone()], &self.ours[region.ours.clone()], &self.theirs[region.theirs.clone()]]
    }

    /// What a region comes to: what one side made of it where the other left it alone, or what both made.
    fn resolve(&self, region: &Region) -> Option<&[&'t [u8]]> {
        let [base, ours, theirs] = self.parts(region);
        match () {
            () if base == theirs || ours == theirs => Some(ours),
            () if base == ours => Some(theirs),
            () => None,
        }
    }

    /// The texts as a row of regions: those that changes touch and those between them.
    fn regions(&self) -> Vec<Region> {
        let mut hunks: Vec<Hunk> = changes(&self.base, &self.ours).map(|(hunk, grown)| Hunk { ours: grown, ..hunk }).collect();
        hunks.extend(changes(&self.base, &self.theirs).map(|(hunk, grown)| Hunk { theirs: grown, ..hunk }));
        hunks.sort_by_key(|hunk| (hunk.range.start, hunk.range.end));
        let mut joined: Vec<Hunk> = Vec::new();
        for hunk in hunks {
            match joined.last_mut() {
                Some(last) if !self.is_apart(last, &hunk) => last.join(&hunk),
                _ => joined.push(hunk),
            }
        }
        let mut regions: Vec<Region> = Vec::with_capacity(2 * joined.len() + 1);
        let mut push = |end: usize, ours: isize, theirs: isize| {
            let start = regions.last().map_or((0, 0, 0), |last| (last.base.end, last.ours.end, last.theirs.end));
            let length = end - start.0;
            let side = |start: usize, grown: isize| start..start + length.saturating_add_signed(grown);
            regions.push(Region { base: start.0..end, ours: side(start.1, ours), theirs: side(start.2, theirs) });
        };
        for hunk in joined {
            push(hunk.range.start, 0, 0);
            push(hunk.range.end, hunk.ours, hunk.theirs);
        }
        push(self.base.len(), 0, 0);
        regions
    }

    /// Whether enough lies between two changes that each stands for itself: a line, or a word; where one is but layout, anything.
    fn is_apart(&self, one: &Hunk, other: &Hunk) -> bool {
        let between = self.base.get(one.range.end..other.range.start).unwrap_or_default();
        let is_layout = one.is_layout || other.is_layout;
        if is_layout { !between.is_empty() } else { between.iter().any(|text| (self.is_solid)(text)) }
    }
}

/// A stretch of the base that a side, or both, have changed.
#[derive(Clone)]
struct Hunk {
    range: Range<usize>,
    /// By how much it has grown on our side.
    ours: isize,
    /// By how much it has grown on theirs.
    theirs: isize,
    /// Whether blanks, commas and brackets alone have come and gone.
    is_layout: bool,
}

impl Hunk {
    fn join(&mut self, other: &Hunk) {
        self.range.end = self.range.end.max(other.range.end);
        self.ours += other.ours;
        self.theirs += other.theirs;
        self.is_layout &= other.is_layout;
    }
}

/// The stretches of a text that another has changed, and by how much each has grown.
fn changes<'t>(old: &[&'t [u8]], new: &[&'t [u8]]) -> impl Iterator<Item = (Hunk, isize)> {
    let mut changed: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for op in capture_diff_slices(Algorithm::Histogram, old, new) {
        let (range, made) = (op.old_range(), op.new_range());
        match changed.last_mut() {
            _ if matches!(op, DiffOp::Equal { .. }) => {}
            Some(last)
                if made.is_empty() && can_join(last.0.end, &range, old)
                    || range.is_empty() && can_join(last.1.end, &made, new) =>
            {
                last.0.end += range.len();
                last.1.end += made.len();
            }
            _ => changed.push((range, made)),
        }
    }
    changed.into_iter().map(|(range, made)| {
        let grown = made.len() as isize - range.len() as isize;
        let is_layout = old[range.clone()].iter().chain(&new[made]).all(|text| is_layout(text));
        (Hunk { range, ours: 0, theirs: 0, is_layout }, grown)
    })
}

/// Whether what came or went could as well have done so right behind a place before it, because the text repeats itself. Then the two
/// are one change: told apart, a part of it could be taken for what the other side did.
fn can_join(place: usize, changed: &Range<usize>, text: &[&[u8]]) -> bool {
    (place..changed.start).all(|at| text[at] == text[at + changed.len()])
}

/// Whether a text is what a formatter puts in and takes away.
fn is_layout(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b'(' | b')'))
}

/// Whether a token is a word.
fn is_word(token: &[u8]) -> bool {
    token.first().is_some_and(|&byte| kind(byte) == 1)
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

/// Words, runs of blanks (line ends and the indentation behind them are one run), and single other characters.
fn tokens(text: &[u8]) -> Vec<&[u8]> {
    text.chunk_by(|&a, &b| kind(a) == kind(b) && kind(a) != 0).collect()
}

/// 1 for the characters of words, 2 for blanks, 0 for others.
fn kind(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | 0x80.. => 1,
        b' ' | b'\t' | b'\r' | b'\n' | 0x0c => 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine(base: &str, ours: &str, theirs: &str) -> Option<String> {
        let merged = merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), Grain::Tokens);
        merged.text().map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn changes_that_do_not_touch_go_together() {
        let base = "a\nb\nc\nd\n";
        assert_eq!(fine(base, "A\nb\nc\nd\n", "a\nb\nc\nD\n").as_deref(), Some("A\nb\nc\nD\n"));
        assert_eq!(fine(base, "a\nb\nx\nc\nd\n", "a\nc\nd\n"), None, "where a line went another came");
        assert_eq!(fine(base, "a\nc\nd\n", "a\nc\nd\n").as_deref(), Some("a\nc\nd\n"), "gone already");
        assert_eq!(fine(base, "a\nc\nD\n", "a\nc\nd\n").as_deref(), Some("a\nc\nD\n"), "gone already, and more");
        assert_eq!(fine("", "x\n", "").as_deref(), Some("x\n"));
        assert_eq!(fine("", "x\n", "y\n"), None);
    }

    #[test]
    fn tokens_tell_changes_of_one_line_apart() {
        let (new, old) = ("from pkg.ssot import Manager\n", "from pkg.legacy import Manager\n");
        let undone = |ours: &str| fine(new, ours, old);
        assert_eq!(undone("from pkg.ssot import Manager  # noqa\n").unwrap(), "from pkg.legacy import Manager  # noqa\n");
        assert_eq!(undone("from pkg.ssot import Manager as M\n").unwrap(), "from pkg.legacy import Manager as M\n");
        assert_eq!(undone("    from pkg.ssot import Manager\n").unwrap(), "    from pkg.legacy import Manager\n");
        assert_eq!(undone("from pkg.ssot import (\n    Manager,\n)\n").unwrap(), "from pkg.legacy import (\n    Manager,\n)\n");
        assert_eq!(undone("from pkg.other import Manager\n"), None);
        assert_eq!(fine("f(a, b)\n", "f(\n    a,\n    b,\n)\n", "g(a, b)\n").unwrap(), "g(\n    a,\n    b,\n)\n");
        assert_eq!(fine("f(a, b)\n", "f(c, b)\n", "g(a, b)\n"), None, "a bracket does not keep them apart");
        assert_eq!(fine("f(a, b)\n", "f(a, c)\n", "g(b)\n"), None, "what goes touches what changed");
    }

    #[test]
    fn a_side_that_changed_nothing_gives_way() {
        for (a, b) in [("", "x"), ("a\nb", "a\nc\n"), ("a\r\nb\r\n", "b\r\n"), ("x = 1\n\n\ny = 2\n", "y = 2\n\nx = 1\n")] {
            assert_eq!(fine(a, b, a).as_deref(), Some(b));
            assert_eq!(fine(a, a, b).as_deref(), Some(b));
            assert_eq!(fine(a, b, b).as_deref(), Some(b));
        }
    }

    #[test]
    fn lines_are_found_where_they_were() {
        let (old, new) = (b"a\nb\nc\nd\n", b"a\nx\nb\nC\nd\ne\n");
        assert_eq!(came_from(old, new, 2..3), 1..2, "pushed on by another");
        assert_eq!(came_from(old, new, 3..4), 2..3, "in the place of another");
        assert_eq!(came_from(old, new, 2..5), 1..4);
        assert_eq!(came_from(old, new, 4..5), 3..4);
        assert_eq!(came_from(old, old, 1..3), 1..3);
        assert_eq!((came_from(b"", b"", 0..0), came_from(b"", b"a\n", 0..1)), (0..0, 0..0));
    }

    #[test]
    fn what_collides_is_marked_as_git_marks_it() {
        let merged = merge(b"1\nold\n2", b"1\nours\n2", b"1\ntheirs\n2", Grain::Tokens);
        assert_eq!(merged.clashes().map(|clash| (clash.lines.start, clash.lines.end)).collect::<Vec<_>>(), [(1, 2)]);
        let marked = String::from_utf8(merged.with_markers("now", "before")).unwrap();
        assert_eq!(marked, "1\n<<<<<<< now\nours\n=======\ntheirs\n>>>>>>> before\n2");
        let merged = merge(b"a", b"b", b"c", Grain::Lines);
        assert_eq!(merged.with_markers("x", "y"), b"<<<<<<< x\nb\n=======\nc\n>>>>>>> y\n");
    }

    #[test]
    fn a_line_that_repeats_is_not_taken_for_another() {
        assert_eq!(fine("x\ny\n", "x\ny\ny\n", "y\ny\n").as_deref(), Some("y\ny\ny\n"), "one came, and one changed");
        assert_eq!(fine("a\na\na\nb\n", "a\na\nb\n", "a\na\nb\nb\n"), None, "one went, and the same one changed");
    }

    /// All texts of four places, at each of which stands a line, another line or none: what comes of a place can be told without the
    /// others, and the sides may change places.
    #[test]
    fn merging_is_symmetric_and_loses_nothing() {
        let texts: Vec<[&str; 4]> = (0..3_usize.pow(4))
            .map(|number| {
                let pick = |at: usize| {
                    let lines = [["", "a\n", "A\n"], ["", "b\n", "B\n"], ["", "c\n", "C\n"], ["", "d\n", "D\n"]];
                    lines[at][number / 3_usize.pow(at as u32) % 3]
                };
                [pick(0), pick(1), pick(2), pick(3)]
            })
            .collect();
        let mut clean = 0;
        for base in texts.iter().step_by(7) {
            for ours in &texts {
                for theirs in texts.iter().step_by(5) {
                    let [one, other] =
                        [(ours, theirs), (theirs, ours)].map(|(a, b)| fine(&base.concat(), &a.concat(), &b.concat()));
                    assert_eq!(one, other, "{base:?} {ours:?} {theirs:?}");
                    let wanted = (0..4).map(|at| match (base[at], ours[at], theirs[at]) {
                        (old, one, other) if one == other || old == other => Some(one),
                        (old, one, other) => (old == one).then_some(other),
                    });
                    if let Some(text) = one {
                        clean += 1;
                        assert_eq!(Some(text), wanted.collect::<Option<String>>(), "{base:?} {ours:?} {theirs:?}");
                    }
                }
            }
        }
        assert!(clean > 500, "{clean}");
    }
}
