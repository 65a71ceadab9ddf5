//! Which definitions nothing living uses: nothing refers to them but one another.
//!
//! A definition is alive if something refers to it that is no definition of a module, that may not be edited, or that is alive itself;
//! and so is one that nothing refers to, unless it is asked about: it is there for a reason that is not seen. The references are
//! followed backwards from what is asked about, no further than is needed to find something alive.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::Context;
use super::super::View;
use super::super::remove_unused_imports::unread;
use super::places::owner;
use super::uses::place;
use crate::index::references::{Reference, Search, Site, Target};
use crate::lang::python::facts::BindingKind;
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::Symbol;
use crate::text::snapshot::FileId;

/// A name of a module.
pub type Name = (FileId, Box<str>);

/// What is known of who uses what.
pub struct Life<'c, 'i> {
    context: &'c Context<'i>,
    /// Who refers to a definition; `None` for one that is alive.
    users: BTreeMap<Name, Option<BTreeSet<Name>>>,
    /// What a definition refers to, as far as it has been asked.
    used: BTreeMap<Name, BTreeSet<Name>>,
}

impl<'c, 'i> Life<'c, 'i> {
    /// Nothing is known so far.
    pub fn new(context: &'c Context<'i>) -> Self {
        Self { context, users: BTreeMap::new(), used: BTreeMap::new() }
    }

    /// Asks about definitions.
    pub fn ask(&mut self, names: &BTreeSet<Name>) {
        for name in names {
            let mut open: Vec<Name> = vec![name.clone()];
            while let Some(next) = open.pop() {
                let is_wanted =
                    next == *name || self.used.get(&next).is_some_and(|used| used.iter().any(|name| !self.is_alive(name)));
                if self.users.contains_key(&next) || !is_wanted {
                    continue;
                }
                let users = users(self.context, &next).filter(|users| !users.is_empty() || names.contains(&next));
                let is_held = users.iter().flatten().any(|user| self.is_alive(user));
                let users = users.filter(|_| !is_held);
                for user in users.iter().flatten() {
                    self.used.entry(user.clone()).or_default().insert(next.clone());
                    open.push(user.clone());
                }
                let is_alive = users.is_none();
                self.users.insert(next.clone(), users);
                if is_alive {
                    self.enliven(next);
                }
            }
        }
    }

    /// Whether a definition is known to be alive.
    fn is_alive(&self, name: &Name) -> bool {
        self.users.get(name).is_some_and(Option::is_none)
    }

    /// What a definition that is alive refers to is alive as well.
    fn enliven(&mut self, name: Name) {
        let mut open = vec![name];
        while let Some(next) = open.pop() {
            for used in self.used.get(&next).cloned().unwrap_or_default() {
                if self.users.insert(used.clone(), None) != Some(None) {
                    open.push(used);
                }
            }
        }
    }

    /// The definitions among some that nothing is known to use which is alive.
    pub fn unheld<'n>(&self, names: &'n BTreeSet<Name>) -> impl Iterator<Item = &'n Name> {
        names.iter().filter(|name| !self.is_alive(name))
    }

    /// The definitions among some that nothing uses but others of them.
    pub fn dead(&self, names: &BTreeSet<Name>) -> BTreeSet<Name> {
        let mut dead: BTreeSet<Name> = self.unheld(names).cloned().collect();
        loop {
            let is_used = |name: &Name| self.users.get(name).cloned().flatten().is_none_or(|users| !users.is_subset(&dead));
            let used: Vec<Name> = dead.iter().filter(|name| is_used(name)).cloned().collect();
            if used.is_empty() {
                return dead;
            }
            dead.retain(|name| !used.contains(name));
        }
    }
}

/// The definitions that refer to one; `None` where anything else does. Strings and the entry in its own module's `__all__` are not
/// looked at.
fn users(context: &Context<'_>, name: &Name) -> Option<BTreeSet<Name>> {
    let symbol = Symbol { module: Module::File(name.0), name: (&*name.1).into() };
    let targets = [Target::Symbol(symbol)];
    let search = Search::new(context.index, &targets);
    let references = search.candidates().iter().flat_map(|&file| search.run_in(file));
    let mut users = BTreeSet::new();
    for reference in references {
        match user(context, name, &reference) {
            User::Nobody => {}
            User::Definition(user) => {
                users.insert(user);
            }
            User::Other => return None,
        }
    }
    Some(users)
}

enum User {
    /// What is found is a part of something else that is found, or no code.
    Nobody,
    Definition(Name),
    Other,
}

fn user(context: &Context<'_>, name: &Name, reference: &Reference) -> User {
    let index = context.index;
    let file = reference.file;
    match reference.site {
        Site::String(..) | Site::Member(_) | Site::Computed(_) => return User::Nobody,
        Site::Export(_) if file == name.0 => return User::Nobody,
        Site::Export(_) => return User::Other,
        _ => {}
    }
    let view = View::open(index, file);
    let span = match reference.site {
        Site::Star(_, used) => view.facts.uses[used.index()].span,
        _ => place(index, reference).1,
    };
    match owner(&view, span) {
        Some(owner) if (file, owner) == (name.0, &*name.1) => User::Nobody,
        _ if context.keeps(file).is_some() => User::Other,
        Some(owner) => User::Definition((file, owner.into())),
        // An import at the head of a file is of use to who reads it there.
        None => match reference.site {
            Site::Alias(alias) if !unread(view.facts).contains(&alias) => User::Nobody,
            _ => User::Other,
        },
    }
}

/// A definition that may be a helper: bound by its module, not by an import, where it may be edited.
pub fn is_definition(context: &Context<'_>, name: &Name) -> bool {
    let facts = context.index.facts(name.0);
    let mut bindings = facts.module_bindings(&name.1).map(|(_, binding)| binding).peekable();
    let is_special = name.1.starts_with("__") && name.1.ends_with("__");
    bindings.peek().is_some()
        && bindings.all(|binding| !matches!(binding.kind, BindingKind::Import(_)))
        && !is_special
        && facts.errors.is_empty()
        && context.keeps(name.0).is_none()
}
