//! The messages of the commits that carry a plan out: what was done, what is left, and the trailers that make the history a journal.

use sha2::{Digest, Sha256};

use super::build::BuiltStep;
use super::spec::Plan;
use crate::transform::finding::{Applicability, Outcome};

/// The longest subject that git's tools show whole.
const SUBJECT_LENGTH: usize = 72;

/// The message of the commit that makes a step; `summary` says what it does.
pub fn apply(plan: &Plan, step: &BuiltStep, summary: &str, threshold: Applicability) -> String {
    let phase = plan.phase(&step.phase);
    let title = if step.title.is_empty() { &step.step } else { &step.title };
    let phase_title = phase.map(|phase| phase.title.as_str()).filter(|title| !title.is_empty());
    let mut body = vec![format!(
        "Phase {}{}, step {}: {summary}.",
        step.phase,
        phase_title.map(|title| format!(" ({title})")).unwrap_or_default(),
        step.step
    )];
    if !step.why.is_empty() {
        body.push(step.why.trim().to_owned());
    }
    let left = step.findings.iter().filter(|finding| match &finding.outcome {
        Outcome::Left(_) => true,
        Outcome::Fix(fix) => fix.applicability < threshold,
    });
    match left.count() {
        0 => {}
        1 => body.push("1 place is left for a person.".to_owned()),
        left => body.push(format!("{left} places are left for a person.")),
    }
    let trailers = trailers(plan, &step.phase, &step.step, "Ssot-Digest", &digest(plan, step));
    format!("{}\n\n{}\n\n{trailers}", subject(title), body.join("\n"))
}

/// The message of the commit that undoes another.
pub fn revert(plan: &Plan, phase: &str, step: &str, commit: &str) -> String {
    let title = plan
        .phase(phase)
        .and_then(|phase| phase.steps.iter().find(|other| other.id == step))
        .map(|step| step.title.as_str())
        .filter(|title| !title.is_empty())
        .unwrap_or(step);
    let trailers = trailers(plan, phase, step, "Ssot-Reverts", commit);
    format!("{}\n\nRolls back phase {phase}, step {step}.\n\n{trailers}", subject(&format!("Roll back: {title}")))
}

fn trailers(plan: &Plan, phase: &str, step: &str, last: &str, value: &str) -> String {
    format!("Ssot-Plan: {}\nSsot-Phase: {phase}\nSsot-Step: {step}\n{last}: {value}\n", plan.name)
}

/// One line, cut at a word where it is too long.
fn subject(title: &str) -> String {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.chars().count() <= SUBJECT_LENGTH {
        return title;
    }
    let cut: String = title.chars().take(SUBJECT_LENGTH - 1).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", &cut[..end])
}

/// A digest of the plan and of what the step does to which contents, in hexadecimal digits.
fn digest(plan: &Plan, step: &BuiltStep) -> String {
    let mut digest = Sha256::new();
    digest.update(&plan.digest);
    digest.update([0]);
    for file in &step.files {
        digest.update(file.path.as_bytes());
        digest.update([0]);
        for content in [&file.before, &file.after] {
            match content {
                Some(content) => digest.update(content.blob.as_bytes()),
                None => digest.update([0; 20]),
            }
        }
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_short_line() {
        assert_eq!(subject("Move\n it"), "Move it");
        let long = subject(&"word ".repeat(40));
        assert!(long.chars().count() <= SUBJECT_LENGTH && long.ends_with("word…"), "{long}");
    }
}
