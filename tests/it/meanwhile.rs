//! What others do meanwhile: a second process of the tool, git, an editor; before, during and after an interruption.

use std::fs;

use crate::harness::{FILES, MOVE, MOVED, Said, Sandbox, plan_of};

const OLD: &str = FILES[3].1;

fn plan() -> String {
    plan_of(MOVE)
}

fn apply(sandbox: &Sandbox, words: &[&str]) -> Said {
    sandbox.with_plan(&plan(), &[&["apply", "--yes"], words].concat())
}

fn status(sandbox: &Sandbox) -> Said {
    sandbox.with_plan(&plan(), &["status"])
}

#[track_caller]
fn is_sound(sandbox: &Sandbox, changes: &str) {
    assert_eq!(sandbox.git(&["status", "--porcelain"]).trim(), changes);
    assert_eq!(sandbox.git(&["fsck", "--strict", "--no-dangling"]), "");
    assert!(!sandbox.path(".git/ssot-migrate").exists());
}

#[test]
fn of_two_processes_at_once_one_does_the_work() {
    for round in 0..5 {
        let sandbox = Sandbox::with_files(&FILES);
        let file = sandbox.beside("plan.toml", plan());
        let words = ["apply", "--yes", "--plan", file.to_str().unwrap()];
        let both = [sandbox.tool_started(&words), sandbox.tool_started(&words)];
        let both = both.map(|child| child.wait_with_output().unwrap());
        let said = |output: &std::process::Output| {
            String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
        };
        let (done, other): (Vec<_>, Vec<_>) = both.iter().map(said).partition(|text| text.contains("Made 1 commit"));
        assert_eq!(done.len(), 1, "{round}: {other:?}");
        let known = [
            "Nothing to change",
            "is at work in this repository",
            "has moved since",
            "index.lock exists",
            "uncommitted changes",
        ];
        assert!(known.iter().any(|words| other[0].contains(words)), "{round}: {}", other[0]);
        assert_eq!((sandbox.git(&["rev-list", "--count", "HEAD"]), sandbox.read("app.py")), ("2".to_owned(), MOVED.to_owned()));
        is_sound(&sandbox, "");
    }
}

#[test]
fn locks_of_others_are_respected() {
    let sandbox = Sandbox::with_files(&FILES);
    for (lock, words) in
        [("index.lock", &[][..]), ("refs/heads/main.lock", &[]), ("refs/heads/side.lock", &["--branch", "side"])]
    {
        sandbox.write(&format!(".git/{lock}"), "theirs");
        let error = apply(&sandbox, words).fails(2);
        assert!(
            error.contains(&format!("{lock} exists: another git process is at work, or one has crashed\nhint: wait for it")),
            "{error}"
        );
        assert_eq!((sandbox.git(&["rev-list", "--count", "--all"]), &*sandbox.read("app.py")), ("1".to_owned(), OLD));
        assert_eq!(sandbox.read(&format!(".git/{lock}")), "theirs");
        fs::remove_file(sandbox.path(&format!(".git/{lock}"))).unwrap();
        is_sound(&sandbox, "");
    }
    // Others that git would not need either.
    sandbox.git(&["pack-refs", "--all"]);
    sandbox.write(".git/packed-refs.lock", "theirs");
    apply(&sandbox, &[]).ok();
    fs::remove_file(sandbox.path(".git/packed-refs.lock")).unwrap();
    is_sound(&sandbox, "");
    sandbox.git(&["checkout", "-q", "--detach", "HEAD~1"]);
    sandbox.write(".git/HEAD.lock", "theirs");
    assert!(apply(&sandbox, &[]).fails(2).contains("HEAD.lock exists"));
}

/// Puts a repository into the state that a kill right after the branch has moved leaves behind.
fn interrupt(sandbox: &Sandbox, app: &str) {
    let (base, tip) = (sandbox.git(&["rev-parse", "HEAD~1"]), sandbox.git(&["rev-parse", "HEAD"]));
    sandbox.git(&["read-tree", &base]);
    sandbox.write("app.py", app);
    let log = format!("{base} {tip} Tester <tester@example.com> 0 +0000\tssot-migrate apply: 1 commit");
    sandbox.write(".git/ssot-migrate/pending", format!("refs/heads/main\n{base}\n{tip}\nfiles\n{log}\n"));
    // Held until the index is there.
    sandbox.write(".git/index.lock", format!("ssot-migrate {tip}\n"));
}

