//! What a process that dies leaves behind, and how the next command finishes or discards it.
//!
//! Everything that is not yet git's lies in `ssot-migrate/` of the git directory. `pending` there is locked while its writer lives, so a
//! second process knows of the first, and a record that nobody holds is one to deal with:
//!
//! | killed | the record | the next command |
//! | --- | --- | --- |
//! | while objects were written | is empty | discards: removes the folder |
//! | before the ref moved | says from where to where, and the ref is where it was | discards: gives back locks, removes the folder |
//! | after it | the same, and the ref is where it was to go | finishes: reflog, files, index |
//!
//! What is relied on: a rename replaces a file at once or not at all; `fsync` of a file or folder makes it last; locks of `flock` end with
//! their process. Objects and the record are durable before the ref moves, the files before the record goes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::Oid;

use super::durable::sync;
use super::lock::Lock;
use crate::git::{GitError, Repo, io};
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
    /// It could not be finished, and why: the next command tries again.
    Waits(String),
}

/// What is being published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Record {
    /// The ref that moves: a branch's full name, or `HEAD` where it is detached.
    pub name: String,
    /// Where it is; zero where it does not exist.
    pub old: Oid,
    /// Where it goes.
    pub tip: Oid,
    /// Whether files and index follow.
    pub follows: bool,
    /// The line for its reflog, with the line end.
    pub log: String,
}

impl Record {
    /// Where the ref is; `None` where it does not exist.
    pub fn base(&self) -> Option<Oid> {
        (!self.old.is_zero()).then_some(self.old)
    }

    /// What the ref's lock holds: what the ref is to hold.
    pub fn ref_words(&self) -> String {
        format!("{}\n", self.tip)
    }

    /// What the index's lock holds. An index starts with other bytes.
    pub fn index_words(&self) -> String {
        format!("ssot-migrate {}\n", self.tip)
    }

    fn text(&self) -> String {
        let follows = if self.follows { "files" } else { "ref" };
        format!("{}\n{}\n{}\n{follows}\n{}", self.name, self.old, self.tip, self.log)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split_inclusive('\n');
        let mut next = || lines.next()?.strip_suffix('\n').map(str::to_owned);
        let (name, old, tip, follows) = (next()?, next()?, next()?, next()?);
        let (old, tip) = (Oid::from_str(&old).ok()?, Oid::from_str(&tip).ok()?);
        let log = format!("{}\n", next()?);
        Some(Self { name, old, tip, follows: follows == "files", log })
    }
}

/// The right to write to a repository, and the record of what is being published.
pub(in crate::git) struct Pending {
    path: PathBuf,
    /// Holds the right.
    file: File,
    /// Whether the record stays when this is dropped: the ref has moved, and something has not followed.
    stays: bool,
}

/// How often a record is opened that others hold or remove under us, and how long to wait in between.
const ATTEMPTS: usize = 20;
const PAUSE: Duration = Duration::from_millis(10);

impl Pending {
    /// Claims the right to write.
    ///
    /// # Errors
    /// Somebody else has it, or an interrupted change waits to be finished.
    pub fn claim(git_dir: &Path) -> Result<Self, GitError> {
        let path = record(git_dir);
        for _ in 0..ATTEMPTS {
            let folder = path.parent().unwrap_or(git_dir);
            fs::create_dir_all(folder).map_err(io(folder))?;
            let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
            // The other process may have removed the empty folder in between.
            let file = match opened {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                opened => opened.map_err(io(&path))?,
            };
            // A command that only looks whether something was interrupted holds it for a moment.
            let Some(mut pending) = Self::hold(&path, file)? else {
                std::thread::sleep(PAUSE);
                continue;
            };
            if !pending.is_current() {
                continue;
            }
            if pending.file.metadata().map_err(io(&path))?.len() > 0 {
                return Err(GitError::Unfinished(path));
            }
            pending.stays = false;
            return Ok(pending);
        }
        Err(GitError::Busy(path))
    }

