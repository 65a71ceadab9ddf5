//! Splitting what a test gives in place of a module: `jest.mock("m", () => ({ X: …, Y: … }))` becomes two such statements, of which the
//! second is for another module.
//!
//! Each of the two factories is called when its own module is asked for first. So what moves has to mean the same whenever it is
//! evaluated, and no part of the object may read another.

use tree_sitter::Node;

use super::forms::{literal_edit, name_edit};
use super::statement::{code_end, directive_above, is_blank_or_comments, is_in_error};
use super::{Name, Refusal, Source};
use crate::lang::typescript::facts::{AliasId, Imported, Mock, RequestId, RequestKind};
use crate::lang::typescript::stable::is_stable;
use crate::syntax;
use crate::text::edit::{Edit, TextEdit};
use crate::text::eol;
use crate::text::span::Span;

/// The calls whose first argument is replaced by what the second one returns.
const CALLS: [&str; 2] = ["mock", "doMock"];

/// What is to be split off, and how it is to be written.
pub struct Parting<'p> {
    /// The request that replaces the module.
    pub request: RequestId,
    /// The names that leave it.
    pub moved: &'p [(AliasId, &'p Name)],
    /// The new home.
    pub specifier: &'p str,
    /// How the other requests in the factory, which ask for the replaced module itself, ask for the new home.
    pub inner: &'p [(RequestId, &'p str)],
}

/// A statement that replaces a module, read.
struct Replacing {
    /// From its first byte to its last.
    span: Span,
    parts: Vec<Part>,
    /// Whether each part of the object has lines of its own.
    is_spread_out: bool,
}

/// One property of the object, or what is spread there.
struct Part {
    /// With the lines before it that are its own, without the comma.
    span: Span,
    /// Its comma and what follows it on its line.
    tail: Span,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It goes to the new statement.
    Moves,
    /// It stays in the old one.
    Stays,
    /// Both need it: `__esModule: true`, `...jest.requireActual("m")`.
    Both,
}

/// The edits that split a statement.
///
/// # Errors
/// It is not known that the two do together what the one did, or a comment would be lost.
pub fn edits(source: &Source<'_>, parting: &Parting<'_>) -> Result<Vec<Edit>, Refusal> {
    let text = source.text;
    let replacing = read(source, parting)?;
    let stay = replacing.without(text, Role::Moves)?;
    let mut new = replacing.without(text, Role::Stays)?;
    let literal = source.facts.requests[parting.request.index()].span;
    new.extend(literal_edit(source, literal, parting.specifier)?);
    for (request, specifier) in parting.inner {
        new.extend(literal_edit(source, source.facts.requests[request.index()].span, specifier)?);
    }
    for (id, name) in parting.moved {
        new.extend(name_edit(source, &source.facts.aliases[id.index()], name)?);
    }
    let copy = TextEdit::new(new).map_err(|_| Refusal::ParsersDisagree)?;
    let grown =
        copy.edits().iter().map(|edit| edit.text.len() as i64 - i64::from(edit.span.end - edit.span.start)).sum::<i64>();
    let copied = copy.apply(text.as_bytes());
    let (start, end) = (replacing.span.range().start, replacing.span.range().end);
    let end = usize::try_from(end as i64 + grown).map_err(|_| Refusal::ParsersDisagree)?;
    let copied = String::from_utf8_lossy(copied.get(start..end).ok_or(Refusal::ParsersDisagree)?).into_owned();
    let indent = &text[eol::line_start(text, start)..start];
    let line_end = eol::line_end(text, replacing.span.range().end);
    let behind = format!("{}{}{copied}", eol::line_ending(text), indent.trim_start_matches('\u{feff}'));
    let mut edits = stay;
    edits.push(Edit::insert(line_end as u32, behind));
    Ok(edits)
}

