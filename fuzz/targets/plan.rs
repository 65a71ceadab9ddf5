//! The fuzz target `plan`; what it does is in `bodies/plan.rs`.

#![no_main]

#[path = "../bodies/plan.rs"]
mod body;
#[path = "../bodies/input.rs"]
#[allow(dead_code)]
mod input;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
