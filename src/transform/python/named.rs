//! Symbols and modules of Python as plans name them: what steps are about (`SymbolRef`, `MemberRef`, `ModuleRef`), and what gates and
//! roles look at ([`Named`]), which need not exist: that one is gone may be the goal.

use std::collections::BTreeSet;

use super::super::Subject;
use super::super::language::Language;
use super::super::moves;
use super::super::wire::{Located, Origin, Problem, Table};
use super::{View, module_names};
use crate::index::Index;
use crate::index::references::{Reference, Site, Target, is_inside};
use crate::lang::python::facts::{Use, UseId};
use crate::lang::python::modules::{Absence, Module};
use crate::lang::python::resolve::{self, End, Symbol};
use crate::lang::python::strings::is_identifier;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// Whether the text is names joined by dots.
pub fn is_dotted(text: &str) -> bool {
    text.split('.').all(is_identifier)
}

/// A symbol as a plan names it: `module:Name`.
#[derive(Clone, Debug)]
pub(super) struct SymbolRef {
    pub module: String,
    pub name: String,
    pub origin: Origin,
}

/// A module as a plan names it: `pkg.module`.
#[derive(Clone, Debug)]
pub(super) struct ModuleRef {
    pub name: String,
    pub origin: Origin,
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

impl moves::Named for SymbolRef {
    fn read(table: &Table<'_>, text: Located<String>) -> Option<Self> {
        Self::read(table, text)
    }

    fn spelled(&self) -> String {
        format!("{}:{}", self.module, self.name)
    }

    fn origin(&self) -> &Origin {
        &self.origin
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
    pub(super) fn read(table: &Table<'_>, text: Located<String>) -> Option<Self> {
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
pub(super) fn check_module(index: &Index, name: &str, origin: &Origin) -> Option<Problem> {
    match index.modules().find(name) {
        Ok(_) | Err(Absence::External | Absence::Opaque) => None,
        Err(Absence::Missing | Absence::NotAPackage) => {
            let problem = Problem::new(origin, format!("there is no module `{name}`"));
            Some(problem.did_you_mean(name, index.modules().names()))
        }
    }
}

/// A symbol (`module:Name`, in some places `module:Class.member`) or a module.
#[derive(Clone, Debug)]
pub struct Named {
    /// The module's dotted name.
    pub module: String,
    /// The name in it; `None` for the module itself.
    pub name: Option<String>,
    /// Where it is written.
    pub origin: Origin,
}

/// What may be named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// Names of modules.
    Symbols,
    /// Names of modules, of whatever language.
    Functions,
    /// Names of modules, and modules.
    SymbolsAndModules,
    /// The same, and members of classes.
    Members,
}

/// The references of code to some names, outside of the modules that have them: imports, uses through a module and what star imports
/// bring; strings are not code. A use that several references pass, of those that matter, comes once.
pub fn in_code<'r>(
    index: &'r Index,
    of: &'r [Named],
    references: &'r [Reference],
    matters: impl Fn(&Reference) -> bool + 'r,
) -> impl Iterator<Item = &'r Reference> {
    let is_own = |reference: &Reference| {
        let name = index.modules().name(reference.file).unwrap_or_default();
        is_inside(name, &of[reference.target].module)
    };
    let mut seen: BTreeSet<(FileId, UseId)> = BTreeSet::new();
    references.iter().filter(move |reference| {
        let used = match reference.site {
            Site::From(_) | Site::Alias(_) => None,
            Site::Attribute(used, _) | Site::Unsure(used, _) | Site::Star(_, used) => Some(used),
            _ => return false,
        };
        matters(reference) && !is_own(reference) && used.is_none_or(|used| seen.insert((reference.file, used)))
    })
}

impl Named {
    /// Reads the symbols that a key names; empty where the key is missing. Where modules may be named, TypeScript's are for
    /// [`super::super::typescript::named::Named`].
    pub fn read_all(table: &Table<'_>, key: &'static str, takes: Takes) -> Vec<Self> {
        let takes_both = matches!(takes, Takes::SymbolsAndModules | Takes::Functions);
        let language = takes_both.then(|| Language::of_each(table));
        let is_ours =
            |text: &Located<String>| language.as_ref().is_none_or(|language| language(&text.value) == Language::Python);
        table.strings(key).into_iter().filter(is_ours).filter_map(|text| Self::read(table, text, takes)).collect()
    }

