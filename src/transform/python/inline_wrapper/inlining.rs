//! The calls of wrappers in all files: which of them change, and the imports that change with them.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::super::named::MemberRef;
use super::site::{Draft, Left, Site};
use super::standin::{Meant, Standin, Unknown, definition};
use crate::index::Index;
use crate::index::references::{Reference, Search, Site as At, Target};
use crate::index::words::Word;
use crate::lang::python::calls::Call;
use crate::lang::python::facts::{AliasId, Definition, DefinitionKind, Facts, ImportId, ScopeId, StringFact, Use, UseId};
use crate::lang::python::imports::{Name, Source};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, End, Symbol, from_module};
use crate::lang::python::scope::Lookup;
use crate::lang::python::strings::{Role, role};
use crate::text::edit::Edit;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Bond, Evidence, Finding, Form, Outcome, Reason, Spelling};
use crate::transform::python::View;
use crate::transform::python::bring::{Imports, outcome};
use crate::transform::python::relocate::patches::{Patches, patch_line};
use crate::transform::python::relocate::{self, owner, seen_from_outside, strings};
use crate::transform::python::spell::{Spot, anchor};

/// The calls of all wrappers of a rule: they may share import statements.
pub(super) struct Inlining<'c> {
    context: &'c Context<'c>,
    wrappers: Vec<Wrapped<'c>>,
}

/// A wrapper, and what its calls stand for.
pub(super) struct Wrapped<'c> {
    pub wanted: &'c MemberRef,
    pub symbol: Symbol,
    pub standin: Result<Standin<'c>, Unknown>,
}

/// What is known of the references.
struct Known<'i> {
    patches: Patches<'i>,
    /// The names that other code assigns to.
    assigned: FxHashSet<Symbol>,
    /// The importers' own names that can be seen from other files.
    visible: FxHashSet<Symbol>,
    /// The methods that something gives another value, by their classes.
    members: FxHashSet<(Symbol, String)>,
}

/// What becomes of a reference, if this kind has anything to say about it.
type Judged<'a> = Option<Result<Drafted<'a>, (Span, Left)>>;

/// A call that becomes something else, in its file.
struct Drafted<'a> {
    wrapped: &'a Wrapped<'a>,
    reference: &'a Reference,
    span: Span,
    used: UseId,
    anchor: Option<(AliasId, ImportId)>,
    draft: Draft,
}

impl Wrapped<'_> {
    fn message(&self, text: Option<&str>) -> String {
        match text {
            Some(text) => format!("{}(…) is {text}", self.wanted.spelled()),
            None => format!("calls of {}", self.wanted.spelled()),
        }
    }

    /// What the new code reads.
    fn homes(&self) -> impl Iterator<Item = &Symbol> {
        let choices = self.standin.iter().flat_map(|standin| &standin.choices);
        let defaults = self.standin.iter().flat_map(|standin| standin.defaults.values());
        choices.flat_map(|choice| choice.names.values()).chain(defaults).filter_map(|meant| match meant {
            Meant::Symbol(symbol, _) => Some(symbol),
            Meant::Text(_) => None,
        })
    }

    /// What the wrapper reads today.
    fn reads(&self) -> impl Iterator<Item = &Symbol> {
        self.standin.iter().flat_map(|standin| &standin.reads)
    }

    /// Whether the place is a part of the wrapper itself.
    fn is_own(&self, view: &View<'_>, span: Span) -> bool {
        let home = match &self.standin {
            Ok(standin) => standin.home.map(|(file, _)| (file, standin.wrapper.span)),
            Err(_) => definition(view.index, &self.symbol).filter(|_| self.wanted.member.is_none()),
        };
        home.is_some_and(|(file, own)| file == view.file && own.covers(span))
    }

    fn left(&self, view: &View<'_>, reference: &Reference, span: Span, left: Left) -> Finding {
        let mut finding = view.finding(span, self.message(None), Some(spelling(view, reference)), Outcome::Left(left.reason));
        let evidence = match &self.standin {
            Ok(standin) => &standin.evidence,
            Err(unknown) => &unknown.evidence,
        };
        finding.evidence = evidence.iter().cloned().chain(left.evidence).collect();
        finding
    }
}

fn spelling(view: &View<'_>, reference: &Reference) -> Spelling {
    let (_, spelling) = relocate::spelled(view, reference);
    Spelling { form: Form::Call, ..spelling }
}

