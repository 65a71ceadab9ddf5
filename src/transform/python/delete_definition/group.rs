//! Definitions that are to go, judged together: the greatest set goes that nothing outside of it refers to. One that has to stay holds
//! what it refers to.
//!
//! An import of one of them goes along where only what goes reads it, and where it would go without a doubt if nothing read it.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::super::super::Context;
use super::super::super::finding::{Bond, Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use super::super::View;
use super::super::remove_unused_imports::{droppable, unread, unread_without};
use super::places::extents;
use super::removal::Removal;
use super::uses::{Hold, Uses, uses};
use crate::index::Index;
use crate::lang::python::facts::{AliasId, Facts};
use crate::lang::python::imports::removals;
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::Symbol;
use crate::text::change::SourceChange;
use crate::text::edit::TextEdit;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// A definition that is to go.
pub struct Doomed {
    /// What it is called.
    pub symbol: Symbol,
    /// Its module.
    pub file: FileId,
    /// What is said of it.
    pub message: String,
    /// Whether an entry of its own module's `__all__` holds it, and nothing is said where only others that were to go as well do.
    pub is_helper: bool,
}

impl Doomed {
    /// A name that its module binds or forwards; `None` where it does not, or where the module is not in the repository.
    pub fn new(index: &Index, symbol: Symbol, message: String) -> Option<Self> {
        let Module::File(file) = symbol.module else { return None };
        let facts = index.facts(file);
        facts.module_bindings(&symbol.name).next().map(drop).or(facts.forward(&symbol.name).map(drop))?;
        Some(Self { symbol, file, message, is_helper: false })
    }
}

/// One of the definitions, with all that is known of it.
struct Case<'i, 'd> {
    doomed: &'d Doomed,
    view: View<'i>,
    inside: Vec<Span>,
    uses: Uses,
    removal: Result<Removal, Reason>,
}

impl<'i, 'd> Case<'i, 'd> {
    fn open(context: &Context<'i>, doomed: &'d Doomed) -> Self {
        let view = View::open(context.index, doomed.file);
        let uses = uses(&view, doomed);
        let removal = match context.keeps(doomed.file) {
            Some(reason) => Err(reason),
            None => Removal::of(&view, &doomed.symbol.name),
        };
        Self { doomed, inside: extents(&view, &doomed.symbol.name), view, uses, removal }
    }

    fn covers(&self, file: FileId, span: Span) -> bool {
        self.doomed.file == file && self.inside.iter().any(|inside| inside.covers(span))
    }
}

/// Judges definitions that are to go.
pub fn judge(context: &Context<'_>, doomed: &[Doomed]) -> Vec<Finding> {
    let cases: Vec<Case<'_, '_>> = doomed.par_iter().map(|doomed| Case::open(context, doomed)).collect();
    let mut group = Group { context, dropped: BTreeMap::new(), going: vec![true; cases.len()], cases };
    group.dropped = group.droppable();
    let mut refused: BTreeMap<usize, Reason> = BTreeMap::new();
    loop {
        group.settle(&refused);
        let reasons = group.reasons();
        let made: Vec<Option<Result<Fix, Reason>>> = group.fixes(&reasons);
        let failed = made.iter().enumerate().filter_map(|(at, made)| Some((at, *made.as_ref()?.as_ref().err()?)));
        let failed: Vec<(usize, Reason)> = failed.collect();
        if failed.is_empty() {
            let fixes = made.into_iter().map(|made| made.and_then(Result::ok));
            return fixes.enumerate().filter_map(|(at, fix)| group.finding(at, fix, &refused)).collect();
        }
        refused.extend(failed);
    }
}

struct Group<'g, 'i, 'd> {
    context: &'g Context<'i>,
    cases: Vec<Case<'i, 'd>>,
    going: Vec<bool>,
    /// The imports of the definitions that may go along, by their files.
    dropped: BTreeMap<FileId, BTreeSet<AliasId>>,
}

