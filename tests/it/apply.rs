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
fn uncommitted_work_is_never_overwritten() {
    let sandbox = Sandbox::with_files(&FILES);
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    for (path, staged) in [("app.py", false), ("app.py", true)] {
        sandbox.write(path, format!("{OLD}\n# mine\n"));
        if staged {
            sandbox.git(&["add", path]);
        }
        let error = apply(&sandbox, &[]).fails(1);
        assert!(error.contains("a file that would be changed has uncommitted changes:\n  app.py\nhint: "), "{error}");
        assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), head);
        assert!(sandbox.read(path).ends_with("# mine\n"));
    }
    std::fs::remove_file(sandbox.path("app.py")).unwrap();
    apply(&sandbox, &[]).fails(1);
    sandbox.git(&["reset", "-q", "--hard"]);

    // Changes elsewhere stay as they are, staged ones staged.
    sandbox.write("pkg/__init__.py", "# staged\n");
    sandbox.git(&["add", "pkg/__init__.py"]);
    sandbox.write("pkg/legacy.py", "class Manager:\n    mine = 1\n");
    sandbox.write("new.py", "untracked\n");
    apply(&sandbox, &[]).ok();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "M  pkg/__init__.py\n M pkg/legacy.py\n?? new.py");
    assert_eq!(sandbox.read("app.py"), MOVED);
    sandbox.with_plan(&plan(), &["rollback", "--phase", "phase", "--yes"]).ok();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "M  pkg/__init__.py\n M pkg/legacy.py\n?? new.py");
}

#[test]
fn an_untracked_file_in_the_way_is_not_overwritten() {
    let sandbox = Sandbox::with_files(&FILES);
    let plan = plan_of("kind = \"move-module\"\nfrom = \"pkg.legacy\"\nto = \"pkg.fresh\"\nmove_definition = true");
    sandbox.write("pkg/fresh.py", "mine\n");
    let error = sandbox.with_plan(&plan, &["apply", "--yes"]).fails(1);
    assert!(error.contains("an untracked file would be overwritten:\n  pkg/fresh.py"), "{error}");
    assert_eq!(sandbox.read("pkg/fresh.py"), "mine\n");
    assert_eq!(sandbox.git(&["rev-list", "--count", "HEAD"]), "1");
}

