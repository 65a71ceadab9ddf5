//! The calls of wrappers in all files: which of them change, and the imports that change with them.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::site::{Draft, Site};
use super::standin::{Meant, Standin};
use crate::index::typescript::references::{Reference, Search, Site as At, Target};
use crate::lang::typescript::calls::Call;
use crate::lang::typescript::facts::{AliasForm, AliasId, Exported, UseForm, UseId, UseRole};
use crate::lang::typescript::imports::{self, Becomes, Change, Name, Source};
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::Symbol;
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Applicability, Finding, Fix, Form, Outcome, Reason, Spelling};
use crate::transform::typescript::judge::Verdict;
use crate::transform::typescript::mocks::{Mocks, loaded};
use crate::transform::typescript::relocate::{Home, Pair};
use crate::transform::typescript::{View, refused, spelling};

/// Turns the calls of some wrappers into what they stand for.
pub(super) fn inline(context: &Context<'_>, standins: &[Standin<'_>]) -> Vec<Finding> {
    let code = context.index.typescript();
    let targets: Vec<Target> = standins.iter().map(|standin| Target::Symbol(standin.symbol.clone())).collect();
    let references = Search::new(code, &targets).run();
    let mut by_file: BTreeMap<FileId, Vec<&Reference>> = BTreeMap::new();
    for reference in &references {
        by_file.entry(reference.file).or_default().push(reference);
    }
    let mocks = Mocks::of(code, &pairs(standins));
    let spies = spies(context, standins);
    let files: Vec<(FileId, Vec<&Reference>)> = by_file.into_iter().collect();
    let in_file = |(file, references): &(FileId, Vec<&Reference>)| {
        let view = View::open(context.index, *file);
        InFile { context, standins, view: &view, mocks: &mocks, spies: &spies }.findings(references)
    };
    files.par_iter().flat_map_iter(in_file).collect()
}

/// The wrappers and what their calls read instead; what a test replaces of them stays where it is.
fn pairs(standins: &[Standin<'_>]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for standin in standins {
        let bodies = standin.bodies.iter().flatten();
        let homes = bodies.flat_map(|body| body.names.values()).filter_map(|meant| match meant {
            Meant::Symbol { symbol, .. } => Some(symbol.clone()),
            Meant::Global | Meant::Private => None,
        });
        let none = Symbol { module: Module::Absent("".into()), name: "".into() };
        pairs.extend(homes.chain([none]).map(|to| Pair {
            from: standin.symbol.clone(),
            to,
            home: Home::Package(String::new()),
            spelled: (String::new(), String::new()),
            verdict: Verdict { applicability: None, reason: Some(Reason::Patched), evidence: Vec::new() },
        }));
    }
    pairs
}

/// A file that spies on members by their names, and has a wrapper's name in a string.
struct Spy {
    standin: usize,
    /// What it loads: the code that it may be for.
    loaded: FxHashSet<FileId>,
}

/// Finds `jest.spyOn(api, "get")` and the like: what it is for is not known, its name is.
fn spies(context: &Context<'_>, standins: &[Standin<'_>]) -> Vec<Spy> {
    let code = context.index.typescript();
    let mut found = Vec::new();
    for file in code.files() {
        let text = context.index.text(file).unwrap_or_default();
        if !text.contains("spyOn(") {
            continue;
        }
        for (at, standin) in standins.iter().enumerate() {
            let name = &standin.symbol.name;
            if ['"', '\'', '`'].iter().any(|quote| text.contains(&format!("{quote}{name}{quote}"))) {
                found.push(Spy { standin: at, loaded: loaded(code, file) });
            }
        }
    }
    found
}

struct InFile<'c> {
    context: &'c Context<'c>,
    standins: &'c [Standin<'c>],
    view: &'c View<'c>,
    mocks: &'c Mocks,
    spies: &'c [Spy],
}

/// A call that changes.
struct Changed<'r> {
    reference: &'r Reference,
    used: UseId,
    span: Span,
    draft: Draft,
}

/// What becomes of the calls of a file.
struct Rewritten<'r> {
    changes: Vec<Changed<'r>>,
    left: Vec<(&'r Reference, Reason)>,
    /// All changes together.
    change: SourceChange,
}

