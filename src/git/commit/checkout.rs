//! A checkout of its own for hooks, below the git directory: they see each commit's files and its index before the branch moves, and
//! the user's work tree is not touched. It shares objects, refs and configuration with the repository, and is removed afterwards; one
//! whose maker has died is removed by the next command.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{Delta, DiffOptions, Oid, Repository, RepositoryOpenFlags, Status, StatusOptions, Tree};

use crate::git::{GitError, Repo};
use crate::text::path::RepoPath;

/// The checkout. It is removed when it is dropped.
pub(super) struct Checkout {
    folder: PathBuf,
    git: Repository,
    /// The tree that its files are of, where it has files.
    tree: Option<Oid>,
    /// Held while this process lives.
    _lock: File,
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> GitError {
    let path = path.to_owned();
    move |error| GitError::Io { path, error }
}

impl Repo {
    fn checkouts(&self) -> PathBuf {
        self.inner.path().join("ssot-migrate").join("checkouts")
    }

    /// Removes the checkouts whose makers have died. That one cannot be removed is no reason to fail.
    pub fn discard_checkouts(&self) {
        let Ok(entries) = fs::read_dir(self.checkouts()) else { return };
        for folder in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let is_free = File::open(folder.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
            if is_free {
                let _ = fs::remove_dir_all(folder);
            }
        }
        let _ = fs::remove_dir(self.checkouts());
    }

    /// Makes a checkout without files.
    pub(super) fn new_checkout(&self) -> Result<Checkout, GitError> {
        let parent = self.checkouts();
        fs::create_dir_all(&parent).map_err(io(&parent))?;
        // Another process finds it locked or not at all: until then it is a part of what is prepared.
        let staging = self.waiting().unwrap_or(parent.clone());
        let draft = tempfile::Builder::new().prefix("").tempdir_in(&staging).map_err(io(&staging))?.keep();
        let lock = File::create(draft.join("lock")).map_err(io(&draft))?;
        lock.lock().map_err(io(&draft))?;
        let folder = parent.join(draft.file_name().unwrap_or_default());
        fs::rename(&draft, &folder).map_err(io(&folder))?;
        for name in ["git", "files"] {
            fs::create_dir(folder.join(name)).map_err(io(&folder))?;
        }
        let git_dir = folder.join("git");
        let write = |name: &str, lead: &str, path: &Path| {
            let file = folder.join(name);
            fs::write(&file, [lead.as_bytes(), path.as_os_str().as_encoded_bytes(), b"\n"].concat()).map_err(io(&file))
        };
        write("git/HEAD", &Oid::ZERO_SHA1.to_string(), Path::new(""))?;
        write("git/commondir", "", self.inner.commondir())?;
        write("git/gitdir", "", &folder.join("files/.git"))?;
        write("files/.git", "gitdir: ", &git_dir)?;
        let no_ceiling: [&Path; 0] = [];
        let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT;
        let git = Repository::open_ext(&git_dir, flags, no_ceiling)?;
        git.set_workdir(&folder.join("files"), false)?;
        Ok(Checkout { folder, git, tree: None, _lock: lock })
    }

    /// Links the folders that git ignores in the user's work tree (`node_modules`, `.venv`) into a checkout: hooks find their tools there.
    pub(super) fn link_ignored(&self, checkout: &Checkout) -> Result<(), GitError> {
        let Some(root) = self.inner.workdir() else { return Ok(()) };
        let mut options = StatusOptions::new();
        options.include_ignored(true).include_untracked(false).exclude_submodules(true);
        for entry in self.inner.statuses(Some(&mut options))?.iter().filter(|entry| entry.status() == Status::IGNORED) {
            let Some(path) = RepoPath::new(entry.path_bytes().strip_suffix(b"/").unwrap_or_default()) else { continue };
            let (there, here) = (root.join(path.to_os()), checkout.files().join(path.to_os()));
            // What Python has compiled is of these files alone.
            let is_wanted = path.file_name() != b"__pycache__" && fs::symlink_metadata(&here).is_err();
            if is_wanted && here.parent().is_some_and(Path::is_dir) {
                link(&there, &here).map_err(io(&here))?;
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn link(there: &Path, here: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(there, here)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Ok(())
}

impl Drop for Checkout {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next command.
        let _ = fs::remove_dir_all(&self.folder);
        let _ = self.folder.parent().map(fs::remove_dir);
    }
}

impl Checkout {
    pub fn git_dir(&self) -> PathBuf {
        self.folder.join("git")
    }

    pub fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    pub fn index(&self) -> PathBuf {
        self.git_dir().join("index")
    }

    /// Points HEAD to a branch, or to a commit.
    pub fn set_head(&self, to: &str) -> Result<(), GitError> {
        let path = self.git_dir().join("HEAD");
        fs::write(&path, format!("{to}\n")).map_err(io(&path))
    }

    /// Puts a tree into the index, and leaves the files.
    pub fn stage(&self, tree: &Tree<'_>) -> Result<(), GitError> {
        let mut index = self.git.index()?;
        index.read(true)?;
        index.read_tree(tree)?;
        Ok(index.write()?)
    }

    /// Brings index and files to a tree. Only what differs from the tree before is written.
    pub fn bring(&mut self, tree: Oid) -> Result<(), GitError> {
        let new = self.git.find_tree(tree)?;
        let mut options = CheckoutBuilder::new();
        options.force().disable_pathspec_match(true);
        let Some(old) = self.tree.replace(tree) else {
            return Ok(self.git.checkout_tree(new.as_object(), Some(&mut options))?);
        };
        let old = self.git.find_tree(old)?;
        let mut index = self.git.index()?;
        index.read(true)?;
        let mut is_any = false;
        for delta in self.git.diff_tree_to_tree(Some(&old), Some(&new), None)?.deltas() {
            let Some(path) = delta.new_file().path_bytes().and_then(RepoPath::new) else { continue };
            if delta.status() == Delta::Deleted {
                let file = self.files().join(path.to_os());
                fs::remove_file(&file).map_err(io(&file))?;
                index.remove_path(&path.to_os())?;
                // Folders that are left empty go, as they do with git.
                let mut folders = file.ancestors().skip(1).take_while(|folder| *folder != self.files());
                while folders.next().is_some_and(|folder| fs::remove_dir(folder).is_ok()) {}
            } else {
                options.path(path.as_bytes());
                is_any = true;
            }
        }
        index.write()?;
        if is_any {
            self.git.checkout_tree(new.as_object(), Some(&mut options))?;
        }
        Ok(())
    }

    /// What a hook has changed: paths whose index entries or files are not those of the tree.
    pub fn changed(&self, tree: &Tree<'_>) -> Result<Vec<RepoPath>, GitError> {
        let mut index = self.git.index()?;
        index.read(true)?;
        let tree = self.git.find_tree(tree.id())?;
        let mut options = DiffOptions::new();
        let staged = self.git.diff_tree_to_index(Some(&tree), Some(&index), Some(&mut options))?;
        let written = self.git.diff_index_to_workdir(Some(&index), Some(&mut options))?;
        let deltas = staged.deltas().chain(written.deltas());
        let mut paths: Vec<RepoPath> = deltas
            .filter_map(|delta| RepoPath::new(delta.new_file().path_bytes().or(delta.old_file().path_bytes())?))
            .collect();
        paths.sort();
        paths.dedup();
        Ok(paths)
    }
}
