//! Giving a local name another spelling at all its uses in one file.
//!
//! The binding itself (an import, say) is for the caller to change. A rename is made only where it provably changes nothing but
//! the spelling; every [`Obstacle`] is a reason to keep the old name with `as`.

use super::facts::{Binding, BindingKind, Facts, NameId, ScopeId, Use};
use super::scope::Lookup;
use super::strings;
use crate::text::edit::Edit;
use crate::text::span::Span;

/// Why a name keeps its spelling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// The new name means something else somewhere in the file.
    Taken,
    /// `global` or `nonlocal` declares the name.
    Declared,
    /// The name is part of a class, and so an attribute of it.
    ClassAttribute,
    /// A class body reads the name and binds it.
    Ambiguous,
    /// The name's spelling is data too: in an f-string with `=`, a t-string, a string that could name code, or a doctest.
    InString,
    /// A parameter has the name: a test fixture is asked for by name.
    Parameter,
    /// A private name, which classes mangle.
    Private,
}

impl Obstacle {
    /// What it means, in words for a person.
    pub fn explain(self) -> &'static str {
        match self {
            Obstacle::Taken => "the new name means something else here",
            Obstacle::Declared => "`global` or `nonlocal` declares one of the names",
            Obstacle::ClassAttribute => "it is an attribute of a class",
            Obstacle::Ambiguous => "a class body reads the name and binds it",
            Obstacle::InString => "its spelling is data too",
            Obstacle::Parameter => "a parameter has the name",
            Obstacle::Private => "classes mangle private names",
        }
    }
}

/// Why and where a name has to keep its spelling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Why.
    pub obstacle: Obstacle,
    /// The place that stands in the way, where there is one.
    pub at: Option<Span>,
}

/// Returns the edits that spell a scope's name differently at all its uses. `is_same` tells of a binding of the new name whether
/// it stands for the same object.
///
/// # Errors
/// The spelling matters somewhere.
pub fn rename_uses(
    facts: &Facts,
    scope: ScopeId,
    name: NameId,
    new: &str,
    is_same: &dyn Fn(&Binding) -> bool,
) -> Result<Vec<Edit>, Kept> {
    let kept = |obstacle, at| Err(Kept { obstacle, at });
    let old = facts.names.get(name);
    if old.starts_with("__") || new.starts_with("__") {
        return kept(Obstacle::Private, None);
    }
    if facts.scopes[scope.index()].kind == super::facts::ScopeKind::Class {
        return kept(Obstacle::ClassAttribute, None);
    }
    let new_id = facts.names.find(new);
    if facts.declarations.iter().any(|&(_, declared, _)| declared == name || Some(declared) == new_id) {
        return kept(Obstacle::Declared, None);
    }
    let is_parameter = |binding: &&Binding| binding.name == name && binding.kind == BindingKind::Parameter;
    if let Some(binding) = facts.bindings.iter().find(is_parameter) {
        return kept(Obstacle::Parameter, Some(binding.span));
    }
    // An entry of `__all__` is for the caller, like the binding.
    let is_entry = |span| facts.exports.iter().flat_map(|exports| &exports.entries).any(|entry| entry.1 == span);
    let mut strings = facts.strings.iter().filter(|string| !is_entry(string.span));
    if let Some(string) = strings.find(|string| may_read(facts.names.get(string.value), old)) {
        return kept(Obstacle::InString, Some(string.span));
    }
    if facts.embedded_code_names(old) {
        return kept(Obstacle::InString, None);
    }
    // A star import may bring the new name.
    if let Some(star) = facts.stars().next() {
        return kept(Obstacle::Taken, Some(star.name_span));
    }
    if let Some(new) = new_id {
        let is_otherwise = |used: &Use| match facts.lookup(used.scope, new) {
            Lookup::Bound(owner) => !facts.bindings_of(owner, new).all(|(_, binding)| is_same(binding)),
            Lookup::ClassOr(..) | Lookup::Free => true,
        };
        let bound =
            facts.bindings.iter().filter(|binding| binding.name == new && !is_same(binding)).map(|binding| binding.span);
        let used = facts.uses.iter().filter(|used| used.name == new && is_otherwise(used)).map(|used| used.span);
        if let Some(first) = bound.chain(used).min() {
            return kept(Obstacle::Taken, Some(first));
        }
    }
    let mut edits = Vec::new();
    for used in facts.uses.iter().filter(|used| used.name == name) {
        match facts.lookup(used.scope, name) {
            Lookup::Bound(owner) if owner == scope => {
                if used.flags.frozen {
                    return kept(Obstacle::InString, Some(used.span));
                }
                edits.push(Edit::replace(used.span, new));
            }
            Lookup::ClassOr(_, Some(owner)) if owner == scope => return kept(Obstacle::Ambiguous, Some(used.span)),
            _ => {}
        }
    }
    Ok(edits)
}

impl Facts {
    /// Whether code that is embedded in comments or strings mentions the name.
    pub fn embedded_code_names(&self, name: &str) -> bool {
        self.embedded_code_with(name).next().is_some()
    }

    /// The code that is embedded in comments or strings and mentions the name.
    pub fn embedded_code_with(&self, name: &str) -> impl Iterator<Item = Span> {
        self.embedded_code.iter().filter(move |(_, code)| has_word(code, name)).map(|&(span, _)| span)
    }

