//! The fuzz target `strings`; what it does is in `bodies/strings.rs`.

#![no_main]

#[path = "../bodies/strings.rs"]
mod body;
#[path = "../bodies/input.rs"]
#[allow(dead_code)]
mod input;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
