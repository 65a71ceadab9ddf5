//! What a commit of the tool did, so that it can be undone ([`crate::plan::undo`]).

use git2::{Commit, Delta, DiffFile, ErrorCode, FileMode, Oid};

use super::Entry;
use crate::git::snapshot::blob_id;
use crate::git::{GitError, Repo};
use crate::plan::delta::{Content, FileDelta};
use crate::plan::message;
use crate::text::blob::Mode;
use crate::text::path::RepoPath;

/// A commit of the tool, and what it did to the files.
pub struct Made {
    /// The commit: the one in the history or, where that has been altered, the kept one.
    pub commit: Oid,
    /// What it did.
    pub files: Vec<FileDelta>,
}

impl Repo {
    /// What a commit does to its first parent's files; `None` where it has no parent, or does something to a link or a submodule, which
    /// no step does.
    ///
    /// # Errors
    /// Its parent or a content is not in this clone.
    pub fn changes_of(&self, commit: Oid) -> Result<Option<Vec<FileDelta>>, GitError> {
        let missing = |error: GitError| match error {
            GitError::Git(error) if error.code() == ErrorCode::NotFound => GitError::NotInClone(commit.to_string()),
            error => error,
        };
        self.read_changes(&self.inner.find_commit(commit)?).map_err(missing)
    }

    fn read_changes(&self, commit: &Commit<'_>) -> Result<Option<Vec<FileDelta>>, GitError> {
        if commit.parent_count() == 0 {
            let is_cut = self.inner.is_shallow();
            return if is_cut { Err(GitError::NotInClone(commit.id().to_string())) } else { Ok(None) };
        }
        let diff = self.diff_with_renames(&commit.parent(0)?.tree()?, &commit.tree()?)?;
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
            let path = |side: DiffFile<'_>| side.path_bytes().and_then(RepoPath::new);
            let (Some(old), Some(path)) = (path(delta.old_file()), path(delta.new_file())) else { return Ok(None) };
            if is_foreign(delta.old_file()) || is_foreign(delta.new_file()) {
                return Ok(None);
            }
            let (before, after) = (content(delta.old_file())?, content(delta.new_file())?);
            let moved_from = (delta.status() == Delta::Renamed).then_some(old);
            files.push(FileDelta { path, moved_from, before, after });
        }
        Ok(Some(files))
    }

    /// What a step's commit did; where the commit in the history is not what the step made (it was amended, or others were squashed
    /// into it), the commit that was kept. `None` where neither is there: what somebody else put into it would be undone as well.
    ///
    /// # Errors
    /// git fails, or a content is not in this clone.
    pub fn made(&self, plan: &str, entry: &Entry) -> Result<Option<Made>, GitError> {
        if let Some(files) = self.unaltered(entry)? {
            return Ok(Some(Made { commit: entry.commit, files }));
        }
        for commit in self.kept(plan, entry)? {
            if let Some(files) = self.unaltered(&Entry { commit, ..entry.clone() })? {
                return Ok(Some(Made { commit, files }));
            }
        }
        Ok(None)
    }

    /// What an entry's commit did, if that is what its digest says.
    ///
    /// # Errors
    /// git fails, or its parent or a content is not in this clone.
    pub fn unaltered(&self, entry: &Entry) -> Result<Option<Vec<FileDelta>>, GitError> {
        // A commit that many were squashed into is asked for each of them.
        if self.digests.borrow().get(&entry.commit).is_some_and(|digest| *digest != entry.digest) {
            return Ok(None);
        }
        let Some(files) = self.changes_of(entry.commit)? else { return Ok(None) };
        let digest = message::digest(&files);
        let is_it = digest == entry.digest;
        self.digests.borrow_mut().insert(entry.commit, digest);
        Ok(is_it.then_some(files))
    }
}
