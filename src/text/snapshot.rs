//! An immutable view of the files under the root.
//!
//! A [`Snapshot`] is a sorted list of files whose bytes are read when they are asked for. [`Snapshot::with`] makes the next one
//! in memory; files that did not change are shared, so a plan of many steps costs what its changes cost. Nothing here writes.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::blob::{BlobId, Mode};
use super::change::{FileChange, SourceChange};
use super::path::RepoPath;

/// A file of one snapshot: its place in [`Snapshot::files`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(u32);

impl FileId {
    /// The id of the file at `index`.
    pub fn new(index: usize) -> Self {
        Self(index as u32)
    }

    /// The file's index in the snapshot.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The most bytes of a file that is read: 128 MiB, more than hosts take (GitHub: 100 MB). A few bytes of a pack can be a file of any size.
pub const MOST_BYTES: u64 = 128 << 20;

/// Where the bytes of a snapshot's files come from.
pub trait Source: Send + Sync {
    /// Reads one file.
    ///
    /// # Errors
    /// The bytes cannot be had, or are more than [`MOST_BYTES`].
    fn read(&self, file: &File) -> Result<Vec<u8>, ReadError>;
}

/// Why a file could not be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// The repository does not hold the content, as in a partial clone.
    #[error("{path}: its content {blob} is not in this clone")]
    MissingBlob {
        /// The file.
        path: RepoPath,
        /// The content.
        blob: BlobId,
    },
    /// It is so large that nothing reads it.
    #[error("{path}: it is larger than {} MiB", MOST_BYTES >> 20)]
    TooLarge {
        /// The file.
        path: RepoPath,
    },
    /// The file system or the object database failed.
    #[error("{path}: {message}")]
    Io {
        /// The file.
        path: RepoPath,
        /// What the system said.
        message: String,
    },
}

/// One regular file of a snapshot.
#[derive(Debug)]
pub struct File {
    /// Its path.
    pub path: RepoPath,
    /// Its mode.
    pub mode: Mode,
    blob: OnceLock<BlobId>,
    /// The bytes of a file that a change made; files of the source are read when asked for.
    made: Option<Arc<[u8]>>,
}

impl File {
    /// A file of the source. Its blob id may be left out where finding it would mean reading the file.
    pub fn stored(path: RepoPath, mode: Mode, blob: Option<BlobId>) -> Self {
        let cell = OnceLock::new();
        if let Some(blob) = blob {
            cell.get_or_init(|| blob);
        }
        Self { path, mode, blob: cell, made: None }
    }

    fn made(path: RepoPath, mode: Mode, bytes: Vec<u8>) -> Self {
        Self { path, mode, blob: OnceLock::from(BlobId::of(&bytes)), made: Some(bytes.into()) }
    }

    /// The blob id, where it is known without reading.
    pub fn known_blob(&self) -> Option<BlobId> {
        self.blob.get().copied()
    }
}

/// An entry that is there and is not a regular file: its inside is not looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opaque {
    /// Its path.
    pub path: RepoPath,
    /// What it is.
    pub kind: OpaqueKind,
}

/// The kinds of entries that are not regular files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpaqueKind {
    /// A symbolic link; it is not followed.
    Symlink,
    /// A submodule; it is another repository.
    Submodule,
}

/// An immutable view of the files under the root, sorted by path.
#[derive(Clone)]
pub struct Snapshot {
    files: Arc<[Arc<File>]>,
    opaque: Arc<[Opaque]>,
    source: Arc<dyn Source>,
}

