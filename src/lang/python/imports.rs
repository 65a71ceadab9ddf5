//! Editing import statements: bring something else, split, join, add, drop.
//!
//! Edits are made on tree-sitter's concrete tree, so commas, parentheses, comments and line ends outside the changed names
//! stay as they are. Statements are never sorted and never moved: import order is behaviour. A name that leaves a statement gets
//! a statement of its own right behind it, or joins one that already imports from the same module, where nothing but imports
//! stands between the two.

mod editor;
mod insert;
mod remove;
mod statement;

use rustc_hash::FxHashSet;

pub use self::editor::Editor;
pub use self::insert::{Need, Needed, as_text, insert, lines, relative};
pub use self::remove::{Removal, removals};
use self::statement::{Group, Item, Statement, add, append, edit_module, edit_name, is_alone_on_line, spell};
use super::facts::{AliasId, Binding, BindingKind, Context, Facts, ImportId};
use super::modules::ModuleTable;
use crate::syntax::Tree;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::snapshot::FileId;

/// One file, as far as editing its imports needs it.
pub struct Source<'a> {
    /// The file.
    pub file: FileId,
    /// Its text.
    pub text: &'a str,
    /// Its facts.
    pub facts: &'a Facts,
    /// Its concrete tree.
    pub tree: &'a Tree,
    /// The modules of the snapshot.
    pub modules: &'a ModuleTable,
}

/// What an alias of an import statement is to bring.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Becomes {
    /// Of a `from` import: another name, perhaps of another module.
    Name(Name),
    /// Of a plain `import`: another module, under `as` where a local name is given.
    Module {
        /// The dotted name.
        module: String,
        /// The name behind `as`.
        local: Option<String>,
    },
    /// Nothing: it is dropped.
    Nothing,
}

/// A name to import.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Name {
    /// The absolute dotted name of the module.
    pub module: String,
    /// The name in the module.
    pub name: String,
    /// The name that it is bound to here.
    pub local: String,
}

/// A change to one import statement.
#[derive(Clone, Default, Debug)]
pub struct Change {
    /// What the changed aliases become; the others stay.
    pub aliases: Vec<(AliasId, Becomes)>,
    /// What to import in addition, right behind the statement.
    pub added: Vec<Added>,
}

/// Something to import in addition.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Added {
    /// `from module import name`.
    Name(Name),
    /// `import module`.
    Module(String),
}

/// Why a statement is not edited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// tree-sitter sees no such statement there, or an error in it.
    ParsersDisagree,
    /// The statement would go, and a comment in it with it.
    Comment,
}

/// The longest line that a new statement may have before its names are put on lines of their own; the limit of PEP 8's most used
/// formatters.
pub(super) const LINE_LENGTH: usize = 88;

/// Comments that are addressed to a tool and hold for their line.
const PRAGMAS: [&str; 10] = ["noqa", "type:", "pylint:", "pyright:", "mypy:", "isort:", "ruff:", "flake8:", "pragma:", "nosec"];

/// Returns the edits that make the change to a statement of the editor's file.
///
/// # Errors
/// The statement cannot be edited.
pub fn rewrite(editor: &Editor<'_>, import: ImportId, change: &Change) -> Result<Vec<Edit>, Refusal> {
    let source = editor.source;
    let statement = Statement::find(source, import)?;
    let mut groups: Vec<Group> = Vec::new();
    let mut removed: Vec<AliasId> = Vec::new();
    let mut edits = Vec::new();
    for (alias, becomes) in &change.aliases {
        match becomes {
            Becomes::Name(name) => {
                let comment = statement.comment_of(source, *alias);
                add(
                    &mut groups,
                    Some(&name.module),
                    Item { text: spell(name), name: Some(name.clone()), alias: Some(*alias), comment },
                );
            }
            Becomes::Module { module, local } => edits.extend(edit_module(source, *alias, module, local.as_deref())),
            Becomes::Nothing => removed.push(*alias),
        }
    }
    for added in &change.added {
        match added {
            Added::Name(name) => {
                add(
                    &mut groups,
                    Some(&name.module),
                    Item { text: spell(name), name: Some(name.clone()), alias: None, comment: None },
                );
            }
            Added::Module(module) => {
                add(&mut groups, None, Item { text: module.clone(), name: None, alias: None, comment: None })
            }
        }
    }
    let stays = statement.aliases.len() > change.aliases.iter().filter(|(_, becomes)| becomes.leaves()).count();

    // Join what can be joined; the first of the other groups takes the statement over, if none of its names stay.
    let can_vanish = !statement.has_comment(source);
    let mut home: Option<Group> = None;
    let mut out: Vec<Group> = Vec::new();
    for group in groups {
        // `from pkg import old` that is to bring `pkg.new` as well, or instead.
        if stays && statement.is_from(source, group.module.as_deref()) {
            for item in &group.items {
                edits.extend(match (item.alias, &item.name) {
                    (Some(alias), Some(name)) => edit_name(source, &source.facts.aliases[alias.index()], name),
                    _ => append(source, &statement, &item.text),
                });
            }
            continue;
        }
        let may_join = group.comment().is_none() && (stays || home.is_some() || can_vanish);
        if may_join && let Some(joined) = join(editor, &statement, &group) {
            edits.extend(joined);
            removed.extend(group.aliases());
        } else if !stays && home.is_none() && group.aliases().next().is_some() {
            home = Some(group);
        } else {
            removed.extend(group.aliases());
            out.push(group);
        }
    }

    match home {
        Some(home) => edits.extend(statement.take_over(source, &home)),
        None if !stays => {
            if !can_vanish {
                return Err(Refusal::Comment);
            }
            edits.push(match statement.text(source, &out, "") {
                Some(text) => Edit::replace(statement.span, text),
                None if editor.empties_block(&statement) => Edit::replace(statement.span, "pass"),
                None => statement.delete(source),
            });
            return Ok(edits);
        }
        None => {}
    }
    edits.extend(statement.remove(source, &removed).into_iter().map(Edit::delete));
    edits.extend(statement.insert_behind(source, &out));
    Ok(edits)
}

