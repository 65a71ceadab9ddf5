//! The commits' trailers as journal: which steps of a plan have been applied and which have been rolled back.
//!
//! Nothing is remembered outside the history, so a colleague's clone and CI know what this clone knows. A rollback names the
//! commit that it undoes; where that is not there any more, since a rebase say, phase and step tell. Trailers are found in the messages that
//! squash merges, cherry-picks and amends leave; merge commits quote what they merge, and are not read themselves.
//!
//! [`rollback`] says what a commit of the journal did, [`trail`] what has become of that since; `keep` keeps such commits alive.

mod keep;
pub mod rollback;
pub mod trail;

use std::collections::BTreeMap;

use git2::{Oid, Sort};
use memchr::memmem;
use rustc_hash::FxHashMap;

use crate::git::{GitError, Repo};

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
    /// Which part of the step the commit is, where a step is made in several: `2/5`.
    pub const PART: &str = "Ssot-Part";
    /// The commit that this one undoes.
    pub const REVERTS: &str = "Ssot-Reverts";

    /// All of them.
    pub const ALL: [&str; 6] = [PLAN, PHASE, STEP, DIGEST, PART, REVERTS];
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
    /// Which part of the step it is, and how many there are.
    pub part: Option<(u32, u32)>,
    /// What it undoes; `None` for a commit that applies the step.
    pub undoes: Option<Undoes>,
}

/// What a commit that undoes a step names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undoes {
    /// A commit.
    Commit(Oid),
    /// The last one of the step: what it names is no commit's id.
    Last,
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
            // Another plan's commit may say anything.
            if finders[0].find(message.as_bytes()).is_none() {
                let undone = reverted(&message).flat_map(|id| self.brought_by(id, &read).into_iter().rev());
                entries = undone.map(|entry| journal.undoing(&entry, commit.id())).collect();
            }
            entries.iter().for_each(|entry| journal.add(entry.clone()));
            read.insert(commit.id(), entries);
        }
        Ok(journal)
    }

    /// The entries that a commit brought to its first parent: its own, or those of all that it merged.
    fn brought_by(&self, id: Oid, read: &FxHashMap<Oid, Vec<Entry>>) -> Vec<Entry> {
        let merged = || -> Result<Vec<Oid>, git2::Error> {
            let commit = self.inner.find_commit(id)?;
            // Most histories have many reverts, and few of merges.
            if commit.parent_count() < 2 {
                return Ok(vec![id]);
            }
            let mut walk = self.inner.revwalk()?;
            walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
            walk.push(id)?;
            walk.hide(commit.parent_id(0)?)?;
            walk.collect()
        };
        // A commit that is not in this clone brought nothing that is known.
        merged().unwrap_or_default().iter().filter_map(|id| read.get(id)).flatten().cloned().collect()
    }
}

/// How `git revert` names the commit that it undoes.
const REVERTED: &str = "This reverts commit ";

/// The commits that a `git revert` undid, or several that were squashed into one commit.
fn reverted(message: &str) -> impl Iterator<Item = Oid> {
    let ids = message.split(REVERTED).skip(1).map(|rest| rest.split(|c: char| !c.is_ascii_hexdigit()).next());
    ids.filter_map(|id| Oid::from_str(id?).ok())
}

/// How `git merge --squash` begins the message that it proposes: what follows is a log, newest first.
const SQUASHED: &str = "Squashed commit of the following:";

/// The entries of a message. Trailers are looked for on all lines, indented ones too: what others add behind them, or a squash puts
/// before them, does not hide them.
fn entries(commit: Oid, message: &str, plan: &str) -> Vec<Entry> {
    let mut groups: Vec<BTreeMap<&str, &str>> = Vec::new();
    for line in message.lines() {
        let Some((key, value)) = line.trim_start().split_once(": ") else { continue };
        let Some(key) = trailer::ALL.into_iter().find(|name| name.eq_ignore_ascii_case(key)) else { continue };
        if key == trailer::PLAN {
            groups.push(BTreeMap::new());
        }
        if let Some(group) = groups.last_mut() {
            group.entry(key).or_insert(value.trim());
        }
    }
    if message.trim_start().starts_with(SQUASHED) {
        groups.reverse();
    }
    groups.iter().filter_map(|group| entry(commit, group, plan)).collect()
}

/// What one group of trailers says, if it is of the plan.
fn entry(commit: Oid, group: &BTreeMap<&str, &str>, plan: &str) -> Option<Entry> {
    let get = |name| group.get(name).map(|value| (*value).to_owned());
    let undone = group.get(trailer::REVERTS).map(|id| Oid::from_str(id).map_or(Undoes::Last, Undoes::Commit));
    let digest = if undone.is_some() { String::new() } else { get(trailer::DIGEST)? };
    let part = group.get(trailer::PART).and_then(|part| {
        let (part, parts) = part.split_once('/')?;
        Some((part.parse().ok()?, parts.parse().ok()?))
    });
    let entry = Entry { commit, phase: get(trailer::PHASE)?, step: get(trailer::STEP)?, digest, part, undoes: undone };
    (get(trailer::PLAN).as_deref() == Some(plan)).then_some(entry)
}

