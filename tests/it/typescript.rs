//! The real TypeScript compiler and Node, and how what they say before and after is compared.
//!
//! `tests/typescript` names the compiler; it is installed below `target/`, once. Where that is not possible, tests fail.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, OnceLock};

use regex::Regex;
use serde::Deserialize;

use crate::equivalence::Purpose;
use crate::harness::project;

/// What the compiler and Node see of a folder.
#[derive(Debug, Deserialize)]
pub struct Seen {
    /// As `file:line:code:message`.
    pub diagnostics: Vec<String>,
    /// As `file: specifier`.
    pub unresolved: Vec<String>,
    /// What each file exports, and whether it is a type, a value or both.
    pub exports: BTreeMap<String, BTreeMap<String, String>>,
    /// What each `main` file and each test does when it is run.
    pub runs: BTreeMap<String, Run>,
}

#[derive(Debug, Deserialize)]
pub struct Run {
    pub out: String,
    pub err: String,
    pub code: i32,
}

/// The folder that the compiler is installed in.
pub fn home() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("typescript");
        install(&project().join("tests/typescript"), &home);
        home
    })
}

/// Installs what a lock file names, unless that has been done. Processes wait for one another.
fn install(from: &Path, home: &Path) {
    fs::create_dir_all(home).unwrap();
    let lock = File::create(home.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let wanted = fs::read(from.join("package-lock.json")).unwrap();
    // Written last: what is half installed is installed again.
    let installed = home.join("installed.json");
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return;
    }
    for name in ["package.json", "package-lock.json"] {
        fs::copy(from.join(name), home.join(name)).unwrap();
    }
    let words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let said = Command::new("npm").args(words).current_dir(home).stdin(Stdio::null()).output();
    let said = said.unwrap_or_else(|error| panic!("The tests of TypeScript need Node and npm: npm does not start ({error})"));
    let error = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "The tests of TypeScript need its compiler, and npm could not install it:\n{error}");
    fs::write(installed, wanted).unwrap();
}

/// Asks a script of `tests/typescript` something in JSON.
pub fn node(script: &str, words: &[&str], asked: &serde_json::Value) -> String {
    let mut command = Command::new("node");
    command.arg(project().join("tests/typescript").join(script)).args(words).env_clear().env("TYPESCRIPT_HOME", home());
    for name in ["PATH", "TMPDIR", "SystemRoot"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("The tests of TypeScript need Node: {error}"));
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let said = child.wait_with_output().unwrap();
    assert!(said.status.success(), "{script}: {}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap()
}

/// What is seen of folders, in their order. One process looks at all of them: the compiler takes long to start.
pub fn look(folders: &[PathBuf]) -> Vec<Seen> {
    serde_json::from_str(&node("check.mjs", &[], &serde_json::json!(folders))).unwrap()
}

/// Whether a file is read by the compiler.
pub fn is_code(path: &str) -> bool {
    [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"].iter().any(|end| path.ends_with(end))
}

/// What is worse or otherwise after a plan than before, apart from what the plan is for.
pub fn differences(purpose: &Purpose, before: &Seen, after: &Seen) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(more(&before.diagnostics, &after.diagnostics, |one| message(purpose, one)).map(|one| format!("new: {one}")));
    let is_new = more(&before.unresolved, &after.unresolved, |one| message(purpose, &format!("{one:?}")));
    found.extend(is_new.map(|one| format!("leads nowhere: {one}")));
    found.extend(before.exports.iter().flat_map(|(file, names)| lost(purpose, file, names, after)));
    found.extend(before.runs.iter().filter_map(|(file, run)| otherwise(purpose, before, file, run, after)));
    found
}

/// Those of the second list that it has more of than the first.
fn more<'a>(before: &[String], after: &'a [String], key: impl Fn(&str) -> String) -> impl Iterator<Item = &'a String> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for one in before {
        *known.entry(key(one)).or_default() += 1;
    }
    let is_known = move |one: &&String| match known.get_mut(&key(one)) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    };
    let mut is_known = is_known;
    after.iter().filter(move |one| !is_known(one))
}

/// A message without what moves: its place, the folders of modules, and the names that the plan is for.
fn message(purpose: &Purpose, text: &str) -> String {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[^:]*:\d*:(\d+:)").unwrap());
    static FOLDERS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"(["'])[^"'\s]*[/ ]([^"'/\s]+)(["'])"#).unwrap());
    static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[\w$-]+").unwrap());
    let text = PLACE.replace(text, "$1");
    let text = FOLDERS.replace_all(&text, "$1$2$3");
    let plain = |word: &regex::Captures| if purpose.names.contains(&word[0]) { "_".to_owned() } else { word[0].to_owned() };
    WORD.replace_all(&text, plain).into_owned()
}

/// The path that a file has after the plan.
fn moved(purpose: &Purpose, path: &str) -> String {
    let to = purpose.moved.iter().find_map(|(from, to)| {
        let rest = path.strip_prefix(from.as_str())?;
        let is_whole = rest.starts_with('/')
            || rest.starts_with('.') && is_code(rest) && !rest[1..].trim_start_matches("d.").contains('.');
        is_whole.then(|| format!("{to}{rest}"))
    });
    to.unwrap_or_else(|| path.to_owned())
}

/// What a file exported and does not export any more.
fn lost(purpose: &Purpose, file: &str, names: &BTreeMap<String, String>, after: &Seen) -> Vec<String> {
    let path = moved(purpose, file);
    let Some(has) = after.exports.get(&path) else {
        let stem = Path::new(file).file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next());
        let is_meant = purpose.empties || stem.is_some_and(|stem| purpose.names.contains(stem)) || names.is_empty();
        return if is_meant { Vec::new() } else { vec![format!("{path} is no module any more")] };
    };
    let is_other = |(name, kind): &(&String, &String)| !purpose.names.contains(*name) && has.get(*name) != Some(*kind);
    let told = |(name, kind): (&String, &String)| format!("{path}: export {name} ({kind}) is now {:?}", has.get(name));
    let is_meant = |name: &String| purpose.cascades && !has.contains_key(name);
    names.iter().filter(is_other).filter(|(name, _)| !is_meant(name)).map(told).collect()
}

/// How an entry does otherwise than before.
fn otherwise(purpose: &Purpose, before: &Seen, file: &str, run: &Run, after: &Seen) -> Option<String> {
    if run.code != 0 {
        // What needs a package that is not installed says nothing.
        let needed: BTreeSet<&str> = before.unresolved.iter().filter_map(|one| one.split(": ").nth(1)).collect();
        let is_wanting = needed.iter().any(|name| run.err.contains(&format!("Cannot find module '{name}'")));
        return (!is_wanting).then(|| format!("{file} does not run before the plan: {}{}", run.out, run.err));
    }
    let Some(now) = after.runs.get(&moved(purpose, file)) else { return Some(format!("{file} is not run any more")) };
    let is_same = now.out == run.out && now.code == run.code;
    (!is_same).then(|| format!("{file} printed {:?} and now, with {}, {:?}{}", run.out, now.code, now.out, now.err))
}
