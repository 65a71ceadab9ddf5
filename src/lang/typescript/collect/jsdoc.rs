//! Modules that the comments of JavaScript name, where TypeScript reads types from them: `@type {import("./m").T}` and
//! `@import { T } from "./m"`.
//!
//! They are no requests: nothing says which of their names a comment means. Whoever moves a module hears of them as of other strings.

use super::Collector;
use crate::text::span::Span;

impl Collector<'_> {
    /// Notes the modules that JSDoc comments name.
    pub(super) fn documented(&mut self) {
        if !self.is_javascript {
            return;
        }
        let text = self.text;
        let documents: Vec<Span> =
            self.comments.iter().copied().filter(|comment| text[comment.range()].starts_with("/**")).collect();
        for comment in documents {
            for place in named(&text[comment.range()]) {
                let place = Span::new(comment.start + place.start as u32, comment.start + place.end as u32);
                self.maybe_path(&text[place.start as usize + 1..place.end as usize - 1], place);
            }
        }
    }
}

/// The places of the modules' names in a comment, with their quotes.
fn named(comment: &str) -> Vec<std::ops::Range<usize>> {
    let types = comment.match_indices("import(").filter_map(|(at, word)| {
        let start = at + word.len();
        let blanks = comment[start..].len() - comment[start..].trim_start().len();
        quoted(comment, start + blanks)
    });
    let imports = comment.match_indices("@import").filter_map(|(at, _)| {
        let from = at + comment[at..].find(['"', '\''])?;
        comment[at..from].contains("from").then(|| quoted(comment, from)).flatten()
    });
    types.chain(imports).collect()
}

/// The place of the text in quotes that begins at a place.
fn quoted(comment: &str, start: usize) -> Option<std::ops::Range<usize>> {
    let quote = comment[start..].chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let length = comment[start + 1..].find([quote, '\n'])?;
    comment[start + 1 + length..].starts_with(quote).then(|| start..start + length + 2)
}

#[cfg(test)]
mod tests {
    use crate::lang::typescript::collect;
    use crate::text::path::RepoPath;

    fn named(text: &str, path: &str) -> Vec<String> {
        let facts = collect(text, &RepoPath::new(path).unwrap());
        facts.paths.iter().map(|(_, span)| text[span.range()].to_owned()).collect()
    }

    #[test]
    fn comments_of_javascript_name_modules() {
        let text = "/** @type {import('./a').T | import( \"../b\" ).U} */\nlet x;\n/**\n * @import { T, from } from '@/c'\n */\nx();\n";
        assert_eq!(named(text, "m.js"), ["'./a'", "\"../b\"", "'@/c'"]);
        assert_eq!(named(text, "m.ts"), [""; 0]);
    }

    #[test]
    fn other_comments_name_none() {
        for text in [
            "// import('./a')\nx();\n",
            "/* @type {import('./a').T} */\nx();\n",
            "/** it's @import(ed) from './a */\nx();\n",
            "/** import( */\nx();\n",
        ] {
            assert_eq!(named(text, "m.js"), [""; 0], "{text}");
        }
    }
}
