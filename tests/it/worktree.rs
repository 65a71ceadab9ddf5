//! Work trees of every kind: each is brought to what git itself would write, or refused with the reason before anything happens.

use std::path::Path;

use crate::harness::{FILES, MOVE, MOVED, Said, Sandbox, plan_of};

const OLD: &str = FILES[3].1;

/// A move of a file into a folder that is not there yet.
const MOVE_FILE: &str = "kind = \"move-module\"\nfrom = \"pkg.legacy\"\nto = \"new.fresh\"\nmove_definition = true";

fn plan() -> String {
    plan_of(MOVE)
}

fn apply(sandbox: &Sandbox, words: &[&str]) -> Said {
    sandbox.with_plan(&plan(), &[&["apply", "--yes"], words].concat())
}

fn rollback(sandbox: &Sandbox) -> Said {
    sandbox.with_plan(&plan(), &["rollback", "--phase", "phase", "--yes"])
}

/// git finds nothing changed, and would write every file as it is.
#[track_caller]
fn is_as_git_would(sandbox: &Sandbox) {
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let files = sandbox.files();
    sandbox.git(&["checkout-index", "--force", "--all"]);
    assert_eq!(sandbox.files(), files);
    assert_eq!(sandbox.git(&["fsck", "--strict", "--no-dangling"]), "");
}

/// The command is refused with these words, and nothing has happened.
#[track_caller]
fn is_refused(sandbox: &Sandbox, body: &str, code: i32, words: &str) {
    let state = || (sandbox.git(&["for-each-ref"]), sandbox.git(&["status", "--porcelain"]), sandbox.files());
    let before = state();
    let error = sandbox.with_plan(&plan_of(body), &["apply", "--yes"]).fails(code);
    assert!(error.contains(words) && error.contains("\nhint: "), "{error}");
    assert!(!sandbox.path(".git/ssot-migrate").exists() && !sandbox.path(".git/index.lock").exists());
    assert_eq!(state(), before);
}

/// Checks everything out again, as git is configured now.
fn check_out(sandbox: &Sandbox) {
    for path in sandbox.files().into_keys() {
        std::fs::remove_file(sandbox.path(&path)).unwrap();
    }
    sandbox.git(&["checkout", "-q", "."]);
}

#[test]
fn line_ends_are_those_that_git_would_write() {
    let attributes = |text: &str| Some((".gitattributes".to_owned(), text.to_owned()));
    for (config, attributes, is_crlf) in [
        (&["core.autocrlf=true"][..], None, true),
        (&["core.autocrlf=input"], None, false),
        (&["core.eol=crlf"], attributes("* text=auto\n"), true),
        (&[], attributes("*.py text eol=crlf\n"), true),
        (&["core.autocrlf=true"], attributes("*.py -text\n"), false),
        (&[], attributes("*.py ident\n"), false),
        // What git removes again is no obstacle: as libgit2 has it, a required filter without a program is none.
        (&[], attributes("*.py diff=python whitespace=tab-in-indent merge=union\n"), false),
    ] {
        let sandbox = Sandbox::with_files(&FILES);
        sandbox.write("app.py", format!("{OLD}\n# $Id$\n"));
        if let Some((path, text)) = &attributes {
            sandbox.write(path, text);
        }
        sandbox.commit("More");
        for pair in config {
            let (key, value) = pair.split_once('=').unwrap();
            sandbox.git(&["config", key, value]);
        }
        check_out(&sandbox);
        let before = sandbox.files();
        apply(&sandbox, &[]).ok();
        assert_eq!(sandbox.read("app.py").contains("ssot import Manager\r\n"), is_crlf, "{config:?} {attributes:?}");
        is_as_git_would(&sandbox);
        rollback(&sandbox).ok();
        is_as_git_would(&sandbox);
        assert_eq!(sandbox.files(), before);
    }
}

