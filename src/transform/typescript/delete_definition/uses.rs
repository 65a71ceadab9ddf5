//! What refers to definitions, and what may.

use std::collections::{BTreeMap, BTreeSet};

use super::escapes::escapes;
use super::removal::{Doomed, What};
use crate::index::Index;
use crate::index::typescript::references::{Reference, Search, Site, Target};
use crate::lang::typescript::facts::{AliasForm, AliasId, Exported, Imported, RequestKind, ScopeKind};
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::{self, End, Resolution, Symbol};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::typescript::found::found as found_by;
use crate::transform::typescript::remove_unused_imports::has_word;
use crate::transform::typescript::{View, documented};

/// Something that holds on to a definition.
#[derive(Clone)]
pub struct Hold {
    /// The file.
    pub file: FileId,
    /// The bytes: what goes with them holds nothing. `None` for what finds the file as a whole.
    pub span: Option<Span>,
    /// The import declaration's name that it is, if it is one.
    pub alias: Option<AliasId>,
    /// What stands there.
    pub evidence: Evidence,
}

/// What holds a definition.
#[derive(Default)]
pub struct Uses {
    /// What refers to it.
    pub holds: Vec<Hold>,
    /// What may, each with the reason why that is not known.
    pub suspects: Vec<(Reason, Hold)>,
}

/// The modules through which others reach the names of a module as its own: itself, and those with a star for one of them.
pub struct Exposers {
    stars: BTreeMap<FileId, Vec<FileId>>,
}

impl Exposers {
    /// Those of a whole program.
    pub fn new(index: &Index) -> Self {
        let code = index.typescript();
        let mut stars: BTreeMap<FileId, Vec<FileId>> = BTreeMap::new();
        for file in code.files() {
            for request in code.facts(file).stars() {
                if let Module::File(target) = code.targets(file)[request.index()].module {
                    stars.entry(target).or_default().push(file);
                }
            }
        }
        Self { stars }
    }

    /// Those of one module, itself first.
    pub fn of(&self, file: FileId) -> Vec<FileId> {
        let mut found = vec![file];
        let mut at = 0;
        while let Some(file) = found.get(at) {
            at += 1;
            for star in self.stars.get(file).into_iter().flatten() {
                if !found.contains(star) {
                    found.push(*star);
                }
            }
        }
        found
    }
}

/// Finds what refers to definitions from outside of each, and what may.
pub fn uses(index: &Index, doomed: &[Doomed], inside: &[Vec<Span>]) -> Vec<Uses> {
    let code = index.typescript();
    let exposers = Exposers::new(index);
    let exposed: Vec<Vec<FileId>> = doomed.iter().map(|doomed| exposers.of(doomed.file)).collect();
    let mut found: Vec<Uses> = doomed.iter().map(|_| Uses::default()).collect();
    referring(index, doomed, inside, &mut found);
    let is_own =
        |at: usize, file: FileId, span: Span| doomed[at].file == file && inside[at].iter().any(|inside| inside.covers(span));
    let exported = || (0..doomed.len()).filter(|at| doomed[*at].is_exported);
    let all: BTreeSet<FileId> = exported().flat_map(|at| exposed[at].iter().copied()).collect();
    for escape in escapes(code, &all) {
        let view = View::open(index, escape.file);
        for at in exported().filter(|at| exposed[*at].contains(&escape.module) && !is_own(*at, escape.file, escape.span)) {
            let hold = |role| Hold {
                file: escape.file,
                span: Some(escape.span),
                alias: None,
                evidence: view.quote(role, escape.span),
            };
            match &escape.name {
                Some(name) if doomed[at].names.contains(name) => found[at].holds.push(hold("string")),
                Some(_) => {}
                None => found[at].suspects.push((Reason::NotProved, hold("lookup"))),
            }
        }
    }
    for file in code.files() {
        elsewhere(index, file, doomed, &mut found);
    }
    for at in exported() {
        let finders = exposed[at].iter().filter_map(|&file| Some((file, found_by(index, file)?)));
        let holds = finders.map(|(file, evidence)| (Reason::FoundOtherwise, Hold { file, span: None, alias: None, evidence }));
        found[at].suspects.extend(holds);
    }
    found
}

