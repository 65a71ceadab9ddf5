//! A commit's tree, or the work tree, as a snapshot.
//!
//! A clean file's bytes come from the disk, which is many times faster than the object database: where the index has the tree's
//! blob for a path and the file's size and times are those that the index recorded, the file is that blob. Git itself trusts
//! this. What could make the bytes differ all the same is excluded: a file changed in the same instant as the index was
//! written ("racily clean"), line ends that git converts, and filters.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use git2::{ErrorCode, FileMode, IndexEntry, ObjectType, Oid, Repository, StatusOptions, Tree};
use rustc_hash::FxHashMap;

use super::{GitError, Repo};
use crate::text::blob::{BlobId, Mode};
use crate::text::path::RepoPath;
use crate::text::snapshot::{File, Opaque, OpaqueKind, ReadError, Snapshot, Source};

impl Repo {
    /// The tree of a commit as a snapshot.
    ///
    /// # Errors
    /// git fails. A blob that is missing is an error only when it is read.
    pub fn snapshot(&self, commit: Oid) -> Result<Snapshot, GitError> {
        let tree = self.inner.find_commit(commit)?.tree()?;
        let mut files = Vec::new();
        let mut opaque = Vec::new();
        list(&self.inner, &tree, &mut Vec::new(), &mut files, &mut opaque)?;
        let clean = self.clean(&files)?;
        let source = GitSource {
            git_dir: self.inner.path().to_owned(),
            work_tree: self.inner.workdir().map(Path::to_owned),
            clean,
            pool: Mutex::default(),
        };
        Ok(Snapshot::new(files, opaque, Arc::new(source)))
    }

    /// The files of the work tree as a snapshot: those that git tracks, as they are on disk, and those that it would add.
    ///
    /// # Errors
    /// git fails, or the repository has no work tree.
    pub fn work_tree_snapshot(&self) -> Result<Snapshot, GitError> {
        let root = self.inner.workdir().ok_or_else(|| GitError::NotARepository(self.inner.path().to_owned()))?;
        let mut paths: Vec<RepoPath> = self.inner.index()?.iter().filter_map(|entry| RepoPath::new(&entry.path)).collect();
        let mut options = StatusOptions::new();
        options.include_untracked(true).recurse_untracked_dirs(true).include_ignored(false).exclude_submodules(true);
        for entry in self.inner.statuses(Some(&mut options))?.iter().filter(|entry| entry.status().is_wt_new()) {
            paths.extend(RepoPath::new(entry.path_bytes()));
        }
        paths.sort();
        paths.dedup();
        Ok(super::folder::snapshot_of(root, paths))
    }

    /// What the index recorded of the files whose blob it has for the same path.
    fn clean(&self, files: &[File]) -> Result<FxHashMap<RepoPath, Stat>, GitError> {
        let mut clean = FxHashMap::default();
        if self.inner.workdir().is_none() || self.has_filters(files)? {
            return Ok(clean);
        }
        let index = self.inner.index()?;
        let written = index.path().and_then(|path| fs::metadata(path).ok()).and_then(|found| mtime(&found));
        let blobs: FxHashMap<&[u8], BlobId> =
            files.iter().filter_map(|file| Some((file.path.as_bytes(), file.known_blob()?))).collect();
        for entry in index.iter() {
            // Bits 12 and 13: the stage, 0 where there is no conflict.
            let is_merged = entry.flags & 0x3000 == 0;
            let stat = Stat::of(&entry);
            let is_racy = written.is_none_or(|written| stat.mtime >= written);
            let is_same = blobs.get(&entry.path[..]).is_some_and(|blob| *blob == blob_id(entry.id));
            if is_merged
                && is_same
                && !is_racy
                && let Some(path) = RepoPath::new(&entry.path)
            {
                clean.insert(path, stat);
            }
        }
        Ok(clean)
    }

    /// Whether an attribute may make files on disk differ from their blobs by more than line ends.
    fn has_filters(&self, files: &[File]) -> Result<bool, GitError> {
        let mentions = |text: &[u8]| {
            let text = String::from_utf8_lossy(text);
            text.lines().any(|line| {
                !line.trim_start().starts_with('#')
                    && ["filter", "ident", "working-tree-encoding"].iter().any(|word| line.contains(word))
            })
        };
        for file in files.iter().filter(|file| file.path.file_name() == b".gitattributes") {
            let blob = file.known_blob().map(|blob| Oid::from_bytes(blob.as_bytes())).transpose()?;
            if blob.and_then(|blob| self.inner.find_blob(blob).ok()).is_none_or(|blob| mentions(blob.content())) {
                return Ok(true);
            }
        }
        let config = self.inner.config()?;
        let own = self.inner.commondir().join("info/attributes");
        let global = config.get_path("core.attributesFile").ok().or_else(default_attributes);
        let others = [Some(own), global, Some(PathBuf::from("/etc/gitattributes"))];
        Ok(others.into_iter().flatten().any(|path| fs::read(path).is_ok_and(|text| mentions(&text))))
    }
}

