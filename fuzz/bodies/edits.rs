//! The edit applier and the three-way merge.
//!
//! Edits do what a naive model does, one set after another is one set, changes of files fit or are refused; a merge gives way to the side
//! that changed something, and does not care which side is which.

use ssot_migrate::text::blob::Mode;
use ssot_migrate::text::change::{FileChange, SourceChange};
use ssot_migrate::text::edit::{Edit, TextEdit};
use ssot_migrate::text::merge::{Grain, merge};
use ssot_migrate::text::path::RepoPath;
use ssot_migrate::text::snapshot::{Memory, Snapshot};
use ssot_migrate::text::span::Span;

use super::input::{Input, boundary};

/// A text and choices; or three texts.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    match input.below(4) {
        0 => edits(&mut input),
        1 => changes(&mut input),
        2 => paths(input.part()),
        _ => {
            let [base, ours, theirs] = [input.part(), input.part(), input.part()];
            merges(base, ours, theirs);
        }
    }
}

fn some_edits(input: &mut Input<'_>, text: &str) -> Vec<Edit> {
    let count = input.below(6);
    (0..count)
        .map(|_| {
            let start = boundary(text, input.below(text.len() + 1));
            let length = input.below(12);
            let end = boundary(text, start + length).max(start);
            let new = ["", "x", "é\n", "0123456789", "\r\n", "from m import n\n"][input.below(6)];
            Edit::replace(Span::new(start as u32, end as u32), new)
        })
        .collect()
}

fn edits(input: &mut Input<'_>) {
    let text = input.text();
    let (some, more) = (some_edits(input, &text), some_edits(input, &text));
    let (first, second) = match (TextEdit::new(some), TextEdit::new(more)) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(overlap), _) | (_, Err(overlap)) => {
            assert!(
                overlap.first.span.start <= overlap.second.span.start && overlap.first.span.end > overlap.second.span.start
            );
            return;
        }
    };
    let made = applied(&first, &text);
    assert_eq!(first.union(&first), Ok(first.clone()), "what is asked for twice is done once");
    assert_eq!(first.union(&second).is_ok(), second.union(&first).is_ok());
    if let Ok(both) = first.union(&second) {
        applied(&both, &text);
    }
    for at in 0..made.len() as u32 {
        let was = first.before(Span::new(at, at + 1));
        assert!(was.end as usize <= text.len(), "{was:?}");
        let is_new = first.edits().iter().any(|edit| edit.span == was);
        assert!(is_new || made.as_bytes()[at as usize] == text.as_bytes()[was.start as usize]);
    }
    let Ok(next) = TextEdit::new(some_edits(input, &made)) else { return };
    let both = first.then(&next);
    assert_eq!(applied(&both, &text), applied(&next, &made), "{first:?} then {next:?}");
    assert_eq!(TextEdit::new(both.edits().to_vec()), Ok(both.clone()), "sorted and disjoint");
}

/// What edits make of a text; a naive model agrees.
fn applied(edit: &TextEdit, text: &str) -> String {
    let made = String::from_utf8(edit.apply(text.as_bytes())).expect("edits stand between characters");
    let mut model = text.to_owned();
    for edit in edit.edits().iter().rev() {
        model.replace_range(edit.span.range(), &edit.text);
    }
    assert_eq!(made, model);
    made
}

fn changes(input: &mut Input<'_>) {
    let names = ["a.py", "b.py", "d/c.py", "d", "d/c.py/x.py", "e.py"];
    let texts = [("a.py", "import b\n"), ("b.py", "é = 1\n"), ("d/c.py", "x\n")];
    let before = Memory::snapshot(texts);
    let (one, other) = (some_change(input, &before, &names), some_change(input, &before, &names));
    let mut both = one.clone();
    let mut turned = other.clone();
    let is_fine = both.union(&other).is_ok();
    assert_eq!(turned.union(&one).is_ok(), is_fine);
    if !is_fine {
        assert_eq!((&both, &turned), (&one, &other), "what does not fit changes nothing");
    }
    let Ok(after) = before.with(&one) else { return };
    check(&after);
    let next = some_change(input, &after, &names);
    let edits_and_creates = |change: &SourceChange| {
        change.files().values().all(|change| matches!(change, FileChange::Edit(_) | FileChange::Create { .. }))
    };
    if let Ok(last) = after.with(&next) {
        check(&last);
        if edits_and_creates(&one) && edits_and_creates(&next) {
            let at_once = before.with(&one.then(&next)).expect("one after the other fits");
            assert_eq!(contents(&at_once), contents(&last));
        }
    }
}

