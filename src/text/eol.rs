//! Line ends and indentation, read from the text around a place so that what is inserted looks like its neighbours.

use memchr::{memchr2, memrchr2};

/// The most that is quoted of a line, in bytes before and behind the place.
const QUOTED: usize = 2_048;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The line ending that the text uses at its first line end; LF for a text of one line.
pub fn line_ending(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        None if text.contains('\r') => "\r",
        _ => "\n",
    }
}

/// The offset of the first byte of the line that holds `offset`. A byte order mark stands before the first line.
pub fn line_start(text: &str, offset: usize) -> usize {
    let first = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8().min(offset) } else { 0 };
    memrchr2(b'\n', b'\r', &text.as_bytes()[..offset]).map_or(first, |at| at + 1)
}

/// The offset behind the last byte of the line that holds `offset`, before its line ending.
pub fn line_end(text: &str, offset: usize) -> usize {
    memchr2(b'\n', b'\r', &text.as_bytes()[offset..]).map_or(text.len(), |at| offset + at)
}

/// The offset behind the line ending of the line that holds `offset`: where the next line starts.
pub fn next_line(text: &str, offset: usize) -> usize {
    let end = line_end(text, offset);
    let rest = &text[end..];
    end + if rest.starts_with("\r\n") { 2 } else { usize::from(!rest.is_empty()) }
}

/// The offset of the first byte of the line before the one that starts at `line`; `None` for the first line.
pub fn previous_line(text: &str, line: usize) -> Option<usize> {
    let before = &text[..line];
    let before = before.strip_suffix("\r\n").or_else(|| before.strip_suffix(['\n', '\r']))?;
    Some(line_start(text, before.len()))
}

/// The line that holds `offset`, to be shown: without white space around it, and of a very long line only what is near, so that showing
/// each of many places of it takes no more than showing as many lines.
pub fn quoted(text: &str, offset: usize) -> String {
    let (from, to) = (text.floor_char_boundary(offset.saturating_sub(QUOTED)), text.ceil_char_boundary(offset + QUOTED));
    let near = &text[from..to];
    let (start, end) = (line_start(near, offset - from), line_end(near, offset - from));
    let is_cut_before = start == 0 && from > 0 && !text[..from].ends_with(['\n', '\r']);
    let is_cut_behind = end == near.len() && to < text.len() && !text[to..].starts_with(['\n', '\r']);
    let (before, behind) = (if is_cut_before { "…" } else { "" }, if is_cut_behind { "…" } else { "" });
    format!("{before}{}{behind}", near[start..end].trim())
}

/// The white space at the start of the line that holds `offset`.
pub fn indentation(text: &str, offset: usize) -> &str {
    let line = &text[line_start(text, offset)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t', '\x0c']).len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_with_every_ending() {
        let text = "a\r\n  b\n\tc";
        assert_eq!(line_ending(text), "\r\n");
        assert_eq!((line_start(text, 5), line_end(text, 4), next_line(text, 4)), (3, 6, 7));
        assert_eq!((indentation(text, 5), indentation(text, 9)), ("  ", "\t"));
        assert_eq!((previous_line(text, 7), previous_line(text, 3), previous_line(text, 0)), (Some(3), Some(0), None));
        assert_eq!((next_line(text, 0), next_line(text, 8)), (3, 9));
        assert_eq!((line_ending("x"), line_ending("a\rb")), ("\n", "\r"));
        assert_eq!((line_start("\u{feff}a\nb", 4), line_start("\u{feff}a\nb", 5)), (3, 5));
    }
}
