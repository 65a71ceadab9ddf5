//! References that keep commits alive which a rollback may need: those of the tool as it made them, whatever a rebase, an amend or a squash
//! merge has made of them since. They are below `refs/ssot-migrate/`, one for each row of commits; git neither shows nor pushes them by
//! itself, and its garbage collection leaves what they reach.

use std::fs;
use std::path::Path;

use git2::Oid;

use super::trailer;
use crate::git::publish::sync;
use crate::git::{GitError, Repo, io, journal};

/// The folder of the references.
const KEPT: &str = "refs/ssot-migrate/kept/";

impl Repo {
    /// Keeps the row of commits that ends with one.
    ///
    /// # Errors
    /// The file system fails.
    pub(in crate::git) fn keep(&self, tip: Oid, staging: &Path) -> Result<(), GitError> {
        let path = self.inner.commondir().join(format!("{KEPT}{tip}"));
        if path.exists() {
            return Ok(());
        }
        let (sharing, folder) = (self.sharing()?, path.parent().unwrap_or(&path));
        let mut changed = sharing.make_folder(folder).map_err(io(folder))?;
        changed.push(folder.to_owned());
        // Nobody else makes a reference of this name, so that it needs no lock: it is there as a whole, or not at all.
        let draft = staging.join("kept");
        fs::write(&draft, format!("{tip}\n")).and_then(|()| sharing.give(&draft)).map_err(io(&draft))?;
        sync(std::slice::from_ref(&draft))?;
        fs::rename(&draft, &path).map_err(io(&path))?;
        sync(&changed)
    }

    /// The kept commits that say of themselves that they did what an entry of a plan's journal did.
    ///
    /// # Errors
    /// git fails.
    pub(super) fn kept(&self, plan: &str, wanted: &journal::Entry) -> Result<Vec<Oid>, GitError> {
        let is_it = |entry: &journal::Entry| {
            let named = |entry: &journal::Entry| (entry.phase.clone(), entry.step.clone(), entry.digest.clone());
            entry.undoes.is_none() && named(entry) == named(wanted)
        };
        let mut found = Vec::new();
        for reference in self.inner.references_glob(&format!("{KEPT}*"))? {
            let mut next = reference?.peel_to_commit().ok();
            // A row begins on a commit that is not the tool's.
            while let Some(commit) = next {
                let message = String::from_utf8_lossy(commit.message_raw_bytes()).into_owned();
                if !message.contains(trailer::PLAN) {
                    break;
                }
                if journal::entries(commit.id(), &message, plan).iter().any(is_it) {
                    found.push(commit.id());
                }
                next = commit.parent(0).ok();
            }
        }
        Ok(found)
    }
}
