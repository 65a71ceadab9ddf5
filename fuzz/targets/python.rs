//! The fuzz target `python`; what it does is in `bodies/python.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ssot_migrate_fuzz::python::run(data));
