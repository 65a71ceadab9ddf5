//! `shim`: an old name, or a whole old module, goes on to work, gets what it gives from a new home, and says that it is deprecated. With
//! `flag`, an environment variable chooses between the old and the new; with `remove = true`, the shim goes once nobody uses it.
//!
//! What a shim looks like is the business of [`crate::lang::python::shim`]. It is safe where the old name means the same object already,
//! where there is no such name any more, and with a `flag`, which changes nothing as long as it is not set. Where another object takes
//! the old one's place, that is judged as `move-symbol` judges it.

mod modules;
mod names;
mod removal;

use std::collections::BTreeSet;

use super::super::wire::{Located, Problem, Table};
use super::super::{Clearing, Context, Rule, Subject};
use super::module_subjects;
use super::named::{ModuleRef, SymbolRef, check_module};
use super::sightings::sightings;
use crate::index::Index;
use crate::index::references::{Search, Target, is_inside};
use crate::lang::python::modules::{Absence, Module};
use crate::lang::python::shim::is_flag;
use crate::text::snapshot::FileId;
use crate::transform::finding::Finding;

struct Shim {
    rows: Vec<Row>,
    manner: Manner,
    cascade: bool,
}

/// What is shimmed, and where it is now. A shim that is removed has no home.
enum Row {
    Name(SymbolRef, Option<SymbolRef>),
    Module(ModuleRef, Option<ModuleRef>),
}

/// How shims are made.
#[derive(Clone)]
struct Manner {
    /// The environment variable that chooses.
    flag: Option<String>,
    /// What the warning says; made of the names where the plan does not say.
    message: Option<String>,
    /// The plan's word that the new object may stand for the old one.
    replaces: bool,
}

impl Manner {
    /// What the warning says of something old that has a new home.
    fn message(&self, old: &str, new: &str) -> String {
        self.message.clone().unwrap_or_else(|| format!("{old} is deprecated: use {new}"))
    }
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    let is_removal = table.flag("remove");
    let froms = table.strings("from");
    if froms.is_empty() && !table.has("from") {
        let problem = Problem::new(table.origin(), "`from` is missing");
        table.problem(problem.hint("`from` names the old symbol or module, or a list of them"));
    }
    let to = table.string("to");
    let flag = table.string("flag");
    let manner = Manner {
        flag: flag.as_ref().map(|flag| flag.value.clone()),
        message: table.string("message").map(|message| message.value),
        replaces: table.flag("replaces"),
    };
    if let Some(flag) = flag.filter(|flag| !is_flag(&flag.value)) {
        let problem = Problem::new(&flag.origin, format!("`{}` is no name of an environment variable", flag.value));
        table.problem(problem.hint("letters, digits and `_`, such as `USE_NEW_MANAGER`"));
    }
    match &to {
        Some(to) if is_removal => {
            let problem = Problem::new(&to.origin, "a shim that is removed has no `to`");
            table.problem(problem.hint("`from` names the shims to remove; `remove = true` and `to` exclude one another"));
        }
        None if !is_removal && !table.has("to") => {
            let problem = Problem::new(table.origin(), "`to` is missing");
            table.problem(problem.hint("`to` names the new home; or write `remove = true` to remove a shim"));
        }
        _ => {}
    }
    let rows: Vec<Row> = froms.into_iter().filter_map(|from| row(table, from, to.clone())).collect();
    Some(Box::new(Shim { rows, manner, cascade: table.flag("cascade") }))
}

fn row(table: &Table<'_>, from: Located<String>, to: Option<Located<String>>) -> Option<Row> {
    let is_name = from.value.contains(':');
    if let Some(to) = to.as_ref().filter(|to| to.value.contains(':') != is_name) {
        let problem = Problem::new(&to.origin, format!("`{}` and `{}` are not of one sort", from.value, to.value));
        table.problem(problem.hint("write two symbols (`pkg.mod:Name`) or two modules (`pkg.mod`)"));
        return None;
    }
    let is_own = to.as_ref().is_some_and(|to| to.value == from.value);
    if is_own {
        table.problem(Problem::new(&from.origin, format!("`{}` would be a shim for itself", from.value)));
        return None;
    }
    match is_name {
        true => {
            let (from, to) = (SymbolRef::read(table, from), to.map(|to| SymbolRef::read(table, to)));
            Some(Row::Name(from?, as_read(to)?))
        }
        false => {
            let (from, to) = (ModuleRef::read(table, from), to.map(|to| ModuleRef::read(table, to)));
            Some(Row::Module(from?, as_read(to)?))
        }
    }
}

/// What was there and could be read, or nothing where nothing was there.
fn as_read<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    read.map_or(Some(None), |read| read.map(Some))
}

impl Rule for Shim {
    fn check(&self, index: &Index) -> Vec<Problem> {
        self.rows.iter().filter_map(|row| check(index, row)).collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let (mut made, mut removed, mut modules) = (Vec::new(), Vec::new(), Vec::new());
        let mut findings = Vec::new();
        for row in &self.rows {
            match row {
                Row::Name(from, Some(to)) => made.push((from, to)),
                Row::Name(from, None) => removed.push(from),
                Row::Module(from, Some(to)) => findings.extend(modules::find(context, from, to, &self.manner)),
                Row::Module(from, None) => modules.push(from),
            }
        }
        findings.extend(names::find(context, &made, &self.manner));
        findings.extend(removal::of_names(context, &removed));
        findings.extend(removal::of_modules(context, &modules));
        findings
    }

    fn standing(&self, index: &Index) -> Vec<Standing> {
        standing(index, &self.subjects(index))
    }

