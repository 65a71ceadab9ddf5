//! Layer 2: languages. One folder a language, with the same file names inside, so that two read side by side.
//!
//! A language turns a text into plain data (`facts`), knows its scopes, resolves its names across files, and edits its
//! imports. It knows nothing of transforms, plans or git. Configuration files, which name code of any language, have a file of their
//! own, and so have interned names.

pub mod config;
pub mod names;
pub mod python;
pub mod typescript;
