//! Writing commits into the object database. Nothing is visible until they are published.

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, Signature};

use super::snapshot::blob_id;
use super::{GitError, Repo};
use crate::plan::build::FileDelta;
use crate::text::blob::{BlobId, Mode};
use crate::text::path::RepoPath;

/// A commit to be written.
pub struct Draft<'a> {
    /// The message, with its trailers.
    pub message: String,
    /// What changes.
    pub files: &'a [FileDelta],
}

/// Who commits are made by.
pub struct Identity {
    /// The author.
    pub author: Signature<'static>,
    /// The committer.
    pub committer: Signature<'static>,
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
    /// Who commits: from git's variables in the environment, else from its configuration.
    ///
    /// # Errors
    /// Neither says.
    pub fn identity(&self) -> Result<Identity, GitError> {
        let config = self.inner.config()?;
        let part = |role: &str, what: &str| {
            let variable = format!("GIT_{role}_{}", what.to_ascii_uppercase());
            let set = std::env::var(variable).ok().filter(|value| !value.is_empty());
            set.or_else(|| config.get_string(&format!("user.{what}")).ok()).ok_or(GitError::NoIdentity)
        };
        let signature =
            |role: &str| Signature::now(&part(role, "name")?, &part(role, "email")?).map_err(|_| GitError::NoIdentity);
        Ok(Identity { author: signature("AUTHOR")?, committer: signature("COMMITTER")? })
    }

    /// Writes commits on top of one another, the first on top of `base`.
    ///
    /// # Errors
    /// A file is not what the draft expects (the plan is for another tree), or git fails.
    pub fn write(&self, base: Oid, drafts: &[Draft<'_>]) -> Result<Unpublished, GitError> {
        let identity = self.identity()?;
        let mut parent = self.inner.find_commit(base)?;
        let mut commits = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let tree = self.write_tree(parent.tree_id(), draft.files)?;
            let tree = self.inner.find_tree(tree)?;
            let id = self.inner.commit(None, &identity.author, &identity.committer, &draft.message, &tree, &[&parent])?;
            commits.push(id);
            parent = self.inner.find_commit(id)?;
        }
        Ok(Unpublished { base, commits })
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
