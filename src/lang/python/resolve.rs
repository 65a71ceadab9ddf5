//! Which object a name means, across files: modules found as CPython's import system finds them, names followed through
//! imports, re-exports and plain assignments to the place that defines them.
//!
//! A name of a module is a [`Symbol`]. Following it gives a [`Resolution`]: the symbols passed on the way, and how the way
//! [`End`]s. What cannot be known without running the program ends in `Dynamic` or `Ambiguous`, never in a guess.
//!
//! Not modelled: `sys.path` changes at run time, import hooks, and names set from outside (`module.name = …` elsewhere).

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::facts::{Alias, Binding, BindingKind, Context, Facts, Import, ScopeId, Use};
use super::scope::Lookup;
use crate::text::path::RepoPath;
use crate::text::snapshot::{FileId, Snapshot};
use crate::text::span::Span;

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

/// A name in the namespace of a module.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Symbol {
    /// The module.
    pub module: Module,
    /// The name.
    pub name: Arc<str>,
}

/// The way from a symbol to what it means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolution {
    /// The symbols passed, the one asked for first.
    pub hops: Vec<Symbol>,
    /// How the way ends.
    pub end: End,
}

/// How the way from a symbol ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// At a class, function or value that the last hop's module defines under the last hop's name.
    Definition,
    /// At a module.
    Module(Module),
    /// At a module that is not in the snapshot: the last hop is all that is known.
    Absent(Absence),
    /// The last hop's module does not bind the last hop's name.
    Unbound,
    /// Only running the program can tell: the module makes names at run time, or does not parse.
    Dynamic,
    /// Different bindings reach the last hop's name.
    Ambiguous(Vec<Resolution>),
    /// The name is an alias of itself.
    Cycle,
    /// At a parameter or local value of a function.
    Local,
}

impl Resolution {
    /// The symbol that defines the object, where exactly one does.
    pub fn definition(&self) -> Option<&Symbol> {
        match self.end {
            End::Definition => self.hops.last(),
            _ => None,
        }
    }

    /// Whether both ways end at one object: at one definition, at one module, or at one name of one library.
    pub fn is_same_object(&self, other: &Resolution) -> bool {
        match (&self.end, &other.end) {
            (End::Definition, End::Definition) | (End::Absent(Absence::External), End::Absent(Absence::External)) => {
                self.hops.last() == other.hops.last()
            }
            (End::Module(a), End::Module(b)) => a == b,
            _ => false,
        }
    }
}

/// One step of a dotted expression: what the name, or the name and the attributes so far, mean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The symbols passed by this step alone; empty for a step to a submodule or a local name.
    pub hops: Vec<Symbol>,
    /// What the expression so far means.
    pub end: End,
}

/// All files of a snapshot, as far as names are followed through them.
pub trait Program {
    /// The facts of a file.
    fn facts(&self, file: FileId) -> &Facts;
    /// The modules.
    fn modules(&self) -> &ModuleTable;
}

/// A re-export chain in real code is a handful of hops; one longer than this is an attack or a cycle that was not seen.
const LONGEST_CHAIN: usize = 64;

/// Follows a symbol to what it means.
pub fn resolve(program: &dyn Program, symbol: &Symbol) -> Resolution {
    let mut hops = Vec::new();
    let end = follow(program, symbol, &mut hops);
    Resolution { hops, end }
}

fn follow(program: &dyn Program, symbol: &Symbol, hops: &mut Vec<Symbol>) -> End {
    if hops.contains(symbol) || hops.len() >= LONGEST_CHAIN {
        return End::Cycle;
    }
    hops.push(symbol.clone());
    match &symbol.module {
        Module::Absent(dotted) => End::Absent(program.modules().find(dotted).err().unwrap_or(Absence::Missing)),
        Module::Namespace(dotted) => submodule(program, dotted, &symbol.name).unwrap_or(End::Unbound),
        Module::File(file) => {
            let facts = program.facts(*file);
            let bindings: Vec<&Binding> = facts.module_bindings(&symbol.name).map(|(_, binding)| binding).collect();
            match lasting(&bindings) {
                Lasting::Bound(bindings) => bound(program, *file, &bindings, hops),
                Lasting::Deleted => End::Unbound,
                Lasting::Never => unbound(program, *file, symbol, hops),
            }
        }
    }
}

