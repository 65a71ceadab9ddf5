//! `refs` and gates for TypeScript: who takes what from which module, however it is spelled.

use serde_json::Value;

use crate::harness::{Sandbox, plan_of};

/// A symbol with references of every kind, and names that look like references and are none.
const FILES: [(&str, &str); 10] = [
    (
        "web/tsconfig.json",
        "{ \"compilerOptions\": { \"paths\": { \"@/*\": [\"./*\"] }, /* as bundlers want it */ \"jsx\": \"preserve\" } }",
    ),
    ("web/lib/tokens.ts", "export interface Token { value: string }\nexport function check(token: Token) { return check; }\n"),
    ("web/lib/index.ts", "export * from './tokens';\nexport { check as verify } from './tokens';\n"),
    (
        "web/app.tsx",
        "import { check, verify } from '@/lib';\nimport * as all from './lib/tokens';\n\nexport const View = () => \
         <p>{check(all.check)}</p>;\nexport const table = { check, verify };\n",
    ),
    (
        "web/late.js",
        "const { check: c } = require('./lib/tokens');\nmodule.exports = async () => (await import('./lib/tokens.js')).check;\nc();\n",
    ),
    (
        "web/types.ts",
        "type T = import('./lib/tokens').Token;\ntype C = typeof import('@/lib/tokens');\nexport type { T, C };\n",
    ),
    (
        "web/app.test.ts",
        "import { View } from './app';\n\njest.mock('@/lib/tokens', () => ({ check: jest.fn() }));\n\nexport const view = View;\n",
    ),
    (
        "web/other.ts",
        "const check = 1;\n// check of lib/tokens\nexport function take(verify: { check: number }) { return verify.check + check; }\n\
         export const text = 'lib/tokens';\n",
    ),
    (
        "web/pass.ts",
        "import { check } from './lib/tokens';\nexport { check, check as tested };\nexport type Taken = typeof import('./lib/tokens')['check'];\n",
    ),
    ("pkg/legacy.py", "import json\n"),
];

fn rows(sandbox: &Sandbox, of: &str) -> Vec<String> {
    let said = sandbox.tool(&["refs", "--format", "json", of]).ok();
    let refs: Value = serde_json::from_str(&said).unwrap();
    let told = |row: &Value| {
        let words = |key: &str| row[key].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>();
        let (file, form) = (row["file"].as_str().unwrap(), row["form"].as_str().unwrap());
        let parts = [form.to_owned(), words("traits").join("+"), words("path").join(" > ")];
        format!("{file}:{}:{} {}", row["line"], row["column"], parts.join(" "))
    };
    refs["references"].as_array().unwrap().iter().map(told).collect()
}

#[test]
fn every_reference_is_told_with_the_barrels_on_its_way() {
    let sandbox = Sandbox::with_files(&FILES);
    assert_eq!(
        rows(&sandbox, "web/lib/tokens:check"),
        [
            "web/app.test.ts:3:35 mock  web/lib/tokens:check",
            "web/app.tsx:1:9 import shared+re-export web/lib/index:check > web/lib/tokens:check",
            "web/app.tsx:1:16 import shared+re-export web/lib/index:verify > web/lib/tokens:check",
            "web/app.tsx:4:30 name re-export web/lib/index:check > web/lib/tokens:check",
            "web/app.tsx:4:36 attribute lazy web/lib/tokens:check",
            "web/app.tsx:5:23 name re-export web/lib/index:check > web/lib/tokens:check",
            "web/app.tsx:5:30 name re-export web/lib/index:verify > web/lib/tokens:check",
            "web/late.js:1:8 require relative+aliased web/lib/tokens:check",
            "web/late.js:2:63 dynamic-import lazy+relative web/lib/tokens:check",
            "web/late.js:3:0 name  web/lib/tokens:check",
            "web/lib/index.ts:2:9 export relative web/lib/tokens:check",
            "web/lib/tokens.ts:2:45 name  ",
            "web/pass.ts:1:9 import relative web/lib/tokens:check",
            "web/pass.ts:2:9 export  web/lib/tokens:check",
            "web/pass.ts:2:16 export  web/lib/tokens:check",
            "web/pass.ts:3:50 import-type relative+type-checking web/lib/tokens:check",
        ]
    );
}

