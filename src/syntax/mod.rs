//! Layer 1: tree-sitter, wrapped once.
//!
//! tree-sitter is the second, independent reading of every file that is edited (the first is the language's own parser in
//! `lang`). Its concrete tree knows commas, parentheses and comments, so edits are made on it; and its error nodes guard
//! every edit. Parsing never fails: a text that is not a program of its language gives a tree with [`SyntaxError`]s.

pub mod pattern;

use std::cell::RefCell;
use std::fmt;

pub use tree_sitter::Node;
use tree_sitter::{InputEdit, Language, Parser, Point};

use crate::text::edit::{Edit, TextEdit};
use crate::text::span::Span;

/// A grammar that is built in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grammar {
    /// `tree-sitter-python`.
    Python,
    /// `tree-sitter-typescript`, without JSX.
    TypeScript,
    /// `tree-sitter-typescript`, with JSX and without casts `<T>x`.
    Tsx,
}

impl Grammar {
    fn language(self) -> Language {
        match self {
            Grammar::Python => tree_sitter_python::LANGUAGE.into(),
            Grammar::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Grammar::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
        }
    }
}

impl fmt::Display for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Grammar::Python => "Python",
            Grammar::TypeScript => "TypeScript",
            Grammar::Tsx => "TSX",
        })
    }
}

/// A concrete syntax tree of one text.
#[derive(Debug, Clone)]
pub struct Tree(tree_sitter::Tree);

/// A place where the text is not a program of its language.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SyntaxError {
    /// The skipped text, or the place where a token is missing.
    pub span: Span,
}

thread_local! {
    static PARSER: RefCell<Parser> = RefCell::new(Parser::new());
}

/// Parses a text.
pub fn parse(grammar: Grammar, text: &str) -> Option<Tree> {
    run(grammar, text, None)
}

/// Parses the text that an edit made of another, reusing what the edit did not touch.
pub fn reparse(grammar: Grammar, before: &Tree, old: &str, edit: &TextEdit, new: &str) -> Option<Tree> {
    let mut tree = before.0.clone();
    let (mut at, mut position) = (0, Point { row: 0, column: 0 });
    let mut walk = |offset: u32| {
        position = advance(position, &old[at..offset as usize]);
        at = offset as usize;
        position
    };
    let places: Vec<(Point, Point)> = edit.edits().iter().map(|edit| (walk(edit.span.start), walk(edit.span.end))).collect();
    // From the end, so that the offsets of the edits still to come stay those of the old text.
    for (edit, (start_position, old_end_position)) in edit.edits().iter().zip(places).rev() {
        let start = edit.span.start as usize;
        tree.edit(&InputEdit {
            start_byte: start,
            old_end_byte: edit.span.end as usize,
            new_end_byte: start + edit.text.len(),
            start_position,
            old_end_position,
            new_end_position: advance(start_position, &edit.text),
        });
    }
    run(grammar, new, Some(&tree))
}

/// tree-sitter gives no tree only for a parser without a language or a cancelled parse: callers treat it as unreadable.
fn run(grammar: Grammar, text: &str, old: Option<&tree_sitter::Tree>) -> Option<Tree> {
    PARSER.with_borrow_mut(|parser| {
        parser.set_language(&grammar.language()).ok()?;
        parser.parse(text, old).map(Tree)
    })
}

fn advance(from: Point, text: &str) -> Point {
    match text.rfind('\n') {
        None => Point { row: from.row, column: from.column + text.len() },
        Some(at) => Point { row: from.row + memchr::memchr_iter(b'\n', text.as_bytes()).count(), column: text.len() - at - 1 },
    }
}

