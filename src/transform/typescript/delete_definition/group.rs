//! Definitions that are to go, judged together: the greatest set goes that nothing outside of it refers to. One that has to stay holds
//! what it refers to.
//!
//! An import of one of them goes along where only what goes uses it, and where it would go without a doubt if nothing used it. Those that
//! share a file go at once: the first of them carries it.

use std::collections::{BTreeMap, BTreeSet};

use super::removal::{Doomed, What, leaves_nothing};
use super::uses::{Hold, Uses, uses};
use crate::lang::typescript::definitions;
use crate::lang::typescript::exports;
use crate::lang::typescript::facts::{AliasId, ExportId, Exported, RequestKind};
use crate::lang::typescript::unused::{unused, unused_without};
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Bond, Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use crate::transform::typescript::quiet::Quiet;
use crate::transform::typescript::remove_unused_imports::{drop_names, droppable};
use crate::transform::typescript::{View, refused};

/// What became of the definitions.
pub struct Judgement {
    /// One finding each, in their order; none for a helper that stays only because others do.
    pub findings: Vec<Finding>,
    /// The indices of those that go.
    pub going: Vec<usize>,
}

/// One of the definitions, with all that is known of it.
struct Case<'i, 'd> {
    doomed: &'d Doomed,
    view: View<'i>,
    inside: Vec<Span>,
    uses: Uses,
    /// Why it may not be taken out.
    obstacle: Option<Reason>,
    /// What it does when its module is loaded.
    act: Option<Evidence>,
}

