//! How the file of a call spells what the names of a body mean.

use super::standin::{Meant, Standin};
use crate::lang::typescript::facts::{BindingId, Imported, ScopeId, Use};
use crate::lang::typescript::imports::Name;
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::Symbol;
use crate::transform::finding::Reason;
use crate::transform::typescript::View;

/// A place that uses a wrapper.
#[derive(Clone, Copy)]
pub(super) struct Caller<'s> {
    pub view: &'s View<'s>,
    pub standin: &'s Standin<'s>,
    /// The name by which it is used.
    pub used: &'s Use,
}

impl Caller<'_> {
    /// How the caller spells what a name of the body means.
    pub(super) fn spelled(&self, own: &str, meant: &Meant, added: &mut Vec<Name>) -> Result<String, Reason> {
        let facts = self.view.facts;
        let scope = self.used.scope;
        let seen = |name: &str| facts.names.find(name).and_then(|id| facts.lookup(scope, id));
        match meant {
            Meant::Global => {
                if seen(own).is_none() {
                    Ok(own.to_owned())
                } else {
                    Err(Reason::NameTaken)
                }
            }
            Meant::Private => match self.standin.home {
                Some((file, _)) if file == self.view.file => self.same_scope(own),
                _ => Err(Reason::NotExported),
            },
            Meant::Symbol { symbol, .. } if symbol.module == Module::File(self.view.file) => {
                let name = crate::index::typescript::references::own_binding(self.view.code, self.view.file, &symbol.name)
                    .map(|binding| facts.names.get(facts.bindings[binding.index()].name));
                self.same_scope(name.ok_or(Reason::NotProved)?)
            }
            Meant::Symbol { symbol, is_type_only } => {
                if let Some((name, _)) = self.known(symbol, *is_type_only).find(|(name, binding)| seen(name) == Some(*binding))
                {
                    return Ok(name.to_owned());
                }
                let is_symbol = own.starts_with('$') && &*symbol.name != "default" && &*symbol.name != "*";
                let local = if is_symbol { symbol.name.to_string() } else { own.trim_start_matches('$').to_owned() };
                let is_free = facts.names.find(&local).is_none_or(|id| {
                    facts.lookup(scope, id).is_none()
                        && facts.bound_in(ScopeId::MODULE, id).is_none()
                        && !facts.uses.iter().any(|used| used.name == id && used.binding.is_none())
                });
                if !is_free {
                    return Err(Reason::NameTaken);
                }
                let imported = symbol.name.to_string();
                let specifier = self.specifier(symbol)?;
                added.push(Name { specifier, imported, local: local.clone(), is_type_only: *is_type_only });
                Ok(local)
            }
        }
    }

    /// A name of the file's own top, if it means that where the call stands.
    fn same_scope(&self, name: &str) -> Result<String, Reason> {
        let facts = self.view.facts;
        let id = facts.names.find(name).ok_or(Reason::NotProved)?;
        let is_same = facts.bound_in(ScopeId::MODULE, id).is_some_and(|own| facts.lookup(self.used.scope, id) == Some(own));
        if is_same { Ok(name.to_owned()) } else { Err(Reason::NameTaken) }
    }

    /// The names by which the file has a symbol already.
    fn known<'v>(&'v self, symbol: &'v Symbol, is_type_only: bool) -> impl Iterator<Item = (&'v str, BindingId)> {
        let facts = self.view.facts;
        let targets = self.view.code.targets(self.view.file);
        let is_it = move |imported: Imported| match imported {
            Imported::Name(name) => facts.names.get(name) == &*symbol.name,
            Imported::Namespace => &*symbol.name == "*",
        };
        let aliases = facts.aliases.iter().filter(move |alias| {
            is_it(alias.imported)
                && targets[alias.request.index()].module == symbol.module
                && (is_type_only || !alias.is_type_only)
        });
        aliases.filter_map(|alias| alias.local).map(|binding| {
            let name = facts.bindings[binding.index()].name;
            (facts.names.get(name), binding)
        })
    }

    fn specifier(&self, symbol: &Symbol) -> Result<String, Reason> {
        match &symbol.module {
            Module::Absent(name) => Ok(name.to_string()),
            Module::File(file) => self.view.specifier(*file, &|_| true).ok_or(Reason::NotImportable),
        }
    }
}