impl<'c> Inlining<'c> {
    /// The calls of some wrappers; those that lead back to themselves stand for nothing.
    pub(super) fn new(context: &'c Context<'c>, mut wrappers: Vec<Wrapped<'c>>) -> Self {
        for at in recursive(context.index, &wrappers) {
            if let Ok(standin) = &wrappers[at].standin {
                let because = Evidence { role: "because", at: None, text: "it calls itself".to_owned() };
                let evidence = standin.evidence.iter().cloned().chain([because]).collect();
                wrappers[at].standin = Err(Unknown { reason: Reason::NotOneExpression, evidence });
            }
        }
        Self { context, wrappers }
    }

    pub(super) fn run(&self) -> Vec<Finding> {
        let index = self.context.index;
        let symbols: BTreeSet<&Symbol> = self.wrappers.iter().map(|wrapped| &wrapped.symbol).collect();
        let targets: Vec<Target> = symbols.into_iter().map(|symbol| Target::Symbol(symbol.clone())).collect();
        let search = Search::new(index, &targets);
        let references = search.run();
        let known = self.known(&search, &references);
        let mut files: BTreeMap<FileId, Vec<&Reference>> = BTreeMap::new();
        for reference in &references {
            files.entry(reference.file).or_default().push(reference);
        }
        let mut findings: Vec<Finding> =
            files.par_iter().flat_map_iter(|(&file, references)| self.in_file(file, references, &targets, &known)).collect();
        for unread in search.unread(&targets, &references).iter().filter(|unread| self.context.in_scope(unread.file)) {
            let view = View::open(index, unread.file);
            for wrapped in self.of(&targets[unread.target]) {
                findings.push(view.finding(unread.span, wrapped.message(None), None, Outcome::Left(Reason::Unparsable)));
            }
        }
        findings
    }

