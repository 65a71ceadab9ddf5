//! `ban` for TypeScript: references and calls that may not be there.

use super::named::{Named, in_code};
use super::{View, spelling};
use crate::index::Index;
use crate::index::typescript::references::{Reference, Search, Site};
use crate::lang::typescript::facts::UseRole;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::{Form, Place, Spelling};
use crate::transform::wire::Table;

/// What may not be there.
pub struct Banned {
    references: Vec<Named>,
    calls: Vec<Named>,
}

/// One place where it is.
pub struct Found {
    /// The place.
    pub place: Place,
    /// What is there.
    pub what: String,
    /// How it is spelled.
    pub spelling: Spelling,
}

impl Banned {
    /// Reads `references` and `calls`.
    pub fn read(table: &Table<'_>) -> Self {
        Self { references: Named::read_all(table, "references"), calls: Named::read_all(table, "calls") }
    }

    /// Finds the places in the files that matter.
    pub fn find(&self, index: &Index, matters: &dyn Fn(FileId) -> bool) -> Vec<Found> {
        let mut found = self.referring(index, matters);
        found.extend(self.calling(index, matters));
        found
    }

    fn referring(&self, index: &Index, matters: &dyn Fn(FileId) -> bool) -> Vec<Found> {
        let references = search(index, &self.references);
        let found =
            in_code(index, &self.references, &references).filter(|reference| matters(reference.file)).map(|reference| {
                let view = View::open(index, reference.file);
                let what = format!("a reference to {}", self.references[reference.target].spelled());
                Found { place: view.place(reference.span(view.code)), what, spelling: spelling(&view, reference) }
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
            is_called.then_some(Found { place, what, spelling: Spelling::of(Form::Call) })
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