/// Whether names can be imported beside those that other calls of the file need.
fn fits(needed: &BTreeMap<String, Name>, added: &[Name]) -> bool {
    let is_same = |a: &Name, b: &Name| (&a.specifier, &a.imported) == (&b.specifier, &b.imported);
    added.iter().all(|name| needed.get(&name.local).is_none_or(|other| is_same(other, name)))
}

impl InFile<'_> {
    fn findings(&self, references: &[&Reference]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut calls: Vec<(&Reference, UseId, Span)> = Vec::new();
        for reference in references.iter().copied() {
            match self.callee(reference) {
                None => {}
                Some(Ok((used, callee))) => calls.push((reference, used, callee)),
                Some(Err(reason)) => findings.push(self.finding(reference, None, Outcome::Left(reason))),
            }
        }
        if calls.is_empty() {
            return findings;
        }
        match self.change(&calls) {
            Ok(Rewritten { changes, left, change: edit }) => {
                findings
                    .extend(left.into_iter().map(|(reference, reason)| self.finding(reference, None, Outcome::Left(reason))));
                // One import may be for several calls: they change together.
                let doubt = changes.iter().find_map(|change| change.draft.reason);
                for change in &changes {
                    let class = if doubt.is_some() { Applicability::Review } else { Applicability::Safe };
                    let fix = Fix::new(class, change.draft.reason.or(doubt), edit.clone());
                    findings.push(self.finding(change.reference, Some(&change.draft.text), Outcome::Fix(fix)));
                }
            }
            Err(reason) => {
                findings.extend(calls.iter().map(|(reference, ..)| self.finding(reference, None, Outcome::Left(reason))));
            }
        }
        findings
    }

    /// The name of a call, and the place of what is called; `None` for a reference that is nothing to tell of.
    fn callee(&self, reference: &Reference) -> Option<Result<(UseId, Span), Reason>> {
        let facts = self.view.facts;
        let (id, depth) = match reference.site {
            At::Alias(alias) => {
                let alias = &facts.aliases[alias.index()];
                return match alias.form {
                    AliasForm::Replacement => Some(Err(Reason::Patched)),
                    AliasForm::Member | AliasForm::Whole => Some(Err(Reason::OddSpelling)),
                    _ => None,
                };
            }
            At::Request(_) | At::Export(_) => return None,
            At::Name(used) => (used, 0),
            At::Attribute(used, depth) => (used, depth),
        };
        let used = &facts.uses[id.index()];
        let standin = &self.standins[reference.target];
        let is_own = standin.home.is_some_and(|(file, whole)| file == self.view.file && whole.covers(used.span));
        let is_exported = facts.exports.iter().any(|export| export.what == Exported::Use(id));
        if is_own || is_exported || matches!(used.form, UseForm::ExportSpecifier(_) | UseForm::InnerExport) {
            return None;
        }
        let attributes = facts.attributes_of(used);
        let is_called = attributes.len() == depth && matches!(used.role, UseRole::Callee { .. }) && !used.is_assigned;
        if !is_called {
            return Some(Err(Reason::PassedOn));
        }
        let end = attributes.last().map_or(used.span.end, |attribute| attribute.span.end);
        Some(Ok((id, Span::new(used.span.start, end))))
    }

    /// The changes of a file, what stays, and all edits together.
    fn change<'r>(&self, calls: &[(&'r Reference, UseId, Span)]) -> Result<Rewritten<'r>, Reason> {
        let facts = self.view.facts;
        if let Some(reason) = self.context.keeps(self.view.file) {
            return Err(reason);
        }
        if !facts.errors.is_empty() {
            return Err(Reason::Unparsable);
        }
        let tree = self.context.index.tree(self.view.file, &self.view.text).ok_or(Reason::ParsersDisagree)?;
        let source = Source { text: &self.view.text, facts, tree };
        let (mut changes, mut left) = (Vec::new(), Vec::new());
        let mut found = Vec::new();
        for &(reference, used, callee) in calls {
            match Call::of(&source, callee) {
                Some(call) => found.push((reference, used, call)),
                None => left.push((reference, Reason::OddSpelling)),
            }
        }
        // What stands in an argument of another comes first.
        found.sort_by_key(|(_, _, call)| call.span.end - call.span.start);
        let mut inner: BTreeMap<Span, String> = BTreeMap::new();
        let mut needed: BTreeMap<String, Name> = BTreeMap::new();
        for (reference, id, call) in &found {
            let (used, standin) = (&facts.uses[id.index()], &self.standins[reference.target]);
            let site = Site { view: self.view, standin, call, used, inner: &inner };
            match site.draft() {
                Ok(draft) if !fits(&needed, &draft.added) => left.push((reference, Reason::NameTaken)),
                Ok(draft) => {
                    for name in &draft.added {
                        let entry = needed.entry(name.local.clone()).or_insert_with(|| name.clone());
                        entry.is_type_only &= name.is_type_only;
                    }
                    inner.retain(|span, _| !call.span.covers(*span));
                    inner.insert(call.span, draft.text.clone());
                    let reason = draft.reason.or_else(|| self.patched(reference));
                    changes.push(Changed { reference, used: *id, span: call.span, draft: Draft { reason, ..draft } });
                }
                Err(reason) => left.push((reference, reason)),
            }
        }
        let mut edits: Vec<Edit> = inner.iter().map(|(span, text)| Edit::replace(*span, text)).collect();
        let added = needed.into_values().collect();
        let mut change = Change { aliases: self.unused(&changes), added, ..Change::default() };
        let written = imports::edits(&source, &change).or_else(|_| {
            // An import that cannot go by itself may stay.
            change.aliases.clear();
            imports::edits(&source, &change)
        });
        edits.extend(written.map_err(refused)?);
        let edit = TextEdit::new(edits).map_err(|_| Reason::OddSpelling)?;
        changes.sort_by_key(|change| change.span);
        Ok(Rewritten { changes, left, change: SourceChange::edit(self.view.path.clone(), edit) })
    }

    /// Whether a test replaces the wrapper for the code of the file.
    fn patched(&self, reference: &Reference) -> Option<Reason> {
        let passed = &reference.way.hops[..];
        let none = Module::Absent("".into());
        let hold = self.mocks.hold(self.view.file, passed, &none);
        let standin = &self.standins[reference.target];
        let is_stated = standin.bodies.iter().flatten().any(|body| body.case.is_some());
        let homes = standin.bodies.iter().flatten().filter(|_| is_stated).flat_map(|body| body.names.values());
        hold.or_else(|| {
            let mut homes = homes.filter_map(|meant| match meant {
                Meant::Symbol { symbol, .. } => Some(&symbol.module),
                Meant::Global | Meant::Private => None,
            });
            let held = homes.find_map(|home| self.mocks.hold(self.view.file, &[], home));
            let mut spies = self.spies.iter().filter(|spy| spy.standin == reference.target);
            held.or_else(|| spies.any(|spy| spy.loaded.contains(&self.view.file)).then_some(Reason::MaybePatched))
        })
    }

    /// The imports of wrappers that nothing in the file uses any more.
    fn unused(&self, changes: &[Changed<'_>]) -> Vec<(AliasId, Becomes)> {
        let facts = self.view.facts;
        let bindings = changes.iter().filter_map(|change| facts.uses[change.used.index()].binding);
        let is_gone = |at: usize| changes.iter().any(|change| change.used == UseId::new(at));
        let aliases = facts.aliases.iter().enumerate().filter(|(_, alias)| {
            let is_of_call = alias.local.is_some_and(|local| bindings.clone().any(|binding| binding == local));
            let is_exported = facts.exports.iter().any(|export| alias.local.map(Exported::Binding) == Some(export.what));
            let mut uses = facts.uses.iter().enumerate().filter(|(_, used)| used.binding == alias.local);
            is_of_call && !is_exported && matches!(alias.form, AliasForm::Import(_)) && uses.all(|(at, _)| is_gone(at))
        });
        aliases.map(|(at, _)| (AliasId::new(at), Becomes::Nothing)).collect()
    }

    fn finding(&self, reference: &Reference, text: Option<&str>, outcome: Outcome) -> Finding {
        let standin = &self.standins[reference.target];
        let wanted = standin.wanted.spelled();
        let message = match text {
            Some(text) => format!("{wanted}(…) is {text}"),
            None => format!("calls of {wanted}"),
        };
        let spelling = Spelling { form: Form::Call, ..spelling(self.view, reference) };
        let mut finding = self.view.finding(reference.span(self.view.code), message, Some(spelling), outcome);
        finding.evidence = standin.evidence.clone();
        finding
    }
}
