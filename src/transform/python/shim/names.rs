//! Names of a module that forward: made in the order of the plan, each in the program that those before it made.

use super::super::super::Context;
use super::super::super::finding::{Applicability, Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use super::super::delete_definition::{Removal, evidence, extents};
use super::super::move_symbol::draft::{Doubt, Draft, Stop, in_first};
use super::super::move_symbol::lookups;
use super::super::named::SymbolRef;
use super::super::relocate::judge;
use super::super::remove_unused_imports::marks::comment_with;
use super::super::stub_beside;
use super::super::{View, describe};
use super::Manner;
use crate::index::Index;
use crate::index::references::{Reference, Search, Site, Target};
use crate::lang::python::facts::{Binding, BindingKind, Context as Under, Facts, ScopeId};
use crate::lang::python::imports::{Becomes, Change, Editor, Name, Need, Needed, insert, rewrite};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, End, Resolution, Symbol};
use crate::lang::python::shim::{self, Forwarded};
use crate::lang::python::statements;
use crate::text::change::SourceChange;
use crate::text::edit::Edit;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

type Row<'r> = (&'r SymbolRef, &'r SymbolRef);

/// A shim that has been made, in memory.
struct Made<'i> {
    draft: Draft<'i>,
    doubts: Vec<Doubt>,
    /// What the shim rests on.
    evidence: Vec<Evidence>,
}

