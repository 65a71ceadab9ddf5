//! Strings that name what moves.
//!
//! A patch sets a name in one namespace, so it has to go where the code that it is for reads the name. Where that is, is decided by
//! the code's own references: those that read the name when they run ([`Readers`]), before the step and after it.
//!
//! | the patch names | and | then |
//! | --- | --- | --- |
//! | a member of the object (`old.Old.method`) | | it changes the object itself: the path follows |
//! | the name in a namespace out of which code reads it late | all of that code moves | it follows, with that code |
//! | | some moves, some stays | one patch cannot serve both: a person decides |
//! | | all of it stays | it stays |
//! | a consumer's own name for it | the name gets a new spelling | both change together, or neither |

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::patches::{self, Held, Hold, Patches};
use super::{Made, Pair, Relocation, spelled};
use crate::index::Index;
use crate::index::references::{Reference, Site};
use crate::lang::python::facts::{Argument, Slot, StringPlace};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, End, Symbol};
use crate::lang::python::strings::{self, Role};
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Applicability, Bond, Evidence, Finding, Fix, Outcome, Reason};
use crate::transform::python::View;

/// How many places of a kind are shown as evidence.
const SHOWN: usize = 3;

/// The names that only strings spell from outside, all of which can follow a new spelling. The names of other strings are made
/// visible.
pub(super) fn followers(
    context: &Context<'_>,
    strings: &BTreeMap<FileId, Vec<&Reference>>,
    visible: &mut FxHashSet<Symbol>,
) -> FxHashSet<Symbol> {
    let mut followers = FxHashSet::default();
    for (&file, references) in strings {
        let mut view = None;
        for reference in references.iter().filter(|reference| reference.distance > 0) {
            let Some(first) = reference.way.hops.first().filter(|hop| hop.module != Module::File(file)) else { continue };
            let view = view.get_or_insert_with(|| View::open(context.index, file));
            let can_follow = context.keeps(file).is_none()
                && view.facts.errors.is_empty()
                && matches!(string_role(view, reference), Role::Patch | Role::Object | Role::PatchMember)
                && named(view, reference).is_some()
                && !hands_name_on(view, reference);
            let names = if can_follow { &mut followers } else { &mut *visible };
            names.insert(first.clone());
        }
    }
    followers.retain(|name| !visible.contains(name));
    followers
}

/// What becomes of the string of a reference.
fn string_role(view: &View<'_>, reference: &Reference) -> Role {
    match reference.site {
        Site::String(at, _) | Site::Member(at) => strings::role(view.index, view.file, &view.facts.strings[at]),
        _ => Role::Data,
    }
}

/// The name that a call sets for good, from outside of its module.
pub(in crate::transform) fn assigned<'r>(index: &Index, reference: &'r Reference) -> Option<&'r Symbol> {
    let Site::Member(at) = reference.site else { return None };
    let string = &index.facts(reference.file).strings[at];
    let is_set = strings::role(index, reference.file, string) == Role::SetMember;
    reference.way.hops.first().filter(|_| is_set)
}

/// Whether the string names the target itself and nothing in it.
fn is_whole(view: &View<'_>, reference: &Reference) -> bool {
    match reference.site {
        Site::String(at, parts) => {
            let text = view.facts.names.get(view.facts.strings[at].value);
            strings::prefix(text, parts) == text
        }
        _ => true,
    }
}

/// Whether the string sets the name itself, in the namespace that it names.
fn sets_name(view: &View<'_>, reference: &Reference) -> bool {
    matches!(string_role(view, reference), Role::Patch | Role::PatchMember) && is_whole(view, reference)
}

fn is_safe(finding: &Finding) -> bool {
    matches!(&finding.outcome, Outcome::Fix(fix) if fix.applicability == Applicability::Safe)
}

fn is_crowded(finding: &Finding) -> bool {
    matches!(&finding.outcome, Outcome::Fix(fix) if fix.reason == Some(Reason::ReachesMore))
}

