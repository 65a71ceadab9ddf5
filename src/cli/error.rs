//! What the user is told when a command cannot do what it should: what happened, why, and what to do next.

use std::io;

use crate::git::GitError;
use crate::plan::artefact::ArtefactError;
use crate::plan::build::BuildError;
use crate::text::plain;
use crate::text::snapshot::ReadError;
use crate::transform::wire::SpecError;

/// A command's failure.
#[derive(Debug)]
pub(super) struct CliError {
    cause: Box<Cause>,
    /// What else there is to know, in lines.
    more: String,
    hint: Option<String>,
}

#[derive(Debug)]
enum Cause {
    Spec(SpecError),
    Build(BuildError),
    Git(GitError),
    Artefact(ArtefactError),
    Io(String, io::Error),
    /// The command was given something it cannot work with.
    Usage(String),
    /// The answer is no.
    Refused(String),
}

impl CliError {
    pub fn usage(message: String) -> Self {
        Self { cause: Box::new(Cause::Usage(message)), more: String::new(), hint: None }
    }

    pub fn refused(message: String) -> Self {
        Self { cause: Box::new(Cause::Refused(message)), more: String::new(), hint: None }
    }

    pub fn io(what: impl Into<String>, error: io::Error) -> Self {
        Self { cause: Box::new(Cause::Io(what.into(), error)), more: String::new(), hint: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Why a plan was refused, if that is what happened.
    pub fn build(&self) -> Option<&BuildError> {
        match &*self.cause {
            Cause::Build(error) => Some(error),
            _ => None,
        }
    }

    /// Adds lines to what happened.
    #[must_use]
    pub fn with(mut self, more: &str) -> Self {
        self.more = format!("{}\n{more}", self.more);
        self
    }

    /// 1 where the answer is no, 2 where there is none.
    pub fn code(&self) -> u8 {
        match &*self.cause {
            Cause::Refused(_) => 1,
            Cause::Artefact(error) if error.is_refusal() => 1,
            Cause::Git(error) if error.is_refusal() => 1,
            _ => 2,
        }
    }

    pub fn render(&self, colour: bool) -> String {
        let message = match &*self.cause {
            Cause::Spec(error) | Cause::Build(BuildError::Spec(error)) => {
                let hint = self.hint.as_ref().map(|hint| format!("\nhint: {}", plain::lines(hint))).unwrap_or_default();
                return error.render(colour).trim_end().to_owned() + &hint;
            }
            Cause::Build(error) => error.to_string(),
            Cause::Git(error) => error.to_string(),
            Cause::Artefact(error) => error.to_string(),
            Cause::Io(what, error) => format!("{what}: {error}"),
            Cause::Usage(message) | Cause::Refused(message) => message.clone(),
        };
        let hint = self.hint.clone().or_else(|| self.known_hint());
        let hint = hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        plain::lines(&format!("error: {message}{}{hint}", self.more)).into_owned()
    }

    fn known_hint(&self) -> Option<String> {
        let hint = match &*self.cause {
            Cause::Git(error) => return error.hint(),
            Cause::Build(BuildError::Unreadable(ReadError::MissingBlob { .. })) => {
                "this is a partial clone: fetch the content (`git checkout HEAD -- PATH`), or leave the file out with `exclude` in the plan's [scope]"
            }
            Cause::Build(BuildError::Breaks { .. }) => {
                "narrow the step with `include` or `exclude`, or mend these places first; nothing has been changed"
            }
            Cause::Build(BuildError::Overlap { .. }) => {
                "split the step in two, so that the second sees what the first has done"
            }
            Cause::Artefact(error) => error.hint(),
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

macro_rules! causes {
    ($($cause:ident($error:ty)),*) => {$(
        impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self { cause: Box::new(Cause::$cause(error)), more: String::new(), hint: None }
            }
        }
    )*};
}

causes!(Spec(SpecError), Build(BuildError), Git(GitError), Artefact(ArtefactError));

impl From<ReadError> for CliError {
    fn from(error: ReadError) -> Self {
        Self::from(BuildError::from(error))
    }
}
