//! Every shape of an import or re-export, before and after.

use super::testing::{changed, moves};
use super::*;
use crate::lang::typescript::facts::RequestId;

#[track_caller]
fn check(before: &str, after: &str) {
    assert_eq!(changed(before, moves).as_deref(), Ok(after), "{before}");
}

#[track_caller]
fn refused(before: &str, refusal: Refusal) {
    assert_eq!(changed(before, moves), Err(refusal), "{before}");
}

#[test]
fn a_statement_of_moved_names_changes_in_place() {
    check("import { Old } from './old'\n", "import { New } from './new'\n");
    check("import {Old} from \"./old\";", "import {New} from \"./new\";");
    check("import { Old as X } from './old';\n", "import { New as X } from './new';\n");
    check(
        "import {\n  Old, // why\n  Moved\n} from './old'; // all\n",
        "import {\n  New, // why\n  Moved\n} from './new'; // all\n",
    );
    check("import type { Old } from './old';\n", "import type { New } from './new';\n");
    check("import { type Old, Moved } from './old';\n", "import { type New, Moved } from './new';\n");
    check("import * as ns from './old'\n", "import * as ns from './new'\n");
    check("import { Same, a } from './old'\n", "import { Changed as Same, a } from './old'\n");
    check("import { Same as s } from './old'\n", "import { Changed as s } from './old'\n");
    check("import { Same as Changed } from './old'\n", "import { Changed } from './old'\n");
}

#[test]
fn default_imports_become_named_ones_and_the_other_way() {
    check("import D from './old';\n", "import { Main as D } from './new';\n");
    check("import Main from './old';\n", "import { Main } from './new';\n");
    check("import{ToDefault}from'./old'\n", "import ToDefault from'./new'\n");
    check("import { ToDefault as T } from './old'\n", "import T from './new'\n");
    check("import { default as D } from './old'\n", "import { Main as D } from './new'\n");
    check("import D, { a } from './old';\n", "import { a } from './old';\nimport { Main as D } from './new';\n");
    check("import D, { Old } from './old';\n", "import { New, Main as D } from './new';\n");
    check("import D, { ToDefault } from './old';\n", "import ToDefault, { Main as D } from './new';\n");
    check("import D, { Gone } from './old';\n", "import { Main as D } from './new';\n");
    check("import { ToDefault, a } from './old';\n", "import { a } from './old';\nimport ToDefault from './new';\n");
    check("import type D from './old';\n", "import type { Main as D } from './new';\n");
    check("import type { ToDefault, Old } from './old'\n", "import type { default as ToDefault, New } from './new'\n");
    check("import { type ToDefault, Old } from './old'\n", "import { type default as ToDefault, New } from './new'\n");
    check("import D, * as ns from './old';\n", "import { Main as D } from './new';\nimport * as ns from './new';\n");
}

#[test]
fn names_that_stay_are_split_off() {
    check("import { a, Old } from './old';\n", "import { a } from './old';\nimport { New } from './new';\n");
    check("import { Old, a } from './old'\nx()\n", "import { a } from './old'\nimport { New } from './new'\nx()\n");
    check("import {a, Old, b} from \"./old\";", "import {a, b} from \"./old\";\nimport {New} from \"./new\";");
    check(
        "import { a, Old, } from './old';\r\nb;\r\n",
        "import { a, } from './old';\r\nimport { New } from './new';\r\nb;\r\n",
    );
    check("import { a, Gone, Old } from './old';\n", "import { a } from './old';\nimport { New } from './new';\n");
    check("import { Other, Old } from './old'\n", "import { Other } from './other'\nimport { New } from './new'\n");
    check("import type { Old, a } from './old';\n", "import type { a } from './old';\nimport type { New } from './new';\n");
    check("import { type Old, a } from './old';\n", "import { a } from './old';\nimport { type New } from './new';\n");
    check("import D, { type Old } from './keep';\n", "import D, { type Old } from './keep';\n");
    check("import { a, Old } from './old'; x();\n", "import { a } from './old'; import { New } from './new'; x();\n");
    check(
        "import { a, Old } from './old'; /* x\n*/ y();\n",
        "import { a } from './old'; import { New } from './new'; /* x\n*/ y();\n",
    );
    check(
        "declare module 'q' {\n  import { a, Old } from './old';\n}\n",
        "declare module 'q' {\n  import { a } from './old';\n  import { New } from './new';\n}\n",
    );
}

