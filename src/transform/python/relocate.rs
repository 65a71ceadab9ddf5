//! Rewriting the references to symbols that have a new home: the common work of `move-symbol` and `move-module`.
//!
//! Each [`Pair`] says what becomes what, and how sure it is that both are one object. Findings are made per import statement: the
//! statement and the uses that depend on it change together or not at all. What cannot be changed is a finding with a reason.

mod config;
mod dotted;
pub(super) mod patches;
mod rewrite;
pub(super) mod strings;

pub(super) use self::rewrite::owner;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use patches::Patches;
use strings::Patched;

use super::super::Context;
use super::super::finding::{Applicability, Evidence, Finding, Form, Outcome, Reason, Spelling};
use super::compare::{Comparison, compare};
use super::{View, describe};
use crate::index::Index;
use crate::index::references::{Reference, Search, Site, Target};
use crate::index::unread::Unread;
use crate::lang::python::facts::{BindingKind, Context as Under, Facts, ScopeId, Use};
use crate::lang::python::modules::{Absence, Module};
use crate::lang::python::resolve::{self, End, Symbol};
use crate::lang::python::scope::Lookup;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// One symbol and its new home.
pub(super) struct Pair {
    pub from: Symbol,
    pub to: Symbol,
    /// The dotted name of the target's module, as it is to be written.
    pub module: String,
    pub verdict: Verdict,
}

/// Whether a pair names one object.
#[derive(Clone)]
pub(super) struct Verdict {
    /// How sure the rewriting is; `None` if there is nothing to rewrite to.
    pub applicability: Option<Applicability>,
    /// Why it is not safe.
    pub reason: Option<Reason>,
    pub evidence: Vec<Evidence>,
}

/// What becomes of local names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Names {
    /// A local name follows the new name.
    Rename,
    /// A local name stays, with `as`.
    Alias,
}

/// What becomes of importers that come through a re-export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reexports {
    /// They are sent to the new home itself.
    Canonical,
    /// They stay.
    Keep,
}

#[derive(Clone, Copy)]
pub(super) struct Style {
    pub names: Names,
    pub reexports: Reexports,
}

/// Judges whether two symbols are one object.
pub(super) fn judge(index: &Index, from: &Symbol, to: &Symbol, replaces: bool) -> Verdict {
    let (old, new) = (resolve::resolve(index, from), resolve::resolve(index, to));
    let mut evidence = vec![describe(index, "from", &old), describe(index, "to", &new)];
    let is_absent = |end: &End| matches!(end, End::Absent(Absence::External));
    let compared = match (old.definition(), new.definition()) {
        (Some(old), Some(new)) if old != new => compare(index, old, new),
        _ => Comparison::default(),
    };
    let reason = if compared.reason.is_some() {
        // Not even the plan's word makes this right.
        compared.reason
    } else if replaces || (is_absent(&old.end) && is_absent(&new.end)) {
        None
    } else if old.is_same_object(&new) {
        old.definition().is_some_and(|symbol| is_rebound(index, symbol)).then_some(Reason::NotProved)
    } else {
        Some(match (&old.end, &new.end) {
            (End::Unbound | End::Absent(_), _) => Reason::Dangling,
            (End::Definition, End::Definition) => Reason::DifferentObject,
            _ => Reason::NotProved,
        })
    };
    evidence.extend(compared.evidence);
    let applicability = if reason.is_none() { Applicability::Safe } else { Applicability::Review };
    Verdict { applicability: Some(applicability), reason, evidence }
}

/// Whether a module's name gets a new value after the module has been loaded, so that copies of it in other modules differ.
fn is_rebound(index: &Index, symbol: &Symbol) -> bool {
    let Module::File(file) = symbol.module else { return false };
    let facts = index.facts(file);
    facts.module_bindings(&symbol.name).any(|(_, binding)| binding.site != ScopeId::MODULE)
}

