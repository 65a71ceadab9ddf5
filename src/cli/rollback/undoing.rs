//! Undoing commits in memory, newest first, on top of what has come since; and the proof that nothing breaks by it.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::ops::Range;

use super::chosen::Chosen;
use crate::cli::error::CliError;
use crate::cli::writing::Commit;
use crate::git::journal::rollback;
use crate::git::journal::trail::Touch;
use crate::git::journal::{Entry, Journal};
use crate::git::{CommitId, Repo};
use crate::index::Index;
use crate::plan::build::{BuildError, Progress};
use crate::plan::delta::outcome;
use crate::plan::load_order::{self, Broken};
use crate::plan::message;
use crate::plan::prove::{Violation, between, is_old, prove};
use crate::plan::spec::Plan;
use crate::plan::undo::{Collision, Labels, Since, Undone, undo};
use crate::report;
use crate::text::merge::came_from;
use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;
use crate::text::words::{count, first, more};

/// How many places are shown, at most.
const SHOWN: usize = 10;

/// What commits are undone on.
pub(super) struct Undoing<'u> {
    repo: &'u Repo,
    plan: &'u Plan,
    tip: CommitId,
    journal: &'u Journal,
    base: Snapshot,
    /// The index of these files, made when it is first asked.
    index: OnceCell<Index>,
}

/// What undoing comes to.
pub(super) struct Work {
    /// The commits, in order.
    pub made: Vec<Commit>,
    /// The files afterwards.
    pub result: Snapshot,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Why commits cannot be undone.
pub(super) enum Blocked {
    /// Something has changed again since.
    Collision(Vec<(Collision, Vec<Touch>)>),
    /// Something would break.
    Breaks(Vec<Breakage>),
}

/// Something that would break: the file, and what a person is told.
pub(super) struct Breakage {
    path: RepoPath,
    text: String,
}

impl From<Violation> for Breakage {
    fn from(violation: Violation) -> Self {
        Self { text: violation.to_string(), path: violation.path }
    }
}

impl From<Broken> for Breakage {
    fn from(broken: Broken) -> Self {
        let (path, line) = broken.at;
        Self { text: format!("{path}:{line}: {}", broken.story), path }
    }
}

impl<'u> Undoing<'u> {
    pub fn new(repo: &'u Repo, plan: &'u Plan, tip: CommitId, journal: &'u Journal) -> Result<Self, CliError> {
        Ok(Self { repo, plan, tip, journal, base: repo.snapshot(tip)?, index: OnceCell::new() })
    }

    /// The files before.
    pub fn base(&self) -> &Snapshot {
        &self.base
    }

    /// The repository.
    pub fn repo(&self) -> &Repo {
        self.repo
    }

    /// The commit that undoing starts from.
    pub fn tip(&self) -> CommitId {
        self.tip
    }

    /// Undoes commits, newest first, and proves the result.
    pub fn run(&self, entries: &[Entry], progress: &dyn Progress) -> Result<Result<Work, Blocked>, CliError> {
        let merged = self.merge(entries, false, progress)?;
        if !merged.collisions.is_empty() {
            return Ok(Err(Blocked::Collision(merged.collisions)));
        }
        let broken = self.prove(&merged.result, merged.undone.last().copied(), progress)?;
        if !broken.is_empty() {
            return Ok(Err(Blocked::Breaks(broken)));
        }
        Ok(Ok(Work { notes: merged.notes(), made: merged.made, result: merged.result }))
    }

    /// Undoes commits and leaves conflict markers where that collides.
    pub fn marked(&self, entries: &[Entry], progress: &dyn Progress) -> Result<Vec<Commit>, CliError> {
        Ok(self.merge(entries, true, progress)?.made)
    }
}

/// Commits merged away.
struct Merge {
    made: Vec<Commit>,
    result: Snapshot,
    /// The commits that were undone, newest first.
    undone: Vec<CommitId>,
    collisions: Vec<(Collision, Vec<Touch>)>,
    fine: Vec<(RepoPath, Range<usize>)>,
    gone: BTreeSet<RepoPath>,
}

impl Merge {
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.fine.is_empty() {
            let places: String =
                self.fine.iter().map(|(path, lines)| format!("\n  {}", place(path, lines.start, lines.end))).collect();
            notes.push(format!(
                "changed in the same place since, told apart by words or statements, and proved: have a look{places}"
            ));
        }
        if !self.gone.is_empty() {
            let paths: String = self.gone.iter().map(|path| format!("\n  {path}")).collect();
            notes.push(format!("gone since, so that nothing was to be undone in them:{paths}"));
        }
        notes
    }
}

