//! A built plan as a file: `plan --out FILE`, `apply FILE`, `show FILE`.
//!
//! The file holds the edits and, for every file that they touch, its blob and mode before and after, so that what is applied is what
//! was reviewed or nothing at all. `wire` is the shape on disk and distrusts it; [`standing`] compares the plan with the files as
//! they are; [`rest`] makes it, or what can be made of it, and proves that; `gates` measures that.

mod gates;
pub mod rest;
pub mod standing;
mod units;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::build::{Built, BuiltStep};
use super::commits::Made;
use super::delta::{Content, FileDelta};
use super::gate::worse::{Worse, worse};
use super::gate::{Count, Figure, Limit};
use super::message;
use super::prove::Violation;
use super::spec::Plan;
use crate::index::Options;
use crate::text::blob::{BlobId, Mode};
use crate::text::change::SourceChange;
use crate::text::path::RepoPath;
use crate::text::snapshot::ChangeError;
use crate::text::words::first;
use crate::transform::finding::{Applicability, Outcome, Reason};
use standing::Drift;
pub use wire::{VERSION, is_saved_plan};

/// A saved plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Artefact {
    /// The version of the tool that made it.
    pub tool: String,
    /// The plan's name.
    pub plan: String,
    /// Where the plan was read from: a name, a path from the root, or an absolute path.
    pub source: String,
    /// The digest of the plan's and its transforms' texts.
    pub plan_digest: String,
    /// The digest of each transform's text that the plan uses, by its id.
    pub transforms: BTreeMap<String, String>,
    /// The commit that the plan was made for.
    pub commit: String,
    /// That commit's tree.
    pub tree: String,
    /// What was asked for.
    pub selected: Selected,
    /// What the plan says about the languages: the proof of what is made is told the same.
    pub options: Options,
    /// The gates, as they were measured when the plan was made.
    pub gates: Vec<SavedGate>,
    /// The gates that phases would leave worse than they are: then the plan is not carried out.
    pub worse: Vec<Worse>,
    /// The steps, in order; those that change nothing too.
    pub steps: Vec<SavedStep>,
}

/// Which phases, and which fixes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selected {
    /// The phases that were named; none for all that are pending.
    pub phases: Vec<String>,
    /// Whether those that they require were left out.
    pub only: bool,
    /// The least sure fixes that were taken.
    pub threshold: Applicability,
}

/// A gate's figures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedGate {
    /// The phase's id.
    pub phase: String,
    /// The gate's id.
    pub gate: String,
    /// How much passes.
    pub limit: Limit,
    /// How many were counted before and after; `None` where that was not measured.
    pub counts: Option<(Count, Count)>,
}

/// A step of a saved plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedStep {
    /// The phase's id.
    pub phase: String,
    /// The step's id; where a commit has several steps, all of them with commas between.
    pub step: String,
    /// Which part of the step it is, and of how many.
    pub part: Option<(usize, usize)>,
    /// What it does, in words.
    pub summary: String,
    /// The commit's message, without trailers: those are made of what is really done.
    pub text: String,
    /// What it leaves for people.
    pub left: Vec<SavedFinding>,
    /// The changes, one after the other.
    pub changes: Vec<SourceChange>,
    /// What they come to, sorted by path.
    pub files: Vec<SavedFile>,
}

/// A place that is left for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedFinding {
    /// The file.
    pub path: RepoPath,
    /// The line, counted from 1.
    pub line: u32,
    /// What, in one sentence.
    pub message: String,
    /// Why it is left.
    pub reason: Option<Reason>,
    /// Whether there is a fix that only `--review` takes.
    pub is_review: bool,
}

/// What a step does to a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedFile {
    /// Its path afterwards.
    pub path: RepoPath,
    /// Its path before, if it moves.
    pub moved_from: Option<RepoPath>,
    /// Its content before.
    pub before: State,
    /// Its content afterwards.
    pub after: State,
    /// The digest of the lines that it loses and gains, wherever they stand.
    pub lines: String,
}

