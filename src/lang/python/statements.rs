//! Removing whole statements: definitions with their decorators and comments, assignments, entries of `__all__`.

use tree_sitter::Node;

use super::imports::{Refusal, Source};
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;

/// Returns the edit that removes the statement which covers `span`, with the comments that stand directly above it and the blank
/// lines that only it needed: those below, unless they set others apart. A statement that is alone in its block leaves a `pass`.
///
/// # Errors
/// tree-sitter sees no whole statement there, or an error in it, or it shares its line with another.
pub fn remove(source: &Source<'_>, span: Span) -> Result<Edit, Refusal> {
    remove_among(source, span, &[])
}

/// The same for one of several statements, which all go: given by their whole spans.
///
/// # Errors
/// As for one alone.
pub fn remove_among(source: &Source<'_>, span: Span, gone: &[Span]) -> Result<Edit, Refusal> {
    let text = source.text;
    let node = statement(source, span)?;
    let block = node.parent().ok_or(Refusal::ParsersDisagree)?;
    let is_left = |child: &Node<'_>| child.kind() != "comment" && *child != node && !gone.contains(&syntax::span(*child));
    let children = syntax::children(block);
    if block.kind() != "module" && !children.iter().any(is_left) {
        // The first of them leaves the `pass`.
        let first = children.iter().find(|child| child.kind() != "comment");
        if first == Some(&node) {
            return Ok(Edit::replace(syntax::span(node), "pass"));
        }
    }
    let (first, last) = (node.start_byte(), node.end_byte());
    let before = &text[eol::line_start(text, first)..first];
    let behind = text[last..eol::line_end(text, last)].trim_start();
    if !before.trim().is_empty() || !(behind.is_empty() || behind.starts_with('#')) {
        return Err(Refusal::ParsersDisagree);
    }
    let mut start = with_comments(text, first);
    let mut end = behind_blanks(text, last);
    // It stands directly below another, which the blank lines are for as well.
    let is_below = eol::previous_line(text, start).is_some_and(|above| !text[above..start].trim().is_empty());
    let own_end = if is_below && node.prev_sibling().is_some() { eol::next_line(text, last) } else { end };
    if is_last(text, end, gone) {
        // Nothing follows that stays: the blank lines above go, and the file ends as it ended before.
        start = text[..start].trim_end().len();
        let first_line = eol::line_start(text, text.len() - text.trim_start().len());
        let is_all = start == 0 || is_last(text, first_line, gone);
        if end == text.len() && !is_all && text.ends_with(['\n', '\r']) {
            end = last_break(text);
        }
    } else {
        end = own_end;
    }
    Ok(Edit::delete(Span::new(start as u32, end.max(start) as u32)))
}

/// Where the comments begin that stand directly above the statement at an offset, or its line.
fn with_comments(text: &str, first: usize) -> usize {
    let mut start = eol::line_start(text, first);
    while let Some(above) = eol::previous_line(text, start) {
        let line = text[above..start].trim();
        let is_attached = line.starts_with('#') && eol::indentation(text, above) == eol::indentation(text, first);
        // A shebang or a coding line belongs to the file.
        if !is_attached || line.starts_with("#!") || (above == 0 && line.contains("coding")) {
            break;
        }
        start = above;
    }
    start
}

/// The start of the first line behind an offset that is not blank.
fn behind_blanks(text: &str, last: usize) -> usize {
    let mut end = eol::next_line(text, last);
    while end < text.len() && text[end..eol::line_end(text, end)].trim().is_empty() {
        end = eol::next_line(text, end);
    }
    end
}

/// Whether nothing but statements that go stands from the start of a line to the end of the text.
fn is_last(text: &str, line: usize, gone: &[Span]) -> bool {
    let next = || gone.iter().find(|span| span.range().start >= line && with_comments(text, span.range().start) == line);
    line == text.len() || next().is_some_and(|span| is_last(text, behind_blanks(text, span.range().end), gone))
}

