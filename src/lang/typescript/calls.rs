//! Calls, as far as something else takes their place.

use tree_sitter::Node;

use super::facts::{BindingKind, Facts};
use super::imports::Source;
use super::template::is_primary;
use crate::syntax;
use crate::text::span::Span;

/// A call.
#[derive(Clone, Debug)]
pub struct Call<'t> {
    node: Node<'t>,
    /// The whole call.
    pub span: Span,
    /// What it gives, in order.
    pub arguments: Vec<Argument>,
    /// The types that it gives.
    pub types: Option<Vec<Span>>,
    /// `f?.()`.
    pub is_optional: bool,
    /// It is awaited where it stands.
    pub is_awaited: bool,
    /// Whether the code around it may wait: it stands in an async function.
    pub is_in_async: bool,
    /// Whether something binds to it, so that what takes its place has to be in parentheses unless it is primary.
    pub is_bound: bool,
    /// It begins a statement.
    pub is_head: bool,
}

/// An argument.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Its place, without the dots of one that is unpacked.
    pub span: Span,
    /// What evaluating it may do.
    pub weight: Weight,
    /// `...value`.
    pub is_spread: bool,
    /// Whether it is certain not to be `undefined`.
    pub is_defined: bool,
    /// It is `undefined` itself.
    pub is_undefined: bool,
    /// Whether anything may bind to it as it is.
    pub is_primary: bool,
}

/// What evaluating an expression may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Weight {
    /// Nothing, and it is the same each time: a literal, a name that keeps its value.
    Fixed,
    /// Nothing, but it is another object each time.
    Fresh,
    /// Anything.
    Effect,
}

impl<'t> Call<'t> {
    /// The call whose function is written at a place; `None` where there is no such call, or tree-sitter sees an error in it.
    pub fn of(source: &Source<'t>, function: Span) -> Option<Self> {
        let found = source.tree.root().descendant_for_byte_range(function.range().start, function.range().end)?;
        let is_it = |node: &Node<'_>| node.kind() == "call_expression";
        let node = std::iter::successors(Some(found), |node| node.parent()).find(is_it)?;
        let callee = node.child_by_field_name("function")?;
        let list = node.child_by_field_name("arguments").filter(|list| list.kind() == "arguments")?;
        if node.has_error() || syntax::span(callee) != function {
            return None;
        }
        let arguments = named(list).into_iter().map(|node| argument(source.facts, node)).collect();
        let types = node.child_by_field_name("type_arguments");
        let outer = outermost(node);
        Some(Self {
            node,
            span: syntax::span(node),
            arguments,
            types: types.map(|types| named(types).into_iter().map(syntax::span).collect()),
            is_optional: syntax::children(node).iter().any(|child| child.kind() == "optional_chain"),
            is_awaited: outer.parent().is_some_and(|parent| parent.kind() == "await_expression"),
            is_in_async: is_in_async(node),
            is_bound: is_bound(node),
            is_head: is_head(node),
        })
    }

    /// Whether its text has a comment, which a new text would lose.
    pub fn has_comment(&self, facts: &Facts) -> bool {
        facts.comments.iter().any(|comment| self.span.covers(*comment))
    }

    /// Whether a text that stands at the head of its statement would go on a line above it, or be read as something else.
    pub fn would_be_misread(&self, text: &str, new: &str) -> bool {
        let is_line = self.is_head && new.starts_with(['(', '[', '`', '/', '+', '-', '{']);
        let before = text[..self.node.start_byte()].trim_end();
        is_line && (new.starts_with('{') || !(before.ends_with([';', '{', '}']) || before.ends_with("=>")))
    }
}

