//! Undoing commits on top of whatever came later, by three-way merge in memory.

use std::collections::BTreeSet;

use git2::{DiffFile, FileMode, MergeOptions, Oid};

use super::commit::Unpublished;
use super::snapshot::blob_id;
use super::{GitError, Repo};
use crate::plan::delta::{Content, FileDelta};
use crate::text::blob::Mode;
use crate::text::path::RepoPath;

impl Repo {
    /// What a commit does to its first parent's files; `None` where it does something to a link or a submodule, which no step does.
    ///
    /// # Errors
    /// It has no parent, or a content is not in this clone.
    pub fn changes_of(&self, commit: Oid) -> Result<Option<Vec<FileDelta>>, GitError> {
        let commit = self.inner.find_commit(commit)?;
        let (old, new) = (commit.parent(0)?.tree()?, commit.tree()?);
        let diff = self.inner.diff_tree_to_tree(Some(&old), Some(&new), None)?;
        let content = |side: DiffFile<'_>| -> Result<Option<Content>, GitError> {
            let mode = match side.mode() {
                FileMode::BlobExecutable => Mode::Executable,
                _ => Mode::Regular,
            };
            let bytes = if side.id().is_zero() { return Ok(None) } else { self.inner.find_blob(side.id())?.content().into() };
            Ok(Some(Content { blob: blob_id(side.id()), mode, bytes }))
        };
        let mut files = Vec::new();
        for delta in diff.deltas() {
            let is_foreign = |side: DiffFile<'_>| matches!(side.mode(), FileMode::Link | FileMode::Commit | FileMode::Tree);
            let Some(path) = delta.new_file().path_bytes().and_then(RepoPath::new) else { return Ok(None) };
            if is_foreign(delta.old_file()) || is_foreign(delta.new_file()) {
                return Ok(None);
            }
            let (before, after) = (content(delta.old_file())?, content(delta.new_file())?);
            files.push(FileDelta { path, moved_from: None, before, after });
        }
        Ok(Some(files))
    }

    /// Writes commits that undo others, one for one, on top of `base`. Changes that came later and do not collide stay.
    ///
    /// # Errors
    /// What came later collides with the undoing, or git fails. Nothing is visible then.
    pub fn write_reverts(&self, base: Oid, commits: &[(Oid, String)]) -> Result<Unpublished, GitError> {
        let identity = self.identity()?;
        self.begin()?;
        let mut parent = self.inner.find_commit(base)?;
        let mut written = Vec::with_capacity(commits.len());
        for (id, message) in commits {
            let commit = self.inner.find_commit(*id)?;
            let mut options = MergeOptions::new();
            options.find_renames(true);
            let mut index = self.inner.revert_commit(&commit, &parent, 0, Some(&options))?;
            if index.has_conflicts() {
                return Err(GitError::Conflict(conflicting(&index)?));
            }
            let tree = self.inner.find_tree(index.write_tree_to(&self.inner)?)?;
            parent = self.commit_tree(&identity, &parent, &tree, message)?;
            written.push(parent.id());
        }
        Ok(Unpublished { base, commits: written })
    }
}

fn conflicting(index: &git2::Index) -> Result<Vec<RepoPath>, git2::Error> {
    let mut paths = BTreeSet::new();
    for conflict in index.conflicts()? {
        let conflict = conflict?;
        let sides = [conflict.our, conflict.their, conflict.ancestor];
        paths.extend(sides.into_iter().flatten().find_map(|side| RepoPath::new(side.path)));
    }
    Ok(paths.into_iter().collect())
}
