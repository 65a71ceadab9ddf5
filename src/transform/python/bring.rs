//! The import statements that change with new code: they bring what it needs, and drop what nothing needs any more.

use std::collections::{BTreeMap, BTreeSet};

use super::super::finding::{Applicability, Bond, Finding, Fix, Form, Outcome, Reason, Spelling};
use super::View;
use crate::lang::python::facts::{AliasId, Context as Under, ImportId, ScopeId};
use crate::lang::python::imports::{self, Added, Becomes, Change, Editor, Name, Refusal, Source};
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::span::Span;

/// What changes with the import statements of a file.
#[derive(Default)]
pub(super) struct Imports {
    needed: BTreeMap<ImportId, BTreeSet<Name>>,
    dropped: BTreeMap<ImportId, Vec<AliasId>>,
    /// What is imported at the head of the module.
    head: BTreeSet<Name>,
}

/// A place where imports change, and the edits; `None` where it cannot be edited.
struct Changed {
    span: Span,
    spelling: Spelling,
    edits: Option<Vec<Edit>>,
}

impl Imports {
    /// Imports names beside a statement, or at the head of the module.
    pub(super) fn need(&mut self, anchor: Option<ImportId>, names: &BTreeSet<Name>) {
        match anchor {
            Some(import) if !names.is_empty() => self.needed.entry(import).or_default().extend(names.iter().cloned()),
            Some(_) => {}
            None => self.head.extend(names.iter().cloned()),
        }
    }

    /// Drops a name of a `from` statement.
    pub(super) fn drop(&mut self, import: ImportId, alias: AliasId) {
        let dropped = self.dropped.entry(import).or_default();
        if !dropped.contains(&alias) {
            dropped.push(alias);
        }
    }

    /// The findings of the statements that change, and the key that code needs which depends on them; `None` where one of them cannot be
    /// edited. `calls` is the key that the code settles.
    pub(super) fn findings(
        self,
        view: &View<'_>,
        source: &Source<'_>,
        message: &str,
        reason: Option<Reason>,
        code: &str,
    ) -> Option<(Vec<Finding>, Option<String>)> {
        let changed = self.changed(view, source);
        let key = (!changed.is_empty()).then(|| format!("imports of {}", view.path));
        let finding = |changed: Changed| {
            let bond = Bond { settles: key.clone().into_iter().collect(), needs: vec![code.to_owned()] };
            let outcome = outcome(view, changed.edits?, reason, bond);
            Some(view.finding(changed.span, message.to_owned(), Some(changed.spelling), outcome))
        };
        let findings = changed.into_iter().map(finding).collect::<Option<Vec<_>>>()?;
        Some((findings, key))
    }

    fn changed(mut self, view: &View<'_>, source: &Source<'_>) -> Vec<Changed> {
        let statements: BTreeSet<ImportId> = self.needed.keys().chain(self.dropped.keys()).copied().collect();
        // Of several statements in one scope that need one name, the first brings it.
        let mut brought: BTreeSet<(ScopeId, Name)> = BTreeSet::new();
        let mut changes: BTreeMap<ImportId, Change> = BTreeMap::new();
        for id in statements {
            let import = &view.facts.imports[id.index()];
            let names = self.needed.remove(&id).unwrap_or_default().into_iter();
            let mut names: Vec<Name> = names.filter(|name| !brought.contains(&(import.scope, name.clone()))).collect();
            // What does not always run makes nothing sure for later statements.
            if import.context == Under::default() {
                brought.extend(names.iter().map(|name| (import.scope, name.clone())));
            }
            let dropped = self.dropped.remove(&id).unwrap_or_default();
            let mut change = Change::default();
            for alias in dropped {
                // The first new name takes the place of the first that goes.
                let becomes = if names.is_empty() { Becomes::Nothing } else { Becomes::Name(names.remove(0)) };
                change.aliases.push((alias, becomes));
            }
            change.added.extend(names.into_iter().map(Added::Name));
            if !change.aliases.is_empty() || !change.added.is_empty() {
                changes.insert(id, change);
            }
        }
        let is_changing = |import: ImportId| changes.contains_key(&import);
        let editor = Editor::new(source, &is_changing);
        let statement = |(&id, change): (&ImportId, &Change)| {
            let import = &view.facts.imports[id.index()];
            let edits = rewrite(&editor, id, change);
            Changed { span: import.span, spelling: view.import_spelling(import), edits }
        };
        let mut changed: Vec<Changed> = changes.iter().map(statement).collect();
        if !self.head.is_empty() {
            let edits = at_head(view, source, &self.head);
            changed.push(Changed { span: Span::at(0), spelling: Spelling::of(Form::FromImport), edits });
        }
        changed
    }
}

/// The edits of an import statement; `None` where it cannot be edited. One whose comment would be lost stays, and brings more.
fn rewrite(editor: &Editor<'_>, import: ImportId, change: &Change) -> Option<Vec<Edit>> {
    match imports::rewrite(editor, import, change) {
        Ok(edits) => Some(edits),
        Err(Refusal::ParsersDisagree) => None,
        Err(Refusal::Comment) => {
            let names = change.aliases.iter().filter_map(|(_, becomes)| match becomes {
                Becomes::Name(name) => Some(Added::Name(name.clone())),
                Becomes::Module { .. } | Becomes::Nothing => None,
            });
            let added = names.chain(change.added.iter().cloned()).collect();
            imports::rewrite(editor, import, &Change { aliases: Vec::new(), added }).ok()
        }
    }
}

/// The edits that import names at the head of a module.
fn at_head(view: &View<'_>, source: &Source<'_>, names: &BTreeSet<Name>) -> Option<Vec<Edit>> {
    let need =
        |name: &Name| imports::Need { what: imports::Needed::Name(name.clone()), is_relative: false, is_type_checking: false };
    let needs: Vec<imports::Need> = names.iter().map(need).collect();
    let module = view.index.modules().name(view.file).unwrap_or_default();
    let package = match view.index.modules().is_package(view.file) {
        true => module,
        false => module.rsplit_once('.').map_or("", |(package, _)| package),
    };
    imports::insert(source, &needs, package).ok()
}

/// A fix with some edits: safe, unless there is a reason why not.
pub(super) fn outcome(view: &View<'_>, edits: Vec<Edit>, reason: Option<Reason>, bond: Bond) -> Outcome {
    match TextEdit::new(edits) {
        Ok(edit) => {
            let applicability = if reason.is_none() { Applicability::Safe } else { Applicability::Review };
            let change = SourceChange::edit(view.path.clone(), edit);
            Outcome::Fix(Fix { bond, ..Fix::new(applicability, reason, change) })
        }
        Err(_) => Outcome::Left(Reason::ParsersDisagree),
    }
}
