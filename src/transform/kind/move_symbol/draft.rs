//! A change in the making: program after program in memory, and all steps so far as one change.

use super::super::super::finding::{Evidence, Reason};
use crate::index::Index;
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::eol;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;

/// Why a move is for review, and where.
pub(super) type Doubt = (Reason, Evidence);

/// Why a definition is not moved.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    pub reason: Reason,
    pub evidence: Vec<Evidence>,
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self { reason, evidence: Vec::new() }
    }
}

/// The programs that steps made of one another.
pub(super) struct Draft<'i> {
    base: &'i Index,
    made: Option<Box<Index>>,
    /// All steps, as one change to the first program.
    pub change: SourceChange,
}

impl<'i> Draft<'i> {
    pub fn new(base: &'i Index) -> Self {
        Self { base, made: None, change: SourceChange::default() }
    }

    /// The program that the steps so far made.
    pub fn index(&self) -> &Index {
        self.made.as_deref().unwrap_or(self.base)
    }

    /// The program that the steps made, if there were any.
    pub fn into_index(self) -> Option<Index> {
        self.made.map(|made| *made)
    }

    /// Makes one more step.
    pub fn make(&mut self, change: &SourceChange) -> Result<(), Stop> {
        if change.is_empty() {
            return Ok(());
        }
        let made = self.index().snapshot().with(change).map_err(|_| Reason::PlaceTaken)?;
        let next = self.index().advance(made);
        self.change = self.change.then(change);
        self.made = Some(Box::new(next));
        Ok(())
    }

    /// Edits one file.
    pub fn edit(&mut self, path: &RepoPath, edits: Vec<Edit>) -> Result<(), Stop> {
        let edit = TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)?;
        self.make(&SourceChange::edit(path.clone(), edit))
    }

    /// The file at a path.
    pub fn file(&self, path: &RepoPath) -> Result<FileId, Stop> {
        self.index().snapshot().id(path).ok_or_else(|| Reason::PlaceTaken.into())
    }

    /// Evidence of the program that the steps made, by its place in the first one.
    pub fn in_first(&self, evidence: Evidence) -> Evidence {
        in_first(self.base, &self.change, evidence)
    }
}

/// Evidence of the program that a change made, by its place in the one before. Lines that the change brought are where it brought them.
pub(super) fn in_first(index: &Index, change: &SourceChange, evidence: Evidence) -> Evidence {
    let Some((path, line)) = &evidence.at else { return evidence };
    let (Some(FileChange::Edit(edit)), Some(file)) = (change.files().get(path), index.snapshot().id(path)) else {
        return evidence;
    };
    let line = line_before(&index.text(file).unwrap_or_default(), edit, *line);
    Evidence { at: Some((path.clone(), line)), ..evidence }
}

/// The line of a text that became a line of what an edit made of it; both start with 1.
fn line_before(text: &str, edit: &TextEdit, line: u32) -> u32 {
    let breaks = |text: &str| text.matches('\n').count() as u32;
    let (mut brought, mut taken) = (0, 0);
    for edit in edit.edits() {
        let start = 1 + breaks(&text[..edit.span.range().start]);
        let now = start + brought - taken;
        let starts_line = eol::line_start(text, edit.span.range().start) == edit.span.range().start;
        if line < now || (line == now && !starts_line) {
            break;
        }
        if line < now + breaks(&edit.text) {
            return start;
        }
        brought += breaks(&edit.text);
        taken += breaks(&text[edit.span.range()]);
    }
    line + taken - brought
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::span::Span;

    #[test]
    fn lines_are_found_where_they_were() {
        let text = "one\ntwo\nthree\nfour\nfive\n";
        let edits =
            vec![Edit::insert(3, "\nmore\nagain"), Edit::delete(Span::new(4, 14)), Edit::replace(Span::new(14, 18), "4")];
        let edit = TextEdit::new(edits).unwrap();
        assert_eq!(edit.apply(text.as_bytes()), b"one\nmore\nagain\n4\nfive\n");
        assert_eq!([1, 4, 5].map(|line| line_before(text, &edit, line)), [1, 4, 5]);
        let edit = TextEdit::new(vec![Edit::insert(0, "# a\n# b\n"), Edit::delete(Span::new(7, 13))]).unwrap();
        assert_eq!(edit.apply(text.as_bytes()), b"# a\n# b\none\ntwo\nfour\nfive\n");
        assert_eq!([1, 2, 3, 4, 5, 6].map(|line| line_before(text, &edit, line)), [1, 1, 1, 2, 4, 5]);
    }
}
