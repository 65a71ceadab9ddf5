//! The metric `command`: 0 where a program ends well, 1 where it does not. It is only described here; who runs it, and whether, is the
//! command line's to say.

use std::time::Duration;

use crate::transform::wire::{Problem, Table};

/// How long a program may run where the gate does not say.
const TIMEOUT: Duration = Duration::from_secs(600);

/// A program and its arguments.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// The program and its arguments; at least the program. No shell reads them.
    pub run: Vec<String>,
    /// How long it may run.
    pub timeout: Duration,
}

impl Command {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        const HINT: &str = "`run` is a list such as [\"python3\", \"-m\", \"pytest\", \"-q\"]; no shell reads it";
        if !table.has("run") {
            table.problem(Problem::new(table.origin(), "`run` is missing").hint(HINT));
        }
        let words = table.strings("run");
        let timeout = table.number("timeout").map_or(TIMEOUT, |seconds| Duration::from_secs(seconds.value));
        let first = words.first()?;
        // One word with blanks is a line for a shell.
        if first.value.trim().is_empty() || (words.len() == 1 && first.value.contains(char::is_whitespace)) {
            table.problem(Problem::new(&first.origin, format!("`{}` is not a program", first.value)).hint(HINT));
            return None;
        }
        if let Some(nul) = words.iter().find(|word| word.value.contains('\0')) {
            table.problem(Problem::new(&nul.origin, "an argument cannot hold a NUL"));
            return None;
        }
        Some(Self { run: words.into_iter().map(|word| word.value).collect(), timeout })
    }

    /// The words, as one would type them.
    pub fn spelled(&self) -> String {
        self.run.join(" ")
    }
}
