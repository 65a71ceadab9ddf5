//! Layer 7: reports. One renderer a file; each takes data, mostly the same built plan, and returns text. Nothing here prints.

pub mod diff;
pub mod gates;
pub mod hunks;
pub mod json;
pub mod markdown;
mod markup;
pub mod page;
pub mod refs;
pub mod saved;
pub mod text;
pub mod why;

use std::collections::BTreeMap;

use crate::plan::build::{Built, BuiltStep, SourceFiles};
use crate::plan::spec::Plan;
use crate::text::plain;
use crate::text::words::{count, number};
use crate::transform::finding::{Applicability, Evidence, Finding, Form, Outcome, Reason};

/// A built plan, and what it was built for.
pub struct Report<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What was built.
    pub built: &'a Built,
    /// The files it was built for, in words: `main at 1a2b3c4`.
    pub base: String,
    /// The least sure fixes that were taken.
    pub threshold: Applicability,
}

/// A step's findings, counted.
#[derive(Default, Debug)]
struct Tally {
    /// Import statements that are rewritten.
    statements: usize,
    /// Other fixes that are made.
    others: usize,
    /// Fixes that wait for `--review`.
    waiting: usize,
    /// What is left, by reason.
    left: BTreeMap<Reason, usize>,
}

impl Tally {
    fn of(step: &BuiltStep, threshold: Applicability) -> Self {
        let mut tally = Self::default();
        for finding in &step.findings {
            match &finding.outcome {
                Outcome::Fix(fix) if fix.applicability < threshold => tally.waiting += 1,
                Outcome::Fix(_) => match finding.spelling.map(|spelling| spelling.form) {
                    Some(Form::FromImport | Form::Import | Form::Star) => tally.statements += 1,
                    _ => tally.others += 1,
                },
                Outcome::Left(reason) => *tally.left.entry(*reason).or_default() += 1,
            }
        }
        tally
    }

    /// `not touched because 25 in-string, 1 target-chain`, the most frequent reason first; nothing where nothing is left.
    fn not_touched(&self) -> Option<String> {
        let mut left: Vec<(&Reason, &usize)> = self.left.iter().collect();
        left.sort_by_key(|&(reason, times)| (std::cmp::Reverse(times), reason));
        let reasons: Vec<String> =
            left.iter().map(|(reason, times)| format!("{} {}", number(**times), reason.code())).collect();
        (!reasons.is_empty()).then(|| format!("not touched because {}", reasons.join(", ")))
    }
}

/// Numbers of source files, in words.
fn source_files(files: SourceFiles) -> String {
    match (files.python, files.typescript) {
        (python, 0) => count(python, "Python file"),
        (0, typescript) => count(typescript, "TypeScript file"),
        (python, typescript) => format!("{} Python and {}", number(python), count(typescript, "TypeScript file")),
    }
}

/// Adds a line to a text.
fn line(out: &mut String, text: impl AsRef<str>) {
    out.push_str(text.as_ref());
    out.push('\n');
}

/// Text from the repository on a line of a report.
pub fn clean(text: &str) -> String {
    plain::line(text).into_owned()
}

/// Who keeps a definition or module from going: `still used 3 times, first at app.py:1`; nothing where that is not the reason.
fn still_used(finding: &Finding) -> Option<String> {
    let is_definition = finding.spelling.is_some_and(|spelling| spelling.form == Form::Definition);
    let is_blocker = |evidence: &&Evidence| match finding.outcome {
        Outcome::Left(Reason::StillReferenced) => !matches!(evidence.role, "from" | "to" | "via"),
        Outcome::Left(Reason::MigrationTest) => is_definition && !matches!(evidence.role, "from" | "to" | "via"),
        _ => false,
    };
    let blockers = finding.evidence.iter().filter(is_blocker).filter_map(|evidence| evidence.at.as_ref());
    let blockers: Vec<_> = blockers.collect();
    let (path, line) = blockers.first()?;
    Some(format!("still used {}, first at {path}:{line}", count(blockers.len(), "time")))
}

/// What a step does, in words: `527 statements in 514 files`.
pub fn summary(step: &BuiltStep, threshold: Applicability) -> String {
    let tally = Tally::of(step, threshold);
    let gone = step.files.iter().filter(|file| file.after.is_none()).count();
    let moved = step.files.iter().filter(|file| file.moved_from.is_some()).count();
    let edited = step.files.len() - gone - moved;
    let mut parts = Vec::new();
    if edited > 0 {
        let what = match (tally.statements, tally.others) {
            // A move is one finding with edits in many files.
            _ if moved > 0 => "edits".to_owned(),
            (0, others) => count(others, "edit"),
            (statements, 0) => count(statements, "import"),
            (statements, others) => format!("{} and {}", count(statements, "import"), count(others, "other edit")),
        };
        parts.push(format!("{what} in {}", count(edited, "file")));
    }
    if moved > 0 {
        parts.push(format!("{} moved", count(moved, "file")));
    }
    if gone > 0 {
        parts.push(format!("{} deleted", count(gone, "file")));
    }
    if parts.is_empty() { "nothing to change".to_owned() } else { parts.join(", ") }
}
