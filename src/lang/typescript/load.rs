//! What a module loads while it is loaded itself: the graph of eager imports at run time.
//!
//! An import whose names are used as types alone is left out of the program that runs (TypeScript manual, "Type-Only Imports"), unless the
//! compiler is told otherwise; one for its effects is not. `import()` and `require()` in a function run later.

use rustc_hash::FxHashSet;

use super::facts::{Alias, BindingId, Exported, Facts, Meaning, Request, RequestId, RequestKind, Use, UseForm};
use super::modules::Module;
use super::resolve::Program;
use crate::lang::cycles::Loads;
use crate::text::snapshot::FileId;

/// The graph of eager imports of a program.
pub struct Graph<'p>(pub &'p dyn Program);

impl Loads for Graph<'_> {
    fn loads(&self, file: FileId) -> Vec<(u32, FileId)> {
        if !self.0.is_source(file) {
            return Vec::new();
        }
        let facts = self.0.facts(file);
        let kept = kept(facts);
        let requests = facts.requests.iter().enumerate().filter(|(at, request)| is_eager(facts, request) && kept[*at]);
        let target = |(at, request): (usize, &Request)| match self.0.target(file, RequestId::new(at)).module {
            Module::File(target) if target != file => Some((request.span.start, target)),
            _ => None,
        };
        requests.filter_map(target).collect()
    }
}

/// Whether a request runs while its module is loaded.
fn is_eager(facts: &Facts, request: &Request) -> bool {
    match request.kind {
        RequestKind::Import | RequestKind::Export | RequestKind::ImportEquals => !request.is_type_only,
        RequestKind::Require => !facts.is_lazy(request.scope),
        _ => false,
    }
}

/// Which requests are left in the program that runs, where the compiler leaves out what it can.
pub fn kept(facts: &Facts) -> Vec<bool> {
    let mut kept: Vec<bool> = facts.requests.iter().map(|_| true).collect();
    let values = values(facts);
    // Elided is a declaration all of whose names are types, or are used as types.
    for import in facts.imports.iter().filter(|import| import.aliases.0 < import.aliases.1) {
        kept[import.request.index()] = facts.aliases_of(import).any(|(_, alias)| is_kept_by(alias, &values));
    }
    for (at, _) in facts.requests.iter().enumerate().filter(|(_, request)| request.kind == RequestKind::Export) {
        kept[at] = false;
    }
    for export in facts.exports.iter().filter(|export| !export.is_type_only) {
        if let Exported::From { request, .. } | Exported::Namespace(request) | Exported::Star(request) = export.what {
            kept[request.index()] = true;
        }
    }
    kept
}

/// Whether a name keeps the declaration that brings it in the program that runs, given those that are used as values.
pub fn is_kept_by(alias: &Alias, values: &FxHashSet<BindingId>) -> bool {
    !alias.is_type_only && alias.local.is_none_or(|local| values.contains(&local))
}

/// The names that are used as values somewhere, or exported.
pub fn values(facts: &Facts) -> FxHashSet<BindingId> {
    let is_value = |used: &&Use| match used.form {
        UseForm::ExportSpecifier(export) => !facts.exports[export.index()].is_type_only,
        _ => used.meaning.intersects(Meaning::VALUE),
    };
    facts.uses.iter().filter(is_value).filter_map(|used| used.binding).collect()
}
