//! Edits of one file's bytes.
//!
//! A [`TextEdit`] is the only way to change a file: sorted, disjoint replacements of byte ranges. What lies outside the
//! ranges cannot change, which is law 1 of the design by construction.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::span::Span;

/// One replacement: the bytes in `span` become `text`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What stands there afterwards; empty for a deletion.
    pub text: String,
}

impl Edit {
    /// Replaces the bytes in `span`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Inserts before the byte at `offset`.
    pub fn insert(offset: u32, text: impl Into<String>) -> Self {
        Self { span: Span::at(offset), text: text.into() }
    }

    /// Deletes the bytes in `span`.
    pub fn delete(span: Span) -> Self {
        Self { span, text: String::new() }
    }
}

/// Two edits that claim the same bytes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("bytes {}..{} are claimed twice", second.span.start, second.span.end)]
pub struct Overlap {
    /// The edit that stands earlier.
    pub first: Edit,
    /// The edit that starts before the first one ends.
    pub second: Edit,
}

/// A set of edits for one file.
///
/// Invariant: sorted by start, and disjoint. Insertions at one offset keep the order in which they were given; equal edits are one
/// edit, and so are deletions that overlap: each gets what it asked for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TextEdit {
    edits: Vec<Edit>,
}

impl TextEdit {
    /// Returns the set.
    ///
    /// # Errors
    /// Two different edits that share a byte and are not both deletions, or an insertion strictly inside a replaced range.
    pub fn new(mut edits: Vec<Edit>) -> Result<Self, Overlap> {
        // Stable: insertions at one offset stay in the order in which they were asked for, before a replacement there.
        edits.sort_by_key(|edit| edit.span);
        let mut sorted: Vec<Edit> = Vec::with_capacity(edits.len());
        // What is asked for at one place more than once.
        let mut texts: FxHashSet<String> = FxHashSet::default();
        let mut place = None;
        let mut edits = edits.into_iter().peekable();
        while let Some(edit) = edits.next() {
            if place != Some(edit.span) {
                texts.clear();
                place = Some(edit.span);
            }
            let is_shared = !texts.is_empty() || edits.peek().is_some_and(|next| next.span == edit.span);
            if is_shared && !texts.insert(edit.text.clone()) {
                continue;
            }
            match sorted.last_mut() {
                Some(last) if last.span.end > edit.span.start => {
                    if last.text.is_empty() && edit.text.is_empty() && !edit.span.is_empty() {
                        last.span.end = last.span.end.max(edit.span.end);
                        continue;
                    }
                    return Err(Overlap { first: last.clone(), second: edit });
                }
                _ => sorted.push(edit),
            }
        }
        Ok(Self { edits: sorted })
    }

    /// Returns both sets as one; equal edits are one edit.
    ///
    /// # Errors
    /// An edit of `self` and a different edit of `other` share a byte.
    pub fn union(&self, other: &TextEdit) -> Result<Self, Overlap> {
        Self::new(self.edits.iter().chain(&other.edits).cloned().collect())
    }

    /// Returns all sets as one; equal edits are one edit.
    ///
    /// # Errors
    /// Different edits of two of the sets share a byte.
    pub fn all<'t>(sets: impl IntoIterator<Item = &'t TextEdit>) -> Result<Self, Overlap> {
        Self::new(sets.into_iter().flat_map(|set| &set.edits).cloned().collect())
    }

    /// Returns the set that does what `self` does and then, to its result, what `next` does. Spans are those of the text before.
    #[must_use]
    pub fn then(&self, next: &TextEdit) -> Self {
        let mut left = Pieces { rest: self.pieces(), at: 0 };
        let mut pieces = Vec::new();
        for edit in &next.edits {
            pieces.extend(left.take_until(edit.span.start as usize));
            drop(left.take_until(edit.span.end as usize));
            if !edit.text.is_empty() {
                pieces.push(Piece::Made(edit.text.clone()));
            }
        }
        pieces.extend(left.rest);
        Self::from_pieces(pieces)
    }

    /// The text that the edits make: what stays of the old one, to its end wherever that is, and what is new.
    fn pieces(&self) -> VecDeque<Piece> {
        let mut pieces = VecDeque::new();
        let mut from = 0;
        for edit in &self.edits {
            pieces.push_back(Piece::Kept(from, edit.span.start as usize));
            pieces.push_back(Piece::Made(edit.text.clone()));
            from = edit.span.end as usize;
        }
        pieces.push_back(Piece::Kept(from, u32::MAX as usize));
        pieces.retain(|piece| piece.len() > 0);
        pieces
    }

    fn from_pieces(pieces: Vec<Piece>) -> Self {
        let mut edits = Vec::new();
        let mut from = 0;
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Made(made) => text += &made,
                Piece::Kept(start, end) => {
                    if start > from || !text.is_empty() {
                        edits.push(Edit::replace(Span::new(from as u32, start as u32), std::mem::take(&mut text)));
                    }
                    from = end;
                }
            }
        }
        Self { edits }
    }

    /// Where the bytes of a span of the new text come from: see [`Trace::before`].
    pub fn before(&self, span: Span) -> Span {
        Trace::of(self).before(span)
    }

    /// The edits, sorted by place.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Returns the text with the edits made. An edit past the end of `text` is cut off there.
    pub fn apply(&self, text: &[u8]) -> Vec<u8> {
        let grown: usize = self.edits.iter().map(|edit| edit.text.len()).sum();
        let mut out = Vec::with_capacity(text.len() + grown);
        let mut from = 0;
        for edit in &self.edits {
            let Span { start, end } = edit.span;
            out.extend_from_slice(text.get(from..start as usize).unwrap_or_default());
            out.extend_from_slice(edit.text.as_bytes());
            from = end as usize;
        }
        out.extend_from_slice(text.get(from..).unwrap_or_default());
        out
    }
}

