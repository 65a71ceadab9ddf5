//! The commits' trailers as journal: which steps of a plan have been applied and which have been rolled back.
//!
//! Nothing is remembered outside the history, so a colleague's clone and CI know what this clone knows. A rollback names the
//! commit that it undoes, but it is matched by phase and step, which survive a rebase.

use std::collections::BTreeMap;

use git2::{Oid, Sort};
use memchr::memmem;
use rustc_hash::FxHashMap;

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

    /// Which part of its step a commit is, and of how many: `2/5`.
    pub const PART: &str = "Ssot-Part";

    /// All of them.
    pub const ALL: [&str; 6] = [PLAN, PHASE, STEP, DIGEST, REVERTS, PART];
}

/// What one commit says about a step. A commit that others were squashed into says it of several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The commit.
    pub commit: Oid,
    /// The phase's id.
    pub phase: String,
    /// The step's id.
    pub step: String,
    /// The digest of what the step did; for a commit that undoes a step, empty.
    pub digest: String,
    /// Whether it undoes the step.
    pub is_revert: bool,
}

/// How far the steps of a plan have come.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Journal {
    /// For each phase and step, the entries that applied it and have not been undone, oldest first; empty once all have been.
    steps: BTreeMap<(String, String), Vec<Entry>>,
    /// The entries that have been undone, the last one last.
    undone: Vec<Entry>,
    /// The applying entries that stand, oldest first.
    order: Vec<Entry>,
    /// Whether the clone has only the end of the history, so that older commits are not known.
    pub is_cut: bool,
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
        let mut journal = Journal { is_cut: self.inner.is_shallow(), ..Journal::default() };
        let mut read: FxHashMap<Oid, Vec<Entry>> = FxHashMap::default();
        let finders = [trailer::PLAN, REVERTED].map(memmem::Finder::new);
        for id in walk {
            let commit = self.inner.find_commit(id?)?;
            let message = commit.message_raw_bytes();
            // A merge commit may quote the messages of what it merges, which are read themselves.
            if commit.parent_count() > 1 || finders.iter().all(|finder| finder.find(message).is_none()) {
                continue;
            }
            let message = String::from_utf8_lossy(message);
            let mut entries = entries(commit.id(), &message, plan);
            if entries.is_empty() {
                entries = reverted(&message)
                    .and_then(|id| read.get(&id))
                    .map_or_else(Vec::new, |entries| entries.iter().map(|entry| journal.undoing(entry, commit.id())).collect());
            }
            entries.iter().for_each(|entry| journal.add(entry.clone()));
            read.insert(commit.id(), entries);
        }
        Ok(journal)
    }
}

/// How `git revert` names the commit that it undoes.
const REVERTED: &str = "This reverts commit ";

/// The commit that a `git revert` undid.
fn reverted(message: &str) -> Option<Oid> {
    let rest = &message[message.find(REVERTED)? + REVERTED.len()..];
    Oid::from_str(rest.split(|c: char| !c.is_ascii_hexdigit()).next()?).ok()
}

/// The entries of a message. Trailers are looked for on all lines: what others add behind them, or a squash puts before them, does
/// not hide them.
fn entries(commit: Oid, message: &str, plan: &str) -> Vec<Entry> {
    let mut groups: Vec<BTreeMap<&str, &str>> = Vec::new();
    for line in message.lines() {
        let Some((key, value)) = line.split_once(": ") else { continue };
        let Some(key) = trailer::ALL.into_iter().find(|name| name.eq_ignore_ascii_case(key)) else { continue };
        if key == trailer::PLAN {
            groups.push(BTreeMap::new());
        }
        if let Some(group) = groups.last_mut() {
            group.entry(key).or_insert(value.trim());
        }
    }
    let entry = |group: &BTreeMap<&str, &str>| {
        let get = |name| group.get(name).map(|value| (*value).to_owned());
        let is_revert = group.contains_key(trailer::REVERTS);
        let digest = if is_revert { Some(String::new()) } else { get(trailer::DIGEST) };
        let is_of_plan = get(trailer::PLAN).as_deref() == Some(plan);
        let entry = Entry { commit, phase: get(trailer::PHASE)?, step: get(trailer::STEP)?, digest: digest?, is_revert };
        is_of_plan.then_some(entry)
    };
    groups.iter().filter_map(entry).collect()
}

impl Journal {
    fn add(&mut self, entry: Entry) {
        let standing = self.steps.entry((entry.phase.clone(), entry.step.clone())).or_default();
        if entry.is_revert {
            if let Some(undone) = standing.pop() {
                self.order.retain(|other| *other != undone);
                self.undone.push(undone);
            }
        } else {
            standing.push(entry.clone());
            self.order.push(entry);
        }
    }

    /// What a `git revert` of an entry's commit comes to: the step is undone, or it is there again.
    fn undoing(&self, entry: &Entry, commit: Oid) -> Entry {
        let is_same = |other: &&Entry| other.phase == entry.phase && other.step == entry.step;
        let again = self.undone.iter().rev().find(is_same).filter(|_| entry.is_revert);
        let digest = again.map_or_else(String::new, |undone| undone.digest.clone());
        Entry { commit, is_revert: !entry.is_revert, digest, ..entry.clone() }
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
            for entry in entries(Oid::from_bytes(&id).unwrap(), message, "p") {
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
    fn trailers_are_found_wherever_they_stand() {
        let squashed = format!("All (#12)\n\n* {APPLY}\n* {}\nCo-authored-by: x\n", APPLY.replace("Step: s", "Step: t"));
        let journal = read(&[&squashed]);
        assert!(journal.is_applied("a", "s") && journal.is_applied("a", "t"));
        assert_eq!(journal.commits_of("a").map(|entry| entry.digest.as_str()).collect::<Vec<_>>(), ["1", "1"]);
        assert!(read(&["Title\n\n---\nold: x\n\nSsot-Plan: p\nSsot-Phase: a\nSsot-Step: s\nSsot-Digest: 1\n"]).has_phase("a"));
    }

    #[test]
    fn other_plans_and_plain_commits_do_not_count() {
        let other = APPLY.replace("Plan: p", "Plan: q");
        assert_eq!(read(&[&other, "Title\n\nSsot-Plan: p is what I wrote about\n", "x"]), Journal::default());
    }
}
