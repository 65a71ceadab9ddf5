//! What tests replace: `jest.mock("m", () => ({ X: … }))` holds for all code that the test loads and that takes `X` from `m`.
//!
//! Such code goes elsewhere together with the replacement, or is looked at. The replacement can go along where it gives only names that
//! go to one new home, and nothing else of that home is taken by what the test loads: of a replaced module there is nothing but what the
//! factory gives. Where it gives other names as well, it is split, if its two halves do together what it did.
//!
//! Whoever reads the replaced name goes along too, or the replacement stays: one without the other would show a test the real thing.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use super::View;
use super::relocate::Pair;
use crate::index::typescript::TypeScript;
use crate::index::typescript::references::Reference;
use crate::lang::typescript::facts::{AliasForm, Exported, Facts, Imported, Mock, RequestId, RequestKind};
use crate::lang::typescript::imports::may_split;
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::{Program, Symbol};
use crate::text::snapshot::FileId;
use crate::transform::finding::Reason;

/// A module that a test replaces, and the names that the replacement gives, where they are known and the rest is what it is.
type Replaced = (Module, Option<BTreeSet<Box<str>>>);

/// The replacements that concern some symbols.
#[derive(Default)]
pub struct Mocks {
    /// The requests that replace the old module of a symbol and cannot go along.
    staying: BTreeSet<(FileId, RequestId)>,
    /// By file, the modules that a test replaces for its code and goes on to replace.
    held: BTreeMap<FileId, Vec<Replaced>>,
    /// The tests whose replacements go along, each with the files that read what these are for.
    following: Vec<(FileId, BTreeSet<FileId>)>,
}

impl Mocks {
    /// Finds them; `stuck` are files in which something is known to stay as it is.
    pub fn of(code: TypeScript<'_>, pairs: &[Pair], references: &[Reference], stuck: &BTreeSet<FileId>) -> Self {
        let mut mocks = Self::default();
        for test in code.files() {
            let facts = code.facts(test);
            let targets = code.targets(test);
            let replaced: Vec<RequestId> =
                (0..facts.requests.len()).map(RequestId::new).filter(|id| is_replacing(facts, *id)).collect();
            if replaced.is_empty() {
                continue;
            }
            let loaded = loaded(code, test);
            for id in replaced {
                let module = &targets[id.index()].module;
                let concerned = concerned(facts, id, module, pairs);
                if !concerned.is_empty() {
                    let is_read = |it: &&Reference| concerned.contains(&it.target) && loaded.contains(&it.file);
                    let mut bound: BTreeSet<FileId> = references.iter().filter(is_read).map(|it| it.file).collect();
                    bound.insert(test);
                    if bound.is_disjoint(stuck) && follows(code, test, id, &concerned, pairs, &loaded) {
                        mocks.following.push((test, bound));
                        continue;
                    }
                    mocks.staying.insert((test, id));
                }
                // Of a module that is replaced as a whole, what is not given is not there.
                let names = if keeps_rest(code, test, id) { keys(facts, id) } else { None };
                let names = names.map(|names| names.into_iter().map(Box::from).collect());
                for &file in &loaded {
                    mocks.held.entry(file).or_default().push((module.clone(), names.clone()));
                }
            }
        }
        mocks
    }

    /// Whether a replacement goes along with code of which some is in one of these files.
    pub fn need_any(&self, files: &BTreeSet<FileId>) -> bool {
        self.following.iter().any(|(_, bound)| !bound.is_disjoint(files))
    }

    /// The other files that have to change if a file does, since a test replaces what the one reads in the other.
    pub fn partners(&self, file: FileId) -> BTreeSet<FileId> {
        let tests = self.following.iter().filter(|(_, bound)| bound.contains(&file));
        let partners = tests.flat_map(|(test, bound)| if *test == file { bound.clone() } else { BTreeSet::from([*test]) });
        partners.filter(|partner| *partner != file).collect()
    }

    /// Whether a request replaces a module and cannot go along.
    pub fn is_staying(&self, file: FileId, request: RequestId) -> bool {
        self.staying.contains(&(file, request))
    }

    /// Why code of a file that takes a name by a way cannot take it from its new home as well, if so.
    pub fn hold(&self, file: FileId, passed: &[Symbol], home: &Module) -> Option<Reason> {
        let held = self.held.get(&file)?;
        let gives = |(module, names): &Replaced| {
            let names = names.as_ref();
            passed.iter().any(|hop| hop.module == *module && names.is_none_or(|names| names.contains(&*hop.name)))
        };
        if held.iter().any(gives) {
            return Some(Reason::Patched);
        }
        held.iter().any(|(module, _)| module == home).then_some(Reason::PatchedThere)
    }
}

