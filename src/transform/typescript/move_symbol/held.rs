//! What keeps a definition where it is, and its name what it is: declarations elsewhere that are one with it.

use super::definition::{Moving, Stop};
use crate::index::typescript::references::augmentations;
use crate::lang::typescript::effects::is_given_member;
use crate::lang::typescript::facts::{Alias, BindingId, Imported, NameId};
use crate::lang::typescript::imports::Source;
use crate::lang::typescript::modules::{Kind, Module};
use crate::lang::typescript::resolve::{self, Definition, End};
use crate::syntax::{self, Node};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::Reason;
use crate::transform::typescript::View;

/// Whether other files add to the definition: `declare module "m" { interface X { … } }` adds to whatever `m` calls `X`.
///
/// # Errors
/// They do; all places.
pub fn check_augmented(moving: &Moving<'_>) -> Result<(), Stop> {
    let index = moving.context.index;
    let code = index.typescript();
    let of = Definition::Binding(moving.view.file, moving.binding);
    let in_file = |file| {
        let spans = augmentations(code, file, of);
        let view = (!spans.is_empty()).then(|| View::open(index, file));
        view.map(|view| spans.iter().map(|span| view.quote("augmentation", *span)).collect::<Vec<_>>())
    };
    let evidence: Vec<_> = code.files().filter_map(in_file).flatten().collect();
    if evidence.is_empty() { Ok(()) } else { Err(Stop { reason: Reason::StillReferenced, evidence }) }
}

/// The statements at the top of a file that give a name of its own members: `X.Item = …;`. They are part of what the name stands for, and go
/// where it goes.
pub fn given_members(source: &Source<'_>, binding: BindingId) -> Vec<Span> {
    let facts = source.facts;
    let is_it = |at: Span| facts.uses.iter().any(|used| used.span == at && used.binding == Some(binding));
    let is_given = |statement: &Node<'_>| {
        let value = syntax::children(*statement).into_iter().find(|node| node.kind() == "assignment_expression");
        let left = value.and_then(|value| value.child_by_field_name("left"));
        let left = left.filter(|left| statement.kind() == "expression_statement" && left.kind() == "member_expression");
        left.and_then(|left| left.child_by_field_name("object")).is_some_and(|object| is_it(syntax::span(object)))
    };
    syntax::children(source.tree.root()).into_iter().filter(is_given).map(syntax::span).collect()
}

/// Whether the module gives the definition members while it is loaded in another way: `if (a) X.Item = …`. They would stay behind.
///
/// # Errors
/// It does; all places.
pub fn check_members(moving: &Moving<'_>) -> Result<(), Stop> {
    let facts = moving.view.facts;
    let source = moving.source()?;
    let used = moving.uses_outside(moving.binding).map(|at| &facts.uses[at]);
    let with_member = used.filter(|used| used.attributes.0 < used.attributes.1 && !facts.is_lazy(used.scope));
    let given = with_member.filter(|used| is_given_member(&source, used.span));
    let evidence: Vec<_> = given.map(|used| moving.view.quote("load-time", used.span)).collect();
    if evidence.is_empty() { Ok(()) } else { Err(Stop { reason: Reason::LoadTime, evidence }) }
}

/// Whether code reads the name out of a namespace that it has without a name of its own: `import("./barrel").lib.X`,
/// `(await import("./barrel")).lib.X`, where the barrel has `export * as lib from "./lib"`. No import can take its place there.
///
/// # Errors
/// It does, or may; all places.
pub fn check_namespaces(moving: &Moving<'_>) -> Result<(), Stop> {
    let index = moving.context.index;
    let code = index.typescript();
    let old = Module::File(moving.view.file);
    let in_file = |file: FileId| {
        let is_old = |alias: &&Alias| {
            let is_named = matches!(alias.imported, Imported::Name(_)) && alias.local.is_none();
            is_named && matches!(resolve::imported(&code, file, alias).end, End::Module(module) if module == old)
        };
        let found: Vec<Span> = code.facts(file).aliases.iter().filter(is_old).map(|alias| alias.imported_span).collect();
        let view = (!found.is_empty()).then(|| View::open(index, file));
        view.map(|view| {
            let is_it = |span: &&Span| reads(&view.text[span.range().end..], &moving.from.name);
            found.iter().filter(is_it).map(|span| view.quote("reference", *span)).collect::<Vec<_>>()
        })
    };
    let evidence: Vec<_> = code.files().filter_map(in_file).flatten().collect();
    if evidence.is_empty() || moving.shim { Ok(()) } else { Err(Stop { reason: Reason::StillReferenced, evidence }) }
}

/// Whether what follows an object reads a member of it, or any.
fn reads(behind: &str, member: &str) -> bool {
    let behind = behind.trim_start_matches(|letter: char| letter.is_whitespace() || matches!(letter, ')' | '!' | '?'));
    let Some(name) = behind.strip_prefix('.').map(str::trim_start) else { return true };
    let end = name.find(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '$')).unwrap_or(name.len());
    name[..end].is_empty() || &name[..end] == member
}

/// Whether comments of JavaScript that take types from the old module have the name: they cannot follow.
///
/// # Errors
/// They do; all places.
pub fn check_documented(moving: &Moving<'_>) -> Result<(), Stop> {
    let index = moving.context.index;
    let code = index.typescript();
    let in_file = |file: FileId| {
        let facts = code.facts(file);
        let leads = |value: NameId| {
            let found = code.modules().resolve(file, facts.names.get(value), Kind::Types);
            found.module == Module::File(moving.view.file)
        };
        let named = facts.paths.iter().filter_map(|(value, span)| {
            let comment = facts.comments.iter().find(|comment| comment.covers(*span))?;
            leads(*value).then_some((*comment, *span))
        });
        let named: Vec<(Span, Span)> = named.collect();
        let view = (!named.is_empty()).then(|| View::open(index, file));
        view.map(|view| {
            let has_name = |(comment, _): &&(Span, Span)| view.text[comment.range()].contains(&*moving.from.name);
            named.iter().filter(has_name).map(|(_, span)| view.quote("string", *span)).collect::<Vec<_>>()
        })
    };
    let evidence: Vec<_> = code.files().filter_map(in_file).flatten().collect();
    if evidence.is_empty() { Ok(()) } else { Err(Stop { reason: Reason::StillReferenced, evidence }) }
}