#[test]
fn files_that_go_through_programs_or_encodings_are_refused_and_possible_on_another_branch() {
    for (attribute, config) in
        [("filter=shout", Some(("filter.shout.smudge", "sed s/from/SHOUT/"))), ("working-tree-encoding=UTF-16LE-BOM", None)]
    {
        let sandbox = Sandbox::with_files(&FILES);
        sandbox.write(".gitattributes", format!("app.py {attribute}\n"));
        if attribute.starts_with("working") {
            let encoded: Vec<u8> = std::iter::once(0xfeff).chain(OLD.encode_utf16()).flat_map(u16::to_le_bytes).collect();
            sandbox.write("app.py", encoded);
        }
        sandbox.commit("Attributes");
        if let Some((key, value)) = config {
            sandbox.git(&["config", key, value]);
        }
        is_refused(
            &sandbox,
            MOVE,
            1,
            "a file that would be changed goes through a filter or an encoding on the way to the disk:\n  app.py",
        );
        apply(&sandbox, &["--branch", "side"]).ok();
        assert_eq!(sandbox.git(&["show", "side:app.py"]), MOVED);
        // Files beside it are no concern.
        let elsewhere =
            "kind = \"move-symbol\"\nfrom = \"pkg.legacy:Manager\"\nto = \"pkg.ssot:Manager\"\ninclude = [\"other.py\"]";
        sandbox.write("other.py", OLD);
        sandbox.git(&["add", "other.py"]);
        sandbox.git(&["commit", "-q", "-m", "Other"]);
        sandbox.with_plan(&plan_of(elsewhere), &["apply", "--yes"]).ok();
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    }
}

#[test]
fn names_that_differ_only_by_case_are_one_where_git_is_told_so() {
    let files =
        [("pkg/__init__.py", ""), ("pkg/Legacy.py", "x = 1\n"), ("app.py", "from pkg.Legacy import x\n"), ("pkg/Other.py", "")];
    let moved = |to: &str| format!("kind = \"move-module\"\nfrom = \"pkg.Legacy\"\nto = \"pkg.{to}\"\nmove_definition = true");
    let sandbox = Sandbox::with_files(&files);
    sandbox.git(&["config", "core.ignorecase", "true"]);
    is_refused(
        &sandbox,
        &moved("other"),
        1,
        "core.ignorecase is set, and a file would share the name of another but for its case:\n  pkg/other.py",
    );
    sandbox.with_plan(&plan_of(&moved("legacy")), &["apply", "--yes"]).ok();
    assert!(sandbox.path("pkg/legacy.py").exists() && !sandbox.path("pkg/Legacy.py").exists());
    assert_eq!(sandbox.git(&["ls-files", "pkg"]), "pkg/Other.py\npkg/__init__.py\npkg/legacy.py");
    is_as_git_would(&sandbox);

    // Where case counts, they are two.
    let sandbox = Sandbox::with_files(&files);
    sandbox.git(&["config", "core.ignorecase", "false"]);
    sandbox.with_plan(&plan_of(&moved("other")), &["apply", "--yes"]).ok();
    is_as_git_would(&sandbox);
}