/// A part of an edited text.
enum Piece {
    /// These bytes of the old text.
    Kept(usize, usize),
    /// New text.
    Made(String),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Piece::Kept(start, end) => end - start,
            Piece::Made(text) => text.len(),
        }
    }

    /// Two pieces: what comes before an offset, and the rest.
    fn cut(self, offset: usize) -> (Self, Self) {
        match self {
            Piece::Kept(start, end) => (Piece::Kept(start, start + offset), Piece::Kept(start + offset, end)),
            Piece::Made(mut text) => {
                let behind = text.split_off(offset);
                (Piece::Made(text), Piece::Made(behind))
            }
        }
    }
}

/// What is left of an edited text that is read from its start.
struct Pieces {
    rest: VecDeque<Piece>,
    /// How much of the edited text has been read.
    at: usize,
}

impl Pieces {
    /// What comes before an offset of the edited text.
    fn take_until(&mut self, offset: usize) -> Vec<Piece> {
        let mut taken = Vec::new();
        while self.at < offset
            && let Some(piece) = self.rest.pop_front()
        {
            let wanted = offset - self.at;
            self.at += piece.len().min(wanted);
            if piece.len() <= wanted {
                taken.push(piece);
                continue;
            }
            // Edits stand between characters, so the new text is cut between characters too.
            let (before, behind) = piece.cut(wanted);
            taken.push(before);
            self.rest.push_front(behind);
        }
        taken
    }
}

/// Where the bytes of an edited text come from, for many questions.
pub struct Trace<'t> {
    edits: &'t [Edit],
    /// Where the text of each edit starts in the new text.
    starts: Vec<i64>,
}

impl<'t> Trace<'t> {
    /// The trace of a set of edits.
    pub fn of(edit: &'t TextEdit) -> Self {
        let mut grown = 0;
        let start = |edit: &Edit| {
            let start = i64::from(edit.span.start) + grown;
            grown += growth(edit);
            start
        };
        Self { edits: &edit.edits, starts: edit.edits.iter().map(start).collect() }
    }

    /// Where the bytes of a span of the new text come from: the same bytes of the old text, and what stood in the place of those that
    /// the edits have put there.
    pub fn before(&self, span: Span) -> Span {
        let start = self.origin(span.start);
        let last = if span.is_empty() { start } else { self.origin(span.end - 1) };
        Span::new(start.start, if span.is_empty() { start.start } else { last.end })
    }

    /// Where one byte of the new text comes from.
    fn origin(&self, offset: u32) -> Span {
        let offset = i64::from(offset);
        let old = match self.starts.partition_point(|start| *start <= offset).checked_sub(1) {
            None => offset,
            Some(last) => {
                let (edit, start) = (&self.edits[last], self.starts[last]);
                if offset < start + edit.text.len() as i64 {
                    return edit.span;
                }
                offset - (start - i64::from(edit.span.start)) - growth(edit)
            }
        };
        Span::new(old as u32, old as u32 + 1)
    }
}

