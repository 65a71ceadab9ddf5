//! What a step has made useless in TypeScript: by the same rules as in Python.

use super::super::origins::Origins;
use super::imports::edited;
use crate::index::Index;
use crate::lang::typescript::facts::{Alias, AliasId, Facts};
use crate::lang::typescript::is_source;
use crate::lang::typescript::load::kept;
use crate::lang::typescript::unused::unused;
use crate::text::change::SourceChange;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Orphan;
use crate::transform::finding::Finding;

/// Finds the imports that changes have made useless, in the files that they edited and that are in scope: something in the file used
/// them before, and nothing does after.
pub fn imports(before: &Index, after: &Index, changes: &[SourceChange], in_scope: &dyn Fn(&RepoPath) -> bool) -> Vec<Finding> {
    let steps: Vec<Origins<'_>> = changes.iter().rev().map(Origins::of).collect();
    let orphans = |path: &RepoPath| {
        let file = after.snapshot().id(path).filter(|_| is_source(path) && in_scope(path))?;
        let old = before.snapshot().id(steps.iter().fold(path, |path, step| step.path(path)))?;
        let facts = after.typescript().facts(file);
        let orphans = unused(facts);
        if orphans.is_empty() {
            return None;
        }
        let old = before.typescript().facts(old);
        let useless = unused(old);
        let loaded = kept(old);
        let orphan = |id: AliasId| {
            let alias = &facts.aliases[id.index()];
            let place = steps.iter().fold((path, alias.span), |(path, span), step| (step.path(path), step.span(path, span)));
            let before = used(old, &useless, place.1, local(facts, alias))?;
            Some(Orphan { alias: id, was_loaded: loaded[before.request.index()] })
        };
        let orphans: Vec<Orphan> = orphans.into_iter().filter_map(orphan).collect();
        (!orphans.is_empty()).then_some((file, orphans))
    };
    let found: Vec<(FileId, Vec<Orphan>)> = edited(changes).into_iter().filter_map(orphans).collect();
    if found.is_empty() { Vec::new() } else { crate::transform::orphans_of_typescript(after, &found) }
}

/// The import of a name that stood at a place of a file, if something used it.
fn used<'f>(facts: &'f Facts, useless: &[AliasId], at: Span, name: &str) -> Option<&'f Alias> {
    let is_there = |alias: &Alias| alias.span.intersects(at) || at.covers(alias.span) || alias.span.covers(at);
    let ids = facts.aliases.iter().enumerate().map(|(at, alias)| (AliasId::new(at), alias));
    let mut named = ids.filter(|(_, alias)| local(facts, alias) == name && is_there(alias));
    named.find(|(id, _)| !useless.contains(id)).map(|(_, alias)| alias)
}

fn local<'f>(facts: &'f Facts, alias: &Alias) -> &'f str {
    alias.local.map_or("", |local| facts.names.get(facts.bindings[local.index()].name))
}
