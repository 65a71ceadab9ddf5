//! `delete-definition`: deletes a class, function, value or re-export of a module once nothing refers to it.
//!
//! What counts as a reference: every import, use, `__all__` entry of another module and string with the dotted path, through any
//! re-export; a string with the bare name in a file that has to do with the module (`getattr(module, "Name")`); and any file
//! that has the word and does not parse. Names that a framework finds by decorator or by spelling are for a person. Definitions that
//! only refer to one another go together ([`group`]); what only they used goes with them where the plan says so ([`helpers`]).

mod alive;
mod group;
pub(in crate::transform) mod helpers;
mod lookups;
mod places;
mod removal;
mod uses;

pub(super) use self::places::extents;
pub(super) use self::removal::Removal;
pub(super) use self::uses::{evidence, mentioned};

use self::group::{Doomed, judge};
use super::super::finding::Finding;
use super::super::wire::{Problem, Table};
use super::super::{Clearing, Context, Rule, Subject};
use super::named::SymbolRef;
use crate::index::Index;
use crate::index::references::Target;
use crate::lang::python::resolve::Symbol;

struct DeleteDefinition {
    symbols: Vec<SymbolRef>,
    cascade: bool,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    if !table.has("of") {
        let problem = Problem::new(table.origin(), "`of` is missing");
        table.problem(problem.hint("`of` names the symbol, or a list of symbols, to delete"));
    }
    let symbols = table.strings("of").into_iter().filter_map(|text| SymbolRef::read(table, text)).collect();
    Some(Box::new(DeleteDefinition { symbols, cascade: table.flag("cascade") }))
}

impl Rule for DeleteDefinition {
    fn check(&self, index: &Index) -> Vec<Problem> {
        self.symbols.iter().filter_map(|symbol| symbol.check_name(index)).collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let wanted = self.symbols.iter().map(|wanted| {
            let message = format!("delete {}:{}", wanted.module, wanted.name);
            (wanted.symbol(context.index), message)
        });
        delete(context, wanted)
    }

    fn subjects(&self, index: &Index) -> Vec<Subject> {
        let target = |symbol: &SymbolRef| Target::Symbol(symbol.symbol(index));
        self.symbols.iter().map(|symbol| Subject { target: target(symbol), home: None }).collect()
    }

    fn clears(&self) -> Clearing {
        Clearing { helpers: self.cascade, empty_modules: true }
    }
}

/// Finds what becomes of names that are to go, each with what is said of it.
pub(super) fn delete(context: &Context<'_>, wanted: impl Iterator<Item = (Symbol, String)>) -> Vec<Finding> {
    let doomed = wanted.filter_map(|(symbol, message)| Doomed::new(context.index, symbol, message));
    judge(context, &doomed.collect::<Vec<_>>())
}