/// Returns the edits that put a `from` statement's module in place of another, keeping every name.
///
/// # Errors
/// The statement cannot be edited.
pub fn replace_module(source: &Source<'_>, import: ImportId, module: &str) -> Result<Vec<Edit>, Refusal> {
    let statement = Statement::find(source, import)?;
    Ok(statement.module_edit(source, module.to_owned()).into_iter().collect())
}

impl Becomes {
    /// Whether the alias leaves the statement's list, or may do so.
    fn leaves(&self) -> bool {
        !matches!(self, Becomes::Module { .. })
    }
}

/// Adds a group's names to a statement that imports from the same module already.
fn join(editor: &Editor<'_>, statement: &Statement<'_>, group: &Group) -> Option<Vec<Edit>> {
    let source = editor.source;
    let host = editor.host(statement, group.module.as_deref()?)?;
    let found = &host.statement;
    let guards = [Context::TRY_IMPORT, Context::TRY_ANY];
    if pragma(found.behind(source.text)).is_some() || guards.iter().any(|&guard| found.import.context.contains(guard)) {
        // The host may be expected to fail; what joins it would fail with it.
        return None;
    }
    let mut edits = Vec::new();
    let end = found.span.range().end;
    let mut width = eol::line_end(source.text, end) - eol::line_start(source.text, end);
    let joining: FxHashSet<AliasId> = group.aliases().collect();
    for item in &group.items {
        let name = item.name.as_ref()?;
        if is_bound_between(source, found, &joining, name, item.alias) {
            return None;
        }
        match host.alias(source, &name.local) {
            Some(alias) if source.facts.names.get(alias.name) == name.name => {}
            Some(_) => return None,
            None => {
                edits.push(append(source, found, &item.text)?);
                width += ", ".len() + item.text.len();
            }
        }
    }
    let has_own_lines = found
        .aliases
        .last()
        .is_some_and(|(_, last)| found.is_parenthesised && is_alone_on_line(source.text, Statement::alias_span(last)));
    (edits.is_empty() || has_own_lines || width <= LINE_LENGTH).then_some(edits)
}

/// Whether a statement other than the host and those whose names join it binds the name as well: then it matters which comes first.
fn is_bound_between(
    source: &Source<'_>,
    host: &Statement<'_>,
    joining: &FxHashSet<AliasId>,
    name: &Name,
    alias: Option<AliasId>,
) -> bool {
    let facts = source.facts;
    let Some(local) = facts.names.find(&name.local) else { return false };
    let scope = alias.and_then(|alias| facts.binding_of_alias(alias)).map_or(host.import.scope, |binding| binding.scope);
    let of_host = host.import.aliases.0 as usize..host.import.aliases.1 as usize;
    let is_other = |binding: &Binding| match binding.kind {
        BindingKind::Import(id) => !joining.contains(&id) && !of_host.contains(&id.index()),
        _ => true,
    };
    facts.bindings_of(scope, local).any(|(_, binding)| is_other(binding))
}

/// A comment behind a statement that is addressed to a tool.
fn pragma(behind: &str) -> Option<&str> {
    let comment = behind.trim();
    let words = comment.strip_prefix('#')?.trim_start().to_ascii_lowercase();
    PRAGMAS.iter().any(|pragma| words.starts_with(pragma)).then_some(comment)
}

#[cfg(test)]
mod tests;
