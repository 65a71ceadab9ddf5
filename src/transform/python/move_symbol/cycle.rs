//! Whether two modules import one another while they are loaded.

use super::super::super::finding::Evidence;
use super::super::View;
use super::moment::runs_itself;
use crate::index::Index;
use crate::lang::python::facts::{Context, Import};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;

/// Which imports count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// Those that run while their module is loaded.
    Certain,
    /// Those in functions as well, where the module calls functions of its own while it is loaded.
    Possible,
}

/// The two imports of a cycle that there is between two modules after a change and was not before.
pub(super) fn closed(before: &Index, after: &Index, (a, b): (&RepoPath, &RepoPath), counted: Counted) -> Option<Vec<Evidence>> {
    let imports = |index: &Index| {
        let (a, b) = (index.snapshot().id(a)?, index.snapshot().id(b)?);
        Some((import(index, a, b, counted)?, import(index, b, a, counted)?))
    };
    let (there, back) = imports(after)?;
    if imports(before).is_some() {
        return None;
    }
    let story = Evidence { role: "cycle", at: None, text: format!("{}, and {}", there.text, back.text) };
    Some(vec![story, there, back])
}

/// The import statement of a file that runs while it is loaded and that reads names out of a module, or names it.
fn import(index: &Index, file: FileId, module: FileId, counted: Counted) -> Option<Evidence> {
    let facts = index.facts(file);
    let view = View::open(index, file);
    let dotted = index.modules().name(module)?;
    let leads = |import: &Import| {
        let runs = !import.context.contains(Context::TYPE_CHECKING) && !import.context.contains(Context::MAIN);
        let is_lazy = facts.is_lazy(import.scope);
        if !runs || (is_lazy && !(counted == Counted::Possible && runs_itself(&view, None))) {
            return false;
        }
        let names = facts.aliases_of(import).map(|(_, alias)| facts.names.get(alias.name));
        match resolve::from_module(index, file, import) {
            None => names.into_iter().any(|name| name == dotted),
            Some(from) => {
                let inner = |name: &str| index.modules().find(&format!("{}.{name}", index.modules().dotted(&from)));
                let is_here = from == Module::File(module);
                names.into_iter().any(|name| match inner(name) {
                    Ok(found) => found == Module::File(module),
                    Err(_) => is_here,
                })
            }
        }
    };
    let found = facts.imports.iter().find(|import| leads(import))?;
    let text = format!("{} would have `{}`", view.path, view.quote("import", found.span).text);
    Some(Evidence { role: "import", at: None, text })
}
