//! `apply`, `rollback` and `status`: all or nothing, nothing of the user's lost, the history as journal.

use crate::harness::{FILES, MOVE, MOVED, Sandbox, plan_of};

const OLD: &str = FILES[3].1;

fn plan() -> String {
    plan_of(&format!("title = \"Move the manager\"\nwhy = \"One door.\"\n{MOVE}"))
}

fn apply(sandbox: &Sandbox, words: &[&str]) -> crate::harness::Said {
    sandbox.with_plan(&plan(), &[&["apply", "--yes"], words].concat())
}

#[test]
fn a_step_is_a_commit_with_trailers_by_the_configured_identity() {
    let sandbox = Sandbox::with_files(&FILES);
    let said = apply(&sandbox, &[]).ok();
    assert!(said.starts_with("Made 1 commit on main:\n  ") && said.ends_with(" phase / step\n"), "{said}");
    assert_eq!(sandbox.read("app.py"), MOVED);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert_eq!(sandbox.git(&["rev-list", "--count", "HEAD"]), "2");
    assert_eq!(
        sandbox.git(&["log", "-1", "--format=%an <%ae>|%cn <%ce>|%s"]),
        "Tester <tester@example.com>|Tester <tester@example.com>|Move the manager"
    );
    let body = sandbox.git(&["log", "-1", "--format=%b"]);
    let (text, trailers) = body.split_once("\n\n").unwrap();
    assert_eq!(text, "Phase phase, step step: 1 import in 1 file.\nOne door.\n1 place is left for a person.");
    let keys: Vec<&str> = trailers.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(keys, ["Ssot-Plan", "Ssot-Phase", "Ssot-Step", "Ssot-Digest"]);
    let read = sandbox.git(&["log", "-1", "--format=%(trailers:key=Ssot-Step,valueonly)"]);
    assert_eq!(read, "step");
    assert!(sandbox.git(&["reflog", "-1"]).contains("ssot-migrate apply: 1 commit"));
}

#[test]
fn every_step_of_a_plan_is_a_commit_of_its_own() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("pkg/dead.py", "from .legacy import Manager\n");
    sandbox.commit("More");
    let plan = format!(
        "name = \"three\"\n[[phase]]\nid = \"a\"\n[[phase.step]]\nid = \"absolute\"\nkind = \"absolute-imports\"\n[[phase.step]]\nid = \"move\"\n{MOVE}\n\
         [[phase]]\nid = \"b\"\nrequires = [\"a\"]\n[[phase.step]]\nid = \"nothing\"\nkind = \"absolute-imports\"\n[[phase.step]]\nid = \"dead\"\nkind = \"delete-module\"\nof = \"pkg.dead\"\n"
    );
    sandbox.with_plan(&plan, &["apply", "--yes"]).ok();
    let log = sandbox.git(&[
        "log",
        "--reverse",
        "--format=%(trailers:key=Ssot-Phase,valueonly,separator=)/%(trailers:key=Ssot-Step,valueonly,separator=)",
    ]);
    assert_eq!(log.lines().skip(2).collect::<Vec<_>>(), ["a/absolute", "a/move", "b/dead"]);
    assert!(!sandbox.path("pkg/dead.py").exists());
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let status = sandbox.with_plan(&plan, &["status"]).ok();
    assert!(status.contains("a  applied        2 commits") && status.contains("b  applied        1 commit"), "{status}");
    // What b requires cannot go while b stands.
    let error = sandbox.with_plan(&plan, &["rollback", "--phase", "a", "--yes"]).fails(1);
    assert!(error.contains("applied phases require `a`: b\nhint: roll those back first"), "{error}");
    sandbox.with_plan(&plan, &["rollback", "--phase", "b", "--yes"]).ok();
    sandbox.with_plan(&plan, &["rollback", "--phase", "a", "--yes"]).ok();
    assert_eq!(sandbox.tree(), sandbox.git(&["rev-parse", "HEAD~6^{tree}"]));
    let status = sandbox.with_plan(&plan, &["status"]).ok();
    assert!(status.contains("a  rolled back") && status.contains("b  rolled back"), "{status}");
}

#[test]
fn another_branch_is_made_or_moved_and_the_work_tree_left_alone() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("app.py", "uncommitted\n");
    apply(&sandbox, &["--branch", "migration"]).ok();
    assert_eq!(sandbox.git(&["show", "migration:app.py"]), MOVED);
    assert_eq!(sandbox.git(&["rev-parse", "main"]), sandbox.git(&["rev-parse", "migration~1"]));
    assert_eq!(sandbox.read("app.py"), "uncommitted\n");
    assert_eq!(apply(&sandbox, &["--branch", "migration"]).ok(), "Nothing to change.\n");
    let error = apply(&sandbox, &["--branch", "a..b"]).fails(2);
    assert!(error.contains("`a..b` is not a name for a branch"), "{error}");
}

