//! Which bytes of a module belong to a definition of it, and which definition a place belongs to.

use super::super::View;
use crate::lang::python::facts::{Binding, BindingKind, Context, ScopeId};
use crate::lang::python::shim;
use crate::lang::python::statements;
use crate::text::span::Span;

/// The bytes that go with a name of a module: its definitions, the whole statements that give it a value, and what forwards it.
pub fn extents(view: &View<'_>, name: &str) -> Vec<Span> {
    let bindings = || view.facts.module_bindings(name).map(|(_, binding)| binding);
    let is_chosen = |binding: &Binding| binding.context.contains(Context::CONDITIONAL);
    let source = view.source().filter(|_| bindings().any(is_chosen));
    let switch = source.and_then(|source| shim::switch_of(&source, name)).map(|switch| switch.span);
    let forward = view.facts.forward(name).map(|forward| forward.branch);
    bindings().map(|binding| extent(view, binding)).chain(forward).chain(switch).collect()
}

/// The bytes that go with a binding.
pub fn extent(view: &View<'_>, binding: &Binding) -> Span {
    match binding.kind {
        BindingKind::Definition(definition) => view.facts.definitions[definition.index()].span,
        BindingKind::Import(_) => binding.span,
        _ if binding.site != ScopeId::MODULE => binding.span,
        _ => {
            let whole = view.source().and_then(|source| statements::whole(&source, binding.span).ok());
            // Of a statement that binds more than a name, a loop say, the name alone belongs to it.
            whole.filter(|whole| whole.start == binding.span.start).unwrap_or(binding.span)
        }
    }
}

/// The name of the module that a place belongs to: that of the class, function or value around it.
pub fn owner<'i>(view: &View<'i>, span: Span) -> Option<&'i str> {
    let facts = view.facts;
    let is_around = |scope: ScopeId, around: Span| scope == ScopeId::MODULE && around.covers(span);
    let definition = facts.definitions.iter().find(|definition| is_around(definition.scope, definition.span));
    if let Some(definition) = definition {
        return Some(facts.names.get(definition.name));
    }
    let source = view.source()?;
    let whole = statements::whole(&source, span).ok()?;
    let is_value = |binding: &&Binding| {
        binding.scope == ScopeId::MODULE && binding.span.start == whole.start && !matches!(binding.kind, BindingKind::Import(_))
    };
    facts.bindings.iter().find(is_value).map(|binding| facts.names.get(binding.name))
}
