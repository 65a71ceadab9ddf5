//! Removing whole statements: definitions with their decorators and comments, assignments, entries of `__all__`.

use tree_sitter::Node;

use super::imports::{Refusal, Source};
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;

/// Returns the edit that removes the statement which covers `span`, with the comments that stand directly above it and the blank
/// lines that only it needed. A statement that is alone in its block leaves a `pass`.
///
/// # Errors
/// tree-sitter sees no whole statement there, or an error in it, or it shares its line with another.
pub fn remove(source: &Source<'_>, span: Span) -> Result<Edit, Refusal> {
    let text = source.text;
    let node = statement(source, span)?;
    let block = node.parent().ok_or(Refusal::ParsersDisagree)?;
    let is_comment = |node: &Node<'_>| node.kind() == "comment";
    if block.kind() != "module" && syntax::children(block).iter().filter(|child| !is_comment(child)).count() == 1 {
        return Ok(Edit::replace(syntax::span(node), "pass"));
    }
    let (first, last) = (node.start_byte(), node.end_byte());
    let before = &text[eol::line_start(text, first)..first];
    let behind = text[last..eol::line_end(text, last)].trim_start();
    if !before.trim().is_empty() || !(behind.is_empty() || behind.starts_with('#')) {
        return Err(Refusal::ParsersDisagree);
    }
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
    let mut end = eol::next_line(text, last);
    while end < text.len() && text[end..eol::line_end(text, end)].trim().is_empty() {
        end = eol::next_line(text, end);
    }
    if end == text.len() {
        // Nothing follows: the blank lines above go, and the file ends as it ended before.
        start = text[..start].trim_end().len();
        end = if text.ends_with(['\n', '\r']) { last_break(text) } else { text.len() };
        if start == 0 {
            end = text.len();
        }
    }
    Ok(Edit::delete(Span::new(start as u32, end.max(start) as u32)))
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

/// Returns the edit that removes one element of a list, with its comma.
///
/// # Errors
/// tree-sitter sees no list there, or an error in it.
pub fn remove_element(source: &Source<'_>, element: Span) -> Result<Edit, Refusal> {
    let text = source.text;
    let node = source.tree.node_at(element, "string").ok_or(Refusal::ParsersDisagree)?;
    let list = node.parent().filter(|list| matches!(list.kind(), "list" | "tuple" | "set")).ok_or(Refusal::ParsersDisagree)?;
    if list.has_error() {
        return Err(Refusal::ParsersDisagree);
    }
    let comma = node.next_sibling().filter(|next| next.kind() == ",");
    let end = comma.map_or(node.end_byte(), |comma| comma.end_byte());
    let before = &text[eol::line_start(text, node.start_byte())..node.start_byte()];
    let behind = text[end..eol::line_end(text, end)].trim_start();
    if before.trim().is_empty() && (behind.is_empty() || behind.starts_with('#')) {
        let start = eol::line_start(text, node.start_byte());
        return Ok(Edit::delete(Span::new(start as u32, eol::next_line(text, end) as u32)));
    }
    match (comma, node.prev_sibling().filter(|previous| previous.kind() == ",")) {
        (None, Some(previous)) => Ok(Edit::delete(Span::new(previous.start_byte() as u32, end as u32))),
        _ => {
            let blanks = text[end..].len() - text[end..].trim_start_matches([' ', '\t']).len();
            Ok(Edit::delete(Span::new(element.start, (end + blanks) as u32)))
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
        let facts = collect(text, None);
        let tree = parse(Grammar::Python, text).unwrap();
        let modules = ModuleTable::default();
        let source = Source { file: FileId::new(0), text, facts: &facts, tree: &tree, modules: &modules };
        let mut edits: Vec<Edit> =
            facts.module_bindings("gone").map(|(_, binding)| remove(&source, binding.span).unwrap()).collect();
        for (name, span) in facts.exports.iter().flat_map(|exports| &exports.entries) {
            if facts.names.get(*name) == "gone" {
                edits.push(remove_element(&source, *span).unwrap());
            }
        }
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
}
