//! References that keep commits alive which a rollback may need: those of the tool as it made them, whatever a rebase, an amend or a squash
//! merge has made of them since. They are below `refs/ssot-migrate/`, one for each row of commits; git neither shows nor pushes them by
//! itself, and its garbage collection leaves what they reach.

use std::fs;
use std::path::Path;

use git2::Oid;

use super::history::trailer;
use super::pending::Record;
use super::{GitError, Repo, history};

/// The folder of the references.
const KEPT: &str = "refs/ssot-migrate/kept/";

impl Repo {
    /// Keeps the row of commits that a record is about.
    ///
    /// # Errors
    /// git fails, or somebody else holds the reference.
    pub(super) fn keep(&self, record: &Record, staging: &Path) -> Result<(), GitError> {
        let name = name(record.tip);
        let lock = self.lock_ref(&name, record, staging)?;
        match self.target(&name)? {
            Some(_) => Ok(()),
            None => self.put_ref(&name, lock),
        }
    }

    /// Forgets a row of commits that has come to nothing.
    pub(super) fn let_go(&self, tip: Oid) {
        // One that stays keeps a few objects too many. It has just been made, so it is a file; of its folders those go that are empty.
        let file = self.inner.commondir().join(name(tip));
        let _ = fs::remove_file(&file);
        file.ancestors().skip(1).take(KEPT.matches('/').count() - 1).for_each(|folder| drop(fs::remove_dir(folder)));
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
                // A commit that others were squashed into says so as well, and does more.
                let at = history::Entry { commit: commit.id(), ..wanted.clone() };
                if history::entries(commit.id(), &message, plan).iter().any(is_it) && self.unaltered(&at)?.is_some() {
                    return Ok(Some(commit.id()));
                }
                next = commit.parent(0).ok();
            }
        }
        Ok(None)
    }
}

/// The name of the reference that keeps a row of commits.
pub(super) fn name(tip: Oid) -> String {
    format!("{KEPT}{tip}")
}
