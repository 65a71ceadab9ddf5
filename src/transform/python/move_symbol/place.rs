//! Where a definition goes: the module, which may have to be made, and the place in it.

pub(super) mod drop_alias;

use super::super::super::finding::Reason;
use super::super::View;
use super::draft::{Doubt, Stop};
use super::needs::{Needs, meaning};
use crate::index::Index;
use crate::lang::python::definitions::{self, Spot};
use crate::lang::python::facts::{BindingKind, Context, Facts, ScopeId, Use};
use crate::lang::python::imports::Source;
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::End;
use crate::lang::python::scope::Lookup;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::python::move_module::new_packages;

/// The module that a definition goes to.
#[derive(Debug)]
pub(in crate::transform::python) struct Place {
    pub path: RepoPath,
    /// Whether it has to be made.
    pub is_new: bool,
    /// The `__init__.py` files that have to be made with it.
    pub packages: Vec<RepoPath>,
    /// The dotted name of the package that its relative imports start from.
    pub package: String,
}

impl Place {
    /// The place of a module, given one of the repository and its name.
    pub fn of(index: &Index, beside: &RepoPath, beside_name: &str, dotted: &str) -> Result<Self, Stop> {
        match index.modules().find(dotted) {
            Ok(Module::File(file)) => {
                let path = index.snapshot().get(file).path.clone();
                Ok(Self { path, is_new: false, packages: Vec::new(), package: package(index, file) })
            }
            Ok(_) => Err(Reason::PlaceTaken.into()),
            Err(_) if is_a_name(index, dotted) => Err(Reason::PlaceTaken.into()),
            Err(_) => {
                let root = root(index, beside, beside_name, dotted).ok_or(Reason::NotImportable)?;
                let inner = dotted.replace('.', "/");
                let path = RepoPath::new(format!("{root}{inner}.py")).ok_or(Reason::NotImportable)?;
                let packages = new_packages(index.snapshot(), &root, &inner).ok_or(Reason::NotImportable)?;
                let package = dotted.rsplit_once('.').map_or("", |(package, _)| package).to_owned();
                Ok(Self { path, is_new: true, packages, package })
            }
        }
    }
}

/// Whether the package that would get a module has something else under its name.
fn is_a_name(index: &Index, dotted: &str) -> bool {
    let Some((package, name)) = dotted.rsplit_once('.') else { return false };
    match index.modules().find(package) {
        Ok(Module::File(file)) => !matches!(meaning(index, file, name).end, End::Unbound),
        _ => false,
    }
}

/// The folder that a new module's name starts from: that of the package it lies in, or that of a module beside it.
fn root(index: &Index, beside: &RepoPath, beside_name: &str, dotted: &str) -> Option<String> {
    let ends = dotted.rmatch_indices('.').map(|(end, _)| &dotted[..end]);
    let mut packages = ends.filter_map(|name| match index.modules().find(name) {
        Ok(Module::File(file)) => Some((index.snapshot().get(file).path.clone(), name.to_owned())),
        _ => None,
    });
    let (path, name) = packages.next().unwrap_or_else(|| (beside.clone(), beside_name.to_owned()));
    let stem = path.as_str()?.strip_suffix(".py")?;
    let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
    stem.strip_suffix(&name.replace('.', "/")).map(str::to_owned)
}

/// The dotted name of the package that a file's relative imports start from.
pub(super) fn package(index: &Index, file: FileId) -> String {
    let name = index.modules().name(file).unwrap_or_default();
    match index.modules().is_package(file) {
        true => name.to_owned(),
        false => name.rsplit_once('.').map_or("", |(package, _)| package).to_owned(),
    }
}

/// Whether a file imports modules of the repository relatively more often than not.
pub(super) fn prefers_relative(view: &View<'_>) -> bool {
    let (mut relative, mut absolute) = (0, 0);
    for from in view.facts.imports.iter().filter_map(|import| import.from) {
        let module = from.module.map_or("", |module| view.facts.names.get(module));
        match from.level {
            0 => absolute += usize::from(view.index.modules().is_first_party(module)),
            _ => relative += 1,
        }
    }
    relative > absolute
}

/// Whether a name that the module owns is used at places for which `counts` holds.
pub(super) fn is_used(facts: &Facts, name: &str, counts: impl Fn(Span) -> bool) -> bool {
    let owned = |used: &Use| match facts.lookup(used.scope, used.name) {
        Lookup::Bound(scope) => scope == ScopeId::MODULE,
        Lookup::ClassOr(_, scope) => scope == Some(ScopeId::MODULE),
        Lookup::Free => false,
    };
    facts.uses.iter().any(|used| facts.names.get(used.name) == name && counts(used.span) && owned(used))
}

/// Whether a name read in a scope is one of the module, or of nothing.
pub(super) fn is_free_here(facts: &Facts, scope: ScopeId, name: &str) -> bool {
    let Some(name) = facts.names.find(name) else { return true };
    matches!(facts.lookup(scope, name), Lookup::Free | Lookup::Bound(ScopeId::MODULE))
}

/// Where in a module a definition goes: at the end, or before the first statement that uses it, with the doubt that is left.
pub(super) fn spot(view: &View<'_>, source: &Source<'_>, name: &str, needs: &Needs) -> Result<(Spot, Option<Doubt>), Stop> {
    let facts = view.facts;
    let is_it = |used: &&Use| {
        facts.names.get(used.name) == name
            && matches!(facts.lookup(used.scope, used.name), Lookup::Free | Lookup::Bound(ScopeId::MODULE))
    };
    let uses: Vec<&Use> = facts.uses.iter().filter(is_it).collect();
    let Some(first) = uses.iter().min_by_key(|used| used.span.start) else { return Ok((Spot::End, None)) };
    let statement = definitions::statement_at(source, first.span.start).ok_or(Reason::ParsersDisagree)?;
    let head = facts.imports.iter().filter(|import| import.scope == ScopeId::MODULE && import.context == Context::default());
    let behind_imports =
        needs.imports.is_empty() || head.map(|import| import.span.end).max().is_none_or(|end| end <= statement.start);
    let is_ready = |name: &str| {
        let mut bindings = facts.module_bindings(name).map(|(_, binding)| binding).peekable();
        let end = |binding: &crate::lang::python::facts::Binding| match binding.kind {
            BindingKind::Definition(id) => facts.definitions[id.index()].span.end,
            _ => binding.span.end,
        };
        bindings.peek().is_none() || bindings.any(|binding| end(binding) <= statement.start)
    };
    let eager = uses.iter().find(|used| !facts.is_lazy(used.scope));
    // What uses it while the module is loaded may run it, and so read all that it reads.
    let needed = if eager.is_some() { &needs.names } else { &needs.eager };
    if behind_imports && needed.iter().all(|name| is_ready(name)) {
        return Ok((Spot::Before(statement.start), None));
    }
    match eager {
        Some(used) => Err(Stop { reason: Reason::NotProved, evidence: vec![view.quote("use", used.span)] }),
        // Whether a function that needs the name is called before the end of the module is not known.
        None => Ok((Spot::End, Some((Reason::NotProved, view.quote("use", first.span))))),
    }
}
