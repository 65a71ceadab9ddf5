//! Generated TypeScript projects compile and behave as before, whatever is moved in them.
//!
//! `TYPESCRIPT_SEEDS=200 cargo test --test it typescript_generated` looks at the seeds up to 200 in place of the few that are always looked
//! at, and at all that can be asked of each.

use std::path::PathBuf;

use rayon::prelude::*;
use serde_json::Value;

use crate::equivalence::Purpose;
use crate::harness::{Sandbox, copy, plan_of, project};
use crate::typescript::{Seen, differences, look};

/// The kinds that are asked for.
const KINDS: [&str; 2] = ["move-module", "move-symbol"];

/// How many projects are looked at, and how much is asked of each.
fn size() -> (u32, usize) {
    let given = std::env::var("TYPESCRIPT_SEEDS").ok().map(|last| last.parse().expect("TYPESCRIPT_SEEDS is a number"));
    given.map_or((8, 3), |last| (last, usize::MAX))
}

/// A generated project and what can be asked of the tool, as the bodies of a plan's step.
pub fn generated(seed: u32) -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::new();
    let script = project().join("tests/generate_typescript.py");
    let said = sandbox.python(&[script.to_str().unwrap(), ".", "--seed", &seed.to_string()]).ok();
    let said: Value = serde_json::from_str(&said).unwrap();
    // A value is written alike in JSON and in TOML here.
    let body = |step: &Value| {
        let lines = step.as_object().unwrap().iter().map(|(key, value)| format!("{key} = {value}"));
        lines.collect::<Vec<String>>().join("\n")
    };
    let is_done = |step: &&Value| step["kind"].as_str().is_some_and(|kind| KINDS.contains(&kind));
    let all: Vec<String> = said["operations"].as_array().unwrap().iter().filter(is_done).map(body).collect();
    // Each project begins with another one.
    let turn = seed as usize % all.len();
    let asked = all[turn..].iter().chain(&all[..turn]).take(size().1).cloned().collect();
    (sandbox, asked)
}

fn compiles_and_runs(seen: &Seen) -> bool {
    let runs = seen.runs.values();
    seen.diagnostics.is_empty()
        && seen.unresolved.is_empty()
        && runs.clone().count() > 0
        && runs.clone().all(|run| run.code == 0)
}

#[test]
fn every_generated_project_compiles_and_runs() {
    let projects: Vec<Sandbox> = (1..=size().0).into_par_iter().map(|seed| generated(seed).0).collect();
    let seen = look(&projects.iter().map(Sandbox::root).collect::<Vec<PathBuf>>());
    let wrong: Vec<(usize, &Seen)> = (1..).zip(&seen).filter(|(_, seen)| !compiles_and_runs(seen)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen.iter().any(|seen| seen.runs.len() > 1), "no project has a test");
}

/// What a project is after a step, or what is wrong with how it was made. Nothing where the tool leaves it to a person.
pub fn made(before: &Sandbox, body: &str) -> Result<Option<Sandbox>, String> {
    let sandbox = Sandbox::new();
    copy(&before.root(), &sandbox.root());
    sandbox.init();
    let start = sandbox.tree();
    let plan = plan_of(body);
    let applied = sandbox.with_plan(&plan, &["apply", "--yes"]);
    if applied.code != 0 {
        return Err(applied.err);
    }
    if applied.out.starts_with("Nothing to change.") {
        return Ok(None);
    }
    let again = sandbox.with_plan(&plan, &["plan", "--phase", "phase", "--exit-code", "--format", "diff"]);
    if (again.code, again.out.as_str()) != (0, "") {
        return Err(format!("it does not converge: {}{}", again.out, again.err));
    }
    sandbox.git(&["checkout", "-q", "-b", "back"]);
    sandbox.with_plan(&plan, &["rollback", "--phase", "phase", "--yes"]).ok();
    if sandbox.tree() != start {
        return Err("it is not rolled back".to_owned());
    }
    sandbox.git(&["checkout", "-q", "main"]);
    Ok(Some(sandbox))
}

#[test]
fn generated_projects_behave_as_before() {
    let projects: Vec<(Sandbox, Vec<String>)> = (1..=size().0).into_par_iter().map(generated).collect();
    let asked: Vec<(usize, &String)> =
        projects.iter().enumerate().flat_map(|(at, (_, asked))| asked.iter().map(move |body| (at, body))).collect();
    let made: Vec<_> = asked.par_iter().map(|(at, body)| made(&projects[*at].0, body)).collect();
    let mut wrong = Vec::new();
    let mut after = Vec::new();
    for ((at, body), made) in asked.iter().zip(&made) {
        match made {
            Err(error) => wrong.push(format!("seed {}, {body}: {error}", at + 1)),
            Ok(Some(sandbox)) => after.push((*at, *body, sandbox)),
            Ok(None) => {}
        }
    }
    let roots = projects.iter().map(|(before, _)| before.root()).chain(after.iter().map(|(.., sandbox)| sandbox.root()));
    let seen = look(&roots.collect::<Vec<PathBuf>>());
    let (before, now) = seen.split_at(projects.len());
    for ((at, body, _), now) in after.iter().zip(now) {
        let found = differences(&Purpose::read(&plan_of(body), project()), &before[*at], now);
        wrong.extend(found.into_iter().map(|one| format!("seed {}, {body}: {one}", at + 1)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(after.len() * 2 > asked.len(), "too few cases: {} of {}", after.len(), asked.len());
}
