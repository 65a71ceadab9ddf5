//! A saved plan: what it was made for, what it does and leaves, and how it stands to the files as they are. As text, JSON and Markdown.
//!
//! The file may come from anybody: nothing in it reaches a terminal or a page but as plain text.

use std::collections::BTreeMap;

use serde::Serialize;

use super::markup::{code, escaped};
use super::{clean, count, gates, line, number};
use crate::plan::artefact::standing::Standing;
use crate::plan::artefact::{Artefact, SavedFile, SavedFinding, SavedGate, SavedStep, State};
use crate::plan::gate::Count;
use crate::text::words::more;

/// How many places or files are shown of each kind; all of them are in the JSON report.
const SHOWN: usize = 5;
/// How many files of a step are shown.
const SHOWN_FILES: usize = 20;
/// The version of the JSON report's shape.
const VERSION: u32 = 1;

/// A saved plan that is to be shown.
pub struct Shown<'a> {
    /// The plan.
    pub artefact: &'a Artefact,
    /// What it was compared with, in words, and how it stands to that; or why it was not compared.
    pub against: Result<(String, Standing), String>,
}

impl Shown<'_> {
    fn state(&self) -> &'static str {
        match &self.against {
            Err(_) => "unknown",
            Ok((_, standing)) if !standing.drifted.is_empty() => "drifted",
            Ok((_, standing)) if standing.is_done() => "applied",
            Ok((_, standing)) if standing.has_begun() => "partly applied",
            Ok(_) => "fits",
        }
    }

    fn verdict(&self) -> String {
        let base = match &self.against {
            Err(why) => return format!("Not compared with the files as they are: {}.", clean(why)),
            Ok((base, _)) => clean(base),
        };
        match self.state() {
            "drifted" => format!("Drifted: on {base}, these files are not what it was made for."),
            "applied" => format!("Applied: {base} has all of it."),
            "partly applied" => format!("Partly applied: {base} has some of it, and the rest fits."),
            _ => format!("It fits {base}."),
        }
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let plan = self.artefact;
        let mut out = String::new();
        for text in head(plan) {
            line(&mut out, text);
        }
        for step in &plan.steps {
            line(&mut out, format!("\n{} / {}: {}{}", step.phase, step.step, clean(&step.summary), left_counts(step)));
            for file in step.files.iter().take(SHOWN_FILES) {
                line(&mut out, format!("  {} {}", verb(file), name(file)));
            }
            if let Some(more) = more(step.files.len(), SHOWN_FILES) {
                line(&mut out, format!("  {more} files; --format json lists all"));
            }
            for ((what, message), places) in grouped(step) {
                line(&mut out, format!("  {what}: {}", clean(message)));
                for place in places.iter().take(SHOWN) {
                    line(&mut out, format!("    {}:{}", place.path, place.line));
                }
                if let Some(more) = more(places.len(), SHOWN) {
                    line(&mut out, format!("    {more}; --format json lists all"));
                }
            }
        }
        if !plan.gates.is_empty() {
            line(&mut out, "\nGates, as they were measured when it was saved");
        }
        for gate in &plan.gates {
            line(&mut out, format!("  {} of {}: {}", clean(&gate.gate), clean(&gate.phase), measured(gate)));
        }
        if !plan.worse.is_empty() {
            line(
                &mut out,
                format!(
                    "\nWarning: apply refuses this, because it leaves gates worse than they are:\n{}",
                    gates::refusal(&plan.worse)
                ),
            );
        }
        line(&mut out, format!("\n{}", self.verdict()));
        for drift in self.drifted() {
            line(&mut out, format!("  {drift}"));
        }
        out
    }

    fn drifted(&self) -> &[crate::plan::artefact::standing::Drift] {
        self.against.as_ref().map(|(_, standing)| &standing.drifted[..]).unwrap_or_default()
    }

    /// The report as Markdown.
    pub fn markdown(&self) -> String {
        let plan = self.artefact;
        let mut out = String::new();
        line(&mut out, format!("# Saved plan {}\n", code(&plan.plan)));
        for text in head(plan).into_iter().skip(1) {
            line(&mut out, format!("- {}", escaped(text.trim())));
        }
        line(&mut out, format!("\n{}\n", escaped(&self.verdict())));
        for drift in self.drifted() {
            line(&mut out, format!("- {}", escaped(&drift.to_string())));
        }
        line(&mut out, "\n| Phase | Step | Changes | For review | Left |\n| --- | --- | --- | ---: | ---: |");
        for step in &plan.steps {
            let review = step.left.iter().filter(|finding| finding.is_review).count();
            let cells = [&step.phase, &step.step, &step.summary].map(|cell| escaped(cell));
            line(&mut out, format!("| {} | {} | {} |", cells.join(" | "), number(review), number(step.left.len() - review)));
        }
        for step in plan.steps.iter().filter(|step| !step.left.is_empty()) {
            line(&mut out, format!("\n## Left by {} / {}", escaped(&step.phase), escaped(&step.step)));
            for ((what, message), places) in grouped(step) {
                line(&mut out, format!("\n{}: {}\n", escaped(&what), escaped(message)));
                for place in &places {
                    line(&mut out, format!("- [ ] {}", code(&format!("{}:{}", place.path, place.line))));
                }
            }
        }
        out
    }

    /// The report for programs.
    pub fn json(&self) -> String {
        let plan = self.artefact;
        let drifted = self.drifted().iter().map(|drift| DriftWire {
            path: drift.path.to_text(),
            became: drift.became.word(),
            message: drift.to_string(),
        });
        let root = Root {
            format: "ssot-migrate saved plan report",
            version: VERSION,
            tool: &plan.tool,
            plan: &plan.plan,
            source: &plan.source,
            plan_digest: &plan.plan_digest,
            commit: &plan.commit,
            tree: &plan.tree,
            phases: &plan.selected.phases,
            threshold: plan.selected.threshold.word(),
            state: self.state(),
            against: self.against.as_ref().ok().map(|(base, _)| base.as_str()),
            drifted: drifted.collect(),
            steps: plan.steps.iter().map(wire_step).collect(),
            gates: plan.gates.iter().map(wire_gate).collect(),
        };
        // Strings and numbers alone: nothing that could fail to serialise.
        serde_json::to_string_pretty(&root).unwrap_or_default() + "\n"
    }
}

