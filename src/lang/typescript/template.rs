//! A function that returns one expression, with its parameters left open: what a call of it stands for.
//!
//! A template knows in which order it evaluates what is put into its holes, since an argument that does something has to be evaluated once,
//! and when it was before.

mod walk;

use tree_sitter::Node;

use self::walk::Walker;
use super::facts::{BindingId, Declaration, Facts};
use super::imports::Source;
use crate::syntax;
use crate::text::span::Span;

/// How a function is called.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Its parameters, in order; where it takes an object apart, each name that it takes is one.
    pub parameters: Vec<Parameter>,
    /// How many arguments it takes, those that are left as one.
    pub places: usize,
    /// The types that it says these have, without the colons.
    pub annotations: Vec<Option<Span>>,
    /// Their text in order, without their types.
    pub head: String,
    /// Its type parameters, in order.
    pub types: Vec<BindingId>,
    /// Whether the function is async.
    pub is_async: bool,
    /// The type that it says it returns.
    pub result: Option<Span>,
    /// The whole function.
    pub whole: Span,
}

/// A function that returns one expression.
#[derive(Clone, Debug)]
pub struct Template {
    /// How it is called.
    pub signature: Signature,
    /// The expression, without the `await` at its head.
    pub body: Span,
    /// Whether an `await` stood at its head.
    pub is_awaited: bool,
    /// Whether anything may bind to it as it is: a dot, an operator, a call.
    pub is_primary: bool,
    /// It is a statement: what it evaluates to is not returned.
    pub is_statement: bool,
    /// Whether it has an element of JSX.
    pub has_jsx: bool,
    /// What is evaluated, in order.
    pub events: Vec<Event>,
}

/// A parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it is bound to; `None` where nothing uses it by that name.
    pub binding: Option<BindingId>,
    /// What it is where nothing, or `undefined`, is given.
    pub default: Option<Span>,
    /// It has all arguments that are left.
    pub is_rest: bool,
    /// The place among the arguments of what it is given, or taken from.
    pub place: usize,
    /// The type that it says it has, without the colon.
    pub annotation: Option<Span>,
    /// The key by which it is taken from an object.
    pub key: Option<Key>,
}

/// How a parameter is taken from an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// The property.
    pub name: String,
    /// Whether the object need not be given: it is `{}` then.
    pub is_optional: bool,
}

/// Something that happens while the expression is evaluated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The name at this place is read; `is_sure` where that happens each time, `is_bare` where nothing binds to it, `is_spread` where its
    /// elements become arguments.
    Read {
        /// The name.
        span: Span,
        /// It happens each time.
        is_sure: bool,
        /// It stands by itself between brackets and commas.
        is_bare: bool,
        /// It stands behind `...` in the arguments of a call.
        is_spread: bool,
        /// It stands in a function inside, and is read when that runs.
        is_inner: bool,
    },
    /// A member is read of the name that starts here.
    Lookup(u32),
    /// Other code may run.
    Effect,
}

/// Reads what a declaration declares; `None` where that is no function which returns one expression, or one that means something else
/// elsewhere: it has `this`, or assigns.
pub fn read(source: &Source<'_>, declaration: &Declaration) -> Option<Template> {
    let signature = signature(source, declaration)?;
    let is_assigned = |binding: BindingId| source.facts.bindings[binding.index()].is_assigned;
    if signature.parameters.iter().filter_map(|parameter| parameter.binding).any(is_assigned) {
        return None;
    }
    let (body, is_statement) = returned(function_of(source, declaration)?.child_by_field_name("body")?)?;
    let body = bare(body);
    let (inner, is_awaited) = match body.kind() {
        "await_expression" => (syntax::children(body).into_iter().find(|child| child.kind() != "await")?, true),
        _ => (body, false),
    };
    let inner = bare(inner);
    let mut walker = Walker::default();
    walker.walk(inner, true, true)?;
    let Walker { events, has_jsx } = walker;
    let (body, is_primary) = (syntax::span(inner), is_primary(inner));
    Some(Template { signature, body, is_awaited, is_primary, is_statement, has_jsx, events })
}

