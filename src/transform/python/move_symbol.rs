//! `move-symbol`: every reference to a name of one module becomes a reference to a name of another.
//!
//! The move is safe where both names are one object, through whatever re-exports and aliases. Both names exist, or, with
//! `move_definition = true`, the definition moves first. What the references may look like is the business of `relocate`.

mod cycle;
mod definition;
pub(super) mod draft;
mod leftovers;
pub(super) mod lookups;
pub(super) mod moment;
mod needs;
pub(super) mod place;
mod transplant;

use self::definition::move_definitions;
use self::draft::Stop;
use self::transplant::Manner;
use super::super::finding::{Finding, Reason};
use super::super::moves::Moves;
use super::super::wire::{Problem, Table};
use super::super::{Context, Rule, Subject};
use super::View;
use super::named::{SymbolRef, check_module};
use super::relocate::{Names, Pair, Reexports, Style, judge, relocate};
use crate::index::Index;
use crate::index::references::Target;
use crate::lang::python::imports::Source;
use crate::lang::python::modules::{Absence, Module};
use crate::lang::python::resolve::{self, End};

struct MoveSymbol {
    told: Moves<SymbolRef>,
    style: Style,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    let told: Moves<SymbolRef> = Moves::read(table);
    let style = Style {
        names: if told.keeps_names { Names::Alias } else { Names::Rename },
        reexports: if told.keeps_reexports { Reexports::Keep } else { Reexports::Canonical },
    };
    Some(Box::new(MoveSymbol { told, style }))
}

/// A file as the editing of imports and definitions needs it.
fn source<'v>(view: &'v View<'_>) -> Result<Source<'v>, Stop> {
    view.source().ok_or_else(|| Reason::ParsersDisagree.into())
}

/// Reports a definition that is neither in its old home nor in its new one.
fn check_definition(index: &Index, from: &SymbolRef, to: &SymbolRef) -> Option<Problem> {
    let end = |symbol: &SymbolRef| resolve::resolve(index, &symbol.symbol(index)).end;
    let has_moved = !matches!(end(to), End::Unbound | End::Absent(_));
    match index.modules().find(&from.module) {
        _ if has_moved => None,
        Ok(_) => {
            let to = match index.modules().find(&to.module) {
                Err(Absence::NotAPackage) => {
                    let problem = Problem::new(&to.origin, format!("`{}` would lie in a module", to.module));
                    Some(problem.hint("only a package can hold modules"))
                }
                Err(Absence::Opaque) => {
                    Some(Problem::new(&to.origin, format!("`{}` lies behind a link or in a submodule", to.module)))
                }
                Err(Absence::External) if to.module.contains('.') => Some(unknown_package(index, to)),
                _ => None,
            };
            let problem = from.check_name(index).map(|problem| Problem { hint: None, ..problem });
            let names = || match index.modules().module(&from.module) {
                Module::File(file) => super::module_names(index.facts(file)).collect(),
                _ => Vec::new(),
            };
            problem.map(|problem| problem.did_you_mean(&from.name, names())).or(to)
        }
        Err(_) => {
            let problem = Problem::new(&from.origin, format!("there is no module `{}`", from.module));
            Some(problem.did_you_mean(&from.module, index.modules().names()))
        }
    }
}

/// Reports a new module in a package that is not in the repository: more likely a slip than a wish for a package.
fn unknown_package(index: &Index, to: &SymbolRef) -> Problem {
    let package = to.module.split('.').next().unwrap_or_default();
    let problem = Problem::new(&to.origin, format!("there is no package `{package}` for `{}`", to.module));
    let known = index.modules().names().into_iter().filter(|name| !name.contains('.')).collect::<Vec<_>>();
    match problem.did_you_mean(package, known) {
        problem if problem.hint.is_some() => problem,
        problem => problem.hint(format!("make `{package}/__init__.py` first, or move to a package that is there")),
    }
}

impl Rule for MoveSymbol {
    fn check(&self, index: &Index) -> Vec<Problem> {
        if self.told.external {
            return Vec::new();
        }
        if self.told.move_definition {
            return self.told.pairs.iter().filter_map(|(from, to)| check_definition(index, from, to)).collect();
        }
        let check = |(from, to): &(SymbolRef, SymbolRef)| {
            let is_elsewhere = matches!(index.modules().find(&to.module), Err(Absence::External | Absence::Opaque));
            let target = || check_module(index, &to.module, &to.origin).or_else(|| to.check_name(index));
            [from.check_name(index), if is_elsewhere { None } else { target() }]
        };
        self.told.pairs.iter().flat_map(check).flatten().collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        if self.told.move_definition {
            let manner = Manner { style: self.style, shim: self.told.shim, is_cycle_checked: true };
            return move_definitions(context, &self.told.pairs, manner);
        }
        let pair = |(from, to): &(SymbolRef, SymbolRef)| {
            let (old, new) = (from.symbol(context.index), to.symbol(context.index));
            let verdict = judge(context.index, &old, &new, self.told.replaces);
            Pair { from: old, to: new, module: to.module.clone(), verdict }
        };
        let pairs: Vec<Pair> = self.told.pairs.iter().map(pair).filter(|pair| !is_self(pair)).collect();
        relocate(context, &pairs, self.style)
    }

    fn subjects(&self, index: &Index) -> Vec<Subject> {
        let target = |symbol: &SymbolRef| Target::Symbol(symbol.symbol(index));
        self.told.pairs.iter().map(|(from, to)| Subject { target: target(from), home: Some(target(to)) }).collect()
    }
}

/// The same file under two names (two import roots) is no move.
fn is_self(pair: &Pair) -> bool {
    pair.from == pair.to && !matches!(pair.from.module, Module::Absent(_))
}
