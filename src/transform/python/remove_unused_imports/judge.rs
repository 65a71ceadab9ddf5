//! Which imports of a file nothing reads, and what becomes of each: it goes, a person looks at it first, or it stays.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::move_symbol::draft::Doubt;
use super::effects::{Effects, outside};
use super::marks::{comment_with, is_marked, marks_file};
use super::outside::{Outside, Seen};
use crate::index::Index;
use crate::index::references::{Search, Target};
use crate::index::words::Word;
use crate::lang::python::facts::{
    Alias, AliasId, Binding, BindingKind, Context, Definition, DefinitionKind, Facts, NameId, ScopeId, ScopeKind, StringPlace,
    Use,
};
use crate::lang::python::load::Script;
use crate::lang::python::modules::{Absence, Module};
use crate::lang::python::rename::has_word;
use crate::lang::python::resolve::{self, End, Imported};
use crate::lang::python::scope::Lookup;
use crate::lang::python::unresolved::unresolved;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::python::View;

/// An import that nothing in its file reads.
pub(super) struct Judged {
    pub alias: AliasId,
    /// Why it stays, if it does.
    pub stays: Option<Doubt>,
    /// Why a person has to look at it before it goes.
    pub doubts: Vec<Doubt>,
}

/// The imports of a file whose names nothing in it reads: no use, string that is a type, entry of `__all__` or program in a text. Of
/// several bindings of a name that is read, all count as read. A file that does not parse is not judged.
pub fn unread(facts: &Facts) -> Vec<AliasId> {
    unread_without(facts, &|_| false)
}

/// The same once the bytes that are gone read nothing any more.
pub fn unread_without(facts: &Facts, is_gone: &dyn Fn(Span) -> bool) -> Vec<AliasId> {
    let bound: FxHashSet<NameId> = facts.aliases.iter().map(|alias| alias.local).collect();
    if bound.is_empty() || !facts.errors.is_empty() {
        return Vec::new();
    }
    let mut read: FxHashSet<(ScopeId, NameId)> = FxHashSet::default();
    for used in facts.uses.iter().filter(|used| bound.contains(&used.name) && !is_gone(used.span)) {
        let scopes = match facts.lookup(used.scope, used.name) {
            Lookup::Bound(scope) => [Some(scope), None],
            Lookup::ClassOr(class, outer) => [Some(class), outer],
            Lookup::Free => [None, None],
        };
        read.extend(scopes.into_iter().flatten().map(|scope| (scope, used.name)));
    }
    let deleted = facts.bindings.iter().filter(|binding| binding.kind == BindingKind::Delete);
    read.extend(deleted.map(|binding| (binding.scope, binding.name)));
    let listed = facts.exports.iter().flat_map(|exports| &exports.entries);
    read.extend(listed.map(|(name, _)| (ScopeId::MODULE, *name)));
    let is_future = |alias: &Alias| {
        facts.import_of(alias).from.and_then(|from| from.module).is_some_and(|module| facts.names.get(module) == "__future__")
    };
    let imported = facts.bindings.iter().filter_map(|binding| match binding.kind {
        BindingKind::Import(id) => Some((id, binding)),
        _ => None,
    });
    let is_unread = |(id, binding): &(AliasId, &Binding)| {
        !read.contains(&(binding.scope, binding.name))
            && !is_future(&facts.aliases[id.index()])
            && !facts.embedded_code_names(facts.names.get(binding.name))
    };
    let mut found: Vec<AliasId> = imported.filter(is_unread).map(|(id, _)| id).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// How imports are judged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// All files are asked whether they read a name; what a package imports is taken to be for others.
    Everywhere,
    /// A step has made the names useless: the package itself read them before.
    Orphaned,
}

/// Judges imports that nothing in their files reads. Those that the author has marked, and those that another file reads, are left out.
pub(super) fn judge(index: &Index, unread: Vec<(FileId, Vec<AliasId>)>, manner: Manner) -> Vec<(FileId, Vec<Judged>)> {
    let unmarked = |(file, aliases): (FileId, Vec<AliasId>)| {
        let view = View::open(index, file);
        let is_file = marks_file(&view.text);
        let kept: Vec<AliasId> =
            aliases.into_iter().filter(|id| !is_marked(&view, &view.facts.aliases[id.index()], is_file)).collect();
        (!kept.is_empty()).then_some((file, kept))
    };
    let unread: Vec<(FileId, Vec<AliasId>)> = unread.into_par_iter().filter_map(unmarked).collect();
    if unread.is_empty() {
        return Vec::new();
    }
    let outside = seen_outside(index, &unread, manner);
    let effects = Effects::new(index);
    let needed = needed(index, &effects, &outside);
    let reached = reached(index, &unread, manner);
    let in_file = |(file, aliases): &(FileId, Vec<AliasId>)| {
        let court = Court {
            view: View::open(index, *file),
            outside: &outside,
            effects: &effects,
            needed: &needed,
            reached: &reached,
            manner,
        };
        (*file, court.judge(aliases))
    };
    unread.par_iter().map(in_file).filter(|(_, judged)| !judged.is_empty()).collect()
}

