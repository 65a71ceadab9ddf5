//! Taking a definition out of one module and putting it into another: which lines belong to it, what is left in their place, where it
//! goes, and entries of `__all__`.
//!
//! Works on whole lines and on tree-sitter's tree. Blank lines between top-level statements are those of PEP 8; nothing else of the
//! text around changes. What the definition needs, and who refers to it, is not looked at here.

use tree_sitter::Node;

use super::imports::{Refusal, Source};
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;

/// The lines of a definition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// From the start of the first line, which may be a comment's or a decorator's, to the end of the last, without its line ending.
    pub span: Span,
    /// Whether it is a class or function, which stands two blank lines apart.
    pub is_apart: bool,
}

/// Finds the lines of the top-level statements that cover some spans, comments directly above included. The statements have to follow
/// one another.
///
/// # Errors
/// tree-sitter sees no whole top-level statements there, or an error in them, or they share a line or are not in one piece.
pub fn block(source: &Source<'_>, spans: &[Span]) -> Result<Block, Refusal> {
    let text = source.text;
    let mut nodes: Vec<Node<'_>> = Vec::new();
    for &span in spans {
        let node = top_level(source, span.start).ok_or(Refusal::ParsersDisagree)?;
        if node.has_error() || !syntax::span(node).covers(span) {
            return Err(Refusal::ParsersDisagree);
        }
        nodes.push(node);
    }
    let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return Err(Refusal::ParsersDisagree) };
    let mut at = *first;
    while at.id() != last.id() {
        at = at.next_sibling().ok_or(Refusal::ParsersDisagree)?;
        if at.kind() != "comment" && !nodes.iter().any(|node| node.id() == at.id()) {
            return Err(Refusal::ParsersDisagree);
        }
    }
    let before = &text[eol::line_start(text, first.start_byte())..first.start_byte()];
    let last_end = text[..last.end_byte()].trim_end().len();
    let behind = text[last_end..eol::line_end(text, last_end)].trim_start();
    if !before.is_empty() || !(behind.is_empty() || behind.starts_with('#')) {
        return Err(Refusal::ParsersDisagree);
    }
    let start = with_comments(text, eol::line_start(text, first.start_byte()));
    let end = with_tail(text, eol::line_end(text, last_end));
    let is_apart = nodes.iter().any(|node| is_apart(*node));
    Ok(Block { span: Span::new(start as u32, end as u32), is_apart })
}

/// The top-level node at an offset.
fn top_level<'a>(source: &Source<'a>, offset: u32) -> Option<Node<'a>> {
    let at = offset as usize;
    syntax::children(source.tree.root()).into_iter().find(|node| node.start_byte() <= at && at < node.end_byte())
}

fn is_apart(node: Node<'_>) -> bool {
    matches!(node.kind(), "decorated_definition" | "class_definition" | "function_definition")
}

/// The start of the comment lines directly above a line.
fn with_comments(text: &str, line: usize) -> usize {
    let mut start = line;
    while let Some(above) = eol::previous_line(text, start) {
        let comment = &text[above..eol::line_end(text, above)];
        // A shebang or a coding line belongs to the file.
        let is_of_file = comment.starts_with("#!") || (above == 0 && comment.contains("coding"));
        if !comment.starts_with('#') || is_of_file {
            break;
        }
        start = above;
    }
    start
}

/// The end of the last line of a body that ends in comments: indented lines of comments behind its last statement.
fn with_tail(text: &str, end: usize) -> usize {
    let mut end = end;
    let mut line = eol::next_line(text, end);
    while line < text.len() {
        let content = &text[line..eol::line_end(text, line)];
        match content.trim_start() {
            "" => {}
            comment if comment.starts_with('#') && comment.len() < content.len() => end = eol::line_end(text, line),
            _ => break,
        }
        line = eol::next_line(text, line);
    }
    end
}

