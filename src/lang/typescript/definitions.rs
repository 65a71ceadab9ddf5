//! Taking definitions out of one module and putting them into another: which lines belong to them, what is left in their place, and
//! where they go.
//!
//! A definition is all the declarations of a binding: overloads, an interface and the namespace that merges with it. Works on whole
//! lines and on tree-sitter's tree. What a definition needs, and who refers to it, is not looked at here.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::Node;

use super::facts::{BindingId, Declaration, DeclarationId, DeclarationKind};
use super::imports::{Refusal, Source, code_end, is_blank_or_comments, is_of_file};
use super::lines;
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;

/// Some of what a file declares at its top.
struct Part<'a> {
    /// The statement.
    node: Node<'a>,
    /// With the comments directly above and behind it.
    span: Span,
    /// The declarators that are meant, where others of the statement are not.
    declarators: Vec<Node<'a>>,
}

/// Returns the edits that take definitions out, given by one of their declarations each, with the comments directly above and the
/// blank lines that only they needed. What stands in a list of exports of its own stays there.
///
/// # Errors
/// They do not stand at the top of the file, share their lines with others, or are one of several names of a pattern.
pub fn removal(source: &Source<'_>, declarations: &[DeclarationId]) -> Result<Vec<Edit>, Refusal> {
    removal_with(source, declarations, &[])
}

/// The same, together with other whole statements at the top of the file.
///
/// # Errors
/// As for [`removal`].
pub fn removal_with(source: &Source<'_>, declarations: &[DeclarationId], statements: &[Span]) -> Result<Vec<Edit>, Refusal> {
    let parts = parts_with(source, declarations, statements)?;
    let gone: Vec<Span> = parts.iter().filter(|part| part.declarators.is_empty()).map(|part| part.span).collect();
    let going = lines::Going::new(source.text, &gone);
    let mut edits = Vec::new();
    for cluster in clusters(source.text, &parts) {
        let (Some(first), Some(last)) = (cluster.first(), cluster.last()) else { continue };
        match first.declarators.is_empty() {
            true => edits.push(lines::take_out(source, first.node, Span::new(first.span.start, last.span.end), &going)?),
            false => edits.extend(declarator_removals(first)?),
        }
    }
    Ok(edits)
}

/// Returns the text of definitions and of other whole statements at the top of the file, as it is to be put elsewhere: without the last line
/// ending.
///
/// # Errors
/// As for [`removal`].
pub fn text_of(source: &Source<'_>, declarations: &[DeclarationId], statements: &[Span]) -> Result<String, Refusal> {
    let text = source.text;
    let parts = parts_with(source, declarations, statements)?;
    let eol = eol::line_ending(text);
    let clusters = clusters(text, &parts);
    let texts = clusters.iter().filter_map(|cluster| {
        let (first, last) = (cluster.first()?, cluster.last()?);
        Some(match first.declarators.is_empty() {
            true => text[first.span.range().start..last.span.range().end].to_owned(),
            false => {
                let all = declarators(first.node);
                let head = &text[first.node.start_byte()..all.first()?.start_byte()];
                let tail = if text[..code_end(first.node)].ends_with(';') { ";" } else { "" };
                let one = |node: &Node<'_>| format!("{head}{}{tail}", &text[node.start_byte()..code_end(*node)]);
                first.declarators.iter().map(one).collect::<Vec<_>>().join(eol)
            }
        })
    });
    Ok(texts.collect::<Vec<_>>().join(&eol.repeat(2)))
}

/// Where a definition goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spot {
    /// Before the top-level statement at this offset, and the comments directly above it.
    Before(u32),
    /// At the end of the file.
    End,
}

