//! Making written commits visible: one compare-and-swap of one ref is the moment it happens; the work tree follows.
//!
//! Everything that can be refused is refused before that moment. What fails after it leaves a branch that is right and files that
//! are behind, and says so.

use std::fs;
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{ErrorCode, Oid, Reference, Repository, Status, StatusOptions};

use super::commit::Unpublished;
use super::{GitError, Head, Repo, short};
use crate::text::path::RepoPath;

/// A path that differs between two trees.
struct Differing {
    path: RepoPath,
    is_new: bool,
    is_gone: bool,
}

impl Repo {
    /// Refuses what would be refused by [`Repo::publish`], before any object is written: files with uncommitted changes among
    /// those that are to change, untracked files in the way, and an index that is locked. Nothing is checked for a branch that is
    /// not checked out here.
    ///
    /// # Errors
    /// See above.
    pub fn check_files(&self, branch: &str, changed: &[RepoPath], created: &[RepoPath]) -> Result<(), GitError> {
        if !self.is_checked_out(branch)? {
            return self.check_elsewhere(branch);
        }
        let lock = self.inner.path().join("index.lock");
        if lock.exists() {
            return Err(GitError::Locked(lock));
        }
        let Some(root) = self.inner.workdir() else { return Ok(()) };
        let mut in_the_way: Vec<RepoPath> =
            created.iter().filter(|path| fs::symlink_metadata(root.join(path.to_os())).is_ok()).cloned().collect();
        let mut dirty = Vec::new();
        for (path, status) in self.status(changed)? {
            if status.is_wt_new() || status.is_ignored() {
                in_the_way.push(path);
            } else {
                dirty.push(path);
            }
        }
        in_the_way.retain(|path| !dirty.contains(path));
        if !dirty.is_empty() {
            return Err(GitError::Dirty(dirty));
        }
        if !in_the_way.is_empty() {
            in_the_way.sort();
            in_the_way.dedup();
            return Err(GitError::InTheWay(in_the_way));
        }
        Ok(())
    }

