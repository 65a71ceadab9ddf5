//! Star imports: whether one brings a name, and what the name means then.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::trail::Trail;
use super::{End, Lasting, Program, Symbol, follow, from_module, lasting, submodule};
use crate::lang::python::facts::{Binding, ScopeId};
use crate::lang::python::modules::Module;
use crate::text::snapshot::FileId;

/// Follows a name through the star imports of a file, the last first; `None` where none can bring it.
pub(super) fn through_star(program: &dyn Program, file: FileId, name: &str, hops: &mut Trail) -> Option<End> {
    let facts = program.facts(file);
    let mut unknown = None;
    for alias in facts.stars().rev() {
        let import = facts.import_of(alias);
        match from_module(program, file, import) {
            Some(Module::File(module)) => match exports(program, module, name) {
                Brings::Yes => {
                    let symbol = Symbol { module: Module::File(module), name: name.into() };
                    let mut tail = hops.clone();
                    match follow(program, &symbol, &mut tail) {
                        // A module that imports everything from itself has it from elsewhere.
                        End::Cycle => {}
                        end => {
                            *hops = tail;
                            return Some(end);
                        }
                    }
                }
                Brings::Maybe => unknown = Some(End::Dynamic),
                Brings::No => {}
            },
            Some(Module::Absent(_)) | None => unknown = Some(End::Dynamic),
            Some(Module::Namespace(_)) => {}
        }
    }
    unknown
}

/// Whether a star import of a file brings a name, or may do so.
pub fn is_brought_by_star(program: &dyn Program, file: FileId, name: &str) -> bool {
    through_star(program, file, name, &mut Trail::default()).is_some()
}

/// Whether a star import brings a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Brings {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Only running the program can tell.
    Maybe,
}

/// Whether `from module import *` brings a name: it is in `__all__`, or without one is bound and does not start with `_`.
pub fn exports(program: &dyn Program, module: FileId, name: &str) -> Brings {
    let mut waiting = vec![module];
    let mut seen = FxHashSet::from_iter([module]);
    let mut answer = Brings::No;
    while let Some(module) = waiting.pop() {
        match own_export(program, module, name) {
            Some(Brings::Yes) => return Brings::Yes,
            Some(Brings::Maybe) => answer = Brings::Maybe,
            Some(Brings::No) => {}
            None => {
                let facts = program.facts(module);
                if !facts.errors.is_empty() {
                    answer = Brings::Maybe;
                }
                for alias in facts.stars() {
                    match from_module(program, module, facts.import_of(alias)) {
                        Some(Module::File(next)) if seen.insert(next) => waiting.push(next),
                        Some(Module::File(_) | Module::Namespace(_)) => {}
                        Some(Module::Absent(_)) | None => answer = Brings::Maybe,
                    }
                }
            }
        }
    }
    answer
}

/// Whether a module itself gives a name to who imports all of it; `None` where that depends on its own star imports.
fn own_export(program: &dyn Program, module: FileId, name: &str) -> Option<Brings> {
    let facts = program.facts(module);
    if let Some(exports) = &facts.exports {
        return Some(match (facts.exports_name(name), exports.is_complete) {
            (true, _) => Brings::Yes,
            (false, true) => Brings::No,
            (false, false) => Brings::Maybe,
        });
    }
    if name.starts_with('_') {
        return Some(Brings::No);
    }
    let bindings: Vec<&Binding> = facts.module_bindings(name).map(|(_, binding)| binding).collect();
    match lasting(&bindings) {
        Lasting::Bound(_) => return Some(Brings::Yes),
        Lasting::Deleted => return Some(Brings::No),
        Lasting::Never => {}
    }
    // The submodules that have been loaded by then are names of the package like others.
    let package = program.modules().name(module).filter(|_| program.modules().is_package(module));
    package.is_some_and(|package| submodule(program, package, name).is_some()).then_some(Brings::Yes)
}

/// The names that `from module import *` is known to bring.
pub fn public_names(program: &dyn Program, module: FileId) -> BTreeSet<Box<str>> {
    let mut modules = vec![module];
    let mut seen = FxHashSet::from_iter([module]);
    let mut names: BTreeSet<Box<str>> = BTreeSet::new();
    for at in 0.. {
        let Some(&file) = modules.get(at) else { break };
        let facts = program.facts(file);
        let bound = facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE).map(|binding| binding.name);
        let listed = facts.exports.iter().flat_map(|exports| exports.entries.iter().map(|&(name, _)| name));
        names.extend(bound.chain(listed).map(|name| facts.names.get(name).into()));
        for alias in facts.stars() {
            match from_module(program, file, facts.import_of(alias)) {
                Some(Module::File(next)) if seen.insert(next) => modules.push(next),
                _ => {}
            }
        }
    }
    names.retain(|name| exports(program, module, name) == Brings::Yes);
    names
}
