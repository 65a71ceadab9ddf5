//! Where files, and places in them, were before a change.

use std::collections::BTreeMap;

use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::Trace;
use crate::text::path::RepoPath;
use crate::text::span::Span;

/// What a change has made of the files that it keeps, by the paths that they have afterwards.
#[derive(Default)]
pub(super) struct Origins<'c>(BTreeMap<&'c RepoPath, (&'c RepoPath, Trace<'c>)>);

impl<'c> Origins<'c> {
    pub fn of(change: &'c SourceChange) -> Self {
        let kept = change.files().iter().filter_map(|(from, what)| match what {
            FileChange::Edit(edit) => Some((from, (from, Trace::of(edit)))),
            FileChange::Move { to, edit } => Some((to, (from, Trace::of(edit)))),
            FileChange::Create { .. } | FileChange::Delete => None,
        });
        Self(kept.collect())
    }

    /// The path before.
    pub fn path<'p>(&self, path: &'p RepoPath) -> &'p RepoPath
    where
        'c: 'p,
    {
        self.0.get(path).map_or(path, |(from, _)| from)
    }

    /// The bytes before; for what the change has put there, what stood in its place.
    pub fn span(&self, path: &RepoPath, span: Span) -> Span {
        self.0.get(path).map_or(span, |(_, edit)| edit.before(span))
    }
}
