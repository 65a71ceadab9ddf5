//! Which fixes are made, where somebody decides on each: asked in every round of a step, once about fixes that depend on one another.
//!
//! A decision holds for the step: what was declined stays as it is however often the step looks again, and where a fix was written by
//! hand nothing is found any more.

use std::collections::{BTreeMap, BTreeSet};

use super::build::StepName;
use super::origins::Origins;
use super::prove::prove;
use crate::index::Index;
use crate::text::change::SourceChange;
use crate::text::path::RepoPath;
use crate::text::span::Span;
use crate::transform::finding::{Applicability, Bond, Finding, Fix, Outcome, Reason};

/// What becomes of a fix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is made.
    Take,
    /// This is made in its place.
    Instead(SourceChange),
    /// It is not made.
    Reject,
    /// It is not made this time.
    Later,
}

/// Who decides.
pub trait Chooser: Sync {
    /// Whether fixes that are this sure are asked about; those that are not are made.
    fn asks(&self, applicability: Applicability) -> bool;

    /// Decides on fixes that are made together or not at all. What takes the place of a fix can be given for one alone.
    fn judge(&self, asked: &Asked<'_>) -> Verdict;

    /// Told of a fix that is still found where one was written by hand.
    fn still_there(&self, at: &StepName, index: &Index, finding: &Finding);
}

/// A question.
pub struct Asked<'a> {
    /// The step.
    pub at: &'a StepName,
    /// The files that the fixes are made on.
    pub index: &'a Index,
    /// The fixes, at least one, in the order of their places.
    pub fixes: &'a [Finding],
    /// Which question of the round this is, from 1, and how many there are.
    pub number: (usize, usize),
    /// What has been taken in this round so far.
    taken: &'a SourceChange,
}

impl Asked<'_> {
    /// What a change would break, together with what has been taken; nothing where it can be made.
    pub fn would_break(&self, change: &SourceChange) -> Vec<String> {
        let mut whole = self.taken.clone();
        if let Err(conflict) = whole.union(change) {
            return vec![format!("it collides with a fix that was accepted before: {conflict}")];
        }
        let after = match self.index.snapshot().with(&whole) {
            Ok(after) => self.index.advance(after),
            Err(error) => return vec![error.to_string()],
        };
        prove(self.index, &after, &whole).violations.iter().map(ToString::to_string).collect()
    }
}

/// A fix that was decided on: its place before the step, and what it is.
type Known = (RepoPath, Span, String);

/// The decisions on the fixes of one step.
pub(super) struct Choice<'c> {
    chooser: Option<&'c dyn Chooser>,
    taken: BTreeSet<Known>,
    declined: BTreeMap<Known, Reason>,
    by_hand: Vec<(RepoPath, Span)>,
}

/// The files before a step, and the changes since.
pub(super) struct Since<'s> {
    pub changes: &'s [SourceChange],
    /// Whether places are those of the files as they are now, and not as they were before the step.
    pub is_fresh: bool,
}

impl<'c> Choice<'c> {
    pub fn new(chooser: Option<&'c dyn Chooser>) -> Self {
        Self { chooser, taken: BTreeSet::new(), declined: BTreeMap::new(), by_hand: Vec::new() }
    }

    /// The findings, those that are declined without their fixes, and in place of others what was written by hand.
    pub fn choose(
        &mut self,
        at: &StepName,
        index: &Index,
        since: &Since<'_>,
        pass: Applicability,
        findings: Vec<Finding>,
    ) -> Vec<Finding> {
        let Some(chooser) = self.chooser else { return findings };
        let is_asked = |finding: &Finding| matches!(&finding.outcome, Outcome::Fix(fix) if fix.applicability >= pass && chooser.asks(fix.applicability));
        let (asked, mut settled): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(is_asked);
        let mut open = Vec::new();
        let mut taken = SourceChange::default();
        for finding in asked {
            let known = since.known(&finding);
            let by_hand = |(path, span): &(RepoPath, Span)| *path == known.0 && (span.intersects(known.1) || *span == known.1);
            if let Some(reason) = self.declined.get(&known) {
                settled.push(left(finding, *reason));
            } else if self.by_hand.iter().any(by_hand) {
                chooser.still_there(at, index, &finding);
                self.declined.insert(known, Reason::Rejected);
                settled.push(left(finding, Reason::Rejected));
            } else if self.taken.contains(&known) {
                add(&mut taken, &finding);
                settled.push(finding);
            } else {
                open.push(finding);
            }
        }
        let groups = together(open);
        let count = groups.len();
        for (number, group) in groups.into_iter().enumerate() {
            let asked = Asked { at, index, fixes: &group, number: (number + 1, count), taken: &taken };
            let verdict = chooser.judge(&asked);
            for finding in group {
                let finding = self.decided(since.known(&finding), finding, &verdict);
                add(&mut taken, &finding);
                settled.push(finding);
            }
        }
        settled.sort_by(|a, b| a.place.cmp(&b.place));
        settled
    }

