//! Hooks, signatures and identities: commits are made as git itself would make them, or not at all.

use std::path::PathBuf;

use crate::harness::{FILES, MOVE, MOVED, Sandbox, copy, plan_of};

const OLD: &str = FILES[3].1;

fn plan() -> String {
    plan_of(&format!("title = \"Move the manager\"\n{MOVE}"))
}

/// Two steps that change `app.py`, one after the other.
fn two() -> String {
    format!(
        "{}\n[[phase.step]]\nid = \"rename\"\ntitle = \"Rename it\"\nkind = \"move-symbol\"\nfrom = \"pkg.ssot:Manager\"\nto = \"pkg.legacy:Manager\"\n",
        plan()
    )
}

fn apply(sandbox: &Sandbox, words: &[&str]) -> crate::harness::Said {
    sandbox.with_plan(&plan(), &[&["apply", "--yes"], words].concat())
}

fn hook(sandbox: &Sandbox, path: &str, text: &str) {
    sandbox.write(path, text);
    executable(&sandbox.path(path));
}

fn executable(path: &PathBuf) {
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

/// What hooks have written beside the repository.
fn log(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.root().parent().unwrap().join("log")).unwrap_or_default()
}

/// Nothing has happened, and nothing is left behind.
#[track_caller]
fn is_untouched(sandbox: &Sandbox) {
    assert_eq!(sandbox.git(&["log", "--format=%s", "--all"]), "Start");
    assert_eq!((sandbox.git(&["status", "--porcelain"]), sandbox.read("app.py")), (String::new(), OLD.to_owned()));
    assert!(!sandbox.path(".git/ssot-migrate/checkouts").exists());
}

#[test]
fn pre_commit_sees_each_commit_before_it_is_made() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("pkg/__init__.py", "# mine, uncommitted\n");
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "#!/bin/sh\nset -e\nhere=$(pwd)\nlog=${here%/repo/*}/log\n{\n\
         echo \"on $(git symbolic-ref --short -q HEAD || git log -1 --format=%s), staged: $(git diff --cached --name-only), changed: $(git diff --name-only)\"\n\
         head -1 app.py\ncat pkg/__init__.py\ngit rev-parse --show-toplevel --show-prefix | grep -c \"$here\"\n\
         echo \"$GIT_EDITOR|$GIT_PREFIX|$GIT_AUTHOR_NAME|$#\"\n} >> $log\necho fine\n",
    );
    let said = sandbox.with_plan(&two(), &["apply", "--yes"]);
    assert!(said.err.contains("pre-commit: fine\n"), "{}", said.err);
    said.ok();
    assert_eq!(
        log(&sandbox),
        "on main, staged: app.py, changed: \nfrom pkg.ssot import Manager\n1\n:||Tester|0\n\
         on Move the manager, staged: app.py, changed: \nfrom pkg.legacy import Manager\n1\n:||Tester|0\n"
    );
    assert_eq!(sandbox.git(&["log", "--format=%s"]), "Rename it\nMove the manager\nStart");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), " M pkg/__init__.py");
    assert!(!sandbox.path(".git/ssot-migrate/checkouts").exists());
    assert_eq!(sandbox.git(&["worktree", "list", "--porcelain"]).matches("worktree ").count(), 1);
    sandbox.git(&["fsck", "--strict"]);
}

