//! What cannot work in a file, in one state of the program: imports that fail, names that nothing binds, attributes that modules do
//! not have, entries of `__all__` without a name, strings that are looked up in vain. What a change broke is what is a fault after
//! it and was none before; what was one before is listed apart, and blamed on nobody.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::build::BuiltStep;
use super::cycles::{self, CycleFigures};
use super::delta::{FileDelta, deltas};
use super::origins::Origins;
use super::prove::Breach;
use super::typescript;
use crate::index::Index;
use crate::index::words::Word;
use crate::lang::python::facts::Import;
use crate::lang::python::missing::{missing_attributes, sets, star_modules, unbound_exports, unbound_names};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::Symbol;
use crate::lang::python::unresolved::{Unresolved, unresolved, unresolved_targets};
use crate::lang::python::{self, Facts};
use crate::text::change::SourceChange;
use crate::text::path::RepoPath;
use crate::text::snapshot::{FileId, ReadError};
use crate::text::span::Position;

/// One thing that cannot work.
pub(super) struct Fault {
    /// Where in the file.
    pub offset: u32,
    /// What.
    pub breach: Breach,
    /// What makes it the same fault in another state of the files: it shares one of them.
    pub keys: [Key; 2],
}

/// A fault without its place and its reason: its kind; the module that it is about, as it is spelled, or by the path that its file
/// had before a change; and the name.
pub(super) type Key = (&'static str, String, String);

/// The faults of a file; where its files came from says `origins`.
pub(super) fn faults(index: &Index, file: FileId, origins: &Origins<'_>) -> Vec<Fault> {
    let facts = index.facts(file);
    let home = |dotted: &str| home(index, dotted, origins);
    let mut found = Vec::new();
    for (span, broken) in unresolved(index, file) {
        let at = facts.aliases.partition_point(|alias| alias.name_span.start < span.start);
        let dotted = facts.aliases.get(at).and_then(|alias| absolute(index, file, facts, facts.import_of(alias)));
        let dotted = dotted.unwrap_or_else(|| broken.module.to_string());
        let name = broken.name.as_deref().unwrap_or_default();
        let keys = [broken.module.to_string(), home(&dotted)].map(|module| ("import", module, name.to_owned()));
        found.push(Fault { offset: span.start, breach: Breach::Unresolved(broken), keys });
    }
    for (span, target) in unresolved_targets(index, file) {
        let (module, name) = target.path.rsplit_once(['.', ':']).unwrap_or((&target.path, ""));
        let keys = [module.to_owned(), home(module)].map(|module| ("target", module, name.to_owned()));
        found.push(Fault { offset: span.start, breach: Breach::Target(target), keys });
    }
    let missing = missing_attributes(index, file);
    let symbols: BTreeSet<&Symbol> = missing.iter().map(|(_, symbol)| symbol).collect();
    let set: BTreeSet<Symbol> = symbols.into_iter().filter(|symbol| is_set_by_others(index, symbol)).cloned().collect();
    for (span, symbol) in missing.into_iter().filter(|(_, symbol)| !set.contains(symbol)) {
        let (module, name) = (index.modules().dotted(&symbol.module).to_string(), symbol.name.to_string());
        let keys = [module.clone(), home(&module)].map(|module| ("attribute", module, name.clone()));
        found.push(Fault { offset: span.start, breach: Breach::Attribute { module, name }, keys });
    }
    let stars: Vec<String> = star_modules(index, file).iter().map(|module| module.to_string()).collect();
    for (name, offset) in unbound_names(index, file) {
        let breach = match stars.is_empty() {
            true => Breach::Unbound(name.to_owned()),
            false => Breach::Star { modules: stars.clone(), name: name.to_owned() },
        };
        found.push(Fault { offset, breach, keys: own_keys("name", name) });
    }
    for (span, name) in unbound_exports(index, file) {
        found.push(Fault { offset: span.start, breach: Breach::Export(name.to_owned()), keys: own_keys("export", name) });
    }
    found
}

/// Whether some file sets the name on the module, as in `module.name = value`.
fn is_set_by_others(index: &Index, symbol: &Symbol) -> bool {
    let files = index.with_words(&[Word::new(&symbol.name)]);
    files.iter().any(|&file| sets(index, file, symbol))
}

/// The keys of a fault that is about a name of the file itself.
pub(super) fn own_keys(kind: &'static str, name: &str) -> [Key; 2] {
    [(); 2].map(|()| (kind, String::new(), name.to_owned()))
}

/// The absolute name of the module that an import statement names.
fn absolute(index: &Index, file: FileId, facts: &Facts, import: &Import) -> Option<String> {
    let from = import.from?;
    index.modules().absolute(file, from.level, from.module.map(|module| facts.names.get(module)))
}

/// A module by the path of its file, or of the innermost package on the way to it that has one, under the name before the change.
fn home(index: &Index, dotted: &str, origins: &Origins<'_>) -> String {
    let ends = std::iter::successors(Some(dotted.len()), |&end| dotted[..end].rfind('.'));
    for end in ends {
        if let Ok(Module::File(file)) = index.modules().find(&dotted[..end]) {
            return format!("{}{}", origins.path(&index.snapshot().get(file).path).to_text(), &dotted[end..]);
        }
    }
    dotted.to_owned()
}

/// Something that was broken before the plan, in a file that the proof looked at.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Existing {
    /// The file.
    pub path: RepoPath,
    /// Where in it.
    pub position: Position,
    /// What kind of thing.
    pub kind: ExistingKind,
    /// What, in words.
    pub message: String,
}

