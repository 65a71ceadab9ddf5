//! Modules whose evaluation does nothing that anybody could miss, with all that they load.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::View;
use crate::index::Index;
use crate::lang::cycles::Loads;
use crate::lang::typescript::effects::effect_in;
use crate::lang::typescript::load::Graph;
use crate::text::snapshot::FileId;
use crate::transform::finding::Evidence;

/// What modules do when they are loaded, as far as it was asked for. Packages do nothing that counts, unless they are imported for that.
pub struct Quiet<'i> {
    index: &'i Index,
    own: RefCell<FxHashMap<FileId, Option<Evidence>>>,
}

impl<'i> Quiet<'i> {
    /// Nothing is known yet.
    pub fn new(index: &'i Index) -> Self {
        Self { index, own: RefCell::default() }
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

    fn own_act(&self, file: FileId) -> Option<Evidence> {
        let known = self.own.borrow().get(&file).cloned();
        known.unwrap_or_else(|| {
            let act = find(self.index, file);
            self.own.borrow_mut().insert(file, act.clone());
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
