//! What a module loads while it is loaded itself: the graph of eager imports at run time.
//!
//! An import whose names are used as types alone is left out of the program that runs (TypeScript manual, "Type-Only Imports"), unless the
//! compiler is told otherwise; one for its effects is not. `import()` and `require()` in a function run later.

use super::facts::{BindingId, Exported, Facts, Meaning, Request, RequestId, RequestKind, UseForm};
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
    // Elided is a declaration all of whose names are types, or are used as types.
    for import in facts.imports.iter().filter(|import| import.aliases.0 < import.aliases.1) {
        kept[import.request.index()] = facts
            .aliases_of(import)
            .any(|(_, alias)| !alias.is_type_only && alias.local.is_none_or(|local| is_value(facts, local)));
    }
    for (at, _) in facts.requests.iter().enumerate().filter(|(_, request)| request.kind == RequestKind::Export) {
        let is_it = |request: RequestId| request.index() == at;
        let mut entries = facts.exports.iter().filter(|export| match export.what {
            Exported::From { request, .. } | Exported::Namespace(request) | Exported::Star(request) => is_it(request),
            _ => false,
        });
        kept[at] = entries.any(|export| !export.is_type_only);
    }
    kept
}

/// Whether a name is used as a value somewhere, or exported.
pub fn is_value(facts: &Facts, binding: BindingId) -> bool {
    let mut uses = facts.uses.iter().filter(|used| used.binding == Some(binding));
    uses.any(|used| match used.form {
        UseForm::ExportSpecifier(export) => !facts.exports[export.index()].is_type_only,
        _ => used.meaning.intersects(Meaning::VALUE),
    })
}
