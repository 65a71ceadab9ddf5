//! One call, and what it becomes.

use std::collections::BTreeMap;

use super::Case;
use super::bound::Bound;
use super::names::Caller;
use super::standin::{Body, Meant, Told};
use crate::lang::typescript::calls::{Argument, Call, Fate, Weight};
use crate::lang::typescript::facts::{AliasForm, BindingKind, NameId, Use, UseForm};
use crate::lang::typescript::imports::Name;
use crate::lang::typescript::template::{Event, Parameter, Template};
use crate::text::span::Span;
use crate::transform::finding::Reason;

/// What becomes of a call.
pub(super) struct Draft {
    pub text: String,
    /// The text of the tag that closes an element.
    pub closing: Option<String>,
    pub added: Vec<Name>,
    pub reason: Option<Reason>,
}

/// A place of the body that reads a parameter.
#[derive(Clone, Copy)]
struct Read {
    step: usize,
    is_sure: bool,
    /// In a function inside, whenever that runs.
    is_inner: bool,
}

pub(super) struct Site<'s> {
    pub caller: Caller<'s>,
    pub call: &'s Call<'s>,
    /// What calls inside of this one become.
    pub inner: &'s BTreeMap<Span, String>,
}

impl Site<'_> {
    /// Says what the call becomes, or why it stays.
    pub fn draft(&self) -> Result<Draft, Reason> {
        let bodies = self.caller.standin.bodies.as_ref().map_err(|reason| *reason)?;
        if self.call.is_optional {
            return Err(Reason::OddSpelling);
        }
        if self.call.has_comment(self.caller.view.facts) {
            return Err(Reason::Commented);
        }
        let mut last = Reason::NoCase;
        for body in bodies {
            let bound = self.bind(body)?;
            match self.fits(body, &bound) {
                true => return self.with_body(body, &bound),
                false => last = Reason::NoCase,
            }
        }
        Err(last)
    }

    fn with_body(&self, body: &Body<'_>, bound: &[Bound<'_>]) -> Result<Draft, Reason> {
        self.is_for_a_statement(body)?;
        self.evaluation(body, bound)?;
        let is_waiting = self.awaits(body)?;
        let mut added = Vec::new();
        let mut edits: Vec<(Span, String)> = Vec::new();
        for used in body.facts.uses.iter().filter(|used| body.template.body.covers(used.span)) {
            if !body.is_bound_inside(used) {
                edits.push(self.name(body, bound, used, &mut added)?);
            }
        }
        // A file that loads the wrapper when it runs has no place for an import.
        if !added.is_empty() && !self.is_imported() {
            return Err(Reason::OddSpelling);
        }
        edits.sort();
        let indent = self.indent(body);
        let piece = |start: u32, end: u32| indent(&body.text[Span::new(start, end).range()]);
        let mut text = String::new();
        let mut at = body.template.body.start;
        for (span, new) in &edits {
            // A name that goes with the comma before it may meet another.
            let start = span.start.max(at);
            text += &piece(at, start);
            text += new;
            at = span.end.max(at);
        }
        text += &piece(at, body.template.body.end);
        let is_bound = self.call.is_bound;
        let text = match (is_waiting, body.template.is_primary) {
            (true, true) if is_bound => format!("(await {text})"),
            (true, false) if is_bound => format!("(await ({text}))"),
            (true, true) => format!("await {text}"),
            (true, false) => format!("await ({text})"),
            (false, false) if is_bound || (self.call.is_head && is_declaration(&text)) => format!("({text})"),
            (false, _) => text,
        };
        if self.call.would_be_misread(&self.caller.view.text, &text) {
            return Err(Reason::OddSpelling);
        }
        let reason = match body.case {
            Some(_) => Some(Reason::Stated),
            None => self.retyped(body, bound),
        };
        Ok(Draft { text, closing: None, added, reason })
    }

    /// Refuses a place that reads the value of what returns none, or that cannot hold what the body is written in.
    fn is_for_a_statement(&self, body: &Body<'_>) -> Result<(), Reason> {
        let Template { is_statement, is_awaited, has_jsx, signature, .. } = &body.template;
        let is_waiting_alike = signature.is_async == self.call.is_awaited && signature.is_async == *is_awaited;
        if *is_statement && (self.call.fate != Fate::Unread || !is_waiting_alike) {
            return Err(Reason::NotOneExpression);
        }
        if *has_jsx && !self.call.is_among_jsx() {
            return Err(Reason::NotImportable);
        }
        Ok(())
    }

    /// What the types that the wrapper says may hide: the call is the same when it runs, and the compiler may see it otherwise.
    fn retyped(&self, body: &Body<'_>, bound: &[Bound<'_>]) -> Option<Reason> {
        let is_untyped =
            self.caller.view.path.as_bytes().ends_with(b"js") || self.caller.view.path.as_bytes().ends_with(b"jsx");
        let is_seen = match body.result {
            Told::Same => false,
            Told::Other => self.call.fate == Fate::Used,
            Told::Guard => self.call.fate != Fate::Unread,
            Told::Assertion => true,
        };
        if is_untyped {
            return None;
        }
        let parameters = body.template.signature.parameters.iter().zip(bound).enumerate();
        let mut given = parameters.filter(|(at, _)| !body.alike.contains(at));
        let is_refitted = given.any(|(_, (parameter, bound))| {
            let is_open = parameter.annotation.is_some_and(|span| has_word(&body.text[span.range()], "any"));
            let arguments = bound.arguments();
            let is_plain = arguments.is_empty() || arguments.iter().any(|argument| argument.is_literal);
            let is_tested = is_plain && body.is_tested(parameter);
            is_tested || (!arguments.is_empty() && (is_open || arguments.iter().any(|argument| argument.is_contextual)))
        });
        match (is_seen, is_refitted) {
            (true, _) => Some(Reason::ReturnsOther),
            (_, true) => Some(Reason::SignatureDiffers),
            _ => None,
        }
    }

    /// How a piece of the body is written at the depth of the call.
    fn indent(&self, body: &Body<'_>) -> impl Fn(&str) -> String {
        let of = |text: &str, at: u32| {
            let line = &text[text[..at as usize].rfind('\n').map_or(0, |at| at + 1)..];
            line[..line.len() - line.trim_start_matches([' ', '\t']).len()].to_owned()
        };
        let whole = &body.text[body.template.body.range()];
        // A string goes on over lines between such marks, and its lines are its own.
        let is_kept = whole.contains('`') || body.case.is_some();
        let (old, new) = (of(&body.text, body.template.body.start), of(&self.caller.view.text, self.call.span.start));
        move |piece: &str| match is_kept {
            true => piece.to_owned(),
            false => piece.replace(&format!("\n{old}"), &format!("\n{new}")),
        }
    }

    /// Whether the file has the wrapper by an import declaration, or as its own.
    fn is_imported(&self) -> bool {
        let facts = self.caller.view.facts;
        let kind = self.caller.used.binding.map(|binding| facts.bindings[binding.index()].kind);
        match kind {
            Some(BindingKind::Import(alias)) => matches!(facts.aliases[alias.index()].form, AliasForm::Import(_)),
            _ => true,
        }
    }

    /// Whether an `await` has to stand before what the call becomes; the call's own goes on to stand there.
    fn awaits(&self, body: &Body<'_>) -> Result<bool, Reason> {
        let template = &body.template;
        match body.case {
            None if template.signature.is_async && !self.call.is_awaited && !(body.gives_promise && template.is_primary) => {
                Err(Reason::Unawaited)
            }
            None => Ok(false),
            Some(_) if !template.is_awaited || self.call.is_awaited => Ok(false),
            Some(_) if template.signature.is_async => Err(Reason::Unawaited),
            Some(_) if !self.call.is_in_async => Err(Reason::SyncCaller),
            Some(_) => Ok(true),
        }
    }

    /// Refuses what would evaluate an argument twice, not at all, or in another order.
    fn evaluation(&self, body: &Body<'_>, bound: &[Bound<'_>]) -> Result<(), Reason> {
        let parameters = &body.template.signature.parameters;
        let mut reads: Vec<Vec<Read>> = vec![Vec::new(); parameters.len()];
        let mut first_effect = usize::MAX;
        for (step, event) in body.template.events.iter().enumerate() {
            match *event {
                Event::Read { span, is_sure, is_inner, is_spread, .. } => {
                    let binding = body.facts.uses.iter().find(|used| used.span == span).and_then(|used| used.binding);
                    match parameters.iter().position(|it| it.binding.is_some() && it.binding == binding) {
                        // It is iterated over before what follows is evaluated.
                        Some(at) if is_spread && !parameters[at].is_rest => return Err(Reason::Unpacked),
                        Some(at) => reads[at].push(Read { step, is_sure, is_inner }),
                        None if body.changing.contains(&span.start) && !is_inner => first_effect = first_effect.min(step),
                        None => {}
                    }
                }
                Event::Lookup(start) if is_namespace(body, start) => {}
                Event::Lookup(_) | Event::Effect => first_effect = first_effect.min(step),
            }
        }
        let mut given: Vec<(&Argument, &[Read])> = Vec::new();
        for (parameter, (bound, reads)) in parameters.iter().zip(bound.iter().zip(&reads)) {
            if let Bound::Default(span) = bound
                && !reads.is_empty()
                && !is_literal(&body.text[span.range()], reads)
            {
                return Err(Reason::Evaluation);
            }
            let is_dropped = |case: &Case| case.drops.iter().any(|name| name.value == parameter.name);
            let arguments = bound.arguments();
            if reads.is_empty() && !arguments.is_empty() && body.case.is_some_and(|case| !is_dropped(case)) {
                return Err(Reason::ArgumentDropped);
            }
            // An array that is read twice is one array.
            if parameter.is_rest && (reads.len() > 1 || reads.iter().any(|read| read.is_inner)) {
                return Err(Reason::Evaluation);
            }
            given.extend(arguments.into_iter().map(|argument| (argument, reads.as_slice())));
        }
        given.sort_by_key(|(argument, _)| argument.span);
        let mut latest = 0;
        let is_right = |(argument, reads): &(&Argument, &[Read])| {
            let weight = if argument.is_spread { Weight::Effect } else { argument.weight };
            let is_inner = reads.iter().any(|read| read.is_inner);
            match weight {
                Weight::Fixed => !is_inner || argument.is_lasting,
                Weight::Fresh => reads.len() <= 1 && !is_inner,
                Weight::Effect => match reads {
                    [Read { step, is_sure: true, .. }] => {
                        let is_next = *step >= latest && *step < first_effect;
                        latest = *step;
                        is_next
                    }
                    _ => false,
                },
            }
        };
        if given.iter().all(is_right) { Ok(()) } else { Err(Reason::Evaluation) }
    }

    /// The text that takes the place of a name in the body.
    fn name(&self, body: &Body<'_>, bound: &[Bound<'_>], used: &Use, added: &mut Vec<Name>) -> Result<(Span, String), Reason> {
        let own = body.facts.names.get(used.name);
        let in_place = |new: String| match used.form {
            UseForm::Shorthand if new != own => format!("{own}: {new}"),
            _ => new,
        };
        let is_it = |parameter: &Parameter| parameter.binding.is_some() && parameter.binding == used.binding;
        if let Some(at) = body.template.signature.parameters.iter().position(is_it) {
            let read = body.template.events.iter().find_map(|event| match *event {
                Event::Read { span, is_bare, is_spread, .. } if span == used.span => Some((is_bare, is_spread)),
                _ => None,
            });
            // `typeof parameter`, as a type, or an element of JSX that a parameter names.
            let (is_bare, is_spread) = read.filter(|_| used.form != UseForm::JsxName).ok_or(Reason::NotOneExpression)?;
            self.is_free_inside(body, used, &bound[at])?;
            // What is all of the body stands where the call does.
            let is_all = used.span == body.template.body;
            let is_bare = is_bare && !(is_all && (self.call.is_bound || body.template.signature.is_async));
            return Ok(match &bound[at] {
                Bound::Argument(argument) => {
                    let text = self.given(argument.span);
                    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                    let is_before_dot = body.text[used.span.range().end..].trim_start().starts_with(['.', '?']);
                    let is_safe = argument.is_primary || (is_number && !is_before_dot);
                    let is_plain = is_bare || is_safe || used.form == UseForm::Shorthand;
                    (used.span, in_place(if is_plain { text } else { format!("({text})") }))
                }
                Bound::Rest(rest) if is_spread => self.spread(body, used.span, rest),
                Bound::Rest(rest) => (used.span, in_place(format!("[{}]", self.listed(rest)))),
                Bound::Default(span) => {
                    let text = body.text[span.range()].to_owned();
                    (used.span, in_place(if is_bare { text } else { format!("({text})") }))
                }
                Bound::Undefined => (used.span, in_place("undefined".to_owned())),
            });
        }
        if let Some(at) = body.template.signature.types.iter().position(|id| Some(*id) == used.binding) {
            // What TypeScript would work out from the arguments has no name here.
            let types = self.call.types.as_ref().filter(|types| types.len() == body.template.signature.types.len());
            let given = types.ok_or(Reason::NotProved)?[at];
            return Ok((used.span, self.caller.view.text[given.range()].to_owned()));
        }
        let meant = body.names.get(&used.span.start).ok_or(Reason::NotOneExpression)?;
        let new = self.caller.spelled(own, meant, added)?;
        let is_lower = new.starts_with(|c: char| c.is_ascii_lowercase());
        if body.names_inside(used).any(|name| name == new) || (used.form == UseForm::JsxName && is_lower) {
            return Err(Reason::NameTaken);
        }
        Ok((used.span, in_place(new)))
    }

    /// Refuses arguments whose names mean something else in a function inside the body.
    fn is_free_inside(&self, body: &Body<'_>, used: &Use, bound: &Bound<'_>) -> Result<(), Reason> {
        let facts = self.caller.view.facts;
        let is_given = |id: NameId, argument: &Argument| {
            let mut inside = facts.uses.iter().filter(|used| argument.span.covers(used.span));
            inside.any(|used| used.name == id)
        };
        let is_taken = |name: &str| {
            let id = facts.names.find(name);
            id.is_some_and(|id| bound.arguments().into_iter().any(|argument| is_given(id, argument)))
        };
        let is_met = body.names_inside(used).any(is_taken);
        // What a call in an argument becomes has names of its own.
        let is_rewritten = |argument: &Argument| self.inner.keys().any(|inner| argument.span.covers(*inner));
        let is_unsure = body.names_inside(used).next().is_some() && bound.arguments().into_iter().any(is_rewritten);
        if is_met || is_unsure { Err(Reason::NameTaken) } else { Ok(()) }
    }

    /// The texts of arguments, as they stand in a list.
    fn listed(&self, arguments: &[&Argument]) -> String {
        let one =
            |argument: &&Argument| format!("{}{}", if argument.is_spread { "..." } else { "" }, self.given(argument.span));
        arguments.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The elements of a rest parameter, with the dots before its name, and the comma where there are none.
    fn spread(&self, body: &Body<'_>, name: Span, rest: &[&Argument]) -> (Span, String) {
        let before = body.text[..name.range().start].trim_end();
        let start = before.strip_suffix("...").map_or(name.start, |head| head.len() as u32);
        if !rest.is_empty() {
            return (Span::new(start, name.end), self.listed(rest));
        }
        let head = body.text[..start as usize].trim_end();
        if let Some(head) = head.strip_suffix(',') {
            return (Span::new(head.len() as u32, name.end), String::new());
        }
        let behind = &body.text[name.range().end..];
        let comma = behind.trim_start().strip_prefix(',').map(|rest| behind.len() - rest.trim_start().len());
        (Span::new(start, name.end + comma.unwrap_or(0) as u32), String::new())
    }

    /// The text of an argument, with what the calls in it become.
    fn given(&self, span: Span) -> String {
        let text = &self.caller.view.text;
        let mut out = String::new();
        let mut at = span.start;
        for (inner, new) in self.inner.iter().filter(|(inner, _)| span.covers(**inner)) {
            if inner.start >= at {
                out += &text[Span::new(at, inner.start).range()];
                out += new;
                at = inner.end;
            }
        }
        out + &text[Span::new(at, span.end).range()]
    }
}

