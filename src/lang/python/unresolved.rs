//! First-party imports that cannot succeed: the measure of whether a change broke one.

use super::facts::{Alias, Context, Import};
use super::modules::{Absence, Module};
use super::resolve::{End, Program, Symbol, from_module, resolve};
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// An import of a first-party module or name that is not there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Unresolved {
    /// The module as written, its leading dots included.
    pub module: Box<str>,
    /// The name, for `from … import name`.
    pub name: Option<Box<str>>,
    /// What is wrong.
    pub reason: UnresolvedReason,
}

/// Why an import cannot succeed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum UnresolvedReason {
    /// There is no such module.
    MissingModule,
    /// A part of the module's name is a module and not a package.
    NotAPackage,
    /// The module does not bind the name.
    MissingName,
    /// The module binds the name only under `if TYPE_CHECKING`, and the import runs.
    TypeCheckingOnly,
    /// The module binds the name only under `if __name__ == "__main__"`.
    MainOnly,
    /// The leading dots lead out of the import root.
    BeyondRoot,
}

/// The imports of a file that cannot succeed, in source order. Imports of libraries are not judged.
pub fn unresolved(program: &dyn Program, file: FileId) -> Vec<(Span, Unresolved)> {
    let facts = program.facts(file);
    let judge = |alias: &Alias| {
        let import = facts.import_of(alias);
        let reason = unresolved_reason(program, file, import, alias)?;
        let name = facts.names.get(alias.name);
        let (module, name) = match import.from {
            None => (name.to_owned(), None),
            Some(from) => {
                let module = from.module.map_or("", |module| facts.names.get(module));
                (".".repeat(from.level as usize) + module, Some(name.into()))
            }
        };
        Some((alias.name_span, Unresolved { module: module.into(), name, reason }))
    };
    facts.aliases.iter().filter_map(judge).collect()
}

fn unresolved_reason(program: &dyn Program, file: FileId, import: &Import, alias: &Alias) -> Option<UnresolvedReason> {
    let absent = |dotted: &str| match program.modules().find(dotted) {
        Ok(_) | Err(Absence::External | Absence::Opaque) => None,
        Err(Absence::Missing) => Some(UnresolvedReason::MissingModule),
        Err(Absence::NotAPackage) => Some(UnresolvedReason::NotAPackage),
    };
    let facts = program.facts(file);
    if import.from.is_none() {
        return absent(facts.names.get(alias.name));
    }
    match from_module(program, file, import) {
        None => Some(UnresolvedReason::BeyondRoot),
        Some(Module::Absent(dotted)) => absent(&dotted),
        Some(_) if facts.is_star(alias) => None,
        Some(module) => {
            let symbol = Symbol { module, name: facts.names.get(alias.name).into() };
            let way = resolve(program, &symbol);
            match (&way.end, &symbol.module) {
                // An import of a name from the module that only this import would bind there is a cycle of one.
                (End::Unbound | End::Cycle, _) if way.hops.len() == 1 && !is_module_attribute(&symbol.name) => {
                    Some(UnresolvedReason::MissingName)
                }
                (_, Module::File(module)) => {
                    let bindings = program.facts(*module).module_bindings(&symbol.name);
                    let only = |context| bindings.clone().all(|(_, binding)| binding.context.contains(context));
                    let is_bound = bindings.clone().next().is_some();
                    if is_bound && only(Context::TYPE_CHECKING) && !import.context.contains(Context::TYPE_CHECKING) {
                        Some(UnresolvedReason::TypeCheckingOnly)
                    } else if is_bound && only(Context::MAIN) {
                        Some(UnresolvedReason::MainOnly)
                    } else {
                        None
                    }
                }
                _ => None,
            }
        }
    }
}

/// Names that every module has without binding them (language reference, 3.2.9).
fn is_module_attribute(name: &str) -> bool {
    matches!(
        name,
        "__name__"
            | "__doc__"
            | "__file__"
            | "__path__"
            | "__package__"
            | "__spec__"
            | "__loader__"
            | "__dict__"
            | "__builtins__"
    )
}

#[cfg(test)]
mod tests;