#[test]
fn what_somebody_has_changed_after_an_interruption_is_left_alone() {
    let sandbox = Sandbox::with_files(&FILES);
    apply(&sandbox, &[]).ok();
    interrupt(&sandbox, OLD);
    let said = status(&sandbox);
    assert!(said.err.contains("note: an interrupted change was found and finished"), "{}", said.err);
    assert_eq!(sandbox.read("app.py"), MOVED);
    is_sound(&sandbox, "");
    assert_eq!(status(&sandbox).err, "", "once");

    interrupt(&sandbox, "print('mine')\n");
    let said = status(&sandbox);
    assert!(said.err.contains("changed since, and left alone:\n  app.py"), "{}", said.err);
    assert_eq!(sandbox.read("app.py"), "print('mine')\n");
    is_sound(&sandbox, "M app.py");
    sandbox.git(&["diff", "--cached", "--quiet"]);
}

#[test]
fn what_was_interrupted_before_the_branch_moved_is_discarded() {
    let sandbox = Sandbox::with_files(&FILES);
    apply(&sandbox, &[]).ok();
    interrupt(&sandbox, OLD);
    sandbox.git(&["update-ref", "refs/heads/main", "HEAD~1"]);
    let said = status(&sandbox);
    assert!(said.err.contains("note: an interrupted change was found and discarded"), "{}", said.err);
    assert_eq!(sandbox.read("app.py"), OLD);
    is_sound(&sandbox, "");
}

#[test]
fn a_branch_that_has_moved_on_after_an_interruption_is_left_alone() {
    let sandbox = Sandbox::with_files(&FILES);
    apply(&sandbox, &[]).ok();
    interrupt(&sandbox, OLD);
    fs::remove_file(sandbox.path(".git/index.lock")).unwrap();
    sandbox.git(&["commit", "-q", "--allow-empty", "-m", "Theirs"]);
    let said = status(&sandbox);
    assert!(said.err.contains("was interrupted, and the branch has moved since: look at `git status`"), "{}", said.err);
    assert_eq!(sandbox.read("app.py"), OLD);
    is_sound(&sandbox, "");
}

#[test]
fn a_lock_that_git_has_taken_after_an_interruption_is_waited_for() {
    let sandbox = Sandbox::with_files(&FILES);
    apply(&sandbox, &[]).ok();
    interrupt(&sandbox, OLD);
    // Somebody has removed ours, as git advises, and runs git.
    sandbox.write(".git/index.lock", "DIRC");
    for _ in 0..2 {
        let said = status(&sandbox);
        assert!(said.err.contains("note: an interrupted change waits for a lock: remove ") && said.code == 0, "{}", said.err);
        let error = apply(&sandbox, &[]).fails(2);
        assert!(error.contains("error: an interrupted change has not been finished yet: "), "{error}");
        assert_eq!((sandbox.read(".git/index.lock"), &*sandbox.read("app.py")), ("DIRC".to_owned(), OLD));
    }
    fs::remove_file(sandbox.path(".git/index.lock")).unwrap();
    assert!(status(&sandbox).err.contains("found and finished"));
    is_sound(&sandbox, "");
}

/// With what is run, or fails, at a call that changes a file.
#[cfg(target_os = "linux")]
mod at_a_call {
    use super::*;
    use crate::faults::library;

    /// Runs a command of the tool; at the first call of this name something happens.
    fn at(sandbox: &Sandbox, command: &str, call: &str, how: &str, run: &str) -> Said {
        let file = sandbox.beside("plan.toml", plan());
        let root = sandbox.root();
        let words = [command, "--plan", file.to_str().unwrap()];
        let words = if command == "apply" { [&words[..], &["--yes"]].concat() } else { words.to_vec() };
        let variables = [
            ("LD_PRELOAD", library()),
            ("FAULT_ROOT", root.to_str().unwrap()),
            ("FAULT_CALL", call),
            ("FAULT_HOW", how),
            ("FAULT_RUN", run),
        ];
        sandbox.tool_under(&root, &words, &variables)
    }

