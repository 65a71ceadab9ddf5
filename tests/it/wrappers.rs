//! Programs do the same before and after the calls of wrappers become what they stand for: generated repositories are run by Python.
//!
//! `WRAPPER_SEEDS=1000 cargo test --test it wrappers` looks at the seeds up to 1000 in place of the few that are always looked at.

use rayon::prelude::*;

use crate::harness::{Sandbox, project};

const PLAN: [&str; 2] = ["--plan", ".oracle/plan.toml"];

/// Whether the tool edits the repository of a seed.
///
/// # Errors
/// What is wrong with what it makes of it.
fn migrate(seed: u32) -> Result<bool, String> {
    let sandbox = Sandbox::new();
    let script = project().join("tests/generate_wrappers.py");
    sandbox.python(&[script.to_str().unwrap(), ".", "--seed", &seed.to_string()]).ok();
    sandbox.init();
    let start = sandbox.tree();
    let before = sandbox.python(&["run_all.py"]).ok();
    let tool = |words: &[&str]| sandbox.tool(&[words, &PLAN[..]].concat());
    let made = tool(&["apply", "--yes"]);
    if made.code != 0 {
        return Err(format!("seed {seed}: {}", made.err));
    }
    if made.out.starts_with("Nothing to change.") {
        return Ok(false);
    }
    let after = sandbox.python(&["run_all.py"]).out;
    if before != after {
        return Err(format!("seed {seed} does otherwise:\n{before}{after}"));
    }
    let again = tool(&["plan", "--phase", "phase", "--exit-code", "--format", "diff"]);
    if (again.code, again.out.as_str()) != (0, "") {
        return Err(format!("seed {seed} does not converge: {}{}", again.out, again.err));
    }
    tool(&["rollback", "--phase", "phase", "--yes"]).ok();
    let is_back = sandbox.tree() == start && sandbox.git(&["status", "--porcelain"]).is_empty();
    if is_back { Ok(true) } else { Err(format!("seed {seed} is not rolled back")) }
}

#[test]
fn calls_of_wrappers_do_the_same() {
    let last = std::env::var("WRAPPER_SEEDS").ok().and_then(|last| last.parse().ok());
    let seeds: Vec<u32> = (1..=last.unwrap_or(25)).collect();
    let made: Vec<Result<bool, String>> = seeds.into_par_iter().map(migrate).collect();
    let wrong: Vec<&String> = made.iter().filter_map(|made| made.as_ref().err()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let edited = made.iter().filter(|made| **made == Ok(true)).count();
    assert!(edited * 2 > made.len(), "too few cases: {edited} of {}", made.len());
}
