//! Whether a change makes an import fail that did not fail before, because it meets a module that is still being loaded; and whether
//! it closes a cycle of imports that may fail one day.
//!
//! A rewritten import is a new edge between modules, and an edge can close a cycle. Cycles are legal in Python and common; whether
//! one fails is a matter of who is loaded first and what is bound by then. So both programs, before and after, are loaded
//! ([`crate::lang::python::load`]) from every module whose loading can have changed: those that the change edits, and all
//! on a cycle through a new edge. A new cycle that fails nowhere is not made either ([`super::cycles`]): the next import in it could
//! be the one that fails.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::cycles;
use super::prove::changed_files;
use super::typescript;
use crate::index::Index;
use crate::index::words::Word;
use crate::lang::python::load::{Failure, Loader, Scripts};
use crate::text::change::SourceChange;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::transform::finding::Reason;

/// An import that fails after a change and did not before, or that closes a cycle which was not there; or a submodule that is read as
/// an attribute of its package, and that nothing has loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// Which of these it is: `ImportCycle` or `ModuleNeeded`.
    pub reason: Reason,
    /// The file that imports, and the line.
    pub at: (RepoPath, u32),
    /// What goes wrong: who loads whom until the name is missing.
    pub story: String,
    /// The changed files, under their names before, that bring it about.
    pub culprits: Culprits,
}

/// Changed files, under their names before, each with the lines of the statements that are to blame; with none, all are.
pub type Culprits = BTreeMap<RepoPath, BTreeSet<u32>>;

/// Loads both programs and compares: the imports that fail only after the change, or else those that close a new cycle, sorted by
/// place.
pub fn compare(before: &Index, after: &Index, change: &SourceChange) -> Vec<Broken> {
    compare_all(&[(before, change)], after)
}

/// The same where there are several programs before, each with what makes the one afterwards of it: what was so in one of them is not
/// new. Changed files go by their names in the first.
pub fn compare_all(before: &[(&Index, &SourceChange)], after: &Index) -> Vec<Broken> {
    let comparisons: Vec<Comparison<'_>> =
        before.iter().map(|(before, change)| Comparison::new(before, after, change)).collect();
    let mut programs = comparisons.iter().map(failing);
    let mut failing = programs.next().unwrap_or_default();
    for others in programs {
        failing.retain(|broken| others.iter().any(|other| other.at == broken.at && other.reason == broken.reason));
    }
    let mut broken = if failing.is_empty() { cycles::closed(&comparisons) } else { failing };
    broken.extend(typescript::closed(before, after));
    broken
}

/// The imports that fail only after the change.
fn failing(comparison: &Comparison<'_>) -> Vec<Broken> {
    let mut broken: BTreeMap<(RepoPath, u32, String), (Reason, Culprits)> = BTreeMap::new();
    let mut droppers: BTreeMap<(RepoPath, u32, String), Culprits> = BTreeMap::new();
    for (culprits, failure) in comparison.failures() {
        let (at, story) = comparison.tell(&failure);
        let key = (at.0, at.1, story);
        if !failure.is_unloaded && !comparison.has_new_imports(&culprits) {
            // What is loaded now was loaded before as well: it comes too late, because something else does not load it any more.
            let droppers = droppers.entry(key.clone()).or_insert_with(|| comparison.droppers(&failure));
            let paths = culprits.iter().map(|file| &comparison.changed[file].path);
            let blamed: Culprits = paths.filter_map(|path| Some((path.clone(), droppers.get(path)?.clone()))).collect();
            let blamed = if blamed.is_empty() { droppers.clone() } else { blamed };
            broken.entry(key).or_insert((Reason::ImportCycle, Culprits::new())).1.extend(blamed);
            continue;
        }
        let lines = |file: &FileId| {
            if failure.is_unloaded { comparison.dropping_lines(*file, failure.module) } else { BTreeSet::new() }
        };
        let culprits = culprits.iter().map(|file| (comparison.changed[file].path.clone(), lines(file)));
        let reason = if failure.is_unloaded { Reason::ModuleNeeded } else { Reason::ImportCycle };
        broken.entry(key).or_insert((reason, Culprits::new())).1.extend(culprits);
    }
    let tell = |((path, line, story), (reason, culprits))| Broken { reason, at: (path, line), story, culprits };
    broken.into_iter().map(tell).collect()
}

