//! Editing imports and re-exports: bring something else, split, join, add, drop.
//!
//! Edits are made on tree-sitter's concrete tree, so quotes, braces, commas, comments and line ends outside the changed names stay as
//! they are. Statements are never sorted and never moved: import order is behaviour. What a file is to have is first planned statement by
//! statement, then written: a name that leaves a statement gets one of its own right behind it, or joins one that already takes from the
//! same module, where nothing but imports stands between the two.

mod factory;
mod forms;
mod layout;
mod list;
mod near;
mod plan;
mod statement;
mod style;
mod write;

pub use self::factory::may_split;
pub(super) use self::layout::{is_identifier, is_of_file};
use self::plan::Plan;
pub(super) use self::statement::{code_end, is_blank_or_comments};
use super::facts::{AliasForm, AliasId, ExportId, Facts, RequestId};
use crate::syntax::Tree;
use crate::text::edit::Edit;

/// One file, as far as editing it needs it.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Its text.
    pub text: &'a str,
    /// Its facts.
    pub facts: &'a Facts,
    /// Its concrete tree.
    pub tree: &'a Tree,
}

/// What a name that is taken from a module becomes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Becomes {
    /// Another name, perhaps of another module.
    Name(Name),
    /// Nothing: it is dropped.
    Nothing,
}

/// A name to take from a module.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Name {
    /// The module, as it is to be written between the quotes.
    pub specifier: String,
    /// The name that the module exports: `default` for its default export, `*` for the object that has all of them.
    pub imported: String,
    /// What the file calls it; not looked at for a re-export, which keeps its exported name.
    pub local: String,
    /// Whether `type` stands before it, or before all names of its statement.
    pub is_type_only: bool,
}

/// All that changes in the imports and re-exports of one file.
#[derive(Clone, Default, Debug)]
pub struct Change {
    /// Modules that are spelled differently, whatever asks for them: only the text between the quotes changes.
    pub specifiers: Vec<(RequestId, String)>,
    /// Names that come from elsewhere, are called differently there, or go; the others stay.
    pub aliases: Vec<(AliasId, Becomes)>,
    /// The same for the names of `export { … } from`.
    pub exports: Vec<(ExportId, Becomes)>,
    /// Names that the file needs in addition.
    pub added: Vec<Name>,
    /// Import and export declarations whose module has to be evaluated even if none of its names stays: `import "m"` is left of them.
    pub effects: Vec<RequestId>,
}

/// Why a file is not edited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// tree-sitter sees something else there than the facts say, or an error.
    ParsersDisagree,
    /// A comment would be lost, or would stand at something else.
    Comment,
    /// Other names are taken from the module at the same place, which names one module only.
    Shared,
    /// It is written in a way that cannot say what it is to become.
    Form,
}

impl Refusal {
    /// What it means, in words for a person.
    pub fn explain(self) -> &'static str {
        match self {
            Refusal::ParsersDisagree => "the place is not read alike by both parsers",
            Refusal::Comment => "a comment there would be lost or misplaced",
            Refusal::Shared => "other names are taken from the module at the same place",
            Refusal::Form => "it is written in a way that cannot say what it is to become",
        }
    }
}

/// Returns the edits that make the change; they do not overlap one another.
///
/// # Errors
/// A place cannot be edited. Nothing of the change is made then.
pub fn edits(source: &Source<'_>, change: &Change) -> Result<Vec<Edit>, Refusal> {
    let mut edits = Vec::new();
    let mut plan = Plan::new(source, change)?;
    let (declared, others): (Vec<_>, Vec<_>) =
        change.aliases.iter().partition(|(alias, _)| matches!(source.facts.aliases[alias.index()].form, AliasForm::Import(_)));
    plan.change(&declared, &change.exports)?;
    plan.add(&change.added);
    edits.extend(plan.write()?);
    edits.extend(forms::edits(source, change, &others)?);
    Ok(edits)
}

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
