//! Cutting a step into commits that people can review, each of which leaves code that works.
//!
//! The files are put in an order: what comes into being or gains a definition, then what only passes a definition on (a shim), then
//! importers, then what loses a definition or goes away. Each of these is grouped by owner or folder; where the number of files is
//! limited, a folder with more is divided, and small neighbours share a slice. Each slice is proved as a plan is; one that would break
//! something is joined with those behind it until the result passes. The last slice ends where the step ends.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Built, BuiltStep, Progress};
use super::delta::{Content, FileDelta};
use super::load_order;
use super::owners::Owners;
use super::prove::{prove, replacement};
use super::spec::Plan;
use super::style::Grouping;
use crate::index::Index;
use crate::lang::{python, typescript};
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::TextEdit;
use crate::text::path::RepoPath;
use crate::text::plain;
use crate::text::snapshot::Snapshot;
use crate::transform::finding::{Applicability, Finding, Outcome};

/// How steps are cut.
pub(super) struct Cut {
    pub grouping: Grouping,
    pub max_files: Option<usize>,
    /// The least sure fixes that are taken.
    pub threshold: Applicability,
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
    /// Its groups in words, on one line: at most three names.
    pub fn label(&self) -> String {
        const SHOWN: usize = 3;
        let more = self.groups.len().saturating_sub(SHOWN);
        let names = self.groups[..self.groups.len() - more].join(", ");
        // The names of folders are anybody's.
        let names = plain::line(&names);
        if more == 0 { names.into_owned() } else { format!("{names} and {more} more") }
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
#[derive(Default)]
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
        let is_folders = cut.grouping == Grouping::Directory;
        let part = |at: usize, names: BTreeSet<String>| Part {
            at: at + 1,
            of,
            groups: if is_folders { places(&names) } else { names.into_iter().collect() },
            grouping: cut.grouping,
        };
        let mut findings = shared_out(&step.findings, &joined, cut.threshold).into_iter();
        let slice = |(at, group): (usize, Group<'_>)| Slice {
            built: part_of(step, &group.files, findings.next().unwrap_or_default()),
            part: Some(part(at, group.names)),
        };
        joined.into_iter().enumerate().map(slice).collect()
    }

    /// The files by turn, then by owner or folder, none with more files than wanted.
    fn groups<'s>(&mut self, step: &'s BuiltStep, before: &Index, after: &Index, cut: &Cut) -> Vec<Group<'s>> {
        let mut turns: BTreeMap<Turn, Vec<&'s FileDelta>> = BTreeMap::new();
        for file in &step.files {
            turns.entry(turn(file, before, after)).or_default().push(file);
        }
        let of_turn = |files: Vec<&'s FileDelta>| match (cut.grouping, cut.max_files) {
            (Grouping::Directory, Some(most)) => by_folder(files, most),
            (Grouping::Directory, None) => named(files, |file| folder(&file.path, 1), usize::MAX),
            (Grouping::Owner, most) => named(files, |file| self.owner(&file.path), most.unwrap_or(usize::MAX)),
            (Grouping::Step | Grouping::Phase, most) => named(files, |_| String::new(), most.unwrap_or(usize::MAX)),
        };
        turns.into_values().flat_map(of_turn).collect()
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

/// The files in groups by a name, none with more files than wanted.
fn named<'s>(files: Vec<&'s FileDelta>, mut name: impl FnMut(&FileDelta) -> String, most: usize) -> Vec<Group<'s>> {
    let mut all: BTreeMap<String, Vec<&'s FileDelta>> = BTreeMap::new();
    for file in files {
        all.entry(name(file)).or_default().push(file);
    }
    all.into_iter().flat_map(|(name, files)| chunks(&name, &files, most)).collect()
}

/// Files of one name in groups, none with more than wanted.
fn chunks<'s>(name: &str, files: &[&'s FileDelta], most: usize) -> Vec<Group<'s>> {
    let names: BTreeSet<String> = Some(name.to_owned()).filter(|name| !name.is_empty()).into_iter().collect();
    files.chunks(most.clamp(1, files.len().max(1))).map(|files| Group { names: names.clone(), files: files.to_vec() }).collect()
}

/// Divides files among the folders at the top; one that has more files than wanted among those in it, as deep as it takes. Small
/// neighbours are put together, so that no two of them could be one.
fn by_folder<'s>(files: Vec<&'s FileDelta>, most: usize) -> Vec<Group<'s>> {
    divided(files, most, 0)
}

