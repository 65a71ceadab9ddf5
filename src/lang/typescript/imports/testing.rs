//! Texts before and after an edit, for the tests of editing.

use super::*;
use crate::lang::typescript::collect;
use crate::lang::typescript::facts::{Exported, Imported};
use crate::syntax::{Grammar, parse};
use crate::text::edit::TextEdit;
use crate::text::path::RepoPath;

/// What oxc finds wrong with a text.
fn oxc_errors(text: &str) -> usize {
    let allocator = oxc_allocator::Allocator::default();
    let parsed = oxc_parser::Parser::new(&allocator, text, oxc_span::SourceType::tsx()).parse();
    let bound = oxc_semantic::SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program);
    parsed.diagnostics.len() + bound.diagnostics.len()
}

/// What edits make of a text, which both parsers have to read without errors, before and after.
pub fn edited<E>(text: &str, edits: impl FnOnce(&Source<'_>) -> Result<Vec<Edit>, E>) -> Result<String, E> {
    let tree = parse(Grammar::Tsx, text).unwrap();
    assert!(!tree.has_errors(), "{text}");
    assert_eq!(oxc_errors(text), 0, "{text}");
    let facts = collect(text, &RepoPath::new("a.tsx").unwrap());
    let edits = edits(&Source { text, facts: &facts, tree: &tree })?;
    let after = String::from_utf8(TextEdit::new(edits).unwrap().apply(text.as_bytes())).unwrap();
    assert!(!parse(Grammar::Tsx, &after).unwrap().has_errors(), "{after}");
    assert_eq!(oxc_errors(&after), 0, "{after}");
    Ok(after)
}

/// The same for a change of imports.
pub fn changed(text: &str, change: impl FnOnce(&Source<'_>) -> Change) -> Result<String, Refusal> {
    edited(text, |source| {
        let edits = edits(source, &change(source))?;
        for (at, edit) in edits.iter().enumerate() {
            assert!(edits[..at].iter().all(|other| !other.span.intersects(edit.span)), "{edits:?}");
        }
        Ok(edits)
    })
}

/// `New` of `./new`, and so on: what the tests let a name of `./old` become.
fn becomes(imported: &str, local: &str, is_type_only: bool) -> Option<Becomes> {
    let (specifier, new) = match imported {
        "Old" => ("./new", "New"),
        "Other" => ("./other", "Other"),
        "Moved" => ("./new", "Moved"),
        "Same" => ("./old", "Changed"),
        "ToDefault" => ("./new", "default"),
        "default" => ("./new", "Main"),
        "*" => ("./new", "*"),
        "Gone" => return Some(Becomes::Nothing),
        _ => return None,
    };
    let local = if local == "Old" { "New" } else { local };
    let (specifier, imported, local) = (specifier.to_owned(), new.to_owned(), local.to_owned());
    Some(Becomes::Name(Name { specifier, imported, local, is_type_only }))
}

/// Lets all names of `./old` become others.
pub fn moves(source: &Source<'_>) -> Change {
    let facts = source.facts;
    let mut change = Change::default();
    for (at, alias) in facts.aliases.iter().enumerate().filter(|(_, alias)| facts.specifier(alias.request) == "./old") {
        let imported = match alias.imported {
            Imported::Name(name) => facts.names.get(name),
            Imported::Namespace => "*",
        };
        let local = alias.local.map_or(imported, |binding| facts.names.get(facts.bindings[binding.index()].name));
        change.aliases.extend(becomes(imported, local, alias.is_type_only).map(|becomes| (AliasId::new(at), becomes)));
    }
    for (at, export) in facts.exports.iter().enumerate() {
        let Exported::From { request, imported, .. } = export.what else { continue };
        if facts.specifier(request) == "./old" {
            let becomes = becomes(facts.names.get(imported), "", export.is_type_only);
            change.exports.extend(becomes.map(|becomes| (ExportId::new(at), becomes)));
        }
    }
    change
}
