//! Imports that a step has made useless: something in their file read them before it, and nothing does after it.

use std::collections::BTreeSet;

use super::super::origins::Origins;
use crate::index::Index;
use crate::lang::python;
use crate::lang::python::facts::{Alias, AliasId, Facts};
use crate::text::change::{FileChange, SourceChange};
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::Finding;
use crate::transform::python::remove_unused_imports::unread;

/// Finds the imports that changes have made useless, in the files that they edited and that are in scope.
pub fn find(before: &Index, after: &Index, changes: &[SourceChange], in_scope: &dyn Fn(&RepoPath) -> bool) -> Vec<Finding> {
    let steps: Vec<Origins<'_>> = changes.iter().rev().map(Origins::of).collect();
    let orphans = |path: &RepoPath| {
        let file = after.snapshot().id(path).filter(|_| python::is_source(path) && in_scope(path))?;
        let old = before.snapshot().id(steps.iter().fold(path, |path, step| step.path(path)))?;
        let facts = after.facts(file);
        let mut orphans = unread(facts);
        if orphans.is_empty() {
            return None;
        }
        let unread: BTreeSet<AliasId> = unread(before.facts(old)).into_iter().collect();
        orphans.retain(|id| {
            let alias = &facts.aliases[id.index()];
            let place = steps.iter().fold((path, place(alias)), |(path, span), step| (step.path(path), step.span(path, span)));
            was_read(before.facts(old), &unread, place.1, facts.names.get(alias.local))
        });
        (!orphans.is_empty()).then_some((file, orphans))
    };
    let found: Vec<(FileId, Vec<AliasId>)> = edited(changes).into_iter().filter_map(orphans).collect();
    if found.is_empty() { Vec::new() } else { crate::transform::orphans(after, found) }
}

/// The files that changes edit, under the names that they have in the end.
pub fn edited(changes: &[SourceChange]) -> BTreeSet<&RepoPath> {
    let mut paths: BTreeSet<&RepoPath> = BTreeSet::new();
    for (path, what) in changes.iter().flat_map(SourceChange::files) {
        match what {
            FileChange::Edit(_) => paths.insert(path),
            FileChange::Move { to, .. } => paths.insert(to),
            FileChange::Create { .. } | FileChange::Delete => false,
        };
    }
    paths
}

/// Whether an import of a name stood at a place of a file, and something read it.
fn was_read(facts: &Facts, unread: &BTreeSet<AliasId>, at: Span, local: &str) -> bool {
    let is_there = |alias: &Alias| place(alias).intersects(at) || at.covers(place(alias)) || place(alias).covers(at);
    // Aliases stand in the order of their places, and do not overlap.
    let first = facts.aliases.partition_point(|alias| place(alias).end < at.start);
    let ids = facts.aliases.iter().enumerate().skip(first).map(|(at, alias)| (AliasId::new(at), alias));
    let near = ids.take_while(|(_, alias)| place(alias).start <= at.end);
    let mut named = near.filter(|(_, alias)| facts.names.get(alias.local) == local && is_there(alias));
    named.any(|(id, _)| !unread.contains(&id))
}

fn place(alias: &Alias) -> Span {
    Span::new(alias.name_span.start, alias.asname.map_or(alias.name_span.end, |(_, span)| span.end))
}
