//! Building a plan: a fold of its steps over a snapshot.
//!
//! Each step runs on what the step before it made, in memory. After each, the change is proved ([`super::prove`]) and the transform is
//! run once more: what it changed may have freed other code, which then changes in another round. A step that still finds something to
//! do after a few rounds would never end, and is refused. With review fixes a step runs first for what is safe, then for what is to be
//! looked at, so that the two never overlap. Imports that a step has made useless go with it (`orphans`), and what was held back
//! is tried again once the rest is made.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::choice::{Choice, Chooser, Since};
use super::cycles::CycleFigures;
use super::delta::{FileDelta, deltas};
use super::faults::{self, Existing};
use super::gate::measure;
use super::gate::worse::PhaseFigures;
use super::load_order::{self, Broken, Culprits};
use super::origins::Origins;
use super::orphans::Orphans;
use super::prove::{Violation, prove};
use super::spec::{Phase, Plan, Step};
use crate::index::Index;
use crate::lang::{self, python, typescript};
use crate::text::change::{Conflict, SourceChange};
use crate::text::path::RepoPath;
use crate::text::snapshot::{ChangeError, FileId, ReadError, Snapshot};
use crate::text::span::{Position, Span};
use crate::text::words::{count, first};
use crate::transform::bonds::dependent;
use crate::transform::finding::{Applicability, Evidence, Finding, Outcome, Place, Reason};
use crate::transform::wire::SpecError;
use crate::transform::{Severity, run};

/// What is to be built.
pub struct Request<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The phases, in the plan's order.
    pub phases: Vec<&'a Phase>,
    /// The least sure fixes that are taken.
    pub threshold: Applicability,
    /// Whether a step has been applied already: then a symbol that does not exist (any more) is no error.
    pub is_applied: &'a (dyn Fn(&str, &str) -> bool + Sync),
    /// Whether a step is left out.
    pub is_left_out: &'a (dyn Fn(&str, &str) -> bool + Sync),
    /// A pool of one thread in which each step searches a second time: what it finds has to be the same.
    pub again: Option<&'a rayon::ThreadPool>,
    /// Told what is being done.
    pub progress: &'a dyn Progress,
    /// Who decides which of the fixes are made; all that are sure enough where nobody does.
    pub chooser: Option<&'a dyn Chooser>,
}

/// Who wants to know what is being done.
pub trait Progress: Sync {
    /// Takes a line such as `websocket / legacy-imports: searching`.
    fn doing(&self, what: &str);
}

/// Nobody wants to know.
pub struct NoProgress;

impl Progress for NoProgress {
    fn doing(&self, _: &str) {}
}

/// A built plan.
pub struct Built {
    /// The files before.
    pub base: Snapshot,
    /// The files afterwards.
    pub result: Snapshot,
    /// The steps, in order; those without a change too.
    pub steps: Vec<BuiltStep>,
    /// The figures of each phase that has gates.
    pub figures: Vec<PhaseFigures>,
    /// The files that were looked at and not edited because they do not parse, sorted by path.
    pub untouched: Vec<Untouched>,
    /// What was broken before in the files that the proof looked at, sorted by place.
    pub existing: Vec<Existing>,
    /// How many modules lie on cycles of imports.
    pub cycles: CycleFigures,
    /// The number of source files in scope.
    pub in_scope: SourceFiles,
}

/// A number of source files, by language.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct SourceFiles {
    /// Python.
    pub python: usize,
    /// TypeScript and JavaScript.
    pub typescript: usize,
}

impl SourceFiles {
    /// Counts the source files of a snapshot at some paths.
    fn count(snapshot: &Snapshot, is_wanted: &dyn Fn(&RepoPath) -> bool) -> Self {
        let count = |is_source: fn(&RepoPath) -> bool| {
            snapshot.files().iter().filter(|file| is_source(&file.path) && is_wanted(&file.path)).count()
        };
        Self { python: count(python::is_source), typescript: count(typescript::is_source) }
    }
}

/// A step and what it does.
#[derive(Clone)]
pub struct BuiltStep {
    /// The phase's id.
    pub phase: String,
    /// The step's id.
    pub step: String,
    /// What it is, in a few words.
    pub title: String,
    /// How bad it is what its transform finds, in the author's word.
    pub severity: Option<Severity>,
    /// Why it is done, in the words of its transform.
    pub why: String,
    /// All that its transform found on the files before the step.
    pub findings: Vec<Finding>,
    /// The changes that are made, one after the other.
    pub changes: Vec<SourceChange>,
    /// What they come to, file by file, sorted by path.
    pub files: Vec<FileDelta>,
}

