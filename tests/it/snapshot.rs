//! What is read: commits, work trees and folders with everything that real ones hold.

use crate::harness::{FILES, MOVE, MOVED, Sandbox, plan_of};

fn changed(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let patch = sandbox.with_plan(&plan_of(MOVE), &[&["plan", "--format", "diff"], words].concat()).ok();
    patch.lines().filter_map(|line| line.strip_prefix("+++ b/").map(str::to_owned)).collect()
}

const IMPORTER: &str = "from pkg.legacy import Manager\n";

#[cfg(unix)]
#[test]
fn links_submodules_odd_names_and_binary_files_do_not_disturb() {
    let sandbox = Sandbox::with_files(&FILES);
    std::os::unix::fs::symlink("app.py", sandbox.path("link.py")).unwrap();
    std::os::unix::fs::symlink("pkg", sandbox.path("linked")).unwrap();
    sandbox.write("uses_link.py", "from linked.legacy import Manager\nimport link\n");
    sandbox.write("image.png", [0x89, b'P', 0, 0xff, 0xfe]);
    sandbox.write("binary.py", [b'x', 0, 0xff, 0xfe]);
    sandbox.write("with blank.py", IMPORTER);
    sandbox.write("{braces}/[x]*.py", IMPORTER);
    sandbox.write("new\nline.py", IMPORTER);
    sandbox.write("quo\"te.py", IMPORTER);
    sandbox.write("größe/数.py", IMPORTER);
    sandbox.write("-dash.py", IMPORTER);
    use std::os::unix::ffi::OsStrExt;
    let latin = sandbox.root().join(std::ffi::OsStr::from_bytes(b"caf\xe9.py"));
    std::fs::write(latin, IMPORTER).unwrap();
    let inner = sandbox.root().parent().unwrap().join("inner");
    sandbox.git(&["init", "-q", inner.to_str().unwrap()]);
    sandbox.git(&[
        "-C",
        inner.to_str().unwrap(),
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@e",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "x",
    ]);
    sandbox.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", inner.to_str().unwrap(), "vendor"]);
    sandbox.write("uses_vendor.py", "import vendor.thing\n");
    sandbox.commit("Odd things");
    let tree = sandbox.tree();

    let wanted = ["-dash.py", "app.py", "größe/数.py", "with blank.py\t", "{braces}/[x]*.py"];
    assert_eq!(changed(&sandbox, &[]), wanted);
    sandbox.with_plan(&plan_of(MOVE), &["apply", "--yes"]).ok();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    for path in ["new\nline.py", "quo\"te.py", "größe/数.py", "-dash.py", "{braces}/[x]*.py"] {
        assert_eq!(sandbox.read(path), "from pkg.ssot import Manager\n");
    }
    assert!(sandbox.path("link.py").is_symlink());
    sandbox.with_plan(&plan_of(MOVE), &["rollback", "--phase", "phase", "--yes"]).ok();
    assert_eq!((sandbox.tree(), sandbox.git(&["status", "--porcelain"])), (tree, String::new()));
}

#[cfg(unix)]
#[test]
fn modes_are_kept() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::with_files(&FILES);
    std::fs::set_permissions(sandbox.path("app.py"), std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.commit("Executable");
    sandbox.with_plan(&plan_of(MOVE), &["apply", "--yes"]).ok();
    assert!(sandbox.git(&["ls-tree", "HEAD", "app.py"]).starts_with("100755 "));
    assert_eq!(std::fs::metadata(sandbox.path("app.py")).unwrap().permissions().mode() & 0o111, 0o111);
}

#[test]
fn the_commit_is_read_and_not_the_files_that_happen_to_lie_there() {
    let sandbox = Sandbox::with_files(&FILES);
    let size = FILES[3].1.len();
    // Of the same size and in the same instant: only the content differs.
    sandbox.write("app.py", "#".repeat(size));
    assert_eq!(changed(&sandbox, &[]), ["app.py"]);
    // Missing altogether.
    std::fs::remove_file(sandbox.path("app.py")).unwrap();
    assert_eq!(changed(&sandbox, &[]), ["app.py"]);
    assert_eq!(changed(&sandbox, &["--worktree"]), Vec::<String>::new());
}