fn default_attributes() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".config")))?;
    Some(base.join("git/attributes"))
}

pub(super) fn blob_id(id: Oid) -> BlobId {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&id.as_bytes()[..20]);
    BlobId::from_bytes(bytes)
}

/// Lists a tree. Names that could lead out of the root, as a hostile tree may have, are left out.
fn list(
    repo: &Repository,
    tree: &Tree<'_>,
    folder: &mut Vec<u8>,
    files: &mut Vec<File>,
    opaque: &mut Vec<Opaque>,
) -> Result<(), git2::Error> {
    for entry in tree {
        let length = folder.len();
        folder.extend_from_slice(entry.name_bytes());
        if let Some(path) = RepoPath::new(&folder) {
            match (entry.kind(), entry.filemode()) {
                (Some(ObjectType::Tree), _) => {
                    folder.push(b'/');
                    list(repo, &repo.find_tree(entry.id())?, folder, files, opaque)?;
                }
                (Some(ObjectType::Commit), _) => opaque.push(Opaque { path, kind: OpaqueKind::Submodule }),
                (_, mode) if mode == i32::from(FileMode::Link) => opaque.push(Opaque { path, kind: OpaqueKind::Symlink }),
                (_, mode) => {
                    let mode = if mode == i32::from(FileMode::BlobExecutable) { Mode::Executable } else { Mode::Regular };
                    files.push(File::stored(path, mode, Some(blob_id(entry.id()))));
                }
            }
        }
        folder.truncate(length);
    }
    Ok(())
}

/// What the index and the file system both know of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stat {
    /// Seconds and nanoseconds of the last change.
    mtime: (i64, u32),
    /// The size, cut to 32 bits as the index has it.
    size: u32,
    /// The inode, cut to 32 bits; 0 where it is not recorded.
    inode: u32,
}

impl Stat {
    fn of(entry: &IndexEntry) -> Self {
        let mtime = (i64::from(entry.mtime.seconds()), entry.mtime.nanoseconds());
        Self { mtime, size: entry.file_size, inode: entry.ino }
    }

    fn holds(&self, found: &fs::Metadata) -> bool {
        found.is_file()
            && mtime(found) == Some(self.mtime)
            && found.len() as u32 == self.size
            && (self.inode == 0 || inode(found) == self.inode)
    }
}

fn mtime(found: &fs::Metadata) -> Option<(i64, u32)> {
    let since = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((since.as_secs() as i64, since.subsec_nanos()))
}

#[cfg(unix)]
fn inode(found: &fs::Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::ino(found) as u32
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u32 {
    0
}

/// Reads files of a commit's tree.
struct GitSource {
    git_dir: PathBuf,
    work_tree: Option<PathBuf>,
    clean: FxHashMap<RepoPath, Stat>,
    /// Repositories are not shared between threads: each borrows one.
    pool: Mutex<Vec<Repository>>,
}

impl GitSource {
    fn read_disk(&self, file: &File) -> Option<Vec<u8>> {
        let stat = self.clean.get(&file.path)?;
        let path = self.work_tree.as_ref()?.join(file.path.to_os());
        if !stat.holds(&fs::symlink_metadata(&path).ok()?) {
            return None;
        }
        let bytes = fs::read(path).ok()?;
        // Where git converts line ends, the blob has LF where the disk has CRLF: ask the database.
        let is_blob = bytes.len() as u32 == stat.size && memchr::memchr(b'\r', &bytes).is_none();
        is_blob.then_some(bytes)
    }

    fn read_database(&self, file: &File, blob: BlobId) -> Result<Vec<u8>, ReadError> {
        let failed = |error: git2::Error| match error.code() {
            ErrorCode::NotFound => ReadError::MissingBlob { path: file.path.clone(), blob },
            _ => ReadError::Io { path: file.path.clone(), message: error.message().to_owned() },
        };
        let pooled = self.pool.lock().ok().and_then(|mut pool| pool.pop());
        let repo = pooled.map_or_else(|| Repository::open(&self.git_dir), Ok).map_err(failed)?;
        let id = Oid::from_bytes(blob.as_bytes()).map_err(failed)?;
        let content = repo.find_blob(id).map(|blob| blob.content().to_vec()).map_err(failed);
        if let Ok(mut pool) = self.pool.lock() {
            pool.push(repo);
        }
        content
    }
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
