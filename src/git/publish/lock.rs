//! git's lock files, taken in a way that shows afterwards whose they were.
//!
//! git holds `index.lock` or `refs/heads/main.lock` by creating it. A process that is killed between creating and writing it leaves an
//! empty file that anybody may have made. Here the file is written first, under a name of our own, and then linked to the lock's name:
//! whoever finds it finds it whole, and a lock with the words that the record announces ([`super::pending`]) is ours.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::shared::Sharing;
use crate::git::{GitError, io};

/// A lock that is held. It is given back when this is dropped.
pub(super) struct Lock {
    path: PathBuf,
    words: String,
    is_held: bool,
}

impl Lock {
    /// Takes the lock of a file, with these words in it, and the mode that files of the repository have.
    ///
    /// # Errors
    /// Somebody else has it, or it cannot be written.
    pub fn take(of: &Path, words: &str, staging: &Path, sharing: Sharing) -> Result<Self, GitError> {
        let path = name(of);
        let draft = staging.join("lock");
        write_new(&draft, words, sharing).map_err(io(&draft))?;
        let linked = fs::hard_link(&draft, &path);
        let removed = fs::remove_file(&draft).map_err(io(&draft));
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(GitError::Locked(path)),
            Err(_) => without_links(&path, words, sharing)?,
        }
        // Held from here on, and given back where the draft could not be removed.
        let lock = Self { path, words: words.to_owned(), is_held: true };
        removed.map(|()| lock)
    }

    /// The lock of a file, if it is held and has these words: ours, from before.
    pub fn found(of: &Path, words: &str) -> Option<Self> {
        Self::is_left(of, words).then(|| Self { path: name(of), words: words.to_owned(), is_held: true })
    }

    /// Whether the lock of a file is held with these words.
    pub fn is_left(of: &Path, words: &str) -> bool {
        fs::read(name(of)).is_ok_and(|found| found == words.as_bytes())
    }

    /// Puts the lock file in the place of the file that it locks, which gives the lock back.
    ///
    /// # Errors
    /// The file system fails; the lock is given back all the same.
    pub fn put(mut self, of: &Path) -> Result<(), GitError> {
        fs::rename(&self.path, of).map_err(io(of))?;
        self.is_held = false;
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Somebody may have removed it by hand, and somebody else taken it.
        if self.is_held && fs::read(&self.path).is_ok_and(|found| found == self.words.as_bytes()) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The name of a file's lock.
fn name(of: &Path) -> PathBuf {
    let mut name = of.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// For file systems without hard links. Who is killed in here leaves a lock that has to be removed by hand.
fn without_links(path: &Path, words: &str, sharing: Sharing) -> Result<(), GitError> {
    match write_new(path, words, sharing) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(GitError::Locked(path.to_owned())),
        Err(error) => {
            let _ = fs::remove_file(path);
            Err(io(path)(error))
        }
        Ok(()) => Ok(()),
    }
}

fn write_new(path: &Path, words: &str, sharing: Sharing) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    sharing.give(path)?;
    file.write_all(words.as_bytes())?;
    file.sync_all()
}
