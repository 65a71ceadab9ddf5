//! The fuzz target `strings`; what it does is in `bodies/strings.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ssot_migrate_fuzz::strings::run(data));