/// Why a change does not fit the snapshot it is made to.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChangeError {
    /// The changed file is not there.
    #[error("{0} does not exist")]
    NotFound(RepoPath),
    /// A created or moved file would take the place of another.
    #[error("{0} exists already")]
    Exists(RepoPath),
    /// A file, link or submodule stands where a folder is needed.
    #[error("{path} cannot be made: {blocker} is not a folder")]
    Blocked {
        /// The file that was to come into being.
        path: RepoPath,
        /// What stands in the way.
        blocker: RepoPath,
    },
    /// The file could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Snapshot {
    /// Returns the snapshot of these files.
    pub fn new(mut files: Vec<File>, mut opaque: Vec<Opaque>, source: Arc<dyn Source>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        opaque.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files: files.into_iter().map(Arc::new).collect(), opaque: opaque.into(), source }
    }

    /// The files, sorted by path.
    pub fn files(&self) -> &[Arc<File>] {
        &self.files
    }

    /// The entries that are not regular files, sorted by path.
    pub fn opaque(&self) -> &[Opaque] {
        &self.opaque
    }

    /// The file at a path.
    pub fn file(&self, path: &RepoPath) -> Option<&Arc<File>> {
        self.id(path).map(|id| self.get(id))
    }

    /// The id of the file at a path.
    pub fn id(&self, path: &RepoPath) -> Option<FileId> {
        self.files.binary_search_by(|file| file.path.cmp(path)).ok().map(FileId::new)
    }

    /// The file with an id.
    pub fn get(&self, id: FileId) -> &Arc<File> {
        &self.files[id.index()]
    }

    /// Reads a file of this snapshot.
    ///
    /// # Errors
    /// The bytes cannot be had.
    pub fn read(&self, file: &File) -> Result<Arc<[u8]>, ReadError> {
        match &file.made {
            Some(bytes) => Ok(bytes.clone()),
            None => Ok(self.source.read(file)?.into()),
        }
    }

    /// The blob id of a file of this snapshot.
    ///
    /// # Errors
    /// It is not known yet and the bytes cannot be had.
    pub fn blob(&self, file: &File) -> Result<BlobId, ReadError> {
        match file.blob.get() {
            Some(blob) => Ok(*blob),
            None => {
                let blob = BlobId::of(&self.read(file)?);
                Ok(*file.blob.get_or_init(|| blob))
            }
        }
    }

    /// Returns the snapshot in which the change has been made.
    ///
    /// # Errors
    /// The change does not fit, or a file that it edits cannot be read.
    pub fn with(&self, change: &SourceChange) -> Result<Snapshot, ChangeError> {
        let mut gone: Vec<&RepoPath> = Vec::new();
        let mut made: BTreeMap<RepoPath, File> = BTreeMap::new();
        // Of two files that want one place, none gives way.
        let mut make = |path: &RepoPath, mode, bytes| match made.insert(path.clone(), File::made(path.clone(), mode, bytes)) {
            Some(_) => Err(ChangeError::Exists(path.clone())),
            None => Ok(()),
        };
        for (path, what) in change.files() {
            let file = || self.file(path).ok_or_else(|| ChangeError::NotFound(path.clone()));
            match what {
                FileChange::Create { content, mode } => make(path, *mode, content.clone().into_bytes())?,
                FileChange::Delete => {
                    file()?;
                    gone.push(path);
                }
                FileChange::Edit(edit) => {
                    let file = file()?;
                    let bytes = edit.apply(&self.read(file)?);
                    gone.push(path);
                    make(path, file.mode, bytes)?;
                }
                FileChange::Move { to, edit } => {
                    let file = file()?;
                    let bytes = edit.apply(&self.read(file)?);
                    gone.push(path);
                    make(to, file.mode, bytes)?;
                }
            }
        }
        self.replace(&gone, made)
    }

    /// Returns the snapshot with other contents of files: `None` for a file that goes.
    ///
    /// # Errors
    /// A file cannot be made, because something else stands where its folders would.
    pub fn with_files(
        &self,
        contents: impl IntoIterator<Item = (RepoPath, Option<(Mode, Vec<u8>)>)>,
    ) -> Result<Snapshot, ChangeError> {
        let contents: BTreeMap<RepoPath, Option<(Mode, Vec<u8>)>> = contents.into_iter().collect();
        let gone: Vec<RepoPath> = contents.keys().filter(|path| self.file(path).is_some()).cloned().collect();
        let made = contents.into_iter().filter_map(|(path, content)| {
            let (mode, bytes) = content?;
            Some((path.clone(), File::made(path, mode, bytes)))
        });
        self.replace(&gone.iter().collect::<Vec<_>>(), made.collect())
    }

    /// The snapshot without some files (sorted) and with others.
    fn replace(&self, gone: &[&RepoPath], made: BTreeMap<RepoPath, File>) -> Result<Snapshot, ChangeError> {
        let taken = |path: &&RepoPath| self.file(path).is_some() && gone.binary_search(path).is_err();
        if let Some(path) = made.keys().find(taken) {
            return Err(ChangeError::Exists(path.clone()));
        }
        let is_opaque = |path: &RepoPath| self.opaque.binary_search_by(|entry| entry.path.cmp(path)).is_ok();
        let is_blocker = |path: &RepoPath| is_opaque(path) || taken(&path);
        for path in made.keys().filter(|path| self.file(path).is_none()) {
            if let Some(blocker) = path.folders().chain([path.clone()]).find(is_blocker) {
                return Err(ChangeError::Blocked { path: path.clone(), blocker });
            }
        }
        // Of files that come into being together, one may stand where another needs a folder, as may one where others have theirs.
        for path in made.keys() {
            if let Some(blocker) = path.folders().find(|folder| made.contains_key(folder)) {
                return Err(ChangeError::Blocked { path: path.clone(), blocker });
            }
            let below = [path.as_bytes(), b"/"].concat();
            let from = self.files.partition_point(|file| file.path.as_bytes() < &below[..]);
            let inside = self.files[from..].iter().take_while(|file| file.path.as_bytes().starts_with(&below));
            if inside.map(|file| &file.path).any(|file| gone.binary_search(&file).is_err()) {
                return Err(ChangeError::Exists(path.clone()));
            }
        }
        let kept = self.files.iter().filter(|file| gone.binary_search(&&file.path).is_err()).cloned();
        let mut files: Vec<Arc<File>> = kept.chain(made.into_values().map(Arc::new)).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files: files.into(), opaque: self.opaque.clone(), source: self.source.clone() })
    }
}

/// Files held in memory, for tests and embedded samples.
#[derive(Default, Debug)]
pub struct Memory(pub BTreeMap<RepoPath, Vec<u8>>);

