//! New statements: their text, and where they go.

use tree_sitter::Node;

use super::plan::{Item, slots};
use super::statement::{self, code_end};
use super::style::Style;
use super::{Refusal, Source};
use crate::lang::typescript::facts::RequestKind;
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::eol;

/// What a comment at the top of a file says that is about all of the file.
const OF_FILE: [&str; 14] = [
    "@license",
    "license",
    "copyright",
    "@file",
    "@ts-nocheck",
    "@ts-check",
    "@jest-",
    "@vitest-",
    "@jsx",
    "@format",
    "@flow",
    "@prettier",
    "@module",
    "@packagedocumentation",
];

/// A statement that the file does not have yet.
#[derive(Clone, Debug)]
pub struct New {
    pub specifier: String,
    pub is_export: bool,
    pub is_type_only: bool,
    pub items: Vec<Item>,
    /// `with { … }`.
    pub attributes: Option<String>,
    /// A comment behind it that is addressed to a tool.
    pub directive: Option<String>,
    /// How it is written, where that is not as the file's other imports are.
    pub style: Option<Style>,
}

impl New {
    /// Statements for some names of a module: one, or one for each where no statement can have them all.
    pub fn of(items: impl Iterator<Item = Item>, is_export: bool, is_type_only: bool) -> Vec<Self> {
        let new = |items| Self {
            specifier: String::new(),
            is_export,
            is_type_only,
            items,
            attributes: None,
            directive: None,
            style: None,
        };
        let items: Vec<Item> = items.collect();
        match slots(items.iter(), is_export, is_type_only) {
            Some(_) => vec![new(items)],
            None => items.into_iter().map(|item| new(vec![item])).collect(),
        }
    }

    /// Whether it can have some names in addition.
    pub fn may_host(&self, key: (&str, bool, bool), attributes: Option<&str>, items: &[Item]) -> bool {
        let is_alike = (self.specifier.as_str(), self.is_export, self.is_type_only) == key;
        let is_free = |item: &Item| self.items.iter().all(|had| had.name.local != item.name.local);
        is_alike
            && self.attributes.as_deref() == attributes
            && self.directive.is_none()
            && items.iter().all(is_free)
            && slots(self.items.iter().chain(items), self.is_export, self.is_type_only).is_some()
    }

    /// Its text; `indent` stands before each of its lines but the first.
    pub fn text(&self, style: &Style, indent: &str) -> String {
        let style = self.style.as_ref().unwrap_or(style);
        let end = if style.has_semicolons { ";" } else { "" };
        let keyword = if self.is_export { "export" } else { "import" };
        let of_type = if self.is_type_only { " type" } else { "" };
        let attributes = self.attributes.as_ref().map_or_else(String::new, |attributes| format!(" {attributes}"));
        let tail = format!(" from {}{attributes}{end}", literal(&self.specifier, style.quote));
        let clause = |is_long| clause(&self.items, self.is_export, self.is_type_only, style, indent, is_long);
        let line = |clause: String| format!("{keyword}{of_type} {clause}{tail}");
        let short = line(clause(false));
        let comment = match &self.items[..] {
            [item] => item.comment.clone(),
            _ => None,
        };
        let is_short = indent.len() + short.len() <= style.line_length || self.items.len() == 1;
        let has_comments = self.items.len() > 1 && self.items.iter().any(|item| item.comment.is_some());
        let text = if is_short && !has_comments { short } else { line(clause(true)) };
        match comment.or(self.directive.clone()) {
            Some(comment) => format!("{text} {comment}"),
            None => text,
        }
    }

    /// The same as a call of `require`.
    fn as_require(&self, style: &Style) -> String {
        let end = if style.has_semicolons { ";" } else { "" };
        let (namespaces, names): (Vec<&Item>, Vec<&Item>) = self.items.iter().partition(|item| item.name.imported == "*");
        let property = |item: &&Item| match item.name.imported == item.name.local {
            true => item.name.local.clone(),
            false => format!("{}: {}", property(&item.name.imported, style.quote), item.name.local),
        };
        let names: Vec<String> = names.iter().map(property).collect();
        let pattern = (!names.is_empty()).then(|| braced(&names, style));
        let namespaces = namespaces.iter().map(|item| item.name.local.clone());
        let lines = namespaces
            .chain(pattern)
            .map(|what| format!("const {what} = require({}){end}", literal(&self.specifier, style.quote)));
        lines.collect::<Vec<_>>().join(style.line_ending)
    }
}