/// The references that are followed to the definitions.
fn referring(index: &Index, doomed: &[Doomed], inside: &[Vec<Span>], found: &mut [Uses]) {
    let code = index.typescript();
    let of = |at: usize, name: &str| Target::Symbol(Symbol { module: Module::File(doomed[at].file), name: name.into() });
    let targets: Vec<(usize, Target)> =
        doomed.iter().enumerate().flat_map(|(at, it)| it.names.iter().map(move |name| (at, of(at, name)))).collect();
    // `ns.X` refers to both: a search tells the first that it meets, so each has one of its own.
    let is_object = |(_, target): &(usize, Target)| match target {
        Target::Symbol(symbol) => matches!(code.resolve(symbol).end, End::Module(_)),
        Target::Module(_) => false,
    };
    let (objects, others): (Vec<_>, Vec<_>) = targets.into_iter().partition(is_object);
    for targets in [objects, others].into_iter().filter(|targets| !targets.is_empty()) {
        let (owners, targets): (Vec<usize>, Vec<Target>) = targets.into_iter().unzip();
        let references = Search::new(code, &targets).run();
        tell(index, doomed, inside, references.iter().map(|reference| (owners[reference.target], reference)), found);
    }
}

/// Notes references to the definitions of some indices.
fn tell<'r>(
    index: &Index,
    doomed: &[Doomed],
    inside: &[Vec<Span>],
    references: impl Iterator<Item = (usize, &'r Reference)>,
    found: &mut [Uses],
) {
    let mut views: BTreeMap<FileId, View<'_>> = BTreeMap::new();
    for (at, reference) in references {
        let view = views.entry(reference.file).or_insert_with(|| View::open(index, reference.file));
        let Some((role, span, alias)) = place(view, reference, doomed[at].file) else { continue };
        let is_own = doomed[at].file == reference.file && inside[at].iter().any(|inside| inside.covers(span));
        if !is_own {
            let hold = Hold { file: reference.file, span: Some(span), alias, evidence: view.quote(role, span) };
            // Several targets may be one definition.
            if !found[at].holds.iter().any(|other| other.file == hold.file && other.span == hold.span) {
                found[at].holds.push(hold);
            }
        }
    }
}

/// What a reference to a definition of a file is, its place, and the import that it is; `None` where another reference stands for it.
fn place(view: &View<'_>, reference: &Reference, own: FileId) -> Option<(&'static str, Span, Option<AliasId>)> {
    let facts = view.facts;
    match reference.site {
        Site::Request(_) => None,
        Site::Alias(id) => {
            let alias = &facts.aliases[id.index()];
            let is_declared = matches!(alias.form, AliasForm::Import(_));
            let role = if alias.form == AliasForm::Replacement { "mock" } else { "import" };
            Some((role, alias.span, is_declared.then_some(id)))
        }
        Site::Export(id) => {
            let export = &facts.exports[id.index()];
            // One of an imported name goes by the import's own reference, but stays when the import's other uses go.
            let is_passed_on = matches!(export.what, Exported::From { .. } | Exported::Binding(_));
            is_passed_on.then_some(("export", export.span, None))
        }
        Site::Attribute(used, _) => Some(("use", facts.uses[used.index()].span, None)),
        Site::Name(used) if reference.file == own => Some(("use", facts.uses[used.index()].span, None)),
        Site::Name(_) => None,
    }
}

/// What a file says of definitions that no reference tells: what may be brought by one of two stars, a declaration in `declare module`,
/// the uses of a global, a string that may lead there, and words that cannot be read.
fn elsewhere(index: &Index, file: FileId, doomed: &[Doomed], found: &mut [Uses]) {
    let code = index.typescript();
    let facts = code.facts(file);
    let known = |doomed: &Doomed| doomed.names.iter().any(|name| facts.names.find(name).is_some());
    let mut view: Option<View<'_>> = None;
    for (at, doomed) in doomed.iter().enumerate() {
        let is_broken = !facts.errors.is_empty() && file != doomed.file;
        let is_near = !facts.computed.is_empty() || !facts.paths.is_empty();
        if !(known(doomed) || is_broken || is_near) {
            continue;
        }
        let view = view.get_or_insert_with(|| View::open(index, file));
        let mut hold = |role: &'static str, span: Span| {
            found[at].holds.push(Hold { file, span: Some(span), alias: None, evidence: view.quote(role, span) });
        };
        if is_broken && let Some(error) = facts.errors.first() {
            if doomed.names.iter().any(|name| has_word(&view.text, name)) {
                hold("unparsable", error.span);
            }
            continue;
        }
        ambiguous(view, doomed).into_iter().for_each(|span| hold("import", span));
        augmented(view, doomed).into_iter().for_each(|span| hold("augmentation", span));
        global(view, doomed).into_iter().for_each(|span| hold("use", span));
        in_comments(view, doomed).into_iter().for_each(|span| hold("string", span));
        if doomed.is_exported {
            let leading = facts.computed.iter().filter(|computed| view.may_lead(computed, doomed.file));
            let suspect = |span: Span| {
                (Reason::Computed, Hold { file, span: Some(span), alias: None, evidence: view.quote("computed", span) })
            };
            found[at].suspects.extend(leading.map(|computed| suspect(computed.span)));
        }
    }
}

