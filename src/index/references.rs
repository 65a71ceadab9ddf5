//! Who refers to a symbol or a module, through which re-exports.
//!
//! The search is sound up to what Python can do at run time: it starts from the names that a target is known by, parses every
//! file that spells one of them, learns the names under which those files pass the target on, and goes on until no new name
//! turns up. Every candidate is then confirmed by resolution; nothing is a reference because it looks like one.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Index;
use super::words::Word;
use crate::lang::python::facts::{
    Alias, AliasId, BindingKind, Computed, Facts, ImportId, NameId, ScopeId, StringFact, StringPlace, Use, UseId,
};
use crate::lang::python::modules::{Module, ModuleTable};
use crate::lang::python::resolve::{self, End, Imported, Resolution, Step, Symbol};
use crate::lang::python::scope::Lookup;
use crate::lang::python::strings::{self, Role, Text};
use crate::text::snapshot::FileId;

/// What is searched for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Target {
    /// A name of a module, by this very path: another name of the same object is not a reference to it.
    Symbol(Symbol),
    /// A module or package, and all that lies in it, by its dotted name.
    Module(Box<str>),
}

impl Target {
    /// The symbol, if it is one.
    pub fn symbol(&self) -> Option<&Symbol> {
        match self {
            Target::Symbol(symbol) => Some(symbol),
            Target::Module(_) => None,
        }
    }

    /// The target as plans and reports write it.
    pub fn spelled(&self, modules: &ModuleTable) -> String {
        match self {
            Target::Symbol(symbol) => symbol.spelled(modules),
            Target::Module(dotted) => dotted.to_string(),
        }
    }
}

/// Where a reference stands in its file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Site {
    /// The module behind `from`, in an import statement.
    From(ImportId),
    /// A name that an import statement brings.
    Alias(AliasId),
    /// A star import of a module that exports the symbol, in a file that uses the name.
    Star(AliasId, UseId),
    /// A dotted expression; the number is how many attributes behind the name lead to the target.
    Attribute(UseId, usize),
    /// A dotted expression whose first name is bound in several ways, one of which leads to the target.
    Unsure(UseId, usize),
    /// A name that stands for the target: bound by an import above, or the definition's own.
    Name(UseId),
    /// An entry of `__all__`, by its index.
    Export(usize),
    /// A string literal, by its index in the file's facts, and how many parts of its dotted path lead to the target.
    String(usize, usize),
    /// A string literal or keyword that is a name of another argument: `patch.object(m, "Name")`.
    Member(usize),
    /// A string that is put together at run time, by its index: it names the target, or may do so.
    Computed(usize),
}

/// One reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// The file that refers.
    pub file: FileId,
    /// Where in it.
    pub site: Site,
    /// The index of the target among those searched for.
    pub target: usize,
    /// The way from the place to what it means.
    pub way: Resolution,
    /// How many hops of the way come before the target: 0 for a direct reference, more for one through re-exports.
    pub distance: usize,
}

/// A search for the references to some targets.
pub struct Search<'i> {
    index: &'i Index,
    symbols: FxHashMap<&'i Symbol, usize>,
    modules: Vec<(&'i str, usize)>,
    /// The names by which the targets are known, anywhere.
    names: BTreeSet<Box<str>>,
    candidates: Vec<FileId>,
}

impl<'i> Search<'i> {
    /// Learns the names by which the targets are known, and which files can refer to them.
    pub fn new(index: &'i Index, targets: &'i [Target]) -> Self {
        let mut search =
            Self { index, symbols: FxHashMap::default(), modules: Vec::new(), names: BTreeSet::new(), candidates: Vec::new() };
        for (at, target) in targets.iter().enumerate() {
            let name = match target {
                Target::Symbol(symbol) => {
                    search.symbols.entry(symbol).or_insert(at);
                    &*symbol.name
                }
                Target::Module(dotted) => {
                    search.modules.push((dotted, at));
                    dotted.rsplit('.').next().unwrap_or(dotted)
                }
            };
            search.names.insert(name.into());
        }
        loop {
            let words: Vec<Word> = search.names.iter().map(|name| Word::new(name)).collect();
            let files = index.with_words(&words);
            index.warm(&files);
            // A new name concerns the files that were looked at already, too: they may pass it on under yet another one.
            let learnt: Vec<Box<str>> = files.par_iter().flat_map_iter(|&file| search.other_names(file)).collect();
            search.candidates = files;
            let known = search.names.len();
            search.names.extend(learnt);
            if search.names.len() == known {
                return search;
            }
        }
    }

