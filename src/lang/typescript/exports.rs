//! Taking names out of a file's own lists of exports, `export { X, Y }`, and telling a file that has nothing.

use std::collections::BTreeMap;

use tree_sitter::Node;

use super::facts::ExportId;
use super::imports::{Refusal, Source, code_end};
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::span::Span;

/// What is to be done so that a file exports some names no longer.
#[derive(Default)]
pub struct Dropped {
    /// The edits in the lists of which something stays.
    pub edits: Vec<Edit>,
    /// The statements of which nothing stays: lists, `export default X`.
    pub statements: Vec<Span>,
}

/// Takes export entries out that are not part of the declaration itself.
///
/// # Errors
/// tree-sitter reads them otherwise, or a comment would be lost.
pub fn removal(source: &Source<'_>, entries: &[ExportId]) -> Result<Dropped, Refusal> {
    let mut by_statement: BTreeMap<Span, Vec<Span>> = BTreeMap::new();
    for id in entries {
        let export = &source.facts.exports[id.index()];
        by_statement.entry(export.statement).or_default().push(export.span);
    }
    let mut dropped = Dropped::default();
    for (statement, spans) in by_statement {
        let node = source.tree.node_at(statement, "export_statement").ok_or(Refusal::ParsersDisagree)?;
        let list = syntax::children(node).into_iter().find(|child| child.kind() == "export_clause");
        match list {
            Some(list) => specifiers(list, &spans)?
                .map_or_else(|| dropped.statements.push(statement), |edits| dropped.edits.extend(edits)),
            None => dropped.statements.push(statement),
        }
    }
    Ok(dropped)
}

/// The edits that take some names out of a list; `None` where none stays.
fn specifiers(list: Node<'_>, gone: &[Span]) -> Result<Option<Vec<Edit>>, Refusal> {
    let all: Vec<Node<'_>> = syntax::children(list).into_iter().filter(|node| node.kind() == "export_specifier").collect();
    let is_gone = |node: &Node<'_>| gone.iter().any(|span| syntax::span(*node).covers(*span));
    if all.iter().filter(|node| is_gone(node)).count() != gone.len() {
        return Err(Refusal::ParsersDisagree);
    }
    if all.iter().all(is_gone) {
        return Ok(None);
    }
    let mut edits = Vec::new();
    let mut last_kept: Option<usize> = None;
    for (at, node) in all.iter().enumerate() {
        if !is_gone(node) {
            last_kept = Some(code_end(*node));
            continue;
        }
        let span = match (all.get(at + 1), last_kept) {
            (Some(next), _) => Span::new(node.start_byte() as u32, next.start_byte() as u32),
            (None, Some(kept)) => Span::new(kept as u32, node.end_byte() as u32),
            (None, None) => return Err(Refusal::Form),
        };
        let is_lost = |child: &Node<'_>| child.kind() == "comment" && span.covers(syntax::span(*child));
        if syntax::children(list).iter().any(is_lost) {
            return Err(Refusal::Comment);
        }
        edits.push(Edit::delete(span));
    }
    Ok(Some(edits))
}

/// Whether a file has nothing but comments, directives such as `"use client"`, and `export {}`.
pub fn is_empty(source: &Source<'_>) -> bool {
    let is_nothing = |node: &Node<'_>| match node.kind() {
        "comment" | "empty_statement" => true,
        "expression_statement" => node.named_child(0).is_some_and(|child| child.kind() == "string"),
        "export_statement" => {
            let clause = syntax::children(*node).into_iter().find(|child| child.kind() == "export_clause");
            node.child_by_field_name("source").is_none() && clause.is_some_and(|clause| clause.named_child_count() == 0)
        }
        _ => false,
    };
    source.facts.errors.is_empty() && syntax::children(source.tree.root()).iter().all(is_nothing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::typescript::collect;
    use crate::syntax::{Grammar, parse};
    use crate::text::edit::TextEdit;
    use crate::text::path::RepoPath;

    fn with<T>(text: &str, then: impl FnOnce(&Source<'_>) -> T) -> T {
        let facts = collect(text, &RepoPath::new("web/a.ts").unwrap());
        let tree = parse(Grammar::TypeScript, text).unwrap();
        then(&Source { text, facts: &facts, tree: &tree })
    }

    fn without(text: &str, name: &str) -> (String, usize) {
        with(text, |source| {
            let entries: Vec<ExportId> = source.facts.exports_of(name).map(|(id, _)| id).collect();
            let dropped = removal(source, &entries).unwrap();
            let text = TextEdit::new(dropped.edits).unwrap().apply(text.as_bytes());
            (String::from_utf8(text).unwrap(), dropped.statements.len())
        })
    }

    #[test]
    fn names_leave_their_lists() {
        let declared = "const a = 1, b = 2, c = 3;\n";
        for (list, name, left) in [
            ("export { a, b, c };\n", "a", "export { b, c };\n"),
            ("export { a, b, c };\n", "c", "export { a, b };\n"),
            ("export {\n  a,\n  b as d,\n  c,\n};\n", "d", "export {\n  a,\n  c,\n};\n"),
        ] {
            assert_eq!(without(&format!("{declared}{list}"), name), (format!("{declared}{left}"), 0));
        }
        assert_eq!(without(&format!("{declared}export {{ a }};\n"), "a").1, 1);
        assert_eq!(without(&format!("{declared}export default a;\n"), "default").1, 1);
    }

    #[test]
    fn a_file_has_nothing_or_something() {
        for text in ["", "// a\n\n/* b */\n", "'use client';\n", "export {};\n"] {
            assert!(with(text, is_empty), "{text}");
        }
        for text in ["import './a';\n", "export * from './a';\n", "const a = 1;\n", "f();\n", "export { a } from './a';\n"] {
            assert!(!with(text, is_empty), "{text}");
        }
    }
}