/// Makes the shims of all rows. Those that are safe are one change, and so are those that are for review.
pub(super) fn find(context: &Context<'_>, rows: &[Row<'_>], manner: &Manner) -> Vec<Finding> {
    let index = context.index;
    let mut findings = Vec::new();
    let mut waiting: Vec<Row<'_>> = rows.iter().copied().filter(|(from, to)| !is_done(index, from, to, manner)).collect();
    for wanted in [Applicability::Safe, Applicability::Review] {
        let mut change = SourceChange::default();
        let mut program: Option<Index> = None;
        let mut made: Vec<(Row<'_>, Vec<Doubt>, Vec<Evidence>)> = Vec::new();
        for row in std::mem::take(&mut waiting) {
            let now = program.as_ref().unwrap_or(index);
            let told = |evidence| in_first(index, now, &change, evidence);
            match shim(&Context { index: now, ..*context }, row, manner) {
                Ok(Made { doubts, .. }) if wanted == Applicability::Safe && !doubts.is_empty() => waiting.push(row),
                Ok(Made { draft, doubts, evidence }) => {
                    let doubts = doubts.into_iter().map(|(reason, evidence)| (reason, told(evidence))).collect();
                    let evidence = evidence.into_iter().map(told).collect();
                    change = change.then(&draft.change);
                    program = draft.into_index().or(program);
                    made.push((row, doubts, evidence));
                }
                Err(_) if wanted == Applicability::Safe => waiting.push(row),
                Err(stop) => {
                    let evidence = stop.evidence.into_iter().map(told).collect();
                    findings.push(finding(index, row, Outcome::Left(stop.reason), evidence));
                }
            }
        }
        for (row, doubts, evidence) in made {
            let reason = doubts.first().map(|(reason, _)| *reason);
            let evidence = doubts.into_iter().map(|(_, evidence)| evidence).chain(evidence).collect();
            findings.push(finding(index, row, Outcome::Fix(Fix::new(wanted, reason, change.clone())), evidence));
        }
    }
    findings
}

fn finding(index: &Index, (from, to): Row<'_>, outcome: Outcome, evidence: Vec<Evidence>) -> Finding {
    let file = match index.modules().module(&from.module) {
        Module::File(file) => file,
        // The check has seen that there is a module, if not one with a file.
        Module::Namespace(_) | Module::Absent(_) => FileId::new(0),
    };
    let view = View::open(index, file);
    let span = view.facts.place_of(&from.name).unwrap_or(Span::at(0));
    let message = format!("{}:{} becomes a shim for {}:{}", from.module, from.name, to.module, to.name);
    let mut finding = view.finding(span, message, Some(Spelling::of(Form::Definition)), outcome);
    finding.evidence = evidence;
    finding
}

/// Whether a file has a shim for a name: one that forwards it, or one that chooses.
pub(super) fn is_shimmed(index: &Index, file: FileId, name: &str) -> bool {
    let view = View::open(index, file);
    view.facts.forward(name).is_some() || view.source().is_some_and(|source| shim::switch_of(&source, name).is_some())
}

/// Whether the shim is there already.
fn is_done(index: &Index, from: &SymbolRef, to: &SymbolRef, manner: &Manner) -> bool {
    let Module::File(file) = index.modules().module(&from.module) else { return false };
    let view = View::open(index, file);
    match &manner.flag {
        None => {
            let way = resolve::resolve(index, &from.symbol(index));
            let leads = way.is_same_object(&resolve::resolve(index, &to.symbol(index))) || way.hops.contains(&to.symbol(index));
            view.facts.forward(&from.name).is_some() && leads
        }
        Some(flag) => {
            let switch = view.source().and_then(|source| shim::switch_of(&source, &from.name));
            switch.is_some_and(|switch| switch.flag == *flag)
        }
    }
}

/// Makes one shim.
fn shim<'i>(context: &Context<'i>, row: Row<'_>, manner: &Manner) -> Result<Made<'i>, Stop> {
    let index = context.index;
    let (from, _) = row;
    let Module::File(file) = index.modules().module(&from.module) else { return Err(Reason::PlaceTaken.into()) };
    if let Some(reason) = context.keeps(file) {
        return Err(reason.into());
    }
    let view = View::open(index, file);
    if let Some(error) = view.facts.errors.first() {
        return Err(Stop { reason: Reason::Unparsable, evidence: vec![view.quote("unparsable", error.span)] });
    }
    if let Some(forward) = view.facts.forward(&from.name) {
        return Err(Stop { reason: Reason::PlaceTaken, evidence: vec![view.quote("from", forward.span)] });
    }
    leads_back(index, &from.symbol(index), &row.1.symbol(index))?;
    match &manner.flag {
        Some(flag) => switched(&view, row, flag, manner),
        None => forwarded(&view, row, manner),
    }
}

/// Refuses a home that has the object from the old name itself: the two would ask one another for ever.
pub(super) fn leads_back(index: &Index, from: &Symbol, to: &Symbol) -> Result<(), Stop> {
    let way = resolve::resolve(index, to);
    let passes = |way: &Resolution| way.hops.contains(from);
    let is_circle = match &way.end {
        End::Ambiguous(ways) => ways.iter().any(passes),
        _ => passes(&way),
    };
    match is_circle {
        true => Err(Stop { reason: Reason::TargetChain, evidence: vec![describe(index, "to", &way)] }),
        false => Ok(()),
    }
}

/// The name's new home, and what the warning says.
fn told((from, to): Row<'_>, manner: &Manner) -> (Name, String) {
    let spelled = |symbol: &SymbolRef| format!("{}.{}", symbol.module, symbol.name);
    let home = Name { module: to.module.clone(), name: to.name.clone(), local: from.name.clone() };
    (home, manner.message(&spelled(from), &spelled(to)))
}

/// Lets an environment variable choose. While it is not set nothing changes; when it is, calls that fit today have to fit.
fn switched<'i>(view: &View<'i>, row: Row<'_>, flag: &str, manner: &Manner) -> Result<Made<'i>, Stop> {
    let (index, (from, to)) = (view.index, row);
    if binding(view, from)?.is_none() {
        return Err(Reason::Dangling.into());
    }
    let verdict = judge(index, &from.symbol(index), &to.symbol(index), true);
    let doubts = verdict.reason.and_then(|reason| Some((reason, verdict.evidence.last()?.clone()))).into_iter().collect();
    let mut draft = Draft::new(index);
    require(&mut draft, view.path, &["os", "warnings"])?;
    let after = View::open(draft.index(), draft.file(view.path)?);
    let source = after.source().ok_or(Reason::ParsersDisagree)?;
    let (home, message) = told(row, manner);
    let edit = shim::switch(&source, flag, &[&home], &message).map_err(|_| Reason::ParsersDisagree)?;
    draft.edit(view.path, vec![edit])?;
    Ok(Made { draft, doubts, evidence: verdict.evidence })
}

/// Lets the module answer for the name, in place of what binds it.
fn forwarded<'i>(view: &View<'i>, row: Row<'_>, manner: &Manner) -> Result<Made<'i>, Stop> {
    let (index, (from, to)) = (view.index, row);
    let mut made = Made { draft: Draft::new(index), doubts: Vec::new(), evidence: Vec::new() };
    drop_switch(view, from, &mut made.draft)?;
    let now = View::open(made.draft.index(), made.draft.file(view.path)?);
    let is_bound = binding(&now, from)?.is_some();
    if is_bound {
        let verdict = judge(now.index, &from.symbol(now.index), &to.symbol(now.index), manner.replaces);
        made.doubts.extend(verdict.reason.and_then(|reason| Some((reason, verdict.evidence.first()?.clone()))));
        made.evidence = verdict.evidence;
        let (edits, doubts) = take_out(&now, from)?;
        made.doubts.extend(doubts);
        made.draft.edit(view.path, edits)?;
    }
    // A module is asked for what nothing gives it alone.
    let left = resolve::resolve(made.draft.index(), &from.symbol(made.draft.index()));
    let maker = view.facts.place_of("__getattr__").filter(|_| left.hops.len() == 1);
    match (&left.end, maker) {
        (End::Unbound, _) => {}
        // The module may have made the name by itself. One that was bound it was never asked for.
        (End::Dynamic, Some(maker)) if !is_bound => made.doubts.push((Reason::NotProved, view.quote("lookup", maker))),
        (End::Dynamic, Some(_)) => {}
        (End::Module(_), _) => {
            return Err(Stop { reason: Reason::PlaceTaken, evidence: vec![describe(index, "taken", &left)] });
        }
        _ => return Err(Stop { reason: Reason::StarImport, evidence: vec![describe(index, "taken", &left)] }),
    }
    made.doubts.extend(seen_otherwise(view, from)?);
    require(&mut made.draft, view.path, &["warnings"])?;
    let after = View::open(made.draft.index(), made.draft.file(view.path)?);
    let source = after.source().ok_or(Reason::ParsersDisagree)?;
    let (home, message) = told(row, manner);
    let edit = shim::forward(&source, &Forwarded { home: &home, message: &message }).map_err(|_| Reason::PlaceTaken)?;
    made.draft.edit(view.path, vec![edit])?;
    Ok(made)
}

/// Takes out the `if` by which an environment variable has chosen so far.
fn drop_switch(view: &View<'_>, from: &SymbolRef, draft: &mut Draft<'_>) -> Result<(), Stop> {
    let source = view.source().ok_or(Reason::ParsersDisagree)?;
    let Some(switch) = shim::switch_of(&source, &from.name) else { return Ok(()) };
    let chosen = view.facts.bindings.iter().filter(|binding| switch.span.covers(binding.span));
    if chosen.clone().count() > 1 {
        return Err(Stop { reason: Reason::OddSpelling, evidence: vec![view.quote("switch", switch.span)] });
    }
    let edit = statements::remove(&source, switch.span).map_err(|_| Reason::ParsersDisagree)?;
    draft.edit(view.path, vec![edit])
}

/// What binds a name when its module has been loaded; `None` where nothing does.
fn binding<'v>(view: &View<'v>, from: &SymbolRef) -> Result<Option<&'v Binding>, Stop> {
    let facts: &'v Facts = view.facts;
    let bindings: Vec<&Binding> = facts.module_bindings(&from.name).map(|(_, binding)| binding).collect();
    let stop = |reason| {
        let evidence = bindings.iter().map(|binding| view.quote("from", binding.span)).collect();
        Err(Stop { reason, evidence })
    };
    match bindings[..] {
        [] => Ok(None),
        [binding] if binding.context != Under::default() => stop(Reason::Conditional),
        [binding] if binding.site == ScopeId::MODULE && Facts::is_lasting(binding) => Ok(Some(binding)),
        _ => stop(Reason::SeveralBindings),
    }
}

