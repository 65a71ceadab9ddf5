//! Where a piece of code stands, and whether another text can take its place.
//!
//! A text fits where the file that it makes reads it as one node, of the shape that the text has by itself, with everything around it
//! as it was. Nothing is known here of precedence, semicolons or the contexts of ECMAScript: the grammar is asked.

use tree_sitter::Node;

use crate::syntax::{self, Grammar, Tree};
use crate::text::edit::{Edit, TextEdit};
use crate::text::span::Span;

/// What runs the code of a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Colour {
    /// An `async` function: it can wait.
    Async,
    /// Any other function, a constructor, the value of a class's field, the default of a parameter.
    Sync,
    /// The module itself.
    Module,
}

/// A place in a file.
#[derive(Clone, Copy)]
pub struct Place<'t> {
    tree: &'t Tree,
    text: &'t str,
    grammar: Grammar,
    node: Node<'t>,
}

impl<'t> Place<'t> {
    /// The largest node that is exactly this span.
    pub fn of(grammar: Grammar, tree: &'t Tree, text: &'t str, span: Span) -> Option<Self> {
        let node = outermost(tree, span)?;
        Some(Self { tree, text, grammar, node })
    }

    /// What runs it.
    pub fn colour(self) -> Colour {
        let mut inner = self.node;
        while let Some(node) = inner.parent() {
            let field = |name| node.child_by_field_name(name) == Some(inner);
            match node.kind() {
                kind if is_function(kind) && field("body") => {
                    return if is_async(node) { Colour::Async } else { Colour::Sync };
                }
                kind if is_function(kind) && (field("parameters") || field("parameter")) => return Colour::Sync,
                "public_field_definition" | "field_definition" if field("value") => return Colour::Sync,
                "class_static_block" => return Colour::Sync,
                _ => inner = node,
            }
        }
        Colour::Module
    }

    /// Whether it is a statement of a file, a block or a `case`.
    pub fn is_statement(self) -> bool {
        let is_body = |node: Node<'_>| matches!(node.kind(), "program" | "statement_block" | "switch_case" | "switch_default");
        self.node.parent().is_some_and(is_body) && (self.node.kind().ends_with("_statement") || self.is_declaration())
    }

    fn is_declaration(self) -> bool {
        self.node.kind().ends_with("_declaration")
    }

    /// Whether a value is assigned to it.
    pub fn is_target(self) -> bool {
        self.node.parent().is_some_and(|parent| match parent.kind() {
            "assignment_expression" | "augmented_assignment_expression" | "for_in_statement" => {
                parent.child_by_field_name("left") == Some(self.node)
            }
            "update_expression" => true,
            "unary_expression" => syntax::children(parent).first().is_some_and(|child| child.kind() == "delete"),
            _ => false,
        })
    }

