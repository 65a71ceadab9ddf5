//! How a plan, or one of its phases, wants its commits: what each has, how many files at most, and what its message says.

use super::template::Template;
use crate::transform::wire::{Problem, Table};

/// What a commit has.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Grouping {
    /// A step.
    #[default]
    Step,
    /// All steps of a phase.
    Phase,
    /// What a step does to the files of one owner.
    Owner,
    /// What a step does to the files of one folder.
    Directory,
}

impl Grouping {
    /// All of them, by their words.
    pub const ALL: [(&'static str, Grouping); 4] =
        [("step", Grouping::Step), ("phase", Grouping::Phase), ("owner", Grouping::Owner), ("directory", Grouping::Directory)];
}

/// How commits are made, as far as somebody has said so.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Style {
    /// What a commit has.
    pub grouping: Option<Grouping>,
    /// How many files a commit may have.
    pub max_files: Option<usize>,
    /// The message.
    pub message: Option<Template>,
}

impl Style {
    /// Reads the keys `commit`, `max_files` and `message` of a plan or phase.
    pub fn read(table: &Table<'_>) -> Self {
        let grouping = table.choice("commit", &Grouping::ALL);
        let max_files = table.number("max_files");
        if let Some(number) = &max_files {
            let problem = |message: &str| Problem::new(&number.origin, message);
            if number.value == 0 {
                table.problem(
                    problem("`max_files` must be at least 1").hint("without it, a commit may have any number of files"),
                );
            } else if grouping == Some(Grouping::Phase) {
                let problem = problem("`max_files` divides steps, and `commit = \"phase\"` joins them");
                table.problem(problem.hint("leave one of the two out"));
            }
        }
        let max_files = max_files.and_then(|number| usize::try_from(number.value).ok()).filter(|number| *number > 0);
        Self { grouping, max_files, message: Template::read(table, "message") }
    }

    /// These wishes, and where there are none, others.
    #[must_use]
    pub fn or(&self, other: &Style) -> Style {
        Style {
            grouping: self.grouping.or(other.grouping),
            max_files: self.max_files.or(other.max_files),
            message: self.message.clone().or_else(|| other.message.clone()),
        }
    }
}
