//! The fuzz target `edits`; what it does is in `bodies/edits.rs`.

#![no_main]

#[path = "../bodies/edits.rs"]
mod body;
#[path = "../bodies/input.rs"]
#[allow(dead_code)]
mod input;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
