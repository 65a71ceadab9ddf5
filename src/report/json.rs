//! A built plan for programs. Lines count from 1, columns are UTF-8 bytes from 0; everything is in a fixed order. The shape is
//! versioned: a field may be added within a version, never changed or removed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::gates::{PlaceWire, warning};
use super::{Report, Tally};
use crate::plan::build::BuiltStep;
use crate::plan::cycles::CycleFigures;
use crate::plan::delta::FileDelta;
use crate::plan::gate::Figure;
use crate::plan::gate::worse::{Worse, worse};
use crate::plan::owners::Owners;
use crate::text::plain;
use crate::transform::Severity;
use crate::transform::finding::{Applicability, Evidence, Finding, Outcome};

/// The version of the shape.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Root<'a> {
    format: &'static str,
    version: u32,
    tool: &'static str,
    plan: &'a str,
    plan_digest: &'a str,
    base: &'a str,
    threshold: &'static str,
    python_files: usize,
    typescript_files: usize,
    phases: Vec<Phase<'a>>,
    /// Files that were looked at and not edited because they do not parse.
    untouched: Vec<Untouched<'a>>,
    /// What was broken before in the files that the proof looked at: not the plan's.
    existing: Vec<ExistingWire<'a>>,
    /// Of the modules that the changed files load, how many lie on cycles of imports.
    cycles: Cycles,
}

#[derive(Serialize)]
struct ExistingWire<'a> {
    path: String,
    line: u32,
    column: u32,
    /// `syntax-error`, `unresolved-import`, `unbound-name`, `missing-attribute`, `unbound-export` or `import-cycle`.
    kind: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct Cycles {
    modules: usize,
    before: usize,
    after: usize,
}

#[derive(Serialize)]
struct Phase<'a> {
    id: &'a str,
    title: &'a str,
    requires: &'a [String],
    risk: &'a str,
    steps: Vec<Step<'a>>,
    gates: Vec<Gate<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    id: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    files: Vec<File>,
    /// The number of findings that are left, by reason.
    not_touched: BTreeMap<&'static str, usize>,
    findings: Vec<FindingWire<'a>>,
}

#[derive(Serialize)]
struct File {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_from: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Serialize)]
struct FindingWire<'a> {
    path: String,
    line: u32,
    column: u32,
    message: &'a str,
    /// `fixed`, `review` (a fix that was not taken) or `left`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    applicability: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'static str>,
    /// What a person can do, where the finding is not fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<&'a str>,
    /// Who owns the file, as `CODEOWNERS` says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owners: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spelling: Option<Spelling>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<EvidenceWire<'a>>,
}

#[derive(Serialize)]
struct Spelling {
    form: &'static str,
    traits: Vec<&'static str>,
}

#[derive(Serialize)]
struct EvidenceWire<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    text: &'a str,
}

#[derive(Serialize)]
struct Gate<'a> {
    id: &'a str,
    metric: &'static str,
    /// In service code and tests; nothing here and below where that is not measured.
    before: Option<u64>,
    after: Option<u64>,
    service: Option<Change>,
    tests: Option<Change>,
    max: u64,
    /// Which count is compared with `max`: `all`, `service` or `tests`.
    #[serde(rename = "in")]
    part: &'static str,
    passes: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    /// Where the gate is left worse than it is, so that `apply` refuses: what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    worse: Option<Vec<PlaceWire<'a>>>,
}

#[derive(Serialize)]
struct Change {
    before: u64,
    after: u64,
}

#[derive(Serialize)]
struct Untouched<'a> {
    path: String,
    line: u32,
    column: u32,
    message: &'a str,
    errors: usize,
}