/// Whether a name of the body is the object of a module's exports, whose members nobody replaces while arguments are evaluated.
fn is_namespace(body: &Body<'_>, start: u32) -> bool {
    matches!(body.names.get(&start), Some(Meant::Symbol { symbol, .. }) if &*symbol.name == "*")
}

/// Whether a default is a literal, which is the same wherever it stands; an empty array or object is another one each time.
fn is_literal(text: &str, reads: &[Read]) -> bool {
    let is_word = matches!(text, "true" | "false" | "null" | "undefined");
    let is_fresh = matches!(text, "[]" | "{}") && matches!(reads, [Read { is_inner: false, .. }]);
    let is_text = text.starts_with(['\'', '"']) && !text[1..text.len() - 1].contains(['\'', '"', '\\']);
    let number = text.strip_prefix('-').unwrap_or(text);
    let is_number =
        number.starts_with(|c: char| c.is_ascii_digit()) && number.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '_');
    is_word || is_fresh || is_text || is_number
}

/// Whether a text at the head of a statement is read as a block or a declaration.
fn is_declaration(text: &str) -> bool {
    let function = text.strip_prefix("async ").unwrap_or(text).strip_prefix("function");
    text.starts_with('{') || function.is_some_and(|rest| rest.starts_with([' ', '(']))
}

/// Whether a type has a word.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').any(|part| part == word)
}