impl Undoing<'_> {
    /// Merges commits away, newest first. Stops at the first that collides, unless markers are wanted.
    fn merge(&self, entries: &[Entry], is_marked: bool, progress: &dyn Progress) -> Result<Merge, CliError> {
        let result = self.base.clone();
        let mut merge = Merge {
            made: Vec::new(),
            result,
            undone: Vec::new(),
            collisions: Vec::new(),
            fine: Vec::new(),
            gone: BTreeSet::new(),
        };
        for group in entries.chunk_by(|a, b| a.commit == b.commit) {
            for (step, of) in self.commits(group, entries)? {
                progress.doing(&format!("undoing {}", &step.commit.to_string()[..10]));
                let trail = self.repo.trail(step.commit, self.tip);
                let mut places = trail.whereabouts(&step.files)?;
                merge.made.iter().for_each(|made| places.follow(&made.files));
                let before = format!("before {}", of.iter().map(|entry| name(entry)).collect::<Vec<_>>().join(", "));
                let undone = undo(&step.files, &merge.result, &places, Labels { now: "now", before: &before })?;
                let is_blocked = !undone.collisions.is_empty();
                for collision in &undone.collisions {
                    let path = merge.at_tip(&collision.path);
                    let touches = trail.who(path, self.lines(collision, path, &merge.result)?, &merge.undone)?;
                    merge.collisions.push((collision.clone(), touches));
                }
                if is_blocked && !is_marked {
                    return Ok(merge);
                }
                merge.take(self.plan, &of, undone, is_blocked)?;
                merge.undone.push(step.commit);
            }
        }
        Ok(merge)
    }

    /// What the entries of one commit did: the commit as it is or, where others were squashed into it, each entry by its kept commit.
    fn commits<'e>(&self, group: &'e [Entry], all: &[Entry]) -> Result<Vec<(rollback::Made, Vec<&'e Entry>)>, CliError> {
        let is_left = |entry: &&Entry| entry.commit == group[0].commit && !all.contains(entry);
        if let Some(files) = self.repo.unaltered(&group[0])? {
            if let Some(left) = self.journal.standing().find(is_left) {
                let error = CliError::refused(format!("{} was committed together with {}", name(&group[0]), name(left)));
                return Err(error.hint("roll the whole phase back; nothing has been changed"));
            }
            return Ok(vec![(rollback::Made { commit: group[0].commit, files }, group.iter().collect())]);
        }
        let kept = |entry: &'e Entry| match self.repo.made(&self.plan.name, entry)? {
            Some(made) => Ok((made, vec![entry])),
            None => Err(altered(entry)),
        };
        group.iter().map(kept).collect()
    }

    /// The lines that collide as the file at the tip has them: what has been undone already may have moved them.
    fn lines(&self, collision: &Collision, path: &RepoPath, now: &Snapshot) -> Result<Option<Range<usize>>, CliError> {
        let Since::Changed(start, end) = collision.what else { return Ok(None) };
        let (Some(old), Some(new)) = (self.base.file(path), now.file(&collision.path)) else { return Ok(None) };
        let read = |snapshot: &Snapshot, file| snapshot.read(file).map_err(BuildError::from);
        Ok(Some(came_from(&read(&self.base, old)?, &read(now, new)?, start..end)))
    }

    /// The result has to pass the same proof as a plan. What was broken before the first of the commits is not blamed on their undoing.
    fn prove(&self, result: &Snapshot, first: Option<CommitId>, progress: &dyn Progress) -> Result<Vec<Breakage>, CliError> {
        let change = between(&self.base, result)?;
        progress.doing(&format!("proving {} changed files", change.files().len()));
        let old = self.index();
        let new = old.advance(result.clone());
        let mut violations = prove(old, &new, &change).violations;
        progress.doing("loading its modules");
        let mut broken = load_order::compare(old, &new, &change);
        if let Some(first) = first.filter(|_| !violations.is_empty() || !broken.is_empty()) {
            let origin = old.advance(self.repo.snapshot(self.repo.parent(first)?)?);
            violations.retain(|violation| !is_old(violation, &origin));
            let since = between(origin.snapshot(), result)?;
            broken = load_order::compare_all(&[(old, &change), (&origin, &since)], &new);
        }
        // What cannot be resolved cannot be loaded either: the former says why.
        match violations.is_empty() {
            true => Ok(broken.into_iter().map(Breakage::from).collect()),
            false => Ok(violations.into_iter().map(Breakage::from).collect()),
        }
    }

    /// The index of what undoing has made.
    pub fn advanced(&self, result: &Snapshot) -> Index {
        self.index().advance(result.clone())
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::build(self.base.clone(), &self.plan.options))
    }

    /// The later commits of the plan that stand in the way: all of a phase, but of a phase of which a step is undone those steps alone.
    pub fn in_the_way(&self, blocked: &Blocked, entries: &[Entry]) -> Result<Vec<Entry>, CliError> {
        let later: Vec<&Entry> = self.journal.standing().filter(|entry| !entries.contains(entry)).collect();
        let found: Vec<&Entry> = match blocked {
            Blocked::Collision(places) => {
                let touched: BTreeSet<_> = places.iter().flat_map(|(_, touches)| touches).map(|touch| touch.commit).collect();
                later.iter().copied().filter(|entry| touched.contains(&entry.commit)).collect()
            }
            Blocked::Breaks(broken) => {
                let oldest = entries.last().and_then(|oldest| self.journal.standing().position(|entry| entry == oldest));
                let newer: Vec<&Entry> =
                    self.journal.standing().take(oldest.unwrap_or_default()).filter(|entry| later.contains(entry)).collect();
                let paths: BTreeSet<&RepoPath> = broken.iter().map(|broken| &broken.path).collect();
                let mut touching = Vec::new();
                for &entry in &newer {
                    let files = self.repo.changes_of(entry.commit)?.unwrap_or_default();
                    if files.iter().any(|file| paths.contains(&file.path)) {
                        touching.push(entry);
                    }
                }
                if touching.is_empty() { newer.into_iter().take(1).collect() } else { touching }
            }
        };
        let is_partly = |phase: &str| entries.iter().any(|entry| entry.phase == phase);
        let goes = |entry: &&Entry| {
            found.iter().any(|other| other.phase == entry.phase && (!is_partly(&entry.phase) || other.step == entry.step))
        };
        Ok(later.iter().copied().filter(goes).cloned().collect())
    }
}

