//! Which fixes for review are made again where a phase is planned again: those that the commits which are undone had made.
//!
//! That is read from what the commits did, which every clone knows, and after a rebase too: a fix was taken where such a commit had
//! changed its lines, and had made of them what the fix makes. Where the lines are others by now, because of what is undone besides, the
//! place has to do; that is told. Which safe fixes were rejected is known from the answers that are kept in this clone alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::chosen::Chosen;
use crate::cli::error::CliError;
use crate::cli::review::{Decisions, sides};
use crate::git::Repo;
use crate::index::Index;
use crate::plan::build::StepName;
use crate::plan::choice::{Asked, Chooser, Verdict};
use crate::plan::delta::{Content, FileDelta};
use crate::plan::spec::Plan;
use crate::report::hunks::{Hunk, Side, hunks};
use crate::text::change::FileChange;
use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;
use crate::transform::finding::{Applicability, Finding, Fix, Outcome};

/// Decides as the commits that are undone have it.
pub(super) struct Taken {
    /// What they did, by phase and step.
    made: BTreeMap<(String, String), Vec<FileDelta>>,
    state: Mutex<State>,
}

struct State {
    decisions: Decisions,
    tallies: BTreeMap<(String, String), BTreeMap<Was, usize>>,
}

/// What the commits that are undone had made of a fix's place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Was {
    /// Nothing.
    Left,
    /// Something else.
    Otherwise,
    /// Something, and what was there before is not what is there now.
    Changed,
    /// What the fix makes.
    Made,
}

impl Taken {
    /// Reads what is undone of the phases that are planned again.
    pub fn of(repo: &Repo, plan: &Plan, chosen: &Chosen) -> Result<Self, CliError> {
        let mut made: BTreeMap<(String, String), Vec<FileDelta>> = BTreeMap::new();
        for entry in chosen.entries.iter().filter(|entry| chosen.again.contains(&entry.phase)) {
            let files = repo.made(&plan.name, entry)?.map(|made| made.files).unwrap_or_default();
            made.entry((entry.phase.clone(), entry.step.clone())).or_default().extend(files);
        }
        let decisions = Decisions::open(repo, &plan.name, false)?;
        Ok(Self { made, state: Mutex::new(State { decisions, tallies: BTreeMap::new() }) })
    }

    /// What is made again and what is not, a line for each step with fixes for review.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for ((phase, step), tally) in &self.state().tallies {
            let count = |was| tally.get(&was).copied().unwrap_or_default();
            let again = count(Was::Made) + count(Was::Changed);
            // Writing to a string cannot fail.
            let _ = write!(out, "  {phase} / {step}: fixes for review: {again} made again");
            for (was, what) in [
                (Was::Changed, "of them where the lines are others by now (have a look)"),
                (Was::Otherwise, "not made, because something else was made there"),
                (Was::Left, "not made, because they were not before (`--review` takes all)"),
            ] {
                if count(was) > 0 {
                    let _ = write!(out, "; {} {what}", count(was));
                }
            }
            out.push('\n');
        }
        out
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere does not make the counts wrong.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn was(&self, at: &StepName, fix: &Fix, files: &Snapshot) -> Was {
        let made = self.made.get(&(at.phase.clone(), at.step.clone())).map_or(&[][..], Vec::as_slice);
        let of_file = |(path, what): (&RepoPath, &FileChange)| {
            made.iter().map(|file| of_file(file, files, path, what)).max().unwrap_or(Was::Left)
        };
        fix.change.files().iter().map(of_file).min().unwrap_or(Was::Left)
    }
}

impl Chooser for Taken {
    fn asks(&self, _: Applicability) -> bool {
        true
    }

    fn judge(&self, asked: &Asked<'_>) -> Verdict {
        let mut state = self.state();
        let files = asked.index.snapshot();
        let is_rejected = state.decisions.has_rejected(asked, files);
        let fix = |finding: &Finding| match &finding.outcome {
            Outcome::Fix(fix) if fix.applicability == Applicability::Review => Some(self.was(asked.at, fix, files)),
            _ => None,
        };
        let all: Vec<Was> = asked.fixes.iter().filter_map(fix).collect();
        // What is safe is made as in any plan.
        let Some(was) = all.iter().copied().min().map(|was| if is_rejected { Was::Left } else { was }) else {
            return if is_rejected { Verdict::Reject } else { Verdict::Take };
        };
        let tally = state.tallies.entry((asked.at.phase.clone(), asked.at.step.clone())).or_default();
        *tally.entry(was).or_default() += all.len();
        match was {
            Was::Made | Was::Changed => Verdict::Take,
            _ if is_rejected => Verdict::Reject,
            Was::Left | Was::Otherwise => Verdict::Later,
        }
    }

    fn still_there(&self, _: &StepName, _: &Index, _: &Finding) {}
}

