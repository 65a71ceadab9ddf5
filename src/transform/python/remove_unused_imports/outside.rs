//! What other files read out of modules: the names that they import from them, read as their attributes, bring by stars or spell in
//! strings.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::move_symbol::draft::Doubt;
use super::super::move_symbol::lookups;
use crate::index::Index;
use crate::index::mentions::is_plan;
use crate::index::words::Word;
use crate::lang::config::dotted_paths;
use crate::lang::python::facts::{Alias, BindingKind, Facts, StringPlace, Use};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, Brings, End, Imported};
use crate::lang::python::scope::Lookup;
use crate::lang::python::strings::{self, Role};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::place_in;
use crate::transform::python::View;

/// How another file has to do with a name of a module.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// It reads it.
    Read,
    /// It may do so.
    Maybe(Doubt),
}

/// Names of modules that other files read.
pub(super) struct Outside {
    seen: FxHashMap<(FileId, Box<str>), Seen>,
    /// Modules of libraries that files reach as attributes of their packages, without importing them themselves.
    pub reached: BTreeMap<Box<str>, Vec<(FileId, Evidence)>>,
}

type Found = Vec<(FileId, Box<str>, Seen)>;
type Reached = Vec<(Box<str>, FileId, Evidence)>;

/// The names of modules that are asked about.
struct Wanted {
    modules: FxHashMap<FileId, FxHashSet<Box<str>>>,
    names: FxHashSet<Box<str>>,
    /// The modules by the last parts of their names.
    stems: FxHashMap<Box<str>, Vec<FileId>>,
    libraries: FxHashSet<Box<str>>,
}

impl Wanted {
    fn has(&self, module: FileId, name: &str) -> bool {
        self.modules.get(&module).is_some_and(|names| names.contains(name))
    }
}

impl Outside {
    /// Looks for names of modules, and for modules of libraries, in some files and in the configuration.
    pub fn of(
        index: &Index,
        modules: FxHashMap<FileId, FxHashSet<Box<str>>>,
        libraries: FxHashSet<Box<str>>,
        files: &[FileId],
    ) -> Self {
        index.warm(files);
        let stars: Vec<(FileId, FileId, Span)> = files.par_iter().flat_map_iter(|&file| stars(index, file)).collect();
        let mut wanted = Wanted { modules, names: FxHashSet::default(), stems: FxHashMap::default(), libraries };
        loop {
            // What a star brings is a name of the module that it comes to.
            let brought = |&(to, from, _): &(FileId, FileId, Span)| {
                let names = wanted.modules.get(&from).into_iter().flatten();
                let is_new = |name: &str| !wanted.has(to, name) && resolve::exports(index, from, name) != Brings::No;
                names.filter(|name| is_new(name)).map(|name| (to, name.clone())).collect::<Vec<_>>()
            };
            let more: Vec<(FileId, Box<str>)> = stars.iter().flat_map(brought).collect();
            if more.is_empty() {
                break;
            }
            more.into_iter().for_each(|(to, name)| {
                wanted.modules.entry(to).or_default().insert(name);
            });
        }
        wanted.names = wanted.modules.values().flatten().cloned().collect();
        for &file in wanted.modules.keys() {
            let dotted = index.modules().name(file).unwrap_or_default();
            wanted.stems.entry(dotted.rsplit('.').next().unwrap_or(dotted).into()).or_default().push(file);
        }
        let searched: Vec<(Found, Reached)> = files.par_iter().map(|&file| in_file(index, file, &wanted)).collect();
        let mut outside = Self { seen: FxHashMap::default(), reached: BTreeMap::new() };
        for (found, reached) in searched {
            found.into_iter().for_each(|(module, name, seen)| outside.add(module, name, seen));
            for (library, file, evidence) in reached {
                outside.reached.entry(library).or_default().push((file, evidence));
            }
        }
        in_config(index, &wanted).into_iter().for_each(|(module, name, seen)| outside.add(module, name, seen));
        outside.follow_stars(index, &wanted, &stars);
        outside
    }

    fn add(&mut self, module: FileId, name: Box<str>, seen: Seen) {
        let known = self.seen.entry((module, name)).or_insert_with(|| seen.clone());
        if matches!(seen, Seen::Read) {
            *known = Seen::Read;
        }
    }

    /// What other files have to do with a name of a module.
    pub fn get(&self, module: FileId, name: &str) -> Option<&Seen> {
        self.seen.get(&(module, name.into()))
    }

