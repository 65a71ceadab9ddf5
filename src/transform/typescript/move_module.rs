//! `move-module` for TypeScript: files and whole folders move, with every string that names one of them, or nothing does.

mod config;
mod files;
mod route;

use self::files::move_files;
use super::named::{ModuleRef, is_folder};
use crate::index::Index;
use crate::index::typescript::references::is_inside;
use crate::lang::typescript::modules::Absence;
use crate::transform::finding::Finding;
use crate::transform::wire::{Problem, Table};
use crate::transform::{Context, Rule, Subject};

struct MoveModule {
    from: ModuleRef,
    to: ModuleRef,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    let from = table.required("from").and_then(|text| ModuleRef::read(table, text))?;
    let to = table.required("to").and_then(|text| ModuleRef::read(table, text))?;
    if is_inside(&to.name, &from.name) {
        table.problem(Problem::new(&from.origin, format!("`{}` is moved into itself", from.name)));
    }
    if !table.flag("move_definition") {
        let problem = Problem::new(table.origin(), "a TypeScript module moves with `move_definition = true` only");
        table.problem(problem.hint("to send what it exports elsewhere, write a `move-symbol` step for each name"));
    }
    Some(Box::new(MoveModule { from, to }))
}

impl Rule for MoveModule {
    fn check(&self, index: &Index) -> Vec<Problem> {
        let modules = index.typescript().modules();
        let is_there = |module: &ModuleRef| modules.find(&module.name).is_ok() || is_folder(index, &module.name);
        let problem = match (is_there(&self.from), is_there(&self.to)) {
            // Moved already.
            (false, true) => None,
            (false, false) => Some(self.from.unknown(index)),
            (true, _) if modules.find(&self.to.name) == Err(Absence::Opaque) => {
                Some(Problem::new(&self.to.origin, format!("`{}` lies behind a link or in a submodule", self.to.name)))
            }
            _ => None,
        };
        problem.into_iter().collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        move_files(context, &self.from, &self.to)
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
    }
}
