//! The difference of two texts, line by line: for a person to look at, to tell changes apart, and as edits.

use std::time::Duration;

use similar::{Algorithm, ChangeTag, TextDiff};

use crate::text::edit::{Edit, Overlap, TextEdit};
use crate::text::span::Span;

/// How long the shortest difference is looked for before a longer one will do.
const DEADLINE: Duration = Duration::from_millis(500);

/// Lines that change, with the unchanged ones around them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hunk {
    /// The number of the first line in the old text, counted from 1.
    pub old: usize,
    /// The same in the new text.
    pub new: usize,
    /// The lines, without their ends.
    pub lines: Vec<(Side, String)>,
}

/// Which of two texts a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Both.
    Both,
    /// The old one.
    Old,
    /// The new one.
    New,
}

/// The lines that differ, with so many unchanged ones around them.
pub fn hunks(old: &str, new: &str, context: usize) -> Vec<Hunk> {
    let (old, new) = (lines(old), lines(new));
    let diff = diff(&old, &new);
    let hunk = |group: Vec<similar::DiffOp>| {
        let first = group.first();
        let changes = group.iter().flat_map(|op| diff.iter_changes(op));
        let lines = changes.map(|change| {
            let side = match change.tag() {
                ChangeTag::Equal => Side::Both,
                ChangeTag::Delete => Side::Old,
                ChangeTag::Insert => Side::New,
            };
            let text: &str = change.value();
            (side, text.trim_end_matches(['\n', '\r']).to_owned())
        });
        let lines = lines.collect();
        let start = |range: std::ops::Range<usize>| range.start + 1;
        let old = first.map_or(1, |op| start(op.old_range()));
        Hunk { old, new: first.map_or(1, |op| start(op.new_range())), lines }
    };
    diff.grouped_ops(context).into_iter().map(hunk).collect()
}

/// The edits that make one text of the other, whole lines each.
///
/// # Errors
/// Never, as lines stand apart; the set of edits is what says so.
pub fn edits(old: &str, new: &str) -> Result<TextEdit, Overlap> {
    let (old_lines, new_lines) = (lines(old), lines(new));
    let starts = |lines: &[&str]| {
        let mut at = 0;
        let mut starts = vec![0];
        starts.extend(lines.iter().map(|line| {
            at += line.len();
            at
        }));
        starts
    };
    let (old_starts, new_starts) = (starts(&old_lines), starts(&new_lines));
    let diff = diff(&old_lines, &new_lines);
    let changed = diff.ops().iter().filter(|op| !matches!(op, similar::DiffOp::Equal { .. }));
    let edit = |op: &similar::DiffOp| {
        let (from, to) = (op.old_range(), op.new_range());
        let span = Span::new(old_starts[from.start] as u32, old_starts[from.end] as u32);
        Edit::replace(span, &new[new_starts[to.start]..new_starts[to.end]])
    };
    TextEdit::new(changed.map(edit).collect())
}

fn diff<'l>(old: &'l [&'l str], new: &'l [&'l str]) -> TextDiff<'l, 'l, str> {
    TextDiff::configure().algorithm(Algorithm::Myers).timeout(DEADLINE).diff_slices(old, new)
}

/// The lines with their ends; only LF ends one, as for git.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let found = hunks("a\nb\nc\nd\n", "a\nB\nc\nd\n", 1);
        let line = |side, text: &str| (side, text.to_owned());
        let lines = vec![line(Side::Both, "a"), line(Side::Old, "b"), line(Side::New, "B"), line(Side::Both, "c")];
        assert_eq!(found, [Hunk { old: 1, new: 1, lines }]);
        assert_eq!(hunks("a\n", "a\n", 3), []);
    }

    #[test]
    fn edits_make_the_new_text() {
        for (old, new) in
            [("", "a\n"), ("a\nb", "b"), ("a\r\nb\r\n", "a\r\nx\r\ny\r\nb\r\n"), ("é\n", ""), ("1\n2\n3\n", "2\n4\n3")]
        {
            let edit = edits(old, new).unwrap();
            assert_eq!(String::from_utf8(edit.apply(old.as_bytes())).unwrap(), new, "{old:?}");
        }
        assert_eq!(edits("1\n2\n3\n", "1\nx\n3\n").unwrap().edits(), [Edit::replace(Span::new(2, 4), "x\n")]);
    }
}
