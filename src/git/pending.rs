//! What is left behind when the tool dies between the moment a branch moves and the moment its files are up to date.
//!
//! Before the branch moves, a record in the git directory says from where to where. It is locked while its writer lives, and removed
//! when the files are there; a record that is found unlocked is one to finish, or, where the branch has not moved, to forget.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use git2::{Oid, Repository};

use super::publish::Differing;
use super::snapshot::blob_id;
use super::{GitError, Head, Repo};
use crate::text::blob::BlobId;
use crate::text::path::RepoPath;

/// What became of an interrupted change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Recovered {
    /// The branch had not moved: nothing had happened.
    Discarded,
    /// The files are at the branch's commit now, but for those that somebody has changed since.
    Finished {
        /// The commit.
        commit: String,
        /// The files that were left alone.
        kept: Vec<RepoPath>,
    },
    /// The branch has moved on: only its owner can tell what the files should be.
    Moved {
        /// The commit that the files were to be brought to.
        commit: String,
    },
    /// The index is locked: the next command tries again.
    Locked(PathBuf),
}

/// The record of a change that is being published.
pub(super) struct Pending {
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl Pending {
    /// Writes the record.
    pub fn write(repo: &Repo, branch: &str, base: Oid, tip: Oid) -> Result<Self, GitError> {
        let path = record(repo.inner.path());
        let failed = |error| GitError::Io { path: path.clone(), error };
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        file.set_len(0).map_err(failed)?;
        file.write_all(format!("{branch}\n{base}\n{tip}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(Self { path, _file: file })
    }

    /// Removes the record: what it announced has happened, or will not.
    pub fn done(self) {
        // A record that stays is read by the next command, which finds nothing to do.
        let _ = fs::remove_file(&self.path);
    }
}

fn record(git_dir: &Path) -> PathBuf {
    git_dir.join("ssot-migrate").join("pending")
}

impl Repo {
    /// Finishes or forgets a change that was interrupted, if there is one.
    ///
    /// # Errors
    /// The files cannot be brought up to date. The record stays then.
    pub fn recover(&self) -> Result<Option<Recovered>, GitError> {
        let path = record(self.inner.path());
        let Ok(mut file) = OpenOptions::new().read(true).write(true).open(&path) else { return Ok(None) };
        // Its writer is still at work.
        if file.try_lock().is_err() {
            return Ok(None);
        }
        let mut text = String::new();
        let read = file.read_to_string(&mut text);
        let pending = Pending { path, _file: file };
        let Some((branch, base, tip)) = read.ok().and_then(|_| parse(&text)) else {
            pending.done();
            return Ok(None);
        };
        let lock = self.inner.path().join("index.lock");
        let is_head = matches!(self.head()?, Head::Branch { name, .. } if name == branch);
        let now = self.inner.find_reference(&branch).and_then(|branch| branch.peel_to_commit()).map(|commit| commit.id()).ok();
        let recovered = match now {
            Some(now) if now == base => {
                self.let_go(tip);
                Recovered::Discarded
            }
            Some(now) if now == tip && is_head && lock.exists() => return Ok(Some(Recovered::Locked(lock))),
            Some(now) if now == tip && is_head => {
                let (kept, ready): (Vec<_>, Vec<_>) =
                    self.differing(base, tip)?.into_iter().partition(|file| self.is_edited(file));
                self.follow(tip, &ready, &kept)?;
                Recovered::Finished { commit: tip.to_string(), kept: kept.into_iter().map(|file| file.path).collect() }
            }
            _ => Recovered::Moved { commit: tip.to_string() },
        };
        pending.done();
        Ok(Some(recovered))
    }

    /// Whether a file is neither what it was before the change nor what it is to become: somebody has worked on it.
    fn is_edited(&self, file: &Differing) -> bool {
        let Some(root) = self.inner.workdir() else { return false };
        match fs::symlink_metadata(root.join(file.path.to_os())) {
            Err(_) => false,
            Ok(found) if !found.is_file() => true,
            Ok(_) => {
                let bytes = fs::read(root.join(file.path.to_os())).unwrap_or_default();
                let is = |id: Oid| !id.is_zero() && (blob_id(id) == BlobId::of(&bytes) || is_checkout(&self.inner, id, &bytes));
                !is(file.old) && !is(file.new)
            }
        }
    }
}

/// Whether the bytes are a blob's but for line ends, which git converts.
fn is_checkout(repo: &Repository, id: Oid, bytes: &[u8]) -> bool {
    let plain = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    repo.find_blob(id).is_ok_and(|blob| plain(blob.content()) == plain(bytes))
}

fn parse(text: &str) -> Option<(String, Oid, Oid)> {
    let mut lines = text.lines();
    let branch = lines.next()?.to_owned();
    Some((branch, Oid::from_str(lines.next()?).ok()?, Oid::from_str(lines.next()?).ok()?))
}