#[test]
fn lists_keep_their_layout() {
    let head = "import {\n  a,\n  b,\n} from './a';\n";
    check(
        "import {\n  a, // on a\n  Old,\n  // on b\n  b,\n} from './old';\n",
        "import {\n  a, // on a\n  // on b\n  b,\n} from './old';\nimport { New } from './new';\n",
    );
    check(
        "import {\n\ta,\n\tOld // last\n} from './old'\n",
        "import {\n\ta\n} from './old'\nimport { New } from './new' // last\n",
    );
    check("import { a,\n  Old, b } from './old'\n", "import { a,\n  b } from './old'\nimport { New } from './new'\n");
    check("import { a,\n  Old } from './old'\n", "import { a } from './old'\nimport { New } from './new'\n");
    check(
        &format!("{head}import {{\n  Old,\n  c,\n}} from './old';\nimport {{\n  d,\n  e,\n}} from './new';\n"),
        &format!("{head}import {{\n  c,\n}} from './old';\nimport {{\n  d,\n  e,\n  New,\n}} from './new';\n"),
    );
    check(
        "import {\n  a,\n  b\n} from './new'\nimport { Old } from './old'\n",
        "import {\n  a,\n  b,\n  New\n} from './new'\n",
    );
    let long = "import { Alphabet, Beta, Gamma, Delta, Epsilon, Zeta, Etable, Theta } from './new';\n";
    assert_eq!(long.len(), 84);
    check(
        &format!("{}import {{ Old }} from './old';\n", long.replace(", Theta", "")),
        "import { Alphabet, Beta, Gamma, Delta, Epsilon, Zeta, Etable, New } from './new';\n"
            .replace("{ ", "{\n  ")
            .replace(" }", ",\n}")
            .replace(", ", ",\n  ")
            .as_str(),
    );
    check(&format!("{long}import {{ Old }} from './old';\n"), &long.replace(" }", ", New }"));
}

#[test]
fn an_import_of_the_target_close_by_is_joined() {
    check("import { Old } from './old';\nimport { a } from './new';\n", "import { a, New } from './new';\n");
    check(
        "import { a } from './new';\nimport { Old, c } from './old';\n",
        "import { a, New } from './new';\nimport { c } from './old';\n",
    );
    check("import { New } from './new'\nimport { Old } from './old'\n", "import { New } from './new'\n");
    check("import D from './new'\nimport { Old } from './old'\n", "import D, { New } from './new'\n");
    check("import { a } from './new'\nimport D from './old'\n", "import { a, Main as D } from './new'\n");
    check("import { a } from './new'\nimport { ToDefault } from './old'\n", "import ToDefault, { a } from './new'\n");
    check(
        "import A, { a } from './new'\nimport { ToDefault } from './old'\n",
        "import A, { a, default as ToDefault } from './new'\n",
    );
    check("import { Old } from './old'\nimport { Moved } from './old'\n", "import { New, Moved } from './new'\n");
    check(
        "import { a, Old } from './old'\nimport { Moved, b } from './old'\n",
        "import { a } from './old'\nimport { New, Moved } from './new'\nimport { b } from './old'\n",
    );
}

#[test]
fn joins_never_mix_what_differs() {
    check(
        "import * as n from './new'\nimport { Old } from './old'\n",
        "import * as n from './new'\nimport { New } from './new'\n",
    );
    check(
        "import type { a } from './new'\nimport { Old } from './old'\n",
        "import type { a } from './new'\nimport { New } from './new'\n",
    );
    check(
        "import { a } from './new'\nimport type { Old } from './old'\n",
        "import { a } from './new'\nimport type { New } from './new'\n",
    );
    check(
        "import { a } from './new'\nx()\nimport { Old } from './old'\n",
        "import { a } from './new'\nx()\nimport { New } from './new'\n",
    );
    check(
        "import { a } from './new'\nimport { Old } from './old' // why\n",
        "import { a } from './new'\nimport { New } from './new' // why\n",
    );
    check("import './new'\nimport { Old } from './old'\n", "import './new'\nimport { New } from './new'\n");
    check(
        "export { a } from './new'\nimport { Old } from './old'\n",
        "export { a } from './new'\nimport { New } from './new'\n",
    );
    check(
        "import a from './new' with { type: \"json\" };\nimport { Old } from './old';\n",
        "import a from './new' with { type: \"json\" };\nimport { New } from './new';\n",
    );
    check("import D from './old' with { type: \"json\" };\n", "import { Main as D } from './new' with { type: \"json\" };\n");
    check(
        "// eslint-disable-next-line x\nimport { a } from './new'\nimport { Old } from './old'\n",
        "// eslint-disable-next-line x\nimport { a } from './new'\nimport { New } from './new'\n",
    );
}