#[test]
fn moved_and_deleted_files_leave_no_empty_folders() {
    let sandbox = Sandbox::with_files(&[("old/__init__.py", ""), ("old/m.py", "x = 1\n"), ("app.py", "from old.m import x\n")]);
    let plan = plan_of("kind = \"move-module\"\nfrom = \"old\"\nto = \"new\"\nmove_definition = true");
    let tree = sandbox.tree();
    sandbox.with_plan(&plan, &["apply", "--yes"]).ok();
    assert!(!sandbox.path("old").exists() && sandbox.path("new/m.py").exists());
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    sandbox.with_plan(&plan, &["rollback", "--phase", "phase", "--yes"]).ok();
    assert!(!sandbox.path("new").exists());
    assert_eq!((sandbox.tree(), sandbox.git(&["status", "--porcelain"])), (tree, String::new()));
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
fn a_detached_or_unborn_head_or_an_unfinished_merge_is_a_clear_error() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.git(&["checkout", "-q", "--detach"]);
    let error = apply(&sandbox, &[]).fails(2);
    assert!(error.contains("HEAD is detached at ") && error.contains("`--branch NAME`"), "{error}");
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
fn linked_work_trees_and_bare_repositories_are_repositories() {
    let sandbox = Sandbox::with_files(&FILES);
    let base = sandbox.root().parent().unwrap().to_owned();
    let (linked, bare) = (base.join("linked"), base.join("bare"));
    let (linked, bare) = (linked.to_str().unwrap(), bare.to_str().unwrap());
    sandbox.git(&["worktree", "add", "-q", "-b", "side", linked]);
    // A branch that is checked out elsewhere would have its files pulled away under it.
    let error = apply(&sandbox, &["--branch", "side"]).fails(2);
    assert!(error.contains("the branch `side` is checked out in "), "{error}");
    apply(&sandbox, &["--root", linked]).ok();
    assert_eq!(std::fs::read_to_string(format!("{linked}/app.py")).unwrap(), MOVED);
    assert_eq!(sandbox.read("app.py"), OLD);

    sandbox.git(&["clone", "-q", "--bare", ".", bare]);
    sandbox.git(&["-C", bare, "config", "user.name", "Tester"]);
    sandbox.git(&["-C", bare, "config", "user.email", "tester@example.com"]);
    apply(&sandbox, &["--root", bare, "--branch", "migration"]).ok();
    assert_eq!(sandbox.git(&["-C", bare, "show", "migration:app.py"]), MOVED);
}

/// Puts a repository into the state that a kill right after the branch has moved leaves behind.
fn interrupt(sandbox: &Sandbox, app: &str) {
    let (base, tip) = (sandbox.git(&["rev-parse", "HEAD~1"]), sandbox.git(&["rev-parse", "HEAD"]));
    sandbox.git(&["read-tree", &base]);
    sandbox.write("app.py", app);
    sandbox.write(".git/ssot-migrate/pending", format!("refs/heads/main\n{base}\n{tip}\n"));
}

#[test]
fn the_next_command_finishes_what_was_interrupted() {
    let sandbox = Sandbox::with_files(&FILES);
    apply(&sandbox, &[]).ok();
    interrupt(&sandbox, FILES[3].1);
    let status = sandbox.with_plan(&plan(), &["status"]);
    assert!(status.err.contains("note: an interrupted change was found and finished"), "{}", status.err);
    assert_eq!((sandbox.git(&["status", "--porcelain"]), sandbox.read("app.py")), (String::new(), MOVED.to_owned()));
    assert_eq!(sandbox.with_plan(&plan(), &["status"]).err, "", "once");

    interrupt(&sandbox, "print('mine')\n");
    let status = sandbox.with_plan(&plan(), &["status"]);
    assert!(status.err.contains("changed since, and left alone:\n  app.py"), "{}", status.err);
    assert_eq!((sandbox.git(&["status", "--porcelain"]).trim(), &*sandbox.read("app.py")), ("M app.py", "print('mine')\n"));
    sandbox.git(&["diff", "--cached", "--quiet"]);
}

#[test]
fn what_was_interrupted_before_the_branch_moved_is_discarded() {
    let sandbox = Sandbox::with_files(&FILES);
    apply(&sandbox, &[]).ok();
    interrupt(&sandbox, FILES[3].1);
    sandbox.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let status = sandbox.with_plan(&plan(), &["status"]);
    assert!(status.err.contains("note: an interrupted change was found and discarded"), "{}", status.err);
    assert_eq!((sandbox.git(&["status", "--porcelain"]), &*sandbox.read("app.py")), (String::new(), FILES[3].1));
    assert!(!sandbox.path(".git/ssot-migrate/pending").exists());
}

#[test]
fn files_that_git_is_told_not_to_look_at_are_looked_at() {
    for option in ["--skip-worktree", "--assume-unchanged"] {
        let sandbox = Sandbox::with_files(&FILES);
        sandbox.git(&["update-index", option, "app.py"]);
        let mine = format!("{}# mine\n", FILES[3].1);
        sandbox.write("app.py", &mine);
        let error = apply(&sandbox, &[]).fails(1);
        assert!(error.contains("has uncommitted changes:\n  app.py"), "{error}");
        assert_eq!(sandbox.read("app.py"), mine);
        sandbox.write("app.py", FILES[3].1);
        apply(&sandbox, &[]).ok();
        assert_eq!(sandbox.read("app.py"), MOVED);
        let flag = sandbox.git(&["ls-files", "-v", "app.py"]);
        assert_eq!(flag, if option == "--skip-worktree" { "S app.py" } else { "h app.py" });
    }
}

#[test]
fn a_sparse_work_tree_stays_sparse() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("far/b.py", "from pkg.legacy import Manager\n");
    sandbox.commit("Far");
    sandbox.git(&["sparse-checkout", "set", "--no-sparse-index", "pkg"]);
    apply(&sandbox, &[]).ok();
    assert!(!sandbox.path("far").exists());
    assert_eq!(sandbox.git(&["show", "HEAD:far/b.py"]), "from pkg.ssot import Manager");
    assert_eq!((sandbox.git(&["status", "--porcelain"]), sandbox.read("app.py")), (String::new(), MOVED.to_owned()));
    let error = sandbox.with_plan(&plan(), &["plan", "--worktree"]).fails(2);
    assert!(error.contains("the work tree is sparse: it lacks a file:\n  far/b.py"), "{error}");
}

