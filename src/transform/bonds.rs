//! Fixes that depend on one another: what is lost together with a fix that is not made.

use std::collections::BTreeSet;

use super::finding::{Bond, Finding, Outcome};

/// Takes the fixes that need one that is held back, directly or through others.
pub fn dependent(held: &[Finding], fixes: &mut Vec<Finding>) -> Vec<Finding> {
    let mut dependent: Vec<Finding> = Vec::new();
    loop {
        let lost = held.iter().chain(&dependent).filter_map(bond).flat_map(|bond| bond.settles.iter().cloned());
        let lost: BTreeSet<String> = lost.collect();
        let needs = |finding: &Finding| bond(finding).is_some_and(|bond| bond.needs.iter().any(|key| lost.contains(key)));
        let more: Vec<Finding> = fixes.extract_if(.., |finding| needs(finding)).collect();
        if more.is_empty() {
            return dependent;
        }
        dependent.extend(more);
    }
}

fn bond(finding: &Finding) -> Option<&Bond> {
    match &finding.outcome {
        Outcome::Fix(fix) => Some(&fix.bond),
        Outcome::Left(_) => None,
    }
}
