//! What is deleted out of generated repositories is what the generator says, by its own graph, and programs do the same without it.
//!
//! `DELETION_SEEDS=500 cargo test --test it deletions` looks at the seeds up to 500 in place of the few that are always looked at.

use std::collections::BTreeSet;

use serde_json::Value;
use ssot_migrate::lang::python::collect;

use crate::generated::{PLAN, stay_the_same_and};
use crate::harness::Sandbox;

/// The symbols of a generated repository that its oracle says this of.
fn said(sandbox: &Sandbox, word: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(sandbox.path(".oracle/expected.txt")).unwrap();
    text.lines().filter_map(|line| line.strip_prefix(word)).map(|symbol| symbol.trim().to_owned()).collect()
}

/// Whether a module of the repository still binds a name.
fn is_there(sandbox: &Sandbox, symbol: &str) -> bool {
    let (module, name) = symbol.split_once(':').unwrap();
    let text = std::fs::read_to_string(sandbox.path(&format!("{}.py", module.replace('.', "/")))).unwrap_or_default();
    collect(&text, None).module_bindings(name).next().is_some()
}

/// Compares what is gone with what the oracle says. What an import holds that a person has to look at stays, too.
fn check(sandbox: &Sandbox, report: &Value) -> Result<(), String> {
    let wanted = said(sandbox, "gone ");
    let all = wanted.union(&said(sandbox, "stays ")).cloned().collect::<BTreeSet<String>>();
    let gone: BTreeSet<String> = all.into_iter().filter(|symbol| !is_there(sandbox, symbol)).collect();
    let lists = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let steps = lists(report, "phases").into_iter().flat_map(|phase| lists(&phase, "steps"));
    let mut findings = steps.flat_map(|step| lists(&step, "findings"));
    let is_kept_import = |finding: Value| {
        finding["outcome"] != "fixed" && finding["message"].as_str().is_some_and(|message| message.ends_with("orphaned"))
    };
    match gone == wanted || (gone.is_subset(&wanted) && findings.any(is_kept_import)) {
        true => Ok(()),
        false => Err(format!("{gone:?} is gone and not {wanted:?}")),
    }
}

#[test]
fn what_goes_is_what_nothing_living_uses() {
    let usual: Vec<u32> = (1..=20).collect();
    stay_the_same_and("generate_deletions.py", "DELETION_SEEDS", &usual, &|sandbox| {
        let report = sandbox.tool(&[&["plan", "--at", "HEAD~1", "--format", "json"], &PLAN[..]].concat()).ok();
        check(sandbox, &serde_json::from_str(&report).unwrap())
    });
}
