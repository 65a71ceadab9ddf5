//! A change in the making: program after program in memory, and all steps so far as one change.

use super::super::super::finding::{Evidence, Reason};
use crate::index::Index;
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// Why a move is for review, and where.
pub(in crate::transform::python) type Doubt = (Reason, Evidence);

/// Why a definition is not moved.
#[derive(Clone, Debug)]
pub(in crate::transform::python) struct Stop {
    pub reason: Reason,
    pub evidence: Vec<Evidence>,
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self { reason, evidence: Vec::new() }
    }
}

/// The programs that steps made of one another.
pub(in crate::transform::python) struct Draft<'i> {
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
        in_first(self.base, self.index(), &self.change, evidence)
    }
}

/// Evidence of the program that a change made of another, by its place in the other. Lines that the change brought are where it brought
/// them.
pub(in crate::transform::python) fn in_first(
    first: &Index,
    now: &Index,
    change: &SourceChange,
    evidence: Evidence,
) -> Evidence {
    let Some((path, line)) = &evidence.at else { return evidence };
    let (Some(FileChange::Edit(edit)), Some(old), Some(new)) =
        (change.files().get(path), first.snapshot().id(path), now.snapshot().id(path))
    else {
        return evidence;
    };
    let before = edit.before(Span::at(now.lines(new).start(*line)));
    Evidence { at: Some((path.clone(), first.position(old, before.start).line)), ..evidence }
}