#[test]
fn line_ends_and_filters_on_disk_are_not_taken_for_the_blob() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write(".gitattributes", "*.py text eol=crlf\n");
    sandbox.commit("Attributes");
    std::fs::remove_file(sandbox.path("app.py")).unwrap();
    sandbox.git(&["checkout", "-q", "app.py"]);
    assert!(sandbox.read("app.py").contains("\r\n"));
    sandbox.with_plan(&plan_of(MOVE), &["apply", "--yes"]).ok();
    assert_eq!(sandbox.git(&["show", "HEAD:app.py"]), MOVED);
    assert_eq!(sandbox.read("app.py"), MOVED.replace('\n', "\r\n"));
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");

    let filtered = Sandbox::with_files(&FILES);
    filtered.git(&["config", "filter.shout.clean", "sed s/SHOUT/from/"]);
    filtered.git(&["config", "filter.shout.smudge", "sed s/from/SHOUT/"]);
    filtered.write(".gitattributes", "app.py filter=shout\n");
    filtered.commit("Filter");
    std::fs::remove_file(filtered.path("app.py")).unwrap();
    filtered.git(&["checkout", "-q", "app.py"]);
    assert!(filtered.read("app.py").starts_with("SHOUT"));
    assert_eq!(changed(&filtered, &[]), ["app.py"]);
}

#[test]
fn a_missing_blob_matters_only_where_it_is_needed() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("data.bin", "large");
    sandbox.write("gone.py", "x = 1\n");
    sandbox.commit("More");
    let forget = |path: &str| {
        let id = sandbox.git(&["rev-parse", &format!("HEAD:{path}")]);
        std::fs::remove_file(sandbox.path(&format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
        std::fs::remove_file(sandbox.path(path)).unwrap();
    };
    forget("data.bin");
    sandbox.with_plan(&plan_of(MOVE), &["apply", "--yes", "--branch", "without"]).ok();
    assert_eq!(sandbox.git(&["show", "without:app.py"]), MOVED);
    forget("gone.py");
    let error = sandbox.with_plan(&plan_of(MOVE), &["plan"]).fails(2);
    assert!(
        error.starts_with("error: gone.py: its content ")
            && error.contains("is not in this clone\nhint: this is a partial clone"),
        "{error}"
    );
    let excluding = format!("[scope]\nexclude = [\"gone.py\"]\n{}", plan_of(MOVE).replacen("name = \"test\"", "", 1));
    sandbox.with_plan(&format!("name = \"test\"\n{excluding}"), &["plan"]).ok();
}

#[test]
fn a_file_that_is_not_utf8_is_listed_and_left() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("latin.py", b"# coding: latin-1\nfrom pkg.legacy import Manager  # \xfc\n");
    sandbox.commit("Latin");
    let text = sandbox.with_plan(&plan_of(MOVE), &["plan"]).ok();
    assert!(
        text.contains("1 file looked at and not edited, because it does not parse:\n  latin.py:1: is not UTF-8 (byte 52)"),
        "{text}"
    );
    sandbox.with_plan(&plan_of(MOVE), &["apply", "--yes"]).ok();
    assert!(std::fs::read(sandbox.path("latin.py")).unwrap().contains(&0xfc));
}

#[test]
fn src_layouts_are_import_roots() {
    let sandbox = Sandbox::with_files(&[
        ("service/pyproject.toml", ""),
        ("service/src/pkg/__init__.py", ""),
        ("service/src/pkg/legacy.py", "class Manager: ...\n"),
        ("service/src/pkg/ssot.py", "from .legacy import Manager\n"),
        ("service/tests/test_app.py", IMPORTER),
        ("service/src/pkg/near.py", "from .legacy import Manager\n"),
    ]);
    assert_eq!(changed(&sandbox, &[]), ["service/src/pkg/near.py", "service/tests/test_app.py"]);
}