/// Finds all references to the pairs' old homes, and rewrites those that can be rewritten.
pub(super) fn relocate(context: &Context<'_>, pairs: &[Pair], style: Style) -> Vec<Finding> {
    let index = context.index;
    // The new homes too: only to learn whether somebody assigns to them.
    let homes = pairs.iter().map(|pair| &pair.to);
    let targets: Vec<Target> =
        pairs.iter().map(|pair| &pair.from).chain(homes).map(|symbol| Target::Symbol(symbol.clone())).collect();
    let search = Search::new(index, &targets);
    let chain = chain_of_targets(index, pairs);
    let references = search.run();
    let mut files: BTreeMap<FileId, Vec<&Reference>> = BTreeMap::new();
    let mut by_string: BTreeMap<FileId, Vec<&Reference>> = BTreeMap::new();
    // A name by which another step knows something keeps its spelling.
    let mut visible: FxHashSet<Symbol> = context.named.iter().filter_map(|subject| subject.target.symbol()).cloned().collect();
    let mut doors: FxHashSet<Symbol> = FxHashSet::default();
    let mut assigned: FxHashSet<Symbol> = FxHashSet::default();
    let mut at_home: BTreeMap<FileId, Vec<&Reference>> = BTreeMap::new();
    for reference in &references {
        assigned.extend(strings::assigned(index, reference).cloned());
        // A name that leads to the new home in several ways leads through an old one in some of them.
        let inner = reference.way.hops[..reference.distance].iter();
        let inner = inner.filter(|hop| hop.module != Module::File(reference.file)).cloned();
        if reference.target >= pairs.len() {
            visible.extend(inner);
            assigned.extend(assigned_symbol(index.facts(reference.file), reference).cloned());
            if is_string(reference.site) {
                at_home.entry(reference.file).or_default().push(reference);
            }
            continue;
        }
        let is_settled = reference.way.hops[..reference.distance].contains(&pairs[reference.target].to);
        if is_settled {
            continue;
        }
        if is_string(reference.site) {
            by_string.entry(reference.file).or_default().push(reference);
            continue;
        }
        visible.extend(inner);
        assigned.extend(assigned_symbol(index.facts(reference.file), reference).cloned());
        if style.reexports == Reexports::Canonical {
            doors.extend(reference.way.hops.first().cloned());
        }
        files.entry(reference.file).or_default().push(reference);
    }
    let followers = strings::followers(context, &by_string, &mut visible);
    let modules = module_names(index, pairs, &files);
    let seen = seen(index, &modules);
    visible.extend(from_outside(&modules, &seen));
    if style.names == Names::Rename {
        visible.extend(read_by_name(index, pairs, &references, search.candidates()));
    }
    let patches = strings::patches(index, pairs, &references, search.candidates(), &seen);
    let mut relocation = Relocation { context, pairs, style, chain, visible, doors, assigned, followers, patches };
    loop {
        let made: Vec<Made> = files.par_iter().map(|(&file, references)| relocation.in_file(file, references)).collect();
        let (mut findings, Patched { held, crowded }) = relocation.retarget(&references, &by_string, &at_home, made);
        // A patch that cannot go along makes the code that it is for a matter for review, which may be what another patch is for,
        // or in whose way another patch is: so patches that are in the way of one another are held back one by one.
        let mut crowded: Vec<_> = crowded.into_iter().collect();
        crowded.sort_by(|(a, _), (b, _)| a.cmp(b));
        let patches = &mut relocation.patches;
        if !patches.extend(held) && !crowded.into_iter().any(|one| patches.extend([one].into_iter().collect())) {
            findings.extend(relocation.in_config(&search.mentions(&|file| context.in_scope(file))));
            findings.extend(relocation.unread(&search.unread(&targets[..pairs.len()], &references)));
            return findings;
        }
    }
}

/// Why the rewriting of a reference is for review.
#[derive(Clone, Copy)]
struct Caution {
    reason: Reason,
    /// The patch that is in the way.
    patch: Option<(FileId, Span)>,
}

