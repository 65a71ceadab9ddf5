//! `rollback`: any phase or step goes, whatever has happened since, and nothing of others' work with it.

use crate::harness::{FILES, MOVE, MOVED, Said, Sandbox, plan_of};

const OLD: &str = FILES[3].1;

fn plan() -> String {
    plan_of(&format!("title = \"Move the manager\"\nwhy = \"One door.\"\n{MOVE}"))
}

fn applied() -> Sandbox {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.with_plan(&plan(), &["apply", "--yes"]).ok();
    sandbox
}

fn rollback(sandbox: &Sandbox, words: &[&str]) -> Said {
    sandbox.with_plan(&plan(), &[&["rollback", "--phase", "phase", "--yes"], words].concat())
}

/// The state of the first phase that `status` shows.
fn state(sandbox: &Sandbox, plan: &str) -> String {
    let status = sandbox.with_plan(plan, &["status"]).ok();
    status.lines().nth(1).unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

#[test]
fn what_others_did_since_stays() {
    let sandbox = applied();
    sandbox.write("app.py", format!("{MOVED}\n\n# a note below\n"));
    sandbox.write("other.py", "x = 1\n");
    sandbox.commit("Later work");
    rollback(&sandbox, &[]).ok();
    assert_eq!(sandbox.read("app.py"), format!("{OLD}\n\n# a note below\n"));
    assert_eq!(sandbox.read("other.py"), "x = 1\n");
    let message = sandbox.git(&["log", "-1", "--format=%B"]);
    assert!(
        message.starts_with("Roll back: Move the manager\n\nRolls back phase phase, step step.\n\nSsot-Plan: test\n"),
        "{message}"
    );
    assert!(message.contains(&format!("Ssot-Reverts: {}", sandbox.git(&["rev-parse", "HEAD~2"]))), "{message}");
    // Applying again gives what applying gave.
    sandbox.with_plan(&plan(), &["apply", "--yes"]).ok();
    assert_eq!(sandbox.tree(), sandbox.git(&["rev-parse", "HEAD~2^{tree}"]));
}

#[test]
fn what_was_reformatted_moved_or_deleted_since_is_undone_where_it_is() {
    // A formatter and a person on the same line: nothing of theirs is what the step changed.
    let sandbox = applied();
    let after = MOVED.replace("import Manager\n", "import (\n    Manager,  # the one\n)\n");
    sandbox.write("app.py", &after);
    sandbox.commit("Reformat");
    let said = rollback(&sandbox, &[]);
    assert!(said.err.contains("told apart by words or statements, and proved: have a look\n  app.py:1"), "{}", said.err);
    said.ok();
    assert_eq!(sandbox.read("app.py"), after.replace("pkg.ssot", "pkg.legacy"));

    // A file in another folder.
    let sandbox = applied();
    std::fs::create_dir(sandbox.path("service")).unwrap();
    sandbox.git(&["mv", "app.py", "service/main.py"]);
    sandbox.commit("Move");
    sandbox.write("service/main.py", format!("{MOVED}\nprint('more')\n"));
    sandbox.commit("More");
    rollback(&sandbox, &[]).ok();
    assert_eq!(sandbox.read("service/main.py"), format!("{OLD}\nprint('more')\n"));

    // A file that is gone.
    let sandbox = applied();
    sandbox.git(&["rm", "-q", "app.py"]);
    sandbox.commit("Gone");
    let said = rollback(&sandbox, &[]);
    assert!(said.err.contains("gone since, so that nothing was to be undone in them:\n  app.py"), "{}", said.err);
    said.ok();
    assert!(!sandbox.path("app.py").exists());
    assert_eq!(state(&sandbox, &plan()), "rolled");

    // What is undone by hand already.
    let sandbox = applied();
    sandbox.write("app.py", OLD);
    sandbox.commit("By hand");
    rollback(&sandbox, &[]).ok();
    assert_eq!((sandbox.read("app.py").as_str(), state(&sandbox, &plan()).as_str()), (OLD, "rolled"));
}

#[test]
fn a_deleted_file_comes_back_in_its_folder_wherever_that_is() {
    let sandbox = Sandbox::with_files(&[
        ("pkg/__init__.py", ""),
        ("pkg/a.py", "x = 1\n"),
        ("pkg/b.py", "y = 2\n"),
        ("pkg/dead.py", "z = 3\n"),
    ]);
    let plan = plan_of("kind = \"delete-module\"\nof = \"pkg.dead\"");
    sandbox.with_plan(&plan, &["apply", "--yes"]).ok();
    sandbox.git(&["mv", "pkg", "lib"]);
    sandbox.commit("Rename the folder");
    sandbox.with_plan(&plan, &["rollback", "--phase", "phase", "--yes"]).ok();
    assert_eq!(sandbox.read("lib/dead.py"), "z = 3\n");
    assert!(!sandbox.path("pkg").exists());
}

#[test]
fn a_moved_module_goes_back_with_what_was_changed_in_it() {
    let sandbox = Sandbox::with_files(&FILES);
    let plan = plan_of("kind = \"move-module\"\nfrom = \"pkg.legacy\"\nto = \"new.fresh\"\nmove_definition = true");
    sandbox.with_plan(&plan, &["apply", "--yes"]).ok();
    sandbox.write("new/fresh.py", "class Manager:\n    mine = 1\n");
    sandbox.commit("A hand edit");
    sandbox.with_plan(&plan, &["rollback", "--phase", "phase", "--yes"]).ok();
    assert_eq!(sandbox.read("pkg/legacy.py"), "class Manager:\n    mine = 1\n");
    assert!(!sandbox.path("new").exists());
    // Moved once more by a person: nobody can tell where it belongs.
    sandbox.with_plan(&plan, &["apply", "--yes"]).ok();
    sandbox.git(&["mv", "new/fresh.py", "new/fresher.py"]);
    sandbox.commit("Mine");
    let error = sandbox.with_plan(&plan, &["rollback", "--phase", "phase", "--yes"]).fails(1);
    assert!(error.contains("new/fresher.py: the file has been moved once more\n    "), "{error}");
}

#[test]
fn what_a_person_changed_in_the_same_place_is_named_with_its_commit_and_author() {
    let sandbox = applied();
    sandbox.write("app.py", format!("# first\n{}", MOVED.replace("pkg.ssot", "pkg.third")));
    sandbox.git(&["-c", "user.name=Jane \x1b[31mDoe", "-c", "user.email=jane@example.com", "commit", "-qam", "Tidy up"]);
    let (head, files) = (sandbox.git(&["rev-parse", "HEAD"]), sandbox.files());
    let error = rollback(&sandbox, &[]).fails(1);
    let wanted = format!(
        "error: the phase `phase` cannot be undone: 1 place has changed again since\n  app.py:1-2\n    {} Tidy up, by Jane \u{fffd}[31mDoe \
         <jane@example.com>\nhint: undo these places by hand, or let `--conflicts` leave them with conflict markers on the branch \
         ssot-migrate/rollback-phase; nothing has been changed",
        &head[..10]
    );
    assert_eq!(error.trim(), wanted);
    assert_eq!((sandbox.git(&["rev-parse", "HEAD"]), sandbox.files()), (head.clone(), files.clone()));

    // Markers, but never on the user's branch, and past the hooks that are there to refuse them.
    let hook = sandbox.path(".git/hooks/pre-commit");
    std::fs::write(&hook, "#!/bin/sh\n! git grep -q --cached '^<<<<<<<'\n").unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let error = rollback(&sandbox, &["--conflicts", "--dry-run"]).fails(2);
    assert!(error.contains("cannot be used with '--dry-run'"), "{error}");
    let said = rollback(&sandbox, &["--conflicts"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.out.contains("The branch ssot-migrate/rollback-phase has the rollback"), "{}", said.out);
    assert_eq!((sandbox.git(&["rev-parse", "HEAD"]), sandbox.files()), (head.clone(), files));
    let marked = sandbox.git(&["show", "ssot-migrate/rollback-phase:app.py"]);
    assert!(marked.starts_with("<<<<<<< now\n# first\nfrom pkg.third import Manager\n=======\nfrom pkg.legacy"), "{marked}");
    assert!(marked.contains("\n>>>>>>> before step `step` of phase `phase`\n"), "{marked}");
    let error = rollback(&sandbox, &["--conflicts"]).fails(1);
    assert!(error.contains("there is a branch ssot-migrate/rollback-phase already\nhint: merge it or delete it"), "{error}");
    // Resolved, amended and merged, the phase is rolled back.
    sandbox.git(&["checkout", "-q", "ssot-migrate/rollback-phase"]);
    sandbox.write("app.py", OLD);
    sandbox.git(&["commit", "-q", "--amend", "--no-edit", "-a"]);
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.git(&["merge", "-q", "ssot-migrate/rollback-phase"]);
    assert_eq!(state(&sandbox, &plan()), "rolled");
}

#[test]
fn a_rollback_that_would_break_what_came_later_is_refused() {
    let sandbox = applied();
    // The legacy module has gone in the meantime: going back would leave a dangling import.
    std::fs::remove_file(sandbox.path("pkg/legacy.py")).unwrap();
    sandbox.write("pkg/ssot.py", "class Manager:\n    pass\n");
    sandbox.commit("The last of legacy");
    let error = rollback(&sandbox, &[]).fails(1);
    assert!(
        error.contains(
            "without the phase `phase`, what came later would break:\n  app.py:1: `from pkg.legacy import Manager` cannot be"
        ),
        "{error}"
    );
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let error = sandbox.with_plan(&plan(), &["rollback", "--phase", "phsae", "--yes"]).fails(2);
    assert!(error.contains("the plan `test` has no phase `phsae`\nhint: did you mean `phase`?"), "{error}");
    let more = plan() + "\n[[phase]]\nid = \"other\"\n[[phase.step]]\nid = \"more\"\nkind = \"absolute-imports\"\n";
    let error = sandbox.with_plan(&more, &["rollback", "--phase", "other", "--yes"]).fails(1);
    assert!(error.contains("the phase `other` is not applied on main\nhint: applied are: phase"), "{error}");
}

#[test]
fn a_rollback_closes_no_cycle_of_imports_that_was_not_there() {
    let sandbox = applied();
    sandbox.write("pkg/ssot.py", "class Manager:\n    pass\n");
    sandbox.write("pkg/legacy.py", "from app import run\nfrom pkg.ssot import Manager\n");
    sandbox.write("app.py", format!("{}\n\ndef run():\n    return Manager\n", sandbox.read("app.py")));
    sandbox.commit("The legacy module wants the app");
    let error = rollback(&sandbox, &[]).fails(1);
    assert!(error.contains("what came later would break:\n  app.py:1: pkg.legacy loads app, which"), "{error}");
    // What was there before the phase is nobody's fault.
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("pkg/ssot.py", "class Manager:\n    pass\n");
    sandbox.write("pkg/legacy.py", "import app\nfrom pkg.ssot import Manager\n");
    sandbox.commit("A cycle");
    let before = sandbox.files();
    sandbox.with_plan(&plan(), &["apply", "--yes"]).ok();
    assert_ne!(sandbox.files(), before);
    rollback(&sandbox, &[]).ok();
    assert_eq!(sandbox.files(), before);
}

#[test]
fn a_rollback_can_be_looked_at_first() {
    let sandbox = applied();
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    let patch = sandbox.with_plan(&plan(), &["rollback", "--phase", "phase", "--dry-run"]).ok();
    assert!(patch.contains("-from pkg.ssot import Manager\n+from pkg.legacy import Manager\n"), "{patch}");
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), head);
}

