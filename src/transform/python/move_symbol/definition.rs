//! Moving definitions: which rows of a step move one, in which order, and what becomes of each.
//!
//! The rows that can be moved for certain are one change, for they may need one another; so are those that are for review. Rows whose
//! definitions are in their new homes already are rows like any other: their references are sent there.

use super::super::super::Context;
use super::super::super::finding::{Applicability, Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use super::super::named::SymbolRef;
use super::super::relocate::{Pair, judge, relocate};
use super::super::{View, describe};
use super::cycle::{self, Counted};
use super::draft::{Doubt, Stop, in_first};
use super::transplant::{Manner, Moved, transplant};
use crate::index::Index;
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, End, Symbol};
use crate::text::change::SourceChange;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

type Row = (SymbolRef, SymbolRef);

/// What is to be done with a row.
enum Task {
    /// The definition is to move.
    Move,
    /// It has moved, or there is none: its references are sent to the new home.
    Redirect,
    /// It cannot move.
    Left(Stop),
}

/// A group of rows that have been moved together.
#[derive(Default)]
struct Group {
    /// Each row, by its index, with its doubts and the references that stay.
    moved: Vec<(usize, Vec<Doubt>, Vec<Finding>)>,
    change: SourceChange,
    /// Why the others do not move.
    stopped: Vec<(usize, Stop)>,
}

/// Moves the definitions of all rows, and sends their references to the new homes.
pub(super) fn move_definitions(context: &Context<'_>, rows: &[Row], manner: Manner) -> Vec<Finding> {
    let tasks: Vec<Task> = rows.iter().map(|row| task(context.index, row)).collect();
    let pending: Vec<usize> = (0..rows.len()).filter(|&at| matches!(tasks[at], Task::Move)).collect();
    let mut findings = redirect(context, rows, &tasks, manner);
    let safe = certain(context, rows, &pending, manner, &union(&findings, Applicability::Safe));
    let others: Vec<usize> = pending.iter().copied().filter(|at| !safe.moved.iter().any(|(row, ..)| row == at)).collect();
    let checked = Manner { is_cycle_checked: true, ..manner };
    let review = gather(context, rows, &others, checked, Applicability::Review, &union(&findings, Applicability::Review));
    for finding in &mut findings {
        if let Outcome::Fix(fix) = &mut finding.outcome {
            // An import may bring a name that has moved before, and one that moves now: both change with it.
            let group = if fix.applicability == Applicability::Safe { &safe } else { &review };
            if !group.moved.is_empty() {
                fix.change = group.change.clone();
            }
        }
    }
    for (group, applicability) in [(&safe, Applicability::Safe), (&review, Applicability::Review)] {
        for (at, doubts, leftovers) in &group.moved {
            let reason = doubts.first().map(|(reason, _)| *reason);
            let fix = Fix::new(applicability, reason, group.change.clone());
            let evidence = doubts.iter().map(|(_, evidence)| evidence.clone()).collect();
            findings.push(finding(context.index, &rows[*at], Outcome::Fix(fix), evidence));
            findings.extend(leftovers.iter().cloned());
        }
    }
    for (at, stop) in review.stopped {
        findings.push(finding(context.index, &rows[at], Outcome::Left(stop.reason), stop.evidence));
    }
    for (row, task) in rows.iter().zip(tasks) {
        if let Task::Left(stop) = task {
            findings.push(finding(context.index, row, Outcome::Left(stop.reason), stop.evidence));
        }
    }
    findings
}

/// Sends the references to definitions that have moved before to their new homes.
fn redirect(context: &Context<'_>, rows: &[Row], tasks: &[Task], manner: Manner) -> Vec<Finding> {
    let pair = |(from, to): &Row| {
        let (old, new) = (from.symbol(context.index), to.symbol(context.index));
        let verdict = judge(context.index, &old, &new, false);
        Pair { from: old, to: new, module: to.module.clone(), verdict }
    };
    let settled = rows.iter().zip(tasks).filter(|(_, task)| matches!(task, Task::Redirect));
    let pairs: Vec<Pair> = settled.map(|(row, _)| pair(row)).collect();
    if pairs.is_empty() { Vec::new() } else { relocate(context, &pairs, manner.style) }
}

/// The fixes of one class, as one change.
fn union(findings: &[Finding], wanted: Applicability) -> SourceChange {
    let mut change = SourceChange::default();
    for finding in findings {
        if let Outcome::Fix(fix) = &finding.outcome
            && fix.applicability == wanted
        {
            // Fixes of one class never overlap; one that does is found again.
            let _ = change.union(&fix.change);
        }
    }
    change
}