/// What other files do with the names of modules.
fn seen_outside(index: &Index, unread: &[(FileId, Vec<AliasId>)], manner: Manner) -> Outside {
    let mut modules: FxHashMap<FileId, FxHashSet<Box<str>>> = FxHashMap::default();
    let mut libraries: FxHashSet<Box<str>> = FxHashSet::default();
    for (file, aliases) in unread {
        let facts = index.facts(*file);
        for alias in aliases.iter().map(|id| &facts.aliases[id.index()]) {
            if owner(facts, alias) == Some(ScopeId::MODULE) {
                modules.entry(*file).or_default().insert(facts.names.get(alias.local).into());
            }
        }
    }
    let files: Vec<FileId> = match manner {
        Manner::Everywhere => index.python_files().collect(),
        Manner::Orphaned => {
            let name = |file: &FileId| index.modules().name(*file).filter(|name| !name.is_empty());
            let targets: Vec<Target> = modules.keys().filter_map(name).map(|name| Target::Module(name.into())).collect();
            Search::new(index, &targets).with_own_files().candidates().to_vec()
        }
    };
    let of_file = |&file: &FileId| {
        let facts = index.facts(file);
        facts.aliases.iter().filter_map(|alias| library(index, facts, alias)).map(Into::into).collect::<Vec<Box<str>>>()
    };
    let asked = files.iter().chain(unread.iter().map(|(file, _)| file));
    libraries.extend(asked.copied().collect::<Vec<_>>().par_iter().flat_map_iter(of_file).collect::<Vec<_>>());
    Outside::of(index, modules, libraries, &files)
}

/// The module of a library that an alias loads inside of a package of the library, which others may reach by the package.
fn library<'f>(index: &Index, facts: &'f Facts, alias: &Alias) -> Option<&'f str> {
    /// Loaded with their packages.
    const INSIDE: [&str; 5] = ["os.path", "collections.abc", "unittest.case", "xml.etree", "sqlalchemy.orm"];
    let module = match facts.import_of(alias).from {
        Some(from) => facts.names.get(from.module.filter(|_| from.level == 0)?),
        None => facts.names.get(alias.name),
    };
    let is_inner = module.contains('.') && !INSIDE.contains(&module);
    (is_inner && index.modules().find(module) == Err(Absence::External)).then_some(module)
}

/// The modules of libraries that some files reach without importing them: for each the files that are loaded together with such a file,
/// with the place; and the files that load it.
#[derive(Default)]
struct Needed {
    reaching: FxHashMap<Box<str>, Vec<(FxHashSet<FileId>, Evidence)>>,
    loading: FxHashMap<Box<str>, Vec<FileId>>,
}

fn needed(index: &Index, effects: &Effects<'_>, outside: &Outside) -> Needed {
    let mut needed = Needed::default();
    for (module, files) in &outside.reached {
        let loaded = |(file, evidence): &(FileId, Evidence)| (effects.loaded_with(*file), evidence.clone());
        let together: Vec<(FxHashSet<FileId>, Evidence)> = files.iter().map(loaded).collect();
        let all: BTreeSet<FileId> = together.iter().flat_map(|(files, _)| files).copied().collect();
        let loads = |file: &FileId| {
            let facts = index.facts(*file);
            facts.aliases.iter().any(|alias| library(index, facts, alias) == Some(&**module))
        };
        needed.loading.insert(module.clone(), all.into_iter().filter(loads).collect());
        needed.reaching.insert(module.clone(), together);
    }
    needed
}

impl Needed {
    /// The place that reaches a module of a library in a file which is loaded together with one.
    fn reaching(&self, module: &str, file: FileId) -> Option<&Evidence> {
        self.reaching.get(module)?.iter().find(|(loaded, _)| loaded.contains(&file)).map(|(_, evidence)| evidence)
    }

