//! Which argument of a call each parameter of its wrapper gets.

use super::site::Site;
use super::standin::Body;
use crate::lang::typescript::calls::{Argument, Weight};
use crate::lang::typescript::template::{Key, Parameter};
use crate::text::span::Span;
use crate::transform::finding::Reason;

/// What a parameter gets.
pub(super) enum Bound<'c> {
    Argument(&'c Argument),
    Rest(Vec<&'c Argument>),
    Default(Span),
    Undefined,
}

impl Bound<'_> {
    /// The arguments that it is.
    pub fn arguments(&self) -> Vec<&Argument> {
        match self {
            Bound::Argument(one) => vec![one],
            Bound::Rest(rest) => rest.clone(),
            Bound::Default(_) | Bound::Undefined => Vec::new(),
        }
    }
}

impl<'s> Site<'s> {
    /// Sends the arguments to the parameters.
    pub(super) fn bind(&self, body: &Body<'_>) -> Result<Vec<Bound<'s>>, Reason> {
        let call = self.call;
        let given = &call.arguments;
        let signature = &body.template.signature;
        let rest = signature.parameters.iter().find(|parameter| parameter.is_rest).map(|parameter| parameter.place);
        let plain = rest.unwrap_or(signature.places);
        if given.iter().take(plain).any(|argument| argument.is_spread) {
            return Err(Reason::Unpacked);
        }
        if rest.is_none() && given.len() > plain {
            return Err(if given.iter().any(|it| it.is_spread) { Reason::Unpacked } else { Reason::CallFails });
        }
        self.keys_are_known(body)?;
        let bind = |parameter: &Parameter| match (&parameter.key, given.get(parameter.place)) {
            _ if parameter.is_rest => Ok(Bound::Rest(given.iter().skip(parameter.place).collect())),
            (None, argument) => one(parameter, argument),
            (Some(Key { is_optional: false, .. }), None) => Err(Reason::CallFails),
            (Some(_), None) => one(parameter, None),
            (Some(key), Some(object)) => {
                let members = object.members.as_ref().ok_or(Reason::Unpacked)?;
                one(parameter, members.iter().find(|member| member.key == key.name).map(|member| &member.value))
            }
        };
        signature.parameters.iter().map(bind).collect()
    }

    /// Refuses an object with a property that nothing takes, unless evaluating it does nothing.
    fn keys_are_known(&self, body: &Body<'_>) -> Result<(), Reason> {
        let parameters = &body.template.signature.parameters;
        for parameter in parameters.iter().filter(|parameter| parameter.key.is_some()) {
            let object = self.call.arguments.get(parameter.place).and_then(|argument| argument.members.as_ref());
            let is_taken = |key: &str| {
                let mut keys = parameters.iter().filter(|other| other.place == parameter.place);
                keys.any(|other| other.key.as_ref().is_some_and(|other| other.name == key))
            };
            let mut dropped = object.into_iter().flatten().filter(|member| !is_taken(&member.key));
            if dropped.any(|member| member.value.weight == Weight::Effect) {
                return Err(Reason::Evaluation);
            }
        }
        Ok(())
    }

    /// Whether a case of the plan is for the call.
    pub(super) fn fits(&self, body: &Body<'_>, bound: &[Bound<'_>]) -> bool {
        let Some(case) = body.case else { return true };
        let is_given = |name: &str| {
            let at = body.template.signature.parameters.iter().position(|parameter| parameter.name == name);
            match at.map(|at| &bound[at]) {
                Some(Bound::Argument(argument)) => !argument.is_undefined,
                Some(Bound::Rest(rest)) => !rest.is_empty(),
                _ => false,
            }
        };
        case.given.iter().all(|name| is_given(&name.value))
    }
}

fn one<'c>(parameter: &Parameter, argument: Option<&'c Argument>) -> Result<Bound<'c>, Reason> {
    match (argument, parameter.default) {
        (Some(argument), Some(default)) if argument.is_undefined => Ok(Bound::Default(default)),
        // Whether the default takes its place, only running the program can tell.
        (Some(argument), Some(_)) if !argument.is_defined => Err(Reason::NotProved),
        (Some(argument), _) => Ok(Bound::Argument(argument)),
        (None, default) => Ok(default.map_or(Bound::Undefined, Bound::Default)),
    }
}
