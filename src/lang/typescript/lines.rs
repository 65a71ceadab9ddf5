//! Taking whole statements out of a text, with the lines that only they needed.

use std::cell::RefCell;

use rustc_hash::FxHashMap;
use tree_sitter::Node;

use super::imports::{Refusal, Source};
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::lines::{Gone, delete_lines};
use crate::text::span::Span;

/// The statements of a file that go.
pub struct Going<'g> {
    gone: Gone,
    /// Where the lines start that go together with those of each statement, and where they end.
    reach: Vec<(u32, u32)>,
    /// The code that stays before a statement, and behind it.
    before: RefCell<FxHashMap<usize, Option<Node<'g>>>>,
    behind: RefCell<FxHashMap<usize, Option<Node<'g>>>>,
}

impl<'g> Going<'g> {
    /// The statements at these spans.
    pub fn new(text: &str, spans: &[Span]) -> Self {
        let gone = Gone::new(text, spans);
        let reach = reach(text, gone.spans());
        Self { gone, reach, before: RefCell::default(), behind: RefCell::default() }
    }

    /// The code that stays nearest to a statement, in a direction.
    fn nearest(
        &self,
        node: Node<'g>,
        known: &RefCell<FxHashMap<usize, Option<Node<'g>>>>,
        step: fn(&Node<'g>) -> Option<Node<'g>>,
    ) -> Option<Node<'g>> {
        let mut known = known.borrow_mut();
        let mut passed = vec![node.id()];
        let mut next = step(&node);
        while let Some(node) = next.filter(|node| node.kind() == "comment" || self.gone.covers(node.start_byte() as u32)) {
            if let Some(found) = known.get(&node.id()) {
                next = *found;
                break;
            }
            passed.push(node.id());
            next = step(&node);
        }
        known.extend(passed.into_iter().map(|id| (id, next)));
        next
    }

    /// The span of a statement and of those around it that go as well, with nothing but blanks between.
    fn with_neighbours(&self, text: &str, span: Span) -> Span {
        let is_joined = |end: u32, start: u32, other: Span| is_blank(text, end, start) && is_whole(text, other);
        let spans = self.gone.spans();
        let behind = spans.partition_point(|other| other.start < span.end);
        let before = spans.partition_point(|other| other.start < span.start);
        let start = match before.checked_sub(1).map(|at| (at, spans[at])) {
            Some((at, other)) if is_joined(other.end, span.start, other) => self.reach[at].0,
            _ => span.start,
        };
        let end = match spans.get(behind) {
            Some(other) if is_joined(span.end, other.start, *other) => self.reach[behind].1,
            _ => span.end,
        };
        Span::new(start, end)
    }
}

/// Where the lines start that go together with those of each statement, and where they end.
fn reach(text: &str, spans: &[Span]) -> Vec<(u32, u32)> {
    let mut reach: Vec<(u32, u32)> = spans.iter().map(|span| (span.start, span.end)).collect();
    for at in 1..spans.len() {
        if is_blank(text, spans[at - 1].end, spans[at].start) && is_whole(text, spans[at - 1]) {
            reach[at].0 = reach[at - 1].0;
        }
    }
    for at in (1..spans.len()).rev() {
        if is_blank(text, spans[at - 1].end, spans[at].start) && is_whole(text, spans[at]) {
            reach[at - 1].1 = reach[at].1;
        }
    }
    reach
}

fn is_blank(text: &str, start: u32, end: u32) -> bool {
    start <= end && text[start as usize..end as usize].trim().is_empty()
}

/// The edit that takes out a statement, from the comments that go with it to its end. Of the blank lines above it as many go as there are
/// below it, so that no gap grows.
///
/// # Errors
/// Lines would be joined that are two statements.
pub fn take_out<'t>(source: &Source<'t>, node: Node<'t>, span: Span, going: &Going<'t>) -> Result<Edit, Refusal> {
    let text = source.text;
    let (start, end) = (span.range().start, span.range().end);
    let before = &text[eol::line_start(text, start)..start];
    let behind = text[end..eol::line_end(text, end)].trim_start();
    if would_join(text, node, going) {
        return Err(Refusal::Form);
    }
    let is_last = behind.is_empty() || behind.starts_with("//") || (behind.starts_with("/*") && behind.ends_with("*/"));
    if before.trim_matches(['\u{feff}', ' ', '\t']).is_empty() {
        if is_last {
            return Ok(delete_lines(text, going.with_neighbours(text, span), &going.gone));
        }
        let end = eol::line_end(text, end) - behind.len();
        return Ok(Edit::delete(Span::new(start as u32, end as u32)));
    }
    let start = start - before.len() + before.trim_end().len();
    Ok(Edit::delete(Span::new(start as u32, span.end)))
}

/// Whether what stands before a statement would go on behind it: a line without a semicolon, and one that starts with `(`.
fn would_join<'t>(text: &str, node: Node<'t>, going: &Going<'t>) -> bool {
    let before = going.nearest(node, &going.before, Node::prev_sibling);
    let next = going.nearest(node, &going.behind, Node::next_sibling);
    let (Some(before), Some(next)) = (before, next) else { return false };
    let goes_on = text[next.start_byte()..].starts_with(['(', '[', '`', '/', '+', '-', '*', '<', '.', ',']);
    goes_on && before.kind() != "import_statement" && !text[..super::imports::code_end(before)].ends_with([';', '}', '{'])
}

/// Whether nothing else stands on the lines of a statement.
fn is_whole(text: &str, span: Span) -> bool {
    let (start, end) = (span.range().start, span.range().end);
    let before = &text[eol::line_start(text, start)..start];
    before.trim_matches(['\u{feff}', ' ', '\t']).is_empty() && text[end..eol::line_end(text, end)].trim().is_empty()
}