impl From<Reason> for Caution {
    fn from(reason: Reason) -> Self {
        Self { reason, patch: None }
    }
}

/// What is made of the references of a file's code.
#[derive(Default)]
struct Made {
    findings: Vec<Finding>,
    /// The references that a fix rewrites, each with the fix's index among the findings.
    moved: Vec<(FileId, Site, usize)>,
    /// The names of the file that get a new spelling, with the index of the fix.
    renamed: Vec<(Symbol, Arc<str>, usize)>,
}

fn is_string(site: Site) -> bool {
    matches!(site, Site::String(..) | Site::Member(_) | Site::Computed(_))
}

/// The sites through which the targets themselves get their objects; they have to stay as they are.
fn chain_of_targets(index: &Index, pairs: &[Pair]) -> FxHashSet<(FileId, Site)> {
    let mut sites = FxHashSet::default();
    for pair in pairs {
        let way = resolve::resolve(index, &pair.to);
        for hop in &way.hops {
            let Module::File(file) = hop.module else { continue };
            let facts = index.facts(file);
            for (_, binding) in facts.module_bindings(&hop.name) {
                match binding.kind {
                    BindingKind::Import(alias) => sites.insert((file, Site::Alias(alias))),
                    BindingKind::Alias(used) => {
                        let depth = facts.attributes_of(&facts.uses[used.index()]).len();
                        sites.insert((file, Site::Attribute(used, depth)))
                    }
                    _ => false,
                };
            }
        }
    }
    sites
}

/// The module-level names that stand for a module out of which a pair's old name is read (`m` of `m.Old`).
fn module_names(index: &Index, pairs: &[Pair], files: &BTreeMap<FileId, Vec<&Reference>>) -> Vec<Target> {
    let mut names = BTreeSet::new();
    for (&file, references) in files {
        let facts = index.facts(file);
        for reference in references {
            let Site::Attribute(used, _) = reference.site else { continue };
            let used = &facts.uses[used.index()];
            if facts.lookup(used.scope, used.name) == Lookup::Bound(ScopeId::MODULE) && !pairs.is_empty() {
                names.insert(Symbol { module: Module::File(file), name: facts.names.get(used.name).into() });
            }
        }
    }
    names.into_iter().map(Target::Symbol).collect()
}

/// Which of the symbols other files refer to.
pub(super) fn seen_from_outside(index: &Index, symbols: &[Target]) -> Vec<Symbol> {
    from_outside(symbols, &seen(index, symbols)).collect()
}

fn seen(index: &Index, symbols: &[Target]) -> Vec<Reference> {
    if symbols.is_empty() { Vec::new() } else { Search::new(index, symbols).run() }
}

fn from_outside<'r>(symbols: &'r [Target], references: &'r [Reference]) -> impl Iterator<Item = Symbol> + 'r {
    references.iter().filter_map(|reference| match &symbols[reference.target] {
        Target::Symbol(symbol) if symbol.module != Module::File(reference.file) => Some(symbol.clone()),
        _ => None,
    })
}

