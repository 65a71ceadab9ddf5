//! The real TypeScript compiler and Node, and how what they say before and after is compared.
//!
//! `tests/typescript` names the compiler; it is installed below `target/`, once. Where that is not possible, tests fail.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, OnceLock};

use regex::Regex;
use serde::Deserialize;

use crate::equivalence::Purpose;
use crate::harness::{Sandbox, project};

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
fn home() -> &'static Path {
    static HOME: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let home = HOME.get_or_init(|| {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("typescript");
        install(&project().join("tests/typescript"), &home).map(|()| home)
    });
    home.as_ref().unwrap_or_else(|error| panic!("The tests of TypeScript need Node and npm, to install its compiler: {error}"))
}

/// Installs what a lock file names, unless that has been done. Processes wait for one another.
///
/// # Errors
/// What npm says.
fn install(from: &Path, home: &Path) -> Result<(), String> {
    fs::create_dir_all(home).unwrap();
    let lock = File::create(home.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let wanted = fs::read(from.join("package-lock.json")).unwrap();
    // Written last: what is half installed is installed again.
    let installed = home.join("installed.json");
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    for name in ["package.json", "package-lock.json"] {
        fs::copy(from.join(name), home.join(name)).unwrap();
    }
    let words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let said = Command::new("npm").args(words).current_dir(home).stdin(Stdio::null()).output();
    let said = said.map_err(|error| format!("npm does not start ({error})"))?;
    if !said.status.success() {
        return Err(String::from_utf8_lossy(&said.stderr).into_owned());
    }
    fs::write(installed, wanted).unwrap();
    Ok(())
}

/// A script of `tests/typescript`, which is asked in JSON and answers so.
fn node(script: &str, words: &[&str]) -> Child {
    let mut command = Command::new("node");
    command.arg(project().join("tests/typescript").join(script)).args(words).env_clear().env("TYPESCRIPT_HOME", home());
    for name in ["PATH", "TMPDIR", "SystemRoot"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().unwrap_or_else(|error| panic!("The tests of TypeScript need Node: {error}"))
}

/// What is seen of folders, in their order. One process looks at all that the tests ask for: the compiler takes long to start.
pub fn look(folders: &[PathBuf]) -> Vec<Seen> {
    static CHECK: LazyLock<Mutex<(Child, BufReader<ChildStdout>)>> = LazyLock::new(|| {
        let mut child = node("check.mjs", &[]);
        let answers = BufReader::new(child.stdout.take().unwrap());
        Mutex::new((child, answers))
    });
    home();
    let mut check = CHECK.lock().unwrap();
    let (child, answers) = &mut *check;
    writeln!(child.stdin.as_mut().unwrap(), "{}", serde_json::json!(folders)).unwrap();
    let mut answer = String::new();
    answers.read_line(&mut answer).unwrap();
    assert!(!answer.is_empty(), "check.mjs has failed: {:?}", child.wait());
    serde_json::from_str(&answer).unwrap()
}

/// What TypeScript's language service answers of a folder.
pub fn ask(folder: &Path, asked: &serde_json::Value) -> serde_json::Value {
    ask_each(&[(folder.to_owned(), asked.clone())]).remove(0)
}

/// The same of several folders, by one process: the compiler takes long to start.
pub fn ask_each(asked: &[(PathBuf, serde_json::Value)]) -> Vec<serde_json::Value> {
    let (folders, questions): (Vec<&str>, Vec<&serde_json::Value>) =
        asked.iter().map(|(folder, question)| (folder.to_str().unwrap(), question)).unzip();
    let mut child = node("oracle.mjs", &folders);
    child.stdin.take().unwrap().write_all(&serde_json::to_vec(&questions).unwrap()).unwrap();
    let said = child.wait_with_output().unwrap();
    assert!(said.status.success(), "oracle.mjs has failed");
    serde_json::from_slice(&said.stdout).unwrap()
}

/// Whether a file is read by the compiler.
pub fn is_code(path: &str) -> bool {
    [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"].iter().any(|end| path.ends_with(end))
}

/// What is worse or otherwise after a plan than before, apart from what the plan is for.
pub fn differences(purpose: &Purpose, before: &Seen, after: &Seen) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(more(&before.diagnostics, &after.diagnostics, |one| message(purpose, one)).map(|one| format!("new: {one}")));
    let is_new = more(&before.unresolved, &after.unresolved, |one| specifier(purpose, one));
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

/// The last part of a specifier that leads nowhere, which stays where its file moves.
fn specifier(purpose: &Purpose, unresolved: &str) -> String {
    let name = unresolved.rsplit(['/', ' ']).next().unwrap_or_default();
    let name = name.split_once('.').map_or(name, |(stem, _)| stem);
    if purpose.names.contains(name) { "_".to_owned() } else { name.to_owned() }
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
        let is_named = |name: &str| purpose.names.contains(name);
        let is_meant = purpose.empties || stem.is_some_and(is_named) || names.keys().all(|name| is_named(name));
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

/// A folder with these files, which is no repository.
pub fn folder(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    files.iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox
}

#[test]
fn what_was_wrong_before_may_move_and_may_not_grow() {
    let seen = |diagnostics: &[&str], unresolved: &[&str]| Seen {
        diagnostics: diagnostics.iter().copied().map(str::to_owned).collect(),
        unresolved: unresolved.iter().copied().map(str::to_owned).collect(),
        exports: BTreeMap::new(),
        runs: BTreeMap::new(),
    };
    let mut purpose = Purpose::default();
    purpose.names.extend(["Old".to_owned(), "New".to_owned()]);
    let missing = "src/a.ts:1:2307:Cannot find module './gone' or its corresponding type declarations.";
    let before = seen(&[missing, "src/b.ts:2:2339:Property 'x' does not exist on type 'Old'."], &["src/a.ts: ./gone"]);
    let moved = "src/core/a.ts:4:2307:Cannot find module '../gone' or its corresponding type declarations.";
    let renamed = "src/b.ts:2:2339:Property 'x' does not exist on type 'New'.";
    let after = seen(&[moved, renamed], &["src/core/a.ts: ../gone.js"]);
    assert_eq!(differences(&purpose, &before, &after), [""; 0]);
    for after in [
        seen(&[renamed, renamed], &[]),
        seen(&[], &["src/a.ts: ./gone", "src/b.ts: ./gone"]),
        seen(&[], &["src/a.ts: ./other"]),
    ] {
        assert_eq!(differences(&purpose, &before, &after).len(), 1, "{after:?}");
    }
}

#[test]
fn a_project_is_read_as_the_compiler_reads_it_and_run() {
    const REFERRED: &str = r#"{ "compilerOptions": { "composite": true, "module": "preserve", "strict": true, "allowJs": true }, "include": ["**/*"] }"#;
    let workspace = folder(&[
        ("package.json", r#"{ "workspaces": ["packages/*"], "dependencies": { "jwt-decode": "1" } }"#),
        (
            "packages/a/package.json",
            r##"{ "name": "@own/a", "exports": { ".": "./src/index.ts" }, "imports": { "#in": "./src/in.mts" } }"##,
        ),
        ("packages/a/tsconfig.json", REFERRED),
        (
            "packages/a/src/index.ts",
            "export { inner } from '#in';\nimport Legacy = require('./legacy.cjs');\nexport const old = Legacy.old;\n",
        ),
        ("packages/a/src/in.mts", "import path from 'node:path';\nexport const inner = path.posix.join('a', 'b');\n"),
        ("packages/a/src/legacy.cjs", "module.exports = { old: require('fs').existsSync('.') };\n"),
        (
            "app/tsconfig.json",
            "{ // With comments.\n  \"compilerOptions\": { \"module\": \"preserve\", \"target\": \"es2022\", \"allowJs\": true, \"jsx\": \"preserve\" }, \
             \"references\": [{ \"path\": \"../packages/a\" }],\n}",
        ),
        ("app/style.css", "p {}\n"),
        (
            "app/page.tsx",
            "import './style.css';\nexport default function Page(props: { to: string }) {\n  return <p>{props.to}</p>;\n}\n",
        ),
        (
            "app/main.ts",
            "import { inner, old } from '@own/a';\nimport Page from './page.jsx';\nimport decode from 'jwt-decode';\nimport { gone } from './gone';\n\
             const { inner: late } = await import('@own/a');\nconsole.log(inner, old, late, Page({ to: 'x' }).children, import.meta.url.length > 9);\n\
             export type All = typeof decode | typeof gone;\n",
        ),
    ]);
    let seen = look(&[workspace.root()]).remove(0);
    let codes: Vec<&str> = seen.diagnostics.iter().filter_map(|one| one.split(':').nth(2)).collect();
    assert_eq!(codes, ["2307", "2307"], "{:#?}", seen.diagnostics);
    assert_eq!(seen.unresolved, ["app/main.ts: ./gone", "app/main.ts: jwt-decode"]);
    assert_eq!(seen.exports["packages/a/src/index.ts"].len(), 2);
    let run = &seen.runs["app/main.ts"];
    assert_eq!((run.out.as_str(), run.code), ("a/b true a/b x true\n", 0), "{}", run.err);
}

#[test]
fn tests_see_what_is_mocked_and_nothing_else() {
    let mocks = |text: &'static str| {
        folder(&[
            ("package.json", r#"{ "devDependencies": { "jwt-decode": "1" } }"#),
            (
                "auth.ts",
                "export const limit = 3;\nexport const verify = (token: string) => token.length > limit;\nexport class Client {\n  get() { return 'real'; }\n}\n",
            ),
            ("index.ts", "export * from './auth';\n"),
            (
                "user.ts",
                "import { Client, limit, verify } from './auth';\nexport const seen = () => [verify('1234'), limit, new Client().get()].join();\n",
            ),
            ("user.test.ts", text),
        ])
    };
    let cases = [
        ("import { seen } from './user';\ntest('a', () => expect(seen()).toBe('true,3,real'));\n", 0),
        ("import { seen } from './user';\njest.mock('./auth');\ntest('a', () => expect(seen()).toBe(',3,'));\n", 0),
        (
            "import { seen } from './user';\njest.mock('./auth').unmock('./auth');\ntest('a', () => expect(seen()).toBe('true,3,real'));\n",
            0,
        ),
        (
            "import { seen } from './user';\nconst mockVerify = jest.fn();\n\
             jest.mock('./auth', () => ({ ...jest.requireActual('./auth'), verify: (...given) => mockVerify(...given) }));\n\
             test('a', () => {\n  mockVerify.mockReturnValue('mocked');\n  expect(seen()).toBe('mocked,3,real');\n  \
             expect(mockVerify).toHaveBeenCalledWith('1234');\n});\n",
            0,
        ),
        (
            "import { vi, test, expect } from 'vitest';\nimport { seen } from './user';\nconst made = vi.hoisted(() => ({ limit: 9 }));\n\
             vi.mock('./auth', async (original) => ({ ...(await original()), ...made }));\ntest('a', () => expect(seen()).toBe('true,9,real'));\n",
            0,
        ),
        (
            "test('a', async () => {\n  jest.doMock('./auth', () => ({ verify: () => 1, limit: 2, Client: class { get() { return 3; } } }));\n  \
             const { seen } = await import('./user');\n  expect(seen()).toBe('1,2,3');\n});\n",
            0,
        ),
        ("import * as auth from './auth';\njest.spyOn(auth, 'limit', 'get');\ntest('a', () => {});\n", 1),
        (
            "jest.mock('jwt-decode', () => () => 'claims');\nimport decode from 'jwt-decode';\ntest('a', () => expect(decode('x')).toBe('claims'));\n",
            0,
        ),
        // The code under test does not read what is mocked.
        ("import { seen } from './user';\njest.mock('./index');\ntest('a', () => expect(seen()).toBe(',3,'));\n", 1),
        // There is no such module.
        ("import { seen } from './user';\njest.mock('./gone', () => ({}));\ntest('a', () => {});\n", 1),
        ("import { seen } from './user';\njest.mock('other', () => ({}));\ntest('a', () => {});\n", 1),
        ("test('a', async () => {\n  expect(2).not.toBe(2);\n});\n", 1),
        ("export {};\n", 1),
    ];
    let projects: Vec<Sandbox> = cases.iter().map(|(text, _)| mocks(text)).collect();
    let seen = look(&projects.iter().map(Sandbox::root).collect::<Vec<PathBuf>>());
    for ((text, code), seen) in cases.iter().zip(&seen) {
        let run = &seen.runs["user.test.ts"];
        assert_eq!(run.code, *code, "{text}\n{}{}", run.out, run.err);
    }
}