    /// The record that a process has left which no longer lives.
    ///
    /// # Errors
    /// It is there, and cannot be opened.
    pub fn left(git_dir: &Path) -> Result<Option<Self>, GitError> {
        let path = record(git_dir);
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // All but the folder may have been removed. With anything in it, it stays.
                path.parent().map(fs::remove_dir);
                return Ok(None);
            }
            Err(error) => return Err(io(&path)(error)),
        };
        Ok(Self::hold(&path, file)?.filter(Self::is_current))
    }

    fn hold(path: &Path, file: File) -> Result<Option<Self>, GitError> {
        match file.try_lock() {
            // What is not ours to remove stays until it is known to be.
            Ok(()) => Ok(Some(Self { path: path.to_owned(), file, stays: true })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(io(path)(error)),
        }
    }

    /// Whether the file that is locked is still the one of that name.
    #[cfg(unix)]
    fn is_current(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let id = |found: fs::Metadata| (found.dev(), found.ino());
        self.file.metadata().map(id).ok() == fs::metadata(&self.path).map(id).ok()
    }

    /// Whether the file that is locked is still the one of that name.
    #[cfg(not(unix))]
    fn is_current(&self) -> bool {
        self.path.exists()
    }

    /// The folder for what is being prepared.
    pub fn staging(&self) -> PathBuf {
        self.path.with_file_name("staging")
    }

    /// Says what is about to happen, durably.
    pub(super) fn announce(&mut self, record: &Record) -> Result<(), GitError> {
        let mut write = || {
            self.file.set_len(0)?;
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(record.text().as_bytes())?;
            self.file.sync_all()
        };
        write().map_err(io(&self.path))?;
        let folders = self.path.ancestors().skip(1).take(2).map(Path::to_owned).collect::<Vec<_>>();
        sync(&folders)
    }

    /// The record stays until what follows has been done.
    pub fn kept(mut self) -> Self {
        self.stays = true;
        self
    }

    /// Removes all that was prepared, the record last: what it announced has happened, or will not.
    pub fn done(mut self) {
        self.stays = false;
    }

    fn read(&mut self) -> Option<Record> {
        let mut text = String::new();
        self.file.read_to_string(&mut text).ok()?;
        Record::parse(&text)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let staging = self.staging();
        if self.stays {
            return;
        }
        // What cannot be removed now is by the next command, which the record tells of it.
        if fs::remove_dir_all(&staging).is_ok() || !staging.exists() {
            let _ = fs::remove_file(&self.path);
            self.path.parent().map(fs::remove_dir);
        }
    }
}

fn record(git_dir: &Path) -> PathBuf {
    git_dir.join("ssot-migrate").join("pending")
}

impl Repo {
    /// Refuses to go on while an interrupted change waits to be finished.
    ///
    /// # Errors
    /// One does.
    pub fn check_finished(&self) -> Result<(), GitError> {
        let path = record(self.inner.path());
        // The record of a process that lives is its own affair until something is written.
        let waits = OpenOptions::new().read(true).open(&path).is_ok_and(|file| file.try_lock_shared().is_ok());
        if waits && path.exists() { Err(GitError::Unfinished(path)) } else { Ok(()) }
    }

    /// Finishes or forgets a change that was interrupted, if there is one.
    pub fn recover(&self) -> Option<Recovered> {
        let waits = |error: GitError| match error {
            GitError::Locked(lock) => Recovered::Locked(lock),
            error => Recovered::Waits(error.to_string()),
        };
        let mut pending = match Pending::left(self.inner.path()) {
            Ok(found) => found?,
            Err(error) => return Some(waits(error)),
        };
        let recovered = match pending.read() {
            Some(record) => match self.resume(&record, &pending.staging()) {
                Ok(recovered) => recovered,
                Err(error) => return Some(waits(error)),
            },
            // A record that is empty and alone is of one that has just begun, or has not even begun.
            None if !pending.staging().exists() => {
                pending.done();
                return None;
            }
            None => Recovered::Discarded,
        };
        pending.done();
        Some(recovered)
    }

    /// Deals with what a record says. The locks that are ours have been given back at the end.
    fn resume(&self, record: &Record, staging: &Path) -> Result<Recovered, GitError> {
        let _ref_lock = self.left_ref_lock(record);
        let index = self.inner.path().join("index");
        let index_lock = Lock::found(&index, &record.index_words());
        let now = self.target(&record.name)?;
        let commit = record.tip.to_string();
        if now == record.base() {
            return Ok(Recovered::Discarded);
        }
        if now != Some(record.tip) {
            return Ok(Recovered::Moved { commit });
        }
        self.log_move(record)?;
        // What was half prepared is prepared anew.
        let _ = fs::remove_dir_all(staging);
        fs::create_dir_all(staging).map_err(io(staging))?;
        self.keep(record.tip, staging)?;
        let mut kept = Vec::new();
        if record.follows && self.is_checked_out(&record.name)? {
            let sharing = self.sharing()?;
            let _lock = index_lock.map_or_else(|| Lock::take(&index, &record.index_words(), staging, sharing), Ok)?;
            kept = self.catch_up(record.old, record.tip, staging)?;
        }
        Ok(Recovered::Finished { commit, kept })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_was_not_written_to_its_end_is_none() {
        let id = |digit: &str| Oid::from_str(&digit.repeat(40)).unwrap();
        let record = Record { name: "HEAD".into(), old: id("1"), tip: id("2"), follows: true, log: "1 2 who\twhat\n".into() };
        let text = record.text();
        for end in 0..text.len() {
            assert_eq!(Record::parse(&text[..end]), None, "{end}");
        }
        assert_eq!(Record::parse(&text), Some(record));
    }
}