    /// The wrappers that a target stands for: the methods of a class share one.
    fn of<'s>(&'s self, target: &'s Target) -> impl Iterator<Item = &'s Wrapped<'c>> {
        self.wrappers.iter().filter(move |wrapped| target.symbol() == Some(&wrapped.symbol))
    }

    /// Learns what tests patch, and what other code does to the names.
    fn known(&self, search: &Search<'c>, references: &[Reference]) -> Known<'c> {
        let index = self.context.index;
        let homes: BTreeSet<&Symbol> = self.wrappers.iter().flat_map(Wrapped::homes).collect();
        let reads: BTreeSet<&Symbol> = self.wrappers.iter().flat_map(Wrapped::reads).collect();
        let targets: Vec<Target> = homes.union(&reads).map(|symbol| Target::Symbol((*symbol).clone())).collect();
        let is_string = |reference: &&Reference| matches!(reference.site, At::String(..) | At::Member(_) | At::Computed(_));
        // A dotted expression is a reference to the first target on its way: modules must not hide what is read out of them.
        let is_module = |target: &Target| {
            let way = target.symbol().map(|symbol| resolve::resolve(index, symbol));
            way.is_some_and(|way| matches!(way.end, End::Module(_)))
        };
        let (modules, values): (Vec<Target>, Vec<Target>) = targets.into_iter().partition(is_module);
        let wanted = [modules, values].into_iter().filter(|targets| !targets.is_empty());
        let others: Vec<Reference> = wanted.flat_map(|targets| Search::new(index, &targets).run()).collect();
        let firsts =
            references.iter().filter(|reference| !is_string(reference)).filter_map(|reference| reference.way.hops.first());
        let names: BTreeSet<&Symbol> = firsts.chain(homes.iter().copied()).chain(reads).collect();
        let all: Vec<&Reference> = references.iter().chain(&others).collect();
        let patches = strings::standing(index, &names, &all, search.candidates());
        let mut assigned: FxHashSet<Symbol> = FxHashSet::default();
        for reference in all.iter().copied().filter(is_string) {
            assigned.extend(strings::assigned(index, reference).cloned());
        }
        for reference in references.iter().chain(&others) {
            let At::Attribute(used, depth) = reference.site else { continue };
            let facts = index.facts(reference.file);
            let used = &facts.uses[used.index()];
            if used.flags.is_store && depth == facts.attributes_of(used).len() {
                assigned.extend(reference.way.hops.first().cloned());
            }
        }
        let own = |reference: &Reference| {
            let At::Alias(alias) = reference.site else { return None };
            let facts = index.facts(reference.file);
            let alias = &facts.aliases[alias.index()];
            let is_module = owner(facts, alias) == Some(ScopeId::MODULE);
            is_module.then(|| Symbol { module: Module::File(reference.file), name: facts.names.get(alias.local).into() })
        };
        let own: BTreeSet<Symbol> = references.iter().filter_map(own).collect();
        let own: Vec<Target> = own.into_iter().map(Target::Symbol).collect();
        let visible = seen_from_outside(index, &own).into_iter().collect();
        Known { patches, assigned, visible, members: self.members_set() }
    }

    /// The methods among the wrappers that something gives another value: by a patch, or by an assignment.
    fn members_set(&self) -> FxHashSet<(Symbol, String)> {
        let index = self.context.index;
        let is_set = |wrapped: &&Wrapped<'_>| {
            let Some(member) = wrapped.wanted.member.as_deref() else { return false };
            index
                .with_words(&[Word::new(member)])
                .into_iter()
                .any(|file| sets_member(index, file, &wrapped.symbol.name, member))
        };
        let set = self.wrappers.iter().filter(is_set);
        set.filter_map(|wrapped| Some((wrapped.symbol.clone(), wrapped.wanted.member.clone()?))).collect()
    }

    fn in_file(&self, file: FileId, references: &[&Reference], targets: &[Target], known: &Known<'_>) -> Vec<Finding> {
        let view = View::open(self.context.index, file);
        let mut findings = Vec::new();
        let mut drafts: Vec<Drafted<'_>> = Vec::new();
        let source = view.source();
        let calls = references
            .iter()
            .flat_map(|reference| self.of(&targets[reference.target]).map(move |wrapped| (*reference, wrapped)));
        for (reference, wrapped) in calls {
            let Some((id, used, callee)) = wrapped.wanted.place(&view, reference) else { continue };
            if wrapped.is_own(&view, callee) || used.flags.in_string {
                continue;
            }
            let made = match &source {
                Some(source) if view.facts.errors.is_empty() => {
                    self.judge(&view, source, (wrapped, reference, references), (id, used, callee), known)
                }
                Some(_) => Some(Err((callee, Reason::Unparsable.into()))),
                None => Some(Err((callee, Reason::ParsersDisagree.into()))),
            };
            match made {
                Some(Ok(drafted)) => drafts.push(drafted),
                Some(Err((span, left))) => findings.push(wrapped.left(&view, reference, span, left)),
                None => {}
            }
        }
        findings.extend(unbindable(&view, &mut drafts));
        // What lies in another call is done first; the other is found again in the next round.
        let spans: Vec<Span> = drafts.iter().map(|drafted| drafted.span).collect();
        let is_in_the_way = |drafted: &Drafted<'_>| {
            let mut inner = spans.iter().filter(|span| **span != drafted.span && drafted.span.covers(**span));
            let is_met = |span: &Span| {
                let meets = |edit: &Edit| edit.span.start < span.end && span.start < edit.span.end;
                drafted.draft.edits.iter().any(meets)
            };
            inner.any(is_met)
        };
        drafts.retain(|drafted| !is_in_the_way(drafted));
        if let Some(source) = &source {
            for is_safe in [true, false] {
                let of_class: Vec<&Drafted<'_>> =
                    drafts.iter().filter(|drafted| drafted.draft.reason.is_none() == is_safe).collect();
                findings.extend(self.write(&view, source, &of_class, known));
            }
        }
        findings
    }

    /// What becomes of one reference; nothing is said of those that are no business of this kind.
    fn judge<'a>(
        &self,
        view: &View<'_>,
        source: &Source<'_>,
        (wrapped, reference, beside): (&'a Wrapped<'a>, &'a Reference, &[&Reference]),
        (id, used, callee): (UseId, &Use, Span),
        known: &Known<'_>,
    ) -> Judged<'a> {
        let Some(call) = Call::of(source, callee) else {
            // Annotations, `isinstance` and the like are no calls of a class.
            let is_method = wrapped.wanted.member.is_some();
            let is_value = wrapped.standin.as_ref().is_ok_and(|standin| is_method || !is_class(self.context.index, standin));
            let is_value = is_value && !used.flags.is_store;
            return is_value.then(|| Err((callee, Reason::PassedOn.into())));
        };
        let stop = |left: Left| Some(Err((call.span, left)));
        let standin = match &wrapped.standin {
            Ok(standin) => standin,
            Err(unknown) => return stop(unknown.reason.into()),
        };
        if matches!(reference.site, At::Unsure(..)) {
            return stop(Reason::SeveralBindings.into());
        }
        if !self.context.in_scope(view.file) {
            return stop(Reason::OutOfScope.into());
        }
        let passed = reference.way.hops.iter().take(reference.distance + 1);
        let read = wrapped.homes().chain(wrapped.reads());
        let member = wrapped.wanted.member.clone().map(|member| (wrapped.symbol.clone(), member));
        let is_member_set = member.is_some_and(|member| known.members.contains(&member));
        if is_member_set || passed.chain(read).any(|hop| known.assigned.contains(hop)) {
            return stop(Reason::Assigned.into());
        }
        let anchor = anchor(view, used).or_else(|| match reference.site {
            At::Star(alias, _) => Some((alias, view.facts.aliases[alias.index()].import)),
            _ => None,
        });
        let import = anchor.and_then(|(alias, _)| beside.iter().copied().find(|other| other.site == At::Alias(alias)));
        if let Some(evidence) = self.patched(wrapped, reference, import, known) {
            return stop(Left { reason: Reason::Patched, evidence: Some(evidence) });
        }
        let is_home = standin.home.is_some_and(|(file, _)| file == view.file);
        if anchor.is_none() && !is_home {
            return stop(Reason::OwnName.into());
        }
        let spot = Spot { scope: used.scope, start: used.span.start, anchor: anchor.map(|(_, import)| import) };
        match (Site { view, call: &call, spot }).draft(standin) {
            Ok(draft) if let Some(left) = self.held_by_itself(view, wrapped, &draft, (used, anchor), known) => stop(left),
            Ok(draft) => Some(Ok(Drafted { wrapped, reference, span: call.span, used: id, anchor, draft })),
            Err(left) => stop(left),
        }
    }

    /// The patch that a call meets today, in the wrapper or on the way to it, or would meet in what takes its place.
    fn patched(
        &self,
        wrapped: &Wrapped<'_>,
        reference: &Reference,
        import: Option<&Reference>,
        known: &Known<'_>,
    ) -> Option<Evidence> {
        let patches = &known.patches;
        // The import reads the name for the call, and will read the new one.
        let by_import =
            |import: &Reference| patches.here(import).or_else(|| wrapped.homes().find_map(|home| patches.on(import, home)));
        let inside = || wrapped.reads().find_map(|name| patches.meeting(name, reference.file));
        let hold = patches.here(reference).or_else(|| import.and_then(by_import)).or_else(inside)?;
        Some(patch_line(self.context.index, hold.at))
    }

    /// Whether something sets the names of the file's own that a call reads today, or would read, or what they would be imported from.
    fn held_by_itself(
        &self,
        view: &View<'_>,
        wrapped: &Wrapped<'_>,
        draft: &Draft,
        (used, anchor): (&Use, Option<(AliasId, ImportId)>),
        known: &Known<'_>,
    ) -> Option<Left> {
        let own = |name: &str| Symbol { module: Module::File(view.file), name: name.into() };
        let is_late = anchor.is_some_and(|(_, import)| view.facts.is_lazy(view.facts.imports[import.index()].scope));
        let brought = |symbol: &&Symbol| is_late && draft.imports.iter().any(|name| name.name == *symbol.name);
        let read = draft.names.iter().map(|name| own(name.as_str())).chain([own(view.facts.names.get(used.name))]);
        let names: Vec<Symbol> = read.chain(wrapped.homes().filter(brought).cloned()).collect();
        if names.iter().any(|name| known.assigned.contains(name)) {
            return Some(Reason::Assigned.into());
        }
        let hold = names.iter().find_map(|name| known.patches.meeting(name, view.file))?;
        Some(Left { reason: Reason::Patched, evidence: Some(patch_line(self.context.index, hold.at)) })
    }

    /// The findings of the calls of one class in a file, with one for each import statement that changes with them.
    fn write(&self, view: &View<'_>, source: &Source<'_>, drafts: &[&Drafted<'_>], known: &Known<'_>) -> Vec<Finding> {
        let gone: FxHashSet<UseId> = drafts.iter().map(|drafted| drafted.used).collect();
        let named: BTreeSet<&str> = drafts.iter().flat_map(|drafted| &drafted.draft.names).map(String::as_str).collect();
        let mut changing = Imports::default();
        for drafted in drafts {
            changing.need(drafted.anchor.map(|(_, import)| import), &drafted.draft.imports);
            if let Some((alias, import)) = drafted.anchor
                && self.is_orphaned(view, alias, &gone, &named, known)
            {
                changing.drop(import, alias);
            }
        }
        let wrappers: BTreeSet<String> = drafts.iter().map(|drafted| drafted.wrapped.wanted.spelled()).collect();
        let wrappers: Vec<String> = wrappers.into_iter().collect();
        let message = format!("imports for what takes the place of {}", wrappers.join(", "));
        // What shares import statements is as sure as the least sure of it.
        let reasons = || drafts.iter().filter_map(|drafted| drafted.draft.reason);
        let reason = reasons().find(|&reason| reason != Reason::Stated).or(reasons().next());
        // The calls of a file and what they need are changed together or not at all.
        let calls = format!("calls in {}", view.path);
        let Some((mut findings, key)) = changing.findings(view, source, &message, reason, &calls) else {
            let left = |drafted: &&Drafted<'_>| {
                drafted.wrapped.left(view, drafted.reference, drafted.span, Reason::ParsersDisagree.into())
            };
            return drafts.iter().map(left).collect();
        };
        for drafted in drafts {
            let bond = Bond { settles: vec![calls.clone()], needs: key.iter().cloned().collect() };
            let outcome = outcome(view, drafted.draft.edits.clone(), reason, bond);
            let message = drafted.wrapped.message(Some(&drafted.draft.text));
            let mut finding = view.finding(drafted.span, message, Some(spelling(view, drafted.reference)), outcome);
            if let Ok(standin) = &drafted.wrapped.standin {
                finding.evidence = standin.evidence.clone();
            }
            findings.push(finding);
        }
        findings
    }

    /// Whether nothing needs an imported name when these uses are gone.
    fn is_orphaned(
        &self,
        view: &View<'_>,
        alias: AliasId,
        gone: &FxHashSet<UseId>,
        named: &BTreeSet<&str>,
        known: &Known<'_>,
    ) -> bool {
        let facts: &Facts = view.facts;
        let found = &facts.aliases[alias.index()];
        let name = found.local;
        let text = facts.names.get(name);
        if facts.is_star(found) || facts.import_of(found).from.is_none() {
            return false;
        }
        let Some(owner) = owner(facts, found) else { return false };
        let is_alone = facts.bindings_of(owner, name).count() == 1;
        let is_read = facts.uses.iter().enumerate().any(|(at, used)| {
            let is_it = match facts.lookup(used.scope, used.name) {
                Lookup::Bound(scope) | Lookup::ClassOr(scope, None) => scope == owner,
                Lookup::ClassOr(inner, Some(outer)) => [inner, outer].contains(&owner),
                Lookup::Free => false,
            };
            used.name == name && is_it && !gone.contains(&UseId::new(at))
        });
        let is_public = owner == ScopeId::MODULE
            && (view.index.modules().is_package(view.file)
                || view.path.extension() == Some(b"pyi")
                || facts.exports_name(text)
                || facts.exports.as_ref().is_some_and(|exports| !exports.is_complete)
                || known.visible.contains(&Symbol { module: Module::File(view.file), name: text.into() })
                || known.patches.is_held(&Symbol { module: Module::File(view.file), name: text.into() }));
        let is_mark = found.asname.is_some_and(|(local, _)| local == found.name);
        is_alone && !is_read && !named.contains(text) && !is_public && !is_mark && !facts.embedded_code_names(text)
    }
}

