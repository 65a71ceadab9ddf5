//! References as people look at them: each at its place in its file, with its spelling. Nothing is judged and nothing is changed.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::super::finding::{Form, Place, Spelling};
use super::View;
use super::relocate;
use crate::index::Index;
use crate::index::references::{Reference, Site};
use crate::lang::python::facts::AliasId;
use crate::text::span::Span;

/// A reference, where it stands and how it is spelled.
#[derive(Clone, Debug)]
pub struct Sighting<'r> {
    /// The reference.
    pub reference: &'r Reference,
    /// Where it stands.
    pub place: Place,
    /// How it is spelled.
    pub spelling: Spelling,
}

/// Where references stand, sorted by file and place. A star import that brings a target stands there once, and once more for each
/// use of the name.
pub fn sightings<'r>(index: &Index, references: &'r [Reference]) -> Vec<Sighting<'r>> {
    let mut found: Vec<Sighting<'r>> =
        references.par_chunk_by(|a, b| a.file == b.file).flat_map_iter(|own| in_file(index, own)).collect();
    found.par_sort_by(|a, b| (&a.place, a.spelling).cmp(&(&b.place, b.spelling)));
    found
}

fn in_file<'r>(index: &Index, references: &'r [Reference]) -> Vec<Sighting<'r>> {
    let Some(first) = references.first() else { return Vec::new() };
    let view = View::open(index, first.file);
    let mut stars: BTreeSet<AliasId> = BTreeSet::new();
    let mut found = Vec::new();
    for reference in references {
        let (span, spelling) = relocate::spelled(&view, reference);
        let mut push = |span, spelling| found.push(Sighting { reference, place: view.place(span), spelling });
        match reference.site {
            Site::From(id) => {
                let import = &view.facts.imports[id.index()];
                push(
                    module_place(&view.text, import.span),
                    Spelling { is_indirect: spelling.is_indirect, ..view.import_spelling(import) },
                );
            }
            Site::Star(alias, used) => {
                if stars.insert(alias) {
                    push(span, spelling);
                }
                let used = &view.facts.uses[used.index()];
                let is_lazy = view.facts.is_lazy(used.scope);
                push(used.span, Spelling { is_lazy, is_indirect: spelling.is_indirect, ..Spelling::of(Form::Name) });
            }
            _ => push(span, spelling),
        }
    }
    found
}

/// Where the module stands in `from module import …`: behind the word, blanks and joined lines.
fn module_place(text: &str, statement: Span) -> Span {
    let start = statement.range().start + "from".len();
    let rest = text.get(start..statement.range().end).unwrap_or_default();
    let skipped = rest.len() - rest.trim_start_matches([' ', '\t', '\x0c', '\\', '\r', '\n']).len();
    let end = rest[skipped..].find([' ', '\t', '\x0c', '\\', '\r', '\n']).map_or(rest.len(), |end| skipped + end);
    Span::new((start + skipped) as u32, (start + end) as u32)
}
