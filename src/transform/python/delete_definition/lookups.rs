//! Lookups that may come upon a definition by a name which is only known while the program runs: in its module, in modules that have it
//! from a star import, and wherever one of them is an object like others.

use std::collections::BTreeSet;

use super::super::View;
use super::super::move_symbol::lookups;
use super::uses::Hold;
use crate::index::Index;
use crate::index::references::{Reference, Search, Site, Target};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve;
use crate::lang::python::strings::{self, Role};
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// What was found.
#[derive(Default)]
pub struct Lookups {
    /// The places.
    pub suspects: Vec<Hold>,
    /// Whether one of the modules is handed on to code anywhere.
    pub is_handed_on: bool,
}

/// Finds where a name of a module may be looked up; `references` are all to the module.
pub fn lookups_of(view: &View<'_>, name: &str, references: &[&Reference]) -> Lookups {
    let index = view.index;
    let mut found = Lookups::default();
    let mut waiting = find(view, name, references, &mut found);
    let mut seen: BTreeSet<FileId> = [view.file].into();
    while let Some(file) = waiting.pop() {
        if !seen.insert(file) {
            continue;
        }
        let targets = [Target::Module((&*index.modules().dotted(&Module::File(file))).into())];
        let references = Search::new(index, &targets).run();
        let references: Vec<&Reference> = references.iter().collect();
        waiting.extend(find(&View::open(index, file), name, &references, &mut found));
    }
    found
}

/// Finds where the name may be looked up in one module, and returns those that import all its names.
fn find(view: &View<'_>, name: &str, references: &[&Reference], found: &mut Lookups) -> Vec<FileId> {
    let index = view.index;
    let mut tell = |view: &View<'_>, spans: Vec<Span>| {
        let hold = |span: Span| Hold { file: view.file, span, alias: None, evidence: view.quote("lookup", span) };
        found.suspects.extend(spans.into_iter().map(hold));
    };
    tell(view, lookups::inside_at(view, name));
    let others: BTreeSet<FileId> =
        references.iter().map(|reference| reference.file).filter(|file| *file != view.file).collect();
    for other in others.iter().map(|&file| View::open(index, file)) {
        tell(&other, lookups::outside_at(&other, view.file, name));
        if references.iter().any(|reference| reference.file == other.file && is_loading(index, reference)) {
            tell(&other, lookups::of_any_object(&other));
        }
    }
    found.is_handed_on |= others.iter().any(|&file| lookups::hands_on(&View::open(index, file), view.file));
    others.into_iter().filter(|&file| takes_all(index, file, view.file)).collect()
}

/// Whether a reference is a text by which the module is loaded, to an object that nothing is known of.
fn is_loading(index: &Index, reference: &Reference) -> bool {
    match reference.site {
        Site::String(at, _) => strings::role(index, reference.file, &index.facts(reference.file).strings[at]) == Role::Module,
        _ => false,
    }
}

/// Whether a file has a star import of another.
fn takes_all(index: &Index, file: FileId, of: FileId) -> bool {
    let facts = index.facts(file);
    let mut stars = facts.stars();
    stars.any(|star| resolve::from_module(index, file, facts.import_of(star)) == Some(Module::File(of)))
}