    fn read(table: &Table<'_>, text: Located<String>, takes: Takes) -> Option<Self> {
        let Located { value, origin } = text;
        let hint = match takes {
            Takes::Symbols | Takes::Functions => "a symbol is `module:Name`, such as `pkg.mod:Name`",
            _ => "a symbol is `module:Name`, such as `pkg.mod:Name`; a module is a dotted name, such as `pkg.mod`",
        };
        let wrong = |message: String, hint: &str| {
            table.problem(Problem::new(&origin, message).hint(hint));
            None
        };
        let (module, name) = value.split_once(':').map_or((&*value, None), |(module, name)| (module, Some(name)));
        if name.is_none() && matches!(takes, Takes::Symbols | Takes::Functions) {
            return wrong(format!("`{value}` is not a symbol"), hint);
        }
        if !is_dotted(module) {
            return wrong(format!("`{module}` is not a module"), hint);
        }
        match name {
            Some(name) if !is_dotted(name) => return wrong(format!("`{name}` is not a name"), hint),
            Some(name) if !is_identifier(name) && takes != Takes::Members => {
                return wrong(format!("`{name}` is a member of a class"), "only names of modules are followed");
            }
            _ => {}
        }
        Some(Self { module: module.to_owned(), name: name.map(str::to_owned), origin })
    }

    /// What to search for.
    pub fn target(&self, index: &Index) -> Target {
        match &self.name {
            Some(name) => Target::Symbol(Symbol { module: index.modules().module(&self.module), name: name.as_str().into() }),
            None => Target::Module(self.module.as_str().into()),
        }
    }

    /// As it is written.
    pub fn spelled(&self) -> String {
        match &self.name {
            Some(name) => format!("{}:{name}", self.module),
            None => self.module.clone(),
        }
    }

    /// Whether neither the repository nor a step of the plan has it: then the name may be a slip. Names of other repositories' modules
    /// cannot be told from slips.
    pub fn doubt(&self, index: &Index, subjects: &[Subject]) -> Option<Problem> {
        let found = index.modules().find(&self.module);
        let is_there = match (&found, &self.name) {
            (Ok(_), None) => true,
            (Ok(Module::File(file)), Some(name)) => {
                let facts = index.facts(*file);
                // A star import, or the program when it runs, may bring the name.
                let is_open = facts.is_dynamic || facts.has_stars();
                is_open || module_names(facts).any(|bound| bound == name)
            }
            _ => false,
        };
        if is_there || subjects.iter().any(|subject| self.is_known_to(index, subject)) {
            return None;
        }
        let problem = Problem::new(&self.origin, format!("nothing is `{}`, or refers to it", self.spelled()));
        Some(match (&found, &self.name) {
            (Ok(Module::File(file)), Some(name)) => problem.did_you_mean(name, module_names(index.facts(*file))),
            _ => problem.did_you_mean(&self.module, index.modules().names()),
        })
    }

    fn is_known_to(&self, index: &Index, subject: &Subject) -> bool {
        let is_it = |target: &Target| match (target, &self.name) {
            (Target::Symbol(symbol), Some(name)) => {
                &*symbol.name == name.as_str() && *index.modules().dotted(&symbol.module) == *self.module
            }
            (Target::Symbol(symbol), None) => is_inside(&index.modules().dotted(&symbol.module), &self.module),
            (Target::Module(module), None) => is_inside(module, &self.module) || is_inside(&self.module, module),
            (Target::Module(module), Some(_)) => is_inside(&self.module, module),
        };
        is_it(&subject.target) || subject.home.as_ref().is_some_and(is_it)
    }
}