/// The offset of the line end that closes the text.
fn last_break(text: &str) -> usize {
    let line_ending = if text.ends_with("\r\n") { 2 } else { 1 };
    text.len() - line_ending
}

/// The whole statement that a span belongs to.
fn statement<'a>(source: &Source<'a>, span: Span) -> Result<Node<'a>, Refusal> {
    let mut node =
        source.tree.root().descendant_for_byte_range(span.range().start, span.range().end).ok_or(Refusal::ParsersDisagree)?;
    while let Some(parent) = node.parent() {
        if matches!(parent.kind(), "module" | "block") {
            return if node.has_error() { Err(Refusal::ParsersDisagree) } else { Ok(node) };
        }
        node = parent;
    }
    Err(Refusal::ParsersDisagree)
}

/// The span of the whole statement that a span belongs to.
///
/// # Errors
/// tree-sitter sees no statement there, or an error in it.
pub fn whole(source: &Source<'_>, span: Span) -> Result<Span, Refusal> {
    statement(source, span).map(syntax::span)
}

/// Whether it may matter that the statement at a span fails: it stands in a `try` with handlers, or in a `with`.
pub fn is_caught(source: &Source<'_>, span: Span) -> bool {
    let mut child = statement(source, span).ok();
    while let Some(node) = child {
        let parent = node.parent();
        let is_body = |parent: Node<'_>| parent.child_by_field_name("body") == Some(node);
        let is_handler = |child: &Node<'_>| matches!(child.kind(), "except_clause" | "except_group_clause");
        let is_catching = parent.is_some_and(|parent| match parent.kind() {
            "try_statement" => is_body(parent) && syntax::children(parent).iter().any(is_handler),
            "with_statement" => is_body(parent),
            _ => false,
        });
        if is_catching {
            return true;
        }
        child = parent;
    }
    false
}

/// Returns the edits that remove one element of a list, with its comma. A tuple that keeps one element keeps a comma, or gets it.
///
/// # Errors
/// tree-sitter sees no list there, or an error in it.
pub fn remove_element(source: &Source<'_>, element: Span) -> Result<Vec<Edit>, Refusal> {
    remove_element_among(source, element, &[])
}

/// The same for one of several elements, which all go.
///
/// # Errors
/// As for one alone.
pub fn remove_element_among(source: &Source<'_>, element: Span, gone: &[Span]) -> Result<Vec<Edit>, Refusal> {
    let text = source.text;
    let node = source.tree.node_at(element, "string").ok_or(Refusal::ParsersDisagree)?;
    let list = node.parent().filter(|list| matches!(list.kind(), "list" | "tuple" | "set")).ok_or(Refusal::ParsersDisagree)?;
    if list.has_error() {
        return Err(Refusal::ParsersDisagree);
    }
    let elements: Vec<Node<'_>> = syntax::children(list).into_iter().filter(Node::is_named).collect();
    let is_kept = |other: &&Node<'_>| **other != node && !gone.contains(&syntax::span(**other));
    let kept: Vec<&Node<'_>> = elements.iter().filter(is_kept).collect();
    let mut edits = vec![Edit::delete(element_with_comma(text, node, kept.last().map(|last| last.end_byte())))];
    if let ([only], "tuple") = (&kept[..], list.kind()) {
        match only.next_sibling().filter(|next| next.kind() == ",") {
            Some(comma) if comma.start_byte() < node.start_byte() => {
                edits[0].span.start = edits[0].span.start.max(comma.end_byte() as u32);
            }
            Some(_) => {}
            None => edits.push(Edit::insert(only.end_byte() as u32, ",")),
        }
    }
    Ok(edits)
}

