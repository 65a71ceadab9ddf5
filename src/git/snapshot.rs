//! A commit's tree, or the work tree, as a snapshot.
//!
//! A clean file's bytes come from the disk, which is many times faster than the object database. That they are the blob is not
//! concluded from sizes and times, which filters, converted line ends and careful tools can make lie, but from their hash: SHA-1 reads
//! faster than the disk does.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use git2::{ErrorCode, FileMode, IndexEntry, ObjectType, Oid, Repository, StatusOptions, Tree};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{GitError, Repo};
use crate::text::blob::{BlobId, Mode};
use crate::text::path::RepoPath;
use crate::text::snapshot::{File, MOST_BYTES, Opaque, OpaqueKind, ReadError, Snapshot, Source};

impl Repo {
    /// The tree of a commit as a snapshot.
    ///
    /// # Errors
    /// git fails. A blob that is missing is an error only when it is read.
    pub fn snapshot(&self, commit: Oid) -> Result<Snapshot, GitError> {
        let tree = self.inner.find_commit(commit)?.tree()?;
        let mut listing = Listing { repo: &self.inner, left: MOST_ENTRIES, files: Vec::new(), opaque: Vec::new() };
        if !listing.add(&tree, &mut Vec::new(), 0)? {
            return Err(GitError::Bomb(commit.to_string()));
        }
        let Listing { files, opaque, .. } = listing;
        let checked_out = self.checked_out(&files);
        let source = GitSource {
            git_dir: self.inner.path().to_owned(),
            waiting: self.waiting(),
            work_tree: self.inner.workdir().map(Path::to_owned),
            checked_out,
            pool: Mutex::default(),
        };
        Ok(Snapshot::new(files, opaque, Arc::new(source)))
    }

    /// The id of a commit's tree.
    ///
    /// # Errors
    /// git fails.
    pub fn tree(&self, commit: Oid) -> Result<String, GitError> {
        Ok(self.inner.find_commit(commit)?.tree_id().to_string())
    }

    /// A snapshot of contents that the repository may hold, at these paths, whatever commit they belong to. One that it does not hold
    /// is an error only when it is read.
    pub fn snapshot_of(&self, files: impl IntoIterator<Item = (RepoPath, Mode, BlobId)>) -> Snapshot {
        let files: Vec<File> = files.into_iter().map(|(path, mode, blob)| File::stored(path, mode, Some(blob))).collect();
        let source = GitSource {
            git_dir: self.inner.path().to_owned(),
            waiting: self.waiting(),
            work_tree: self.inner.workdir().map(Path::to_owned),
            // What stands on disk is taken only where it has the blob's id.
            checked_out: files.iter().map(|file| file.path.clone()).collect(),
            pool: Mutex::default(),
        };
        Snapshot::new(files, Vec::new(), Arc::new(source))
    }

    /// The files of the work tree as a snapshot: those that git tracks, as they are on disk, and those that it would add.
    ///
    /// # Errors
    /// git fails, or the repository has no work tree.
    pub fn work_tree_snapshot(&self) -> Result<Snapshot, GitError> {
        let root = self.inner.workdir().ok_or_else(|| GitError::Bare(self.inner.path().to_owned()))?;
        let index = self.inner.index()?;
        let is_missing = |path: &RepoPath| fs::symlink_metadata(root.join(path.to_os())).is_err();
        let left_out = index.iter().filter(is_hidden).filter_map(|entry| RepoPath::new(&entry.path));
        let left_out: Vec<RepoPath> = left_out.filter(is_missing).collect();
        if !left_out.is_empty() {
            return Err(GitError::Sparse(left_out));
        }
        let mut paths: Vec<RepoPath> = index.iter().filter_map(|entry| RepoPath::new(&entry.path)).collect();
        let mut options = StatusOptions::new();
        options.include_untracked(true).recurse_untracked_dirs(true).include_ignored(false).exclude_submodules(true);
        for entry in self.inner.statuses(Some(&mut options))?.iter().filter(|entry| entry.status().is_wt_new()) {
            paths.extend(RepoPath::new(entry.path_bytes()));
        }
        paths.sort();
        paths.dedup();
        Ok(super::folder::snapshot_of(root, paths))
    }

