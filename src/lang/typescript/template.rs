//! A function that returns one expression, with its parameters left open: what a call of it stands for.
//!
//! A template knows in which order it evaluates what is put into its holes, since an argument that does something has to be evaluated once,
//! and when it was before.

use tree_sitter::Node;

use super::facts::{BindingId, Declaration, Facts};
use super::imports::Source;
use crate::syntax;
use crate::text::span::Span;

/// How a function is called.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Its parameters, in order.
    pub parameters: Vec<Parameter>,
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
    },
    /// A member is read of the name that starts here.
    Lookup(u32),
    /// Other code may run.
    Effect,
}

/// Reads what a declaration declares; `None` where that is no function which returns one expression, or one that means something else
/// elsewhere: it has `this`, or a function inside, or assigns.
pub fn read(source: &Source<'_>, declaration: &Declaration) -> Option<Template> {
    let signature = signature(source, declaration)?;
    let body = returned(function_of(source, declaration)?.child_by_field_name("body")?)?;
    let (inner, is_awaited) = match body.kind() {
        "await_expression" => (syntax::children(body).into_iter().find(|child| child.kind() != "await")?, true),
        _ => (body, false),
    };
    let mut walker = Walker { events: Vec::new() };
    walker.walk(inner, true, true)?;
    let (body, is_primary) = (syntax::span(inner), is_primary(inner));
    Some(Template { signature, body, is_awaited, is_primary, events: walker.events })
}

