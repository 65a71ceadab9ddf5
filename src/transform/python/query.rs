//! Where Python has what `rewrite` and `ban` look for.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::super::Context;
use super::super::query::{self, Around, Function, Syntax};
use super::super::wire::{Located, Origin, Problem, Table};
use super::View;
use super::named::{MemberRef, SymbolRef};
use super::relocate::patches::Patches;
use super::relocate::strings;
use super::spell::{Spot, anchor};
use crate::index::Index;
use crate::index::references::{Reference, Search, Site, Target};
use crate::index::words::Word;
use crate::lang::python::calls::{Colour, Place};
use crate::lang::python::facts::{ImportId, ScopeId, Use, UseId};
use crate::lang::python::imports::Source;
use crate::lang::python::resolve::{self, Symbol};
use crate::syntax::Grammar;
use crate::syntax::pattern::{Match, NoPattern, Pattern};
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// How Python reads a query.
pub(super) struct Python;

/// What is looked for in Python.
pub(super) type Query = query::Query<Python>;

/// What has to be so around a place, in Python.
pub(super) type Conditions = query::Conditions<Python>;

impl Syntax for Python {
    type Pattern = Pattern;
    type Symbol = MemberRef;
    /// A `try` around it catches one of these.
    type More = Vec<SymbolRef>;

    fn pattern(&self, text: &str) -> Result<Pattern, NoPattern> {
        Pattern::parse(Grammar::Python, text)
    }

    fn names(pattern: &Pattern) -> BTreeSet<&str> {
        pattern.names().iter().map(String::as_str).collect()
    }

    fn symbol(&self, table: &Table<'_>, text: Located<String>) -> Option<MemberRef> {
        MemberRef::read(table, text)
    }

    fn origin(symbol: &MemberRef) -> &Origin {
        &symbol.symbol.origin
    }

    fn more(&self, table: &Table<'_>) -> Vec<SymbolRef> {
        table.strings("catches").into_iter().filter_map(|text| SymbolRef::read(table, text)).collect()
    }
}

/// A place that a query has found.
pub(super) struct Hit {
    pub found: Match,
    /// Where new imports can stand, and the scope of the place.
    pub spot: Spot,
    /// The string of a test that replaces, for a while, what the place reads.
    pub patch: Option<(FileId, Span)>,
}

/// A file in which a query has found places; with none, one that does not parse and may have some.
pub(super) struct Found {
    pub file: FileId,
    pub hits: Vec<Hit>,
    /// The error of a file that does not parse.
    pub unparsable: Option<Span>,
}

impl Query {
    /// The symbols that the patterns look for, as subjects of the rule.
    pub(super) fn targets(&self, index: &Index) -> Vec<Target> {
        let symbols: BTreeSet<_> = self.wanted().map(|(_, symbol)| symbol.symbol(index)).collect();
        symbols.into_iter().map(Target::Symbol).collect()
    }

    /// Reports symbols that do not exist.
    pub(super) fn check(&self, index: &Index) -> Vec<Problem> {
        let symbols = self.symbols.values().filter(|_| !self.is_external);
        symbols.filter_map(|symbol| symbol.symbol.check_name(index)).collect()
    }

