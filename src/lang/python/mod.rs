//! Python: facts from ruff's parser, scopes by CPython's symbol-table rules, imports edited on tree-sitter's tree.
//!
//! Why not `ruff_python_semantic`: its model is filled while a checker walks the tree, holds references into that tree, and
//! resolves a name to the binding that was seen last. A migration needs plain data that outlives the tree, *every* binding of
//! a name (a `try`/`except ImportError` pair is two), and resolution that does not depend on the order of statements.

pub mod calls;
pub mod collect;
pub mod cycles;
pub mod definitions;
pub mod empty;
pub mod evaluated;
pub mod facts;
pub mod imports;
pub mod load;
pub mod loading;
pub mod missing;
pub mod modules;
pub mod objects;
pub mod rename;
pub mod resolve;
pub mod scope;
pub mod shim;
pub mod signature;
pub mod statements;
pub mod strings;
pub mod template;
#[cfg(test)]
mod testing;
pub mod unresolved;
pub mod words;
pub mod wrapper;

pub use collect::collect;
pub use facts::Facts;

use crate::text::path::RepoPath;

/// Whether the file is Python source: `.py`, or `.pyi` for stubs.
pub fn is_source(path: &RepoPath) -> bool {
    matches!(path.extension(), Some(b"py" | b"pyi"))
}
