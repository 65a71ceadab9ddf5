//! The forms that answers come in.

use clap::ValueEnum;

/// The form of a plan, made now or saved.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PlanFormat {
    /// A summary for people
    Text,
    /// A patch that `git apply` accepts
    Diff,
    /// Everything, for programs
    Json,
    /// A summary and a checklist of what is left, for a pull request
    Markdown,
}

/// The form of a list.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ListFormat {
    /// For people
    Text,
    /// Every place, for programs
    Json,
}
