//! How every command ends: 0 for yes, 1 for no, 2 for no answer; and what stands where.

use std::io::Read;

use crate::harness::{FILES, MOVE, Sandbox, plan_of};

/// Commands in order, each with the code that it ends with.
const TABLE: [(&str, i32); 38] = [
    ("", 2),
    ("nonsense", 2),
    ("--version", 0),
    ("plan --help", 0),
    ("plan --jobs x", 2),
    ("plan", 0),
    ("plan --exit-code", 1),
    ("plan --phase phsae", 2),
    ("plan --at nowhere", 2),
    ("plan --root nowhere", 2),
    ("plan --plan nowhere.toml", 2),
    ("plan --worktree --out saved.json", 2),
    ("plan --out nowhere/saved.json", 2),
    ("plan --out saved.json", 0),
    ("show saved.json", 0),
    ("show app.py", 2),
    ("status", 0),
    ("verify", 1),
    ("verify --gate nothing", 2),
    ("refs pkg.ssot:Manager", 0),
    ("refs pkg.ssot:Manger", 2),
    ("why app.py:1", 0),
    ("why app.py", 2),
    ("explain", 0),
    ("explain nothing", 2),
    ("test nothing", 2),
    ("demo --dir pkg", 2),
    ("rollback --phase phase --yes", 1),
    ("rollback --phase phsae --yes", 2),
    ("apply", 2),
    ("apply -i", 2),
    ("apply --replan", 2),
    ("apply nowhere.json", 2),
    ("apply saved.json --yes", 0),
    ("apply saved.json --yes", 0),
    ("apply --yes", 0),
    ("verify", 0),
    ("rollback --phase phase --yes", 0),
];

fn plan() -> String {
    plan_of(MOVE) + "[[phase.gate]]\nid = \"app\"\nmetric = \"references\"\nof = \"pkg.legacy\"\npaths = [\"app.py\"]\n"
}

#[test]
fn every_command_ends_as_it_should_and_says_why() {
    let sandbox = Sandbox::with_files(&FILES);
    let file = sandbox.beside("plan.toml", plan());
    for (line, code) in TABLE {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        if matches!(words.first(), Some(&("plan" | "status" | "verify" | "refs" | "why" | "rollback" | "apply")))
            && !words.contains(&"--plan")
        {
            words.extend(["--plan", file.to_str().unwrap()]);
        }
        let said = sandbox.tool(&words);
        assert_eq!(said.code, code, "{line}\n{}\n{}", said.out, said.err);
        if code == 2 {
            assert_eq!(said.out, "", "{line}: there is no answer");
            assert!(said.err.contains("error: ") || line.is_empty(), "{line}: {}", said.err);
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.with_plan(&plan(), &["plan", "--out", "saved.json"]).ok();
    for words in [&["show", "saved.json"][..], &["show", "saved.json", "--format", "json"], &["explain"], &["refs", "--all"]] {
        let mut child = sandbox.tool_started(words);
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""), "{words:?}");
    }
}
