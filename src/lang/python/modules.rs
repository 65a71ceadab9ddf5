//! The modules of a program, found as CPython's import system finds them: import roots, packages, namespace packages (PEP 420),
//! stub files, relative names.
//!
//! Not modelled: `sys.path` changes at run time, and import hooks.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::text::path::RepoPath;
use crate::text::snapshot::{FileId, Snapshot};

/// The modules of a snapshot by dotted name.
///
/// Where several files claim one name, the import system's order decides: a regular package, then a module, then a namespace
/// package (PEP 420); a stub file stands in only where there is no source.
#[derive(Debug, Default)]
pub struct ModuleTable {
    entries: FxHashMap<Box<str>, Entry>,
    /// Where each file stands among the modules; `None` for a file that is no module.
    places: Vec<Option<Place>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Entry {
    package: Option<FileId>,
    module: Option<FileId>,
    stub_package: Option<FileId>,
    stub: Option<FileId>,
    /// A symbolic link or submodule: something is there that is not looked at.
    is_opaque: bool,
}

#[derive(Debug, Clone)]
struct Place {
    /// The dotted name of the folder: what `from .` means in the file.
    package: Box<str>,
    /// The dotted name of the module; the package's own for an `__init__`.
    module: Box<str>,
    is_package: bool,
}

/// A module, or a name that stands for one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Module {
    /// A file of the snapshot.
    File(FileId),
    /// A folder without `__init__.py`, by its dotted name.
    Namespace(Arc<str>),
    /// Not in the snapshot, by the dotted name that the code uses: a library, or a module that is missing.
    Absent(Arc<str>),
}

/// Why a dotted name is no module of the snapshot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Absence {
    /// The name's first part is not in the snapshot: the standard library or another library.
    External,
    /// The first part is, the rest is not.
    Missing,
    /// A part of the name is a module where a package would have to be.
    NotAPackage,
    /// It leads behind a symbolic link or into a submodule.
    Opaque,
}

impl ModuleTable {
    /// Builds the table from the paths of a snapshot. A root is a folder (empty for the top) that imports start from.
    pub fn new(snapshot: &Snapshot, roots: &[RootFolder]) -> Self {
        let mut table = Self::default();
        for (index, file) in snapshot.files().iter().enumerate() {
            let place = super::is_source(&file.path).then(|| table.add(FileId::new(index), &file.path, roots)).flatten();
            table.places.push(place);
        }
        for opaque in snapshot.opaque() {
            for root in roots {
                let Some(parts) = root.strip(&opaque.path) else { continue };
                for depth in 1..parts.len() {
                    table.entries.entry(parts[..depth].join(".").into()).or_default();
                }
                let name = parts.join(".");
                let name = name.strip_suffix(".py").unwrap_or(&name);
                table.entries.entry(name.into()).or_default().is_opaque = true;
            }
        }
        table
    }

    fn add(&mut self, file: FileId, path: &RepoPath, roots: &[RootFolder]) -> Option<Place> {
        let mut place = None;
        // The longest root comes first: it gives the file its own name; under the others it can be imported as well.
        for root in roots {
            let Some(mut parts) = root.strip(path) else { continue };
            let Some(name) = parts.pop() else { continue };
            let (stem, is_stub) = match name.strip_suffix(".pyi") {
                Some(stem) => (stem, true),
                None => (name.strip_suffix(".py").unwrap_or(name), false),
            };
            let is_package = stem == "__init__";
            for depth in 1..=parts.len() {
                self.entries.entry(parts[..depth].join(".").into()).or_default();
            }
            let package = parts.join(".");
            if !is_package {
                parts.push(stem);
            }
            let module = parts.join(".");
            // `a.backup.py` has no dotted name, but it is a file of the package `a` lies in, and may import relatively.
            if !module.is_empty() && !stem.contains('.') {
                let entry = self.entries.entry(module.as_str().into()).or_default();
                let slot = match (is_package, is_stub) {
                    (true, false) => &mut entry.package,
                    (false, false) => &mut entry.module,
                    (true, true) => &mut entry.stub_package,
                    (false, true) => &mut entry.stub,
                };
                slot.get_or_insert(file);
            }
            place.get_or_insert(Place { package: package.into(), module: module.into(), is_package });
        }
        place
    }

    /// Finds the module with a dotted name.
    ///
    /// # Errors
    /// The snapshot has no such module.
    pub fn find(&self, dotted: &str) -> Result<Module, Absence> {
        let mut end = 0;
        loop {
            end = dotted[end..].find('.').map_or(dotted.len(), |at| end + at);
            let Some(entry) = self.entries.get(&dotted[..end]) else {
                return Err(if dotted[..end].contains('.') { Absence::Missing } else { Absence::External });
            };
            let file = entry.package.or(entry.module).or(entry.stub_package).or(entry.stub);
            if file.is_none() && entry.is_opaque {
                return Err(Absence::Opaque);
            }
            if end == dotted.len() {
                return Ok(file.map_or_else(|| Module::Namespace(dotted.into()), Module::File));
            }
            let is_module = entry.package.is_none() && entry.stub_package.is_none() && file.is_some();
            if is_module {
                return Err(Absence::NotAPackage);
            }
            end += 1;
        }
    }

