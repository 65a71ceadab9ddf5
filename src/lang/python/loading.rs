//! What a module's own statements do while it is loaded, apart from defining names: which of them run at all, and what they set, delete
//! or raise.
//!
//! Works on tree-sitter's tree alone, as [`super::evaluated`] does for what expressions call.

use tree_sitter::Node;

use super::evaluated::{self, Act};
use super::imports::Source;
use crate::syntax;
use crate::text::span::Span;

/// What a module does while somebody imports it: not what it does under `TYPE_CHECKING`, or where it is run as a script.
pub fn acts(source: &Source<'_>) -> Vec<Act> {
    running(source).into_iter().flat_map(|statement| evaluated::acts(source, syntax::span(statement))).collect()
}

/// The statements that set or delete something of an object, or raise, while somebody imports the module. For each the first name of
/// the object, where there is one.
pub fn changes(source: &Source<'_>) -> Vec<(Span, Option<Span>)> {
    let mut found = Vec::new();
    let mut waiting = running(source);
    while let Some(node) = waiting.pop() {
        match node.kind() {
            "function_definition" | "lambda" => continue,
            "raise_statement" => found.push((syntax::span(node), None)),
            "assignment" | "augmented_assignment" => {
                let left = node.child_by_field_name("left");
                found.extend(left.into_iter().flat_map(targets).map(|target| (syntax::span(target), first_name(target))));
            }
            "delete_statement" => {
                let deleted = syntax::children(node).into_iter().flat_map(targets);
                found.extend(deleted.map(|target| (syntax::span(target), first_name(target))));
            }
            _ => {}
        }
        waiting.extend(syntax::children(node).into_iter().filter(|child| child.is_named()));
    }
    found.sort();
    found
}

/// The attributes and items among the targets of an assignment.
fn targets(node: Node<'_>) -> Vec<Node<'_>> {
    match node.kind() {
        "attribute" | "subscript" => vec![node],
        "pattern_list" | "tuple_pattern" | "list_pattern" | "expression_list" => {
            syntax::children(node).into_iter().flat_map(targets).collect()
        }
        _ => Vec::new(),
    }
}

/// The name that an attribute or item belongs to.
fn first_name(node: Node<'_>) -> Option<Span> {
    match node.kind() {
        "identifier" => Some(syntax::span(node)),
        "attribute" => first_name(node.child_by_field_name("object")?),
        "subscript" => first_name(node.child_by_field_name("value")?),
        _ => None,
    }
}

fn running<'t>(source: &'t Source<'_>) -> Vec<Node<'t>> {
    let text = |node: Node<'_>| &source.text[node.byte_range()];
    let is_run = |node: &Node<'_>| {
        let condition = node.child_by_field_name("condition").filter(|_| node.kind() == "if_statement").map(text);
        let is_other = |text: &str| {
            (text.contains("__name__") && text.contains("__main__")) || text.rsplit('.').next() == Some("TYPE_CHECKING")
        };
        let has_branch = syntax::children(*node).iter().any(|child| matches!(child.kind(), "elif_clause" | "else_clause"));
        !condition.is_some_and(is_other) || has_branch
    };
    syntax::children(source.tree.root()).into_iter().filter(is_run).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::python::collect;
    use crate::lang::python::modules::ModuleTable;
    use crate::syntax::{Grammar, parse};
    use crate::text::snapshot::FileId;

    #[test]
    fn what_is_set_is_told_from_what_is_bound() {
        let text = "a.b = c[0] = 1\nx, y.z = 1, 2\ndel p.q, r\nw += 1\nif k:\n    raise v\nf().g = 1\n\
                    def h():\n    a.z = 1\nif __name__ == '__main__':\n    m.n = 1\nif TYPE_CHECKING:\n    m.o = 1\n";
        let facts = collect(text, None);
        let tree = parse(Grammar::Python, text).unwrap();
        let modules = ModuleTable::default();
        let source = Source { file: FileId::new(0), text, facts: &facts, tree: &tree, modules: &modules };
        let told: Vec<(&str, &str)> = changes(&source)
            .into_iter()
            .map(|(span, name)| (&text[span.range()], name.map_or("", |name| &text[name.range()])))
            .collect();
        assert_eq!(told, [("a.b", "a"), ("c[0]", "c"), ("y.z", "y"), ("p.q", "p"), ("raise v", ""), ("f().g", "")]);
    }
}
