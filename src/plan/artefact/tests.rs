//! Saved plans in memory: what reads back, what is refused, and what is made of one on files that have drifted.

mod changed;

use std::collections::BTreeSet;

use super::rest::Proof;
use super::standing::Became;
use super::*;
use crate::index::Index;
use crate::plan::delta::deltas;
use crate::plan::gate::{Counted, Part};
use crate::text::change::FileChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::snapshot::{Memory, Snapshot};
use crate::text::span::Span;

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn replace(start: u32, end: u32, text: &str) -> TextEdit {
    TextEdit::new(vec![Edit::replace(Span::new(start, end), text)]).unwrap()
}

fn moved(to: &str) -> FileChange {
    FileChange::Move { to: path(to), edit: TextEdit::default() }
}

fn joined(changes: Vec<(&str, FileChange)>) -> SourceChange {
    let mut whole = SourceChange::default();
    for (at, what) in changes {
        whole.union(&SourceChange::of(path(at), what)).unwrap();
    }
    whole
}

/// A saved plan of one step for each list of changes, which are made one after the other.
fn plan(base: &Snapshot, steps: Vec<Vec<SourceChange>>) -> Artefact {
    let mut snapshot = base.clone();
    let step = |(at, changes): (usize, Vec<SourceChange>)| {
        let before = snapshot.clone();
        for change in &changes {
            snapshot = snapshot.with(change).unwrap();
        }
        let files = deltas(&before, &snapshot, &changes).unwrap().iter().map(SavedFile::of).collect();
        let left =
            SavedFinding { path: path("x.py"), line: 3, message: "m".into(), reason: Some(Reason::InString), is_review: false };
        let (phase, step) = ("p".to_owned(), format!("s{at}"));
        let mut saved = SavedStep {
            phase,
            step,
            part: None,
            summary: "1 edit".into(),
            text: "Title\n\nBody".into(),
            left: vec![left],
            changes,
            files,
        };
        saved.drop_idle();
        saved
    };
    Artefact {
        tool: "0.0.1".into(),
        plan: "n".into(),
        source: "n".into(),
        plan_digest: "d1".into(),
        transforms: BTreeMap::from([("a/b".to_owned(), "d2".to_owned())]),
        commit: "c0".into(),
        tree: "c1".into(),
        selected: Selected { phases: vec!["p".into()], only: true, threshold: Applicability::Review },
        options: Options::default(),
        gates: vec![SavedGate {
            phase: "p".into(),
            gate: "g".into(),
            limit: Limit { max: 0, part: Part::All },
            counts: Some((Count { service: 1, tests: 1 }, Count { service: 0, tests: 1 })),
        }],
        worse: vec![worse()],
        steps: steps.into_iter().enumerate().map(step).collect(),
    }
}

fn worse() -> Worse {
    Worse {
        phase: "p".into(),
        gate: "g".into(),
        limit: Limit { max: 1, part: Part::Service },
        before: Count { service: 1, tests: 0 },
        after: Count { service: 2, tests: 3 },
        new: vec![Counted { is_test: false, at: Some((path("a.py"), (1, 0))), what: "import y".into() }],
    }
}

const FILES: [(&str, &str); 3] = [("a.py", "import x\n"), ("b.py", "b\n"), ("c.py", "c\n")];

fn saved() -> (Snapshot, Artefact) {
    let base = Memory::snapshot(FILES);
    let edit = FileChange::Edit(replace(7, 8, "y"));
    let first = joined(vec![("a.py", edit), ("b.py", moved("d.py")), ("c.py", FileChange::Delete)]);
    let second = joined(vec![("a.py", FileChange::Edit(replace(7, 8, "z"))), ("d.py", FileChange::Edit(replace(0, 1, "B")))]);
    let artefact = plan(&base, vec![vec![first], vec![second]]);
    (base, artefact)
}

/// What the saved plan makes of each step: the paths that change, and those that are left out.
fn make(artefact: &Artefact, files: &Snapshot) -> Result<Vec<(String, String)>, ArtefactError> {
    let standing = artefact.standing(files)?;
    let index = Index::build(files.clone(), &Options::default());
    let proof = if standing.drifted.is_empty() { Proof::Made } else { Proof::Partial(&index) };
    let made = artefact.make(files, &standing, &proof)?;
    let names = |paths: Vec<&RepoPath>| paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let shown = made.iter().map(|made| {
        let files = names(made.files.iter().map(|file| &file.path).collect());
        (files, names(made.left_out.iter().map(|(path, _)| path).collect()))
    });
    Ok(shown.collect())
}

fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    wanted.iter().map(|(made, out)| ((*made).to_owned(), (*out).to_owned())).collect()
}

#[test]
fn a_saved_plan_reads_back_and_is_made() {
    let (base, artefact) = saved();
    let read = Artefact::from_json(&artefact.to_json()).unwrap();
    assert_eq!(read, artefact);
    assert_eq!(make(&read, &base).unwrap(), pairs(&[("a.py c.py d.py", ""), ("a.py d.py", "")]));
}

