//! Modules whose evaluation does nothing that anybody could miss, with all that they load.

use std::sync::{Mutex, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};

use super::View;
use crate::index::Index;
use crate::lang::cycles::Loads;
use crate::lang::typescript::effects::effect_in;
use crate::lang::typescript::facts::RequestKind;
use crate::lang::typescript::load::Graph;
use crate::lang::typescript::modules::Module;
use crate::text::snapshot::FileId;
use crate::transform::finding::Evidence;

/// What modules do when they are loaded, as far as it was asked for. Packages do nothing that counts, unless they are imported for that.
pub struct Quiet<'i> {
    /// The files.
    pub index: &'i Index,
    own: Mutex<FxHashMap<FileId, Option<Evidence>>>,
    /// Who loads each file.
    loaders: OnceLock<FxHashMap<FileId, FxHashSet<FileId>>>,
}

impl<'i> Quiet<'i> {
    /// Nothing is known yet.
    pub fn new(index: &'i Index) -> Self {
        Self { index, own: Mutex::default(), loaders: OnceLock::new() }
    }

    /// Something that happens when a module is loaded first; `None` where nothing does.
    pub fn act(&self, file: FileId) -> Option<Evidence> {
        let code = self.index.typescript();
        let graph = Graph(&code);
        let mut seen = vec![file];
        let mut at = 0;
        while let Some(&file) = seen.get(at) {
            at += 1;
            if let Some(act) = self.own_act(file) {
                return Some(act);
            }
            for (_, target) in graph.loads(file) {
                if !seen.contains(&target) {
                    seen.push(target);
                }
            }
        }
        None
    }

    /// Whether some module other than one loads a file, whenever that is.
    pub fn is_loaded_without(&self, file: FileId, without: FileId) -> bool {
        let loaders = self.loaders.get_or_init(|| loaders(self.index));
        loaders.get(&file).is_some_and(|loaders| loaders.iter().any(|loader| *loader != without))
    }

    fn own_act(&self, file: FileId) -> Option<Evidence> {
        let known = self.own.lock().ok().and_then(|own| own.get(&file).cloned());
        known.unwrap_or_else(|| {
            let act = find(self.index, file);
            if let Ok(mut own) = self.own.lock() {
                own.insert(file, act.clone());
            }
            act
        })
    }
}

fn find(index: &Index, file: FileId) -> Option<Evidence> {
    const STYLES: [&[u8]; 4] = [b"css", b"scss", b"sass", b"less"];
    let path = &index.snapshot().get(file).path;
    if !crate::lang::typescript::is_source(path) {
        let is_style = path.extension().is_some_and(|extension| STYLES.contains(&extension));
        return is_style.then(|| Evidence { role: "load-time", at: Some((path.clone(), 1)), text: path.to_text() });
    }
    let view = View::open(index, file);
    let source = view.source()?;
    effect_in(&source, source.tree.root()).map(|span| view.quote("load-time", span))
}

/// Who loads each file.
fn loaders(index: &Index) -> FxHashMap<FileId, FxHashSet<FileId>> {
    let code = index.typescript();
    let graph = Graph(&code);
    let mut loaders: FxHashMap<FileId, FxHashSet<FileId>> = FxHashMap::default();
    for file in code.files() {
        let later = code.facts(file).requests.iter().zip(code.targets(file));
        let later = later.filter_map(|(request, target)| match (request.kind, &target.module) {
            (RequestKind::Dynamic | RequestKind::Require, Module::File(target)) => Some(*target),
            _ => None,
        });
        for target in graph.loads(file).into_iter().map(|(_, target)| target).chain(later) {
            loaders.entry(target).or_default().insert(file);
        }
    }
    loaders
}
