//! Cutting a step into commits that people can review, each of which leaves code that works.
//!
//! The files are grouped by owner or folder, and put in an order: what comes into being or gains a definition, then what only passes a
//! definition on (a shim), then importers, then what loses a definition or goes away. Each slice is proved as a plan is; one that would
//! break something is joined with those behind it until the result passes. The last slice ends where the step ends.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Built, BuiltStep, Progress};
use super::commits::Grouping;
use super::delta::{Content, FileDelta};
use super::load_order;
use super::owners::Owners;
use super::prove::{prove, replacement};
use super::spec::Plan;
use crate::index::Index;
use crate::lang::{python, typescript};
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::TextEdit;
use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;
use crate::transform::finding::{Finding, Outcome};

/// How steps are cut.
pub(super) struct Cut {
    pub grouping: Grouping,
    pub max_files: Option<usize>,
}

impl Cut {
    pub fn is_any(&self) -> bool {
        self.max_files.is_some() || matches!(self.grouping, Grouping::Owner | Grouping::Directory)
    }
}

/// A part of a step.
pub(super) struct Slice {
    pub part: Option<Part>,
    pub built: BuiltStep,
}

/// Which part of a step a commit is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// Its number, from 1.
    pub at: usize,
    /// How many there are.
    pub of: usize,
    /// Whose files it has, or of which folder, sorted; empty where files are only counted.
    pub groups: Vec<String>,
    /// What they are grouped by.
    pub grouping: Grouping,
}

impl Part {
    /// Its groups in words: at most three names.
    pub fn label(&self) -> String {
        const SHOWN: usize = 3;
        let more = self.groups.len().saturating_sub(SHOWN);
        let names = self.groups[..self.groups.len() - more].join(", ");
        if more == 0 { names } else { format!("{names} and {more} more") }
    }

    /// The label between two texts; nothing where there is none.
    pub(super) fn behind(&self, start: &str, end: &str) -> String {
        if self.groups.is_empty() { String::new() } else { format!("{start}{}{end}", self.label()) }
    }
}

/// When a file has its turn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Turn {
    Made,
    Shim,
    Importer,
    Gone,
}

/// Files that go together.
struct Group<'s> {
    names: BTreeSet<String>,
    files: Vec<&'s FileDelta>,
}

/// Cuts the steps of a built plan.
pub(super) struct Slicer<'a> {
    built: &'a Built,
    plan: &'a Plan,
    progress: &'a dyn Progress,
    owners: Option<Owners>,
    /// The index of the last files that were looked at, from which the next is made.
    index: Option<Index>,
}

impl<'a> Slicer<'a> {
    pub fn new(built: &'a Built, plan: &'a Plan, progress: &'a dyn Progress) -> Self {
        Self { built, plan, progress, owners: None, index: None }
    }

    /// The parts of a step, in order; fewer than two where it is not cut.
    pub fn slices(&mut self, step: &BuiltStep, base: &Snapshot, result: &Snapshot, cut: &Cut) -> Vec<Slice> {
        // A text that is not UTF-8 has no edits that could be divided.
        if step.files.len() < 2 || step.files.iter().any(|file| change_of(file).is_none()) {
            return Vec::new();
        }
        self.progress.doing(&format!("{} / {}: cutting it into commits", step.phase, step.step));
        let before = match self.index.take() {
            Some(index) => index.advance(base.clone()),
            None => Index::build(base.clone(), &self.plan.options),
        };
        let after = before.advance(result.clone());
        let groups = self.groups(step, &before, &after, cut);
        let joined = self.joined(groups, &before, step);
        self.index = Some(after);
        let of = joined.len();
        let part = |at: usize, names: BTreeSet<String>| Part {
            at: at + 1,
            of,
            groups: names.into_iter().collect(),
            grouping: cut.grouping,
        };
        let slice = |(at, group): (usize, Group<'_>)| Slice {
            built: part_of(step, &group.files, at + 1 == of),
            part: Some(part(at, group.names)),
        };
        joined.into_iter().enumerate().map(slice).collect()
    }

