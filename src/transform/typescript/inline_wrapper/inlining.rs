//! The calls of wrappers in all files: which of them change, and the imports that change with them.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::component;
use super::names::Caller;
use super::site::{Draft, Site};
use super::standin::{Meant, Standin};
use crate::index::typescript::references::{Reference, Search, Site as At, Target};
use crate::lang::typescript::calls::Call;
use crate::lang::typescript::elements::Element;
use crate::lang::typescript::facts::{AliasForm, AliasId, Exported, Meaning, UseForm, UseId, UseRole};
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
use crate::transform::typescript::remove_unused_imports::last_import;
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
    let mocks = Mocks::of(code, &pairs(standins), &[], &BTreeSet::new());
    let spies = spies(context, standins);
    let compared =
        references.iter().filter(|reference| is_value(context, reference)).map(|reference| reference.target).collect();
    let files: Vec<(FileId, Vec<&Reference>)> = by_file.into_iter().collect();
    let in_file = |(file, references): &(FileId, Vec<&Reference>)| {
        let view = View::open(context.index, *file);
        InFile { context, standins, view: &view, mocks: &mocks, spies: &spies, compared: &compared }.findings(references)
    };
    files.par_iter().flat_map_iter(in_file).collect()
}

/// Whether a wrapper is used there as a value, which may be compared with the component of an element.
fn is_value(context: &Context<'_>, reference: &Reference) -> bool {
    let (At::Name(id) | At::Attribute(id, _)) = reference.site else { return false };
    let facts = context.index.typescript().facts(reference.file);
    let used = &facts.uses[id.index()];
    let is_plain = used.form == UseForm::Plain || used.form == UseForm::Shorthand;
    let is_exported = facts.exports.iter().any(|export| export.what == Exported::Use(id));
    is_plain && used.meaning.contains(Meaning::VALUE) && !matches!(used.role, UseRole::Callee { .. }) && !is_exported
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
            brings: Vec::new(),
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
    /// The wrappers that something uses as values.
    compared: &'c FxHashSet<usize>,
}

/// How a wrapper is used, with the place of its name.
#[derive(Clone, Copy)]
enum Manner {
    Call(Span),
    Element(Span),
}

/// What uses a wrapper.
enum Place<'t> {
    Call(Call<'t>),
    Element(Element),
}

impl Place<'_> {
    /// What changes.
    fn spans(&self) -> Vec<Span> {
        match self {
            Place::Call(call) => vec![call.span],
            Place::Element(element) => element.names.clone(),
        }
    }
}

/// A call that changes.
struct Changed<'r> {
    reference: &'r Reference,
    used: Vec<UseId>,
    spans: Vec<Span>,
    draft: Draft,
}

/// What becomes of the calls of a file.
struct Rewritten<'r> {
    changes: Vec<Changed<'r>>,
    left: Vec<(&'r Reference, Reason)>,
    /// All changes together.
    change: SourceChange,
    /// Those of them that are proved, if they can be made without the others.
    proved: Option<SourceChange>,
}

/// Whether names can be imported beside those that other calls of the file need.
fn fits(needed: &BTreeMap<String, Name>, added: &[Name]) -> bool {
    let is_same = |a: &Name, b: &Name| (&a.specifier, &a.imported) == (&b.specifier, &b.imported);
    added.iter().all(|name| needed.get(&name.local).is_none_or(|other| is_same(other, name)))
}