    /// What is read where a star brings it is read out of where it comes from.
    fn follow_stars(&mut self, index: &Index, wanted: &Wanted, stars: &[(FileId, FileId, Span)]) {
        loop {
            let mut more: Found = Vec::new();
            for &(to, from, place) in stars {
                let mut names: Vec<&Box<str>> = wanted.modules.get(&from).into_iter().flatten().collect();
                names.sort_unstable();
                for name in names {
                    if resolve::exports(index, from, name) == Brings::No {
                        continue;
                    }
                    let seen = match self.get(to, name) {
                        Some(seen) => seen.clone(),
                        // Someone outside of the repository may import the name from the package.
                        None if index.modules().is_package(to) => {
                            Seen::Maybe((Reason::StarImport, View::open(index, to).quote("star-import", place)))
                        }
                        None => continue,
                    };
                    let is_news = match (self.get(from, name), &seen) {
                        (None, _) | (Some(Seen::Maybe(_)), Seen::Read) => true,
                        (Some(_), _) => false,
                    };
                    if is_news {
                        more.push((from, name.clone(), seen));
                    }
                }
            }
            if more.is_empty() {
                return;
            }
            more.into_iter().for_each(|(module, name, seen)| self.add(module, name, seen));
        }
    }
}

/// The modules that a file imports everything from.
fn stars(index: &Index, file: FileId) -> Vec<(FileId, FileId, Span)> {
    let facts = index.facts(file);
    let module = |alias: &Alias| match resolve::from_module(index, file, facts.import_of(alias)) {
        Some(Module::File(module)) if module != file => Some((file, module, alias.name_span)),
        _ => None,
    };
    facts.stars().filter_map(module).collect()
}

fn in_file(index: &Index, file: FileId, wanted: &Wanted) -> (Found, Reached) {
    let facts = index.facts(file);
    let mut found = Found::new();
    let mut imported: FxHashSet<FileId> = FxHashSet::default();
    for alias in &facts.aliases {
        let name = facts.names.get(alias.name);
        match resolve::imported(index, file, facts.import_of(alias), alias) {
            Imported::Symbol(symbol) => {
                if let Module::File(module) = symbol.module {
                    imported.insert(module);
                    if module != file && wanted.has(module, name) {
                        found.push((module, name.into(), Seen::Read));
                    }
                }
                if let End::Module(Module::File(module)) = resolve::resolve(index, &symbol).end {
                    imported.insert(module);
                }
            }
            Imported::Module(_) => {
                if let Ok(Module::File(module)) = index.modules().find(name) {
                    imported.insert(module);
                }
            }
            Imported::Beyond => {}
        }
    }
    let own = |name: &str| wanted.has(file, name);
    for used in &facts.uses {
        let name = facts.names.get(used.name);
        // What a star brings.
        if own(name) && facts.lookup(used.scope, used.name) == Lookup::Free {
            found.push((file, name.into(), Seen::Read));
        }
    }
    for (name, _) in facts.exports.iter().flat_map(|exports| &exports.entries).filter(|(name, _)| own(facts.names.get(*name))) {
        found.push((file, facts.names.get(*name).into(), Seen::Read));
    }
    let mut bare: FxHashSet<FileId> = FxHashSet::default();
    for used in &facts.uses {
        attributes(index, file, used, wanted, &imported, &mut bare, &mut found);
    }
    let mut view: Option<View<'_>> = None;
    // What code takes out of a module that it is given as an object.
    for module in sorted(bare) {
        let view = view.get_or_insert_with(|| View::open(index, file));
        for name in sorted_names(wanted.modules.get(&module)) {
            let doubt = lookups::outside(view, module, name).into_iter().next();
            found.extend(doubt.map(|doubt| (module, name.clone(), Seen::Maybe(doubt))));
        }
    }
    for string in &facts.strings {
        let text = facts.names.get(string.value);
        let mut seen = |module: FileId, name: &str, role: Role| {
            let seen = match role {
                Role::Data | Role::Logger | Role::Task => {
                    let view = view.get_or_insert_with(|| View::open(index, file));
                    Seen::Maybe((Reason::InString, view.quote("string", string.span)))
                }
                _ => Seen::Read,
            };
            found.push((module, name.into(), seen));
        };
        if text.contains(['.', ':']) {
            if let Some((module, name)) = in_path(index, text, wanted) {
                seen(module, name, strings::role(index, file, string));
            }
        } else if wanted.names.contains(text)
            && let StringPlace::Argument(argument) = &string.place
            && matches!(strings::argument_role(index, file, argument), Role::PatchMember | Role::Member | Role::SetMember)
            && let Some(Module::File(module)) = strings::owner(index, file, argument)
            && wanted.has(module, text)
        {
            seen(module, text, Role::Member);
        }
    }
    // `import_module("pkg.m").name`.
    let loose: Vec<&str> =
        facts.loose_attributes.iter().map(|name| facts.names.get(*name)).filter(|name| wanted.names.contains(*name)).collect();
    if !loose.is_empty() {
        for string in &facts.strings {
            let Ok(Module::File(module)) = index.modules().find(facts.names.get(string.value)) else { continue };
            for name in loose.iter().filter(|name| wanted.has(module, name)) {
                let view = view.get_or_insert_with(|| View::open(index, file));
                found.push((module, (*name).into(), Seen::Maybe((Reason::NotProved, view.quote("string", string.span)))));
            }
        }
    }
    if let Some(error) = facts.errors.first() {
        unread(index, file, error.span, wanted, &mut found);
    }
    (found, reached(index, file, wanted))
}