/// Two programs, and what differs.
pub(super) struct Comparison<'i> {
    before: &'i Index,
    pub after: &'i Index,
    pub old: Scripts<'i>,
    pub new: Scripts<'i>,
    /// The files that the change edits, by their ids afterwards.
    changed: FxHashMap<FileId, Edited>,
}

/// A file that the change edits.
struct Edited {
    old: Option<FileId>,
    /// Its path before; the one it has now if it is new.
    path: RepoPath,
    /// The modules that it loads now and did not load before.
    targets: FxHashSet<FileId>,
    /// The modules that it loaded before and does not load now, by the ids that they had.
    dropped: FxHashSet<FileId>,
}

impl<'i> Comparison<'i> {
    fn new(before: &'i Index, after: &'i Index, change: &SourceChange) -> Self {
        let old = Scripts::new(before, before.snapshot().files().len());
        let new = Scripts::new(after, after.snapshot().files().len());
        let mut comparison = Self { before, after, old, new, changed: FxHashMap::default() };
        for file in changed_files(before, after, change) {
            let had: FxHashSet<FileId> = file.old.iter().flat_map(|&old| comparison.old.get(old).loads()).collect();
            let is_new = |target: &FileId| comparison.old_id(*target).is_none_or(|old| !had.contains(&old));
            let targets = comparison.new.get(file.new).loads().filter(is_new).collect();
            let has: FxHashSet<FileId> =
                comparison.new.get(file.new).loads().filter_map(|target| comparison.old_id(target)).collect();
            let dropped = had.iter().copied().filter(|target| !has.contains(target)).collect();
            let path = match file.old {
                Some(old) => before.snapshot().get(old).path.clone(),
                None => after.snapshot().get(file.new).path.clone(),
            };
            comparison.changed.insert(file.new, Edited { old: file.old, path, targets, dropped });
        }
        comparison
    }

    /// The id that a file had before the change.
    pub fn old_id(&self, file: FileId) -> Option<FileId> {
        match self.changed.get(&file) {
            Some(edited) => edited.old,
            None => self.before.snapshot().id(&self.after.snapshot().get(file).path),
        }
    }

    /// The path that a changed file had before.
    pub fn path_before(&self, file: FileId) -> Option<RepoPath> {
        self.changed.get(&file).map(|edited| edited.path.clone())
    }

    /// The imports of the changed files that they did not have before: file, place and imported module, in no order.
    pub fn new_imports(&self) -> impl Iterator<Item = (FileId, u32, FileId)> {
        self.changed.iter().flat_map(move |(&file, edited)| {
            let had: FxHashSet<FileId> =
                edited.old.iter().flat_map(|&old| self.old.get(old).imports()).map(|(_, target)| target).collect();
            let is_new = move |target: FileId| self.old_id(target).is_none_or(|old| !had.contains(&old));
            self.new.get(file).imports().filter(move |(_, target)| is_new(*target)).map(move |(at, target)| (file, at, target))
        })
    }

    /// The modules from which loading can go another way than before.
    fn entries(&self) -> Vec<FileId> {
        let mut entries: Vec<FileId> =
            self.changed.keys().copied().chain(self.on_new_cycles()).chain(self.reaching()).collect();
        entries.sort_unstable();
        entries.dedup();
        entries
    }

    /// The modules on cycles through a new edge: those that can be reached from its target, and that reach its start.
    fn on_new_cycles(&self) -> FxHashSet<FileId> {
        let mut waiting: Vec<FileId> = self.changed.values().flat_map(|edited| &edited.targets).copied().collect();
        let mut reached: FxHashSet<FileId> = waiting.iter().copied().collect();
        let mut importers: FxHashMap<FileId, Vec<FileId>> = FxHashMap::default();
        while let Some(file) = waiting.pop() {
            for target in self.new.get(file).loads() {
                importers.entry(target).or_default().push(file);
                if reached.insert(target) {
                    waiting.push(target);
                }
            }
        }
        let starts = self.changed.iter().filter(|(file, edited)| !edited.targets.is_empty() && reached.contains(file));
        let mut waiting: Vec<FileId> = starts.map(|(file, _)| *file).collect();
        let mut found: FxHashSet<FileId> = waiting.iter().copied().collect();
        while let Some(file) = waiting.pop() {
            for &importer in importers.get(&file).into_iter().flatten() {
                if found.insert(importer) {
                    waiting.push(importer);
                }
            }
        }
        found
    }

