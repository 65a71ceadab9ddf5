//! Layer 2: languages. One folder a language, with the same file names inside, so that two read side by side.
//!
//! A language turns a text into plain data (`facts`), knows its scopes, resolves its names across files, and edits its
//! imports. It knows nothing of transforms, plans or git. What does not depend on a language has a file of its own.

pub mod block;
pub mod config;
pub mod cycles;
pub mod names;
pub mod python;
pub mod typescript;

use crate::syntax::Grammar;
use crate::text::path::RepoPath;

/// The grammar that reads a source file, by its name; `None` for a file of no language that is known.
pub fn grammar(path: &RepoPath) -> Option<Grammar> {
    if python::is_source(path) { Some(Grammar::Python) } else { typescript::grammar(path) }
}

/// Whether the file is source code of a language that is known.
pub fn is_source(path: &RepoPath) -> bool {
    grammar(path).is_some()
}
