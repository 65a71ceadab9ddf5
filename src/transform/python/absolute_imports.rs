//! `absolute-imports`: relative imports become absolute ones.
//!
//! The module stays the same, so every fix is safe. A relative import of something that does not exist is left: making it
//! absolute would only hide where it came from.

use rayon::prelude::*;

use super::super::finding::{Finding, Fix, Outcome, Reason};
use super::super::wire::{Problem, Table};
use super::super::{Context, Rule, Subject};
use super::View;
use super::named::is_dotted;
use crate::index::Index;
use crate::index::words::Word;
use crate::lang::python::facts::{Import, ImportId};
use crate::lang::python::imports::replace_module;
use crate::lang::python::modules::Module;
use crate::lang::python::unresolved::unresolved;
use crate::text::change::SourceChange;
use crate::text::edit::TextEdit;
use crate::text::snapshot::FileId;

struct AbsoluteImports;

/// Reads the parameters.
pub fn read(_: &Table<'_>) -> Option<Box<dyn Rule>> {
    Some(Box::new(AbsoluteImports))
}

impl Rule for AbsoluteImports {
    fn check(&self, _: &Index) -> Vec<Problem> {
        Vec::new()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let files = context.index.with_words(&[Word::relative_import()]);
        let files: Vec<FileId> = files.into_iter().filter(|&file| context.in_scope(file)).collect();
        files.par_iter().flat_map_iter(|&file| in_file(context.index, file)).collect()
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
    }
}

fn in_file(index: &Index, file: FileId) -> Vec<Finding> {
    let facts = index.facts(file);
    let is_relative = |import: &Import| import.from.is_some_and(|from| from.level > 0);
    if !facts.imports.iter().any(is_relative) {
        return Vec::new();
    }
    let view = View::open(index, file);
    let dangling = unresolved(index, file);
    let is_rooted = is_rooted(index, file);
    let relative = facts.imports.iter().enumerate().filter(|(_, import)| is_relative(import));
    let finding = |(at, import): (usize, &Import)| {
        let is_dangling = dangling.iter().any(|(span, _)| import.span.covers(*span));
        let (message, outcome) = match absolute(&view, ImportId::new(at), is_dangling) {
            Ok((module, edit)) => {
                let change = SourceChange::edit(view.path.clone(), edit);
                let fix = Fix::judged((!is_rooted).then_some(Reason::NotProved), change);
                (format!("a relative import of {module}"), Outcome::Fix(fix))
            }
            Err(reason) => ("a relative import".to_owned(), Outcome::Left(reason)),
        };
        view.finding(import.span, message, Some(view.import_spelling(import)), outcome)
    };
    relative.map(finding).collect()
}

/// Whether regular packages lead from the import root to the file. A folder without `__init__.py` in between may be a root itself, and
/// then the file has another name when the program runs.
fn is_rooted(index: &Index, file: FileId) -> bool {
    let name = index.modules().name(file).unwrap_or_default();
    let folders = name.match_indices('.').map(|(end, _)| &name[..end]);
    folders.into_iter().all(|folder| matches!(index.modules().find(folder), Ok(Module::File(_))))
}

/// The absolute name that a relative import means, and the edit that writes it.
fn absolute(view: &View<'_>, id: ImportId, is_dangling: bool) -> Result<(String, TextEdit), Reason> {
    let import = &view.facts.imports[id.index()];
    let from = import.from.ok_or(Reason::NotImportable)?;
    let module = from.module.map(|module| view.facts.names.get(module));
    let absolute = view.index.modules().absolute(view.file, from.level, module).ok_or(Reason::BeyondRoot)?;
    if absolute.is_empty() {
        return Err(Reason::BeyondRoot);
    }
    if !is_dotted(&absolute) {
        return Err(Reason::NotImportable);
    }
    if !view.facts.errors.is_empty() {
        return Err(Reason::Unparsable);
    }
    if is_dangling {
        return Err(Reason::Dangling);
    }
    let source = view.source().ok_or(Reason::ParsersDisagree)?;
    let edits = replace_module(&source, id, &absolute).map_err(|_| Reason::ParsersDisagree)?;
    let edit = TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)?;
    Ok((absolute, edit))
}
