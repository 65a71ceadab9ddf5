//! Files that do not parse and spell what is searched for. What they say of it cannot be known, so none of them counts as migrated.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::references::{Reference, Search, Target, is_inside};
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// A file that does not parse and spells a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unread {
    /// The file.
    pub file: FileId,
    /// The index of the target among those searched for.
    pub target: usize,
    /// Where it first has the target's last name, as a whole word.
    pub span: Span,
}

impl Search<'_> {
    /// The candidates that do not parse and spell a target (a symbol's name and its module's last name, or a module's last name),
    /// though none of the references found there is one to it. They are sorted by file, then by target.
    pub fn unread(&self, targets: &[Target], references: &[Reference]) -> Vec<Unread> {
        let index = self.index();
        let known: FxHashSet<(FileId, usize)> = references.iter().map(|reference| (reference.file, reference.target)).collect();
        let spelled: Vec<(Arc<str>, Option<&str>)> = targets
            .iter()
            .map(|target| match target {
                Target::Symbol(symbol) => (index.modules().dotted(&symbol.module), Some(&*symbol.name)),
                Target::Module(dotted) => ((&**dotted).into(), None),
            })
            .collect();
        let mut found = Vec::new();
        for &file in self.candidates().iter().filter(|&&file| !index.facts(file).errors.is_empty()) {
            let Ok(bytes) = index.snapshot().read(index.snapshot().get(file)) else { continue };
            let own = index.modules().name(file).unwrap_or_default();
            for (target, (module, name)) in spelled.iter().enumerate() {
                if known.contains(&(file, target)) || is_inside(own, module) {
                    continue;
                }
                let stem = module.rsplit('.').next().unwrap_or(module);
                let has_module = first_word(&bytes, stem);
                let span = has_module.and_then(|span| name.map_or(Some(span), |name| first_word(&bytes, name)));
                found.extend(span.map(|span| Unread { file, target, span }));
            }
        }
        found
    }
}

/// The first place of a word in a text that need not be UTF-8.
fn first_word(text: &[u8], word: &str) -> Option<Span> {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80);
    let starts = (0..text.len()).filter(|&at| text[at..].starts_with(word.as_bytes()));
    let whole = |&at: &usize| !is_part(at.checked_sub(1).and_then(|at| text.get(at))) && !is_part(text.get(at + word.len()));
    starts.into_iter().find(whole).map(|at| Span::new(at as u32, (at + word.len()) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_found() {
        assert_eq!(first_word(b"Older xOld Old_ \xffOld old", "Old"), None);
        assert_eq!(first_word(b"\xe2\x82 Older;Old", "Old"), Some(Span::new(9, 12)));
    }
}
