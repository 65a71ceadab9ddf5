//! One call of a wrapper: what becomes of it, or why nothing does.

use std::collections::{BTreeMap, BTreeSet};

use super::standin::{Choice, Meant, Standin};
use super::write::Filling;
use crate::index::Index;
use crate::lang::python::calls::{Argument, ArgumentForm, Call, Colour, Weight};
use crate::lang::python::facts::ScopeKind;
use crate::lang::python::imports::Name;
use crate::lang::python::resolve;
use crate::lang::python::scope::Lookup;
use crate::lang::python::signature::{Bound, Gives};
use crate::lang::python::template::{self, Event, Form, Given, GivenForm, Piece};
use crate::text::edit::Edit;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::python::View;
use crate::transform::python::spell::{Spot, spell};

/// A call that becomes something else.
pub(super) struct Draft {
    /// What takes its place, in short.
    pub text: String,
    /// Why it is not safe.
    pub reason: Option<Reason>,
    pub edits: Vec<Edit>,
    /// What has to be imported beside the anchor.
    pub imports: BTreeSet<Name>,
    /// The local names in it.
    pub names: BTreeSet<String>,
}

/// Why a call is left, and what says so.
pub(super) struct Left {
    pub reason: Reason,
    pub evidence: Option<Evidence>,
}

impl From<Reason> for Left {
    fn from(reason: Reason) -> Self {
        Self { reason, evidence: None }
    }
}

fn left(reason: Reason, text: impl Into<String>) -> Left {
    Left { reason, evidence: Some(Evidence { role: "because", at: None, text: text.into() }) }
}

/// How the awaiting of a call changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Waiting {
    Stays,
    Goes,
    Comes,
}

/// A call, and where it stands.
pub(super) struct Site<'a> {
    pub view: &'a View<'a>,
    pub call: &'a Call<'a>,
    pub spot: Spot,
}

