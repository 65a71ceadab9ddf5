//! References that keep commits alive which a rollback may need: those of the tool as it made them, whatever a rebase, an amend or a squash
//! merge has made of them since. They are below `refs/ssot-migrate/`, one for each row of commits; git neither shows nor pushes them by
//! itself, and its garbage collection leaves what they reach.

use git2::{ErrorCode, Oid};

use super::commit::Unpublished;
use super::history::trailer;
use super::{GitError, Repo, history};

/// The folder of the references.
const KEPT: &str = "refs/ssot-migrate/kept/";

impl Repo {
    /// Keeps a row of commits.
    ///
    /// # Errors
    /// git fails.
    pub(super) fn keep(&self, work: &Unpublished) -> Result<(), GitError> {
        let (name, tip) = (name(work.tip()), work.tip());
        match self.inner.reference(&name, tip, false, "ssot-migrate: kept for a rollback") {
            Err(error) if error.code() != ErrorCode::Exists => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Forgets a row of commits that has come to nothing.
    pub(super) fn let_go(&self, tip: Oid) {
        // One that stays keeps a few objects too many.
        if let Ok(mut reference) = self.inner.find_reference(&name(tip)) {
            let _ = reference.delete();
        }
    }

    /// The kept commit of a step of a plan with this digest.
    ///
    /// # Errors
    /// git fails.
    pub fn kept(&self, plan: &str, wanted: &history::Entry) -> Result<Option<Oid>, GitError> {
        for reference in self.inner.references_glob(&format!("{KEPT}*"))? {
            let mut next = reference?.peel_to_commit().ok();
            // A row begins on a commit that is not the tool's.
            while let Some(commit) = next {
                let message = String::from_utf8_lossy(commit.message_raw_bytes()).into_owned();
                if !message.contains(trailer::PLAN) {
                    break;
                }
                let is_it = |entry: &history::Entry| {
                    entry.undoes.is_none()
                        && (&entry.phase, &entry.step, &entry.digest) == (&wanted.phase, &wanted.step, &wanted.digest)
                };
                if history::entries(commit.id(), &message, plan).iter().any(is_it) {
                    return Ok(Some(commit.id()));
                }
                next = commit.parent(0).ok();
            }
        }
        Ok(None)
    }
}

fn name(tip: Oid) -> String {
    format!("{KEPT}{tip}")
}
