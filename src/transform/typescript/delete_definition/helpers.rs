//! Helpers of what a step has deleted: definitions that the deleted code used, directly or through one another, and that nothing uses
//! any more. They are judged like any definition that is to go; one that others find without an import is public and stays.

use std::collections::{BTreeMap, BTreeSet};

use super::group::judge;
use super::removal::Doomed;
use super::uses::Exposers;
use crate::index::Index;
use crate::lang::typescript::facts::{Facts, ScopeId};
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::{self, Definition, End, Resolution, Symbol};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::Finding;
use crate::transform::python::delete_definition::helpers::listed;
use crate::transform::typescript::View;
use crate::transform::typescript::found::found as found_by;
use crate::transform::{Context, Removed};

/// A name of a module.
type Name = (FileId, Box<str>);

/// What used each name.
type Users = BTreeMap<Name, BTreeSet<String>>;

/// Finds the helpers that have become useless, and what becomes of them.
pub fn find(context: &Context<'_>, removed: &Removed<'_>) -> Vec<Finding> {
    let index = context.index;
    let mut users: Users = BTreeMap::new();
    for (file, spans) in &removed.bytes {
        let is_in = |span: Span| spans.iter().any(|removed| removed.covers(span));
        for (name, by) in named(removed.origin, *file, &is_in) {
            if let Some(name) = now(removed.origin, index, name) {
                users.entry(name).or_default().extend(by);
            }
        }
    }
    let exposers = Exposers::new(index);
    let mut seen: BTreeSet<Name> = BTreeSet::new();
    let mut helpers: Vec<Doomed> = Vec::new();
    loop {
        let new: Vec<Name> = users.keys().filter(|name| seen.insert((*name).clone())).cloned().collect();
        let mut has_more = false;
        for (file, name) in new {
            if let Some(doomed) = helper(context, &exposers, file, &name, &users[&(file, name.clone())])
                && !helpers.iter().any(|other| other.file == doomed.file && other.what == doomed.what)
            {
                helpers.push(doomed);
                has_more = true;
            }
        }
        let judgement = judge(context, &helpers);
        if !has_more {
            return judgement.findings;
        }
        // What goes with the helpers may have helpers of its own.
        for at in judgement.going {
            let inside = helpers[at].extents(&View::open(index, helpers[at].file));
            for (name, by) in named(index, helpers[at].file, &|span| inside.iter().any(|inside| inside.covers(span))) {
                users.entry(name).or_default().extend(by);
            }
        }
    }
}

/// A name that may go as a helper: its module declares it or passes it on, and nobody else finds it.
fn helper(context: &Context<'_>, exposers: &Exposers, file: FileId, name: &str, users: &BTreeSet<String>) -> Option<Doomed> {
    if context.keeps(file).is_some() {
        return None;
    }
    let index = context.index;
    let symbol = Symbol { module: Module::File(file), name: name.into() };
    let module = index.typescript().modules().name(file)?;
    let doomed = Doomed::new(index, &symbol, format!("delete {module}:{name}, which only {} used", listed(users)))?;
    let is_public = doomed.is_exported && exposers.of(file).into_iter().any(|file| found_by(index, file).is_some());
    (!is_public).then_some(Doomed { is_helper: true, ..doomed })
}

/// The names of modules that code of a file means, each with what means it.
fn named(index: &Index, file: FileId, is_in: &dyn Fn(Span) -> bool) -> Users {
    let code = index.typescript();
    let facts = code.facts(file);
    let mut found: Users = BTreeMap::new();
    let mut add = |way: &Resolution, span: Span| {
        let by = owner(index, file, facts, span);
        for name in passed(index, way) {
            found.entry(name).or_default().insert(by.clone());
        }
    };
    for used in facts.uses.iter().filter(|used| is_in(used.span)) {
        resolve::steps(&code, file, used).iter().for_each(|way| add(way, used.span));
    }
    for alias in facts.aliases.iter().filter(|alias| alias.local.is_none() && is_in(alias.span)) {
        add(&resolve::imported(&code, file, alias), alias.span);
    }
    found
}

/// The names that a way passes.
fn passed(index: &Index, way: &Resolution) -> Vec<Name> {
    let hop = |symbol: &Symbol| match symbol.module {
        Module::File(file) => Some((file, (&*symbol.name).into())),
        Module::Absent(_) => None,
    };
    let mut names: Vec<Name> = way.hops.iter().filter_map(hop).collect();
    match &way.end {
        End::Ambiguous(ways) => names.extend(ways.iter().flat_map(|way| passed(index, way))),
        End::Definition(Definition::Binding(file, binding)) => {
            let facts = index.typescript().facts(*file);
            let binding = &facts.bindings[binding.index()];
            let name = facts.names.get(binding.name);
            // One that is exported goes by that name.
            if binding.scope == ScopeId::MODULE && !names.iter().any(|(other, _)| other == file) {
                names.push((*file, name.into()));
            }
        }
        _ => {}
    }
    names
}

/// Who uses a name at a place, as plans write it: a definition, or a module for what stands at its top.
fn owner(index: &Index, file: FileId, facts: &Facts, span: Span) -> String {
    let module = index.typescript().modules().name(file).unwrap_or_default();
    let is_around = |at: &&crate::lang::typescript::facts::Declaration| {
        facts.bindings[at.binding.index()].scope == ScopeId::MODULE && at.statement.covers(span)
    };
    match facts.declarations.iter().find(is_around) {
        Some(declaration) => format!("{module}:{}", facts.names.get(facts.bindings[declaration.binding.index()].name)),
        None => module.to_owned(),
    }
}

/// The same name in a later index, if its file is still there.
fn now(before: &Index, after: &Index, (file, name): Name) -> Option<Name> {
    Some((after.snapshot().id(&before.snapshot().get(file).path)?, name))
}
