//! Tests observe the same before and after a plan that moves what they patch.
//!
//! `PATCH_SEEDS=1000 cargo test --test it patches` looks at the seeds up to 1000 in place of the few that are always looked at.

use crate::generated::stay_the_same;

#[test]
fn tests_that_patch_observe_the_same() {
    stay_the_same("generate_patches.py", "PATCH_SEEDS", &[3, 26, 32, 46, 47, 48, 49, 61, 135, 147, 244, 373, 404]);
}
