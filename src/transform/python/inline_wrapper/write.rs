//! The text that takes the place of a call.
//!
//! Where what is called is given the call's own arguments in their order, they stay where they are, with their comments and lines,
//! and only what stands around them changes. Otherwise the call is written anew on one line.

use std::collections::BTreeMap;

use crate::lang::python::calls::{Argument, ArgumentForm, Call, Weight};
use crate::lang::python::signature::Bound;
use crate::lang::python::template::{self, Form, Given, GivenForm, Piece, Template};
use crate::text::edit::Edit;
use crate::text::span::Span;

/// What is put into a template.
pub(super) struct Filling<'a> {
    pub template: &'a Template,
    /// The text of the names that are no parameters, by where they start: all parts of the path.
    pub names: &'a BTreeMap<u32, String>,
    /// What each parameter gets.
    pub bound: &'a BTreeMap<&'a str, Bound>,
    /// The texts of defaults.
    pub defaults: &'a BTreeMap<String, String>,
    /// The parameters that need not be given: what is called has the same default.
    pub implied: &'a dyn Fn(&Given, &str) -> bool,
}

/// An argument of what takes the call's place.
enum Item {
    /// One that the call gives.
    Kept(usize, GivenForm),
    /// A new one.
    Text(String),
}

impl Filling<'_> {
    /// The edits that make the change; `None` where a comment would be lost.
    pub(super) fn edits(&self, text: &str, call: &Call<'_>) -> Option<Vec<Edit>> {
        if let Some(edits) = self.in_place(text, call) {
            return Some(edits);
        }
        if call.has_comment() {
            return None;
        }
        Some(vec![Edit::replace(call.span, self.whole(text, call))])
    }

    /// The whole expression on one line.
    fn whole(&self, text: &str, call: &Call<'_>) -> String {
        match &self.template.form {
            Form::Call { callee, arguments } => {
                let items = self.items(call, arguments, text);
                let item = |item: &Item| match item {
                    Item::Kept(at, form) => prefix(form) + &value(text, &call.arguments[*at]),
                    Item::Text(text) => text.clone(),
                };
                let arguments: Vec<String> = items.iter().map(item).collect();
                format!("{}({})", self.render(text, call, callee), arguments.join(", "))
            }
            Form::Other(pieces) => self.render(text, call, pieces),
        }
    }

    fn render(&self, text: &str, call: &Call<'_>, pieces: &[Piece]) -> String {
        let piece = |(place, piece): (usize, &Piece)| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Name { start, .. } => self.names.get(start).cloned().unwrap_or_default(),
            Piece::Parameter { name, is_bare } => match self.bound.get(&**name) {
                Some(Bound::Argument(at)) => {
                    let argument = &call.arguments[*at];
                    let given = value(text, argument);
                    let is_before_dot = matches!(pieces.get(place + 1), Some(Piece::Text(next)) if next.starts_with('.'));
                    let is_number = given.starts_with(|c: char| c.is_ascii_digit()) && argument.weight == Weight::Constant;
                    let is_plain = argument.is_primary || (is_number && !is_before_dot);
                    let is_safe = is_plain || (*is_bare && !given.contains(['\n', '\r']));
                    if is_safe { given } else { format!("({given})") }
                }
                _ => {
                    let text = self.defaults.get(name).cloned().unwrap_or_default();
                    let is_before_dot = matches!(pieces.get(place + 1), Some(Piece::Text(next)) if next.starts_with('.'));
                    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !is_before_dot;
                    let is_safe = *is_bare || is_number || template::is_primary(&text) == Some(true);
                    if is_safe { text } else { format!("({text})") }
                }
            },
        };
        pieces.iter().enumerate().map(piece).collect()
    }

    fn items(&self, call: &Call<'_>, arguments: &[Given], text: &str) -> Vec<Item> {
        let mut items = Vec::new();
        for given in arguments {
            let bound = match &given.value[..] {
                [Piece::Parameter { name, .. }] => self.bound.get(&**name).map(|bound| (name, bound)),
                _ => None,
            };
            match bound {
                Some((_, Bound::Argument(at))) => items.push(Item::Kept(*at, given.form.clone())),
                Some((_, Bound::Rest(rest))) => items.extend(rest.iter().map(|&at| {
                    let form = match call.arguments[at].form {
                        ArgumentForm::Keyword(name) => GivenForm::Keyword(name.to_owned()),
                        _ => GivenForm::Position,
                    };
                    Item::Kept(at, form)
                })),
                Some((name, Bound::Default)) if (self.implied)(given, name) => {}
                _ => items.push(Item::Text(prefix(&given.form) + &self.render(text, call, &given.value))),
            }
        }
        items
    }

    /// The edits that leave the arguments where they are; `None` where they come in another order, or one of them more than once.
    fn in_place(&self, text: &str, call: &Call<'_>) -> Option<Vec<Edit>> {
        let Form::Call { callee, arguments } = &self.template.form else { return None };
        let items = self.items(call, arguments, text);
        let kept: Vec<usize> =
            items.iter().filter_map(|item| if let Item::Kept(at, _) = item { Some(*at) } else { None }).collect();
        if !kept.is_sorted_by(|a, b| a < b) || call.arguments.iter().any(|argument| argument.form == ArgumentForm::Odd) {
            return None;
        }
        if call.callee_has_comment() {
            return None;
        }
        let mut edits = vec![Edit::replace(call.callee, self.render(text, call, callee))];
        let texts = |items: &[Item]| -> Vec<String> {
            items.iter().filter_map(|item| if let Item::Text(text) = item { Some(text.clone()) } else { None }).collect()
        };
        let Some(&last) = kept.last() else {
            let inside = Span::new(call.list.start + 1, call.list.end - 1);
            let is_plain = !call.has_comment();
            edits.push(Edit::replace(inside, texts(&items).join(", ")));
            return is_plain.then_some(edits);
        };
        let mut before: Vec<String> = Vec::new();
        for item in &items {
            match item {
                Item::Text(text) => before.push(text.clone()),
                Item::Kept(at, form) => {
                    let argument = &call.arguments[*at];
                    let head = Span::new(argument.span.start, argument.value.start);
                    let is_unpacked = argument.form == ArgumentForm::Unpacked;
                    let own = if is_unpacked { String::new() } else { prefix(form) };
                    let wanted: String = before.drain(..).map(|text| text + ", ").chain([own]).collect();
                    edits.push(Edit::replace(head, wanted));
                }
            }
        }
        for text in before {
            edits.push(Edit::insert(call.arguments[last].span.end, format!(", {text}")));
        }
        for dropped in dropped(call, &kept) {
            if text[dropped.range()].contains('#') {
                return None;
            }
            edits.push(Edit::delete(dropped));
        }
        edits.retain(|edit| text[edit.span.range()] != edit.text);
        Some(edits)
    }
}

/// What goes with the arguments that are not kept: each with one comma.
fn dropped(call: &Call<'_>, kept: &[usize]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    while at < call.arguments.len() {
        if kept.contains(&at) {
            at += 1;
            continue;
        }
        let first = at;
        while at < call.arguments.len() && !kept.contains(&at) {
            at += 1;
        }
        spans.push(match (call.arguments.get(at), first.checked_sub(1)) {
            (Some(next), _) => Span::new(call.arguments[first].span.start, next.span.start),
            (None, Some(previous)) => Span::new(call.arguments[previous].span.end, call.arguments[at - 1].span.end),
            (None, None) => Span::new(call.arguments[first].span.start, call.arguments[at - 1].span.end),
        });
    }
    spans
}

fn prefix(form: &GivenForm) -> String {
    match form {
        GivenForm::Position => String::new(),
        GivenForm::Keyword(name) => format!("{name}="),
        GivenForm::Star => "*".to_owned(),
        GivenForm::DoubleStar => "**".to_owned(),
    }
}

/// The text of an argument's value.
fn value(text: &str, argument: &Argument<'_>) -> String {
    let value = &text[argument.value.range()];
    if argument.form == ArgumentForm::Odd { format!("({value})") } else { value.to_owned() }
}