/// Takes what an expression reads out of modules.
fn attributes(
    index: &Index,
    file: FileId,
    used: &Use,
    wanted: &Wanted,
    imported: &FxHashSet<FileId>,
    bare: &mut FxHashSet<FileId>,
    found: &mut Found,
) {
    let facts = index.facts(file);
    let attributes = facts.attributes_of(used);
    let is_carrier = |kind| matches!(kind, BindingKind::Import(_) | BindingKind::Alias(_));
    let names = std::iter::once(used.name).chain(attributes.iter().map(|attribute| attribute.name));
    let reads = attributes.iter().any(|attribute| wanted.names.contains(facts.names.get(attribute.name)));
    let may_be_module = names.clone().last().is_some_and(|name| wanted.stems.contains_key(facts.names.get(name)));
    let is_bound = || match facts.lookup(used.scope, used.name) {
        Lookup::Bound(scope) | Lookup::ClassOr(scope, _) => {
            facts.bindings_of(scope, used.name).any(|(_, binding)| is_carrier(binding.kind))
        }
        Lookup::Free => facts.has_stars(),
    };
    let is_module = |kind| match kind {
        BindingKind::Import(alias) => {
            let name = facts.names.get(facts.aliases[alias.index()].name);
            wanted.stems.contains_key(name.rsplit('.').next().unwrap_or(name))
        }
        _ => false,
    };
    // A module under another name, given to something as it is.
    let is_renamed = || match facts.lookup(used.scope, used.name) {
        Lookup::Bound(scope) => facts.bindings_of(scope, used.name).any(|(_, binding)| is_module(binding.kind)),
        Lookup::ClassOr(..) | Lookup::Free => false,
    };
    if !(reads || may_be_module || (attributes.is_empty() && is_renamed())) || !is_bound() {
        if reads {
            behind_unknown(facts, used, wanted, imported, index, file, found);
        }
        return;
    }
    let steps = resolve::steps(index, file, used);
    for step in steps.iter().skip(1) {
        if let Some(first) = step.hops.first()
            && let Module::File(module) = first.module
            && module != file
            && wanted.has(module, &first.name)
        {
            found.push((module, first.name.as_ref().into(), Seen::Read));
        }
    }
    if let Some(End::Module(Module::File(module))) =
        steps.last().filter(|_| steps.len() == attributes.len() + 1).map(|step| &step.end)
        && *module != file
        && wanted.modules.contains_key(module)
    {
        bare.insert(*module);
    }
}

/// `self.module.name`: an attribute behind what is called like a module that the file imports.
fn behind_unknown(
    facts: &Facts,
    used: &Use,
    wanted: &Wanted,
    imported: &FxHashSet<FileId>,
    index: &Index,
    file: FileId,
    found: &mut Found,
) {
    let names: Vec<&str> = std::iter::once(used.name)
        .chain(facts.attributes_of(used).iter().map(|attribute| attribute.name))
        .map(|name| facts.names.get(name))
        .collect();
    for pair in names.windows(2) {
        for &module in wanted.stems.get(pair[0]).into_iter().flatten() {
            if module != file && imported.contains(&module) && wanted.has(module, pair[1]) {
                let evidence = View::open(index, file).quote("attribute", used.span);
                found.push((module, pair[1].into(), Seen::Maybe((Reason::NotProved, evidence))));
            }
        }
    }
}

