//! First-party imports that cannot succeed: the measure of whether a change broke one.

use super::facts::{Alias, Context, Import, StringFact};
use super::modules::{Absence, Module};
use super::resolve::{End, Program, Symbol, from_module, resolve};
use super::strings::{self, Role};
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

/// A string that is looked up when the code runs and names nothing: the target of a patch, or a module to load.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UnresolvedTarget {
    /// The dotted path.
    pub path: Box<str>,
    /// What is wrong.
    pub reason: UnresolvedReason,
}

/// The strings of a file that name first-party code which is not there, in source order. Members of classes are not judged, nor
/// is what a call creates (`create=True`).
pub fn unresolved_targets(program: &dyn Program, file: FileId) -> Vec<(Span, UnresolvedTarget)> {
    let facts = program.facts(file);
    let judge = |string: &StringFact| {
        let path = facts.names.get(string.value);
        let reason = target_reason(program, file, string, path)?;
        Some((string.span, UnresolvedTarget { path: path.into(), reason }))
    };
    facts.strings.iter().filter_map(judge).collect()
}

fn target_reason(program: &dyn Program, file: FileId, string: &StringFact, path: &str) -> Option<UnresolvedReason> {
    if !strings::is_path(path) || !program.modules().is_first_party(strings::prefix(path, 1)) {
        return None;
    }
    match strings::role(program, file, string) {
        Role::Patch | Role::Object => {
            let steps = strings::steps(program, path);
            let last = steps.last()?;
            let is_end = strings::prefix(path, steps.len()) == path;
            match &last.end {
                End::Unbound if last.hops.len() == 1 && !is_module_attribute(&last.hops[0].name) => match is_end {
                    true => Some(UnresolvedReason::MissingName),
                    false => Some(UnresolvedReason::MissingModule),
                },
                _ => None,
            }
        }
        Role::Module => match program.modules().find(path) {
            Err(Absence::Missing) => Some(UnresolvedReason::MissingModule),
            Err(Absence::NotAPackage) => Some(UnresolvedReason::NotAPackage),
            _ => None,
        },
        Role::Data | Role::Logger | Role::Task | Role::PatchMember | Role::Member | Role::SetMember => None,
    }
}

/// Names that every module has without binding them (language reference, 3.2.9).
pub(super) fn is_module_attribute(name: &str) -> bool {
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