impl Site<'_> {
    /// What becomes of the call.
    pub(super) fn draft(&self, standin: &Standin<'_>) -> Result<Draft, Left> {
        if let Some(span) = self.call.expecting(&self.view.text) {
            return Err(Left { reason: Reason::ExpectsFailure, evidence: Some(self.view.quote("expects", span)) });
        }
        let bound = self.bind(standin)?;
        if let Some(name) = bound.keys().find(|name| matches!(bound[**name], Bound::Rest(_)) && !self.passes_on(standin, name))
        {
            return Err(left(Reason::NotOneExpression, format!("it does more with `{name}` than pass it on")));
        }
        let choice = self.choose(standin, &bound)?;
        self.names_once(choice, &bound)?;
        let bound = self.without_none(standin, choice, bound);
        self.evaluates_alike(standin, choice, &bound)?;
        let (waiting, suspends) = self.waiting(standin, choice, &bound)?;
        let (names, imports) = self.spell(choice, standin, &bound)?;
        let defaults = self.defaults(choice, standin, &bound)?;
        let implied = |given: &Given, parameter: &str| is_implied(self.view.index, choice, standin, given, parameter);
        let filling =
            Filling { template: &choice.template, names: &names, bound: &bound, defaults: &defaults, implied: &implied };
        let edits = filling.edits(&self.view.text, self.call);
        let edits = edits.ok_or_else(|| left(Reason::OddSpelling, "a comment in the call would be lost"))?;
        // A parameter by itself is whatever the call gives.
        let whole = edits.iter().find(|edit| edit.span == self.call.span);
        let is_primary = whole.is_some_and(|edit| template::is_primary(&edit.text) == Some(true));
        let mut edits = self.around(choice, waiting, is_primary, edits);
        self.keep_apart(&mut edits);
        let has_quotes = |edit: &Edit| edit.text.contains(['"', '\'', '{', '}', '\n', '\\']);
        if self.call.is_shown() || (self.call.is_in_string() && edits.iter().any(has_quotes)) {
            return Err(Reason::OddSpelling.into());
        }
        let is_text = |edit: &Edit| edit.span == self.call.span && edit.text.ends_with(['"', '\'']);
        if self.call.is_statement() && edits.iter().any(is_text) {
            return Err(left(Reason::OddSpelling, "a text by itself may be a docstring"));
        }
        let stated = standin.is_stated.then_some(Reason::Stated);
        let early = self.is_early(choice, &imports).then_some(Reason::LoadTime);
        let first = |text: &String| text.split('.').next().unwrap_or(text).to_owned();
        let names = names.values().chain(defaults.values()).map(first).collect();
        Ok(Draft { text: choice.text.clone(), reason: suspends.or(stated).or(early), edits, imports, names })
    }

    /// Which parameter gets which argument.
    fn bind<'s>(&self, standin: &'s Standin<'_>) -> Result<BTreeMap<&'s str, Bound>, Left> {
        let signature = &standin.wrapper.signature;
        let arguments = &self.call.arguments;
        let is_unpacked = |argument: &Argument<'_>| argument.form == ArgumentForm::Unpacked;
        if arguments.iter().any(is_unpacked) {
            // What goes through as it is need not be known.
            let (Some(rest), Some(named), true) = (signature.rest(), signature.named_rest(), signature.takes_anything()) else {
                return Err(Reason::Unpacked.into());
            };
            let is_named = |at: &usize| {
                let argument = &arguments[*at];
                let stars = &self.view.text[argument.span.range()];
                matches!(argument.form, ArgumentForm::Keyword(_)) || (is_unpacked(argument) && stars.starts_with("**"))
            };
            let (by_name, by_place): (Vec<usize>, Vec<usize>) = (0..arguments.len()).partition(is_named);
            return Ok([(rest, Bound::Rest(by_place)), (named, Bound::Rest(by_name))].into());
        }
        let forms: Vec<Option<&str>> = arguments
            .iter()
            .map(|argument| match argument.form {
                ArgumentForm::Keyword(name) => Some(name),
                _ => None,
            })
            .collect();
        match signature.bind(&forms) {
            Ok(bound) => Ok(bound.into_iter().collect()),
            Err(text) => Err(left(Reason::CallFails, text)),
        }
    }

    /// Whether `*args` and `**kwargs` go on to what is called, if they go anywhere.
    fn passes_on(&self, standin: &Standin<'_>, name: &str) -> bool {
        let is_it = |piece: &&Piece| matches!(piece, Piece::Parameter { name: other, .. } if other == name);
        standin.choices.iter().all(|choice| {
            let passed = match &choice.template.form {
                Form::Call { arguments, .. } => {
                    let is_unpacked = |given: &&Given| matches!(given.form, GivenForm::Star | GivenForm::DoubleStar);
                    arguments.iter().filter(is_unpacked).filter(|given| given.value.iter().all(|piece| is_it(&piece))).count()
                }
                Form::Other(_) => 0,
            };
            choice.template.pieces().into_iter().filter(is_it).count() == passed
        })
    }

    /// Whether no argument that goes on with `**kwargs` has the name of one that what is called is given already.
    fn names_once(&self, choice: &Choice<'_>, bound: &BTreeMap<&str, Bound>) -> Result<(), Left> {
        let Form::Call { arguments, .. } = &choice.template.form else { return Ok(()) };
        let own = |name: &str| arguments.iter().any(|given| matches!(&given.form, GivenForm::Keyword(own) if own == name));
        let mut rest = bound.values().flat_map(|bound| if let Bound::Rest(rest) = bound { &rest[..] } else { &[] });
        let twice = rest.find_map(|&at| match self.call.arguments[at].form {
            ArgumentForm::Keyword(name) if own(name) => Some(name),
            _ => None,
        });
        match twice {
            Some(name) => Err(left(Reason::CallFails, format!("got multiple values for argument `{name}`"))),
            None => Ok(()),
        }
    }

    /// The first choice whose arguments the call gives.
    fn choose<'s, 'r>(&self, standin: &'s Standin<'r>, bound: &BTreeMap<&str, Bound>) -> Result<&'s Choice<'r>, Left> {
        let is_given = |name: &str| match bound.get(name) {
            Some(Bound::Argument(at)) => self.call.arguments[*at].weight != Weight::None,
            Some(Bound::Rest(rest)) => !rest.is_empty(),
            Some(Bound::Default) | None => false,
        };
        let fits = |choice: &&Choice<'r>| choice.given.iter().all(|name| is_given(&name.value));
        let given: Vec<&str> = bound.iter().filter(|(name, _)| is_given(name)).map(|(name, _)| *name).collect();
        let words = || {
            if given.is_empty() { "the call gives nothing".to_owned() } else { format!("the call gives {}", given.join(", ")) }
        };
        standin.choices.iter().find(fits).ok_or_else(|| left(Reason::NoCase, words()))
    }

    /// A parameter that is given the literal `None`, and that the choice has no place for, is as good as left out.
    fn without_none<'s>(
        &self,
        standin: &Standin<'_>,
        choice: &Choice<'_>,
        mut bound: BTreeMap<&'s str, Bound>,
    ) -> BTreeMap<&'s str, Bound> {
        let is_read = |name: &str| {
            choice.template.events.iter().any(|event| matches!(event, Event::Read { parameter, .. } if parameter == name))
        };
        for (name, bound) in &mut bound {
            if let Bound::Argument(at) = bound
                && standin.is_stated
                && self.call.arguments[*at].weight == Weight::None
                && !is_read(name)
            {
                *bound = Bound::Default;
            }
        }
        bound
    }

    /// Whether all arguments are evaluated once, before anything else happens, and in the order that they have today.
    fn evaluates_alike(&self, standin: &Standin<'_>, choice: &Choice<'_>, bound: &BTreeMap<&str, Bound>) -> Result<(), Left> {
        let arguments = &self.call.arguments;
        let events = &choice.template.events;
        let has_effects = arguments.iter().any(|argument| argument.weight == Weight::Effect);
        let last = events.iter().rposition(|event| matches!(event, Event::Read { .. })).unwrap_or(0);
        let may_change = has_effects || events[..last].contains(&Event::Effect);
        // An argument may bind a name anew for those behind it.
        let binds = arguments.iter().any(|argument| self.view.text[argument.span.range()].contains(":="));
        let is_heavy = |at: usize| match arguments[at].weight {
            Weight::Effect => true,
            Weight::Name(start) => may_change && (binds || !self.is_stable(start)),
            Weight::Constant | Weight::None => false,
        };
        let mut waiting: Vec<usize> = (0..arguments.len()).filter(|&at| is_heavy(at)).rev().collect();
        let mut read: BTreeSet<usize> = BTreeSet::new();
        let (mut has_happened, mut is_unpacking) = (false, false);
        for event in events {
            let (parameter, is_sure) = match event {
                Event::Lookup(start) => {
                    has_happened |= !choice.steady.contains(start);
                    continue;
                }
                Event::Effect => {
                    // To unpack what a wrapper has got as `*args` runs no other code.
                    has_happened |= !std::mem::take(&mut is_unpacking);
                    continue;
                }
                Event::Read { parameter, is_sure } => (parameter, *is_sure),
            };
            is_unpacking = matches!(bound.get(&**parameter), Some(Bound::Rest(_)));
            let all = match bound.get(&**parameter) {
                Some(Bound::Argument(at)) => std::slice::from_ref(at),
                Some(Bound::Rest(rest)) => rest,
                Some(Bound::Default) | None => &[],
            };
            for &at in all {
                let is_first = read.insert(at);
                if !is_heavy(at) {
                    continue;
                }
                let text = &self.view.text[arguments[at].value.range()];
                let wrong = match (is_first, is_sure, waiting.pop()) {
                    (false, ..) => Some("would be evaluated more than once"),
                    (_, false, _) => Some("would not always be evaluated"),
                    (.., next) if next != Some(at) => Some("would be evaluated in another order"),
                    _ if has_happened => Some("would be evaluated after other code has run"),
                    _ => None,
                };
                if let Some(wrong) = wrong {
                    return Err(left(Reason::Evaluation, format!("`{}` {wrong}", brief(text))));
                }
            }
        }
        let unread = |at: &usize| !read.contains(at);
        for (name, bound) in bound {
            let all = match bound {
                Bound::Argument(at) => std::slice::from_ref(at),
                Bound::Rest(rest) => rest,
                Bound::Default => &[],
            };
            for at in all.iter().copied().filter(unread) {
                if standin.is_stated && !choice.drops.iter().any(|dropped| dropped.value == *name) {
                    return Err(left(Reason::ArgumentDropped, format!("the call gives `{name}`")));
                }
                if is_heavy(at) {
                    let text = brief(&self.view.text[arguments[at].value.range()]);
                    return Err(left(Reason::Evaluation, format!("`{text}` would not be evaluated")));
                }
            }
        }
        Ok(())
    }

    /// Whether no code but the function's own can give a name another value.
    fn is_stable(&self, start: u32) -> bool {
        let facts = self.view.facts;
        let Some(used) = facts.uses.iter().find(|used| used.span.start == start) else { return false };
        let Lookup::Bound(owner) = facts.lookup(used.scope, used.name) else { return false };
        let mut bindings = facts.bindings_of(owner, used.name);
        let is_own = bindings.all(|(_, binding)| binding.site == owner);
        is_own && (facts.scopes[owner.index()].kind == ScopeKind::Function || facts.bindings_of(owner, used.name).count() == 1)
    }

    /// How the awaiting changes, and whether the caller would wait where it does not today.
    fn waiting(
        &self,
        standin: &Standin<'_>,
        choice: &Choice<'_>,
        bound: &BTreeMap<&str, Bound>,
    ) -> Result<(Waiting, Option<Reason>), Left> {
        let is_awaited = self.call.awaited.is_some();
        let was_coroutine = standin.wrapper.gives == Gives::Coroutine;
        let unawaited = || {
            let text = self.call.handed_to(&self.view.text).map(|to| format!("it is given to {}", brief(to)));
            left(Reason::Unawaited, text.unwrap_or_else(|| "it is not awaited here".to_owned()))
        };
        if choice.template.waits && !is_awaited {
            return Err(unawaited());
        }
        if !standin.is_stated {
            return match (was_coroutine, is_awaited, choice.template.is_awaited) {
                (false, ..) | (true, true, true) => Ok((Waiting::Stays, None)),
                (true, true, false) => Ok((Waiting::Goes, None)),
                (true, false, true) if passes_plainly(standin, choice) && self.is_taken(choice, bound) => {
                    Ok((Waiting::Stays, None))
                }
                (true, false, _) => Err(unawaited()),
            };
        }
        match (choice.gives, is_awaited, was_coroutine) {
            (Some(Gives::Coroutine), true, _) | (Some(Gives::Coroutine), false, true) => Ok((Waiting::Stays, None)),
            (Some(Gives::Coroutine), false, false) => match self.call.colour {
                Colour::Async if !self.call.is_nested() => Ok((Waiting::Comes, Some(Reason::Suspends))),
                Colour::Async | Colour::Sync => Err(Reason::SyncCaller.into()),
            },
            (Some(_), true, _) => Ok((Waiting::Goes, None)),
            (Some(_), false, true) => Err(unawaited()),
            (Some(_), false, false) => Ok((Waiting::Stays, None)),
            (None, false, false) => Ok((Waiting::Stays, None)),
            (None, ..) => Err(left(Reason::NotProved, "whether what is called has to be awaited is not known")),
        }
    }

    /// Whether what is called is a coroutine function that takes what it would be given: it says so at once, a coroutine when it is
    /// awaited.
    fn is_taken(&self, choice: &Choice<'_>, bound: &BTreeMap<&str, Bound>) -> bool {
        let (Form::Call { arguments, .. }, Some(callee), Some(Gives::Coroutine)) =
            (&choice.template.form, &choice.callee, choice.gives)
        else {
            return false;
        };
        let mut forms: Vec<Option<&str>> = Vec::new();
        for given in arguments {
            let rest = match &given.value[..] {
                [Piece::Parameter { name, .. }] => bound.get(&**name),
                _ => None,
            };
            match (&given.form, rest) {
                (GivenForm::Star | GivenForm::DoubleStar, Some(Bound::Rest(rest))) => {
                    for &at in rest {
                        match self.call.arguments[at].form {
                            ArgumentForm::Keyword(name) => forms.push(Some(name)),
                            ArgumentForm::Unpacked => return false,
                            ArgumentForm::Position | ArgumentForm::Odd => forms.push(None),
                        }
                    }
                }
                (GivenForm::Star | GivenForm::DoubleStar, _) => return false,
                (GivenForm::Keyword(name), _) => forms.push(Some(name)),
                (GivenForm::Position, _) => forms.push(None),
            }
        }
        callee.bind(&forms).is_ok()
    }

    /// The texts of the names, and what has to be imported for them.
    fn spell(
        &self,
        choice: &Choice<'_>,
        standin: &Standin<'_>,
        bound: &BTreeMap<&str, Bound>,
    ) -> Result<(BTreeMap<u32, String>, BTreeSet<Name>), Left> {
        let mut imports = BTreeSet::new();
        let mut texts = BTreeMap::new();
        for piece in choice.template.pieces() {
            let Piece::Name { start, path } = piece else { continue };
            let Some(meant) = choice.names.get(start) else { continue };
            let (text, depth) = self.meant(meant, &mut imports)?;
            let rest = path.get(depth..).unwrap_or_default();
            texts.insert(
                *start,
                std::iter::once(text.as_str()).chain(rest.iter().map(String::as_str)).collect::<Vec<_>>().join("."),
            );
        }
        // The defaults that are spelled out need their names as well.
        for name in self.spelled_defaults(choice, standin, bound) {
            if let Some(meant) = standin.defaults.get(name) {
                self.meant(meant, &mut imports)?;
            }
        }
        Ok((texts, imports))
    }

    /// Whether something is imported when the module is loaded that the wrapper imports when it runs.
    fn is_early(&self, choice: &Choice<'_>, imports: &BTreeSet<Name>) -> bool {
        let facts = self.view.facts;
        let is_eager = self.spot.anchor.is_none_or(|anchor| !facts.is_lazy(facts.imports[anchor.index()].scope));
        let modules = self.view.index.modules();
        let is_new = |symbol: &resolve::Symbol| {
            let module = modules.dotted(&symbol.module).to_string();
            imports.iter().any(|import| import.module == module && import.name == *symbol.name)
        };
        is_eager && choice.late.iter().any(is_new)
    }

    fn meant(&self, meant: &Meant, imports: &mut BTreeSet<Name>) -> Result<(String, usize), Left> {
        match meant {
            Meant::Text(text) => {
                let facts = self.view.facts;
                let is_name = text.starts_with(|c: char| c == '_' || c.is_alphabetic());
                let name = facts.names.find(text).filter(|_| is_name);
                let is_taken = name.is_some_and(|name| facts.lookup(self.spot.scope, name) != Lookup::Free);
                if is_taken || (is_name && resolve::is_brought_by_star(self.view.index, self.view.file, text)) {
                    Err(left(Reason::NameTaken, text))
                } else {
                    Ok((text.clone(), 1))
                }
            }
            Meant::Symbol(symbol, depth) => {
                let spelled = spell(self.view, symbol, self.spot).ok_or_else(|| left(Reason::NameTaken, &*symbol.name))?;
                imports.extend(spelled.import);
                Ok((spelled.name, *depth))
            }
        }
    }

    /// The parameters whose defaults stand in the new text.
    fn spelled_defaults<'c>(
        &self,
        choice: &'c Choice<'_>,
        standin: &Standin<'_>,
        bound: &BTreeMap<&str, Bound>,
    ) -> Vec<&'c str> {
        let is_default = |name: &str| matches!(bound.get(name), Some(Bound::Default));
        let parameter = |piece: &'c Piece| match piece {
            Piece::Parameter { name, .. } => Some(name.as_str()),
            _ => None,
        };
        let names: Vec<&'c str> = match &choice.template.form {
            Form::Other(pieces) => pieces.iter().filter_map(parameter).collect(),
            Form::Call { callee, arguments } => {
                let given = arguments.iter().flat_map(|given| {
                    let is_left_out =
                        |name: &&str| given.value.len() == 1 && is_implied(self.view.index, choice, standin, given, name);
                    given.value.iter().filter_map(parameter).filter(move |name| !is_left_out(name))
                });
                callee.iter().filter_map(parameter).chain(given).collect()
            }
        };
        names.into_iter().filter(|name| is_default(name)).collect()
    }

    fn defaults(
        &self,
        choice: &Choice<'_>,
        standin: &Standin<'_>,
        bound: &BTreeMap<&str, Bound>,
    ) -> Result<BTreeMap<String, String>, Left> {
        let mut texts = BTreeMap::new();
        for name in self.spelled_defaults(choice, standin, bound) {
            let unknown = || left(Reason::NotProved, format!("the default of `{name}` is made once and shared by all calls"));
            let meant = standin.defaults.get(name).ok_or_else(unknown)?;
            let (text, depth) = self.meant(meant, &mut BTreeSet::new())?;
            let written = standin.wrapper.signature.default_of(name).unwrap_or_default();
            let rest: Vec<&str> = match meant {
                Meant::Symbol(..) => written.split('.').skip(depth).collect(),
                Meant::Text(_) => Vec::new(),
            };
            texts.insert(name.to_owned(), std::iter::once(text.as_str()).chain(rest).collect::<Vec<_>>().join("."));
        }
        Ok(texts)
    }

    /// Puts a space between the new text and a word that follows at once.
    fn keep_apart(&self, edits: &mut [Edit]) {
        let is_part = |c: char| c == '_' || c.is_alphanumeric();
        let is_tight = self.view.text[self.call.span.range().end..].starts_with(is_part);
        let whole = edits.iter_mut().find(|edit| edit.span == self.call.span);
        if let Some(whole) = whole.filter(|whole| is_tight && whole.text.ends_with(is_part)) {
            whole.text.push(' ');
        }
    }

    /// Changes what stands around the call: its `await`, and parentheses.
    fn around(&self, choice: &Choice<'_>, waiting: Waiting, is_primary: bool, mut edits: Vec<Edit>) -> Vec<Edit> {
        let call = self.call;
        let wrap = |edits: &mut Vec<Edit>, open: &str, close: &str| match edits.iter_mut().find(|edit| edit.span == call.span) {
            Some(whole) => whole.text = format!("{open}{}{close}", whole.text),
            None => {
                match edits.iter_mut().find(|edit| edit.span.start == call.span.start) {
                    Some(first) => first.text.insert_str(0, open),
                    None => edits.push(Edit::insert(call.span.start, open)),
                }
                if !close.is_empty() {
                    edits.push(Edit::insert(call.span.end, close));
                }
            }
        };
        let is_primary = match &choice.template.form {
            Form::Other(pieces) if matches!(&pieces[..], [Piece::Parameter { .. }]) => is_primary,
            _ => choice.template.is_primary,
        };
        match (waiting, call.awaited) {
            (Waiting::Goes, Some(wait)) => {
                let text = &self.view.text[wait.range()];
                let gap = text["await".len()..].len() - text["await".len()..].trim_start().len();
                let head = Span::new(wait.start, wait.start + ("await".len() + gap) as u32);
                match call.parentheses_of_await().filter(|_| is_primary && wait.end == call.span.end) {
                    Some(around) => {
                        edits.push(Edit::delete(Span::new(around.start, head.end)));
                        edits.push(Edit::delete(Span::new(wait.end, around.end)));
                    }
                    None => {
                        edits.push(Edit::delete(head));
                        if !is_primary && call.binds_tightly(true) && wait.end == call.span.end {
                            wrap(&mut edits, "(", ")");
                        }
                    }
                }
            }
            (Waiting::Comes, _) if call.binds_tightly(false) => wrap(&mut edits, "(await ", ")"),
            (Waiting::Comes, _) => wrap(&mut edits, "await ", ""),
            _ if !is_primary && call.binds_tightly(false) => wrap(&mut edits, "(", ")"),
            _ => {}
        }
        edits
    }
}