    /// The files that load what is reached where a file is loaded, with the places that reach it.
    fn loading(&self, file: FileId) -> FxHashMap<FileId, &Evidence> {
        let mut modules: Vec<&Box<str>> = self.reaching.keys().collect();
        modules.sort_unstable();
        let reached = modules.into_iter().filter_map(|module| Some((module, self.reaching(module, file)?)));
        reached.flat_map(|(module, evidence)| self.loading[module].iter().map(move |&loader| (loader, evidence))).collect()
    }
}

/// The submodules among those that imports load which some file reads as attributes of their packages.
fn reached(index: &Index, unread: &[(FileId, Vec<AliasId>)], manner: Manner) -> FxHashSet<FileId> {
    let loaded = |(file, aliases): &(FileId, Vec<AliasId>)| {
        let view = View::open(index, *file);
        aliases.iter().flat_map(|id| submodules(&view, &view.facts.aliases[id.index()])).collect::<Vec<_>>()
    };
    let loaded: FxHashSet<FileId> = unread.iter().flat_map(loaded).collect();
    let stem = |file: &FileId| index.modules().name(*file).and_then(|name| name.rsplit('.').next()).map(Word::new);
    let words: Vec<Word> = loaded.iter().filter_map(stem).collect();
    let files: Vec<FileId> = match manner {
        _ if words.is_empty() => Vec::new(),
        Manner::Everywhere => index.python_files().collect(),
        Manner::Orphaned => index.with_words(&words),
    };
    let reached = files.par_iter().flat_map_iter(|&file| Script::of(index, file).reached().collect::<Vec<_>>());
    reached.filter(|file| loaded.contains(file)).collect()
}

/// The submodules that an alias loads, which others may reach by their packages.
fn submodules(view: &View<'_>, alias: &Alias) -> Vec<FileId> {
    let modules = view.index.modules();
    if view.facts.import_of(alias).context.contains(Context::TYPE_CHECKING) {
        return Vec::new();
    }
    let path = outside(view, alias);
    let ends = path.match_indices('.').map(|(end, _)| end).skip(1).chain([path.len()]);
    let file = |end: usize| match modules.find(&path[..end]) {
        Ok(Module::File(file)) => Some(file),
        _ => None,
    };
    ends.filter_map(file).collect()
}

/// The scope that owns the name which an alias binds.
fn owner(facts: &Facts, alias: &Alias) -> Option<ScopeId> {
    crate::transform::python::relocate::owner(facts, alias)
}

/// What is needed to judge the imports of one file.
struct Court<'j, 'i> {
    view: View<'i>,
    outside: &'j Outside,
    effects: &'j Effects<'i>,
    needed: &'j Needed,
    reached: &'j FxHashSet<FileId>,
    manner: Manner,
}

impl Court<'_, '_> {
    fn judge(&self, unread: &[AliasId]) -> Vec<Judged> {
        let facts = self.view.facts;
        let dangling: Vec<Span> = unresolved(self.view.index, self.view.file).into_iter().map(|(span, _)| span).collect();
        let mut judged: Vec<Judged> = Vec::new();
        for &id in unread {
            let alias = &facts.aliases[id.index()];
            let owner = owner(facts, alias).unwrap_or(ScopeId::MODULE);
            if let Ok(stays) = self.stays(alias, owner) {
                judged.push(Judged { alias: id, stays, doubts: Vec::new() });
            }
        }
        let going: FxHashSet<AliasId> =
            judged.iter().filter(|judged| judged.stays.is_none()).map(|judged| judged.alias).collect();
        let loading = self.needed.loading(self.view.file);
        for entry in judged.iter_mut().filter(|entry| entry.stays.is_none()) {
            let alias = &facts.aliases[entry.alias.index()];
            entry.doubts = self.doubts(alias, &going, &loading, dangling.contains(&alias.name_span));
        }
        judged
    }