/// The place of the path that leads to the target, where the literal spells it as it is.
fn named(view: &View<'_>, reference: &Reference) -> Option<Span> {
    let (string, parts) = match reference.site {
        Site::String(at, parts) => (view.facts.strings[at], parts),
        Site::Member(at) => (view.facts.strings[at], 1),
        _ => return None,
    };
    let text = view.facts.names.get(string.value);
    let content = strings::content(&view.text, string.span, text)?;
    Some(Span::new(content.start, content.start + strings::prefix(text, parts).len() as u32))
}

/// Whether the name is a keyword of `patch.multiple` under which a mock may be handed on, to the keyword of a decorated function or
/// the key of a dict: where its value may be `DEFAULT`.
fn hands_name_on(view: &View<'_>, reference: &Reference) -> bool {
    let Site::Member(at) = reference.site else { return false };
    let string = &view.facts.strings[at];
    if !matches!(string.place, StringPlace::Argument(Argument { slot: Slot::Name, .. })) {
        return false;
    }
    let value = view.text[string.span.range().end..].trim_start().trim_start_matches('=').trim_start();
    let start = (view.text.len() - value.len()) as u32;
    let Some(used) = view.facts.uses.iter().find(|used| used.span.start == start) else { return false };
    let end = view.facts.attributes_of(used).last().map_or(used.span.end, |attribute| attribute.span.end);
    let is_called = view.text[end as usize..].trim_start().starts_with('(');
    let steps = resolve::steps(view.index, view.file, used);
    let is_known = steps.last().is_some_and(|step| matches!(step.end, End::Definition | End::Module(_)));
    !is_called && !is_known
}

/// The code that reads a name out of a namespace when it runs, and so sees what a patch has put there.
#[derive(Default)]
struct Readers<'r> {
    /// References that are rewritten, with the index of the fix.
    moved: Vec<(&'r Reference, usize)>,
    stay: Vec<&'r Reference>,
}

impl<'r> Readers<'r> {
    fn all(&self) -> impl Iterator<Item = &'r Reference> {
        self.moved.iter().map(|(reference, _)| *reference).chain(self.stay.iter().copied())
    }
}

/// What has been made of the code.
#[derive(Default)]
struct Outcomes<'r> {
    findings: Vec<Finding>,
    readers: FxHashMap<&'r Symbol, Readers<'r>>,
    /// The references that come to each new home.
    arrivals: FxHashMap<&'r Symbol, Vec<Arrival<'r>>>,
    renamed: FxHashMap<Symbol, (Arc<str>, usize)>,
}

/// A reference that comes to a new home.
struct Arrival<'r> {
    /// The name that it has read so far.
    from: &'r Symbol,
    reference: &'r Reference,
    /// The index of the fix that moves it.
    fix: usize,
}

/// The names that strings go on to patch where they are.
#[derive(Default)]
pub(super) struct Patched {
    /// Whatever becomes of the code.
    pub held: Held,
    /// Because other code comes to the new home as well.
    pub crowded: Held,
}

impl<'r> Outcomes<'r> {
    /// Adds code that reads a name; `moved` is the index of the fix that moves it.
    fn add(&mut self, pairs: &'r [Pair], name: &'r Symbol, reference: &'r Reference, moved: Option<usize>) {
        let readers = self.readers.entry(name).or_default();
        match (moved, pairs.get(reference.target)) {
            (Some(at), Some(pair)) => {
                readers.moved.push((reference, at));
                self.arrivals.entry(&pair.to).or_default().push(Arrival { from: name, reference, fix: at });
            }
            _ => readers.stay.push(reference),
        }
    }
}

