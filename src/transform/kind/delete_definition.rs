//! `delete-definition`: deletes a class, function, value or re-export of a module once nothing refers to it.
//!
//! What counts as a reference: every import, use, `__all__` entry of another module and string with the dotted path, through any
//! re-export; a string with the bare name in a file that has to do with the module (`getattr(module, "Name")`); and any file
//! that has the word and does not parse. Names that a framework finds by decorator or by spelling are for a person.

use super::super::finding::{Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use super::super::wire::{Problem, Table};
use super::super::{Context, Rule, Subject, View, place_in};
use super::{Kind, SymbolRef};
use crate::index::Index;
use crate::index::mentions::Mention;
use crate::index::references::{Reference, Search, Site, Target};
use crate::lang::python::facts::{Binding, BindingKind, DefinitionKind, Facts, ImportId, ScopeId};
use crate::lang::python::imports::{Becomes, Change, rewrite};
use crate::lang::python::modules::Module;
use crate::lang::python::statements;
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::snapshot::FileId;
use crate::text::span::Span;

pub(super) const KIND: Kind =
    Kind { name: "delete-definition", summary: "deletes a definition once nothing refers to it", read };

struct DeleteDefinition {
    symbols: Vec<SymbolRef>,
}

fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    if !table.has("of") {
        let problem = Problem::new(table.origin(), "`of` is missing");
        table.problem(problem.hint("`of` names the symbol, or a list of symbols, to delete"));
    }
    let symbols = table.strings("of").into_iter().filter_map(|text| SymbolRef::read(table, text)).collect();
    Some(Box::new(DeleteDefinition { symbols }))
}

impl Rule for DeleteDefinition {
    fn check(&self, index: &Index) -> Vec<Problem> {
        self.symbols.iter().filter_map(|symbol| symbol.check_name(index)).collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let index = context.index;
        let mut findings = Vec::new();
        for wanted in &self.symbols {
            let symbol = wanted.symbol(index);
            let Module::File(file) = symbol.module else { continue };
            let view = View::open(index, file);
            let bindings: Vec<&Binding> = view.facts.module_bindings(&wanted.name).map(|(_, binding)| binding).collect();
            let Some(first) = bindings.first() else { continue };
            let Uses { blockers, suspects } = uses(&view, wanted, &bindings);
            let outcome = match blockers.is_empty() {
                false => Outcome::Left(Reason::StillReferenced),
                true if !context.in_scope(file) => Outcome::Left(Reason::OutOfScope),
                true => match delete(&view, &wanted.name, &bindings) {
                    Ok((edit, reason)) => {
                        let reason = reason.or((!suspects.is_empty()).then_some(Reason::NotProved));
                        Outcome::Fix(Fix::judged(reason, SourceChange::edit(view.path.clone(), edit)))
                    }
                    Err(reason) => Outcome::Left(reason),
                },
            };
            let message = format!("delete {}:{}", wanted.module, wanted.name);
            let mut finding = view.finding(first.span, message, Some(Spelling::of(Form::Definition)), outcome);
            finding.evidence = if blockers.is_empty() { suspects } else { blockers };
            findings.push(finding);
        }
        findings
    }

    fn subjects(&self, index: &Index) -> Vec<Subject> {
        let target = |symbol: &SymbolRef| Target::Symbol(symbol.symbol(index));
        self.symbols.iter().map(|symbol| Subject { target: target(symbol), home: None }).collect()
    }
}

/// What still refers to a symbol, and what may.
struct Uses {
    blockers: Vec<Evidence>,
    /// Attributes of its name on objects that are not known, in files that have to do with its module; places in JSON.
    suspects: Vec<Evidence>,
}