    /// Looks also at the files that lie in a target module: they may name it by dots alone (`from . import name`).
    #[must_use]
    pub fn with_own_files(mut self) -> Self {
        let Self { index, modules, candidates, .. } = &mut self;
        let is_own = |file: &FileId| {
            let name = index.modules().name(*file).unwrap_or_default();
            modules.iter().any(|(module, _)| is_inside(name, module))
        };
        if !modules.is_empty() {
            candidates.extend(index.with_words(&[Word::relative_import()]).into_iter().filter(is_own));
            candidates.sort_unstable();
            candidates.dedup();
        }
        self
    }

    /// The files that can refer to a target, in the order of their paths; all have been parsed.
    pub fn candidates(&self) -> &[FileId] {
        &self.candidates
    }

    /// The index that is searched.
    pub(super) fn index(&self) -> &'i Index {
        self.index
    }

    /// The names by which the targets are known.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Finds all references, sorted by file; in a file by the kind of site, then by place.
    pub fn run(&self) -> Vec<Reference> {
        self.candidates.par_iter().flat_map_iter(|&file| self.in_file(file)).collect()
    }

    /// Finds the references in one file, in the same order.
    pub fn run_in(&self, file: FileId) -> Vec<Reference> {
        self.in_file(file)
    }

    /// The names under which a file passes a target on, other than those that are known.
    fn other_names(&self, file: FileId) -> Vec<Box<str>> {
        let known = &self.names;
        let facts = self.index.facts(file);
        let mut found = Vec::new();
        for binding in facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE) {
            let local = facts.names.get(binding.name);
            let stands_for = match binding.kind {
                BindingKind::Import(alias) => facts.names.get(facts.aliases[alias.index()].name),
                BindingKind::Alias(used) => {
                    let used = &facts.uses[used.index()];
                    facts.names.get(facts.attributes_of(used).last().map_or(used.name, |attribute| attribute.name))
                }
                _ => continue,
            };
            if known.contains(local) || !stands_for.split('.').any(|part| known.contains(part)) {
                continue;
            }
            let symbol = Symbol { module: Module::File(file), name: local.into() };
            if self.hit(&resolve::resolve(self.index, &symbol)).is_some() {
                found.push(local.into());
            }
        }
        let forwarded = facts.forwards.iter().map(|forward| facts.names.get(forward.name));
        found.extend(forwarded.filter(|name| !known.contains(*name)).filter_map(|name| {
            let symbol = Symbol { module: Module::File(file), name: name.into() };
            self.hit(&resolve::resolve(self.index, &symbol)).map(|_| Box::from(name))
        }));
        found
    }

    /// The first target that a way passes, and the number of hops before it.
    pub fn hit(&self, way: &Resolution) -> Option<(usize, usize)> {
        let by_hop = |(distance, hop)| self.symbols.get(hop).map(|&target| (target, distance));
        way.hops.iter().enumerate().find_map(by_hop).or_else(|| match &way.end {
            End::Module(module) if !self.modules.is_empty() => {
                let dotted = self.index.modules().dotted(module);
                let (_, target) = self.modules.iter().find(|(name, _)| is_inside(&dotted, name))?;
                Some((*target, way.hops.len()))
            }
            _ => None,
        })
    }

    fn in_file(&self, file: FileId) -> Vec<Reference> {
        let facts = self.index.facts(file);
        // Whatever refers to a target spells a name by which it is known.
        let known: FxHashSet<NameId> = self.names.iter().filter_map(|name| facts.names.find(name)).collect();
        let mut found = Vec::new();
        let mut push = |site, way: Resolution| {
            if let Some((target, distance)) = self.hit(&way) {
                found.push(Reference { file, site, target, way, distance });
            }
        };
        for (index, import) in facts.imports.iter().enumerate() {
            if let Some(module) = resolve::from_module(self.index, file, import) {
                push(Site::From(ImportId::new(index)), Resolution { hops: Vec::new(), end: End::Module(module) });
            }
        }
        for (index, alias) in facts.aliases.iter().enumerate().filter(|(_, alias)| !facts.is_star(alias)) {
            let import = facts.import_of(alias);
            let way = match resolve::imported(self.index, file, import, alias) {
                Imported::Symbol(symbol) => resolve::resolve(self.index, &symbol),
                // `import a.b.c` names all of a, a.b and a.b.c, whichever of them it binds.
                Imported::Module(_) => {
                    let module = self.index.modules().module(facts.names.get(alias.name));
                    Resolution { hops: Vec::new(), end: End::Module(module) }
                }
                Imported::Beyond => continue,
            };
            push(Site::Alias(AliasId::new(index)), way);
        }
        let spells = |used: &Use| {
            known.contains(&used.name) || facts.attributes_of(used).iter().any(|attribute| known.contains(&attribute.name))
        };
        for (index, used) in facts.uses.iter().enumerate().filter(|(_, used)| spells(used)) {
            let id = UseId::new(index);
            let steps = resolve::steps(self.index, file, used);
            if let Some(way) = self.unsure(used, facts, &steps) {
                push(Site::Unsure(id, steps.len()), way);
            }
            let mut is_in_module = false;
            for (depth, step) in steps.into_iter().enumerate() {
                let way = Resolution { hops: step.hops, end: step.end };
                let Some((_, distance)) = self.hit(&way) else { continue };
                // A module is hit by the end of the way, behind all hops.
                let is_symbol = distance < way.hops.len();
                // What lies in a module that has been found is a part of that reference; a symbol in it is one of its own.
                if is_symbol || !is_in_module {
                    let site = if depth == 0 { self.name_site(file, id, &way) } else { Site::Attribute(id, depth) };
                    push(site, way);
                }
                if is_symbol && depth > 0 {
                    break;
                }
                is_in_module |= !is_symbol && depth > 0;
            }
        }
        for (index, &(name, _)) in facts.exports.iter().flat_map(|exports| &exports.entries).enumerate() {
            let symbol = Symbol { module: Module::File(file), name: facts.names.get(name).into() };
            push(Site::Export(index), resolve::resolve(self.index, &symbol));
        }
        for (index, string) in facts.strings.iter().enumerate() {
            let text = facts.names.get(string.value);
            for (parts, way) in self.path(text) {
                push(Site::String(index, parts), way);
            }
            if !self.names.contains(text) {
                continue;
            }
            if let Some(way) = self.member(file, string) {
                push(Site::Member(index), way);
            }
            // A module that lies in no package has a path of one part.
            if strings::is_identifier(text) && strings::role(self.index, file, string) == Role::Module {
                push(
                    Site::String(index, 1),
                    Resolution { hops: Vec::new(), end: End::Module(self.index.modules().module(text)) },
                );
            }
        }
        for (index, computed) in facts.computed.iter().enumerate() {
            if let Some(way) = self.computed(facts, computed) {
                push(Site::Computed(index), way);
            }
        }
        found
    }

    /// Where a dotted expression leads in one of the several ways in which its beginning is bound.
    fn unsure(&self, used: &Use, facts: &Facts, steps: &[Step]) -> Option<Resolution> {
        let End::Ambiguous(ways) = &steps.last()?.end else { return None };
        let attribute = facts.attributes_of(used).get(steps.len() - 1)?;
        let next = |way: &Resolution| match &way.end {
            End::Module(module) => {
                let symbol = Symbol { module: module.clone(), name: facts.names.get(attribute.name).into() };
                Some(resolve::resolve(self.index, &symbol))
            }
            _ => None,
        };
        ways.iter().filter_map(next).find(|way| self.hit(way).is_some())
    }

    /// A name that no statement of the file binds can only have come through a star import.
    fn name_site(&self, file: FileId, used: UseId, way: &Resolution) -> Site {
        let facts = self.index.facts(file);
        let is_own = matches!(way.hops.first(), Some(Symbol { module: Module::File(module), .. }) if *module == file);
        let Some(first) = way.hops.first().filter(|_| !is_own) else { return Site::Name(used) };
        let Use { scope, name, .. } = facts.uses[used.index()];
        if facts.lookup(scope, name) != Lookup::Free {
            return Site::Name(used);
        }
        let brings = |alias: &Alias| {
            facts.is_star(alias)
                && resolve::from_module(self.index, file, facts.import_of(alias)).as_ref() == Some(&first.module)
        };
        match facts.aliases.iter().position(brings) {
            Some(star) => Site::Star(AliasId::new(star), used),
            None => Site::Name(used),
        }
    }

    /// Whether a dotted path has a name by which a target is known.
    pub(super) fn spells(&self, path: &str) -> bool {
        path.split(['.', ':']).any(|part| self.names.contains(part))
    }

    /// The targets that the parts of a dotted path in a string lead to: a symbol, and the deepest module. Each comes with the number
    /// of parts.
    pub(super) fn path(&self, text: &str) -> Vec<(usize, Resolution)> {
        let mut ways: Vec<(usize, Resolution)> = Vec::new();
        // Whatever names a target spells a name by which it is known.
        if !strings::is_path(text) || !self.spells(text) {
            return ways;
        }
        let steps = strings::steps(self.index, text).into_iter().enumerate();
        let mut module = None;
        for (at, Step { hops, end }) in steps {
            let way = Resolution { hops, end };
            match self.hit(&way) {
                Some((_, distance)) if distance < way.hops.len() => {
                    ways.push((at + 1, way));
                    break;
                }
                Some(_) => module = Some((at + 1, way)),
                None => {}
            }
            // A module that is not in the snapshot is known by its name alone.
            let path = strings::prefix(text, at + 1).replace(':', ".");
            if self.modules.iter().any(|(name, _)| is_inside(&path, name) && self.index.modules().find(name).is_err()) {
                let end = End::Module(Module::Absent(path.as_str().into()));
                module = Some((at + 1, Resolution { hops: Vec::new(), end }));
            }
        }
        if ways.is_empty() {
            // A symbol of a module that is not in the snapshot: the longest path, should several of them lie in one another.
            let is_named = |symbol: &&&Symbol| match &symbol.module {
                Module::Absent(dotted) => is_inside(&text.replace(':', "."), &format!("{dotted}.{}", symbol.name)),
                _ => false,
            };
            let symbol = self.symbols.keys().filter(is_named).max_by_key(|symbol| (symbol.name.len(), **symbol));
            ways.extend(symbol.map(|symbol| {
                let parts = self.index.modules().dotted(&symbol.module).split('.').count() + 1;
                (parts, resolve::resolve(self.index, symbol))
            }));
        }
        ways.extend(module);
        ways
    }

    /// What a string names in the namespace of another argument.
    fn member(&self, file: FileId, string: &StringFact) -> Option<Resolution> {
        let StringPlace::Argument(argument) = &string.place else { return None };
        if !matches!(strings::argument_role(self.index, file, argument), Role::PatchMember | Role::Member | Role::SetMember) {
            return None;
        }
        let module = strings::owner(self.index, file, argument)?;
        let name = self.index.facts(file).names.get(string.value).into();
        Some(resolve::resolve(self.index, &Symbol { module, name }))
    }

    /// What a string that is put together at run time names: where its value is known, the same as a literal; where its beginning or
    /// its end is, a target that fits.
    fn computed(&self, facts: &Facts, computed: &Computed) -> Option<Resolution> {
        match strings::value(facts, computed) {
            Text::Known(text) => self.path(&text).into_iter().next().map(|(_, way)| way),
            Text::Partly { start, end } => {
                let fits = |symbol: &&&Symbol| {
                    let module = self.index.modules().dotted(&symbol.module);
                    let name = format!(".{}", symbol.name);
                    let behind = end.find(&name).map(|at| at + name.len());
                    match behind.filter(|&behind| matches!(end.as_bytes().get(behind), None | Some(b'.'))) {
                        Some(behind) => {
                            let path = format!("{module}{name}");
                            path.starts_with(&start) && path.ends_with(&end[..behind]) && start.len() + behind <= path.len()
                        }
                        // The name itself is not known.
                        None => start.strip_prefix(&*module).is_some_and(|rest| rest == "."),
                    }
                };
                let symbol = self.symbols.keys().filter(fits).min()?;
                Some(resolve::resolve(self.index, symbol))
            }
        }
    }
}

/// Whether a dotted name is `outer` or lies in it.
pub fn is_inside(dotted: &str, outer: &str) -> bool {
    dotted.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