/// A replacement that holds for a file: the test, and its string that names the module.
pub type Held = (FileId, RequestId);

/// The files for which a test replaces one of some modules, each with the first such replacement.
pub fn held(code: TypeScript<'_>, modules: &BTreeSet<Module>) -> BTreeMap<FileId, Held> {
    let mut held = BTreeMap::new();
    for test in code.files().filter(|_| !modules.is_empty()) {
        let facts = code.facts(test);
        let targets = code.targets(test);
        let is_it = |id: &RequestId| is_replacing(facts, *id) && modules.contains(&targets[id.index()].module);
        if let Some(id) = (0..facts.requests.len()).map(RequestId::new).find(is_it) {
            loaded(code, test).into_iter().for_each(|file| {
                held.entry(file).or_insert((test, id));
            });
        }
    }
    held
}

/// Whether a request replaces its module for other code.
fn is_replacing(facts: &Facts, id: RequestId) -> bool {
    matches!(facts.requests[id.index()].kind, RequestKind::Mock(Mock::Replace { .. }))
}

/// Whether a request says by what the module is replaced.
pub fn has_factory(facts: &Facts, id: RequestId) -> bool {
    facts.requests[id.index()].kind == RequestKind::Mock(Mock::Replace { has_factory: true })
}

/// Whether what the factory of a replacement does not name is what it is: `...jest.requireActual("m")`, `...(await original())`.
fn keeps_rest(code: TypeScript<'_>, test: FileId, id: RequestId) -> bool {
    let facts = code.facts(test);
    let text = View::open(code.index, test).text;
    let factory = &text[facts.requests[id.index()].whole.range()];
    let asks = |inner: RequestId| facts.requests[inner.index()].kind == RequestKind::Mock(Mock::Actual);
    let has_original = || factory.contains("await") || inner(code, test, id).any(asks);
    has_factory(facts, id) && factory.contains("...") && has_original()
}

/// The names that the factory of a replacement gives; `None` where that is not known.
fn keys(facts: &Facts, id: RequestId) -> Option<Vec<&str>> {
    if !has_factory(facts, id) {
        return None;
    }
    let aliases = facts.aliases.iter().filter(|alias| alias.request == id);
    aliases
        .map(|alias| match (alias.form, alias.imported) {
            (AliasForm::Replacement, Imported::Name(name)) => Some(facts.names.get(name)),
            _ => None,
        })
        .collect()
}

/// The symbols, by their indices, that a replacement is for: those that it gives, or all of its module where what it gives is not known.
fn concerned(facts: &Facts, id: RequestId, module: &Module, pairs: &[Pair]) -> Vec<usize> {
    let keys = keys(facts, id);
    let is_given = |pair: &Pair| keys.as_ref().is_none_or(|keys| keys.contains(&&*pair.from.name));
    let pairs = pairs.iter().enumerate().filter(|(_, pair)| pair.from.module == *module && is_given(pair));
    pairs.map(|(at, _)| at).collect()
}

/// Whether a replacement can go along with what it replaces.
fn follows(
    code: TypeScript<'_>,
    test: FileId,
    id: RequestId,
    concerned: &[usize],
    pairs: &[Pair],
    loaded: &FxHashSet<FileId>,
) -> bool {
    let facts = code.facts(test);
    let Some(keys) = keys(facts, id) else { return false };
    let home = &pairs[concerned[0]].to.module;
    let is_one_home = concerned.iter().all(|&at| pairs[at].to.module == *home && pairs[at].verdict.reason.is_none());
    if !is_one_home || has_other(code, test, id, home) {
        return false;
    }
    // `...jest.requireActual("m")`: what is not replaced is what it is, there as here.
    let inner: Vec<RequestId> = inner(code, test, id).collect();
    let whole = facts.requests[id.index()].whole;
    let is_other = |at: usize| at != id.index() && !inner.contains(&RequestId::new(at));
    if facts.requests.iter().enumerate().any(|(at, request)| is_other(at) && whole.covers(request.span)) {
        return false;
    }
    if keys.len() != concerned.len() {
        let names: Vec<&str> = concerned.iter().map(|&at| &*pairs[at].from.name).collect();
        let view = View::open(code.index, test);
        if !view.source().is_some_and(|source| may_split(&source, id, &names, &inner)) {
            return false;
        }
    }
    let is_partial = inner.iter().any(|id| facts.requests[id.index()].kind == RequestKind::Mock(Mock::Actual));
    let new: BTreeSet<&str> = concerned.iter().map(|&at| &*pairs[at].to.name).collect();
    // Whoever takes a name from the new home already does not get the replacement today.
    loaded.iter().all(|&file| {
        let is_old = pairs[concerned[0]].from.module == Module::File(file);
        let names = taken(code, file, home, is_old);
        names.is_some_and(|names| names.is_disjoint(&new) && (is_partial || names.is_empty()))
    })
}

