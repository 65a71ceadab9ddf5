//! The fuzz target `typescript`; what it does is in `bodies/typescript.rs`.

#![no_main]

#[path = "../bodies/typescript.rs"]
mod body;
#[path = "../bodies/input.rs"]
#[allow(dead_code)]
mod input;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
