//! How a file spells a symbol at some place: by a name that it has already, or by one that an import there would bring.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::View;
use crate::lang::python::facts::{
    AliasId, Binding, BindingId, BindingKind, Context as Under, Facts, ImportId, NameId, ScopeId, Use,
};
use crate::lang::python::imports::Name;
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, Imported, Symbol};
use crate::lang::python::scope::Lookup;

/// A symbol as a file spells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Spelled {
    /// The local name.
    pub name: String,
    /// What has to be imported for it, in the scope of the anchor.
    pub import: Option<Name>,
}

/// Where an import would go, and the code that needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// The scope of the code.
    pub scope: ScopeId,
    /// Where the code starts.
    pub start: u32,
    /// The import statement beside which another can stand; at the head of the module where there is none.
    pub anchor: Option<ImportId>,
}

/// Spells a symbol at a spot; `None` where its name means something else there.
pub(super) fn spell(view: &View<'_>, symbol: &Symbol, spot: Spot) -> Option<Spelled> {
    let facts = view.facts;
    if symbol.module == Module::File(view.file) {
        let name = facts.names.find(&symbol.name)?;
        let is_it = facts.lookup(spot.scope, name) == Lookup::Bound(ScopeId::MODULE);
        return is_it.then(|| Spelled { name: symbol.name.to_string(), import: None });
    }
    if let Some(name) = at_hand(view, symbol, spot) {
        return Some(Spelled { name, import: None });
    }
    let scope = spot.anchor.map_or(ScopeId::MODULE, |anchor| facts.imports[anchor.index()].scope);
    let is_free =
        facts.names.find(&symbol.name).is_none_or(|name| is_free(view, name, scope)) && !is_another_by_star(view, symbol);
    let module = view.index.modules().dotted(&symbol.module).to_string();
    let name = symbol.name.to_string();
    is_free.then(|| Spelled { name: name.clone(), import: Some(Name { module, name: name.clone(), local: name }) })
}

/// What has been found out about the names of a file, for all the places that ask.
#[derive(Default)]
pub(super) struct Known {
    bringing: Mutex<FxHashMap<Symbol, Arc<[BindingId]>>>,
    free: Mutex<FxHashMap<(NameId, ScopeId), bool>>,
}

/// The bindings by which a file has a symbol without a doubt: names that nothing else binds in their scope.
fn bringing(view: &View<'_>, symbol: &Symbol) -> Arc<[BindingId]> {
    let mut known = view.spellings.bringing.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.get(symbol) {
        return known.clone();
    }
    let facts = view.facts;
    let wanted = resolve::resolve(view.index, symbol);
    let brings = |binding: &Binding| match binding.kind {
        BindingKind::Import(alias) => {
            let alias = &facts.aliases[alias.index()];
            match resolve::imported(view.index, view.file, facts.import_of(alias), alias) {
                Imported::Symbol(found) => found == *symbol || resolve::resolve(view.index, &found).is_same_object(&wanted),
                Imported::Module(_) | Imported::Beyond => false,
            }
        }
        _ => false,
    };
    let mut found = Vec::new();
    let mut start = 0;
    for name in facts.bindings.chunk_by(|a, b| (a.scope, a.name) == (b.scope, b.name)) {
        if name.iter().all(brings) {
            found.extend((start..start + name.len()).map(BindingId::new));
        }
        start += name.len();
    }
    known.entry(symbol.clone()).or_insert(found.into()).clone()
}

/// The local name under which the file has the symbol at the spot, without a doubt.
fn at_hand(view: &View<'_>, symbol: &Symbol, spot: Spot) -> Option<String> {
    let facts = view.facts;
    // Whether the import has run when the code does.
    let has_run = |binding: &Binding| {
        let BindingKind::Import(alias) = binding.kind else { return false };
        let import = facts.import_of(&facts.aliases[alias.index()]);
        let is_before = import.span.start < spot.start;
        let is_anchor = Some(facts.aliases[alias.index()].import) == spot.anchor;
        let is_sure = import.context == Under::default() || is_anchor;
        // A function may run before what stands below it.
        let is_loaded =
            is_anchor && import.scope == ScopeId::MODULE && binding.scope == ScopeId::MODULE && facts.is_lazy(spot.scope);
        is_sure && (is_loaded || (is_before && (import.scope == spot.scope || import.scope == ScopeId::MODULE)))
    };
    let all = bringing(view, symbol);
    // What a name means is bound in a scope around the place.
    let mut scopes: Vec<ScopeId> = facts.ancestors(spot.scope).collect();
    scopes.sort();
    let in_scope = |scope: &ScopeId| {
        let of = |id: &BindingId| facts.bindings[id.index()].scope;
        let start = all.partition_point(|id| of(id) < *scope);
        let end = all.partition_point(|id| of(id) <= *scope);
        all[start..end].iter().map(|id| &facts.bindings[id.index()])
    };
    let mut near = scopes.iter().flat_map(in_scope);
    let is_visible = |binding: &Binding| facts.lookup(spot.scope, binding.name) == Lookup::Bound(binding.scope);
    let found = near.find(|binding| has_run(binding) && is_visible(binding));
    found.map(|binding| facts.names.get(binding.name).to_owned())
}

/// Whether a star import of the file brings something else under the symbol's name, or may do so.
fn is_another_by_star(view: &View<'_>, symbol: &Symbol) -> bool {
    let own = Symbol { module: Module::File(view.file), name: symbol.name.clone() };
    let is_same = || resolve::resolve(view.index, &own).is_same_object(&resolve::resolve(view.index, symbol));
    resolve::is_brought_by_star(view.index, view.file, &symbol.name) && !is_same()
}

/// Whether a name can be bound anew in a scope without meaning something there, or in a scope inside of it, already.
fn is_free(view: &View<'_>, name: NameId, scope: ScopeId) -> bool {
    let mut known = view.spellings.free.lock().unwrap_or_else(PoisonError::into_inner);
    *known.entry((name, scope)).or_insert_with(|| is_unused(view.facts, name, scope))
}

fn is_unused(facts: &Facts, name: NameId, scope: ScopeId) -> bool {
    let is_inside = |inner: ScopeId| facts.ancestors(inner).any(|outer| outer == scope);
    let is_used = |used: &Use| used.name == name && is_inside(used.scope);
    let is_bound = |binding: &Binding| binding.name == name && (is_inside(binding.scope) || is_inside(binding.site));
    !facts.uses.iter().any(is_used) && !facts.bindings.iter().any(is_bound)
}

/// The import that brings the first name of a dotted expression into its scope: the last one before it where there are several.
pub(super) fn anchor(view: &View<'_>, used: &Use) -> Option<(AliasId, ImportId)> {
    let facts = view.facts;
    let Lookup::Bound(owner) = facts.lookup(used.scope, used.name) else { return None };
    let imports = facts.bindings_of(owner, used.name).filter_map(|(_, binding)| match binding.kind {
        BindingKind::Import(alias) => Some((binding.span.start, alias)),
        _ => None,
    });
    let imports: Vec<(u32, AliasId)> = imports.collect();
    let before = imports.iter().rfind(|(start, _)| *start < used.span.start);
    let &(_, alias) = before.or(imports.first())?;
    Some((alias, facts.aliases[alias.index()].import))
}
