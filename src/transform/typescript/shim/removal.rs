//! Removing shims that nobody uses any more.

use std::collections::BTreeMap;

use super::{Stop, is_shim};
use crate::index::Index;
use crate::index::typescript::TypeScript;
use crate::index::typescript::references::{Search, Target};
use crate::lang::typescript::facts::{ExportId, Imported, UseRole};
use crate::lang::typescript::imports::Source;
use crate::lang::typescript::modules::{Kind, Module};
use crate::lang::typescript::shim;
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::TextEdit;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use crate::transform::typescript::named::{ModuleRef, SymbolRef};
use crate::transform::typescript::{View, refused};

/// A place that uses a shim.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct User {
    pub file: FileId,
    pub span: Span,
}

impl User {
    fn evidence(self, index: &Index) -> Evidence {
        View::open(index, self.file).quote("reference", self.span)
    }
}

/// Who uses a shim, outside of its module: references, and what takes its module as a whole.
pub(super) fn users(index: &Index, target: &Target) -> Vec<User> {
    let code = index.typescript();
    let own = match target {
        Target::Symbol(symbol) => symbol.module.clone(),
        Target::Module(name) => code.modules().module(name),
    };
    let targets = [target.clone()];
    let references = Search::new(code, &targets).run();
    let is_outside = |file: FileId| Module::File(file) != own;
    let found = references.iter().filter(|reference| is_outside(reference.file));
    // A module's name is that of the folder beside it as well.
    let is_it = |user: &User| matches!(target, Target::Symbol(_)) || is_request_of(code, user, &own);
    let found = found.map(|reference| User { file: reference.file, span: reference.span(code) }).filter(is_it);
    let mut users: Vec<User> = found.collect();
    if matches!(target, Target::Symbol(_)) {
        users.extend(code.files().filter(|file| is_outside(*file)).flat_map(|file| wholes(code, file, &own)));
    }
    users.sort();
    users.dedup();
    users
}

fn is_request_of(code: TypeScript<'_>, user: &User, module: &Module) -> bool {
    let requests = code.facts(user.file).requests.iter().zip(code.targets(user.file));
    { requests }.any(|(request, target)| request.span == user.span && target.module == *module)
}

/// Where a file takes a module as an object whose members are read in a way that does not say which.
fn wholes(code: TypeScript<'_>, file: FileId, module: &Module) -> Vec<User> {
    let facts = code.facts(file);
    let targets = code.targets(file);
    let taken = facts
        .aliases
        .iter()
        .filter(|alias| alias.imported == Imported::Namespace && targets[alias.request.index()].module == *module);
    let is_open =
        |used: &crate::lang::typescript::facts::Use| used.role == UseRole::Spread || used.attributes.0 == used.attributes.1;
    let open = taken.filter(|alias| match alias.local {
        Some(local) => facts.uses.iter().any(|used| used.binding == Some(local) && is_open(used)),
        None => true,
    });
    open.map(|alias| User { file, span: alias.span }).collect()
}

/// Removes the shims of names that nothing refers to. Those of one file are one change.
pub(super) fn of_names(context: &Context<'_>, names: &[&SymbolRef]) -> Vec<Finding> {
    let index = context.index;
    let mut by_file: BTreeMap<FileId, Vec<&SymbolRef>> = BTreeMap::new();
    for from in names.iter().filter(|from| is_shim(index, &Target::Symbol(from.symbol(index)))) {
        if let Module::File(file) = from.symbol(index).module {
            by_file.entry(file).or_default().push(from);
        }
    }
    by_file.into_iter().flat_map(|(file, names)| in_file(context, file, &names)).collect()
}

