//! Where new objects wait until all are written: a folder of the tool's own, which the next command can throw away.
//!
//! Written straight into the object database, the temporary files of a killed process would look like anybody's. As git does it with
//! what is pushed to it, objects are written beside the database, which is their alternate, made durable, and then moved into it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use git2::Repository;

use super::durable::sync;
use super::pending::{Pending, Record};
use crate::git::{GitError, Repo, io};

impl Repo {
    /// Claims the repository for writing, and lets what is written from now on wait in a folder of its own. Once is enough.
    ///
    /// # Errors
    /// Another process of the tool writes here, or what was interrupted has not been finished.
    pub(in crate::git) fn begin(&self) -> Result<(), GitError> {
        if self.pending.borrow().is_some() {
            return Ok(());
        }
        let pending = Pending::claim(self.inner.path())?;
        let staging = pending.staging();
        let alternates = staging.join("objects/info");
        for folder in [&staging.join("refs"), &alternates] {
            fs::create_dir_all(folder).map_err(io(folder))?;
        }
        let text = [self.way_to_objects().into_os_string().as_encoded_bytes(), b"\n"].concat();
        for (path, text) in [(alternates.join("alternates"), &text[..]), (staging.join("HEAD"), b"ref: refs/heads/none\n")] {
            fs::write(&path, text).map_err(io(&path))?;
        }
        let bare = Repository::open_bare(&staging)?;
        self.inner.set_odb(&bare.odb()?)?;
        self.pending.replace(Some(pending));
        Ok(())
    }

    /// The repository with the objects that wait; `None` where none do.
    pub(in crate::git) fn waiting(&self) -> Option<PathBuf> {
        self.pending.borrow().as_ref().map(Pending::staging)
    }

    /// Moves the objects that wait into the object database, where other programs see them, and lets those to come wait again.
    ///
    /// # Errors
    /// The file system fails. What has been moved is garbage, which `git gc` removes.
    pub(in crate::git) fn show(&self) -> Result<(), GitError> {
        let Some(staging) = self.waiting() else { return Ok(()) };
        self.move_objects(&staging)?;
        Ok(self.inner.set_odb(&Repository::open_bare(&staging)?.odb()?)?)
    }

    /// Moves the objects that wait into the object database. They are durable before they are there.
    ///
    /// # Errors
    /// The file system fails. What has been moved is garbage, which `git gc` removes.
    pub(super) fn settle(&self) -> Result<(), GitError> {
        let Some(staging) = self.waiting() else { return Ok(()) };
        self.move_objects(&staging)?;
        Ok(self.inner.set_odb(&Repository::open(self.inner.path())?.odb()?)?)
    }

    fn move_objects(&self, staging: &Path) -> Result<(), GitError> {
        let (from, to) = (staging.join("objects"), self.objects());
        let mut objects = Vec::new();
        for folder in list(&from)?.into_iter().filter(|name| name.len() == 2) {
            objects.extend(list(&from.join(&folder))?.into_iter().map(|name| Path::new(&folder).join(name)));
        }
        objects.sort();
        let sharing = self.sharing()?;
        let share = |path: &Path| sharing.give(path).map_err(io(path));
        objects.iter().try_for_each(|object| share(&from.join(object)))?;
        sync(&objects.iter().map(|object| from.join(object)).collect::<Vec<_>>())?;
        let folders: BTreeSet<PathBuf> = objects.iter().filter_map(|object| Some(to.join(object.parent()?))).collect();
        for folder in &folders {
            sharing.make_folder(folder).map_err(io(folder))?;
        }
        for object in &objects {
            let target = to.join(object);
            fs::rename(from.join(object), &target).map_err(io(&target))?;
        }
        if !objects.is_empty() {
            sync(&folders.into_iter().chain([to]).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Writes the record of what is about to happen, and returns the folder for what is being prepared.
    pub(super) fn announce(&self, record: &Record) -> Result<PathBuf, GitError> {
        let mut pending = self.pending.borrow_mut();
        let pending = pending.as_mut().ok_or_else(|| GitError::Busy(self.inner.path().to_owned()))?;
        pending.announce(record)?;
        Ok(pending.staging())
    }

    /// Leaves the record for the next command to finish.
    pub(in crate::git) fn leave(&self) {
        drop(self.pending.take().map(Pending::kept));
    }

    /// Ends what [`Repo::begin`] began: nothing stays but what has been published.
    pub(in crate::git) fn end(&self) {
        if let Some(pending) = self.pending.take() {
            pending.done();
            // New objects go where they belong again.
            let _ = Repository::open(self.inner.path()).and_then(|fresh| self.inner.set_odb(&fresh.odb()?));
        }
    }

    /// The way from the objects that wait to the database. In a file of lines, one that could have a line break is better not written.
    fn way_to_objects(&self) -> PathBuf {
        let (own, common) = (self.inner.path(), self.inner.commondir());
        if own == common {
            PathBuf::from("../../../objects")
        } else if own.parent().and_then(Path::parent) == Some(common) {
            PathBuf::from("../../../../../objects")
        } else {
            self.objects()
        }
    }

    fn objects(&self) -> PathBuf {
        self.inner.commondir().join("objects")
    }
}

fn list(folder: &Path) -> Result<Vec<std::ffi::OsString>, GitError> {
    let entries = fs::read_dir(folder).map_err(io(folder))?;
    entries.map(|entry| Ok(entry.map_err(io(folder))?.file_name())).collect()
}
