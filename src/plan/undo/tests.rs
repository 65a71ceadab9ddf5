//! What undoing comes to: for each thing that may have happened to a file since.

use super::*;
use crate::text::blob::Mode;
use crate::text::snapshot::{Memory, Opaque, OpaqueKind};

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn content(text: &str) -> Content {
    Content { blob: BlobId::of(text.as_bytes()), mode: Mode::Regular, bytes: text.as_bytes().into() }
}

/// A step's file: `old -> new` for one that moves, and `-` for no content.
fn step(name: &str, before: &str, after: &str) -> FileDelta {
    let (old, new) = name.split_once(" -> ").map_or((None, name), |(old, new)| (Some(path(old)), new));
    let side = |text: &str| (text != "-").then(|| content(text));
    FileDelta { path: path(new), moved_from: old, before: side(before), after: side(after) }
}

/// What undoing comes to: the files that change, and what collides.
fn undone(step: &[FileDelta], now: &[(&str, &str)], places: &Whereabouts) -> (Vec<String>, Vec<String>) {
    let now = Memory::snapshot(now.iter().copied());
    let undone = undo(step, &now, places, Labels { now: "now", before: "before" }).unwrap();
    let show = |file: &FileDelta| {
        let from = file.moved_from.as_ref().map_or(String::new(), |from| format!("{from} -> "));
        let after = file.after.as_ref().map_or("-".into(), |after| String::from_utf8_lossy(&after.bytes));
        format!("{from}{}: {after}", file.path)
    };
    let collision = |collision: &Collision| format!("{}: {:?}", collision.path, collision.what);
    (undone.files.iter().map(show).collect(), undone.collisions.iter().map(collision).collect())
}

fn moved(files: &[(&str, &str)], folders: &[(&str, &str)]) -> Whereabouts {
    Whereabouts {
        files: files.iter().map(|(old, new)| (path(old), path(new))).collect(),
        folders: folders.iter().map(|(old, new)| (old.as_bytes().to_vec(), new.as_bytes().to_vec())).collect(),
    }
}

const NOTHING: (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());

#[test]
fn what_came_since_stays() {
    let edit = [step("a.py", "from old import x\n", "from new import x\n")];
    let still = Whereabouts::default();
    assert_eq!(undone(&edit, &[("a.py", "from new import x\n\ny = 1\n")], &still).0, ["a.py: from old import x\n\ny = 1\n"]);
    assert_eq!(undone(&edit, &[("a.py", "from old import x\n")], &still), NOTHING, "undone already");
    assert_eq!(undone(&edit, &[("b.py", "")], &still), NOTHING, "gone");
    let now = [("b.py", "from new import (x)\n")];
    assert_eq!(undone(&edit, &now, &moved(&[("a.py", "b.py")], &[])).0, ["b.py: from old import (x)\n"]);
    let other = undone(&edit, &[("a.py", "from other import x\n")], &still);
    assert_eq!(other.1, ["a.py: Changed(0, 1)"]);
    assert!(other.0[0].contains("<<<<<<< now\nfrom other import x\n=======\nfrom old import x\n>>>>>>> before"));
    let data = [step("a.toml", "x = \"old.X\"\n", "x = \"new.X\"\n")];
    assert_eq!(undone(&data, &[("a.toml", "x = \"new.X\" # mine\n")], &still).1, ["a.toml: Changed(0, 1)"]);
}

#[test]
fn deleted_files_come_back_and_made_ones_go() {
    let files = [step("p/dead.py", "x\n", "-"), step("p/new.py", "-", "y\nz\n")];
    let still = Whereabouts::default();
    assert_eq!(undone(&files, &[("p/new.py", "y\nz\n")], &still).0, ["p/dead.py: x\n", "p/new.py: -"]);
    assert_eq!(undone(&files, &[("p/dead.py", "x\n")], &still), NOTHING);
    let again = undone(&files, &[("p/dead.py", "other\n"), ("p/new.py", "y\nz\nmine\n")], &still);
    assert_eq!(again, (vec![], vec!["p/dead.py: ThereAgain".to_owned(), "p/new.py: Changed(0, 3)".to_owned()]));
    let elsewhere = moved(&[("p/new.py", "q/r/new.py")], &[("p", "q/r")]);
    assert_eq!(undone(&files, &[("q/r/new.py", "y\nz\n")], &elsewhere).0, ["q/r/dead.py: x\n", "q/r/new.py: -"]);
}

