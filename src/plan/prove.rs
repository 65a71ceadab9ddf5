//! The proof that a change broke nothing (design, law 2): no new syntax error in either reading, no new unresolved first-party
//! import, no new unbound name. Old ones are not blamed on the change.

use std::collections::BTreeSet;
use std::fmt;

use rayon::prelude::*;

use crate::index::Index;
use crate::index::words::Word;
use crate::lang::python;
use crate::lang::python::facts::{Facts, ScopeId};
use crate::lang::python::scope::unbound;
use crate::lang::python::unresolved::{Unresolved, UnresolvedReason, unresolved};
use crate::syntax::{self, Grammar};
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::path::RepoPath;
use crate::text::snapshot::{FileId, ReadError, Snapshot};
use crate::text::span::{LineIndex, Position, Span};

/// Something that a change broke.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Violation {
    /// The file, under the name it has afterwards.
    pub path: RepoPath,
    /// Where in it, afterwards.
    pub position: Position,
    /// What.
    pub breach: Breach,
}

/// What can be broken.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Breach {
    /// The file has more syntax errors than before.
    Syntax {
        /// Which of the two parsers says so.
        parser: &'static str,
        /// What it says.
        message: String,
    },
    /// An import cannot succeed that could before.
    Unresolved(Unresolved),
    /// A name is read that nothing binds.
    Unbound(String),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.position.line, self.breach)
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breach::Syntax { parser, message } => write!(f, "new syntax error ({parser}): {message}"),
            Breach::Unbound(name) => write!(f, "`{name}` is not bound any more"),
            Breach::Unresolved(Unresolved { module, name, reason }) => {
                let what = match name {
                    Some(name) => format!("`from {module} import {name}`"),
                    None => format!("`import {module}`"),
                };
                let why = match reason {
                    UnresolvedReason::MissingModule => "there is no such module",
                    UnresolvedReason::NotAPackage => "a part of the module's name is not a package",
                    UnresolvedReason::MissingName => "the module does not have the name",
                    UnresolvedReason::TypeCheckingOnly => "the module has the name only under TYPE_CHECKING",
                    UnresolvedReason::MainOnly => "the module has the name only when it is run as a script",
                    UnresolvedReason::BeyondRoot => "the dots lead out of the import root",
                };
                write!(f, "{what} cannot be resolved any more: {why}")
            }
        }
    }
}

/// Compares the two indices and returns what the change between them broke, sorted by place.
pub fn prove(before: &Index, after: &Index, change: &SourceChange) -> Vec<Violation> {
    let changed = changed_files(before, after, change);
    let mut violations: Vec<Violation> = changed
        .par_iter()
        .flat_map_iter(|file| {
            let mut found = syntax_errors(before, after, file);
            found.extend(new_imports(before, after, file));
            found.extend(unbound_names(before, after, file));
            found
        })
        .collect();
    violations.extend(lost_names(before, after, change, &changed));
    violations.sort();
    violations.dedup();
    violations
}

/// Whether the same thing was broken in another state of the files already.
pub fn is_old(violation: &Violation, index: &Index) -> bool {
    let Some(file) = index.snapshot().id(&violation.path) else { return false };
    match &violation.breach {
        Breach::Syntax { .. } => !index.facts(file).errors.is_empty(),
        Breach::Unresolved(broken) => unresolved(index, file).iter().any(|(_, other)| other == broken),
        Breach::Unbound(name) => unbound(index.facts(file)).contains_key(name.as_str()),
    }
}

/// The edit that makes one text of another: what lies between their common beginning and their common end.
fn replacement(old: &[u8], new: &str) -> Edit {
    let same = |(a, b): &(&u8, &u8)| a == b;
    let mut start = old.iter().zip(new.as_bytes()).take_while(same).count();
    while !new.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = old[start..].iter().rev().zip(new.as_bytes()[start..].iter().rev()).take_while(same).count();
    while !new.is_char_boundary(new.len() - end) {
        end -= 1;
    }
    Edit::replace(Span::new(start as u32, (old.len() - end) as u32), &new[start..new.len() - end])
}