/// Whether the string may set the name: it does, or that cannot be known.
fn sets(view: &View<'_>, reference: &Reference) -> Option<Hold> {
    let hold = |reason| Hold { reason, at: (view.file, spelled(view, reference).0) };
    if sets_name(view, reference) {
        return Some(hold(Reason::Patched));
    }
    let is_maybe = match reference.site {
        Site::Computed(at) => matches!(
            strings::argument_role(view.index, view.file, &view.facts.computed[at].argument),
            Role::Patch | Role::PatchMember | Role::Data
        ),
        Site::String(at, _) => {
            string_role(view, reference) == Role::Data
                && is_whole(view, reference)
                && patches::may_patch(view, &view.facts.strings[at])
        }
        _ => false,
    };
    is_maybe.then(|| hold(Reason::MaybePatched))
}

/// What tests replace, as far as strings say it that do not name the old symbols by their paths.
pub(super) fn patches<'i>(
    index: &'i Index,
    pairs: &[Pair],
    references: &[Reference],
    candidates: &[FileId],
    names_of_modules: &[Reference],
) -> Patches<'i> {
    let is_old = |reference: &&Reference| reference.target < pairs.len() && !super::is_string(reference.site);
    let old = references.iter().filter(is_old).filter_map(|reference| reference.way.hops.first());
    let names: BTreeSet<&Symbol> = old.chain(pairs.iter().map(|pair| &pair.to)).collect();
    let mut known: BTreeMap<FileId, Vec<Site>> = candidates.iter().map(|&file| (file, Vec::new())).collect();
    for reference in references {
        known.entry(reference.file).or_default().push(reference.site);
    }
    let mut patches = Patches::new(index, &names, &known);
    let at_home = references.iter().filter(|reference| reference.target >= pairs.len());
    let mut held = Held::default();
    for reference in at_home.chain(names_of_modules).filter(|reference| super::is_string(reference.site)) {
        let view = View::open(index, reference.file);
        if let (Some(hold), Some(name)) = (sets(&view, reference), reference.way.hops.first()) {
            held.entry(name.clone()).or_default().insert(reference.file, hold);
        }
    }
    patches.extend(held);
    patches
}

/// What tests replace of some names, where none of the strings that say so goes along: `references` are those to the names, by string
/// and otherwise, and `candidates` the files that can name them.
pub(in crate::transform) fn standing<'i>(
    index: &'i Index,
    names: &BTreeSet<&Symbol>,
    references: &[&Reference],
    candidates: &[FileId],
) -> Patches<'i> {
    let mut known: BTreeMap<FileId, Vec<Site>> = candidates.iter().map(|&file| (file, Vec::new())).collect();
    for reference in references {
        known.entry(reference.file).or_default().push(reference.site);
    }
    let mut patches = Patches::new(index, names, &known);
    let mut held = Held::default();
    for reference in references.iter().filter(|reference| super::is_string(reference.site)) {
        let view = View::open(index, reference.file);
        if let (Some(hold), Some(name)) = (sets(&view, reference), reference.way.hops.first()) {
            held.entry(name.clone()).or_default().insert(reference.file, hold);
        }
    }
    patches.extend(held);
    patches
}

