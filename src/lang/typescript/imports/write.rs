//! The edits that make of a statement what is planned.

use super::layout::{self, clause};
use super::list;
use super::plan::{Item, Planned, Slots, slots};
use super::statement::{self, Statement};
use super::style::Style;
use super::{Refusal, Source, forms};
use crate::lang::typescript::lines;
use crate::lang::typescript::lines::Going;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;

/// The edits for one statement; `gone` are the statements of which nothing is left.
///
/// # Errors
/// A comment would be lost, or it is written in a way that cannot be changed.
pub fn edits<'t>(source: &Source<'t>, style: &Style, planned: &Planned<'t>, gone: &Going<'t>) -> Result<Vec<Edit>, Refusal> {
    let text = source.text;
    let statement = &planned.statement;
    let style = style.at(text, statement);
    let indent = eol::indentation(text, statement.span.range().start);
    let behind: Vec<String> = planned.behind.iter().map(|new| new.text(&style, indent)).collect();
    if planned.goes() {
        let is_commented = statement.has_comment_inside()
            || (statement.has_comment_behind(text) && statement.directive_behind(text).is_none());
        if is_commented {
            return Err(Refusal::Comment);
        }
        return match behind.is_empty() {
            true => remove(source, statement, gone).map(|edit| vec![edit]),
            false if statement.directive_above(text).is_some() => Err(Refusal::Comment),
            false if statement.starts_line(text) && statement.ends_line(text) => {
                let end = if planned.behind.iter().any(|new| new.directive.is_some()) {
                    eol::line_end(text, statement.span.range().end) as u32
                } else {
                    statement.span.end
                };
                let text = behind.join(&format!("{}{indent}", style.line_ending));
                Ok(vec![Edit::replace(Span::new(statement.span.start, end), text)])
            }
            false => Ok(vec![Edit::replace(statement.span, behind.join(" "))]),
        };
    }
    let mut edits: Vec<Edit> = forms::literal_edit(source, statement.literal, &planned.specifier)?.into_iter().collect();
    if planned.is_changed && planned.items.is_empty() {
        let from = Span::new(statement.span.start, statement.literal.start);
        if statement::has_comment(statement.node, from) {
            return Err(Refusal::Comment);
        }
        if statement.clause.is_some() {
            edits.push(Edit::replace(from, "import "));
        }
    } else if planned.is_changed {
        edits.extend(clause_edits(source, statement, &style, &planned.items)?);
    }
    if !behind.is_empty() {
        edits.push(layout::insert_behind(source, statement.node, &style, &behind));
    }
    Ok(edits)
}

/// The edits that make the clause of a statement have some names.
fn clause_edits(source: &Source<'_>, statement: &Statement<'_>, style: &Style, items: &[Item]) -> Result<Vec<Edit>, Refusal> {
    let text = source.text;
    let slots = slots(items.iter(), statement.is_export, statement.is_type_only).ok_or(Refusal::Form)?;
    let Some(whole) = statement.clause else { return Err(Refusal::Form) };
    let is_same_head =
        slots.default.is_some() == statement.default.is_some() && slots.namespace.is_some() == statement.namespace.is_some();
    let is_listed = !slots.names.is_empty() || (statement.names.is_empty() && statement.list.is_some() && is_same_head);
    let head = |slots: &Slots<'_>| {
        let default = slots.default.map(|item| item.name.local.clone());
        let namespace = slots.namespace.map(|item| format!("* as {}", item.name.local));
        default.into_iter().chain(namespace).collect::<Vec<_>>().join(", ")
    };
    match statement.list.filter(|_| is_listed) {
        Some(node) => {
            let before = Span::new(whole.start, node.start_byte() as u32);
            let mut edits = match is_same_head {
                true => head_edits(text, statement, &slots),
                false if statement::has_comment(statement.node, before) => return Err(Refusal::Comment),
                false if head(&slots).is_empty() => vec![Edit::delete(before)],
                false => vec![spaced(text, before, format!("{}, ", head(&slots)))],
            };
            if !slots.names.is_empty() {
                edits.extend(list::edits(source, statement, style, &slots.names)?);
            }
            Ok(edits)
        }
        None if statement.list.is_none() && is_same_head => {
            let mut edits = head_edits(text, statement, &slots);
            if !slots.names.is_empty() {
                let indent = eol::indentation(text, statement.span.range().start);
                let names: Vec<Item> = slots.names.iter().map(|item| Item { was: None, ..(*item).clone() }).collect();
                let list = |is_long| clause(&names, statement.is_export, true, style, indent, is_long);
                let is_long = statement.span.len() as usize + list(false).len() + 2 > style.line_length && names.len() > 1;
                edits.push(Edit::insert(whole.end, format!(", {}", list(is_long))));
            }
            Ok(edits)
        }
        None if statement::has_comment(statement.node, whole) => Err(Refusal::Comment),
        None => {
            let indent = eol::indentation(text, statement.span.range().start);
            let items: Vec<Item> = items.iter().map(|item| Item { was: None, ..item.clone() }).collect();
            let new = |is_long| clause(&items, statement.is_export, statement.is_type_only, style, indent, is_long);
            let width = (statement.span.len() - whole.len()) as usize + new(false).len();
            let is_long = width > style.line_length && items.len() > 1;
            Ok(vec![spaced(text, whole, new(is_long))])
        }
    }
}

/// The edits of a default import's and a namespace's local name.
fn head_edits(text: &str, statement: &Statement<'_>, slots: &Slots<'_>) -> Vec<Edit> {
    let pairs = [(statement.default, slots.default), (statement.namespace, slots.namespace)];
    let edit = |(was, item): (Option<statement::Specifier>, Option<&Item>)| {
        let (was, item) = (was?, item?);
        (text[was.imported.range()] != item.name.local).then(|| Edit::replace(was.imported, item.name.local.clone()))
    };
    pairs.into_iter().filter_map(edit).collect()
}

/// A replacement that does not run into the words around it: `import{X}from` has no blanks.
fn spaced(text: &str, span: Span, mut new: String) -> Edit {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    if text[..span.range().start].ends_with(is_word) && new.starts_with(is_word) {
        new.insert(0, ' ');
    }
    if text[span.range().end..].starts_with(is_word) && new.ends_with(is_word) {
        new.push(' ');
    }
    Edit::replace(span, new)
}

/// The edit that takes a whole statement out, with what tells a tool about it.
fn remove<'t>(source: &Source<'t>, statement: &Statement<'t>, gone: &Going<'t>) -> Result<Edit, Refusal> {
    let start = statement.directive_above(source.text).unwrap_or(statement.span.range().start);
    lines::take_out(source, statement.node, Span::new(start as u32, statement.span.end), gone)
}
