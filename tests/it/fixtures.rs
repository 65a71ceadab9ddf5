//! Every case of `fixtures/kinds`: what becomes of its files, and the tool's laws on each of them.
//!
//! A case is a folder with a `plan.toml`, the files `before`, and those `after` (none: nothing may change). The report on each case
//! is a snapshot in `snapshots/`. `BLESS=1 cargo test` writes what is missing or differs; read it before it is committed. `CASES=move-module`
//! looks only at the cases whose path has that.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::harness::{Sandbox, copy, files, project};

pub fn cases() -> Vec<PathBuf> {
    let kinds = project().join("fixtures/kinds");
    let entries = walkdir::WalkDir::new(kinds).min_depth(2).max_depth(2).sort_by_file_name();
    let cases: Vec<PathBuf> = entries.into_iter().map(|entry| entry.unwrap().into_path()).collect();
    assert!(cases.len() > 20, "the cases are missing");
    let wanted = std::env::var("CASES").unwrap_or_default();
    cases.into_iter().filter(|case| case.to_str().unwrap().contains(&wanted)).collect()
}

pub fn name(case: &Path) -> String {
    case.strip_prefix(project().join("fixtures/kinds")).unwrap().to_str().unwrap().replace('/', "__")
}

fn is_blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// A repository with a case's files, and the words that name its plan.
pub fn open(case: &Path) -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::with_copy_of(&case.join("before"));
    let plan = case.join("plan.toml");
    (sandbox, vec!["--plan".to_owned(), plan.to_str().unwrap().to_owned()])
}

pub fn words<'w>(command: &[&'w str], plan: &'w [String]) -> Vec<&'w str> {
    command.iter().copied().chain(plan.iter().map(String::as_str)).collect()
}

#[test]
fn a_plan_makes_of_each_case_what_stands_beside_it_and_keeps_the_laws() {
    cases().par_iter().for_each(|case| {
        let (sandbox, plan) = open(case);
        let (name, tree) = (name(case), sandbox.tree());
        let report = sandbox.tool(&words(&["plan"], &plan)).ok();
        let report = report.replace(&sandbox.git(&["rev-parse", "--short=10", "HEAD"]), "[commit]");
        insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name.clone(), report);
        });
        one_thread_and_many_answer_the_same(&sandbox, &plan, &name);
        let patched = patched(&sandbox, &plan);
        let said = sandbox.tool(&words(&["apply", "--yes"], &plan)).ok();
        assert_eq!(sandbox.tree(), patched, "{name}: the patch makes something else");
        check_files(&sandbox, case);
        if !said.starts_with("Nothing to change.") {
            converges_and_rolls_back(&sandbox, &plan, &name);
            assert_eq!(sandbox.tree(), tree, "{name}");
            assert_eq!(sandbox.files(), files(&case.join("before")), "{name}");
        }
    });
}

/// The tree that the patch of a plan makes, by git's hand.
fn patched(sandbox: &Sandbox, plan: &[String]) -> String {
    let patch = std::process::Command::new(env!("CARGO_BIN_EXE_ssot-migrate"))
        .args(words(&["plan", "--format", "diff"], plan))
        .current_dir(sandbox.root())
        .output()
        .unwrap();
    assert!(patch.status.success(), "{}", String::from_utf8_lossy(&patch.stderr));
    if !patch.stdout.is_empty() {
        let file = sandbox.beside("patch", patch.stdout);
        sandbox.git(&["apply", "--index", file.to_str().unwrap()]);
    }
    let tree = sandbox.git(&["write-tree"]);
    sandbox.git(&["reset", "-q", "--hard"]);
    tree
}

fn check_files(sandbox: &Sandbox, case: &Path) {
    let made = sandbox.files();
    let after = case.join("after");
    if is_blessing() {
        let _ = fs::remove_dir_all(&after);
        if made != files(&case.join("before")) {
            copy(&sandbox.root(), &after);
            fs::remove_dir_all(after.join(".git")).unwrap();
        }
    }
    let wanted = files(&if after.is_dir() { after } else { case.join("before") });
    for (path, content) in &wanted {
        let found = made.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert_eq!(found, Some(String::from_utf8_lossy(content).into_owned()), "{}: {path}", name(case));
    }
    assert_eq!(made, wanted, "{}", name(case));
}

fn one_thread_and_many_answer_the_same(sandbox: &Sandbox, plan: &[String], name: &str) {
    let [one, many] =
        ["1", "8"].map(|jobs| sandbox.tool(&words(&["plan", "--format", "json", "--review", "--jobs", jobs], plan)).ok());
    assert_eq!(one, many, "{name}");
}

fn converges_and_rolls_back(sandbox: &Sandbox, plan: &[String], name: &str) {
    let again = words(&["plan", "--phase", "phase", "--exit-code"], plan);
    assert_eq!(sandbox.tool(&again).code, 0, "{name} does not converge");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "{name}");
    sandbox.tool(&words(&["rollback", "--phase", "phase", "--yes"], plan)).ok();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "{name}");
    assert_eq!(sandbox.git(&["fsck", "--strict", "--no-dangling"]), "", "{name}");
}

#[test]
fn what_python_could_compile_it_still_compiles() {
    const COMPILE: &str = "import sys\nfor path in sys.argv[1:]:\n    try:\n        compile(open(path, 'rb').read(), path, 'exec')\n    \
                           except SyntaxError:\n        print(path)\n";
    for case in cases() {
        let (sandbox, plan) = open(&case);
        let broken = |sandbox: &Sandbox| {
            let paths: Vec<String> = sandbox.files().into_keys().filter(|path| path.ends_with(".py")).collect();
            let mut all = vec!["-c", COMPILE];
            all.extend(paths.iter().map(String::as_str));
            sandbox.python(&all).ok()
        };
        if !sandbox.files().keys().any(|path| path.ends_with(".py")) {
            continue;
        }
        let before = broken(&sandbox);
        sandbox.tool(&words(&["apply", "--yes", "--review"], &plan)).ok();
        assert_eq!(broken(&sandbox), before, "{}", name(&case));
    }
}
