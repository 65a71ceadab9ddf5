//! What is not loaded any more once code takes a name from elsewhere: a module that does something when it is loaded, as no other import
//! of the code brings it.
//!
//! It counts where something that runs by itself (a file that no other loads) loaded the module before and does not after. What modules
//! that only define names make for themselves is not missed; nor are packages.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Home, Pair, Style};
use crate::index::typescript::TypeScript;
use crate::index::typescript::references::{Reference, Site};
use crate::lang::cycles::Loads;
use crate::lang::typescript::effects::{effect_but, effect_in};
use crate::lang::typescript::facts::{AliasForm, AliasId, ExportId, Exported, RequestId, RequestKind};
use crate::lang::typescript::load::Graph;
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::Program as _;
use crate::syntax;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::Evidence;
use crate::transform::typescript::View;
use crate::transform::typescript::library::is_same_whenever;

/// The requests after whose change something is not loaded any more, each with what that does.
#[derive(Default)]
pub struct Lost(BTreeMap<(FileId, RequestId), Evidence>);

impl Lost {
    /// Finds them.
    pub fn of(context: &Context<'_>, pairs: &[Pair], references: &[Reference], style: Style) -> Self {
        let change = Change::of(context, pairs, references, style);
        if change.lost.is_empty() {
            return Self::default();
        }
        let program = Program { code: context.index.typescript(), change, edges: RefCell::default(), acts: RefCell::default() };
        let mut loaders: Option<FxHashMap<FileId, Vec<FileId>>> = None;
        let mut reached: FxHashMap<FileId, FxHashSet<FileId>> = FxHashMap::default();
        let mut lost = BTreeMap::new();
        for (&file, requests) in &program.change.lost {
            let still = program.reach(file, true);
            for &request in requests {
                let Module::File(target) = program.code.targets(file)[request.index()].module else { continue };
                let gone = program.reach(target, false).into_iter().filter(|it| !still.contains(it));
                let acts: BTreeMap<FileId, Evidence> = gone.filter_map(|it| Some((it, program.act(it)?))).collect();
                if acts.is_empty() {
                    continue;
                }
                let loaders = loaders.get_or_insert_with(|| program.loaders());
                let missed = starts(loaders, file).into_iter().find_map(|start| {
                    let reached = reached.entry(start).or_insert_with(|| program.reach(start, true));
                    acts.iter().find(|(it, _)| !reached.contains(it)).map(|(_, act)| act.clone())
                });
                lost.extend(missed.map(|act| ((file, request), act)));
            }
        }
        Self(lost)
    }

    /// What a request loaded and nothing does after it, where that does something.
    pub fn get(&self, file: FileId, request: RequestId) -> Option<&Evidence> {
        self.0.get(&(file, request))
    }
}

/// How the requests of files change.
#[derive(Default)]
struct Change {
    /// Those that go, as all their names go elsewhere.
    lost: BTreeMap<FileId, BTreeSet<RequestId>>,
    /// What is loaded instead.
    gained: BTreeMap<FileId, BTreeSet<FileId>>,
}

impl Change {
    fn of(context: &Context<'_>, pairs: &[Pair], references: &[Reference], style: Style) -> Self {
        let code = context.index.typescript();
        let mut change = Self::default();
        let mut sites: BTreeMap<FileId, BTreeSet<Site>> = BTreeMap::new();
        for reference in references {
            let pair = &pairs[reference.target];
            let own = Module::File(reference.file);
            if pair.from.module == own || pair.to.module == own || (style.keeps_barrels && reference.distance > 0) {
                continue;
            }
            sites.entry(reference.file).or_default().insert(reference.site);
            let home = match &pair.home {
                Home::Path(path) => context.index.snapshot().id(path),
                Home::Package(_) => None,
            };
            change.gained.entry(reference.file).or_default().extend(home.into_iter().chain(pair.brings.iter().copied()));
        }
        for (file, sites) in sites {
            let facts = code.facts(file);
            let named = (0..facts.requests.len()).map(RequestId::new).filter(|request| {
                let aliases = facts.aliases.iter().enumerate().filter(|(_, alias)| alias.request == *request);
                let is_import = |form| matches!(form, AliasForm::Import(_));
                let aliases =
                    aliases.map(|(at, alias)| is_import(alias.form) && sites.contains(&Site::Alias(AliasId::new(at))));
                let exports = facts.exports.iter().enumerate().filter_map(|(at, export)| match export.what {
                    Exported::From { request: from, .. } if from == *request => {
                        Some(sites.contains(&Site::Export(ExportId::new(at))))
                    }
                    Exported::Star(from) | Exported::Namespace(from) if from == *request => Some(false),
                    _ => None,
                });
                let goes: Vec<bool> = aliases.chain(exports).collect();
                let is_eager = matches!(facts.requests[request.index()].kind, RequestKind::Import | RequestKind::Export);
                is_eager && !goes.is_empty() && goes.into_iter().all(|goes| goes)
            });
            let named: BTreeSet<RequestId> = named.collect();
            if !named.is_empty() {
                change.lost.insert(file, named);
            }
        }
        change
    }
}

