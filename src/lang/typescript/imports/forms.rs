//! Names that are taken from a module by other means than a declaration, and the strings that name modules.

use std::collections::BTreeMap;

use tree_sitter::Node;

use super::factory::{self, Parting};
use super::layout::{is_identifier, literal, property};
use super::list::with_blanks;
use super::statement::{has_comment, is_in_error};
use super::{Becomes, Change, Name, Refusal, Source};
use crate::lang::typescript::facts::{Alias, AliasForm, AliasId, Imported, RequestId, RequestKind};
use crate::lang::typescript::lines;
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::span::Span;

/// The edits for the strings that name modules, other than those of declarations, and for the names that are not taken by an import
/// declaration.
pub fn edits(source: &Source<'_>, change: &Change, others: &[&(AliasId, Becomes)]) -> Result<Vec<Edit>, Refusal> {
    let facts = source.facts;
    let is_declared = |request: RequestId| {
        let request = &facts.requests[request.index()];
        let is_declaration = matches!(request.kind, RequestKind::Import | RequestKind::Export);
        is_declaration && super::statement::Statement::find(source, request.span).is_ok()
    };
    let mut edits = Vec::new();
    let mut specifiers: BTreeMap<RequestId, &str> =
        change.specifiers.iter().map(|(request, specifier)| (*request, specifier.as_str())).collect();
    let mut requests: BTreeMap<RequestId, Vec<(AliasId, &Becomes)>> = BTreeMap::new();
    for (id, becomes) in others {
        requests.entry(facts.aliases[id.index()].request).or_default().push((*id, becomes));
    }
    for (request, changes) in requests {
        if let Some((moved, home)) = leaving(source, request, &changes) {
            let whole = facts.requests[request.index()].whole;
            let is_inner = |id: RequestId| id != request && whole.covers(facts.requests[id.index()].span);
            let inner: Vec<(RequestId, &str)> = specifiers.extract_if(.., |id, _| is_inner(*id)).collect();
            edits.extend(factory::edits(source, &Parting { request, moved: &moved, specifier: home, inner: &inner })?);
            continue;
        }
        let specifier = specifiers.get(&request).copied().unwrap_or(facts.specifier(request)).to_owned();
        let names = changes.iter().filter_map(|(_, becomes)| match becomes {
            Becomes::Name(name) => Some(name.specifier.as_str()),
            Becomes::Nothing => None,
        });
        if let Some(new) = names.clone().find(|new| *new != specifier) {
            // It names one module: all names of it have to go there together.
            let all = facts.aliases.iter().filter(|alias| alias.request == request).count();
            if all != changes.len() || names.clone().any(|other| other != new) {
                return Err(Refusal::Shared);
            }
            specifiers.insert(request, new);
        }
        edits.extend(request_edits(source, &changes)?);
    }
    let gone: Vec<Span> = edits.iter().filter(|edit| edit.text.is_empty()).map(|edit| edit.span).collect();
    for (request, specifier) in specifiers {
        let span = facts.requests[request.index()].span;
        if !is_declared(request) && !gone.iter().any(|gone| gone.covers(span)) {
            edits.extend(literal_edit(source, span, specifier)?);
        }
    }
    Ok(edits)
}

