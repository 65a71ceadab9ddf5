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
    /// What becomes of its value.
    pub fate: Fate,
}

/// What becomes of the value of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Nothing.
    Unread,
    /// It is tested, or made a string: its type says nothing to the code around.
    Tested,
    /// Anything.
    Used,
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
    /// What its parts are typed as depends on what it is given to: an object, a function whose parameters have no types.
    pub is_contextual: bool,
    /// Whether it has no names: the compiler knows what it is.
    pub is_literal: bool,
    /// Whether its names keep their values after the call.
    pub is_lasting: bool,
    /// The properties of an object whose keys are all plain names.
    pub members: Option<Vec<Member>>,
}

/// A property of an object.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Argument,
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
        let arguments = named(list).into_iter().map(|node| argument(source, node)).collect();
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
            fate: fate(outer),
        })
    }

    /// Whether its text has a comment, which a new text would lose.
    pub fn has_comment(&self, facts: &Facts) -> bool {
        facts.comments.iter().any(|comment| self.span.covers(*comment))
    }

    /// Whether its file has elements of JSX, so that what these need is there.
    pub fn is_among_jsx(&self) -> bool {
        let root = std::iter::successors(Some(self.node), |node| node.parent()).last();
        let mut waiting: Vec<Node<'_>> = root.into_iter().collect();
        while let Some(node) = waiting.pop() {
            if matches!(node.kind(), "jsx_element" | "jsx_self_closing_element") {
                return true;
            }
            waiting.extend(syntax::children(node));
        }
        false
    }

    /// Whether a text that stands at the head of its statement would go on a line above it, or be read as something else.
    pub fn would_be_misread(&self, text: &str, new: &str) -> bool {
        let is_line = self.is_head && new.starts_with(['(', '[', '`', '/', '+', '-', '{', '<']);
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

/// What becomes of the value of a node.
fn fate(node: Node<'_>) -> Fate {
    let Some(parent) = node.parent() else { return Fate::Used };
    let is_field = |name| parent.child_by_field_name(name).is_some_and(|child| child.id() == node.id());
    let is_operator = |wanted: &str| parent.child_by_field_name("operator").is_some_and(|operator| operator.kind() == wanted);
    match parent.kind() {
        "expression_statement" => Fate::Unread,
        "await_expression" | "parenthesized_expression" => fate(parent),
        "unary_expression" if is_operator("void") => Fate::Unread,
        "unary_expression" if is_operator("!") => Fate::Tested,
        "template_substitution" => Fate::Tested,
        "if_statement" | "while_statement" | "do_statement" | "ternary_expression" if is_field("condition") => Fate::Tested,
        _ => Fate::Used,
    }
}

/// Whether something binds to a node, so that what takes its place has to be in parentheses unless it is primary.
pub(super) fn is_bound(node: Node<'_>) -> bool {
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

fn argument(source: &Source<'_>, node: Node<'_>) -> Argument {
    let is_spread = node.kind() == "spread_element";
    let value = if is_spread { named(node).first().copied().unwrap_or(node) } else { node };
    Argument {
        span: syntax::span(value),
        weight: weight(source.facts, value),
        is_spread,
        is_defined: is_defined(value),
        is_undefined: value.kind() == "undefined",
        is_primary: is_primary(value),
        is_contextual: is_contextual(value),
        is_literal: !source.facts.uses.iter().any(|used| syntax::span(value).covers(used.span)),
        is_lasting: is_lasting(source, value),
        members: members(source, value),
    }
}

/// Whether a value is certain not to be `undefined`.
fn is_defined(value: Node<'_>) -> bool {
    match value.kind() {
        "string"
        | "number"
        | "true"
        | "false"
        | "null"
        | "object"
        | "array"
        | "template_string"
        | "regex"
        | "arrow_function"
        | "function_expression"
        | "class"
        | "new_expression"
        | "jsx_element"
        | "jsx_self_closing_element" => true,
        "parenthesized_expression" | "as_expression" | "satisfies_expression" => {
            named(value).first().is_some_and(|inner| is_defined(*inner))
        }
        "unary_expression" => value.child_by_field_name("operator").is_some_and(|operator| operator.kind() != "void"),
        "binary_expression" => match value.child_by_field_name("operator").map(|operator| operator.kind()) {
            Some("&&" | "||" | "??") => {
                let is_sure = |side| value.child_by_field_name(side).is_some_and(is_defined);
                is_sure("right")
                    && (is_sure("left") || value.child_by_field_name("operator").is_some_and(|it| it.kind() != "&&"))
            }
            operator => operator.is_some(),
        },
        "ternary_expression" => {
            ["consequence", "alternative"].iter().all(|side| value.child_by_field_name(side).is_some_and(is_defined))
        }
        _ => false,
    }
}

/// Whether the parts of a value have their types from what it is given to.
fn is_contextual(value: Node<'_>) -> bool {
    match value.kind() {
        "object" => !named(value).is_empty(),
        "array" if named(value).is_empty() => true,
        "array" | "parenthesized_expression" | "ternary_expression" => named(value).into_iter().any(is_contextual),
        "arrow_function" | "function_expression" => {
            let list = value.child_by_field_name("parameters").map(named).unwrap_or_default();
            value.child_by_field_name("parameter").is_some() || list.iter().any(|one| one.child_by_field_name("type").is_none())
        }
        _ => false,
    }
}

/// Whether no name in a value is a `var`, which may have another value later although nothing assigns to it.
fn is_lasting(source: &Source<'_>, value: Node<'_>) -> bool {
    let (facts, span) = (source.facts, syntax::span(value));
    let bound = facts.uses.iter().filter(|used| span.covers(used.span)).filter_map(|used| used.binding);
    let mut statements = bound.flat_map(|id| facts.declarations_of(&facts.bindings[id.index()])).map(|it| it.statement);
    !statements.any(|statement| source.text[statement.range()].trim_start_matches("export ").starts_with("var "))
}

/// The properties of an object, if each has a plain name of its own.
fn members(source: &Source<'_>, value: Node<'_>) -> Option<Vec<Member>> {
    if value.kind() != "object" {
        return None;
    }
    let mut found: Vec<Member> = Vec::new();
    for member in named(value) {
        let (key, inner) = match member.kind() {
            "pair" => (member.child_by_field_name("key")?, member.child_by_field_name("value")?),
            "shorthand_property_identifier" => (member, member),
            _ => return None,
        };
        let is_plain = matches!(key.kind(), "property_identifier" | "shorthand_property_identifier");
        let key = source.text[key.byte_range()].to_owned();
        if !is_plain || key == "__proto__" || found.iter().any(|other| other.key == key) {
            return None;
        }
        found.push(Member { key, value: argument(source, inner) });
    }
    Some(found)
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
        "parenthesized_expression" | "ternary_expression" => inner(),
        "regex" => Weight::Fresh,
        "template_string" => match named(node).iter().any(|part| part.kind() == "template_substitution") {
            true => Weight::Effect,
            false => Weight::Fixed,
        },
        "unary_expression" => {
            let operand = node.child_by_field_name("argument");
            let is_number = operand.is_some_and(|operand| operand.kind() == "number");
            match node.child_by_field_name("operator").map(|operator| operator.kind()) {
                Some("!" | "typeof" | "void") => inner(),
                Some("-" | "+") if is_number => Weight::Fixed,
                _ => Weight::Effect,
            }
        }
        "binary_expression" => match node.child_by_field_name("operator").map(|operator| operator.kind()) {
            Some("===" | "!==" | "&&" | "||" | "??") => inner(),
            _ => Weight::Effect,
        },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::typescript::collect;
    use crate::syntax::{Grammar, parse};
    use crate::text::path::RepoPath;

    fn with<T>(text: &str, read: impl Fn(&Call<'_>) -> T) -> T {
        let facts = collect(text, &RepoPath::new("web/a.tsx").unwrap());
        let tree = parse(Grammar::Tsx, text).unwrap();
        let start = text.find("f(").unwrap() as u32;
        let call = Call::of(&Source { text, facts: &facts, tree: &tree }, Span::new(start, start + 1));
        read(&call.unwrap())
    }

    #[test]
    fn what_evaluating_an_argument_may_do() {
        let weights = |text: &str| with(text, |call| call.arguments.iter().map(|it| it.weight).collect::<Vec<_>>());
        assert_eq!(weights("const a = 1;\nf(a, 'x', -1, !a, `x`, a === 1, a as any)"), [Weight::Fixed; 7]);
        assert_eq!(weights("const a = 1;\nf([a], { a, b: 1 }, () => g(), /x/)"), [Weight::Fresh; 4]);
        assert_eq!(
            weights("import { b } from 'm';\nlet a = 1;\na = 2;\nf(a, b, c, g(), x.y, `${z}`, { [g()]: 1 })"),
            [Weight::Effect; 7]
        );
    }

    #[test]
    fn what_an_argument_is() {
        let defined = |text: &str| with(text, |call| call.arguments.iter().map(|it| it.is_defined).collect::<Vec<_>>());
        assert_eq!(defined("f('', 0, null, new A(), a + b, a ?? 1, a ? 1 : '', typeof a)"), [true; 8]);
        assert_eq!(defined("f(a, undefined, a.b, g(), a && 1, a ?? b, a ? 1 : b, void 0)"), [false; 8]);
        let keys = |text: &str| {
            let key = |members: &Vec<Member>| members.iter().map(|it| it.key.clone()).collect::<Vec<_>>().join(" ");
            with(text, |call| call.arguments[0].members.as_ref().map(key))
        };
        assert_eq!(keys("f({ a, b: 1 })").as_deref(), Some("a b"));
        for text in [
            "f({ ...a })",
            "f({ [a]: 1 })",
            "f({ 'a': 1 })",
            "f({ a() {} })",
            "f({ get a() { return 1; } })",
            "f({ a, a: 1 })",
            "f(a)",
        ] {
            assert_eq!(keys(text), None, "{text}");
        }
        let lasting = |text: &str| with(text, |call| call.arguments[0].is_lasting);
        assert!(lasting("const a = 1;\nf(a)"));
        assert!(!lasting("var a = 1;\nf(a)"));
        let contextual = |text: &str| with(text, |call| call.arguments.iter().map(|it| it.is_contextual).collect::<Vec<_>>());
        assert_eq!(contextual("f({ a: 1 }, (x) => x, [{ a: 1 }], x => x, [])"), [true; 5]);
        assert_eq!(contextual("f({}, () => 1, (x: A) => x, [1], 'a')"), [false; 5]);
    }

    #[test]
    fn what_becomes_of_its_value() {
        let fate = |text: &str| with(text, |call| call.fate);
        for text in ["f();", "async () => { await f(); }", "(f());", "void f();"] {
            assert_eq!(fate(text), Fate::Unread, "{text}");
        }
        for text in ["if (f()) {}", "f() ? 1 : 2", "!f()", "`${f()}`", "while (!(f())) {}"] {
            assert_eq!(fate(text), Fate::Tested, "{text}");
        }
        for text in ["const a = f();", "() => f()", "f().x", "g(f())", "x ? f() : 1", "f() || x", "<A b={f()} />"] {
            assert_eq!(fate(text), Fate::Used, "{text}");
        }
    }

    #[test]
    fn what_stands_around_it() {
        assert!(with("<A b={f()} />", |call| call.is_among_jsx() && !call.is_bound));
        assert!(!with("f();", |call| call.is_among_jsx()));
        assert!(with("async function g() { return (await f()).x; }", |call| call.is_awaited
            && call.is_in_async
            && call.is_bound));
        assert!(with("const a = b\nf()", |call| call.would_be_misread("const a = b\nf()", "<A />")));
    }
}