#[test]
fn what_is_there_already_is_not_made_again() {
    let (base, artefact) = saved();
    let first = base.with(&artefact.steps[0].changes[0]).unwrap();
    assert_eq!(make(&artefact, &first).unwrap(), pairs(&[("a.py d.py", "")]));
    let second = first.with(&artefact.steps[1].changes[0]).unwrap();
    assert!(artefact.standing(&second).unwrap().is_done());
    // One file was changed by hand as the plan would.
    let by_hand = base.with(&SourceChange::of(path("c.py"), FileChange::Delete)).unwrap();
    assert_eq!(make(&artefact, &by_hand).unwrap(), pairs(&[("a.py d.py", ""), ("a.py d.py", "")]));
}

#[test]
fn all_files_that_have_drifted_are_named_with_what_became_of_them() {
    let base = Memory::snapshot([("a.py", "a"), ("b.py", "b"), ("c.py", "c"), ("e/e.py", "e"), ("f.py", "f")]);
    let edit = || FileChange::Edit(replace(0, 1, "!"));
    let made = FileChange::Create { content: "new".into(), mode: Mode::Regular };
    let first = joined(vec![("a.py", edit()), ("n/new.py", made), ("f.py", moved("g.py"))]);
    let second = joined(vec![("b.py", edit()), ("c.py", edit()), ("e/e.py", edit())]);
    let artefact = plan(&base, vec![vec![first], vec![second]]);
    let now = [("a.py", "A"), ("n", "a file"), ("g.py", "f"), ("f.py", "f"), ("c.py", "c"), ("h/e.py", "e")];
    let standing = artefact.standing(&Memory::snapshot(now)).unwrap();
    let found: Vec<(String, Became)> = standing.drifted.iter().map(|d| (d.path.to_string(), d.became.clone())).collect();
    let wanted = [
        ("a.py", Became::Changed),
        ("b.py", Became::Deleted),
        ("e/e.py", Became::Deleted),
        ("g.py", Became::Ahead),
        ("n/new.py", Became::Blocked(path("n"))),
    ];
    assert_eq!(found, wanted.map(|(path, became)| (path.to_owned(), became)).to_vec());
}

const PROGRAM: [(&str, &str); 4] = [
    ("pkg/__init__.py", ""),
    ("pkg/old.py", "class Thing:\n    pass\n"),
    ("a.py", "from pkg.old import Thing\nprint(Thing)\n"),
    ("b.py", "from pkg.old import Thing\nprint(Thing)\n"),
];

/// Moves `pkg/old.py` to `pkg/new.py`, and its importers with it.
fn program() -> Artefact {
    let base = Memory::snapshot(PROGRAM);
    let import = || FileChange::Edit(replace(9, 12, "new"));
    let change = joined(vec![("pkg/old.py", moved("pkg/new.py")), ("a.py", import()), ("b.py", import())]);
    plan(&base, vec![vec![change]])
}

#[test]
fn what_depends_on_a_file_that_has_drifted_is_left_out_with_it() {
    let mut files = PROGRAM;
    files[3].1 = "from pkg.old import Thing\nprint(Thing, 2)\n";
    let artefact = program();
    // The module cannot move while `b` imports it, so `a` cannot follow it.
    assert_eq!(make(&artefact, &Memory::snapshot(files)).unwrap(), pairs(&[("", "a.py b.py pkg/new.py pkg/old.py")]));
    // One that has nothing to do with the module is of no matter.
    files[3].1 = "print()\n";
    let made = make(&artefact, &Memory::snapshot(files)).unwrap();
    assert_eq!(made, pairs(&[("a.py pkg/new.py", "b.py")]));
}

#[test]
fn what_has_come_since_is_not_broken() {
    let artefact = program();
    let files = Memory::snapshot(PROGRAM.into_iter().chain([("late.py", "from pkg.old import Thing\nprint(Thing)\n")]));
    let standing = artefact.standing(&files).unwrap();
    assert!(standing.drifted.is_empty());
    let index = Index::build(files.clone(), &Options::default());
    let error = artefact.make(&files, &standing, &Proof::Strict(&index)).unwrap_err();
    assert!(error.is_refusal() && error.to_string().contains("late.py:1: `from pkg.old import Thing` cannot be"), "{error}");
    let made = artefact.make(&files, &standing, &Proof::Partial(&index)).unwrap();
    assert!(made.iter().all(|made| made.files.is_empty()), "{made:?}");
}

#[test]
fn edits_that_are_taken_back_are_not_saved() {
    let base = Memory::snapshot(FILES);
    let there = joined(vec![("a.py", FileChange::Edit(replace(7, 8, "y"))), ("b.py", FileChange::Edit(replace(0, 1, "x")))]);
    let back = SourceChange::of(path("a.py"), FileChange::Edit(replace(7, 8, "x")));
    let artefact = plan(&base, vec![vec![there, back]]);
    assert_eq!(artefact.steps[0].changes.len(), 1);
    assert_eq!(Artefact::from_json(&artefact.to_json()).as_ref(), Ok(&artefact));
    assert_eq!(make(&artefact, &base).unwrap(), pairs(&[("b.py", "")]));
}

