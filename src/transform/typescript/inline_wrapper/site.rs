//! One call, and what it becomes.

use std::collections::BTreeMap;

use super::Case;
use super::standin::{Body, Meant, Standin};
use crate::lang::typescript::calls::{Argument, Call, Weight};
use crate::lang::typescript::facts::{AliasForm, BindingId, BindingKind, Imported, ScopeId, Use, UseForm};
use crate::lang::typescript::imports::Name;
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::Symbol;
use crate::lang::typescript::template::{Event, Parameter};
use crate::text::span::Span;
use crate::transform::finding::Reason;
use crate::transform::typescript::View;

/// What becomes of a call.
pub(super) struct Draft {
    pub text: String,
    pub added: Vec<Name>,
    pub reason: Option<Reason>,
}

/// What a parameter gets.
enum Bound {
    Argument(usize),
    Rest(Vec<usize>),
    Default(Span),
    Undefined,
}

pub(super) struct Site<'s> {
    pub view: &'s View<'s>,
    pub standin: &'s Standin<'s>,
    pub call: &'s Call<'s>,
    /// The name by which it is called.
    pub used: &'s Use,
    /// What calls inside of this one become.
    pub inner: &'s BTreeMap<Span, String>,
}

impl Site<'_> {
    /// Says what the call becomes, or why it stays.
    pub fn draft(&self) -> Result<Draft, Reason> {
        let bodies = self.standin.bodies.as_ref().map_err(|reason| *reason)?;
        if self.call.is_optional {
            return Err(Reason::OddSpelling);
        }
        if self.call.has_comment(self.view.facts) {
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

    /// Sends the arguments to the parameters.
    fn bind(&self, body: &Body<'_>) -> Result<Vec<Bound>, Reason> {
        let given = &self.call.arguments;
        let parameters = &body.template.signature.parameters;
        let plain = parameters.iter().take_while(|parameter| !parameter.is_rest).count();
        if given.iter().take(plain).any(|argument| argument.is_spread) {
            return Err(Reason::Unpacked);
        }
        if plain == parameters.len() && given.len() > plain {
            return Err(if given.iter().any(|it| it.is_spread) { Reason::Unpacked } else { Reason::CallFails });
        }
        let bind = |(at, parameter): (usize, &Parameter)| match (parameter.is_rest, given.get(at)) {
            (true, _) => Ok(Bound::Rest((at..given.len().max(at)).collect())),
            (false, Some(argument)) => match parameter.default {
                Some(default) if argument.is_undefined => Ok(Bound::Default(default)),
                // Whether the default takes its place, only running the program can tell.
                Some(_) if !argument.is_defined => Err(Reason::NotProved),
                _ => Ok(Bound::Argument(at)),
            },
            (false, None) => Ok(parameter.default.map_or(Bound::Undefined, Bound::Default)),
        };
        parameters.iter().enumerate().map(bind).collect()
    }

    /// Whether a case of the plan is for the call.
    fn fits(&self, body: &Body<'_>, bound: &[Bound]) -> bool {
        let Some(case) = body.case else { return true };
        let is_given = |name: &str| {
            let at = body.template.signature.parameters.iter().position(|parameter| parameter.name == name);
            match at.map(|at| &bound[at]) {
                Some(Bound::Argument(at)) => !self.call.arguments[*at].is_undefined,
                Some(Bound::Rest(rest)) => !rest.is_empty(),
                _ => false,
            }
        };
        case.given.iter().all(|name| is_given(&name.value))
    }

    fn with_body(&self, body: &Body<'_>, bound: &[Bound]) -> Result<Draft, Reason> {
        self.evaluation(body, bound)?;
        let is_waiting = self.awaits(body)?;
        let mut added = Vec::new();
        let mut edits: Vec<(Span, String)> = Vec::new();
        for used in body.facts.uses.iter().filter(|used| body.template.body.covers(used.span)) {
            edits.push(self.name(body, bound, used, &mut added)?);
        }
        // A file that loads the wrapper when it runs has no place for an import.
        if !added.is_empty() && !self.is_imported() {
            return Err(Reason::OddSpelling);
        }
        edits.sort();
        let mut text = String::new();
        let mut at = body.template.body.start;
        for (span, new) in &edits {
            // A name that goes with the comma before it may meet another.
            let start = span.start.max(at);
            text += &body.text[Span::new(at, start).range()];
            text += new;
            at = span.end.max(at);
        }
        text += &body.text[Span::new(at, body.template.body.end).range()];
        let is_bound = self.call.is_bound;
        let text = match (is_waiting, body.template.is_primary) {
            (true, true) if is_bound => format!("(await {text})"),
            (true, false) if is_bound => format!("(await ({text}))"),
            (true, true) => format!("await {text}"),
            (true, false) => format!("await ({text})"),
            (false, false) if is_bound => format!("({text})"),
            (false, _) => text,
        };
        if self.call.would_be_misread(&self.view.text, &text) {
            return Err(Reason::OddSpelling);
        }
        let reason = match body.case {
            Some(_) => Some(Reason::Stated),
            None => body.is_retyped.then_some(Reason::ReturnsOther),
        };
        Ok(Draft { text, added, reason })
    }

    /// Whether the file has the wrapper by an import declaration, or as its own.
    fn is_imported(&self) -> bool {
        let facts = self.view.facts;
        let kind = self.used.binding.map(|binding| facts.bindings[binding.index()].kind);
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
    fn evaluation(&self, body: &Body<'_>, bound: &[Bound]) -> Result<(), Reason> {
        let parameters = &body.template.signature.parameters;
        let mut reads: Vec<Vec<(usize, bool)>> = vec![Vec::new(); parameters.len()];
        let mut first_effect = usize::MAX;
        for (step, event) in body.template.events.iter().enumerate() {
            match *event {
                Event::Read { span, is_sure, is_spread, .. } => {
                    let binding = body.facts.uses.iter().find(|used| used.span == span).and_then(|used| used.binding);
                    let Some(at) = parameters.iter().position(|it| it.binding.is_some() && it.binding == binding) else {
                        if body.changing.contains(&span.start) {
                            first_effect = first_effect.min(step);
                        }
                        continue;
                    };
                    // An array of its own, which is more than its elements.
                    if parameters[at].is_rest != is_spread {
                        return Err(Reason::Unpacked);
                    }
                    reads[at].push((step, is_sure));
                }
                Event::Lookup(start) if is_namespace(body, start) => {}
                Event::Lookup(_) | Event::Effect => first_effect = first_effect.min(step),
            }
        }
        let mut latest = 0;
        for (parameter, (bound, reads)) in parameters.iter().zip(bound.iter().zip(&reads)) {
            let arguments: Vec<usize> = match bound {
                Bound::Argument(at) => vec![*at],
                Bound::Rest(rest) => rest.clone(),
                Bound::Default(span) => {
                    let is_plain = is_literal(&self.default_text(body, *span));
                    if !is_plain && !reads.is_empty() {
                        return Err(Reason::Evaluation);
                    }
                    continue;
                }
                Bound::Undefined => continue,
            };
            let weight = |at: &usize| {
                let argument: &Argument = &self.call.arguments[*at];
                if argument.is_spread { Weight::Effect } else { argument.weight }
            };
            let heaviest = arguments.iter().map(weight).max().unwrap_or(Weight::Fixed);
            let is_dropped = |case: &Case| case.drops.iter().any(|name| name.value == parameter.name);
            if reads.is_empty() && !arguments.is_empty() && body.case.is_some_and(|case| !is_dropped(case)) {
                return Err(Reason::ArgumentDropped);
            }
            let is_right = match heaviest {
                Weight::Fixed => true,
                Weight::Fresh => reads.len() <= 1,
                Weight::Effect => match reads[..] {
                    [(step, true)] => {
                        let is_next = step >= latest && step < first_effect;
                        latest = step;
                        is_next
                    }
                    _ => false,
                },
            };
            if !is_right {
                return Err(Reason::Evaluation);
            }
        }
        Ok(())
    }

    /// The text that takes the place of a name in the body.
    fn name(&self, body: &Body<'_>, bound: &[Bound], used: &Use, added: &mut Vec<Name>) -> Result<(Span, String), Reason> {
        let own = body.facts.names.get(used.name);
        let in_place = |new: String| match used.form {
            UseForm::Shorthand if new != own => format!("{own}: {new}"),
            _ => new,
        };
        let is_it = |parameter: &Parameter| parameter.binding.is_some() && parameter.binding == used.binding;
        if let Some(at) = body.template.signature.parameters.iter().position(is_it) {
            let is_bare = body.template.events.iter().find_map(|event| match *event {
                Event::Read { span, is_bare, .. } if span == used.span => Some(is_bare),
                _ => None,
            });
            // `typeof parameter`, as a type.
            let is_bare = is_bare.ok_or(Reason::NotOneExpression)?;
            return Ok(match &bound[at] {
                Bound::Argument(at) => {
                    let argument = &self.call.arguments[*at];
                    let text = self.given(argument.span);
                    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                    let is_before_dot = body.text[used.span.range().end..].trim_start().starts_with(['.', '?']);
                    let is_safe = argument.is_primary || (is_number && !is_before_dot);
                    let is_plain = is_bare || is_safe || used.form == UseForm::Shorthand;
                    (used.span, in_place(if is_plain { text } else { format!("({text})") }))
                }
                Bound::Rest(rest) => self.spread(body, used.span, rest),
                Bound::Default(span) => {
                    let text = self.default_text(body, *span);
                    (used.span, in_place(if is_bare { text } else { format!("({text})") }))
                }
                Bound::Undefined => (used.span, in_place("undefined".to_owned())),
            });
        }
        if let Some(at) = body.template.signature.types.iter().position(|id| Some(*id) == used.binding) {
            // What TypeScript would work out from the arguments has no name here.
            let types = self.call.types.as_ref().filter(|types| types.len() == body.template.signature.types.len());
            let given = types.ok_or(Reason::NotProved)?[at];
            return Ok((used.span, self.view.text[given.range()].to_owned()));
        }
        let meant = body.names.get(&used.span.start).ok_or(Reason::NotOneExpression)?;
        Ok((used.span, in_place(self.spelled(own, meant, added)?)))
    }

    /// The elements of a rest parameter, with the dots before its name, and the comma where there are none.
    fn spread(&self, body: &Body<'_>, name: Span, rest: &[usize]) -> (Span, String) {
        let before = body.text[..name.range().start].trim_end();
        let start = before.strip_suffix("...").map_or(name.start, |head| head.len() as u32);
        let one = |at: &usize| {
            let argument = &self.call.arguments[*at];
            format!("{}{}", if argument.is_spread { "..." } else { "" }, self.given(argument.span))
        };
        if !rest.is_empty() {
            return (Span::new(start, name.end), rest.iter().map(one).collect::<Vec<_>>().join(", "));
        }
        let head = body.text[..start as usize].trim_end();
        if let Some(head) = head.strip_suffix(',') {
            return (Span::new(head.len() as u32, name.end), String::new());
        }
        let behind = &body.text[name.range().end..];
        let comma = behind.trim_start().strip_prefix(',').map(|rest| behind.len() - rest.trim_start().len());
        (Span::new(start, name.end + comma.unwrap_or(0) as u32), String::new())
    }

    fn default_text(&self, body: &Body<'_>, span: Span) -> String {
        body.text[span.range()].to_owned()
    }

    /// The text of an argument, with what the calls in it become.
    fn given(&self, span: Span) -> String {
        let text = &self.view.text;
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

    /// How the caller spells what a name of the body means.
    fn spelled(&self, own: &str, meant: &Meant, added: &mut Vec<Name>) -> Result<String, Reason> {
        let facts = self.view.facts;
        let scope = self.used.scope;
        let seen = |name: &str| facts.names.find(name).and_then(|id| facts.lookup(scope, id));
        match meant {
            Meant::Global => {
                if seen(own).is_none() {
                    Ok(own.to_owned())
                } else {
                    Err(Reason::NameTaken)
                }
            }
            Meant::Private => match self.standin.home {
                Some((file, _)) if file == self.view.file => self.same_scope(own),
                _ => Err(Reason::NotExported),
            },
            Meant::Symbol { symbol, .. } if symbol.module == Module::File(self.view.file) => {
                let name = crate::index::typescript::references::own_binding(self.view.code, self.view.file, &symbol.name)
                    .map(|binding| facts.names.get(facts.bindings[binding.index()].name));
                self.same_scope(name.ok_or(Reason::NotProved)?)
            }
            Meant::Symbol { symbol, is_type_only } => {
                if let Some((name, _)) = self.known(symbol, *is_type_only).find(|(name, binding)| seen(name) == Some(*binding))
                {
                    return Ok(name.to_owned());
                }
                let is_symbol = own.starts_with('$') && &*symbol.name != "default" && &*symbol.name != "*";
                let local = if is_symbol { symbol.name.to_string() } else { own.trim_start_matches('$').to_owned() };
                let is_free = facts.names.find(&local).is_none_or(|id| {
                    facts.lookup(scope, id).is_none()
                        && facts.bound_in(ScopeId::MODULE, id).is_none()
                        && !facts.uses.iter().any(|used| used.name == id && used.binding.is_none())
                });
                if !is_free {
                    return Err(Reason::NameTaken);
                }
                let imported = symbol.name.to_string();
                let specifier = self.specifier(symbol)?;
                added.push(Name { specifier, imported, local: local.clone(), is_type_only: *is_type_only });
                Ok(local)
            }
        }
    }

    /// A name of the file's own top, if it means that where the call stands.
    fn same_scope(&self, name: &str) -> Result<String, Reason> {
        let facts = self.view.facts;
        let id = facts.names.find(name).ok_or(Reason::NotProved)?;
        let is_same = facts.bound_in(ScopeId::MODULE, id).is_some_and(|own| facts.lookup(self.used.scope, id) == Some(own));
        if is_same { Ok(name.to_owned()) } else { Err(Reason::NameTaken) }
    }

    /// The names by which the file has a symbol already.
    fn known<'v>(&'v self, symbol: &'v Symbol, is_type_only: bool) -> impl Iterator<Item = (&'v str, BindingId)> {
        let facts = self.view.facts;
        let targets = self.view.code.targets(self.view.file);
        let is_it = move |imported: Imported| match imported {
            Imported::Name(name) => facts.names.get(name) == &*symbol.name,
            Imported::Namespace => &*symbol.name == "*",
        };
        let aliases = facts.aliases.iter().filter(move |alias| {
            is_it(alias.imported)
                && targets[alias.request.index()].module == symbol.module
                && (is_type_only || !alias.is_type_only)
        });
        aliases.filter_map(|alias| alias.local).map(|binding| {
            let name = facts.bindings[binding.index()].name;
            (facts.names.get(name), binding)
        })
    }

    fn specifier(&self, symbol: &Symbol) -> Result<String, Reason> {
        let modules = self.view.code.modules();
        match &symbol.module {
            Module::Absent(name) => Ok(name.to_string()),
            Module::File(file) => {
                let facts = self.view.facts;
                let others: Vec<&str> = facts.requests.iter().map(|request| facts.names.get(request.specifier)).collect();
                let path = &self.view.code.index.snapshot().get(*file).path;
                modules.spell_like(self.view.path, path, &others).ok_or(Reason::NotImportable)
            }
        }
    }
}

/// Whether a name of the body is the object of a module's exports, whose members nobody replaces while arguments are evaluated.
fn is_namespace(body: &Body<'_>, start: u32) -> bool {
    matches!(body.names.get(&start), Some(Meant::Symbol { symbol, .. }) if &*symbol.name == "*")
}

/// Whether a default is a literal, which is the same wherever it stands.
fn is_literal(text: &str) -> bool {
    let is_word = matches!(text, "true" | "false" | "null" | "undefined" | "[]");
    let is_text = text.starts_with(['\'', '"']) && !text[1..text.len() - 1].contains(['\'', '"', '\\']);
    is_word
        || is_text
        || (text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.'))
}
