//! The facts of TypeScript files, compared with what TypeScript's own checker says a name is declared by.
//!
//! Needs node with the package `typescript`: `SSOT_TYPESCRIPT` names a folder whose `node_modules` has it; `SSOT_TYPESCRIPT_ROOT` the
//! folder whose files are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use ssot_migrate::lang::typescript::facts::Facts;
use ssot_migrate::lang::typescript::{collect, is_source};
use ssot_migrate::text::path::RepoPath;

use crate::harness::project;

/// `SSOT_TYPESCRIPT_ROOT=/path cargo test --test it typescript_facts::every -- --ignored --nocapture`
#[test]
#[ignore = "needs a folder: SSOT_TYPESCRIPT_ROOT"]
fn every_file_of_any_folder_is_read() {
    let (mut files, mut bytes, mut uses, mut spent) = (0, 0, 0, Duration::ZERO);
    let mut wrong = Vec::new();
    for file in sources(&root()) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let start = Instant::now();
        let facts = facts(&file, &text);
        spent += start.elapsed();
        check(&facts, &text);
        (files, bytes, uses) = (files + 1, bytes + text.len(), uses + facts.uses.len());
        wrong.extend(facts.errors.iter().map(|error| format!("{}: {}", file.display(), error.message)));
    }
    println!("{files} files, {bytes} bytes, {uses} uses in {spent:?}; {} errors", wrong.len());
    assert_eq!(wrong, Vec::<String>::new());
}

/// `SSOT_TYPESCRIPT=/folder SSOT_TYPESCRIPT_ROOT=/path cargo test --test it typescript_facts::names -- --ignored --nocapture`
#[test]
#[ignore = "needs node, TypeScript and a folder: SSOT_TYPESCRIPT, SSOT_TYPESCRIPT_ROOT"]
fn names_of_any_folder_mean_what_they_mean_to_typescript() {
    let files = sources(&root());
    let (mut compared, mut same) = (0, 0);
    let mut differences = Vec::new();
    for (file, answer) in asked(&files) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let facts = facts(&file, &text);
        let ours = declared(&facts);
        let theirs = serde_json::from_value::<Vec<(u32, Option<BTreeSet<u32>>)>>(answer).unwrap();
        let is_skipped: BTreeSet<u32> = theirs.iter().filter(|(_, names)| names.is_none()).map(|(at, _)| *at).collect();
        let theirs: BTreeMap<u32, BTreeSet<u32>> = theirs.into_iter().filter_map(|(at, names)| Some((at, names?))).collect();
        let places: BTreeSet<u32> = ours.keys().chain(theirs.keys()).copied().collect();
        for at in places.difference(&is_skipped).copied() {
            compared += 1;
            let agrees = match (ours.get(&at), theirs.get(&at)) {
                (Some(None), Some(theirs)) => theirs.is_empty(),
                (Some(Some(ours)), Some(theirs)) => theirs.contains(ours),
                _ => false,
            };
            if agrees {
                same += 1;
            } else {
                differences.push(difference(&file, &text, at, ours.get(&at), theirs.get(&at)));
            }
        }
    }
    println!("{compared} uses compared, {same} agree, {} differ", differences.len());
    differences.iter().for_each(|difference| println!("{difference}"));
    assert_eq!(compared, same);
}

fn root() -> PathBuf {
    std::env::var_os("SSOT_TYPESCRIPT_ROOT").expect("SSOT_TYPESCRIPT_ROOT names a folder").into()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let is_kept = |entry: &walkdir::DirEntry| entry.file_name() != "node_modules";
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(is_kept);
    let files = entries.map(|entry| entry.unwrap()).filter(|entry| entry.file_type().is_file());
    files.map(walkdir::DirEntry::into_path).filter(|path| is_source(&repo_path(path))).collect()
}

fn repo_path(file: &Path) -> RepoPath {
    RepoPath::new(file.file_name().unwrap().as_encoded_bytes()).unwrap()
}

fn facts(file: &Path, text: &str) -> Facts {
    collect(text, &repo_path(file))
}

/// What the docs of the tables promise.
fn check(facts: &Facts, text: &str) {
    let name_at = |span: ssot_migrate::text::span::Span| &text[span.range()];
    for used in &facts.uses {
        assert_eq!(name_at(used.span), facts.names.get(used.name));
        for member in facts.attributes_of(used) {
            assert_eq!(name_at(member.span).trim_matches(['"', '\'', '`']), facts.names.get(member.name));
        }
    }
    assert!(facts.uses.is_sorted_by_key(|used| used.span) && facts.requests.is_sorted_by_key(|request| request.span));
    assert!(facts.bindings.is_sorted_by_key(|binding| (binding.scope, binding.name)));
    for binding in &facts.bindings {
        assert!(!facts.declarations_of(binding).is_empty());
        for declaration in facts.declarations_of(binding) {
            assert_eq!(name_at(declaration.name_span).trim_matches(['"', '\'']), facts.names.get(binding.name));
            assert!(declaration.span.covers(declaration.name_span) && declaration.statement.covers(declaration.span));
        }
    }
    for request in &facts.requests {
        assert!(request.whole.covers(request.span) && name_at(request.span).starts_with(['"', '\'', '`']));
    }
    for import in &facts.imports {
        assert!(facts.aliases_of(import).all(|(_, alias)| alias.request == import.request && import.span.covers(alias.span)));
    }
    for export in &facts.exports {
        assert!(export.statement.covers(export.name_span) && export.statement.covers(export.span));
    }
}

/// For each use, its place, and where its name is declared first.
fn declared(facts: &Facts) -> BTreeMap<u32, Option<u32>> {
    let place = |used: &ssot_migrate::lang::typescript::facts::Use| {
        let binding = &facts.bindings[used.binding?.index()];
        Some(facts.declarations_of(binding)[0].name_span.start)
    };
    facts.uses.iter().map(|used| (used.span.start, place(used))).collect()
}

/// What TypeScript answers for each of the files.
fn asked(files: &[PathBuf]) -> Vec<(PathBuf, Value)> {
    let mut child = Command::new("node")
        .arg(project().join("tests/typescript/bindings_oracle.mjs"))
        .arg(std::env::var_os("SSOT_TYPESCRIPT").expect("SSOT_TYPESCRIPT names a folder"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let list: String = files.iter().map(|path| format!("{}\n", path.display())).collect();
    let writer = std::thread::spawn(move || input.write_all(list.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), files.len(), "TypeScript answers for every file");
    files.iter().cloned().zip(answers).collect()
}

fn difference(file: &Path, text: &str, at: u32, ours: Option<&Option<u32>>, theirs: Option<&BTreeSet<u32>>) -> String {
    let line = |offset: u32| 1 + text[..offset as usize].matches('\n').count();
    let name: String = text[at as usize..].chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '$').collect();
    let ours = match ours {
        Some(Some(ours)) => format!("line {}", line(*ours)),
        Some(None) => "a global".to_owned(),
        None => "no use".to_owned(),
    };
    let theirs = match theirs {
        Some(theirs) if theirs.is_empty() => "a global".to_owned(),
        Some(theirs) => theirs.iter().map(|at| format!("line {}", line(*at))).collect::<Vec<_>>().join(" or "),
        None => "no use".to_owned(),
    };
    format!("{}:{}: `{name}` is {theirs} to TypeScript, {ours} to us", file.display(), line(at))
}
