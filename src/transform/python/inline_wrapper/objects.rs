//! Calls of a class's method through objects: `factory.create(x)`, `self.factory.create(x)`, `Factory().create(x)`.
//!
//! Which method such a call means only running the program can tell, so it is listed and never changed. It is taken to be the
//! wrapper's where the file gives the object's name to something that the class, or a function that makes objects of it, has to do with:
//! `factory = make_factory()`, or a fixture of that name that uses the class. Other methods of that name are somebody else's.

use std::collections::BTreeSet;

use super::super::named::MemberRef;
use super::standin::definition;
use crate::index::Index;
use crate::index::references::{Search, Target};
use crate::lang::python::facts::{ScopeId, Use, UseRole};
use crate::lang::python::modules::Module;
use crate::lang::python::objects::{behind_a_call, given_names};
use crate::lang::python::resolve::{self, Symbol};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Finding, Form, Outcome, Reason, Spelling};
use crate::transform::python::View;
use rayon::prelude::*;

/// What makes objects of a class, or hands them on.
struct Makers<'i> {
    index: &'i Index,
    module: Module,
    /// The class and functions of its module; `None` where the module is gone, and what it had is not known.
    names: Option<BTreeSet<Box<str>>>,
}

/// The calls of a method through objects, in the files that have to do with its class.
pub(super) fn calls(context: &Context<'_>, wanted: &MemberRef, class: &Symbol) -> Vec<Finding> {
    let (index, Some(member)) = (context.index, wanted.member.as_deref()) else { return Vec::new() };
    let home = definition(index, class);
    let makers = Makers::of(index, class);
    let targets: Vec<Target> = makers.targets();
    let mut files: Vec<FileId> = Search::new(index, &targets).run().iter().map(|reference| reference.file).collect();
    files.dedup();
    files.retain(|file| context.in_scope(*file) && home.is_none_or(|(home, _)| home != *file));
    let in_file = |file: FileId| {
        let view = View::open(index, file);
        let message = format!("calls of {} through an object", wanted.spelled());
        let outcome = || Outcome::Left(Reason::NotProved);
        let finding = |span| view.finding(span, message.clone(), Some(Spelling::of(Form::Call)), outcome());
        places(&view, member, &makers).into_iter().map(finding).collect::<Vec<_>>()
    };
    files.into_par_iter().flat_map_iter(in_file).collect()
}

impl<'i> Makers<'i> {
    fn of(index: &'i Index, class: &Symbol) -> Self {
        let way = resolve::resolve(index, class);
        let Some(Symbol { module: Module::File(file), name }) = way.definition() else {
            return Self { index, module: class.module.clone(), names: None };
        };
        let facts = index.facts(*file);
        let uses: Vec<&Use> = facts.uses.iter().filter(|used| facts.names.get(used.name) == &**name).collect();
        let functions = facts.definitions.iter().filter(|definition| {
            definition.scope == ScopeId::MODULE && uses.iter().any(|used| definition.span.covers(used.span))
        });
        let names = functions.map(|function| facts.names.get(function.name)).chain([&**name]).map(Box::from).collect();
        Self { index, module: Module::File(*file), names: Some(names) }
    }

    fn targets(&self) -> Vec<Target> {
        let symbol = |name: &str| Target::Symbol(Symbol { module: self.module.clone(), name: name.into() });
        match &self.names {
            Some(names) => names.iter().map(|name| symbol(name)).collect(),
            None => vec![Target::Module((&*self.index.modules().dotted(&self.module)).into())],
        }
    }

    /// Whether a name of a file means one of them.
    fn has(&self, file: FileId, used: &Use) -> bool {
        let is_it = |symbol: &Symbol| {
            symbol.module == self.module && self.names.as_ref().is_none_or(|names| names.contains(&*symbol.name))
        };
        resolve::steps(self.index, file, used).iter().any(|step| step.hops.iter().any(is_it))
    }
}

/// The callees of a file that end in a method's name, on an object that may be of the class.
fn places(view: &View<'_>, member: &str, makers: &Makers<'_>) -> Vec<Span> {
    let facts = view.facts;
    let (Some(name), Some(source)) = (facts.names.find(member), view.source()) else { return Vec::new() };
    let made: Vec<Span> =
        facts.uses.iter().filter(|used| !used.flags.in_string && makers.has(view.file, used)).map(|used| used.span).collect();
    let names = given_names(&source, &made);
    let through_a_name = |used: &Use| {
        let (last, before) = facts.attributes_of(used).split_last()?;
        let object = before.last().map_or(used.name, |attribute| attribute.name);
        let is_call = used.flags.role == UseRole::Callee && !used.flags.in_string && last.name == name;
        // A call through the class itself is one of the wrapper by its name.
        let is_it = is_call && names.contains(facts.names.get(object)) && !made.contains(&used.span);
        is_it.then(|| Span::new(used.span.start, last.span.end))
    };
    let mut found: Vec<Span> = facts.uses.iter().filter_map(through_a_name).collect();
    // What stands behind a call has no name to start with.
    if facts.loose_attributes.binary_search(&name).is_ok() {
        let at = view.text.match_indices(member).map(|(at, _)| Span::new(at as u32, (at + member.len()) as u32));
        found.extend(at.filter_map(|span| behind_a_call(&source, span, &made)));
    }
    found.sort_unstable();
    found
}