#[test]
fn what_git_would_not_do_quietly_is_not_done_quietly() {
    let sandbox = Sandbox::with_files(&FILES);
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    let refused = |code: i32, words: &str| {
        let error = apply(&sandbox, &[]).fails(code);
        assert!(error.contains(words), "{error}");
        assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), head);
        assert_eq!(sandbox.read("app.py"), OLD);
    };
    // Hooks.
    sandbox.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 1\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let hook = sandbox.path(".git/hooks/pre-commit");
        std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        refused(2, "hooks that git runs at a commit: pre-commit\nhint: this version does not run hooks: `--no-verify`");
        apply(&sandbox, &["--no-verify", "--branch", "unverified"]).ok();
    }
    std::fs::remove_file(sandbox.path(".git/hooks/pre-commit")).unwrap();
    // Signatures.
    sandbox.git(&["config", "commit.gpgsign", "true"]);
    refused(2, "--no-gpg-sign");
    apply(&sandbox, &["--no-gpg-sign", "--branch", "unsigned"]).ok();
    sandbox.git(&["config", "--unset", "commit.gpgsign"]);
    // An identity.
    sandbox.git(&["config", "--unset", "user.email"]);
    refused(2, "git does not know who you are");
    sandbox.git(&["config", "user.email", "tester@example.com"]);
    // A locked index.
    sandbox.write(".git/index.lock", "");
    refused(2, "index.lock exists");
    std::fs::remove_file(sandbox.path(".git/index.lock")).unwrap();
    // A question without anybody to answer it.
    let error = sandbox.with_plan(&plan(), &["apply"]).fails(2);
    assert!(error.contains("there is no terminal to ask on\nhint: --yes"), "{error}");
    assert_eq!(sandbox.git(&["rev-parse", "main"]), head);
    apply(&sandbox, &[]).ok();
}

#[test]
fn an_unborn_head_or_an_unfinished_merge_is_a_clear_error() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.git(&["checkout", "-q", "--detach"]);
    apply(&sandbox, &["--branch", "from-detached"]).ok();

    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.write("pkg/__init__.py", "# side\n");
    sandbox.commit("Side");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("pkg/__init__.py", "# main\n");
    sandbox.commit("Main");
    assert_ne!(sandbox.try_git(&["merge", "side"]).code, 0);
    let error = apply(&sandbox, &[]).fails(2);
    assert!(error.contains("a merge is in progress"), "{error}");

    let unborn = Sandbox::new();
    unborn.git(&["init", "-q", "-b", "trunk"]);
    for words in [&["plan"][..], &["apply", "--yes"], &["status"]] {
        let error = unborn.with_plan(&plan(), words).fails(2);
        assert!(error.contains("the branch `trunk` has no commit yet\nhint: commit the files first"), "{error}");
    }
}

#[test]
fn status_tells_how_far_a_phase_has_come() {
    let sandbox = Sandbox::with_files(&FILES);
    let state = || {
        let status = sandbox.with_plan(&plan(), &["status"]).ok();
        status.lines().nth(1).unwrap().trim().strip_prefix("phase").unwrap().trim().to_owned()
    };
    assert_eq!(state(), "pending        1 file to change");
    apply(&sandbox, &[]).ok();
    assert_eq!(state(), "applied        1 commit, 1 place left for a person");
    sandbox.write("again.py", "from pkg.legacy import Manager\n");
    sandbox.commit("Slid back");
    assert_eq!(state(), "drifted        1 commit, 1 file to change");
    sandbox.with_plan(&plan(), &["rollback", "--phase", "phase", "--yes"]).ok();
    assert_eq!(state(), "rolled back    2 files to change");
    let error = sandbox.with_plan(&plan(), &["rollback", "--phase", "phase", "--yes"]).fails(1);
    assert!(error.contains("is not applied"), "{error}");
}

#[test]
fn a_step_may_take_a_path_that_an_earlier_one_has_freed() {
    let sandbox = Sandbox::with_files(&[
        ("pkg/__init__.py", ""),
        ("pkg/dead.py", "nobody = 1\n"),
        ("pkg/live.py", "x = 1\n"),
        ("app.py", "from pkg.live import x\nprint(x)\n"),
    ]);
    let step = "[[phase.step]]\nid = \"second\"\nkind = \"move-module\"\nfrom = \"pkg.live\"\nto = \"pkg.dead\"\nmove_definition = true\n";
    let plan = plan_of("kind = \"delete-module\"\nof = \"pkg.dead\"") + step;
    let patch = sandbox.with_plan(&plan, &["plan", "--format", "diff"]).ok();
    let file = sandbox.beside("whole.patch", patch);
    sandbox.git(&["apply", "--index", file.to_str().unwrap()]);
    let patched = sandbox.git(&["write-tree"]);
    sandbox.git(&["reset", "-q", "--hard"]);
    sandbox.with_plan(&plan, &["apply", "--yes"]).ok();
    assert_eq!(sandbox.tree(), patched);
    assert_eq!((sandbox.git(&["status", "--porcelain"]), sandbox.python(&["app.py"]).ok()), (String::new(), "1\n".to_owned()));
}

#[test]
fn a_saved_plan_is_done_when_the_files_say_so() {
    let sandbox = Sandbox::with_files(&FILES);
    apply(&sandbox, &[]).ok();
    sandbox.write("second.py", "from pkg.legacy import Manager\n");
    sandbox.commit("Slid back");
    let saved = sandbox.root().parent().unwrap().join("saved.json");
    let saved = saved.to_str().unwrap();
    sandbox.with_plan(&plan(), &["plan", "--phase", "phase", "--out", saved]).ok();
    sandbox.tool(&["apply", saved, "--yes"]).ok();
    assert_eq!(sandbox.read("second.py"), "from pkg.ssot import Manager\n");
    assert_eq!(sandbox.tool(&["apply", saved, "--yes"]).ok(), "Nothing to change.\n");
}

#[test]
fn a_phase_that_has_got_a_step_more_is_pending_again() {
    let sandbox = Sandbox::with_files(&FILES);
    apply(&sandbox, &[]).ok();
    sandbox.write("rel/__init__.py", "");
    sandbox.write("rel/m.py", "from . import n\n");
    sandbox.write("rel/n.py", "");
    sandbox.commit("Relative");
    let more = plan() + "[[phase.step]]\nid = \"more\"\nkind = \"absolute-imports\"\n";
    let said = sandbox.with_plan(&more, &["apply", "--yes"]).ok();
    assert!(said.contains("phase / more"), "{said}");
    assert_eq!(sandbox.with_plan(&more, &["apply", "--yes"]).ok(), "Nothing to change.\n");
}