/// The edits that take the old binding away, its entry in `__all__` apart, and why that is for review.
fn take_out(view: &View<'_>, from: &SymbolRef) -> Result<(Vec<Edit>, Vec<Doubt>), Stop> {
    let facts = view.facts;
    let source = view.source().ok_or(Reason::ParsersDisagree)?;
    let removal = Removal::of(view, &from.name)?;
    if let Some(id) = removal.import() {
        let alias = &facts.aliases[id.index()];
        let change = Change { aliases: vec![(id, Becomes::Nothing)], added: Vec::new() };
        let edits = rewrite(&Editor::of_all(&source), alias.import, &change).map_err(|_| Reason::Commented)?;
        let is_whole = facts.aliases_of(facts.import_of(alias)).count() == 1;
        let comment = comment_with(view, alias, is_whole).map(|span| (Reason::Commented, view.quote("comment", span)));
        return Ok((edits, comment.into_iter().collect()));
    }
    let mut edits = Vec::new();
    let mut doubts = Vec::new();
    for span in removal.statements() {
        edits.push(statements::remove(&source, span).map_err(|_| Reason::OddSpelling)?);
        let evidence = || removal.act.clone().unwrap_or_else(|| view.quote("from", span));
        doubts.extend(removal.reason.map(|reason| (reason, evidence())));
    }
    Ok((edits, doubts))
}