    /// Why an import stays, if it does; an error where another file reads the name, so that it is no finding at all.
    fn stays(&self, alias: &Alias, owner: ScopeId) -> Result<Option<Doubt>, ()> {
        let (view, facts) = (&self.view, self.view.facts);
        let import = facts.import_of(alias);
        let name = facts.names.get(alias.local);
        let quote = |role, span| view.quote(role, span);
        if owner == ScopeId::MODULE {
            match self.outside.get(view.file, name) {
                Some(Seen::Read) => return Err(()),
                Some(Seen::Maybe((Reason::StarImport, _))) | None => {}
                Some(Seen::Maybe(doubt)) => return Ok(Some(doubt.clone())),
            }
            let is_public = view.index.modules().is_package(view.file) || view.path.extension() == Some(b"pyi");
            if is_public && self.manner == Manner::Everywhere {
                return Ok(Some((Reason::ReExport, quote("import", import.span))));
            }
            if let Some(exports) = facts.exports.as_ref().filter(|exports| !exports.is_complete) {
                let at = exports.entries.first().map_or(import.span, |entry| entry.1);
                return Ok(Some((Reason::NotProved, quote("export", at))));
            }
            if let Some(evidence) = self.found_by_name(alias, name) {
                return Ok(Some((Reason::FoundOtherwise, evidence)));
            }
        }
        if facts.scopes[owner.index()].kind == ScopeKind::Class {
            // An attribute of the class, read by whoever has it.
            return Ok(Some((Reason::NotProved, quote("import", import.span))));
        }
        let looked_up = facts.uses.iter().find(|used| self.looks_up(used, owner));
        if let Some(used) = looked_up {
            return Ok(Some((Reason::NotProved, quote("lookup", used.span))));
        }
        if facts.is_dynamic && owner == ScopeId::MODULE {
            return Ok(Some((Reason::NotProved, quote("import", import.span))));
        }
        let guards = [Context::TRY_IMPORT, Context::TRY_ANY, Context::HANDLER];
        if guards.into_iter().any(|guard| import.context.contains(guard)) {
            return Ok(Some((Reason::Probe, quote("import", import.span))));
        }
        Ok(self.module_needed(alias))
    }

    /// A file that reaches a module by its package, and may have it from this import alone.
    fn module_needed(&self, alias: &Alias) -> Option<Doubt> {
        let module = library(self.view.index, self.view.facts, alias)?;
        let evidence = self.needed.reaching(module, self.view.file)?;
        Some((Reason::ModuleNeeded, evidence.clone()))
    }

    /// Whether a use looks names of a scope up without saying which.
    fn looks_up(&self, used: &Use, owner: ScopeId) -> bool {
        let facts = self.view.facts;
        let name = facts.names.get(used.name);
        if !matches!(name, "globals" | "locals" | "vars" | "eval" | "exec" | "dir")
            || facts.lookup(used.scope, used.name) != Lookup::Free
        {
            return false;
        }
        let behind = &self.view.text[used.span.range().end..];
        let is_inside = facts.ancestors(used.scope).any(|scope| scope == owner);
        match name {
            "globals" => owner == ScopeId::MODULE && behind.trim_start().starts_with('('),
            // Texts that are known have been searched for the name.
            "eval" | "exec" => {
                let first = behind.trim_start().strip_prefix('(').unwrap_or(behind).trim_start();
                is_inside && !first.starts_with(['"', '\''])
            }
            _ => used.scope == owner && behind.starts_with("()"),
        }
    }

    /// What a test runner finds by its name in the module, without a reference.
    fn found_by_name(&self, alias: &Alias, name: &str) -> Option<Evidence> {
        let (view, facts) = (&self.view, self.view.facts);
        let file = view.path.as_bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let is_test = file.starts_with(b"test_") || file.ends_with(b"_test.py");
        let place = || view.quote("import", facts.import_of(alias).span);
        if file == b"conftest.py" || name.starts_with("pytest_") || name == "pytestmark" {
            return Some(place());
        }
        // A fixture is asked for by the name of a parameter.
        let is_parameter = |binding: &&Binding| binding.kind == BindingKind::Parameter && binding.name == alias.local;
        let asks = facts.bindings.iter().find(is_parameter).filter(|_| is_test || facts.names.find("pytest").is_some());
        if let Some(parameter) = asks {
            return Some(view.quote("parameter", parameter.span));
        }
        let (other, definition) = self.definition(alias)?;
        let decorators = &other.text[definition.span.start as usize..definition.header.start as usize];
        let header = &other.text[definition.header.range()];
        let is_found = match definition.kind {
            DefinitionKind::Class => is_test && (name.starts_with("Test") || header.contains("TestCase")),
            DefinitionKind::Function | DefinitionKind::AsyncFunction => {
                const HOOKS: [&str; 7] = [
                    "load_tests",
                    "setup_module",
                    "teardown_module",
                    "setup_function",
                    "teardown_function",
                    "setUpModule",
                    "tearDownModule",
                ];
                decorators.contains("fixture") || (is_test && (name.starts_with("test") || HOOKS.contains(&name)))
            }
        };
        is_found.then(|| other.quote("definition", definition.header))
    }

