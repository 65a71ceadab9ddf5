//! Changing the names between the braces of a statement.

use tree_sitter::Node;

use super::layout::{braced, lines, property, spell};
use super::plan::Item;
use super::statement::{self, Specifier, Statement, directive_above, is_blank_or_comments};
use super::style::Style;
use super::{Refusal, Source};
use crate::syntax;
use crate::text::edit::{Edit, TextEdit};
use crate::text::eol;
use crate::text::span::Span;

/// The braces of a statement and what is to stand between them.
struct List<'p, 'a> {
    text: &'a str,
    statement: &'p Statement<'a>,
    node: Node<'a>,
    style: &'p Style,
    /// The names that stay, with their places.
    kept: Vec<(Specifier, &'p Item)>,
    added: Vec<&'p Item>,
}

/// The edits that leave some names, at least one, between the braces of a statement.
///
/// # Errors
/// A comment would be lost.
pub fn edits<'a>(source: &Source<'a>, statement: &Statement<'a>, style: &Style, names: &[&Item]) -> Result<Vec<Edit>, Refusal> {
    let Some(node) = statement.list else { return Err(Refusal::Form) };
    let place = |item: &Item| item.was.filter(|was| statement.names.contains(was));
    let kept = names.iter().filter_map(|item| Some((place(item)?, *item))).collect();
    let added = names.iter().copied().filter(|item| place(item).is_none()).collect();
    let list = List { text: source.text, statement, node, style, kept, added };
    let mut edits = Vec::new();
    for (was, item) in &list.kept {
        edits.extend(edit_name(list.text, *was, item, style.quote)?);
    }
    if list.added.is_empty() && list.kept.len() == statement.names.len() {
        return Ok(edits);
    }
    let has_comments = statement::has_comment(node, syntax::span(node));
    let is_one_line = !list.text[node.byte_range()].contains('\n');
    if !has_comments && (is_one_line || list.kept.is_empty()) {
        return Ok(vec![list.anew(&edits, is_one_line)]);
    }
    if list.kept.is_empty() {
        return Err(Refusal::Comment);
    }
    match statement.names.iter().all(|name| is_alone_on_line(list.text, name.span)) {
        true => list.by_lines(&mut edits)?,
        false => list.by_commas(&mut edits)?,
    }
    Ok(edits)
}

/// The edit that changes one name of a list.
pub fn edit_name(text: &str, was: Specifier, item: &Item, quote: char) -> Result<Option<Edit>, Refusal> {
    let old = |span: Span| text[span.range()].trim_matches(['"', '\'']);
    let name = &item.name;
    let imported = old(was.imported);
    let local = was.local.map_or(imported, old);
    if (imported, local, was.is_type_only) == (&name.imported, &name.local, name.is_type_only) {
        return Ok(None);
    }
    if (local, was.is_type_only) == (&name.local, name.is_type_only) {
        match was.local {
            None => {
                return Ok(Some(Edit::replace(
                    was.imported,
                    format!("{} as {}", property(&name.imported, quote), text[was.imported.range()].to_owned()),
                )));
            }
            Some(_) if name.imported != name.local => {
                return Ok(Some(Edit::replace(was.imported, property(&name.imported, quote))));
            }
            Some(_) => {}
        }
    }
    let whole = &text[was.span.range()];
    if whole.contains("/*") || whole.contains("//") {
        return Err(Refusal::Comment);
    }
    Ok(Some(Edit::replace(was.span, spell(item, quote))))
}

impl List<'_, '_> {
    /// All of it, written anew: on one line, where it was and fits.
    fn anew(&self, edits: &[Edit], is_one_line: bool) -> Edit {
        let changed = |was: Specifier| {
            let edit = edits.iter().find(|edit| was.span.covers(edit.span));
            let moved = edit.map(|edit| {
                let span = Span::new(edit.span.start - was.span.start, edit.span.end - was.span.start);
                TextEdit::new(vec![Edit::replace(span, edit.text.clone())])
            });
            let old = &self.text[was.span.range()];
            match moved {
                Some(Ok(edit)) => String::from_utf8_lossy(&edit.apply(old.as_bytes())).into_owned(),
                _ => old.to_owned(),
            }
        };
        let kept = self.kept.iter().map(|(was, _)| changed(*was));
        let names: Vec<String> = kept.chain(self.added.iter().map(|item| spell(item, self.style.quote))).collect();
        let span = syntax::span(self.node);
        let old = &self.text[span.range()];
        let has_comma = old.trim_end_matches('}').trim_end().ends_with(',') && is_one_line;
        let comma = if has_comma && !names.is_empty() { "," } else { "" };
        let style = Style { has_spaces: if names.is_empty() { false } else { self.style.has_spaces }, ..self.style.clone() };
        let short = braced(&names, &style);
        let short = match short.strip_suffix(" }") {
            Some(head) if !comma.is_empty() => format!("{head}{comma} }}"),
            _ => short,
        };
        let start = span.range().start;
        let line = eol::line_end(self.text, start) - eol::line_start(self.text, start);
        let width = (line + short.len()).saturating_sub(old.len());
        let is_short = width <= self.style.line_length || width <= line || names.len() < 2;
        let names: Vec<(String, Option<&str>)> = names.into_iter().map(|name| (name, None)).collect();
        match is_one_line && is_short {
            true => Edit::replace(span, short),
            false => Edit::replace(span, lines(&names, &style, eol::indentation(self.text, start))),
        }
    }

