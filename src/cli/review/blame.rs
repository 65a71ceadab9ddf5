//! Which answers a plan rested on that was refused.

use std::collections::BTreeSet;

use super::super::error::CliError;
use crate::plan::build::{BuildError, StepName};
use crate::plan::choice::{Asked, Verdict};
use crate::text::path::RepoPath;
use crate::text::words::first;
use crate::transform::finding::Outcome;

/// How many answers are shown, at most.
const SHOWN: usize = 10;

/// The answers that hold in a run, in order.
#[derive(Default)]
pub(super) struct Given {
    all: Vec<Answer>,
}

struct Answer {
    at: StepName,
    place: String,
    /// What the fix changes.
    paths: BTreeSet<RepoPath>,
    said: &'static str,
}

impl Given {
    /// Takes down what was answered.
    pub fn add(&mut self, asked: &Asked<'_>, verdict: &Verdict) {
        let said = match verdict {
            Verdict::Take => "accepted",
            Verdict::Instead(_) => "edited by hand",
            Verdict::Reject => "rejected",
            Verdict::Later => return,
        };
        for finding in asked.fixes {
            let Outcome::Fix(fix) = &finding.outcome else { continue };
            let paths = fix.change.files().keys().cloned().collect();
            self.all.push(Answer { at: asked.at.clone(), place: finding.place.to_string(), paths, said });
        }
    }

    /// The error, with the answers that it may come from: those on the files that are named, or else all of the step.
    pub fn explain(&self, error: CliError) -> CliError {
        let blamed = error.build().map(|error| self.blamed(error)).unwrap_or_default();
        if blamed.is_empty() {
            return error;
        }
        let mut text = "as was answered in an interactive review:".to_owned();
        let line = |answer: &&Answer| format!("{}: {}", answer.place, answer.said);
        text.extend(first(&blamed, SHOWN, line).iter().map(|line| format!("\n  {line}")));
        error.with(&text).hint("nothing has been changed; `apply -i --ask-again` asks about all again")
    }

    fn blamed(&self, error: &BuildError) -> Vec<&Answer> {
        let (at, paths): (&StepName, BTreeSet<&RepoPath>) = match error {
            BuildError::Breaks { at, violations } => (at, violations.iter().map(|violation| &violation.path).collect()),
            BuildError::Overlap { at, first, second, .. } => (at, [&first.path, &second.path].into()),
            BuildError::DoesNotConverge { at, place, .. } => (at, [&place.path].into()),
            _ => return Vec::new(),
        };
        let of_step: Vec<&Answer> = self.all.iter().filter(|answer| answer.at == *at).collect();
        let is_near = |answer: &&Answer| answer.paths.iter().any(|path| paths.contains(path));
        let near: Vec<&Answer> = of_step.iter().copied().filter(is_near).collect();
        if near.is_empty() { of_step } else { near }
    }
}