#[cfg(unix)]
#[test]
fn executable_bits_are_the_commits_where_the_disk_has_none() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.git(&["config", "core.fileMode", "false"]);
    sandbox.git(&["update-index", "--chmod=+x", "app.py"]);
    sandbox.git(&["commit", "-q", "-m", "Executable"]);
    // As on a file system without modes: all files look executable, or none does.
    for mode in [0o755, 0o644] {
        for path in ["app.py", "pkg/legacy.py"] {
            std::fs::set_permissions(sandbox.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        apply(&sandbox, &[]).ok();
        let modes = sandbox.git(&["ls-tree", "-r", "--format=%(objectmode) %(path)", "HEAD", "app.py", "pkg/legacy.py"]);
        assert_eq!(modes, "100755 app.py\n100644 pkg/legacy.py");
        is_as_git_would(&sandbox);
        rollback(&sandbox).ok();
        is_as_git_would(&sandbox);
    }
}

#[cfg(unix)]
#[test]
fn a_linked_folder_on_the_way_to_a_file_is_not_followed() {
    // git tracks pkg/legacy.py, and somebody has put a link in the folder's place.
    let sandbox = Sandbox::with_files(&FILES);
    let outside = sandbox.base().join("outside");
    std::fs::rename(sandbox.path("pkg"), &outside).unwrap();
    std::os::unix::fs::symlink(&outside, sandbox.path("pkg")).unwrap();
    let before = crate::harness::files(&outside);
    is_refused(&sandbox, MOVE_FILE, 1, "uncommitted changes:\n  pkg/legacy.py");
    assert_eq!(crate::harness::files(&outside), before);
}

#[test]
fn what_git_ignores_is_a_file_like_any_other() {
    let sandbox = Sandbox::with_files(&FILES);
    // Tracked all the same.
    sandbox.write(".gitignore", "app.py\nnew/\n");
    sandbox.commit("Ignore");
    apply(&sandbox, &[]).ok();
    assert_eq!(sandbox.read("app.py"), MOVED);
    is_as_git_would(&sandbox);
    // In the way all the same.
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write(".gitignore", "new/\n");
    sandbox.commit("Ignore");
    sandbox.write("new/fresh.py", "mine\n");
    is_refused(&sandbox, MOVE_FILE, 1, "an untracked file would be overwritten:\n  new/fresh.py");
    std::fs::remove_dir_all(sandbox.path("new")).unwrap();
    sandbox.with_plan(&plan_of(MOVE_FILE), &["apply", "--yes"]).ok();
    assert!(sandbox.git(&["ls-files", "new"]).contains("new/fresh.py"));
    is_as_git_would(&sandbox);
}

#[test]
fn submodules_are_left_alone_and_nothing_goes_into_them() {
    let sandbox = Sandbox::with_files(&FILES);
    let inner = sandbox.base().join("inner");
    let inner = inner.to_str().unwrap();
    let run = |words: &[&str]| {
        sandbox.git(&[&["-c", "user.name=T", "-c", "user.email=t@e", "-c", "protocol.file.allow=always"], words].concat())
    };
    run(&["init", "-q", inner]);
    std::fs::write(format!("{inner}/thing.py"), "from pkg.legacy import Manager\n").unwrap();
    run(&["-C", inner, "add", "-A"]);
    run(&["-C", inner, "commit", "-q", "-m", "Inner"]);
    run(&["submodule", "add", "-q", inner, "vendor/inner"]);
    sandbox.write("vendor/beside.py", "from pkg.legacy import Manager\n");
    sandbox.commit("Submodule");
    // Changed in three ways: a file, an untracked file, another commit.
    sandbox.write("vendor/inner/thing.py", "mine\n");
    sandbox.write("vendor/inner/new.py", "mine\n");
    run(&["-C", "vendor/inner", "commit", "-q", "--allow-empty", "-m", "Mine"]);
    let state = || sandbox.git(&["status", "--porcelain=2"]);
    let before = state();
    apply(&sandbox, &[]).ok();
    assert_eq!((state(), sandbox.read("vendor/inner/thing.py")), (before.clone(), "mine\n".to_owned()));
    assert_eq!(sandbox.read("vendor/beside.py"), "from pkg.ssot import Manager\n");
    rollback(&sandbox).ok();
    assert_eq!(state(), before);
    let into = MOVE_FILE.replace("new.fresh", "vendor.inner.fresh");
    let error = sandbox.with_plan(&plan_of(&into), &["plan"]).fails(2);
    assert!(error.contains("vendor/inner/fresh.py cannot be made: vendor/inner is not a folder"), "{error}");
}

#[test]
fn shallow_and_partial_clones_do_what_they_can() {
    let origin = Sandbox::with_files(&FILES);
    origin.write("big.py", "from pkg.legacy import Manager\n");
    origin.commit("More");
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", origin.root().to_str().unwrap());
    let clone = |words: &[&str]| {
        let sandbox = Sandbox::new();
        sandbox.git(&[&["clone", "-q"], words, &[&url, "."]].concat());
        sandbox.git(&["config", "user.name", "Tester"]);
        sandbox.git(&["config", "user.email", "tester@example.com"]);
        sandbox
    };
    let shallow = clone(&["--depth", "1"]);
    apply(&shallow, &[]).ok();
    is_as_git_would(&shallow);
    rollback(&shallow).ok();
    is_as_git_would(&shallow);

    // Of what has been checked out the content is there.
    let partial = clone(&["--filter=blob:none"]);
    partial.git(&["config", "extensions.partialClone", "origin"]);
    let partial_says = partial.with_plan(&plan(), &["status"]);
    assert!(partial_says.err.contains("uses the extension `partialclone`") || partial_says.code == 0, "{}", partial_says.err);
    partial.git(&["config", "--unset", "extensions.partialClone"]);
    apply(&partial, &[]).ok();
    assert_eq!(partial.git(&["status", "--porcelain"]), "");
    // Of what has not, it is missing.
    let empty = clone(&["--filter=blob:none", "--no-checkout"]);
    let error = apply(&empty, &["--branch", "side"]).fails(2);
    assert!(error.contains("its content ") && error.contains("is not in this clone\nhint: this is a partial clone"), "{error}");
    assert_eq!(empty.git(&["branch", "--list", "side"]), "");

    // What the tool's commits did is not known there, and that is said.
    apply(&origin, &[]).ok();
    for (words, brings) in
        [(["--depth", "1"], ["--unshallow", "-q"]), (["--filter=blob:none", "-q"], ["--refetch", "--no-filter"])]
    {
        let clone = clone(&words);
        let status = clone.with_plan(&plan(), &["status"]).ok();
        assert!(status.contains("applied        1 commit, 1 not wholly in this clone"), "{status}");
        let error = rollback(&clone).fails(2);
        assert!(error.contains("is not in this clone\nhint: `git fetch --unshallow` brings the history"), "{error}");
        clone.git(&[&["fetch"][..], &brings].concat());
        rollback(&clone).ok();
    }
    // Without a parent it is a commit that did something else.
    origin.git(&["checkout", "-q", "--orphan", "fresh"]);
    origin.git(&["commit", "-q", "-C", "main"]);
    let status = origin.with_plan(&plan(), &["status"]).ok();
    assert!(status.contains("applied        1 commit, 1 altered since they were made"), "{status}");
    rollback(&origin).ok();
}

#[test]
fn repositories_that_cannot_be_read_are_named() {
    for (option, words) in [
        (
            "--object-format=sha256",
            "error: this repository names its objects by SHA-256, which this version does not read\nhint: ",
        ),
        (
            "--ref-format=reftable",
            "error: this repository keeps its refs in a reftable, which this version does not read\nhint: `git refs migrate",
        ),
    ] {
        let sandbox = Sandbox::new();
        for (path, text) in FILES {
            sandbox.write(path, text);
        }
        sandbox.git(&["init", "-q", option]);
        sandbox.git(&["-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "--allow-empty", "-m", "Start"]);
        let error = apply(&sandbox, &[]).fails(2);
        assert!(error.starts_with(words), "{error}");
        // Nor is it taken for a plain folder from further down.
        let file = sandbox.beside("plan.toml", plan());
        let error = sandbox.tool_in(&sandbox.path("pkg"), &["status", "--plan", file.to_str().unwrap()]).fails(2);
        assert!(error.starts_with(words), "{error}");
    }
}

#[test]
fn indexes_of_other_shapes_are_read_or_refused() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.git(&["config", "core.untrackedCache", "true"]);
    sandbox.git(&["config", "feature.manyFiles", "true"]);
    sandbox.git(&["update-index", "--index-version", "4", "--untracked-cache"]);
    sandbox.git(&["status"]);
    apply(&sandbox, &[]).ok();
    is_as_git_would(&sandbox);
    rollback(&sandbox).ok();
    is_as_git_would(&sandbox);

    let sandbox = Sandbox::with_files(&FILES);
    sandbox.git(&["update-index", "--split-index"]);
    is_refused(&sandbox, MOVE, 2, "unsupported mandatory extension: 'link'\nhint: a sparse or split index is not read");
    sandbox.git(&["update-index", "--no-split-index"]);
    apply(&sandbox, &[]).ok();

    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("far/deep/b.py", "x = 1\n");
    sandbox.commit("Far");
    sandbox.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "pkg"]);
    is_refused(&sandbox, MOVE, 2, "unsupported mandatory extension: 'sdir'\nhint: a sparse or split index is not read");
    sandbox.git(&["sparse-checkout", "reapply", "--no-sparse-index"]);
    apply(&sandbox, &[]).ok();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}