fn head(plan: &Artefact) -> Vec<String> {
    let phases = match (&plan.selected.phases[..], plan.selected.only) {
        ([], _) => "all that were pending".to_owned(),
        (phases, true) => format!("{}, and none that they require", phases.join(", ")),
        (phases, false) => phases.join(", "),
    };
    let fixes = match plan.selected.threshold.word() {
        "review" => "safe and review",
        safe => safe,
    };
    let files: std::collections::BTreeSet<_> = plan.steps.iter().flat_map(|step| &step.files).map(|file| &file.path).collect();
    let steps = plan.steps.iter().filter(|step| !step.files.is_empty()).count();
    vec![
        format!("Saved plan {}: {} in {}", plan.plan, count(files.len(), "changed file"), count(steps, "step")),
        format!("  made for commit {}", plan.commit),
        format!("  read from {}, digest {}", clean(&plan.source), plan.plan_digest),
        format!("  phases: {phases}; fixes: {fixes}"),
        format!("  made by version {} of the tool", clean(&plan.tool)),
    ]
}

fn left_counts(step: &SavedStep) -> String {
    let review = step.left.iter().filter(|finding| finding.is_review).count();
    let left = step.left.len() - review;
    let mut text = String::new();
    if review > 0 {
        text += &format!("; {} for review", number(review));
    }
    if left > 0 {
        text += &format!("; {} left for a person", number(left));
    }
    text
}

/// What is left, by reason and message.
fn grouped(step: &SavedStep) -> BTreeMap<(String, &str), Vec<&SavedFinding>> {
    let mut groups: BTreeMap<(String, &str), Vec<&SavedFinding>> = BTreeMap::new();
    for finding in &step.left {
        let reason =
            finding.reason.map_or(String::new(), |reason| format!(" because {} ({})", reason.explain(), reason.code()));
        let what = if finding.is_review { "for review" } else { "left" };
        groups.entry((format!("{what}{reason}"), &finding.message)).or_default().push(finding);
    }
    groups
}