#[test]
fn names_that_go() {
    check("import a from 'a';\nimport { Gone } from './old';\nb();\n", "import a from 'a';\nb();\n");
    check("\u{feff}import { Gone } from './old'\n\nb()\n", "\u{feff}b()\n");
    check("import { Gone } from './old';\n", "");
    check("/* license */\nimport { Gone } from './old'\n\nb()\n", "/* license */\n\nb()\n");
    check("'use client'\n\nimport { Gone } from './old'\n\nb()\n", "'use client'\n\nb()\n");
    check("import { Gone } from './old'; // eslint-disable-line x\nb()\n", "b()\n");
    check("// @ts-ignore\nimport { Gone } from './old'\nb()\n", "b()\n");
    check("// on b\nimport { Gone } from './old'\nb()\n", "// on b\nb()\n");
    check(
        "import D, { Gone } from './keep'; import { Gone as g } from './old'; x();\n",
        "import D, { Gone } from './keep'; x();\n",
    );
    check("import a from 'a'\r\nimport { Gone } from './old'", "import a from 'a'");
    check("import { a, Gone } from './old'\n", "import { a } from './old'\n");
    check("import { a }\n  from './old'\nimport { Gone }\n  from './old'\nx()\n", "import { a }\n  from './old'\nx()\n");
    check(
        "a()\n\nimport { Gone } from './old'\n\nimport { Gone as b } from './old'\nimport { Gone as c } from './old'\n\nd()\n",
        "a()\n\nd()\n",
    );
    check("import { Gone } from './old'\n\nimport { Gone as b } from './old'\n\nd()\n", "d()\n");
    check("import { Gone } from './old'\n// on b\nimport { Gone as b } from './old'\n\nd()\n", "// on b\n\nd()\n");
    refused("import { Gone } from './old' // why\n", Refusal::Comment);
    refused("import { /* why */ Gone } from './old'\n", Refusal::Comment);
    refused("foo()\nimport { Gone } from './old'\n(bar)()\n", Refusal::Form);
}

#[test]
fn effects_stay_where_they_are_wanted() {
    let keep = |text: &str| changed(text, |source| Change { effects: vec![RequestId::new(0)], ..moves(source) });
    assert_eq!(keep("import { Gone } from './old';\n").as_deref(), Ok("import './old';\n"));
    assert_eq!(keep("import { Gone, a } from './old';\n").as_deref(), Ok("import { a } from './old';\n"));
    assert_eq!(keep("export { Gone } from './old'\n").as_deref(), Ok("import './old'\n"));
}

#[test]
fn comments_to_tools_stay_with_their_line() {
    refused("// @ts-expect-error: no types\nimport { a, Old } from './old'\n", Refusal::Comment);
    check(
        "// @ts-expect-error: no types\nimport { Old } from './old'\n",
        "// @ts-expect-error: no types\nimport { New } from './new'\n",
    );
    check(
        "import { a, Old } from './old'; // eslint-disable-line x\n",
        "import { a } from './old'; // eslint-disable-line x\nimport { New } from './new'; // eslint-disable-line x\n",
    );
    refused("import {\n  a,\n  // @ts-ignore\n  Old,\n} from './old'\n", Refusal::Comment);
}

#[test]
fn re_exports_keep_their_outer_name() {
    check("export { Old } from './old';\n", "export { New as Old } from './new';\n");
    check("export { Old as New } from './old';\n", "export { New } from './new';\n");
    check("export { default } from './old'\n", "export { Main as default } from './new'\n");
    check("export { default as Main } from './old'\n", "export { Main } from './new'\n");
    check("export { ToDefault } from './old'\n", "export { default as ToDefault } from './new'\n");
    check("export type { Old, a } from './old'\n", "export type { a } from './old'\nexport type { New as Old } from './new'\n");
    check("export { type Old, a } from './old'\n", "export { a } from './old'\nexport { type New as Old } from './new'\n");
    check("export { a, Gone } from './old'\n", "export { a } from './old'\n");
    check("export { Gone } from './old'\nexport const a = 1\n", "export const a = 1\n");
    check(
        "export { a } from './new'\nexport { Old, b } from './old'\n",
        "export { a, New as Old } from './new'\nexport { b } from './old'\n",
    );
    check("export { Old as 'a-b' } from './old'\n", "export { New as 'a-b' } from './new'\n");
}