/// The names of modules that files may read without a reference: they have the name in a string (`getattr(m, "Old")`) or behind an
/// unknown object (`self.m.Old`), and import the module.
fn read_by_name(index: &Index, pairs: &[Pair], references: &[Reference], candidates: &[FileId]) -> Vec<Symbol> {
    let renamed: BTreeSet<&str> =
        pairs.iter().filter(|pair| pair.from.name != pair.to.name).map(|pair| &*pair.from.name).collect();
    let mut known: FxHashSet<(FileId, u32)> = FxHashSet::default();
    let mut members: FxHashSet<(FileId, usize)> = FxHashSet::default();
    for reference in references {
        if let Some((used, depth)) = attribute(index.facts(reference.file), reference) {
            known.insert((reference.file, used.attributes.0 + depth as u32 - 1));
        } else if let Site::Member(at) = reference.site {
            members.insert((reference.file, at));
        }
    }
    let mut found = Vec::new();
    for &file in candidates.iter().filter(|_| !renamed.is_empty()) {
        let facts = index.facts(file);
        let strings = facts.strings.iter().enumerate().filter(|(at, _)| !members.contains(&(file, *at)));
        let strings = strings.map(|(_, string)| string.value);
        let attributes = facts.attributes.iter().enumerate().filter(|(at, _)| !known.contains(&(file, *at as u32)));
        let spelled =
            strings.chain(attributes.map(|(_, attribute)| attribute.name)).chain(facts.loose_attributes.iter().copied());
        let spelled = spelled.map(|name| facts.names.get(name));
        let names: BTreeSet<&str> = spelled.filter(|name| renamed.contains(name)).collect();
        if names.is_empty() {
            continue;
        }
        for module in resolve::imported_modules(index, file) {
            found.extend(names.iter().map(|name| Symbol { module: module.clone(), name: (*name).into() }));
        }
    }
    found
}

pub(super) struct Relocation<'c> {
    context: &'c Context<'c>,
    pairs: &'c [Pair],
    style: Style,
    chain: FxHashSet<(FileId, Site)>,
    /// Names of modules that other files read: they keep their spelling.
    visible: FxHashSet<Symbol>,
    /// The names through which code gets the objects today. A string that patches another name for them works as before.
    doors: FxHashSet<Symbol>,
    /// The names that code outside of their modules assigns to.
    assigned: FxHashSet<Symbol>,
    /// The names of modules that other files spell in strings alone, all of which can follow when the name changes.
    followers: FxHashSet<Symbol>,
    /// What tests replace, and go on to replace where it is.
    patches: Patches<'c>,
}

