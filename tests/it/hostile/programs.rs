//! What would run programs: git's configuration, attributes, gates. Reading commands run none, and other people's repositories are refused.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::{plan, read_all};
use crate::harness::{FILES, Sandbox};

/// Makes a program that leaves a mark.
fn marker(sandbox: &Sandbox) -> (String, std::path::PathBuf) {
    let mark = sandbox.root().parent().unwrap().join("mark");
    let program = sandbox.beside("evil", format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\nexit 1\n", mark.display()));
    #[cfg(unix)]
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    (program.to_str().unwrap().to_owned(), mark)
}

#[cfg(unix)]
#[test]
fn no_program_of_the_repository_s_runs() {
    let sandbox = Sandbox::with_files(&FILES);
    let (program, mark) = marker(&sandbox);
    sandbox.write(".gitattributes", "* filter=evil diff=evil merge=evil text\n");
    for file in [".gitconfig", ".git-config", ".ssot-migrate/config.toml"] {
        sandbox.write(file, format!("[core]\n\tfsmonitor = {program}\n\tpager = {program}\n"));
    }
    sandbox.commit("Attributes");
    let hooks = sandbox.path("evil-hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in
        ["post-checkout", "post-index-change", "reference-transaction", "pre-commit", "post-commit", "fsmonitor-watchman"]
    {
        fs::copy(&program, hooks.join(hook)).unwrap();
    }
    let included = sandbox.beside("included", format!("[core]\n\taskPass = {program}\n[alias]\n\tstatus = !{program}\n"));
    let settings = [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "merge.evil.driver",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "credential.helper",
        "gpg.program",
        "gpg.ssh.program",
        "gpg.ssh.defaultKeyCommand",
        "sequence.editor",
        "interactive.diffFilter",
        "uploadpack.packObjectsHook",
        "remote.origin.uploadpack",
        "trailer.evil.command",
        "pager.plan",
        "browser.evil.cmd",
    ];
    for setting in settings {
        sandbox.git(&["config", setting, &program]);
    }
    sandbox.git(&["config", "core.hooksPath", hooks.to_str().unwrap()]);
    sandbox.git(&["config", "include.path", included.to_str().unwrap()]);
    sandbox.write("app.py", "from pkg.legacy import Manager\nManager(1)\n");
    // The trap is set: git itself walks into it.
    sandbox.try_git(&["status"]);
    assert!(mark.exists());
    fs::remove_file(&mark).unwrap();
    read_all(&sandbox, &[&["plan", "--format", "diff"], &["verify", "--worktree"], &["refs", "--all", "--worktree"]]);
    let told = fs::read_to_string(&mark).unwrap_or_default();
    assert_eq!(told, "");
}

#[test]
fn the_program_of_a_gate_runs_where_it_is_allowed_and_nowhere_else() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write(".ssot-migrate/plans/ssot-remediation.toml", plan());
    sandbox.commit("A plan of the repository's own");
    let words: [&[&str]; 10] = [
        &["plan"],
        &["plan", "--worktree", "--review"],
        &["status"],
        &["verify"],
        &["verify", "--gate", "program"],
        &["why", "app.py:1"],
        &["apply", "--yes"],
        &["rollback", "--phase", "phase", "--dry-run"],
        &["rollback", "--phase", "phase", "--yes"],
        &["test"],
    ];
    for words in words {
        let said = sandbox.tool(words);
        assert!(said.code <= 1, "{words:?}: {}", said.err);
        assert!(!sandbox.path("gate-ran").exists(), "{words:?}");
    }
    assert_eq!(sandbox.git(&["rev-list", "--count", "HEAD"]), "4", "it was applied and rolled back");
    sandbox.tool(&["verify", "--gate", "program", "--allow-commands"]).ok();
    assert!(sandbox.path("gate-ran").exists());
}

#[cfg(unix)]
#[test]
fn a_repository_of_somebody_else_s_is_refused() {
    let sandbox = Sandbox::with_files(&FILES);
    fs::create_dir_all(sandbox.path("sub")).unwrap();
    let give = |path: &Path| std::os::unix::fs::chown(path, Some(65_534), Some(65_534));
    let given = give(&sandbox.root()).and_then(|()| give(&sandbox.path(".git")));
    if let Err(error) = given {
        // Only root can give a folder away. Not through the test's captured output: a test that does not run has to say so.
        let _ = writeln!(std::io::stderr(), "NOT TESTED: whether a repository of somebody else's is refused ({error})");
        return;
    }
    let refused = |folder: &Path, words: &[&str]| {
        let error = sandbox.tool_in(folder, words).fails(2);
        assert!(error.contains("is not owned by current user") && error.contains("safe.directory"), "{error}");
    };
    for words in [&["plan"][..], &["status"], &["apply", "--yes"], &["refs", "--all"], &["explain"]] {
        refused(&sandbox.root(), words);
        refused(&sandbox.path("sub"), words);
    }
    sandbox.git(&["config", "--global", "--add", "safe.directory", sandbox.root().to_str().unwrap()]);
    sandbox.tool(&["plan"]).ok();
}
