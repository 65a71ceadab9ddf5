//! Modules that a step has emptied: they had something but a docstring before it.

use super::imports::edited;
use crate::index::Index;
use crate::text::change::SourceChange;
use crate::text::snapshot::FileId;
use crate::transform::kind::delete_module::is_empty;

/// The files that changes have edited and left with nothing but a docstring.
pub fn emptied(origin: &Index, index: &Index, changes: &[SourceChange]) -> Vec<FileId> {
    let emptied = |file: &FileId| {
        let path = &index.snapshot().get(*file).path;
        let had_something = origin.snapshot().id(path).is_some_and(|before| !is_empty(origin, before));
        path.extension() == Some(b"py") && is_empty(index, *file) && had_something
    };
    edited(changes).into_iter().filter_map(|path| index.snapshot().id(path)).filter(emptied).collect()
}