fn verb(file: &SavedFile) -> &'static str {
    match (&file.moved_from, file.before, file.after) {
        (Some(_), ..) => "moves",
        (None, None, _) => "makes",
        (None, _, None) => "deletes",
        (None, ..) => "edits",
    }
}

fn name(file: &SavedFile) -> String {
    file.moved_from.as_ref().map_or_else(|| file.path.to_string(), |old| format!("{old} to {}", file.path))
}

fn measured(gate: &SavedGate) -> String {
    let Some((before, after)) = gate.counts else { return "not measured".to_owned() };
    let of = |count: Count| count.of(gate.limit.part);
    let judged = if of(after) <= gate.limit.max { "passes" } else { "fails" };
    format!("{} before, {} after, at most {}: {judged}", of(before), of(after), gate.limit.max)
}

#[derive(Serialize)]
struct Root<'a> {
    format: &'static str,
    version: u32,
    tool: &'a str,
    plan: &'a str,
    source: &'a str,
    plan_digest: &'a str,
    commit: &'a str,
    tree: &'a str,
    phases: &'a [String],
    threshold: &'static str,
    /// `fits`, `drifted`, `applied`, `partly applied` or `unknown`.
    state: &'static str,
    against: Option<&'a str>,
    drifted: Vec<DriftWire>,
    steps: Vec<StepWire<'a>>,
    gates: Vec<GateWire<'a>>,
}

#[derive(Serialize)]
struct DriftWire {
    path: String,
    became: &'static str,
    message: String,
}

#[derive(Serialize)]
struct StepWire<'a> {
    phase: &'a str,
    step: &'a str,
    summary: &'a str,
    message: &'a str,
    files: Vec<FileWire>,
    left: Vec<FindingWire<'a>>,
}

#[derive(Serialize)]
struct FileWire {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_from: Option<String>,
    before: Option<SideWire>,
    after: Option<SideWire>,
}

#[derive(Serialize)]
struct SideWire {
    blob: String,
    mode: &'static str,
}

#[derive(Serialize)]
struct FindingWire<'a> {
    path: String,
    line: u32,
    message: &'a str,
    reason: Option<&'static str>,
    outcome: &'static str,
}

#[derive(Serialize)]
struct GateWire<'a> {
    phase: &'a str,
    gate: &'a str,
    max: u64,
    #[serde(rename = "in")]
    part: &'static str,
    before: Option<u64>,
    after: Option<u64>,
}

fn wire_step(step: &SavedStep) -> StepWire<'_> {
    let side = |state: State| state.map(|(blob, mode)| SideWire { blob: blob.to_string(), mode: mode.octal() });
    let file = |file: &SavedFile| FileWire {
        path: file.path.to_text(),
        moved_from: file.moved_from.as_ref().map(|path| path.to_text()),
        before: side(file.before),
        after: side(file.after),
    };
    StepWire {
        phase: &step.phase,
        step: &step.step,
        summary: &step.summary,
        message: &step.text,
        files: step.files.iter().map(file).collect(),
        left: step.left.iter().map(wire_finding).collect(),
    }
}

fn wire_finding(finding: &SavedFinding) -> FindingWire<'_> {
    FindingWire {
        path: finding.path.to_text(),
        line: finding.line,
        message: &finding.message,
        reason: finding.reason.map(|reason| reason.code()),
        outcome: if finding.is_review { "review" } else { "left" },
    }
}

fn wire_gate(gate: &SavedGate) -> GateWire<'_> {
    let part = gate.limit.part;
    GateWire {
        phase: &gate.phase,
        gate: &gate.gate,
        max: gate.limit.max,
        part: part.word(),
        before: gate.counts.map(|(before, _)| before.of(part)),
        after: gate.counts.map(|(_, after)| after.of(part)),
    }
}