    /// The names of the properties of the objects that the call is given.
    pub fn keywords(self) -> Vec<&'t str> {
        let mut call = self.node;
        while matches!(call.kind(), "expression_statement" | "await_expression" | "parenthesized_expression") {
            let Some(inner) = call.named_child(0) else { break };
            call = inner;
        }
        let Some(arguments) = call.child_by_field_name("arguments") else { return Vec::new() };
        let objects = syntax::children(arguments).into_iter().filter(|child| child.kind() == "object");
        let key = |pair: Node<'t>| {
            let name = pair.child_by_field_name("key").unwrap_or(pair);
            self.text[name.byte_range()].trim_matches(['"', '\''])
        };
        objects.flat_map(syntax::children).filter(|child| child.is_named()).map(key).collect()
    }

    /// How a text is to be written to take the place: as it is or in parentheses; `None` where it does not fit.
    pub fn fit(self, new: &str) -> Option<String> {
        let candidates = [new.to_owned(), format!("({new})")];
        candidates.into_iter().find(|text| self.fits_as_expression(text) || self.fits_as_statements(text))
    }

    /// Whether what stands around it, if it is a statement, reads the same without it.
    pub fn may_go(self) -> bool {
        let (Some(parent), Some((made, span))) = (self.node.parent(), self.made("")) else { return false };
        let Some(inner) = made.root().descendant_for_byte_range(span.range().start, span.range().start) else { return false };
        let mut bodies = std::iter::successors(Some(inner), |node| node.parent());
        let body = bodies.find(|node| node.kind() == parent.kind() && chain(*node) == chain(parent));
        body.is_some_and(|body| body.named_child_count() + 1 == parent.named_child_count())
    }

    fn made(self, new: &str) -> Option<(Tree, Span)> {
        let span = syntax::span(self.node);
        let edit = TextEdit::new(vec![Edit::replace(span, new)]).ok()?;
        let bytes = edit.apply(self.text.as_bytes());
        let text = String::from_utf8(bytes).ok()?;
        let made = syntax::reparse(self.grammar, self.tree, self.text, &edit, &text)?;
        let is_worse = made.errors().len() > self.tree.errors().len();
        (!is_worse).then_some((made, Span::new(span.start, span.start + new.len() as u32)))
    }

    fn fits_as_expression(self, new: &str) -> bool {
        let Some(alone) = expression(self.grammar, new) else { return false };
        let Some((made, span)) = self.made(new) else { return false };
        let Some(node) = outermost(&made, span) else { return false };
        // An expression may be all of a statement, or of a type.
        let is_same = |inner: &Node<'_>| syntax::span(*inner) == span;
        let mut inside = std::iter::successors(Some(node), |node| node.named_child(0).filter(is_same));
        chain(node) == chain(self.node) && inside.any(|node| node.to_sexp() == alone && !is_forbidden(node))
    }

    fn fits_as_statements(self, new: &str) -> bool {
        if !self.is_statement() {
            return false;
        }
        let Some(alone) = syntax::parse(self.grammar, new).filter(|tree| !tree.has_errors()) else { return false };
        let Some((made, span)) = self.made(new) else { return false };
        let Some(inner) = made.root().descendant_for_byte_range(span.range().start, span.range().end) else { return false };
        let parts = |node: Node<'_>| {
            let children = syntax::children(node).into_iter().filter(|child| child.is_named());
            children.filter(|child| span.covers(syntax::span(*child))).map(|child| child.to_sexp()).collect::<Vec<_>>()
        };
        let wanted: Vec<String> =
            syntax::children(alone.root()).into_iter().filter(|child| child.is_named()).map(|child| child.to_sexp()).collect();
        let is_body = |node: &Node<'_>| self.node.parent().is_some_and(|parent| parent.kind() == node.kind());
        let mut bodies = std::iter::successors(Some(inner), |node| node.parent());
        let Some(body) = bodies.find(is_body) else { return false };
        let count = |node: Node<'_>| node.named_child_count();
        let Some(parent) = self.node.parent() else { return false };
        !wanted.is_empty()
            && parts(body) == wanted
            && count(body) + 1 == count(parent) + wanted.len()
            && chain(body) == chain(parent)
    }
}

/// Whether ECMAScript asks for parentheses where the grammar reads the operand without them: `a ?? b || c`, `await a ** b`.
fn is_forbidden(node: Node<'_>) -> bool {
    fn operator<'t>(node: Node<'t>) -> &'t str {
        let operator = node.child_by_field_name("operator").filter(|_| node.kind() == "binary_expression");
        operator.map_or("", |operator| operator.kind())
    }
    let Some(parent) = node.parent() else { return false };
    // The grammar takes a block for an object where a body starts with it.
    let is_first = |around: &Node<'_>| around.start_byte() == node.start_byte();
    let outer = std::iter::successors(Some(node), |node| node.parent().filter(is_first)).last().unwrap_or(node);
    let is_body = outer.kind().ends_with("_statement")
        || outer
            .parent()
            .is_some_and(|parent| parent.kind() == "arrow_function" && parent.child_by_field_name("body") == Some(outer));
    if is_braced(node) && is_body {
        return true;
    }
    // A class extends what a call could be made of, whatever the grammar reads there.
    const HERITAGE: [&str; 2] = ["extends_clause", "class_heritage"];
    if HERITAGE.contains(&parent.kind()) {
        return is_operation(node);
    }
    match (operator(parent), operator(node)) {
        ("??", "||" | "&&") | ("||" | "&&", "??") => true,
        ("**", _) => {
            let is_unary = matches!(node.kind(), "await_expression" | "unary_expression");
            is_unary && parent.child_by_field_name("left") == Some(node)
        }
        _ => false,
    }
}

