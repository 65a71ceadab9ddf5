//! `delete-definition` for TypeScript: a class, function, type, value or re-export of a module goes once nothing refers to it.
//!
//! What counts as a reference: every import, re-export, use and member of a namespace, through any barrel; a key of the object by which a
//! test replaces the module, and the name that a spy is given; a declaration of the same name in `declare module`; and any file that has
//! the word and does not parse. What a framework, a runner or the users of a package find is for a person. Definitions that only refer
//! to one another go together ([`group`]); what only they used goes with them where the plan says so ([`helpers`]).

mod escapes;
mod group;
pub(in crate::transform) mod helpers;
mod removal;
mod uses;

use std::collections::BTreeSet;

use self::group::judge;
use self::removal::Doomed;
use super::named::SymbolRef;
use crate::index::Index;
use crate::lang::typescript::modules::Module;
use crate::transform::finding::Finding;
use crate::transform::wire::{Problem, Table};
use crate::transform::{Clearing, Context, Rule, Subject};

struct DeleteDefinition {
    symbols: Vec<SymbolRef>,
    cascade: bool,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    let symbols = table.strings("of").into_iter().filter_map(|text| SymbolRef::read(table, text)).collect();
    Some(Box::new(DeleteDefinition { symbols, cascade: table.flag("cascade") }))
}

impl Rule for DeleteDefinition {
    fn check(&self, index: &Index) -> Vec<Problem> {
        // A name that its module keeps to itself may go as well.
        let is_private = |symbol: &&SymbolRef| match symbol.symbol(index).module {
            Module::File(file) => index.typescript().facts(file).top_level(&symbol.name).is_some(),
            Module::Absent(_) => false,
        };
        self.symbols.iter().filter(|symbol| !is_private(symbol)).filter_map(|symbol| symbol.check(index)).collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let doomed = self.symbols.iter().filter_map(|wanted| {
            let message = format!("delete {}", wanted.spelled());
            Doomed::new(context.index, &wanted.symbol(context.index), message)
        });
        // Two names of one definition are one case.
        let mut seen = BTreeSet::new();
        let doomed: Vec<Doomed> = doomed.filter(|doomed| seen.insert((doomed.file, doomed.what))).collect();
        judge(context, &doomed).findings
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
    }

    fn clears(&self) -> Clearing {
        Clearing { helpers: self.cascade, empty_modules: true }
    }
}