/// The bytes that go with an element: its lines, or its comma; that before it where it stands behind all that stay.
fn element_with_comma(text: &str, node: Node<'_>, last_kept: Option<usize>) -> Span {
    let is_comma = |other: &Node<'_>| other.kind() == ",";
    let comma = node.next_sibling().filter(is_comma);
    let end = comma.map_or(node.end_byte(), |comma| comma.end_byte());
    let before = &text[eol::line_start(text, node.start_byte())..node.start_byte()];
    let behind = text[end..eol::line_end(text, end)].trim_start();
    if before.trim().is_empty() && (behind.is_empty() || behind.starts_with('#')) {
        let start = eol::line_start(text, node.start_byte());
        return Span::new(start as u32, eol::next_line(text, end) as u32);
    }
    match node.prev_sibling().filter(is_comma) {
        Some(previous) if last_kept.is_some_and(|last| last < node.start_byte()) => {
            Span::new(previous.start_byte() as u32, node.end_byte() as u32)
        }
        _ => {
            let blanks = text[end..].len() - text[end..].trim_start_matches([' ', '\t']).len();
            Span::new(node.start_byte() as u32, (end + blanks) as u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::python::collect;
    use crate::lang::python::modules::ModuleTable;
    use crate::syntax::{Grammar, parse};
    use crate::text::edit::TextEdit;
    use crate::text::snapshot::FileId;

    /// Removes the statement that defines `gone`, and its entry in `__all__`.
    fn removed(text: &str) -> String {
        all_removed(text, &["gone"])
    }

    fn all_removed(text: &str, gone: &[&str]) -> String {
        let facts = collect(text, None);
        let tree = parse(Grammar::Python, text).unwrap();
        let modules = ModuleTable::default();
        let source = Source { file: FileId::new(0), text, facts: &facts, tree: &tree, modules: &modules };
        let bindings = || gone.iter().flat_map(|name| facts.module_bindings(name));
        let spans: Vec<Span> = bindings().map(|(_, binding)| whole(&source, binding.span).unwrap()).collect();
        let mut edits: Vec<Edit> = spans.iter().map(|span| remove_among(&source, *span, &spans).unwrap()).collect();
        let entries = facts.exports.iter().flat_map(|exports| &exports.entries);
        let entries: Vec<Span> =
            entries.filter(|entry| gone.contains(&facts.names.get(entry.0))).map(|(_, span)| *span).collect();
        edits.extend(entries.iter().flat_map(|entry| remove_element_among(&source, *entry, &entries).unwrap()));
        let after = String::from_utf8(TextEdit::new(edits).unwrap().apply(text.as_bytes())).unwrap();
        assert!(collect(&after, None).errors.is_empty(), "{after}");
        after
    }

    #[test]
    fn a_definition_goes_with_its_decorators_comments_and_blank_lines() {
        let text = "import os\n\n\n# about gone\n@dec\n# more\ndef gone():\n    return 1\n\n\ndef kept():\n    pass\n";
        assert_eq!(removed(text), "import os\n\n\ndef kept():\n    pass\n");
        assert_eq!(removed("x = 1\n\n\nclass gone:\n    pass\n"), "x = 1\n");
        assert_eq!(removed("x = 1\n\n\nclass gone:\n    pass"), "x = 1");
        assert_eq!(removed("#!/usr/bin/python\ngone = 1\nx = 2\n"), "#!/usr/bin/python\nx = 2\n");
        assert_eq!(removed("x = 1\ngone = 2\n\n\ndef f():\n    pass\n"), "x = 1\n\n\ndef f():\n    pass\n");
        assert_eq!(removed("class A:\n    x = 1\ngone = 2\n\n\ny = 2\n"), "class A:\n    x = 1\n\n\ny = 2\n");
        assert_eq!(removed("# a comment of its own\n\ngone = 1  # it\nx = 2\n"), "# a comment of its own\n\nx = 2\n");
    }

    #[test]
    fn a_block_keeps_a_statement() {
        assert_eq!(removed("if x:\n    gone = 1\nelse:\n    y = 2\n"), "if x:\n    pass\nelse:\n    y = 2\n");
        assert_eq!(removed("if x:\n    gone = 1\n    y = 2\n"), "if x:\n    y = 2\n");
    }

    #[test]
    fn an_entry_of_all_goes() {
        assert_eq!(removed("__all__ = ['a', 'gone']\ngone = 1\n"), "__all__ = ['a']\n");
        assert_eq!(removed("__all__ = ['gone', 'a']\ngone = 1\n"), "__all__ = ['a']\n");
        assert_eq!(removed("__all__ = [\n    'a',\n    'gone',  # x\n]\ngone = 1\n"), "__all__ = [\n    'a',\n]\n");
        assert_eq!(removed("__all__ = ('gone',)\ngone = 1\n"), "__all__ = ()\n");
    }

    #[test]
    fn several_go_together() {
        let two = |text: &str| all_removed(text, &["gone", "lost"]);
        let functions = "def gone():\n    pass\n\n\n# about lost\ndef lost():\n    pass\n";
        assert_eq!(two(&format!("x = 1\n\n\n{functions}")), "x = 1\n");
        assert_eq!(two(&format!("x = 1\n\n\n{functions}\n\ny = 2\n")), "x = 1\n\n\ny = 2\n");
        assert_eq!(two(functions), "");
        assert_eq!(two("if x:\n    gone = 1\n    lost = 2\ny = 2\n"), "if x:\n    pass\ny = 2\n");
        assert_eq!(two("if x:\n    gone = 1\n    # why\n    lost = 2\n"), "if x:\n    pass\n");
        assert_eq!(two("__all__ = ['gone', 'lost']\ngone = lost = 1\n"), "__all__ = []\n");
        assert_eq!(two("__all__ = ['a', 'gone', 'lost']\ngone = 1\nlost = 1\n"), "__all__ = ['a']\n");
        assert_eq!(two("__all__ = ['gone', 'a', 'lost', 'b']\ngone = 1\nlost = 1\n"), "__all__ = ['a', 'b']\n");
    }

    #[test]
    fn a_failure_is_caught_or_not() {
        let is_caught = |text: &str| {
            let facts = collect(text, None);
            let tree = parse(Grammar::Python, text).unwrap();
            let modules = ModuleTable::default();
            let source = Source { file: FileId::new(0), text, facts: &facts, tree: &tree, modules: &modules };
            let at = text.find("gone").unwrap() as u32;
            super::is_caught(&source, Span::new(at, at + 4))
        };
        assert!(is_caught("try:\n    if x:\n        gone = y\nexcept NameError:\n    pass\n"));
        assert!(is_caught("with suppress(NameError):\n    gone = y\n"));
        assert!(!is_caught("try:\n    x\nexcept NameError:\n    gone = y\n"));
        assert!(!is_caught("try:\n    x\nexcept NameError:\n    pass\nelse:\n    gone = y\n"));
        assert!(!is_caught("try:\n    gone = y\nfinally:\n    pass\n"));
        assert!(!is_caught("gone = y\n"));
    }

    #[test]
    fn a_tuple_of_one_stays_a_tuple() {
        assert_eq!(removed("__all__ = ('a', 'gone')\ngone = 1\n"), "__all__ = ('a',)\n");
        assert_eq!(removed("__all__ = ('gone', 'a')\ngone = 1\n"), "__all__ = ('a',)\n");
        assert_eq!(removed("__all__ = (\n    'gone',\n    'a'\n)\ngone = 1\n"), "__all__ = (\n    'a',\n)\n");
        assert_eq!(removed("__all__ = ('a', 'b', 'gone')\ngone = 1\n"), "__all__ = ('a', 'b')\n");
        assert_eq!(removed("__all__ = ('gone', 'a',)\ngone = 1\n"), "__all__ = ('a',)\n");
        assert_eq!(
            all_removed("__all__ = ('a', 'gone', 'lost')\ngone = 1\nlost = 1\n", &["gone", "lost"]),
            "__all__ = ('a',)\n"
        );
    }
}
