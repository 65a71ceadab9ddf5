//! Programs in memory, for the tests of what follows names from file to file.

use std::sync::Arc;

use super::collect;
use super::facts::Facts;
use super::modules::{ModuleTable, RootFolder};
use super::resolve::Program;
use crate::text::path::RepoPath;
use crate::text::snapshot::{File, FileId, Memory, Snapshot};

/// A whole program in memory.
pub(super) struct Files {
    pub snapshot: Snapshot,
    pub facts: Vec<Facts>,
    pub table: ModuleTable,
}

impl Program for Files {
    fn facts(&self, file: FileId) -> &Facts {
        &self.facts[file.index()]
    }

    fn modules(&self) -> &ModuleTable {
        &self.table
    }
}

/// A program of these files, by path and text.
pub(super) fn program(files: &[(&str, &str)]) -> Files {
    let snapshot = Memory::snapshot(files.iter().copied());
    let text = |file: &Arc<File>| String::from_utf8(snapshot.read(file).unwrap().to_vec()).unwrap();
    let facts = snapshot.files().iter().map(|file| collect(&text(file), None)).collect();
    let table = ModuleTable::new(&snapshot, &RootFolder::detect(&snapshot));
    Files { snapshot, facts, table }
}

impl Files {
    /// The file at a path.
    pub fn file(&self, path: &str) -> FileId {
        self.snapshot.id(&RepoPath::new(path).unwrap()).unwrap()
    }
}
