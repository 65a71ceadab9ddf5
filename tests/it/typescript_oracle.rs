//! What TypeScript's own language service changes when a file is moved, the tool changes as well.
//!
//! The service is a second opinion (`getEditsForFileRename`): it knows no mocks, no `require.resolve` and no settings but TypeScript's. Where
//! the two differ, the reason is one of a closed list. `TYPESCRIPT_SEEDS=40 cargo test --test it typescript_oracle` looks at more projects.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::{Value, json};

use crate::harness::Sandbox;
use crate::typescript::ask;
use crate::typescript_generated::{generated, made};

/// A step that moves files, as its plan says it.
fn moved(body: &str) -> (String, String) {
    let step: toml::Table = body.parse().unwrap();
    let text = |key: &str| step[key].as_str().unwrap().to_owned();
    (text("from"), text("to"))
}

/// The file or folder that a module is in a project, with its ending.
fn ending(project: &Sandbox, module: &str) -> String {
    let endings = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"].map(|ending| format!(".{ending}"));
    endings.into_iter().find(|ending| project.path(&format!("{module}{ending}")).exists()).unwrap_or_default()
}

/// The lines that differ, from the first text and from the second; nothing where they do not have as many.
fn lines<'t>(a: &'t str, b: &'t str) -> Vec<(&'t str, &'t str)> {
    a.lines().zip(b.lines()).filter(|(a, b)| a != b).collect()
}

/// A line without what stands in quotes.
fn frame(line: &str) -> String {
    line.split(['"', '\'', '`']).step_by(2).collect()
}

/// The first quoted text of a line that another does not have.
fn specifier<'t>(line: &'t str, other: &str) -> &'t str {
    let quoted = |line: &'t str| line.split(['"', '\'', '`']).skip(1).step_by(2);
    quoted(line).find(|text| !other.contains(&format!("{text}\"")) && !other.contains(&format!("{text}'"))).unwrap_or_default()
}

/// Why the tool's text of a file is not the service's: `is_together` for one that moves with others, `follows` where the project's aliases
/// follow.
fn reasons(before: &str, ours: &str, theirs: &str, is_together: bool, follows: bool) -> BTreeSet<String> {
    if ours.lines().count() != theirs.lines().count() {
        return BTreeSet::from([format!("as many lines\n{ours}\n--- and ---\n{theirs}")]);
    }
    let was: BTreeMap<&str, &str> = ours.lines().zip(before.lines()).collect();
    let reason = |(ours, theirs): (&str, &str)| {
        let was = was.get(ours).copied().unwrap_or_default();
        match () {
            () if was == theirs => "only ours follows".to_owned(),
            () if was == ours && is_together && frame(was) == frame(theirs) && specifier(was, theirs).starts_with('.') => {
                "moves along".to_owned()
            }
            () if was == ours && follows && frame(was) == frame(theirs) => "its alias follows".to_owned(),
            () if frame(ours) == frame(theirs) => "spelled otherwise".to_owned(),
            () => format!("{ours} and {theirs}"),
        }
    };
    lines(ours, theirs).into_iter().map(reason).collect()
}

#[test]
fn what_the_language_service_changes_changes() {
    let last = std::env::var("TYPESCRIPT_SEEDS").ok().map_or(4, |last| last.parse().expect("TYPESCRIPT_SEEDS is a number"));
    let found = (1..=last).into_par_iter().flat_map_iter(|seed: u32| {
        let (before, asked) = generated(seed);
        asked.into_iter().flat_map(move |body| compared(&before, seed, &body)).collect::<Vec<_>>()
    });
    let found: Vec<(String, String)> = found.collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    found.iter().for_each(|(_, reason)| *counts.entry(reason).or_default() += 1);
    // It knows no mocks, spells what stays true between files that move together anew, and every use of an alias that it makes follow.
    let known = ["the same", "only ours follows", "spelled otherwise", "moves along", "its alias follows"];
    let others: Vec<_> = found.iter().filter(|(_, reason)| !known.contains(&reason.as_str())).collect();
    assert!(others.is_empty(), "{others:#?} {counts:#?}");
    assert!(counts.get("the same").is_some_and(|same| *same > 10), "{counts:?}");
}

/// How each file that the service changes compares.
fn compared(before: &Sandbox, seed: u32, body: &str) -> Vec<(String, String)> {
    let Ok(Some(after)) = made(before, body) else { return Vec::new() };
    let (from, to) = moved(body);
    let end = ending(before, &from);
    let asked = json!({ "rename_file": { "old": format!("{from}{end}"), "new": format!("{to}{end}") } });
    let answer = ask(&before.root(), &asked);
    let text = |sandbox: &Sandbox, path: &str| std::fs::read_to_string(sandbox.path(path)).ok();
    let follows = text(before, "tsconfig.json") != text(&after, "tsconfig.json");
    let mut found = Vec::new();
    for (path, theirs) in answer["rename_file"].as_object().unwrap() {
        let Value::String(theirs) = theirs else { continue };
        let old = path.strip_prefix(&to).map_or(path.clone(), |rest| format!("{from}{rest}"));
        let old = text(before, &old).or_else(|| text(before, path)).unwrap_or_default();
        let place = format!("seed {seed}, {from} to {to}: {path}");
        match text(&after, path) {
            None => found.push((place, "is not there".to_owned())),
            Some(ours) if ours == *theirs => found.push((place, "the same".to_owned())),
            Some(ours) => {
                let is_together = end.is_empty() && path.starts_with(&to);
                let reasons = reasons(&old, &ours, theirs, is_together, follows);
                found.extend(reasons.into_iter().map(|reason| (place.clone(), reason)));
            }
        }
    }
    found
}