/// The change that makes one snapshot of another, one edit a file. Files that are not UTF-8 are left out:
/// no language of ours reads them.
///
/// # Errors
/// A file cannot be read.
pub fn between(before: &Snapshot, after: &Snapshot) -> Result<SourceChange, ReadError> {
    let mut change = SourceChange::default();
    let mut add = |path: &RepoPath, what| {
        // Each path is added once, so nothing can conflict.
        let _ = change.union(&SourceChange::of(path.clone(), what));
    };
    for file in after.files() {
        let old = before.file(&file.path);
        if let Some(old) = old
            && before.blob(old)? == after.blob(file)?
        {
            continue;
        }
        let Ok(content) = String::from_utf8(after.read(file)?.to_vec()) else { continue };
        match old {
            None => add(&file.path, FileChange::Create { content, mode: file.mode }),
            Some(old) => {
                let edit = replacement(&before.read(old)?, &content);
                add(&file.path, FileChange::Edit(TextEdit::new(vec![edit]).unwrap_or_default()));
            }
        }
    }
    for file in before.files().iter().filter(|file| after.file(&file.path).is_none()) {
        add(&file.path, FileChange::Delete);
    }
    Ok(change)
}

/// A Python file that a change edited, moved or made.
pub(super) struct Changed<'c> {
    pub old: Option<FileId>,
    pub new: FileId,
    edit: Option<&'c TextEdit>,
}

pub(super) fn changed_files<'c>(before: &Index, after: &Index, change: &'c SourceChange) -> Vec<Changed<'c>> {
    let changed = |(path, what): (&RepoPath, &'c FileChange)| {
        let (new, edit) = match what {
            FileChange::Edit(edit) => (path, Some(edit)),
            FileChange::Move { to, edit } => (to, Some(edit)),
            FileChange::Create { .. } => (path, None),
            FileChange::Delete => return None,
        };
        if !python::is_source(new) {
            return None;
        }
        Some(Changed { old: before.snapshot().id(path), new: after.snapshot().id(new)?, edit })
    };
    change.files().iter().filter_map(changed).collect()
}

fn violation(after: &Index, file: FileId, offset: u32, breach: Breach) -> Violation {
    let text = after.text(file).unwrap_or_default();
    let position = LineIndex::new(text.as_bytes()).position(offset);
    Violation { path: after.snapshot().get(file).path.clone(), position, breach }
}

fn syntax_errors(before: &Index, after: &Index, file: &Changed<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let old_facts = file.old.map_or(0, |old| before.facts(old).errors.len());
    let new_errors = &after.facts(file.new).errors;
    if new_errors.len() > old_facts
        && let Some(error) = new_errors.last()
    {
        let breach = Breach::Syntax { parser: "ruff", message: error.message.to_string() };
        found.push(violation(after, file.new, error.span.start, breach));
    }
    let Ok(new_text) = after.text(file.new) else { return found };
    let old = file.old.and_then(|old| Some((before.text(old).ok()?, old)));
    let (old_errors, new_tree) = match (&old, file.edit) {
        (Some((old_text, id)), Some(edit)) => {
            let Some(old_tree) = before.tree(*id, old_text) else { return found };
            (old_tree.errors().len(), syntax::reparse(Grammar::Python, old_tree, old_text, edit, &new_text))
        }
        _ => (0, syntax::parse(Grammar::Python, &new_text)),
    };
    let errors = new_tree.map(|tree| tree.errors()).unwrap_or_default();
    if errors.len() > old_errors
        && let Some(error) = errors.last()
    {
        let breach = Breach::Syntax { parser: "tree-sitter", message: "the text here is not Python".to_owned() };
        found.push(violation(after, file.new, error.span.start, breach));
    }
    found
}

/// Imports that the file has now and had not before, and that cannot succeed.
fn new_imports(before: &Index, after: &Index, file: &Changed<'_>) -> Vec<Violation> {
    let old = file.old.map_or_else(BTreeSet::new, |old| spelled_imports(before.facts(old)));
    let is_moved = file.old.is_some_and(|old| before.snapshot().get(old).path != after.snapshot().get(file.new).path);
    if !is_moved && spelled_imports(after.facts(file.new)).is_subset(&old) {
        return Vec::new();
    }
    let broken_before: BTreeSet<Unresolved> = match file.old.filter(|_| is_moved) {
        Some(old) => unresolved(before, old).into_iter().map(|(_, unresolved)| unresolved).collect(),
        None => BTreeSet::new(),
    };
    let is_new = |unresolved: &Unresolved| match is_moved {
        true => !broken_before.contains(unresolved),
        false => !old.contains(&(unresolved.module.to_string(), unresolved.name.as_deref().map(str::to_owned))),
    };
    unresolved(after, file.new)
        .into_iter()
        .filter(|(_, unresolved)| is_new(unresolved))
        .map(|(span, unresolved)| violation(after, file.new, span.start, Breach::Unresolved(unresolved)))
        .collect()
}