fn uses(view: &View<'_>, wanted: &SymbolRef, bindings: &[&Binding]) -> Uses {
    let index = view.index;
    let symbol = wanted.symbol(index);
    let targets = [Target::Symbol(symbol), Target::Module(wanted.module.as_str().into())];
    let search = Search::new(index, &targets);
    let inside: Vec<Span> = bindings.iter().map(|binding| extent(view.facts, binding)).collect();
    let mut related: Vec<FileId> = vec![view.file];
    let (mut blockers, mut suspects) = (Vec::new(), Vec::new());
    for reference in search.run() {
        if reference.target == 1 {
            related.push(reference.file);
            continue;
        }
        if let Site::Member(_) = reference.site {
            // It is among the strings with the bare name, below.
            continue;
        }
        let is_own = reference.file == view.file
            && match reference.site {
                Site::Export(_) => true,
                Site::Name(used) => inside.iter().any(|span| span.covers(view.facts.uses[used.index()].span)),
                // The re-export that is to be deleted.
                Site::Alias(alias) => bindings.iter().any(|binding| binding.kind == BindingKind::Import(alias)),
                _ => false,
            };
        if !is_own {
            blockers.push(evidence(index, &reference));
        }
    }
    let mentions = search.mentions(&|_| true);
    for mention in mentions.iter().filter(|mention| mention.target == 0) {
        let evidence = mentioned(index, mention);
        if mention.is_binding() { blockers.push(evidence) } else { suspects.push(evidence) }
    }
    related.sort_unstable();
    related.dedup();
    for &file in search.candidates() {
        let facts = index.facts(file);
        if let Some(error) = facts.errors.first() {
            let at = View::open(index, file).place(error.span);
            blockers.push(Evidence {
                role: "unparsable",
                at: Some((at.path, at.position.line)),
                text: error.message.to_string(),
            });
        }
        if related.binary_search(&file).is_ok() {
            let names = |span: Span| !inside.iter().any(|inner| file == view.file && inner.covers(span));
            let strings =
                facts.strings.iter().filter(|string| facts.names.get(string.value) == wanted.name && names(string.span));
            let is_entry = |span: Span| facts.exports.iter().flat_map(|exports| &exports.entries).any(|entry| entry.1 == span);
            for string in strings.filter(|string| !(file == view.file && is_entry(string.span))) {
                let at = View::open(index, file).place(string.span);
                blockers.push(Evidence {
                    role: "string",
                    at: Some((at.path, at.position.line)),
                    text: format!("\"{}\"", wanted.name),
                });
            }
            let code = facts.embedded_code_with(&wanted.name).filter(|span| names(*span));
            blockers.extend(code.map(|span| View::open(index, file).quote("string", span)));
            suspects
                .extend(attributes(index, file, &wanted.name).filter(|(span, _)| names(*span)).map(|(_, evidence)| evidence));
        }
    }
    Uses { blockers, suspects }
}

/// The places of a file where a name stands behind a dot.
fn attributes<'i>(index: &'i Index, file: FileId, name: &str) -> impl Iterator<Item = (Span, Evidence)> + 'i {
    let view = View::open(index, file);
    let is_part = |c: char| c == '_' || unicode_ident::is_xid_continue(c);
    let found = view.text.match_indices(name).filter(|(at, name)| {
        let (before, behind) = (&view.text[..*at], &view.text[at + name.len()..]);
        before.trim_end().ends_with('.') && !behind.starts_with(is_part)
    });
    let spans: Vec<Span> = found.map(|(at, name)| Span::new(at as u32, (at + name.len()) as u32)).collect();
    spans.into_iter().map(move |span| (span, view.quote("attribute", span)))
}

/// A place in a configuration file as evidence.
pub(super) fn mentioned(index: &Index, mention: &Mention) -> Evidence {
    let text = index.text(mention.file).unwrap_or_default();
    let place = place_in(index, mention.file, mention.span);
    Evidence { role: "config", at: Some((place.path, place.position.line)), text: text[mention.path.range()].to_owned() }
}

/// A reference as evidence.
pub(super) fn evidence(index: &Index, reference: &Reference) -> Evidence {
    let view = View::open(index, reference.file);
    let facts = view.facts;
    let (role, span) = match reference.site {
        Site::From(import) => ("import", facts.imports[import.index()].span),
        Site::Alias(alias) | Site::Star(alias, _) => ("import", facts.import_of(&facts.aliases[alias.index()]).span),
        Site::Attribute(used, _) | Site::Unsure(used, _) | Site::Name(used) => ("use", facts.uses[used.index()].span),
        Site::Export(at) => ("export", facts.exports.as_ref().map_or(Span::at(0), |exports| exports.entries[at].1)),
        Site::String(at, _) | Site::Member(at) => ("string", facts.strings[at].span),
        Site::Computed(at) => ("string", facts.computed[at].span),
    };
    view.quote(role, span)
}

