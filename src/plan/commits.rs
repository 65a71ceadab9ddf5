//! How built steps become commits: one for each step, one for a phase, or several for a step ([`super::slice`]), with their messages.

use super::build::{BuildError, Built, BuiltStep, Progress};
use super::delta::deltas;
use super::message;
use super::slice::{Cut, Part, Slice, Slicer};
use super::spec::{Phase, Plan};
pub use super::style::{Grouping, Style};
use crate::text::change::SourceChange;
use crate::text::snapshot::Snapshot;
use crate::transform::finding::Applicability;

/// A commit that is to be made.
pub struct Made {
    /// The text of its message, without trailers.
    pub text: String,
    /// Which part of its step it is, where the step is cut.
    pub part: Option<Part>,
    /// What it does. For a whole phase, the step's id is those of all its steps.
    pub built: BuiltStep,
}

impl Made {
    /// Its message.
    pub fn message(&self, plan: &Plan) -> String {
        let part = self.part.as_ref().map(|part| (part.at, part.of));
        let of = message::Of { plan: &plan.name, phase: &self.built.phase, steps: &self.built.step, part };
        message::seal(&self.text, &of, &self.built.files)
    }

    /// What it is, in a line: `phase / step, part 2 of 5 (@team)`.
    pub fn name(&self) -> String {
        let part = self.part.as_ref().map(|part| format!(", part {} of {}{}", part.at, part.of, part.behind(" (", ")")));
        format!("{} / {}{}", self.built.phase, self.built.step, part.unwrap_or_default())
    }
}

/// What is needed to make commits of built steps.
pub struct Request<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Wishes that go before the plan's own.
    pub style: Style,
    /// The least sure fixes that are taken.
    pub threshold: Applicability,
    /// What a step does, in a few words.
    pub summary: &'a dyn Fn(&BuiltStep) -> String,
    /// Told what is being done.
    pub progress: &'a dyn Progress,
}

impl Request<'_> {
    fn style(&self, phase: Option<&Phase>) -> Style {
        let plan = phase.map_or_else(|| self.plan.commits.clone(), |phase| phase.commits.or(&self.plan.commits));
        self.style.or(&plan)
    }
}

/// The commits of built steps, in order. Steps that change nothing have none. What the commits come to is what the steps come to.
///
/// # Errors
/// A file cannot be read.
pub fn commits(built: &Built, request: &Request<'_>) -> Result<Vec<Made>, BuildError> {
    let mut slicer = Slicer::new(built, request.plan, request.progress);
    let mut snapshot = built.base.clone();
    let mut made = Vec::new();
    for steps in built.steps.chunk_by(|a, b| a.phase == b.phase) {
        let phase = steps.first().and_then(|step| request.plan.phase(&step.phase));
        let style = request.style(phase);
        let before = snapshot.clone();
        let working: Vec<&BuiltStep> = steps.iter().filter(|step| !step.files.is_empty()).collect();
        for step in steps {
            let base = snapshot.clone();
            for change in &step.changes {
                snapshot = snapshot.with(change)?;
            }
            if style.grouping != Some(Grouping::Phase) && !step.files.is_empty() {
                made.extend(of_step(step, &base, &snapshot, &style, request, &mut slicer));
            }
        }
        if style.grouping == Some(Grouping::Phase) && !working.is_empty() {
            made.push(of_phase(&working, &before, &snapshot, &style, request)?);
        }
    }
    Ok(made)
}

fn of_step(
    step: &BuiltStep,
    base: &Snapshot,
    result: &Snapshot,
    style: &Style,
    request: &Request<'_>,
    slicer: &mut Slicer<'_>,
) -> Vec<Made> {
    let cut = Cut { grouping: style.grouping.unwrap_or_default(), max_files: style.max_files, threshold: request.threshold };
    let slices = if cut.is_any() { slicer.slices(step, base, result, &cut) } else { Vec::new() };
    if slices.len() < 2 {
        return vec![of_slice(Slice { part: None, built: step.clone() }, style, request)];
    }
    slices.into_iter().map(|slice| of_slice(slice, style, request)).collect()
}

fn of_slice(Slice { part, built }: Slice, style: &Style, request: &Request<'_>) -> Made {
    let summary = (request.summary)(&built);
    let subject = message::Subject {
        plan: request.plan,
        steps: &[(&built, summary)],
        files: &built.files,
        part: part.as_ref(),
        threshold: request.threshold,
        is_phase: false,
    };
    Made { text: message::text(&subject, style.message.as_ref()), part, built }
}

fn of_phase(
    steps: &[&BuiltStep],
    before: &Snapshot,
    after: &Snapshot,
    style: &Style,
    request: &Request<'_>,
) -> Result<Made, BuildError> {
    let changes: Vec<SourceChange> = steps.iter().flat_map(|step| step.changes.iter().cloned()).collect();
    let files = deltas(before, after, &changes)?;
    let told: Vec<(&BuiltStep, String)> = steps.iter().map(|step| (*step, (request.summary)(step))).collect();
    let (plan, threshold) = (request.plan, request.threshold);
    let subject = message::Subject { plan, steps: &told, files: &files, part: None, threshold, is_phase: true };
    let text = message::text(&subject, style.message.as_ref());
    let ids: Vec<&str> = steps.iter().map(|step| step.step.as_str()).collect();
    let findings = steps.iter().flat_map(|step| step.findings.iter().cloned()).collect();
    let first = steps.first();
    let built = BuiltStep {
        phase: first.map(|step| step.phase.clone()).unwrap_or_default(),
        step: ids.join(", "),
        title: String::new(),
        severity: None,
        why: String::new(),
        findings,
        changes,
        files,
    };
    Ok(Made { text, part: None, built })
}
