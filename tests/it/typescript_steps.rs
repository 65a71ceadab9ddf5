//! Generated TypeScript projects, each with a step of its own: what the step leaves compiles and prints what it did before, and what is
//! deleted is what the generator's own graph says.
//!
//! `TYPESCRIPT_WRAPPER_SEEDS=500 cargo test --test it typescript_steps` looks at the seeds up to 500 in place of the few that are always
//! looked at, `TYPESCRIPT_DELETION_SEEDS` does for deletions.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rayon::prelude::*;
use serde_json::Value;
use ssot_migrate::lang::typescript::collect;
use ssot_migrate::text::path::RepoPath;

use crate::equivalence::Purpose;
use crate::harness::{Sandbox, plan_of, project};
use crate::typescript::{differences, look};
use crate::typescript_generated::made;

/// A generated project, and what its generator says of it.
fn generated(script: &str, seed: u32) -> (Sandbox, Value) {
    let sandbox = Sandbox::new();
    let script = project().join("tests").join(script);
    let said = sandbox.python(&[script.to_str().unwrap(), ".", "--seed", &seed.to_string()]).ok();
    (sandbox, serde_json::from_str(&said).unwrap())
}

/// Takes the steps of the projects of a generator, and looks at what they leave; `check` sees each project after it.
fn hold(script: &str, variable: &str, usual: u32, check: &(dyn Fn(&Sandbox, &Value) -> Result<(), String> + Sync)) {
    let last = std::env::var(variable).map_or(usual, |last| last.parse().expect("the number of the last seed"));
    let projects: Vec<(Sandbox, Value)> = (1..=last).into_par_iter().map(|seed| generated(script, seed)).collect();
    let body = |said: &Value| said["body"].as_str().unwrap().to_owned();
    let after: Vec<_> = projects.par_iter().map(|(before, said)| made(before, &body(said))).collect();
    let mut wrong = Vec::new();
    let mut pairs = Vec::new();
    for (at, ((before, said), after)) in projects.iter().zip(&after).enumerate() {
        match after {
            Err(error) => wrong.push(format!("seed {}: {error}", at + 1)),
            Ok(after) => {
                let after = after.as_ref().unwrap_or(before);
                wrong.extend(check(after, said).err().map(|error| format!("seed {}: {error}", at + 1)));
                pairs.push((at, after));
            }
        }
    }
    let roots = projects.iter().map(|(before, _)| before.root()).chain(pairs.iter().map(|(_, after)| after.root()));
    let seen = look(&roots.collect::<Vec<PathBuf>>());
    let (before, now) = seen.split_at(projects.len());
    for (at, seen) in before.iter().enumerate() {
        let is_sound = seen.diagnostics.is_empty() && !seen.runs.is_empty() && seen.runs.values().all(|run| run.code == 0);
        wrong.extend((!is_sound).then(|| format!("seed {} is no sound project: {seen:#?}", at + 1)));
    }
    for ((at, _), now) in pairs.iter().zip(now) {
        let found = differences(&Purpose::read(&plan_of(&body(&projects[*at].1)), project()), &before[*at], now);
        wrong.extend(found.into_iter().map(|one| format!("seed {}: {one}", at + 1)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let changed = after.iter().filter(|after| matches!(after, Ok(Some(_)))).count();
    assert!(changed * 2 > projects.len(), "too few cases: {changed} of {}", projects.len());
}

#[test]
fn calls_of_wrappers_do_the_same() {
    hold("generate_typescript_wrappers.py", "TYPESCRIPT_WRAPPER_SEEDS", 8, &|_, _| Ok(()));
}

/// Whether a module of the project still declares a name.
fn is_there(sandbox: &Sandbox, symbol: &str) -> bool {
    let (module, name) = symbol.split_once(':').unwrap();
    let path = format!("{module}.ts");
    let text = std::fs::read_to_string(sandbox.path(&path)).unwrap_or_default();
    collect(&text, &RepoPath::new(&path).unwrap()).top_level(name).is_some()
}

#[test]
fn what_goes_is_what_nothing_living_uses() {
    hold("generate_typescript_deletions.py", "TYPESCRIPT_DELETION_SEEDS", 8, &|sandbox, said| {
        let names = |key: &str| -> BTreeSet<String> {
            said[key].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        let wanted = names("gone");
        let all = wanted.union(&names("stays")).cloned().collect::<BTreeSet<String>>();
        let gone: BTreeSet<String> = all.into_iter().filter(|symbol| !is_there(sandbox, symbol)).collect();
        let differ = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
        match gone == wanted {
            true => Ok(()),
            false => Err(format!("too much: {:?}, too little: {:?}", differ(&gone, &wanted), differ(&wanted, &gone))),
        }
    });
}
