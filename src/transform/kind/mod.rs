//! The kinds of transforms, one file each, and what their parameters have in common: names of symbols and modules.

mod absolute_imports;
mod ban;
pub(super) mod delete_definition;
pub mod delete_module;
mod inline_wrapper;
mod move_module;
mod move_symbol;
pub mod remove_unused_imports;
mod rewrite;
pub mod shim;

use super::wire::{Located, Origin, Problem, Table};
use super::{Rule, Subject, View};
use crate::index::Index;
use crate::index::references::{Reference, Site, Target};
use crate::lang::python::facts::{Facts, ScopeId, Use, UseId};
use crate::lang::python::modules::{Absence, Module};
use crate::lang::python::resolve::{self, End, Symbol};
use crate::lang::python::strings::is_identifier;
use crate::text::path::RepoPath;
use crate::text::span::Span;

/// A kind of transform.
pub struct Kind {
    /// Its name in plans.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Reads the parameters.
    pub read: fn(&Table<'_>) -> Option<Box<dyn Rule>>,
}

/// All kinds, sorted by name.
pub const KINDS: [Kind; 10] = [
    absolute_imports::KIND,
    ban::KIND,
    delete_definition::KIND,
    delete_module::KIND,
    inline_wrapper::KIND,
    move_module::KIND,
    move_symbol::KIND,
    remove_unused_imports::KIND,
    rewrite::KIND,
    shim::KIND,
];

/// Finds a kind by its name, and reports one that does not exist.
pub fn find(table: &Table<'_>, name: &Located<String>) -> Option<&'static Kind> {
    static ALL: [Kind; 10] = KINDS;
    let found = ALL.iter().find(|kind| kind.name == name.value);
    if found.is_none() {
        let names: Vec<&str> = ALL.iter().map(|kind| kind.name).collect();
        let problem = Problem::new(&name.origin, format!("there is no kind `{}`", name.value));
        let problem = problem.hint(format!("the kinds are {}", names.join(", ")));
        table.problem(problem.did_you_mean(&name.value, names));
    }
    found
}

/// A symbol as a plan names it: `module:Name`.
#[derive(Clone, Debug)]
pub(super) struct SymbolRef {
    module: String,
    name: String,
    origin: Origin,
}

/// A module as a plan names it: `pkg.module`.
#[derive(Clone, Debug)]
struct ModuleRef {
    name: String,
    origin: Origin,
}

/// Whether the text is names joined by dots.
pub fn is_dotted(text: &str) -> bool {
    text.split('.').all(is_identifier)
}

impl SymbolRef {
    pub(super) fn read(table: &Table<'_>, text: Located<String>) -> Option<Self> {
        let Located { value, origin } = text;
        let wrong = |message: String, hint: &str| {
            table.problem(Problem::new(&origin, message).hint(hint));
            None
        };
        let Some((module, name)) = value.split_once(':') else {
            return wrong(format!("`{value}` is not a symbol"), "a symbol is `module:Name`, such as `pkg.mod:Name`");
        };
        if !is_dotted(module) {
            return wrong(format!("`{module}` is not a module"), "a module is a dotted name, such as `pkg.mod`");
        }
        if name.contains('.') && is_dotted(name) {
            return wrong(format!("`{name}` is a member of a class"), "this kind takes names of modules only");
        }
        if !is_identifier(name) {
            return wrong(format!("`{name}` is not a name"), "a symbol is `module:Name`, such as `pkg.mod:Name`");
        }
        Some(Self { module: module.to_owned(), name: name.to_owned(), origin })
    }

    pub(super) fn symbol(&self, index: &Index) -> Symbol {
        Symbol { module: index.modules().module(&self.module), name: self.name.as_str().into() }
    }

    /// Reports a name that its module does not have. A module that is not in the snapshot is none of our business.
    pub(super) fn check_name(&self, index: &Index) -> Option<Problem> {
        let symbol = self.symbol(index);
        if matches!(symbol.module, Module::Absent(_)) || resolve::resolve(index, &symbol).end != End::Unbound {
            return None;
        }
        let names: Vec<&str> = match symbol.module {
            Module::File(file) => module_names(index.facts(file)).collect(),
            _ => Vec::new(),
        };
        let problem = Problem::new(&self.origin, format!("`{}` has no `{}`", self.module, self.name));
        let problem = problem.hint("`external = true` says that the name comes into being outside this repository");
        Some(problem.did_you_mean(&self.name, names))
    }
}

/// A name of a module, or a member of it, as a plan names it: `module:name` or `module:Class.member`.
#[derive(Clone, Debug)]
pub(super) struct MemberRef {
    pub symbol: SymbolRef,
    pub member: Option<String>,
}

impl MemberRef {
    pub(super) fn read(table: &Table<'_>, text: Located<String>) -> Option<Self> {
        let Located { value, origin } = text;
        let (whole, member) = match value.split_once(':').and_then(|(module, name)| Some((module, name.split_once('.')?))) {
            Some((_, (_, member))) if !is_identifier(member) => {
                let problem = Problem::new(&origin, format!("`{value}` is not a symbol"));
                table.problem(problem.hint("a symbol is `module:name`, a member of a class `module:Class.member`"));
                return None;
            }
            Some((module, (class, member))) => (format!("{module}:{class}"), Some(member.to_owned())),
            _ => (value, None),
        };
        Some(Self { symbol: SymbolRef::read(table, Located { value: whole, origin })?, member })
    }

    pub(super) fn symbol(&self, index: &Index) -> Symbol {
        self.symbol.symbol(index)
    }

    /// As plans write it.
    pub(super) fn spelled(&self) -> String {
        let member = self.member.as_ref().map(|member| format!(".{member}")).unwrap_or_default();
        format!("{}:{}{member}", self.symbol.module, self.symbol.name)
    }

    /// The expression by which code refers to it, and the use that it starts with; a reference to the class alone is none to a member.
    pub(super) fn place<'v>(&self, view: &View<'v>, reference: &Reference) -> Option<(UseId, &'v Use, Span)> {
        let (id, depth) = match reference.site {
            Site::Name(used) | Site::Star(_, used) => (used, 0),
            Site::Attribute(used, depth) | Site::Unsure(used, depth) => (used, depth),
            _ => return None,
        };
        let used = &view.facts.uses[id.index()];
        let attributes = view.facts.attributes_of(used);
        let end = match &self.member {
            Some(member) => {
                let attribute = attributes.get(depth)?;
                (view.facts.names.get(attribute.name) == member).then_some(attribute.span.end)?
            }
            None if depth == 0 => used.span.end,
            None => attributes[depth - 1].span.end,
        };
        Some((id, used, Span::new(used.span.start, end)))
    }
}

impl ModuleRef {
    fn read(table: &Table<'_>, text: Located<String>) -> Option<Self> {
        let Located { value, origin } = text;
        if !is_dotted(&value) {
            let hint = "a module is a dotted name, such as `pkg.mod`";
            table.problem(Problem::new(&origin, format!("`{value}` is not a module")).hint(hint));
            return None;
        }
        Some(Self { name: value, origin })
    }
}

/// Reports a module whose package is in the snapshot and which is not.
fn check_module(index: &Index, name: &str, origin: &Origin) -> Option<Problem> {
    match index.modules().find(name) {
        Ok(_) | Err(Absence::External | Absence::Opaque) => None,
        Err(Absence::Missing | Absence::NotAPackage) => {
            let problem = Problem::new(origin, format!("there is no module `{name}`"));
            Some(problem.did_you_mean(name, index.modules().names()))
        }
    }
}

/// A module as the subject of a rule, with the classes and functions that it defines.
fn module_subjects(index: &Index, from: &str, to: Option<&str>) -> Vec<Subject> {
    let whole = Subject { target: Target::Module(from.into()), home: to.map(|to| Target::Module(to.into())) };
    let module = index.modules().module(from);
    let Module::File(file) = module else { return vec![whole] };
    let facts = index.facts(file);
    let symbol = |module: &Module, name: &str| Target::Symbol(Symbol { module: module.clone(), name: name.into() });
    let defined = facts.definitions.iter().filter(|definition| definition.scope == ScopeId::MODULE);
    let subject =
        |name: &str| Subject { target: symbol(&module, name), home: to.map(|to| symbol(&index.modules().module(to), name)) };
    std::iter::once(whole).chain(defined.map(|definition| subject(facts.names.get(definition.name)))).collect()
}

/// The stub beside a file.
fn stub_beside(index: &Index, path: &RepoPath) -> Option<RepoPath> {
    let stub = path.as_str().and_then(|path| RepoPath::new(format!("{path}i")));
    stub.filter(|path| index.snapshot().id(path).is_some())
}

/// The names that a module binds or forwards.
pub fn module_names(facts: &Facts) -> impl Iterator<Item = &str> {
    let bindings = facts.bindings.iter().take_while(|binding| binding.scope == ScopeId::MODULE);
    let bound = bindings.map(|binding| binding.name);
    bound.chain(facts.forwards.iter().map(|forward| forward.name)).map(|name| facts.names.get(name))
}
