//! What a transform finds: a place, the evidence, and either a fix or the reason why a person must decide.

mod reason;
mod spelling;

use std::fmt;

pub use reason::Reason;
pub use spelling::{Form, Spelling};

use crate::text::change::SourceChange;
use crate::text::path::RepoPath;
use crate::text::span::{Position, Span};

/// One thing that a transform found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// What, in one sentence without a full stop.
    pub message: String,
    /// How the reference is spelled, where the finding is one.
    pub spelling: Option<Spelling>,
    /// What the finding rests on.
    pub evidence: Vec<Evidence>,
    /// What follows.
    pub outcome: Outcome,
}

/// A place in a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The file.
    pub path: RepoPath,
    /// The bytes.
    pub span: Span,
    /// The line and column of the first byte.
    pub position: Position,
}

/// A fact that a finding rests on: what stands at some place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// What it says about the finding, such as `from` or `via`.
    pub role: &'static str,
    /// The file and line, where there is one.
    pub at: Option<(RepoPath, u32)>,
    /// The symbol or the definition's header.
    pub text: String,
}

/// What follows from a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A change would settle it.
    Fix(Fix),
    /// A person must decide, for this reason.
    Left(Reason),
}

/// A change that settles a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// How sure it is.
    pub applicability: Applicability,
    /// Why it is not surer than that.
    pub reason: Option<Reason>,
    /// The change.
    pub change: SourceChange,
    /// What it has to do with other fixes of its step.
    pub bond: Bond,
}

/// How the fixes of a step depend on one another: one that needs a key is made only if all fixes that settle the key are made.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Bond {
    /// The keys that the fix settles, in part or in full.
    pub settles: Vec<String>,
    /// The keys that it needs.
    pub needs: Vec<String>,
}

impl Fix {
    /// A fix that is safe unless there is a reason why not.
    pub fn judged(reason: Option<Reason>, change: SourceChange) -> Self {
        let applicability = if reason.is_none() { Applicability::Safe } else { Applicability::Review };
        Self::new(applicability, reason, change)
    }

    /// A fix that depends on no other.
    pub fn new(applicability: Applicability, reason: Option<Reason>, change: SourceChange) -> Self {
        Self { applicability, reason, change, bond: Bond::default() }
    }
}

/// How sure a fix is, from less to more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Applicability {
    /// Likely right: look at it.
    Review,
    /// Proved.
    Safe,
}

impl Applicability {
    /// The word that plans and reports use.
    pub fn word(self) -> &'static str {
        match self {
            Applicability::Review => "review",
            Applicability::Safe => "safe",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.position.line)
    }
}