/// The number of different files that steps change.
pub fn count_files<'b>(steps: impl IntoIterator<Item = &'b BuiltStep>) -> usize {
    let paths: BTreeSet<&RepoPath> = steps.into_iter().flat_map(|step| &step.files).map(|file| &file.path).collect();
    paths.len()
}

/// A file that is not edited because it does not parse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Untouched {
    /// The file.
    pub path: RepoPath,
    /// The first error.
    pub position: Position,
    /// What the parser says.
    pub message: String,
    /// How many errors there are.
    pub errors: usize,
}

/// Why a plan is refused.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A symbol or module that a step names does not exist.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// Two fixes of a step want the same bytes.
    #[error("{at}: two fixes overlap: {first} and {second}")]
    Overlap {
        /// The step.
        at: StepName,
        /// Where the one stands.
        first: Box<Place>,
        /// Where the other stands.
        second: Box<Place>,
        /// What they share.
        #[source]
        conflict: Box<Conflict>,
    },
    /// The step would break something.
    #[error("{at} would break {}:{}", count(violations.len(), "thing"), list(violations))]
    Breaks {
        /// The step.
        at: StepName,
        /// What.
        violations: Vec<Violation>,
    },
    /// The step finds something to do in its own result.
    #[error("{at} does not converge: on its own result it still wants to change {place} ({message})")]
    DoesNotConverge {
        /// The step.
        at: StepName,
        /// Where.
        place: Box<Place>,
        /// What it found there.
        message: String,
    },
    /// The step finds something else when it searches the same files again.
    #[error("{at} does not find the same twice: with one thread it finds something else at {place} ({message})")]
    NotDeterministic {
        /// The step.
        at: StepName,
        /// Where.
        place: Box<Place>,
        /// What it found there the first time, or only the second time.
        message: String,
    },
    /// The step's change does not fit the files.
    #[error("{at}: {error}")]
    Change {
        /// The step.
        at: StepName,
        /// What does not fit.
        #[source]
        error: ChangeError,
    },
    /// A change does not fit the files.
    #[error(transparent)]
    Misfit(#[from] ChangeError),
    /// A file in scope cannot be read.
    #[error("{0}")]
    Unreadable(#[from] ReadError),
}

/// A step of a phase.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepName {
    /// The phase's id.
    pub phase: String,
    /// The step's id.
    pub step: String,
}

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step `{}` of phase `{}`", self.step, self.phase)
    }
}

fn list(violations: &[Violation]) -> String {
    const SHOWN: usize = 10;
    first(violations, SHOWN, ToString::to_string).iter().map(|line| format!("\n  {line}")).collect()
}

/// Builds the phases of a plan on an index.
///
/// # Errors
/// A step breaks one of the laws, or names something that does not exist.
pub fn build(index: Index, request: &Request<'_>) -> Result<Built, BuildError> {
    let base = index.snapshot().clone();
    let in_scope = |path: &RepoPath| lang::is_source(path) && request.plan.scope.contains(path);
    let source_files = SourceFiles::count(&base, &in_scope);
    request.progress.doing(&format!("reading {} files", source_files.python + source_files.typescript));
    if let Some(error) = index.unreadable(&in_scope) {
        return Err(error.into());
    }
    // Shares with the index all that is known of its files.
    let origin = index.advance(base.clone());
    let mut index = index;
    let mut steps: Vec<BuiltStep> = Vec::new();
    let mut figures: Vec<PhaseFigures> = Vec::new();
    let mut looked_at: BTreeSet<RepoPath> = BTreeSet::new();
    for phase in &request.phases {
        request.progress.doing(&format!("{}: counting", phase.id));
        let before = measure(request.plan, phase, &index);
        let first = steps.len();
        for step in phase.steps.iter().filter(|step| !(request.is_left_out)(&phase.id, &step.id)) {
            let (built, next) = build_step(index, request, phase, step, &mut looked_at)?;
            index = next;
            steps.push(built);
        }
        request.progress.doing(&format!("{}: counting again", phase.id));
        let is_changed = steps[first..].iter().any(|step| !step.changes.is_empty());
        let after = if is_changed { measure(request.plan, phase, &index) } else { before.clone() };
        if !before.is_empty() {
            figures.push(PhaseFigures { phase: phase.id.clone(), gates: before.into_iter().zip(after).collect() });
        }
    }
    let untouched = untouched(&index, &in_scope);
    let (existing, cycles) = faults::before_the_plan(&origin, &index, &steps, looked_at)?;
    Ok(Built { base, result: index.snapshot().clone(), steps, figures, untouched, existing, cycles, in_scope: source_files })
}

