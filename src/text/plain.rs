//! Text of others as it is shown: without characters that a terminal obeys, that turn the direction of what stands around them, or that
//! end a line where a report has one line.
//!
//! File names, code, branches, authors and plans are written by people who need not be friends. Reports show what they write, and
//! nothing of it may move the cursor, set the window's title, or look like a line of the report itself.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character does something other than being shown: a control character (Unicode category Cc), a line or paragraph separator,
/// or one that turns or isolates the direction of text (Unicode Standard Annex 9, Bidi_Control).
pub fn is_active(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The text on one line, with U+FFFD for each active character.
pub fn line(text: &str) -> Cow<'_, str> {
    replaced(text, is_active)
}

/// The text with U+FFFD for each active character but line feeds and tabs.
pub fn lines(text: &str) -> Cow<'_, str> {
    replaced(text, |c| is_active(c) && !matches!(c, '\n' | '\t'))
}

/// The text with question marks for the bytes of each active character but line ends and tabs: every other byte stays where it is.
pub fn source(text: &str) -> Cow<'_, str> {
    let is_wrong =
        |(at, c): (usize, char)| is_active(c) && !matches!(c, '\n' | '\t') && !(c == '\r' && text[at..].starts_with("\r\n"));
    if !text.char_indices().any(is_wrong) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if is_wrong((at, c)) { out.extend(std::iter::repeat_n('?', c.len_utf8())) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// A JSON text with an escape for each active character that JSON lets stand in a string. Outside of strings it has none.
pub fn json(text: &str) -> Cow<'_, str> {
    let is_raw = |c: char| is_active(c) && !matches!(c, '\n' | '\t' | '\r');
    if !text.contains(is_raw) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        match c {
            // All of them are in the basic plane: one escape each. Writing to a string cannot fail.
            c if is_raw(c) => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

fn replaced(text: &str, is_wrong: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_wrong) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_wrong(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "é\u{1b}[2J\u{9b}1m\r\n\t\u{202e}a\u{2028}b\u{7f}";

    #[test]
    fn nothing_active_is_shown() {
        assert_eq!(line(TEXT), "é\u{fffd}[2J\u{fffd}1m\u{fffd}\u{fffd}\u{fffd}\u{fffd}a\u{fffd}b\u{fffd}");
        assert_eq!(lines(TEXT), "é\u{fffd}[2J\u{fffd}1m\u{fffd}\n\t\u{fffd}a\u{fffd}b\u{fffd}");
        assert_eq!(source(TEXT), "é?[2J??1m\r\n\t???a???b?");
        assert_eq!(source("a\rb\r\n"), "a?b\r\n");
        assert!(matches!(line("grün 日本 🙂"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_means_the_same_afterwards() {
        let written = serde_json::to_string_pretty(&[TEXT]).unwrap();
        let shown = json(&written);
        assert!(!shown.contains(|c| is_active(c) && c != '\n'), "{shown:?}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), [TEXT]);
    }
}
