//! What the fuzz targets do with their input. `tests/it/fuzz_smoke.rs` runs the same over the committed corpora.

pub mod edits;
pub mod input;
pub mod plan;
pub mod python;
pub mod strings;
pub mod typescript;