    /// Finds the module with a dotted name, or says that it is absent.
    pub fn module(&self, dotted: &str) -> Module {
        self.find(dotted).unwrap_or_else(|_| Module::Absent(dotted.into()))
    }

    /// The dotted name under which a file is a module; empty for an `__init__.py` in an import root.
    pub fn name(&self, file: FileId) -> Option<&str> {
        self.places.get(file.index())?.as_ref().map(|place| &*place.module)
    }

    /// Whether the file is a package's `__init__`.
    pub fn is_package(&self, file: FileId) -> bool {
        matches!(self.places.get(file.index()), Some(Some(place)) if place.is_package)
    }

    /// The dotted name of a module.
    pub fn dotted(&self, module: &Module) -> Arc<str> {
        match module {
            Module::File(file) => self.name(*file).unwrap_or_default().into(),
            Module::Namespace(name) | Module::Absent(name) => name.clone(),
        }
    }

    /// Whether the first part of a dotted name is in the snapshot.
    pub fn is_first_party(&self, dotted: &str) -> bool {
        let top = dotted.split('.').next().unwrap_or_default();
        self.entries.contains_key(top)
    }

    /// The dotted names of all modules that are files, sorted.
    pub fn names(&self) -> Vec<&str> {
        let files = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.package.or(entry.module).or(entry.stub_package).or(entry.stub).is_some());
        let mut names: Vec<&str> = files.map(|(name, _)| &**name).collect();
        names.sort_unstable();
        names
    }

    /// The dotted name that a `from` clause in a file means; `None` where its dots lead out of the top-level package.
    pub fn absolute(&self, file: FileId, level: u32, module: Option<&str>) -> Option<String> {
        if level == 0 {
            return module.map(str::to_owned);
        }
        let place = self.places.get(file.index())?.as_ref()?;
        let mut package: Vec<&str> = place.package.split('.').filter(|part| !part.is_empty()).collect();
        let up = level as usize - 1;
        // The import system refuses to leave the top-level package, and a file outside of all packages has none to start from.
        if up >= package.len() {
            return None;
        }
        package.truncate(package.len() - up);
        package.extend(module);
        Some(package.join("."))
    }
}

/// A folder that imports start from; the empty path is the top of the snapshot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RootFolder(Box<[u8]>);

impl RootFolder {
    /// The root at a folder, given without a trailing `/`.
    pub fn new(folder: &[u8]) -> Self {
        Self(folder.into())
    }

    /// The folder, without a trailing `/`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The components of a path below this root; `None` where it is not below, or not UTF-8.
    fn strip<'p>(&self, path: &'p RepoPath) -> Option<Vec<&'p str>> {
        if !path.is_below(&self.0) {
            return None;
        }
        let skip = if self.0.is_empty() { 0 } else { self.0.len() + 1 };
        let rest = std::str::from_utf8(&path.as_bytes()[skip..]).ok()?;
        // A folder or file name with a dot can never be a part of a dotted name, except for the suffix.
        let parts: Vec<&str> = rest.split('/').collect();
        let folders = &parts[..parts.len() - 1];
        (!folders.iter().any(|part| part.contains('.'))).then_some(parts)
    }

    /// Finds the roots of a snapshot: its top, and every `src` folder without an `__init__.py` that stands beside a
    /// `pyproject.toml`, `setup.py` or `setup.cfg` (the `src` layout of the Python packaging guide). The longest comes first.
    pub fn detect(snapshot: &Snapshot) -> Vec<RootFolder> {
        let mut roots = FxHashSet::default();
        roots.insert(RootFolder::new(b""));
        let is_project = |name: &[u8]| matches!(name, b"pyproject.toml" | b"setup.py" | b"setup.cfg");
        for file in snapshot.files().iter().filter(|file| is_project(file.path.file_name())) {
            let folder = match file.path.parent() {
                b"" => b"src".to_vec(),
                parent => [parent, b"/src"].concat(),
            };
            let first = snapshot.files().partition_point(|file| *file.path.as_bytes() < [&folder[..], b"/"].concat()[..]);
            let exists = snapshot.files().get(first).is_some_and(|file| file.path.is_below(&folder));
            let init = RepoPath::new([&folder[..], b"/__init__.py"].concat());
            let is_package = init.is_some_and(|init| snapshot.file(&init).is_some());
            if exists && !is_package {
                roots.insert(RootFolder::new(&folder));
            }
        }
        let mut roots: Vec<RootFolder> = roots.into_iter().collect();
        roots.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        roots
    }
}

#[cfg(test)]
mod tests;
