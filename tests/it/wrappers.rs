//! Programs do the same before and after the calls of wrappers become what they stand for.
//!
//! `WRAPPER_SEEDS=1000 cargo test --test it wrappers` looks at the seeds up to 1000 in place of the few that are always looked at.

use crate::generated::stay_the_same;

#[test]
fn calls_of_wrappers_do_the_same() {
    let usual: Vec<u32> = (1..=25).collect();
    stay_the_same("generate_wrappers.py", "WRAPPER_SEEDS", &usual);
}
