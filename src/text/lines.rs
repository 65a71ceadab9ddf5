//! Taking whole lines out of a text.

use super::edit::Edit;
use super::eol;
use super::span::Span;

/// The statements of a text that go, as far as each of them has to know of the others.
pub struct Gone {
    /// Sorted, and apart from one another.
    spans: Vec<Span>,
    /// Where the first code stands that stays.
    first_kept: usize,
}

impl Gone {
    /// The statements at these spans.
    pub fn new(text: &str, spans: &[Span]) -> Self {
        let mut spans = spans.to_vec();
        spans.sort();
        let ends = std::iter::once(0).chain(spans.iter().map(|span| span.range().end));
        let starts = spans.iter().map(|span| span.range().start).chain([text.len()]);
        let kept = |(end, start): (usize, usize)| {
            let is_code = |c: char| c != '\u{feff}' && !c.is_whitespace();
            text.get(end..start)?.find(is_code).map(|at| end + at)
        };
        let first_kept = ends.zip(starts).find_map(kept).unwrap_or(text.len());
        Self { spans, first_kept }
    }

    /// The spans, sorted.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether an offset lies in a statement that goes.
    pub fn covers(&self, offset: u32) -> bool {
        let behind = self.spans.partition_point(|span| span.start <= offset);
        behind > 0 && offset < self.spans[behind - 1].end
    }

    /// Whether a statement that goes starts at an offset.
    fn starts_at(&self, offset: usize) -> bool {
        let at = self.spans.partition_point(|span| span.range().start < offset);
        self.spans.get(at).is_some_and(|span| span.range().start == offset)
    }
}

/// Returns the edit that deletes the lines of a statement, one of those that go. Of the blank lines above it as many go as there are
/// below it, so that no gap grows; those below belong to what comes there.
pub fn delete_lines(text: &str, span: Span, gone: &Gone) -> Edit {
    let is_blank = |line: usize| text[line..eol::line_end(text, line)].trim().is_empty();
    let mut start = eol::line_start(text, span.range().start);
    let mut end = eol::next_line(text, span.range().end);
    let mut below = 0;
    let mut line = end;
    while line < text.len() && is_blank(line) {
        line = eol::next_line(text, line);
        below += 1;
    }
    let is_last = line >= text.len();
    let mut left = if is_last { usize::MAX } else { below };
    let top = start;
    while left > 0
        && let Some(above) = eol::previous_line(text, start).filter(|&above| is_blank(above))
    {
        (start, left) = (above, left - 1);
    }
    if is_last {
        end = text.len();
        // A text without a line end at its end keeps none.
        if !text.ends_with(['\n', '\r'])
            && let Some(above) = eol::previous_line(text, start)
        {
            start = eol::line_end(text, above);
        }
    } else if gone.first_kept >= top && !gone.starts_at(line) {
        // Nothing stands above: the file starts with what follows.
        end = line;
    }
    Edit::delete(Span::new(start as u32, end as u32))
}
