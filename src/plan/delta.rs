//! What changes come to: the files that differ in the end, before and after.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::text::blob::{BlobId, Mode};
use crate::text::change::{FileChange, SourceChange};
use crate::text::path::RepoPath;
use crate::text::snapshot::{ReadError, Snapshot};

/// A file that a step changes.
#[derive(Clone, Debug)]
pub struct FileDelta {
    /// Its path; for a moved file the new one.
    pub path: RepoPath,
    /// The path it had before, if it moves.
    pub moved_from: Option<RepoPath>,
    /// Its content before; `None` if it comes into being.
    pub before: Option<Content>,
    /// Its content afterwards; `None` if it goes away.
    pub after: Option<Content>,
}

/// A file's content and mode.
#[derive(Clone, Debug)]
pub struct Content {
    /// Its blob id.
    pub blob: BlobId,
    /// Its mode.
    pub mode: Mode,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// What changed files leave at each path: a mode and bytes, or nothing.
pub fn outcome(files: &[FileDelta]) -> impl Iterator<Item = (RepoPath, Option<(Mode, Vec<u8>)>)> {
    files.iter().flat_map(|file| {
        let old = file.moved_from.clone().map(|old| (old, None));
        let after = file.after.as_ref().map(|content| (content.mode, content.bytes.to_vec()));
        old.into_iter().chain([(file.path.clone(), after)])
    })
}

/// What changes come to, file by file, sorted by path.
///
/// # Errors
/// A file cannot be read.
pub fn deltas(base: &Snapshot, result: &Snapshot, changes: &[SourceChange]) -> Result<Vec<FileDelta>, ReadError> {
    let mut touched: BTreeSet<&RepoPath> = BTreeSet::new();
    // Where the files that have moved came from at first.
    let mut origins: BTreeMap<&RepoPath, &RepoPath> = BTreeMap::new();
    for change in changes {
        let mut moved = Vec::new();
        for (path, what) in change.files() {
            touched.insert(path);
            match what {
                FileChange::Move { to, .. } => {
                    touched.insert(to);
                    moved.push((to, origins.remove(path).unwrap_or(path)));
                }
                FileChange::Delete => {
                    origins.remove(path);
                }
                FileChange::Edit(_) | FileChange::Create { .. } => {}
            }
        }
        origins.extend(moved);
    }
    // A rename in a patch needs a file that goes and a place that was free.
    let is_rename =
        |to: &RepoPath, from: &RepoPath| base.file(from).is_some() && result.file(from).is_none() && base.file(to).is_none();
    origins.retain(|to, from| is_rename(to, from));
    let renamed: BTreeSet<&RepoPath> = origins.values().copied().collect();
    touched.retain(|path| !renamed.contains(path));
    let content = |snapshot: &Snapshot, path: &RepoPath| -> Result<Option<Content>, ReadError> {
        let Some(file) = snapshot.file(path) else { return Ok(None) };
        Ok(Some(Content { blob: snapshot.blob(file)?, mode: file.mode, bytes: snapshot.read(file)? }))
    };
    let mut deltas = Vec::with_capacity(touched.len());
    for path in touched {
        let moved_from = origins.get(path).copied();
        let before = content(base, moved_from.unwrap_or(path))?;
        let after = content(result, path)?;
        let state = |content: &Option<Content>| content.as_ref().map(|content| (content.blob, content.mode));
        if moved_from.is_some() || state(&before) != state(&after) {
            deltas.push(FileDelta { path: path.clone(), moved_from: moved_from.cloned(), before, after });
        }
    }
    Ok(deltas)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::edit::TextEdit;
    use crate::text::snapshot::Memory;

    /// What a row of changes comes to: the path, the old path, and whether there was and is a file.
    fn net(files: &[&str], changes: &[&[(&str, FileChange)]]) -> Vec<String> {
        let base = Memory::snapshot(files.iter().map(|path| (*path, *path)));
        let mut result = base.clone();
        let mut made = Vec::new();
        for change in changes {
            let mut whole = SourceChange::default();
            for (path, what) in *change {
                whole.union(&SourceChange::of(RepoPath::new(*path).unwrap(), what.clone())).unwrap();
            }
            result = result.with(&whole).unwrap();
            made.push(whole);
        }
        let show = |delta: FileDelta| {
            let from = delta.moved_from.map_or(String::new(), |from| format!("{from} -> "));
            let side = |content: Option<Content>| {
                content.map_or("-".to_owned(), |content| String::from_utf8_lossy(&content.bytes).into())
            };
            format!("{from}{}: {} {}", delta.path, side(delta.before), side(delta.after))
        };
        deltas(&base, &result, &made).unwrap().into_iter().map(show).collect()
    }

    fn moved(to: &str) -> FileChange {
        FileChange::Move { to: RepoPath::new(to).unwrap(), edit: TextEdit::default() }
    }

    #[test]
    fn changes_that_build_on_one_another_are_one_change() {
        let create = || FileChange::Create { content: "new".to_owned(), mode: Mode::Regular };
        assert_eq!(net(&["a"], &[&[("a", moved("b"))], &[("b", moved("c"))]]), ["a -> c: a a"]);
        assert_eq!(net(&["a"], &[&[("a", moved("b"))], &[("b", moved("a"))]]), [""; 0]);
        assert_eq!(net(&["a", "b"], &[&[("b", FileChange::Delete)], &[("a", moved("b"))]]), ["a: a -", "b: b a"]);
        assert_eq!(net(&["a", "c"], &[&[("a", moved("b"))], &[("c", moved("a"))]]), ["a: a c", "b: - a", "c: c -"]);
        assert_eq!(net(&[], &[&[("a", create())], &[("a", moved("b"))]]), ["b: - new"]);
        assert_eq!(net(&[], &[&[("a", create())], &[("a", FileChange::Delete)]]), [""; 0]);
    }

    #[test]
    fn nothing_is_made_where_something_else_stands() {
        let files = [("new", "a file"), ("a.py", "")];
        let base = Memory::snapshot(files);
        let change = SourceChange::of(RepoPath::new("a.py").unwrap(), moved("new/a.py"));
        let said = base.with(&change).map(|_| ()).unwrap_err().to_string();
        assert_eq!(said, "new/a.py cannot be made: new is not a folder");
    }
}
