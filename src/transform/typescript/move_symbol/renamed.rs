//! A definition that gets another name in its own module.

use super::definition::{Moving, Stop};
use super::held::{check_augmented, check_documented, check_namespaces};
use crate::lang::typescript::facts::Exported;
use crate::lang::typescript::rename::rename;
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::transform::finding::Reason;

/// The change of the module itself, and why it is to be looked at.
pub fn rename_in_place(moving: &Moving<'_>) -> Result<(SourceChange, Option<Reason>), Stop> {
    let facts = moving.view.facts;
    if !facts.errors.is_empty() {
        return Err(Reason::Unparsable.into());
    }
    if let Some(reason) = moving.context.keeps(moving.view.file) {
        return Err(reason.into());
    }
    check_augmented(moving)?;
    check_documented(moving)?;
    check_namespaces(moving)?;
    let taken = facts.exports_of(&moving.to.name).next();
    if let Some((_, export)) = taken {
        return Err(Stop { reason: Reason::PlaceTaken, evidence: vec![moving.view.quote("there", export.span)] });
    }
    if moving.from.name == "default" || moving.to.name == "default" {
        return Err(Reason::OddSpelling.into());
    }
    let source = moving.source()?;
    let local = facts.names.get(facts.bindings[moving.binding.index()].name);
    let listed = facts.exports_of(&moving.from.name).find(|(_, export)| {
        matches!(export.what, Exported::Binding(_)) && !moving.regions().iter().any(|region| region.covers(export.span))
    });
    let mut edits: Vec<Edit> = Vec::new();
    // `export { local as Old }`: what the module itself calls it is its own business.
    if local == moving.from.name {
        let renaming = rename(&source, moving.binding, &moving.to.name, &|_| false).map_err(|kept| {
            let at = kept.iter().filter_map(|kept| kept.at);
            Stop { reason: Reason::NameTaken, evidence: at.map(|at| moving.view.quote("there", at)).collect() }
        })?;
        edits.extend(renaming.declarations);
        let is_listed = |edit: &Edit| listed.is_some_and(|(_, export)| export.span.covers(edit.span));
        edits.extend(renaming.uses.into_iter().filter(|edit| !is_listed(edit)));
    }
    if let Some((_, export)) = listed {
        let text = if local == moving.from.name { moving.to.name.clone() } else { format!("{local} as {}", moving.to.name) };
        edits.push(Edit::replace(export.span, text));
    }
    let edit = TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)?;
    Ok((SourceChange::edit(moving.view.path.clone(), edit), None))
}