/// Takes out the calls whose new imports would bind a name that is another one for other calls of the file, or for other modules.
fn unbindable(view: &View<'_>, drafts: &mut Vec<Drafted<'_>>) -> Vec<Finding> {
    drafts.sort_by_key(|drafted| drafted.draft.reason.is_some());
    let mut brought: BTreeMap<String, Name> = BTreeMap::new();
    let mut findings = Vec::new();
    let is_starred = LazyCell::new(|| view.facts.exports.is_none() && is_starred(view.index, view.file));
    drafts.retain(|drafted| {
        let is_public = drafted.anchor.is_none_or(|(_, import)| view.facts.imports[import.index()].scope == ScopeId::MODULE);
        let is_other = |name: &Name| brought.get(&name.local).is_some_and(|other| other != name);
        let is_seen = |name: &Name| is_public && !name.local.starts_with('_') && *is_starred;
        if let Some(name) = drafted.draft.imports.iter().find(|name| is_other(name) || is_seen(name)) {
            let evidence = Evidence { role: "because", at: None, text: name.local.clone() };
            let left = Left { reason: Reason::NameTaken, evidence: Some(evidence) };
            findings.push(drafted.wrapped.left(view, drafted.reference, drafted.span, left));
            return false;
        }
        brought.extend(drafted.draft.imports.iter().map(|name| (name.local.clone(), name.clone())));
        true
    });
    findings
}

