//! Figures before and after a phase, and the gates that it would leave worse than they are.

use std::collections::BTreeMap;

use super::{Count, Counted, Figure, Limit};
use crate::text::path::RepoPath;

/// The figures of a phase.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PhaseFigures {
    /// The phase's id.
    pub phase: String,
    /// The figures of its gates before its first step and after its last.
    pub gates: Vec<(Figure, Figure)>,
}

/// A gate that a phase would leave worse than it is, and failing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Worse {
    /// The phase's id.
    pub phase: String,
    /// The gate's id.
    pub gate: String,
    /// How much passes.
    pub limit: Limit,
    /// How many are counted before.
    pub before: Count,
    /// How many are counted afterwards.
    pub after: Count,
    /// What is counted afterwards and was not before.
    pub new: Vec<Counted>,
}

/// The gates that the phases would leave worse.
pub fn worse(phases: &[PhaseFigures]) -> Vec<Worse> {
    phases
        .iter()
        .flat_map(|phase| phase.gates.iter().filter_map(|(before, after)| compare(&phase.phase, before, after)))
        .collect()
}

fn compare(phase: &str, before: &Figure, after: &Figure) -> Option<Worse> {
    let (old, new) = (before.count()?, after.count()?);
    let part = after.limit.part;
    (new.of(part) > old.of(part) && !after.passes()).then(|| Worse {
        phase: phase.to_owned(),
        gate: after.gate.clone(),
        limit: after.limit,
        before: old,
        after: new,
        new: news(before, after),
    })
}

/// What is counted afterwards and was not before. Lines move, so places are told by their files and what stands there; in a file that
/// has no more of them than before, none is new.
fn news(before: &Figure, after: &Figure) -> Vec<Counted> {
    let path = |counted: &Counted| counted.at.as_ref().map(|(path, _)| path.clone());
    let mut known: BTreeMap<Option<RepoPath>, Vec<&str>> = BTreeMap::new();
    let mut more: BTreeMap<Option<RepoPath>, i64> = BTreeMap::new();
    for counted in before.judged() {
        known.entry(path(counted)).or_default().push(&counted.what);
        *more.entry(path(counted)).or_default() -= 1;
    }
    for counted in after.judged() {
        *more.entry(path(counted)).or_default() += 1;
    }
    let is_new = |counted: &&Counted| {
        let known = known.entry(path(counted)).or_default();
        let twin = known.iter().position(|what| *what == counted.what);
        twin.map(|at| known.swap_remove(at)).is_none()
    };
    let is_in_more = |counted: &&Counted| more.get(&path(counted)).is_some_and(|more| *more > 0);
    after.judged().filter(is_in_more).filter(is_new).cloned().collect()
}
