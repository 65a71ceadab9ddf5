//! How a saved plan stands to the files as they are: what of it is there already, what can be made, and what has drifted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::units::Unit;
use super::{Artefact, ArtefactError, State};
use crate::text::path::RepoPath;
use crate::text::snapshot::{ReadError, Snapshot};

/// A file that is not what the plan was made for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drift {
    /// The file.
    pub path: RepoPath,
    /// What became of it.
    pub became: Became,
}

/// What became of a file that is not what the plan was made for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Became {
    /// Its content is another.
    Changed,
    /// It is not there any more.
    Deleted,
    /// It is not there any more, and its content stands at another path.
    Moved(RepoPath),
    /// It has become executable, or is not any more.
    Mode,
    /// The plan makes it, and there is a file already.
    There,
    /// The plan makes it, and something stands in its way.
    Blocked(RepoPath),
    /// It is what the plan makes of it, and others that change together with it are not.
    Ahead,
}

impl Became {
    /// The word that reports use.
    pub fn word(&self) -> &'static str {
        match self {
            Became::Changed => "changed",
            Became::Deleted => "deleted",
            Became::Moved(_) => "moved",
            Became::Mode => "mode-changed",
            Became::There => "there-already",
            Became::Blocked(_) => "blocked",
            Became::Ahead => "partly-applied",
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path)?;
        match &self.became {
            Became::Changed => f.write_str("changed"),
            Became::Deleted => f.write_str("deleted"),
            Became::Moved(to) => write!(f, "moved to {to}"),
            Became::Mode => f.write_str("its mode has changed"),
            Became::There => f.write_str("is there already, and the plan would make it"),
            Became::Blocked(by) => write!(f, "the plan would make it, and {by} stands in its way"),
            Became::Ahead => f.write_str("is applied already, and what changes together with it is not"),
        }
    }
}

/// How far a part of a step is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum UnitState {
    /// The files have it.
    Done,
    /// It can be made.
    Ready,
    /// Its files have drifted, or depend on such.
    Out,
}

/// How a saved plan stands to a snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The files that have drifted, sorted by path.
    pub drifted: Vec<Drift>,
    /// For each step its parts, and how far each is.
    pub(super) steps: Vec<Vec<(Unit, UnitState)>>,
}

impl Standing {
    /// Whether there is nothing left to make.
    pub fn is_done(&self) -> bool {
        self.drifted.is_empty() && self.units().all(|state| state == UnitState::Done)
    }

    /// Whether something of the plan is there already.
    pub fn has_begun(&self) -> bool {
        self.units().any(|state| state == UnitState::Done)
    }

    fn units(&self) -> impl Iterator<Item = UnitState> {
        self.steps.iter().flatten().map(|(_, state)| *state)
    }
}

/// A path on its way through the steps: the steps that change it, and what it is before the first and after each of them.
#[derive(Default)]
struct Way {
    steps: Vec<usize>,
    states: Vec<State>,
}

impl Artefact {
    /// Compares the plan with the files of a snapshot.
    ///
    /// # Errors
    /// The steps do not fit one another, or a file cannot be read.
    pub fn standing(&self, snapshot: &Snapshot) -> Result<Standing, ArtefactError> {
        let ways = self.ways()?;
        let mut found: BTreeMap<&RepoPath, State> = BTreeMap::new();
        for path in ways.keys() {
            found.insert(path, state(snapshot, path).map_err(crate::text::snapshot::ChangeError::from)?);
        }
        let reached = self.reached(&ways, &found);
        let mut drifted: BTreeMap<RepoPath, Became> = BTreeMap::new();
        for (path, way) in &ways {
            let is_made = found[path].is_none() && reached[path] == Some(0) && way.states.iter().any(Option::is_some);
            match reached[path] {
                None => drop(drifted.insert(path.clone(), became(snapshot, way, path, found[path]))),
                Some(_) if is_made => {
                    drop(blocker(snapshot, path, &ways).map(|by| drifted.insert(path.clone(), Became::Blocked(by))))
                }
                Some(_) => {}
            }
        }
        let steps = self.judge(&ways, &reached, &mut drifted);
        let drifted = drifted.into_iter().map(|(path, became)| Drift { path, became }).collect();
        Ok(Standing { drifted, steps })
    }

