//! Changes to a set of files: edits, and files created, moved and deleted.

use std::collections::BTreeMap;

use super::blob::Mode;
use super::edit::{Overlap, TextEdit};
use super::path::RepoPath;

/// What happens to one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileChange {
    /// Its bytes are edited in place.
    Edit(TextEdit),
    /// It comes into being.
    Create {
        /// Its whole content.
        content: String,
        /// Its mode.
        mode: Mode,
    },
    /// It goes away.
    Delete,
    /// It moves, and may be edited on the way (the edit's offsets are those of the old content).
    Move {
        /// Where it goes.
        to: RepoPath,
        /// What changes in it.
        edit: TextEdit,
    },
}

/// A change to a set of files, at most one [`FileChange`] for each.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SourceChange {
    files: BTreeMap<RepoPath, FileChange>,
}

/// Two changes that cannot both be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Conflict {
    /// Both edit the same bytes.
    #[error("{path}: {overlap}")]
    Overlap {
        /// The file.
        path: RepoPath,
        /// The two edits.
        overlap: Box<Overlap>,
    },
    /// One deletes, creates or moves what the other changes as well.
    #[error("{path} is changed as a whole file twice")]
    WholeFile {
        /// The file.
        path: RepoPath,
    },
}

impl SourceChange {
    /// Returns the change that edits one file.
    pub fn edit(path: RepoPath, edit: TextEdit) -> Self {
        let mut change = Self::default();
        if !edit.is_empty() {
            change.files.insert(path, FileChange::Edit(edit));
        }
        change
    }

    /// Returns the change that does one thing to one file.
    pub fn of(path: RepoPath, change: FileChange) -> Self {
        Self { files: BTreeMap::from([(path, change)]) }
    }

    /// The files that change, sorted by path, each under the name it had before.
    pub fn files(&self) -> &BTreeMap<RepoPath, FileChange> {
        &self.files
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Adds another change to this one.
    ///
    /// # Errors
    /// The two cannot both be made; then `self` is left as it was.
    pub fn union(&mut self, other: &SourceChange) -> Result<(), Conflict> {
        let mut merged = Vec::with_capacity(other.files.len());
        for (path, theirs) in &other.files {
            merged.push((path.clone(), merge(path, self.files.get(path), theirs)?));
        }
        self.files.extend(merged);
        Ok(())
    }

    /// Returns all changes as one.
    ///
    /// # Errors
    /// Two of them cannot both be made.
    pub fn all<'c>(changes: impl IntoIterator<Item = &'c SourceChange>) -> Result<Self, Conflict> {
        let mut by_path: BTreeMap<&RepoPath, Vec<&FileChange>> = BTreeMap::new();
        for (path, what) in changes.into_iter().flat_map(|change| &change.files) {
            by_path.entry(path).or_default().push(what);
        }
        let files = by_path.into_iter().map(|(path, changes)| Ok((path.clone(), merge_all(path, &changes)?)));
        Ok(Self { files: files.collect::<Result<_, Conflict>>()? })
    }

    /// Returns the change that does what `self` does and then, to its result, what `next` does. Both edit and create files only: what
    /// they do to whole files besides is not taken over.
    #[must_use]
    pub fn then(&self, next: &SourceChange) -> Self {
        let mut files = self.files.clone();
        for (path, theirs) in &next.files {
            let both = match (files.remove(path), theirs) {
                (Some(FileChange::Edit(ours)), FileChange::Edit(theirs)) => FileChange::Edit(ours.then(theirs)),
                (Some(FileChange::Create { content, mode }), FileChange::Edit(theirs)) => {
                    // The edits of a text stand between its characters.
                    let content = String::from_utf8_lossy(&theirs.apply(content.as_bytes())).into_owned();
                    FileChange::Create { content, mode }
                }
                (_, theirs) => theirs.clone(),
            };
            files.insert(path.clone(), both);
        }
        files.retain(|_, what| !matches!(what, FileChange::Edit(edit) if edit.is_empty()));
        Self { files }
    }
}

