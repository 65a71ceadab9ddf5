//! What tests replace: `jest.mock("m", () => ({ X: … }))` holds for all code that the test loads and that takes `X` from `m`.
//!
//! Such code goes elsewhere together with the replacement, or is looked at. The replacement can go along where it gives only names that
//! go to one new home, and nothing else of that home is taken by what the test loads: of a replaced module there is nothing but what the
//! factory gives.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use super::relocate::Pair;
use crate::index::typescript::TypeScript;
use crate::lang::typescript::facts::{AliasForm, Exported, Facts, Imported, Mock, RequestId, RequestKind};
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::{Program, Symbol};
use crate::text::snapshot::FileId;
use crate::transform::finding::Reason;

/// A module that a test replaces, and the names that the replacement gives, where they are known.
type Replaced = (Module, Option<BTreeSet<Box<str>>>);

/// The replacements that concern some symbols.
#[derive(Default)]
pub struct Mocks {
    /// The requests that replace the old module of a symbol and cannot go along.
    staying: BTreeSet<(FileId, RequestId)>,
    /// By file, the modules that a test replaces for its code and goes on to replace, each with the names that it gives, where that is
    /// known.
    held: BTreeMap<FileId, Vec<Replaced>>,
}

impl Mocks {
    /// Finds them.
    pub fn of(code: TypeScript<'_>, pairs: &[Pair]) -> Self {
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
                    if follows(code, test, id, &concerned, pairs, &loaded) {
                        continue;
                    }
                    mocks.staying.insert((test, id));
                }
                let names = keys(facts, id).map(|keys| keys.into_iter().map(Box::from).collect());
                for &file in &loaded {
                    mocks.held.entry(file).or_default().push((module.clone(), names.clone()));
                }
            }
        }
        mocks
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

/// The names that the factory of a replacement gives; `None` where that is not known.
fn keys(facts: &Facts, id: RequestId) -> Option<Vec<&str>> {
    let RequestKind::Mock(Mock::Replace { has_factory: true }) = facts.requests[id.index()].kind else { return None };
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
    if keys.len() != concerned.len() || !is_one_home {
        return false;
    }
    // `...jest.requireActual("m")`: what is not replaced is what it is, there as here.
    let inner: Vec<RequestId> = inner(code, test, id).collect();
    let whole = facts.requests[id.index()].whole;
    let is_other = |at: usize| at != id.index() && !inner.contains(&RequestId::new(at));
    if facts.requests.iter().enumerate().any(|(at, request)| is_other(at) && whole.covers(request.span)) {
        return false;
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