/// The edit that takes a block out, with the blank lines that only it needed.
pub fn take_out(text: &str, block: Span) -> Edit {
    let (mut start, mut end) = (block.range().start, eol::next_line(text, block.range().end));
    let above = text[..start].trim_end_matches([' ', '\t', '\n', '\r', '\x0c']).len();
    let above = if above == 0 { 0 } else { eol::next_line(text, above) };
    let mut below = end;
    while below < text.len() && text[below..eol::line_end(text, below)].trim().is_empty() {
        below = eol::next_line(text, below);
    }
    if below == text.len() {
        // Nothing follows: the file ends as it ended before.
        start = text[..above].trim_end_matches(['\n', '\r']).len();
        end = if text.ends_with(['\n', '\r']) && start > 0 { text.len() - line_ending_length(text) } else { text.len() };
        return Edit::delete(Span::new(start as u32, end.max(start) as u32));
    }
    // Of the blank lines on either side the more numerous stay.
    match above > 0 && text[end..below].len() > text[above..start].len() {
        true => start = above,
        false => end = below,
    }
    Edit::delete(Span::new(start as u32, end as u32))
}

fn line_ending_length(text: &str) -> usize {
    if text.ends_with("\r\n") { 2 } else { 1 }
}

/// Where a block goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spot {
    /// Before the top-level statement at this offset, and the comments directly above it.
    Before(u32),
    /// At the end, but before the block that runs where the module is a script.
    End,
}

/// The edit that puts the lines of a block into a text.
///
/// # Errors
/// tree-sitter sees an error, or there is no statement at the spot.
pub fn put_in(source: &Source<'_>, spot: Spot, lines: &str, is_apart: bool) -> Result<Edit, Refusal> {
    let text = source.text;
    let statements: Vec<Node<'_>> =
        syntax::children(source.tree.root()).into_iter().filter(|node| node.kind() != "comment").collect();
    let next = match spot {
        Spot::Before(offset) => Some(top_level(source, offset).ok_or(Refusal::ParsersDisagree)?),
        Spot::End => statements.last().copied().filter(|node| is_main(source, *node)),
    };
    let eol = eol::line_ending(text);
    let lines = with_line_ending(lines, eol);
    let Some(next) = next else {
        let end = text.trim_end_matches([' ', '\t', '\n', '\r', '\x0c']).len();
        let is_empty = text[..end].trim_start_matches('\u{feff}').is_empty();
        let blank = match statements.last() {
            _ if is_empty => String::new(),
            last => eol.repeat(1 + blank_lines(last.copied(), is_apart)),
        };
        let has_line_end = is_empty || text.ends_with(['\n', '\r']);
        let tail = if has_line_end { eol } else { "" };
        return Ok(Edit::replace(Span::new(end as u32, text.len() as u32), format!("{blank}{lines}{tail}")));
    };
    let at = with_comments(text, eol::line_start(text, next.start_byte()));
    if !text[eol::line_start(text, next.start_byte())..next.start_byte()].is_empty() {
        return Err(Refusal::ParsersDisagree);
    }
    let previous = statements.iter().rev().find(|node| node.end_byte() <= at).copied();
    let above = text[..at].trim_end_matches([' ', '\t', '\n', '\r', '\x0c']).len();
    let has = text[above..at].matches(['\n', '\r']).count() / eol.len();
    let wanted = if above == 0 { 0 } else { 1 + blank_lines(previous, is_apart) };
    let before = eol.repeat(wanted.saturating_sub(has));
    let behind = eol.repeat(1 + if is_apart || self::is_apart(next) || is_main(source, next) { 2 } else { 1 });
    Ok(Edit::insert(at as u32, format!("{before}{lines}{behind}")))
}

/// How many blank lines stand between a statement and what comes behind it.
fn blank_lines(previous: Option<Node<'_>>, is_apart: bool) -> usize {
    if is_apart || previous.is_some_and(self::is_apart) { 2 } else { 1 }
}

