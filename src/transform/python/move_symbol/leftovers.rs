//! What still refers to a definition's old name, once all has been done to send it to the new one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::super::finding::{Evidence, Reason};
use super::super::View;
use super::super::delete_definition::{evidence, mentioned};
use super::super::named::SymbolRef;
use super::draft::{Doubt, Stop};
use super::lookups;
use super::needs::{is_entry, meaning};
use crate::index::Index;
use crate::index::references::{Search, Site, Target};
use crate::index::words::Word;
use crate::lang::python::facts::{Alias, StringFact};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, Brings, End, Resolution, Symbol};
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;

/// What is left.
#[derive(Default)]
pub(super) struct Leftovers {
    /// References that would fail without the old name.
    pub blockers: Vec<Doubt>,
    /// Strings that name it.
    pub doubts: Vec<Doubt>,
}

/// What takes an object's attribute by its name.
const READERS: [&str; 8] = ["getattr", "hasattr", "setattr", "delattr", "object", "multiple", "attrgetter", "__dict__"];

/// Finds what still refers to a name of a module, outside of that module.
pub(super) fn leftovers(index: &Index, module: FileId, name: &str) -> Leftovers {
    let symbol = Symbol { module: Module::File(module), name: name.into() };
    let dotted = index.modules().name(module).unwrap_or_default();
    let targets = [Target::Symbol(symbol), Target::Module(dotted.into())];
    let search = Search::new(index, &targets);
    let mut related: BTreeSet<FileId> = BTreeSet::new();
    let mut found = Leftovers::default();
    for reference in search.run() {
        match reference.site {
            _ if reference.target == 1 => {
                related.insert(reference.file);
            }
            Site::String(..) | Site::Member(_) | Site::Computed(_) => {
                found.doubts.push((Reason::InString, evidence(index, &reference)))
            }
            // A name follows the import that binds it.
            Site::Name(_) => {}
            Site::Export(_) if reference.file == module => {}
            _ if reference.file != module => found.blockers.push((Reason::StillReferenced, evidence(index, &reference))),
            _ => {}
        }
    }
    let mentions = search.mentions(&|_| true).into_iter().filter(|mention| mention.target == 0);
    found.doubts.extend(mentions.map(|mention| (Reason::InConfig, mentioned(index, &mention))));
    found.doubts.extend(lookups::inside(&View::open(index, module), name));
    let files: BTreeSet<FileId> = search.candidates().iter().copied().chain(related.iter().copied()).collect();
    for file in files {
        let view = View::open(index, file);
        if let Some(error) = view.facts.errors.first().filter(|_| search.candidates().contains(&file)) {
            let at = view.place(error.span);
            let text = error.message.to_string();
            let evidence = Evidence { role: "unparsable", at: Some((at.path, at.position.line)), text };
            found.blockers.push((Reason::Unparsable, evidence));
        }
        let is_public = index.modules().is_package(file) || view.path.extension() == Some(b"pyi");
        let brings = |alias: &&Alias| {
            let from = resolve::from_module(index, file, view.facts.import_of(alias));
            view.facts.is_star(alias) && from == Some(Module::File(module))
        };
        // Someone outside of the repository may import the name from the package.
        if is_public && resolve::exports(index, module, name) == Brings::Yes {
            let stars = view.facts.aliases.iter().filter(brings);
            found.doubts.extend(stars.map(|alias| (Reason::StarImport, view.quote("star-import", alias.name_span))));
        }
        if file != module && related.contains(&file) {
            let facts = view.facts;
            found.doubts.extend(lookups::outside(&view, module, name));
            // Others are data, or the name of an entry that is a reference of its own.
            let reads = READERS.iter().any(|reader| facts.names.find(reader).is_some());
            let is_it = |string: &&StringFact| facts.names.get(string.value) == name && !is_entry(facts, string.span);
            let strings = facts.strings.iter().filter(|_| reads).filter(is_it);
            found.doubts.extend(strings.map(|string| (Reason::InString, view.quote("string", string.span))));
        }
    }
    found
}

/// Stops where a name that comes to a module, the definition's or one that it brings, would come to files that import everything from
/// it, and mean something else there.
pub(super) fn captured(
    before: &Index,
    after: &Index,
    new: &RepoPath,
    brought: &[String],
    (from, to): (&SymbolRef, &SymbolRef),
) -> Result<(), Stop> {
    let Some(module) = after.snapshot().id(new) else { return Ok(()) };
    let dotted = after.modules().name(module).unwrap_or_default();
    let stem = dotted.rsplit('.').next().unwrap_or(dotted);
    let spelled =
        |way: &Resolution, index: &Index| way.hops.last().map(|hop| (index.modules().dotted(&hop.module), hop.name.clone()));
    // The definition itself, by whatever way it came until now.
    let is_it = |end: &Option<(Arc<str>, Arc<str>)>, symbol: &SymbolRef| {
        end.as_ref().is_some_and(|(module, name)| **module == *symbol.module && **name == *symbol.name)
    };
    let mut evidence = Vec::new();
    for file in after.with_words(&[Word::new(stem)]) {
        let view = View::open(after, file);
        let is_star = |alias: &&Alias| {
            let from = resolve::from_module(after, file, view.facts.import_of(alias));
            view.facts.is_star(alias) && from == Some(Module::File(module))
        };
        let Some(star) = view.facts.aliases.iter().find(is_star) else { continue };
        let Some(old) = before.snapshot().id(view.path) else { continue };
        let changes = |name: &str| {
            let (had, has) = (meaning(before, old, name), meaning(after, file, name));
            if had.end == End::Unbound {
                return view.facts.uses.iter().any(|used| view.facts.names.get(used.name) == name);
            }
            let (had, has) = (spelled(&had, before), spelled(&has, after));
            had != has && !(is_it(&had, from) && is_it(&has, to))
        };
        if brought.iter().map(String::as_str).chain([&*to.name]).any(changes) {
            evidence.push(view.quote("star-import", star.name_span));
        }
    }
    if evidence.is_empty() { Ok(()) } else { Err(Stop { reason: Reason::NameTaken, evidence }) }
}
