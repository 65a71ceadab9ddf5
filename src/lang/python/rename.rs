//! Giving a local name another spelling at all its uses in one file.
//!
//! The binding itself (an import, say) is for the caller to change. A rename is made only where it provably changes nothing but
//! the spelling; every [`Obstacle`] is a reason to keep the old name with `as`.

use super::facts::{Binding, BindingKind, Facts, NameId, ScopeId};
use super::scope::Lookup;
use super::strings;
use crate::text::edit::Edit;

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
    /// The name's spelling is data too: in an f-string with `=`, a string that could name code, a type comment or a doctest.
    InString,
    /// A parameter has the name: a test fixture is asked for by name.
    Parameter,
    /// A private name, which classes mangle.
    Private,
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
) -> Result<Vec<Edit>, Obstacle> {
    let old = facts.names.get(name);
    if old.starts_with("__") || new.starts_with("__") {
        return Err(Obstacle::Private);
    }
    if facts.scopes[scope.index()].kind == super::facts::ScopeKind::Class {
        return Err(Obstacle::ClassAttribute);
    }
    let new_id = facts.names.find(new);
    if facts.declarations.iter().any(|&(_, declared, _)| declared == name || Some(declared) == new_id) {
        return Err(Obstacle::Declared);
    }
    if facts.bindings.iter().any(|binding| binding.name == name && binding.kind == BindingKind::Parameter) {
        return Err(Obstacle::Parameter);
    }
    if facts.strings.iter().any(|string| may_read(facts.names.get(string.value), old)) || facts.embedded_code_names(old) {
        return Err(Obstacle::InString);
    }
    // A star import may bring the new name.
    if facts.aliases.iter().any(|alias| facts.is_star(alias)) {
        return Err(Obstacle::Taken);
    }
    if let Some(new) = new_id {
        let is_bound_otherwise = facts.bindings.iter().any(|binding| binding.name == new && !is_same(binding));
        let is_used_otherwise =
            facts.uses.iter().filter(|used| used.name == new).any(|used| match facts.lookup(used.scope, new) {
                Lookup::Bound(owner) => !facts.bindings_of(owner, new).all(|(_, binding)| is_same(binding)),
                Lookup::ClassOr(..) | Lookup::Free => true,
            });
        if is_bound_otherwise || is_used_otherwise {
            return Err(Obstacle::Taken);
        }
    }
    let mut edits = Vec::new();
    for used in facts.uses.iter().filter(|used| used.name == name) {
        match facts.lookup(used.scope, name) {
            Lookup::Bound(owner) if owner == scope => {
                if used.flags.frozen {
                    return Err(Obstacle::InString);
                }
                edits.push(Edit::replace(used.span, new));
            }
            Lookup::ClassOr(_, Some(owner)) if owner == scope => return Err(Obstacle::Ambiguous),
            _ => {}
        }
    }
    Ok(edits)
}

impl Facts {
    /// Whether code that is embedded in comments or strings mentions the name.
    fn embedded_code_names(&self, name: &str) -> bool {
        self.embedded_code.iter().any(|comment| has_word(comment, name))
    }
}

/// Whether a string can be the spelling of a local name. A dotted path reads the name that it starts with, and no other.
fn may_read(text: &str, name: &str) -> bool {
    match strings::is_path(text) {
        true => strings::prefix(text, 1) == name,
        false => has_word(text, name),
    }
}

/// Whether the text has the word, with no identifier character on either side.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c == '_' || unicode_ident::is_xid_continue(c))).any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::python::collect;
    use crate::text::edit::TextEdit;

    /// Renames the uses of the module's `old` to `new`; the binding keeps its spelling.
    fn renamed(text: &str) -> Result<String, Obstacle> {
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
            assert_eq!(renamed(&text), Err(obstacle), "{text}");
        }
    }

    #[test]
    fn prose_does_not_matter() {
        let text = "'''old is old\n>>> not code of this\nold'''\nfrom m import old\nprint('the old way', old)  # old\n";
        let want = "'''old is old\n>>> not code of this\nold'''\nfrom m import old\nprint('the old way', new)  # old\n";
        assert_eq!(renamed(text).as_deref(), Ok(want));
    }
}