    fn ways(&self) -> Result<BTreeMap<RepoPath, Way>, ArtefactError> {
        let mut ways: BTreeMap<RepoPath, Way> = BTreeMap::new();
        for (at, step) in self.steps.iter().enumerate() {
            let mut transitions = step.transitions();
            for path in step.units().into_iter().flatten() {
                // A path that is taken for a moment only, on the way of a file to another, is free before and after.
                transitions.entry(path).or_default();
            }
            for (path, (before, after)) in transitions {
                let way = ways.entry(path.clone()).or_default();
                if way.states.is_empty() {
                    way.states.push(before);
                } else if way.states.last() != Some(&before) {
                    return Err(ArtefactError::Inconsistent(path));
                }
                way.steps.push(at);
                way.states.push(after);
            }
        }
        Ok(ways)
    }

    /// For each path, how many of the steps that change it have been made; `None` where its content is none that the plan knows.
    fn reached(&self, ways: &BTreeMap<RepoPath, Way>, found: &BTreeMap<&RepoPath, State>) -> BTreeMap<RepoPath, Option<usize>> {
        let all_at = |steps: usize| {
            let mut reached = BTreeMap::new();
            for (path, way) in ways {
                let at = way.steps.partition_point(|step| *step < steps);
                if way.states[at] != found[path] {
                    return None;
                }
                reached.insert(path.clone(), Some(at));
            }
            Some(reached)
        };
        // Where the first steps as a whole are there, that is how far it is; else each path tells for itself.
        let alone = || {
            let at =
                |(path, way): (&RepoPath, &Way)| (path.clone(), way.states.iter().rposition(|state| *state == found[path]));
            ways.iter().map(at).collect()
        };
        (0..=self.steps.len()).rev().find_map(all_at).unwrap_or_else(alone)
    }

    fn judge(
        &self,
        ways: &BTreeMap<RepoPath, Way>,
        reached: &BTreeMap<RepoPath, Option<usize>>,
        drifted: &mut BTreeMap<RepoPath, Became>,
    ) -> Vec<Vec<(Unit, UnitState)>> {
        let mut out: BTreeSet<RepoPath> = drifted.keys().cloned().collect();
        let mut steps = Vec::with_capacity(self.steps.len());
        for (at, step) in self.steps.iter().enumerate() {
            let mut judged = Vec::new();
            for unit in step.units() {
                let is_past = |path: &RepoPath| {
                    let behind = ways.get(path).map_or(0, |way| way.steps.partition_point(|step| *step <= at));
                    reached.get(path).copied().flatten().is_some_and(|reached| reached >= behind)
                };
                let past: Vec<&RepoPath> = unit.iter().filter(|path| is_past(path)).collect();
                let state = if unit.iter().any(|path| out.contains(path)) {
                    UnitState::Out
                } else if past.len() == unit.len() {
                    UnitState::Done
                } else if past.is_empty() {
                    UnitState::Ready
                } else {
                    past.iter().for_each(|path| drop(drifted.insert((*path).clone(), Became::Ahead)));
                    UnitState::Out
                };
                if state == UnitState::Out {
                    out.extend(unit.iter().cloned());
                }
                judged.push((unit, state));
            }
            steps.push(judged);
        }
        steps
    }
}

/// What stands at a path.
fn state(snapshot: &Snapshot, path: &RepoPath) -> Result<State, ReadError> {
    snapshot.file(path).map(|file| Ok((snapshot.blob(file)?, file.mode))).transpose()
}

/// What became of a file whose content is none that the plan knows.
fn became(snapshot: &Snapshot, way: &Way, path: &RepoPath, found: State) -> Became {
    match (way.states.first().copied().flatten(), found) {
        (None, _) => Became::There,
        (Some((blob, _)), None) => {
            let is_it = |file: &&std::sync::Arc<crate::text::snapshot::File>| {
                file.known_blob() == Some(blob) && file.path.file_name() == path.file_name()
            };
            snapshot.files().iter().find(is_it).map_or(Became::Deleted, |file| Became::Moved(file.path.clone()))
        }
        (Some((before, _)), Some((now, _))) if before == now => Became::Mode,
        (Some(_), Some(_)) => Became::Changed,
    }
}

/// What keeps a file from being made: a link or submodule at its path, or anything but a folder above it that the plan does not
/// take away.
fn blocker(snapshot: &Snapshot, path: &RepoPath, ways: &BTreeMap<RepoPath, Way>) -> Option<RepoPath> {
    let is_opaque = |path: &RepoPath| snapshot.opaque().iter().any(|entry| entry.path == *path);
    let is_file = |folder: &RepoPath| snapshot.file(folder).is_some() && !ways.contains_key(folder);
    let blocked = path.folders().find(|folder| is_opaque(folder) || is_file(folder));
    blocked.or_else(|| is_opaque(path).then(|| path.clone()))
}