/// Returns the edit that puts the text of a definition into a file, a blank line from what is around.
///
/// # Errors
/// There is no statement at the spot, it shares its line with another, or tree-sitter sees an error in it.
pub fn insert(source: &Source<'_>, spot: Spot, definition: &str) -> Result<Edit, Refusal> {
    let text = source.text;
    let eol = eol::line_ending(text);
    let lines = definition.replace("\r\n", "\n").replace('\n', eol);
    let Spot::Before(offset) = spot else {
        let end = text.trim_end_matches([' ', '\t', '\n', '\r']).len();
        let is_empty = text[..end].trim_start_matches('\u{feff}').is_empty();
        let before = if is_empty { String::new() } else { eol.repeat(2) };
        let behind = if is_empty || text.ends_with(['\n', '\r']) { eol } else { "" };
        return Ok(Edit::replace(Span::new(end as u32, text.len() as u32), format!("{before}{lines}{behind}")));
    };
    let node = top_level(source, offset).filter(|node| !node.has_error()).ok_or(Refusal::ParsersDisagree)?;
    let start = eol::line_start(text, with_comments(text, node));
    if !text[eol::line_start(text, node.start_byte())..node.start_byte()].is_empty() {
        return Err(Refusal::Form);
    }
    let above = &text[..start];
    let has_blank = above.trim_matches(['\u{feff}', '\n', '\r', ' ', '\t']).is_empty()
        || above.ends_with("\n\n")
        || above.ends_with("\n\r\n");
    let before = if has_blank { "" } else { eol };
    Ok(Edit::insert(start as u32, format!("{before}{lines}{eol}{eol}")))
}

/// The node of a whole statement at the top of the file.
fn whole<'a>(source: &Source<'a>, statement: Span) -> Result<Node<'a>, Refusal> {
    let is_it = |node: &Node<'_>| !node.has_error() && node.start_byte() == statement.range().start;
    top_level(source, statement.start).filter(is_it).ok_or(Refusal::ParsersDisagree)
}

/// The statements of definitions and others, in the order of the file.
fn parts_with<'a>(source: &Source<'a>, declarations: &[DeclarationId], statements: &[Span]) -> Result<Vec<Part<'a>>, Refusal> {
    let mut parts = parts(source, declarations)?;
    for statement in statements {
        parts.push(part(source, whole(source, *statement)?, &[])?);
    }
    parts.sort_by_key(|part| part.span);
    parts.dedup_by_key(|part| part.node.start_byte());
    Ok(parts)
}

/// The statements of definitions, in the order of the file.
fn parts<'a>(source: &Source<'a>, declarations: &[DeclarationId]) -> Result<Vec<Part<'a>>, Refusal> {
    let facts = source.facts;
    let bindings: BTreeSet<BindingId> = declarations.iter().map(|id| facts.declarations[id.index()].binding).collect();
    let meant = bindings.iter().flat_map(|binding| facts.declarations_of(&facts.bindings[binding.index()]));
    let mut statements: BTreeMap<usize, (Node<'a>, Vec<&Declaration>)> = BTreeMap::new();
    for declaration in meant {
        let node = top_level(source, declaration.statement.start).ok_or(Refusal::ParsersDisagree)?;
        if node.has_error() || !syntax::span(node).covers(declaration.span) {
            return Err(Refusal::ParsersDisagree);
        }
        // A namespace's member or a name of `declare module` is no statement of the file.
        if node.start_byte() != declaration.statement.range().start || declaration.kind == DeclarationKind::Import {
            return Err(Refusal::Form);
        }
        statements.entry(node.start_byte()).or_insert((node, Vec::new())).1.push(declaration);
    }
    statements.into_values().map(|(node, meant)| part(source, node, &meant)).collect()
}

fn part<'a>(source: &Source<'a>, node: Node<'a>, meant: &[&Declaration]) -> Result<Part<'a>, Refusal> {
    let text = source.text;
    let facts = source.facts;
    let mut chosen = Vec::new();
    let all = declarators(node);
    for declarator in &all {
        let span = syntax::span(*declarator);
        let bound =
            facts.declarations.iter().filter(|it| matches!(it.kind, DeclarationKind::Variable { .. }) && it.span == span);
        let (gone, kept): (Vec<_>, Vec<_>) = bound.partition(|it| meant.iter().any(|meant| meant.name_span == it.name_span));
        match (gone.is_empty(), kept.is_empty()) {
            (false, true) => chosen.push(*declarator),
            (false, false) => return Err(Refusal::Form),
            _ => {}
        }
    }
    if all.len() > chosen.len() && all.len() > 1 {
        return Ok(Part { node, span: syntax::span(node), declarators: chosen });
    }
    let end = code_end(node);
    let start = eol::line_start(text, node.start_byte());
    let line_end = eol::line_end(text, end);
    let is_alone = text[start..node.start_byte()].is_empty() && is_blank_or_comments(&text[end..line_end]);
    if !is_alone {
        return Err(Refusal::Form);
    }
    let end = text[..line_end].trim_end().len();
    Ok(Part { node, span: Span::new(with_comments(text, node) as u32, end as u32), declarators: Vec::new() })
}