/// Whether an expression is made with an operator, an arrow or a word such as `await`.
fn is_operation(node: Node<'_>) -> bool {
    let is_cast = matches!(node.kind(), "as_expression" | "satisfies_expression" | "type_assertion" | "arrow_function");
    let is_made = ["binary", "unary", "update", "ternary", "await", "yield", "assignment", "augmented_assignment"];
    is_cast || node.kind().strip_suffix("_expression").is_some_and(|kind| is_made.contains(&kind))
}

/// Whether a node starts with a brace.
fn is_braced(node: Node<'_>) -> bool {
    let first = std::iter::successors(Some(node), |node| node.child(0)).last();
    first.is_some_and(|first| first.kind() == "{")
}

/// Whether a piece of code waits for something itself, and not in a function of its own.
pub fn awaits(grammar: Grammar, code: &str) -> bool {
    // Whether `await` is a word or a name, the grammar knows inside of an async function alone.
    let text = format!("async function f() {{\n{code}\n}}");
    let Some(tree) = syntax::parse(grammar, &text) else { return false };
    let body = tree.root().named_child(0).and_then(|function| function.child_by_field_name("body"));
    let mut waiting: Vec<Node<'_>> = body.into_iter().collect();
    while let Some(node) = waiting.pop() {
        if node.kind() == "await_expression" || (node.kind() == "await" && !node.is_named()) {
            return true;
        }
        waiting.extend(syntax::children(node).into_iter().filter(|child| !is_function(child.kind())));
    }
    false
}

/// Whether part of an expression stands in it as one node: nothing around binds to only a part of it.
pub fn is_whole(grammar: Grammar, code: &str, part: Span) -> bool {
    let text = format!("({code}\n)");
    let Some(tree) = syntax::parse(grammar, &text) else { return false };
    let part = Span::new(part.start + 1, part.end + 1);
    let Some(node) = outermost(&tree, part).filter(|node| node.is_named() && !node.has_error()) else { return false };
    expression(grammar, &text[part.range()]).is_none_or(|alone| node.to_sexp() == alone)
}