#[test]
fn names_that_are_taken_at_run_time() {
    check("const { Old } = require('./old')\n", "const { New } = require('./new')\n");
    check("const { Old: x } = require('./old')\n", "const { New: x } = require('./new')\n");
    check("const { Same, a } = require('./old')\n", "const { Changed: Same, a } = require('./old')\n");
    check("const { Moved = 1, Old } = await import(`./old`)\n", "const { Moved = 1, New } = await import(`./new`)\n");
    check("const ns = require('./old')\n", "const ns = require('./new')\n");
    check("x = require('./old').Old\n", "x = require('./new').New\n");
    check("const { a, Gone } = require('./old')\n", "const { a } = require('./old')\n");
    check("b()\nconst { Gone } = require('./old')\nx()\n", "b()\nx()\n");
    check(
        "jest.mock('./old', () => ({ Old: 1, Moved, Moved() {}, 'Old': 2 }))\n",
        "jest.mock('./new', () => ({ New: 1, Moved, Moved() {}, 'New': 2 }))\n",
    );
    check("jest.mock('./old', () => ({ Same, 'Same': 2 }))\n", "jest.mock('./old', () => ({ Changed: Same, 'Changed': 2 }))\n");
    check(
        "jest.mock('./old', () => ({ Same() {}, async Same() {} }))\n",
        "jest.mock('./old', () => ({ Changed() {}, async Changed() {} }))\n",
    );
    check("f(import('./old'))\n", "f(import('./new'))\n");
    refused("const L = lazy(() => import('./old'))\n", Refusal::Form);
    refused("const { Old, a } = require('./old')\n", Refusal::Shared);
    refused("const { Old, Other } = require('./old')\n", Refusal::Shared);
    refused("const { Gone, ...rest } = require('./old')\n", Refusal::Form);
}

#[test]
fn modules_are_spelled_differently() {
    let spelled = |text: &str| {
        changed(text, |source| {
            let requests = (0..source.facts.requests.len()).map(RequestId::new);
            Change { specifiers: requests.map(|id| (id, "../it's".to_owned())).collect(), ..Change::default() }
        })
    };
    let cases = [
        ("import 'a'\nimport b from \"b\";\n", "import '../it\\'s'\nimport b from \"../it's\";\n"),
        ("export * from 'a'\nexport * as n from \"a\"\n", "export * from '../it\\'s'\nexport * as n from \"../it's\"\n"),
        ("import { /* c */ a } from \"b\" // d\n", "import { /* c */ a } from \"../it's\" // d\n"),
        (
            "require(\"a\")\nimport(`b`)\njest.mock(\"c\")\n",
            "require(\"../it's\")\nimport(`../it's`)\njest.mock(\"../it's\")\n",
        ),
        ("import x = require(\"a\")\n", "import x = require(\"../it's\")\n"),
    ];
    for (before, after) in cases {
        assert_eq!(spelled(before).as_deref(), Ok(after));
    }
    let both = |source: &Source<'_>| Change { specifiers: vec![(RequestId::new(0), "./far".to_owned())], ..moves(source) };
    assert_eq!(
        changed("import { a, Old } from './old';\n", both).as_deref(),
        Ok("import { a } from './far';\nimport { New } from './new';\n")
    );
    assert_eq!(changed("import { Old } from './old';\n", both).as_deref(), Ok("import { New } from './new';\n"));
}

/// Adds `X` of `m`, the type `T` of `m`, and what is given.
fn added(text: &str, names: &[(&str, &str, &str, bool)]) -> String {
    let name = |&(specifier, imported, local, is_type_only): &(&str, &str, &str, bool)| Name {
        specifier: specifier.to_owned(),
        imported: imported.to_owned(),
        local: local.to_owned(),
        is_type_only,
    };
    changed(text, |_| Change { added: names.iter().map(name).collect(), ..Change::default() }).unwrap()
}