impl Relocation<'_> {
    /// Adds what becomes of the strings to what has been made of the code, and says which names strings go on to patch.
    pub(super) fn retarget<'r>(
        &'r self,
        references: &'r [Reference],
        strings: &BTreeMap<FileId, Vec<&'r Reference>>,
        at_home: &BTreeMap<FileId, Vec<&'r Reference>>,
        made: Vec<Made>,
    ) -> (Vec<Finding>, Patched) {
        let mut patched = Patched::default();
        let mut outcomes = Outcomes::default();
        let mut moved: FxHashMap<(FileId, Site), usize> = FxHashMap::default();
        for made in made {
            let first = outcomes.findings.len();
            moved.extend(made.moved.into_iter().map(|(file, site, at)| ((file, site), first + at)));
            outcomes.renamed.extend(made.renamed.into_iter().map(|(symbol, new, at)| (symbol, (new, first + at))));
            outcomes.findings.extend(made.findings);
        }
        if strings.is_empty() {
            return (outcomes.findings, patched);
        }
        for reference in references.iter().filter(|reference| !super::is_string(reference.site)) {
            if let Some(namespace) = patches::read_late(self.context.index, reference) {
                outcomes.add(self.pairs, namespace, reference, moved.get(&(reference.file, reference.site)).copied());
            }
        }
        let mut bonds: Vec<(usize, Bond)> = Vec::new();
        // What reads the name to get at the object meets what a patch has put there, like other code.
        let is_reader = |view: &View<'_>, reference: &Reference| {
            sets(view, reference).is_none() && matches!(string_role(view, reference), Role::Patch | Role::Object | Role::Member)
        };
        for (&file, references) in strings {
            let view = View::open(self.context.index, file);
            for &reference in references.iter().filter(|reference| is_reader(&view, reference)) {
                let found = self.string(&view, reference, &outcomes, &mut bonds);
                let at = outcomes.findings.len();
                let Some(name) = reference.way.hops.first() else { continue };
                let is_moved = matches!(&found, Some(finding) if matches!(finding.outcome, Outcome::Fix(_)));
                let is_renamed = outcomes.renamed.contains_key(name);
                outcomes.findings.extend(found);
                outcomes.add(self.pairs, name, reference, (is_moved && !is_renamed).then_some(at));
            }
        }
        for (&file, references) in at_home {
            let view = View::open(self.context.index, file);
            for &reference in references.iter().filter(|reference| is_reader(&view, reference)) {
                if let Some(name) = reference.way.hops.first() {
                    outcomes.add(self.pairs, name, reference, None);
                }
            }
        }
        let mut found = Vec::new();
        for (&file, references) in strings {
            let view = View::open(self.context.index, file);
            for reference in references.iter().filter(|reference| !is_reader(&view, reference)) {
                let finding = self.string(&view, reference, &outcomes, &mut bonds);
                if let (Some(hold), Some(name)) = (sets(&view, reference), reference.way.hops.first())
                    && !finding.as_ref().is_some_and(is_safe)
                {
                    let is_crowded = finding.as_ref().is_some_and(is_crowded);
                    let held = if is_crowded { &mut patched.crowded } else { &mut patched.held };
                    held.entry(name.clone()).or_default().insert(file, hold);
                }
                found.extend(finding);
            }
        }
        for (at, bond) in bonds {
            if let Outcome::Fix(fix) = &mut outcomes.findings[at].outcome {
                fix.bond.settles.extend(bond.settles);
                fix.bond.needs.extend(bond.needs);
            }
        }
        outcomes.findings.extend(found);
        (outcomes.findings, patched)
    }

    /// What becomes of a string; `None` where there is nothing to say about it.
    fn string(
        &self,
        view: &View<'_>,
        reference: &Reference,
        outcomes: &Outcomes<'_>,
        bonds: &mut Vec<(usize, Bond)>,
    ) -> Option<Finding> {
        let pair = &self.pairs[reference.target];
        let first = reference.way.hops.first()?;
        let role = string_role(view, reference);
        if let Some((new, at)) = outcomes.renamed.get(first) {
            let (key, strings) = (self.key(first), format!("{} in strings", self.key(first)));
            bonds.push((*at, Bond { settles: vec![key.clone()], needs: vec![strings.clone()] }));
            let span = named(view, reference)?;
            let start = view.text[span.range()].rfind(['.', ':']).map_or(0, |dot| dot + 1);
            let edit = Edit::replace(Span::new(span.start + start as u32, span.end), &**new);
            let Outcome::Fix(renaming) = &outcomes.findings[*at].outcome else { return None };
            let mut fix = self.fix(view, edit, renaming.applicability, renaming.reason)?;
            fix.bond = Bond { settles: vec![strings], needs: vec![key] };
            return Some(self.found(view, reference, Outcome::Fix(fix), Vec::new()));
        }
        let sets_name = sets_name(view, reference);
        let readers = outcomes.readers.get(first).filter(|_| sets_name);
        // A consumer's own name for the object goes on to work, unless it is a way on which others came here that go another way now.
        let is_door = match sets_name {
            true => readers.is_some_and(|readers| !readers.moved.is_empty()),
            false => role == Role::Data && self.doors.contains(first),
        };
        if reference.distance > 0 && !is_door {
            return None;
        }
        let left = |reason, evidence| Some(self.found(view, reference, Outcome::Left(reason), evidence));
        if let Some(reason) = self.closed(view, pair) {
            return left(reason, Vec::new());
        }
        match role {
            _ if matches!(reference.site, Site::Computed(_)) => return left(Reason::Computed, Vec::new()),
            Role::SetMember => return left(Reason::Assigned, Vec::new()),
            Role::Data => return left(sets(view, reference).map_or(Reason::InString, |hold| hold.reason), Vec::new()),
            Role::Module | Role::Logger | Role::Task | Role::Member => return left(Reason::InString, Vec::new()),
            Role::Patch | Role::PatchMember | Role::Object => {}
        }
        let none = Readers::default();
        let readers = readers.unwrap_or(&none);
        let meets = |reader: &&Reference| patches::can_meet(view.index, view.file, reader.file);
        if sets_name && readers.stay.iter().copied().any(|reader| meets(&reader)) {
            let reason = if readers.moved.is_empty() { Reason::ReadThere } else { Reason::ReadersSplit };
            return left(reason, self.readers(readers));
        }
        let (at, parts, span) = match (reference.site, named(view, reference)) {
            (Site::String(at, parts), Some(span)) => (at, parts, span),
            (Site::Member(_), _) => return left(Reason::ModuleGiven, Vec::new()),
            _ => return left(Reason::OddSpelling, Vec::new()),
        };
        let text = view.facts.names.get(view.facts.strings[at].value);
        let separator = if strings::prefix(text, parts).contains(':') { ':' } else { '.' };
        let edit = Edit::replace(span, format!("{}{separator}{}", pair.module, pair.to.name));
        let certain = pair.verdict.applicability?;
        if !sets_name {
            let patch = self.patches.on(reference, &pair.to);
            let applicability = if patch.is_some() { Applicability::Review } else { certain };
            let fix = self.fix(view, edit, applicability, pair.verdict.reason.or(patch.map(|patch| patch.reason)))?;
            let patch = patch.map(|patch| patches::patch_line(self.context.index, patch.at));
            let evidence = pair.verdict.evidence.iter().cloned().chain(patch);
            return Some(self.found(view, reference, Outcome::Fix(fix), evidence.collect()));
        }
        let others = self.others(view, first, pair, outcomes);
        let (applicability, reason) = match self.obstructed(view, first, pair, readers, &others) {
            Some(reason) => (Applicability::Review, Some(reason)),
            None => self.surely(view, pair, readers, outcomes, certain),
        };
        let mut fix = self.fix(view, edit, applicability, reason)?;
        let key = self.key(first);
        for &(_, at) in &readers.moved {
            bonds.push((at, Bond { settles: vec![key.clone()], needs: Vec::new() }));
        }
        fix.bond.needs.push(key);
        let mut evidence = self.readers(readers);
        if reason == Some(Reason::ReachesMore) {
            evidence.extend(others.iter().take(SHOWN).map(|reader| self.quote("reaches", reader)));
        }
        Some(self.found(view, reference, Outcome::Fix(fix), evidence))
    }

    /// The code that reads the new home, before the step or after it, and is not what a patch of the old name is for.
    fn others<'r>(&self, view: &View<'_>, name: &Symbol, pair: &Pair, outcomes: &Outcomes<'r>) -> Vec<&'r Reference> {
        let there = outcomes.readers.get(&pair.to).into_iter().flat_map(Readers::all);
        let arrivals = outcomes.arrivals.get(&pair.to).into_iter().flatten();
        let arrivals = arrivals.filter(|arrival| arrival.from != name && is_safe(&outcomes.findings[arrival.fix]));
        let all = there.chain(arrivals.map(|arrival| arrival.reference));
        all.filter(|reader| patches::can_meet(view.index, view.file, reader.file)).collect()
    }

    /// Why it cannot be proved that a patch does at the new home what it does today, though no known reader stays.
    fn obstructed(
        &self,
        view: &View<'_>,
        name: &Symbol,
        pair: &Pair,
        readers: &Readers<'_>,
        others: &[&Reference],
    ) -> Option<Reason> {
        let is_maybe_read = || [name, &pair.to].iter().any(|name| self.patches.is_maybe_read(name));
        if readers.moved.is_empty() {
            Some(Reason::NobodyReads)
        } else if !others.is_empty() {
            Some(Reason::ReachesMore)
        } else if self.patches.holds(&pair.to, view.file) {
            Some(Reason::PatchedThere)
        } else {
            is_maybe_read().then_some(Reason::MaybeRead)
        }
    }

    /// How sure it is that all readers move, and so the patch with them.
    fn surely(
        &self,
        view: &View<'_>,
        pair: &Pair,
        readers: &Readers<'_>,
        outcomes: &Outcomes<'_>,
        certain: Applicability,
    ) -> (Applicability, Option<Reason>) {
        let meeting = readers.moved.iter().filter(|(reader, _)| patches::can_meet(view.index, view.file, reader.file));
        let fixes = meeting.filter_map(|&(_, at)| match &outcomes.findings[at].outcome {
            Outcome::Fix(fix) => Some((fix.applicability, fix.reason)),
            Outcome::Left(_) => None,
        });
        fixes.chain([(certain, pair.verdict.reason)]).min_by_key(|(applicability, _)| *applicability).unwrap_or((certain, None))
    }

    fn fix(&self, view: &View<'_>, edit: Edit, applicability: Applicability, reason: Option<Reason>) -> Option<Fix> {
        let edit = TextEdit::new(vec![edit]).ok()?;
        Some(Fix::new(applicability, reason, SourceChange::edit(view.path.clone(), edit)))
    }

    fn found(&self, view: &View<'_>, reference: &Reference, outcome: Outcome, evidence: Vec<Evidence>) -> Finding {
        let (span, spelling) = spelled(view, reference);
        let mut finding = view.finding(span, self.message(reference.target), Some(spelling), outcome);
        finding.evidence = self.via(view, reference);
        finding.evidence.extend(evidence);
        finding
    }

    /// A name of a module, as fixes that depend on one another call it.
    fn key(&self, symbol: &Symbol) -> String {
        symbol.spelled(self.context.index.modules())
    }

    fn quote(&self, role: &'static str, reader: &Reference) -> Evidence {
        let view = View::open(self.context.index, reader.file);
        view.quote(role, spelled(&view, reader).0)
    }

    /// Who reads the name, as evidence: the first few of those that move and of those that stay.
    fn readers(&self, readers: &Readers<'_>) -> Vec<Evidence> {
        let moved = readers.moved.iter().map(|(reference, _)| *reference);
        let shown = moved.take(SHOWN).map(|reader| self.quote("moves", reader));
        let stay = readers.stay.iter().take(SHOWN).map(|reader| self.quote("stays", reader));
        let mut evidence: Vec<Evidence> = shown.chain(stay).collect();
        let more = readers.moved.len().saturating_sub(SHOWN) + readers.stay.len().saturating_sub(SHOWN);
        if more > 0 {
            evidence.push(Evidence { role: "reads", at: None, text: format!("and {more} more places") });
        }
        evidence
    }
}
