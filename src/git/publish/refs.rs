//! Moving a ref: git's own protocol for refs that are files, with locks that show whose they are ([`super::lock`]).
//!
//! The lock file, which has the new value already, is renamed to the ref: that is the moment. The reflog is written after it, so that
//! what has not happened is never logged; a line that is missing is in the record ([`super::pending`]).

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use git2::{Config, ErrorCode, Oid};

use super::durable::sync;
use super::lock::Lock;
use super::pending::Record;
use super::shared::Sharing;
use crate::git::{GitError, HEAD, Head, Repo, io, short};

impl Repo {
    /// The commit that a ref names itself; `None` where there is no such ref, or it names another ref.
    pub(in crate::git) fn target(&self, name: &str) -> Result<Option<Oid>, GitError> {
        match self.inner.find_reference(name) {
            Ok(reference) => Ok(reference.target()),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves a ref to where the record says, if it is where the record says, and says when that has happened.
    ///
    /// # Errors
    /// It has moved, or somebody else holds it, or it could not be made durable.
    pub(super) fn move_ref(&self, record: &Record, staging: &Path, has_moved: &mut bool) -> Result<(), GitError> {
        let (path, sharing) = (self.ref_file(&record.name), self.sharing()?);
        let folder = path.parent().unwrap_or(&path);
        // A branch may stand where a folder is needed.
        let mut changed = sharing.make_folder(folder).map_err(|error| match error.kind() {
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => GitError::BranchInTheWay(short(&record.name).to_owned()),
            _ => io(folder)(error),
        })?;
        changed.push(folder.to_owned());
        let lock = Lock::take(&path, &record.ref_words(), staging, sharing)?;
        if self.target(&record.name)? != record.base() {
            return Err(GitError::Moved(short(&record.name).to_owned()));
        }
        if record.base().is_none() {
            self.check_name(&record.name)?;
        }
        remove_empty(&path);
        let put = lock.put(&path);
        // It may have moved all the same, and only not be durable.
        *has_moved = put.is_ok() || self.target(&record.name).is_ok_and(|now| now == Some(record.tip));
        put?;
        sync(&changed)
    }

    /// Whether a lock that the record announces could not be given back.
    pub(super) fn has_locks(&self, record: &Record) -> bool {
        Lock::is_left(&self.ref_file(&record.name), &record.ref_words())
            || Lock::is_left(&self.inner.path().join("index"), &record.index_words())
    }

    /// The lock of the ref that a killed process has left, if it is ours.
    pub(super) fn left_ref_lock(&self, record: &Record) -> Option<Lock> {
        Lock::found(&self.ref_file(&record.name), &record.ref_words())
    }

    /// Writes the line for a ref that has moved into its reflog, and into HEAD's where HEAD moves with it.
    pub(super) fn log_move(&self, record: &Record) -> Result<(), GitError> {
        let is_head = matches!(self.head()?, Head::Branch { name, .. } if name == record.name);
        let mut logs = vec![self.ref_root(&record.name).join("logs").join(&record.name)];
        logs.extend(is_head.then(|| self.inner.path().join("logs").join(HEAD)));
        let is_wanted = match self.inner.config()?.get_string("core.logAllRefUpdates").as_deref() {
            Ok(text) => text.eq_ignore_ascii_case("always") || Config::parse_bool(text).unwrap_or(false),
            Err(_) => !self.inner.is_bare(),
        };
        let sharing = self.sharing()?;
        logs.iter().filter(|log| is_wanted || log.is_file()).try_for_each(|log| match append(log, &record.log, sharing) {
            // The log of a branch that is gone may stand in the way: then this one has none, as with git.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::AlreadyExists) =>
            {
                Ok(())
            }
            written => written.map_err(io(log)),
        })
    }

    /// Refuses a new name of which a part, or a longer one, is taken.
    fn check_name(&self, name: &str) -> Result<(), GitError> {
        let parts = name.match_indices('/').skip(2).map(|(at, _)| &name[..at]);
        let is_part = |part: &str| self.inner.find_reference(part).is_ok();
        let longer = self.inner.references_glob(&format!("{name}/*"))?.next().is_some();
        if longer || parts.into_iter().any(is_part) {
            return Err(GitError::BranchInTheWay(short(name).to_owned()));
        }
        Ok(())
    }

    /// HEAD is each work tree's own, branches are shared.
    fn ref_root(&self, name: &str) -> &Path {
        if name == HEAD { self.inner.path() } else { self.inner.commondir() }
    }

    fn ref_file(&self, name: &str) -> PathBuf {
        self.ref_root(name).join(name)
    }
}

/// Appends a line to a log, unless it ends with it. What a killed process has written of the line is replaced.
fn append(log: &Path, line: &str, sharing: Sharing) -> std::io::Result<()> {
    sharing.make_folder(log.parent().unwrap_or(log))?;
    remove_empty(log);
    let old = fs::read(log).unwrap_or_default();
    if old.ends_with(line.as_bytes()) {
        return Ok(());
    }
    let whole = old.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let is_new = !log.is_file();
    let mut file = OpenOptions::new().create(true).append(true).open(log)?;
    if is_new {
        sharing.give(log)?;
    }
    if whole < old.len() && line.as_bytes().starts_with(&old[whole..]) {
        file.set_len(whole as u64)?;
    }
    file.write_all(line.as_bytes())
}

/// Removes empty folders that branches have left where a file is to be, as git does.
fn remove_empty(path: &Path) {
    if path.is_dir() {
        for entry in walkdir::WalkDir::new(path).contents_first(true).into_iter().filter_map(Result::ok) {
            // Only those that are empty go.
            let _ = fs::remove_dir(entry.path());
        }
    }
}
