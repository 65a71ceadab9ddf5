//! The proof that a change broke nothing (design, law 2): no new syntax error in either reading, no new unresolved first-party
//! import, no new unbound name, no lost public name: one that `__all__` lists, or that other files import, read as an attribute or
//! bring by a star; and no string that is looked up (the target of a patch, say) and names nothing. Old ones are not blamed on the
//! change. Cycles of imports are the business of [`super::load_order`].

use std::collections::BTreeSet;
use std::fmt;

use rayon::prelude::*;

use super::faults::{Fault, Key, faults};
use super::origins::Origins;
use super::typescript;
use crate::index::Index;
use crate::index::words::Word;
use crate::lang::python::facts::{Facts, ScopeId};
use crate::lang::python::missing::names_set;
use crate::lang::python::unresolved::{Unresolved, UnresolvedReason, UnresolvedTarget};
use crate::lang::{self, grammar, is_source, python};
use crate::syntax;
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::path::RepoPath;
use crate::text::snapshot::{FileId, ReadError, Snapshot};
use crate::text::span::{Position, Span};

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
    /// A name is read that none of the file's star imports brings, and nothing else binds.
    Star {
        /// The modules that the star imports name.
        modules: Vec<String>,
        /// The name.
        name: String,
    },
    /// An attribute is read out of a module that does not bind it.
    Attribute {
        /// The module.
        module: String,
        /// The attribute.
        name: String,
    },
    /// `__all__` lists a name that the module does not bind.
    Export(String),
    /// A string that is looked up when the code runs, such as the target of a patch, names nothing.
    Target(UnresolvedTarget),
    /// A name that is imported is declared once more.
    Twice(String),
    /// A module specifier leads nowhere.
    Specifier(String),
    /// A name is taken from a module that does not export it.
    Lacking {
        /// The module, as it is spelled.
        specifier: String,
        /// The name.
        name: String,
    },
}

/// What the proof of a change found.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Proof {
    /// What the change broke, sorted by place.
    pub violations: Vec<Violation>,
    /// The source files that were looked at, under the paths that they had before.
    pub looked_at: BTreeSet<RepoPath>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.position.line, self.breach)
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(true))
    }
}

impl Breach {
    /// What is broken, in words: as something that a change broke, or as something that is so.
    pub fn text(&self, is_new: bool) -> String {
        let now = if is_new { " any more" } else { "" };
        match self {
            Breach::Syntax { parser, message } => {
                format!("{}syntax error ({parser}): {message}", if is_new { "new " } else { "" })
            }
            Breach::Unbound(name) => format!("`{name}` is not bound{now}"),
            Breach::Star { modules, name } => {
                let stars: Vec<String> = modules.iter().map(|module| format!("`from {module} import *`")).collect();
                format!("`{name}` is not brought by {}{now}", stars.join(" or "))
            }
            Breach::Attribute { module, name } => {
                format!("`{name}` cannot be read out of `{module}`{now}: the module does not have the name")
            }
            Breach::Export(name) => format!("`__all__` lists `{name}`, which the module does not have{now}"),
            Breach::Twice(name) => format!("`{name}` is declared twice{}", if is_new { " now" } else { "" }),
            Breach::Specifier(specifier) => format!("\"{specifier}\" leads to no module{now}"),
            Breach::Lacking { specifier, name } => format!("\"{specifier}\" does not export `{name}`{now}"),
            Breach::Target(UnresolvedTarget { path, reason }) => format!("\"{path}\" names nothing{now}: {}", why(*reason)),
            Breach::Unresolved(Unresolved { module, name, reason }) => {
                let what = match name {
                    Some(name) => format!("`from {module} import {name}`"),
                    None => format!("`import {module}`"),
                };
                format!("{what} cannot be resolved{now}: {}", why(*reason))
            }
        }
    }
}

fn why(reason: UnresolvedReason) -> &'static str {
    match reason {
        UnresolvedReason::MissingModule => "there is no such module",
        UnresolvedReason::NotAPackage => "a part of the module's name is not a package",
        UnresolvedReason::MissingName => "the module does not have the name",
        UnresolvedReason::TypeCheckingOnly => "the module has the name only under TYPE_CHECKING",
        UnresolvedReason::MainOnly => "the module has the name only when it is run as a script",
        UnresolvedReason::BeyondRoot => "the dots lead out of the import root",
    }
}

/// The name of the reader that both languages share.
const TREE_SITTER: &str = "tree-sitter";

