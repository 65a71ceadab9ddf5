//! Scopes and what names mean in them, compared with CPython's own symbol table.
//!
//! Every Python file of the fixtures is compared, and the files of any folder that `SSOT_SYMTABLE_ROOT` names, by the `python3` of the
//! path or the one that `SSOT_SYMTABLE_PYTHON` names.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use ssot_migrate::lang::python::facts::{Binding, BindingKind, Declaration, Facts, NameId, ScopeId, ScopeKind};
use ssot_migrate::lang::python::scope::Lookup;
use ssot_migrate::lang::python::{collect, facts};

use crate::harness::project;

/// A scope: the kinds and lines of those around it and its own, and what each of its names is. A name that only comprehensions have,
/// where they are counted with the scope around them, may be several things.
#[derive(Debug)]
struct Table {
    path: String,
    names: BTreeMap<String, BTreeSet<String>>,
}

/// What has been compared.
#[derive(Default)]
struct Tally {
    files: usize,
    scopes: usize,
    names: usize,
    /// Files that one of the two does not take for Python.
    skipped: usize,
    disagreements: Vec<String>,
}

#[test]
fn scopes_are_those_of_cpython() {
    let tally = compare(&[project().join("fixtures"), project().join("tests")]);
    assert_eq!(tally.disagreements, Vec::<String>::new());
    assert!(tally.files > 200 && tally.scopes > 500 && tally.names > 2000, "{}", summary(&tally));
}

/// `SSOT_SYMTABLE_ROOT=/path cargo test --test it symtable -- --ignored --nocapture`
#[test]
#[ignore = "needs a folder: SSOT_SYMTABLE_ROOT"]
fn scopes_of_any_folder_are_those_of_cpython() {
    let root = std::env::var_os("SSOT_SYMTABLE_ROOT").expect("SSOT_SYMTABLE_ROOT names a folder");
    let tally = compare(&[PathBuf::from(root)]);
    println!("{}", summary(&tally));
    assert!(tally.disagreements.is_empty(), "{}", tally.disagreements.join("\n"));
}

fn summary(tally: &Tally) -> String {
    let Tally { files, scopes, names, skipped, disagreements } = tally;
    let wrong = disagreements.len();
    format!("{files} files, {scopes} scopes, {names} names compared; {skipped} files skipped; {wrong} disagreements")
}

fn compare(folders: &[PathBuf]) -> Tally {
    let mut tally = Tally::default();
    for (path, answer) in asked(&python_files(folders)) {
        let (Some(scopes), Ok(text)) = (answer.get("scopes"), std::fs::read_to_string(&path)) else {
            tally.skipped += 1;
            continue;
        };
        let text = text.trim_start_matches('\u{feff}');
        let facts = collect(text, None);
        if !facts.errors.is_empty() {
            tally.skipped += 1;
            continue;
        }
        tally.files += 1;
        agree(
            &path,
            scopes.as_array().unwrap().iter().map(table).collect(),
            tables(&facts, text, answer["inlines"] == true),
            &mut tally,
        );
    }
    tally
}

fn python_files(folders: &[PathBuf]) -> Vec<PathBuf> {
    let entries = folders.iter().flat_map(|folder| walkdir::WalkDir::new(folder).sort_by_file_name());
    let files = entries.map(|entry| entry.unwrap()).filter(|entry| entry.file_type().is_file());
    files
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|end| end == "py" || end == "pyi"))
        .collect()
}

