//! Making written commits visible: one compare-and-swap of one ref is the moment it happens; the work tree follows.
//!
//! Everything that can be refused is refused before that moment. What fails after it leaves a branch that is right, files that are
//! behind, and a record with which the next command brings them up to date
//! ([`pending`], which says what is relied on). New objects wait beside the object database until then (`staging`); the ref is moved as git
//! moves it (`refs`, `lock`), and the paths of the work tree that differ are brought after it (`files`). All of it is made
//! `durable`, with the modes of a repository that is `shared`.

mod durable;
mod files;
mod lock;
pub mod pending;
mod refs;
mod shared;
mod staging;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use git2::{AttrCheckFlags, ErrorCode, Oid, Reference, Repository, Status, StatusOptions};

use crate::git::commit::Unpublished;
use crate::git::snapshot::{SKIP_WORKTREE, blob_id, is_hidden};
use crate::git::{GitError, HEAD, Head, Repo, short};
use crate::text::blob::BlobId;
use crate::text::path::RepoPath;
pub(in crate::git) use durable::sync;
use files::Differing;
use lock::Lock;
use pending::Record;

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
        match self.check_clean(changed, created) {
            // What looks like somebody's changes may be a change in progress.
            Err(_) if lock.exists() => Err(GitError::Locked(lock)),
            checked => checked,
        }
    }

    /// Refuses files that are not as HEAD has them, or that could not be written.
    fn check_clean(&self, changed: &[RepoPath], created: &[RepoPath]) -> Result<(), GitError> {
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
        let mut index = self.inner.index()?;
        // Somebody may have been asked in between.
        index.read(false)?;
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
        let locked: BTreeSet<String> = folders.into_iter().filter_map(|folder| read_only(root, folder)).collect();
        if !locked.is_empty() {
            return Err(GitError::ReadOnly(locked.into_iter().collect()));
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

    /// Refuses names that are one to the file system: where it ignores case, two files would take each other's place.
    fn check_cases(&self, differing: &[Differing]) -> Result<(), GitError> {
        if !self.ignores_case()? {
            return Ok(());
        }
        let lower = |path: &[u8]| String::from_utf8_lossy(path).to_lowercase();
        let gone: BTreeSet<&[u8]> =
            differing.iter().filter(|file| file.new.is_zero()).map(|file| file.path.as_bytes()).collect();
        let index = self.inner.index()?;
        let stays = index.iter().map(|entry| entry.path).filter(|path| !gone.contains(&path[..]));
        let mut names: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
        for path in stays.chain(differing.iter().filter(|file| !file.new.is_zero()).map(|file| file.path.as_bytes().to_vec())) {
            names.entry(lower(&path)).or_default().insert(path);
        }
        let same = |file: &&Differing| names.get(&lower(file.path.as_bytes())).is_some_and(|paths| paths.len() > 1);
        let wrong: Vec<RepoPath> = differing.iter().filter(same).map(|file| file.path.clone()).collect();
        if wrong.is_empty() { Ok(()) } else { Err(GitError::SameName(wrong)) }
    }

    fn ignores_case(&self) -> Result<bool, GitError> {
        Ok(self.inner.config()?.get_bool("core.ignorecase").unwrap_or(false))
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

    /// Whether HEAD is this branch, or detached where that is meant, and there is a work tree.
    pub(super) fn is_checked_out(&self, branch: &str) -> Result<bool, GitError> {
        let is_head = match self.head()? {
            Head::Branch { name, .. } => name == branch,
            Head::Detached(_) => branch == HEAD,
            Head::Unborn(_) => false,
        };
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
            let said = |file: &str| fs::read_to_string(dir.join(file)).map(|found| found.trim().to_owned()).unwrap_or_default();
            let is_bare = || dir == common && Repository::open(common).is_ok_and(|main| main.is_bare());
            let is_in_use = said("rebase-merge/head-name") == branch
                || said("rebase-apply/head-name") == branch
                || said("BISECT_START") == short(branch);
            let head = said("HEAD");
            let is_head = head.strip_prefix("ref:").is_some_and(|name| self.is_same(name.trim(), branch));
            if is_in_use || (is_head && !is_bare()) {
                return Err(GitError::CheckedOutElsewhere(short(branch).to_owned(), dir.clone()));
            }
        }
        Ok(())
    }

    /// Whether a ref is a branch, or another name for it.
    fn is_same(&self, name: &str, branch: &str) -> bool {
        let real = || self.inner.find_reference(name)?.resolve();
        name == branch || real().is_ok_and(|real| real.name_bytes() == branch.as_bytes())
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
    /// does not exist is made; [`crate::git::HEAD`] moves a detached HEAD.
    ///
    /// # Errors
    /// The branch has moved, or files that would change are not clean: then nothing has happened. Or the work tree could not be
    /// brought up to date.
    pub fn publish(&self, work: Unpublished, branch: &str, exists: bool, log: &str) -> Result<(), GitError> {
        self.begin()?;
        let old = if exists { work.base } else { Oid::ZERO_SHA1 };
        let log = self.log_line(old, work.tip(), log)?;
        let follows = self.is_checked_out(branch)?;
        let record = Record { name: branch.to_owned(), old, tip: work.tip(), follows, log };
        let mut has_moved = false;
        let result = self.move_branch(&work, &record, &mut has_moved);
        // Locks have been given back here, whatever came of it; where that failed, the next command does it.
        if (result.is_err() && has_moved) || self.has_locks(&record) {
            self.leave();
        } else {
            self.end();
        }
        result.map_err(|error| match error {
            error if !has_moved => error,
            GitError::Git(error) => left_behind(&record, error.message().to_owned()),
            error => left_behind(&record, error.to_string()),
        })
    }

    fn move_branch(&self, work: &Unpublished, record: &Record, has_moved: &mut bool) -> Result<(), GitError> {
        let moved = || GitError::Moved(short(&record.name).to_owned());
        if self.target(&record.name)? != record.base() {
            return Err(moved());
        }
        self.check_complete(work)?;
        self.settle()?;
        let staging = self.announce(record)?;
        if !record.follows {
            self.check_elsewhere(&record.name)?;
            self.move_ref(record, &staging, has_moved)?;
            self.log_move(record)?;
            return self.keep(record.tip, &staging);
        }
        // While it is held, no git changes the index or switches to another branch.
        let _lock = Lock::take(&self.inner.path().join("index"), &record.index_words(), &staging, self.sharing()?)?;
        if !self.is_checked_out(&record.name)? {
            return Err(moved());
        }
        let differing = self.differing(work.base, record.tip)?;
        let paths = |differing: &[&Differing]| differing.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
        let created: Vec<&Differing> = differing.iter().filter(|file| file.old.is_zero()).collect();
        self.check_clean(&paths(&differing.iter().collect::<Vec<_>>()), &paths(&created))?;
        self.check_cases(&differing)?;
        self.move_ref(record, &staging, has_moved)?;
        self.log_move(record)?;
        self.keep(record.tip, &staging)?;
        self.follow(record.tip, &differing, &[], &staging)
    }

    /// Refuses commits of which something is not there: libgit2 says of some objects that they are written when the disk is full.
    fn check_complete(&self, work: &Unpublished) -> Result<(), GitError> {
        let odb = self.inner.odb()?;
        let mut parent = work.base;
        for &commit in &work.commits {
            // The trees are read for it.
            let missing = self.differing(parent, commit)?.into_iter().find(|file| !file.new.is_zero() && !odb.exists(file.new));
            if let Some(file) = missing {
                return Err(GitError::Unwritten(file.path));
            }
            parent = commit;
        }
        Ok(())
    }

    /// The line of a reflog for a ref that moves.
    fn log_line(&self, old: Oid, new: Oid, message: &str) -> Result<String, GitError> {
        let who = self.identity()?.committer;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (when, minutes) = (who.when().seconds(), who.when().offset_minutes());
        let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
        let (name, email) = (text(who.name_bytes()), text(who.email_bytes()));
        let message = message.replace('\n', " ");
        Ok(format!("{old} {new} {name} <{email}> {when} {sign}{:02}{:02}\t{message}\n", minutes / 60, minutes % 60))
    }
}

/// The folder, or where it is missing the one that it would be made in, if that cannot be written to: `.` for the root.
fn read_only(root: &Path, folder: &[u8]) -> Option<String> {
    let path = RepoPath::new(folder);
    let found = fs::metadata(path.as_ref().map_or(root.to_owned(), |path| root.join(path.to_os())));
    match (found, &path) {
        (Err(_), Some(path)) => read_only(root, path.parent()),
        (Ok(found), _) if found.permissions().readonly() => Some(path.map_or(".".to_owned(), |path| path.to_string())),
        _ => None,
    }
}

/// The error for what failed after the branch had moved.
fn left_behind(record: &Record, message: String) -> GitError {
    GitError::WorkTree { commit: record.tip.to_string()[..10].to_owned(), message }
}