/// The declarators of a statement that declares variables.
fn declarators(node: Node<'_>) -> Vec<Node<'_>> {
    let mut waiting = vec![node];
    while let Some(node) = waiting.pop() {
        match node.kind() {
            "lexical_declaration" | "variable_declaration" => {
                return syntax::children(node).into_iter().filter(|node| node.kind() == "variable_declarator").collect();
            }
            "export_statement" | "ambient_declaration" => waiting.extend(syntax::children(node)),
            _ => {}
        }
    }
    Vec::new()
}

/// The edits that take some, but not all, declarators out of a statement.
fn declarator_removals(part: &Part<'_>) -> Result<Vec<Edit>, Refusal> {
    let all = declarators(part.node);
    let is_gone = |node: &Node<'_>| part.declarators.contains(node);
    let mut edits = Vec::new();
    let mut last_kept: Option<usize> = None;
    for (at, node) in all.iter().enumerate() {
        if !is_gone(node) {
            last_kept = Some(code_end(*node));
            continue;
        }
        let span = match (all.get(at + 1), last_kept) {
            (Some(next), _) => Span::new(node.start_byte() as u32, next.start_byte() as u32),
            (None, Some(kept)) => Span::new(kept as u32, code_end(*node) as u32),
            (None, None) => return Err(Refusal::Form),
        };
        let has_comment = syntax::children(node.parent().unwrap_or(part.node))
            .iter()
            .any(|child| child.kind() == "comment" && span.covers(syntax::span(*child)));
        if has_comment {
            return Err(Refusal::Comment);
        }
        edits.push(Edit::delete(span));
    }
    Ok(edits)
}

/// Puts statements together that have nothing between them but line ends; those of which a part stays are alone.
fn clusters<'p, 'a>(text: &str, parts: &'p [Part<'a>]) -> Vec<Vec<&'p Part<'a>>> {
    let mut clusters: Vec<Vec<&Part<'_>>> = Vec::new();
    for part in parts {
        let is_next = |last: &&Part<'_>| {
            let is_whole = last.declarators.is_empty() && part.declarators.is_empty();
            is_whole && text[last.span.range().end..part.span.range().start].trim().is_empty()
        };
        match clusters.last_mut().filter(|cluster| cluster.last().is_some_and(is_next)) {
            Some(cluster) => cluster.push(part),
            None => clusters.push(vec![part]),
        }
    }
    clusters
}

/// Where the comments begin that stand directly above a statement.
fn with_comments(text: &str, node: Node<'_>) -> usize {
    let mut start = node.start_byte();
    while let Some(comment) = comment_above(text, node, start) {
        start = comment.start_byte();
    }
    start
}

/// The comment whose last line is directly above an offset, among what stands before a statement.
fn comment_above<'a>(text: &str, node: Node<'a>, start: usize) -> Option<Node<'a>> {
    let mut before = std::iter::successors(node.prev_sibling(), |node| node.prev_sibling());
    let comment = before.find(|node| node.end_byte() <= start).filter(|node| node.kind() == "comment")?;
    let gap = &text[comment.end_byte()..start];
    let has_line = text[eol::line_start(text, comment.start_byte())..comment.start_byte()].trim().is_empty();
    let is_attached = has_line && gap.trim().is_empty() && gap.matches('\n').count() <= 1;
    (is_attached && !is_of_file(&text[comment.byte_range()])).then_some(comment)
}

/// The top-level node at an offset.
fn top_level<'a>(source: &Source<'a>, offset: u32) -> Option<Node<'a>> {
    let at = offset as usize;
    syntax::children(source.tree.root()).into_iter().find(|node| node.start_byte() <= at && at < node.end_byte())
}

#[cfg(test)]
mod tests;