impl Merge {
    /// The name that a file has at the tip, before the undoing.
    fn at_tip<'p>(&'p self, path: &'p RepoPath) -> &'p RepoPath {
        let files = self.made.iter().rev().flat_map(|made| &made.files);
        files.fold(path, |path, file| file.moved_from.as_ref().filter(|_| file.path == *path).unwrap_or(path))
    }

    fn take(&mut self, plan: &Plan, of: &[&Entry], undone: Undone, is_marked: bool) -> Result<(), CliError> {
        self.result = self.result.with_files(outcome(&undone.files)).map_err(BuildError::from)?;
        self.fine.extend(undone.fine);
        self.gone.extend(undone.gone);
        let steps: Vec<(&str, &str)> = of.iter().map(|entry| (&*entry.phase, &*entry.step)).collect();
        let commit = of.first().map(|entry| entry.commit.to_string()).unwrap_or_default();
        let message = message::revert(plan, &steps, &commit, is_marked);
        let all = of.iter().rev().map(|entry| entry.step.as_str()).collect::<Vec<_>>().join(", ");
        let title = format!("{} / {all}", of.first().map_or("", |entry| &entry.phase));
        self.made.push(Commit { summary: title.clone(), title, message, files: undone.files });
        Ok(())
    }
}

impl Blocked {
    /// What stands in the way, with who brought it.
    pub fn text(&self, chosen: &Chosen) -> String {
        // Writing to a string cannot fail.
        match self {
            Blocked::Collision(places) => {
                let have = if places.len() == 1 { "has" } else { "have" };
                let places_have = format!("{} {have}", count(places.len(), "place"));
                let mut text = format!("{} cannot be undone: {places_have} changed again since", chosen.what());
                for (collision, touches) in places.iter().take(SHOWN) {
                    let what = match collision.what {
                        Since::Changed(start, end) => place(&collision.path, start, end),
                        Since::ThereAgain => format!("{}: a file is there again", collision.path),
                        Since::MovedAgain => format!("{}: the file has been moved once more", collision.path),
                    };
                    let _ = write!(text, "\n  {what}");
                    for touch in touches {
                        let line = format!("{} {}, by {}", &touch.commit.to_string()[..10], touch.summary, touch.author);
                        let _ = write!(text, "\n    {}", report::clean(&line));
                    }
                }
                text.extend(more(places.len(), SHOWN).map(|more| format!("\n  {more}")));
                text
            }
            Blocked::Breaks(broken) => {
                let mut text = format!("without {}, what came later would break:", chosen.what());
                text.extend(first(broken, SHOWN, |broken| broken.text.clone()).iter().map(|line| format!("\n  {line}")));
                text
            }
        }
    }
}

/// A file and its lines, which are counted from 0 here and from 1 where they are shown.
fn place(path: &RepoPath, start: usize, end: usize) -> String {
    match end.saturating_sub(start) {
        0 => format!("{path}:{}: lines have gone here", start + 1),
        1 => format!("{path}:{}", start + 1),
        _ => format!("{path}:{}-{end}", start + 1),
    }
}

fn name(entry: &Entry) -> String {
    format!("step `{}` of phase `{}`", entry.step, entry.phase)
}

fn altered(entry: &Entry) -> CliError {
    let commit = &entry.commit.to_string()[..10];
    let error = CliError::refused(format!(
        "the commit {commit} does not do what {} did, or not that alone: it was amended, or others were squashed into it, and the \
         commit as it was made is not in this clone",
        name(entry)
    ));
    error.hint(format!(
        "the clone that applied the phase has it below refs/ssot-migrate (`git fetch CLONE 'refs/ssot-migrate/*:refs/ssot-migrate/*'` \
         brings it); or undo the commit by hand (`git revert {commit}`); nothing has been changed"
    ))
}
