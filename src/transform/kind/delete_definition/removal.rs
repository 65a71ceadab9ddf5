//! The edits that take a definition out of its module, together with others that go.

use super::super::super::View;
use super::super::super::finding::Reason;
use crate::lang::python::facts::{AliasId, Binding, BindingKind, DefinitionKind, ScopeId};
use crate::lang::python::imports::{Refusal, Source};
use crate::lang::python::shim::{self, Branch};
use crate::lang::python::statements;
use crate::text::edit::Edit;
use crate::text::span::Span;

/// How a definition can be taken out.
pub struct Removal {
    /// The whole statement, the import that brings the name, or what forwards it.
    what: What,
    /// The `if` by which an environment variable chooses another home for the name.
    switch: Option<Span>,
    /// Its entries of `__all__`.
    pub entries: Vec<Span>,
    /// Why a person has to look at it first, if so.
    pub reason: Option<Reason>,
}

enum What {
    Statement(Span),
    Import(AliasId),
    Branch(Branch),
}

impl Removal {
    /// How the name of a module can be taken out.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn of(view: &View<'_>, name: &str) -> Result<Self, Reason> {
        let facts = view.facts;
        if !facts.errors.is_empty() {
            return Err(Reason::Unparsable);
        }
        let source = view.source().ok_or(Reason::ParsersDisagree)?;
        let switch = shim::switch_of(&source, name).map(|switch| switch.span);
        let is_chosen = |binding: &&Binding| switch.is_some_and(|switch| switch.covers(binding.span));
        let bindings = facts.module_bindings(name).map(|(_, binding)| binding);
        let bindings: Vec<&Binding> = bindings.filter(|binding| !is_chosen(binding)).collect();
        if facts.bindings.iter().filter(is_chosen).count() > 1 {
            return Err(Reason::OddSpelling);
        }
        let listed = facts.exports.iter().flat_map(|exports| &exports.entries);
        let entries: Vec<Span> = listed.filter(|(entry, _)| facts.names.get(*entry) == name).map(|(_, span)| *span).collect();
        if bindings.is_empty() && facts.forward(name).is_some() {
            let branch = shim::branch_of(&source, name).map_err(|_| Reason::OddSpelling)?;
            return Ok(Self { what: What::Branch(branch), switch, entries, reason: None });
        }
        let [binding] = bindings[..] else { return Err(Reason::SeveralBindings) };
        let whole = |span: Span| statements::whole(&source, span).map_err(|_| Reason::ParsersDisagree);
        let (what, reason) = match binding.kind {
            BindingKind::Import(id) => (What::Import(id), None),
            BindingKind::Definition(id) => {
                let definition = &facts.definitions[id.index()];
                let is_found = definition.span.start != definition.header.start || is_found_by_name(name, definition.kind);
                (What::Statement(whole(definition.span)?), is_found.then_some(Reason::FoundOtherwise))
            }
            BindingKind::Alias(_)
            | BindingKind::Text(_)
            | BindingKind::Entered(_)
            | BindingKind::Value
            | BindingKind::Annotation
            | BindingKind::TypeParameter => {
                let whole = whole(binding.span)?;
                let in_statement = |other: &&Binding| whole.covers(other.span) && other.scope == ScopeId::MODULE;
                if whole.start != binding.span.start || facts.bindings.iter().filter(in_statement).count() > 1 {
                    return Err(Reason::OddSpelling);
                }
                // The value may be computed by a call that does something else as well.
                let reason = view.text[whole.range()].contains('(').then_some(Reason::NotProved);
                (What::Statement(whole), reason)
            }
            BindingKind::Exception | BindingKind::Delete | BindingKind::Parameter => return Err(Reason::OddSpelling),
        };
        Ok(Self { what, switch, entries, reason })
    }

    /// The whole statements, an import apart.
    pub fn statements(&self) -> impl Iterator<Item = Span> {
        let own = match &self.what {
            What::Statement(span) => Some(*span),
            What::Branch(branch) => Some(branch.span),
            What::Import(_) => None,
        };
        own.into_iter().chain(self.switch)
    }

    /// The import, if it is one.
    pub fn import(&self) -> Option<AliasId> {
        match self.what {
            What::Statement(_) | What::Branch(_) => None,
            What::Import(alias) => Some(alias),
        }
    }

    /// The edits that take out its statement and entries together with others of its file, which all go.
    ///
    /// # Errors
    /// tree-sitter reads a place otherwise.
    pub fn edits(&self, source: &Source<'_>, statements: &[Span], entries: &[Span]) -> Result<Vec<Edit>, Refusal> {
        let mut edits = Vec::new();
        for span in self.statements() {
            let span = match &self.what {
                What::Branch(branch) if branch.span == span => branch.gone_with(statements),
                _ => span,
            };
            edits.push(statements::remove_among(source, span, statements)?);
        }
        for &entry in &self.entries {
            edits.extend(statements::remove_element_among(source, entry, entries)?);
        }
        Ok(edits)
    }
}

/// Whether a test runner or Python itself finds the definition by its name.
fn is_found_by_name(name: &str, kind: DefinitionKind) -> bool {
    let is_test = match kind {
        DefinitionKind::Class => name.starts_with("Test"),
        DefinitionKind::Function | DefinitionKind::AsyncFunction => name.starts_with("test") || name.starts_with("pytest_"),
    };
    is_test || (name.starts_with("__") && name.ends_with("__"))
}
