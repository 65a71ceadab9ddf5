//! The fuzz target `plan`; what it does is in `bodies/plan.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ssot_migrate_fuzz::plan::run(data));