/// How often a step is run again on its own result before it is said not to converge.
const MOST_ROUNDS: usize = 8;

fn build_step(
    index: Index,
    request: &Request<'_>,
    phase: &Phase,
    step: &Step,
    looked_at: &mut BTreeSet<RepoPath>,
) -> Result<(BuiltStep, Index), BuildError> {
    let at = StepName { phase: phase.id.clone(), step: step.id.clone() };
    let doing = |what: &str| request.progress.doing(&format!("{} / {}: {what}", phase.id, step.id));
    if !(request.is_applied)(&phase.id, &step.id) {
        let problems = step.transform.rule.check(&index);
        if !problems.is_empty() {
            return Err(SpecError { problems }.into());
        }
    }
    let scope = &request.plan.scope;
    let base = index.snapshot().clone();
    let search = |index: &Index| run(index, scope, &step.transform, &request.plan.subjects(index));
    doing("searching");
    let mut findings = search(&index);
    if let Some(pool) = request.again {
        doing("searching again");
        let again = pool.install(|| search(&index));
        if let Some(Finding { place, message, .. }) = difference(&findings, &again).cloned() {
            return Err(BuildError::NotDeterministic { at, place: Box::new(place), message });
        }
    }
    let mut settled: Vec<Finding> = Vec::new();
    let origin = index.advance(base.clone());
    let mut index = index;
    let mut changes: Vec<SourceChange> = Vec::new();
    let mut orphans = Orphans::new(scope, &step.transform);
    let mut choice = Choice::new(request.chooser);
    for pass in [Applicability::Safe, Applicability::Review] {
        if pass < request.threshold {
            break;
        }
        // What is changed may free other code: what no test loads under a patch any more, say.
        let mut has_retried = false;
        let mut rounds = 0;
        let known = Since { changes: &changes, is_fresh: false };
        findings = choice.choose(&at, &index, &known, pass, findings);
        loop {
            let fixes: Vec<Finding> = findings.extract_if(.., |finding| has_fix(finding, |fix| fix >= pass)).collect();
            let made = make(&index, &at, fixes, &mut settled, looked_at, &doing)?;
            let has_made = made.is_some();
            index = keep(made, &mut changes).unwrap_or(index);
            let swept = orphans.sweep((&origin, &index), &at, (pass, &mut choice), &changes, looked_at, &doing)?;
            let has_swept = swept.is_some();
            if !has_made && !has_swept && !std::mem::take(&mut has_retried) {
                break;
            }
            index = keep(swept, &mut changes).unwrap_or(index);
            // Sweeping alone comes to an end, however long the chain is.
            rounds += usize::from(has_made);
            doing("checking that it converges");
            let (held, again): (Vec<Finding>, Vec<Finding>) =
                search(&index).into_iter().partition(|finding| is_held(&settled, finding));
            let open = again.iter().find(|finding| has_fix(finding, |fix| fix >= pass)).cloned();
            findings = remaining(&origin, &changes, findings, again);
            let known = Since { changes: &changes, is_fresh: false };
            findings = choice.choose(&at, &index, &known, pass, findings);
            let open = open.filter(|_| findings.iter().any(|finding| has_fix(finding, |fix| fix >= pass)));
            if let Some(finding) = open.as_ref().filter(|_| rounds >= MOST_ROUNDS) {
                return Err(BuildError::DoesNotConverge {
                    at,
                    place: Box::new(finding.place.clone()),
                    message: finding.message.clone(),
                });
            }
            // An import that went may have been the last that needed another.
            let is_done = open.is_none() && !has_swept;
            if is_done {
                // Once others are made, what was held back may break nothing any more.
                let now = Since { changes: &changes, is_fresh: true };
                let is_wanted = |finding: &Finding| has_fix(finding, |fix| fix >= pass) && !choice.is_declined(&now, finding);
                let fixes = held.into_iter().filter(is_wanted).collect();
                let mut retried = Vec::new();
                let made = make(&index, &at, fixes, &mut retried, looked_at, &doing)?;
                if made.is_none() {
                    break;
                }
                retried.retain(|finding| has_fix(finding, |_| true));
                settled.retain(|held| !retried.iter().any(|made| is_same(held, made)));
                settled.extend(remaining(&origin, &changes, Vec::new(), retried));
                index = keep(made, &mut changes).unwrap_or(index);
                has_retried = true;
            }
        }
    }
    findings.extend(settled);
    findings.extend(orphans.into_findings());
    findings.sort_by(|a, b| a.place.cmp(&b.place));
    let files = deltas(&base, index.snapshot(), &changes)?;
    let built = BuiltStep {
        phase: at.phase,
        step: at.step,
        title: step.title.clone(),
        severity: step.transform.severity,
        why: step.transform.doc.why.clone(),
        findings,
        changes,
        files,
    };
    Ok((built, index))
}

