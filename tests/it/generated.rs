//! Generated repositories that are run by Python before and after a plan: what they do stays the same, a second plan has nothing to do,
//! and the way back leads to the same tree.

use rayon::prelude::*;

use crate::harness::{Sandbox, project};

pub const PLAN: [&str; 2] = ["--plan", ".oracle/plan.toml"];

/// Looks at the repositories that a script of `tests/` writes: those of the usual seeds, or of all from 1 to the number that a variable
/// says. Most of them have to be edited.
pub fn stay_the_same(script: &str, variable: &str, usual: &[u32]) {
    stay_the_same_and(script, variable, usual, &|_| Ok(()));
}

/// The same, and asks of each repository that is edited whether it is as it should be.
pub fn stay_the_same_and(script: &str, variable: &str, usual: &[u32], check: &(dyn Fn(&Sandbox) -> Result<(), String> + Sync)) {
    let last = std::env::var(variable).ok().and_then(|last| last.parse().ok());
    let seeds: Vec<u32> = last.map_or_else(|| usual.to_vec(), |last| (1..=last).collect());
    let made: Vec<Result<bool, String>> = seeds.into_par_iter().map(|seed| migrate(script, seed, check)).collect();
    let wrong: Vec<&String> = made.iter().filter_map(|made| made.as_ref().err()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let edited = made.iter().filter(|made| **made == Ok(true)).count();
    assert!(edited * 2 > made.len(), "too few cases: {edited} of {}", made.len());
}

/// Whether the tool edits the repository of a seed.
///
/// # Errors
/// What is wrong with what it makes of it.
fn migrate(script: &str, seed: u32, check: &dyn Fn(&Sandbox) -> Result<(), String>) -> Result<bool, String> {
    let sandbox = Sandbox::new();
    let script = project().join("tests").join(script);
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
    check(&sandbox).map_err(|wrong| format!("seed {seed}: {wrong}"))?;
    let again = tool(&["plan", "--phase", "phase", "--exit-code", "--format", "diff"]);
    if (again.code, again.out.as_str()) != (0, "") {
        return Err(format!("seed {seed} does not converge: {}{}", again.out, again.err));
    }
    tool(&["rollback", "--phase", "phase", "--yes"]).ok();
    let is_back = sandbox.tree() == start && sandbox.git(&["status", "--porcelain"]).is_empty();
    if is_back { Ok(true) } else { Err(format!("seed {seed} is not rolled back")) }
}
