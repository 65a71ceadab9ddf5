//! Writing commits that nothing points to yet: they are visible only once they are published ([`super::publish`]).
//!
//! A commit is a draft until the repository has had its say: [`finish`] runs the hooks (`hooks`, in a `checkout` of their own) and signs
//! ([`sign`]), with [`programs`] that the caller hands in; `identity` is whose it is, and when it was made.

mod checkout;
pub mod finish;
mod hooks;
mod identity;
pub mod programs;
pub mod sign;

use std::collections::BTreeMap;

use git2::build::TreeUpdateBuilder;
use git2::{Commit, Delta, FileMode, Oid, Tree};

use crate::git::snapshot::blob_id;
use crate::git::{GitError, Repo};
use crate::plan::delta::FileDelta;
use crate::text::blob::{BlobId, Mode};
use crate::text::path::RepoPath;
use identity::Identity;

/// A commit to be written.
pub struct Draft<'a> {
    /// The message, with its trailers.
    pub message: String,
    /// What changes.
    pub files: &'a [FileDelta],
}

/// Commits that are in the object database and on no branch yet.
#[must_use = "commits that are not published are garbage"]
#[derive(Debug)]
pub struct Unpublished {
    /// The commit that they start from.
    pub base: Oid,
    /// The commits, in order.
    pub commits: Vec<Oid>,
}

impl Unpublished {
    /// The last of the commits; the base where there are none.
    pub fn tip(&self) -> Oid {
        self.commits.last().copied().unwrap_or(self.base)
    }
}

impl Repo {
    /// Writes commits on top of one another, the first on top of `base`. What has been written is read back: each commit does what
    /// its draft says and nothing else.
    ///
    /// # Errors
    /// A file is not what the draft expects (the plan is for another tree), a commit is not what its draft says, or git fails.
    pub fn write(&self, base: Oid, drafts: &[Draft<'_>]) -> Result<Unpublished, GitError> {
        let identity = self.identity()?;
        self.begin()?;
        let mut parent = self.inner.find_commit(base)?;
        let mut commits = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let tree = self.write_tree(parent.tree_id(), draft.files)?;
            let tree = self.inner.find_tree(tree)?;
            self.check_written(&parent.tree()?, &tree, draft.files)?;
            parent = self.commit_tree(&identity, &parent, &tree, &draft.message)?;
            commits.push(parent.id());
        }
        Ok(Unpublished { base, commits })
    }

    /// Writes one commit, on top of its parent and on no branch.
    fn commit_tree(
        &self,
        identity: &Identity,
        parent: &Commit<'_>,
        tree: &Tree<'_>,
        message: &str,
    ) -> Result<Commit<'_>, GitError> {
        let id = self.inner.commit(None, &identity.author, &identity.committer, message, tree, &[parent])?;
        Ok(self.inner.find_commit(id)?)
    }

    /// Refuses a tree that differs from its parent in anything but what the draft says.
    fn check_written(&self, old: &Tree<'_>, new: &Tree<'_>, files: &[FileDelta]) -> Result<(), GitError> {
        let mut wanted: BTreeMap<&RepoPath, Option<(BlobId, Mode)>> = BTreeMap::new();
        wanted.extend(files.iter().filter_map(|delta| Some((delta.moved_from.as_ref()?, None))));
        wanted.extend(files.iter().map(|delta| {
            let after = delta.after.as_ref();
            (&delta.path, after.map(|content| (content.blob, content.mode)))
        }));
        let mut wrong: Vec<RepoPath> = Vec::new();
        for delta in self.inner.diff_tree_to_tree(Some(old), Some(new), None)?.deltas() {
            let file = delta.new_file();
            let Some(path) = file.path_bytes().and_then(RepoPath::new) else { continue };
            let found = match file.mode() {
                _ if delta.status() == Delta::Deleted => None,
                FileMode::BlobExecutable => Some((blob_id(file.id()), Mode::Executable)),
                _ => Some((blob_id(file.id()), Mode::Regular)),
            };
            if wanted.remove(&path) != Some(found) {
                wrong.push(path);
            }
        }
        // What is wanted and does not differ has not been written.
        wrong.extend(wanted.into_keys().cloned());
        if wrong.is_empty() { Ok(()) } else { Err(GitError::Miswritten(wrong)) }
    }

    fn write_tree(&self, base: Oid, files: &[FileDelta]) -> Result<Oid, GitError> {
        let tree = self.inner.find_tree(base)?;
        let found = |path: &RepoPath| -> Option<BlobId> {
            let entry = tree.get_path(&path.to_os()).ok()?;
            Some(blob_id(entry.id()))
        };
        let is_drifted = |delta: &&FileDelta| {
            let old = delta.moved_from.as_ref().unwrap_or(&delta.path);
            let is_taken = delta.moved_from.is_some() && found(&delta.path).is_some();
            found(old) != delta.before.as_ref().map(|content| content.blob) || is_taken
        };
        let drifted: Vec<RepoPath> = files.iter().filter(is_drifted).map(|delta| delta.path.clone()).collect();
        if !drifted.is_empty() {
            return Err(GitError::Drifted(drifted));
        }
        let mut update = TreeUpdateBuilder::new();
        for delta in files {
            if let Some(old) = &delta.moved_from {
                update.remove(old.as_bytes());
            }
            match &delta.after {
                Some(content) => {
                    let id = self.inner.blob(&content.bytes)?;
                    let mode = match content.mode {
                        Mode::Regular => FileMode::Blob,
                        Mode::Executable => FileMode::BlobExecutable,
                    };
                    update.upsert(delta.path.as_bytes(), id, mode);
                }
                None => {
                    update.remove(delta.path.as_bytes());
                }
            }
        }
        Ok(update.create_updated(&self.inner, &tree)?)
    }
}

#[cfg(test)]
mod tests {
    use git2::Signature;

    use super::*;
    use crate::plan::delta::Content;

    #[test]
    fn a_commit_that_is_not_what_the_plan_says_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let git = git2::Repository::init(dir.path()).unwrap();
        git.config().unwrap().set_str("user.name", "Tester").unwrap();
        git.config().unwrap().set_str("user.email", "tester@example.com").unwrap();
        let empty = git.find_tree(git.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let signature = Signature::now("Tester", "tester@example.com").unwrap();
        let base = git.commit(Some("HEAD"), &signature, &signature, "Start", &empty, &[]).unwrap();
        let repo = Repo::open(dir.path()).unwrap();
        let write = |said: &str, made: &str| {
            let content = Content { blob: BlobId::of(said.as_bytes()), mode: Mode::Regular, bytes: made.as_bytes().into() };
            let path = RepoPath::new("pkg/a.py").unwrap();
            let files = [FileDelta { path, moved_from: None, before: None, after: Some(content) }];
            repo.write(base, &[Draft { message: "Step".to_owned(), files: &files }]).map(|work| work.commits.len())
        };
        assert_eq!(write("x = 1\n", "x = 1\n").unwrap(), 1);
        let error = write("x = 1\n", "x = 2\n").unwrap_err();
        assert_eq!(error.to_string(), "the commit would not have what the plan makes of:\n  pkg/a.py");
    }
}