/// Whether making the coroutine does nothing but hand on what it is given: the rest of a coroutine runs when it is awaited.
fn passes_plainly(standin: &Standin<'_>, choice: &Choice<'_>) -> bool {
    let Form::Call { arguments, .. } = &choice.template.form else { return false };
    let signature = &standin.wrapper.signature;
    let is_rest = |given: &Given| match &given.value[..] {
        [Piece::Parameter { name, .. }] => [signature.rest(), signature.named_rest()].contains(&Some(name)),
        _ => false,
    };
    let unpacked = arguments.iter().filter(|given| is_rest(given)).count();
    let is_changing = |event: &&Event| match event {
        Event::Effect => true,
        Event::Lookup(start) => !choice.steady.contains(start),
        Event::Read { .. } => false,
    };
    choice.template.events.iter().filter(is_changing).count() == unpacked + 1
}

/// Whether what is called has the same default for an argument as the wrapper has for the parameter that is passed on.
fn is_implied(index: &Index, choice: &Choice<'_>, standin: &Standin<'_>, given: &Given, parameter: &str) -> bool {
    let Some(callee) = &choice.callee else { return false };
    let name = match &given.form {
        GivenForm::Keyword(name) => Some(name.as_str()),
        GivenForm::Position => last_place(choice, given).and_then(|place| callee.at_place(place)),
        GivenForm::Star | GivenForm::DoubleStar => None,
    };
    let Some(own) = standin.wrapper.signature.default_of(parameter) else { return false };
    let Some(other) = name.and_then(|name| callee.default_of(name)) else { return false };
    if own != other {
        return false;
    }
    match standin.defaults.get(parameter) {
        Some(Meant::Text(_)) => true,
        // The same words of two modules: they may mean two things, unless one of the modules is where both have them from.
        Some(Meant::Symbol(symbol, _)) => {
            let target = choice.names.values().find_map(|meant| match meant {
                Meant::Symbol(target, _) => Some(target),
                Meant::Text(_) => None,
            });
            let first = own.split('.').next().unwrap_or(own);
            let there = target.and_then(|target| resolve::resolve(index, target).definition().cloned());
            there.is_some_and(|there| {
                let name = resolve::Symbol { module: there.module, name: first.into() };
                resolve::resolve(index, &name).is_same_object(&resolve::resolve(index, symbol))
            })
        }
        None => false,
    }
}

/// The place of an argument that is the last of those that are given by place.
fn last_place(choice: &Choice<'_>, given: &Given) -> Option<usize> {
    let Form::Call { arguments, .. } = &choice.template.form else { return None };
    let is_unpacked = |given: &Given| given.form == GivenForm::Star;
    let by_place: Vec<&Given> = arguments.iter().filter(|given| given.form == GivenForm::Position).collect();
    let is_last = by_place.last().is_some_and(|last| std::ptr::eq(*last, given));
    (is_last && !arguments.iter().any(is_unpacked)).then(|| by_place.len() - 1)
}

/// The beginning of a text, on one line.
fn brief(text: &str) -> String {
    const LONGEST: usize = 40;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
