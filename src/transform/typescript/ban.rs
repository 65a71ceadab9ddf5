//! `ban` for TypeScript: references and calls that may not be there.

use super::named::{Named, in_code};
use super::query::{Query, language};
use super::{View, spelling};
use crate::index::Index;
use crate::index::typescript::references::{Reference, Search, Site};
use crate::lang::typescript::facts::UseRole;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Form, Place, Reason, Spelling};
use crate::transform::wire::Table;

/// What may not be there.
pub struct Banned {
    references: Vec<Named>,
    calls: Vec<Named>,
    query: Option<Query>,
}

/// One place where it is.
pub struct Found {
    /// The place.
    pub place: Place,
    /// What is there.
    pub what: String,
    /// How it is spelled.
    pub spelling: Spelling,
    /// Why it is listed.
    pub reason: Reason,
}

impl Banned {
    /// Reads `references`, `calls`, and `match` where its language is TypeScript.
    pub fn read(table: &Table<'_>) -> Self {
        let language = language(table).filter(|_| table.has("match"));
        let query = language.map(|language| Query::read(&language, table));
        Self { references: Named::read_all(table, "references"), calls: Named::read_all(table, "calls"), query }
    }

    /// Finds the places in the files that matter.
    pub fn find(&self, context: &Context<'_>, matters: &dyn Fn(FileId) -> bool) -> Vec<Found> {
        let mut found = self.referring(context.index, matters);
        found.extend(self.calling(context.index, matters));
        found.extend(self.matching(context, matters));
        found
    }

    fn matching(&self, context: &Context<'_>, matters: &dyn Fn(FileId) -> bool) -> Vec<Found> {
        let found = self.query.iter().flat_map(|query| query.run(context)).filter(|found| matters(found.file));
        let spelling = Spelling::of(Form::Code);
        let in_file = |found: super::query::Found| {
            let view = View::open(context.index, found.file);
            let hits = found.hits.iter().map(|hit| {
                let text = &view.text[hit.found.span.range()];
                let what = format!("`{}`", text.lines().next().unwrap_or_default().trim_end());
                Found { place: view.place(hit.found.span), what, spelling, reason: Reason::Banned }
            });
            let unread = found.unparsable.map(|span| {
                let what = "what may be such code".to_owned();
                Found { place: view.place(span), what, spelling, reason: Reason::Unparsable }
            });
            hits.chain(unread).collect::<Vec<_>>()
        };
        found.flat_map(in_file).collect()
    }

    fn referring(&self, index: &Index, matters: &dyn Fn(FileId) -> bool) -> Vec<Found> {
        let references = search(index, &self.references);
        let found =
            in_code(index, &self.references, &references).filter(|reference| matters(reference.file)).map(|reference| {
                let view = View::open(index, reference.file);
                let what = format!("a reference to {}", self.references[reference.target].spelled());
                Found {
                    place: view.place(reference.span(view.code)),
                    what,
                    spelling: spelling(&view, reference),
                    reason: Reason::Banned,
                }
            });
        found.collect()
    }

    fn calling(&self, index: &Index, matters: &dyn Fn(FileId) -> bool) -> Vec<Found> {
        let called = |reference: &Reference| {
            let view = View::open(index, reference.file);
            let (id, depth) = match reference.site {
                Site::Name(used) => (used, 0),
                Site::Attribute(used, depth) => (used, depth),
                _ => return None,
            };
            let used = &view.facts.uses[id.index()];
            let attributes = view.facts.attributes_of(used);
            let is_called = matches!(used.role, UseRole::Callee { .. } | UseRole::Constructed) && attributes.len() == depth;
            let end = attributes.last().map_or(used.span.end, |attribute| attribute.span.end);
            let place = view.place(Span::new(used.span.start, end));
            let what = format!("a call of {}", self.calls[reference.target].spelled());
            is_called.then_some(Found { place, what, spelling: Spelling::of(Form::Call), reason: Reason::Banned })
        };
        let references = search(index, &self.calls);
        references.iter().filter(|reference| matters(reference.file)).filter_map(called).collect()
    }
}

fn search(index: &Index, of: &[Named]) -> Vec<Reference> {
    if of.is_empty() {
        return Vec::new();
    }
    let targets: Vec<_> = of.iter().map(|named| named.target(index)).collect();
    Search::new(index.typescript(), &targets).run()
}