    /// Those of the paths whose files are not as HEAD has them.
    fn status(&self, paths: &[RepoPath]) -> Result<Vec<(RepoPath, Status)>, GitError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let mut options = StatusOptions::new();
        options.disable_pathspec_match(true).include_untracked(true).recurse_untracked_dirs(true).include_ignored(true);
        for path in paths {
            options.pathspec(path.as_bytes());
        }
        let mut found = Vec::new();
        for entry in self.inner.statuses(Some(&mut options))?.iter() {
            if entry.status() != Status::CURRENT
                && let Some(path) = RepoPath::new(entry.path_bytes())
            {
                found.push((path, entry.status()));
            }
        }
        Ok(found)
    }

    /// Whether HEAD is this branch and there is a work tree.
    fn is_checked_out(&self, branch: &str) -> Result<bool, GitError> {
        let is_head = matches!(self.head()?, Head::Branch { name, .. } if name == branch);
        Ok(is_head && self.inner.workdir().is_some())
    }

    /// Refuses a branch that another work tree of the repository has checked out.
    fn check_elsewhere(&self, branch: &str) -> Result<(), GitError> {
        let common = self.inner.commondir();
        let mut git_dirs: Vec<PathBuf> = vec![common.to_owned()];
        if let Ok(linked) = fs::read_dir(common.join("worktrees")) {
            git_dirs.extend(linked.filter_map(|entry| Some(entry.ok()?.path())));
        }
        let own = self.inner.path().canonicalize().ok();
        for dir in git_dirs.iter().filter(|dir| dir.canonicalize().ok() != own) {
            let head = fs::read_to_string(dir.join("HEAD")).unwrap_or_default();
            let is_bare = dir == common && Repository::open(common).is_ok_and(|main| main.is_bare());
            if head.trim() == format!("ref: {branch}") && !is_bare {
                return Err(GitError::CheckedOutElsewhere(short(branch).to_owned(), dir.clone()));
            }
        }
        Ok(())
    }

    /// The full name of a branch, and its commit where it exists.
    ///
    /// # Errors
    /// It is no name for a branch, or git fails.
    pub fn branch(&self, name: &str) -> Result<(String, Option<Oid>), GitError> {
        let full = format!("refs/heads/{name}");
        if !Reference::is_valid_name(&full) || name.starts_with('-') || name == "HEAD" {
            return Err(GitError::BadBranch(name.to_owned()));
        }
        match self.inner.find_reference(&full) {
            Ok(reference) => Ok((full, Some(reference.peel_to_commit()?.id()))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok((full, None)),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves a branch onto written commits, if it still is where they start, and then brings the work tree up to date. A branch that
    /// does not exist is made.
    ///
    /// # Errors
    /// The branch has moved, or files that would change are not clean: then nothing has happened. Or the work tree could not be
    /// brought up to date.
    pub fn publish(&self, work: Unpublished, branch: &str, exists: bool, log: &str) -> Result<(), GitError> {
        let is_checked_out = self.is_checked_out(branch)?;
        let differing = self.differing(work.base, work.tip())?;
        let changed: Vec<RepoPath> = differing.iter().map(|file| file.path.clone()).collect();
        let created: Vec<RepoPath> = differing.iter().filter(|file| file.is_new).map(|file| file.path.clone()).collect();
        self.check_files(branch, &changed, &created)?;
        let moved = match exists {
            true => self.inner.reference_matching(branch, work.tip(), true, work.base, log),
            false => self.inner.reference(branch, work.tip(), false, log),
        };
        moved.map_err(|error| match error.code() {
            ErrorCode::Modified | ErrorCode::Exists | ErrorCode::NotFound => GitError::Moved(short(branch).to_owned()),
            _ => GitError::Git(error),
        })?;
        if is_checked_out {
            self.follow(work.tip(), &differing)
                .map_err(|message| GitError::WorkTree { commit: work.tip().to_string(), message })?;
        }
        Ok(())
    }

    /// The paths that differ between the trees of two commits.
    fn differing(&self, old: Oid, new: Oid) -> Result<Vec<Differing>, GitError> {
        let tree = |commit| -> Result<_, git2::Error> { self.inner.find_commit(commit)?.tree() };
        let diff = self.inner.diff_tree_to_tree(Some(&tree(old)?), Some(&tree(new)?), None)?;
        let differing = diff.deltas().filter_map(|delta| {
            let side = if delta.status() == git2::Delta::Deleted { delta.old_file() } else { delta.new_file() };
            Some(Differing {
                path: RepoPath::new(side.path_bytes()?)?,
                is_new: delta.status() == git2::Delta::Added,
                is_gone: delta.status() == git2::Delta::Deleted,
            })
        });
        Ok(differing.collect())
    }

    /// Brings the changed files of the work tree and their index entries to a commit.
    fn follow(&self, commit: Oid, differing: &[Differing]) -> Result<(), String> {
        let said = |error: git2::Error| error.message().to_owned();
        let Some(root) = self.inner.workdir() else { return Ok(()) };
        let mut checkout = CheckoutBuilder::new();
        checkout.force().disable_pathspec_match(true);
        for file in differing.iter().filter(|file| !file.is_gone) {
            checkout.path(file.path.as_bytes());
        }
        if differing.iter().any(|file| !file.is_gone) {
            let tree = self.inner.find_commit(commit).and_then(|commit| commit.tree()).map_err(said)?;
            self.inner.checkout_tree(tree.as_object(), Some(&mut checkout)).map_err(said)?;
        }
        if differing.iter().any(|file| file.is_gone) {
            let mut index = self.inner.index().map_err(said)?;
            for file in differing.iter().filter(|file| file.is_gone) {
                index.remove_path(&file.path.to_os()).map_err(said)?;
                remove(root, &file.path).map_err(|error| format!("{}: {error}", file.path))?;
            }
            index.write().map_err(said)?;
        }
        Ok(())
    }
}

/// Removes a file and the folders that it leaves empty, as git does.
fn remove(root: &Path, path: &RepoPath) -> std::io::Result<()> {
    let file = root.join(path.to_os());
    match fs::remove_file(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != root) {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}