/// Keeps a change that was made, and returns the index that it leads to.
fn keep(made: Option<(SourceChange, Index)>, changes: &mut Vec<SourceChange>) -> Option<Index> {
    let (change, next) = made?;
    changes.push(change);
    Some(next)
}

/// The first finding of two searches that the other does not have in its place.
fn difference<'f>(first: &'f [Finding], second: &'f [Finding]) -> Option<&'f Finding> {
    let at = first.iter().zip(second).position(|(a, b)| a != b).unwrap_or(first.len().min(second.len()));
    first.get(at).or(second.get(at))
}

/// Makes the fixes, and moves them to `settled`: as they are where they are made, as left where they would break the loading of
/// modules. `None` where nothing is made.
///
/// # Errors
/// They overlap, or break something.
pub(super) fn make(
    index: &Index,
    at: &StepName,
    mut fixes: Vec<Finding>,
    settled: &mut Vec<Finding>,
    looked_at: &mut BTreeSet<RepoPath>,
    doing: &dyn Fn(&str),
) -> Result<Option<(SourceChange, Index)>, BuildError> {
    while !fixes.is_empty() {
        let change = union(at, &fixes)?;
        doing(&format!("proving {} changed files", change.files().len()));
        let made = index.snapshot().with(&change).map_err(|error| BuildError::Change { at: at.clone(), error })?;
        let next = index.advance(made);
        let proof = prove(index, &next, &change);
        if !proof.violations.is_empty() {
            return Err(BuildError::Breaks { at: at.clone(), violations: proof.violations });
        }
        doing("loading its modules");
        let broken = load_order::compare(index, &next, &change);
        if broken.is_empty() {
            looked_at.extend(proof.looked_at);
            settled.extend(fixes);
            return Ok(Some((change, next)));
        }
        let is_blamed = |finding: &Finding| broken.iter().any(|broken| touches(finding, &broken.culprits));
        let mut held: Vec<Finding> = fixes.extract_if(.., |finding| is_blamed(finding)).collect();
        if held.is_empty() {
            // A deletion, say, which leaves no file behind that could be blamed.
            held = std::mem::take(&mut fixes);
        }
        let dependent = dependent(&held, &mut fixes);
        settled.extend(held.into_iter().chain(dependent).map(|finding| hold(finding, &broken)));
    }
    Ok(None)
}

/// The finding without its fix, because of what the fix would break.
fn hold(mut finding: Finding, broken: &[Broken]) -> Finding {
    let is_own = |broken: &&Broken| touches(&finding, &broken.culprits);
    let mut told: Vec<&Broken> = broken.iter().filter(is_own).collect();
    if told.is_empty() {
        // It is held back with another fix that it needs.
        told.extend(broken.first());
    }
    let evidence = |broken: &&Broken| {
        let role = if broken.reason == Reason::ModuleNeeded { "needs" } else { "cycle" };
        Evidence { role, at: Some(broken.at.clone()), text: broken.story.clone() }
    };
    finding.evidence.extend(told.iter().map(evidence));
    finding.outcome = Outcome::Left(told.first().map_or(Reason::ImportCycle, |broken| broken.reason));
    finding
}

/// Whether a finding's fix changes one of the files, at one of the lines if there are any.
fn touches(finding: &Finding, culprits: &Culprits) -> bool {
    let Outcome::Fix(fix) = &finding.outcome else { return false };
    let Place { path, position, .. } = &finding.place;
    let is_blamed = |(culprit, lines): (&RepoPath, &BTreeSet<u32>)| {
        fix.change.files().contains_key(culprit) && (lines.is_empty() || path != culprit || lines.contains(&position.line))
    };
    culprits.iter().any(is_blamed)
}

/// Whether a finding was held back before, at another place perhaps.
pub(super) fn is_held(settled: &[Finding], finding: &Finding) -> bool {
    settled.iter().any(|held| matches!(held.outcome, Outcome::Left(_)) && is_same(held, finding))
}