/// Whether a test says more than once what the replaced module is, or its new home: what holds then depends on the order.
fn has_other(code: TypeScript<'_>, test: FileId, id: RequestId, home: &Module) -> bool {
    let (facts, targets) = (code.facts(test), code.targets(test));
    let says = |kind: RequestKind| matches!(kind, RequestKind::Mock(Mock::Replace { .. } | Mock::Restore));
    let module = &targets[id.index()].module;
    let mut others =
        facts.requests.iter().zip(targets).enumerate().filter(|(at, (request, _))| *at != id.index() && says(request.kind));
    others.any(|(_, (_, target))| target.module == *module || target.module == *home)
}

/// The replacements of some modules.
pub fn of_module<'i>(code: TypeScript<'i>, is_it: impl Fn(&Module) -> bool + 'i) -> impl Iterator<Item = Held> + 'i {
    code.files().flat_map(move |test| {
        let (facts, targets) = (code.facts(test), code.targets(test));
        let ids = (0..facts.requests.len()).map(RequestId::new);
        let found: Vec<Held> =
            ids.filter(|id| is_replacing(facts, *id) && is_it(&targets[id.index()].module)).map(|id| (test, id)).collect();
        found
    })
}

/// Whether a request asks for the real module in a factory that replaces that module by names which are known, and the rest of it.
pub fn is_rest(code: TypeScript<'_>, test: FileId, request: RequestId) -> bool {
    let facts = code.facts(test);
    let is_known = |id: RequestId| is_replacing(facts, id) && keys(facts, id).is_some();
    facts.requests[request.index()].kind == RequestKind::Mock(Mock::Actual)
        && (0..facts.requests.len())
            .map(RequestId::new)
            .any(|id| is_known(id) && inner(code, test, id).any(|inner| inner == request))
}

/// The requests in the factory of a replacement that ask for the replaced module itself: they go along with it.
pub fn inner<'i>(code: TypeScript<'i>, file: FileId, id: RequestId) -> impl Iterator<Item = RequestId> + 'i {
    let facts = code.facts(file);
    let targets = code.targets(file);
    let whole = facts.requests[id.index()].whole;
    let asks = |kind: RequestKind| matches!(kind, RequestKind::Mock(Mock::Actual) | RequestKind::ImportType);
    let requests = facts.requests.iter().enumerate().filter(move |(at, request)| {
        *at != id.index()
            && whole.covers(request.span)
            && asks(request.kind)
            && targets[*at].module == targets[id.index()].module
    });
    requests.map(|(at, _)| RequestId::new(at))
}

/// The names that a file takes from a module; `None` where that is not known. What the old module only passes on does not count: who
/// takes it from there is rewritten.
fn taken<'i>(code: TypeScript<'i>, file: FileId, module: &Module, is_old: bool) -> Option<BTreeSet<&'i str>> {
    let facts = code.facts(file);
    let targets = code.targets(file);
    let is_it = |request: RequestId| targets[request.index()].module == *module;
    let mut names = BTreeSet::new();
    for alias in facts.aliases.iter().filter(|alias| is_it(alias.request)) {
        match alias.imported {
            Imported::Name(name) => names.insert(facts.names.get(name)),
            Imported::Namespace => return None,
        };
    }
    for export in facts.exports.iter().filter(|_| !is_old) {
        match export.what {
            Exported::From { request, imported, .. } if is_it(request) => {
                names.insert(facts.names.get(imported));
            }
            Exported::Star(request) | Exported::Namespace(request) if is_it(request) => return None,
            _ => {}
        }
    }
    Some(names)
}

/// The files that a file loads, whenever that is, itself included.
pub(super) fn loaded(code: TypeScript<'_>, file: FileId) -> FxHashSet<FileId> {
    let mut loaded = FxHashSet::from_iter([file]);
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        let targets = code.targets(file).iter();
        open.extend(targets.filter_map(|target| match target.module {
            Module::File(target) if code.is_source(target) && loaded.insert(target) => Some(target),
            _ => None,
        }));
    }
    loaded
}