    /// Finds the places, file by file.
    pub(super) fn run(&self, context: &Context<'_>) -> Vec<Found> {
        let index = context.index;
        let targets = self.targets(index);
        let search = (!targets.is_empty()).then(|| Search::new(index, &targets));
        let mut references: FxHashMap<FileId, Vec<Reference>> = FxHashMap::default();
        for reference in search.iter().flat_map(Search::run) {
            references.entry(reference.file).or_default().push(reference);
        }
        // Where a pattern cannot do without a symbol, only the files that refer to it matter.
        let needs = |pattern: &Pattern| pattern.names().iter().any(|name| self.symbols.contains_key(name));
        let files: Vec<FileId> = match self.patterns.iter().all(needs) {
            true => {
                let mut files: Vec<FileId> = references.keys().copied().collect();
                files.sort_unstable();
                files
            }
            false => index.python_files().collect(),
        };
        let spelled: Vec<Vec<Word>> = self.patterns.iter().map(|pattern| pattern.words().map(Word::new).collect()).collect();
        let may_match = |file: FileId| spelled.iter().any(|words| index.may_spell(file, words));
        let files: Vec<FileId> = files.into_par_iter().filter(|&file| context.in_scope(file) && may_match(file)).collect();
        let all: Vec<&Reference> = references.values().flatten().collect();
        let names: BTreeSet<&Symbol> = all.iter().filter_map(|reference| reference.way.hops.first()).collect();
        let patches = search.as_ref().map(|search| strings::standing(index, &names, &all, search.candidates()));
        let none = Vec::new();
        let mut found: Vec<Found> = files
            .par_iter()
            .map(|&file| self.in_file(index, file, &targets, references.get(&file).unwrap_or(&none), patches.as_ref()))
            .filter(|found| !found.hits.is_empty() || found.unparsable.is_some())
            .collect();
        let all: Vec<Reference> = references.into_values().flatten().collect();
        for unread in
            search.iter().flat_map(|search| search.unread(&targets, &all)).filter(|unread| context.in_scope(unread.file))
        {
            if !found.iter().any(|found| found.file == unread.file) {
                found.push(Found { file: unread.file, hits: Vec::new(), unparsable: Some(unread.span) });
            }
        }
        found
    }

    fn in_file(
        &self,
        index: &Index,
        file: FileId,
        targets: &[Target],
        references: &[Reference],
        patches: Option<&Patches<'_>>,
    ) -> Found {
        let view = View::open(index, file);
        if let Some(error) = view.facts.errors.first() {
            return Found { file, hits: Vec::new(), unparsable: Some(error.span) };
        }
        let Some(source) = view.source() else { return Found { file, hits: Vec::new(), unparsable: Some(Span::at(0)) } };
        // The expressions that mean each symbol.
        let mut meaning: BTreeMap<&str, BTreeMap<Span, UseId>> = BTreeMap::new();
        for (name, member) in self.wanted() {
            let symbol = member.symbol(index);
            let is_it = |reference: &&Reference| targets[reference.target].symbol() == Some(&symbol);
            let places = references.iter().filter(is_it).filter_map(|reference| member.place(&view, reference));
            meaning.insert(name, places.map(|(id, _, span)| (span, id)).collect());
        }
        let wanted: Vec<(&str, &MemberRef)> = self.wanted().collect();
        let patched = Patched::new(&view, &wanted, references, patches);
        let mut by_place: Vec<&Use> = view.facts.uses.iter().collect();
        by_place.sort_by_key(|used| used.span.start);
        let mut hits: BTreeMap<Span, Hit> = BTreeMap::new();
        for found in self.patterns.iter().flat_map(|pattern| pattern.find(source.tree, &view.text)) {
            if means(&found, &meaning) && hold(&self.conditions, &view, &source, &found, &meaning) {
                let start = found.span.start;
                let used = found.one.iter().find_map(|(name, span)| meaning.get(name.as_str())?.get(span));
                let used = used.map(|id| &view.facts.uses[id.index()]);
                let anchor = used.and_then(|used| anchor(&view, used)).map(|(_, import)| import);
                let scope = scope_of(&by_place, found.span);
                let spot = Spot { scope, start, anchor: anchor.filter(|&at| is_plain(&view, at)) };
                let patch = patched.of(&found, anchor);
                hits.entry(found.span).or_insert(Hit { found, spot, patch });
            }
        }
        Found { file, hits: hits.into_values().collect(), unparsable: None }
    }
}

/// The patches that references of a file are read under: of those to one place, the first in their order.
struct Patched<'q> {
    by_import: FxHashMap<ImportId, Patch>,
    by_place: FxHashMap<(&'q str, Span), Patch>,
}