fn task(index: &Index, (from, to): &Row) -> Task {
    let (old, new) = (from.symbol(index), to.symbol(index));
    let Module::File(_) = old.module else { return Task::Redirect };
    let way = resolve::resolve(index, &old);
    let there = resolve::resolve(index, &new);
    let evidence = || vec![describe(index, "from", &way), describe(index, "to", &there)];
    match &way.end {
        End::Unbound => Task::Redirect,
        // The module makes names when it is asked for them, and is not known to have made this one.
        End::Dynamic if !binds(index, &old) && there.definition().is_some() => Task::Redirect,
        End::Definition if way.hops.last() == Some(&old) => match there.end {
            // The new module's import of it goes when it comes.
            End::Unbound | End::Absent(_) => Task::Move,
            _ if there.is_same_object(&way) => Task::Move,
            End::Dynamic if matches!(&there.hops[..], [_]) => Task::Move,
            _ => Task::Left(Stop { reason: Reason::PlaceTaken, evidence: evidence() }),
        },
        _ if way.is_same_object(&there) => Task::Redirect,
        End::Ambiguous(_) | End::Dynamic => Task::Left(Stop { reason: Reason::SeveralBindings, evidence: evidence() }),
        _ => Task::Left(Stop { reason: Reason::DefinedElsewhere, evidence: evidence() }),
    }
}

/// Whether a statement of a symbol's module binds its name.
fn binds(index: &Index, symbol: &Symbol) -> bool {
    matches!(symbol.module, Module::File(file) if index.facts(file).module_bindings(&symbol.name).next().is_some())
}

/// The rows that can be moved for certain. Together they may have no cycle where one alone would close one.
fn certain(context: &Context<'_>, rows: &[Row], pending: &[usize], manner: Manner, first: &SourceChange) -> Group {
    if pending.len() > 1 {
        let free = Manner { is_cycle_checked: false, ..manner };
        let group = gather(context, rows, pending, free, Applicability::Safe, first);
        if !closes_cycle(context.index, rows, &group) {
            return group;
        }
    }
    gather(context, rows, pending, Manner { is_cycle_checked: true, ..manner }, Applicability::Safe, first)
}

fn closes_cycle(index: &Index, rows: &[Row], group: &Group) -> bool {
    let Ok(made) = index.snapshot().with(&group.change) else { return true };
    let after = index.advance(made);
    let path = |index: &Index, module: &str| -> Option<RepoPath> {
        match index.modules().find(module) {
            Ok(Module::File(file)) => Some(index.snapshot().get(file).path.clone()),
            _ => None,
        }
    };
    group.moved.iter().any(|(at, ..)| {
        let (from, to) = &rows[*at];
        match (path(&after, &from.module), path(&after, &to.module)) {
            (Some(a), Some(b)) if a != b => cycle::closed(index, &after, (&a, &b), Counted::Certain).is_some(),
            _ => false,
        }
    })
}

/// Moves rows one after the other, each in the program that a first change and those before it made, as long as one more can be moved.
fn gather(
    context: &Context<'_>,
    rows: &[Row],
    pending: &[usize],
    manner: Manner,
    wanted: Applicability,
    first: &SourceChange,
) -> Group {
    let mut group = Group { change: first.clone(), ..Group::default() };
    let mut waiting: Vec<usize> = pending.to_vec();
    let start = context.index.snapshot().with(first).ok().filter(|_| !first.is_empty() && !pending.is_empty());
    let mut made: Option<Index> = start.map(|snapshot| context.index.advance(snapshot));
    loop {
        let mut stopped = Vec::new();
        let count = waiting.len();
        for at in std::mem::take(&mut waiting) {
            let index = made.as_ref().unwrap_or(context.index);
            let here = Context { index, ..*context };
            let (from, to) = &rows[at];
            let told = |evidence| in_first(context.index, index, &group.change, evidence);
            let told_doubt = |(reason, evidence)| (reason, told(evidence));
            match transplant(&here, from, to, manner) {
                Ok(Moved { draft, doubts, leftovers }) if (wanted == Applicability::Review) || doubts.is_empty() => {
                    let doubts = doubts.into_iter().map(told_doubt).collect();
                    group.change = group.change.then(&draft.change);
                    let next = draft.into_index();
                    made = next.or(made);
                    group.moved.push((at, doubts, leftovers));
                }
                Ok(Moved { doubts, .. }) => {
                    let reason = doubts.first().map_or(Reason::NotProved, |(reason, _)| *reason);
                    let evidence = doubts.into_iter().map(|(_, evidence)| told(evidence)).collect();
                    stopped.push((at, Stop { reason, evidence }));
                }
                Err(stop) => {
                    let evidence = stop.evidence.into_iter().map(told).collect();
                    stopped.push((at, Stop { evidence, ..stop }));
                }
            }
        }
        if stopped.is_empty() || stopped.len() == count {
            group.stopped = stopped;
            return group;
        }
        waiting = stopped.into_iter().map(|(at, _)| at).collect();
    }
}

fn finding(index: &Index, (from, to): &Row, outcome: Outcome, evidence: Vec<Evidence>) -> Finding {
    let message = format!("{}:{} moves to {}:{}", from.module, from.name, to.module, to.name);
    let symbol = from.symbol(index);
    // Only names that a file of the snapshot defines have a task other than to redirect.
    let file = match symbol.module {
        Module::File(file) => file,
        Module::Namespace(_) | Module::Absent(_) => FileId::new(0),
    };
    let view = View::open(index, file);
    let span = view.facts.module_bindings(&from.name).next().map_or(Span::at(0), |(_, binding)| binding.span);
    let mut finding = view.finding(span, message, Some(Spelling::of(Form::Definition)), outcome);
    finding.evidence = evidence;
    finding
}
