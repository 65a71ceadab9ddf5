//! The edits that take a definition out of its module, together with others that go.

use super::super::super::finding::{Evidence, Reason};
use super::super::View;
use super::super::remove_unused_imports::effects::act_of;
use crate::lang::python::facts::{AliasId, Binding, BindingKind, Context, Definition, DefinitionKind, Facts, ScopeId};
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
    /// What it does while its module is loaded, other than to define the name.
    pub act: Option<Evidence>,
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
            return Ok(Self { what: What::Branch(branch), switch, entries, reason: None, act: None });
        }
        let [binding] = bindings[..] else { return Err(Reason::SeveralBindings) };
        let whole = |span: Span| statements::whole(&source, span).map_err(|_| Reason::ParsersDisagree);
        let (what, reason) = match binding.kind {
            BindingKind::Import(id) => (What::Import(id), None),
            BindingKind::Definition(id) => {
                let definition = &facts.definitions[id.index()];
                let is_found = definition.span.start != definition.header.start || is_found_by_name(view, definition);
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
                // The value may be computed by a call that does something else as well, and what it fails with may be caught.
                let is_unsure = view.text[whole.range()].contains('(') || statements::is_caught(&source, whole);
                let reason = is_unsure.then_some(Reason::NotProved);
                (What::Statement(whole), reason.or(is_asked_for(name).then_some(Reason::FoundOtherwise)))
            }
            BindingKind::Exception | BindingKind::Delete | BindingKind::Parameter => return Err(Reason::OddSpelling),
        };
        let act = match what {
            What::Statement(span) if reason.is_none() && !binding.context.contains(Context::TYPE_CHECKING) => {
                act_of(view, &source, span)
            }
            _ => None,
        };
        let reason = reason.or(act.is_some().then_some(Reason::LoadTime));
        Ok(Self { what, switch, entries, reason, act })
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

/// Whether a test runner or Python itself finds the definition by its name, or by the class that it derives from.
fn is_found_by_name(view: &View<'_>, definition: &Definition) -> bool {
    let name = view.facts.names.get(definition.name);
    let is_test = match definition.kind {
        DefinitionKind::Class => name.starts_with("Test") || is_test_case(view, definition),
        DefinitionKind::Function | DefinitionKind::AsyncFunction => name.starts_with("test") || HOOKS.contains(&name),
    };
    is_test || is_asked_for(name)
}

/// Functions of a test module that its runner calls.
const HOOKS: [&str; 7] =
    ["load_tests", "setup_module", "teardown_module", "setup_function", "teardown_function", "setUpModule", "tearDownModule"];

/// Whether a class has tests of its own, or bases that are called as if they had some.
fn is_test_case(view: &View<'_>, class: &Definition) -> bool {
    let facts: &Facts = view.facts;
    let is_test = |inner: &Definition| facts.names.get(inner.name).starts_with("test") && class.span.covers(inner.span);
    let bases = view.text[class.header.range()].split_once('(').map_or("", |(_, bases)| bases);
    bases.contains("Test") || facts.definitions.iter().filter(|inner| inner.kind != DefinitionKind::Class).any(is_test)
}

/// Whether Python itself or pytest asks modules for the name, whatever has it.
fn is_asked_for(name: &str) -> bool {
    (name.starts_with("__") && name.ends_with("__"))
        || name.starts_with("pytest_")
        || matches!(name, "pytestmark" | "collect_ignore" | "collect_ignore_glob")
}
