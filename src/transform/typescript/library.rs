//! Calls that are taken to do and to return the same whenever they are made: those of packages, and of methods of values that are written
//! where they are called.

use super::View;
use crate::lang::typescript::effects::{effect_but, root_of};
use crate::lang::typescript::facts::{BindingId, BindingKind};
use crate::lang::typescript::imports::Source;
use crate::lang::typescript::modules::{Absence, Module};
use crate::lang::typescript::resolve::{self, End};
use crate::syntax::{self, Node};

/// Whether a call that may do something is taken to be the same at any time.
pub fn is_same_whenever(view: &View<'_>, source: &Source<'_>, call: Node<'_>) -> bool {
    let root = root_of(call);
    match root.kind() {
        "identifier" => is_of_library(view, root) || is_given_there(view, root, call),
        "array" | "object" | "string" | "template_string" | "number" | "regex" | "binary_expression" => {
            given(call).into_iter().all(|node| does_nothing_when_called(view, source, node))
        }
        _ => false,
    }
}

/// Whether a method of a parameter is called: of a value that the function around it is given.
fn is_given_there(view: &View<'_>, root: Node<'_>, call: Node<'_>) -> bool {
    let at = syntax::span(root);
    let bound = view.facts.uses.iter().find(|used| used.span == at).and_then(|used| used.binding);
    let is_parameter = |bound: BindingId| matches!(view.facts.bindings[bound.index()].kind, BindingKind::Parameter);
    bound.is_some_and(is_parameter) && call.child_by_field_name("function") != Some(root)
}

/// What a call is given.
fn given(call: Node<'_>) -> Vec<Node<'_>> {
    call.child_by_field_name("arguments").map(syntax::children).unwrap_or_default()
}

/// Whether something that a method may call does nothing then.
fn does_nothing_when_called(view: &View<'_>, source: &Source<'_>, node: Node<'_>) -> bool {
    match node.kind() {
        "identifier" => {
            let at = syntax::span(node);
            is_of_library(view, node) || view.facts.uses.iter().any(|used| used.span == at && used.binding.is_none())
        }
        "arrow_function" | "function_expression" => node
            .child_by_field_name("body")
            .is_some_and(|body| effect_but(source, body, &|call| is_same_whenever(view, source, call)).is_none()),
        _ => true,
    }
}

/// Whether a name comes from a package.
fn is_of_library(view: &View<'_>, name: Node<'_>) -> bool {
    let at = syntax::span(name);
    let used = view.facts.uses.iter().find(|used| used.span == at);
    let way = used.and_then(|used| used.binding).map(|binding| resolve::bound(&view.code, view.file, binding));
    way.is_some_and(|way| matches!(way.end, End::Absent(Absence::External) | End::Module(Module::Absent(_))))
}
