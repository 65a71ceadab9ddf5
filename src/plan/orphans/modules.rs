//! Modules that a step has emptied: they had something but a docstring before it.

use super::imports::edited;
use crate::index::Index;
use crate::lang::{python, typescript};
use crate::text::change::SourceChange;
use crate::text::snapshot::FileId;
use crate::transform::python::delete_module as in_python;
use crate::transform::typescript::delete_module as in_typescript;

/// The files that changes have edited and left with nothing but a docstring.
pub fn emptied(origin: &Index, index: &Index, changes: &[SourceChange]) -> Vec<FileId> {
    let emptied = |file: &FileId| {
        let path = &index.snapshot().get(*file).path;
        let had_something = origin.snapshot().id(path).is_some_and(|before| !is_empty(origin, before));
        is_empty(index, *file) && had_something
    };
    edited(changes).into_iter().filter_map(|path| index.snapshot().id(path)).filter(emptied).collect()
}

/// Whether a module has nothing, by the rules of its language; a stub says something by being there.
fn is_empty(index: &Index, file: FileId) -> bool {
    let path = &index.snapshot().get(file).path;
    match path {
        path if typescript::is_source(path) => in_typescript::is_empty(index, file),
        path if python::is_source(path) => path.extension() == Some(b"py") && in_python::is_empty(index, file),
        _ => false,
    }
}
