//! The proof for TypeScript: no new specifier that leads nowhere, no name asked for that a module does not export any more, no name used
//! that nothing binds any more, and no new cycle of eager imports.
//!
//! What a file asks for can change without a change to the file (a longer path of a `tsconfig.json` wins, an index file comes into being),
//! so both programs are asked about every file. That takes milliseconds: the facts of unchanged files are shared.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::faults::{Existing, ExistingKind, Fault, Key, own_keys};
use super::load_order::{Broken, Culprits};
use super::origins::Origins;
use super::prove::{Breach, Violation};
use crate::index::Index;
use crate::lang::cycles::{Components, Loads};
use crate::lang::typescript::load::Graph;
use crate::lang::typescript::missing::{Missing, declared_twice, free_names, is_global, top_names};
use crate::lang::typescript::modules::{Module, Problem};
use crate::lang::typescript::{is_config, is_source};
use crate::text::change::{FileChange, SourceChange};
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Position;
use crate::transform::finding::Reason;

/// Whether a change can concern TypeScript.
pub(super) fn is_concerned(change: &SourceChange) -> bool {
    let paths = change.files().iter().flat_map(|(path, what)| match what {
        FileChange::Move { to, .. } => vec![path, to],
        _ => vec![path],
    });
    paths.into_iter().any(|path| is_source(path) || is_config(path))
}

/// What a change broke.
pub(super) fn violations(before: &Index, after: &Index, change: &SourceChange) -> Vec<Violation> {
    if !is_concerned(change) {
        return Vec::new();
    }
    before.typescript().warm();
    after.typescript().warm();
    let origins = Origins::of(change);
    let known: BTreeSet<&str> =
        before.typescript().files().flat_map(|file| free_names(before.typescript().facts(file)).into_keys()).collect();
    // A name that the changed files did not bind before is a global's.
    let changed = change.files().keys().filter(|path| is_source(path)).filter_map(|path| before.snapshot().id(path));
    let bound: BTreeSet<&str> = changed.flat_map(|file| top_names(before.typescript().facts(file))).collect();
    let files: Vec<FileId> = after.typescript().files().collect();
    let in_file = |file: FileId| {
        let path = &after.snapshot().get(file).path;
        let old = before.snapshot().id(origins.path(path)).filter(|_| is_source(origins.path(path)));
        let had: BTreeSet<Key> =
            old.into_iter().flat_map(|old| faults(before, old, &Origins::default())).flat_map(|fault| fault.keys).collect();
        let is_new = |fault: &Fault| !fault.keys.iter().any(|key| had.contains(key));
        let mut found: Vec<Fault> = faults(after, file, &origins).into_iter().filter(is_new).collect();
        if change.files().contains_key(origins.path(path)) || change.files().contains_key(path) {
            let unbound = free_names(after.typescript().facts(file))
                .into_iter()
                .filter(|(name, _)| !known.contains(name) && (bound.contains(name) || (old.is_some() && !is_global(name))));
            found.extend(unbound.map(|(name, offset)| Fault {
                offset,
                breach: Breach::Unbound(name.to_owned()),
                keys: own_keys("name", name),
            }));
        }
        let violation =
            |fault: Fault| Violation { path: path.clone(), position: after.position(file, fault.offset), breach: fault.breach };
        found.into_iter().map(violation).collect::<Vec<_>>()
    };
    files.into_par_iter().flat_map_iter(in_file).collect()
}

/// What cannot work in a file; where its files came from says `origins`.
pub(super) fn faults(index: &Index, file: FileId, origins: &Origins<'_>) -> Vec<Fault> {
    let home = |module: &Module| match module {
        Module::File(file) => origins.path(&index.snapshot().get(*file).path).to_text(),
        Module::Absent(name) => name.to_string(),
    };
    let fault = |Missing { span, specifier, module, name }: &Missing| {
        let of = name.as_deref().unwrap_or_default().to_owned();
        let kind = if name.is_some() { "export" } else { "specifier" };
        let keys = [specifier.to_string(), home(module)].map(|module| (kind, module, of.clone()));
        let breach = match name {
            Some(name) => Breach::Lacking { specifier: specifier.to_string(), name: name.to_string() },
            None => Breach::Specifier(specifier.to_string()),
        };
        Fault { offset: span.start, breach, keys }
    };
    let twice = declared_twice(index.typescript().facts(file)).into_iter().map(|(name, offset)| Fault {
        offset,
        breach: Breach::Twice(name.to_owned()),
        keys: own_keys("twice", name),
    });
    index.typescript().missing(file).iter().map(fault).chain(twice).collect()
}