/// The files of a folder that is so many levels deep.
fn divided<'s>(files: Vec<&'s FileDelta>, most: usize, depth: usize) -> Vec<Group<'s>> {
    let mut inner: BTreeMap<(bool, String), Vec<&'s FileDelta>> = BTreeMap::new();
    for file in files {
        // The folder's own files come first.
        let is_deeper = file.path.folders().count() > depth;
        inner.entry((is_deeper, folder(&file.path, depth + usize::from(is_deeper)))).or_default().push(file);
    }
    let mut packed: Vec<Group<'s>> = Vec::new();
    for ((is_deeper, name), files) in inner {
        let is_divided = is_deeper && files.len() > most;
        for group in if is_divided { divided(files, most, depth + 1) } else { chunks(&name, &files, most) } {
            match packed.last_mut().filter(|last| last.files.len() + group.files.len() <= most) {
                Some(last) => *last = join(Some(std::mem::take(last)), group),
                None => packed.push(group),
            }
        }
    }
    packed
}

/// The folder of a file, so many levels deep at most; the top is `.`.
fn folder(path: &RepoPath, depth: usize) -> String {
    let folder = path.folders().take(depth).last();
    folder.map_or_else(|| ".".to_owned(), |folder| String::from_utf8_lossy(folder.as_bytes()).into_owned())
}

