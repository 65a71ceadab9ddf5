//! `shim` for TypeScript: an old name, or a whole old module, exports what is at home elsewhere, with `@deprecated`.
//!
//! A shim is a re-export, so whoever goes on to use the old name has the very object of the new one, and references are followed through it
//! without more. It is safe where the old name means the same object already, or where there is none.

mod modules;
mod names;
mod removal;

use std::collections::BTreeSet;

use super::named::{ModuleRef, SymbolRef, is_folder};
use super::{View, describe};
use crate::index::Index;
use crate::index::typescript::TypeScript;
use crate::index::typescript::references::Target;
use crate::lang::typescript::facts::{BindingKind, Export, Exported, Facts, Meaning};
use crate::lang::typescript::imports::Source;
use crate::lang::typescript::modules::{Absence, Module};
use crate::lang::typescript::resolve::{Definition, End, Resolution, Symbol};
use crate::lang::typescript::shim::{Forward, is_whole, mark};
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::transform::finding::{Evidence, Finding, Reason};
use crate::transform::python::shim::Standing;
use crate::transform::wire::{Located, Problem, Table};
use crate::transform::{Context, Rule, Subject};

struct Shim {
    names: Vec<(SymbolRef, Option<SymbolRef>)>,
    modules: Vec<(ModuleRef, Option<ModuleRef>)>,
    manner: Manner,
}

/// How shims are made.
struct Manner {
    /// What `@deprecated` says, where the plan does.
    message: Option<String>,
    /// The plan's word that the new object may stand for the old one.
    replaces: bool,
}

impl Manner {
    /// A name that is taken from a module by this specifier.
    fn forward(&self, imported: &str, exported: &str, specifier: &str, is_type_only: bool) -> Forward {
        let what = if imported == "default" { "the default export of".to_owned() } else { format!("`{imported}` from") };
        let message = self.message.clone().unwrap_or_else(|| format!("Use {what} \"{specifier}\"."));
        Forward { imported: imported.to_owned(), exported: exported.to_owned(), is_type_only, message }
    }
}

/// Why a shim is for review, and where.
type Doubt = (Reason, Evidence);

/// Why a shim is not made.
struct Stop {
    reason: Reason,
    evidence: Vec<Evidence>,
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self { reason, evidence: Vec::new() }
    }
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    let is_removal = table.flag("remove");
    let froms = table.strings("from");
    if !table.has("from") {
        let problem = Problem::new(table.origin(), "`from` is missing");
        table.problem(problem.hint("`from` names the old symbol or module, or a list of them"));
    }
    let to = table.string("to");
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
    if let Some(flag) = table.string("flag") {
        let problem = Problem::new(&flag.origin, "`flag` is for Python");
        table.problem(problem.hint("what a module exports is fixed before any of its code can look at the environment"));
    }
    if table.flag("cascade") {
        let problem = Problem::new(table.origin(), "`cascade` is for Python");
        table.problem(problem.hint("a TypeScript shim is a re-export, and has no helpers of its own"));
    }
    let message = table.string("message").map(|message| {
        if message.value.contains("*/") || message.value.contains(['\n', '\r']) {
            table.problem(Problem::new(&message.origin, "the message stands in a comment of one line"));
        }
        message.value
    });
    let mut shim =
        Shim { names: Vec::new(), modules: Vec::new(), manner: Manner { message, replaces: table.flag("replaces") } };
    froms.into_iter().for_each(|from| shim.add(table, from, to.clone()));
    Some(Box::new(shim))
}

impl Shim {
    fn add(&mut self, table: &Table<'_>, from: Located<String>, to: Option<Located<String>>) {
        let is_name = from.value.contains(':');
        if let Some(to) = to.as_ref().filter(|to| to.value.contains(':') != is_name) {
            let problem = Problem::new(&to.origin, format!("`{}` and `{}` are not of one sort", from.value, to.value));
            return table.problem(problem.hint("write two symbols (`web/lib/old:Name`) or two modules (`web/lib/old`)"));
        }
        if to.as_ref().is_some_and(|to| to.value == from.value) {
            return table.problem(Problem::new(&from.origin, format!("`{}` would be a shim for itself", from.value)));
        }
        match is_name {
            true => {
                let (from, to) = (SymbolRef::read(table, from), to.map(|to| SymbolRef::read(table, to)));
                self.names.extend(from.and_then(|from| Some((from, to.map_or(Some(None), |to| to.map(Some))?))));
            }
            false => {
                let (from, to) = (ModuleRef::read(table, from), to.map(|to| ModuleRef::read(table, to)));
                self.modules.extend(from.and_then(|from| Some((from, to.map_or(Some(None), |to| to.map(Some))?))));
            }
        }
    }

    /// What the shims are of.
    fn targets(&self, index: &Index) -> Vec<Target> {
        let names = self.names.iter().map(|(from, _)| Target::Symbol(from.symbol(index)));
        names.chain(self.modules.iter().map(|(from, _)| Target::Module(from.name.as_str().into()))).collect()
    }
}

