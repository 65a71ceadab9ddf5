//! Definitions that move between generated modules: the program goes on to do what it did, each module can still be loaded first, a
//! second plan has nothing to do, and the way back leads to the same tree.
//!
//! `DEFINITION_SEEDS=1000..1400 cargo test --test it definitions` runs other seeds than the few that always run.

use std::ops::Range;

use rayon::prelude::*;

use crate::harness::{Sandbox, project};

/// What became of a seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ran {
    /// The generated program does not run.
    NoCase,
    /// Nothing moved.
    Nothing,
    /// Definitions moved.
    Moved,
}

/// Moves the definitions of a generated package, and compares what it does before and after.
fn run(seed: u32) -> Ran {
    let sandbox = Sandbox::new();
    let script = project().join("tests/generate_definitions.py").to_str().unwrap().to_owned();
    sandbox.python(&[&script, ".", "--seed", &seed.to_string()]).ok();
    let before = sandbox.python(&["run_all.py"]);
    if before.code != 0 {
        return Ran::NoCase;
    }
    sandbox.init();
    let start = sandbox.tree();
    let plan = ["--plan", ".oracle/plan.toml"];
    sandbox.tool(&[&["apply", "--yes"], &plan[..]].concat()).ok();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "seed {seed}");
    if sandbox.tree() == start {
        return Ran::Nothing;
    }
    assert_eq!(sandbox.python(&["run_all.py"]).ok(), before.out, "seed {seed}");
    let again = sandbox.tool(&[&["plan", "--format", "diff"], &plan[..]].concat()).ok();
    assert_eq!(again, "", "seed {seed}: a second plan has something to do");
    let files = sandbox.files().into_iter().filter(|(path, _)| path.starts_with("app/"));
    let texts: String = files.map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned()).collect();
    let answers: serde_json::Value = serde_json::from_str(&sandbox.read(".oracle/answers.json")).unwrap();
    for comment in answers["comments"].as_array().unwrap() {
        assert!(texts.contains(comment.as_str().unwrap()), "seed {seed}: {comment} has gone");
    }
    sandbox.tool(&[&["rollback", "--phase", "generated", "--yes"], &plan[..]].concat()).ok();
    assert_eq!(sandbox.tree(), start, "seed {seed}");
    Ran::Moved
}

fn seeds() -> Vec<u32> {
    let given = std::env::var("DEFINITION_SEEDS").ok().map(|text| {
        let (first, last) = text.split_once("..").expect("DEFINITION_SEEDS is FIRST..LAST");
        Range { start: first.parse().unwrap(), end: last.parse().unwrap() }.collect()
    });
    given.unwrap_or_else(|| SEEDS.to_vec())
}

/// Those that move something, in as many ways as so few can.
const SEEDS: [u32; 12] = [4000, 4001, 4010, 4011, 4014, 4017, 4026, 4031, 4034, 4040, 4041, 4044];

#[test]
fn a_package_whose_definitions_move_behaves_as_before() {
    let ran: Vec<Ran> = seeds().into_par_iter().map(run).collect();
    let moved = ran.iter().filter(|ran| **ran == Ran::Moved).count();
    assert!(moved * 6 > ran.len(), "too few cases: {ran:?}");
}