/// Renders the report.
pub fn render(report: &Report<'_>) -> String {
    let Report { plan, built, base, threshold } = report;
    let mut phases: Vec<Phase<'_>> = Vec::new();
    let worse = worse(&built.figures);
    let owners = Owners::of(&built.base).unwrap_or_default();
    for phase in &plan.phases {
        let steps = built.steps.iter().filter(|step| step.phase == phase.id).map(|step| wire_step(step, *threshold, &owners));
        let figures = built.figures.iter().filter(|figures| figures.phase == phase.id);
        let gates = figures.flat_map(|figures| &figures.gates).map(|(before, after)| {
            let worse = worse.iter().find(|worse| worse.phase == phase.id && worse.gate == after.gate);
            wire_gate(before, after, worse)
        });
        let (steps, gates): (Vec<Step<'_>>, Vec<Gate<'_>>) = (steps.collect(), gates.collect());
        if !steps.is_empty() || !gates.is_empty() {
            let (requires, risk) = (&phase.requires[..], phase.risk.as_str());
            phases.push(Phase { id: &phase.id, title: &phase.title, requires, risk, steps, gates });
        }
    }
    let untouched = built.untouched.iter().map(|file| Untouched {
        path: file.path.to_text(),
        line: file.position.line,
        column: file.position.column,
        message: &file.message,
        errors: file.errors,
    });
    let existing = built.existing.iter().map(|existing| ExistingWire {
        path: existing.path.to_text(),
        line: existing.position.line,
        column: existing.position.column,
        kind: existing.kind.code(),
        message: &existing.message,
    });
    let CycleFigures { modules, before, after } = built.cycles;
    let root = Root {
        format: "ssot-migrate plan report",
        version: VERSION,
        tool: env!("CARGO_PKG_VERSION"),
        plan: &plan.name,
        plan_digest: &plan.digest,
        base,
        threshold: threshold.word(),
        python_files: built.in_scope.python,
        typescript_files: built.in_scope.typescript,
        phases,
        untouched: untouched.collect(),
        existing: existing.collect(),
        cycles: Cycles { modules, before, after },
    };
    // Strings and numbers alone: nothing that could fail to serialise.
    plain::json(&serde_json::to_string_pretty(&root).unwrap_or_default()).into_owned() + "\n"
}

fn wire_step<'a>(step: &'a BuiltStep, threshold: Applicability, owners: &'a Owners) -> Step<'a> {
    Step {
        id: &step.step,
        title: &step.title,
        severity: step.severity.map(Severity::word),
        files: step.files.iter().map(wire_file).collect(),
        not_touched: Tally::of(step, threshold).left.into_iter().map(|(reason, times)| (reason.code(), times)).collect(),
        findings: step.findings.iter().map(|finding| wire_finding(finding, threshold, owners)).collect(),
    }
}

fn wire_gate<'a>(before: &Figure, after: &'a Figure, worse: Option<&'a Worse>) -> Gate<'a> {
    let counts = before.count().zip(after.count());
    Gate {
        id: &after.gate,
        metric: after.metric,
        before: counts.map(|(before, _)| before.all()),
        after: counts.map(|(_, after)| after.all()),
        service: counts.map(|(before, after)| Change { before: before.service, after: after.service }),
        tests: counts.map(|(before, after)| Change { before: before.tests, after: after.tests }),
        max: after.limit.max,
        part: after.limit.part.word(),
        passes: after.passes(),
        warning: warning(after),
        worse: worse.map(|worse| worse.new.iter().map(PlaceWire::of).collect()),
    }
}

fn wire_file(delta: &FileDelta) -> File {
    File {
        path: delta.path.to_text(),
        moved_from: delta.moved_from.as_ref().map(|path| path.to_text()),
        before: delta.before.as_ref().map(|content| content.blob.to_string()),
        after: delta.after.as_ref().map(|content| content.blob.to_string()),
    }
}

fn wire_finding<'a>(finding: &'a Finding, threshold: Applicability, owners: &'a Owners) -> FindingWire<'a> {
    let (outcome, applicability, reason) = match &finding.outcome {
        Outcome::Fix(fix) if fix.applicability >= threshold => ("fixed", Some(fix.applicability.word()), fix.reason),
        Outcome::Fix(fix) => ("review", Some(fix.applicability.word()), fix.reason),
        Outcome::Left(reason) => ("left", None, Some(*reason)),
    };
    let evidence = finding.evidence.iter().map(|Evidence { role, at, text }| EvidenceWire {
        role,
        path: at.as_ref().map(|(path, _)| path.to_text()),
        line: at.as_ref().map(|(_, line)| *line),
        text,
    });
    FindingWire {
        path: finding.place.path.to_text(),
        line: finding.place.position.line,
        column: finding.place.position.column,
        message: &finding.message,
        outcome,
        applicability,
        reason: reason.map(|reason| reason.code()),
        explanation: reason.map(|reason| reason.explain()),
        suggestion: finding.suggestion().filter(|_| outcome != "fixed"),
        owners: owners.owners(&finding.place.path),
        spelling: finding.spelling.map(|spelling| Spelling { form: spelling.form.word(), traits: spelling.traits().collect() }),
        evidence: evidence.collect(),
    }
}