/// Three phases: `a` moves a symbol, `b` moves it on, and `c`, which requires `a`, makes imports absolute.
const PHASES: &str = r#"name = "three"

[[phase]]
id = "a"
[[phase.step]]
id = "absolute"
kind = "absolute-imports"
[[phase.step]]
id = "move"
kind = "move-symbol"
from = "pkg.legacy:Manager"
to = "pkg.ssot:Manager"

[[phase]]
id = "b"
[[phase.step]]
id = "move"
kind = "move-symbol"
from = ["pkg.ssot:Manager", "pkg.legacy:Manager"]
to = "pkg.last:Manager"

[[phase]]
id = "c"
requires = ["a"]
[[phase.step]]
id = "dead"
kind = "delete-module"
of = "pkg.dead"
"#;

fn three() -> Sandbox {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("pkg/last.py", "from pkg.legacy import Manager\n");
    sandbox.write("pkg/dead.py", "x = 1\n");
    sandbox.write("pkg/near.py", "from .legacy import Manager\n\nprint(Manager)\n");
    sandbox.commit("More");
    sandbox
}

#[test]
fn later_phases_in_the_way_are_rolled_back_and_made_again() {
    let sandbox = three();
    sandbox.with_plan(PHASES, &["apply", "--yes", "--phase", "a", "--phase", "b"]).ok();
    sandbox.write("mine.py", "x = 1\n");
    sandbox.commit("Mine");
    let error = sandbox.with_plan(PHASES, &["rollback", "--phase", "a", "--yes"]).fails(1);
    let hint = "hint: `--cascade` rolls the later phases back first, and plans them again; ";
    assert!(error.contains("cannot be undone") && error.contains("  app.py:1\n") && error.contains(hint), "{error}");
    let seen = sandbox.with_plan(PHASES, &["rollback", "--phase", "a", "--cascade", "--dry-run"]);
    assert_eq!(seen.err, "Would undo `b`, `a`, and make b again.\n");
    assert!(seen.out.contains("-from pkg.last import Manager\n+from .last import Manager\n"), "{}", seen.out);
    let said = sandbox.with_plan(PHASES, &["rollback", "--phase", "a", "--cascade", "--yes"]).ok();
    assert!(said.starts_with("Undid 3 commits of `b`, `a` on main:\n") && said.contains("Planned and made again:\n"), "{said}");
    let status = sandbox.with_plan(PHASES, &["status"]).ok();
    assert!(status.contains("a  rolled back") && status.contains("b  applied"), "{status}");
    // The files are those that `b` alone would have made.
    let alone = three();
    alone.with_plan(PHASES, &["apply", "--yes", "--phase", "b"]).ok();
    alone.write("mine.py", "x = 1\n");
    assert_eq!(sandbox.files(), alone.files());
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_collision_is_named_by_its_lines_also_where_newer_steps_have_been_undone() {
    let sandbox = three();
    sandbox
        .write("use.py", "from pkg.legacy import Manager as M\nx = 1\nfrom pkg.ssot import Manager\n\nprint(Manager, M, x)\n");
    sandbox.write("pkg/third.py", "Manager = 3\n");
    sandbox.commit("More");
    let base = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.with_plan(PHASES, &["apply", "--yes", "--phase", "a"]).ok();
    sandbox.write("use.py", sandbox.read("use.py").replace("pkg.ssot import Manager as M", "pkg.third import Manager as M"));
    sandbox.git(&["-c", "user.name=Jane", "commit", "-qam", "Another one"]);
    sandbox.write("use.py", format!("{}\n\n# At the end.\n", sandbox.read("use.py")));
    sandbox.git(&["-c", "user.name=Joe", "commit", "-qam", "A note"]);
    sandbox.with_plan(PHASES, &["apply", "--yes", "--phase", "b"]).ok();
    assert!(sandbox.read("use.py").contains("from pkg.last import Manager\n"), "{}", sandbox.read("use.py"));
    let error = sandbox.with_plan(PHASES, &["rollback", "--to", &base, "--yes"]).fails(1);
    assert!(error.contains("  use.py:1\n    ") && error.contains(" Another one, by Jane <"), "{error}");
    assert!(!error.contains("Joe") && !error.contains("  use.py:5"), "{error}");
}

#[test]
fn imports_that_others_put_beside_the_steps_are_no_obstacle() {
    let sandbox = three();
    sandbox.write("use.py", "import os\nfrom pkg.legacy import Manager\n\nprint(Manager, os)\n");
    sandbox.commit("More");
    let plan =
        plan_of("kind = \"move-symbol\"\nfrom = \"pkg.legacy:Manager\"\nto = \"pkg.last:Manager\"\nmove_definition = true");
    sandbox.with_plan(&plan, &["apply", "--yes"]).ok();
    let made = sandbox.read("use.py");
    sandbox.write(
        "use.py",
        made.replace("from pkg.last import Manager\n", "import io\nfrom pkg.last import Manager\nimport re\n"),
    );
    let home = sandbox.read("pkg/last.py");
    sandbox.write("pkg/last.py", format!("{home}\n\ndef more():\n    return 1\n"));
    sandbox.commit("Beside it");
    sandbox.with_plan(&plan, &["rollback", "--phase", "phase", "--yes"]).ok();
    assert_eq!(
        sandbox.read("use.py"),
        "import os\nimport io\nfrom pkg.legacy import Manager\nimport re\n\nprint(Manager, os)\n"
    );
    assert_eq!(sandbox.read("pkg/last.py"), "from pkg.legacy import Manager\n\n\ndef more():\n    return 1\n");
}

#[test]
fn what_is_planned_again_leaves_no_gate_worse() {
    let gate = "[[phase.gate]]\nid = \"last\"\nmetric = \"references\"\nof = \"pkg.last\"\nmax = 3\n\n[[phase]]\nid = \"c\"";
    let plan = PHASES.replace("[[phase]]\nid = \"c\"", gate);
    let sandbox = three();
    sandbox.with_plan(&plan, &["apply", "--yes", "--phase", "a", "--phase", "b"]).ok();
    sandbox.write("mine.py", "import pkg.last\n");
    sandbox.commit("One more by somebody else");
    let error = sandbox.with_plan(&plan, &["rollback", "--phase", "a", "--cascade", "--yes"]).fails(1);
    assert!(error.contains("a gate would be left worse than it is:\n  b / gate last: 1 (1 service, 0 tests) -> "), "{error}");
}

#[test]
fn what_requires_a_phase_goes_with_it_or_holds_it() {
    let sandbox = three();
    let tree = sandbox.tree();
    let error = sandbox.with_plan(PHASES, &["apply", "--yes", "--phase", "c", "--only"]).fails(1);
    assert!(
        error.contains("`c` requires the phase `a`, which is not applied and has something to do\nhint: leave `--only` out"),
        "{error}"
    );
    sandbox.with_plan(PHASES, &["apply", "--yes", "--phase", "a", "--phase", "c"]).ok();
    let error = sandbox.with_plan(PHASES, &["rollback", "--phase", "a", "--yes"]).fails(1);
    assert!(
        error.contains("applied phases require `a`: c\nhint: roll those back first, beginning with `rollback --phase c`, or"),
        "{error}"
    );
    let said = sandbox.with_plan(PHASES, &["rollback", "--phase", "a", "--cascade", "--yes"]).ok();
    assert!(said.starts_with("Undid 3 commits of `c`, `a` on main:\n") && !said.contains("again"), "{said}");
    assert_eq!(sandbox.tree(), tree);
    let status = sandbox.with_plan(PHASES, &["status"]).ok();
    assert!(status.contains("a  rolled back") && status.contains("c  rolled back"), "{status}");
}

#[test]
fn a_step_goes_alone() {
    let sandbox = three();
    sandbox.with_plan(PHASES, &["apply", "--yes", "--phase", "a"]).ok();
    let error = sandbox.with_plan(PHASES, &["rollback", "--phase", "a", "--step", "mvoe", "--yes"]).fails(2);
    assert!(error.contains("the phase `a` has no step `mvoe`\nhint: did you mean `move`?"), "{error}");
    sandbox.with_plan(PHASES, &["rollback", "--phase", "a", "--step", "move", "--yes"]).ok();
    assert_eq!(sandbox.read("pkg/near.py"), "from pkg.legacy import Manager\n\nprint(Manager)\n");
    assert_eq!(sandbox.read("app.py"), OLD);
    let error = sandbox.with_plan(PHASES, &["rollback", "--phase", "a", "--step", "move", "--yes"]).fails(1);
    assert!(error.contains("the step `move` of phase `a` is not applied"), "{error}");

    // The step before it, on whose lines it stands.
    let sandbox = three();
    sandbox.with_plan(PHASES, &["apply", "--yes", "--phase", "a"]).ok();
    sandbox.with_plan(PHASES, &["rollback", "--phase", "a", "--step", "absolute", "--yes"]).fails(1);
    let said = sandbox.with_plan(PHASES, &["rollback", "--phase", "a", "--step", "absolute", "--cascade", "--yes"]).ok();
    assert!(said.contains("Planned and made again:\n") && said.contains(" a / move\n"), "{said}");
    assert_eq!(sandbox.read("pkg/near.py"), "from .ssot import Manager\n\nprint(Manager)\n");
    assert_eq!(sandbox.read("app.py"), MOVED);
}

#[test]
fn all_goes_that_came_after_a_phase_or_a_commit() {
    let sandbox = three();
    sandbox.with_plan(PHASES, &["apply", "--yes", "--phase", "a"]).ok();
    let after_a = sandbox.git(&["rev-parse", "HEAD"]);
    let tree = sandbox.tree();
    sandbox.with_plan(PHASES, &["apply", "--yes"]).ok();
    assert_ne!(sandbox.tree(), tree);
    sandbox.with_plan(PHASES, &["rollback", "--to", "a", "--yes"]).ok();
    assert_eq!(sandbox.tree(), tree);
    let error = sandbox.with_plan(PHASES, &["rollback", "--to", "a", "--yes"]).fails(1);
    assert!(error.contains("there is nothing on main of what came after `a`"), "{error}");
    sandbox.with_plan(PHASES, &["apply", "--yes"]).ok();
    sandbox.with_plan(PHASES, &["rollback", "--to", &after_a, "--yes"]).ok();
    assert_eq!(sandbox.tree(), tree);
    let error = sandbox.with_plan(PHASES, &["rollback", "--to", "nowhere", "--yes"]).fails(2);
    assert!(error.contains("`nowhere` is not a commit\nhint: --to takes a phase of the plan"), "{error}");
    let error = sandbox.with_plan(PHASES, &["rollback", "--yes"]).fails(2);
    assert!(error.contains("--phase <ID>"), "{error}");
}

#[test]
fn an_amended_commit_is_undone_without_what_was_put_into_it() {
    let sandbox = applied();
    sandbox.write("hand.py", "mine = 1\n");
    sandbox.git(&["add", "-A"]);
    sandbox.git(&["commit", "-q", "--amend", "--no-edit"]);
    sandbox.git(&["reflog", "expire", "--expire=now", "--all"]);
    sandbox.git(&["gc", "-q", "--prune=now"]);
    // A clone lacks the commit as it was made.
    let clone = sandbox.root().parent().unwrap().join("clone");
    let clone = clone.to_str().unwrap();
    sandbox.git(&["clone", "-q", ".", clone]);
    for (key, value) in [("user.name", "Tester"), ("user.email", "tester@example.com")] {
        sandbox.git(&["-C", clone, "config", key, value]);
    }
    let error = rollback(&sandbox, &["--root", clone]).fails(1);
    assert!(
        error.contains("it was amended, or others were squashed into it, and the commit as it was made is not in this clone"),
        "{error}"
    );
    sandbox.git(&["-C", clone, "fetch", "-q", "origin", "refs/ssot-migrate/*:refs/ssot-migrate/*"]);
    let status = sandbox.with_plan(&plan(), &["status"]).ok();
    assert!(status.contains("phase  applied        1 commit, 1 altered since they were made"), "{status}");
    rollback(&sandbox, &["--root", clone]).ok();
    rollback(&sandbox, &[]).ok();
    assert_eq!((sandbox.read("app.py").as_str(), sandbox.read("hand.py").as_str()), (OLD, "mine = 1\n"));
    assert_eq!(sandbox.tree(), sandbox.git(&["-C", clone, "rev-parse", "HEAD^{tree}"]));
}

#[test]
fn steps_squashed_into_one_commit_are_undone_one_by_one() {
    let sandbox = three();
    sandbox.git(&["checkout", "-q", "-b", "work"]);
    sandbox.with_plan(PHASES, &["apply", "--yes", "--phase", "a"]).ok();
    sandbox.write("hand.py", "mine = 1\n");
    sandbox.commit("Mine");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.git(&["merge", "-q", "--squash", "work"]);
    sandbox.git(&["commit", "-q", "--no-edit"]);
    assert_eq!(sandbox.git(&["log", "-1", "--format=%s"]), "Squashed commit of the following:");
    assert_eq!(state(&sandbox, PHASES), "applied");
    sandbox.with_plan(PHASES, &["rollback", "--phase", "a", "--step", "move", "--yes"]).ok();
    assert_eq!(sandbox.read("pkg/near.py"), "from pkg.legacy import Manager\n\nprint(Manager)\n");
    sandbox.with_plan(PHASES, &["rollback", "--phase", "a", "--yes"]).ok();
    assert_eq!(sandbox.read("pkg/near.py"), "from .legacy import Manager\n\nprint(Manager)\n");
    assert_eq!(sandbox.read("hand.py"), "mine = 1\n");
    assert_eq!(state(&sandbox, PHASES), "rolled");
}

#[test]
fn the_history_tells_what_is_applied_whatever_was_done_to_it() {
    let sandbox = Sandbox::with_files(&FILES);
    let base = sandbox.git(&["rev-parse", "HEAD"]);
    let start = |branch: &str| {
        sandbox.git(&["checkout", "-q", "-B", branch, &base]);
    };
    let apply = || sandbox.with_plan(&plan(), &["apply", "--yes"]).ok();
    let is = |wanted: &str| assert_eq!(state(&sandbox, &plan()), wanted);
    let other = |branch: &str| {
        sandbox.git(&["checkout", "-q", "-B", branch, &base]);
        sandbox.write("other.py", "x = 1\n");
        sandbox.commit("Other");
    };
    // A clone knows.
    apply();
    let clone = sandbox.root().parent().unwrap().join("clone");
    sandbox.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    let status = sandbox.with_plan(&plan(), &["status", "--root", clone.to_str().unwrap()]).ok();
    assert!(status.contains("applied        1 commit"), "{status}");
    // Rebased and cherry-picked; rolled back after either.
    for words in [["rebase", "-q", "main"], ["cherry-pick", "work", "--"]] {
        start("work");
        apply();
        other("main");
        sandbox.git(&["checkout", "-q", if words[0] == "rebase" { "work" } else { "main" }]);
        sandbox.git(&words);
        is("applied");
        rollback(&sandbox, &[]).ok();
        is("rolled");
        assert_eq!((sandbox.read("app.py").as_str(), sandbox.read("other.py").as_str()), (OLD, "x = 1\n"));
    }
    // Merged, and the merge reverted; then the revert is reverted.
    start("work");
    apply();
    other("main");
    sandbox.git(&["merge", "-q", "--no-edit", "work"]);
    is("applied");
    sandbox.git(&["revert", "--no-edit", "-m", "1", "HEAD"]);
    is("rolled");
    sandbox.git(&["revert", "--no-edit", "HEAD"]);
    is("applied");
    rollback(&sandbox, &[]).ok();
    is("rolled");
    // Rolled back on a branch that is merged while the other goes on.
    start("main");
    apply();
    sandbox.git(&["checkout", "-q", "-b", "back"]);
    rollback(&sandbox, &[]).ok();
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("other.py", "x = 1\n");
    sandbox.commit("Other");
    sandbox.git(&["merge", "-q", "--no-edit", "back"]);
    is("rolled");
}

/// A row of numbers that looks random and is the same for the same seed (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// What people do to files between phases, each so that it comes to the same before a phase and after it.
fn hand_work(sandbox: &Sandbox, seed: u64) {
    let mut dice = Dice(seed);
    let files = ["app.py", "pkg/near.py", "pkg/far.py", "pkg/ssot.py", "web/use.py"];
    for turn in 0..1 + dice.below(5) {
        let path = files[dice.below(files.len())];
        let text = if sandbox.path(path).exists() { sandbox.read(path) } else { continue };
        match dice.below(6) {
            0 => sandbox.write(path, format!("{text}\n\ndef added_{turn}():\n    return {turn}\n")),
            1 => sandbox.write(path, format!("# A note, {turn}.\n{text}")),
            2 => sandbox.write(path, text.replace("import Manager", "import (\n    Manager,\n)")),
            3 => sandbox.write(path, text.replace("print(Manager", "print(  Manager")),
            4 => sandbox.write(&format!("new_{turn}.py"), "x = 1\n"),
            _ if path == "app.py" || path == "web/use.py" => {
                sandbox.git(&["mv", path, &format!("{}_{turn}.py", path.trim_end_matches(".py"))]);
            }
            _ => {}
        }
        sandbox.commit("By hand");
    }
}

/// Whatever people did in between, a phase that is rolled back leaves what the other phases and the people would have made without it.
/// `ROLLBACK_SEEDS` is how many are tried.
#[test]
fn what_is_left_is_what_the_others_would_have_made() {
    let files = || {
        let sandbox = three();
        sandbox.write("pkg/far.py", "import os\nfrom .legacy import Manager\n\n\ndef f():\n    return Manager, os\n");
        sandbox.write("web/use.py", "from pkg.legacy import Manager as M\nfrom pkg.ssot import Manager\n\nprint(Manager, M)\n");
        sandbox.commit("Still more");
        sandbox
    };
    let seeds = std::env::var("ROLLBACK_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(4);
    for seed in 0..seeds {
        let mut dice = Dice(seed + 1000);
        let gone = ["a", "b", "c"][dice.below(3)];
        let rest = match gone {
            // What requires it goes with it.
            "a" => &["b"][..],
            "b" => &["a", "c"],
            _ => &["a", "b"],
        };
        let (sandbox, without) = (files(), files());
        for (at, phase) in ["a", "b", "c"].iter().enumerate() {
            sandbox.with_plan(PHASES, &["apply", "--yes", "--phase", phase]).ok();
            hand_work(&sandbox, seed * 10 + at as u64);
            if rest.contains(phase) {
                without.with_plan(PHASES, &["apply", "--yes", "--phase", phase]).ok();
            }
            hand_work(&without, seed * 10 + at as u64);
        }
        sandbox.with_plan(PHASES, &["rollback", "--phase", gone, "--cascade", "--yes"]).ok();
        let differing: Vec<_> = {
            let (left, wanted) = (sandbox.files(), without.files());
            let paths: std::collections::BTreeSet<_> = left.keys().chain(wanted.keys()).cloned().collect();
            let text = |bytes: Option<&Vec<u8>>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            paths
                .into_iter()
                .map(|path| (text(left.get(&path)), text(wanted.get(&path)), path))
                .filter(|(a, b, _)| a != b)
                .collect()
        };
        assert!(differing.is_empty(), "seed {seed}, without {gone}: {differing:#?}");
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    }
}
