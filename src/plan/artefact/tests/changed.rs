//! A saved plan of which one thing has been changed: each field in turn, in every way that comes to mind.

use serde_json::{Value, json};

use super::*;

/// A plan with every field that there is.
fn full() -> (Snapshot, Artefact) {
    let base = Memory::snapshot([("a.py", "import x\n"), ("b.py", "é\r\n"), ("c.py", "c\n")]);
    let edits = vec![Edit::replace(Span::new(0, 2), "e"), Edit::insert(4, "f\r\n")];
    let made = FileChange::Create { content: "new\n".into(), mode: Mode::Executable };
    let first = joined(vec![
        ("a.py", FileChange::Edit(replace(7, 8, "y"))),
        ("b.py", FileChange::Move { to: path("d.py"), edit: TextEdit::new(edits).unwrap() }),
        ("c.py", FileChange::Delete),
        ("n.py", made),
    ]);
    let second = joined(vec![("a.py", FileChange::Edit(replace(7, 8, "z"))), ("d.py", FileChange::Edit(replace(0, 1, "B")))]);
    let mut artefact = plan(&base, vec![vec![first], vec![second]]);
    artefact.steps[0].part = Some((1, 2));
    artefact.options.version = Some(crate::lang::python::collect::Version { major: 3, minor: 11 });
    artefact.options.projects = Some(vec![path("web/tsconfig.json")]);
    (base, artefact)
}

/// All values of a document, by their pointers, the whole last.
fn pointers(value: &Value, at: &str) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let inner = inner.into_iter().flat_map(|(key, value)| pointers(value, &format!("{at}/{key}")));
    inner.chain([at.to_owned()]).collect()
}

/// What may stand in the place of a value.
fn others(value: &Value) -> Vec<Value> {
    let mut others = vec![json!(null), json!([]), json!({}), json!("x"), json!(0), json!(true)];
    match value {
        Value::String(text) => others.extend(
            ["", "a.py", "../a.py", ".git/config", "\u{1b}[2J", "p, p"]
                .map(Value::from)
                .into_iter()
                .chain([json!(format!("{text}\nx"))]),
        ),
        Value::Number(number) => {
            let number = number.as_u64().unwrap();
            others.extend([json!(number + 1), json!(number.wrapping_sub(1)), json!(u64::MAX), json!(-1), json!(0.5)]);
        }
        Value::Bool(is) => others.push(json!(!is)),
        Value::Array(items) => {
            others.push(items.iter().rev().cloned().collect());
            others.push(items.iter().chain(items.first()).cloned().collect());
            others.extend((0..items.len()).map(|left_out| {
                items.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, item)| item.clone()).collect()
            }));
        }
        Value::Object(fields) => {
            others.push(
                fields.iter().map(|(key, value)| (key.clone(), value.clone())).chain([("more".to_owned(), json!(1))]).collect(),
            );
            others.extend(fields.keys().map(|left_out| {
                fields.iter().filter(|(key, _)| *key != left_out).map(|(key, value)| (key.clone(), value.clone())).collect()
            }));
        }
        Value::Null => others.push(json!([1, 2])),
    }
    others.retain(|other| other != value);
    others
}

/// What the files come to, step by step.
fn made(artefact: &Artefact, files: &Snapshot) -> Result<Vec<Vec<SavedFile>>, ArtefactError> {
    let standing = artefact.standing(files)?;
    let made = artefact.make(files, &standing, &Proof::Made)?;
    Ok(made.iter().map(|made| made.files.iter().map(SavedFile::of).collect()).collect())
}

