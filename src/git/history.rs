//! The commits' trailers as journal: which steps of a plan have been applied and which have been rolled back.
//!
//! Nothing is remembered outside the history, so a colleague's clone and CI know what this clone knows. A rollback names the
//! commit that it undoes, but it is matched by phase and step, which survive a rebase.

use std::collections::BTreeMap;

use git2::{Oid, Sort};

use super::{GitError, Repo};

/// The names of the trailers.
pub mod trailer {
    /// The plan's name.
    pub const PLAN: &str = "Ssot-Plan";
    /// The phase's id.
    pub const PHASE: &str = "Ssot-Phase";
    /// The step's id.
    pub const STEP: &str = "Ssot-Step";
    /// The digest of what the step did.
    pub const DIGEST: &str = "Ssot-Digest";
    /// The commit that this one undoes.
    pub const REVERTS: &str = "Ssot-Reverts";
}

/// What one commit says about itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The commit.
    pub commit: Oid,
    /// The phase's id.
    pub phase: String,
    /// The step's id.
    pub step: String,
    /// Whether it undoes the step.
    pub is_revert: bool,
}

/// How far the steps of a plan have come.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Journal {
    /// For each phase and step, the commits that applied it and have not been undone, oldest first; empty once all have been.
    steps: BTreeMap<(String, String), Vec<Oid>>,
    /// The order of the applying commits that stand, oldest first.
    order: Vec<Entry>,
}

impl Repo {
    /// Reads the journal of a plan from all commits that a commit can reach.
    ///
    /// # Errors
    /// git fails.
    pub fn journal(&self, tip: Oid, plan: &str) -> Result<Journal, GitError> {
        let mut walk = self.inner.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
        walk.push(tip)?;
        let mut journal = Journal::default();
        for id in walk {
            let commit = self.inner.find_commit(id?)?;
            let message = commit.message_raw_bytes();
            if memchr::memmem::find(message, trailer::PLAN.as_bytes()).is_some()
                && let Some(entry) = entry(commit.id(), message, plan)
            {
                journal.add(entry);
            }
        }
        Ok(journal)
    }
}

fn entry(commit: Oid, message: &[u8], plan: &str) -> Option<Entry> {
    let trailers = git2::message_trailers_bytes(message).ok()?;
    let get = |name: &str| {
        let found = trailers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))?;
        Some(String::from_utf8_lossy(found.1).trim().to_owned())
    };
    if get(trailer::PLAN)? != plan {
        return None;
    }
    Some(Entry { commit, phase: get(trailer::PHASE)?, step: get(trailer::STEP)?, is_revert: get(trailer::REVERTS).is_some() })
}

impl Journal {
    fn add(&mut self, entry: Entry) {
        let commits = self.steps.entry((entry.phase.clone(), entry.step.clone())).or_default();
        if entry.is_revert {
            if let Some(undone) = commits.pop() {
                self.order.retain(|other| other.commit != undone);
            }
        } else {
            commits.push(entry.commit);
            self.order.push(entry);
        }
    }

    /// Whether a step has been applied and not rolled back.
    pub fn is_applied(&self, phase: &str, step: &str) -> bool {
        self.steps.get(&(phase.to_owned(), step.to_owned())).is_some_and(|commits| !commits.is_empty())
    }

    /// Whether a step was applied and has been rolled back.
    pub fn is_rolled_back(&self, phase: &str, step: &str) -> bool {
        self.steps.get(&(phase.to_owned(), step.to_owned())).is_some_and(Vec::is_empty)
    }

    /// Whether any step of a phase has been applied and not rolled back.
    pub fn has_phase(&self, phase: &str) -> bool {
        self.order.iter().any(|entry| entry.phase == phase)
    }

    /// The commits of a phase that stand, newest first.
    pub fn commits_of(&self, phase: &str) -> impl Iterator<Item = &Entry> {
        self.order.iter().rev().filter(move |entry| entry.phase == phase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(messages: &[&str]) -> Journal {
        let mut journal = Journal::default();
        for (at, message) in messages.iter().enumerate() {
            let mut id = [0; 20];
            id[0] = at as u8;
            if let Some(entry) = entry(Oid::from_bytes(&id).unwrap(), message.as_bytes(), "p") {
                journal.add(entry);
            }
        }
        journal
    }

    const APPLY: &str = "Title\n\nBody\n\nSsot-Plan: p\nSsot-Phase: a\nSsot-Step: s\nSsot-Digest: 1\n";
    const REVERT: &str = "Revert\n\nSsot-Plan: p\nSsot-Phase: a\nSsot-Step: s\nSsot-Reverts: 0123\n";

    #[test]
    fn a_step_is_applied_until_it_is_rolled_back() {
        assert!(read(&[APPLY]).is_applied("a", "s"));
        let rolled_back = read(&[APPLY, REVERT]);
        assert!(!rolled_back.is_applied("a", "s") && rolled_back.is_rolled_back("a", "s") && !rolled_back.has_phase("a"));
        assert!(read(&[APPLY, REVERT, APPLY]).is_applied("a", "s"));
        assert_eq!(read(&[APPLY, APPLY]).commits_of("a").count(), 2);
    }

    #[test]
    fn other_plans_and_plain_commits_do_not_count() {
        let other = APPLY.replace("Plan: p", "Plan: q");
        assert_eq!(read(&[&other, "Title\n\nSsot-Plan: p is what I wrote about\n", "x"]), Journal::default());
    }
}