fn some_change(input: &mut Input<'_>, snapshot: &Snapshot, names: &[&str]) -> SourceChange {
    let mut all = SourceChange::default();
    for _ in 0..input.below(4) {
        let path = RepoPath::new(names[input.below(names.len())]).expect("a sound path");
        let file = snapshot.file(&path).map(|file| snapshot.read(file).expect("it is in memory"));
        let text = String::from_utf8(file.as_deref().unwrap_or_default().to_vec()).expect("all are UTF-8");
        let Ok(edit) = TextEdit::new(some_edits(input, &text)) else { continue };
        let what = match input.below(5) {
            0 => FileChange::Create { content: "made\n".to_owned(), mode: Mode::Regular },
            1 => FileChange::Delete,
            2 => FileChange::Move { to: RepoPath::new(names[input.below(names.len())]).expect("a sound path"), edit },
            _ => FileChange::Edit(edit),
        };
        let _ = all.union(&SourceChange::of(path, what));
    }
    all
}

/// A snapshot is sorted, no file stands where another's folder is, and all can be read.
fn check(snapshot: &Snapshot) {
    assert!(snapshot.files().windows(2).all(|two| two[0].path < two[1].path));
    for file in snapshot.files() {
        assert!(file.path.folders().all(|folder| snapshot.file(&folder).is_none()), "{} lies in a file", file.path);
        assert!(snapshot.read(file).is_ok() && snapshot.blob(file).is_ok());
    }
}

fn contents(snapshot: &Snapshot) -> Vec<(String, Vec<u8>)> {
    let read = |file| snapshot.read(file).expect("it is in memory").to_vec();
    snapshot.files().iter().map(|file| (file.path.to_text(), read(file))).collect()
}

/// A path is shown without what a terminal obeys, reads back, and stays inside.
fn paths(bytes: &[u8]) {
    let read = RepoPath::from_text(&String::from_utf8_lossy(bytes));
    for path in [RepoPath::new(bytes), read].into_iter().flatten() {
        assert!(path.components().all(|part| !part.is_empty() && part != b"." && part != b".."));
        assert_eq!(RepoPath::from_text(&path.to_text()), Some(path.clone()));
        assert!(!path.to_string().chars().any(char::is_control));
        assert!(!path.quoted().chars().any(char::is_control));
    }
}

fn merges(base: &[u8], ours: &[u8], theirs: &[u8]) {
    for grain in [Grain::Lines, Grain::Tokens] {
        let text = |a: &[u8], b: &[u8]| merge(base, a, b, grain).text();
        assert_eq!(text(ours, base).as_deref(), Some(ours));
        assert_eq!(text(base, theirs).as_deref(), Some(theirs));
        assert_eq!(text(ours, ours).as_deref(), Some(ours));
        assert_eq!(text(ours, theirs), text(theirs, ours), "the sides may change places");
        let merged = merge(base, ours, theirs, grain);
        let marked = merged.with_markers("ours", "theirs");
        let count = |text: &[u8], mark: &[u8]| text.windows(mark.len()).filter(|window| *window == mark).count();
        let clashes = merged.clashes().count();
        let of_sides = count(ours, b"<<<<<<< ours") + count(theirs, b"<<<<<<< ours") + count(base, b"<<<<<<< ours");
        assert!(of_sides > 0 || count(&marked, b"<<<<<<< ours") == clashes);
        assert_eq!(merged.text().is_some(), clashes == 0);
        let lines = ours.split_inclusive(|&byte| byte == b'\n').count();
        let mut last = 0;
        for clash in merged.clashes() {
            assert!(last <= clash.lines.start && clash.lines.start <= clash.lines.end && clash.lines.end <= lines);
            last = clash.lines.end;
        }
    }
    if let Some(text) = merge(base, ours, theirs, Grain::Lines).text() {
        assert_eq!(merge(base, ours, theirs, Grain::Tokens).text(), Some(text), "tokens are asked where lines collide alone");
    }
}
