//! What a file says of itself as a whole, to the compiler or to a framework: directives and pragmas at its top.

use crate::text::eol;
use crate::text::span::Span;

/// Directives that say where a module's code runs.
const DIRECTIVES: [&str; 3] = ["use client", "use server", "use cache"];

/// Pragmas that say how a file is compiled.
const PRAGMAS: [&str; 7] = ["@ts-nocheck", "@ts-check", "@jsxImportSource", "@jsxRuntime", "@jsxFrag", "@jsx", "@flow"];

/// The directives and pragmas at the top of a file, with their lines, in the order of the file. A directive is given without its quotes, a
/// pragma with what it is set to.
pub fn marks(text: &str) -> Vec<(Span, &str)> {
    let mut found = Vec::new();
    let mut is_in_comment = false;
    let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while start < text.len() {
        let (end, next) = (eol::line_end(text, start), eol::next_line(text, start));
        let line = text[start..end].trim();
        let span = Span::new(start as u32, end as u32);
        let is_comment = is_in_comment || line.starts_with("//") || line.starts_with("/*");
        if is_comment {
            let words = line.trim_start_matches(['/', '*', '!', ' ']).trim_end_matches(['/', '*', ' ']);
            let first = words.split_whitespace().next();
            if PRAGMAS.iter().any(|pragma| first == Some(*pragma)) {
                found.push((span, words));
            }
            let opens = is_in_comment || line.starts_with("/*");
            let behind = line.split_once("*/").map(|(_, behind)| behind.trim());
            is_in_comment = opens && behind.is_none();
            if opens && behind.is_some_and(|behind| !behind.is_empty()) {
                break;
            }
        } else if let Some(directive) = directive(line) {
            found.extend(DIRECTIVES.contains(&directive).then_some((span, directive)));
        } else if !line.is_empty() {
            break;
        }
        if next <= start {
            break;
        }
        start = next;
    }
    found
}

/// What a line says that is a directive and nothing else.
fn directive(line: &str) -> Option<&str> {
    let line = line.strip_suffix(';').unwrap_or(line);
    let quote = line.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let inner = line.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains(quote)).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_at_the_top_alone() {
        let said = |text| marks(text).into_iter().map(|(_, mark)| mark).collect::<Vec<_>>();
        assert_eq!(said("\u{feff}'use client'\r\n\r\nimport a from 'a'\r\n\"use server\"\r\n"), ["use client"]);
        assert_eq!(
            said("/** A licence. */\n// @ts-nocheck\n\"use strict\";\n\"use server\";\n"),
            ["@ts-nocheck", "use server"]
        );
        assert_eq!(said("/**\n * @jsx h\n * @author me\n */\nf();\n// @ts-nocheck\n"), ["@jsx h"]);
        assert_eq!(said("\"use client\" + x;\n// @ts-nocheck"), Vec::<&str>::new());
        assert_eq!(said(""), Vec::<&str>::new());
    }
}