#[test]
fn a_hook_that_refuses_is_listened_to() {
    let sandbox = Sandbox::with_files(&FILES);
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "#!/bin/sh\nif grep -q ssot app.py; then echo 'no \u{1b}[31mssot\u{1b}[0m here'; exit 3; fi\n",
    );
    let error = apply(&sandbox, &[]).fails(1);
    assert_eq!(
        error,
        "error: the hook `pre-commit` refuses the commit \"Move the manager\": exit code 3:\nno ssot here\n\
         hint: nothing has been changed; mend what it names, or leave it out with `--no-verify`, as with `git commit`\n"
    );
    is_untouched(&sandbox);
    apply(&sandbox, &["--no-verify", "--branch", "unverified"]).ok();
    assert_eq!(sandbox.git(&["show", "unverified:app.py"]), MOVED);
    // A later commit that is refused takes the earlier ones with it.
    let sandbox = Sandbox::with_files(&FILES);
    hook(&sandbox, ".git/hooks/commit-msg", "#!/bin/sh\n! grep -q Rename \"$1\"\n");
    let error = sandbox.with_plan(&two(), &["apply", "--yes"]).fails(1);
    assert!(error.contains("the hook `commit-msg` refuses commit 2 of 2, \"Rename it\": exit code 1\nhint: "), "{error}");
    is_untouched(&sandbox);
}

#[cfg(unix)]
#[test]
fn on_a_terminal_hooks_speak_for_themselves() {
    let sandbox = Sandbox::with_files(&FILES);
    hook(&sandbox, ".git/hooks/pre-commit", "#!/bin/sh\n[ -t 1 ] && echo to you\nexit 1\n");
    let plan = sandbox.beside("plan.toml", plan());
    let words = [env!("CARGO_BIN_EXE_ssot-migrate"), "apply", "--yes", "--plan", plan.to_str().unwrap()];
    let said = sandbox.python(&["-c", &format!("import pty, sys; sys.exit(pty.spawn({words:?}) >> 8)")]);
    assert_eq!(said.code, 1, "{}", said.out);
    let (before, after) = said.out.split_once("refuses the commit \"Move the manager\": exit code 1").unwrap();
    assert!(before.contains("to you\r\n") && !after.contains("to you"), "{}", said.out);
    is_untouched(&sandbox);
}

#[test]
fn a_hook_that_changes_what_was_proved_is_refused() {
    for (change, names) in [
        ("echo >> app.py", "app.py"),
        ("echo >> app.py; git add app.py", "app.py"),
        ("git rm -q --cached pkg/ssot.py", "pkg/ssot.py"),
        ("rm pkg/ssot.py", "pkg/ssot.py"),
        ("echo x > new.py; git add new.py", "new.py"),
    ] {
        let sandbox = Sandbox::with_files(&FILES);
        hook(&sandbox, ".git/hooks/pre-commit", &format!("#!/bin/sh\n{change}\n"));
        let error = apply(&sandbox, &[]).fails(1);
        let wanted = "the hook `pre-commit` changes files of the commit \"Move the manager\", and what was proved would not be what is committed:\n  ";
        assert!(error.contains(&format!("{wanted}{names}\nhint: nothing has been changed")), "{change}: {error}");
        is_untouched(&sandbox);
    }
    // What it only leaves beside them does not matter.
    let sandbox = Sandbox::with_files(&FILES);
    hook(&sandbox, ".git/hooks/pre-commit", "#!/bin/sh\ntouch app.py cache\n");
    apply(&sandbox, &[]).ok();
    assert!(!sandbox.path("cache").exists());
}

