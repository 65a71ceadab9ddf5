//! Making written commits visible: one compare-and-swap of one ref is the moment it happens; the work tree follows.
//!
//! Everything that can be refused is refused before that moment. What fails after it leaves a branch that is right, files that are
//! behind, and a record with which the next command brings them up to date ([`super::pending`]).

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{AttrCheckFlags, ErrorCode, IndexEntry, IndexTime, Oid, Reference, Repository, Status, StatusOptions};

use super::commit::Unpublished;
use super::pending::Pending;
use super::snapshot::blob_id;
use super::{GitError, Head, Repo, short};
use crate::text::blob::BlobId;
use crate::text::path::RepoPath;

/// A path that differs between two trees.
pub(super) struct Differing {
    pub path: RepoPath,
    /// The blob before; zero where there was none.
    pub old: Oid,
    /// The blob afterwards; zero where there is none.
    pub new: Oid,
}

/// The bit of an index entry's flags that `git update-index --assume-unchanged` sets.
const ASSUME_UNCHANGED: u16 = 0x8000;
/// The bit of an index entry's extended flags that a sparse checkout sets.
const SKIP_WORKTREE: u16 = 0x4000;

/// Whether git does not look at the file on disk.
pub(super) fn is_hidden(entry: &IndexEntry) -> bool {
    entry.flags & ASSUME_UNCHANGED != 0 || entry.flags_extended & SKIP_WORKTREE != 0
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
        let is_there = |path: &RepoPath| fs::symlink_metadata(root.join(path.to_os())).is_ok();
        let is_no_folder = |path: &RepoPath| {
            let found = fs::symlink_metadata(root.join(path.to_os()));
            found.is_ok_and(|found| !found.is_dir()) && !changed.contains(path)
        };
        let mut in_the_way: Vec<RepoPath> = created.iter().filter(|path| is_there(path)).cloned().collect();
        in_the_way.extend(created.iter().flat_map(RepoPath::folders).filter(is_no_folder));
        let (mut dirty, hidden) = self.hidden(root, changed)?;
        let shown: Vec<RepoPath> = changed.iter().filter(|path| !hidden.contains(path)).cloned().collect();
        for (path, status) in self.status(&shown)? {
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
        self.check_writable(root, changed)
    }

    /// The files that git is told not to look at (`--skip-worktree`, `--assume-unchanged`, a sparse checkout): those of them that
    /// differ from HEAD all the same, and all of them.
    fn hidden(&self, root: &Path, paths: &[RepoPath]) -> Result<(Vec<RepoPath>, BTreeSet<RepoPath>), GitError> {
        let index = self.inner.index()?;
        let tree = self.inner.head()?.peel_to_tree()?;
        let (mut dirty, mut hidden) = (Vec::new(), BTreeSet::new());
        for path in paths {
            let Some(entry) = index.get_path(&path.to_os(), 0).filter(is_hidden) else { continue };
            let is_staged = tree.get_path(&path.to_os()).map(|found| found.id()).ok() != Some(entry.id);
            let is_clean = match fs::read(root.join(path.to_os())) {
                Ok(bytes) => BlobId::of(&bytes) == blob_id(entry.id),
                Err(error) => error.kind() == ErrorKind::NotFound && entry.flags_extended & SKIP_WORKTREE != 0,
            };
            if is_staged || !is_clean {
                dirty.push(path.clone());
            }
            hidden.insert(path.clone());
        }
        Ok((dirty, hidden))
    }

    /// Refuses what would fail half-way: folders that cannot be written to, and files that go through filters, which only git runs.
    fn check_writable(&self, root: &Path, paths: &[RepoPath]) -> Result<(), GitError> {
        let folders: BTreeSet<&[u8]> = paths.iter().map(RepoPath::parent).collect();
        let is_locked =
            |folder: &RepoPath| fs::metadata(root.join(folder.to_os())).is_ok_and(|found| found.permissions().readonly());
        let locked: Vec<RepoPath> = folders.into_iter().filter_map(RepoPath::new).filter(is_locked).collect();
        if !locked.is_empty() {
            return Err(GitError::ReadOnly(locked));
        }
        let config = self.inner.config()?;
        let runs =
            |name: &str| ["smudge", "process"].iter().any(|key| config.get_entry(&format!("filter.{name}.{key}")).is_ok());
        let mut filtered = Vec::new();
        for path in paths {
            let attribute = |name| self.inner.get_attr(&path.to_os(), name, AttrCheckFlags::FILE_THEN_INDEX);
            let is_filtered = attribute("filter")?.is_some_and(runs) || attribute("working-tree-encoding")?.is_some();
            if is_filtered {
                filtered.push(path.clone());
            }
        }
        if filtered.is_empty() { Ok(()) } else { Err(GitError::Filtered(filtered)) }
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
    pub(super) fn is_checked_out(&self, branch: &str) -> Result<bool, GitError> {
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
            let says = |file: &str, text: &str| fs::read_to_string(dir.join(file)).is_ok_and(|found| found.trim() == text);
            let is_bare = dir == common && Repository::open(common).is_ok_and(|main| main.is_bare());
            let is_rebased = says("rebase-merge/head-name", branch) || says("rebase-apply/head-name", branch);
            if is_rebased || (says("HEAD", &format!("ref: {branch}")) && !is_bare) {
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
            Ok(reference) => {
                // A symbolic ref is another name for the branch that it points to.
                let target = reference.resolve()?;
                Ok((String::from_utf8_lossy(target.name_bytes()).into_owned(), Some(target.peel_to_commit()?.id())))
            }
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
        let created: Vec<RepoPath> = differing.iter().filter(|file| file.old.is_zero()).map(|file| file.path.clone()).collect();
        self.check_files(branch, &changed, &created)?;
        let pending = match is_checked_out {
            true => Some(Pending::write(self, branch, work.base, work.tip())?),
            false => None,
        };
        self.keep(&work)?;
        let moved = match exists {
            true => self.inner.reference_matching(branch, work.tip(), true, work.base, log),
            false => self.inner.reference(branch, work.tip(), false, log),
        };
        if let Err(error) = moved {
            self.let_go(work.tip());
            pending.into_iter().for_each(Pending::done);
            return Err(match error.code() {
                ErrorCode::Modified | ErrorCode::Exists | ErrorCode::NotFound => GitError::Moved(short(branch).to_owned()),
                _ => GitError::Git(error),
            });
        }
        if let Some(pending) = pending {
            self.follow(work.tip(), &differing, &[])?;
            pending.done();
        }
        Ok(())
    }

    /// The paths that differ between the trees of two commits.
    pub(super) fn differing(&self, old: Oid, new: Oid) -> Result<Vec<Differing>, GitError> {
        let tree = |commit| -> Result<_, git2::Error> { self.inner.find_commit(commit)?.tree() };
        let diff = self.inner.diff_tree_to_tree(Some(&tree(old)?), Some(&tree(new)?), None)?;
        let differing = diff.deltas().filter_map(|delta| {
            let side = if delta.status() == git2::Delta::Deleted { delta.old_file() } else { delta.new_file() };
            Some(Differing { path: RepoPath::new(side.path_bytes()?)?, old: delta.old_file().id(), new: delta.new_file().id() })
        });
        Ok(differing.collect())
    }

    /// Brings the changed files of the work tree and their index entries to a commit; of the files in `kept` the index entries alone.
    pub(super) fn follow(&self, commit: Oid, differing: &[Differing], kept: &[Differing]) -> Result<(), GitError> {
        let failed = |message: String| GitError::WorkTree { commit: commit.to_string(), message };
        self.bring(commit, differing, kept).map_err(|error| match error {
            GitError::Git(error) => failed(error.message().to_owned()),
            error => failed(error.to_string()),
        })
    }

    fn bring(&self, commit: Oid, differing: &[Differing], kept: &[Differing]) -> Result<(), GitError> {
        let Some(root) = self.inner.workdir() else { return Ok(()) };
        let mut index = self.inner.index()?;
        index.read(true)?;
        let entry = |path: &RepoPath| index.get_path(&path.to_os(), 0);
        let hidden: Vec<IndexEntry> =
            differing.iter().chain(kept).filter_map(|file| entry(&file.path)).filter(is_hidden).collect();
        let is_absent = |path: &RepoPath| fs::symlink_metadata(root.join(path.to_os())).is_err();
        let is_sparse = |path: &RepoPath| {
            let is_it = |entry: &&IndexEntry| entry.path == path.as_bytes() && entry.flags_extended & SKIP_WORKTREE != 0;
            hidden.iter().any(|entry| is_it(&entry)) && is_absent(path)
        };
        let (sparse, present): (Vec<&Differing>, Vec<&Differing>) = differing.iter().partition(|file| is_sparse(&file.path));
        let (gone, there): (Vec<&Differing>, Vec<&Differing>) = present.into_iter().partition(|file| file.new.is_zero());
        for file in &gone {
            remove(root, &file.path).map_err(|error| GitError::Io { path: root.join(file.path.to_os()), error })?;
        }
        let tree = self.inner.find_commit(commit)?.tree()?;
        if !there.is_empty() {
            let mut checkout = CheckoutBuilder::new();
            checkout.force().disable_pathspec_match(true);
            for file in &there {
                // A new file in the old one's place, as git makes it: not the old one's bytes, which may have other names too.
                let _ = fs::remove_file(root.join(file.path.to_os()));
                checkout.path(file.path.as_bytes());
            }
            self.inner.checkout_tree(tree.as_object(), Some(&mut checkout))?;
            index.read(true)?;
        }
        for file in gone.into_iter().chain(sparse).chain(kept) {
            match tree.get_path(&file.path.to_os()) {
                Ok(found) => {
                    // Without times and size, so that git looks at the file.
                    let entry = blank(&file.path);
                    index.add(&IndexEntry { id: found.id(), mode: found.filemode() as u32, ..entry })?;
                }
                Err(_) => index.remove_path(&file.path.to_os())?,
            }
        }
        // A checkout clears what git was told about the files.
        for old in hidden {
            let path = RepoPath::new(&old.path).map(|path| path.to_os());
            if let Some(mut entry) = path.and_then(|path| index.get_path(&path, 0)) {
                entry.flags |= old.flags & ASSUME_UNCHANGED;
                entry.flags_extended |= old.flags_extended & SKIP_WORKTREE;
                index.add(&entry)?;
            }
        }
        index.write()?;
        Ok(())
    }
}

/// An index entry of which nothing is known but the path.
fn blank(path: &RepoPath) -> IndexEntry {
    let never = IndexTime::new(0, 0);
    IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode: 0,
        uid: 0,
        gid: 0,
        file_size: 0,
        id: Oid::ZERO_SHA1,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
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