fn named(node: Node<'_>) -> Vec<Node<'_>> {
    syntax::children(node).into_iter().filter(|child| child.is_named() && child.kind() != "comment").collect()
}

/// A node with the parentheses around it.
fn outermost(node: Node<'_>) -> Node<'_> {
    let mut node = node;
    while let Some(parent) = node.parent().filter(|parent| parent.kind() == "parenthesized_expression") {
        node = parent;
    }
    node
}

fn is_in_async(node: Node<'_>) -> bool {
    const FUNCTIONS: [&str; 6] = [
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "generator_function",
        "generator_function_declaration",
    ];
    let mut from = node;
    for outer in std::iter::successors(node.parent(), |node| node.parent()) {
        // A default is evaluated with the call, not in the body.
        let is_body = outer.child_by_field_name("body").is_some_and(|body| body.id() == from.id());
        if FUNCTIONS.contains(&outer.kind()) {
            return is_body && syntax::children(outer).iter().any(|child| child.kind() == "async");
        }
        from = outer;
    }
    false
}

fn is_bound(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else { return false };
    let is_field = |name| parent.child_by_field_name(name).is_some_and(|child| child.id() == node.id());
    match parent.kind() {
        "arguments"
        | "return_statement"
        | "expression_statement"
        | "parenthesized_expression"
        | "array"
        | "template_substitution"
        | "jsx_expression" => false,
        "variable_declarator" | "pair" => !is_field("value"),
        "assignment_expression" => !is_field("right"),
        "arrow_function" => !is_field("body"),
        _ => true,
    }
}

/// Whether a node begins a statement, or the body of an arrow function.
fn is_head(node: Node<'_>) -> bool {
    let outer =
        std::iter::successors(Some(node), |node| node.parent().filter(|parent| parent.start_byte() == node.start_byte()));
    let mut outer = outer.filter_map(|node| node.parent().map(|parent| (node, parent)));
    outer.any(|(node, parent)| {
        let is_body = parent.child_by_field_name("body").is_some_and(|body| body.id() == node.id());
        parent.kind() == "expression_statement" || (parent.kind() == "arrow_function" && is_body)
    })
}

fn argument(facts: &Facts, node: Node<'_>) -> Argument {
    let is_spread = node.kind() == "spread_element";
    let value = if is_spread { named(node).first().copied().unwrap_or(node) } else { node };
    Argument {
        span: syntax::span(value),
        weight: weight(facts, value),
        is_spread,
        is_defined: matches!(
            value.kind(),
            "string" | "number" | "true" | "false" | "null" | "object" | "array" | "template_string" | "arrow_function"
        ),
        is_undefined: value.kind() == "undefined",
        is_primary: is_primary(value),
    }
}

fn weight(facts: &Facts, node: Node<'_>) -> Weight {
    let inner = || named(node).into_iter().map(|inner| weight(facts, inner)).max().unwrap_or(Weight::Fixed);
    match node.kind() {
        "string" | "number" | "true" | "false" | "null" | "undefined" => Weight::Fixed,
        "identifier" | "shorthand_property_identifier" => {
            let span = syntax::span(node);
            let used = facts.uses.iter().find(|used| used.span == span);
            let binding = used.and_then(|used| used.binding).map(|binding| &facts.bindings[binding.index()]);
            // What another module exports may get a new value there.
            let is_kept = |kind| !matches!(kind, BindingKind::Import(_));
            match binding.is_some_and(|binding| !binding.is_assigned && is_kept(binding.kind)) {
                true => Weight::Fixed,
                false => Weight::Effect,
            }
        }
        "parenthesized_expression" => inner(),
        "as_expression" | "satisfies_expression" | "non_null_expression" => {
            named(node).first().map_or(Weight::Effect, |inner| weight(facts, *inner))
        }
        "arrow_function" | "function_expression" => Weight::Fresh,
        "array" => inner().max(Weight::Fresh),
        "object" => {
            let of = |member: Node<'_>| match member.kind() {
                "pair" => {
                    let is_computed =
                        member.child_by_field_name("key").is_none_or(|key| key.kind() == "computed_property_name");
                    let value = member.child_by_field_name("value").map_or(Weight::Effect, |value| weight(facts, value));
                    if is_computed { Weight::Effect } else { value }
                }
                "shorthand_property_identifier" => weight(facts, member),
                _ => Weight::Effect,
            };
            named(node).into_iter().map(of).max().unwrap_or(Weight::Fresh).max(Weight::Fresh)
        }
        _ => Weight::Effect,
    }
}