/// Whether a statement is `if __name__ == "__main__":`.
fn is_main(source: &Source<'_>, node: Node<'_>) -> bool {
    let condition = node.child_by_field_name("condition").map(|condition| &source.text[condition.byte_range()]);
    node.kind() == "if_statement" && condition.is_some_and(|text| text.contains("__name__") && text.contains("__main__"))
}

/// The top-level statement that covers an offset, with the offset of the first of its lines.
pub fn statement_at(source: &Source<'_>, offset: u32) -> Option<Span> {
    top_level(source, offset).map(syntax::span)
}

/// A text with other line endings.
pub fn with_line_ending(text: &str, eol: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', eol)
}

/// Whether there are no statements, but comments at most.
pub fn is_bare(source: &Source<'_>) -> bool {
    syntax::children(source.tree.root()).iter().all(|node| node.kind() == "comment")
}

/// Whether a span holds a node of one of some kinds.
pub fn has_node(source: &Source<'_>, span: Span, kinds: &[&str]) -> bool {
    let mut waiting: Vec<Node<'_>> = vec![source.tree.root()];
    while let Some(node) = waiting.pop() {
        let here = syntax::span(node);
        if span.covers(here) && kinds.contains(&node.kind()) {
            return true;
        }
        if here.intersects(span) {
            waiting.extend(syntax::children(node));
        }
    }
    false
}

/// Returns the edit that adds an entry to `__all__`, behind the last one, in the style of that list.
///
/// # Errors
/// `__all__` is not set to a list or tuple, or tree-sitter sees an error in it.
pub fn add_export(source: &Source<'_>, entry: &str) -> Result<Edit, Refusal> {
    let text = source.text;
    let list = exports_list(source).ok_or(Refusal::ParsersDisagree)?;
    let children = syntax::children(list);
    if list.has_error() {
        return Err(Refusal::ParsersDisagree);
    }
    let last = children.iter().rfind(|child| child.kind() == "string");
    let close = children.last().ok_or(Refusal::ParsersDisagree)?;
    let Some(last) = last else {
        let behind = if list.kind() == "tuple" { "," } else { "" };
        return Ok(Edit::insert(close.start_byte() as u32, format!("\"{entry}\"{behind}")));
    };
    let quote = if text[last.byte_range()].ends_with('\'') { '\'' } else { '"' };
    let entry = format!("{quote}{entry}{quote}");
    let comma = last.next_sibling().filter(|next| next.kind() == ",");
    let own_line = text[eol::line_start(text, last.start_byte())..last.start_byte()].trim().is_empty();
    let is_multi_line = own_line && text[last.end_byte()..close.start_byte()].contains(['\n', '\r']);
    let indent = format!("{}{}", eol::line_ending(text), eol::indentation(text, last.start_byte()));
    Ok(match comma {
        Some(comma) if is_multi_line => Edit::insert(eol::line_end(text, comma.end_byte()) as u32, format!("{indent}{entry},")),
        None if is_multi_line && text[last.end_byte()..eol::line_end(text, last.end_byte())].trim().is_empty() => {
            Edit::insert(last.end_byte() as u32, format!(",{indent}{entry}"))
        }
        Some(comma) => Edit::insert(comma.end_byte() as u32, format!(" {entry},")),
        None => Edit::insert(last.end_byte() as u32, format!(", {entry}")),
    })
}

/// The list or tuple that `__all__` is first set to.
fn exports_list<'a>(source: &Source<'a>) -> Option<Node<'a>> {
    syntax::children(source.tree.root()).into_iter().find_map(|statement| {
        let assignment = statement.child(0).filter(|node| node.kind() == "assignment")?;
        let name = assignment.child_by_field_name("left")?;
        let is_all = &source.text[name.byte_range()] == "__all__";
        let value = assignment.child_by_field_name("right")?;
        (is_all && matches!(value.kind(), "list" | "tuple")).then_some(value)
    })
}

#[cfg(test)]
mod tests;
