//! Making a saved plan, or what can be made of it: what is there already is passed over, what has drifted is left out together with
//! all that depends on it, and what is made is proved like any plan.

use std::collections::{BTreeMap, BTreeSet};

use super::standing::{Standing, UnitState};
use super::units::Unit;
use super::{Artefact, ArtefactError, SavedFile, SavedStep};
use crate::index::Index;
use crate::plan::delta::{FileDelta, deltas};
use crate::plan::load_order::{self, Broken};
use crate::plan::prove::{Violation, prove};
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::TextEdit;
use crate::text::path::RepoPath;
use crate::text::snapshot::{ChangeError, Snapshot};

/// How often a step is proved with less of it before all of it is left out.
const MOST_ROUNDS: usize = 24;

/// What was made of a step.
#[derive(Debug)]
pub struct Made {
    /// The step's place in [`Artefact::steps`].
    pub step: usize,
    /// What the changes come to.
    pub files: Vec<FileDelta>,
    /// The paths of the step that are not changed, sorted, each with the reason.
    pub left_out: Vec<(RepoPath, String)>,
}

/// How sure it has to be that what is made breaks nothing.
pub enum Proof<'p> {
    /// The files are those that the plan was made and proved for.
    Made,
    /// What would break something is refused.
    Strict(&'p Index),
    /// What would break something is left out.
    Partial(&'p Index),
}

impl Artefact {
    /// Makes the steps on a snapshot, as far as they are not there already, and returns what each comes to; of steps of which nothing
    /// is made, only what is left out.
    ///
    /// # Errors
    /// Files have drifted, or the steps would break something, unless that may be left out; the edits are not what the tool makes.
    pub fn make(&self, base: &Snapshot, standing: &Standing, proof: &Proof<'_>) -> Result<Vec<Made>, ArtefactError> {
        let is_partial = matches!(proof, Proof::Partial(_));
        if !standing.drifted.is_empty() && !is_partial {
            return Err(ArtefactError::Drifted(standing.drifted.clone()));
        }
        let mut snapshot = base.clone();
        let mut index = match proof {
            Proof::Made => None,
            Proof::Strict(index) | Proof::Partial(index) => Some(index.advance(base.clone())),
        };
        let mut out: BTreeSet<RepoPath> = BTreeSet::new();
        let mut all = Vec::new();
        for (at, step) in self.steps.iter().enumerate() {
            let mut parts = Parts::of(&standing.steps[at], standing, &out);
            let made = loop {
                let made = step.make(&snapshot, &parts.ready, index.as_ref())?;
                let Some(wrong) = made.wrong else { break made.made };
                if !is_partial {
                    return Err(wrong.refusal(step));
                }
                parts.leave_out(step, &snapshot, index.as_ref(), &wrong)?;
            };
            out.extend(parts.out.iter().map(|(path, _)| path.clone()));
            let Some((files, next, advanced)) = made else { continue };
            snapshot = next;
            index = advanced;
            parts.out.sort();
            if !files.is_empty() || !parts.out.is_empty() {
                all.push(Made { step: at, files, left_out: parts.out });
            }
        }
        Ok(all)
    }
}

impl Artefact {
    /// What all steps come to on the files that the plan was made for, without those that change together with one of `missing`.
    ///
    /// # Errors
    /// The plan does not fit these files.
    pub fn net(&self, base: &Snapshot, missing: &BTreeSet<&RepoPath>) -> Result<Vec<FileDelta>, ArtefactError> {
        let mut out: BTreeSet<RepoPath> = missing.iter().map(|path| (*path).clone()).collect();
        let mut snapshot = base.clone();
        let mut all = Vec::new();
        for step in &self.steps {
            let lost = step.units().into_iter().filter(|unit| !unit.is_disjoint(&out));
            let lost: Vec<RepoPath> = lost.flatten().collect();
            out.extend(lost);
            for change in step.changes_to(&|path| !out.contains(path)) {
                check_edits(&snapshot, &change)?;
                snapshot = snapshot.with(&change)?;
                all.push(change);
            }
        }
        Ok(deltas(base, &snapshot, &all).map_err(ChangeError::from)?)
    }
}

/// The parts of a step that are made, and the paths that are left out.
struct Parts {
    ready: Vec<Unit>,
    out: Vec<(RepoPath, String)>,
    rounds: usize,
}

impl Parts {
    fn of(units: &[(Unit, UnitState)], standing: &Standing, before: &BTreeSet<RepoPath>) -> Self {
        let mut parts = Self { ready: Vec::new(), out: Vec::new(), rounds: 0 };
        for (unit, state) in units.iter().filter(|(_, state)| *state != UnitState::Done) {
            if *state == UnitState::Ready && unit.is_disjoint(before) {
                parts.ready.push(unit.clone());
                continue;
            }
            for path in unit {
                let why = match standing.drifted.binary_search_by(|drift| drift.path.cmp(path)) {
                    Ok(at) => {
                        standing.drifted[at].to_string().split_once(": ").map(|(_, why)| why.to_owned()).unwrap_or_default()
                    }
                    Err(_) => "it depends on what is left out".to_owned(),
                };
                parts.out.push((path.clone(), why));
            }
        }
        parts
    }

    /// Leaves out what is to blame for something that would break; all of the step where that cannot be told.
    fn leave_out(
        &mut self,
        step: &SavedStep,
        base: &Snapshot,
        index: Option<&Index>,
        wrong: &Wrong,
    ) -> Result<(), ArtefactError> {
        self.rounds += 1;
        let blamed = wrong.blamed();
        let mut culprits: BTreeSet<usize> = (0..self.ready.len()).filter(|at| !self.ready[*at].is_disjoint(&blamed)).collect();
        if culprits.is_empty() && self.rounds < MOST_ROUNDS {
            culprits.extend(self.culprit(step, base, index, wrong)?);
        }
        if culprits.is_empty() || self.rounds >= MOST_ROUNDS {
            culprits = (0..self.ready.len()).collect();
        }
        let why = wrong.first().unwrap_or_default();
        for at in culprits.into_iter().rev() {
            let unit = self.ready.remove(at);
            self.out.extend(unit.into_iter().map(|path| (path, format!("it would break something: {why}"))));
        }
        Ok(())
    }

    /// The part without which those before it do not break the same thing in a file that the step does not change.
    fn culprit(
        &self,
        step: &SavedStep,
        base: &Snapshot,
        index: Option<&Index>,
        wrong: &Wrong,
    ) -> Result<Option<usize>, ArtefactError> {
        let (mut without, mut with) = (0, self.ready.len());
        while with - without > 1 {
            let middle = usize::midpoint(without, with);
            let made = step.make(base, &self.ready[..middle], index)?;
            if made.wrong.is_some_and(|other| other.shares(wrong)) {
                with = middle;
            } else {
                without = middle;
            }
        }
        Ok(with.checked_sub(1))
    }
}

/// What a change would break.
#[derive(Default)]
struct Wrong {
    violations: Vec<Violation>,
    broken: Vec<Broken>,
}

impl Wrong {
    fn blamed(&self) -> Unit {
        let files = self.violations.iter().map(|violation| violation.path.clone());
        files.chain(self.broken.iter().flat_map(|broken| broken.culprits.keys().cloned())).collect()
    }

    fn shares(&self, other: &Wrong) -> bool {
        let is_same = |a: &Violation, b: &Violation| (&a.path, &a.breach) == (&b.path, &b.breach);
        self.violations.iter().any(|a| other.violations.iter().any(|b| is_same(a, b)))
            || self.broken.iter().any(|a| other.broken.iter().any(|b| a.at.0 == b.at.0))
    }

    fn first(&self) -> Option<String> {
        let story = |broken: &Broken| format!("{}:{}: {}", broken.at.0, broken.at.1, broken.story);
        self.violations.first().map(ToString::to_string).or_else(|| self.broken.first().map(story))
    }

    fn refusal(&self, step: &SavedStep) -> ArtefactError {
        if !self.violations.is_empty() {
            return ArtefactError::breaks(step, &self.violations);
        }
        let violations = self.first().into_iter().collect();
        ArtefactError::Breaks { phase: step.phase.clone(), step: step.step.clone(), violations }
    }
}

/// Part of a step, made: what it comes to, and the files and their index afterwards; or what it would break.
struct Attempt {
    made: Option<(Vec<FileDelta>, Snapshot, Option<Index>)>,
    wrong: Option<Wrong>,
}

impl SavedStep {
    /// Makes the parts of the step on a snapshot, and proves that where there is an index of the files.
    fn make(&self, base: &Snapshot, parts: &[Unit], index: Option<&Index>) -> Result<Attempt, ArtefactError> {
        let wanted: BTreeSet<&RepoPath> = parts.iter().flatten().collect();
        let changes = self.changes_to(&|path| wanted.contains(path));
        let mut snapshot = base.clone();
        let mut index = index.map(|index| index.advance(base.clone()));
        for change in &changes {
            check_edits(&snapshot, change)?;
            snapshot = snapshot.with(change)?;
            if let Some(before) = &index {
                let after = before.advance(snapshot.clone());
                let violations = prove(before, &after, change).violations;
                let broken = if violations.is_empty() { load_order::compare(before, &after, change) } else { Vec::new() };
                if !violations.is_empty() || !broken.is_empty() {
                    return Ok(Attempt { made: None, wrong: Some(Wrong { violations, broken }) });
                }
                index = Some(after);
            }
        }
        let files = deltas(base, &snapshot, &changes).map_err(ChangeError::from)?;
        self.check_promise(&files, &wanted)?;
        Ok(Attempt { made: Some((files, snapshot, index)), wrong: None })
    }

    /// Refuses what does not come to what the step promises for these paths, no more and no less.
    fn check_promise(&self, files: &[FileDelta], wanted: &BTreeSet<&RepoPath>) -> Result<(), ArtefactError> {
        let promised = self.files.iter().filter(|file| wanted.contains(&file.path));
        let promised: BTreeMap<&RepoPath, &SavedFile> = promised.map(|file| (&file.path, file)).collect();
        let made: BTreeMap<&RepoPath, SavedFile> = files.iter().map(|file| (&file.path, SavedFile::of(file))).collect();
        let is_broken = |path: &&&RepoPath| promised.get(**path).copied() != made.get(**path);
        match promised.keys().chain(made.keys()).find(is_broken) {
            Some(path) => Err(ArtefactError::Inconsistent((*path).clone())),
            None => Ok(()),
        }
    }
}

/// Refuses edits that leave the file, or that stand inside a character.
fn check_edits(snapshot: &Snapshot, change: &SourceChange) -> Result<(), ArtefactError> {
    for (path, what) in change.files() {
        let (FileChange::Edit(edit) | FileChange::Move { edit, .. }) = what else { continue };
        let Some(file) = snapshot.file(path).filter(|_| !edit.is_empty()) else { continue };
        let bytes = snapshot.read(file).map_err(ChangeError::from)?;
        if !fits(edit, &bytes) {
            return Err(ArtefactError::Unsound(format!("an edit does not fit the text of {path}")));
        }
    }
    Ok(())
}

fn fits(edit: &TextEdit, bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let is_place = |at: u32| text.is_char_boundary(at as usize);
    edit.edits().iter().all(|edit| is_place(edit.span.start) && is_place(edit.span.end))
}