impl Relocation<'_> {
    fn in_file(&self, file: FileId, references: &[&Reference]) -> Made {
        let view = View::open(self.context.index, file);
        let mut made = Made::default();
        let mut movable: Vec<(Applicability, &Reference)> = Vec::new();
        let assigned: FxHashSet<&Symbol> =
            references.iter().filter_map(|reference| assigned_symbol(view.facts, reference)).collect();
        for reference in references {
            match self.obstacle(&view, reference, &assigned) {
                Some(None) => {}
                Some(Some(reason)) => made.findings.push(self.left(&view, reference, reason)),
                None => movable.extend(self.applicability(reference).map(|applicability| (applicability, *reference))),
            }
        }
        for applicability in [Applicability::Safe, Applicability::Review] {
            let of_class = |(class, _): &&(Applicability, &Reference)| *class == applicability;
            let references: Vec<&Reference> = movable.iter().filter(of_class).map(|(_, reference)| *reference).collect();
            if !references.is_empty() {
                self.rewrite(&view, applicability, &references, &mut made);
            }
        }
        made
    }

    /// How sure the rewriting of a reference is.
    fn applicability(&self, reference: &Reference) -> Option<Applicability> {
        let certain = self.pairs[reference.target].verdict.applicability?;
        Some(if self.caution(reference).is_some() { Applicability::Review } else { certain })
    }

    /// Why rewriting a reference to one and the same object may still not be what is wanted: on its way it passes a name of its
    /// own (`Handler = Manager`), which someone may have chosen to keep, a name that another module has only while types are
    /// checked, so that the import fails today and would succeed, or a name that it reads late and that other code assigns to.
    fn caution(&self, reference: &Reference) -> Option<Caution> {
        let index = self.context.index;
        let home = &self.pairs[reference.target].to;
        if self.is_late(reference) && passed(reference).chain([home]).any(|hop| self.assigned.contains(hop)) {
            return Some(Reason::Assigned.into());
        }
        if let Some(patch) = self.patches.on(reference, home) {
            return Some(Caution { reason: patch.reason, patch: Some(patch.at) });
        }
        let passed = &reference.way.hops[..reference.distance];
        let next = reference.way.hops.iter().skip(1);
        for (hop, next) in passed.iter().zip(next) {
            let Module::File(file) = hop.module else { continue };
            if file == reference.file {
                continue;
            }
            let bindings = || index.facts(file).module_bindings(&hop.name).map(|(_, binding)| binding);
            let runs = match reference.site {
                Site::Alias(alias) => {
                    let facts = index.facts(reference.file);
                    !facts.import_of(&facts.aliases[alias.index()]).context.contains(Under::TYPE_CHECKING)
                }
                _ => true,
            };
            let is_bound = bindings().next().is_some();
            if runs && is_bound && bindings().all(|binding| binding.context.contains(Under::TYPE_CHECKING)) {
                return Some(Reason::Dangling.into());
            }
            if hop.name != next.name && bindings().any(|binding| matches!(binding.kind, BindingKind::Alias(_))) {
                return Some(Reason::OwnName.into());
            }
        }
        None
    }

    /// Whether a reference reads the name when something runs, and not once when its module is loaded.
    fn is_late(&self, reference: &Reference) -> bool {
        let facts = self.context.index.facts(reference.file);
        match reference.site {
            Site::Alias(alias) => facts.is_lazy(facts.import_of(&facts.aliases[alias.index()]).scope),
            _ => true,
        }
    }

    /// Why a reference is not rewritten: `None` if it is, `Some(None)` if there is nothing to say about it.
    fn obstacle(&self, view: &View<'_>, reference: &Reference, assigned: &FxHashSet<&Symbol>) -> Option<Option<Reason>> {
        let pair = &self.pairs[reference.target];
        let is_reported = matches!(reference.site, Site::Alias(_) | Site::Attribute(..) | Site::Unsure(..) | Site::Star(..));
        let is_own = pair.from.module == Module::File(view.file);
        let is_kept = self.style.reexports == Reexports::Keep && reference.distance > 0;
        if !is_reported || is_kept || is_own {
            return Some(None);
        }
        if self.chain.contains(&(view.file, reference.site)) {
            return Some(Some(Reason::TargetChain));
        }
        if let Some(reason) = self.closed(view, pair) {
            return Some(Some(reason));
        }
        match reference.site {
            Site::Unsure(..) => Some(Some(Reason::SeveralBindings)),
            // After `m.Old = Fake` the file means the fake, wherever it reads the name.
            _ => passed(reference).any(|hop| assigned.contains(hop)).then_some(Some(Reason::Assigned)),
        }
    }

    /// The files that do not parse and may refer to what moves.
    fn unread(&self, unread: &[Unread]) -> Vec<Finding> {
        let finding = |&Unread { file, target, span }: &Unread| {
            let view = View::open(self.context.index, file);
            view.finding(span, self.message(target), None, Outcome::Left(Reason::Unparsable))
        };
        unread.iter().filter(|unread| self.context.in_scope(unread.file)).map(finding).collect()
    }

    /// Why nothing in a file is rewritten for a pair.
    fn closed(&self, view: &View<'_>, pair: &Pair) -> Option<Reason> {
        if pair.to.module == Module::File(view.file) || self.is_stub_of(view, &pair.to.module) {
            return Some(Reason::InTarget);
        }
        if !view.facts.errors.is_empty() {
            return Some(Reason::Unparsable);
        }
        if let Some(reason) = self.context.keeps(view.file) {
            return Some(reason);
        }
        match pair.verdict.applicability {
            None => Some(pair.verdict.reason.unwrap_or(Reason::TargetLacks)),
            Some(_) => None,
        }
    }

    /// Whether the file is the stub that stands beside a module.
    fn is_stub_of(&self, view: &View<'_>, module: &Module) -> bool {
        let modules = self.context.index.modules();
        view.path.extension() == Some(b"pyi") && modules.name(view.file) == Some(&*modules.dotted(module))
    }

    fn left(&self, view: &View<'_>, reference: &Reference, reason: Reason) -> Finding {
        let (span, spelling) = spelled(view, reference);
        let mut finding = view.finding(span, self.message(reference.target), Some(spelling), Outcome::Left(reason));
        finding.evidence = self.via(view, reference);
        finding
    }

    fn message(&self, pair: usize) -> String {
        let Pair { from, to, module, .. } = &self.pairs[pair];
        let old = self.context.index.modules().dotted(&from.module);
        format!("{old}:{} is now {module}:{}", from.name, to.name)
    }

    /// The re-exports that a reference comes through.
    fn via(&self, view: &View<'_>, reference: &Reference) -> Vec<Evidence> {
        let hops = reference.way.hops[..reference.distance].iter().filter(|hop| hop.module != Module::File(view.file));
        let modules = self.context.index.modules();
        hops.map(|hop| Evidence { role: "via", at: None, text: hop.spelled(modules) }).collect()
    }
}

