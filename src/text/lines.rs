//! Taking whole lines out of a text.

use super::edit::Edit;
use super::eol;
use super::span::Span;

/// Returns the edit that deletes the lines of a statement; `gone` are the spans of all statements that go. Of the blank lines above it as many go as there are below it, so that no gap grows;
/// those below belong to what comes there.
pub fn delete_lines(text: &str, span: Span, gone: &[Span]) -> Edit {
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
    } else if is_nothing_left(text, top, gone) && !gone.iter().any(|other| other.range().start == line) {
        // Nothing stands above: the file starts with what follows.
        end = line;
    }
    Edit::delete(Span::new(start as u32, end as u32))
}

/// Whether nothing stays before an offset.
fn is_nothing_left(text: &str, offset: usize, gone: &[Span]) -> bool {
    let before: Vec<Span> = gone.iter().copied().filter(|span| span.range().end <= offset).collect();
    let ends = std::iter::once(0).chain(before.iter().map(|span| span.range().end));
    let starts = before.iter().map(|span| span.range().start).chain([offset]);
    ends.zip(starts).all(|(end, start)| text[end..start].trim_matches('\u{feff}').trim().is_empty())
}