/// Compares the two indices and says what the change between them broke.
pub fn prove(before: &Index, after: &Index, change: &SourceChange) -> Proof {
    let origins = Origins::of(change);
    let changed = changed_files(before, after, change);
    let sources = changed_sources(before, after, change, is_source);
    let mut violations: Vec<Violation> = sources.par_iter().flat_map_iter(|file| syntax_errors(before, after, file)).collect();
    violations.par_extend(changed.par_iter().flat_map_iter(|file| new_faults(before, after, file.old, file.new, &origins)));
    let affected = affected(before, after, change, &changed);
    let old = |file: FileId| before.snapshot().id(origins.path(&after.snapshot().get(file).path));
    let lost = |&file: &FileId| {
        let mut found = new_faults(before, after, old(file), file, &origins);
        found.extend(vanished(before, after, file));
        found
    };
    violations.par_extend(affected.par_iter().flat_map_iter(lost));
    violations.extend(typescript::violations(before, after, change));
    violations.sort();
    violations.dedup();
    let path = |file: FileId| before.snapshot().get(file).path.clone();
    let looked_at = sources.iter().filter_map(|file| file.old).chain(affected.iter().filter_map(|&file| old(file))).map(path);
    Proof { violations, looked_at: looked_at.collect() }
}

/// Whether the same thing was broken in another state of the files already.
pub fn is_old(violation: &Violation, index: &Index) -> bool {
    let Some(file) = index.snapshot().id(&violation.path) else { return false };
    match &violation.breach {
        Breach::Syntax { parser: TREE_SITTER, .. } => {
            let text = index.text(file).unwrap_or_default();
            index.tree(file, &text).is_some_and(|tree| !tree.errors().is_empty())
        }
        Breach::Syntax { .. } => native_error(index, file).is_some(),
        Breach::Specifier(_) | Breach::Lacking { .. } | Breach::Twice(_) => {
            typescript::faults(index, file, &Origins::default()).iter().any(|fault| fault.breach == violation.breach)
        }
        breach => faults(index, file, &Origins::default()).iter().any(|fault| fault.breach == *breach),
    }
}

/// The edit that makes one text of another: what lies between their common beginning and their common end.
pub(super) fn replacement(old: &[u8], new: &str) -> Edit {
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

/// A source file that a change edited, moved or made.
pub(super) struct Changed<'c> {
    pub old: Option<FileId>,
    pub new: FileId,
    edit: Option<&'c TextEdit>,
}

/// The Python files that a change edited, moved or made.
pub(super) fn changed_files<'c>(before: &Index, after: &Index, change: &'c SourceChange) -> Vec<Changed<'c>> {
    changed_sources(before, after, change, python::is_source)
}

fn changed_sources<'c>(
    before: &Index,
    after: &Index,
    change: &'c SourceChange,
    is_source: fn(&RepoPath) -> bool,
) -> Vec<Changed<'c>> {
    let changed = |(path, what): (&RepoPath, &'c FileChange)| {
        let (new, edit) = match what {
            FileChange::Edit(edit) => (path, Some(edit)),
            FileChange::Move { to, edit } => (to, Some(edit)),
            FileChange::Create { .. } => (path, None),
            FileChange::Delete => return None,
        };
        if !is_source(new) {
            return None;
        }
        Some(Changed { old: before.snapshot().id(path), new: after.snapshot().id(new)?, edit })
    };
    change.files().iter().filter_map(changed).collect()
}

fn violation(after: &Index, file: FileId, offset: u32, breach: Breach) -> Violation {
    Violation { path: after.snapshot().get(file).path.clone(), position: after.position(file, offset), breach }
}

/// The number of errors that the language's own parser sees in a file, and the last of them.
fn native_error(index: &Index, file: FileId) -> Option<(usize, &'static str, u32, String)> {
    if python::is_source(&index.snapshot().get(file).path) {
        let errors = &index.facts(file).errors;
        errors.last().map(|error| (errors.len(), "ruff", error.span.start, error.message.to_string()))
    } else {
        let errors = &index.typescript().facts(file).errors;
        errors.last().map(|error| (errors.len(), "oxc", error.span.start, error.message.to_string()))
    }
}

