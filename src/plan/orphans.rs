//! What a step has made useless: something needed it before the step, and nothing does after it. It is found once the step's own fixes
//! have been made, and removed as further parts of it; what was useless before is none of its business.
//!
//! Imports go with every step, definitions that only deleted code used ([`helpers`]) and modules that are left with nothing but a
//! docstring ([`modules`]) with those that ask for it ([`Clearing`]). Each sweep takes away what can go by now: first imports, then
//! helpers, then modules; what it frees is for the next.

mod helpers;
mod imports;
mod modules;
mod typescript;

use std::collections::BTreeSet;

use super::build::{BuildError, StepName, has_fix, is_held, make, remaining};
use super::choice::{Choice, Since};
use crate::index::Index;
use crate::text::change::SourceChange;
use crate::text::path::RepoPath;
use crate::text::span::Span;
use crate::transform::finding::{Applicability, Finding};
use crate::transform::{Clearing, Scope, Transform};

/// What has become of what a step has made useless.
pub(super) struct Orphans<'s> {
    scope: &'s Scope,
    transform: &'s Transform,
    clearing: Clearing,
    /// Those that are removed, or were to be and are held back.
    settled: Vec<Finding>,
    /// Those that wait for a look, or stay.
    listed: Vec<Finding>,
}

impl<'s> Orphans<'s> {
    /// None so far, in the files that a plan and a step's transform are for.
    pub fn new(scope: &'s Scope, transform: &'s Transform) -> Self {
        Self { scope, transform, clearing: transform.rule.clears(), settled: Vec::new(), listed: Vec::new() }
    }

    /// Removes what the changes of a step have made useless since `origin`, as far as that is sure enough. `None` where nothing is
    /// removed.
    ///
    /// # Errors
    /// A removal would break something.
    pub fn sweep(
        &mut self,
        (origin, index): (&Index, &Index),
        at: &StepName,
        (pass, choice): (Applicability, &mut Choice<'_>),
        changes: &[SourceChange],
        looked_at: &mut BTreeSet<RepoPath>,
        doing: &dyn Fn(&str),
    ) -> Result<Option<(SourceChange, Index)>, BuildError> {
        // At the places that they had before the step, like all that it finds. A file as a whole has the same.
        let as_before = |mut findings: Vec<Finding>| {
            let files: Vec<Finding> = findings.extract_if(.., |finding| finding.place.span == Span::at(0)).collect();
            files.into_iter().chain(remaining(origin, changes, Vec::new(), findings)).collect::<Vec<_>>()
        };
        let mut listed = Vec::new();
        for find in [Self::imports, Self::helpers, Self::modules] {
            let mut found = find(self, origin, index, changes);
            found.retain(|finding| !is_held(&self.settled, finding));
            found = choice.choose(at, index, &Since { changes, is_fresh: true }, pass, found);
            let fixes: Vec<Finding> = found.extract_if(.., |finding| has_fix(finding, |fix| fix >= pass)).collect();
            let mut settled = Vec::new();
            let made = make(index, at, fixes, &mut settled, looked_at, doing)?;
            self.settled.extend(as_before(settled));
            if made.is_some() {
                return Ok(made);
            }
            listed.extend(as_before(found));
        }
        self.listed = listed;
        Ok(None)
    }

    fn imports(&self, origin: &Index, index: &Index, changes: &[SourceChange]) -> Vec<Finding> {
        let in_scope = |path: &RepoPath| self.scope.contains(path) && self.transform.scope.contains(path);
        let mut found = imports::find(origin, index, changes, &in_scope);
        found.extend(typescript::imports(origin, index, changes, &in_scope));
        found
    }

    fn helpers(&self, origin: &Index, index: &Index, changes: &[SourceChange]) -> Vec<Finding> {
        if !self.clearing.helpers || changes.is_empty() {
            return Vec::new();
        }
        crate::transform::helpers(index, self.scope, self.transform, &helpers::removed(origin, changes))
    }

    fn modules(&self, origin: &Index, index: &Index, changes: &[SourceChange]) -> Vec<Finding> {
        if !self.clearing.empty_modules {
            return Vec::new();
        }
        let emptied = modules::emptied(origin, index, changes);
        crate::transform::emptied(index, self.scope, self.transform, &emptied)
    }

    /// All of them.
    pub fn into_findings(self) -> impl Iterator<Item = Finding> {
        self.settled.into_iter().chain(self.listed)
    }
}