/// The text with its digest made to fit, as whoever writes a file can do.
fn forge(text: &str) -> String {
    wire::reseal(text)
}

/// The text with other edits of the first file of the first step.
fn with_edits(text: &str, edits: serde_json::Value) -> String {
    let mut wire: serde_json::Value = serde_json::from_str(text).unwrap();
    wire["steps"][0]["changes"][0][0]["edits"] = edits;
    wire.to_string()
}

#[test]
fn a_tampered_cut_off_foreign_or_other_file_is_refused() {
    let text = saved().1.to_json();
    assert_eq!(Artefact::from_json(&forge(&text)).as_ref(), Ok(&saved().1), "forging as such works");
    assert_eq!(Artefact::from_json(&text.replace("\"y\"", "\"w\"")), Err(ArtefactError::Tampered));
    assert_eq!(Artefact::from_json(&text.replace("\"version\": 2", "\"version\": 3")), Err(ArtefactError::Newer(3)));
    assert_eq!(Artefact::from_json(&text.replace("\"version\": 2", "\"version\": 1")), Err(ArtefactError::Older(1)));
    let nested = "[".repeat(100_000);
    let unknown = forge(&text).replacen('{', "{\"more\": 1,", 1);
    for text in ["{}", "not json", "", &text[..text.len() / 2], &nested, &unknown, "{\"format\": \"other\", \"version\": 2}"] {
        let said = Artefact::from_json(text);
        assert!(matches!(said, Err(ArtefactError::Malformed(_))), "{said:?}");
    }
}

#[test]
fn a_forged_file_can_only_change_files_below_the_root() {
    let (base, artefact) = saved();
    let text = artefact.to_json();
    let bad_paths =
        ["/etc/passwd", "../a.py", "a/../../b", ".git/config", "x/.GIT/hooks/y", "git~1/config", ".git ./x", ".g\u{200c}it/x"];
    let forged = bad_paths.map(|bad| text.replace("\"b.py\"", &format!("\"{bad}\"")));
    let others = [
        ("\"phase\": \"p\",\n      \"step\"", "\"phase\": \"p\\nSsot-Phase: q\",\n      \"step\""),
        ("\"plan\": \"n\"", "\"plan\": \"\\u001b[31m\""),
        ("\"commit\": \"c0\"", "\"commit\": \"--upload-pack=x\""),
        ("\"100644\"", "\"120000\""),
        ("\"threshold\": \"review\"", "\"threshold\": \"any\""),
        ("\"path\": \"c.py\"", "\"path\": \"a.py\""),
        ("\"in-string\"", "\"because\""),
    ];
    let unsound_edits = [
        serde_json::json!([[8, 7, "y"]]),
        serde_json::json!([[6, 9, "w"], [7, 8, "y"]]),
        serde_json::json!([[7, 8, "y"], [7, 8, "y"]]),
    ];
    let forged = forged.into_iter().chain(others.map(|(old, new)| {
        assert!(text.contains(old), "{old} is in {text}");
        text.replace(old, new)
    }));
    let forged = forged.chain(unsound_edits.map(|edits| with_edits(&text, edits)));
    for text in forged {
        let said = Artefact::from_json(&forge(&text));
        let Err(ArtefactError::Unsound(message)) = &said else { panic!("{said:?} of {text}") };
        assert!(!message.contains('\u{1b}'), "{message:?}");
    }
    // What is bound to other contents than it makes, and edits that leave the text or cut a character in two.
    let promise = Artefact::from_json(&forge(&text.replace("\"y\"", "\"w\""))).unwrap();
    assert_eq!(make(&promise, &base), Err(ArtefactError::Inconsistent(path("a.py"))));
    let far = with_edits(&text, serde_json::json!([[7, 4_000_000_000_u32, "y"]]));
    let far = Artefact::from_json(&forge(&far)).unwrap();
    assert!(matches!(make(&far, &base), Err(ArtefactError::Unsound(_))));
    let base = Memory::snapshot([("u.py", "é = 1\n")]);
    let whole = plan(&base, vec![vec![SourceChange::of(path("u.py"), FileChange::Edit(replace(0, 2, "e")))]]);
    let inside = with_edits(&whole.to_json(), serde_json::json!([[0, 1, "e"]]));
    assert!(matches!(make(&Artefact::from_json(&forge(&inside)).unwrap(), &base), Err(ArtefactError::Unsound(_))));
}

#[test]
fn what_was_planned_for_can_be_shown_as_far_as_it_is_there() {
    let (base, artefact) = saved();
    let missing = path("b.py");
    let net = artefact.net(&base, &BTreeSet::from([&missing])).unwrap();
    let shown: Vec<String> = net.iter().map(|file| file.path.to_string()).collect();
    assert_eq!(shown, ["a.py", "c.py"]);
    assert_eq!(artefact.inputs().into_keys().map(|path| path.to_string()).collect::<Vec<_>>(), ["a.py", "b.py", "c.py"]);
}
