//! Comments by which an author says that an import stays though nothing reads it, and comments that would go with an import.

use crate::lang::python::facts::{Alias, Import};
use crate::text::eol;
use crate::text::span::Span;
use crate::transform::python::View;

/// The code under which linters know an import that nothing reads.
const CODE: &str = "F401";

/// Whether the author has marked an import so that it stays: by a comment on its line, above it or for the whole file, or by the form
/// `X as X`, which says that the name is passed on (PEP 484).
pub(super) fn is_marked(view: &View<'_>, alias: &Alias, file: bool) -> bool {
    let import = view.facts.import_of(alias);
    let is_passed_on = alias.asname.is_some_and(|(name, _)| name == alias.name);
    let text = &view.text;
    let start = eol::line_start(text, import.span.range().start);
    let above = eol::previous_line(text, start).map_or("", |line| text[line..eol::line_end(text, line)].trim());
    let first = if import_lines(view, import).contains('\n') { comment_behind(text, import.span.range().start) } else { None };
    let own = comment_behind(text, alias.name_span.range().end);
    let last = comment_behind(text, import.span.range().end);
    file || is_passed_on
        || above.starts_with('#') && above.contains("noinspection")
        || [first, own, last].into_iter().flatten().any(keeps)
}

/// Whether a comment marks a whole file.
pub(super) fn marks_file(text: &str) -> bool {
    let mut comments = text.lines().map(str::trim).filter(|line| line.starts_with('#'));
    comments.any(|comment| {
        let words = comment.trim_start_matches('#').trim_start().to_ascii_lowercase();
        let own = ["ruff:", "flake8:"].iter().find_map(|tool| words.strip_prefix(tool));
        own.is_some_and(|rest| suppresses(rest.trim_start())) || disables(&words)
    })
}

/// Whether a comment keeps the imports of its line.
fn keeps(comment: &str) -> bool {
    let comment = comment.to_ascii_lowercase();
    comment.split('#').skip(1).map(str::trim_start).any(|words| suppresses(words) || disables(words))
}

/// Whether the words of a comment are `noqa`, alone or with codes that the one for unused imports starts with.
fn suppresses(words: &str) -> bool {
    let Some(rest) = words.strip_prefix("noqa") else { return false };
    let Some(codes) = rest.trim_start().strip_prefix(':') else {
        return !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    };
    let codes = codes.split(|c: char| c == ',' || c.is_whitespace()).filter(|code| !code.is_empty());
    // What follows the codes is prose.
    let mut codes = codes.take_while(|code| is_code(code)).peekable();
    codes.peek().is_none() || codes.any(|code| CODE.to_ascii_lowercase().starts_with(code))
}

fn is_code(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    digits.len() < word.len() && word.len() <= 8 && digits.chars().all(|c| c.is_ascii_digit())
}

/// Whether the words of a comment are those by which pylint is told the same.
fn disables(words: &str) -> bool {
    let rest = words.strip_prefix("pylint:").map(str::trim_start);
    let named = rest.and_then(|rest| rest.strip_prefix("disable")).unwrap_or_default();
    named.split(|c: char| matches!(c, ',' | '=') || c.is_whitespace()).any(|name| matches!(name, "unused-import" | "w0611"))
}

/// The comment on the rest of a line of an import statement, in which no string can stand.
fn comment_behind(text: &str, offset: usize) -> Option<&str> {
    let rest = &text[offset..eol::line_end(text, offset)];
    rest.find('#').map(|at| &rest[at..])
}

fn import_lines<'t>(view: &'t View<'_>, import: &Import) -> &'t str {
    &view.text[import.span.range()]
}

/// The comment that would go with an import, unless it is addressed to a tool: one on the alias's own line, or, where the whole statement
/// goes, any in it or behind it.
pub(in crate::transform::python) fn comment_with(view: &View<'_>, alias: &Alias, is_whole: bool) -> Option<Span> {
    let import = view.facts.import_of(alias);
    let text = &view.text;
    let within = match is_whole {
        true => import.span.range().start..eol::line_end(text, import.span.range().end),
        false => alias.name_span.range().end..eol::line_end(text, alias.name_span.range().end).min(import.span.range().end),
    };
    let behind_alone = text[import.span.range().end..eol::line_end(text, import.span.range().end)].trim_start();
    let end = if is_whole && !behind_alone.starts_with('#') { import.span.range().end } else { within.end };
    let mut start = within.start;
    while start < end {
        let line_end = eol::line_end(text, start).min(end);
        if let Some(at) = text[start..line_end].find('#')
            && !is_for_tool(&text[start + at..line_end])
        {
            return Some(Span::new((start + at) as u32, line_end as u32));
        }
        start = eol::next_line(text, start).max(start + 1);
    }
    None
}

fn is_for_tool(comment: &str) -> bool {
    const TOOLS: [&str; 10] =
        ["noqa", "type:", "pylint:", "pyright:", "mypy:", "isort:", "ruff:", "flake8:", "pragma:", "nosec"];
    let words = comment.trim_start_matches('#').trim_start().to_ascii_lowercase();
    TOOLS.iter().any(|tool| words.starts_with(tool))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_keeps_an_import_or_not() {
        for comment in [
            "# noqa",
            "#NOQA",
            "# noqa: F401",
            "# noqa:E402,F401",
            "# noqa: E402 F401 because",
            "# noqa : F401",
            "# noqa: F",
            "# noqa because",
            "# type: ignore # noqa",
            "# pylint: disable=unused-import",
            "# pylint: disable=line-too-long, W0611",
        ] {
            assert!(keeps(comment), "{comment}");
        }
        for comment in
            ["# noqa: E402", "# noqa: F811,E402", "# type: ignore", "# used", "# noqast", "# pylint: disable=all-else"]
        {
            assert!(!keeps(comment), "{comment}");
        }
    }

    #[test]
    fn a_comment_marks_a_file_or_not() {
        for text in [
            "# ruff: noqa\n",
            "x = 1\n  # flake8: noqa: F401\n",
            "#ruff: NOQA: E1, F401\n",
            "# pylint: disable=unused-import\n",
        ] {
            assert!(marks_file(text), "{text}");
        }
        for text in ["# noqa\n", "# ruff: noqa: E402\n", "import x  # ruff: noqa\n"] {
            assert!(!marks_file(text), "{text}");
        }
    }
}