/// The kinds of things that can be broken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ExistingKind {
    /// The file is not a program of its language.
    Syntax,
    /// An import cannot succeed.
    Import,
    /// A name is read that nothing binds.
    Name,
    /// An attribute is read that the module does not bind.
    Attribute,
    /// `__all__` lists a name that the module does not bind.
    Export,
    /// A string that is looked up, such as the target of a patch, names nothing.
    Target,
    /// Modules import one another in a circle while they are loaded.
    Cycle,
    /// What says where modules are found cannot be read, in part or at all.
    Config,
}

impl ExistingKind {
    /// The word that programs read.
    pub fn code(self) -> &'static str {
        match self {
            ExistingKind::Syntax => "syntax-error",
            ExistingKind::Import => "unresolved-import",
            ExistingKind::Name => "unbound-name",
            ExistingKind::Attribute => "missing-attribute",
            ExistingKind::Export => "unbound-export",
            ExistingKind::Target => "unresolved-target",
            ExistingKind::Cycle => "import-cycle",
            ExistingKind::Config => "unreadable-configuration",
        }
    }

    /// What one of them is called.
    pub fn noun(self) -> &'static str {
        match self {
            ExistingKind::Syntax => "syntax error",
            ExistingKind::Import => "unresolved import",
            ExistingKind::Name => "unbound name",
            ExistingKind::Attribute => "missing attribute",
            ExistingKind::Export => "unbound export",
            ExistingKind::Target => "unresolved target",
            ExistingKind::Cycle => "import cycle",
            ExistingKind::Config => "unreadable configuration",
        }
    }

    pub(super) fn of(breach: &Breach) -> Self {
        match breach {
            Breach::Syntax { .. } => ExistingKind::Syntax,
            Breach::Unresolved(Unresolved { .. }) | Breach::Specifier(_) | Breach::Lacking { .. } => ExistingKind::Import,
            Breach::Unbound(_) | Breach::Star { .. } | Breach::Twice(_) => ExistingKind::Name,
            Breach::Attribute { .. } => ExistingKind::Attribute,
            Breach::Export(_) => ExistingKind::Export,
            Breach::Target(_) => ExistingKind::Target,
        }
    }
}

/// What was broken before the plan in the files that the proof looked at, and how many modules lie on cycles.
pub(super) fn before_the_plan(
    origin: &Index,
    index: &Index,
    steps: &[BuiltStep],
    looked_at: BTreeSet<RepoPath>,
) -> Result<(Vec<Existing>, CycleFigures), ReadError> {
    if looked_at.is_empty() {
        return Ok(Default::default());
    }
    let changes: Vec<SourceChange> = steps.iter().flat_map(|step| step.changes.iter().cloned()).collect();
    let files = deltas(origin.snapshot(), index.snapshot(), &changes)?;
    // A later step sees a file where an earlier one has moved it.
    let moved: BTreeMap<&RepoPath, &RepoPath> =
        files.iter().filter_map(|file| Some((&file.path, file.moved_from.as_ref()?))).collect();
    let looked_at = looked_at.into_iter().map(|path| moved.get(&path).map_or(path, |&old| old.clone())).collect();
    let mut found = existing(origin, &looked_at);
    let old = |file: &FileDelta| file.before.as_ref().map(|_| file.moved_from.as_ref().unwrap_or(&file.path).clone());
    let ends: Vec<_> = files.iter().map(|file| (old(file), file.after.as_ref().map(|_| file.path.clone()))).collect();
    let (figures, cycles) = cycles::measure(origin, index, &ends);
    found.extend(cycles);
    found.sort();
    Ok((found, figures))
}

/// What is broken in some files, sorted by place.
fn existing(index: &Index, paths: &BTreeSet<RepoPath>) -> Vec<Existing> {
    let files: Vec<FileId> = paths.iter().filter_map(|path| index.snapshot().id(path)).collect();
    let mut found: Vec<Existing> = files.par_iter().flat_map_iter(|&file| in_file(index, file)).collect();
    found.extend(typescript::existing(index, paths));
    found.sort();
    found.dedup();
    found
}

fn in_file(index: &Index, file: FileId) -> Vec<Existing> {
    if !python::is_source(&index.snapshot().get(file).path) {
        return Vec::new();
    }
    let errors = &index.facts(file).errors;
    let syntax = errors.first().map(|error| {
        let more = if errors.len() > 1 { format!(" (and {} more)", errors.len() - 1) } else { String::new() };
        (error.span.start, ExistingKind::Syntax, format!("{}{more}", error.message))
    });
    let faults = faults(index, file, &Origins::default()).into_iter();
    let faults = faults.map(|fault| (fault.offset, ExistingKind::of(&fault.breach), fault.breach.text(false)));
    let found: Vec<(u32, ExistingKind, String)> = syntax.into_iter().chain(faults).collect();
    if found.is_empty() {
        return Vec::new();
    }
    let lines = index.lines(file);
    let path = &index.snapshot().get(file).path;
    let entry = |(offset, kind, message)| Existing { path: path.clone(), position: lines.position(offset), kind, message };
    found.into_iter().map(entry).collect()
}