fn in_file(context: &Context<'_>, file: FileId, names: &[&SymbolRef]) -> Vec<Finding> {
    let index = context.index;
    let view = View::open(index, file);
    let entries = |from: &SymbolRef| view.facts.exports_of(&from.name).map(|(id, _)| id).collect::<Vec<ExportId>>();
    let finding = |from: &SymbolRef, outcome, evidence| {
        let span = view.facts.exports_of(&from.name).next().map_or(Span::at(0), |(_, export)| export.name_span);
        let message = format!("remove the shim {}", from.spelled());
        let mut finding = view.finding(span, message, Some(Spelling::of(Form::Definition)), outcome);
        finding.evidence = evidence;
        finding
    };
    let mut findings = Vec::new();
    let mut free = Vec::new();
    for from in names {
        let users = users(index, &Target::Symbol(from.symbol(index)));
        match (context.keeps(file), users.is_empty()) {
            (Some(reason), _) => findings.push(finding(from, Outcome::Left(reason), Vec::new())),
            (None, true) => free.push(*from),
            (None, false) => {
                let evidence = users.into_iter().map(|user| user.evidence(index)).collect();
                findings.push(finding(from, Outcome::Left(Reason::StillReferenced), evidence));
            }
        }
    }
    let gone: Vec<ExportId> = free.iter().flat_map(|from| entries(from)).collect();
    let change = removal(index, &view, &gone);
    findings.extend(free.into_iter().map(|from| match &change {
        Ok(change) => finding(from, Outcome::Fix(Fix::judged(None, change.clone())), Vec::new()),
        Err(Stop { reason, evidence }) => finding(from, Outcome::Left(*reason), evidence.clone()),
    }));
    findings
}

/// The change that takes names out of a file, or the whole file where nothing else is in it.
fn removal(index: &Index, view: &View<'_>, gone: &[ExportId]) -> Result<SourceChange, Stop> {
    let tree = index.tree(view.file, &view.text).ok_or(Reason::ParsersDisagree)?;
    let source = Source { text: &view.text, facts: view.facts, tree };
    let is_all = (0..view.facts.exports.len()).all(|at| gone.contains(&ExportId::new(at)));
    if is_all && shim::is_whole(&source) {
        let name = index.typescript().modules().name(view.file).unwrap_or_default();
        return deleted(index, view, &Target::Module(name.into()));
    }
    let edits = shim::removal(&source, gone).map_err(refused)?;
    let edit = TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)?;
    Ok(SourceChange::edit(view.path.clone(), edit))
}

/// The change that deletes a file, where nothing asks for it.
fn deleted(index: &Index, view: &View<'_>, target: &Target) -> Result<SourceChange, Stop> {
    let users = users(index, target);
    if !users.is_empty() {
        let evidence = users.into_iter().map(|user| user.evidence(index)).collect();
        return Err(Stop { reason: Reason::StillReferenced, evidence });
    }
    Ok(SourceChange::of(view.path.clone(), FileChange::Delete))
}

/// Deletes a module that is a shim and that nothing asks for.
pub(super) fn of_module(context: &Context<'_>, from: &ModuleRef) -> Vec<Finding> {
    let index = context.index;
    let target = Target::Module(from.name.as_str().into());
    let Ok(Module::File(file)) = index.typescript().modules().find(&from.name) else { return Vec::new() };
    if !is_shim(index, &target) {
        return Vec::new();
    }
    let view = View::open(index, file);
    let made = match context.keeps(file) {
        Some(reason) => Err(reason.into()),
        None => deleted(index, &view, &target),
    };
    let (outcome, evidence) = match made {
        Ok(change) => {
            let doubts = strings(index, file);
            let reason = doubts.first().map(|_| Reason::InString);
            (Outcome::Fix(Fix::judged(reason, change)), doubts)
        }
        Err(Stop { reason, evidence }) => (Outcome::Left(reason), evidence),
    };
    let message = format!("remove the shim {}", from.name);
    let mut finding = view.finding(Span::at(0), message, Some(Spelling::of(Form::Definition)), outcome);
    finding.evidence = evidence;
    vec![finding]
}

/// The strings that look like the path of a module and lead to it.
fn strings(index: &Index, module: FileId) -> Vec<Evidence> {
    let code = index.typescript();
    let in_file = |file: FileId| {
        let view = View::open(index, file);
        let leads = |path| {
            let found = code.modules().resolve(file, view.facts.names.get(path), Kind::Import);
            found.module == Module::File(module)
        };
        let paths = view.facts.paths.iter().filter(|(path, _)| leads(*path));
        paths.map(|(_, span)| view.quote("string", *span)).collect::<Vec<_>>()
    };
    code.files().flat_map(in_file).collect()
}
