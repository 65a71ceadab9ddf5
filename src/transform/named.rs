//! Symbols and modules as gates and roles name them. They need not exist: that one is gone may be the goal.

use std::collections::BTreeSet;

use super::Subject;
use super::kind::{is_dotted, module_names};
use super::typescript::named::Language;
use super::wire::{Located, Origin, Problem, Table};
use crate::index::Index;
use crate::index::references::{Reference, Site, Target, is_inside};
use crate::lang::python::facts::UseId;
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::Symbol;
use crate::lang::python::strings::is_identifier;
use crate::text::snapshot::FileId;

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
    /// [`super::typescript::named::Named`].
    pub fn read_all(table: &Table<'_>, key: &'static str, takes: Takes) -> Vec<Self> {
        let is_ours = |text: &Located<String>| {
            !matches!(takes, Takes::SymbolsAndModules | Takes::Functions) || Language::of_name(&text.value) == Language::Python
        };
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
                let is_open = facts.is_dynamic || facts.aliases.iter().any(|alias| facts.is_star(alias));
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
