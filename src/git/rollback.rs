//! Undoing commits on top of whatever came later, by three-way merge in memory.

use std::collections::BTreeSet;

use git2::{MergeOptions, Oid};

use super::commit::Unpublished;
use super::{GitError, Repo};
use crate::text::path::RepoPath;

impl Repo {
    /// Writes commits that undo others, one for one, on top of `base`. Changes that came later and do not collide stay.
    ///
    /// # Errors
    /// What came later collides with the undoing, or git fails. Nothing is visible then.
    pub fn write_reverts(&self, base: Oid, commits: &[(Oid, String)]) -> Result<Unpublished, GitError> {
        let identity = self.identity()?;
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
            let id = self.inner.commit(None, &identity, &identity, message, &tree, &[&parent])?;
            written.push(id);
            parent = self.inner.find_commit(id)?;
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
