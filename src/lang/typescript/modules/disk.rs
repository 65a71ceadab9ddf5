//! The files of a snapshot as the file system that the resolver reads. Nothing here touches the real one.
//!
//! Beside the snapshot's own entries it shows what an installation and a build would put there: a workspace's packages in
//! `node_modules`, and build output, each as a link to what it stands for. A symbolic link or submodule of the snapshot is there,
//! and nothing is below it.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

use oxc_resolver::{FileMetadata, FileSystem, ResolveError};
use rustc_hash::FxHashSet;

use super::output::Outputs;
use super::packages::Packages;
use crate::lang::typescript::is_source;
use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;

/// Where the snapshot's top stands: a name that no path of a program leads to, so that `..` beyond the top finds nothing.
const TOP: &str = "/:top:";

/// How many links one path may lead through.
const MAX_LINKS: usize = 8;

/// The file system.
#[derive(Default)]
pub(super) struct Disk {
    snapshot: Option<Snapshot>,
    /// Folders that stand for others, each with its target (empty for the top).
    links: BTreeMap<RepoPath, String>,
    /// The folders that are there only because links lie below them.
    made: FxHashSet<RepoPath>,
    /// The manifests that no reader would take.
    unreadable: Vec<RepoPath>,
    outputs: Outputs,
}

/// The resolver's path of a folder; the empty folder is the top.
pub(super) fn absolute(folder: &[u8]) -> PathBuf {
    RepoPath::new(folder).map_or_else(|| PathBuf::from(TOP), |path| Path::new(TOP).join(path.to_os()))
}

/// The snapshot's path of a resolver's path.
pub(super) fn relative(path: &Path) -> Option<RepoPath> {
    RepoPath::new(path.strip_prefix(TOP).ok()?.as_os_str().as_encoded_bytes())
}

/// Whether files of the snapshot lie below a folder.
pub(super) fn is_folder(snapshot: &Snapshot, folder: &[u8]) -> bool {
    let below = [folder, b"/"].concat();
    let first = snapshot.files().partition_point(|file| *file.path.as_bytes() < below[..]);
    folder.is_empty() || snapshot.files().get(first).is_some_and(|file| file.path.as_bytes().starts_with(&below))
}

/// Whether a path is a symbolic link or submodule of the snapshot.
pub(super) fn is_opaque(snapshot: &Snapshot, path: &RepoPath) -> bool {
    snapshot.opaque().binary_search_by(|entry| entry.path.cmp(path)).is_ok()
}

enum Entry {
    File,
    Folder,
    Link(PathBuf),
}

impl Disk {
    /// The file system of a snapshot, with the packages of its workspaces.
    pub fn new(snapshot: &Snapshot, packages: &Packages, outputs: Outputs) -> Self {
        Self {
            snapshot: Some(snapshot.clone()),
            made: packages.links.keys().flat_map(|link| link.folders().collect::<Vec<_>>()).collect(),
            links: packages.links.clone(),
            unreadable: packages.unreadable.clone(),
            outputs,
        }
    }

    fn entry(&self, path: &Path) -> Option<Entry> {
        if path == Path::new("/") || path == Path::new(TOP) {
            return Some(Entry::Folder);
        }
        let path = self.follow(relative(path)?)?;
        let snapshot = self.snapshot.as_ref()?;
        if snapshot.file(&path).is_some() {
            let is_readable = !self.unreadable.contains(&path);
            return is_readable.then_some(Entry::File);
        }
        if is_opaque(snapshot, &path) {
            // What a link leads to is not known; one that is named like a module is taken for one.
            return Some(if is_source(&path) { Entry::File } else { Entry::Folder });
        }
        if is_folder(snapshot, path.as_bytes()) || self.made.contains(&path) {
            return Some(Entry::Folder);
        }
        let target = self.links.get(&path).map(|folder| absolute(folder.as_bytes()));
        let source = || self.outputs.source(snapshot, &path).map(|source| absolute(source.as_bytes()));
        target.or_else(source).map(Entry::Link)
    }

    /// The path that a path through links leads to; the last component itself may still be a link.
    fn follow(&self, path: RepoPath) -> Option<RepoPath> {
        if self.links.is_empty() {
            return Some(path);
        }
        let mut path = path;
        for _ in 0..MAX_LINKS {
            let through = path.folders().find_map(|folder| Some((self.links.get(&folder)?, folder.as_bytes().len())));
            let Some((target, end)) = through else { return Some(path) };
            let rest = &path.as_bytes()[end + 1..];
            path = match target.as_bytes() {
                b"" => RepoPath::new(rest)?,
                target => RepoPath::new([target, b"/", rest].concat())?,
            };
        }
        None
    }

    fn found(&self, path: &Path) -> Result<Entry> {
        self.entry(path).ok_or_else(|| Error::from(ErrorKind::NotFound))
    }

    fn target(&self, path: &Path) -> Result<PathBuf> {
        let mut path = path.to_path_buf();
        for _ in 0..MAX_LINKS {
            match self.found(&path)? {
                Entry::Link(target) => path = target,
                Entry::File | Entry::Folder => {
                    return Ok(relative(&path)
                        .and_then(|path| self.follow(path))
                        .map_or(path, |path| absolute(path.as_bytes())));
                }
            }
        }
        Err(Error::from(ErrorKind::NotFound))
    }
}

impl FileSystem for Disk {
    fn new() -> Self {
        Self::default()
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let not_found = || Error::from(ErrorKind::NotFound);
        let path = relative(&self.target(path)?).ok_or_else(not_found)?;
        let snapshot = self.snapshot.as_ref().ok_or_else(not_found)?;
        let file = snapshot.file(&path).filter(|_| !self.unreadable.contains(&path)).ok_or_else(not_found)?;
        Ok(snapshot.read(file).map_err(|error| Error::other(error.to_string()))?.to_vec())
    }

    fn read_to_string(&self, path: &Path) -> Result<String> {
        String::from_utf8(self.read(path)?).map_err(|_| Error::from(ErrorKind::InvalidData))
    }

    fn metadata(&self, path: &Path) -> Result<FileMetadata> {
        self.symlink_metadata(&self.target(path)?)
    }

    fn symlink_metadata(&self, path: &Path) -> Result<FileMetadata> {
        Ok(match self.found(path)? {
            Entry::File => FileMetadata::new(true, false, false),
            Entry::Folder => FileMetadata::new(false, true, false),
            Entry::Link(_) => FileMetadata::new(false, false, true),
        })
    }

    fn read_link(&self, path: &Path) -> std::result::Result<PathBuf, ResolveError> {
        match self.found(path)? {
            Entry::Link(target) => Ok(target),
            Entry::File | Entry::Folder => Err(Error::from(ErrorKind::InvalidInput).into()),
        }
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf> {
        self.target(path)
    }
}