    fn is_kept(&self, name: &Specifier) -> bool {
        self.kept.iter().any(|(was, _)| was == name)
    }

    /// Every name has a line of its own: lines go, and lines come behind the last.
    fn by_lines(&self, edits: &mut Vec<Edit>) -> Result<(), Refusal> {
        let text = self.text;
        for name in self.statement.names.iter().filter(|name| !self.is_kept(name)) {
            let start = eol::line_start(text, name.span.range().start);
            if directive_above(text, start).is_some() {
                return Err(Refusal::Comment);
            }
            edits.push(Edit::delete(Span::new(start as u32, eol::next_line(text, name.span.range().end) as u32)));
        }
        let (Some((last, _)), Some(end)) = (self.kept.last(), self.statement.names.last()) else { return Ok(()) };
        let has_comma = |name: &Specifier| comma_behind(self.node, name.span);
        let wants_comma = has_comma(end).is_some();
        let comma = has_comma(last);
        match comma {
            Some(comma) if !wants_comma && self.added.is_empty() => edits.push(Edit::delete(comma)),
            None if !self.added.is_empty() => edits.push(Edit::insert(last.span.end, ",")),
            _ => {}
        }
        let indent = eol::indentation(text, last.span.range().start);
        let line = |(at, item): (usize, &&Item)| {
            let comma = if wants_comma || at + 1 < self.added.len() { "," } else { "" };
            format!("{}{indent}{}{comma}", self.style.line_ending, spell(item, self.style.quote))
        };
        let added: String = self.added.iter().enumerate().map(line).collect();
        let at = eol::line_end(text, comma.unwrap_or(last.span).range().end);
        edits.extend((!added.is_empty()).then(|| Edit::insert(at as u32, added)));
        Ok(())
    }

    /// Names share lines: each goes with its comma, and new ones come right behind the last.
    fn by_commas(&self, edits: &mut Vec<Edit>) -> Result<(), Refusal> {
        let text = self.text;
        let mut last_kept: Option<Span> = None;
        for name in &self.statement.names {
            if self.is_kept(name) {
                last_kept = Some(name.span);
                continue;
            }
            let span = match (comma_behind(self.node, name.span), last_kept) {
                (Some(comma), _) => with_blanks(text, Span::new(name.span.start, comma.end)),
                // The last of the list: the comma before it goes as well.
                (None, Some(kept)) => Span::new(kept.end, name.span.end),
                (None, None) => name.span,
            };
            if statement::has_comment(self.node, span) {
                return Err(Refusal::Comment);
            }
            edits.push(Edit::delete(span));
        }
        let Some((last, _)) = self.kept.last() else { return Ok(()) };
        let added: String = self.added.iter().map(|item| format!(", {}", spell(item, self.style.quote))).collect();
        if !added.is_empty() {
            edits.push(Edit::insert(last.span.end, added));
        }
        Ok(())
    }
}

/// The comma right behind a name.
fn comma_behind(list: Node<'_>, name: Span) -> Option<Span> {
    let mut behind = syntax::children(list).into_iter().filter(|child| child.start_byte() >= name.range().end);
    behind.find(|child| child.kind() != "comment").filter(|child| child.kind() == ",").map(syntax::span)
}

/// Whether nothing but a name, its comma and comments stands on its line.
fn is_alone_on_line(text: &str, span: Span) -> bool {
    let start = span.range().start;
    let before = &text[eol::line_start(text, start)..start];
    let behind = text[span.range().end..eol::line_end(text, span.range().end)].trim_start();
    let behind = behind.strip_prefix(',').unwrap_or(behind);
    let is_one_line = !text[span.range()].contains('\n');
    before.trim().is_empty() && is_blank_or_comments(behind) && is_one_line
}

/// A name and its comma with the blanks that would be left over: those behind it, or, at the end of a line, those before it.
pub fn with_blanks(text: &str, span: Span) -> Span {
    let rest = &text[span.range().end..];
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    if rest[blanks..].starts_with(['\n', '\r', '/', '}']) {
        let before = text[..span.range().start].trim_end_matches([' ', '\t']).len();
        return Span::new(before as u32, span.end);
    }
    Span::new(span.start, span.end + blanks as u32)
}