    /// The definition in the repository that an alias brings.
    fn definition(&self, alias: &Alias) -> Option<(View<'_>, &Definition)> {
        let index = self.view.index;
        let Imported::Symbol(symbol) = resolve::imported(index, self.view.file, self.view.facts.import_of(alias), alias) else {
            return None;
        };
        let way = resolve::resolve(index, &symbol);
        super::super::move_symbol::moment::definition(index, way.definition()?)
    }

    /// Why a person has to look at an import before it goes.
    fn doubts(
        &self,
        alias: &Alias,
        going: &FxHashSet<AliasId>,
        loading: &FxHashMap<FileId, &Evidence>,
        is_dangling: bool,
    ) -> Vec<Doubt> {
        let (view, facts) = (&self.view, self.view.facts);
        let import = facts.import_of(alias);
        let name = facts.names.get(alias.local);
        let mut doubts: Vec<Doubt> = Vec::new();
        let is_module = owner(facts, alias) == Some(ScopeId::MODULE);
        let is_public = view.index.modules().is_package(view.file) || view.path.extension() == Some(b"pyi");
        if is_module && is_public {
            doubts.push((Reason::ReExport, view.quote("import", import.span)));
        }
        if let Some(Seen::Maybe(doubt)) = self.outside.get(view.file, name).filter(|_| is_module) {
            doubts.push(doubt.clone());
        }
        if is_dangling && !import.context.contains(Context::TYPE_CHECKING) {
            doubts.push((Reason::Dangling, view.quote("import", import.span)));
        } else {
            let goes = |id: AliasId| going.contains(&id);
            let needs = submodules(view, alias)
                .into_iter()
                .find(|file| self.reached.contains(file) || self.is_reached_here(*file, going));
            doubts.extend(self.effects.lost(view, alias, &goes, loading));
            doubts.extend(needs.map(|_| (Reason::ModuleNeeded, view.quote("import", import.span))));
            if self.is_tried(alias) {
                doubts.push((Reason::Probe, view.quote("import", import.span)));
            }
        }
        let in_string = facts.strings.iter().find(|string| self.may_name(facts.names.get(string.value), string.place, name));
        doubts.extend(in_string.map(|string| (Reason::InString, view.quote("string", string.span))));
        let is_whole = facts.aliases_of(import).all(|(id, _)| going.contains(&id));
        doubts.extend(comment_with(view, alias, is_whole).map(|span| (Reason::Commented, view.quote("comment", span))));
        doubts
    }

    /// Whether the file itself reads a submodule as an attribute, and no import of it that stays loads it.
    fn is_reached_here(&self, module: FileId, going: &FxHashSet<AliasId>) -> bool {
        let (view, facts) = (&self.view, self.view.facts);
        let dotted = view.index.modules().name(module).unwrap_or_default();
        let Some(stem) = facts.names.find(dotted.rsplit('.').next().unwrap_or(dotted)) else { return false };
        let end = End::Module(Module::File(module));
        let reads = |used: &&Use| {
            facts.attributes_of(used).iter().any(|attribute| attribute.name == stem)
                && resolve::steps(view.index, view.file, used).iter().skip(1).any(|step| step.end == end)
        };
        let mut kept = facts.aliases.iter().enumerate().filter(|(at, _)| !going.contains(&AliasId::new(*at)));
        facts.uses.iter().any(|used| reads(&used)) && !kept.any(|(_, alias)| submodules(view, alias).contains(&module))
    }

    /// Whether a test imports something of the repository, and does nothing with it: perhaps to see that it can.
    fn is_tried(&self, alias: &Alias) -> bool {
        let (view, facts) = (&self.view, self.view.facts);
        let import = facts.import_of(alias);
        let is_test = |definition: &&Definition| {
            definition.kind != DefinitionKind::Class
                && facts.names.get(definition.name).starts_with("test")
                && definition.span.covers(import.span)
        };
        let path = outside(view, alias);
        facts.is_lazy(import.scope)
            && view.index.modules().is_first_party(&path)
            && facts.definitions.iter().any(|def| is_test(&def))
    }

    /// Whether a string of the file may stand for a name of it: alone among the arguments of a call, or in what looks like a type.
    fn may_name(&self, text: &str, place: StringPlace, name: &str) -> bool {
        match text == name {
            true => matches!(place, StringPlace::Argument(_) | StringPlace::Key(_)) && name.starts_with(char::is_uppercase),
            false => text.contains(['[', '|']) && has_word(text, name),
        }
    }
}