enum Lasting<'f> {
    Bound(Vec<&'f Binding>),
    Deleted,
    Never,
}

/// The bindings that can give a module's name its value when the module has been loaded.
fn lasting<'f>(bindings: &[&'f Binding]) -> Lasting<'f> {
    let is_deleted = |binding: &&Binding| binding.kind == BindingKind::Delete && binding.site == ScopeId::MODULE;
    match bindings.last() {
        Some(last) if is_deleted(last) => return Lasting::Deleted,
        _ => {}
    }
    let bound: Vec<&Binding> = bindings.iter().copied().filter(|binding| Facts::is_lasting(binding)).collect();
    match bound.is_empty() {
        true => Lasting::Never,
        false => Lasting::Bound(bound),
    }
}

/// Follows all bindings of a module's name.
fn bound(program: &dyn Program, file: FileId, bindings: &[&Binding], hops: &mut Vec<Symbol>) -> End {
    all_ways(bindings, hops, |binding, hops| follow_binding(program, file, binding, hops))
}

/// Follows all bindings of one name. Bindings that lead back to the name itself (`X = X`) add nothing.
fn all_ways(bindings: &[&Binding], hops: &mut Vec<Symbol>, follow: impl Fn(&Binding, &mut Vec<Symbol>) -> End) -> End {
    if let [binding] = bindings {
        return follow(binding, hops);
    }
    let mut ways: Vec<Resolution> = Vec::new();
    for binding in bindings {
        let mut tail = hops.clone();
        let end = follow(binding, &mut tail);
        let way = Resolution { hops: tail, end };
        if way.end != End::Cycle && !ways.contains(&way) {
            ways.push(way);
        }
    }
    match &ways[..] {
        [] => End::Cycle,
        [way] => {
            *hops = way.hops.clone();
            way.end.clone()
        }
        [first, rest @ ..] if rest.iter().all(|way| way.is_same_object(first)) => {
            // One object by several ways: only its definition is common to them.
            hops.extend(first.hops.last().filter(|last| !hops.contains(last)).cloned());
            first.end.clone()
        }
        _ => End::Ambiguous(ways),
    }
}

fn follow_binding(program: &dyn Program, file: FileId, binding: &Binding, hops: &mut Vec<Symbol>) -> End {
    let facts = program.facts(file);
    match binding.kind {
        BindingKind::Import(alias) => {
            let alias = &facts.aliases[alias.index()];
            match imported(program, file, facts.import_of(alias), alias) {
                // `from . import name` in the package itself: the import system goes on to the submodule.
                Imported::Symbol(symbol) if hops.last() == Some(&symbol) => {
                    submodule(program, &program.modules().dotted(&symbol.module), &symbol.name).unwrap_or(End::Cycle)
                }
                Imported::Symbol(symbol) => follow(program, &symbol, hops),
                Imported::Module(module) => End::Module(module),
                Imported::Beyond => End::Unbound,
            }
        }
        BindingKind::Alias(used) => {
            let used = &facts.uses[used.index()];
            let mut steps = Vec::new();
            walk(program, file, used, hops, &mut steps);
            let wanted = facts.attributes_of(used).len() + 1;
            match steps.pop() {
                Some(last) if steps.len() + 1 == wanted => match last.end {
                    // A builtin or a local value, under a name of this module.
                    End::Local => End::Definition,
                    End::Unbound if last.hops.is_empty() => End::Definition,
                    end => {
                        hops.extend(last.hops);
                        end
                    }
                },
                // The expression goes on into the members of an object: `X = Class.attribute` is a value of its own.
                _ => End::Definition,
            }
        }
        _ => End::Definition,
    }
}

/// What a module means by a name that no statement of it binds.
fn unbound(program: &dyn Program, file: FileId, symbol: &Symbol, hops: &mut Vec<Symbol>) -> End {
    let facts = program.facts(file);
    if let Some(found) = through_star(program, file, &symbol.name, hops) {
        return found;
    }
    if let Some(found) = program
        .modules()
        .name(file)
        .and_then(|package| program.modules().is_package(file).then(|| submodule(program, package, &symbol.name)).flatten())
    {
        return found;
    }
    if facts.is_dynamic || !facts.errors.is_empty() {
        return End::Dynamic;
    }
    End::Unbound
}

