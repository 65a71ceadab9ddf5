//! Where commits go: branches, new ones too, a detached HEAD, linked work trees, bare repositories; and what the reflog says of it.

use crate::harness::{FILES, MOVE, MOVED, Said, Sandbox, plan_of};

const OLD: &str = FILES[3].1;

fn plan() -> String {
    plan_of(MOVE)
}

fn apply(sandbox: &Sandbox, words: &[&str]) -> Said {
    sandbox.with_plan(&plan(), &[&["apply", "--yes"], words].concat())
}

#[test]
fn a_detached_head_is_moved_and_said_to_be_one() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.git(&["checkout", "-q", "--detach"]);
    let said = apply(&sandbox, &[]).ok();
    assert!(said.starts_with("Made 1 commit on the detached HEAD:\n  "), "{said}");
    assert!(
        said.ends_with(" phase / step\nHEAD is detached: `git switch -c NAME` keeps these commits on a branch.\n"),
        "{said}"
    );
    assert_eq!(sandbox.git(&["rev-parse", "main"]), sandbox.git(&["rev-parse", "HEAD~1"]));
    assert_eq!(sandbox.try_git(&["symbolic-ref", "-q", "HEAD"]).code, 1);
    assert_eq!(
        (sandbox.git(&["status", "--porcelain"]), sandbox.git(&["fsck", "--strict", "--no-dangling"])),
        Default::default()
    );
    let said = sandbox.with_plan(&plan(), &["rollback", "--phase", "phase", "--yes"]).ok();
    assert!(said.starts_with("Undid 1 commit of `phase` on the detached HEAD:\n"), "{said}");
    assert_eq!(
        (sandbox.git(&["status", "--porcelain"]), sandbox.git(&["fsck", "--strict", "--no-dangling"])),
        Default::default()
    );
    assert!(sandbox.git(&["reflog", "-1"]).contains("ssot-migrate rollback: phase"));
}

#[test]
fn a_new_branch_needs_a_name_that_is_free() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.git(&["branch", "taken"]);
    sandbox.git(&["branch", "deep/er"]);
    for _ in 0..2 {
        for name in ["taken/more", "deep"] {
            let error = apply(&sandbox, &["--branch", name]).fails(2);
            assert!(error.contains(&format!("the branch `{name}` cannot be made: ")), "{error}");
        }
        // The same where refs are packed.
        sandbox.git(&["pack-refs", "--all"]);
    }
    // Folders that branches have left are not.
    std::fs::create_dir_all(sandbox.path(".git/refs/heads/gone/once")).unwrap();
    std::fs::create_dir_all(sandbox.path(".git/logs/refs/heads/gone/once")).unwrap();
    apply(&sandbox, &["--branch", "gone"]).ok();
    assert!(sandbox.git(&["reflog", "gone"]).contains("ssot-migrate apply: 1 commit"));
    apply(&sandbox, &["--branch", "deep/est"]).ok();
    assert_eq!(sandbox.git(&["show", "deep/est:app.py"]), MOVED);
    assert_eq!(sandbox.git(&["fsck", "--strict", "--no-dangling"]), "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_branch_whose_name_is_not_text_is_named_as_that() {
    let sandbox = Sandbox::with_files(&FILES);
    let mut command = sandbox.command("git");
    command.args(["checkout", "-q", "-b"]).arg(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"caf\xe9"));
    sandbox.run(command).ok();
    let error = apply(&sandbox, &[]).fails(2);
    assert!(error.contains("the name of the branch `caf\u{fffd}` is not text in UTF-8\nhint: `git branch -m NAME`"), "{error}");
    apply(&sandbox, &["--branch", "other"]).ok();
}

#[test]
fn reflogs_are_kept_as_git_is_configured() {
    for (config, is_logged) in [("false", false), ("TRUE", true), ("Always", true), ("0", false)] {
        let sandbox = Sandbox::with_files(&FILES);
        sandbox.git(&["config", "core.logAllRefUpdates", config]);
        std::fs::remove_dir_all(sandbox.path(".git/logs")).unwrap();
        apply(&sandbox, &[]).ok();
        assert_eq!(sandbox.path(".git/logs/HEAD").exists(), is_logged);
        assert_eq!(sandbox.path(".git/logs/refs/heads/main").exists(), is_logged);
    }
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
    // Nor by another name, nor while it is only left for a bisection.
    sandbox.git(&["-C", linked, "symbolic-ref", "refs/heads/alias", "refs/heads/side"]);
    sandbox.git(&["-C", linked, "symbolic-ref", "HEAD", "refs/heads/alias"]);
    apply(&sandbox, &["--branch", "side"]).fails(2);
    sandbox.git(&["-C", linked, "switch", "-q", "side"]);
    sandbox.git(&["-C", linked, "bisect", "start"]);
    sandbox.git(&["-C", linked, "checkout", "-q", "--detach"]);
    apply(&sandbox, &["--branch", "side"]).fails(2);
    sandbox.git(&["-C", linked, "bisect", "reset"]);
    apply(&sandbox, &["--root", linked]).ok();
    assert_eq!(std::fs::read_to_string(format!("{linked}/app.py")).unwrap(), MOVED);
    assert_eq!(sandbox.read("app.py"), OLD);

    sandbox.git(&["clone", "-q", "--bare", ".", bare]);
    sandbox.git(&["-C", bare, "config", "user.name", "Tester"]);
    sandbox.git(&["-C", bare, "config", "user.email", "tester@example.com"]);
    apply(&sandbox, &["--root", bare, "--branch", "migration"]).ok();
    assert_eq!(sandbox.git(&["-C", bare, "show", "migration:app.py"]), MOVED);
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