/// Reads how a function is called; `None` where a declaration declares none, or one that takes its parameters apart.
pub fn signature(source: &Source<'_>, declaration: &Declaration) -> Option<Signature> {
    let at = function_of(source, declaration)?;
    let types = at.child_by_field_name("type_parameters").map(named).unwrap_or_default();
    let type_name =
        |node: &Node<'_>| node.child_by_field_name("name").and_then(|name| binding_at(source.facts, syntax::span(name)));
    Some(Signature {
        parameters: parameters(source, at)?,
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

/// The expression that a body returns.
fn returned(body: Node<'_>) -> Option<Node<'_>> {
    if body.kind() != "statement_block" {
        return Some(body);
    }
    match &named(body)[..] {
        [only] if only.kind() == "return_statement" => named(*only).into_iter().next(),
        _ => None,
    }
}

fn named(node: Node<'_>) -> Vec<Node<'_>> {
    syntax::children(node).into_iter().filter(|child| child.is_named() && child.kind() != "comment").collect()
}

fn parameters(source: &Source<'_>, function: Node<'_>) -> Option<Vec<Parameter>> {
    let one = |name: Node<'_>, default: Option<Node<'_>>, is_rest| {
        let span = syntax::span(name);
        let is_plain = name.kind() == "identifier";
        let name = source.text[span.range()].to_owned();
        let binding = binding_at(source.facts, span);
        is_plain.then(|| Parameter { name, binding, default: default.map(syntax::span), is_rest })
    };
    if let Some(only) = function.child_by_field_name("parameter") {
        return Some(vec![one(only, None, false)?]);
    }
    let list = named(function.child_by_field_name("parameters")?).into_iter();
    let parameter = |node: Node<'_>| {
        let pattern = node.child_by_field_name("pattern")?;
        let default = node.child_by_field_name("value");
        match pattern.kind() {
            "rest_pattern" => one(named(pattern).into_iter().next()?, default, true),
            _ => one(pattern, default, false),
        }
    };
    list.map(parameter).collect()
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

struct Walker {
    events: Vec<Event>,
}

impl Walker {
    /// Notes what happens while a node is evaluated; `None` where it cannot be put elsewhere.
    fn walk(&mut self, node: Node<'_>, is_sure: bool, is_bare: bool) -> Option<()> {
        match node.kind() {
            "identifier" | "shorthand_property_identifier" => {
                self.events.push(Event::Read { span: syntax::span(node), is_sure, is_bare, is_spread: false });
            }
            "string" | "number" | "true" | "false" | "null" | "undefined" | "regex" => {}
            "member_expression" => {
                let object = node.child_by_field_name("object")?;
                self.walk(object, is_sure, false)?;
                let is_chain = syntax::children(node).iter().any(|child| child.kind() == "optional_chain");
                self.events.push(if is_chain { Event::Effect } else { Event::Lookup(object.start_byte() as u32) });
            }
            "call_expression" => {
                self.walk(node.child_by_field_name("function")?, is_sure, false)?;
                let is_sure = is_sure && !syntax::children(node).iter().any(|child| child.kind() == "optional_chain");
                self.arguments(node.child_by_field_name("arguments")?, is_sure)?;
                self.events.push(Event::Effect);
            }
            "new_expression" => {
                self.walk(node.child_by_field_name("constructor")?, is_sure, false)?;
                if let Some(arguments) = node.child_by_field_name("arguments") {
                    self.arguments(arguments, is_sure)?;
                }
                self.events.push(Event::Effect);
            }
            "subscript_expression" => {
                self.walk(node.child_by_field_name("object")?, is_sure, false)?;
                self.walk(node.child_by_field_name("index")?, is_sure, true)?;
                self.events.push(Event::Effect);
            }
            "parenthesized_expression" => self.walk(*named(node).first()?, is_sure, true)?,
            "as_expression" | "satisfies_expression" | "non_null_expression" => {
                self.walk(*named(node).first()?, is_sure, false)?;
            }
            "binary_expression" => {
                let operator = node.child_by_field_name("operator")?;
                let is_short = matches!(operator.kind(), "&&" | "||" | "??");
                self.walk(node.child_by_field_name("left")?, is_sure, false)?;
                self.walk(node.child_by_field_name("right")?, is_sure && !is_short, false)?;
                if !is_short && !matches!(operator.kind(), "===" | "!==") {
                    self.events.push(Event::Effect);
                }
            }
            "unary_expression" => {
                self.walk(node.child_by_field_name("argument")?, is_sure, false)?;
                match node.child_by_field_name("operator")?.kind() {
                    "!" | "typeof" | "void" => {}
                    "delete" => return None,
                    _ => self.events.push(Event::Effect),
                }
            }
            "ternary_expression" => {
                self.walk(node.child_by_field_name("condition")?, is_sure, false)?;
                self.walk(node.child_by_field_name("consequence")?, false, false)?;
                self.walk(node.child_by_field_name("alternative")?, false, false)?;
            }
            "array" => {
                for element in named(node) {
                    self.element(element, is_sure)?;
                }
            }
            "object" => {
                for member in named(node) {
                    match member.kind() {
                        "pair" => {
                            if member.child_by_field_name("key")?.kind() == "computed_property_name" {
                                return None;
                            }
                            self.walk(member.child_by_field_name("value")?, is_sure, true)?;
                        }
                        _ => self.element(member, is_sure)?,
                    }
                }
            }
            "template_string" => {
                for part in named(node).into_iter().filter(|part| part.kind() == "template_substitution") {
                    self.walk(*named(part).first()?, is_sure, true)?;
                    self.events.push(Event::Effect);
                }
            }
            "await_expression" => {
                self.walk(*named(node).first()?, is_sure, false)?;
                self.events.push(Event::Effect);
            }
            _ => return None,
        }
        Some(())
    }

    fn element(&mut self, node: Node<'_>, is_sure: bool) -> Option<()> {
        match node.kind() {
            "spread_element" => {
                self.walk(*named(node).first()?, is_sure, false)?;
                self.events.push(Event::Effect);
                Some(())
            }
            _ => self.walk(node, is_sure, true),
        }
    }

    fn arguments(&mut self, list: Node<'_>, is_sure: bool) -> Option<()> {
        if list.kind() != "arguments" {
            return None;
        }
        for argument in named(list) {
            let inner = named(argument).first().copied().filter(|_| argument.kind() == "spread_element");
            match inner.filter(|inner| inner.kind() == "identifier") {
                Some(name) => {
                    let span = syntax::span(name);
                    self.events.push(Event::Read { span, is_sure, is_bare: true, is_spread: true });
                }
                None => self.element(argument, is_sure)?,
            }
        }
        Some(())
    }
}
