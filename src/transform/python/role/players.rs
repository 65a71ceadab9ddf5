//! Who plays a role: the classes and functions that meet its conditions.
//!
//! A call counts for the innermost definition around it, of the role's kind. A class that stands in a function or in another class may
//! play a role; what derives from it is not looked for.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::super::named::Named;
use super::{Kind, Role};
use crate::index::Index;
use crate::index::references::{Search, Target, is_inside};
use crate::lang::python::facts::{Definition, DefinitionId, DefinitionKind, Facts, ScopeId, ScopeKind, UseId, UseRole};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::Symbol;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

type Found = BTreeSet<(FileId, DefinitionId)>;

/// What one condition finds.
struct Met {
    definitions: Found,
    /// The files that do not parse and spell what is looked for, and where.
    unread: Vec<(FileId, Span)>,
}

/// The definitions that play a role.
pub struct Players {
    /// The definitions, by file and place.
    pub definitions: BTreeSet<(FileId, DefinitionId)>,
    /// The files that do not parse and spell what the role calls or derives from, where, each once; none that has a player.
    pub unread: Vec<(FileId, Span)>,
}

impl Role {
    /// Finds who plays it in the files that matter.
    pub fn players(&self, index: &Index, matters: &(dyn Fn(FileId) -> bool + Sync)) -> Players {
        let Role { kind, named, calls, subclass_of, .. } = self;
        let mut met: Vec<Met> = Vec::new();
        if !calls.is_empty() {
            met.push(callers(index, calls, *kind));
        }
        if !subclass_of.is_empty() {
            met.push(subclasses(index, subclass_of));
        }
        let mut unread: Vec<(FileId, Span)> = met.iter_mut().flat_map(|met| std::mem::take(&mut met.unread)).collect();
        let found = met.into_iter().map(|met| met.definitions).reduce(|a, b| a.intersection(&b).copied().collect());
        let found = found.unwrap_or_else(|| self.by_name(index, matters));
        let is_wanted = |&(file, id): &(FileId, DefinitionId)| {
            let facts = index.facts(file);
            let definition = &facts.definitions[id.index()];
            matters(file)
                && kind.is_none_or(|kind| kind.has(definition.kind))
                && named.as_ref().is_none_or(|names| names.fit(facts.names.get(definition.name)))
                && !self.allows(index, file, &qualified(facts, definition))
        };
        let definitions: Found = found.into_iter().filter(is_wanted).collect();
        unread.retain(|(file, _)| matters(*file) && !definitions.iter().any(|(other, _)| other == file));
        unread.sort();
        unread.dedup_by_key(|(file, _)| *file);
        Players { definitions, unread }
    }

    /// Whether a definition may play the role.
    fn allows(&self, index: &Index, file: FileId, name: &str) -> bool {
        let module = index.modules().name(file).unwrap_or_default();
        self.allow.iter().any(|allowed| match &allowed.name {
            Some(allowed_name) => allowed.module == module && is_inside(name, allowed_name),
            None => is_inside(module, &allowed.module),
        })
    }

    /// The definitions whose names fit.
    fn by_name(&self, index: &Index, matters: &(dyn Fn(FileId) -> bool + Sync)) -> Found {
        let Some(names) = &self.named else { return Found::new() };
        let files: Vec<FileId> = index.python_files().filter(|file| matters(*file)).collect();
        let in_file = |file: FileId| {
            let bytes = index.snapshot().read(index.snapshot().get(file)).unwrap_or_default();
            let facts = names.may_be_in(&bytes).then(|| index.facts(file));
            let definitions = facts.into_iter().flat_map(|facts| facts.definitions.iter().map(move |found| (facts, found)));
            let fits = |(_, (facts, definition)): &(usize, (&Facts, &Definition))| names.fit(facts.names.get(definition.name));
            definitions.enumerate().filter(fits).map(move |(at, _)| (file, DefinitionId::new(at))).collect::<Vec<_>>()
        };
        files.into_par_iter().flat_map_iter(in_file).collect()
    }
}

/// A definition as a place names it: `class Name`, `async def Class.method`.
pub fn headline(facts: &Facts, definition: &Definition) -> String {
    let keyword = match definition.kind {
        DefinitionKind::Class => "class",
        DefinitionKind::Function => "def",
        DefinitionKind::AsyncFunction => "async def",
    };
    format!("{keyword} {}", qualified(facts, definition))
}

/// The definitions whose bodies call one of the symbols.
fn callers(index: &Index, symbols: &[Named], kind: Option<Kind>) -> Met {
    let targets: Vec<Target> = symbols.iter().map(|symbol| symbol.target(index)).collect();
    let search = Search::new(index, &targets);
    let owner = |(file, used): (FileId, UseId)| {
        let facts = index.facts(file);
        Some((file, around(facts, facts.uses[used.index()].scope, kind)?))
    };
    let definitions = search.used_as(UseRole::Callee).into_iter().filter_map(owner).collect();
    let unread = search.unread(&targets, &[]).into_iter().map(|unread| (unread.file, unread.span)).collect();
    Met { definitions, unread }
}

/// The classes that derive from one of the symbols, directly or through others.
fn subclasses(index: &Index, symbols: &[Named]) -> Met {
    let mut met = Met { definitions: Found::new(), unread: Vec::new() };
    let mut open: Vec<Target> = symbols.iter().map(|symbol| symbol.target(index)).collect();
    while !open.is_empty() {
        let search = Search::new(index, &open);
        met.unread.extend(search.unread(&open, &[]).into_iter().map(|unread| (unread.file, unread.span)));
        let mut next = Vec::new();
        for (file, used) in search.used_as(UseRole::Base) {
            let facts = index.facts(file);
            let span = facts.uses[used.index()].span;
            let is_it = |definition: &Definition| definition.kind == DefinitionKind::Class && definition.header.covers(span);
            // The last class whose head has the base: heads of classes do not lie in one another.
            let Some(at) = facts.definitions.iter().rposition(is_it) else { continue };
            let definition = &facts.definitions[at];
            if met.definitions.insert((file, DefinitionId::new(at))) && definition.scope == ScopeId::MODULE {
                let name = facts.names.get(definition.name).into();
                next.push(Target::Symbol(Symbol { module: Module::File(file), name }));
            }
        }
        drop(search);
        open = next;
    }
    met
}

/// The innermost definition of a kind around a scope's code.
fn around(facts: &Facts, scope: ScopeId, kind: Option<Kind>) -> Option<DefinitionId> {
    facts.ancestors(scope).filter_map(|scope| opened_by(facts, scope)).find(|id| {
        let definition = &facts.definitions[id.index()];
        kind.is_none_or(|kind| kind.has(definition.kind))
    })
}

/// The definition whose body a scope is.
fn opened_by(facts: &Facts, scope: ScopeId) -> Option<DefinitionId> {
    let scope = &facts.scopes[scope.index()];
    let is_body = matches!(scope.kind, ScopeKind::Class | ScopeKind::Function);
    // Definitions are in source order, and so are their heads.
    let at = facts.definitions.binary_search_by_key(&scope.start, |definition| definition.header.start).ok()?;
    is_body.then(|| DefinitionId::new(at))
}

/// A definition's name with those of the definitions around it: `Class.method`.
fn qualified(facts: &Facts, definition: &Definition) -> String {
    let outer = facts.ancestors(definition.scope).filter_map(|scope| opened_by(facts, scope));
    let mut names: Vec<&str> = outer.map(|id| facts.names.get(facts.definitions[id.index()].name)).collect();
    names.reverse();
    names.push(facts.names.get(definition.name));
    names.join(".")
}