fn spelled_imports(facts: &Facts) -> BTreeSet<(String, Option<String>)> {
    let spelled = |alias: &python::facts::Alias| {
        let name = facts.names.get(alias.name).to_owned();
        match facts.import_of(alias).from {
            None => (name, None),
            Some(from) => {
                let module = from.module.map_or("", |module| facts.names.get(module));
                (".".repeat(from.level as usize) + module, Some(name))
            }
        }
    };
    facts.aliases.iter().map(spelled).collect()
}

fn unbound_names(before: &Index, after: &Index, file: &Changed<'_>) -> Vec<Violation> {
    let Some(old) = file.old else { return Vec::new() };
    let old = unbound(before.facts(old));
    let new = unbound(after.facts(file.new)).into_iter().filter(|(name, _)| !old.contains_key(name));
    new.map(|(name, offset)| violation(after, file.new, offset, Breach::Unbound(name.to_owned()))).collect()
}

/// Imports in any file that cannot succeed any more because a module or a module's name has gone.
fn lost_names(before: &Index, after: &Index, change: &SourceChange, changed: &[Changed<'_>]) -> Vec<Violation> {
    let mut words: BTreeSet<String> = BTreeSet::new();
    for file in changed {
        let Some(old) = file.old else { continue };
        let kept: BTreeSet<&str> = public_names(after.facts(file.new)).collect();
        words.extend(public_names(before.facts(old)).filter(|name| !kept.contains(name)).map(str::to_owned));
    }
    for (path, what) in change.files() {
        if matches!(what, FileChange::Delete | FileChange::Move { .. })
            && let Some(module) = before.snapshot().id(path).and_then(|file| before.modules().name(file))
        {
            words.extend(module.rsplit('.').next().map(str::to_owned));
            // The last file of a folder takes the folder's name with it.
            let top = module.split('.').next().unwrap_or(module);
            words.extend((!after.modules().is_first_party(top)).then(|| top.to_owned()));
        }
    }
    if words.is_empty() {
        return Vec::new();
    }
    let words: Vec<Word> = words.iter().map(|word| Word::new(word)).collect();
    let affected = after.with_words(&words);
    after.warm(&affected);
    let broken = |&file: &FileId| {
        let path = &after.snapshot().get(file).path;
        let old: BTreeSet<Unresolved> = match before.snapshot().id(path) {
            Some(old) => unresolved(before, old).into_iter().map(|(_, unresolved)| unresolved).collect(),
            None => BTreeSet::new(),
        };
        let new = unresolved(after, file).into_iter().filter(move |(_, unresolved)| !old.contains(unresolved));
        let new = new.chain(vanished(before, after, file));
        new.map(|(span, unresolved)| violation(after, file, span.start, Breach::Unresolved(unresolved))).collect::<Vec<_>>()
    };
    affected.par_iter().flat_map_iter(broken).collect()
}

/// The imports of a file that lead into a top-level name which was in the repository and is not any more.
fn vanished(before: &Index, after: &Index, file: FileId) -> Vec<(Span, Unresolved)> {
    let facts = after.facts(file);
    let is_gone = |dotted: &str| before.modules().is_first_party(dotted) && !after.modules().is_first_party(dotted);
    let judge = |alias: &python::facts::Alias| {
        let module = match facts.import_of(alias).from {
            Some(from) => facts.names.get(from.module.filter(|_| from.level == 0)?),
            None => facts.names.get(alias.name),
        };
        let reason = UnresolvedReason::MissingModule;
        is_gone(module).then(|| (alias.name_span, Unresolved { module: module.into(), name: None, reason }))
    };
    facts.aliases.iter().filter_map(judge).collect()
}

fn public_names(facts: &Facts) -> impl Iterator<Item = &str> {
    let own = facts.bindings.iter().take_while(|binding| binding.scope == ScopeId::MODULE);
    own.filter(|binding| Facts::is_lasting(binding)).map(|binding| facts.names.get(binding.name))
}