impl InFile<'_> {
    fn findings(&self, references: &[&Reference]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut calls: Vec<(&Reference, UseId, Manner)> = Vec::new();
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
            Ok(Rewritten { changes, left, change: whole, proved }) => {
                findings
                    .extend(left.into_iter().map(|(reference, reason)| self.finding(reference, None, Outcome::Left(reason))));
                // One import may be for several calls: unless some can do without the others, they change together.
                let doubt = changes.iter().find_map(|change| change.draft.reason);
                for change in &changes {
                    let fix = match (&proved, change.draft.reason) {
                        (Some(proved), None) => Fix::new(Applicability::Safe, None, proved.clone()),
                        (_, reason) => {
                            let class = if doubt.is_some() { Applicability::Review } else { Applicability::Safe };
                            Fix::new(class, reason.or(doubt), whole.clone())
                        }
                    };
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
    fn callee(&self, reference: &Reference) -> Option<Result<(UseId, Manner), Reason>> {
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
        if used.form == UseForm::JsxName && attributes.is_empty() {
            // The tag that closes an element goes with the one that opens it.
            let is_closing = self.view.text[..used.span.range().start].trim_end().ends_with("</");
            return (!is_closing).then_some(Ok((id, Manner::Element(used.span))));
        }
        let is_called = attributes.len() == depth && matches!(used.role, UseRole::Callee { .. }) && !used.is_assigned;
        if !is_called {
            return Some(Err(Reason::PassedOn));
        }
        let end = attributes.last().map_or(used.span.end, |attribute| attribute.span.end);
        Some(Ok((id, Manner::Call(Span::new(used.span.start, end)))))
    }

    /// The changes of a file, what stays, and all edits together.
    fn change<'r>(&self, calls: &[(&'r Reference, UseId, Manner)]) -> Result<Rewritten<'r>, Reason> {
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
        for &(reference, used, manner) in calls {
            let place = match manner {
                Manner::Call(callee) => Call::of(&source, callee).map(Place::Call),
                Manner::Element(name) => Element::of(&source, name).map(Place::Element),
            };
            match place {
                Some(place) => found.push((reference, used, place)),
                None => left.push((reference, Reason::OddSpelling)),
            }
        }
        // What stands in an argument of another comes first.
        found.sort_by_key(|(_, _, place)| place.spans().first().map(|span| span.end - span.start));
        let mut inner: BTreeMap<Span, String> = BTreeMap::new();
        let mut needed: BTreeMap<String, Name> = BTreeMap::new();
        for (reference, id, place) in &found {
            let caller = Caller { view: self.view, standin: &self.standins[reference.target], used: &facts.uses[id.index()] };
            let draft = match place {
                Place::Call(call) => Site { caller, call, inner: &inner }.draft(),
                Place::Element(element) => component::draft(&caller, element, self.compared.contains(&reference.target)),
            };
            match draft {
                Ok(draft) if !fits(&needed, &draft.added) => left.push((reference, Reason::NameTaken)),
                Ok(draft) => {
                    for name in &draft.added {
                        let entry = needed.entry(name.local.clone()).or_insert_with(|| name.clone());
                        entry.is_type_only &= name.is_type_only;
                    }
                    let spans = place.spans();
                    let texts = [Some(&draft.text), draft.closing.as_ref()];
                    inner.retain(|span, _| !spans.iter().any(|outer| outer.covers(*span)));
                    inner.extend(spans.iter().zip(texts).filter_map(|(span, text)| Some((*span, text?.clone()))));
                    let ids = facts.uses.iter().enumerate().filter(|(at, used)| {
                        UseId::new(*at) == *id || (matches!(place, Place::Element(_)) && spans.contains(&used.span))
                    });
                    let used = ids.map(|(at, _)| UseId::new(at)).collect();
                    let reason = draft.reason.or_else(|| self.patched(reference));
                    changes.push(Changed { reference, used, spans, draft: Draft { reason, ..draft } });
                }
                Err(reason) => left.push((reference, reason)),
            }
        }
        // What is in another changes with it.
        let around = |span: Span| inner.keys().copied().find(|outer| outer.covers(span)).unwrap_or(span);
        let doubtful = changes.iter().filter_map(|change| Some((&change.spans, change.draft.reason?)));
        let doubts: BTreeMap<Span, Reason> =
            doubtful.flat_map(|(spans, reason)| spans.iter().map(move |span| (around(*span), reason))).collect();
        for change in &mut changes {
            let inherited = change.spans.iter().find_map(|span| doubts.get(&around(*span)).copied());
            change.draft.reason = change.draft.reason.or(inherited);
        }
        changes.sort_by(|a, b| a.spans.cmp(&b.spans));
        let of_calls = |is_meant: &dyn Fn(&Span) -> bool| -> Vec<Edit> {
            inner.iter().filter(|(span, _)| is_meant(span)).map(|(span, text)| Edit::replace(*span, text)).collect()
        };
        let all = of_calls(&|_| true);
        let proved = (!doubts.is_empty() && changes.iter().any(|change| change.draft.reason.is_none())).then(|| {
            let is_proved = |change: &&Changed<'_>| change.draft.reason.is_none();
            let proved =
                self.edited(&source, of_calls(&|span| !doubts.contains_key(span)), changes.iter().filter(is_proved), &[]);
            let whole = self.edited(&source, all.clone(), changes.iter(), &[]);
            proved.ok().zip(whole.ok())
        });
        let is_part = |(proved, whole): &(TextEdit, TextEdit)| whole.union(proved).is_ok_and(|both| both == *whole);
        let at = |edit: TextEdit| SourceChange::edit(self.view.path.clone(), edit);
        if let Some((proved, whole)) = proved.flatten().filter(is_part) {
            return Ok(Rewritten { changes, left, change: at(whole), proved: Some(at(proved)) });
        }
        let unused = self.unused(&changes);
        let edit = self.edited(&source, all, changes.iter(), &unused)?;
        Ok(Rewritten { changes, left, change: at(edit), proved: None })
    }

    /// The edits of calls with those of the imports: of what they need, and of what nothing needs any more.
    fn edited<'r: 'd, 'd>(
        &self,
        source: &Source<'_>,
        mut edits: Vec<Edit>,
        changes: impl Iterator<Item = &'d Changed<'r>>,
        unused: &[(AliasId, Becomes)],
    ) -> Result<TextEdit, Reason> {
        let mut needed: BTreeMap<&str, Name> = BTreeMap::new();
        for name in changes.flat_map(|change| &change.draft.added) {
            let entry = needed.entry(&name.local).or_insert_with(|| name.clone());
            entry.is_type_only &= name.is_type_only;
        }
        let added: Vec<Name> = needed.into_values().collect();
        let ids: Vec<AliasId> = unused.iter().map(|(id, _)| *id).collect();
        // The import that makes the file a module goes with the step's other orphans, which leave one.
        let is_last = added.is_empty() && source.facts.exports.is_empty() && last_import(source.facts, &ids).is_some();
        let aliases = if is_last { Vec::new() } else { unused.to_vec() };
        let mut change = Change { aliases, added, ..Change::default() };
        let written = imports::edits(source, &change).or_else(|_| {
            // An import that cannot go by itself may stay.
            change.aliases.clear();
            imports::edits(source, &change)
        });
        edits.extend(written.map_err(refused)?);
        TextEdit::new(edits).map_err(|_| Reason::OddSpelling)
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
        let bindings = changes.iter().flat_map(|change| &change.used).filter_map(|used| facts.uses[used.index()].binding);
        let is_gone = |at: usize| changes.iter().any(|change| change.used.contains(&UseId::new(at)));
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