    /// The code that is embedded in comments or strings and mentions the module, by its path or in a `from` import.
    pub fn embedded_code_with_module(&self, dotted: &str) -> impl Iterator<Item = Span> {
        let (package, stem) = dotted.rsplit_once('.').unwrap_or(("", dotted));
        let mentions = move |code: &str| has_path(code, dotted) || (has_path(code, package) && has_word(code, stem));
        self.embedded_code.iter().filter(move |(_, code)| mentions(code)).map(|&(span, _)| span)
    }

    /// Whether text that may be code reads something out of the name of a module: `eval("name.X")`.
    pub fn text_reads_from(&self, name: &str) -> bool {
        let reads = |text: &str| match strings::is_path(text) {
            true => text.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')),
            false => has_word(text, name) && text != name,
        };
        self.embedded_code_names(name) || self.strings.iter().any(|string| reads(self.names.get(string.value)))
    }
}

/// Whether a string can be the spelling of a local name. A dotted path reads the name that it starts with, and no other.
fn may_read(text: &str, name: &str) -> bool {
    match strings::is_path(text) {
        true => strings::prefix(text, 1) == name,
        false => has_word(text, name),
    }
}

/// Whether the text has the dotted path, or a longer one that starts with it.
fn has_path(text: &str, dotted: &str) -> bool {
    let is_part = |c: char| c == '_' || c == '.' || unicode_ident::is_xid_continue(c);
    let is_it = |part: &str| part.strip_prefix(dotted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    !dotted.is_empty() && text.split(|c| !is_part(c)).any(is_it)
}

/// Whether the text has the word, with no identifier character on either side.
pub fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c == '_' || unicode_ident::is_xid_continue(c))).any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::python::collect;
    use crate::text::edit::TextEdit;

    /// Renames the uses of the module's `old` to `new`; the binding keeps its spelling.
    fn renamed(text: &str) -> Result<String, Kept> {
        let facts = collect(text, None);
        let name = facts.names.find("old").unwrap();
        let edits = rename_uses(&facts, ScopeId::MODULE, name, "new", &|_| false)?;
        Ok(String::from_utf8(TextEdit::new(edits).unwrap().apply(text.as_bytes())).unwrap())
    }

    #[test]
    fn uses_are_renamed_by_scope() {
        let text = "from m import old\nold(1)\ndef f(a: 'old[int]' = old) -> old:\n    return [old for x in old]\n\
                    def g():\n    old = 1\n    return old\nclass C(old):\n    x: 'List[\"old\"]' = f'{old!r}'\n\
                    from typing import cast\ny = cast('old', 1)  # type: List[old]\n";
        let want = "from m import old\nnew(1)\ndef f(a: 'new[int]' = new) -> new:\n    return [new for x in new]\n\
                    def g():\n    old = 1\n    return old\nclass C(new):\n    x: 'List[\"new\"]' = f'{new!r}'\n\
                    from typing import cast\ny = cast('new', 1)  # type: List[new]\n";
        assert_eq!(renamed(text).as_deref(), Ok(want));
    }

    #[test]
    fn a_spelling_that_matters_is_kept() {
        let cases = [
            ("new = 1\n", Obstacle::Taken),
            ("print(new)\n", Obstacle::Taken),
            ("from m import *\n", Obstacle::Taken),
            ("def f(new): return old\n", Obstacle::Taken),
            ("def f():\n    global old\n    old = 2\n", Obstacle::Declared),
            ("def test(old): pass\n", Obstacle::Parameter),
            ("print(f'{old=}')\n", Obstacle::InString),
            ("getattr(m, 'old')\n", Obstacle::InString),
            ("eval('old.x')\n", Obstacle::InString),
            ("f()  # type: List[old]\n", Obstacle::InString),
            ("from typing import cast\ncast('o' 'ld', 1)\n", Obstacle::InString),
            ("print(t'{old}')\n", Obstacle::InString),
            ("def f():\n    \"\"\"F.\n\n    >>> f(\n    ...     old)\n    1\n    \"\"\"\n", Obstacle::InString),
            ("class C:\n    old = old\n", Obstacle::Ambiguous),
        ];
        for (text, obstacle) in cases {
            let text = format!("from m import old\n{text}");
            assert_eq!(renamed(&text).map_err(|kept| kept.obstacle), Err(obstacle), "{text}");
        }
    }

    #[test]
    fn what_stands_in_the_way_is_shown() {
        let shown = |text: &str| {
            let kept = renamed(text).unwrap_err();
            (kept.obstacle.explain(), kept.at.map(|span| text[..span.start as usize].lines().count()))
        };
        let text = "from m import old\nold()\ndef test(\n    old): pass\n";
        assert_eq!(shown(text), ("a parameter has the name", Some(4)));
        assert_eq!(shown("from m import old\nprint(new)\nnew = 1\n"), ("the new name means something else here", Some(2)));
    }

    #[test]
    fn prose_does_not_matter() {
        let text = "'''old is old\n>>> not code of this\nold'''\nfrom m import old\nprint('the old way', old)  # old\n";
        let want = "'''old is old\n>>> not code of this\nold'''\nfrom m import old\nprint('the old way', new)  # old\n";
        assert_eq!(renamed(text).as_deref(), Ok(want));
    }
}