/// A file's content and mode; `None` where there is no file.
pub type State = Option<(BlobId, Mode)>;

/// Why a file is no saved plan, or one that does not fit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ArtefactError {
    /// It is not JSON of the right shape.
    #[error("this is not a saved plan: {0}")]
    Malformed(String),
    /// It is of an older version.
    #[error("this plan was saved by an older version of the tool (format {0}; this one reads format {VERSION})")]
    Older(u64),
    /// It is of a newer version.
    #[error("this plan was saved by a newer version of the tool (format {0}; this one reads format {VERSION})")]
    Newer(u64),
    /// Its digest does not fit its content.
    #[error("the saved plan has been changed or cut off after it was made: its digest does not fit")]
    Tampered,
    /// Something in it is unsound, though its digest fits: the tool has not made it.
    #[error("this is no plan that the tool has made: {0}")]
    Unsound(String),
    /// Files are not what the plan was made for.
    #[error("{} not what the plan was made for:{}", if .0.len() == 1 { "a file is".to_owned() } else { format!("{} files are", .0.len()) }, drifts(.0))]
    Drifted(Vec<Drift>),
    /// Its edits do not make the contents that it promises.
    #[error("the saved plan does not make of {0} what it says")]
    Inconsistent(RepoPath),
    /// What it does would break something by now.
    #[error("step `{step}` of phase `{phase}` would break what has come since, or what else is there:{}", broken(.violations))]
    Breaks {
        /// The phase's id.
        phase: String,
        /// The step's id.
        step: String,
        /// What would be broken.
        violations: Vec<String>,
    },
    /// Its changes do not fit the files.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

fn drifts(drifted: &[Drift]) -> String {
    drifted.iter().map(|drift| format!("\n  {drift}")).collect()
}

fn broken(violations: &[String]) -> String {
    const SHOWN: usize = 10;
    first(violations, SHOWN, Clone::clone).iter().map(|line| format!("\n  {line}")).collect()
}

impl ArtefactError {
    /// The refusal of a step that would break something.
    fn breaks(step: &SavedStep, violations: &[Violation]) -> Self {
        let violations = violations.iter().map(ToString::to_string).collect();
        Self::Breaks { phase: step.phase.clone(), step: step.step.clone(), violations }
    }

    /// Whether the answer is no, rather than that there is none: the files are not what the plan was made for.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Drifted(_) | Self::Breaks { .. } | Self::Change(_))
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Drifted(_) => {
                "nothing has been changed; `--replan` plans anew for the files as they are, `--partial` applies what can stand without these"
            }
            Self::Breaks { .. } | Self::Change(_) => {
                "nothing has been changed; `--replan` plans anew for the files as they are, `--partial` leaves out what would break something"
            }
            Self::Newer(_) => "apply it with the version of the tool that made it, or make the plan again with `plan --out`",
            Self::Malformed(_) | Self::Older(_) | Self::Tampered | Self::Unsound(_) | Self::Inconsistent(_) => {
                "make the plan again with `plan --out`"
            }
        }
    }
}

/// What a plan was built for, as it is saved with it.
pub struct Binding {
    /// Where the plan was read from.
    pub source: String,
    /// The commit.
    pub commit: String,
    /// The commit's tree.
    pub tree: String,
    /// What was asked for.
    pub selected: Selected,
}