    fn clears(&self) -> Clearing {
        Clearing { helpers: self.cascade, empty_modules: true }
    }

    fn subjects(&self, index: &Index) -> Vec<Subject> {
        let subject = |row: &Row| match row {
            Row::Name(from, to) => {
                let target = |symbol: &SymbolRef| Target::Symbol(symbol.symbol(index));
                vec![Subject { target: target(from), home: to.as_ref().map(target) }]
            }
            Row::Module(from, to) => module_subjects(index, &from.name, to.as_ref().map(|to| to.name.as_str())),
        };
        self.rows.iter().flat_map(subject).collect()
    }
}

/// Reports a home that does not exist, and an old module that does not.
fn check(index: &Index, row: &Row) -> Option<Problem> {
    match row {
        Row::Name(from, to) => {
            if let Err(absence) = index.modules().find(&from.module) {
                let problem = Problem::new(&from.origin, format!("there is no module `{}`", from.module));
                return Some(match absence {
                    Absence::Opaque => problem.hint("it lies behind a link or in a submodule"),
                    _ => problem.did_you_mean(&from.module, index.modules().names()),
                });
            }
            match to {
                Some(to) => {
                    let is_elsewhere = matches!(index.modules().find(&to.module), Err(Absence::External | Absence::Opaque));
                    let missing = || check_module(index, &to.module, &to.origin).or_else(|| to.check_name(index));
                    if is_elsewhere { None } else { missing() }.map(without_external)
                }
                None => from.check_name(index).map(without_external),
            }
        }
        Row::Module(from, to) => {
            let is_in = |inner: &str, outer: &str| inner != outer && is_inside(inner, outer);
            if let Some(to) = to.as_ref().filter(|to| is_in(&from.name, &to.name) && !is_package(index, &to.name)) {
                let problem = Problem::new(&from.origin, format!("`{}` would lie in a module", from.name));
                return Some(problem.hint(format!("`{}` is not a package", to.name)));
            }
            match to {
                Some(to) => check_module(index, &to.name, &to.origin).or_else(|| check_home(index, to)),
                None => removal::check_whole(index, from),
            }
        }
    }
}

/// Reports a home that is no module of the repository.
fn check_home(index: &Index, to: &ModuleRef) -> Option<Problem> {
    let problem = match index.modules().find(&to.name) {
        Ok(Module::File(_)) => return None,
        Ok(_) => Problem::new(&to.origin, format!("`{}` is a folder without an `__init__.py`", to.name)),
        Err(_) => Problem::new(&to.origin, format!("`{}` is not in the repository", to.name)),
    };
    Some(problem.hint("forward names one by one: `from = \"pkg.old:Name\"` and `to = \"home:Name\"`"))
}

fn is_package(index: &Index, name: &str) -> bool {
    matches!(index.modules().find(name), Ok(Module::File(file)) if index.modules().is_package(file))
}

/// The problem without a hint at a key that this kind does not have.
fn without_external(problem: Problem) -> Problem {
    match &problem.hint {
        Some(hint) if hint.contains("`external") => Problem { hint: None, ..problem },
        _ => problem,
    }
}

/// A shim that is there, and who still uses it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The old name, as plans write it.
    pub old: String,
    /// How many references to it there are outside of its module, as `refs` lists them.
    pub references: usize,
    /// How many files they are in.
    pub files: usize,
}

/// The shims among what a step is about that are there now, in the order of the plan.
fn standing(index: &Index, subjects: &[Subject]) -> Vec<Standing> {
    let modules: Vec<&str> = subjects.iter().filter_map(|subject| whole(index, &subject.target)).collect();
    let is_told = |target: &Target| match target {
        // The names of a module that is a shim as a whole are told with it.
        Target::Symbol(symbol) => modules.contains(&&*index.modules().dotted(&symbol.module)),
        Target::Module(_) => false,
    };
    let targets = subjects.iter().map(|subject| &subject.target);
    targets.filter(|target| is_shim(index, target) && !is_told(target)).map(|target| users(index, target)).collect()
}

/// Whether a symbol or module is a shim.
pub fn is_shim(index: &Index, target: &Target) -> bool {
    match target {
        Target::Symbol(symbol) => match symbol.module {
            Module::File(file) => names::is_shimmed(index, file, &symbol.name),
            _ => false,
        },
        target => whole(index, target).is_some(),
    }
}

/// The name of a module that is a shim.
fn whole<'t>(index: &Index, target: &'t Target) -> Option<&'t str> {
    let Target::Module(dotted) = target else { return None };
    let Ok(Module::File(file)) = index.modules().find(dotted) else { return None };
    modules::is_shim(index, file).then_some(&**dotted)
}

fn users(index: &Index, target: &Target) -> Standing {
    let targets = [target.clone()];
    let own = match target {
        Target::Symbol(symbol) => index.modules().dotted(&symbol.module).to_string(),
        Target::Module(dotted) => dotted.to_string(),
    };
    let search = Search::new(index, &targets);
    let references = search.run();
    let sightings = sightings(index, &references);
    let is_outside = |file: FileId| index.modules().name(file) != Some(&*own);
    let outside = sightings.iter().map(|sighting| sighting.reference.file).filter(|file| is_outside(*file));
    let files: Vec<FileId> = outside.chain(search.mentions(&|_| true).iter().map(|mention| mention.file)).collect();
    let distinct: BTreeSet<FileId> = files.iter().copied().collect();
    Standing { old: target.spelled(index.modules()), references: files.len(), files: distinct.len() }
}