#[test]
fn what_a_file_needs_is_added() {
    let x = ("m", "X", "X", false);
    let cases = [
        ("", "import { X } from \"m\";\n"),
        ("// about\n", "// about\n\nimport { X } from \"m\";\n"),
        ("import { a } from 'm'\nb()\n", "import { a, X } from 'm'\nb()\n"),
        ("import { X } from 'm'\n", "import { X } from 'm'\n"),
        ("import D from 'm';\n", "import D, { X } from 'm';\n"),
        ("import * as D from 'm';\n", "import * as D from 'm';\nimport { X } from 'm';\n"),
        ("import 'm';\nimport a from 'a';\n\nb();\n", "import 'm';\nimport a from 'a';\nimport { X } from 'm';\n\nb();\n"),
        ("import a = require('a')\nb()\n", "import a = require('a')\nimport { X } from 'm'\nb()\n"),
        ("const a = 'x'\n", "import { X } from 'm'\n\nconst a = 'x'\n"),
        ("\u{feff}const a = 1;\r\n", "\u{feff}import { X } from \"m\";\r\n\r\nconst a = 1;\r\n"),
        ("'use client'\nf()\n", "'use client'\n\nimport { X } from 'm'\n\nf()\n"),
        ("#!/usr/bin/env node\nf()\n", "#!/usr/bin/env node\n\nimport { X } from \"m\"\n\nf()\n"),
        ("/* Copyright */\n/** on f */\nf();\n", "/* Copyright */\n\nimport { X } from \"m\";\n\n/** on f */\nf();\n"),
        ("// of the file\n\n// on f\nf();\n", "// of the file\n\nimport { X } from \"m\";\n\n// on f\nf();\n"),
        ("/** @jest-environment jsdom */\nf();\n", "/** @jest-environment jsdom */\n\nimport { X } from \"m\";\n\nf();\n"),
        ("const a = require('a')\nb()\n", "const a = require('a')\nconst { X } = require('m')\nb()\n"),
        (
            "declare module 'q' {\n  import { a } from 'm';\n}\n",
            "import { X } from 'm';\n\ndeclare module 'q' {\n  import { a } from 'm';\n}\n",
        ),
        ("import a from 'a'; // on a\nb();\n", "import a from 'a'; // on a\nimport { X } from 'm';\nb();\n"),
    ];
    for (before, after) in cases {
        assert_eq!(added(before, &[x]), after, "{before}");
        if !after.contains("require('m')") {
            assert_eq!(added(after, &[x]), after, "once more");
        }
    }
    let many = [x, ("m", "Y", "y", false), ("n", "default", "N", false), ("n", "*", "ns", false), ("m", "T", "T", true)];
    assert_eq!(
        added("", &many),
        "import { X, Y as y } from \"m\";\nimport N, * as ns from \"n\";\nimport type { T } from \"m\";\n"
    );
    assert_eq!(added("import type { A } from 'm'\n", &many[4..]), "import type { A, T } from 'm'\n");
    assert_eq!(added("import { type A } from 'm'\n", &many[4..]), "import { type A, type T } from 'm'\n");
    assert_eq!(added("import { A } from 'm'\n", &many[4..]), "import { A } from 'm'\nimport type { T } from 'm'\n");
    assert_eq!(
        added("const a = require(\"a\");\n", &many[..4]),
        "const a = require(\"a\");\nconst { X, Y: y } = require(\"m\");\nconst ns = require(\"n\");\nconst { default: N } = require(\"n\");\n"
    );
}

#[test]
fn additions_and_changes_are_one() {
    let name = |specifier: &str, local: &str| Name {
        specifier: specifier.to_owned(),
        imported: local.to_owned(),
        local: local.to_owned(),
        is_type_only: false,
    };
    let both = |source: &Source<'_>| Change { added: vec![name("./new", "X"), name("z", "Z")], ..moves(source) };
    let cases = [
        (
            "import { a, Old } from './old';\n",
            "import { a } from './old';\nimport { New, X } from './new';\nimport { Z } from 'z';\n",
        ),
        ("import { Old } from './old';\n", "import { New, X } from './new';\nimport { Z } from 'z';\n"),
        ("import { Gone } from './old';\n\nb();\n", "import { X } from './new';\nimport { Z } from 'z';\n\nb();\n"),
    ];
    for (before, after) in cases {
        assert_eq!(changed(before, both).as_deref(), Ok(after));
    }
}
