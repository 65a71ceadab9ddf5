//! Names that a file reads and that are not there: attributes of modules, names that a star import was to bring, entries of
//! `__all__`. Together with [`super::unresolved`] the measure of whether a change took a public name away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::facts::{BindingKind, Facts, NameId, Use};
use super::modules::Module;
use super::resolve::{End, Program, Symbol, from_module, resolve, steps};
use super::scope::{Lookup, is_builtin, unbound};
use super::unresolved::is_module_attribute;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// The attributes that a file reads out of modules which do not bind them, in the order of evaluation: the place of each, and the
/// name. Names that the file itself sets on the module are not among them.
pub fn missing_attributes(program: &dyn Program, file: FileId) -> Vec<(Span, Symbol)> {
    let facts = program.facts(file);
    let carriers = carriers(facts);
    let mut found = Vec::new();
    let mut set: BTreeSet<Symbol> = BTreeSet::new();
    for used in facts.uses.iter().filter(|used| used.attributes.0 < used.attributes.1 && carriers.contains(&used.name)) {
        let Some((depth, symbol)) = missing_attribute(program, file, used) else { continue };
        let attributes = facts.attributes_of(used);
        if used.flags.is_store && depth + 1 == attributes.len() {
            set.insert(symbol);
        } else {
            found.push((attributes[depth].span, symbol));
        }
    }
    found.retain(|(_, symbol)| !set.contains(symbol));
    found
}

/// Whether a file sets a name on a module: `module.name = value`.
pub fn sets(program: &dyn Program, file: FileId, symbol: &Symbol) -> bool {
    let facts = program.facts(file);
    let Some(name) = facts.names.find(&symbol.name) else { return false };
    let is_store =
        |used: &&Use| used.flags.is_store && facts.attributes_of(used).last().is_some_and(|attribute| attribute.name == name);
    facts.uses.iter().filter(is_store).any(|used| {
        let steps = steps(program, file, used);
        let owner = facts.attributes_of(used).len().checked_sub(1).and_then(|depth| steps.get(depth));
        owner.is_some_and(|owner| owner.end == End::Module(symbol.module.clone()))
    })
}

/// The names that a file may set on modules.
pub fn names_set(facts: &Facts) -> BTreeSet<&str> {
    let carriers = carriers(facts);
    let stores = facts.uses.iter().filter(|used| used.flags.is_store && carriers.contains(&used.name));
    stores.filter_map(|used| Some(facts.names.get(facts.attributes_of(used).last()?.name))).collect()
}

/// The names of a file that may stand for a module.
fn carriers(facts: &Facts) -> FxHashSet<NameId> {
    let is_alias = |kind| matches!(kind, BindingKind::Import(_) | BindingKind::Alias(_));
    facts.bindings.iter().filter(|binding| is_alias(binding.kind)).map(|binding| binding.name).collect()
}

/// The first attribute of a dotted expression that the module before it does not bind, by its index.
fn missing_attribute(program: &dyn Program, file: FileId, used: &Use) -> Option<(usize, Symbol)> {
    let steps = steps(program, file, used);
    let last = steps.last().filter(|last| last.end == End::Unbound && last.hops.len() == 1)?;
    let depth = steps.len().checked_sub(2).filter(|&depth| matches!(steps[depth].end, End::Module(_)))?;
    let symbol = last.hops.first()?;
    (!is_module_attribute(&symbol.name) && !is_object_attribute(&symbol.name)).then(|| (depth, symbol.clone()))
}

/// Names that a module has because it is an object (language reference, 3.3), or that the import system gives it.
fn is_object_attribute(name: &str) -> bool {
    const MORE: [&str; 12] = [
        "__annotations__",
        "__cached__",
        "__class__",
        "__delattr__",
        "__dir__",
        "__eq__",
        "__getattribute__",
        "__hash__",
        "__repr__",
        "__setattr__",
        "__sizeof__",
        "__str__",
    ];
    MORE.contains(&name)
}

/// The names that a file reads and that nothing binds, with the place of the first use. In a file with star imports, those that
/// none of them brings; where one may bring anything, none.
pub fn unbound_names(program: &dyn Program, file: FileId) -> BTreeMap<&str, u32> {
    let facts = program.facts(file);
    let has_star = facts.has_stars();
    if !has_star || !facts.errors.is_empty() || facts.is_dynamic {
        return unbound(facts);
    }
    let mut found = BTreeMap::new();
    let mut judged: FxHashSet<NameId> = FxHashSet::default();
    for used in &facts.uses {
        let name = facts.names.get(used.name);
        let is_free = facts.lookup(used.scope, used.name) == Lookup::Free && !is_builtin(name);
        if !is_free || !judged.insert(used.name) {
            continue;
        }
        let is_unbound =
            steps(program, file, used).first().is_some_and(|step| step.end == End::Unbound && step.hops.is_empty());
        if is_unbound {
            found.insert(name, used.span.start);
        }
    }
    found
}

/// The modules that a file imports everything from, by their dotted names, in source order.
pub fn star_modules(program: &dyn Program, file: FileId) -> Vec<Arc<str>> {
    let facts = program.facts(file);
    let stars = facts.stars();
    let modules = stars.filter_map(|alias| from_module(program, file, facts.import_of(alias)));
    modules.map(|module| program.modules().dotted(&module)).collect()
}

/// The entries of a file's `__all__` that the module does not bind, with their places: a star import of it fails.
pub fn unbound_exports(program: &dyn Program, file: FileId) -> Vec<(Span, &str)> {
    let facts = program.facts(file);
    let entries = facts.exports.iter().flat_map(|exports| &exports.entries);
    let entries = entries.map(|&(name, span)| (span, facts.names.get(name)));
    let is_unbound = |(_, name): &(Span, &str)| {
        let way = resolve(program, &Symbol { module: Module::File(file), name: (*name).into() });
        way.end == End::Unbound && way.hops.len() == 1 && !is_module_attribute(name)
    };
    entries.filter(is_unbound).collect()
}

#[cfg(test)]
mod tests;