/// What one commit had made of the place of a fix in one file.
fn of_file(file: &FileDelta, files: &Snapshot, path: &RepoPath, what: &FileChange) -> Was {
    let is_it = match what {
        FileChange::Edit(_) => file.path == *path || file.moved_from.as_ref() == Some(path),
        FileChange::Create { .. } => file.path == *path && file.before.is_none(),
        FileChange::Delete => file.path == *path && file.after.is_none(),
        FileChange::Move { to, .. } => file.path == *to && file.moved_from.as_ref() == Some(path),
    };
    match what {
        _ if !is_it => Was::Left,
        FileChange::Edit(_) => {
            let text = |content: &Option<Content>| {
                content.as_ref().map(|content| String::from_utf8_lossy(&content.bytes).into_owned()).unwrap_or_default()
            };
            let (now, then) = sides(files, path, what);
            of_lines((&now, &then), (&text(&file.before), &text(&file.after)))
        }
        _ => Was::Made,
    }
}

/// What a commit that made of one text another had made of the lines that a fix changes.
fn of_lines((now, then): (&str, &str), (before, after): (&str, &str)) -> Was {
    let (made, moved) = (hunks(before, after, 0), hunks(now, before, 0));
    let of_hunk = |hunk: &Hunk| {
        let (gone, new) = (lines(hunk, Side::Old), lines(hunk, Side::New));
        let (lost, gained): (BTreeSet<&str>, BTreeSet<&str>);
        if gone.is_empty() {
            // Lines that are put in have no place that could be told: an import stands anywhere.
            (lost, gained) = all(made.iter());
        } else {
            let place = place(&moved, &old_range(hunk));
            let is_there = |made: &&Hunk| old_range(made).start < place.end && place.start < old_range(made).end;
            (lost, gained) = all(made.iter().filter(is_there));
            if lost.is_empty() {
                return Was::Left;
            }
        }
        match () {
            () if new.is_empty() && gone.is_subset(&lost) => Was::Made,
            () if !new.is_empty() && new.is_subset(&gained) => Was::Made,
            () if gone.is_subset(&gained) => Was::Left,
            () if gone.is_subset(&lost) => Was::Otherwise,
            () => Was::Changed,
        }
    };
    hunks(now, then, 0).iter().map(of_hunk).min().unwrap_or(Was::Left)
}

fn lines(hunk: &Hunk, side: Side) -> BTreeSet<&str> {
    hunk.lines.iter().filter(|(of, _)| *of == side).map(|(_, line)| line.as_str()).collect()
}

/// The lines that hunks take and give.
fn all<'h>(hunks: impl Iterator<Item = &'h Hunk> + Clone) -> (BTreeSet<&'h str>, BTreeSet<&'h str>) {
    let of = |side| hunks.clone().flat_map(move |hunk| lines(hunk, side)).collect();
    (of(Side::Old), of(Side::New))
}

/// The lines of the old text that a hunk takes, counted from 0.
fn old_range(hunk: &Hunk) -> Range<usize> {
    let count = hunk.lines.iter().filter(|(side, _)| *side == Side::Old).count();
    hunk.old - 1..hunk.old - 1 + count
}

/// Where lines of one text are in another, by what differs between the two; with all of what differs where they differ.
fn place(differences: &[Hunk], lines: &Range<usize>) -> Range<usize> {
    let (mut first, mut last) = (lines.start, lines.end);
    let (mut above, mut within) = (0, 0);
    for hunk in differences {
        let old = old_range(hunk);
        let grown = hunk.lines.iter().filter(|(side, _)| *side == Side::New).count() as isize - old.len() as isize;
        if old.end <= lines.start {
            above += grown;
        } else if old.start < lines.end {
            (first, last) = (first.min(old.start), last.max(old.end));
            within += grown;
        }
    }
    first.saturating_add_signed(above)..last.saturating_add_signed(above + within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fix_was_taken_where_the_commit_had_made_it() {
        let before = "a = old(1)\nb = old(2)\nc = old(3)\n";
        let commit = (before, "a = new(1)\nb = old(2)\nc = other\n");
        let was = |now: &str, then: &str| of_lines((now, then), commit);
        assert_eq!(was(before, "a = new(1)\nb = old(2)\nc = old(3)\n"), Was::Made);
        assert_eq!(was(before, "a = old(1)\nb = new(2)\nc = old(3)\n"), Was::Left);
        assert_eq!(was(before, "a = old(1)\nb = old(2)\nc = new(3)\n"), Was::Otherwise, "by hand");
        // Lines above make no difference, and neither does what the line was before, if the fix makes the same of it.
        assert_eq!(was("#\n#\na = old(1)\nb = old(2)\n", "#\n#\na = old(1)\nb = new(2)\n"), Was::Left);
        assert_eq!(was("#\na = older(1)\nb = old(2)\n", "#\na = new(1)\nb = old(2)\n"), Was::Made);
        assert_eq!(was("#\na = older(1)\nb = old(2)\n", "#\na = newer(1)\nb = old(2)\n"), Was::Changed);
        // What the commit left as it is now was not taken.
        assert_eq!(was("a = new(1)\nb = old(2)\n", "a = newest(1)\nb = old(2)\n"), Was::Left);
        // What is put in stands anywhere; what is taken out is gone.
        let commit = ("x\ny\n", "import new\ny\n");
        assert_eq!(of_lines(("#\ny\n", "#\nimport new\ny\n"), commit), Was::Made);
        assert_eq!(of_lines(("#\ny\n", "#\nimport newer\ny\n"), commit), Was::Left);
        assert_eq!(of_lines(("x\ny\n", "y\n"), commit), Was::Made);
        assert_eq!(of_lines(("x\ny\n", "x\n"), commit), Was::Left);
    }
}
