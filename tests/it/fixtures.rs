//! Every case of `fixtures/kinds`: what becomes of its files, and the tool's laws on each of them.
//!
//! A case is a folder with a `plan.toml`, the files `before`, and those `after` (none: nothing may change). The report on each case
//! is a snapshot in `snapshots/`. `BLESS=1 cargo test` writes what is missing or differs; read it before it is committed. `CASES=move-module`
//! looks only at the cases whose path has that.

use std::fs;
use std::path::{Path, PathBuf};

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
fn a_plan_makes_of_each_case_what_stands_beside_it() {
    for case in cases() {
        let (sandbox, plan) = open(&case);
        let report = sandbox.tool(&words(&["plan"], &plan)).ok();
        let report = report.replace(&sandbox.git(&["rev-parse", "--short=10", "HEAD"]), "[commit]");
        insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name(&case), report);
        });
        sandbox.tool(&words(&["apply", "--yes"], &plan)).ok();
        let made = sandbox.files();
        let after = case.join("after");
        if is_blessing() {
            let _ = fs::remove_dir_all(&after);
            if made != files(&case.join("before")) {
                copy(&sandbox.root(), &after);
                fs::remove_dir_all(after.join(".git")).unwrap();
            }
        }
        let wanted =
            files(if after.is_dir() { &after } else { &case }.join(if after.is_dir() { "" } else { "before" }).as_path());
        for (path, content) in &wanted {
            let found = made.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            assert_eq!(found, Some(String::from_utf8_lossy(content).into_owned()), "{}: {path}", name(&case));
        }
        assert_eq!(made, wanted, "{}", name(&case));
    }
}

#[test]
fn the_patch_of_each_case_applies_and_makes_the_same() {
    for case in cases() {
        let (sandbox, plan) = open(&case);
        let patch = sandbox.tool(&words(&["plan", "--format", "diff"], &plan));
        assert_eq!(patch.code, 0, "{}", patch.err);
        sandbox.tool(&words(&["apply", "--yes", "--branch", "applied"], &plan)).ok();
        let is_empty = patch.out.is_empty();
        let file = sandbox.beside("patch", patch_bytes(&sandbox, &plan));
        if !is_empty {
            sandbox.git(&["apply", "--index", file.to_str().unwrap()]);
            assert_eq!(sandbox.git(&["write-tree"]), sandbox.git(&["rev-parse", "applied^{tree}"]), "{}", name(&case));
        }
    }
}

/// The patch as it is, not as text.
fn patch_bytes(sandbox: &Sandbox, plan: &[String]) -> Vec<u8> {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ssot-migrate"))
        .args(words(&["plan", "--format", "diff"], plan))
        .current_dir(sandbox.root())
        .output();
    output.unwrap().stdout
}

#[test]
fn each_case_converges_and_rolls_back_to_the_same_tree() {
    for case in cases() {
        let (sandbox, plan) = open(&case);
        let tree = sandbox.tree();
        let made = sandbox.tool(&words(&["apply", "--yes"], &plan)).ok();
        if made.starts_with("Nothing to change.") {
            continue;
        }
        let again = words(&["plan", "--phase", "phase", "--exit-code"], &plan);
        assert_eq!(sandbox.tool(&again).code, 0, "{} does not converge", name(&case));
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "{}", name(&case));
        sandbox.tool(&words(&["rollback", "--phase", "phase", "--yes"], &plan)).ok();
        assert_eq!(sandbox.tree(), tree, "{}", name(&case));
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "{}", name(&case));
        assert_eq!(sandbox.files(), files(&case.join("before")), "{}", name(&case));
        let fsck = sandbox.git(&["fsck", "--strict", "--no-dangling"]);
        assert_eq!(fsck, "", "{}", name(&case));
    }
}

#[test]
fn one_thread_and_many_answer_the_same() {
    for case in cases() {
        let (sandbox, plan) = open(&case);
        let one = sandbox.tool(&words(&["plan", "--format", "json", "--review", "--jobs", "1"], &plan)).ok();
        let many = sandbox.tool(&words(&["plan", "--format", "json", "--review", "--jobs", "8"], &plan)).ok();
        assert_eq!(one, many, "{}", name(&case));
    }
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
        let before = broken(&sandbox);
        sandbox.tool(&words(&["apply", "--yes", "--review"], &plan)).ok();
        assert_eq!(broken(&sandbox), before, "{}", name(&case));
    }
}
