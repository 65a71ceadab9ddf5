//! The parts of a saved step that can be made or left out on their own: files that are moved onto one another's paths go together.

use std::collections::{BTreeMap, BTreeSet};

use super::SavedStep;
use crate::text::change::{FileChange, SourceChange};
use crate::text::path::RepoPath;

/// Paths that change together.
pub(super) type Unit = BTreeSet<RepoPath>;

impl SavedStep {
    /// The paths that the changes touch, in groups that share no path, sorted.
    pub(super) fn units(&self) -> Vec<Unit> {
        let mut group: BTreeMap<&RepoPath, usize> = BTreeMap::new();
        let mut units: Vec<Unit> = Vec::new();
        for (path, what) in self.changes.iter().flat_map(|change| change.files()) {
            let mut ends = vec![path];
            if let FileChange::Move { to, .. } = what {
                ends.push(to);
            }
            let known: BTreeSet<usize> = ends.iter().filter_map(|end| group.get(end).copied()).collect();
            // The largest takes the others in, so that a path changes its group a few times at most.
            let into = known.iter().copied().max_by_key(|at| units[*at].len()).unwrap_or(units.len());
            units.resize_with(units.len().max(into + 1), Unit::new);
            for from in known.into_iter().filter(|from| *from != into) {
                let moved = std::mem::take(&mut units[from]);
                for path in &moved {
                    if let Some(at) = group.get_mut(path) {
                        *at = into;
                    }
                }
                units[into].extend(moved);
            }
            for end in ends {
                group.insert(end, into);
                units[into].insert(end.clone());
            }
        }
        units.retain(|unit| !unit.is_empty());
        units.sort();
        units
    }

    /// The changes to some of the paths, one after the other.
    pub(super) fn changes_to(&self, is_wanted: &dyn Fn(&RepoPath) -> bool) -> Vec<SourceChange> {
        let part = |change: &SourceChange| {
            let mut part = SourceChange::default();
            for (path, what) in change.files().iter().filter(|(path, _)| is_wanted(path)) {
                // Each path stands in a change once, so nothing can conflict.
                let _ = part.union(&SourceChange::of(path.clone(), what.clone()));
            }
            part
        };
        self.changes.iter().map(part).filter(|change| !change.is_empty()).collect()
    }

    /// Drops the changes that come to nothing, such as an edit that a later one takes back: they are bound to no content.
    pub(super) fn drop_idle(&mut self) {
        let bound: BTreeSet<RepoPath> = self.transitions().into_keys().collect();
        let idle: Unit = self.units().into_iter().filter(|unit| unit.is_disjoint(&bound)).flatten().collect();
        if !idle.is_empty() {
            self.changes = self.changes_to(&|path| !idle.contains(path));
        }
    }
}