/// Follows a name through the star imports of a file, the last first; `None` where none can bring it.
fn through_star(program: &dyn Program, file: FileId, name: &str, hops: &mut Vec<Symbol>) -> Option<End> {
    let facts = program.facts(file);
    let mut unknown = None;
    for alias in facts.aliases.iter().rev().filter(|alias| facts.is_star(alias)) {
        let import = facts.import_of(alias);
        match from_module(program, file, import) {
            Some(Module::File(module)) => match exports(program, module, name, &mut Vec::new()) {
                Brings::Yes => {
                    let symbol = Symbol { module: Module::File(module), name: name.into() };
                    let mut tail = hops.clone();
                    match follow(program, &symbol, &mut tail) {
                        // A module that imports everything from itself has it from elsewhere.
                        End::Cycle => {}
                        end => {
                            *hops = tail;
                            return Some(end);
                        }
                    }
                }
                Brings::Maybe => unknown = Some(End::Dynamic),
                Brings::No => {}
            },
            Some(Module::Absent(_)) | None => unknown = Some(End::Dynamic),
            Some(Module::Namespace(_)) => {}
        }
    }
    unknown
}

/// Whether a star import brings a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Brings {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Only running the program can tell.
    Maybe,
}

/// Whether `from module import *` brings a name: it is in `__all__`, or without one is bound and does not start with `_`.
pub fn exports(program: &dyn Program, module: FileId, name: &str, seen: &mut Vec<FileId>) -> Brings {
    if seen.contains(&module) {
        return Brings::No;
    }
    seen.push(module);
    let facts = program.facts(module);
    if let Some(exports) = &facts.exports {
        return match (facts.exports_name(name), exports.is_complete) {
            (true, _) => Brings::Yes,
            (false, true) => Brings::No,
            (false, false) => Brings::Maybe,
        };
    }
    if name.starts_with('_') {
        return Brings::No;
    }
    let bindings: Vec<&Binding> = facts.module_bindings(name).map(|(_, binding)| binding).collect();
    match lasting(&bindings) {
        Lasting::Bound(_) => return Brings::Yes,
        Lasting::Deleted => return Brings::No,
        Lasting::Never => {}
    }
    let mut answer = if facts.errors.is_empty() { Brings::No } else { Brings::Maybe };
    for alias in facts.aliases.iter().filter(|alias| facts.is_star(alias)) {
        match from_module(program, module, facts.import_of(alias)) {
            Some(Module::File(next)) => match exports(program, next, name, seen) {
                Brings::Yes => return Brings::Yes,
                Brings::Maybe => answer = Brings::Maybe,
                Brings::No => {}
            },
            Some(Module::Absent(_)) | None => answer = Brings::Maybe,
            Some(Module::Namespace(_)) => {}
        }
    }
    answer
}

/// The names that `from module import *` is known to bring.
pub fn public_names(program: &dyn Program, module: FileId) -> BTreeSet<Box<str>> {
    let mut modules = vec![module];
    let mut names: BTreeSet<Box<str>> = BTreeSet::new();
    for at in 0.. {
        let Some(&file) = modules.get(at) else { break };
        let facts = program.facts(file);
        let bound = facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE).map(|binding| binding.name);
        let listed = facts.exports.iter().flat_map(|exports| exports.entries.iter().map(|&(name, _)| name));
        names.extend(bound.chain(listed).map(|name| facts.names.get(name).into()));
        for alias in facts.aliases.iter().filter(|alias| facts.is_star(alias)) {
            match from_module(program, file, facts.import_of(alias)) {
                Some(Module::File(next)) if !modules.contains(&next) => modules.push(next),
                _ => {}
            }
        }
    }
    names.retain(|name| exports(program, module, name, &mut Vec::new()) == Brings::Yes);
    names
}

fn submodule(program: &dyn Program, package: &str, name: &str) -> Option<End> {
    let dotted = format!("{package}.{name}");
    match program.modules().find(&dotted) {
        Ok(module) => Some(End::Module(module)),
        Err(Absence::Opaque) => Some(End::Dynamic),
        Err(_) => None,
    }
}

/// What an alias of an import statement brings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Imported {
    /// `from m import name`: the name in the module (or a submodule of that name).
    Symbol(Symbol),
    /// `import a.b as m`, or the `a` of `import a.b`.
    Module(Module),
    /// A relative import that leads out of the import root.
    Beyond,
}