fn merge_all(path: &RepoPath, changes: &[&FileChange]) -> Result<FileChange, Conflict> {
    let edits: Vec<&TextEdit> = changes
        .iter()
        .filter_map(|change| match change {
            FileChange::Edit(edit) => Some(edit),
            _ => None,
        })
        .collect();
    // One edit of many is made in one go: to add thousands to one another takes the square of their number.
    if edits.len() == changes.len() {
        let overlap = |overlap| Conflict::Overlap { path: path.clone(), overlap: Box::new(overlap) };
        return Ok(FileChange::Edit(TextEdit::all(edits).map_err(overlap)?));
    }
    let mut whole = changes[0].clone();
    for change in &changes[1..] {
        whole = merge(path, Some(&whole), change)?;
    }
    Ok(whole)
}

fn merge(path: &RepoPath, ours: Option<&FileChange>, theirs: &FileChange) -> Result<FileChange, Conflict> {
    let overlap = |overlap| Conflict::Overlap { path: path.clone(), overlap: Box::new(overlap) };
    match (ours, theirs) {
        (None, theirs) => Ok(theirs.clone()),
        (Some(ours), theirs) if ours == theirs => Ok(theirs.clone()),
        (Some(FileChange::Edit(a)), FileChange::Edit(b)) => Ok(FileChange::Edit(a.union(b).map_err(overlap)?)),
        (Some(FileChange::Move { to, edit: a }), FileChange::Edit(b))
        | (Some(FileChange::Edit(a)), FileChange::Move { to, edit: b }) => {
            Ok(FileChange::Move { to: to.clone(), edit: a.union(b).map_err(overlap)? })
        }
        (Some(FileChange::Move { to, edit: a }), FileChange::Move { to: target, edit: b }) if to == target => {
            Ok(FileChange::Move { to: to.clone(), edit: a.union(b).map_err(overlap)? })
        }
        _ => Err(Conflict::WholeFile { path: path.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::edit::Edit;
    use super::super::span::Span;
    use super::*;

    #[test]
    fn a_moved_file_may_also_be_edited() {
        let old = RepoPath::new("a.py").unwrap();
        let new = RepoPath::new("b.py").unwrap();
        let edit = TextEdit::new(vec![Edit::insert(0, "x")]).unwrap();
        let mut change = SourceChange::edit(old.clone(), edit.clone());
        let moved = FileChange::Move { to: new.clone(), edit: TextEdit::default() };
        assert_eq!(change.union(&SourceChange::of(old.clone(), moved)), Ok(()));
        assert_eq!(change.files()[&old], FileChange::Move { to: new, edit });
    }

    #[test]
    fn changes_one_after_the_other_are_one() {
        let (old, new) = (RepoPath::new("a.py").unwrap(), RepoPath::new("b.py").unwrap());
        let edit = |edit| TextEdit::new(vec![edit]).unwrap();
        let mut first = SourceChange::edit(old.clone(), edit(Edit::insert(0, "x")));
        let create = |content: &str| FileChange::Create { content: content.to_owned(), mode: Mode::Regular };
        first.union(&SourceChange::of(new.clone(), create("y"))).unwrap();
        let mut next = SourceChange::edit(old.clone(), edit(Edit::delete(Span::new(0, 1))));
        next.union(&SourceChange::edit(new.clone(), edit(Edit::insert(1, "z")))).unwrap();
        assert_eq!(first.then(&next), SourceChange::of(new, create("yz")));
    }

    #[test]
    fn a_deleted_file_may_not_be_edited() {
        let path = RepoPath::new("a.py").unwrap();
        let edit = TextEdit::new(vec![Edit::insert(0, "x")]).unwrap();
        let mut change = SourceChange::of(path.clone(), FileChange::Delete);
        assert_eq!(change.union(&SourceChange::edit(path.clone(), edit)), Err(Conflict::WholeFile { path }));
    }
}