/// A module specifier or name with quotes.
pub fn literal(value: &str, quote: char) -> String {
    let mut text = String::from(quote);
    for c in value.chars() {
        if c == quote || c == '\\' {
            text.push('\\');
        }
        text.push(c);
    }
    text.push(quote);
    text
}

/// Whether a name is written without quotes.
pub fn is_identifier(name: &str) -> bool {
    let is_start = |c: char| c.is_alphabetic() || c == '_' || c == '$';
    name.starts_with(is_start) && name.chars().all(|c| is_start(c) || c.is_alphanumeric())
}

/// A name as the key of a property, or as an imported name.
pub fn property(name: &str, quote: char) -> String {
    if is_identifier(name) { name.to_owned() } else { literal(name, quote) }
}

/// An item of a list.
pub fn spell(item: &Item, quote: char) -> String {
    let name = &item.name;
    let of_type = if name.is_type_only { "type " } else { "" };
    match name.imported == name.local {
        true if !is_identifier(&name.local) => format!("{of_type}{}", literal(&name.local, quote)),
        true => format!("{of_type}{}", name.local),
        false => format!("{of_type}{} as {}", property(&name.imported, quote), property(&name.local, quote)),
    }
}

/// Texts between braces on one line.
pub fn braced(names: &[String], style: &Style) -> String {
    let space = if style.has_spaces && !names.is_empty() { " " } else { "" };
    format!("{{{space}{}{space}}}", names.join(", "))
}

/// Names between braces, each on a line of its own, with the comments that go with them.
pub fn lines(names: &[(String, Option<&str>)], style: &Style, indent: &str) -> String {
    let last = names.len() - 1;
    let line = |(at, (name, comment)): (usize, &(String, Option<&str>))| {
        let comma = if at < last || style.has_trailing_comma { "," } else { "" };
        let comment = comment.map_or_else(String::new, |comment| format!(" {comment}"));
        format!("{}{indent}{}{name}{comma}{comment}", style.line_ending, style.indent)
    };
    format!("{{{}{}{indent}}}", names.iter().enumerate().map(line).collect::<String>(), style.line_ending)
}

/// What stands between the keyword and `from`.
pub fn clause(items: &[Item], is_export: bool, is_type_only: bool, style: &Style, indent: &str, is_long: bool) -> String {
    let slots = slots(items.iter(), is_export, is_type_only).unwrap_or_default();
    let default = slots.default.map(|item| item.name.local.clone());
    let namespace = slots.namespace.map(|item| format!("* as {}", item.name.local));
    let names: Vec<(String, Option<&str>)> =
        slots.names.iter().map(|item| (spell(item, style.quote), item.comment.as_deref())).collect();
    let list = (!names.is_empty()).then(|| match is_long {
        true => lines(&names, style, indent),
        false => braced(&names.into_iter().map(|(name, _)| name).collect::<Vec<_>>(), style),
    });
    default.into_iter().chain(namespace).chain(list).collect::<Vec<_>>().join(", ")
}

/// The edit that puts new statements behind a node, in the lines below it; where others share its last line, in that line.
pub fn insert_behind(source: &Source<'_>, node: Node<'_>, style: &Style, new: &[String]) -> Edit {
    let text = source.text;
    let end = code_end(node);
    let line_end = eol::line_end(text, end);
    if statement::is_blank_or_comments(&text[end..line_end]) {
        let indent = eol::indentation(text, node.start_byte());
        let lines: String = new.iter().map(|statement| format!("{}{indent}{statement}", style.line_ending)).collect();
        return Edit::insert(line_end as u32, lines);
    }
    let closed = |statement: &String| if statement.ends_with(';') { statement.clone() } else { format!("{statement};") };
    let before = if text[..end].ends_with(';') { " " } else { "; " };
    Edit::insert(end as u32, format!("{before}{}", new.iter().map(closed).collect::<Vec<_>>().join(" ")))
}