    /// The files by turn, then by owner or folder, none with more files than wanted.
    fn groups<'s>(&mut self, step: &'s BuiltStep, before: &Index, after: &Index, cut: &Cut) -> Vec<Group<'s>> {
        let mut turns: BTreeMap<(Turn, String), Vec<&'s FileDelta>> = BTreeMap::new();
        for file in &step.files {
            let name = match cut.grouping {
                Grouping::Owner => self.owner(&file.path),
                Grouping::Directory => folder(&file.path, 1),
                Grouping::Step | Grouping::Phase => String::new(),
            };
            turns.entry((turn(file, before, after), name)).or_default().push(file);
        }
        let most = cut.max_files.unwrap_or(usize::MAX);
        let is_folders = cut.grouping == Grouping::Directory;
        let mut groups = Vec::new();
        for ((_, name), files) in turns {
            let parts = if is_folders { by_folder(name, files, most, 1) } else { vec![(name, files)] };
            for (name, files) in parts {
                let names: BTreeSet<String> = Some(name).filter(|name| !name.is_empty()).into_iter().collect();
                groups.extend(
                    files.chunks(most.min(files.len())).map(|files| Group { names: names.clone(), files: files.to_vec() }),
                );
            }
        }
        groups
    }

    fn owner(&mut self, path: &RepoPath) -> String {
        let owners = self.owners.get_or_insert_with(|| Owners::of(&self.built.base).unwrap_or_default());
        let names = owners.owners(path);
        if names.is_empty() { "nobody".to_owned() } else { names.join(" ") }
    }

    /// The groups, those that do not pass alone together with what comes behind them; and if the last does not pass, with those before.
    fn joined<'s>(&self, groups: Vec<Group<'s>>, base: &Index, step: &BuiltStep) -> Vec<Group<'s>> {
        let mut done: Vec<(Group<'s>, Index)> = Vec::new();
        let mut open: Option<Group<'s>> = None;
        let all = groups.len();
        for (at, group) in groups.into_iter().enumerate() {
            self.progress.doing(&format!("{} / {}: proving part {} of {all}", step.phase, step.step, at + 1));
            let group = join(open.take(), group);
            let before = done.last().map_or(base, |(_, index)| index);
            match passes(before, &group.files) {
                Some(index) => done.push((group, index)),
                None => open = Some(group),
            }
        }
        while let Some(group) = open.take() {
            let Some((last, _)) = done.pop() else { return vec![group] };
            let group = join(Some(last), group);
            let before = done.last().map_or(base, |(_, index)| index);
            match passes(before, &group.files) {
                Some(index) => done.push((group, index)),
                None => open = Some(group),
            }
        }
        done.into_iter().map(|(group, _)| group).collect()
    }
}

fn join<'s>(first: Option<Group<'s>>, second: Group<'s>) -> Group<'s> {
    let Some(mut first) = first else { return second };
    first.names.extend(second.names);
    first.files.extend(second.files);
    first
}

/// The index after a slice, where it breaks nothing.
fn passes(before: &Index, files: &[&FileDelta]) -> Option<Index> {
    let change = whole(files);
    let after = before.advance(before.snapshot().with(&change).ok()?);
    let is_sound =
        prove(before, &after, &change).violations.is_empty() && load_order::compare(before, &after, &change).is_empty();
    is_sound.then_some(after)
}

/// The folder of a file, so many levels deep at most.
fn folder(path: &RepoPath, depth: usize) -> String {
    let folders: Vec<&[u8]> = path.components().rev().skip(1).collect();
    let names = folders.iter().rev().take(depth).map(|name| String::from_utf8_lossy(name));
    let name = names.collect::<Vec<_>>().join("/");
    if name.is_empty() { ".".to_owned() } else { name }
}

/// Divides the files of a folder that are too many among the folders in it, as deep as it takes.
fn by_folder<'s>(name: String, files: Vec<&'s FileDelta>, most: usize, depth: usize) -> Vec<(String, Vec<&'s FileDelta>)> {
    let deepest = files.iter().map(|file| file.path.components().count()).max().unwrap_or_default();
    if files.len() <= most || depth >= deepest {
        return vec![(name, files)];
    }
    let mut inner: BTreeMap<String, Vec<&'s FileDelta>> = BTreeMap::new();
    for file in files {
        inner.entry(folder(&file.path, depth + 1)).or_default().push(file);
    }
    inner.into_iter().flat_map(|(name, files)| by_folder(name, files, most, depth + 1)).collect()
}

fn turn(file: &FileDelta, before: &Index, after: &Index) -> Turn {
    let Some(old) = &file.before else { return Turn::Made };
    if file.after.is_none() {
        return Turn::Gone;
    }
    // A file that only moves may be needed as early as one that is made.
    if file.moved_from.is_some() || old.bytes.is_empty() {
        return Turn::Made;
    }
    let (old, new) = (names(before, &file.path), names(after, &file.path));
    if new.defined.difference(&old.defined).next().is_some() {
        return Turn::Made;
    }
    let mut lost = old.defined.difference(&new.defined);
    let is_kept = |name: &String| new.bound.contains(name);
    match lost.next() {
        None => Turn::Importer,
        Some(first) if is_kept(first) && lost.all(is_kept) => Turn::Shim,
        Some(_) => Turn::Gone,
    }
}

/// The names that a module has.
#[derive(Default)]
struct Names {
    /// Those that it defines itself.
    defined: BTreeSet<String>,
    /// All, imported ones too.
    bound: BTreeSet<String>,
}