/// How much longer an edit makes a text.
fn growth(edit: &Edit) -> i64 {
    edit.text.len() as i64 - i64::from(edit.span.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(edits: Vec<Edit>) -> Result<String, Overlap> {
        let edit = TextEdit::new(edits)?;
        Ok(String::from_utf8(edit.apply(b"0123456789")).unwrap())
    }

    #[test]
    fn edits_are_made_in_place() {
        let made = apply(vec![
            Edit::replace(Span::new(8, 9), "EIGHT"),
            Edit::insert(4, "a"),
            Edit::insert(4, "b"),
            Edit::delete(Span::new(0, 2)),
            Edit::insert(10, "!"),
        ]);
        assert_eq!(made.as_deref(), Ok("23ab4567EIGHT9!"));
    }

    #[test]
    fn equal_edits_are_one_and_touching_ranges_are_fine() {
        let twice =
            vec![Edit::insert(3, "x"), Edit::delete(Span::new(3, 5)), Edit::insert(3, "x"), Edit::delete(Span::new(5, 6))];
        assert_eq!(apply(twice).as_deref(), Ok("012x6789"));
    }

    #[test]
    fn deletions_that_overlap_are_one() {
        let made = apply(vec![Edit::delete(Span::new(2, 5)), Edit::delete(Span::new(4, 6)), Edit::delete(Span::new(3, 4))]);
        assert_eq!(made.as_deref(), Ok("016789"));
    }

    #[test]
    fn what_stays_is_found_where_it_was() {
        let text = b"0123456789";
        let edits = vec![Edit::insert(0, "ab"), Edit::delete(Span::new(2, 4)), Edit::replace(Span::new(6, 8), "cde")];
        let edit = TextEdit::new(edits).unwrap();
        let made = edit.apply(text);
        assert_eq!(made, b"ab0145cde89");
        for (at, byte) in made.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
            let at = at as u32;
            assert_eq!(&text[edit.before(Span::new(at, at + 1)).range()], [*byte]);
        }
        let before = |start, end| edit.before(Span::new(start, end));
        assert_eq!(before(2, 6), Span::new(0, 6), "`0145` was `012345`");
        assert_eq!(before(7, 8), Span::new(6, 8), "`d` stands for `67`");
        assert_eq!(before(0, 1), Span::at(0), "nothing was where `ab` is");
        assert_eq!(before(9, 9), Span::at(8));
    }

    #[test]
    fn edits_one_after_the_other_are_one_set() {
        let text = b"0123456789";
        let firsts = [
            vec![],
            vec![Edit::insert(0, "ab"), Edit::delete(Span::new(2, 5)), Edit::insert(10, "z")],
            vec![Edit::replace(Span::new(0, 10), "x")],
            vec![Edit::insert(3, "abc"), Edit::replace(Span::new(3, 4), "d"), Edit::replace(Span::new(8, 9), "efgh")],
        ];
        let nexts = [
            vec![],
            vec![Edit::insert(0, "-")],
            vec![Edit::delete(Span::new(0, 1))],
            vec![Edit::insert(1, "+")],
            vec![Edit::replace(Span::new(0, 1), "é"), Edit::insert(1, "!")],
        ];
        for first in &firsts {
            for next in &nexts {
                let (first, next) = (TextEdit::new(first.clone()).unwrap(), TextEdit::new(next.clone()).unwrap());
                let one = first.then(&next);
                assert_eq!(one.apply(text), next.apply(&first.apply(text)), "{first:?} then {next:?}");
                assert_eq!(TextEdit::new(one.edits.clone()), Ok(one), "sorted and disjoint");
            }
        }
        let first = TextEdit::new(vec![Edit::insert(4, "abcdef"), Edit::delete(Span::new(6, 8))]).unwrap();
        let undo = TextEdit::new(vec![Edit::delete(Span::new(4, 10))]).unwrap();
        assert_eq!(
            first.then(&undo),
            TextEdit::new(vec![Edit::delete(Span::new(6, 8))]).unwrap(),
            "what was made and went is no edit"
        );
        let across = TextEdit::new(vec![Edit::replace(Span::new(3, 13), "X"), Edit::insert(14, "Y")]).unwrap();
        assert_eq!(first.then(&across).apply(text), across.apply(&first.apply(text)));
    }

    #[test]
    fn overlaps_are_refused() {
        let same = apply(vec![Edit::replace(Span::new(2, 4), "a"), Edit::replace(Span::new(2, 4), "b")]);
        let crossing = apply(vec![Edit::delete(Span::new(2, 5)), Edit::replace(Span::new(4, 6), "x")]);
        let inside = apply(vec![Edit::delete(Span::new(2, 5)), Edit::insert(3, "x")]);
        assert!(same.is_err() && crossing.is_err() && inside.is_err());
    }
}