#[test]
fn message_hooks_may_change_the_message_but_not_the_trailers() {
    let sandbox = Sandbox::with_files(&FILES);
    hook(
        &sandbox,
        ".git/hooks/prepare-commit-msg",
        "#!/bin/sh\n[ $2 = message ] || exit 1\nprintf 'on %s\\n\\n\\n' $(git symbolic-ref --short HEAD) > m\ncat m \"$1\" > n; mv n \"$1\"; rm m\n",
    );
    hook(
        &sandbox,
        ".git/hooks/commit-msg",
        "#!/bin/sh\nhead -1 \"$1\"; git diff --cached --name-only; pwd\ngit interpret-trailers --in-place --trailer 'Refs: A-1' \"$1\"\n",
    );
    let said = apply(&sandbox, &[]);
    let told = format!("commit-msg: on main\ncommit-msg: app.py\ncommit-msg: {}\n", sandbox.root().display());
    assert!(said.err.contains(&told), "{}", said.err);
    said.ok();
    let message = sandbox.git(&["log", "-1", "--format=%B"]);
    assert!(message.starts_with("on main\n\nMove the manager\n\nPhase phase"), "{message}");
    assert_eq!(
        sandbox.git(&["log", "-1", "--format=%(trailers:key=Refs,valueonly)%(trailers:key=Ssot-Step,valueonly)"]),
        "A-1\nstep"
    );
    assert!(sandbox.with_plan(&plan(), &["status"]).ok().contains("applied        1 commit"));
    // `--no-verify` leaves out what it does with git.
    let said = sandbox.with_plan(&plan(), &["rollback", "--phase", "phase", "--yes", "--no-verify"]);
    assert!(!said.err.contains("commit-msg:"), "{}", said.err);
    said.ok();
    assert!(sandbox.git(&["log", "-1", "--format=%B"]).starts_with("on main\n\nRoll back: Move the manager"));

    for spoil in
        ["echo Short > \"$1\"", "sed -i s/Ssot-Step/Step/ \"$1\"", "sed -i 's/^Ssot-Phase: .*/Ssot-Phase: other/' \"$1\""]
    {
        let sandbox = Sandbox::with_files(&FILES);
        hook(&sandbox, ".git/hooks/commit-msg", &format!("#!/bin/sh\n{spoil}\n"));
        let error = apply(&sandbox, &[]).fails(1);
        assert!(error.contains("so that its `Ssot-` trailers are not what they were"), "{spoil}: {error}");
        is_untouched(&sandbox);
    }
}

#[test]
fn the_hooks_of_refs_and_index_and_the_last_one_are_told() {
    let sandbox = Sandbox::with_files(&FILES);
    for name in ["post-commit", "post-index-change", "reference-transaction"] {
        let text = format!("#!/bin/sh\necho \"{name} $* $(git log -1 --format=%s) $(cat)\" >> ../log\nexit 7\n");
        let text = if name == "reference-transaction" { text.replace("exit 7", "[ ! -e ../no ]") } else { text };
        hook(&sandbox, &format!(".git/hooks/{name}"), &text);
    }
    let old = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.beside("no", "");
    let error = apply(&sandbox, &[]).fails(1);
    assert!(error.contains("the hook `reference-transaction` refuses to move the branch: exit code 1\n"), "{error}");
    let said = log(&sandbox);
    let states: Vec<&str> =
        said.lines().filter(|line| line.starts_with("ref")).filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(states, ["prepared", "aborted"], "{said}");
    std::fs::remove_file(sandbox.root().parent().unwrap().join("no")).unwrap();
    is_untouched(&sandbox);
    sandbox.beside("log", "");
    apply(&sandbox, &[]).ok();
    let new = sandbox.git(&["rev-parse", "HEAD"]);
    let moved = format!("{old} {new} HEAD\n{old} {new} refs/heads/main");
    assert_eq!(
        log(&sandbox),
        format!(
            "reference-transaction prepared Start {moved}\nreference-transaction committed Move the manager {moved}\n\
             post-index-change 1 0 Move the manager \npost-commit  Move the manager \n"
        )
    );
}