/// The edit that puts statements behind the last import, or where the first import of a file goes.
pub fn insert(source: &Source<'_>, style: &Style, last: Option<Node<'_>>, new: &[New]) -> Result<Edit, Refusal> {
    let is_require = last.is_none() && is_commonjs(source);
    let texts: Vec<String> = match is_require {
        true => new.iter().map(|new| new.as_require(style)).collect(),
        false => new.iter().map(|new| new.text(style, "")).collect(),
    };
    let last = last.or_else(|| is_require.then(|| last_require(source)).flatten());
    match last {
        Some(last) if last.has_error() => Err(Refusal::ParsersDisagree),
        Some(last) => Ok(insert_behind(source, last, style, &texts)),
        None => insert_first(source, style, &texts.join(style.line_ending)),
    }
}

/// Whether a file asks for modules as CommonJS does.
fn is_commonjs(source: &Source<'_>) -> bool {
    let is_esm = |node: &Node<'_>| matches!(node.kind(), "import_statement" | "export_statement");
    let has_exports = !source.facts.exports.is_empty() || source.facts.is_dynamic;
    let requires = source.facts.requests.iter().any(|request| request.kind == RequestKind::Require);
    !syntax::children(source.tree.root()).iter().any(is_esm) && (has_exports || requires)
}

/// The last of the declarations at the top that take something from `require`.
fn last_require<'a>(source: &Source<'a>) -> Option<Node<'a>> {
    let asks = |node: &Node<'_>| {
        let mut spans = source.facts.requests.iter().filter(|request| request.kind == RequestKind::Require);
        matches!(node.kind(), "lexical_declaration" | "variable_declaration")
            && spans.any(|request| syntax::span(*node).covers(request.span))
    };
    let is_head = |node: &Node<'_>| asks(node) || is_prologue(*node) || node.kind() == "comment";
    syntax::children(source.tree.root()).into_iter().take_while(is_head).filter(asks).last()
}

/// Whether a node is `#!…` or a directive such as `"use client"`.
fn is_prologue(node: Node<'_>) -> bool {
    let is_string = || node.child(0).is_some_and(|child| child.kind() == "string");
    node.kind() == "hash_bang_line" || (node.kind() == "expression_statement" && is_string())
}

/// The edit that puts the first imports into a file: behind its head, before its first statement and the comments directly above it.
fn insert_first(source: &Source<'_>, style: &Style, statements: &str) -> Result<Edit, Refusal> {
    let text = source.text;
    let (eol, blank) = (style.line_ending, style.line_ending.repeat(2));
    let children = syntax::children(source.tree.root());
    let head = children
        .iter()
        .rposition(|node| is_prologue(*node))
        .filter(|at| children[..*at].iter().all(|node| is_prologue(*node) || node.kind() == "comment"));
    let rest = &children[head.map_or(0, |at| at + 1)..];
    let Some(first) = rest.iter().position(|node| node.kind() != "comment") else {
        let end = text.trim_end_matches([' ', '\t', '\n', '\r']).len();
        let before = if text[..end].trim_start_matches('\u{feff}').is_empty() { "" } else { &blank };
        let span = crate::text::span::Span::new(end as u32, text.len() as u32);
        return Ok(Edit::replace(span, format!("{before}{statements}{eol}")));
    };
    // A comment behind the last directive belongs to that line.
    let mut at = rest[first].start_byte();
    for comment in rest[..first].iter().rev() {
        let gap = &text[comment.end_byte()..at];
        let is_behind = comment.prev_sibling().is_some_and(|node| !text[node.end_byte()..comment.start_byte()].contains('\n'));
        if gap.matches('\n').count() > 1 || is_behind || is_of_file(&text[comment.byte_range()]) {
            break;
        }
        at = comment.start_byte();
    }
    let start = eol::line_start(text, at);
    if !text[start..at].trim().is_empty() {
        return Ok(Edit::insert(at as u32, format!("{statements} ")));
    }
    let above = text[..start].trim_end_matches([' ', '\t']);
    let is_first = above.trim_start_matches('\u{feff}').is_empty();
    let has_blank = is_first || above.ends_with("\n\n") || above.ends_with("\n\r\n");
    let before = if has_blank { "" } else { eol };
    Ok(Edit::insert(start as u32, format!("{before}{statements}{blank}")))
}

/// Whether a comment is about the file rather than about what follows it.
pub fn is_of_file(comment: &str) -> bool {
    let words = comment.to_ascii_lowercase();
    let is_lint = words.contains("eslint") && !words.contains("next-line");
    comment.starts_with("///") || comment.starts_with("/*!") || is_lint || OF_FILE.iter().any(|word| words.contains(word))
}