    /// The files for which the index has the tree's blob: those that are worth a look on disk.
    fn checked_out(&self, files: &[File]) -> FxHashSet<RepoPath> {
        let mut found = FxHashSet::default();
        // An index that libgit2 does not read (a sparse or a split one) costs time, nothing else.
        let (Some(_), Ok(index)) = (self.inner.workdir(), self.inner.index()) else { return found };
        let blobs: FxHashMap<&[u8], BlobId> =
            files.iter().filter_map(|file| Some((file.path.as_bytes(), file.known_blob()?))).collect();
        for entry in index.iter() {
            if blobs.get(&entry.path[..]).is_some_and(|blob| *blob == blob_id(entry.id)) {
                found.extend(RepoPath::new(&entry.path));
            }
        }
        found
    }
}

/// The bit of an index entry's flags that `git update-index --assume-unchanged` sets.
pub(super) const ASSUME_UNCHANGED: u16 = 0x8000;
/// The bit of an index entry's extended flags that a sparse checkout sets.
pub(super) const SKIP_WORKTREE: u16 = 0x4000;

/// Whether git does not look at the file on disk.
pub(super) fn is_hidden(entry: &IndexEntry) -> bool {
    entry.flags & ASSUME_UNCHANGED != 0 || entry.flags_extended & SKIP_WORKTREE != 0
}

pub(super) fn blob_id(id: Oid) -> BlobId {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&id.as_bytes()[..20]);
    BlobId::from_bytes(bytes)
}

/// The most entries of a tree, folders included. A tree can name another several times, so that a few objects come to any number.
pub(super) const MOST_ENTRIES: usize = 10_000_000;

/// The most folders in one another: git's own limit (`core.maxTreeDepth`).
pub(super) const MOST_FOLDERS: usize = 2_048;

/// What a tree has in it.
struct Listing<'r> {
    repo: &'r Repository,
    /// How many entries may still come.
    left: usize,
    files: Vec<File>,
    opaque: Vec<Opaque>,
}

impl Listing<'_> {
    /// Adds a tree; `false` where it has too much in it. Names that could lead out of the root, as a hostile tree may have, are left out.
    fn add(&mut self, tree: &Tree<'_>, folder: &mut Vec<u8>, depth: usize) -> Result<bool, git2::Error> {
        for entry in tree {
            if self.left == 0 || depth > MOST_FOLDERS {
                return Ok(false);
            }
            self.left -= 1;
            let length = folder.len();
            folder.extend_from_slice(entry.name_bytes());
            if let Some(path) = RepoPath::new(&folder) {
                match (entry.kind(), entry.filemode()) {
                    (Some(ObjectType::Tree), _) => {
                        folder.push(b'/');
                        if !self.add(&self.repo.find_tree(entry.id())?, folder, depth + 1)? {
                            return Ok(false);
                        }
                    }
                    (Some(ObjectType::Commit), _) => self.opaque.push(Opaque { path, kind: OpaqueKind::Submodule }),
                    (_, mode) if mode == i32::from(FileMode::Link) => {
                        self.opaque.push(Opaque { path, kind: OpaqueKind::Symlink });
                    }
                    (_, mode) => {
                        let is_executable = mode == i32::from(FileMode::BlobExecutable);
                        let mode = if is_executable { Mode::Executable } else { Mode::Regular };
                        self.files.push(File::stored(path, mode, Some(blob_id(entry.id()))));
                    }
                }
            }
            folder.truncate(length);
        }
        Ok(true)
    }
}

/// Reads files of a commit's tree.
struct GitSource {
    git_dir: PathBuf,
    /// The repository with the objects that have been written and not published.
    waiting: Option<PathBuf>,
    work_tree: Option<PathBuf>,
    /// The files that may be on disk as they are in the tree.
    checked_out: FxHashSet<RepoPath>,
    /// Repositories are not shared between threads: each borrows one.
    pool: Mutex<Vec<Repository>>,
}

