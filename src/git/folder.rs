//! A plain folder as a snapshot, for code that is not under git.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::WalkBuilder;

use super::GitError;
use crate::text::blob::Mode;
use crate::text::path::RepoPath;
use crate::text::snapshot::{File, MOST_BYTES, Opaque, OpaqueKind, ReadError, Snapshot, Source};

/// Reads the names of a folder's files. Hidden files and folders, `node_modules`, and what `.gitignore` files name are left out;
/// links are not followed.
///
/// # Errors
/// The folder cannot be listed.
pub fn snapshot(root: &Path) -> Result<Snapshot, GitError> {
    let mut walk = WalkBuilder::new(root);
    walk.require_git(false).git_global(false).git_exclude(false).ignore(false).parents(false).follow_links(false);
    walk.filter_entry(|entry| entry.depth() == 0 || entry.file_name() != "node_modules");
    let mut paths = Vec::new();
    for entry in walk.build() {
        let entry = entry.map_err(|error| {
            let message = error.to_string();
            let error = error.into_io_error().unwrap_or_else(|| std::io::Error::other(message));
            GitError::Io { path: root.to_owned(), error }
        })?;
        if entry.file_type().is_some_and(|kind| !kind.is_dir()) {
            paths.extend(entry.path().strip_prefix(root).ok().and_then(relative));
        }
    }
    Ok(snapshot_of(root, paths))
}

/// The snapshot of these files of a folder, as they are on disk. Files that are not there are left out, and so are those behind a link
/// that stands in the place of one of their folders: it may lead anywhere.
pub(super) fn snapshot_of(root: &Path, paths: Vec<RepoPath>) -> Snapshot {
    let mut files = Vec::new();
    let mut opaque = Vec::new();
    let mut links: BTreeMap<RepoPath, bool> = BTreeMap::new();
    for path in paths {
        let mut is_link = |folder: &RepoPath| {
            let look = || fs::symlink_metadata(root.join(folder.to_os())).is_ok_and(|found| found.is_symlink());
            *links.entry(folder.clone()).or_insert_with(look)
        };
        if path.folders().any(|folder| is_link(&folder)) {
            continue;
        }
        match fs::symlink_metadata(root.join(path.to_os())) {
            Ok(found) if found.is_symlink() => opaque.push(Opaque { path, kind: OpaqueKind::Symlink }),
            Ok(found) if found.is_dir() => opaque.push(Opaque { path, kind: OpaqueKind::Submodule }),
            Ok(found) if found.is_file() => files.push(File::stored(path, mode(&found), None)),
            _ => {}
        }
    }
    let links = links.into_iter().filter(|(_, is_link)| *is_link);
    opaque.extend(links.map(|(path, _)| Opaque { path, kind: OpaqueKind::Symlink }));
    opaque.sort_by(|a, b| a.path.cmp(&b.path));
    opaque.dedup();
    Snapshot::new(files, opaque, Arc::new(Disk(root.to_owned())))
}

#[cfg(unix)]
fn relative(path: &Path) -> Option<RepoPath> {
    RepoPath::new(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
}

#[cfg(not(unix))]
fn relative(path: &Path) -> Option<RepoPath> {
    RepoPath::new(path.to_str()?.replace('\\', "/"))
}

#[cfg(unix)]
fn mode(found: &fs::Metadata) -> Mode {
    let is_executable = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o100 != 0;
    if is_executable { Mode::Executable } else { Mode::Regular }
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> Mode {
    Mode::Regular
}

/// Reads files of a folder.
struct Disk(PathBuf);

impl Source for Disk {
    fn read(&self, file: &File) -> Result<Vec<u8>, ReadError> {
        let failed = |error: std::io::Error| ReadError::Io { path: file.path.clone(), message: error.to_string() };
        let path = self.0.join(file.path.to_os());
        match fs::metadata(&path).map_err(failed)?.len() {
            length if length > MOST_BYTES => Err(ReadError::TooLarge { path: file.path.clone() }),
            _ => fs::read(path).map_err(failed),
        }
    }
}
