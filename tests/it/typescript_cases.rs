//! TypeScript projects compile and behave as before: every case of `fixtures/kinds` that has some is looked at by the compiler, and is run by
//! Node, before and after. What is not as before is noticed.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::{Value, json};

use crate::equivalence::{Purpose, is_kept_by_review};
use crate::fixtures::{cases, name, open, words};
use crate::harness::{Sandbox, files, project};
use crate::typescript::{ask, differences, is_code, look};

/// The repository of a case after all of its fixes, where these keep what the program does.
fn reviewed(case: &Path) -> Option<Sandbox> {
    let (sandbox, plan) = open(case);
    if !is_kept_by_review(&sandbox, &plan) {
        return None;
    }
    sandbox.tool(&words(&["apply", "--yes", "--review"], &plan)).ok();
    Some(sandbox)
}

#[test]
fn every_case_compiles_and_behaves_as_before() {
    let is_typescript = |case: &PathBuf| files(&case.join("before")).keys().any(|path| is_code(path));
    let cases: Vec<PathBuf> = cases().into_iter().filter(is_typescript).collect();
    let reviewed: Vec<Option<Sandbox>> = cases.par_iter().map(|case| reviewed(case)).collect();
    let mut pairs = Vec::new();
    for (case, reviewed) in cases.iter().zip(&reviewed) {
        let after = [Some(case.join("after")).filter(|after| after.is_dir()), reviewed.as_ref().map(Sandbox::root)];
        pairs.extend(after.into_iter().flatten().map(|after| (case, after)));
    }
    let folders: Vec<PathBuf> =
        cases.iter().map(|case| case.join("before")).chain(pairs.iter().map(|(_, after)| after.clone())).collect();
    let seen = look(&folders);
    let (before, after) = seen.split_at(cases.len());
    let before = |case: &PathBuf| &before[cases.iter().position(|other| other == case).unwrap()];
    let found = pairs.iter().zip(after).flat_map(|((case, folder), after)| {
        let which = if folder.starts_with(project()) { "" } else { " --review" };
        let found = differences(&Purpose::of(case), before(case), after);
        found.into_iter().map(move |one| format!("{}{which}: {one}", name(case)))
    });
    assert_eq!(found.collect::<Vec<String>>(), Vec::<String>::new());
}

#[test]
fn the_samples_frontend_passes_its_tests_before_and_after_every_phase() {
    let sample = project().join("fixtures/netra-mini");
    let sandbox = Sandbox::with_copy_of(&sample);
    let mut folders = vec![sample.join("frontend")];
    let mut copies = Vec::new();
    for phase in ["jwt", "websocket", "golden-path"] {
        sandbox.tool(&["apply", "--phase", phase, "--yes"]).ok();
        copies.push(Sandbox::with_copy_of(&sandbox.path("frontend")));
    }
    folders.extend(copies.iter().map(Sandbox::root));
    let seen = look(&folders);
    assert_eq!(seen[0].runs.len(), 1);
    for seen in &seen {
        assert_eq!(seen.unresolved, ["hooks/useWebSocket.ts: react"]);
        assert!(seen.runs.values().all(|run| run.code == 0), "{:?}", seen.runs);
    }
}

/// A project with an alias, a barrel, a test that mocks, and a main program.
const PROJECT: [(&str, &str); 7] = [
    (
        "tsconfig.json",
        r#"{ "compilerOptions": { "strict": true, "module": "esnext", "moduleResolution": "bundler", "target": "es2022", "jsx": "preserve", "baseUrl": ".", "paths": { "@/*": ["src/*"] } } }"#,
    ),
    (
        "src/lib/auth.ts",
        "export function verify(token: string): boolean {\n  return token.length > 3;\n}\nexport const limit = 3;\n",
    ),
    ("src/lib/index.ts", "export * from './auth';\n"),
    (
        "src/user.tsx",
        "import { verify } from '@/lib/auth';\nexport const greet = (token: string) => <p>{verify(token) ? 'hello' : 'who?'}</p>;\n",
    ),
    ("src/late.ts", "export const late = async () => (await import('@/lib')).verify('1234');\n"),
    (
        "src/user.test.ts",
        "import { greet } from './user';\njest.mock('@/lib/auth', () => ({ ...jest.requireActual('@/lib/auth'), verify: jest.fn(() => true) }));\n\
         test('greets', () => {\n  expect(greet('').children).toBe('hello');\n});\n",
    ),
    (
        "main.ts",
        "import { greet } from '@/user';\nimport { late } from '@/late';\nconsole.log(greet('12').children, greet('1234').children, await late());\n",
    ),
];

/// The project with some files otherwise (or gone, where there is no text).
fn with(changes: &[(&str, Option<&str>)]) -> Sandbox {
    let sandbox = Sandbox::new();
    let is_kept = |path: &str| changes.iter().all(|(changed, _)| *changed != path);
    PROJECT.iter().filter(|(path, _)| is_kept(path)).for_each(|(path, text)| sandbox.write(path, text));
    changes.iter().filter_map(|(path, text)| Some((path, (*text)?))).for_each(|(path, text)| sandbox.write(path, text));
    sandbox
}

