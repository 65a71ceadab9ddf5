//! The messages of the commits that carry a plan out: what was done, what is left, and the trailers that make the history a journal.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::build::BuiltStep;
use super::delta::{Content, FileDelta};
use super::spec::Plan;
use crate::text::path::RepoPath;
use crate::transform::finding::{Applicability, Outcome};
use crate::transform::wire::{Origin, Problem, Table};

/// The longest subject that git's tools show whole.
const SUBJECT_LENGTH: usize = 72;

/// The names of the trailers.
const TRAILERS: [&str; 6] = ["Ssot-Plan", "Ssot-Phase", "Ssot-Step", "Ssot-Digest", "Ssot-Part", "Ssot-Reverts"];

/// Refuses texts of a plan that a commit's message would quote and that would be read there as the tool's own: lines that begin like a
/// trailer (the journal is read from those), and git's word for what a revert undoes.
pub fn check(table: &Table<'_>, origin: &Origin, texts: &[&str]) {
    let is_forged = |line: &&str| {
        let key = line.trim_start().split(':').next().unwrap_or_default();
        TRAILERS.iter().any(|name| name.eq_ignore_ascii_case(key.trim_end())) || line.contains("This reverts commit ")
    };
    if let Some(line) = texts.iter().flat_map(|text| text.lines()).find(is_forged) {
        let problem =
            Problem::new(origin, format!("`{}` would be read in a commit as what the tool itself writes", line.trim()));
        table.problem(problem.hint("say it in other words: which steps have been applied is read from such lines"));
    }
}

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
    let trailers = trailers(plan, &step.phase, &step.step, "Ssot-Digest", &digest(&step.files));
    // A commit's message ends at a NUL.
    format!("{}\n\n{}\n\n{trailers}", subject(title), body.join("\n")).replace('\0', "\u{fffd}")
}

/// The message of the commit that undoes the commit of one step, or of several; `commit` is its id.
pub fn revert(plan: &Plan, steps: &[(&str, &str)], commit: &str, has_conflicts: bool) -> String {
    let title = match steps {
        [(phase, step)] => plan
            .phase(phase)
            .and_then(|phase| phase.steps.iter().find(|other| other.id == *step))
            .map(|step| step.title.clone())
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| (*step).to_owned()),
        _ => {
            let phases: BTreeSet<&str> = steps.iter().map(|(phase, _)| *phase).collect();
            phases.into_iter().collect::<Vec<_>>().join(", ")
        }
    };
    let lead = if has_conflicts { "Conflicts: roll back" } else { "Roll back" };
    let body: String = steps.iter().map(|(phase, step)| format!("Rolls back phase {phase}, step {step}.\n")).collect();
    let trailers: String = steps.iter().map(|(phase, step)| trailers(plan, phase, step, "Ssot-Reverts", commit)).collect();
    format!("{}\n\n{body}\n{trailers}", subject(&format!("{lead}: {title}")))
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

/// A digest of what a change does, in hexadecimal digits: for each file the lines that it loses and gains. Like git's patch ids it
/// does not depend on what else is in the files, so that it survives a rebase; and it tells a commit that does something else.
pub fn digest(files: &[FileDelta]) -> String {
    let mut sides: BTreeMap<&RepoPath, (Option<&Content>, Option<&Content>)> = BTreeMap::new();
    for file in files {
        sides.entry(file.moved_from.as_ref().unwrap_or(&file.path)).or_default().0 = file.before.as_ref();
        sides.entry(&file.path).or_default().1 = file.after.as_ref();
    }
    let mut digest = Sha256::new();
    for (path, (before, after)) in sides {
        digest.update(path.as_bytes());
        let mut lines: BTreeMap<&[u8], i64> = BTreeMap::new();
        for (content, count) in [(before, -1), (after, 1)] {
            digest.update([0]);
            digest.update(content.map_or("", |content| content.mode.octal()));
            for line in content.iter().flat_map(|content| content.bytes.split_inclusive(|&byte| byte == b'\n')) {
                *lines.entry(line).or_default() += count;
            }
        }
        for (line, count) in lines.into_iter().filter(|(_, count)| *count != 0) {
            digest.update(count.to_le_bytes());
            digest.update((line.len() as u64).to_le_bytes());
            digest.update(line);
        }
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::blob::{BlobId, Mode};

    fn delta(path: &str, before: &str, after: &str) -> FileDelta {
        let content = |text: &str| {
            (!text.is_empty()).then(|| Content {
                blob: BlobId::of(text.as_bytes()),
                mode: Mode::Regular,
                bytes: text.as_bytes().into(),
            })
        };
        FileDelta { path: RepoPath::new(path).unwrap(), moved_from: None, before: content(before), after: content(after) }
    }

    #[test]
    fn a_digest_is_of_what_changes_alone() {
        let step = digest(&[delta("a", "1\n2\n3\n", "1\nx\n3\n")]);
        assert_eq!(digest(&[delta("a", "0\n1\n2\n3\n", "0\n1\nx\n3\n")]), step, "rebased");
        assert_ne!(digest(&[delta("a", "1\n2\n3\n", "1\nx\n4\n")]), step, "amended");
        assert_ne!(digest(&[delta("b", "1\n2\n3\n", "1\nx\n3\n")]), step, "another file");
        assert_ne!(digest(&[delta("a", "1\n2\n3\n", "1\nx\n3\n"), delta("b", "", "1\n")]), step, "a file more");
        let moved = FileDelta { moved_from: RepoPath::new("a"), ..delta("b", "1\n", "2\n") };
        assert_eq!(
            digest(&[moved]),
            digest(&[delta("a", "1\n", ""), delta("b", "", "2\n")]),
            "a move is a deletion and a file"
        );
    }

    #[test]
    fn a_subject_is_one_short_line() {
        assert_eq!(subject("Move\n it"), "Move it");
        let long = subject(&"word ".repeat(40));
        assert!(long.chars().count() <= SUBJECT_LENGTH && long.ends_with("word…"), "{long}");
    }
}
