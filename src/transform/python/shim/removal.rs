//! Removing shims that nobody uses any more: what is deleted is the old name, or the old module.

use super::super::super::Context;
use super::super::super::wire::Problem;
use super::super::named::{ModuleRef, SymbolRef, check_module};
use super::super::{delete_definition, delete_module};
use super::{is_shim, names};
use crate::index::Index;
use crate::index::references::Target;
use crate::lang::python::modules::Module;
use crate::transform::finding::Finding;

/// Reports a package, which holds more than its own names. What is there and no shim has not become one yet: that is no error.
pub(super) fn check_whole(index: &Index, from: &ModuleRef) -> Option<Problem> {
    if let Some(problem) = check_module(index, &from.name, &from.origin) {
        return Some(problem);
    }
    match index.modules().find(&from.name) {
        Ok(Module::File(file)) if index.modules().is_package(file) => {
            let problem = Problem::new(&from.origin, format!("`{}` is a package", from.name));
            Some(problem.hint("`delete-module` deletes it with all modules in it"))
        }
        _ => None,
    }
}

/// Deletes the shims of names: those of a list that only refer to one another go together.
pub(super) fn of_names(context: &Context<'_>, names: &[&SymbolRef]) -> Vec<Finding> {
    let index = context.index;
    let is_one = |from: &&&SymbolRef| match from.symbol(index).module {
        Module::File(file) => names::is_shimmed(index, file, &from.name),
        _ => false,
    };
    let shims = names.iter().filter(is_one).map(|from| {
        let message = format!("remove the shim {}:{}", from.module, from.name);
        (from.symbol(index), message)
    });
    delete_definition::delete(context, shims)
}

/// Deletes modules that are shims.
pub(super) fn of_modules(context: &Context<'_>, modules: &[&ModuleRef]) -> Vec<Finding> {
    let is_one = |from: &&&ModuleRef| is_shim(context.index, &Target::Module(from.name.as_str().into()));
    let names: Vec<&str> = modules.iter().filter(is_one).map(|from| from.name.as_str()).collect();
    delete_module::delete(context, &names, &|name| format!("remove the shim {name}"))
}