    /// The modules that read a submodule as an attribute of its package, where a changed file does not load that any more.
    fn reaching(&self) -> Vec<FileId> {
        let dropped: FxHashSet<FileId> = self.changed.values().flat_map(|edited| &edited.dropped).copied().collect();
        let stem = |file: &FileId| self.before.modules().name(*file).and_then(|name| name.rsplit('.').next());
        let words: BTreeSet<&str> = dropped.iter().filter_map(stem).collect();
        if words.is_empty() {
            return Vec::new();
        }
        let words: Vec<Word> = words.into_iter().map(Word::new).collect();
        let mut files = self.after.with_words(&words);
        self.after.warm(&files);
        let is_dropped = |file: FileId| self.old_id(file).is_some_and(|old| dropped.contains(&old));
        files.retain(|file| self.new.get(*file).reached().any(is_dropped));
        files
    }

    /// The imports that fail after the change and not before, behind the changed files that bring each about.
    fn failures(&self) -> Vec<(Vec<FileId>, Failure)> {
        let load = |(old, new): &mut (Loader<'_>, Loader<'_>), &entry: &FileId| {
            let failures = new.load(entry);
            if failures.is_empty() {
                return Vec::new();
            }
            let known = match self.old_id(entry) {
                Some(entry) => old.load(entry),
                // What a new module loads may have failed to load by itself before.
                None => self.changed[&entry]
                    .targets
                    .iter()
                    .filter_map(|&file| self.old_id(file))
                    .flat_map(|file| old.load(file))
                    .collect(),
            };
            let fresh = self.without_known(failures, &known).into_iter();
            fresh.map(|failure| (self.culprits(&failure, new), failure)).collect()
        };
        let loaders = || (Loader::new(&self.old), Loader::new(&self.new));
        self.entries().par_iter().map_init(loaders, load).flatten_iter().collect()
    }

    /// The failures that were not there before. An import that has been rewritten may fail with another name than before: a file is
    /// allowed as many failures as it had.
    fn without_known(&self, failures: Vec<Failure>, known: &[Failure]) -> Vec<Failure> {
        let mut unused: Vec<&Failure> = known.iter().collect();
        let mut take = |is_it: &dyn Fn(&Failure) -> bool| {
            let at = unused.iter().position(|known| is_it(known));
            at.map(|at| unused.swap_remove(at)).is_some()
        };
        let is_same_file = |a: &Failure, known: &Failure| self.old_id(a.importer()) == Some(known.importer());
        let is_same = |a: &Failure, known: &Failure| {
            let name = |index: &'i Index, failure: &Failure| index.facts(failure.importer()).names.get(failure.name);
            is_same_file(a, known)
                && self.old_id(a.module) == Some(known.module)
                && name(self.after, a) == name(self.before, known)
        };
        let (_, others): (Vec<_>, Vec<_>) = failures.into_iter().partition(|failure| take(&|known| is_same(failure, known)));
        others.into_iter().filter(|failure| !take(&|known| is_same_file(failure, known))).collect()
    }

    /// The changed files that bring a failure about: those whose new edges close the cycle; else those whose new edges led into
    /// it another way round; else all that were loaded.
    fn culprits(&self, failure: &Failure, loader: &Loader<'_>) -> Vec<FileId> {
        let loaded = || self.changed.keys().copied().filter(|&file| loader.has_loaded(file));
        if failure.is_unloaded {
            let drops = |file: &FileId| self.old_id(failure.module).is_some_and(|module| self.drops(*file, module));
            // One that stays is enough.
            return match loaded().filter(drops).min() {
                Some(file) => vec![file],
                None => loaded().collect(),
            };
        }
        let is_new = |from: &FileId, to: &FileId| self.changed.get(from).is_some_and(|edited| edited.targets.contains(to));
        let new_edges = |way: &[FileId], end: Option<&FileId>| -> Vec<FileId> {
            let steps = way.iter().zip(way.iter().skip(1).chain(end));
            steps.filter(|(from, to)| is_new(from, to)).map(|(from, _)| *from).collect()
        };
        let on_cycle = new_edges(&failure.loading[failure.start()..], Some(&failure.module));
        let on_way = new_edges(&failure.loading, None);
        [on_cycle, on_way].into_iter().find(|files| !files.is_empty()).unwrap_or_else(|| loaded().collect())
    }

