//! The fuzz target `edits`; what it does is in `bodies/edits.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ssot_migrate_fuzz::edits::run(data));
