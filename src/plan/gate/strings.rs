//! The metric `strings`: string literals that spell a text, such as the path of a request or the name of an event, in all languages.
//!
//! A literal counts where the text is all of it, or stands in it between other characters than those of a word: `/auth/verify` is in
//! `"/auth/verify?x=1"` and not in `"/auth/verify-email"`. Of f-strings and template literals the fixed parts are looked at. Comments and
//! docstrings are no code.

use rayon::prelude::*;

use super::{Context, Counted};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::wire::{Problem, Table};

/// What a gate of this metric counts.
pub struct Strings {
    /// A literal that spells several of them counts once.
    of: Vec<String>,
}

impl Strings {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        if !table.has("of") {
            let problem = Problem::new(table.origin(), "`of` is missing");
            table
                .problem(problem.hint("`of` is a text that code spells in strings, such as `/auth/verify`, or a list of them"));
        }
        let texts = table.strings("of");
        for empty in texts.iter().filter(|text| text.value.trim().is_empty()) {
            table.problem(Problem::new(&empty.origin, "every string has the empty text"));
        }
        let of: Vec<String> = texts.into_iter().map(|text| text.value).filter(|text| !text.trim().is_empty()).collect();
        (!of.is_empty()).then_some(Self { of })
    }

    pub(super) fn count(&self, context: &Context<'_>) -> Vec<Counted> {
        let files = 0..context.index.snapshot().files().len();
        let files: Vec<FileId> = files.map(FileId::new).filter(|&file| context.has_file(file)).collect();
        files.par_iter().flat_map_iter(|&file| self.in_file(context, file)).collect()
    }

    fn in_file(&self, context: &Context<'_>, file: FileId) -> Vec<Counted> {
        let path = &context.index.snapshot().get(file).path;
        let text = crate::lang::is_source(path).then(|| context.index.text(file).ok()).flatten().unwrap_or_default();
        if !self.of.iter().any(|wanted| text.contains(wanted.as_str())) {
            return Vec::new();
        }
        let Some(tree) = context.index.tree(file, &text) else { return Vec::new() };
        let is_spelled = |span: &Span| self.of.iter().any(|wanted| spells(&text[span.range()], wanted));
        let found = tree.strings().into_iter().filter(is_spelled);
        found.map(|span| context.counted(file, span.start, context.line(file, span.start))).collect()
    }
}

/// Whether a literal has the text in it, and not in the middle of a word.
fn spells(literal: &str, wanted: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let goes_on = |one: Option<char>, other: Option<char>| one.is_some_and(is_word) && other.is_some_and(is_word);
    literal.match_indices(wanted).any(|(at, _)| {
        let behind = &literal[at + wanted.len()..];
        !goes_on(literal[..at].chars().next_back(), wanted.chars().next())
            && !goes_on(wanted.chars().next_back(), behind.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::spells;

    #[test]
    fn a_text_and_not_a_part_of_a_word() {
        for literal in ["/auth/verify", "https://x/auth/verify?y", "/auth/verify/", "POST /auth/verify"] {
            assert!(spells(literal, "/auth/verify"), "{literal}");
        }
        for literal in ["/auth/verify-email", "/auth/verifyAll", "/auth/verif"] {
            assert!(!spells(literal, "/auth/verify"), "{literal}");
        }
        assert!(!spells("not_agent_started", "agent_started"));
    }
}