impl GitSource {
    fn read_disk(&self, file: &File) -> Option<Vec<u8>> {
        if !self.checked_out.contains(&file.path) {
            return None;
        }
        let path = self.work_tree.as_ref()?.join(file.path.to_os());
        let found = fs::symlink_metadata(&path).ok()?;
        if !found.is_file() || found.len() > MOST_BYTES {
            return None;
        }
        let bytes = fs::read(path).ok()?;
        (file.known_blob() == Some(BlobId::of(&bytes))).then_some(bytes)
    }

    fn read_database(&self, file: &File, blob: BlobId) -> Result<Vec<u8>, ReadError> {
        let failed = |error: git2::Error| match error.code() {
            ErrorCode::NotFound => ReadError::MissingBlob { path: file.path.clone(), blob },
            _ => ReadError::Io { path: file.path.clone(), message: error.message().to_owned() },
        };
        let pooled = self.pool.lock().ok().and_then(|mut pool| pool.pop());
        let open = || match self.waiting.as_ref().and_then(|waiting| Repository::open_bare(waiting).ok()) {
            Some(repo) => Ok(repo),
            None => Repository::open(&self.git_dir),
        };
        let repo = pooled.map_or_else(open, Ok).map_err(failed)?;
        let content = content(&repo, file, blob).map_err(failed).flatten();
        if let Ok(mut pool) = self.pool.lock() {
            pool.push(repo);
        }
        content
    }
}

/// The content of a blob, which is not made out of its pack before its length is known.
fn content(repo: &Repository, file: &File, blob: BlobId) -> Result<Result<Vec<u8>, ReadError>, git2::Error> {
    let id = Oid::from_bytes(blob.as_bytes())?;
    if repo.odb()?.read_header(id)?.0 as u64 > MOST_BYTES {
        return Ok(Err(ReadError::TooLarge { path: file.path.clone() }));
    }
    Ok(Ok(repo.find_blob(id)?.content().to_vec()))
}

impl Source for GitSource {
    fn read(&self, file: &File) -> Result<Vec<u8>, ReadError> {
        let unknown = || ReadError::Io { path: file.path.clone(), message: "not a file of this tree".to_owned() };
        match self.read_disk(file) {
            Some(bytes) => Ok(bytes),
            None => self.read_database(file, file.known_blob().ok_or_else(unknown)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_that_names_itself_over_and_over_is_not_listed() {
        let dir = tempfile::TempDir::new().unwrap();
        let repo = Repository::init_bare(dir.path()).unwrap();
        let blob = repo.blob(b"x").unwrap();
        let tree = |id: Oid, kind: FileMode, names: &[&str]| {
            let mut builder = repo.treebuilder(None).unwrap();
            names.iter().for_each(|name| drop(builder.insert(name, id, kind.into()).unwrap()));
            builder.write().unwrap()
        };
        let list = |id: Oid, left: usize| {
            let mut listing = Listing { repo: &repo, left, files: Vec::new(), opaque: Vec::new() };
            let is_whole = listing.add(&repo.find_tree(id).unwrap(), &mut Vec::new(), 0).unwrap();
            (is_whole, listing.files.len())
        };
        let leaf = tree(blob, FileMode::Blob, &["a", "b"]);
        let wide = (0..8).fold(leaf, |inner, _| tree(inner, FileMode::Tree, &["a", "b"]));
        assert_eq!(list(wide, MOST_ENTRIES), (true, 512));
        assert!(!list(wide, 1_000).0, "of 1,022 entries");
        let deep = |folders: usize| (0..folders).fold(leaf, |inner, _| tree(inner, FileMode::Tree, &["a"]));
        assert_eq!(list(deep(MOST_FOLDERS), MOST_ENTRIES), (true, 2));
        assert!(!list(deep(MOST_FOLDERS + 1), MOST_ENTRIES).0);
    }
}