fn names(index: &Index, path: &RepoPath) -> Names {
    let mut names = Names::default();
    let Some(file) = index.snapshot().id(path) else { return names };
    let mut add = |name: &str, is_imported: bool| {
        names.bound.insert(name.to_owned());
        if !is_imported {
            names.defined.insert(name.to_owned());
        }
    };
    if python::is_source(path) {
        use python::facts::{BindingKind, ScopeId};
        let facts = index.facts(file);
        let outer = facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE);
        for binding in outer.filter(|binding| !matches!(binding.kind, BindingKind::Delete)) {
            let is_passed_on = matches!(binding.kind, BindingKind::Import(_) | BindingKind::Alias(_));
            add(facts.names.get(binding.name), is_passed_on);
        }
    } else if typescript::is_source(path) {
        use typescript::facts::{BindingKind, ScopeId};
        let typescript = index.typescript();
        let facts = typescript.facts(file);
        for binding in facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE) {
            let is_passed_on = matches!(binding.kind, BindingKind::Import(_) | BindingKind::Alias(_));
            add(facts.names.get(binding.name), is_passed_on);
        }
        facts.exports.iter().for_each(|export| add(facts.names.get(export.name), true));
    }
    names
}

/// What a step does to some of its files. What is left for a person is the last part's.
fn part_of(step: &BuiltStep, files: &[&FileDelta], is_last: bool) -> BuiltStep {
    let is_own = |finding: &&Finding| match &finding.outcome {
        Outcome::Left(_) => is_last,
        Outcome::Fix(_) => {
            let path = &finding.place.path;
            files.iter().any(|file| file.path == *path || file.moved_from.as_ref() == Some(path))
        }
    };
    let mut own: Vec<FileDelta> = files.iter().map(|file| (*file).clone()).collect();
    own.sort_by(|a, b| a.path.cmp(&b.path));
    BuiltStep {
        phase: step.phase.clone(),
        step: step.step.clone(),
        title: step.title.clone(),
        severity: step.severity,
        why: step.why.clone(),
        findings: step.findings.iter().filter(is_own).cloned().collect(),
        changes: vec![whole(files)],
        files: own,
    }
}

/// Files as one change.
fn whole(files: &[&FileDelta]) -> SourceChange {
    let mut change = SourceChange::default();
    for one in files.iter().filter_map(|file| change_of(file)) {
        // Each path is there once, so nothing can conflict.
        let _ = change.union(&one);
    }
    change
}

/// What happens to a file as a change; `None` where it is not text, or its mode changes.
fn change_of(file: &FileDelta) -> Option<SourceChange> {
    let text = |content: &'_ Content| String::from_utf8(content.bytes.to_vec()).ok();
    let edit = |before: &Content, after: &Content| -> Option<TextEdit> {
        if before.mode != after.mode {
            return None;
        }
        match before.blob == after.blob {
            true => Some(TextEdit::default()),
            false => TextEdit::new(vec![replacement(&before.bytes, &text(after)?)]).ok(),
        }
    };
    let (path, what) = match (&file.before, &file.after, &file.moved_from) {
        (Some(before), Some(after), Some(old)) => (old, FileChange::Move { to: file.path.clone(), edit: edit(before, after)? }),
        (Some(before), Some(after), None) => (&file.path, FileChange::Edit(edit(before, after)?)),
        (None, Some(after), _) => (&file.path, FileChange::Create { content: text(after)?, mode: after.mode }),
        (Some(_), None, _) => (&file.path, FileChange::Delete),
        (None, None, _) => return None,
    };
    Some(SourceChange::of(path.clone(), what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> FileDelta {
        FileDelta { path: RepoPath::new(path).unwrap(), moved_from: None, before: None, after: None }
    }

    #[test]
    fn folders_are_divided_as_deep_as_it_takes() {
        let files = ["a/b/c/1.py", "a/b/c/2.py", "a/b/c/3.py", "a/b/d/1.py", "a/e.py"].map(file);
        let divided = |most: usize| -> Vec<(String, usize)> {
            let groups = by_folder("a".to_owned(), files.iter().collect(), most, 1);
            groups.into_iter().map(|(name, files)| (name, files.len())).collect()
        };
        let named =
            |groups: &[(&str, usize)]| groups.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>();
        assert_eq!(divided(5), named(&[("a", 5)]));
        assert_eq!(divided(4), named(&[("a", 1), ("a/b", 4)]));
        // Deeper than its folder nothing can be divided.
        assert_eq!(divided(2), named(&[("a", 1), ("a/b/c", 3), ("a/b/d", 1)]));
        assert_eq!((folder(&files[4].path, 3), folder(&file("top.py").path, 1)), ("a".to_owned(), ".".to_owned()));
    }

    #[test]
    fn a_part_of_many_names_a_few() {
        let label = |count: usize| {
            let groups = (0..count).map(|at| format!("@{at}")).collect();
            Part { at: 1, of: 2, groups, grouping: Grouping::Owner }.label()
        };
        assert_eq!([label(0), label(1), label(3), label(5)], ["", "@0", "@0, @1, @2", "@0, @1, @2 and 2 more"]);
    }
}