/// The wrappers whose own words lead back to them, if need be through others.
fn recursive(index: &Index, wrappers: &[Wrapped<'_>]) -> Vec<usize> {
    let next = |at: usize| -> Vec<usize> {
        let Ok(standin) = &wrappers[at].standin else { return Vec::new() };
        let named = standin.choices.iter().filter(|_| !standin.is_stated).flat_map(|choice| choice.named(index));
        let named: Vec<_> = named.collect();
        let is_named = |&other: &usize| {
            let member = wrappers[other].wanted.member.as_deref();
            let home = wrappers[other].standin.as_ref().ok().and_then(|standin| standin.home);
            named.iter().any(|(found, path)| Some(*found) == home && (member.is_none() || member == path.as_deref()))
        };
        (0..wrappers.len()).filter(is_named).collect()
    };
    let next: Vec<Vec<usize>> = (0..wrappers.len()).map(next).collect();
    let returns = |&at: &usize| {
        let mut seen = BTreeSet::new();
        let mut waiting = next[at].clone();
        while let Some(other) = waiting.pop() {
            if seen.insert(other) {
                waiting.extend(&next[other]);
            }
        }
        seen.contains(&at)
    };
    (0..wrappers.len()).filter(returns).collect()
}

/// Whether a file gives a member of a class another value, as far as its words tell.
fn sets_member(index: &Index, file: FileId, class: &str, member: &str) -> bool {
    let facts = index.facts(file);
    let is_patch = |string: &StringFact| {
        let mut path = facts.names.get(string.value).rsplit('.');
        let is_it = path.next() == Some(member) && path.next().is_none_or(|owner| owner == class);
        is_it && matches!(role(index, file, string), Role::Patch | Role::PatchMember | Role::SetMember)
    };
    let is_store = |used: &Use| {
        let last = facts.attributes_of(used).last();
        used.flags.is_store && last.is_some_and(|attribute| facts.names.get(attribute.name) == member)
    };
    facts.strings.iter().any(is_patch) || facts.uses.iter().any(is_store)
}

/// Whether another file imports all public names of a file.
fn is_starred(index: &Index, file: FileId) -> bool {
    let name = index.modules().name(file).unwrap_or_default();
    let stem = name.rsplit('.').next().unwrap_or(name);
    // `from . import *` does not name the package.
    let is_inside = |other: FileId| {
        let other = index.modules().name(other).unwrap_or_default();
        index.modules().is_package(file) && other.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
    };
    let mut files =
        index.with_words(&[Word::new(stem)]).into_iter().chain(index.python_files().filter(|&other| is_inside(other)));
    let imports_all = |other: FileId| {
        let facts = index.facts(other);
        let mut stars = facts.stars();
        stars.any(|alias| from_module(index, other, facts.import_of(alias)) == Some(Module::File(file)))
    };
    files.any(imports_all)
}

/// Whether the wrapper is a class itself, and not a method of it.
fn is_class(index: &Index, standin: &Standin<'_>) -> bool {
    standin.home.is_some_and(|(file, span)| {
        let facts = index.facts(file);
        let is_it = |definition: &&Definition| definition.span == span;
        let kind = facts.definitions.iter().find(is_it).map(|definition| definition.kind);
        kind == Some(DefinitionKind::Class)
    })
}