/// Folders as a part of a step is called by: one or two by their names; of more the one that they have in common, or else those at the
/// top that they lie in.
fn places(names: &BTreeSet<String>) -> Vec<String> {
    let is_in = |name: &str, folder: &str| name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let outer = names.iter().filter(|name| !names.iter().any(|folder| is_in(name, folder)));
    let outer: Vec<String> = outer.cloned().collect();
    let Some(first) = outer.first().filter(|_| outer.len() > 2) else { return outer };
    let mut folders = first.rmatch_indices('/').map(|(at, _)| &first[..at]);
    let common = folders.find(|folder| outer.iter().all(|name| is_in(name, folder)));
    let top = |name: &String| name.split('/').next().unwrap_or_default().to_owned();
    match common {
        Some(common) => vec![common.to_owned()],
        None => outer.iter().map(top).collect::<BTreeSet<_>>().into_iter().collect(),
    }
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

/// What a step found, for each of its parts: what is made by the part that has its file, what is left for a person by the last.
fn shared_out(findings: &[Finding], groups: &[Group<'_>], threshold: Applicability) -> Vec<Vec<Finding>> {
    let files = groups.iter().enumerate().flat_map(|(at, group)| group.files.iter().map(move |file| (at, file)));
    let paths =
        files.flat_map(|(at, file)| [Some(&file.path), file.moved_from.as_ref()].map(|path| path.map(|path| (path, at))));
    let parts: BTreeMap<&RepoPath, usize> = paths.flatten().collect();
    let last = groups.len().saturating_sub(1);
    let mut shares: Vec<Vec<Finding>> = groups.iter().map(|_| Vec::new()).collect();
    for finding in findings {
        let part = match &finding.outcome {
            Outcome::Fix(fix) if fix.applicability >= threshold => {
                let mut paths = std::iter::once(&finding.place.path).chain(fix.change.files().keys());
                paths.find_map(|path| parts.get(path).copied())
            }
            Outcome::Fix(_) | Outcome::Left(_) => None,
        };
        if let Some(share) = shares.get_mut(part.unwrap_or(last)) {
            share.push(finding.clone());
        }
    }
    shares
}

/// What a step does to some of its files, with what it found there.
fn part_of(step: &BuiltStep, files: &[&FileDelta], findings: Vec<Finding>) -> BuiltStep {
    let mut own: Vec<FileDelta> = files.iter().map(|file| (*file).clone()).collect();
    own.sort_by(|a, b| a.path.cmp(&b.path));
    BuiltStep {
        phase: step.phase.clone(),
        step: step.step.clone(),
        title: step.title.clone(),
        severity: step.severity,
        why: step.why.clone(),
        findings,
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
    use crate::text::span::{Position, Span};
    use crate::transform::finding::{Fix, Place, Reason};

    fn file(path: &str) -> FileDelta {
        FileDelta { path: RepoPath::new(path).unwrap(), moved_from: None, before: None, after: None }
    }

    /// The groups that files come to: the places by which they are called, and the number of files.
    fn divided(paths: &[String], most: usize) -> Vec<(String, usize)> {
        let files: Vec<FileDelta> = paths.iter().map(|path| file(path)).collect();
        let groups = by_folder(files.iter().collect(), most);
        groups.into_iter().map(|group| (places(&group.names).join(", "), group.files.len())).collect()
    }

    fn wanted(groups: &[(&str, usize)]) -> Vec<(String, usize)> {
        groups.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn folders_are_divided_as_deep_as_it_takes() {
        let paths = ["a/b/c/1.py", "a/b/c/2.py", "a/b/c/3.py", "a/b/d/1.py", "a/e.py", "f/1.py", "top.py"].map(str::to_owned);
        assert_eq!(divided(&paths, 7), wanted(&[("., a, f", 7)]));
        assert_eq!(divided(&paths, 6), wanted(&[("., a", 6), ("f", 1)]));
        assert_eq!(divided(&paths, 4), wanted(&[("., a", 2), ("a/b", 4), ("f", 1)]));
        // Deeper than its folder nothing can be divided.
        assert_eq!(divided(&paths, 2), wanted(&[("., a", 2), ("a/b/c", 2), ("a/b/c, a/b/d", 2), ("f", 1)]));
        assert_eq!(divided(&paths, 1).len(), 7);
        assert_eq!(divided(&[], 1), []);
        let files = ["a/b/c.py", "a/d.py", "top.py"].map(file);
        let named = named(files.iter().collect(), |file| folder(&file.path, 1), usize::MAX);
        let names: Vec<String> = named.iter().flat_map(|group| group.names.clone()).collect();
        assert_eq!(names, [".", "a"], "without a number, the folders at the top stay apart");
    }

    #[test]
    fn small_neighbours_are_put_together() {
        // 77 folders in three folders.
        let of_folder =
            |at: usize| (0..=at % 5).map(move |file| format!("app/{}/m{at:02}/{file}.py", ["core", "lib", "x"][at / 26]));
        let paths: Vec<String> = (0..77).flat_map(of_folder).collect();
        let groups = divided(&paths, 12);
        assert_eq!((paths.len(), groups.len()), (228, 21), "{groups:?}");
        assert!(groups.iter().all(|(_, count)| *count <= 12), "{groups:?}");
        assert!(groups.windows(2).all(|two| two[0].1 + two[1].1 > 12), "no two could be one: {groups:?}");
        assert_eq!(groups[0], ("app/core".to_owned(), 10));
    }

    #[test]
    fn a_place_is_one_that_can_be_understood() {
        let called = |names: &[&str]| places(&names.iter().map(|&name| name.to_owned()).collect());
        assert_eq!(called(&["a/b", "a/c"]), ["a/b", "a/c"]);
        assert_eq!(called(&["a", "a/b", "a/c/d"]), ["a"]);
        assert_eq!(called(&["a/b/x", "a/b/y", "a/b/z"]), ["a/b"]);
        assert_eq!(called(&["a/b", "a/bc", "a/bd"]), ["a"]);
        assert_eq!(called(&[".", "a/b", "a/c", "b/c"]), [".", "a", "b"]);
    }

    #[test]
    fn what_is_left_is_said_in_the_last_part() {
        let found = |at: &str, outcome: Outcome| Finding {
            place: Place { path: RepoPath::new(at).unwrap(), span: Span::at(0), position: Position { line: 1, column: 0 } },
            message: at.to_owned(),
            spelling: None,
            evidence: Vec::new(),
            outcome,
        };
        let fix = |applicability, changed: &str| {
            let change = SourceChange::of(RepoPath::new(changed).unwrap(), FileChange::Delete);
            Outcome::Fix(Fix::new(applicability, None, change))
        };
        let findings = vec![
            found("a.py", fix(Applicability::Safe, "a.py")),
            found("a.py", fix(Applicability::Review, "a.py")),
            // In a file that no part changes.
            found("z.py", fix(Applicability::Review, "z.py")),
            found("y.py", fix(Applicability::Safe, "a.py")),
            found("a.py", Outcome::Left(Reason::InString)),
            found("c.py", fix(Applicability::Safe, "c.py")),
        ];
        let files = [file("a.py"), FileDelta { moved_from: RepoPath::new("c.py"), ..file("b.py") }];
        let groups: Vec<Group<'_>> = files.iter().map(|file| Group { files: vec![file], ..Group::default() }).collect();
        let shown = |threshold| {
            let shares = shared_out(&findings, &groups, threshold);
            let names = |share: Vec<Finding>| share.into_iter().map(|found| found.message).collect();
            shares.into_iter().map(names).collect::<Vec<Vec<String>>>()
        };
        assert_eq!(shown(Applicability::Safe), [vec!["a.py", "y.py"], vec!["a.py", "z.py", "a.py", "c.py"]]);
        assert_eq!(shown(Applicability::Review), [vec!["a.py", "a.py", "y.py"], vec!["z.py", "a.py", "c.py"]]);
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