/// Judges definitions that are to go.
pub fn judge(context: &Context<'_>, doomed: &[Doomed]) -> Judgement {
    if doomed.is_empty() {
        return Judgement { findings: Vec::new(), going: Vec::new() };
    }
    let index = context.index;
    let views: Vec<View<'_>> = doomed.iter().map(|doomed| View::open(index, doomed.file)).collect();
    let inside: Vec<Vec<Span>> = doomed.iter().zip(&views).map(|(doomed, view)| doomed.extents(view)).collect();
    let quiet = Quiet::new(index);
    let uses = uses(index, doomed, &inside);
    let cases = doomed.iter().zip(views).zip(inside.into_iter().zip(uses)).map(|((doomed, view), (inside, uses))| Case {
        doomed,
        inside,
        uses,
        obstacle: context.keeps(doomed.file).or_else(|| doomed.obstacle(view.facts)),
        act: doomed.act(&view, &quiet),
        view,
    });
    let cases: Vec<Case<'_, '_>> = cases.collect();
    let mut group = Group { context, dropped: BTreeMap::new(), going: vec![true; cases.len()], cases };
    group.dropped = group.droppable();
    let mut refused: BTreeMap<usize, Reason> = BTreeMap::new();
    loop {
        group.settle(&refused);
        let reasons = group.reasons();
        let made = group.fixes(&reasons);
        let failed: Vec<(usize, Reason)> =
            made.iter().enumerate().filter_map(|(at, made)| Some((at, *made.as_ref()?.as_ref().err()?))).collect();
        if failed.is_empty() {
            let fixes = made.into_iter().map(|made| made.and_then(Result::ok));
            let findings = fixes.enumerate().filter_map(|(at, fix)| group.finding(at, fix, &refused)).collect();
            let going = (0..group.cases.len()).filter(|at| group.going[*at]).collect();
            return Judgement { findings, going };
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
        let mut imports: BTreeMap<FileId, BTreeSet<AliasId>> = BTreeMap::new();
        for (file, alias) in holds.filter_map(|hold| Some((hold.file, hold.alias?))) {
            imports.entry(file).or_default().insert(alias);
        }
        let may_go = |(file, aliases): (FileId, BTreeSet<AliasId>)| {
            if self.context.keeps(file).is_some() {
                return None;
            }
            let freed: Vec<AliasId> = self.freed(file).into_iter().filter(|alias| aliases.contains(alias)).collect();
            (!freed.is_empty()).then(|| (file, droppable(self.context.index, file, &freed).into_iter().collect()))
        };
        imports.into_iter().filter_map(may_go).collect()
    }

    /// The imports of a file that only what goes uses.
    fn freed(&self, file: FileId) -> Vec<AliasId> {
        let facts = self.context.index.typescript().facts(file);
        let useless = unused(facts);
        let mut freed = unused_without(facts, &|span| self.goes_with(file, span).next().is_some());
        freed.retain(|alias| !useless.contains(alias));
        freed
    }

    /// Those that go and have the bytes in them.
    fn goes_with(&self, file: FileId, span: Span) -> impl Iterator<Item = usize> {
        let covers =
            move |case: &Case<'_, '_>| case.doomed.file == file && case.inside.iter().any(|inside| inside.covers(span));
        (0..self.cases.len()).filter(move |&at| self.going[at] && covers(&self.cases[at]))
    }

    /// Those that go and have a hold in them.
    fn holders(&self, hold: &Hold) -> Vec<usize> {
        hold.span.into_iter().flat_map(|span| self.goes_with(hold.file, span)).collect()
    }

    /// Those by whose going a hold is lost; none where it stays.
    fn lifted(&self, hold: &Hold) -> Vec<usize> {
        let own = self.holders(hold);
        match hold.alias.filter(|_| own.is_empty()) {
            Some(alias) if self.may_drop(hold.file, alias) => {
                let facts = self.context.index.typescript().facts(hold.file);
                let local = facts.aliases[alias.index()].local;
                let uses = facts.uses.iter().filter(|used| used.binding.is_some() && used.binding == local);
                uses.flat_map(|used| self.goes_with(hold.file, used.span)).collect()
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
        let stays = |at: usize| refused.contains_key(&at) || self.cases[at].obstacle.is_some();
        self.going = (0..self.cases.len()).map(|at| !stays(at)).collect();
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

    fn suspects(&self, at: usize) -> impl Iterator<Item = (Reason, &Hold)> {
        let suspects = self.cases[at].uses.suspects.iter().filter(|(_, hold)| self.lifted(hold).is_empty());
        suspects.map(|(reason, hold)| (*reason, hold))
    }

    /// The others that have to go before a definition can.
    fn needed(&self, at: usize) -> BTreeSet<usize> {
        let Uses { holds, suspects } = &self.cases[at].uses;
        let all = holds.iter().chain(suspects.iter().map(|(_, hold)| hold));
        all.flat_map(|hold| self.lifted(hold)).filter(|&other| other != at).collect()
    }

    /// Why a person has to look at those that go: what one has to wait for waits for a look as well.
    fn reasons(&self) -> Vec<Option<Reason>> {
        let all = || 0..self.cases.len();
        let own = |at: usize| {
            let act = self.cases[at].act.as_ref().map(|_| Reason::LoadTime);
            self.suspects(at).map(|(reason, _)| reason).min().or(act)
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

    /// The files that change when a definition goes: its own, and those whose imports of it go along.
    fn files(&self, at: usize) -> BTreeSet<FileId> {
        let case = &self.cases[at];
        let holds = case.uses.holds.iter().filter(|hold| hold.alias.is_some());
        let along = holds.filter(|hold| self.holders(hold).is_empty());
        along.map(|hold| hold.file).chain([case.doomed.file]).collect()
    }

    /// The fixes of those that go. Those that share a file, and are both safe or both for review, are one change.
    fn fixes(&self, reasons: &[Option<Reason>]) -> Vec<Option<Result<Fix, Reason>>> {
        let mut made: Vec<Option<Result<Fix, Reason>>> = self.cases.iter().map(|_| None).collect();
        for members in self.components(reasons) {
            let is_safe = reasons[members[0]].is_none();
            let files: BTreeSet<FileId> = members.iter().flat_map(|&at| self.files(at)).collect();
            let keys: Vec<String> = files.iter().map(|file| self.key(*file, is_safe)).collect();
            let needed = members.iter().flat_map(|&at| self.needed(at)).filter(|other| !members.contains(other));
            let needed: BTreeSet<String> =
                needed.map(|other| self.key(self.cases[other].doomed.file, reasons[other].is_none())).collect();
            match self.change(&members, &files) {
                Ok(change) => {
                    for (nth, &at) in members.iter().enumerate() {
                        let bond = match nth {
                            0 => Bond { settles: keys.clone(), needs: needed.iter().cloned().collect() },
                            _ => Bond { settles: Vec::new(), needs: keys.clone() },
                        };
                        let change = if nth == 0 { change.clone() } else { SourceChange::default() };
                        made[at] = Some(Ok(Fix { bond, ..Fix::judged(reasons[at], change) }));
                    }
                }
                Err(reason) => {
                    // Those that cannot be taken out by themselves are to blame, or all of them.
                    let fails = |at: usize| self.change(&[at], &BTreeSet::from([self.cases[at].doomed.file])).err();
                    let failing: Vec<(usize, Reason)> = members.iter().filter_map(|&at| Some((at, fails(at)?))).collect();
                    let all = members.iter().map(|&at| (at, reason));
                    let blamed: Vec<(usize, Reason)> = if failing.is_empty() { all.collect() } else { failing };
                    blamed.into_iter().for_each(|(at, reason)| made[at] = Some(Err(reason)));
                }
            }
        }
        made
    }

    /// Those that go, put together by the files that change with them.
    fn components(&self, reasons: &[Option<Reason>]) -> Vec<Vec<usize>> {
        let mut found: Vec<(bool, BTreeSet<FileId>, Vec<usize>)> = Vec::new();
        for at in (0..self.cases.len()).filter(|at| self.going[*at]) {
            let mut joint = (reasons[at].is_none(), self.files(at), vec![at]);
            let is_joint =
                |other: &mut (bool, BTreeSet<FileId>, Vec<usize>)| other.0 == joint.0 && !other.1.is_disjoint(&joint.1);
            let others: Vec<_> = found.extract_if(.., is_joint).collect();
            for (_, files, members) in others {
                joint.1.extend(files);
                joint.2.extend(members);
            }
            joint.2.sort_unstable();
            found.push(joint);
        }
        found.into_iter().map(|(_, _, members)| members).collect()
    }

    fn key(&self, file: FileId, is_safe: bool) -> String {
        let path = &self.context.index.snapshot().get(file).path;
        format!("{} from {path}", if is_safe { "deleted" } else { "deleted after a look" })
    }

    fn change(&self, members: &[usize], files: &BTreeSet<FileId>) -> Result<SourceChange, Reason> {
        let mut change = SourceChange::default();
        for &file in files {
            let path = self.context.index.snapshot().get(file).path.clone();
            change.union(&SourceChange::edit(path, self.edit(members, file)?)).map_err(|_| Reason::ParsersDisagree)?;
        }
        Ok(change)
    }

    /// What goes with definitions in a file.
    fn edit(&self, members: &[usize], file: FileId) -> Result<TextEdit, Reason> {
        let view = View::open(self.context.index, file);
        let source = view.source().ok_or(Reason::ParsersDisagree)?;
        let facts = view.facts;
        let own = || members.iter().map(|&at| &self.cases[at]).filter(|case| case.doomed.file == file);
        let declarations: Vec<_> = own().flat_map(|case| case.doomed.declarations(facts)).collect();
        let mut statements: Vec<Span> = own().flat_map(|case| case.doomed.attached(&view)).collect();
        let is_from = |id: &ExportId| matches!(facts.exports[id.index()].what, Exported::From { .. });
        let (passed_on, entries): (Vec<ExportId>, Vec<ExportId>) =
            own().flat_map(|case| case.doomed.entries(facts)).partition(is_from);
        let dropped = exports::removal(&source, &entries).map_err(refused)?;
        statements.extend(dropped.statements);
        let mut edits = definitions::removal_with(&source, &declarations, &statements).map_err(refused)?;
        edits.extend(dropped.edits);
        let aliases = self.along(members, file);
        if !aliases.is_empty() || !passed_on.is_empty() {
            edits.extend(drop_names(&view, &aliases, &passed_on)?);
        }
        let gone: Vec<Span> = own().flat_map(|case| case.inside.iter().copied()).collect();
        let is_left = facts.exports.iter().any(|export| !gone.iter().any(|gone| gone.covers(export.span)));
        let asks = |kind: RequestKind| matches!(kind, RequestKind::Import | RequestKind::ImportEquals);
        let has_import = facts.requests.iter().any(|request| asks(request.kind));
        if facts.is_module && !is_left && !has_import && !leaves_nothing(&source, &gone) {
            // The file stays a module.
            let eol = crate::text::eol::line_ending(&view.text);
            edits.push(Edit::insert(view.text.len() as u32, format!("{eol}export {{}};{eol}")));
        }
        let edit = TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)?;
        TextEdit::new(without_gap(&view.text, &edit)).map_err(|_| Reason::ParsersDisagree)
    }

    /// The imports of a file that go with some of the definitions.
    fn along(&self, members: &[usize], file: FileId) -> Vec<AliasId> {
        let holds = members.iter().flat_map(|&at| &self.cases[at].uses.holds).filter(|hold| hold.file == file);
        let along = holds.filter(|hold| self.holders(hold).is_empty());
        along.filter_map(|hold| hold.alias).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn finding(&self, at: usize, fix: Option<Fix>, refused: &BTreeMap<usize, Reason>) -> Option<Finding> {
        let Case { doomed, view, obstacle, act, .. } = &self.cases[at];
        let holds: Vec<&Hold> = self.holds(at).collect();
        let suspects = || self.suspects(at).map(|(_, hold)| hold.evidence.clone());
        let (outcome, evidence) = match fix {
            Some(fix) => (Outcome::Fix(fix), act.iter().cloned().chain(suspects()).collect()),
            // What stays for a reason of its own still uses it.
            None if doomed.is_helper => return None,
            None if holds.is_empty() => {
                let reason = refused.get(&at).copied().or(*obstacle);
                (Outcome::Left(reason.unwrap_or(Reason::NotProved)), suspects().collect())
            }
            None => {
                let evidence: Vec<Evidence> = holds.iter().map(|hold| hold.evidence.clone()).collect();
                (Outcome::Left(Reason::StillReferenced), evidence)
            }
        };
        let form = if matches!(doomed.what, What::Entry(_)) { Form::Export } else { Form::Definition };
        let place = doomed.place(view.facts);
        let mut finding = view.finding(place, doomed.message.clone(), Some(Spelling::of(form)), outcome);
        finding.evidence = evidence;
        Some(finding)
    }
}

/// The edits of a file, which does not start with blank lines where it did not before: an import and what it was for went at once.
fn without_gap(text: &str, edit: &TextEdit) -> Vec<Edit> {
    let mut edits = edit.edits().to_vec();
    let Some(first) = edits.first_mut().filter(|first| first.span.start == 0 && first.text.is_empty()) else { return edits };
    let rest = &text[first.span.range().end..];
    let blank = rest.len() - rest.trim_start_matches(['\n', '\r']).len();
    first.span.end += blank as u32;
    edits
}
