//! Hostile names and words: of files, folders, branches, authors, and in code.

use git2::{ObjectType, Oid, Repository, Signature};

use super::{FORGED, harmless, plan, read_all};
use crate::harness::{FILES, Sandbox};

/// Code with a reference and a call, and much that a terminal would obey.
const CODE: &str =
    "from pkg.legacy import Manager\n\nManager('\u{1b}]0;x\u{7}', 1)  # \u{1b}[2J\u{9b}31m\u{202e} \u{2028}FORGED\n";

fn names() -> Vec<String> {
    let long = format!("{}.py", "n".repeat(252));
    [
        "new\nFORGED: line.py",
        "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m.py",
        "turned\u{202e}yp.exe.py",
        "--help.py",
        "-rf.py",
        "quo\"te\\.py",
        "cr\r.py",
        "@x | `<b>` [l](u).py",
        &long,
    ]
    .map(str::to_owned)
    .into()
}

#[test]
fn no_name_and_no_code_reaches_a_terminal_raw() {
    let sandbox = Sandbox::with_files(&FILES);
    names().iter().for_each(|name| sandbox.write(name, CODE));
    sandbox.write("broken\nFORGED.py", "from pkg.legacy import Manager\n(\u{1b}[31m\n");
    sandbox.write("web/new\nFORGED.ts", "export class X {}\n");
    sandbox.write("web/b.ts", "import { X } from './new\\nFORGED';\nnew X();\n");
    sandbox.commit("Odd names");
    sandbox.git(&["checkout", "-q", "-b", "b\u{202e}ranch"]);
    let said = read_all(
        &sandbox,
        &[
            &["why", "turned\u{202e}yp.exe.py:3"],
            &["why", "new\nFORGED: line.py:3"],
            &["why", "./--help.py:3"],
            &["refs", "web/new\nFORGED:X"],
            &["plan", "--review"],
        ],
    );
    assert!(said[0].out.contains("10 imports in 10 files"), "{}", said[0].out);
    // A patch has what the files have, and git takes it.
    let patch = sandbox.with_plan(&plan(), &["plan", "--format", "diff"]);
    let heads = patch.out.lines().filter(|line| line.starts_with("diff --git") || line.starts_with("+++"));
    assert!(!heads.clone().any(|line| line.contains(['\u{1b}', '\u{202e}', '\r'])), "{heads:?}");
    assert!(!patch.out.lines().any(|line| line.starts_with(FORGED)));
    let file = sandbox.beside("p.diff", &patch.out);
    sandbox.git(&["apply", "--check", file.to_str().unwrap()]);
    let applied = sandbox.with_plan(&plan(), &["apply", "--yes"]);
    harmless(&applied);
    applied.ok();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert!(sandbox.read("new\nFORGED: line.py").starts_with("from pkg.ssot import Manager\n"));
}

/// Writes a tree without a look at its names.
fn tree(repo: &Repository, entries: &[(&str, &[u8], Oid)]) -> Oid {
    let mut sorted = entries.to_vec();
    let key = |(mode, name, _): &(&str, &[u8], Oid)| [*name, if *mode == "40000" { b"/" } else { b"" }].concat();
    sorted.sort_by_key(key);
    let bytes: Vec<u8> =
        sorted.iter().flat_map(|(mode, name, id)| [mode.as_bytes(), b" ", name, b"\0", id.as_bytes()].concat()).collect();
    repo.odb().unwrap().write(ObjectType::Tree, &bytes).unwrap()
}

#[test]
fn names_that_no_file_system_should_see_are_not_seen() {
    let sandbox = Sandbox::with_files(&FILES);
    let repo = Repository::open(sandbox.root()).unwrap();
    let code = repo.blob(CODE.as_bytes()).unwrap();
    let evil = tree(&repo, &[("100644", b"evil.py", code)]);
    let target = repo.blob(b"/etc/passwd").unwrap();
    let head = repo.head().unwrap().peel_to_commit().unwrap();
    let pkg = head.tree().unwrap().get_name("pkg").unwrap().id();
    let app = head.tree().unwrap().get_name("app.py").unwrap().id();
    let mut entries: Vec<(&str, &[u8], Oid)> = vec![("40000", b"pkg", pkg), ("100644", b"app.py", app)];
    let folders: [&[u8]; 8] = [b"..", b".", b".git", b".GiT", b".git. ", b"git~1", ".g\u{200c}it".as_bytes(), b".git\\x"];
    entries.extend(folders.map(|name| ("40000", name, evil)));
    entries.extend([("100644", &b"caf\xe9\x1b[31m.py"[..], code), ("120000", b"link.py", target), ("120000", b"out", target)]);
    let root = tree(&repo, &entries);
    let who = Signature::now("E\u{1b}[31mvil", "e@vil").unwrap();
    let root = repo.find_tree(root).unwrap();
    repo.commit(Some("refs/heads/main"), &who, &who, "\u{1b}[2JStart\n", &root, &[&head]).unwrap();
    let said = read_all(&sandbox, &[&["plan", "--at", "HEAD"]]);
    // The application, and the file whose name is only odd.
    assert!(said[0].out.contains("2 imports in 2 files"), "{}", said[0].out);
    assert!(said.iter().all(|said| !said.out.contains("evil") && !said.out.contains("passwd")));
    let applied = sandbox.with_plan(&plan(), &["apply", "--yes", "--branch", "other"]);
    harmless(&applied);
    let changed = applied.code == 0;
    assert!(changed || applied.err.contains("error: "), "{}", applied.err);
    if changed {
        let names = sandbox.git(&["diff-tree", "-r", "--name-only", "main", "other"]);
        assert_eq!(names.lines().count(), 2, "{names}");
    }
}

#[test]
fn authors_and_messages_are_shown_plainly() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.with_plan(&plan(), &["apply", "--yes"]).ok();
    sandbox.write("app.py", "from pkg.ssot import Manager as \\\n  M\n\nprint(M)\n");
    let author = "--author=E\u{1b}[31mvil\u{202e} <e@x.y>";
    sandbox.git(&["commit", "-qa", author, "-m", "\u{1b}]0;x\u{7}Change\u{202e}\u{9b}2J\n\nFORGED\n"]);
    for words in [&["rollback", "--phase", "phase", "--yes"][..], &["rollback", "--phase", "phase", "--dry-run"], &["status"]] {
        harmless(&sandbox.with_plan(&plan(), words));
    }
}