/// What an alias of an import statement brings. A star brings many things; see [`exports`].
pub fn imported(program: &dyn Program, file: FileId, import: &Import, alias: &Alias) -> Imported {
    let names = &program.facts(file).names;
    if import.from.is_some() {
        return match from_module(program, file, import) {
            Some(module) => Imported::Symbol(Symbol { module, name: names.get(alias.name).into() }),
            None => Imported::Beyond,
        };
    }
    let dotted = names.get(alias.name);
    Imported::Module(match alias.asname {
        Some(_) => program.modules().module(dotted),
        None => program.modules().module(dotted.split('.').next().unwrap_or(dotted)),
    })
}

/// The module behind the `from` of an import statement; `None` where its dots lead out of the import root.
pub fn from_module(program: &dyn Program, file: FileId, import: &Import) -> Option<Module> {
    let from = import.from?;
    let module = from.module.map(|module| program.facts(file).names.get(module));
    Some(program.modules().module(&program.modules().absolute(file, from.level, module)?))
}

/// What a use means, name and attributes: one [`Step`] for the name and one for each attribute, as far as they lead through
/// modules. An attribute of anything else (a member of a class, say) has no step.
pub fn steps(program: &dyn Program, file: FileId, used: &Use) -> Vec<Step> {
    let mut steps = Vec::new();
    walk(program, file, used, &[], &mut steps);
    steps
}

/// Walks a use; `passed` are the symbols on the way to it, for the detection of cycles.
fn walk(program: &dyn Program, file: FileId, used: &Use, passed: &[Symbol], steps: &mut Vec<Step>) {
    let facts = program.facts(file);
    let mut hops = passed.to_vec();
    let mut end = name(program, file, used, &mut hops);
    steps.push(Step { hops: hops.split_off(passed.len().min(hops.len())), end: end.clone() });
    for attribute in facts.attributes_of(used) {
        let module = match end {
            End::Module(module) => module,
            // A name of a module that is not here may be a module as well.
            End::Absent(Absence::External | Absence::Missing) => match steps.last().and_then(|step| step.hops.last()) {
                Some(Symbol { module: Module::Absent(dotted), name }) => Module::Absent(format!("{dotted}.{name}").into()),
                _ => return,
            },
            _ => return,
        };
        let symbol = Symbol { module, name: facts.names.get(attribute.name).into() };
        let mut hops = passed.to_vec();
        end = follow(program, &symbol, &mut hops);
        steps.push(Step { hops: hops.split_off(passed.len().min(hops.len())), end: end.clone() });
    }
}

fn name(program: &dyn Program, file: FileId, used: &Use, hops: &mut Vec<Symbol>) -> End {
    let facts = program.facts(file);
    let symbol = || Symbol { module: Module::File(file), name: facts.names.get(used.name).into() };
    match facts.lookup(used.scope, used.name) {
        Lookup::Bound(ScopeId::MODULE) => follow(program, &symbol(), hops),
        Lookup::Bound(scope) => {
            let bindings: Vec<&Binding> = facts.bindings_of(scope, used.name).map(|(_, binding)| binding).collect();
            match bindings.iter().any(|binding| is_followed_locally(facts, binding)) {
                true => local(program, file, &bindings, hops),
                false => End::Local,
            }
        }
        Lookup::ClassOr(..) => End::Local,
        Lookup::Free => through_star(program, file, facts.names.get(used.name), hops).unwrap_or(End::Unbound),
    }
}

/// Follows the bindings of a function's local name.
fn local(program: &dyn Program, file: FileId, bindings: &[&Binding], hops: &mut Vec<Symbol>) -> End {
    let facts = program.facts(file);
    let end = all_ways(bindings, hops, |binding, hops| match is_followed_locally(facts, binding) {
        true => follow_binding(program, file, binding, hops),
        false => End::Local,
    });
    match end {
        End::Definition if hops.is_empty() => End::Local,
        end => end,
    }
}

