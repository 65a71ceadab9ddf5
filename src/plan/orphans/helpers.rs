//! What a step has removed, as the files were before it: whatever that referred to may be of no use any more.

use crate::index::Index;
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::Edit;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Removed;

/// The bytes of the files before a step that its changes, one after the other, have removed.
pub fn removed<'o>(origin: &'o Index, changes: &[SourceChange]) -> Removed<'o> {
    let whole = changes.iter().fold(SourceChange::default(), |all, change| all.then(change));
    let of_file = |(path, what): (&RepoPath, &FileChange)| -> Option<(FileId, Vec<Span>)> {
        let file = origin.snapshot().id(path).filter(|_| crate::lang::is_source(path))?;
        match what {
            FileChange::Edit(edit) => Some((file, edit.edits().iter().map(gone).collect())),
            FileChange::Delete => Some((file, vec![Span::new(0, u32::MAX)])),
            FileChange::Create { .. } | FileChange::Move { .. } => None,
        }
    };
    Removed { origin, bytes: whole.files().iter().filter_map(of_file).collect() }
}

fn gone(edit: &Edit) -> Span {
    edit.span
}