#[test]
fn hooks_are_found_and_run_as_git_does() {
    // A folder of the repository's own, `/usr/bin/env`, a file without `#!`, and one that is not executable.
    for (path, folder, text) in [
        ("tools/hooks/pre-commit", Some("tools/hooks"), "#!/usr/bin/env sh\necho ran\nexit 1\n"),
        (".git/hooks/pre-commit", None, "echo ran\nexit 1\n"),
    ] {
        let sandbox = Sandbox::with_files(&FILES);
        hook(&sandbox, path, text);
        if let Some(folder) = folder {
            sandbox.git(&["config", "core.hooksPath", folder]);
        }
        assert!(apply(&sandbox, &[]).fails(1).contains("exit code 1:\nran\n"), "{path}");
        if let Some(folder) = folder {
            sandbox.git(&["config", "core.hooksPath", sandbox.path(folder).to_str().unwrap()]);
            assert!(apply(&sandbox, &[]).fails(1).contains("exit code 1:\nran\n"), "absolute");
        }
        #[cfg(unix)]
        std::fs::set_permissions(sandbox.path(path), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        apply(&sandbox, &[]).ok();
    }
    // An empty folder is none: not the top of the work tree. One that cannot be told is an error.
    let sandbox = Sandbox::with_files(&FILES);
    hook(&sandbox, "pre-commit", "#!/bin/sh\nexit 1\n");
    sandbox.commit("A hook for others");
    sandbox.git(&["config", "core.hooksPath", "~nobody-of-that-name/hooks"]);
    assert!(apply(&sandbox, &[]).fails(2).contains("home"));
    sandbox.git(&["config", "core.hooksPath", ""]);
    apply(&sandbox, &[]).ok();
}

#[cfg(unix)]
#[test]
fn hooks_run_whatever_the_name_of_the_folder() {
    let origin = Sandbox::with_files(&FILES);
    hook(&origin, ".git/hooks/pre-commit", "#!/bin/sh\ngit diff --cached --name-only\nexit 1\n");
    let folder = origin.base().join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"caf\xe9"));
    copy(&origin.root(), &folder);
    let file = origin.beside("plan.toml", plan());
    let error = origin.tool_in(&folder, &["apply", "--yes", "--plan", file.to_str().unwrap()]).fails(1);
    assert!(error.contains("exit code 1:\napp.py\n"), "{error}");
}

#[test]
fn hooks_find_the_tools_that_git_ignores() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write(".gitignore", "node_modules/\n__pycache__/\n");
    sandbox.commit("Ignore");
    hook(&sandbox, "node_modules/.bin/check", "#!/bin/sh\necho checked\nexit 1\n");
    sandbox.write("__pycache__/app.pyc", "x");
    hook(&sandbox, ".git/hooks/pre-commit", "#!/bin/sh\n[ ! -e __pycache__ ] && PATH=node_modules/.bin:$PATH check\n");
    assert!(apply(&sandbox, &[]).fails(1).contains("exit code 1:\nchecked\n"));
    assert!(sandbox.path("node_modules/.bin/check").exists(), "the link goes, and not what it leads to");
}

#[test]
fn only_commands_that_make_commits_run_programs() {
    let sandbox = Sandbox::with_files(&FILES);
    for name in ["pre-commit", "commit-msg", "reference-transaction", "post-commit"] {
        hook(&sandbox, &format!(".git/hooks/{name}"), "#!/bin/sh\necho ran >> ../log\n");
    }
    let signer = sandbox.beside("signer", "#!/bin/sh\necho ran >> ../log\nexit 1\n");
    executable(&signer);
    apply(&sandbox, &[]).ok();
    assert!(log(&sandbox).contains("ran"));
    for (key, value) in [("commit.gpgsign", "true"), ("gpg.program", signer.to_str().unwrap())] {
        sandbox.git(&["config", key, value]);
    }
    sandbox.beside("log", "");
    let saved = sandbox.root().parent().unwrap().join("saved.json");
    for words in [
        &["plan", "--out", saved.to_str().unwrap()][..],
        &["status"],
        &["why", "app.py:1"],
        &["refs", "pkg.legacy"],
        &["rollback", "--phase", "phase", "--dry-run"],
    ] {
        sandbox.with_plan(&plan(), words).ok();
    }
    assert_eq!(log(&sandbox), "");
}