/// Whether a binding of a function's local name is followed to what it stands for: an import, or an alias of something that is
/// not local again (`a = b; b = a` would have no end).
fn is_followed_locally(facts: &Facts, binding: &Binding) -> bool {
    match binding.kind {
        BindingKind::Import(_) => true,
        BindingKind::Alias(used) => {
            let used = &facts.uses[used.index()];
            match facts.lookup(used.scope, used.name) {
                Lookup::Bound(ScopeId::MODULE) => true,
                Lookup::Bound(scope) => {
                    facts.bindings_of(scope, used.name).all(|(_, binding)| matches!(binding.kind, BindingKind::Import(_)))
                }
                Lookup::ClassOr(..) | Lookup::Free => false,
            }
        }
        _ => false,
    }
}

/// An import of a first-party module or name that is not there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Unresolved {
    /// The module as written, its leading dots included.
    pub module: Box<str>,
    /// The name, for `from … import name`.
    pub name: Option<Box<str>>,
    /// What is wrong.
    pub reason: UnresolvedReason,
}

/// Why an import cannot succeed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum UnresolvedReason {
    /// There is no such module.
    MissingModule,
    /// A part of the module's name is a module and not a package.
    NotAPackage,
    /// The module does not bind the name.
    MissingName,
    /// The module binds the name only under `if TYPE_CHECKING`, and the import runs.
    TypeCheckingOnly,
    /// The module binds the name only under `if __name__ == "__main__"`.
    MainOnly,
    /// The leading dots lead out of the import root.
    BeyondRoot,
}

/// The imports of a file that cannot succeed, in source order. Imports of libraries are not judged.
pub fn unresolved(program: &dyn Program, file: FileId) -> Vec<(Span, Unresolved)> {
    let facts = program.facts(file);
    let judge = |alias: &Alias| {
        let import = facts.import_of(alias);
        let reason = unresolved_reason(program, file, import, alias)?;
        let name = facts.names.get(alias.name);
        let (module, name) = match import.from {
            None => (name.to_owned(), None),
            Some(from) => {
                let module = from.module.map_or("", |module| facts.names.get(module));
                (".".repeat(from.level as usize) + module, Some(name.into()))
            }
        };
        Some((alias.name_span, Unresolved { module: module.into(), name, reason }))
    };
    facts.aliases.iter().filter_map(judge).collect()
}

fn unresolved_reason(program: &dyn Program, file: FileId, import: &Import, alias: &Alias) -> Option<UnresolvedReason> {
    let absent = |dotted: &str| match program.modules().find(dotted) {
        Ok(_) | Err(Absence::External | Absence::Opaque) => None,
        Err(Absence::Missing) => Some(UnresolvedReason::MissingModule),
        Err(Absence::NotAPackage) => Some(UnresolvedReason::NotAPackage),
    };
    let facts = program.facts(file);
    if import.from.is_none() {
        return absent(facts.names.get(alias.name));
    }
    match from_module(program, file, import) {
        None => Some(UnresolvedReason::BeyondRoot),
        Some(Module::Absent(dotted)) => absent(&dotted),
        Some(_) if facts.is_star(alias) => None,
        Some(module) => {
            let symbol = Symbol { module, name: facts.names.get(alias.name).into() };
            let way = resolve(program, &symbol);
            match (&way.end, &symbol.module) {
                // An import of a name from the module that only this import would bind there is a cycle of one.
                (End::Unbound | End::Cycle, _) if way.hops.len() == 1 && !is_module_attribute(&symbol.name) => {
                    Some(UnresolvedReason::MissingName)
                }
                (_, Module::File(module)) => {
                    let bindings = program.facts(*module).module_bindings(&symbol.name);
                    let only = |context| bindings.clone().all(|(_, binding)| binding.context.contains(context));
                    let is_bound = bindings.clone().next().is_some();
                    if is_bound && only(Context::TYPE_CHECKING) && !import.context.contains(Context::TYPE_CHECKING) {
                        Some(UnresolvedReason::TypeCheckingOnly)
                    } else if is_bound && only(Context::MAIN) {
                        Some(UnresolvedReason::MainOnly)
                    } else {
                        None
                    }
                }
                _ => None,
            }
        }
    }
}

/// Names that every module has without binding them (language reference, 3.2.9).
fn is_module_attribute(name: &str) -> bool {
    matches!(
        name,
        "__name__"
            | "__doc__"
            | "__file__"
            | "__path__"
            | "__package__"
            | "__spec__"
            | "__loader__"
            | "__dict__"
            | "__builtins__"
    )
}

#[cfg(test)]
mod tests;
