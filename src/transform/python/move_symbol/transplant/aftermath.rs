//! What becomes of the old module once a definition has gone: the old name, its entry in `__all__`, and imports that nothing uses.

use std::collections::BTreeSet;

use super::{Transplant, quoted};
use crate::lang::python::definitions;
use crate::lang::python::facts::{Alias, AliasId, BindingKind, ScopeId};
use crate::lang::python::imports::removals;
use crate::lang::python::rename::rename_uses;
use crate::lang::python::statements;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Finding, Form, Outcome, Reason};
use crate::transform::python::View;
use crate::transform::python::move_symbol::draft::{Doubt, Stop};
use crate::transform::python::move_symbol::leftovers::leftovers;
use crate::transform::python::move_symbol::place::is_used;
use crate::transform::python::move_symbol::source;
use crate::transform::python::relocate::owner;
use crate::transform::python::remove_unused_imports::{droppable, unread};

impl Transplant<'_, '_> {
    /// Without the old name every reference has to follow.
    pub(super) fn check_leftovers(&mut self) -> Result<(), Stop> {
        let left = std::mem::take(&mut self.leftovers);
        let (strings, others): (Vec<Finding>, Vec<Finding>) =
            left.into_iter().partition(|finding| finding.spelling.is_some_and(|spelling| spelling.form == Form::String));
        let reason = |finding: &Finding| match finding.outcome {
            Outcome::Left(reason) => reason,
            Outcome::Fix(_) => Reason::StillReferenced,
        };
        let index = self.draft.index();
        let told = |finding: &Finding| (reason(finding), self.draft.in_first(quoted(index, finding)));
        let mut blockers: Vec<Doubt> = others.iter().map(told).collect();
        let doubts: Vec<Doubt> = strings.iter().map(told).collect();
        self.doubts.extend(doubts);
        let found = leftovers(self.draft.index(), self.draft.file(&self.old)?, &self.from.name);
        let is_new = |known: &[Doubt], evidence: &Evidence| !known.iter().any(|(_, other)| other.at == evidence.at);
        let in_first = |(reason, evidence)| (reason, self.draft.in_first(evidence));
        for (reason, evidence) in found.blockers.into_iter().map(in_first) {
            if is_new(&blockers, &evidence) {
                blockers.push((reason, evidence));
            }
        }
        for (reason, evidence) in found.doubts.into_iter().map(in_first).collect::<Vec<Doubt>>() {
            if is_new(&self.doubts, &evidence) {
                self.doubts.push((reason, evidence));
            }
        }
        let Some((first, _)) = blockers.first() else { return Ok(()) };
        let is_one = blockers.iter().all(|(reason, _)| reason == first);
        let reason = if is_one { *first } else { Reason::StillReferenced };
        let mut evidence: Vec<Evidence> = blockers.into_iter().map(|(_, evidence)| evidence).collect();
        evidence.push(Evidence { role: "hint", at: None, text: "`shim = true` keeps the old name working".to_owned() });
        Err(Stop { reason, evidence })
    }

    /// Gives the old name the form that it keeps: a shim, an import for the old module's own use, or none.
    pub(super) fn settle_old_name(&mut self, is_inside: bool) -> Result<(), Stop> {
        let (from, to) = (&*self.from.name, &*self.to.name);
        if self.manner.shim && !is_inside {
            return Ok(());
        }
        let view = View::open(self.draft.index(), self.draft.file(&self.old)?);
        let facts = view.facts;
        let (_, binding) = facts.module_bindings(from).next().ok_or(Reason::ParsersDisagree)?;
        let BindingKind::Import(id) = binding.kind else { return Err(Reason::ParsersDisagree.into()) };
        let import = facts.import_of(&facts.aliases[id.index()]).span;
        let mut edits = Vec::new();
        if self.manner.shim {
            let is_apart = facts.module_bindings(to).any(|(_, binding)| matches!(binding.kind, BindingKind::Definition(_)));
            let gap = eol::line_ending(&view.text).repeat(if is_apart { 2 } else { 0 });
            edits.push(Edit::replace(import, format!("{gap}{from} = {to}")));
        } else if is_inside {
            let start = eol::line_start(&view.text, import.range().start);
            let above = eol::previous_line(&view.text, start).map_or(start, |line| eol::line_end(&view.text, line));
            edits.push(Edit::delete(Span::new(above as u32, import.end)));
        } else {
            let is_needed = is_used(facts, from, |_| true);
            let name = facts.names.find(from).ok_or(Reason::ParsersDisagree)?;
            match (is_needed, from != to) {
                (false, _) => edits.push(definitions::take_out(&view.text, import)),
                (true, true) => {
                    if let Ok(renamed) = rename_uses(facts, ScopeId::MODULE, name, to, &|_| false) {
                        edits.extend(renamed);
                        let end = binding.span;
                        let alias = &facts.aliases[id.index()];
                        edits.push(Edit::delete(Span::new(alias.name_span.end, end.end)));
                    }
                }
                (true, false) => {}
            }
            let source = source(&view)?;
            for (entry, span) in facts.exports.iter().flat_map(|exports| &exports.entries) {
                if *entry == name {
                    edits.extend(statements::remove_element(&source, *span).map_err(|_| Reason::ParsersDisagree)?);
                }
            }
        }
        let path = self.old.clone();
        drop(view);
        self.draft.edit(&path, edits)
    }

    /// Drops the imports of the old module that only the definition used, as far as nothing speaks against it: without them the two
    /// modules may not form a cycle. The others are found once the step is done.
    pub(super) fn drop_imports(&mut self, names: &BTreeSet<Box<str>>) -> Result<(), Stop> {
        let file = self.draft.file(&self.old)?;
        if names.is_empty() || self.draft.index().modules().is_package(file) {
            return Ok(());
        }
        let index = self.draft.index();
        let facts = index.facts(file);
        let is_of_module = |alias: &Alias| owner(facts, alias) == Some(ScopeId::MODULE);
        let is_orphan = |id: &AliasId| {
            let alias = &facts.aliases[id.index()];
            names.contains(facts.names.get(alias.local)) && is_of_module(alias)
        };
        let orphans: Vec<AliasId> = unread(facts).into_iter().filter(is_orphan).collect();
        if orphans.is_empty() {
            return Ok(());
        }
        let going = droppable(index, file, orphans);
        let view = View::open(index, file);
        let removals = removals(&source(&view)?, &going);
        let edits = removals.into_iter().filter_map(|removal| removal.edits.ok()).flatten().collect();
        let path = self.old.clone();
        drop(view);
        self.draft.edit(&path, edits)
    }
}
