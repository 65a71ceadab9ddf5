//! A built plan for people: what each step does, what waits for a look, what is left and why.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Report, Tally, clean, count, gates, line, number, source_files, still_used, summary};
use crate::plan::build::{Built, BuiltStep, count_files};
use crate::plan::cycles::CycleFigures;
use crate::plan::faults::ExistingKind;
use crate::plan::gate::worse;
use crate::text::words::more;
use crate::transform::finding::{Applicability, Evidence, Finding, Outcome, Reason};

/// How many places are shown of each kind; all of them are in the JSON report.
const SHOWN: usize = 5;

/// Renders the report.
pub fn render(report: &Report<'_>) -> String {
    let Report { plan, built, base, threshold } = report;
    let mut out = String::new();
    line(&mut out, format!("Plan {} for {base}: {} in scope", plan.name, source_files(built.in_scope)));
    let width = built.steps.iter().map(|step| step.step.chars().count()).max().unwrap_or_default();
    for phase in &plan.phases {
        let mut steps = built.steps.iter().filter(|step| step.phase == phase.id).peekable();
        let figures = built.figures.iter().filter(|figures| figures.phase == phase.id);
        let mut gates = figures.flat_map(|figures| &figures.gates).peekable();
        if steps.peek().is_some() || gates.peek().is_some() {
            line(&mut out, format!("\n{}{}{}", phase.id, if phase.title.is_empty() { "" } else { ": " }, clean(&phase.title)));
        }
        for step in steps {
            line(&mut out, format!("  {:width$}  {}", step.step, outline(step, *threshold)));
        }
        for (before, after) in gates {
            line(&mut out, format!("  gate {}", gates::change(before, after)));
            gates::doubt(&mut out, "    ", after);
        }
    }
    worse(&mut out, built);
    waiting(&mut out, built, *threshold);
    left(&mut out, built);
    untouched(&mut out, built);
    before(&mut out, built);
    let files = count_files(&built.steps);
    line(&mut out, String::new());
    line(
        &mut out,
        match files {
            0 => "Nothing to change.".to_owned(),
            _ => format!(
                "{} in {}.",
                count(files, "changed file"),
                count(built.steps.iter().filter(|step| !step.files.is_empty()).count(), "step")
            ),
        },
    );
    out
}

/// The gates that are left worse than they are.
fn worse(out: &mut String, built: &Built) {
    let worse = worse::worse(&built.figures);
    if !worse.is_empty() {
        line(
            out,
            format!("\nWarning: apply refuses this, because it leaves gates worse than they are:\n{}", gates::refusal(&worse)),
        );
    }
}

fn outline(step: &BuiltStep, threshold: Applicability) -> String {
    let tally = Tally::of(step, threshold);
    let mut text = summary(step, threshold);
    if tally.waiting > 0 {
        let _ = write!(text, "; {} for review", number(tally.waiting));
    }
    if let Some(not_touched) = tally.not_touched() {
        let _ = write!(text, "; {not_touched}");
    }
    text
}

/// The fixes that are likely right and not proved, with what they rest on.
fn waiting(out: &mut String, built: &Built, threshold: Applicability) {
    let mut groups: BTreeMap<(&str, String), Vec<&Finding>> = BTreeMap::new();
    for finding in built.steps.iter().flat_map(|step| &step.findings) {
        if let Outcome::Fix(fix) = &finding.outcome
            && fix.applicability < threshold
        {
            let reason = fix.reason.map(Reason::explain).unwrap_or("the plan asks for a look");
            groups.entry((reason, clean(&finding.message))).or_default().push(finding);
        }
    }
    if groups.is_empty() {
        return;
    }
    let total: usize = groups.values().map(Vec::len).sum();
    line(
        out,
        format!(
            "\n{} for review: likely right, not proved. --review takes them.",
            count(total, "fix").replace("fixs", "fixes")
        ),
    );
    for ((reason, message), findings) in groups {
        line(out, format!("  {message}\n    {reason}: {}", count(findings.len(), "place")));
        for evidence in findings
            .iter()
            .flat_map(|finding| &finding.evidence)
            .take(SHOWN)
            .collect::<Vec<_>>()
            .iter()
            .fold(Vec::new(), unique)
        {
            line(out, format!("    {}", show(evidence)));
        }
        places(out, &findings);
    }
}