#[test]
fn folders_may_have_any_name() {
    let origin = Sandbox::with_files(&FILES);
    let folder = origin.base().join("mit Leerzeichen, größer & 数 'x'\"y\"\n$HOME");
    let folder = folder.to_str().unwrap();
    origin.git(&["clone", "-q", ".", folder]);
    origin.git(&["-C", folder, "config", "user.name", "Tester"]);
    origin.git(&["-C", folder, "config", "user.email", "tester@example.com"]);
    apply(&origin, &["--root", folder]).ok();
    assert_eq!(std::fs::read_to_string(Path::new(folder).join("app.py")).unwrap(), MOVED);
    assert_eq!(origin.git(&["-C", folder, "status", "--porcelain"]), "");
    assert_eq!(origin.git(&["-C", folder, "fsck", "--strict", "--no-dangling"]), "");
}

#[test]
fn the_work_tree_may_be_elsewhere() {
    let sandbox = Sandbox::with_files(&FILES);
    let elsewhere = sandbox.base().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    sandbox.git(&["config", "core.worktree", elsewhere.to_str().unwrap()]);
    sandbox.git(&["--work-tree", elsewhere.to_str().unwrap(), "checkout", "-q", "-f", "HEAD", "--", "."]);
    apply(&sandbox, &[]).ok();
    assert_eq!(std::fs::read_to_string(elsewhere.join("app.py")).unwrap(), MOVED);
    assert_eq!(sandbox.read("app.py"), OLD, "not git's");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
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
    // The top itself, and what a new folder would be made in.
    std::fs::set_permissions(sandbox.root(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let errors = [MOVE, MOVE_FILE].map(|body| sandbox.with_plan(&plan_of(body), &["apply", "--yes"]).fails(1));
    std::fs::set_permissions(sandbox.root(), std::fs::Permissions::from_mode(0o755)).unwrap();
    for error in errors {
        assert!(error.contains("a folder is read-only, and files in it would be changed:\n  .\n"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_written_into_a_shared_repository_is_the_groups_too() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.git(&["config", "core.sharedRepository", "group"]);
    let list = || walkdir::WalkDir::new(sandbox.path(".git")).into_iter().map(|entry| entry.unwrap().into_path());
    let before: std::collections::BTreeSet<_> = list().collect();
    let file = sandbox.beside("plan.toml", plan_of(MOVE));
    for words in [vec!["--branch", "deep/er"], vec![]] {
        let mut command = sandbox.command("sh");
        command.args(["-c", "umask 077; exec \"$0\" apply --yes --plan \"$@\"", env!("CARGO_BIN_EXE_ssot-migrate")]);
        command.arg(&file).args(words);
        sandbox.run(command).ok();
    }
    let replaced = ["index", "refs/heads/main"].map(|name| sandbox.path(".git").join(name));
    let mine = |path: &std::path::PathBuf| !before.contains(path) || replaced.contains(path);
    let made: Vec<_> = list().filter(mine).collect();
    for name in ["index", "refs/heads/main", "refs/heads/deep/er", "logs/refs/heads/deep/er", "refs/ssot-migrate/kept"] {
        assert!(made.contains(&sandbox.path(".git").join(name)), "{name}");
    }
    for path in made {
        let found = std::fs::metadata(&path).unwrap();
        let wanted = match found.is_dir() {
            true => 0o2770,
            false if path.to_str().unwrap().contains("/objects/") => 0o440,
            false => 0o660,
        };
        assert_eq!(found.permissions().mode() & 0o7770, wanted, "{}", path.display());
    }
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