/// What CPython answers for each of the files.
fn asked(files: &[PathBuf]) -> Vec<(PathBuf, Value)> {
    let python = std::env::var("SSOT_SYMTABLE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = project().join("tests/symtable_oracle.py");
    let mut child =
        Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let list: String = files.iter().map(|path| format!("{}\n", path.display())).collect();
    let writer = std::thread::spawn(move || input.write_all(list.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), files.len(), "CPython answers for every file");
    files.iter().cloned().zip(answers).collect()
}

fn table(scope: &Value) -> Table {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Table {
        path: text(&scope[0]),
        names: scope[1].as_object().unwrap().iter().map(|(name, kind)| (name.clone(), BTreeSet::from([text(kind)]))).collect(),
    }
}

/// What our facts say, in the words of the oracle; `inlines` says whether comprehensions are counted with the scope around them.
fn tables(facts: &Facts, text: &str, inlines: bool) -> Vec<Table> {
    let mut found: BTreeMap<ScopeId, Table> = BTreeMap::new();
    let is_inlined = |scope: &ScopeId| inlines && facts.scopes[scope.index()].kind == ScopeKind::Comprehension;
    let (inlined, own): (Vec<ScopeId>, Vec<ScopeId>) = (0..facts.scopes.len()).map(ScopeId::new).partition(is_inlined);
    for scope in own {
        let names = names(facts, text, scope).into_iter().map(|(name, kind)| (name, BTreeSet::from([kind]))).collect();
        found.insert(scope, Table { path: path(facts, text, scope, inlines), names });
    }
    let mut brought: BTreeMap<(ScopeId, String), BTreeSet<String>> = BTreeMap::new();
    for scope in inlined {
        let around = facts.ancestors(scope).find(|outer| !is_inlined(outer)).unwrap_or(ScopeId::MODULE);
        for (name, kind) in names(facts, text, scope) {
            brought.entry((around, name)).or_default().insert(kind);
        }
    }
    for ((scope, name), kinds) in brought {
        found.get_mut(&scope).unwrap().names.entry(name).or_insert(kinds);
    }
    found.into_values().collect()
}

fn path(facts: &Facts, text: &str, scope: ScopeId, inlines: bool) -> String {
    let facts::Scope { kind, parent, start } = facts.scopes[scope.index()];
    let Some(parent) = parent else { return "module".to_owned() };
    let line = || 1 + text[..start as usize].matches('\n').count();
    let around = path(facts, text, parent, inlines);
    let own = match kind {
        ScopeKind::Comprehension if inlines => return around,
        ScopeKind::Module => "module".to_owned(),
        ScopeKind::Comprehension => "comprehension".to_owned(),
        ScopeKind::Class => format!("class:{}", line()),
        ScopeKind::Function => format!("function:{}", line()),
        ScopeKind::TypeParameters => format!("types:{}", line()),
    };
    format!("{around}/{own}")
}

/// The names that are bound, read or declared in a scope itself, and what each is.
fn names(facts: &Facts, text: &str, scope: ScopeId) -> BTreeMap<String, String> {
    let read = facts.uses.iter().filter(|used| used.scope == scope && !used.flags.in_string).map(|used| used.name);
    let bound = facts.bindings.iter().filter(|binding| is_written(binding, text));
    let bound = bound.filter(|binding| binding.site == scope || is_own(facts, binding, scope)).map(|binding| binding.name);
    let is_declared = |declaration: &&(ScopeId, NameId, Declaration)| declaration.0 == scope || is_noted(declaration, scope);
    let declared = facts.declarations.iter().filter(is_declared).map(|declaration| declaration.1);
    let all = read.chain(bound).chain(declared).filter(|&name| facts.names.get(name) != "__class__");
    all.map(|name| (facts.names.get(name).to_owned(), kind(facts, text, scope, name).to_owned())).collect()
}

/// Whether a name is bound by a statement, and not by `globals()["name"] = …`.
fn is_written(binding: &Binding, text: &str) -> bool {
    !text[binding.span.range()].ends_with(['"', '\''])
}

/// Whether a scope owns a name because of what stands in it: itself, or `:=` in a comprehension.
fn is_own(facts: &Facts, binding: &Binding, scope: ScopeId) -> bool {
    binding.scope == scope && (binding.site == scope || is_from_comprehension(facts, binding))
}

/// CPython notes what any scope declares `global` with the module too.
fn is_noted(declaration: &(ScopeId, NameId, Declaration), scope: ScopeId) -> bool {
    scope == ScopeId::MODULE && declaration.2 == Declaration::Global
}

fn is_from_comprehension(facts: &Facts, binding: &Binding) -> bool {
    binding.site != binding.scope && facts.scopes[binding.site.index()].kind == ScopeKind::Comprehension
}

/// What a name of a scope is, in the words of CPython.
fn kind(facts: &Facts, text: &str, scope: ScopeId, name: NameId) -> &'static str {
    let is_this = |declaration: &&(ScopeId, NameId, Declaration)| {
        declaration.1 == name && (declaration.0 == scope || is_noted(declaration, scope))
    };
    match facts.declarations.iter().find(is_this) {
        Some((_, _, Declaration::Global)) => return "declared global",
        Some((_, _, Declaration::Nonlocal)) => return "nonlocal",
        None => {}
    }
    let own: Vec<&Binding> = facts
        .bindings_of(scope, name)
        .map(|(_, binding)| binding)
        .filter(|binding| is_written(binding, text) && is_own(facts, binding, scope))
        .collect();
    // CPython notes the target of a `:=` as global or nonlocal with the comprehension, and a global one with the module too.
    let is_thrown_out = |binding: &&Binding| {
        binding.name == name && binding.site == scope && binding.scope != scope && is_written(binding, text)
    };
    if scope == ScopeId::MODULE && own.iter().any(|binding| is_from_comprehension(facts, binding)) {
        return "declared global";
    }
    if let Some(binding) = facts.bindings.iter().find(is_thrown_out) {
        return if binding.scope == ScopeId::MODULE { "declared global" } else { "nonlocal" };
    }
    let has = |is_kind: fn(BindingKind) -> bool| own.iter().any(|binding| is_kind(binding.kind));
    if has(|kind| kind == BindingKind::Parameter) {
        return "parameter";
    }
    if has(|kind| matches!(kind, BindingKind::Import(_))) {
        return "imported";
    }
    if !own.is_empty() {
        return "local";
    }
    match facts.lookup(scope, name) {
        Lookup::Bound(ScopeId::MODULE) | Lookup::Free | Lookup::ClassOr(..) => "global",
        Lookup::Bound(_) => "free",
    }
}