const MOVE_FILE: &str = "kind = \"move-module\"\nfrom = \"pkg.legacy\"\nto = \"new.fresh\"\nmove_definition = true";

#[cfg(unix)]
#[test]
fn nothing_is_written_through_or_over_what_stands_in_the_way_of_a_folder() {
    let sandbox = Sandbox::with_files(&FILES);
    let outside = sandbox.root().parent().unwrap().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, sandbox.path("new")).unwrap();
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    let error = sandbox.with_plan(&plan_of(MOVE_FILE), &["apply", "--yes"]).fails(1);
    assert!(error.contains("an untracked file would be overwritten:\n  new"), "{error}");
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    // One that git tracks is known when the plan is made.
    sandbox.commit("A link");
    let error = sandbox.with_plan(&plan_of(MOVE_FILE), &["plan"]).fails(2);
    assert!(error.contains("new/fresh.py cannot be made: new is not a folder"), "{error}");
}

#[cfg(unix)]
#[test]
fn files_are_replaced_and_not_written_into() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::with_files(&FILES);
    let copy = sandbox.root().parent().unwrap().join("copy.py");
    std::fs::hard_link(sandbox.path("app.py"), &copy).unwrap();
    std::fs::set_permissions(sandbox.path("app.py"), std::fs::Permissions::from_mode(0o444)).unwrap();
    apply(&sandbox, &[]).ok();
    assert_eq!((sandbox.read("app.py"), std::fs::read_to_string(copy).unwrap()), (MOVED.to_owned(), FILES[3].1.to_owned()));

    let sandbox = Sandbox::with_files(&FILES);
    std::fs::set_permissions(sandbox.path("pkg"), std::fs::Permissions::from_mode(0o555)).unwrap();
    let error = sandbox.with_plan(&plan_of(MOVE_FILE), &["apply", "--yes"]).fails(1);
    std::fs::set_permissions(sandbox.path("pkg"), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(error.contains("a folder is read-only, and files in it would be changed:\n  pkg"), "{error}");
}

#[test]
fn the_git_directory_may_be_elsewhere() {
    let sandbox = Sandbox::with_files(&FILES);
    let base = sandbox.root().parent().unwrap().to_owned();
    let (other, inside) = (base.join("other"), sandbox.path("inner.git"));
    let (other, inside) = (other.to_str().unwrap(), inside.to_str().unwrap());
    sandbox.git(&["clone", "-q", "--separate-git-dir", inside, ".", other]);
    sandbox.git(&["-C", other, "config", "user.name", "Tester"]);
    sandbox.git(&["-C", other, "config", "user.email", "tester@example.com"]);
    let file = sandbox.beside("plan.toml", plan());
    let said = sandbox.tool_in(std::path::Path::new(other), &["apply", "--yes", "--plan", file.to_str().unwrap()]).ok();
    assert!(said.contains("Made 1 commit on main"), "{said}");
    assert_eq!(std::fs::read_to_string(format!("{other}/app.py")).unwrap(), MOVED);
    assert_eq!(sandbox.git(&["log", "--format=%s"]), "Start");
}

#[test]
fn bytes_on_disk_that_are_not_the_commits_are_not_taken_for_them() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("app.py", "from pkg.legacy import Manager\n# $Id$\n");
    sandbox.commit("With a keyword");
    sandbox.git(&["branch", "old"]);
    sandbox.write(".gitattributes", "*.py ident\n");
    sandbox.commit("Expanded");
    std::fs::remove_file(sandbox.path("app.py")).unwrap();
    sandbox.git(&["checkout", "-q", "app.py"]);
    assert!(sandbox.read("app.py").contains("$Id: "), "git expands it on disk");
    apply(&sandbox, &["--branch", "old"]).ok();
    assert_eq!(sandbox.git(&["show", "old:app.py"]), "from pkg.ssot import Manager\n# $Id$");
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
