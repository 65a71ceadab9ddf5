//! The fuzz target `typescript`; what it does is in `bodies/typescript.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ssot_migrate_fuzz::typescript::run(data));