    #[test]
    fn a_branch_that_somebody_moves_is_theirs() {
        let commit = "git commit -q --allow-empty -m Theirs";
        let move_ref = "git update-ref refs/heads/main $(git commit-tree -m Theirs -p HEAD 'HEAD^{tree}')";
        for (call, run) in [
            ("open .git/ssot-migrate/pending", commit),
            ("link .git/index.lock", commit),
            ("link .git/refs/heads/main.lock", move_ref),
        ] {
            let sandbox = Sandbox::with_files(&FILES);
            let error = at(&sandbox, "apply", call, "run", run).fails(1);
            assert!(
                error.starts_with(
                    "error: the branch `main` has moved since the plan was made\nhint: plan again; nothing has been changed"
                ),
                "{error}"
            );
            assert_eq!((sandbox.git(&["log", "-1", "--format=%s"]), &*sandbox.read("app.py")), ("Theirs".to_owned(), OLD));
            is_sound(&sandbox, "");
            apply(&sandbox, &[]).ok();
            is_sound(&sandbox, "");
        }
    }

    #[test]
    fn another_branch_that_somebody_switches_to_keeps_its_files() {
        let sandbox = Sandbox::with_files(&FILES);
        at(&sandbox, "apply", "open .git/ssot-migrate/pending", "run", "git switch -q -c theirs").ok();
        assert_eq!((sandbox.git(&["show", "main:app.py"]), &*sandbox.read("app.py")), (MOVED.to_owned(), OLD));
        is_sound(&sandbox, "");
    }

    #[test]
    fn a_file_that_somebody_saves_meanwhile_is_not_overwritten() {
        let sandbox = Sandbox::with_files(&FILES);
        let error = at(&sandbox, "apply", "link .git/index.lock", "run", "echo mine >> app.py").fails(1);
        assert!(error.contains("uncommitted changes:\n  app.py"), "{error}");
        assert_eq!(sandbox.read("app.py"), format!("{OLD}mine\n"));
        assert_eq!(sandbox.git(&["rev-list", "--count", "HEAD"]), "1");
        is_sound(&sandbox, "M app.py");
    }

    #[test]
    fn a_git_directory_that_cannot_be_written_to_is_a_clear_error() {
        let sandbox = Sandbox::with_files(&FILES);
        let error = at(&sandbox, "apply", "mkdir .git/ssot-migrate", "denied", "").fails(2);
        assert!(error.contains(".git/ssot-migrate: Permission denied") && error.contains("\nhint: see whose it is"), "{error}");
        is_sound(&sandbox, "");
    }

    #[test]
    fn a_file_that_was_half_written_is_known_whatever_its_line_ends() {
        let sandbox = Sandbox::with_files(&FILES);
        sandbox.write(".gitattributes", "*.py text eol=crlf ident\n");
        sandbox.write("app.py", format!("# $Id$\r\n{}", OLD.replace('\n', "\r\n")));
        sandbox.commit("Attributes");
        assert_eq!(at(&sandbox, "apply", "write app.py", "half", "").code, -1);
        let half = sandbox.read("app.py");
        let said = status(&sandbox);
        assert!(said.err.contains("found and finished") && !said.err.contains("left alone"), "{}", said.err);
        let whole = sandbox.read("app.py");
        assert!(whole.starts_with(&half) && whole.len() > half.len() && whole.contains("$Id: "), "{half:?}");
        assert!(whole.contains("from pkg.ssot import Manager\r\n"), "{whole:?}");
        is_sound(&sandbox, "");
    }

    #[test]
    fn what_cannot_be_finished_yet_waits() {
        let sandbox = Sandbox::with_files(&FILES);
        let error = at(&sandbox, "apply", "write app.py", "full", "").fails(2);
        assert!(error.contains("error: the branch is at ") && error.contains("the next command finishes it"), "{error}");
        let said = at(&sandbox, "status", "open app.py", "full", "");
        assert!(
            said.code == 0
                && said.err.contains("note: an interrupted change could not be finished, and the next command tries again: "),
            "{}",
            said.err
        );
        // git is not kept from working, and nothing of ours stands in its way.
        assert!(!sandbox.path(".git/index.lock").exists());
        assert!(status(&sandbox).err.contains("found and finished"));
        assert_eq!(sandbox.read("app.py"), MOVED);
        is_sound(&sandbox, "");
    }
}