impl Source for Memory {
    fn read(&self, file: &File) -> Result<Vec<u8>, ReadError> {
        let missing = || ReadError::Io { path: file.path.clone(), message: "no such file".to_owned() };
        self.0.get(&file.path).cloned().ok_or_else(missing)
    }
}

impl Memory {
    /// Returns the snapshot of files given as path and content. Paths that are not sound are left out.
    pub fn snapshot<P: AsRef<[u8]>, C: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, C)>) -> Snapshot {
        let files = files.into_iter().filter_map(|(path, content)| Some((RepoPath::new(path)?, content.into())));
        let memory = Memory(files.collect());
        let list = memory.0.keys().map(|path| File::stored(path.clone(), Mode::Regular, None)).collect();
        Snapshot::new(list, Vec::new(), Arc::new(memory))
    }
}

#[cfg(test)]
mod tests {
    use super::super::edit::{Edit, TextEdit};
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn content(snapshot: &Snapshot) -> Vec<(String, String)> {
        let read = |file: &Arc<File>| String::from_utf8(snapshot.read(file).unwrap().to_vec()).unwrap();
        snapshot.files().iter().map(|file| (file.path.to_string(), read(file))).collect()
    }

    #[test]
    fn a_change_makes_a_new_snapshot_and_shares_the_rest() {
        let before = Memory::snapshot([("a.py", "aa"), ("b.py", "bb"), ("c.py", "cc")]);
        let edit = TextEdit::new(vec![Edit::insert(1, "-")]).unwrap();
        let mut change = SourceChange::edit(path("a.py"), edit.clone());
        change.union(&SourceChange::of(path("b.py"), FileChange::Move { to: path("d/e.py"), edit })).unwrap();
        let after = before.with(&change).unwrap();
        let want = [("a.py", "a-a"), ("c.py", "cc"), ("d/e.py", "b-b")];
        assert_eq!(content(&after), want.map(|(p, c)| (p.to_owned(), c.to_owned())));
        assert!(Arc::ptr_eq(before.file(&path("c.py")).unwrap(), after.file(&path("c.py")).unwrap()));
        assert_eq!(content(&before).len(), 3);
        let a = after.file(&path("a.py")).unwrap();
        assert_eq!(after.blob(a), Ok(BlobId::of(b"a-a")));
    }

    #[test]
    fn a_change_that_does_not_fit_is_refused() {
        let snapshot = Memory::snapshot([("a.py", "aa"), ("b.py", "bb")]);
        let onto = FileChange::Move { to: path("b.py"), edit: TextEdit::default() };
        let refused = snapshot.with(&SourceChange::of(path("a.py"), onto)).err();
        assert_eq!(refused, Some(ChangeError::Exists(path("b.py"))));
        // One that is made or edited there as well would be lost, or lose the other.
        let create = FileChange::Create { content: "new".to_owned(), mode: Mode::Regular };
        let edit = FileChange::Edit(TextEdit::new(vec![Edit::insert(0, "!")]).unwrap());
        for (from, to, other) in
            [("a.py", "z.py", create.clone()), ("b.py", "a.py", create), ("a.py", "b.py", edit.clone()), ("b.py", "a.py", edit)]
        {
            let mut both = SourceChange::of(path(from), FileChange::Move { to: path(to), edit: TextEdit::default() });
            both.union(&SourceChange::of(path(to), other)).unwrap();
            assert_eq!(snapshot.with(&both).err(), Some(ChangeError::Exists(path(to))), "{from} -> {to}");
        }
        let refused = snapshot.with(&SourceChange::of(path("x.py"), FileChange::Delete)).err();
        assert_eq!(refused, Some(ChangeError::NotFound(path("x.py"))));
    }

    #[test]
    fn no_file_stands_where_another_has_its_folder() {
        let snapshot = Memory::snapshot([("d/c.py", "c"), ("e.py", "e")]);
        let made = |paths: &[&str]| {
            let mut change = SourceChange::default();
            for name in paths {
                let create = FileChange::Create { content: String::new(), mode: Mode::Regular };
                change.union(&SourceChange::of(path(name), create)).unwrap();
            }
            change
        };
        assert_eq!(snapshot.with(&made(&["d"])).err(), Some(ChangeError::Exists(path("d"))));
        let blocked = |below: &str, blocker: &str| Some(ChangeError::Blocked { path: path(below), blocker: path(blocker) });
        assert_eq!(snapshot.with(&made(&["x", "x/y/z"])).err(), blocked("x/y/z", "x"));
        assert_eq!(snapshot.with(&made(&["e.py/a"])).err(), blocked("e.py/a", "e.py"));
        // What goes makes room.
        let mut moved = SourceChange::of(path("d/c.py"), FileChange::Move { to: path("d"), edit: TextEdit::default() });
        assert_eq!(content(&snapshot.with(&moved).unwrap()), [("d".into(), "c".into()), ("e.py".into(), "e".into())]);
        moved.union(&made(&["d/new.py"])).unwrap();
        assert_eq!(snapshot.with(&moved).err(), blocked("d/new.py", "d"));
    }
}
