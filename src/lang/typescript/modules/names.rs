//! The names that plans give to modules: the path from the top without the source ending, or a bare package name.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::specifier::split_ending;
use super::{Absence, Kind, Module, Modules, disk};
use crate::text::path::RepoPath;
use crate::text::snapshot::{FileId, Snapshot};

/// The names of a snapshot's files.
pub(super) struct Names {
    /// By file; `None` for a file whose path is not UTF-8.
    names: Vec<Option<Box<str>>>,
    files: FxHashMap<Box<str>, FileId>,
}

/// The name of the file at a path where no other claims it.
pub(super) fn plain(path: &str) -> String {
    rooted(split_ending(path).map_or(path, |(stem, ..)| stem))
}

/// A path that cannot be taken for a package's name.
fn rooted(path: &str) -> String {
    if path.contains('/') { path.to_owned() } else { format!("./{path}") }
}

/// The order in which files that differ in their ending alone claim the name that they share.
const CLAIMS: [&str; 11] = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".d.ts", ".d.mts", ".d.cts"];

impl Names {
    fn new(snapshot: &Snapshot) -> Self {
        let mut files: FxHashMap<Box<str>, FileId> = FxHashMap::default();
        let claim = |path: &str| split_ending(path).and_then(|(_, ending, _)| CLAIMS.iter().position(|claim| *claim == ending));
        let texts: Vec<Option<&str>> = snapshot.files().iter().map(|file| file.path.as_str()).collect();
        for (index, path) in texts.iter().enumerate().filter_map(|(index, path)| Some((index, (*path)?))) {
            let first = files.entry(plain(path).into()).or_insert(FileId::new(index));
            let is_weaker = texts[first.index()].map(claim) > Some(claim(path));
            if is_weaker {
                *first = FileId::new(index);
            }
        }
        let name = |(index, path): (usize, &Option<&str>)| {
            let plain = plain((*path)?);
            let is_own = files.get(plain.as_str()) == Some(&FileId::new(index));
            Some(if is_own { plain } else { rooted((*path)?) }.into())
        };
        let names = texts.iter().enumerate().map(name).collect();
        Self { names, files }
    }
}

impl Modules {
    fn names_table(&self) -> &Names {
        self.names.get_or_init(|| Names::new(&self.snapshot))
    }

    /// The name of a file in plans: its path without the source ending (`frontend/lib/auth`, `./index` in the top folder). Of files that
    /// differ in their ending alone, one has that name, and the others keep their endings. `None` where the path is not UTF-8.
    pub fn name(&self, file: FileId) -> Option<&str> {
        self.names_table().names.get(file.index())?.as_deref()
    }

    /// The name of a module.
    pub fn module_name(&self, module: &Module) -> Arc<str> {
        match module {
            Module::File(file) => self.name(*file).unwrap_or_default().into(),
            Module::Absent(name) => name.clone(),
        }
    }

    /// Finds the module with a name as plans write it. A file may be named with its ending, and an index file by its folder.
    ///
    /// # Errors
    /// The snapshot has no such module.
    pub fn find(&self, name: &str) -> Result<Module, Absence> {
        let name = name.trim_end_matches('/');
        let path = name.trim_start_matches("./");
        let rooted = rooted(path);
        let files = &self.names_table().files;
        let is_path = name.starts_with("./") || name.contains('/');
        let named = || files.get(rooted.as_str()).or_else(|| files.get(format!("{path}/index").as_str())).copied();
        let exact = || RepoPath::new(path).and_then(|path| self.snapshot.id(&path));
        if let Some(file) = is_path.then(|| exact().or_else(named)).flatten() {
            return Ok(Module::File(file));
        }
        if let Some(link) = self.setting().packages.link_named(name) {
            let entry = self.resolve_at(link, name, Kind::Import);
            return entry.absence.map_or(Ok(entry.module), Err);
        }
        let path = RepoPath::new(path);
        let is_opaque = |path: &RepoPath| disk::is_opaque(&self.snapshot, path);
        let is_behind = path.as_ref().is_some_and(|path| path.folders().chain([path.clone()]).any(|path| is_opaque(&path)));
        let is_inside = path
            .as_ref()
            .and_then(|path| path.folders().next())
            .is_some_and(|top| disk::is_folder(&self.snapshot, top.as_bytes()));
        Err(match is_behind {
            true => Absence::Opaque,
            false if is_inside || name.starts_with('.') => Absence::Missing,
            false => Absence::External,
        })
    }

    /// Finds the module with a name, or says that it is absent.
    pub fn module(&self, name: &str) -> Module {
        self.find(name).unwrap_or_else(|_| Module::Absent(name.into()))
    }

    /// The names of all source files, sorted.
    pub fn names(&self) -> Vec<&str> {
        let files = self.snapshot.files().iter().enumerate();
        let sources = files.filter(|(_, file)| crate::lang::typescript::is_source(&file.path));
        let mut names: Vec<&str> = sources.filter_map(|(index, _)| self.name(FileId::new(index))).collect();
        names.sort_unstable();
        names
    }
}