#[test]
fn a_moved_file_goes_back_with_what_has_changed_in_it() {
    let files = [step("a.py -> b.py", "import a\nx = 1\ny = 2\n", "import b\nx = 1\ny = 2\n")];
    let still = Whereabouts::default();
    let now = [("b.py", "import b\nx = 1\ny = 3\n")];
    assert_eq!(undone(&files, &now, &still).0, ["b.py -> a.py: import a\nx = 1\ny = 3\n"]);
    assert_eq!(undone(&files, &[("a.py", ""), now[0]], &still).1, ["a.py: ThereAgain"]);
    assert_eq!(undone(&files, &[("c.py", now[0].1)], &moved(&[("b.py", "c.py")], &[])).1, ["c.py: MovedAgain"]);
}

#[test]
fn files_are_followed_through_one_undoing_after_the_other() {
    let mut places = moved(&[("a.py", "b.py")], &[]);
    places.follow(&[step("b.py -> c.py", "x", "x")]);
    assert_eq!(places, moved(&[("a.py", "c.py"), ("b.py", "c.py")], &[]));
}

#[test]
fn a_file_that_somebody_has_moved_back_is_undone_there() {
    let files = [step("a.py -> b.py", "import a\nx = 1\n", "import b\nx = 1\n")];
    let back = moved(&[("b.py", "a.py")], &[]);
    assert_eq!(undone(&files, &[("a.py", "import b\nx = 1\n")], &back), (vec!["a.py: import a\nx = 1\n".into()], vec![]));
    assert_eq!(undone(&files, &[("a.py", "import a\nx = 1\n")], &back), NOTHING, "by hand, all of it");
    // A name that differs by case alone is another.
    let files = [step("a.py -> A.py", "x\n", "x\n")];
    assert_eq!(undone(&files, &[("A.py", "x\n")], &Whereabouts::default()).0, ["A.py -> a.py: x\n"]);
}

#[test]
fn of_a_file_that_the_step_had_made_what_is_left_goes() {
    let files = [step("new.py", "-", "a\nb\nc\n")];
    let still = Whereabouts::default();
    for left in ["a\nc\n", "c\n", "", "a\r\nb\r\nc\r\n", "\u{feff}a\nb\nc\n"] {
        assert_eq!(undone(&files, &[("new.py", left)], &still), (vec!["new.py: -".to_owned()], vec![]), "{left:?}");
    }
    for other in ["c\na\n", "a\nb\nc\nd\n", "a\nB\nc\n"] {
        let (files, collisions) = undone(&files, &[("new.py", other)], &still);
        assert!(files.is_empty() && collisions.len() == 1, "{other:?}: {files:?} {collisions:?}");
    }
}

