//! Files that do not parse and spell what is searched for. What they say of it cannot be known, so none of them counts as migrated.

use std::sync::Arc;

use memchr::memmem;
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
    /// The candidates that do not parse and spell a target, though none of the references found there is one to it. They are sorted
    /// by file, then by target.
    ///
    /// A file spells a module by its dotted path, by its package's path and its last name, or by a relative path that ends in its
    /// last name; and a symbol by its module and its name.
    pub fn unread(&self, targets: &[Target], references: &[Reference]) -> Vec<Unread> {
        let index = self.index();
        let known: FxHashSet<(FileId, usize)> = references.iter().map(|reference| (reference.file, reference.target)).collect();
        let spelled = |target: &'_ Target| -> (Arc<str>, Option<Arc<str>>) {
            match target {
                Target::Symbol(symbol) => (index.modules().dotted(&symbol.module), Some(symbol.name.clone())),
                Target::Module(dotted) => ((&**dotted).into(), None),
            }
        };
        let targets: Vec<(Arc<str>, Option<Arc<str>>)> = targets.iter().map(spelled).collect();
        let mut found = Vec::new();
        for &file in self.candidates().iter().filter(|&&file| !index.facts(file).errors.is_empty()) {
            let Ok(bytes) = index.snapshot().read(index.snapshot().get(file)) else {
                // What it spells is not known.
                found.extend((0..targets.len()).map(|target| Unread { file, target, span: Span::at(0) }));
                continue;
            };
            let own = index.modules().name(file).unwrap_or_default();
            for (target, (module, name)) in targets.iter().enumerate() {
                if !known.contains(&(file, target)) && !is_inside(own, module) {
                    found.extend(mention(&bytes, own, module, name.as_deref()).map(|span| Unread { file, target, span }));
                }
            }
        }
        found
    }
}

/// Where a text, that of the module `own`, first has the last name of a symbol or module, if it spells it.
fn mention(text: &[u8], own: &str, module: &str, name: Option<&str>) -> Option<Span> {
    let (package, stem) = module.rsplit_once('.').unwrap_or(("", module));
    let ends = |at: usize| match (text.get(at), name) {
        // `pkg.legacy.Name`, but not `pkg.legacy.inner`.
        (Some(b'.'), Some(name)) => words(&text[at + 1..], name).next() == Some(0),
        _ => true,
    };
    let is_whole = |at: &usize| *at == 0 || text[at - 1] != b'.';
    let dotted = words(text, module).find(|at| is_whole(at) && ends(at + module.len()));
    let behind_package = || {
        let is_package = |at: &usize| is_whole(at) && text.get(at + package.len()) != Some(&b'.');
        let has_package = !package.is_empty() && words(text, package).any(|at| is_package(&at));
        words(text, stem).find(|at| has_package && is_whole(at))
    };
    let relative = || {
        let is_near = own.split('.').next() == module.split('.').next();
        let has_dots = |at: &usize| {
            let path = text[..*at].iter().rev().take_while(|&&byte| byte == b'.' || is_part(byte)).count();
            path > 0 && text[at - path] == b'.' && ends(at + stem.len())
        };
        words(text, stem).find(|at| is_near && has_dots(at))
    };
    let at = dotted.or_else(behind_package).or_else(relative)?;
    let span = |at: usize, word: &str| Span::new(at as u32, (at + word.len()) as u32);
    match name {
        Some(name) => words(text, name).next().map(|at| span(at, name)),
        None => Some(span(at, if text[at..].starts_with(module.as_bytes()) { module } else { stem })),
    }
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The places of a word, or of a dotted path, in a text that need not be UTF-8.
fn words<'t>(text: &'t [u8], word: &'t str) -> impl Iterator<Item = usize> + 't {
    let next = move |from: usize| memmem::find(text.get(from..)?, word.as_bytes()).map(|at| from + at);
    let starts = std::iter::successors(next(0), move |at| next(at + 1));
    starts.filter(move |&at| {
        let before = at.checked_sub(1).map(|at| text[at]);
        let behind = text.get(at + word.len()).copied();
        !before.is_some_and(is_part) && !behind.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_found() {
        let found = |text: &[u8], word| words(text, word).collect::<Vec<_>>();
        assert_eq!(found(b"Older xOld Old_ \xffOld old", "Old"), [0; 0]);
        assert_eq!(found(b"\xe2\x82 Older;Old Old", "Old"), [9, 13]);
    }

    #[test]
    fn a_symbol_is_spelled_with_its_module() {
        let found = |text: &str| mention(text.as_bytes(), "pkg.sub.user", "pkg.legacy", Some("Old")).map(|span| span.start);
        assert_eq!(found("from pkg.legacy import (Old"), Some(24));
        assert_eq!(found("x = pkg.legacy.Old("), Some(15));
        assert_eq!(found("from pkg import (legacy\nlegacy.Old"), Some(31));
        assert_eq!(found("from ..legacy import Old,"), Some(21));
        assert_eq!(found("from .. import legacy; legacy.Old("), None, "too far for a guess");
        assert_eq!(found("from pkg.legacy.inner import Old)"), None, "another module's");
        assert_eq!(found("from pkg.legacy import Older)"), None);
        assert_eq!(found("legacy = Old("), None, "words alone say nothing");
        assert_eq!(found("import other.pkg.legacy; Old("), None);
        assert_eq!(found("from pkg.other import legacy; legacy.Old("), None);
    }

    #[test]
    fn a_module_is_spelled_with_what_lies_in_it() {
        let found = |text: &str| mention(text.as_bytes(), "app", "pkg.legacy", None).map(|span| (span.start, span.end));
        assert_eq!(found("import pkg.legacy.inner as"), Some((7, 17)));
        assert_eq!(found("from pkg import (legacy"), Some((17, 23)));
        assert_eq!(found("from .legacy import (x"), None, "the file is not in the package");
        assert_eq!(found("import pkg, legacy_too("), None);
    }
}