impl Tree {
    /// The root node.
    pub fn root(&self) -> Node<'_> {
        self.0.root_node()
    }

    /// Whether the text is not a program.
    pub fn has_errors(&self) -> bool {
        self.0.root_node().has_error()
    }

    /// The errors, sorted by place; empty for a text that is a program.
    pub fn errors(&self) -> Vec<SyntaxError> {
        let mut errors = Vec::new();
        let mut cursor = self.0.walk();
        loop {
            let node = cursor.node();
            if node.is_error() || node.is_missing() {
                errors.push(SyntaxError { span: span(node) });
            }
            if node.has_error() && !node.is_error() && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    errors.sort();
                    return errors;
                }
            }
        }
    }

    /// The fixed texts of the string literals, in their order; a string that is a statement of its own is a docstring, and none of them.
    pub fn strings(&self) -> Vec<Span> {
        let mut found = Vec::new();
        // Asked for its parent, a node looks for itself from the root.
        let mut waiting = vec![(self.root(), false)];
        while let Some((node, is_statement)) = waiting.pop() {
            match node.kind() {
                "string" if is_statement => {}
                "string_content" | "string_fragment" => found.push(span(node)),
                kind => waiting.extend(children(node).into_iter().map(|child| (child, kind == "expression_statement"))),
            }
        }
        found.sort();
        found
    }

    /// The smallest node of this kind whose span is exactly `span`.
    pub fn node_at(&self, span: Span, kind: &str) -> Option<Node<'_>> {
        let mut node = self.root().descendant_for_byte_range(span.start as usize, span.end as usize)?;
        loop {
            if node.kind() == kind && node.byte_range() == span.range() {
                return Some(node);
            }
            node = node.parent()?;
        }
    }
}

/// The edits that make of the code at a span another text, where both have the same tree but for the parts that differ: then only these
/// change. Otherwise all of it does.
pub fn differing(grammar: Grammar, tree: &Tree, text: &str, span: Span, new: &str) -> Vec<Edit> {
    let whole = || vec![Edit::replace(span, new)];
    let Some(made) = parse(grammar, new).filter(|made| !made.has_errors()) else { return whole() };
    let Some(old) = tree.root().descendant_for_byte_range(span.range().start, span.range().end) else { return whole() };
    let new_span = Span::new(0, new.len() as u32);
    let Some(node) = made.node_at(new_span, old.kind()).filter(|_| self::span(old) == span) else { return whole() };
    let mut edits = Vec::new();
    differ((old, text), (node, new), &mut edits);
    edits
}

/// The parts of a node that say something: no comments, no commas.
fn parts(node: Node<'_>) -> Vec<Node<'_>> {
    children(node).into_iter().filter(|child| !matches!(child.kind(), "comment" | ",")).collect()
}

fn differ((old, text): (Node<'_>, &str), (new, made): (Node<'_>, &str), edits: &mut Vec<Edit>) {
    if text[old.byte_range()] == made[new.byte_range()] {
        return;
    }
    let (was, is) = (parts(old), parts(new));
    let is_alike = !was.is_empty()
        && was.len() == is.len()
        && old.kind() == new.kind()
        && old.kind() != "string"
        && was.iter().zip(&is).all(|(was, is)| was.is_named() == is.is_named() && (was.is_named() || was.kind() == is.kind()));
    if !is_alike {
        edits.push(Edit::replace(span(old), &made[new.byte_range()]));
        return;
    }
    for (was, is) in was.into_iter().zip(is) {
        differ((was, text), (is, made), edits);
    }
}

/// The span of a node.
pub fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte() as u32, node.end_byte() as u32)
}

/// The node's children, tokens and comments included.
pub fn children<'tree>(node: Node<'tree>) -> Vec<Node<'tree>> {
    node.children(&mut node.walk()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> usize {
        parse(Grammar::Python, text).unwrap().errors().len()
    }

    #[test]
    fn errors_are_found_and_counted() {
        assert_eq!(errors("import a\nx = f(1)\n"), 0);
        assert_eq!(errors("x = = 1\n"), 1);
        assert!(errors("def f(:\n  pass\n") > 0);
    }

    #[test]
    fn a_reparsed_text_has_the_tree_of_a_fresh_parse() {
        let old = "from a import (\n    x,\n    y,\n)\nprint(x)\n";
        let edit = TextEdit::new(vec![
            Edit::replace(Span::new(5, 6), "b.c"),
            Edit::delete(Span::new(20, 23)),
            Edit::insert(old.len() as u32, "z = 'é'\n"),
        ]);
        let edit = edit.unwrap();
        let new = String::from_utf8(edit.apply(old.as_bytes())).unwrap();
        let before = parse(Grammar::Python, old).unwrap();
        let after = reparse(Grammar::Python, &before, old, &edit, &new).unwrap();
        let fresh = parse(Grammar::Python, &new).unwrap();
        assert_eq!(after.root().to_sexp(), fresh.root().to_sexp());
    }
}