#[test]
fn a_change_of_any_field_is_refused_or_changes_no_file() {
    let (base, artefact) = full();
    let whole: Value = serde_json::from_str(&artefact.to_json()).unwrap();
    let wanted = made(&artefact, &base).unwrap();
    let (mut refused, mut harmless) = (0, 0);
    for pointer in pointers(&whole, "") {
        for other in others(whole.pointer(&pointer).unwrap()) {
            let mut changed = whole.clone();
            *changed.pointer_mut(&pointer).unwrap() = other.clone();
            let text = changed.to_string();
            // Whoever changes it without a new digest is found out, unless it says the same in other words.
            let read = Artefact::from_json(&text);
            assert!(read.is_err() || read.as_ref() == Ok(&artefact), "{pointer} = {other}: {read:?}");
            let Ok(read) = Artefact::from_json(&wire::reseal(&text)) else {
                refused += 1;
                continue;
            };
            // Reports add these up.
            assert!(read.gates.iter().filter_map(|gate| gate.counts).all(|(before, after)| before.all().max(after.all()) > 0));
            match made(&read, &base) {
                Err(_) => refused += 1,
                // A plan without its last steps is another plan, as anybody could have made it.
                Ok(made) if pointer == "/steps" => assert_eq!(made, wanted[..made.len()], "{other}"),
                Ok(made) => {
                    assert_eq!(made, wanted, "{pointer} = {other}");
                    harmless += 1;
                }
            }
        }
    }
    assert!(refused > 600 && harmless > 50, "{refused} {harmless}");
}

#[test]
fn a_field_that_stands_twice_is_refused() {
    let text = full().1.to_json();
    for field in
        ["\"plan\": ", "\"steps\": ", "\"phase\": ", "\"content\": ", "\"do\": ", "\"path\": ", "\"before\": ", "\"digest\": "]
    {
        let at = text.find(field).unwrap();
        let twice = format!("{}{field}null, {}", &text[..at], &text[at..]);
        assert!(matches!(Artefact::from_json(&twice), Err(ArtefactError::Malformed(_))), "{field}");
    }
}

#[test]
fn files_that_move_onto_one_another_are_refused_or_change_places() {
    let base = Memory::snapshot([("a.py", "a\n"), ("b.py", "b\n"), ("c.py", "c\n")]);
    let swap = joined(vec![("a.py", moved("b.py")), ("b.py", moved("a.py"))]);
    let artefact = plan(&base, vec![vec![swap]]);
    assert_eq!(make(&artefact, &base).unwrap(), pairs(&[("a.py b.py", "")]));
    // Every second one first, so that the groups are joined one by one.
    let name = |at: usize| format!("{}/{at}.py", at % 2);
    let files: Vec<(String, String)> = (0..2_000).map(|at| (name(at), at.to_string())).collect();
    let row = (0..2_000).map(|at| (name(at), moved(&name(at + 1))));
    let row: Vec<(String, FileChange)> = row.collect();
    let row = joined(row.iter().map(|(at, what)| (at.as_str(), what.clone())).collect());
    let many = plan(&Memory::snapshot(files), vec![vec![row]]);
    assert_eq!(many.steps[0].units().iter().map(BTreeSet::len).collect::<Vec<_>>(), [2_001]);
    let text = artefact.to_json();
    // Both to one place, one to a place that stays taken, and one beside a file that is made there.
    let create = json!({"do": "create", "path": "z.py", "content": "z\n", "mode": "100644"});
    let to = |path: &str| json!({"do": "move", "path": path, "to": "z.py", "edits": []});
    for changes in [
        json!([to("a.py"), to("b.py")]),
        json!([{"do": "move", "path": "a.py", "to": "c.py", "edits": []}]),
        json!([create, to("a.py")]),
        json!([{"do": "move", "path": "a.py", "to": "a.py/b.py", "edits": []}, create]),
    ] {
        let mut wire: Value = serde_json::from_str(&text).unwrap();
        wire["steps"][0]["changes"][0] = changes.clone();
        let read = Artefact::from_json(&wire::reseal(&wire.to_string()));
        let said = read.and_then(|read| made(&read, &base));
        assert!(said.is_err(), "{changes}: {said:?}");
    }
}