#[test]
fn a_bare_repository_has_the_hook_of_refs_alone() {
    let sandbox = Sandbox::with_files(&FILES);
    let bare = sandbox.root().parent().unwrap().join("bare");
    let words = bare.to_str().unwrap();
    sandbox.git(&["clone", "-q", "--bare", ".", words]);
    sandbox.git(&["-C", words, "config", "user.name", "Tester"]);
    sandbox.git(&["-C", words, "config", "user.email", "tester@example.com"]);
    for name in ["pre-commit", "commit-msg", "reference-transaction", "post-commit"] {
        let path = bare.join("hooks").join(name);
        std::fs::write(&path, format!("#!/bin/sh\necho {name} $1 >> ../log\n")).unwrap();
        executable(&path);
    }
    apply(&sandbox, &["--root", words, "--branch", "migration"]).ok();
    assert_eq!(log(&sandbox), "reference-transaction prepared\nreference-transaction committed\n");
}

#[test]
fn a_linked_work_tree_runs_the_hooks_of_its_repository() {
    let sandbox = Sandbox::with_files(&FILES);
    let linked = sandbox.root().parent().unwrap().join("linked");
    sandbox.git(&["worktree", "add", "-q", "-b", "side", linked.to_str().unwrap()]);
    let text =
        "#!/bin/sh\necho \"$(git symbolic-ref --short HEAD) $(git diff --cached --name-only) $(git log -1 --format=%s)\"\n";
    for name in ["pre-commit", "commit-msg", "post-commit"] {
        hook(&sandbox, &format!(".git/hooks/{name}"), text);
    }
    let said = apply(&sandbox, &["--root", linked.to_str().unwrap()]);
    let told = "pre-commit: side app.py Start\ncommit-msg: side app.py Start\npost-commit: side  Move the manager\n";
    assert!(said.err.ends_with(told), "{}", said.err);
    said.ok();
    assert_eq!(
        (std::fs::read_to_string(linked.join("app.py")).unwrap(), sandbox.read("app.py")),
        (MOVED.to_owned(), OLD.to_owned())
    );
    assert!(!sandbox.path(".git/worktrees/linked/ssot-migrate/checkouts").exists());
}

#[test]
fn rollback_runs_hooks_too() {
    let sandbox = Sandbox::with_files(&FILES);
    apply(&sandbox, &[]).ok();
    hook(&sandbox, ".git/hooks/pre-commit", "#!/bin/sh\nhead -1 app.py\ngrep -q ssot app.py\n");
    let error = sandbox.with_plan(&plan(), &["rollback", "--phase", "phase", "--yes"]).fails(1);
    assert!(
        error.contains("refuses the commit \"Roll back: Move the manager\": exit code 1:\nfrom pkg.legacy import Manager\n"),
        "{error}"
    );
    assert_eq!(sandbox.read("app.py"), MOVED);
    sandbox.with_plan(&plan(), &["rollback", "--phase", "phase", "--yes", "--no-verify"]).ok();
    assert_eq!(sandbox.read("app.py"), OLD);
}