/// Reads how a function is called; `None` where a declaration declares none, or one that takes its parameters apart in a
/// way that is more than one object's properties.
pub fn signature(source: &Source<'_>, declaration: &Declaration) -> Option<Signature> {
    let at = function_of(source, declaration)?;
    let types = at.child_by_field_name("type_parameters").map(named).unwrap_or_default();
    let type_name =
        |node: &Node<'_>| node.child_by_field_name("name").and_then(|name| binding_at(source.facts, syntax::span(name)));
    let Taken { parameters, annotations, head } = parameters(source, at)?;
    Some(Signature {
        parameters,
        places: annotations.len(),
        annotations,
        head,
        types: types.iter().map(type_name).collect::<Option<Vec<_>>>()?,
        is_async: syntax::children(at).iter().any(|child| child.kind() == "async"),
        result: at.child_by_field_name("return_type").map(syntax::span),
        whole: syntax::span(at),
    })
}

fn function_of<'t>(source: &Source<'t>, declaration: &Declaration) -> Option<Node<'t>> {
    let place = declaration.span.range();
    let mut node = source.tree.root().descendant_for_byte_range(place.start, place.end)?;
    loop {
        match function(node) {
            Some(function) => return Some(function).filter(|function| !function.has_error()),
            None => node = node.parent()?,
        }
    }
}

fn function(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "function_declaration" | "arrow_function" | "function_expression" => Some(node),
        "variable_declarator" => node.child_by_field_name("value").and_then(function),
        "export_statement" => node.child_by_field_name("declaration").and_then(function),
        "lexical_declaration" => named(node).into_iter().find_map(function),
        _ => None,
    }
}

/// The expression that a body returns, or that is all it does; with whether that is a statement.
fn returned(body: Node<'_>) -> Option<(Node<'_>, bool)> {
    if body.kind() != "statement_block" {
        return Some((body, false));
    }
    match &named(body)[..] {
        [only] if matches!(only.kind(), "return_statement" | "expression_statement") => {
            Some((named(*only).into_iter().next()?, only.kind() == "expression_statement"))
        }
        _ => None,
    }
}

