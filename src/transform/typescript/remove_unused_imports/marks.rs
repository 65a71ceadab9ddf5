//! Comments by which an author says that an import stays though nothing uses it, and the names that comments use.

use crate::text::eol;
use crate::text::span::Span;

/// Whether a comment keeps the imports of a whole file: `/* eslint-disable no-unused-vars */`.
pub fn marks_file(text: &str, comments: &[Span]) -> bool {
    let mut comments = comments.iter().map(|span| words(&text[span.range()]));
    comments.any(|words| ["eslint-disable", "oxlint-disable"].iter().any(|tool| asks(&words, tool)))
}

/// Whether a comment keeps what stands at a place: one on its line, or on the line above.
pub fn is_marked(text: &str, comments: &[Span], place: Span) -> bool {
    let start = eol::line_start(text, place.range().start);
    let own = Span::new(place.start, eol::line_end(text, place.range().end) as u32);
    let above = eol::previous_line(text, start).map(|line| Span::new(line as u32, start as u32));
    let on = |line: Span| comments.iter().filter(move |comment| line.covers(**comment)).map(|span| words(&text[span.range()]));
    on(own).any(|words| ["eslint-disable-line", "oxlint-disable-line"].iter().any(|tool| asks(&words, tool)))
        || above.into_iter().flat_map(on).any(|words| {
            ["eslint-disable-next-line", "oxlint-disable-next-line"].iter().any(|tool| asks(&words, tool))
                || ["@ts-ignore", "@ts-expect-error", "noinspection"].iter().any(|mark| words.starts_with(mark))
                || (words.starts_with("biome-ignore") && words.contains("unused"))
        })
}

/// Whether a text has a name as a word.
pub fn has_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c == '_' || c == '$' || unicode_ident::is_xid_continue(c);
    text.match_indices(name).any(|(at, name)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}

/// The names that a file's own comments give JSX: `@jsx h`; `None` where the comments leave that to the compiler's settings.
pub fn jsx_names(text: &str, comments: &[Span]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut is_said = false;
    for words in comments.iter().map(|span| &text[span.range()]).filter(|comment| comment.contains("@jsx")) {
        for (at, _) in words.match_indices("@jsx") {
            let mut parts = words[at..].split_whitespace();
            let (tag, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            match (tag, value) {
                ("@jsx" | "@jsxFrag", name) => names.extend(name.split('.').next().map(str::to_owned)),
                ("@jsxRuntime", "classic") => names.push("React".to_owned()),
                ("@jsxRuntime" | "@jsxImportSource", _) => {}
                _ => continue,
            }
            is_said = true;
        }
    }
    is_said.then_some(names)
}

/// The words of a comment, without its marks.
fn words(comment: &str) -> String {
    comment.trim_start_matches(['/', '*']).trim_end_matches(['/', '*']).trim().to_owned()
}

/// Whether the words of a comment tell a linter not to speak of unused names.
fn asks(words: &str, tool: &str) -> bool {
    let Some(rest) = words.strip_prefix(tool).filter(|rest| !rest.starts_with('-')) else { return false };
    let rules = rest.split("--").next().unwrap_or_default().trim();
    rules.is_empty() || rules.contains("unused")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::typescript::collect;
    use crate::text::path::RepoPath;

    fn is_kept(text: &str) -> bool {
        let facts = collect(text, &RepoPath::new("web/a.ts").unwrap());
        marks_file(text, &facts.comments) || is_marked(text, &facts.comments, facts.aliases[0].span)
    }

    #[test]
    fn a_comment_keeps_an_import_or_not() {
        for text in [
            "// eslint-disable-next-line\nimport { A } from 'm';\n",
            "// eslint-disable-next-line @typescript-eslint/no-unused-vars -- typed later\nimport { A } from 'm';\n",
            "import { A } from 'm'; // eslint-disable-line no-unused-vars\n",
            "import {\n  // @ts-ignore\n  A,\n} from 'm';\n",
            "/* eslint-disable unused-imports/no-unused-imports */\nimport { A } from 'm';\n",
            "// @ts-expect-error: no types\nimport { A } from 'm';\n",
        ] {
            assert!(is_kept(text), "{text}");
        }
        for text in [
            "// eslint-disable-next-line no-console\nimport { A } from 'm';\n",
            "// unused\nimport { A } from 'm';\n",
            "/* eslint-disable no-console */\nimport { A } from 'm';\n",
            "// eslint-disable-next-line\n\nimport { A } from 'm';\n",
        ] {
            assert!(!is_kept(text), "{text}");
        }
    }

    #[test]
    fn a_comment_names_what_jsx_stands_for() {
        let names = |text: &str| jsx_names(text, &collect(text, &RepoPath::new("web/a.tsx").unwrap()).comments);
        assert_eq!(names("/** @jsx h */\n"), Some(vec!["h".to_owned()]));
        assert_eq!(names("/* @jsxRuntime classic */\n"), Some(vec!["React".to_owned()]));
        assert_eq!(names("/** @jsxImportSource preact */\n"), Some(Vec::new()));
        assert_eq!(names("// none\n"), None);
    }
}
