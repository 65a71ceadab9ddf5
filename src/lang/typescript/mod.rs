//! TypeScript and JavaScript: facts from oxc's tree, imports edited on tree-sitter's tree.
//!
//! oxc parses; scopes, merged declarations and what names mean are worked out here as TypeScript does it. Nothing of oxc's tree leaves
//! the collector: a migration needs plain data that outlives it.

pub mod calls;
mod collect;
pub mod definitions;
pub mod effects;
pub mod elements;
pub mod exports;
pub mod facts;
pub mod imports;
pub mod json;
mod lines;
pub mod load;
pub mod manifest;
pub mod marks;
pub mod missing;
pub mod modules;
pub mod place;
pub mod rename;
pub mod resolve;
pub mod shim;
mod stable;
pub mod template;
pub mod unused;

pub use collect::collect;
pub use facts::Facts;

use crate::syntax::Grammar;
use crate::text::path::RepoPath;

/// Whether the file is TypeScript or JavaScript source: `.ts`, `.tsx`, `.mts`, `.cts`, `.js`, `.jsx`, `.mjs`, `.cjs`.
pub fn is_source(path: &RepoPath) -> bool {
    grammar(path).is_some()
}

/// The grammar that reads the file; `None` for other files. JavaScript is read as TSX: it may have JSX, and has no casts `<T>x`.
pub fn grammar(path: &RepoPath) -> Option<Grammar> {
    match path.extension()? {
        b"ts" | b"mts" | b"cts" => Some(Grammar::TypeScript),
        b"tsx" | b"js" | b"jsx" | b"mjs" | b"cjs" => Some(Grammar::Tsx),
        _ => None,
    }
}

/// Whether the file says what specifiers mean: `package.json`, `tsconfig.json` and what that extends, data that code imports.
pub fn is_config(path: &RepoPath) -> bool {
    matches!(path.extension(), Some(b"json")) || path.file_name() == b"pnpm-workspace.yaml"
}