    /// Whether some of the files load modules that they did not load before.
    fn has_new_imports(&self, files: &[FileId]) -> bool {
        files.iter().any(|file| !self.changed[file].targets.is_empty())
    }

    /// The changed files that do not load the modules any more, or what leads to them, between which a failure happens, with the lines
    /// of the statements that did, before the change; all changed files where none of them does.
    fn droppers(&self, failure: &Failure) -> Culprits {
        let way = failure.loading[failure.start()..].iter().chain([&failure.module]);
        let on_way: FxHashSet<FileId> = way.filter_map(|&file| self.old_id(file)).collect();
        let leads = |from: FileId| !self.old.loaded_with([from]).is_disjoint(&on_way);
        let dropped: FxHashSet<FileId> = self.changed.values().flat_map(|edited| &edited.dropped).copied().collect();
        let leading: FxHashSet<FileId> = dropped.into_iter().filter(|&file| leads(file)).collect();
        let found: Culprits = self
            .changed
            .values()
            .filter(|edited| edited.dropped.iter().any(|file| leading.contains(file)))
            .filter_map(|edited| Some((edited.path.clone(), self.lines_of(edited, |file| leading.contains(&file))?)))
            .collect();
        let all = || self.changed.values().map(|edited| (edited.path.clone(), BTreeSet::new())).collect();
        if found.is_empty() { all() } else { found }
    }

    /// The lines of the statements of a changed file, before the change, that loaded what it does not load any more and is counted.
    fn lines_of(&self, edited: &Edited, counts: impl Fn(FileId) -> bool) -> Option<BTreeSet<u32>> {
        let old = edited.old?;
        let facts = self.before.facts(old);
        let imports = self.old.get(old).imports().filter(|(_, file)| edited.dropped.contains(file) && counts(*file));
        let lines = |at: u32| {
            let end = facts.imports.iter().find(|import| import.span.start == at).map_or(at, |import| import.span.end);
            self.before.position(old, at).line..=self.before.position(old, end).line
        };
        Some(imports.flat_map(|(at, _)| lines(at)).collect())
    }

    /// Whether what a changed file does not load any more loaded a module, itself or through others.
    fn drops(&self, file: FileId, module: FileId) -> bool {
        self.changed[&file].dropped.iter().any(|&dropped| self.leads(dropped, module))
    }

    /// The lines of a changed file, before the change, that loaded a module, itself or through others, and do not any more.
    fn dropping_lines(&self, file: FileId, module: FileId) -> BTreeSet<u32> {
        let (Some(edited), Some(module)) = (self.changed.get(&file), self.old_id(module)) else { return BTreeSet::new() };
        let Some(old) = edited.old else { return BTreeSet::new() };
        let imports = self.old.get(old).imports();
        let dropping = imports.filter(|(_, target)| edited.dropped.contains(target) && self.leads(*target, module));
        dropping.map(|(at, _)| self.before.position(old, at).line).min().into_iter().collect()
    }

    /// Whether the loading of a module loaded another before the change.
    fn leads(&self, from: FileId, to: FileId) -> bool {
        self.old.loaded_with([from]).contains(&to)
    }

    /// A failure in words, and where it happens.
    fn tell(&self, failure: &Failure) -> ((RepoPath, u32), String) {
        let file = failure.importer();
        let line = self.after.position(file, failure.at).line;
        let name = |file: &FileId| cycles::name(self.after, *file);
        let chain: Vec<String> = failure.loading[failure.start()..].iter().map(name).collect();
        let missing = self.after.facts(file).names.get(failure.name);
        if failure.is_unloaded {
            let story = format!("{} reads {}, which nothing loads any more", name(&file), name(&failure.module));
            return ((self.after.snapshot().get(file).path.clone(), line), story);
        }
        let story = format!("{} loads {}, which needs {missing} of it", name(&failure.module), chain[1..].join(", then "));
        ((self.after.snapshot().get(file).path.clone(), line), story)
    }
}