/// The module and its name that a dotted path leads to.
fn in_path<'t>(index: &Index, path: &'t str, wanted: &Wanted) -> Option<(FileId, &'t str)> {
    let mut parts = path.match_indices(['.', ':']).map(|(at, _)| at);
    if !path.split(['.', ':']).skip(1).any(|part| wanted.names.contains(part)) {
        return None;
    }
    parts.find_map(|at| {
        let name = path[at + 1..].split(['.', ':']).next()?;
        match index.modules().find(&path[..at].replace(':', ".")) {
            Ok(Module::File(module)) if wanted.has(module, name) => Some((module, name)),
            _ => None,
        }
    })
}

/// What a file that does not parse may say of the names: it spells them and their modules.
fn unread(index: &Index, file: FileId, error: Span, wanted: &Wanted, found: &mut Found) {
    let view = View::open(index, file);
    for (stem, modules) in &wanted.stems {
        if !index.may_spell(file, &[Word::new(stem)]) {
            continue;
        }
        for &module in modules.iter().filter(|module| **module != file) {
            for name in sorted_names(wanted.modules.get(&module)).filter(|name| index.may_spell(file, &[Word::new(name)])) {
                found.push((module, name.clone(), Seen::Maybe((Reason::Unparsable, view.quote("unparsable", error)))));
            }
        }
    }
}

/// The modules of libraries that a file reaches as attributes, and does not import itself.
fn reached(index: &Index, file: FileId, wanted: &Wanted) -> Reached {
    let facts = index.facts(file);
    let mut found = Reached::new();
    if wanted.libraries.is_empty() {
        return found;
    }
    let imports: Vec<String> = facts
        .aliases
        .iter()
        .map(|alias| match facts.import_of(alias).from.and_then(|from| from.module) {
            Some(module) => format!("{}.{}", facts.names.get(module), facts.names.get(alias.name)),
            None => facts.names.get(alias.name).to_owned(),
        })
        .collect();
    let is_imported = |dotted: &str| imports.iter().any(|path| crate::index::references::is_inside(path, dotted));
    for used in facts.uses.iter().filter(|used| used.attributes.0 < used.attributes.1) {
        let dotted = facts.dotted(used);
        for (end, _) in dotted.match_indices('.').skip(1).chain([(dotted.len(), "")]) {
            let path = &dotted[..end];
            if wanted.libraries.contains(path)
                && !is_imported(path)
                && matches!(facts.lookup(used.scope, used.name), Lookup::Bound(_))
                && !found.iter().any(|(known, ..)| **known == *path)
            {
                found.push((path.into(), file, View::open(index, file).quote("needs", used.span)));
            }
        }
    }
    found
}

/// The names that configuration files spell with their modules.
fn in_config(index: &Index, wanted: &Wanted) -> Found {
    let words: Vec<Word> = wanted.stems.keys().map(|stem| Word::new(stem)).collect();
    let files = index.config_files_with(&words, &|_| true);
    let spelled = |(file, format)| -> Found {
        let Ok(text) = index.text(file) else { return Vec::new() };
        if is_plan(&index.snapshot().get(file).path, &text) {
            return Vec::new();
        }
        let is_wanted = |path: &str| in_path(index, path, wanted).is_some();
        let paths = dotted_paths(format, &text, &is_wanted);
        let seen = |span: Span| {
            let spelled = &text[span.range()];
            let (module, name) = in_path(index, spelled, wanted)?;
            let place = place_in(index, file, span);
            let evidence = Evidence { role: "config", at: Some((place.path, place.position.line)), text: spelled.to_owned() };
            Some((module, name.into(), Seen::Maybe((Reason::InConfig, evidence))))
        };
        paths.into_iter().filter_map(|path| seen(path.span)).collect()
    };
    files.into_par_iter().flat_map_iter(spelled).collect()
}

fn sorted(modules: FxHashSet<FileId>) -> Vec<FileId> {
    let mut modules: Vec<FileId> = modules.into_iter().collect();
    modules.sort_unstable();
    modules
}

fn sorted_names<'n>(names: Option<&'n FxHashSet<Box<str>>>) -> impl Iterator<Item = &'n Box<str>> {
    let mut names: Vec<&'n Box<str>> = names.into_iter().flatten().collect();
    names.sort_unstable();
    names.into_iter()
}