/// What does not see a name that is forwarded: the module's own code, and a star import where `__all__` does not list the name. What looks
/// at the module's names as they are stored may not see it.
fn seen_otherwise(view: &View<'_>, from: &SymbolRef) -> Result<Vec<Doubt>, Stop> {
    let index = view.index;
    let targets = [Target::Symbol(from.symbol(index)), Target::Module(from.module.as_str().into())];
    let search = Search::new(index, &targets);
    let references = search.run();
    let own = extents(view, &from.name);
    let is_own = |reference: &&Reference| match reference.site {
        Site::Name(used) if reference.target == 0 && reference.file == view.file => {
            let span = view.facts.uses[used.index()].span;
            !own.iter().any(|own| own.covers(span))
        }
        _ => false,
    };
    let is_star = |reference: &&Reference| {
        reference.target == 0 && matches!(reference.site, Site::Star(..)) && !view.facts.exports_name(&from.name)
    };
    let told = |found: &[&Reference]| found.iter().map(|reference| evidence(index, reference)).collect::<Vec<_>>();
    let (uses, stars): (Vec<&Reference>, Vec<&Reference>) =
        (references.iter().filter(is_own).collect(), references.iter().filter(is_star).collect());
    if !uses.is_empty() {
        return Err(Stop { reason: Reason::StillReferenced, evidence: told(&uses) });
    }
    if !stars.is_empty() {
        return Err(Stop { reason: Reason::StarImport, evidence: told(&stars) });
    }
    let mut doubts = lookups::inside(view, &from.name);
    let mut related: Vec<FileId> =
        references.iter().map(|reference| reference.file).filter(|file| *file != view.file).collect();
    related.dedup();
    doubts.extend(related.iter().flat_map(|&file| lookups::stored(&View::open(index, file), view.file, &from.name)));
    if let Some(stub) = stub_beside(index, view.path) {
        doubts.push((Reason::NotProved, Evidence { role: "stub", at: Some((stub, 1)), text: from.name.clone() }));
    }
    Ok(doubts)
}

/// Imports modules of the standard library at the head of a file, where it does not do so yet.
pub(super) fn require(draft: &mut Draft<'_>, path: &RepoPath, modules: &[&str]) -> Result<(), Stop> {
    for module in modules {
        let view = View::open(draft.index(), draft.file(path)?);
        let bindings: Vec<&Binding> = view.facts.module_bindings(module).map(|(_, binding)| binding).collect();
        let is_it = |binding: &&Binding| match binding.kind {
            BindingKind::Import(id) => {
                let alias = &view.facts.aliases[id.index()];
                let import = view.facts.import_of(alias);
                import.from.is_none() && import.context == Under::default() && view.facts.names.get(alias.name) == *module
            }
            _ => false,
        };
        if !bindings.is_empty() && bindings.iter().all(is_it) {
            continue;
        }
        if !bindings.is_empty() || view.index.modules().is_first_party(module) {
            let evidence = bindings.iter().map(|binding| view.quote("taken", binding.span)).collect();
            return Err(Stop { reason: Reason::NameTaken, evidence });
        }
        let what = Needed::Module { module: (*module).to_owned(), local: None };
        let need = Need { what, is_relative: false, is_type_checking: false };
        let source = view.source().ok_or(Reason::ParsersDisagree)?;
        let edits = insert(&source, &[need], "").map_err(|_| Reason::ParsersDisagree)?;
        draft.edit(path, edits)?;
    }
    Ok(())
}
