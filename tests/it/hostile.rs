//! Plan files and repositories as hostile input: tried here, and refused or shown harmlessly.

mod content;
mod many;
mod names;
mod plans;
mod programs;

use ssot_migrate::text::plain::is_active;

use crate::harness::{MOVE, Said, Sandbox, plan_of};

/// What stands at the start of a line that a report did not write.
const FORGED: &str = "FORGED";

/// Nothing that a terminal obeys is shown, and no line that the tool did not mean.
#[track_caller]
fn harmless(said: &Said) {
    for text in [&said.out, &said.err] {
        let raw = text.chars().find(|c| is_active(*c) && !matches!(c, '\n' | '\t'));
        assert_eq!(raw, None, "{text:?}");
        let is_forged = |line: &str| line.trim_start_matches([' ', '+', '-', '#', '>', '|', '`']).starts_with(FORGED);
        assert!(!text.lines().any(is_forged), "{text}");
    }
}

/// A plan that moves a symbol, asks for a look at its calls, counts what is left, and has a program that would say so.
fn plan() -> String {
    plan_of(&format!(
        "{MOVE}\n[[phase.step]]\nid = \"calls\"\nkind = \"rewrite\"\nmatch = \"Manager($$$ARGS)\"\nmessage = \"a call\"\n\
         [[phase.gate]]\nid = \"left\"\nmetric = \"references\"\nof = \"pkg.legacy:Manager\"\n\
         [[phase.gate]]\nid = \"program\"\nmetric = \"command\"\nrun = [\"sh\", \"-c\", \"touch gate-ran\"]"
    ))
}

/// Runs what reads alone, in every form that has words.
#[track_caller]
fn read_all(sandbox: &Sandbox, more: &[&[&str]]) -> Vec<Said> {
    let commands: [&[&str]; 13] = [
        &["plan"],
        &["plan", "--format", "json"],
        &["plan", "--format", "markdown"],
        &["plan", "--worktree"],
        &["status"],
        &["verify"],
        &["verify", "--format", "json"],
        &["refs", "pkg.legacy:Manager"],
        &["refs", "pkg.legacy:Manager", "--format", "json"],
        &["refs", "--all"],
        &["refs", "--all", "--format", "json"],
        &["explain"],
        &["why", "app.py:1"],
    ];
    let plan = plan();
    let run = |words: &&[&str]| {
        let said = sandbox.with_plan(&plan, words);
        harmless(&said);
        // `verify` says no, since a gate is not measured.
        assert_eq!(said.code, i32::from(words[0] == "verify"), "{words:?}: {}{}", said.out, said.err);
        if words.contains(&"json") {
            serde_json::from_str::<serde_json::Value>(&said.out).unwrap();
        }
        said
    };
    commands.iter().chain(more).map(run).collect()
}