/// The shape of an expression by itself; `None` where the text is none.
fn expression(grammar: Grammar, text: &str) -> Option<String> {
    let whole = format!("({text}\n)");
    let tree = syntax::parse(grammar, &whole).filter(|tree| !tree.has_errors())?;
    let statement = tree.root().named_child(0).filter(|node| node.kind() == "expression_statement")?;
    let parentheses = statement.named_child(0).filter(|node| node.kind() == "parenthesized_expression")?;
    let [node] = <[Node<'_>; 1]>::try_from(named(parentheses)).ok()?;
    let is_all = parentheses.end_byte() == whole.len() && node.start_byte() == 1 && node.end_byte() == whole.len() - 2;
    (tree.root().named_child_count() == 1 && is_all).then(|| node.to_sexp())
}

fn named(node: Node<'_>) -> Vec<Node<'_>> {
    syntax::children(node).into_iter().filter(|child| child.is_named() && child.kind() != "comment").collect()
}

/// The largest node that is exactly this span.
fn outermost(tree: &Tree, span: Span) -> Option<Node<'_>> {
    let node = tree.root().descendant_for_byte_range(span.range().start, span.range().end)?;
    let is_it = |node: &Node<'_>| syntax::span(*node) == span && node.kind() != "program";
    std::iter::successors(Some(node), |node| node.parent()).take_while(is_it).last()
}

/// The kinds of the nodes around one, with how many parts each has.
fn chain(node: Node<'_>) -> Vec<(u16, usize)> {
    let around = std::iter::successors(node.parent(), |node| node.parent());
    around.map(|node| (node.kind_id(), node.named_child_count())).collect()
}

fn is_function(kind: &str) -> bool {
    matches!(
        kind,
        "function_declaration"
            | "function_expression"
            | "arrow_function"
            | "method_definition"
            | "generator_function"
            | "generator_function_declaration"
    )
}

fn is_async(function: Node<'_>) -> bool {
    syntax::children(function).iter().any(|child| child.kind() == "async")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(text: &str, old: &str, new: &str) -> Option<String> {
        let tree = syntax::parse(Grammar::Tsx, text).unwrap();
        let start = text.find(old).unwrap() as u32;
        let span = Span::new(start, start + old.len() as u32);
        Place::of(Grammar::Tsx, &tree, text, span)?.fit(new)
    }

    #[test]
    fn parentheses_where_something_binds_more_tightly() {
        let of = |text: &str, new: &str| fit(text, "f(t)", new);
        assert_eq!(of("const x = f(t);", "await g(t)").as_deref(), Some("await g(t)"));
        assert_eq!(of("async () => f(t).sub", "await g(t)").as_deref(), Some("(await g(t))"));
        assert_eq!(of("x = f(t) * 2", "a + b").as_deref(), Some("(a + b)"));
        assert_eq!(of("x = f(t) ?? y", "a || b").as_deref(), Some("(a || b)"));
        assert_eq!(of("x = () => f(t)", "{ a: 1 }").as_deref(), Some("({ a: 1 })"));
        assert_eq!(of("class A extends f(t) {}", "a ?? b").as_deref(), Some("(a ?? b)"));
        assert_eq!(of("class A extends f(t) {}", "g(t)").as_deref(), Some("g(t)"));
        assert_eq!(of("<A b={f(t)} />", "g(t)").as_deref(), Some("g(t)"));
        assert_eq!(of("`a ${f(t)}`", "g(t)").as_deref(), Some("g(t)"));
    }

    #[test]
    fn what_does_not_fit() {
        assert_eq!(fit("import x from 'a';", "x", "f(x)"), None);
        assert_eq!(fit("<A b=\"/x\" />", "\"/x\"", "X"), None);
        assert_eq!(fit("foo\nbar()\n", "bar()", "(await x).y()").as_deref(), None);
        assert_eq!(fit("foo;\nbar()\n", "bar()", "(x).y()").as_deref(), Some("(x).y()"));
        assert_eq!(fit("type T = 'a';", "'a'", "E.a"), None);
        assert_eq!(fit("x = { 'a': 1 }", "'a'", "E.a"), None);
    }

    #[test]
    fn statements() {
        assert_eq!(fit("{ a(); }", "a();", "b();\nc();").as_deref(), Some("b();\nc();"));
        assert_eq!(fit("if (x) a();", "a();", "b();\nc();"), None);
    }

    #[test]
    fn who_runs_it() {
        let colour = |text: &str| {
            let tree = syntax::parse(Grammar::TypeScript, text).unwrap();
            let start = text.find("f(t)").unwrap() as u32;
            Place::of(Grammar::TypeScript, &tree, text, Span::new(start, start + 4)).unwrap().colour()
        };
        assert_eq!(colour("f(t)"), Colour::Module);
        assert_eq!(colour("async () => f(t)"), Colour::Async);
        assert_eq!(colour("async function g() { x.map(() => { f(t) }) }"), Colour::Sync);
        assert_eq!(colour("class A { async m() { for (const x of f(t)) {} } }"), Colour::Async);
        assert_eq!(colour("class A { x = f(t) }"), Colour::Sync);
        assert_eq!(colour("async function g(x = f(t)) {}"), Colour::Sync);
    }

    #[test]
    fn what_waits() {
        assert!(awaits(Grammar::TypeScript, "(await f(x)).y"));
        assert!(awaits(Grammar::TypeScript, "for await (const x of y) {}"));
        assert!(!awaits(Grammar::TypeScript, "f(async () => await g())"));
        assert!(is_whole(Grammar::TypeScript, "(a + b).c", Span::new(1, 6)));
        assert!(!is_whole(Grammar::TypeScript, "a + b.c", Span::new(0, 5)));
    }
}
