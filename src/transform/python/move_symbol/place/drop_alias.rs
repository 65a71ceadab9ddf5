//! Taking imported names out of a module to which their definition comes.

use super::super::super::super::finding::Reason;
use super::super::super::View;
use super::super::draft::Stop;
use super::super::source;
use super::is_free_here;
use crate::index::references::{Search, Site, Target};
use crate::lang::python::facts::{AliasId, Binding, Context, ScopeId};
use crate::lang::python::imports::{self, Refusal, Source};
use crate::lang::python::modules::Module;
use crate::lang::python::rename::rename_uses;
use crate::lang::python::resolve::Symbol;
use crate::text::edit::Edit;
use crate::text::span::Span;
use crate::transform::python::relocate::seen_from_outside;

/// The edits that make a module use a name of its own where it has imported a symbol until now.
pub(in super::super) fn edits(view: &View<'_>, symbol: &Symbol, name: &str) -> Result<Vec<Edit>, Stop> {
    let facts = view.facts;
    let targets = [Target::Symbol(symbol.clone())];
    let references = Search::new(view.index, &targets).run();
    let source = source(view)?;
    let mut edits = Vec::new();
    let mut dropped: Vec<AliasId> = Vec::new();
    let stop = |span| Stop { reason: Reason::InTarget, evidence: vec![view.quote("use", span)] };
    for reference in references.iter().filter(|reference| reference.file == view.file) {
        match reference.site {
            Site::Alias(id) if reference.distance == 0 => {
                edits.extend(follow(view, id, name).ok_or_else(|| stop(facts.aliases[id.index()].name_span))?);
                dropped.push(id);
            }
            Site::Alias(id) => return Err(stop(facts.aliases[id.index()].name_span)),
            Site::Attribute(id, depth) => {
                let used = &facts.uses[id.index()];
                let attributes = &facts.attributes_of(used)[..depth];
                let end = attributes.last().map_or(used.span.end, |last| last.span.end);
                let span = Span::new(used.span.start, end);
                let pieces: u32 = attributes.iter().map(|attribute| attribute.span.len() + 1).sum();
                let is_plain = span.len() == used.span.len() + pieces && !used.flags.frozen && !used.flags.is_store;
                if !is_plain || !is_free_here(facts, used.scope, name) {
                    return Err(stop(span));
                }
                edits.push(Edit::replace(span, name));
            }
            Site::Star(_, used) | Site::Unsure(used, _) => return Err(stop(facts.uses[used.index()].span)),
            Site::Name(_) | Site::Export(_) | Site::From(_) | Site::String(..) | Site::Member(_) | Site::Computed(_) => {}
        }
    }
    edits.extend(drop_aliases(&source, &dropped)?);
    Ok(edits)
}

/// The edits that spell the uses of an imported name differently; `None` where they cannot be.
fn follow(view: &View<'_>, id: AliasId, name: &str) -> Option<Vec<Edit>> {
    let facts = view.facts;
    let alias = &facts.aliases[id.index()];
    let import = facts.import_of(alias);
    let binding = facts.binding_of_alias(id)?;
    let is_simple = import.context == Context::default() || import.context == Context::TYPE_CHECKING;
    if !is_simple || facts.bindings_of(binding.scope, alias.local).count() > 1 || facts.is_star(alias) {
        return None;
    }
    let local = facts.names.get(alias.local);
    if local == name {
        let outer = facts.scopes[binding.scope.index()].parent;
        return outer.is_none_or(|outer| is_free_here(facts, outer, name)).then(Vec::new);
    }
    let own = Symbol { module: Module::File(view.file), name: local.into() };
    let is_public = binding.scope == ScopeId::MODULE
        && (facts.exports_name(local) || !seen_from_outside(view.index, &[Target::Symbol(own)]).is_empty());
    let is_this = |other: &Binding| other.kind == binding.kind;
    if is_public { None } else { rename_uses(facts, binding.scope, alias.local, name, &is_this).ok() }
}

/// The edits that drop names from import statements.
fn drop_aliases(source: &Source<'_>, ids: &[AliasId]) -> Result<Vec<Edit>, Stop> {
    let removals = imports::removals(source, &ids.iter().copied().collect()).into_iter();
    let edits: Result<Vec<Vec<Edit>>, Refusal> = removals.map(|removal| removal.edits).collect();
    Ok(edits.map_err(|_| Stop::from(Reason::ParsersDisagree))?.concat())
}