/// The bytes that go with a binding.
fn extent(facts: &Facts, binding: &Binding) -> Span {
    match binding.kind {
        BindingKind::Definition(definition) => facts.definitions[definition.index()].span,
        _ => binding.span,
    }
}

/// The edits that delete the name, and why they are for review.
fn delete(view: &View<'_>, name: &str, bindings: &[&Binding]) -> Result<(TextEdit, Option<Reason>), Reason> {
    if !view.facts.errors.is_empty() {
        return Err(Reason::Unparsable);
    }
    let [binding] = bindings else { return Err(Reason::SeveralBindings) };
    let source = view.source().ok_or(Reason::ParsersDisagree)?;
    let mut reason = None;
    let mut edits: Vec<Edit> = Vec::new();
    match binding.kind {
        BindingKind::Import(id) => {
            let alias = &view.facts.aliases[id.index()];
            let others = alias_count(view.facts, alias.import);
            // A statement that goes altogether takes what the import does besides with it.
            if others == 1 {
                edits.push(statements::remove(&source, view.facts.import_of(alias).span).map_err(|_| Reason::ParsersDisagree)?);
                reason = Some(Reason::NotProved);
            } else {
                let change = Change { aliases: vec![(id, Becomes::Nothing)], added: Vec::new() };
                edits.extend(rewrite(&source, alias.import, &change, &|_| true).map_err(|_| Reason::ParsersDisagree)?);
            }
        }
        BindingKind::Definition(id) => {
            let definition = &view.facts.definitions[id.index()];
            if definition.span.start != definition.header.start || is_found_by_name(name, definition.kind) {
                reason = Some(Reason::FoundOtherwise);
            }
            edits.push(statements::remove(&source, definition.span).map_err(|_| Reason::ParsersDisagree)?);
        }
        BindingKind::Alias(_)
        | BindingKind::Text(_)
        | BindingKind::Entered(_)
        | BindingKind::Value
        | BindingKind::Annotation
        | BindingKind::TypeParameter => {
            let whole = statements::whole(&source, binding.span).map_err(|_| Reason::ParsersDisagree)?;
            let in_statement = |other: &&Binding| whole.covers(other.span) && other.scope == ScopeId::MODULE;
            if whole.start != binding.span.start || view.facts.bindings.iter().filter(in_statement).count() > 1 {
                return Err(Reason::OddSpelling);
            }
            // The value may be computed by a call that does something else as well.
            if view.text[whole.range()].contains('(') {
                reason = Some(Reason::NotProved);
            }
            edits.push(statements::remove(&source, whole).map_err(|_| Reason::ParsersDisagree)?);
        }
        BindingKind::Exception | BindingKind::Delete | BindingKind::Parameter => return Err(Reason::OddSpelling),
    }
    for (entry, span) in view.facts.exports.iter().flat_map(|exports| &exports.entries) {
        if view.facts.names.get(*entry) == name {
            edits.push(statements::remove_element(&source, *span).map_err(|_| Reason::ParsersDisagree)?);
        }
    }
    let edit = TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)?;
    Ok((edit, reason))
}

fn alias_count(facts: &Facts, import: ImportId) -> usize {
    facts.aliases_of(&facts.imports[import.index()]).count()
}

/// Whether a test runner or Python itself finds the definition by its name.
fn is_found_by_name(name: &str, kind: DefinitionKind) -> bool {
    let is_test = match kind {
        DefinitionKind::Class => name.starts_with("Test"),
        DefinitionKind::Function | DefinitionKind::AsyncFunction => name.starts_with("test") || name.starts_with("pytest_"),
    };
    is_test || (name.starts_with("__") && name.ends_with("__"))
}
