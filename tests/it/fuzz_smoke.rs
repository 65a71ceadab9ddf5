//! The fuzz targets of `fuzz/` over their corpora, without a fuzzer: what was found once stays mended.

use std::fs;

use crate::harness::project;

#[path = "../../fuzz/bodies/edits.rs"]
mod edits;
#[path = "../../fuzz/bodies/input.rs"]
mod input;
#[path = "../../fuzz/bodies/plan.rs"]
mod plan;
#[path = "../../fuzz/bodies/python.rs"]
mod python;
#[path = "../../fuzz/bodies/strings.rs"]
mod strings;
#[path = "../../fuzz/bodies/typescript.rs"]
mod typescript;

/// Runs a target over its corpus.
fn over(target: &str, run: fn(&[u8])) {
    let folder = project().join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{target} has no corpus");
    for path in paths {
        let input = fs::read(&path).unwrap();
        let result = std::panic::catch_unwind(|| run(&input));
        assert!(result.is_ok(), "{}", path.display());
    }
}

#[test]
fn plans() {
    over("plan", plan::run);
}

#[test]
fn edits_and_merges() {
    over("edits", edits::run);
}

#[test]
fn python_facts() {
    over("python", python::run);
}

#[test]
fn typescript_facts() {
    over("typescript", typescript::run);
}

#[test]
fn patch_strings() {
    over("strings", strings::run);
}
