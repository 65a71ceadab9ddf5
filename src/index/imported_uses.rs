//! Every use of an imported binding in a file, and what the import statement brings there: the plainest statement of what a file's
//! scopes and imports say. Re-exports are not followed; nothing is searched for.

use rustc_hash::FxHashMap;

use super::Index;
use crate::lang::python::facts::{Alias, AliasId, BindingKind, Facts, NameId, ScopeId, Use};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, Brings, End, Symbol};
use crate::lang::python::scope::Lookup;
use crate::text::snapshot::FileId;

/// A read of a name that an import binds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ImportedUse {
    /// The name's first byte in the file.
    pub offset: u32,
    /// What the import statement brings: `module:name`, or `module` where that is bound.
    pub target: Box<str>,
}

/// The uses of imported bindings in a file, sorted by place and target. A name that several imports bind is a use of each of them;
/// a star import binds the names that it brings for certain. What a file that does not parse says is not known: `None`.
pub fn imported_uses(index: &Index, file: FileId) -> Option<Vec<ImportedUse>> {
    let facts = index.facts(file);
    if !facts.errors.is_empty() {
        return None;
    }
    let mut imports = Imports { index, file, facts, bound: FxHashMap::default() };
    let mut found = Vec::new();
    for used in &facts.uses {
        let offset = used.span.start;
        found.extend(imports.targets(used).into_iter().map(|target| ImportedUse { offset, target }));
    }
    found.sort();
    // In a string whose inside has no place of its own in the file, several uses stand at one place.
    found.dedup();
    Some(found)
}

/// The imports of one file, and what is known of them so far.
struct Imports<'i> {
    index: &'i Index,
    file: FileId,
    facts: &'i Facts,
    bound: FxHashMap<(ScopeId, NameId), Vec<Box<str>>>,
}

impl Imports<'_> {
    /// What the imports bring that the use may read.
    fn targets(&mut self, used: &Use) -> Vec<Box<str>> {
        let scopes = match self.facts.lookup(used.scope, used.name) {
            Lookup::Bound(scope) => [Some(scope), None],
            // What the class body does not bind before the use is looked up outside, in the end among what the stars bring.
            Lookup::ClassOr(class, outer) => [Some(class), Some(outer.unwrap_or(ScopeId::MODULE))],
            Lookup::Free => [Some(ScopeId::MODULE), None],
        };
        scopes.into_iter().flatten().flat_map(|scope| self.bound(scope, used.name).to_vec()).collect()
    }

    /// What the imports bring that bind a name in a scope.
    fn bound(&mut self, scope: ScopeId, name: NameId) -> &[Box<str>] {
        let Self { index, file, facts, bound } = self;
        bound.entry((scope, name)).or_insert_with(|| {
            let alias = |kind| match kind {
                BindingKind::Import(alias) => Some(brought(index, *file, alias)),
                _ => None,
            };
            let mut targets: Vec<Box<str>> =
                facts.bindings_of(scope, name).filter_map(|(_, binding)| alias(binding.kind)).collect();
            if scope == ScopeId::MODULE {
                targets.extend(through_stars(index, *file, facts.names.get(name), &mut Vec::new()));
            }
            targets
        })
    }
}

/// What an alias of an import statement brings, as the statement says it: dots are resolved, re-exports are not followed.
fn brought(index: &Index, file: FileId, alias: AliasId) -> Box<str> {
    let facts = index.facts(file);
    let alias = &facts.aliases[alias.index()];
    let name = facts.names.get(alias.name);
    let Some(from) = facts.import_of(alias).from else {
        return match alias.asname {
            Some(_) => name.into(),
            None => name.split('.').next().unwrap_or(name).into(),
        };
    };
    let module = from.module.map(|module| facts.names.get(module));
    let Some(package) = index.modules().absolute(file, from.level, module) else {
        // The dots lead out of the import root: no module has that name, so it is told as it is written.
        return format!("{}{}:{name}", ".".repeat(from.level as usize), module.unwrap_or_default()).into();
    };
    match is_submodule(index, &package, name) {
        true => format!("{package}.{name}").into(),
        false => format!("{package}:{name}").into(),
    }
}

/// Whether `from package import name` brings a module of the repository: there is one, and the package does not bind its name to
/// something else.
fn is_submodule(index: &Index, package: &str, name: &str) -> bool {
    let Ok(submodule) = index.modules().find(&format!("{package}.{name}")) else { return false };
    let package = index.modules().module(package);
    let way = resolve::resolve(index, &Symbol { module: package.clone(), name: name.into() });
    let is_bound = || match package {
        Module::File(file) => index.facts(file).module_bindings(name).any(|(_, binding)| Facts::is_lasting(binding)),
        Module::Namespace(_) | Module::Absent(_) => false,
    };
    match way.end {
        End::Module(module) => module == submodule,
        End::Unbound | End::Dynamic | End::Cycle => !is_bound(),
        _ => false,
    }
}

/// What the star imports of a file bring under a name, for certain. `passed` are the modules whose stars are being looked at.
fn through_stars(index: &Index, file: FileId, name: &str, passed: &mut Vec<FileId>) -> Vec<Box<str>> {
    let facts = index.facts(file);
    let target = |alias: &Alias| match resolve::from_module(index, file, facts.import_of(alias))? {
        Module::File(module) if is_brought(index, module, name, passed) => {
            Some(format!("{}:{name}", index.modules().dotted(&Module::File(module))).into())
        }
        _ => None,
    };
    facts.stars().filter_map(target).collect()
}

/// Whether a star import of a module brings a name for certain. A submodule that `__all__` does not list comes only if something has
/// loaded it by then.
fn is_brought(index: &Index, module: FileId, name: &str, passed: &mut Vec<FileId>) -> bool {
    if passed.contains(&module) || resolve::exports(index, module, name) != Brings::Yes {
        return false;
    }
    passed.push(module);
    let facts = index.facts(module);
    let is_bound = facts.module_bindings(name).any(|(_, binding)| Facts::is_lasting(binding));
    let answer = facts.exports_name(name) || is_bound || !through_stars(index, module, name, passed).is_empty();
    passed.pop();
    answer
}