#[test]
fn a_checkout_whose_maker_has_died_is_removed() {
    let sandbox = Sandbox::with_files(&FILES);
    for file in ["lock", "git/HEAD", "files/app.py"] {
        sandbox.write(&format!(".git/ssot-migrate/checkouts/x1/{file}"), "");
    }
    // One that is in use stays.
    sandbox.write(".git/ssot-migrate/checkouts/x2/lock", "");
    let lock = std::fs::File::open(sandbox.path(".git/ssot-migrate/checkouts/x2/lock")).unwrap();
    lock.lock().unwrap();
    sandbox.with_plan(&plan(), &["status"]).ok();
    let left: Vec<_> = std::fs::read_dir(sandbox.path(".git/ssot-migrate/checkouts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["x2"]);
    drop(lock);
    sandbox.with_plan(&plan(), &["status"]).ok();
    is_untouched(&sandbox);
}

#[test]
fn deleted_and_moved_files_are_so_for_hooks_too() {
    let sandbox = Sandbox::with_files(&[("old/__init__.py", ""), ("old/m.py", "x = 1\n"), ("app.py", "from old.m import x\n")]);
    hook(&sandbox, ".git/hooks/pre-commit", "#!/bin/sh\nset -e\ngit status --porcelain > ../../../../../../log\nls\n");
    let step =
        |from: &str, to: &str| format!("kind = \"move-module\"\nfrom = \"{from}\"\nto = \"{to}\"\nmove_definition = true");
    let plan = format!("{}[[phase.step]]\nid = \"second\"\n{}\n", plan_of(&step("old", "new")), step("new", "newer"));
    let said = sandbox.with_plan(&plan, &["apply", "--yes"]);
    assert!(said.err.contains("pre-commit: app.py\npre-commit: new\npre-commit: app.py\npre-commit: newer\n"), "{}", said.err);
    said.ok();
    assert_eq!(log(&sandbox), "M  app.py\nR  new/__init__.py -> newer/__init__.py\nR  new/m.py -> newer/m.py\n");
}

// Signatures.

/// A throw-away key in the home folder.
fn ssh_key(sandbox: &Sandbox) -> PathBuf {
    let key = sandbox.root().parent().unwrap().join("home/key");
    let mut command = sandbox.command("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", "tester", "-f", key.to_str().unwrap()]);
    sandbox.run(command).ok();
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    let allowed = sandbox.beside("allowed", format!("tester@example.com {public}"));
    for (name, value) in [
        ("gpg.format", "ssh"),
        ("gpg.ssh.allowedSignersFile", allowed.to_str().unwrap()),
        ("user.signingkey", "~/key"),
        ("commit.gpgsign", "true"),
    ] {
        sandbox.git(&["config", name, value]);
    }
    key
}

fn is_signed(sandbox: &Sandbox, commit: &str) -> bool {
    sandbox.try_git(&["verify-commit", commit]).code == 0
}

#[test]
fn commits_are_signed_with_an_ssh_key() {
    let sandbox = Sandbox::with_files(&FILES);
    let key = ssh_key(&sandbox);
    sandbox.with_plan(&two(), &["apply", "--yes"]).ok();
    assert!(is_signed(&sandbox, "HEAD") && is_signed(&sandbox, "HEAD~1") && !is_signed(&sandbox, "HEAD~2"));
    assert!(
        sandbox.git(&["log", "-1", "--show-signature"]).contains("Good \"git\" signature for tester@example.com with ED25519")
    );
    sandbox.git(&["fsck", "--strict"]);
    sandbox.with_plan(&two(), &["rollback", "--phase", "phase", "--yes"]).ok();
    assert!(is_signed(&sandbox, "HEAD"));
    apply(&sandbox, &["--gpg-sign", "--no-gpg-sign", "--branch", "unsigned"]).ok();
    assert!(!is_signed(&sandbox, "unsigned"));
    apply(&sandbox, &["--no-gpg-sign", "--gpg-sign", "--branch", "last-word"]).ok();
    assert!(is_signed(&sandbox, "last-word"));
    // Asked for by an option alone.
    sandbox.git(&["config", "--unset", "user.signingkey"]);
    sandbox.git(&["config", "commit.gpgsign", "false"]);
    apply(&sandbox, &[&format!("--gpg-sign={}", key.display()), "--branch", "signed"]).ok();
    assert!(is_signed(&sandbox, "signed"));
    let error = apply(&sandbox, &["--gpg-sign", "--branch", "keyless"]).fails(2);
    assert!(error.contains("gpg.format is ssh, and neither user.signingkey nor gpg.ssh.defaultKeyCommand is set"), "{error}");
}

#[test]
fn a_key_itself_and_a_command_that_names_one_are_given_to_the_program() {
    let sandbox = Sandbox::with_files(&FILES);
    let key = ssh_key(&sandbox);
    // Stands in for an agent, which has the private part.
    let program = sandbox.beside(
        "program",
        format!(
            "#!/bin/sh\n[ \"$6 $7\" = \"$6 -U\" ] && cat \"$6\" > ../given && exec ssh-keygen -Y sign -n git -f {} \"$8\"\n",
            key.display()
        ),
    );
    executable(&program);
    sandbox.git(&["config", "gpg.ssh.program", program.to_str().unwrap()]);
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap().trim_end().to_owned();
    let given = || std::fs::read_to_string(sandbox.root().parent().unwrap().join("given")).unwrap();
    for (at, literal) in [format!("key::{public}"), public.clone()].iter().enumerate() {
        sandbox.git(&["config", "user.signingkey", literal]);
        sandbox.beside("given", "");
        apply(&sandbox, &["--branch", &format!("b{at}")]).ok();
        assert_eq!(given(), public);
        // Git looks with the real program.
        assert_eq!(sandbox.try_git(&["-c", "gpg.ssh.program=ssh-keygen", "verify-commit", &format!("b{at}")]).code, 0);
    }
    sandbox.git(&["config", "--unset", "user.signingkey"]);
    sandbox.git(&["config", "gpg.ssh.defaultKeyCommand", &format!("printf '%s\\nmore' '{public}'")]);
    sandbox.beside("given", "");
    apply(&sandbox, &["--branch", "named"]).ok();
    assert_eq!(given(), public);
    sandbox.git(&["config", "gpg.ssh.defaultKeyCommand", "echo nothing"]);
    let error = apply(&sandbox, &["--branch", "unnamed"]).fails(2);
    assert!(error.contains("the commit cannot be signed: echo: it names no key\nhint: nothing has been changed"), "{error}");
}

#[test]
fn commits_are_signed_with_gpg() {
    let sandbox = Sandbox::with_files(&FILES);
    let home = sandbox.root().parent().unwrap().join("home/.gnupg");
    std::fs::create_dir(&home).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let gpg = |program: &str, words: &[&str]| {
        let mut command = sandbox.command(program);
        command.args(words);
        sandbox.run(command)
    };
    gpg(
        "gpg",
        &["--batch", "-q", "--passphrase", "", "--quick-gen-key", "Tester <tester@example.com>", "ed25519", "sign", "never"],
    )
    .ok();
    sandbox.git(&["config", "commit.gpgsign", "true"]);
    // The committer names the key.
    let applied = apply(&sandbox, &[]);
    let is_good = is_signed(&sandbox, "HEAD");
    let shown = sandbox.git(&["log", "-1", "--show-signature"]);
    sandbox.git(&["config", "user.signingkey", "nobody@example.com"]);
    let refused = sandbox.with_plan(&plan(), &["rollback", "--phase", "phase", "--yes"]);
    gpg("gpgconf", &["--kill", "all"]).ok();
    applied.ok();
    assert!(is_good && shown.contains("Good signature from \"Tester <tester@example.com>\""), "{shown}");
    let error = refused.fails(2);
    assert!(
        error.contains("error: the commit cannot be signed: gpg: gpg: ") && error.contains("nobody@example.com"),
        "{error}"
    );
    assert!(!error.contains("[GNUPG:]") && sandbox.read("app.py") == MOVED, "{error}");
}

#[test]
fn signing_programs_are_spoken_to_as_git_does() {
    let sandbox = Sandbox::with_files(&FILES);
    let fake = |name: &str, text: &str| {
        let path = sandbox.beside(name, format!("#!/bin/sh\n{text}"));
        executable(&path);
        path.to_str().unwrap().to_owned()
    };
    let good = fake(
        "good",
        "echo \"$*\" > ../given\ncat > ../signed\nprintf -- '-----BEGIN X-----\\r\\nabc\\r\\n-----END X-----\\n'\necho '[GNUPG:] SIG_CREATED x' >&2\n",
    );
    let quiet = fake("quiet", "cat > ../signed\necho signature\n");
    let bad = fake("bad", "echo '[GNUPG:] KEY_CONSIDERED' >&2\necho 'the card is not in the reader' >&2\nexit 2\n");
    sandbox.git(&["config", "commit.gpgsign", "true"]);
    for (format, key, program) in
        [("openpgp", "gpg.program", &quiet), ("openpgp", "gpg.openpgp.program", &bad), ("x509", "gpg.x509.program", &bad)]
    {
        sandbox.git(&["config", "gpg.format", format]);
        sandbox.git(&["config", key, program]);
        let error = apply(&sandbox, &[]).fails(2);
        let says = if program == &bad { "the card is not in the reader" } else { "exit code 0" };
        assert!(
            error.contains(&format!("the commit cannot be signed: {program}: {says}\nhint: nothing has been changed")),
            "{error}"
        );
        is_untouched(&sandbox);
    }
    sandbox.git(&["config", "gpg.x509.program", &good]);
    apply(&sandbox, &[]).ok();
    let beside = |name: &str| std::fs::read_to_string(sandbox.root().parent().unwrap().join(name)).unwrap();
    assert_eq!(beside("given"), "--status-fd=2 -bsau Tester <tester@example.com>\n");
    // The commit is what was signed, with the signature in it.
    let commit = sandbox.git(&["cat-file", "commit", "HEAD"]) + "\n";
    let signature = "gpgsig -----BEGIN X-----\n abc\n -----END X-----\n";
    assert!(commit.contains(signature), "{commit}");
    assert_eq!(commit.replace(signature, ""), beside("signed"));
    sandbox.git(&["config", "gpg.format", "pgp"]);
    let error = apply(&sandbox, &[]).fails(2);
    assert!(error.contains("commits are to be signed, but gpg.format is `pgp`"), "{error}");
}

#[test]
fn author_and_committer_are_those_that_git_would_take() {
    let sandbox = Sandbox::with_files(&FILES);
    let file = sandbox.beside("plan.toml", plan());
    let made = |branch: &str, variables: &[(&str, &str)]| {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_ssot-migrate"));
        command.args(["apply", "--yes", "--branch", branch, "--plan", file.to_str().unwrap()]).envs(variables.iter().copied());
        sandbox.run(command)
    };
    let shown = |branch: &str| sandbox.git(&["log", "-1", "--format=%an <%ae> %cn <%ce>", branch]);
    sandbox.git(&["config", "author.name", "Ann"]);
    sandbox.git(&["config", "committer.email", "bot@example.com"]);
    let dates = [
        ("GIT_AUTHOR_DATE", "2005-04-07T22:13:13+0200"),
        ("GIT_COMMITTER_DATE", "@1112911993 -0130"),
        ("GIT_COMMITTER_NAME", "Cy"),
    ];
    made("a", &dates).ok();
    assert_eq!(shown("a"), "Ann <tester@example.com> Cy <bot@example.com>");
    assert_eq!(sandbox.git(&["log", "-1", "--format=%ad %cd", "--date=raw", "a"]), "1112904793 +0200 1112911993 -0130");
    let error = made("b", &[("GIT_AUTHOR_DATE", "soon")]).fails(2);
    assert!(error.contains("GIT_AUTHOR_DATE is no date: `soon`\nhint: write it as "), "{error}");
    sandbox.git(&["config", "--unset", "user.email"]);
    made("b", &[]).fails(2);
    made("b", &[("EMAIL", "mail@example.com")]).ok();
    assert_eq!(shown("b"), "Ann <mail@example.com> Tester <bot@example.com>");
    sandbox.git(&["config", "user.useConfigOnly", "true"]);
    let error = made("c", &[("EMAIL", "mail@example.com")]).fails(2);
    assert!(error.contains("git does not know who you are: user.name or user.email is not set"), "{error}");
}