impl Journal {
    fn add(&mut self, entry: Entry) {
        let standing = self.steps.entry((entry.phase.clone(), entry.step.clone())).or_default();
        let Some(undone) = entry.undoes else {
            standing.push(entry.clone());
            self.order.push(entry);
            return;
        };
        let named = standing.iter().rposition(|other| undone == Undoes::Commit(other.commit));
        if let Some(at) = named.or_else(|| standing.len().checked_sub(1)) {
            let undone = standing.remove(at);
            self.order.retain(|other| *other != undone);
            self.undone.push(undone);
        }
    }

    /// What a `git revert` of an entry's commit comes to: the step is undone, or it is there again.
    fn undoing(&self, entry: &Entry, commit: Oid) -> Entry {
        let Some(undone) = entry.undoes else {
            return Entry { commit, digest: String::new(), undoes: Some(Undoes::Commit(entry.commit)), ..entry.clone() };
        };
        let is_it = |other: &&Entry| match undone {
            Undoes::Commit(id) if self.undone.iter().any(|other| other.commit == id) => other.commit == id,
            _ => other.phase == entry.phase && other.step == entry.step,
        };
        let again = self.undone.iter().rev().find(is_it);
        let digest = again.map_or_else(String::new, |undone| undone.digest.clone());
        Entry { commit, undoes: None, digest, ..entry.clone() }
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
        self.standing().filter(move |entry| entry.phase == phase)
    }

    /// The commits that stand, newest first.
    pub fn standing(&self) -> impl Iterator<Item = &Entry> {
        self.order.iter().rev()
    }

    /// The journal as it would be without some of the entries that stand.
    #[must_use]
    pub fn without(&self, undone: &[Entry]) -> Self {
        let mut journal = self.clone();
        for entry in undone {
            let undoes = Some(Undoes::Commit(entry.commit));
            journal.add(Entry { undoes, ..entry.clone() });
        }
        journal
    }

    /// Whether all parts of a step stand that was made in several; `true` for one that was not.
    pub fn is_whole(&self, phase: &str, step: &str) -> bool {
        let standing = self.steps.get(&(phase.to_owned(), step.to_owned())).map_or(&[][..], Vec::as_slice);
        let Some(parts) = standing.iter().filter_map(|entry| Some(entry.part?.1)).max() else { return true };
        let has = |part: u32| standing.iter().any(|entry| entry.part.is_some_and(|(own, _)| own == part));
        // A message may say any number: the first part that is not there ends the count.
        standing.iter().any(|entry| entry.part.is_none()) || (1..=parts).all(has)
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
    fn a_squash_merge_is_read_as_git_and_hosts_write_it() {
        let indented = |message: &str| message.lines().map(|line| format!("    {line}\n")).collect::<String>();
        let log = format!(
            "Squashed commit of the following:\n\ncommit 02\nAuthor: x\n\n{}\ncommit 01\n\n{}",
            indented(REVERT),
            indented(APPLY)
        );
        assert!(read(&[&log]).is_rolled_back("a", "s"), "the log has the newest first");
        let listed = format!("Phase a (#7)\n\n* {APPLY}\n* {REVERT}");
        assert!(read(&[&listed]).is_rolled_back("a", "s"), "the list has the oldest first");
    }

    #[test]
    fn a_rollback_undoes_the_commit_that_it_names() {
        // The ids of the commits of a test begin with their numbers.
        let revert = |first: u8| {
            format!("R\n\nSsot-Plan: p\nSsot-Phase: a\nSsot-Step: s\nSsot-Reverts: {first:02x}{}\n", "00".repeat(19))
        };
        let left = |messages: &[&str]| read(messages).standing().map(|entry| entry.commit.as_bytes()[0]).collect::<Vec<_>>();
        assert_eq!(left(&[APPLY, APPLY, &revert(0)]), [1]);
        assert_eq!(left(&[APPLY, APPLY, &revert(1)]), [0]);
        assert_eq!(left(&[APPLY, APPLY, &revert(9)]), [0], "rebased since");
        assert_eq!(left(&[&revert(9), APPLY]), [1]);
    }

    #[test]
    fn reverts_are_read_from_what_git_writes() {
        let (one, other) = ("12".repeat(20), "ab".repeat(20));
        let said = |id: &str| format!("Revert \"Title\"\n\nThis reverts commit {id}.\n");
        let read = |message: &str| reverted(message).map(|id| id.to_string()).collect::<Vec<_>>();
        assert_eq!(read(&said(&one)), [&*one]);
        assert_eq!(read(&format!("Both (#3)\n\n* {}\n* {}", said(&one), said(&other))), [one, other]);
        assert_eq!(read("This reverts commit, or so it says"), [""; 0]);
    }

    #[test]
    fn the_parts_of_a_step_are_counted() {
        let part = |part: &str| APPLY.replace("Ssot-Digest", &format!("Ssot-Part: {part}\nSsot-Digest"));
        let (one, two) = (part("1/2"), part("2/2"));
        assert!(read(&[APPLY]).is_whole("a", "s") && read(&[&one, &two]).is_whole("a", "s"));
        assert!(!read(&[&two]).is_whole("a", "s"));
        assert!(read(&[APPLY, &part("1/4294967295")]).is_whole("a", "s"), "and soon");
    }

    #[test]
    fn other_plans_and_plain_commits_do_not_count() {
        let other = APPLY.replace("Plan: p", "Plan: q");
        assert_eq!(read(&[&other, "Title\n\nSsot-Plan: p is what I wrote about\n", "x"]), Journal::default());
    }
}