/// Whether some names of a replacement can leave it for another module; `inner` are the requests in the factory that ask for the replaced
/// module itself.
pub fn may_split(source: &Source<'_>, request: RequestId, names: &[&str], inner: &[RequestId]) -> bool {
    let name = |imported: &&str| Name {
        specifier: String::new(),
        imported: (*imported).to_owned(),
        local: (*imported).to_owned(),
        is_type_only: false,
    };
    let becomes: Vec<Name> = names.iter().map(name).collect();
    let ids = |name: &Name| {
        let aliases = source.facts.aliases.iter().enumerate().filter(|(_, alias)| alias.request == request);
        let wanted = source.facts.names.find(&name.imported).map(Imported::Name);
        { aliases }.find(|(_, alias)| Some(alias.imported) == wanted).map(|(at, _)| AliasId::new(at))
    };
    let moved: Option<Vec<(AliasId, &Name)>> = becomes.iter().map(|name| Some((ids(name)?, name))).collect();
    let inner: Vec<(RequestId, &str)> = inner.iter().map(|id| (*id, "")).collect();
    moved.is_some_and(|moved| edits(source, &Parting { request, moved: &moved, specifier: "", inner: &inner }).is_ok())
}

/// Reads a statement that is to be split.
fn read<'a>(source: &Source<'a>, parting: &Parting<'_>) -> Result<Replacing, Refusal> {
    let text = source.text;
    let literal = source.facts.requests[parting.request.index()].span;
    let string = source.tree.node_at(literal, "string").ok_or(Refusal::ParsersDisagree)?;
    let given = string.parent().filter(|node| node.kind() == "arguments").ok_or(Refusal::Form)?;
    let call = given.parent().filter(|node| node.kind() == "call_expression").ok_or(Refusal::Form)?;
    let statement = call.parent().filter(|node| node.kind() == "expression_statement").ok_or(Refusal::Form)?;
    if statement.has_error() || is_in_error(statement) {
        return Err(Refusal::ParsersDisagree);
    }
    let is_block = statement.parent().is_some_and(|node| matches!(node.kind(), "program" | "statement_block"));
    let [first, factory] = code(given)[..] else { return Err(Refusal::Form) };
    if first != string || !is_block || !is_framework(text, call) {
        return Err(Refusal::Form);
    }
    let span = Span::new(statement.start_byte() as u32, code_end(statement) as u32);
    let line_start = eol::line_start(text, statement.start_byte());
    let before = text[line_start..statement.start_byte()].trim_matches(['\u{feff}', ' ', '\t']);
    let line_end = eol::line_end(text, span.range().end);
    if !before.is_empty() || !is_blank_or_comments(&text[span.range().end..line_end]) {
        return Err(Refusal::Form);
    }
    if directive_above(text, statement.start_byte()).is_some() {
        return Err(Refusal::Comment);
    }
    let object = returned(factory).ok_or(Refusal::Form)?;
    let nodes = code(object);
    let has_line = |node: &Node<'_>| text[eol::line_start(text, node.start_byte())..node.start_byte()].trim().is_empty();
    let close = object.end_byte() - 1;
    let is_spread_out = nodes.iter().all(has_line) && text[eol::line_start(text, close)..close].trim().is_empty();
    let spans = if is_spread_out { lines_of(text, object, &nodes)? } else { places_of(text, object, &nodes)? };
    let part =
        |(node, (span, tail)): (&Node<'a>, (Span, Span))| Ok(Part { span, tail, role: role(source, parting, factory, *node)? });
    let parts: Vec<Part> = nodes.iter().zip(spans).map(part).collect::<Result<_, Refusal>>()?;
    Ok(Replacing { span, parts, is_spread_out })
}

