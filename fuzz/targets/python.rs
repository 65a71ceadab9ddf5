//! The fuzz target `python`; what it does is in `bodies/python.rs`.

#![no_main]

#[path = "../bodies/python.rs"]
mod body;
#[path = "../bodies/input.rs"]
#[allow(dead_code)]
mod input;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