/// The names of a replacement that leave it for another module, and that module, where other names stay.
fn leaving<'c>(
    source: &Source<'_>,
    request: RequestId,
    changes: &[(AliasId, &'c Becomes)],
) -> Option<(Vec<(AliasId, &'c Name)>, &'c str)> {
    let of_it = source.facts.aliases.iter().filter(|alias| alias.request == request);
    let is_split = of_it.clone().count() > changes.len() && of_it.clone().all(|alias| alias.form == AliasForm::Replacement);
    let moved: Option<Vec<(AliasId, &Name)>> = changes
        .iter()
        .map(|(id, becomes)| match becomes {
            Becomes::Name(name) if name.specifier != source.facts.specifier(request) => Some((*id, name)),
            _ => None,
        })
        .collect();
    let moved = moved.filter(|_| is_split)?;
    let home = moved.first()?.1.specifier.as_str();
    moved.iter().all(|(_, name)| name.specifier == home).then_some((moved, home))
}

/// The edit that puts another module between the quotes of a literal.
///
/// # Errors
/// It stands in an error, or its value is put together from parts.
pub fn literal_edit(source: &Source<'_>, span: Span, specifier: &str) -> Result<Option<Edit>, Refusal> {
    let node = source.tree.root().descendant_for_byte_range(span.range().start, span.range().end);
    if node.is_none_or(|node| node.is_error() || is_in_error(node) || (node.has_error() && syntax::span(node) == span)) {
        return Err(Refusal::ParsersDisagree);
    }
    let text = &source.text[span.range()];
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`')).ok_or(Refusal::ParsersDisagree)?;
    if text.len() < 2 || !text.ends_with(quote) {
        return Err(Refusal::ParsersDisagree);
    }
    if quote == '`' && text.contains("${") {
        return Err(Refusal::Form);
    }
    let quoted = literal(specifier, quote);
    let mut new = quoted[1..quoted.len() - 1].to_owned();
    if quote == '`' {
        new = new.replace("${", "\\${");
    }
    let inside = Span::new(span.start + 1, span.end - 1);
    Ok((source.text[inside.range()] != new).then(|| Edit::replace(inside, new)))
}

/// The edits for names of one request.
fn request_edits(source: &Source<'_>, changes: &[(AliasId, &Becomes)]) -> Result<Vec<Edit>, Refusal> {
    let alias = |id: AliasId| &source.facts.aliases[id.index()];
    let gone: Vec<Span> =
        changes.iter().filter(|(_, becomes)| **becomes == Becomes::Nothing).map(|(id, _)| alias(*id).imported_span).collect();
    let mut edits = Vec::new();
    for (id, becomes) in changes {
        match becomes {
            Becomes::Name(name) => edits.extend(name_edit(source, alias(*id), name)?),
            Becomes::Nothing => edits.push(removal(source, alias(*id), &gone)?),
        }
    }
    Ok(edits)
}

/// The edit that takes another name at the same place.
pub(super) fn name_edit(source: &Source<'_>, alias: &Alias, name: &Name) -> Result<Option<Edit>, Refusal> {
    let text = source.text;
    let span = alias.imported_span;
    let old = &text[span.range()];
    if span.covers(source.facts.requests[alias.request.index()].span) {
        // What is taken is not written: all of the module, or what `lazy` takes of it.
        let is_same = match alias.imported {
            Imported::Name(old) => source.facts.names.get(old) == name.imported,
            Imported::Namespace => name.imported == "*",
        };
        return if is_same { Ok(None) } else { Err(Refusal::Form) };
    }
    if alias.imported == Imported::Namespace {
        let is_renamed = alias.local.is_some() && old != name.local;
        return match name.imported == "*" {
            true => Ok(is_renamed.then(|| Edit::replace(span, name.local.clone()))),
            false => Err(Refusal::Form),
        };
    }
    if name.imported == "*" {
        return Err(Refusal::Form);
    }
    let node = source.tree.root().descendant_for_byte_range(span.range().start, span.range().end);
    let node = node.filter(|node| syntax::span(*node) == span && !is_in_error(*node)).ok_or(Refusal::ParsersDisagree)?;
    let node = if node.kind() == "string_fragment" { node.parent().ok_or(Refusal::ParsersDisagree)? } else { node };
    match alias.form {
        AliasForm::Pattern => pattern_edit(text, node, name),
        AliasForm::Member if old.starts_with(['"', '\'']) => Ok(literal_edit(source, span, &name.imported)?),
        AliasForm::Member if is_identifier(&name.imported) => {
            Ok((old != name.imported).then(|| Edit::replace(span, name.imported.clone())))
        }
        AliasForm::Replacement => {
            let key = key_text(old, &name.imported);
            let is_shorthand = node.kind() == "shorthand_property_identifier";
            let new = if is_shorthand { format!("{key}: {old}") } else { key };
            Ok((unquoted(old) != name.imported).then(|| Edit::replace(span, new)))
        }
        _ => Err(Refusal::Form),
    }
}

/// A key in the quotes that another has.
fn key_text(old: &str, new: &str) -> String {
    match old.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
        Some(quote) => literal(new, quote),
        None => property(new, '"'),
    }
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

/// The edit of one property of a pattern: `X`, `X: y`, `X = 1`, `X: y = 1`.
fn pattern_edit(text: &str, node: Node<'_>, name: &Name) -> Result<Option<Edit>, Refusal> {
    let old = &text[node.byte_range()];
    let key = key_text(old, &name.imported);
    let pair = |local: &str| if key == local { key.clone() } else { format!("{key}: {local}") };
    if node.kind() == "shorthand_property_identifier_pattern" {
        return Ok((pair(&name.local) != old).then(|| Edit::replace(syntax::span(node), pair(&name.local))));
    }
    let parent = node.parent().filter(|parent| parent.kind() == "pair_pattern").ok_or(Refusal::ParsersDisagree)?;
    let value = parent.child_by_field_name("value").ok_or(Refusal::ParsersDisagree)?;
    let local = if value.kind() == "assignment_pattern" { value.child_by_field_name("left") } else { Some(value) };
    let local = local.filter(|local| local.kind() == "identifier");
    let Some(local) = local else {
        // A nested pattern binds no local name of its own.
        return Ok((unquoted(old) != name.imported).then(|| Edit::replace(syntax::span(node), key)));
    };
    let span = Span::new(node.start_byte() as u32, local.end_byte() as u32);
    if has_comment(parent, span) {
        return Err(Refusal::Comment);
    }
    let is_same_local = text[local.byte_range()] == name.local;
    match (is_same_local, unquoted(old) == name.imported) {
        (true, true) => Ok(None),
        (true, false) if key != name.local => Ok(Some(Edit::replace(syntax::span(node), key))),
        _ => Ok(Some(Edit::replace(span, pair(&name.local)))),
    }
}

/// The edit that drops a name from a pattern; with the last one goes the declaration, if it declares nothing else.
fn removal(source: &Source<'_>, alias: &Alias, gone: &[Span]) -> Result<Edit, Refusal> {
    if alias.form != AliasForm::Pattern {
        return Err(Refusal::Form);
    }
    let span = alias.imported_span;
    let name = source.tree.root().descendant_for_byte_range(span.range().start, span.range().end);
    let property = std::iter::successors(name, |node| node.parent())
        .find(|node| node.parent().is_some_and(|parent| parent.kind() == "object_pattern"))
        .filter(|node| !node.has_error() && !is_in_error(*node))
        .ok_or(Refusal::ParsersDisagree)?;
    let pattern = property.parent().ok_or(Refusal::ParsersDisagree)?;
    let properties: Vec<Node<'_>> =
        syntax::children(pattern).into_iter().filter(|node| node.is_named() && node.kind() != "comment").collect();
    // What a rest element holds depends on the names before it.
    if properties.iter().any(|node| node.kind() == "rest_pattern") {
        return Err(Refusal::Form);
    }
    let is_gone = |node: &Node<'_>| gone.iter().any(|span| syntax::span(*node).covers(*span));
    if properties.iter().all(is_gone) {
        let declarator = pattern.parent().filter(|node| node.kind() == "variable_declarator").ok_or(Refusal::Form)?;
        let statement = declarator.parent().ok_or(Refusal::ParsersDisagree)?;
        let is_alone = syntax::children(statement).iter().filter(|node| node.kind() == "variable_declarator").count() == 1;
        let is_statement = statement.parent().is_some_and(|node| matches!(node.kind(), "program" | "statement_block"));
        if !is_alone || !is_statement {
            return Err(Refusal::Form);
        }
        let span = Span::new(statement.start_byte() as u32, super::code_end(statement) as u32);
        if has_comment(statement, span) {
            return Err(Refusal::Comment);
        }
        return lines::take_out(source, statement, span, &lines::Going::new(source.text, &[span]));
    }
    let comma = property.next_sibling().filter(|next| next.kind() == ",");
    let span = match comma {
        Some(comma) => with_blanks(source.text, Span::new(property.start_byte() as u32, comma.end_byte() as u32)),
        None => {
            let kept =
                properties.iter().rev().find(|node| !is_gone(node)).map_or(property.start_byte(), |node| node.end_byte());
            Span::new(kept as u32, property.end_byte() as u32)
        }
    };
    match has_comment(pattern, span) {
        true => Err(Refusal::Comment),
        false => Ok(Edit::delete(span)),
    }
}