/// Compares the scopes of a file, those with one path as a set.
fn agree(file: &Path, wanted: Vec<Table>, found: Vec<Table>, tally: &mut Tally) {
    let mut open: BTreeMap<&str, Vec<&Table>> = BTreeMap::new();
    for table in &found {
        open.entry(&table.path).or_default().push(table);
    }
    for wanted in &wanted {
        tally.scopes += 1;
        tally.names += wanted.names.len();
        let candidates = open.entry(&wanted.path).or_default();
        let same = candidates.iter().position(|found| is_same(wanted, found));
        if let Some(at) = same {
            candidates.remove(at);
            continue;
        }
        let place = format!("{} {}", file.display(), wanted.path);
        match candidates.is_empty() {
            true => tally.disagreements.push(format!("{place}: CPython's alone")),
            false => tally.disagreements.push(format!("{place}: {}", difference(wanted, candidates.remove(0)))),
        }
    }
    let ours = open.into_values().flatten().map(|table| format!("{} {}: ours alone", file.display(), table.path));
    tally.disagreements.extend(ours);
}

fn is_same(wanted: &Table, found: &Table) -> bool {
    let agrees = |(name, kinds): (&String, &BTreeSet<String>)| found.names.get(name).is_some_and(|ours| kinds.is_subset(ours));
    wanted.names.len() == found.names.len() && wanted.names.iter().all(agrees)
}

fn difference(wanted: &Table, found: &Table) -> String {
    let names: BTreeSet<&String> = wanted.names.keys().chain(found.names.keys()).collect();
    let differ = |name: &&String| wanted.names.get(*name) != found.names.get(*name);
    let show = |table: &Table, name: &String| match table.names.get(name) {
        Some(kinds) => kinds.iter().map(String::as_str).collect::<Vec<_>>().join(" or "),
        None => "nothing".to_owned(),
    };
    let shown = names.into_iter().filter(differ).map(|name| {
        let (theirs, ours) = (show(wanted, name), show(found, name));
        format!("`{name}` is {theirs} to CPython, {ours} to us")
    });
    shown.collect::<Vec<_>>().join(", ")
}