/// An expression without the parentheses around it, unless a comment stands in these.
fn bare(node: Node<'_>) -> Node<'_> {
    let inner = || syntax::children(node).into_iter().filter(|child| child.is_named()).collect::<Vec<_>>();
    match node.kind() {
        "parenthesized_expression" => match inner()[..] {
            [only] if only.kind() != "sequence_expression" => bare(only),
            _ => node,
        },
        _ => node,
    }
}

fn named(node: Node<'_>) -> Vec<Node<'_>> {
    syntax::children(node).into_iter().filter(|child| child.is_named() && child.kind() != "comment").collect()
}

/// What a function takes.
struct Taken {
    parameters: Vec<Parameter>,
    annotations: Vec<Option<Span>>,
    head: String,
}

fn parameters(source: &Source<'_>, function: Node<'_>) -> Option<Taken> {
    let text = |node: Node<'_>| &source.text[node.byte_range()];
    if let Some(only) = function.child_by_field_name("parameter") {
        let parameters = vec![parameter(source, only, 0)?];
        return Some(Taken { parameters, annotations: vec![None], head: text(only).to_owned() });
    }
    let (mut found, mut annotations, mut heads) = (Vec::new(), Vec::new(), Vec::new());
    let list = named(function.child_by_field_name("parameters")?);
    for (place, node) in list.iter().enumerate() {
        let pattern = node.child_by_field_name("pattern")?;
        let default = node.child_by_field_name("value");
        let annotation = node.child_by_field_name("type").and_then(|node| named(node).into_iter().next()).map(syntax::span);
        annotations.push(annotation);
        heads.push(match default {
            Some(default) => format!("{} = {}", text(pattern), text(default)),
            None => text(pattern).to_owned(),
        });
        let default = default.map(syntax::span);
        match pattern.kind() {
            "rest_pattern" => {
                let one = parameter(source, named(pattern).into_iter().next()?, place)?;
                found.push(Parameter { is_rest: true, annotation, default, ..one });
            }
            "object_pattern" => {
                let is_optional = default.is_some();
                if default.is_some_and(|default| source.text[default.range()].replace(' ', "") != "{}") {
                    return None;
                }
                for member in named(pattern) {
                    found.push(Parameter { annotation, ..property(source, member, place, is_optional)? });
                }
            }
            _ => found.push(Parameter { annotation, default, ..parameter(source, pattern, place)? }),
        }
    }
    Some(Taken { parameters: found, annotations, head: heads.join(", ") })
}

fn parameter(source: &Source<'_>, name: Node<'_>, place: usize) -> Option<Parameter> {
    let span = syntax::span(name);
    let is_plain = matches!(name.kind(), "identifier" | "shorthand_property_identifier_pattern");
    is_plain.then(|| Parameter {
        name: source.text[span.range()].to_owned(),
        binding: binding_at(source.facts, span),
        default: None,
        is_rest: false,
        place,
        annotation: None,
        key: None,
    })
}

/// `key`, `key: name`, `key = default` or `key: name = default` of a pattern.
fn property(source: &Source<'_>, member: Node<'_>, place: usize, is_optional: bool) -> Option<Parameter> {
    let (key, value) = match member.kind() {
        "pair_pattern" => (member.child_by_field_name("key")?, member.child_by_field_name("value")?),
        "object_assignment_pattern" => (member.child_by_field_name("left")?, member),
        _ => (member, member),
    };
    let is_plain = matches!(key.kind(), "property_identifier" | "shorthand_property_identifier_pattern");
    let (name, default) = match value.kind() {
        "object_assignment_pattern" | "assignment_pattern" => {
            (value.child_by_field_name("left")?, value.child_by_field_name("right"))
        }
        _ => (value, None),
    };
    let key = is_plain.then(|| Key { name: source.text[key.byte_range()].to_owned(), is_optional })?;
    let one = parameter(source, name, place)?;
    Some(Parameter { default: default.map(syntax::span), key: Some(key), ..one })
}

fn binding_at(facts: &Facts, name: Span) -> Option<BindingId> {
    facts.declarations.iter().find(|declaration| declaration.name_span == name).map(|declaration| declaration.binding)
}

/// Whether a dot or an operator can bind to a node as it is.
pub(super) fn is_primary(node: Node<'_>) -> bool {
    match node.kind() {
        "identifier"
        | "string"
        | "template_string"
        | "array"
        | "true"
        | "false"
        | "null"
        | "undefined"
        | "parenthesized_expression" => true,
        "member_expression" | "call_expression" | "subscript_expression" => {
            // What stands behind `a?.b` is skipped with it.
            let children = syntax::children(node);
            let head = children.first().copied();
            !children.iter().any(|child| child.kind() == "optional_chain")
                && head.is_some_and(|head| is_primary(head) || head.kind() == "non_null_expression")
        }
        "non_null_expression" => named(node).first().is_some_and(|inner| is_primary(*inner)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::typescript::collect;
    use crate::lang::typescript::facts::DeclarationKind;
    use crate::syntax::{Grammar, parse};
    use crate::text::path::RepoPath;

    fn read_first(text: &str) -> Option<Template> {
        let facts = collect(text, &RepoPath::new("web/a.tsx").unwrap());
        let tree = parse(Grammar::Tsx, text).unwrap();
        let declaration = facts.declarations.iter().find(|it| !matches!(it.kind, DeclarationKind::Import)).unwrap();
        read(&Source { text, facts: &facts, tree: &tree }, declaration)
    }

    /// What happens: the names that are read, `(name)` in a function inside, `?name` where that is not sure, `.` and `!` for the others.
    fn events(text: &str) -> Vec<String> {
        let name = |event: &Event| match *event {
            Event::Read { span, is_inner: true, .. } => format!("({})", &text[span.range()]),
            Event::Read { span, is_sure: false, .. } => format!("?{}", &text[span.range()]),
            Event::Read { span, is_spread: true, .. } => format!("...{}", &text[span.range()]),
            Event::Read { span, .. } => text[span.range()].to_owned(),
            Event::Lookup(_) => ".".to_owned(),
            Event::Effect => "!".to_owned(),
        };
        read_first(text).unwrap().events.iter().map(name).collect()
    }

    #[test]
    fn what_happens_in_its_order() {
        assert_eq!(events("const f = (a, b) => g(b, a);"), ["g", "b", "a", "!"]);
        assert_eq!(events("const f = (a, b) => a.x(b ?? 1);"), ["a", ".", "b", "!"]);
        assert_eq!(events("const f = (a, b) => a || b;"), ["a", "?b"]);
        assert_eq!(events("const f = (a, b) => a ? b : a;"), ["a", "?b", "?a"]);
        assert_eq!(events("const f = (...a) => g(1, ...a);"), ["g", "...a", "!"]);
        assert_eq!(events("const f = (a, b) => new A({ a, c: b });"), ["A", "a", "b", "!"]);
        assert_eq!(events("const f = (a, b) => a.map((x) => x + b);"), ["a", ".", "(x)", "(x)", "(b)", "!"]);
        assert_eq!(events("const f = (a, b) => <A x={a} {...b}>{a}</A>;"), ["A", "a", "b", "!", "a", "!"]);
    }

    #[test]
    fn heads_and_bodies() {
        let body = |text: &str| read_first(text).map(|it| (text[it.body.range()].to_owned(), it.is_awaited, it.is_statement));
        assert_eq!(body("async function f(a) { return await g(a); }"), Some(("g(a)".to_owned(), true, false)));
        assert_eq!(body("const f = (a) => ({ a });"), Some(("{ a }".to_owned(), false, false)));
        assert_eq!(body("function f(a): void { g(a); }"), Some(("g(a)".to_owned(), false, true)));
        for text in [
            "function f() { return; }",
            "function f(a) { const b = a; return b; }",
            "function f(a) { return this.g(a); }",
            "const f = (a) => () => this.g(a);",
            "const f = (a) => a++;",
            "const f = (a) => (a = 1);",
            "const f = (a) => g(() => { a = 1; });",
            "const f = (a) => delete a.b;",
            "const f = (a) => (g(a), 1);",
        ] {
            assert_eq!(body(text), None, "{text}");
        }
    }

    #[test]
    fn parameters_and_what_they_are_taken_from() {
        let of = |text: &str| {
            let one = |it: &Parameter| {
                let key = it.key.as_ref().map(|key| format!("{}{}.", key.name, if key.is_optional { "?" } else { "" }));
                format!("{} {}{}{}", it.place, key.unwrap_or_default(), it.name, if it.default.is_some() { "=" } else { "" })
            };
            let read = read_first(text)?.signature;
            Some((read.parameters.iter().map(one).collect::<Vec<_>>().join(", "), read.head))
        };
        let said = of("const f = (a: A, { b, c: d, e = 1 }: B = {}, ...rest: C[]) => a;").unwrap();
        assert_eq!(said.0, "0 a, 1 b?.b, 1 c?.d, 1 e?.e=, 2 rest");
        assert_eq!(said.1, "a, { b, c: d, e = 1 } = {}, ...rest");
        assert_eq!(of("const f = ({ a: { b } }) => b;"), None);
        assert_eq!(of("const f = ({ a, ...b }) => a;"), None);
        assert_eq!(of("const f = ([a]) => a;"), None);
        assert_eq!(of("const f = ({ a } = other) => a;"), None);
        assert_eq!(of("const f = ({ [a]: b }) => b;"), None);
    }
}