fn unique<'e>(mut seen: Vec<&'e Evidence>, evidence: &&'e Evidence) -> Vec<&'e Evidence> {
    if !seen.contains(evidence) {
        seen.push(evidence);
    }
    seen
}

fn show(evidence: &Evidence) -> String {
    let place = evidence.at.as_ref().map(|(path, line)| format!("{path}:{line}: ")).unwrap_or_default();
    format!("{:<5} {place}{}", evidence.role, clean(&evidence.text))
}

/// What is left for a person, by reason.
fn left(out: &mut String, built: &Built) {
    let mut groups: BTreeMap<Reason, Vec<&Finding>> = BTreeMap::new();
    for finding in built.steps.iter().flat_map(|step| &step.findings) {
        if let Outcome::Left(reason) = finding.outcome {
            groups.entry(reason).or_default().push(finding);
        }
    }
    if groups.is_empty() {
        return;
    }
    line(out, "\nNot touched because …");
    for (reason, mut findings) in groups {
        // Several steps can leave the same place.
        findings.sort_by_key(|finding| (&finding.place, &finding.message));
        findings.dedup_by_key(|finding| (&finding.place, &finding.message));
        line(out, format!("  {} ({}): {}", reason.explain(), reason.code(), count(findings.len(), "place")));
        places(out, &findings);
    }
}

fn places(out: &mut String, findings: &[&Finding]) {
    // Several findings on one line of a file are one line here.
    let mut lines: Vec<(String, usize)> = Vec::new();
    for finding in findings {
        let text = format!("    {}{}", finding.place, particulars(finding));
        match lines.last_mut() {
            Some((last, times)) if *last == text => *times += 1,
            _ => lines.push((text, 1)),
        }
    }
    for (text, times) in lines.iter().take(SHOWN) {
        line(out, if *times > 1 { format!("{text} ({times} times)") } else { text.clone() });
    }
    let hidden: usize = lines.iter().skip(SHOWN).map(|(_, times)| times).sum();
    if let Some(more) = more(hidden, 0) {
        line(out, format!("    {more}; --format json lists all"));
    }
}

/// What a person needs to know about one place beside the reason it shares with others.
fn particulars(finding: &Finding) -> String {
    match &finding.outcome {
        Outcome::Left(Reason::StillReferenced | Reason::MigrationTest) => {
            still_used(finding).map(|used| format!(": {}, {used}", clean(&finding.message))).unwrap_or_default()
        }
        Outcome::Left(Reason::ImportCycle | Reason::ModuleNeeded) => {
            let story = finding.evidence.iter().find(|evidence| matches!(evidence.role, "cycle" | "needs"));
            story.map(|story| format!(": {}", clean(&story.text))).unwrap_or_default()
        }
        // What the plan itself says of the place.
        Outcome::Left(Reason::Banned | Reason::ForPerson) => format!(": {}", clean(&finding.message)),
        _ => String::new(),
    }
}

fn untouched(out: &mut String, built: &Built) {
    if built.untouched.is_empty() {
        return;
    }
    line(
        out,
        format!(
            "\n{} looked at and not edited, because {} not parse:",
            count(built.untouched.len(), "file"),
            if built.untouched.len() == 1 { "it does" } else { "they do" }
        ),
    );
    for file in &built.untouched {
        line(out, format!("  {}:{}: {}", file.path, file.position.line, clean(&file.message)));
    }
}

/// What was broken before, counted: `2 unresolved imports, 1 syntax error`; nothing where nothing was.
pub(super) fn broken_before(built: &Built) -> Option<String> {
    let mut counts: BTreeMap<ExistingKind, usize> = BTreeMap::new();
    for existing in &built.existing {
        *counts.entry(existing.kind).or_default() += 1;
    }
    let counts: Vec<String> = counts.into_iter().map(|(kind, times)| count(times, kind.noun())).collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

/// What was broken before, and how many modules lie on cycles.
fn before(out: &mut String, built: &Built) {
    if let Some(broken) = broken_before(built) {
        line(out, format!("\nBroken before, and not the plan's: {broken} (--format json lists them)"));
    }
    let CycleFigures { modules, before, after } = built.cycles;
    if before + after > 0 {
        let modules = count(modules, "module");
        line(
            out,
            format!(
                "\nOn import cycles, of the {modules} that the changed files load: {}, {} before",
                number(after),
                number(before)
            ),
        );
    }
}