/// The nodes between brackets, without comments.
fn code(node: Node<'_>) -> Vec<Node<'_>> {
    syntax::children(node).into_iter().filter(|node| node.is_named() && node.kind() != "comment").collect()
}

/// Whether a call is `jest.mock(…)` or one of its like, at once behind the framework's name.
fn is_framework(text: &str, call: Node<'_>) -> bool {
    let Some(callee) = call.child_by_field_name("function").filter(|node| node.kind() == "member_expression") else {
        return false;
    };
    let part = |field| callee.child_by_field_name(field).map_or("", |node: Node<'_>| &text[node.byte_range()]);
    matches!(part("object"), "jest" | "vi" | "vitest") && CALLS.contains(&part("property"))
}

/// The object that a factory does nothing but return.
fn returned(factory: Node<'_>) -> Option<Node<'_>> {
    if !matches!(factory.kind(), "arrow_function" | "function_expression") {
        return None;
    }
    let body = factory.child_by_field_name("body")?;
    let value = match body.kind() {
        "statement_block" => match code(body)[..] {
            [only] if only.kind() == "return_statement" => code(only).first().copied()?,
            _ => return None,
        },
        _ => body,
    };
    unwrapped(value).filter(|value| value.kind() == "object")
}

/// What stands in parentheses, or before `as`.
fn unwrapped(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "parenthesized_expression" | "as_expression" | "satisfies_expression" => unwrapped(*code(node).first()?),
        _ => Some(node),
    }
}

/// The lines of each part of an object: from the end of the part before it to its own end, and from there to the next line.
fn lines_of(text: &str, object: Node<'_>, nodes: &[Node<'_>]) -> Result<Vec<(Span, Span)>, Refusal> {
    let mut spans = Vec::new();
    let mut start = eol::next_line(text, object.start_byte());
    if has_comment(object, object.start_byte(), start) {
        return Err(Refusal::Comment);
    }
    for node in nodes {
        let (end, next) = (node.end_byte(), eol::next_line(text, node.end_byte()));
        let is_cut = |comment: &Node<'_>| comment.start_byte() < next && next < comment.end_byte();
        if syntax::children(object).iter().filter(|child| child.kind() == "comment").any(is_cut) {
            return Err(Refusal::Comment);
        }
        spans.push((Span::new(start as u32, end as u32), Span::new(end as u32, next as u32)));
        start = next;
    }
    // Whose comment that is cannot be known.
    if has_comment(object, start, object.end_byte()) { Err(Refusal::Comment) } else { Ok(spans) }
}

/// The places of the parts of an object that share a line: each itself, and what is between it and the next one.
fn places_of(text: &str, object: Node<'_>, nodes: &[Node<'_>]) -> Result<Vec<(Span, Span)>, Refusal> {
    if has_comment(object, object.start_byte(), object.end_byte()) {
        return Err(Refusal::Comment);
    }
    let starts = nodes.iter().skip(1).map(Node::start_byte).chain([object.end_byte() - 1]);
    let span = |(node, next): (&Node<'_>, usize)| (syntax::span(*node), Span::new(node.end_byte() as u32, next as u32));
    let spans: Vec<(Span, Span)> = nodes.iter().zip(starts).map(span).collect();
    let is_broken = spans.iter().rev().skip(1).any(|(_, tail)| text[tail.range()].contains(['\n', '\r']));
    if is_broken { Err(Refusal::Form) } else { Ok(spans) }
}

/// Whether a comment stands directly in a node, between two offsets.
fn has_comment(node: Node<'_>, start: usize, end: usize) -> bool {
    let comments = syntax::children(node).into_iter().filter(|child| child.kind() == "comment");
    { comments }.any(|comment| start <= comment.start_byte() && comment.start_byte() < end)
}

/// What becomes of a part of the object.
fn role(source: &Source<'_>, parting: &Parting<'_>, factory: Node<'_>, node: Node<'_>) -> Result<Role, Refusal> {
    let (text, span) = (source.text, syntax::span(node));
    if node.kind() == "spread_element" {
        return if is_actual(source, parting, factory, node) { Ok(Role::Both) } else { Err(Refusal::Form) };
    }
    if reads_its_object(node) {
        return Err(Refusal::Form);
    }
    let key = match node.kind() {
        "pair" => node.child_by_field_name("key"),
        "method_definition" => node.child_by_field_name("name"),
        "shorthand_property_identifier" => Some(node),
        _ => None,
    };
    let key = key.filter(|key| key.kind() != "computed_property_name").ok_or(Refusal::Form)?;
    if text[key.byte_range()].trim_matches(['"', '\'']) == "__esModule" {
        return Ok(Role::Both);
    }
    let mut moved = parting.moved.iter().map(|(id, _)| source.facts.aliases[id.index()].span);
    match moved.any(|it| span.covers(it)) {
        false => Ok(Role::Stays),
        true if node.kind() == "method_definition" => Ok(Role::Moves),
        true => {
            let value = node.child_by_field_name("value").unwrap_or(node);
            if is_stable(source, value) { Ok(Role::Moves) } else { Err(Refusal::Form) }
        }
    }
}

/// Whether what is spread is the replaced module itself: `...jest.requireActual("m")`, `...(await vi.importActual("m"))`, or the call of
/// the function that vitest gives a factory.
fn is_actual(source: &Source<'_>, parting: &Parting<'_>, factory: Node<'_>, spread: Node<'_>) -> bool {
    let text = source.text;
    let mut value = code(spread).first().copied();
    while let Some(inner) = value
        .filter(|node| matches!(node.kind(), "parenthesized_expression" | "await_expression" | "as_expression"))
        .and_then(|node| code(node).first().copied())
    {
        value = Some(inner);
    }
    let Some(call) = value.filter(|node| node.kind() == "call_expression") else { return false };
    let (Some(callee), Some(given)) = (call.child_by_field_name("function"), call.child_by_field_name("arguments")) else {
        return false;
    };
    let given = code(given);
    let is_asked = |request: RequestId| {
        let request = &source.facts.requests[request.index()];
        request.kind == RequestKind::Mock(Mock::Actual) && given.first().is_some_and(|node| syntax::span(*node) == request.span)
    };
    if given.len() == 1 {
        return parting.inner.iter().any(|(request, _)| is_asked(*request));
    }
    let parameters = factory.child_by_field_name("parameters").map(code).unwrap_or_default();
    let name = parameters.first().or(factory.child_by_field_name("parameter").as_ref()).map(|node| &text[node.byte_range()]);
    let is_name = |name: &str| {
        let name = name.split([':', '?']).next().unwrap_or_default().trim();
        !name.is_empty() && text[callee.byte_range()] == *name
    };
    given.is_empty() && callee.kind() == "identifier" && name.is_some_and(is_name)
}

/// Whether a part says `this` or `super` of the object that it is a part of.
fn reads_its_object(node: Node<'_>) -> bool {
    match node.kind() {
        "this" | "super" => true,
        "class" | "class_declaration" => false,
        _ => syntax::children(node).into_iter().any(reads_its_object),
    }
}

impl Replacing {
    /// The edits that take the parts of one role out of the statement.
    fn without(&self, text: &str, role: Role) -> Result<Vec<Edit>, Refusal> {
        let kept: Vec<&Part> = self.parts.iter().filter(|part| part.role != role).collect();
        let (Some(first), Some(last), Some(end)) = (self.parts.first(), kept.last(), self.parts.last()) else {
            return Err(Refusal::Form);
        };
        if !self.is_spread_out {
            return Ok(gaps(&kept, first.span.start, end.span.end));
        }
        let mut edits: Vec<Edit> = Vec::new();
        for part in self.parts.iter().filter(|part| part.role == role) {
            edits.push(Edit::delete(Span::new(part.span.start, part.tail.end)));
        }
        // The first line of what is left is no blank one.
        if let Some(head) = kept.first().filter(|head| head.span != first.span) {
            let lines = &text[head.span.range()];
            let blank = lines.len() - lines.trim_start_matches(['\n', '\r']).len();
            if blank > 0 {
                edits.push(Edit::delete(Span::new(head.span.start, head.span.start + blank as u32)));
            }
        }
        let has_comma = |part: &Part| text[part.tail.range()].trim_start().starts_with(',');
        if has_comma(last) && !has_comma(end) {
            let comma = last.tail.range().start + text[last.tail.range()].find(',').unwrap_or_default();
            edits.push(Edit::delete(Span::new(comma as u32, comma as u32 + 1)));
        }
        Ok(edits)
    }
}

/// The edits that leave some parts of a line, from the first byte of all parts to the last: a comma behind one that stays stays with it,
/// unless nothing follows any more.
fn gaps(kept: &[&Part], start: u32, end: u32) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut at = start;
    for (nth, part) in kept.iter().enumerate() {
        let from = nth.checked_sub(1).map_or(at, |before| kept[before].tail.end);
        edits.push(Edit::delete(Span::new(from, part.span.start)));
        at = part.span.end;
    }
    edits.push(Edit::delete(Span::new(at, end)));
    edits.retain(|edit| edit.span.start < edit.span.end);
    edits
}