/// Whether two findings, made before and after a change to other places, say the same.
pub(super) fn is_same(a: &Finding, b: &Finding) -> bool {
    let form = |finding: &Finding| finding.spelling.map(|spelling| spelling.form);
    a.place.path == b.place.path && a.message == b.message && form(a) == form(b)
}

/// The findings that are still there when the transform runs again on what changes have made, at the places that they had: those of
/// the files that the plan is for. What is left keeps its reason, too: that some of a patch's readers have moved is not seen
/// afterwards.
pub(super) fn remaining(origin: &Index, changes: &[SourceChange], before: Vec<Finding>, again: Vec<Finding>) -> Vec<Finding> {
    let steps: Vec<Origins<'_>> = changes.iter().rev().map(Origins::of).collect();
    let mut known: BTreeMap<(RepoPath, String), Vec<Finding>> = BTreeMap::new();
    for finding in before {
        known.entry((finding.place.path.clone(), finding.message.clone())).or_default().push(finding);
    }
    let is_left = |finding: &Finding| matches!(finding.outcome, Outcome::Left(_));
    let as_before = |mut finding: Finding| {
        let now = (&finding.place.path, finding.place.span);
        let (path, span) = steps.iter().fold(now, |(path, span), step| (step.path(path), step.span(path, span)));
        let Some(file) = origin.snapshot().id(path) else { return finding };
        let path = path.clone();
        let twin = known.get_mut(&(path.clone(), finding.message.clone())).and_then(|twins| {
            let is_near = |old: &Finding| span.covers(old.place.span) || old.place.span.covers(span);
            let exact = twins.iter().position(|old| old.place.span == span);
            exact.or_else(|| twins.iter().position(is_near)).map(|at| twins.remove(at))
        });
        match twin {
            Some(old) if is_left(&old) && is_left(&finding) => old,
            Some(old) => Finding { place: old.place, ..finding },
            None => {
                finding.place = Place { path, span, position: origin.position(file, span.start) };
                finding
            }
        }
    };
    again.into_iter().map(as_before).collect()
}

pub(super) fn has_fix(finding: &Finding, wanted: impl Fn(Applicability) -> bool) -> bool {
    matches!(&finding.outcome, Outcome::Fix(fix) if wanted(fix.applicability))
}

/// One change of the fixes of several findings.
fn union(at: &StepName, findings: &[Finding]) -> Result<SourceChange, BuildError> {
    let mut fixes: Vec<(&Finding, &SourceChange)> = Vec::with_capacity(findings.len());
    for finding in findings {
        if let Outcome::Fix(fix) = &finding.outcome {
            fixes.push((finding, &fix.change));
        }
    }
    let all = |fixes: &[(&Finding, &SourceChange)]| SourceChange::all(fixes.iter().map(|(_, change)| *change));
    let conflict = match all(&fixes) {
        Ok(change) => return Ok(change),
        Err(conflict) => conflict,
    };
    // The first fix that conflicts with those before it, and the first of these that alone conflicts with it.
    let (mut fine, mut failing) = (0, fixes.len());
    while failing - fine > 1 {
        let middle = fine.midpoint(failing);
        if all(&fixes[..middle]).is_ok() { fine = middle } else { failing = middle }
    }
    let (second, change) = fixes[fine];
    let collides = |other: &&(&Finding, &SourceChange)| SourceChange::all([other.1, change]).is_err();
    let first = fixes[..fine].iter().find(collides).map_or(second, |(finding, _)| finding);
    let conflict = all(&fixes[..failing]).err().unwrap_or(conflict);
    let (first, second) = (Box::new(first.place.clone()), Box::new(second.place.clone()));
    Err(BuildError::Overlap { at: at.clone(), first, second, conflict: Box::new(conflict) })
}

fn untouched(index: &Index, in_scope: &dyn Fn(&RepoPath) -> bool) -> Vec<Untouched> {
    let entry = |file: FileId, errors: usize, span: Span, message: &str| {
        let path = &index.snapshot().get(file).path;
        let position = index.position(file, span.start);
        in_scope(path).then(|| Untouched { path: path.clone(), position, message: message.to_owned(), errors })
    };
    let python = index.parsed().filter_map(|(file, facts)| {
        let error = facts.errors.first()?;
        entry(file, facts.errors.len(), error.span, &error.message)
    });
    let typescript = index.typescript().parsed().filter_map(|(file, facts)| {
        let error = facts.errors.first()?;
        entry(file, facts.errors.len(), error.span, &error.message)
    });
    let mut found: Vec<Untouched> = python.chain(typescript).collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

#[cfg(test)]
mod tests;
