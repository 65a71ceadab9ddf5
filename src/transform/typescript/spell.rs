//! How a file spells a symbol at some place: by a name that it has already, or by one that a new import brings.

use super::View;
use super::named::is_identifier;
use crate::lang::typescript::facts::{Alias, AliasForm, BindingId, RequestKind, ScopeId};
use crate::lang::typescript::imports::Name;
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::{self, End, Symbol};
use crate::text::span::Span;
use crate::transform::finding::Reason;

/// A symbol as a file spells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spelled {
    /// The expression.
    pub text: String,
    /// What has to be imported for it.
    pub import: Option<Name>,
}

/// The innermost scope around a place.
pub fn scope_at(view: &View<'_>, span: Span) -> ScopeId {
    let scopes = view.facts.scopes.iter().enumerate().filter(|(_, scope)| scope.span.covers(span));
    scopes.min_by_key(|(_, scope)| scope.span.end - scope.span.start).map_or(ScopeId::MODULE, |(at, _)| ScopeId::new(at))
}

/// Spells a value at a place.
///
/// # Errors
/// The name means something else there, or the file cannot import it.
pub fn spell(view: &View<'_>, symbol: &Symbol, span: Span) -> Result<Spelled, (Reason, String)> {
    let scope = scope_at(view, span);
    if let Some(text) = own(view, symbol, scope)? {
        return Ok(Spelled { text, import: None });
    }
    if let Some(text) = at_hand(view, symbol, scope, span) {
        return Ok(Spelled { text, import: None });
    }
    let local = local_name(view, symbol);
    if !is_free(view, &local, scope) {
        return Err((Reason::NameTaken, local));
    }
    if !view.facts.is_module {
        return Err((
            Reason::OddSpelling,
            "the file is a script: with an import, its names would not be global any more".to_owned(),
        ));
    }
    if is_commonjs(view) {
        return Err((Reason::OddSpelling, "the file takes names by `require`".to_owned()));
    }
    let specifier = specifier(view, symbol).ok_or_else(|| (Reason::NotImportable, symbol.name.to_string()))?;
    let name = Name { specifier, imported: symbol.name.to_string(), local: local.clone(), is_type_only: false };
    Ok(Spelled { text: local, import: Some(name) })
}

/// The name of what the file itself declares.
fn own(view: &View<'_>, symbol: &Symbol, scope: ScopeId) -> Result<Option<String>, (Reason, String)> {
    if symbol.module != Module::File(view.file) {
        return Ok(None);
    }
    let facts = view.facts;
    let binding = crate::index::typescript::references::own_binding(view.code, view.file, &symbol.name);
    let name = binding.map(|binding| facts.bindings[binding.index()].name);
    match (binding, name) {
        (Some(_), Some(name)) if facts.lookup(scope, name) == binding => Ok(Some(facts.names.get(name).to_owned())),
        _ => Err((Reason::NameTaken, symbol.name.to_string())),
    }
}

/// The expression by which the file has the symbol at the place.
fn at_hand(view: &View<'_>, symbol: &Symbol, scope: ScopeId, span: Span) -> Option<String> {
    let facts = view.facts;
    let wanted = view.code.resolve(symbol);
    let is_seen = |binding: BindingId| {
        let own = &facts.bindings[binding.index()];
        let is_declared = own.scope == ScopeId::MODULE
            || facts.declarations_of(own).first().is_some_and(|declaration| declaration.span.end <= span.start);
        is_declared && !own.is_assigned && facts.lookup(scope, own.name) == Some(binding)
    };
    let values = || {
        let aliases = facts.aliases.iter().filter(|alias| is_value(alias));
        let bound = aliases.filter_map(|alias| alias.local.filter(|local| is_seen(*local)));
        bound.map(|local| (local, facts.names.get(facts.bindings[local.index()].name)))
    };
    let way = |local: BindingId| resolve::bound(&view.code, view.file, local);
    let is_it = |local: BindingId| {
        let way = way(local);
        way.hops.contains(symbol) || (way.is_same_object(&wanted) && !way.is_renamed)
    };
    let direct = values().find(|(local, _)| is_it(*local)).map(|(_, name)| name.to_owned());
    let through = || {
        let has = |local: BindingId| way(local).end == End::Module(symbol.module.clone());
        values().find(|(local, _)| has(*local)).map(|(_, name)| format!("{name}.{}", symbol.name))
    };
    direct.or_else(through)
}

/// Whether a name that is taken from a module is there at run time.
fn is_value(alias: &Alias) -> bool {
    let is_bound =
        matches!(alias.form, AliasForm::Import(_) | AliasForm::ImportEquals | AliasForm::Variable | AliasForm::Pattern);
    is_bound && !alias.is_type_only
}

/// What the file is to call the symbol.
fn local_name(view: &View<'_>, symbol: &Symbol) -> String {
    if &*symbol.name != "default" {
        return symbol.name.to_string();
    }
    let module = view.code.modules().module_name(&symbol.module);
    let last = module.trim_end_matches("/index").rsplit('/').next().unwrap_or_default();
    let mut words = last.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or("module").to_owned();
    let upper = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    let name = words.fold(first, |name, word| name + &upper(word));
    if is_identifier(&name) { name } else { format!("_{name}") }
}

/// Whether a name can be bound at the top of the file and be seen at a scope, and means nothing else anywhere.
fn is_free(view: &View<'_>, name: &str, scope: ScopeId) -> bool {
    let facts = view.facts;
    facts.names.find(name).is_none_or(|name| {
        let is_bound = facts.lookup(scope, name).is_some() || facts.bound_in(ScopeId::MODULE, name).is_some();
        !is_bound && !facts.uses.iter().any(|used| used.name == name && used.binding.is_none())
    })
}

/// Whether the file is a module of CommonJS, which cannot have an import declaration beside its `require`.
fn is_commonjs(view: &View<'_>) -> bool {
    let requests = &view.facts.requests;
    let has = |wanted: &dyn Fn(RequestKind) -> bool| requests.iter().any(|request| wanted(request.kind));
    let is_named = view.path.extension() == Some(b"cjs") || view.path.extension() == Some(b"cts");
    let is_module = has(&|kind| matches!(kind, RequestKind::Import | RequestKind::Export));
    let exports = view.facts.exports.iter().any(|export| view.facts.names.get(export.name) == "export=");
    is_named || exports || (!is_module && has(&|kind| kind == RequestKind::Require))
}

/// The specifier of a symbol's module, in the style of the file.
fn specifier(view: &View<'_>, symbol: &Symbol) -> Option<String> {
    match &symbol.module {
        Module::Absent(name) => Some(name.to_string()),
        Module::File(file) => {
            let is_import = |kind| matches!(kind, RequestKind::Import | RequestKind::Export | RequestKind::Dynamic);
            view.specifier(*file, &is_import)
        }
    }
}