    /// A finding as somebody has decided on it, which is kept.
    fn decided(&mut self, known: Known, finding: Finding, verdict: &Verdict) -> Finding {
        let finding = match verdict {
            Verdict::Take => finding,
            Verdict::Instead(change) => {
                self.by_hand.push((known.0.clone(), known.1));
                instead(finding, change)
            }
            Verdict::Reject => left(finding, Reason::Rejected),
            Verdict::Later => left(finding, Reason::Undecided),
        };
        match finding.outcome {
            Outcome::Left(reason) => drop(self.declined.insert(known, reason)),
            Outcome::Fix(_) => drop(self.taken.insert(known)),
        }
        finding
    }

    /// Whether a fix was declined.
    pub fn is_declined(&self, since: &Since<'_>, finding: &Finding) -> bool {
        !self.declined.is_empty() && self.declined.contains_key(&since.known(finding))
    }
}

impl Since<'_> {
    fn known(&self, finding: &Finding) -> Known {
        let now = (&finding.place.path, finding.place.span);
        let changes = if self.is_fresh { self.changes } else { &[] };
        let steps: Vec<Origins<'_>> = changes.iter().rev().map(Origins::of).collect();
        let (path, span) = steps.iter().fold(now, |(path, span), step| (step.path(path), step.span(path, span)));
        (path.clone(), span, finding.message.clone())
    }
}

fn left(finding: Finding, reason: Reason) -> Finding {
    Finding { outcome: Outcome::Left(reason), ..finding }
}

/// The finding with a fix that was written by hand. It stands for itself: what it was bound to is decided.
fn instead(finding: Finding, change: &SourceChange) -> Finding {
    let outcome = match finding.outcome {
        Outcome::Fix(fix) => Outcome::Fix(Fix { change: change.clone(), bond: Bond::default(), ..fix }),
        left => left,
    };
    Finding { outcome, ..finding }
}

fn add(taken: &mut SourceChange, finding: &Finding) {
    if let Outcome::Fix(fix) = &finding.outcome {
        // Where two collide, building the step says so, with both places.
        let _ = taken.union(&fix.change);
    }
}

/// The fixes in groups: one that needs a key is in the group of all that settle it. Groups and their fixes in the order of places.
fn together(mut findings: Vec<Finding>) -> Vec<Vec<Finding>> {
    findings.sort_by(|a, b| a.place.cmp(&b.place));
    let bond = |finding: &Finding| match &finding.outcome {
        Outcome::Fix(fix) => fix.bond.clone(),
        Outcome::Left(_) => Bond::default(),
    };
    let needed: BTreeSet<String> = findings.iter().flat_map(|finding| bond(finding).needs).collect();
    let keys = |finding: &Finding| -> Vec<String> {
        let Bond { settles, needs } = bond(finding);
        settles.into_iter().chain(needs).filter(|key| needed.contains(key)).collect()
    };
    let mut groups: Vec<(Vec<String>, Vec<Finding>)> = Vec::new();
    for finding in findings {
        let mut own = (keys(&finding), vec![finding]);
        if own.0.is_empty() {
            groups.push(own);
            continue;
        }
        let shares = |group: &(Vec<String>, Vec<Finding>)| group.0.iter().any(|key| own.0.contains(key));
        let (joined, rest): (Vec<_>, Vec<_>) = groups.into_iter().partition(shares);
        groups = rest;
        for (keys, findings) in joined {
            own.0.extend(keys);
            own.1.extend(findings);
        }
        groups.push(own);
    }
    let mut groups: Vec<Vec<Finding>> = groups.into_iter().map(|(_, findings)| findings).collect();
    groups.iter_mut().for_each(|group| group.sort_by(|a, b| a.place.cmp(&b.place)));
    groups.sort_by(|a, b| a[0].place.cmp(&b[0].place));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::span::Position;
    use crate::transform::finding::Place;

    fn finding(at: u32, settles: &[&str], needs: &[&str]) -> Finding {
        let keys = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect();
        let mut fix = Fix::new(Applicability::Review, None, SourceChange::default());
        fix.bond = Bond { settles: keys(settles), needs: keys(needs) };
        let position = Position { line: 1, column: at };
        let place = Place { path: RepoPath::new("a.py").unwrap(), span: Span::at(at), position };
        Finding { place, message: "m".into(), spelling: None, evidence: Vec::new(), outcome: Outcome::Fix(fix) }
    }

    #[test]
    fn fixes_that_need_one_another_are_one_question() {
        let findings = vec![
            finding(5, &["calls"], &["patch"]),
            finding(1, &["patch"], &["calls"]),
            finding(3, &[], &[]),
            finding(4, &["others"], &[]),
            finding(2, &["others"], &[]),
        ];
        let groups: Vec<Vec<u32>> =
            together(findings).iter().map(|group| group.iter().map(|finding| finding.place.span.start).collect()).collect();
        assert_eq!(groups, [vec![1, 5], vec![2], vec![3], vec![4]], "nobody needs the others");
    }
}
