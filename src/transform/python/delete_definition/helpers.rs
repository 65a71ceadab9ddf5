//! Helpers of what a step has deleted: definitions that the deleted code used, directly or through one another, and that nothing uses
//! any more. They are judged like any definition that is to go; one that `__all__` lists is public and stays.

use std::collections::BTreeSet;

use super::super::super::finding::Finding;
use super::super::super::{Context, Removed};
use super::super::View;
use super::alive::{Life, Name, is_definition};
use super::group::{Doomed, judge};
use super::places::{extents, owner};
use super::uses::place;
use crate::index::Index;
use crate::index::references::{Search, Site, Target};
use crate::lang::python::facts::ScopeId;
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, End, Imported, Resolution, Symbol};
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// Finds the helpers that have become useless, and what becomes of them.
pub fn find(context: &Context<'_>, removed: &Removed<'_>) -> Vec<Finding> {
    let mut helpers: BTreeSet<Name> = BTreeSet::new();
    for (file, spans) in &removed.bytes {
        let is_in = |span: Span| spans.iter().any(|removed| removed.covers(span));
        let named = named(removed.origin, *file, &is_in).into_iter();
        helpers.extend(named.filter_map(|name| now(removed.origin, context.index, name)));
    }
    helpers.retain(|name| is_definition(context, name));
    let mut life = Life::new(context);
    life.ask(&helpers);
    loop {
        // What goes with the helpers may have helpers of its own.
        let used = life.unheld(&helpers).flat_map(|name| needs(context.index, name));
        let more: BTreeSet<Name> = used.filter(|name| !helpers.contains(name) && is_definition(context, name)).collect();
        if more.is_empty() {
            break;
        }
        life.ask(&more);
        helpers.extend(more);
    }
    let doomed = |(file, name): Name| {
        let symbol = Symbol { module: Module::File(file), name: (&*name).into() };
        let before = removed.origin.snapshot().id(&context.index.snapshot().get(file).path)?;
        let users = users(removed.origin, &Symbol { module: Module::File(before), name: symbol.name.clone() });
        let message = format!("delete {}, which only {} used", symbol.spelled(context.index.modules()), listed(&users));
        Some(Doomed { symbol, file, message, is_helper: true })
    };
    judge(context, &life.dead(&helpers).into_iter().filter_map(doomed).collect::<Vec<_>>())
}

/// The names of modules that code of a file means: what it reads, and what it imports.
fn named(index: &Index, file: FileId, is_in: &dyn Fn(Span) -> bool) -> BTreeSet<Name> {
    let facts = index.facts(file);
    let mut found = BTreeSet::new();
    for used in facts.uses.iter().filter(|used| is_in(used.span)) {
        for step in resolve::steps(index, file, used) {
            passed(&Resolution { hops: step.hops, end: step.end }, &mut found);
        }
    }
    for alias in facts.aliases.iter().filter(|alias| is_in(alias.name_span) && !facts.is_star(alias)) {
        if let Imported::Symbol(symbol) = resolve::imported(index, file, facts.import_of(alias), alias) {
            passed(&resolve::resolve(index, &symbol), &mut found);
        }
    }
    found
}

/// The symbols that a way passes.
fn passed(way: &Resolution, found: &mut BTreeSet<Name>) {
    let name = |symbol: &Symbol| match symbol.module {
        Module::File(file) => Some((file, (&*symbol.name).into())),
        _ => None,
    };
    found.extend(way.hops.iter().filter_map(name));
    if let End::Ambiguous(ways) = &way.end {
        ways.iter().for_each(|way| passed(way, found));
    }
}

/// The same name in a later index, if its file is still there.
fn now(before: &Index, after: &Index, (file, name): Name) -> Option<Name> {
    Some((after.snapshot().id(&before.snapshot().get(file).path)?, name))
}

/// The names that a definition means.
fn needs(index: &Index, (file, name): &Name) -> BTreeSet<Name> {
    let inside = extents(&View::open(index, *file), name);
    let mut found = named(index, *file, &|span| inside.iter().any(|inside| inside.covers(span)));
    found.remove(&(*file, name.clone()));
    found
}

/// Who used a definition, as plans write it: definitions, and modules for what stands at their top.
fn users(index: &Index, symbol: &Symbol) -> BTreeSet<String> {
    let targets = [Target::Symbol(symbol.clone())];
    let mut users = BTreeSet::new();
    for reference in Search::new(index, &targets).run() {
        let view = View::open(index, reference.file);
        let span = match reference.site {
            Site::Name(used) | Site::Attribute(used, _) | Site::Unsure(used, _) | Site::Star(_, used) => {
                view.facts.uses[used.index()].span
            }
            Site::Alias(alias) if view.facts.import_of(&view.facts.aliases[alias.index()]).scope != ScopeId::MODULE => {
                place(index, &reference).1
            }
            _ => continue,
        };
        let module = Module::File(reference.file);
        match owner(&view, span) {
            Some(name) if module == symbol.module && *name == *symbol.name => {}
            Some(name) => {
                users.insert(Symbol { module, name: name.into() }.spelled(index.modules()));
            }
            None => {
                users.insert(index.modules().dotted(&module).to_string());
            }
        }
    }
    users
}

/// `a`, `a and b`, `a, b and c`, or `a, b and 3 more`.
pub(in crate::transform) fn listed(users: &BTreeSet<String>) -> String {
    const SHOWN: usize = 3;
    let mut names: Vec<&str> = users.iter().map(String::as_str).take(SHOWN).collect();
    let more = format!("{} more", users.len().saturating_sub(SHOWN - 1));
    if users.len() > SHOWN {
        names.truncate(SHOWN - 1);
        names.push(&more);
    }
    match &names[..] {
        [] => "the deleted code".to_owned(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}
