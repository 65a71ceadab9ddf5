//! Cycles of imports that a change closes (design, law 2), and how many modules lie on cycles before and after a plan.
//!
//! A cycle is new where two modules are in one component of the graph of eager imports after the change, and were not before. To
//! blame are the new edges that join what was not in one component: an edge inside an old component closes no new cycle. Only
//! what can be reached from the changed files is looked at: their loading has been followed there anyway.

use std::collections::{BTreeMap, BTreeSet};

use super::faults::{Existing, ExistingKind};
use super::load_order::{Broken, Comparison};
use crate::index::Index;
use crate::lang::cycles::Components;
use crate::lang::python::load::Scripts;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::transform::finding::Reason;

/// The modules that the files a plan changes load, themselves included, and how many of them lie on cycles of imports.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct CycleFigures {
    /// How many modules they load after the plan.
    pub modules: usize,
    /// How many modules, of those that they load before it, lie on cycles.
    pub before: usize,
    /// How many lie on cycles after it.
    pub after: usize,
}

/// The cycles that a change closes, sorted by the place of the import that closes each; not those that were closed before any of the
/// comparisons. The first says what the change is.
pub(super) fn closed(comparisons: &[Comparison<'_>]) -> Vec<Broken> {
    let Some(comparison) = comparisons.first() else { return Vec::new() };
    let mut edges: Vec<(FileId, u32, FileId)> = comparison.new_imports().collect();
    edges.sort_unstable();
    let after = Components::below(&comparison.new, edges.iter().map(|(file, ..)| *file));
    edges.retain(|(file, _, target)| file != target && after.get(*file) == after.get(*target));
    for comparison in comparisons {
        let ends = edges.iter().flat_map(|(file, _, target)| [*file, *target]);
        let before = Components::below(&comparison.old, ends.filter_map(|file| comparison.old_id(file)));
        let component = |file: FileId| comparison.old_id(file).and_then(|old| before.get(old));
        edges.retain(|(file, _, target)| component(*file).is_none_or(|old| component(*target) != Some(old)));
    }
    // One import statement may load several modules of the cycle: the shortest way round is told.
    let mut shortest: BTreeMap<(FileId, u32), Vec<FileId>> = BTreeMap::new();
    for (file, at, target) in edges {
        let Some(way) = after.way(&comparison.new, target, file) else { continue };
        let known = shortest.entry((file, at)).or_insert_with(|| way.clone());
        if way.len() < known.len() {
            *known = way;
        }
    }
    let tell = |((file, at), way): ((FileId, u32), Vec<FileId>)| Broken {
        reason: Reason::ImportCycle,
        at: (comparison.after.snapshot().get(file).path.clone(), comparison.after.position(file, at).line),
        story: story(comparison.after, file, &way),
        culprits: comparison.path_before(file).into_iter().map(|path| (path, BTreeSet::new())).collect(),
    };
    shortest.into_iter().map(tell).collect()
}

/// A cycle in words; `way` leads from what the module imports back to it.
fn story(index: &Index, file: FileId, way: &[FileId]) -> String {
    let names: Vec<String> = way.iter().map(|&file| name(index, file)).collect();
    format!("{} loads {}", name(index, file), names.join(", which loads "))
}

/// What a module is called.
pub(super) fn name(index: &Index, file: FileId) -> String {
    match index.modules().name(file) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => index.snapshot().get(file).path.to_text(),
    }
}

/// Counts the modules on cycles below the files that a plan changes, given by their paths before and afterwards; also returns the
/// cycles that were there before.
pub(super) fn measure(
    before: &Index,
    after: &Index,
    changed: &[(Option<RepoPath>, Option<RepoPath>)],
) -> (CycleFigures, Vec<Existing>) {
    let components = |index: &Index, paths: &mut dyn Iterator<Item = &RepoPath>| {
        let scripts = Scripts::new(index, index.snapshot().files().len());
        let files = paths.filter(|path| crate::lang::python::is_source(path)).filter_map(|path| index.snapshot().id(path));
        let components = Components::below(&scripts, files);
        let existing: Vec<Existing> =
            components.cycles().iter().filter_map(|cycle| existing(index, &scripts, &components, cycle)).collect();
        (components.modules(), components.cycles().iter().map(|cycle| cycle.len()).sum(), existing)
    };
    let ((_, old, existing), (modules, new, _)) = rayon::join(
        || components(before, &mut changed.iter().filter_map(|(old, _)| old.as_ref())),
        || components(after, &mut changed.iter().filter_map(|(_, new)| new.as_ref())),
    );
    (CycleFigures { modules, before: old, after: new }, existing)
}

/// A cycle as something that is so: at the import by which its first module comes back to itself the soonest.
fn existing(index: &Index, scripts: &Scripts<'_>, components: &Components, cycle: &[FileId]) -> Option<Existing> {
    let &first = cycle.first()?;
    let ways = scripts.get(first).imports().filter(|(_, target)| *target != first);
    let ways = ways.filter_map(|(at, target)| Some((at, components.way(scripts, target, first)?)));
    let (at, way) = ways.min_by_key(|(_, way)| way.len())?;
    let story = story(index, first, &way);
    let message = match cycle.len() - way.len() {
        0 => story,
        more => format!("{story} ({more} more on the same cycles)"),
    };
    let path = index.snapshot().get(first).path.clone();
    Some(Existing { path, position: index.position(first, at), kind: ExistingKind::Cycle, message })
}