impl Rule for Shim {
    fn check(&self, index: &Index) -> Vec<Problem> {
        let is_there = |module: &ModuleRef| matches!(index.typescript().modules().find(&module.name), Ok(Module::File(_)));
        let of_name = |(from, to): &(SymbolRef, Option<SymbolRef>)| match to {
            _ if !is_there(&from.module) => Some(from.module.unknown(index)),
            Some(to) => to.check(index),
            None => None,
        };
        let of_module = |(from, to): &(ModuleRef, Option<ModuleRef>)| match to {
            Some(to) if !is_there(to) => {
                let problem = Problem::new(&to.origin, format!("`{}` is no module of the repository", to.name));
                Some(problem.hint("forward names one by one: `from = \"web/lib/old:Name\"` and `to = \"home:Name\"`"))
            }
            None if is_folder(index, &from.name) && !is_there(from) => {
                Some(Problem::new(&from.origin, format!("`{}` is a folder", from.name)))
            }
            _ => None,
        };
        let problems = self.names.iter().filter_map(of_name).chain(self.modules.iter().filter_map(of_module));
        problems.map(|problem| Problem { hint: problem.hint.filter(|hint| !hint.contains("`external")), ..problem }).collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let made: Vec<(&SymbolRef, &SymbolRef)> =
            self.names.iter().filter_map(|(from, to)| Some((from, to.as_ref()?))).collect();
        let mut findings = names::find(context, &made, &self.manner);
        let gone: Vec<&SymbolRef> = self.names.iter().filter(|(_, to)| to.is_none()).map(|(from, _)| from).collect();
        findings.extend(removal::of_names(context, &gone));
        for (from, to) in &self.modules {
            findings.extend(match to {
                Some(to) => modules::find(context, from, to, &self.manner),
                None => removal::of_module(context, from),
            });
        }
        findings
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
    }

    fn standing(&self, index: &Index) -> Vec<Standing> {
        let standing = |target: &Target| {
            let users = removal::users(index, target);
            let files: BTreeSet<FileId> = users.iter().map(|user| user.file).collect();
            Standing { old: spelled(index, target), references: users.len(), files: files.len() }
        };
        self.targets(index).iter().filter(|target| is_shim(index, target)).map(standing).collect()
    }
}

fn spelled(index: &Index, target: &Target) -> String {
    match target {
        Target::Symbol(symbol) => format!("{}:{}", index.typescript().modules().module_name(&symbol.module), symbol.name),
        Target::Module(name) => name.to_string(),
    }
}

/// Whether a symbol or module is a shim.
pub fn is_shim(index: &Index, target: &Target) -> bool {
    match target {
        Target::Symbol(Symbol { module: Module::File(file), name }) => is_shimmed(index, *file, name),
        Target::Symbol(_) => false,
        Target::Module(name) => match index.typescript().modules().find(name) {
            Ok(Module::File(file)) => is_whole_shim(index, file),
            _ => false,
        },
    }
}

/// Whether a file has a shim for a name.
fn is_shimmed(index: &Index, file: FileId, name: &str) -> bool {
    let view = View::open(index, file);
    view.facts.exports_of(name).any(|(_, export)| mark(&view.text, view.facts, export).is_some())
}

fn is_whole_shim(index: &Index, file: FileId) -> bool {
    let view = View::open(index, file);
    let tree = index.tree(file, &view.text);
    tree.is_some_and(|tree| is_whole(&Source { text: &view.text, facts: view.facts, tree }))
}

/// What a way may mean: what all that it passes lets through.
fn meaning(code: TypeScript<'_>, way: &Resolution) -> Meaning {
    const ALL: [Meaning; 3] = [Meaning::VALUE, Meaning::TYPE, Meaning::NAMESPACE];
    let of = |symbol: &Symbol| match symbol.module {
        Module::File(file) if code.modules().name(file).is_some() => {
            let facts = code.facts(file);
            let entries = facts.exports_of(&symbol.name).map(|(_, export)| meaning_of(facts, export));
            entries.reduce(Meaning::and).unwrap_or(Meaning::ANY)
        }
        _ => Meaning::ANY,
    };
    let end = match way.end {
        End::Definition(Definition::Binding(file, binding)) => code.facts(file).bindings[binding.index()].meaning,
        End::Definition(Definition::Expression(..)) => Meaning::VALUE,
        _ => Meaning::ANY,
    };
    let passed: Vec<Meaning> = way.hops.iter().map(of).chain([end]).collect();
    let both = ALL.into_iter().filter(|one| passed.iter().all(|meaning| meaning.contains(*one)));
    both.fold(Meaning::NONE, Meaning::and)
}

/// What an entry lets through of what it exports.
fn meaning_of(facts: &Facts, export: &Export) -> Meaning {
    let is_type_only = match export.what {
        Exported::Binding(binding) => match facts.bindings[binding.index()].kind {
            BindingKind::Import(alias) => facts.aliases[alias.index()].is_type_only,
            BindingKind::Alias(_) => return facts.bindings[binding.index()].meaning,
            _ => false,
        },
        _ => false,
    };
    if is_type_only || export.is_type_only { Meaning::TYPE.and(Meaning::NAMESPACE) } else { Meaning::ANY }
}

/// How a file spells a module.
fn specifier(index: &Index, from: &RepoPath, facts: Option<&Facts>, to: &ModuleRef) -> Result<String, Reason> {
    let modules = index.typescript().modules();
    match modules.find(&to.name) {
        Ok(Module::File(file)) => {
            let others: Vec<&str> =
                facts.iter().flat_map(|facts| facts.requests.iter().map(|it| facts.names.get(it.specifier))).collect();
            modules.spell_like(from, &index.snapshot().get(file).path, &others).ok_or(Reason::NotImportable)
        }
        Ok(Module::Absent(name)) => Ok(name.to_string()),
        Err(Absence::External | Absence::Unknown) => Ok(to.name.clone()),
        Err(_) => Err(Reason::NotImportable),
    }
}

/// Refuses a home that has the object from the old name itself: the two would ask one another for ever.
fn leads_back(index: &Index, from: &Symbol, way: &Resolution) -> Result<(), Stop> {
    let passes = |way: &Resolution| way.hops.contains(from);
    let is_circle = match &way.end {
        End::Ambiguous(ways) => ways.iter().any(passes),
        _ => passes(way),
    };
    match is_circle {
        true => Err(Stop { reason: Reason::TargetChain, evidence: vec![describe(index, "to", way)] }),
        false => Ok(()),
    }
}