/// The number of a reference, and the place of the patch that it is read under.
type Patch = (usize, (FileId, Span));

impl<'q> Patched<'q> {
    fn new(view: &View<'_>, wanted: &[(&'q str, &MemberRef)], references: &[Reference], patches: Option<&Patches<'_>>) -> Self {
        let mut patched = Self { by_import: FxHashMap::default(), by_place: FxHashMap::default() };
        let Some(patches) = patches else { return patched };
        for (at, reference) in references.iter().enumerate() {
            let Some(hold) = patches.here(reference) else { continue };
            let patch = (at, hold.at);
            if let Site::Alias(alias) = reference.site {
                patched.by_import.entry(view.facts.aliases[alias.index()].import).or_insert(patch);
                continue;
            }
            for (name, member) in wanted {
                if let Some((.., span)) = member.place(view, reference) {
                    patched.by_place.entry((name, span)).or_insert(patch);
                }
            }
        }
        patched
    }

    /// The patch of what a match reads. An import in a function reads the name for the code behind it.
    fn of(&self, found: &Match, anchor: Option<ImportId>) -> Option<(FileId, Span)> {
        let imported = anchor.and_then(|import| self.by_import.get(&import));
        let read = found.one.iter().filter_map(|(name, span)| self.by_place.get(&(name.as_str(), *span)));
        read.chain(imported).min_by_key(|(at, _)| *at).map(|(_, patch)| *patch)
    }
}

/// Whether an import beside the statement would run whenever code of its scope does.
fn is_plain(view: &View<'_>, import: ImportId) -> bool {
    !view.facts.imports[import.index()].context.contains(crate::lang::python::facts::Context::TYPE_CHECKING)
}

/// Whether each name that stands for a symbol means it here.
fn means(found: &Match, meaning: &BTreeMap<&str, BTreeMap<Span, UseId>>) -> bool {
    found.one.iter().all(|(name, span)| meaning.get(name.as_str()).is_none_or(|places| places.contains_key(span)))
}

/// The scope of the first name in a place, given all uses by their place; the module's where it has none.
fn scope_of(uses: &[&Use], span: Span) -> ScopeId {
    let first = uses.partition_point(|used| used.span.start < span.start);
    let mut inside = uses[first..].iter().take_while(|used| used.span.start < span.end);
    inside.find(|used| span.covers(used.span)).map_or(ScopeId::MODULE, |used| used.scope)
}

/// Whether conditions hold for a match.
pub(super) fn hold(
    conditions: &Conditions,
    view: &View<'_>,
    source: &Source<'_>,
    found: &Match,
    meaning: &BTreeMap<&str, BTreeMap<Span, UseId>>,
) -> bool {
    let Some(place) = Place::of(source, found.span) else { return false };
    let function = match place.colour() {
        Some(Colour::Async) => Function::Async,
        Some(Colour::Sync) => Function::Sync,
        None => Function::Module,
    };
    let is_inside =
        |pattern: &Pattern| pattern.around(source.tree, &view.text, found.span).iter().any(|outer| means(outer, meaning));
    let arguments = place.keywords(&view.text);
    conditions.hold(&Around { found, text: &view.text, function, arguments, is_inside: &is_inside })
        && (conditions.more.is_empty() || is_caught(&conditions.more, view, place))
}

/// Whether a `try` around the place catches one of the exceptions, or everything of their module.
fn is_caught(wanted: &[SymbolRef], view: &View<'_>, place: Place<'_>) -> bool {
    let wanted: Vec<_> = wanted.iter().map(|symbol| symbol.symbol(view.index)).collect();
    let caught = place.caught();
    let inside = view.facts.uses.iter().filter(|used| caught.iter().any(|span| span.covers(used.span)));
    let mut means = inside.flat_map(|used| resolve::steps(view.index, view.file, used)).flat_map(|step| step.hops);
    means.any(|symbol| wanted.contains(&symbol))
}
