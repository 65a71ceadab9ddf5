//! The work tree follows a ref that has moved: files and index, of the paths that differ and of no other.
//!
//! The index is prepared beside the real one and takes its place at the end, while `index.lock` is held: until then git sees the old one
//! and will not touch it. A file that was half written is known by its content: it is the beginning of what it was to become.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{Index, IndexEntry, IndexTime, Oid};

use super::durable::sync;
use crate::git::snapshot::{ASSUME_UNCHANGED, SKIP_WORKTREE, is_hidden};
use crate::git::{GitError, Repo, io};
use crate::text::path::RepoPath;

/// A path that differs between two trees.
pub(super) struct Differing {
    pub path: RepoPath,
    /// The blob before; zero where there was none.
    pub old: Oid,
    /// The blob afterwards; zero where there is none.
    pub new: Oid,
}

impl Repo {
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

    /// Does what an interrupted change has not done, and returns the files that somebody has changed since, which are left alone.
    pub(super) fn catch_up(&self, old: Oid, new: Oid, staging: &Path) -> Result<Vec<RepoPath>, GitError> {
        let differing = self.differing(old, new)?;
        let had: Vec<&Differing> = differing.iter().filter(|file| !file.old.is_zero()).collect();
        let gets: Vec<&Differing> = differing.iter().filter(|file| !file.new.is_zero()).collect();
        let before = self.as_on_disk(old, &had, &staging.join("before"))?;
        let after = self.as_on_disk(new, &gets, &staging.join("after"))?;
        let (kept, ready): (Vec<_>, Vec<_>) = differing.into_iter().partition(|file| {
            let found = self.inner.workdir().map(|root| root.join(file.path.to_os()));
            found.is_some_and(|found| is_edited(&found, before.get(&file.path), after.get(&file.path)))
        });
        self.follow(new, &ready, &kept, staging)?;
        Ok(kept.into_iter().map(|file| file.path).collect())
    }

    /// The bytes that files of a commit have on disk, line ends and keywords converted as git is configured.
    fn as_on_disk(&self, commit: Oid, files: &[&Differing], folder: &Path) -> Result<BTreeMap<RepoPath, Vec<u8>>, GitError> {
        let mut found = BTreeMap::new();
        if files.is_empty() {
            return Ok(found);
        }
        let mut checkout = CheckoutBuilder::new();
        checkout.force().disable_pathspec_match(true).update_index(false).target_dir(folder);
        files.iter().for_each(|file| {
            checkout.path(file.path.as_bytes());
        });
        let tree = self.inner.find_commit(commit)?.tree()?;
        self.inner.checkout_tree(tree.as_object(), Some(&mut checkout))?;
        for file in files {
            let path = folder.join(file.path.to_os());
            found.insert(file.path.clone(), fs::read(&path).map_err(io(&path))?);
        }
        Ok(found)
    }

    /// Brings the changed files of the work tree and their index entries to a commit; of the files in `kept` the index entries alone.
    /// `index.lock` has to be held.
    pub(super) fn follow(
        &self,
        commit: Oid,
        differing: &[Differing],
        kept: &[Differing],
        staging: &Path,
    ) -> Result<(), GitError> {
        let (real, staged) = (self.inner.path().join("index"), staging.join("index"));
        match fs::read(&real) {
            Ok(bytes) => fs::write(&staged, bytes).map_err(io(&staged))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(io(&real)(error)),
        }
        let mut index = Index::open(&staged)?;
        self.inner.set_index(&mut index)?;
        let written = self.bring(&mut index, commit, differing, kept);
        self.inner.set_index(&mut Index::open(&real)?)?;
        let mut written = written?;
        self.sharing()?.give(&staged).map_err(io(&staged))?;
        written.push(staged.clone());
        sync(&written)?;
        fs::rename(&staged, &real).map_err(io(&real))?;
        sync(&[self.inner.path().to_owned()])
    }

    /// Brings files and an index to a commit, and returns the files and folders that it has written.
    fn bring(
        &self,
        index: &mut Index,
        commit: Oid,
        differing: &[Differing],
        kept: &[Differing],
    ) -> Result<Vec<PathBuf>, GitError> {
        let Some(root) = self.inner.workdir() else { return Ok(Vec::new()) };
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
        }
        let mut written: Vec<PathBuf> = there.iter().map(|file| root.join(file.path.to_os())).collect();
        let folders: BTreeSet<&[u8]> = there.iter().chain(&gone).map(|file| file.path.parent()).collect();
        written.extend(folders.into_iter().map(|folder| standing(root, folder)));
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
        Ok(written)
    }
}

/// Whether a file is neither what it was before the change nor what it is to become, nor the beginning of that: somebody has worked on it.
fn is_edited(path: &Path, before: Option<&Vec<u8>>, after: Option<&Vec<u8>>) -> bool {
    match fs::symlink_metadata(path) {
        Err(_) => false,
        Ok(found) if !found.is_file() => true,
        Ok(_) => {
            // What cannot be read cannot be told from somebody's work.
            let Ok(bytes) = fs::read(path) else { return true };
            before != Some(&bytes) && !after.is_some_and(|after| after.starts_with(&bytes))
        }
    }
}

/// The folder, or where it has gone the one that it was in.
fn standing(root: &Path, folder: &[u8]) -> PathBuf {
    let Some(path) = RepoPath::new(folder) else { return root.to_owned() };
    let found = root.join(path.to_os());
    if found.is_dir() { found } else { standing(root, path.parent()) }
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