#[test]
fn a_module_is_referred_to_by_every_string_that_asks_for_it() {
    let sandbox = Sandbox::with_files(&FILES);
    assert_eq!(
        rows(&sandbox, "web/lib/tokens"),
        [
            "web/app.test.ts:3:10 mock  web/lib/tokens",
            "web/app.tsx:2:21 import relative web/lib/tokens",
            "web/late.js:1:29 require relative web/lib/tokens",
            "web/late.js:2:43 dynamic-import lazy+relative web/lib/tokens",
            "web/lib/index.ts:1:14 export relative web/lib/tokens",
            "web/lib/index.ts:2:32 export relative web/lib/tokens",
            "web/pass.ts:1:22 import relative web/lib/tokens",
            "web/pass.ts:3:34 import-type relative+type-checking web/lib/tokens",
            "web/types.ts:1:16 import-type relative+type-checking web/lib/tokens",
            "web/types.ts:2:23 import-type type-checking web/lib/tokens",
        ]
    );
}

#[test]
fn what_is_not_there_is_an_error_with_a_hint() {
    let sandbox = Sandbox::with_files(&FILES);
    let said = |of: &str| {
        let run = sandbox.tool(&["refs", of]);
        (run.code, run.err)
    };
    let (code, error) = said("web/lib/tokns");
    assert_eq!(code, 2);
    assert!(error.contains("the repository neither has nor imports `web/lib/tokns`"), "{error}");
    assert!(error.contains("did you mean `web/lib/tokens`?"), "{error}");
    let (code, error) = said("web/lib/tokens:chek");
    assert_eq!(code, 2);
    assert!(error.contains("`web/lib/tokens` exports no `chek`"), "{error}");
}

#[test]
fn one_gate_counts_both_languages() {
    let sandbox = Sandbox::with_files(&FILES);
    let gate = "id = \"g\"\nmetric = \"references\"\nof = [\"json\", \"web/lib/tokens:check\"]\nmax = 0";
    let plan = format!("{}\n[[phase.gate]]\n{gate}\n", plan_of("kind = \"ban\"\nreferences = \"nothing.at.all\""));
    let run = sandbox.with_plan(&plan, &["verify", "--format", "json"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let places = report["phases"][0]["gates"][0]["places"].as_array().unwrap();
    let mut told: Vec<String> =
        places.iter().map(|place| format!("{}:{}", place["path"].as_str().unwrap(), place["line"])).collect();
    told.sort();
    let wanted = [
        "pkg/legacy.py:1",
        "web/app.tsx:1",
        "web/app.tsx:1",
        "web/app.tsx:4",
        "web/late.js:1",
        "web/late.js:2",
        "web/lib/index.ts:2",
        "web/pass.ts:1",
        "web/pass.ts:3",
    ];
    assert_eq!(told, wanted);
}

#[test]
fn a_package_may_be_named_like_a_module() {
    let files = [
        ("pkg/a.py", "import json\n"),
        ("web/key.ts", "import { importJWK } from 'jose';\n\nexport const key = () => importJWK;\n"),
        ("web/late.ts", "export const late = () => import('jose');\n"),
    ];
    let sandbox = Sandbox::with_files(&files);
    assert_eq!(rows(&sandbox, "jose"), ["web/key.ts:1:26 import  jose", "web/late.ts:1:33 dynamic-import lazy jose"]);
    assert_eq!(
        rows(&sandbox, "jose:importJWK"),
        ["web/key.ts:1:9 import  jose:importJWK", "web/key.ts:3:25 name  jose:importJWK"]
    );
    let gate = |rest: &str| format!("\n[[phase.gate]]\nmetric = \"references\"\nof = \"jose\"\nmax = 0\n{rest}\n");
    let ban = "kind = \"ban\"\nlanguage = \"typescript\"\nreferences = \"jose\"";
    let gates = gate("id = \"python\"\nexternal = true") + &gate("id = \"npm\"\nlanguage = \"typescript\"");
    let plan = format!("{}{gates}", plan_of(ban));
    let json =
        |command| -> Value { serde_json::from_str(&sandbox.with_plan(&plan, &[command, "--format", "json"]).out).unwrap() };
    let report = json("verify");
    let counted = |at: usize| report["phases"][0]["gates"][at]["places"].as_array().unwrap().len();
    assert_eq!((counted(0), counted(1)), (0, 2));
    let report = json("plan");
    let found = report["phases"][0]["steps"][0]["findings"].as_array().unwrap();
    let found: Vec<&str> = found.iter().map(|finding| finding["path"].as_str().unwrap()).collect();
    assert_eq!(found, ["web/key.ts", "web/late.ts"]);
}