fn syntax_errors(before: &Index, after: &Index, file: &Changed<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let is_read = |old: &FileId| is_source(&before.snapshot().get(*old).path);
    let old = file.old.filter(is_read);
    let before_errors = old.and_then(|old| native_error(before, old)).map_or(0, |(count, ..)| count);
    if let Some((count, parser, offset, message)) = native_error(after, file.new)
        && count > before_errors
    {
        found.push(violation(after, file.new, offset, Breach::Syntax { parser, message }));
    }
    let Ok(new_text) = after.text(file.new) else { return found };
    let Some(grammar) = grammar(&after.snapshot().get(file.new).path) else { return found };
    let old = old.and_then(|old| Some((before.text(old).ok()?, old)));
    let (old_errors, new_tree) = match (&old, file.edit) {
        (Some((old_text, id)), Some(edit)) if lang::grammar(&before.snapshot().get(*id).path) == Some(grammar) => {
            let Some(old_tree) = before.tree(*id, old_text) else { return found };
            (old_tree.errors().len(), syntax::reparse(grammar, old_tree, old_text, edit, &new_text))
        }
        _ => (0, syntax::parse(grammar, &new_text)),
    };
    let errors = new_tree.map(|tree| tree.errors()).unwrap_or_default();
    if errors.len() > old_errors
        && let Some(error) = errors.last()
    {
        let breach = Breach::Syntax { parser: TREE_SITTER, message: format!("the text here is not {grammar}") };
        found.push(violation(after, file.new, error.span.start, breach));
    }
    found
}

/// The faults of a file that it did not have before.
fn new_faults(before: &Index, after: &Index, old: Option<FileId>, new: FileId, origins: &Origins<'_>) -> Vec<Violation> {
    let found = faults(after, new, origins);
    if found.is_empty() {
        return Vec::new();
    }
    let old = old.into_iter().flat_map(|old| faults(before, old, &Origins::default()));
    let known: BTreeSet<Key> = old.flat_map(|fault| fault.keys).collect();
    let is_new = |fault: &Fault| !fault.keys.iter().any(|key| known.contains(key));
    found.into_iter().filter(is_new).map(|fault| violation(after, new, fault.offset, fault.breach)).collect()
}

/// The files that may read a name, or load a module, which has gone.
fn affected(before: &Index, after: &Index, change: &SourceChange, changed: &[Changed<'_>]) -> Vec<FileId> {
    let mut words: BTreeSet<String> = BTreeSet::new();
    for file in changed {
        let Some(old) = file.old else { continue };
        for names in [bound_names, brought_names] {
            let kept: BTreeSet<&str> = names(after.facts(file.new)).collect();
            words.extend(names(before.facts(old)).filter(|name| !kept.contains(name)).map(str::to_owned));
        }
        let kept = names_set(after.facts(file.new));
        words.extend(names_set(before.facts(old)).difference(&kept).copied().map(str::to_owned));
    }
    for (path, what) in change.files() {
        if *what == FileChange::Delete
            && python::is_source(path)
            && let Some(file) = before.snapshot().id(path)
        {
            words.extend(names_set(before.facts(file)).into_iter().map(str::to_owned));
        }
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
    affected
}

/// The imports of a file that lead into a top-level name which was in the repository and is not any more.
fn vanished(before: &Index, after: &Index, file: FileId) -> Vec<Violation> {
    let facts = after.facts(file);
    let is_gone = |dotted: &str| before.modules().is_first_party(dotted) && !after.modules().is_first_party(dotted);
    let judge = |alias: &python::facts::Alias| {
        let module = match facts.import_of(alias).from {
            Some(from) => facts.names.get(from.module.filter(|_| from.level == 0)?),
            None => facts.names.get(alias.name),
        };
        let reason = UnresolvedReason::MissingModule;
        let breach = || Breach::Unresolved(Unresolved { module: module.into(), name: None, reason });
        is_gone(module).then(|| violation(after, file, alias.name_span.start, breach()))
    };
    facts.aliases.iter().filter_map(judge).collect()
}

/// The names that a module binds.
fn bound_names(facts: &Facts) -> Box<dyn Iterator<Item = &str> + '_> {
    let own = facts.bindings.iter().take_while(|binding| binding.scope == ScopeId::MODULE);
    Box::new(own.filter(|binding| Facts::is_lasting(binding)).map(|binding| facts.names.get(binding.name)))
}

/// The names that a star import brings.
fn brought_names(facts: &Facts) -> Box<dyn Iterator<Item = &str> + '_> {
    match &facts.exports {
        Some(exports) => Box::new(exports.entries.iter().map(|&(name, _)| facts.names.get(name))),
        None => Box::new(bound_names(facts).filter(|name| !name.starts_with('_'))),
    }
}