/// The imports of a file that two stars bring something for, one of them the definition.
fn ambiguous(view: &View<'_>, doomed: &Doomed) -> Vec<Span> {
    let facts = view.facts;
    let is_it = |way: &Resolution| match &way.end {
        End::Ambiguous(ways) => ways.iter().any(|way| {
            way.hops
                .iter()
                .any(|hop| hop.module == Module::File(doomed.file) && doomed.names.iter().any(|name| **name == *hop.name))
        }),
        _ => false,
    };
    let is_named = |imported: Imported| match imported {
        Imported::Name(name) => doomed.names.iter().any(|own| **own == *facts.names.get(name)),
        Imported::Namespace => false,
    };
    let imports = facts.aliases.iter().filter(|alias| is_named(alias.imported));
    let imports = imports.filter(|alias| is_it(&resolve::imported(&view.code, view.file, alias))).map(|alias| alias.span);
    let is_member = |name: &str| doomed.names.iter().any(|own| **own == *name);
    let uses = facts.uses.iter().filter(|used| {
        facts.attributes_of(used).iter().any(|attribute| is_member(facts.names.get(attribute.name)))
            && resolve::steps(&view.code, view.file, used).iter().any(is_it)
    });
    imports.chain(uses.map(|used| used.span)).collect()
}

/// The declarations of a name of a module that another file adds to: `declare module "m" { interface X { … } }`.
fn augmented(view: &View<'_>, doomed: &Doomed) -> Vec<Span> {
    let facts = view.facts;
    let requests = facts.requests.iter().enumerate().filter(|(at, request)| {
        request.kind == RequestKind::Augmentation && view.code.targets(view.file)[*at].module == Module::File(doomed.file)
    });
    let scopes = requests.flat_map(|(_, request)| {
        facts
            .scopes
            .iter()
            .enumerate()
            .filter(|(_, scope)| scope.kind == ScopeKind::Augmentation && request.whole.covers(scope.span))
    });
    let scopes: Vec<usize> = scopes.map(|(at, _)| at).collect();
    let is_it = |name: &str| doomed.names.iter().any(|own| **own == *name);
    let bindings =
        facts.bindings.iter().filter(|binding| scopes.contains(&binding.scope.index()) && is_it(facts.names.get(binding.name)));
    bindings.filter_map(|binding| facts.declarations_of(binding).first()).map(|declaration| declaration.name_span).collect()
}

/// The types of JSDoc comments that take the definition from its module: `@type {import("m").T}`.
fn in_comments(view: &View<'_>, doomed: &Doomed) -> Vec<Span> {
    let has_name = |comment: Span| doomed.names.iter().any(|name| has_word(&view.text[comment.range()], name));
    let named = documented(view.code, view.file, doomed.file).into_iter().filter(|(comment, _)| has_name(*comment));
    named.map(|(_, span)| span).collect()
}

/// The uses of what a file that is no module declares: all other files see it.
fn global(view: &View<'_>, doomed: &Doomed) -> Vec<Span> {
    let own = view.code.facts(doomed.file);
    let What::Binding(binding) = doomed.what else { return Vec::new() };
    if own.is_module || view.file == doomed.file {
        return Vec::new();
    }
    let name = own.names.get(own.bindings[binding.index()].name);
    let free = view.facts.uses.iter().filter(|used| used.binding.is_none() && view.facts.names.get(used.name) == name);
    free.map(|used| used.span).collect()
}