#[test]
fn nothing_is_made_where_something_stands() {
    let files = [step("p/dead.py", "x\n", "-"), step("q.py", "1\n", "2\n")];
    let still = Whereabouts::default();
    let there = |what: &str| (vec!["q.py: 1\n".to_owned()], vec![format!("{what}: ThereAgain")]);
    assert_eq!(undone(&files, &[("p/dead.py/x.py", ""), ("q.py", "2\n")], &still), there("p/dead.py"), "a folder");
    assert_eq!(undone(&files, &[("p", ""), ("q.py", "2\n")], &still), there("p/dead.py"), "a file where its folder was");
    assert_eq!(undone(&files, &[("p/dead.py", "y\n"), ("q.py", "2\n")], &still), there("p/dead.py"), "another file");
    let two = [step("p/x.py", "1\n", "-"), step("q/x.py", "2\n", "-")];
    let joined = moved(&[], &[("p", "r"), ("q", "r")]);
    assert_eq!(undone(&two, &[], &joined), (vec!["r/x.py: 1\n".into()], vec!["r/x.py: ThereAgain".into()]), "two come back");
    let link = |path: RepoPath| Opaque { path, kind: OpaqueKind::Symlink };
    let now = Snapshot::new(Vec::new(), vec![link(path("p/dead.py")), link(path("q.py"))], Arc::new(Memory::default()));
    let undone = undo(&files, &now, &still, Labels { now: "now", before: "before" }).unwrap();
    assert_eq!(undone.collisions, [Collision { path: path("p/dead.py"), what: Since::ThereAgain }]);
    assert_eq!((undone.files.len(), undone.gone), (0, vec![path("q.py")]), "a link is no file of the step");
}

#[test]
fn modes_are_undone_where_they_are_what_the_step_made() {
    let with = |text: &str, mode: Mode| Content { mode, ..content(text) };
    let (off, on) = (Mode::Regular, Mode::Executable);
    let mode = |before: Mode, after: Mode, now: Mode| {
        let files = [FileDelta { before: Some(with("1\n", before)), after: Some(with("2\n", after)), ..step("a", "-", "-") }];
        let now = Memory::snapshot([("a", "2\n")]).with_files([(path("a"), Some((now, b"2\n".to_vec())))]).unwrap();
        let undone = undo(&files, &now, &Whereabouts::default(), Labels { now: "now", before: "before" }).unwrap();
        undone.files[0].after.as_ref().map(|content| content.mode)
    };
    assert_eq!([mode(off, on, on), mode(off, on, off), mode(off, off, on)], [Some(off), Some(off), Some(on)]);
}

#[test]
fn line_ends_and_marks_are_those_that_the_file_has_now() {
    let files =
        [step("a.toml", "a = 1\nold = 2\nb = 3\n", "a = 1\nnew = 2\nb = 3\n"), step("b.py", "import old\n", "import new\n")];
    let now = [("a.toml", "a = 1\r\nnew = 2\r\nb = 3\r\nc = 4\r\n"), ("b.py", "\u{feff}import new\r\n")];
    let wanted = ["a.toml: a = 1\r\nold = 2\r\nb = 3\r\nc = 4\r\n", "b.py: \u{feff}import old\r\n"];
    assert_eq!(undone(&files, &now, &Whereabouts::default()), (wanted.map(str::to_owned).to_vec(), vec![]));
    // Empty files, and lines without an end.
    let files = [step("a.py", "", "x = 1"), step("b.py", "x = 1", ""), step("c.py", "", "-"), step("d.py", "x\ny", "x")];
    let (made, collisions) = undone(&files, &[("a.py", "x = 1"), ("b.py", ""), ("d.py", "x")], &Whereabouts::default());
    assert_eq!((made, collisions), (["a.py: ", "b.py: x = 1", "c.py: ", "d.py: x\ny"].map(str::to_owned).to_vec(), vec![]));
}

#[test]
fn what_others_put_beside_the_steps_lines_stays() {
    let files = [step("a.py", "import os\nX()\n", "import os\nfrom new import X\nX()\n")];
    let now = [("a.py", "import os\nimport re\nfrom new import X\nY = 1\nX()\n")];
    assert_eq!(
        undone(&files, &now, &Whereabouts::default()),
        (vec!["a.py: import os\nimport re\nY = 1\nX()\n".into()], vec![])
    );
    // What a configuration's lines mean where others stand beside them, nobody knows here.
    let files = [step("a.toml", "x = 1\n", "x = 1\n[new]\n")];
    assert_eq!(undone(&files, &[("a.toml", "x = 1\n[new]\ny = 2\n")], &Whereabouts::default()).1, ["a.toml: Changed(1, 3)"]);
}