/// The cycles of eager imports that a change closes, sorted by the place of the import that closes each; not those that were closed
/// in one of the programs before, each of which stands with what makes the one afterwards of it. The first says what the change is.
pub(super) fn closed(programs: &[(&Index, &SourceChange)], after: &Index) -> Vec<Broken> {
    let Some((before, change)) = programs.first().filter(|(_, change)| is_concerned(change)) else { return Vec::new() };
    let (old_code, new_code) = (before.typescript(), after.typescript());
    let (old, new) = (Graph(&old_code), Graph(&new_code));
    let origins = Origins::of(change);
    let path = |file: FileId| &after.snapshot().get(file).path;
    let old_id = |file: FileId| before.snapshot().id(origins.path(path(file)));
    let mut edges: Vec<(FileId, u32, FileId)> = Vec::new();
    for file in new_code.files() {
        let had: BTreeSet<FileId> =
            old_id(file).into_iter().flat_map(|old_file| old.loads(old_file)).map(|(_, target)| target).collect();
        let loads = new.loads(file).into_iter();
        edges.extend(
            loads
                .filter(|(_, target)| old_id(*target).is_none_or(|old| !had.contains(&old)))
                .map(|(at, target)| (file, at, target)),
        );
    }
    let components = Components::below(&new, edges.iter().map(|(file, ..)| *file));
    edges.retain(|(file, _, target)| components.get(*file) == components.get(*target));
    for (before, change) in programs {
        let (code, origins) = (before.typescript(), Origins::of(change));
        let old_id = |file: FileId| before.snapshot().id(origins.path(path(file)));
        let ends = edges.iter().flat_map(|(file, _, target)| [*file, *target]);
        let former = Components::below(&Graph(&code), ends.filter_map(old_id));
        let component = |file: FileId| old_id(file).and_then(|old| former.get(old));
        edges.retain(|(file, _, target)| component(*file).is_none_or(|old| component(*target) != Some(old)));
    }
    let tell = |(file, at, target): (FileId, u32, FileId)| {
        let way = components.way(&new, target, file)?;
        let names: Vec<String> = way.iter().map(|&file| name(after, file)).collect();
        Some(Broken {
            reason: Reason::ImportCycle,
            at: (path(file).clone(), after.position(file, at).line),
            story: format!("{} loads {}", name(after, file), names.join(", which loads ")),
            culprits: Culprits::from([(origins.path(path(file)).clone(), BTreeSet::new())]),
        })
    };
    edges.into_iter().filter_map(tell).collect()
}

fn name(index: &Index, file: FileId) -> String {
    let name = index.typescript().modules().name(file);
    name.map_or_else(|| index.snapshot().get(file).path.to_text(), str::to_owned)
}

/// What was broken before the plan in the files that it changes, and in the configurations that say what they mean.
pub(super) fn existing(index: &Index, paths: &BTreeSet<RepoPath>) -> Vec<Existing> {
    let files: Vec<FileId> = paths.iter().filter(|path| is_source(path)).filter_map(|path| index.snapshot().id(path)).collect();
    if files.is_empty() {
        return Vec::new();
    }
    let code = index.typescript();
    let in_file = |file: FileId| {
        let path = &index.snapshot().get(file).path;
        let faults = faults(index, file, &Origins::default());
        let mut seen: BTreeMap<String, (u32, ExistingKind)> = BTreeMap::new();
        if let Some(error) = code.facts(file).errors.first() {
            seen.insert(error.message.to_string(), (error.span.start, ExistingKind::Syntax));
        }
        for fault in faults {
            seen.entry(fault.breach.text(false)).or_insert((fault.offset, ExistingKind::of(&fault.breach)));
        }
        let existing = |(message, (offset, kind)): (String, (u32, ExistingKind))| Existing {
            path: path.clone(),
            position: index.position(file, offset),
            kind,
            message,
        };
        seen.into_iter().map(existing).collect::<Vec<_>>()
    };
    let config = |problem: &Problem| Existing {
        path: problem.file.clone(),
        position: Position { line: 1, column: 0 },
        kind: ExistingKind::Config,
        message: problem.message.clone(),
    };
    let configs: Vec<Existing> = code.modules().problems().iter().map(config).collect();
    files.into_iter().flat_map(in_file).chain(configs).collect()
}
