//! Layer 0: bytes and changes to them. No language, no disk, no git.

pub mod blob;
pub mod change;
pub mod edit;
pub mod eol;
pub mod lines;
pub mod merge;
pub mod path;
pub mod plain;
pub mod snapshot;
pub mod span;
pub mod words;
