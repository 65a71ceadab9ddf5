//! Taking whole statements out of a text, with the lines that only they needed.

use tree_sitter::Node;

use super::imports::{Refusal, Source};
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::lines::delete_lines;
use crate::text::span::Span;

/// The edit that takes out a statement, from the comments that go with it to its end; `gone` are the spans of all statements that go.
/// Of the blank lines above it as many go as there are below it, so that no gap grows.
///
/// # Errors
/// Lines would be joined that are two statements.
pub fn take_out(source: &Source<'_>, node: Node<'_>, span: Span, gone: &[Span]) -> Result<Edit, Refusal> {
    let text = source.text;
    let (start, end) = (span.range().start, span.range().end);
    let before = &text[eol::line_start(text, start)..start];
    let behind = text[end..eol::line_end(text, end)].trim_start();
    if would_join(text, node, gone) {
        return Err(Refusal::Form);
    }
    let is_last = behind.is_empty() || behind.starts_with("//") || (behind.starts_with("/*") && behind.ends_with("*/"));
    if before.trim_matches(['\u{feff}', ' ', '\t']).is_empty() {
        if is_last {
            return Ok(delete_lines(text, with_neighbours(text, span, gone), gone));
        }
        let end = eol::line_end(text, end) - behind.len();
        return Ok(Edit::delete(Span::new(start as u32, end as u32)));
    }
    let start = start - before.len() + before.trim_end().len();
    Ok(Edit::delete(Span::new(start as u32, span.end)))
}

/// Whether what stands before a statement would go on behind it: a line without a semicolon, and one that starts with `(`.
fn would_join(text: &str, node: Node<'_>, gone: &[Span]) -> bool {
    let is_code =
        |node: &Node<'_>| node.kind() != "comment" && !gone.iter().any(|span| span.range().contains(&node.start_byte()));
    let before = std::iter::successors(node.prev_sibling(), |node| node.prev_sibling()).find(is_code);
    let next = std::iter::successors(node.next_sibling(), |node| node.next_sibling()).find(is_code);
    let (Some(before), Some(next)) = (before, next) else { return false };
    let goes_on = text[next.start_byte()..].starts_with(['(', '[', '`', '/', '+', '-', '*', '<', '.', ',']);
    goes_on && before.kind() != "import_statement" && !text[..super::imports::code_end(before)].ends_with([';', '}', '{'])
}

/// The span of a statement and of those around it that go as well, with nothing but blanks between.
fn with_neighbours(text: &str, span: Span, gone: &[Span]) -> Span {
    let is_blank = |start: u32, end: u32| start <= end && text[start as usize..end as usize].trim().is_empty();
    let next = gone.iter().find(|other| other.start < span.start && is_blank(other.end, span.start) && is_whole(text, **other));
    let next = next.or_else(|| gone.iter().find(|other| is_blank(span.end, other.start) && is_whole(text, **other)));
    match next.filter(|other| !span.covers(**other)) {
        Some(other) => with_neighbours(text, Span::new(span.start.min(other.start), span.end.max(other.end)), gone),
        None => span,
    }
}

/// Whether nothing else stands on the lines of a statement.
fn is_whole(text: &str, span: Span) -> bool {
    let (start, end) = (span.range().start, span.range().end);
    let before = &text[eol::line_start(text, start)..start];
    before.trim_matches(['\u{feff}', ' ', '\t']).is_empty() && text[end..eol::line_end(text, end)].trim().is_empty()
}
