//! Which binding a name means, by the rules of CPython's symbol table (`Python/symtable.c`; the language reference, 4.2.2).
//!
//! A name belongs to the innermost scope that binds it, wherever in that scope the binding stands; class bodies are passed
//! over from the functions inside them. The one thing the rules leave open is a class body that binds a name it also reads:
//! the read finds the class's own binding or the one outside, depending on what ran before. [`Lookup::ClassOr`] says so.

use std::collections::BTreeMap;

use ruff_python_stdlib::builtins::{is_python_builtin, python_magic_globals};

use super::facts::{Binding, BindingId, BindingKind, Declaration, Facts, NameId, ScopeId, ScopeKind};

/// What a name read in some scope means.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lookup {
    /// It is bound in this scope.
    Bound(ScopeId),
    /// It is bound in this class body, and may be read before that: then it is looked up in the module, the second scope, where
    /// it may be bound nowhere.
    ClassOr(ScopeId, Option<ScopeId>),
    /// Nothing in the file binds it: a builtin, a name brought by a star import, or unbound.
    Free,
}

impl Facts {
    /// The bindings that a scope owns for a name, in source order.
    pub fn bindings_of(&self, scope: ScopeId, name: NameId) -> impl DoubleEndedIterator<Item = (BindingId, &Binding)> + Clone {
        let key = |binding: &Binding| (binding.scope, binding.name);
        let start = self.bindings.partition_point(|binding| key(binding) < (scope, name));
        let count = self.bindings[start..].partition_point(|binding| key(binding) == (scope, name));
        (start..start + count).map(|index| (BindingId::new(index), &self.bindings[index]))
    }

    /// The bindings of the module's own scope for a name, in source order.
    pub fn module_bindings(&self, name: &str) -> impl DoubleEndedIterator<Item = (BindingId, &Binding)> + Clone {
        let id = self.names.find(name);
        id.into_iter().flat_map(|id| self.bindings_of(ScopeId::MODULE, id))
    }

    /// Whether the scope itself owns the name.
    pub fn binds(&self, scope: ScopeId, name: NameId) -> bool {
        self.bindings_of(scope, name).next().is_some()
    }

    /// What a name read in a scope means.
    pub fn lookup(&self, scope: ScopeId, name: NameId) -> Lookup {
        match self.declaration(scope, name) {
            Some(Declaration::Global) => return self.in_module(name),
            Some(Declaration::Nonlocal) => return self.outside(scope, name),
            None => {}
        }
        if !self.binds(scope, name) {
            return self.outside(scope, name);
        }
        if self.scopes[scope.index()].kind != ScopeKind::Class {
            return Lookup::Bound(scope);
        }
        // What a class body has not bound yet is looked up among the module's names, never in the functions around it (LOAD_NAME).
        match self.in_module(name) {
            Lookup::Bound(outer) => Lookup::ClassOr(scope, Some(outer)),
            Lookup::ClassOr(..) | Lookup::Free => Lookup::ClassOr(scope, None),
        }
    }

    /// What a name means that the scope does not own.
    fn outside(&self, scope: ScopeId, name: NameId) -> Lookup {
        let mut child = scope;
        let mut sees_class = true;
        while let Some(parent) = self.scopes[child.index()].parent {
            // A class body is seen by its own statements and by the type-parameter scopes that stand directly in it, but not by the
            // functions in these.
            sees_class &= self.scopes[child.index()].kind == ScopeKind::TypeParameters;
            let is_class = self.scopes[parent.index()].kind == ScopeKind::Class;
            if !is_class || sees_class {
                if self.declaration(parent, name) == Some(Declaration::Global) {
                    return self.in_module(name);
                }
                if self.binds(parent, name) {
                    return match is_class {
                        true => self.lookup(parent, name),
                        false => Lookup::Bound(parent),
                    };
                }
            }
            child = parent;
        }
        Lookup::Free
    }

    fn in_module(&self, name: NameId) -> Lookup {
        match self.binds(ScopeId::MODULE, name) {
            true => Lookup::Bound(ScopeId::MODULE),
            false => Lookup::Free,
        }
    }

    fn declaration(&self, scope: ScopeId, name: NameId) -> Option<Declaration> {
        let at = self.declarations.binary_search_by_key(&(scope, name), |&(scope, name, _)| (scope, name)).ok()?;
        Some(self.declarations[at].2)
    }

    /// Whether a binding gives the name a value at run time that stays: not a mere annotation, not a `del`, not the name of
    /// a caught exception.
    pub fn is_lasting(binding: &Binding) -> bool {
        !matches!(binding.kind, BindingKind::Annotation | BindingKind::Delete | BindingKind::Exception)
    }
}

/// Names that are read and that nothing binds, with the place of the first use. A file with a star import, or whose names come
/// into being at run time, is not judged.
pub fn unbound(facts: &Facts) -> BTreeMap<&str, u32> {
    let mut found = BTreeMap::new();
    let is_known = facts.errors.is_empty() && !facts.is_dynamic && !facts.has_stars();
    if !is_known {
        return found;
    }
    for used in &facts.uses {
        let name = facts.names.get(used.name);
        if facts.lookup(used.scope, used.name) == Lookup::Free && !is_builtin(name) {
            found.entry(name).or_insert(used.span.start);
        }
    }
    found
}

/// Whether a name is there without being bound: a builtin, or what every module has.
pub fn is_builtin(name: &str) -> bool {
    // The newest version has the most names; one that it lacks is one that an older version has lost.
    const MINOR: u8 = 14;
    is_python_builtin(name, MINOR, false)
        || python_magic_globals(MINOR).any(|magic| magic == name)
        || name == "__class__"
        || name == "WindowsError"
}