/// Moves `src/lib/auth` to `src/core/verify`, all but those files that are given otherwise.
fn moved(changes: &[(&str, Option<&str>)]) -> Sandbox {
    let texts =
        PROJECT.map(|(path, text)| (path, text.replace("@/lib/auth", "@/core/verify").replace("'./auth'", "'../core/verify'")));
    let mut all: Vec<(&str, Option<&str>)> = texts.iter().map(|(path, text)| (*path, Some(text.as_str()))).collect();
    all[1].0 = "src/core/verify.ts";
    all.push(("src/lib/auth.ts", None));
    all.retain(|(path, _)| changes.iter().all(|(changed, _)| changed != path));
    all.extend(changes);
    with(&all)
}

#[test]
fn what_compiles_or_behaves_otherwise_is_noticed() {
    let auth = |text: &'static str| moved(&[("src/core/verify.ts", Some(text))]);
    let old_mock = PROJECT[5].1;
    let half_mock = "import { greet } from './user';\njest.mock('@/lib', () => ({ verify: () => true }));\n\
                     test('greets', () => {\n  expect(greet('').children).toBe('hello');\n});\n";
    let projects = [
        (moved(&[]), None),
        (moved(&[("src/user.tsx", Some(PROJECT[3].1))]), Some("leads nowhere: src/user.tsx: @/lib/auth")),
        (
            moved(&[("src/late.ts", Some("export const late = async () => (await import('@/library')).verify('1234');\n"))]),
            Some("leads nowhere"),
        ),
        (
            moved(&[("src/late.ts", Some("export const late = async () => (await import('@/lib')).check('1234');\n"))]),
            Some("new: src/late.ts:1:2339"),
        ),
        (
            auth("export function verify(token: string): boolean {\n  return token.length > 3;\n}\n"),
            Some("export limit (value) is now None"),
        ),
        (
            auth("export function verify(token: string): boolean {\n  return token.length > 1;\n}\nexport const limit = 3;\n"),
            Some("main.ts printed"),
        ),
        (
            auth("export function verify(token: string): boolean {\n  return token.length > 3;\n}\nexport type limit = 3;\n"),
            Some("export limit (value) is now Some(\"type\")"),
        ),
        (moved(&[("src/user.test.ts", Some(old_mock))]), Some("leads nowhere: src/user.test.ts: @/lib/auth")),
        // It is there, and the code under test does not read it.
        (moved(&[("src/user.test.ts", Some(half_mock))]), Some("src/user.test.ts printed")),
        (moved(&[("src/lib/index.ts", None)]), Some("src/lib/index.ts is no module any more")),
    ];
    let start = with(&[]);
    let folders: Vec<PathBuf> = [&start].into_iter().chain(projects.iter().map(|(made, _)| made)).map(Sandbox::root).collect();
    let seen = look(&folders);
    assert!(seen[0].diagnostics.is_empty() && seen[0].unresolved.is_empty(), "{:?}", seen[0]);
    assert_eq!(seen[0].runs["main.ts"].out, "who? hello true\n", "{:?}", seen[0].runs);
    assert_eq!(seen[0].runs["src/user.test.ts"].out, "ok greets\n");
    let mut purpose = Purpose::default();
    purpose.moved.push(("src/lib/auth".to_owned(), "src/core/verify".to_owned()));
    purpose.names.extend(["auth".to_owned(), "verify".to_owned()]);
    for ((_, wanted), after) in projects.iter().zip(&seen[1..]) {
        let found = differences(&purpose, &seen[0], after);
        match wanted {
            None => assert_eq!(found, Vec::<String>::new()),
            Some(wanted) => assert!(found.iter().any(|one| one.contains(wanted)), "{wanted} is not in {found:#?}"),
        }
    }
}

#[test]
fn the_language_service_is_asked_for_references_and_moves() {
    let sandbox = with(&[]);
    let asked = json!({
        "references": [{ "file": "src/lib/auth.ts", "at": 16 }, { "file": "src/lib/none.ts", "at": 0 }],
        "rename_file": { "old": "src/lib/auth.ts", "new": "src/core/verify.ts" },
    });
    let answer = ask(&sandbox.root(), &asked);
    let at = |path: &str, before: &[&str]| {
        let text = PROJECT.iter().find(|(name, _)| *name == path).unwrap().1;
        before.iter().map(|before| text.find(before).unwrap() + before.len()).collect::<Vec<usize>>()
    };
    let verify = json!({
        "src/late.ts": at("src/late.ts", &["('@/lib'))."]),
        "src/lib/auth.ts": [16],
        "src/user.tsx": at("src/user.tsx", &["{ ", "<p>{"]),
    });
    assert_eq!(answer["references"], json!([verify, {}]));
    let made = &answer["rename_file"];
    assert_eq!(made["src/lib/auth.ts"], Value::Null);
    assert_eq!(made["src/core/verify.ts"], PROJECT[1].1);
    assert_eq!(made["src/lib/index.ts"], "export * from '../core/verify';\n");
    assert!(made["src/user.tsx"].as_str().unwrap().starts_with("import { verify } from '@/core/verify';"));
    assert_eq!(made["src/user.test.ts"], Value::Null, "it knows no mocks");
}