/// Where a reference stands, and how it is spelled there.
pub(super) fn spelled(view: &View<'_>, reference: &Reference) -> (Span, Spelling) {
    let facts = view.facts;
    let is_indirect = reference.way.hops[..reference.distance].iter().any(|hop| hop.module != Module::File(view.file));
    let (span, spelling) = match reference.site {
        Site::Alias(id) => {
            let alias = &facts.aliases[id.index()];
            let spelling = view.import_spelling(facts.import_of(alias));
            (alias.name_span, Spelling { is_aliased: alias.asname.is_some(), ..spelling })
        }
        Site::Star(id, _) => {
            let alias = &facts.aliases[id.index()];
            let spelling = view.import_spelling(facts.import_of(alias));
            (alias.name_span, Spelling { form: Form::Star, ..spelling })
        }
        Site::From(id) => {
            let import = &facts.imports[id.index()];
            let is_star = facts.aliases_of(import).any(|(_, alias)| facts.is_star(alias));
            let form = if is_star { Form::Star } else { Form::FromImport };
            (import.span, Spelling { form, ..view.import_spelling(import) })
        }
        Site::Attribute(id, depth) | Site::Unsure(id, depth) => {
            let used = &facts.uses[id.index()];
            let end = facts.attributes_of(used)[depth - 1].span.end;
            (Span::new(used.span.start, end), Spelling { is_lazy: facts.is_lazy(used.scope), ..Spelling::of(Form::Attribute) })
        }
        Site::Name(id) => (facts.uses[id.index()].span, Spelling::of(Form::Name)),
        Site::Export(at) => {
            let entry = facts.exports.as_ref().and_then(|exports| exports.entries.get(at));
            (entry.map_or(Span::at(0), |entry| entry.1), Spelling::of(Form::Export))
        }
        Site::String(at, _) | Site::Member(at) => (facts.strings[at].span, Spelling::of(Form::String)),
        Site::Computed(at) => (facts.computed[at].span, Spelling::of(Form::String)),
    };
    (span, Spelling { is_indirect, ..spelling })
}

/// The name that the reference assigns to, or deletes, from outside its module.
fn assigned_symbol<'r>(facts: &Facts, reference: &'r Reference) -> Option<&'r Symbol> {
    let (used, depth) = attribute(facts, reference)?;
    let is_store = used.flags.is_store && depth == facts.attributes_of(used).len();
    reference.way.hops.first().filter(|_| is_store)
}

/// The names that a reference passes on its way, the target's last.
fn passed(reference: &Reference) -> impl Iterator<Item = &Symbol> {
    reference.way.hops.iter().take(reference.distance + 1)
}

fn attribute<'f>(facts: &'f Facts, reference: &Reference) -> Option<(&'f Use, usize)> {
    match reference.site {
        Site::Attribute(used, depth) => Some((&facts.uses[used.index()], depth)),
        _ => None,
    }
}