impl Artefact {
    /// The built plan as it is saved, with the commits that it comes to; `summary` says what one does. Steps that change nothing are saved
    /// for what they leave.
    pub fn new(plan: &Plan, built: &Built, commits: &[Made], binding: Binding, summary: &dyn Fn(&BuiltStep) -> String) -> Self {
        let Binding { source, commit, tree, selected } = binding;
        let threshold = selected.threshold;
        let gates = built
            .figures
            .iter()
            .flat_map(|figures| figures.gates.iter().map(|(before, after)| saved_gate(&figures.phase, before, after)));
        let saved = |made: &Made| {
            let part = made.part.as_ref().map(|part| (part.at, part.of));
            SavedStep::new(&made.built, summary(&made.built), made.text.clone(), part, threshold)
        };
        let mut steps: Vec<SavedStep> = Vec::new();
        for step in &built.steps {
            if step.files.is_empty() {
                steps.push(SavedStep::new(step, summary(step), String::new(), None, threshold));
            }
            // A commit of several steps stands where its first one does.
            let is_its =
                |made: &&Made| made.built.phase == step.phase && made.built.step.split(", ").next() == Some(&step.step);
            steps.extend(commits.iter().filter(is_its).map(saved));
        }
        Self {
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            plan: plan.name.clone(),
            source,
            plan_digest: plan.digest.clone(),
            transforms: plan.transforms.clone(),
            commit,
            tree,
            selected,
            options: plan.options.clone(),
            gates: gates.collect(),
            worse: worse(&built.figures),
            steps,
        }
    }

    /// The files that the plan needs as they were when it was made, sorted by path: those that its steps change, with what they were
    /// before the first of them.
    pub fn inputs(&self) -> BTreeMap<RepoPath, (BlobId, Mode)> {
        let mut inputs: BTreeMap<RepoPath, State> = BTreeMap::new();
        for step in &self.steps {
            for (path, (before, _)) in step.transitions() {
                inputs.entry(path).or_insert(before);
            }
        }
        inputs.into_iter().filter_map(|(path, state)| Some((path, state?))).collect()
    }
}

fn saved_gate(phase: &str, before: &Figure, after: &Figure) -> SavedGate {
    let counts = before.count().zip(after.count());
    SavedGate { phase: phase.to_owned(), gate: after.gate.clone(), limit: after.limit, counts }
}

impl SavedStep {
    /// The step as it is saved.
    pub fn new(
        step: &BuiltStep,
        summary: String,
        text: String,
        part: Option<(usize, usize)>,
        threshold: Applicability,
    ) -> Self {
        let left = step.findings.iter().filter_map(|finding| {
            let is_review = match &finding.outcome {
                Outcome::Fix(fix) if fix.applicability >= threshold => return None,
                Outcome::Fix(_) => true,
                Outcome::Left(_) => false,
            };
            let (path, line) = (finding.place.path.clone(), finding.place.position.line);
            Some(SavedFinding { path, line, message: finding.message.clone(), reason: finding.reason(), is_review })
        });
        let mut saved = Self {
            phase: step.phase.clone(),
            step: step.step.clone(),
            summary,
            text,
            part,
            left: left.collect(),
            changes: step.changes.clone(),
            files: step.files.iter().map(SavedFile::of).collect(),
        };
        saved.drop_idle();
        saved
    }

    /// What it makes of every path that it touches: what was there, and what is.
    pub fn transitions(&self) -> BTreeMap<RepoPath, (State, State)> {
        let mut transitions: BTreeMap<RepoPath, (State, State)> = BTreeMap::new();
        for file in &self.files {
            if let Some(old) = &file.moved_from {
                transitions.entry(old.clone()).or_default().0 = file.before;
            } else {
                transitions.entry(file.path.clone()).or_default().0 = file.before;
            }
            transitions.entry(file.path.clone()).or_default().1 = file.after;
        }
        transitions
    }
}

impl SavedFile {
    /// What a step makes of a file, as it is saved.
    pub fn of(delta: &FileDelta) -> Self {
        let state = |content: &Option<Content>| content.as_ref().map(|content| (content.blob, content.mode));
        Self {
            path: delta.path.clone(),
            moved_from: delta.moved_from.clone(),
            before: state(&delta.before),
            after: state(&delta.after),
            lines: message::digest(std::slice::from_ref(delta)),
        }
    }
}