impl Group<'_, '_, '_> {
    /// The imports that would go without a doubt if all went.
    fn droppable(&self) -> BTreeMap<FileId, BTreeSet<AliasId>> {
        let holds = self.cases.iter().flat_map(|case| &case.uses.holds);
        let outside = holds.filter(|hold| !self.cases.iter().any(|case| case.covers(hold.file, hold.span)));
        let mut imports: BTreeMap<FileId, BTreeSet<AliasId>> = BTreeMap::new();
        for (file, alias) in outside.filter_map(|hold| Some((hold.file, hold.alias?))) {
            imports.entry(file).or_default().insert(alias);
        }
        let may_go = |(file, aliases): (FileId, BTreeSet<AliasId>)| {
            let facts = self.context.index.facts(file);
            if self.context.keeps(file).is_some() || !facts.errors.is_empty() {
                return None;
            }
            let freed: Vec<AliasId> = self.freed(file).into_iter().filter(|alias| aliases.contains(alias)).collect();
            (!freed.is_empty()).then(|| (file, droppable(self.context.index, file, freed)))
        };
        imports.into_iter().filter_map(may_go).collect()
    }

    /// The imports of a file that only what goes reads.
    fn freed(&self, file: FileId) -> Vec<AliasId> {
        let facts = self.context.index.facts(file);
        let unread = unread(facts);
        let mut freed = unread_without(facts, &|span| self.goes_with(file, span).next().is_some());
        freed.retain(|alias| !unread.contains(alias));
        freed
    }

    /// Those that go and have the bytes in them.
    fn goes_with(&self, file: FileId, span: Span) -> impl Iterator<Item = usize> {
        (0..self.cases.len()).filter(move |&at| self.going[at] && self.cases[at].covers(file, span))
    }

    /// Those by whose going a hold is lost; none where it stays.
    fn lifted(&self, hold: &Hold) -> Vec<usize> {
        let own: Vec<usize> = self.goes_with(hold.file, hold.span).collect();
        match hold.alias.filter(|_| own.is_empty()) {
            Some(alias) if self.may_drop(hold.file, alias) => {
                let facts = self.context.index.facts(hold.file);
                let local = facts.aliases[alias.index()].local;
                let reads = facts.uses.iter().filter(|used| used.name == local);
                reads.flat_map(|used| self.goes_with(hold.file, used.span)).collect()
            }
            _ => own,
        }
    }

    /// Whether an import goes along with what goes.
    fn may_drop(&self, file: FileId, alias: AliasId) -> bool {
        self.dropped.get(&file).is_some_and(|dropped| dropped.contains(&alias)) && self.freed(file).contains(&alias)
    }

    /// Leaves what may not be taken out, what something refers to that stays, and so on.
    fn settle(&mut self, refused: &BTreeMap<usize, Reason>) {
        let stays = |at: usize| refused.contains_key(&at) || self.cases[at].removal.is_err();
        let going = (0..self.cases.len()).map(|at| !stays(at)).collect();
        self.going = going;
        loop {
            let is_held = |at: &usize| self.going[*at] && self.holds(*at).next().is_some();
            let held: Vec<usize> = (0..self.cases.len()).filter(is_held).collect();
            if held.is_empty() {
                return;
            }
            held.into_iter().for_each(|at| self.going[at] = false);
        }
    }

    /// What holds a definition, apart from what goes itself.
    fn holds(&self, at: usize) -> impl Iterator<Item = &Hold> {
        self.cases[at].uses.holds.iter().filter(|hold| self.lifted(hold).is_empty())
    }

    fn suspects(&self, at: usize) -> impl Iterator<Item = &Hold> {
        self.cases[at].uses.suspects.iter().filter(|hold| self.lifted(hold).is_empty())
    }

    /// The others that have to go before a definition can.
    fn needed(&self, at: usize) -> BTreeSet<usize> {
        let Uses { holds, suspects } = &self.cases[at].uses;
        holds.iter().chain(suspects).flat_map(|hold| self.lifted(hold)).filter(|&other| other != at).collect()
    }

    /// Why a person has to look at those that go: what one has to wait for waits for a look as well.
    fn reasons(&self) -> Vec<Option<Reason>> {
        let all = || 0..self.cases.len();
        let own = |at: usize| {
            let reason = self.cases[at].removal.as_ref().ok().and_then(|removal| removal.reason);
            reason.or_else(|| self.loads(at)).or_else(|| self.suspects(at).next().map(|_| Reason::NotProved))
        };
        let mut reasons: Vec<Option<Reason>> = all().map(|at| own(at).filter(|_| self.going[at])).collect();
        let needed: Vec<BTreeSet<usize>> = all().map(|at| self.needed(at)).collect();
        loop {
            let inherited = |at: usize| needed[at].iter().find_map(|&other| reasons[other]);
            let mut waiting = all().filter(|&at| self.going[at] && reasons[at].is_none());
            let Some((at, reason)) = waiting.find_map(|at| Some((at, inherited(at)?))) else { return reasons };
            reasons[at] = Some(reason);
        }
    }

    /// Why a re-export is for review whose import statement goes as a whole: what the import does besides goes with it.
    fn loads(&self, at: usize) -> Option<Reason> {
        let case = &self.cases[at];
        let facts: &Facts = case.view.facts;
        let import = facts.import_of(&facts.aliases[case.removal.as_ref().ok()?.import()?.index()]);
        let going = self.imports(case.doomed.file, &|_| true);
        facts.aliases_of(import).all(|(alias, _)| going.contains_key(&alias)).then_some(Reason::NotProved)
    }

    /// The imports of a file that go with some of the definitions, and with which.
    fn imports(&self, file: FileId, is_among: &dyn Fn(usize) -> bool) -> BTreeMap<AliasId, Vec<usize>> {
        let mut found: BTreeMap<AliasId, Vec<usize>> = BTreeMap::new();
        for (at, case) in self.cases.iter().enumerate().filter(|(at, _)| self.going[*at] && is_among(*at)) {
            let own = case.removal.as_ref().ok().and_then(Removal::import).filter(|_| case.doomed.file == file);
            let holds = case.uses.holds.iter().filter(|hold| hold.file == file);
            let along = holds.filter(|hold| self.goes_with(hold.file, hold.span).next().is_none());
            for alias in own.into_iter().chain(along.filter_map(|hold| hold.alias)) {
                found.entry(alias).or_default().push(at);
            }
        }
        found
    }

    /// The fixes of those that go. Those that are safe are made together, and so are those that are for review.
    fn fixes(&self, reasons: &[Option<Reason>]) -> Vec<Option<Result<Fix, Reason>>> {
        let fix = |at: usize| {
            let made_with = |other: usize| self.going[other] && reasons[other].is_some() == reasons[at].is_some();
            let mut change = SourceChange::default();
            for file in self.files(at) {
                let edit = self.edit(at, file, &made_with)?;
                let path = self.context.index.snapshot().get(file).path.clone();
                change.union(&SourceChange::edit(path, edit)).map_err(|_| Reason::ParsersDisagree)?;
            }
            let bond = match (0..self.cases.len()).filter(|other| made_with(*other)).count() {
                1 => Bond::default(),
                _ => self.bond(at, reasons),
            };
            Ok(Fix { bond, ..Fix::judged(reasons[at], change) })
        };
        (0..self.cases.len()).into_par_iter().map(|at| self.going[at].then(|| fix(at))).collect()
    }

    /// The files that change when a definition goes: its own, and those whose imports of it go along.
    fn files(&self, at: usize) -> BTreeSet<FileId> {
        let case = &self.cases[at];
        let holds = case.uses.holds.iter().filter(|hold| hold.alias.is_some());
        let along = holds.filter(|hold| self.goes_with(hold.file, hold.span).next().is_none());
        along.map(|hold| hold.file).chain([case.doomed.file]).collect()
    }

    /// What goes with a definition in a file.
    fn edit(&self, at: usize, file: FileId, made_with: &dyn Fn(usize) -> bool) -> Result<TextEdit, Reason> {
        let own = || self.cases.iter().enumerate().filter(|(other, case)| case.doomed.file == file && made_with(*other));
        let removed = || own().filter_map(|(_, case)| case.removal.as_ref().ok());
        let statements: Vec<Span> = removed().flat_map(Removal::statements).collect();
        let entries: Vec<Span> = removed().flat_map(|removal| removal.entries.iter().copied()).collect();
        let view = View::open(self.context.index, file);
        let source = view.source().ok_or(Reason::ParsersDisagree)?;
        let mut edits = Vec::new();
        if let Some(removal) = self.cases[at].removal.as_ref().ok().filter(|_| self.cases[at].doomed.file == file) {
            edits.extend(removal.edits(&source, &statements, &entries).map_err(|_| Reason::ParsersDisagree)?);
        }
        let imports = self.imports(file, made_with);
        for removal in removals(&source, &imports.keys().copied().collect()) {
            if removal.aliases.iter().any(|alias| imports.get(alias).is_some_and(|with| with.contains(&at))) {
                edits.extend(removal.edits.map_err(|_| Reason::ParsersDisagree)?);
            }
        }
        TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)
    }

    /// All that goes in a file goes at once, and with what refers to it.
    fn bond(&self, at: usize, reasons: &[Option<Reason>]) -> Bond {
        let key = |(file, is_safe): (FileId, bool)| {
            let path = &self.context.index.snapshot().get(file).path;
            format!("{} from {path}", if is_safe { "deleted" } else { "deleted after a look" })
        };
        let own: BTreeSet<(FileId, bool)> = self.files(at).into_iter().map(|file| (file, reasons[at].is_none())).collect();
        let needed = self.needed(at).into_iter().map(|other| (self.cases[other].doomed.file, reasons[other].is_none()));
        let needs: BTreeSet<(FileId, bool)> = needed.chain(own.iter().copied()).collect();
        Bond { settles: own.into_iter().map(key).collect(), needs: needs.into_iter().map(key).collect() }
    }

    fn finding(&self, at: usize, fix: Option<Fix>, refused: &BTreeMap<usize, Reason>) -> Option<Finding> {
        let Case { doomed, view, removal, .. } = &self.cases[at];
        let holds: Vec<&Hold> = self.holds(at).collect();
        let is_among = |hold: &&Hold| self.cases.iter().any(|case| case.covers(hold.file, hold.span));
        let (outcome, evidence) = match fix {
            Some(fix) => {
                let act = removal.as_ref().ok().and_then(|removal| removal.act.clone());
                (Outcome::Fix(fix), act.into_iter().chain(self.suspects(at).map(|hold| hold.evidence.clone())).collect())
            }
            None if holds.is_empty() => {
                let reason = refused.get(&at).copied().or(removal.as_ref().err().copied());
                let suspects = self.suspects(at).map(|hold| hold.evidence.clone()).collect();
                (Outcome::Left(reason.unwrap_or(Reason::NotProved)), suspects)
            }
            // What stays for a reason of its own still uses it.
            None if doomed.is_helper && holds.iter().all(is_among) => return None,
            None => {
                let evidence: Vec<Evidence> = holds.iter().map(|hold| hold.evidence.clone()).collect();
                (Outcome::Left(Reason::StillReferenced), evidence)
            }
        };
        let first = view.facts.place_of(&doomed.symbol.name)?;
        let mut finding = view.finding(first, doomed.message.clone(), Some(Spelling::of(Form::Definition)), outcome);
        finding.evidence = evidence;
        Some(finding)
    }
}