/// What a file loads, with the requests of what it loads at once.
type Edges = Rc<Vec<(Option<RequestId>, FileId)>>;

/// The files, and what they load before and after the change.
struct Program<'i> {
    code: TypeScript<'i>,
    change: Change,
    edges: RefCell<FxHashMap<FileId, Edges>>,
    acts: RefCell<FxHashMap<FileId, Option<Evidence>>>,
}

impl Program<'_> {
    /// What a file loads, whenever that is, with the requests of those that it loads at once.
    fn edges(&self, file: FileId) -> Edges {
        if let Some(known) = self.edges.borrow().get(&file) {
            return known.clone();
        }
        let facts = self.code.facts(file);
        let request = |start: u32| facts.requests.iter().position(|it| it.span.start == start).map(RequestId::new);
        let mut edges: Vec<(Option<RequestId>, FileId)> =
            Graph(&self.code).loads(file).into_iter().map(|(start, target)| (request(start), target)).collect();
        let later = facts.requests.iter().zip(self.code.targets(file));
        edges.extend(later.filter_map(|(request, target)| match (request.kind, &target.module) {
            (RequestKind::Dynamic | RequestKind::Require, Module::File(target)) => Some((None, *target)),
            _ => None,
        }));
        let edges = Rc::new(edges);
        self.edges.borrow_mut().insert(file, edges.clone());
        edges
    }

    /// All that is loaded with a file.
    fn reach(&self, start: FileId, is_after: bool) -> FxHashSet<FileId> {
        let mut seen = FxHashSet::from_iter([start]);
        let mut open = vec![start];
        while let Some(file) = open.pop() {
            let lost = self.change.lost.get(&file).filter(|_| is_after);
            let is_lost = |request: &Option<RequestId>| request.is_some_and(|it| lost.is_some_and(|lost| lost.contains(&it)));
            let edges = self.edges(file);
            let kept = edges.iter().filter(|(request, _)| !is_lost(request)).map(|(_, target)| *target);
            let gained = self.change.gained.get(&file).filter(|_| is_after).into_iter().flatten().copied();
            open.extend(kept.chain(gained).filter(|target| seen.insert(*target)));
        }
        seen
    }

    /// Who loads each file.
    fn loaders(&self) -> FxHashMap<FileId, Vec<FileId>> {
        let mut loaders: FxHashMap<FileId, Vec<FileId>> = FxHashMap::default();
        for file in self.code.files() {
            for (_, target) in self.edges(file).iter() {
                loaders.entry(*target).or_default().push(file);
            }
        }
        loaders
    }

    /// What a file does itself when it is loaded, other than to define what it exports.
    fn act(&self, file: FileId) -> Option<Evidence> {
        let known = self.acts.borrow().get(&file).cloned();
        known.unwrap_or_else(|| {
            let act = act(self.code, file);
            self.acts.borrow_mut().insert(file, act.clone());
            act
        })
    }
}

fn act(code: TypeScript<'_>, file: FileId) -> Option<Evidence> {
    let view = View::open(code.index, file);
    let source = view.source().filter(|_| code.is_source(file))?;
    let is_own = |span: Span| {
        let targets = view.facts.requests.iter().zip(code.targets(file));
        { targets }.any(|(request, target)| request.whole == span && matches!(target.module, Module::File(_)))
    };
    let acts = syntax::children(source.tree.root()).into_iter().filter_map(|top| match top.kind() {
        // What it loads is looked at by itself.
        "import_statement" => effect_in(&source, top).filter(|span| !is_own(*span)),
        "lexical_declaration" | "variable_declaration" | "class_declaration" | "export_statement" => {
            effect_but(&source, top, &|call| is_same_whenever(&view, &source, call))
        }
        _ => effect_in(&source, top),
    });
    { acts }.next().map(|span| view.quote("load-time", span))
}

/// What runs by itself and loads a file, the file itself where nothing does.
fn starts(loaders: &FxHashMap<FileId, Vec<FileId>>, file: FileId) -> BTreeSet<FileId> {
    let mut seen = FxHashSet::from_iter([file]);
    let mut open = vec![file];
    let mut starts = BTreeSet::new();
    while let Some(file) = open.pop() {
        match loaders.get(&file) {
            Some(loaders) => open.extend(loaders.iter().copied().filter(|loader| seen.insert(*loader))),
            None => {
                starts.insert(file);
            }
        }
    }
    if starts.is_empty() { BTreeSet::from([file]) } else { starts }
}
