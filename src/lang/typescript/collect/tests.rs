//! What the two walks see: scopes and meanings by TypeScript's rules, every spelling of a request, what is taken, what is exported.

use super::*;
use crate::lang::typescript::facts::{AliasForm, BindingKind, Exported, Imported, RequestKind, UseForm};

fn read(text: &str, path: &str) -> Facts {
    let facts = collect(text, &RepoPath::new(path).unwrap());
    assert!(facts.errors.is_empty(), "{text}: {:?}", facts.errors);
    facts
}

/// For every use of `x` or `X`, in their order, where it is declared: the kind of the scope, or `free`.
fn bound_in(text: &str) -> String {
    let facts = read(text, "a.tsx");
    let uses = facts.uses.iter().filter(|used| facts.names.get(used.name).eq_ignore_ascii_case("x"));
    let places = uses.map(|used| match used.binding {
        Some(binding) => format!("{:?}", facts.scopes[facts.bindings[binding.index()].scope.index()].kind).to_lowercase(),
        None => "free".to_owned(),
    });
    places.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_name_belongs_to_the_innermost_scope_that_binds_its_meaning() {
    let cases = [
        ("const x = 1; x", "module"),
        ("x", "free"),
        ("function f() { x; { var x } }", "function"),
        ("{ x; function x() {} } x", "block free"),
        ("x; { let x } x", "free free"),
        ("const x = 1; function f(a = x) { var x; x }", "module function"),
        ("function f(a = x) { var x; x }", "free function"),
        ("function f(x, a = x) { x }", "function function"),
        ("(function x() { x })", "block"),
        ("(function x(x) { x })", "function"),
        ("(class x { m() { x } }); x", "class free"),
        ("class X { m(): X { return x } } const x = 1", "module module"),
        ("try {} catch (x) { x } x", "block free"),
        ("for (let x of x) x; x", "block block free"),
        ("for (const x in y) { x }", "block"),
        ("type x = 1; function f() { const x = 1; let y: x; x }", "module function"),
        ("const x = 1; function f<x>(a: x) { x }", "function module"),
        ("interface x {} { const x = 1; type T = typeof x; type U = x }", "block module"),
        ("type T<V> = V extends infer X ? X : X", "block free"),
        ("type T = { [X in keyof Y]: X }", "block"),
        ("enum E { x = 1, y = x } x", "block free"),
        ("enum E { x = 1 } enum E { y = x }", "block"),
        ("namespace N { export const x = 1; const y = 1 } namespace N { x }", "namespace"),
        ("namespace N { const x = 1 } namespace N { x }", "free"),
        ("namespace A.B { export type X = 1 } namespace A.B { type Y = X }", "namespace"),
        ("declare global { const x: 1 } export {}; x", "global"),
        ("import { x } from 'm'; type T = x; x; let y: x.z", "module module module"),
        ("import type { X } from 'm'; let y: X", "module"),
        ("function f(this: X, x) { this.x; x: for (;;) break x }", "free"),
        ("function isX(x: any): x is string { return true }", "function"),
        ("const y = { x: 1, ['x']: 2 }; y.x", ""),
        ("<x x={1} />", ""),
        ("const X = 1; <X.Y>{X}</X.Y>", "module module module"),
        ("class C { constructor(@x() x) { x } }", "free function"),
        ("export as namespace x; export {}", ""),
    ];
    for (text, places) in cases {
        assert_eq!(bound_in(text), places, "{text}");
    }
}

/// Every use: name and members, meaning, form, role.
fn uses(text: &str) -> String {
    let facts = read(text, "a.tsx");
    let show = |used: &Use| {
        let members = facts.attributes_of(used).iter().map(|member| {
            let name = facts.names.get(member.name);
            if member.is_quoted { format!("[{name}]") } else { format!(".{name}") }
        });
        let form = match used.form {
            UseForm::Plain => String::new(),
            UseForm::ExportSpecifier(_) => " export".to_owned(),
            form => format!(" {form:?}").to_lowercase(),
        };
        let role = match used.role {
            UseRole::Value => String::new(),
            UseRole::Callee { is_awaited: true } => " awaited".to_owned(),
            UseRole::Callee { is_awaited: false } => " called".to_owned(),
            role => format!(" {role:?}").to_lowercase(),
        };
        let meaning = format!("{:?}", used.meaning).replace("[\"value\"]", "").replace('"', "");
        let assigned = if used.is_assigned { " =" } else { "" };
        format!("{}{}{meaning}{form}{role}{assigned}", facts.names.get(used.name), members.collect::<String>())
    };
    facts.uses.iter().map(show).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_use_says_what_follows_it_and_what_it_is_used_as() {
    let cases = [
        ("a.b.c; a?.b; a!.b; (a as T).b; (a satisfies T)['b']; a[`b`]", "a.b.c, a.b, a.b, a.b, T[type], a[b], T[type], a[b]"),
        ("a[b].c; a[0]", "a spread, b, a spread"),
        ("f(); await f(); await o.f(); new F(); f().g()", "f called, f awaited, o.f awaited, F constructed, f called"),
        ("a.b().c(); tag`x`", "a.b called, tag called"),
        ("class A extends B<C> implements D.E {}", "B base, C[type], D.E[namespace] interface"),
        ("interface A extends B, C.D {}", "B[type] interface, C.D[namespace] interface"),
        ("f(...a); [...b]; ({ ...c }); for (const d of e) {}", "f called, a spread, b spread, c spread, e spread"),
        ("let a: B; let c: N.T; let d: typeof e.f", "B[type], N.T[namespace], e.f"),
        (
            "a = 1; a.b = 2; a++; [a] = c; ({ a } = c); for (a of d) {}; (a as T) = 1; delete a.b",
            "a =, a.b, a =, a =, c, a shorthand =, c, a =, d spread, a =, T[type], a.b",
        ),
        ("({ a, b: c })", "a shorthand, c"),
        (
            "const x = 1; export { x, x as y }; export default x; ",
            "x[value, type, namespace] export, x[value, type, namespace] export, x[value, type, namespace]",
        ),
        ("<A b={c} {...d}><e.f>{g}</e.f></A>", "A jsxname, c, d spread, e.f jsxname, g, e.f jsxname, A jsxname"),
        ("import X = a.b.c; import Y = d", "a.b.c[namespace], d[value, type, namespace]"),
        ("function f(a: any): asserts a is B {}", "a, B[type]"),
        ("import('m', { with: a })", "a"),
        ("@d() class A { @e m() {} }", "d called, e"),
    ];
    for (text, expected) in cases {
        assert_eq!(uses(text), expected, "{text}");
    }
}

/// The bindings of the file: name, kind, meaning, number of declarations.
fn bindings(text: &str) -> String {
    let facts = read(text, "a.ts");
    let own = facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE);
    let show = own.map(|binding| {
        let kind = match binding.kind {
            BindingKind::Alias(used) => format!("Alias({})", facts.names.get(facts.uses[used.index()].name)),
            BindingKind::Import(alias) => match facts.aliases[alias.index()].imported {
                Imported::Name(name) => format!("Import({})", facts.names.get(name)),
                Imported::Namespace => "Import(*)".to_owned(),
            },
            kind => format!("{kind:?}"),
        };
        let count = facts.declarations_of(binding).len();
        let count = if count == 1 { String::new() } else { format!(" {count}") };
        let is_assigned = if binding.is_assigned { " =" } else { "" };
        let meaning = format!("{:?}", binding.meaning).replace('"', "");
        format!("{} {kind}{meaning}{count}{is_assigned}", facts.names.get(binding.name))
    });
    show.collect::<Vec<_>>().join(", ")
}

#[test]
fn the_declarations_of_a_name_are_one_binding() {
    let cases = [
        ("const X = 1; type X = 2", "X Merged[value, type] 2"),
        ("interface X {} const X = 1", "X Merged[value, type] 2"),
        ("interface X {} interface X {}", "X Interface[type] 2"),
        ("import type { X } from 'm'; const X = 1", "X Merged[value, type, namespace] 2"),
        ("function f(): void; function f(a?) {}", "f Function[value] 2"),
        ("class C {} namespace C { export const a = 1 }", "C Merged[value, type, namespace] 2"),
        ("namespace N { export type T = 1 }", "N Namespace[namespace]"),
        ("namespace N { export const a = 1 }", "N Namespace[value, namespace]"),
        ("const enum E { A }", "E Enum[value, type, namespace]"),
        ("var a = 1; var a = 2", "a Variable[value] 2"),
        ("let a = 1; a = 2", "a Variable[value] ="),
        (
            "const a = b; let c = b; const d = b.e as T; const f = b()",
            "a Alias(b)[value], c Variable[value], d Alias(b)[value], f Variable[value]",
        ),
        ("type A = B; type C<D> = B; type E = B<F>", "A Alias(B)[type], C TypeAlias[type], E TypeAlias[type]"),
        ("import A = N.B", "A Alias(N)[value, type, namespace]"),
        (
            "import a, { b, c as d } from 'm'; import * as e from 'm'",
            "a Import(default)[value, type, namespace], b Import(b)[value, type, namespace], d Import(c)[value, type, namespace], e Import(*)[value, type, namespace]",
        ),
        ("const { a, b: { c } } = require('m')", "a Import(a)[value], c Variable[value]"),
        ("let m; m = require('./m'); m = require('./m')", "m Import(*)[value] ="),
        ("let m = null; m = require('./m')", "m Import(*)[value] ="),
        ("let m; m = require('./m'); m = require('./n')", "m Variable[value] ="),
        ("let m = 1; m = require('./m')", "m Variable[value] ="),
        ("let X; ({ X } = require('./m'))", "X Import(X)[value] ="),
        ("const a = require('m').b; const c = (await import('m')).default", "a Import(b)[value], c Import(default)[value]"),
    ];
    for (text, expected) in cases {
        let mut found: Vec<String> = bindings(text).split(", ").map(str::to_owned).collect();
        let mut wanted: Vec<String> = expected.split(", ").map(str::to_owned).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{text}");
    }
}

/// The requests, each with what is taken of it.
fn requests(text: &str, path: &str) -> String {
    let facts = read(text, path);
    let show = |(at, request): (usize, &Request)| {
        let aliases = facts.aliases.iter().filter(|alias| alias.request.index() == at).map(|alias| {
            let name = match alias.imported {
                Imported::Name(name) => facts.names.get(name),
                Imported::Namespace => "*",
            };
            let form = match alias.form {
                AliasForm::Import(_) => "import".to_owned(),
                form => format!("{form:?}").to_lowercase(),
            };
            let local = if alias.local.is_some() { " bound" } else { "" };
            format!(" {name}:{form}{local}")
        });
        let kind = match request.kind {
            RequestKind::Mock(mock) => {
                format!("{mock:?}").replace(" { has_factory: true }", "+").replace(" { has_factory: false }", "-")
            }
            kind => format!("{kind:?}"),
        };
        let at = &text[request.span.range()];
        assert!(at.len() == facts.names.get(request.specifier).len() + 2, "{at} has its quotes");
        format!("{kind} {}{}", facts.names.get(request.specifier), aliases.collect::<String>())
    };
    facts.requests.iter().enumerate().map(show).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_spelling_of_a_request_is_seen_with_what_is_taken() {
    let cases = [
        ("import 'm'; import a, { b } from 'n'", "Import m, Import n default:import bound b:import bound"),
        ("export * from 'a'; export { b as c } from 'd'; export {} from 'e'", "Export a, Export d, Export e"),
        ("import x = require('m')", "ImportEquals m *:importequals bound"),
        ("import('m'); await import('m'); void import('m')", "Dynamic m, Dynamic m, Dynamic m"),
        ("const p = import('m'); f(import('m'))", "Dynamic m *:whole, Dynamic m *:whole"),
        ("const m = await import(`m`); (await import('m')).X.y; m.z", "Dynamic m *:variable bound, Dynamic m X:member"),
        ("const { X, Y: z, ...r } = await import('m')", "Dynamic m X:pattern bound Y:pattern bound *:whole"),
        (
            "import('m').then((ns) => ns.X); import('m').then(({ X }) => X)",
            "Dynamic m *:variable bound, Dynamic m X:pattern bound",
        ),
        ("import('m').then(f); import('m').then(() => 1).catch(g)", "Dynamic m *:whole, Dynamic m"),
        ("import('m').then((m) => ({ default: m.X }))", "Dynamic m *:variable bound"),
        (
            "React.lazy(() => import('m')); dynamic(() => import('m'), {}); dynamic(() => { return import('m') })",
            "Dynamic m default:member, Dynamic m default:member, Dynamic m default:member",
        ),
        ("lazy(() => import('m').then((m) => ({ default: m.X })))", "Dynamic m *:variable bound"),
        (
            "require('m'); const m = require('m'); require('m').default; require('m')()",
            "Require m, Require m *:variable bound, Require m default:member, Require m *:whole",
        ),
        ("function f(require) { require('m') }", ""),
        ("const require = createRequire(import.meta.url); require('m').X", "Require m X:member"),
        ("require.resolve('m'); import.meta.resolve('m')", "Resolve m, Resolve m"),
        ("new URL('./x', import.meta.url); new URL('./x', base)", "Url ./x"),
        (
            "let a: import('m').T; let b: typeof import('m'); let c: import('m').N.T<import('n').U>",
            "ImportType m T:member, ImportType m *:whole, ImportType m N:member, ImportType n U:member",
        ),
        ("type T = import('m').T; type U = (typeof import('m'))['u']", "ImportType m T:member bound, ImportType m u:member"),
        ("declare module 'm' { export const a: 1 }", "Augmentation m"),
        (
            "/// <reference path=\"./a.d.ts\" />\n/// <reference types='node' />\nlet a\n/// <reference path=\"./b.d.ts\" />",
            "ReferencePath ./a.d.ts, ReferenceTypes node",
        ),
        (
            "jest.mock('m'); jest.mock('m', undefined, { virtual: true }); vi.mock('m', { spy: true })",
            "Replace- m, Replace- m, Replace- m",
        ),
        (
            "jest.mock('m', () => ({ __esModule: true, ...jest.requireActual('m'), X: 1, 'y': 2, z() {}, w }))",
            "Replace+ m X:replacement y:replacement z:replacement w:replacement, Actual m *:whole",
        ),
        (
            "jest.mock('m', () => { const a = 1; return { X: a } }); jest.mock('m', f); jest.mock('m', () => { if (a) return b; return { X } })",
            "Replace+ m X:replacement, Replace+ m *:whole, Replace+ m *:whole",
        ),
        ("jest.mock('a').mock('b'); jest.setMock('m', { X: 1 })", "Replace- a, Replace- b, Replace+ m X:replacement"),
        ("jest.unmock('m'); jest.dontMock('m'); vi.doUnmock('m')", "Restore m, Restore m, Restore m"),
        (
            "const { X } = jest.requireActual<typeof import('m')>('m'); jest.requireMock('m').Y; jest.createMockFromModule('m')",
            "ImportType m *:whole, Actual m X:pattern bound, Replacement m Y:member, Replacement m",
        ),
        ("const { X } = await vi.importActual('m'); vi.importMock('m')", "Actual m X:pattern bound, Replacement m"),
        ("vi.mock(import('./m'), () => ({ X: 1 }))", "Replace+ ./m X:replacement"),
        ("import { jest } from '@jest/globals'; jest.mock('m')", "Import @jest/globals jest:import bound, Replace- m"),
        ("import { jest } from './own'; jest.mock('m')", "Import ./own jest:import bound"),
        ("import { vi } from 'vitest'; vi.mock('m')", "Import vitest vi:import bound, Replace- m"),
    ];
    for (text, expected) in cases {
        assert_eq!(requests(text, "a.ts"), expected, "{text}");
    }
}

#[test]
fn a_request_that_is_put_together_is_known_by_its_beginning() {
    let facts = read("import(`./a/${b}`); require('./c/' + d + '.js'); require(e); jest.mock(`./f/${g}`)", "a.ts");
    let found: Vec<(&str, RequestKind)> =
        facts.computed.iter().map(|computed| (facts.names.get(computed.prefix), computed.kind)).collect();
    let mock = RequestKind::Mock(crate::lang::typescript::facts::Mock::Replace { has_factory: false });
    let (dynamic, require) = (RequestKind::Dynamic, RequestKind::Require);
    assert_eq!(found, [("./a/", dynamic), ("./c/", require), ("", require), ("./f/", mock)]);
    assert!(facts.requests.is_empty());
}

/// The export entries, and whether there may be more.
fn exports(text: &str, path: &str) -> String {
    let facts = read(text, path);
    let show = |export: &Export| {
        let what = match export.what {
            Exported::Binding(binding) => format!("binding {}", facts.names.get(facts.bindings[binding.index()].name)),
            Exported::Use(used) => format!("use {}", facts.names.get(facts.uses[used.index()].name)),
            Exported::Expression => "expression".to_owned(),
            Exported::From { request, imported, .. } => {
                format!("{} of {}", facts.names.get(imported), facts.specifier(request))
            }
            Exported::Namespace(request) => format!("* of {}", facts.specifier(request)),
            Exported::Star(request) => format!("all of {}", facts.specifier(request)),
        };
        let at = &text[export.name_span.range()];
        let kind = if export.is_type_only { "type " } else { "" };
        format!("{kind}{} ({at}): {what}", facts.names.get(export.name))
    };
    let mut all: Vec<String> = facts.exports.iter().map(show).collect();
    all.extend(facts.is_dynamic.then(|| "dynamic".to_owned()));
    all.join(", ")
}

#[test]
fn every_export_has_an_entry() {
    let modules = [
        ("export const a = 1, { b, c: [d] } = e", "a (a): binding a, b (b): binding b, d (d): binding d"),
        ("export function f() {} export class C {} export enum E {}", "f (f): binding f, C (C): binding C, E (E): binding E"),
        (
            "export interface I {} export type T = 1; export namespace N { export const x = 1 }",
            "I (I): binding I, T (T): binding T, N (N): binding N",
        ),
        ("export declare const a: 1; export import X = N.Y", "a (a): binding a, X (X): binding X"),
        (
            "const a = 1; export { a, a as 'b c', a as default }",
            "a (a): binding a, b c ('b c'): binding a, default (default): binding a",
        ),
        ("export { a } ", "a (a): use a"),
        (
            "export type { T } from 'm'; export { type U, V as W } from 'm'",
            "type T (T): T of m, type U (U): U of m, W (W): V of m",
        ),
        ("export * from 'm'; export /* * */ * as ns from 'n'", "* (*): all of m, ns (ns): * of n"),
        ("const a = 1; export default a", "default (default): use a"),
        ("export default a.b; ", "default (default): use a"),
        ("export default function f() {}", "default (default): binding f"),
        ("export default class {}", "default (default): expression"),
        ("export default f()", "default (default): expression"),
        ("class A {} export = A", "export= (=): use A"),
        ("declare module 'm' { export const a: 1; export default a } export {}", ""),
    ];
    for (text, expected) in modules {
        assert_eq!(exports(text, "a.ts"), expected, "{text}");
    }
    let scripts = [
        ("module.exports = { A, B: c, 'd': 1 }", "A (A): use A, B (B): use c, d ('d'): expression"),
        ("exports.X = y; module.exports.Z = () => {}; exports.__esModule = true", "X (X): use y, Z (Z): expression"),
        ("module.exports = X", "export= (exports): use X"),
        ("exports = module.exports = class {}", "export= (exports): expression"),
        ("module.exports = f()", "export= (exports): expression, dynamic"),
        ("module.exports = { ...a, b }", "b (b): use b, dynamic"),
        (
            "Object.defineProperty(exports, 'X', { value: 1 }); Object.defineProperty(exports, '__esModule', {})",
            "X ('X'): expression",
        ),
        ("Object.assign(exports, a); exports[b] = 1", "dynamic"),
        ("function f(exports) { exports.X = 1 }", ""),
    ];
    for (text, expected) in scripts {
        assert_eq!(exports(text, "a.js"), expected, "{text}");
    }
    let declarations = [
        ("interface A {} export declare const b: A", "A (A): binding A, b (b): binding b"),
        ("import 'm'; declare function f(): void", "f (f): binding f"),
        ("interface A {} export declare const b: A; export {}", "b (b): binding b"),
        ("interface A {}", ""),
    ];
    for (text, expected) in declarations {
        assert_eq!(exports(text, "a.d.ts"), expected, "{text}");
    }
}

#[test]
fn offsets_are_those_of_the_text() {
    let text = "\u{feff}// é\nimport { x } from './m' // c\nx('é', \"./path/é\")";
    let facts = read(text, "a.ts");
    assert_eq!(&text[facts.requests[0].span.range()], "'./m'");
    assert_eq!(&text[facts.uses[0].span.range()], "x");
    assert_eq!(facts.comments.iter().map(|comment| &text[comment.range()]).collect::<Vec<_>>(), ["// é", "// c"]);
    assert_eq!(facts.paths.iter().map(|(_, span)| &text[span.range()]).collect::<Vec<_>>(), ["\"./path/é\""]);
}

#[test]
fn a_module_is_what_has_its_syntax() {
    let is_module = |text: &str, path: &str| read(text, path).is_module;
    assert!(is_module("export {}", "a.ts") && is_module("import 'm'", "a.ts") && is_module("import.meta.url", "a.js"));
    assert!(is_module("require('m')", "a.js") && is_module("module.exports = 1", "a.js") && is_module("let a", "a.mts"));
    assert!(is_module("await f()", "a.ts") && !is_module("async () => await f()", "a.ts"));
    assert!(!is_module("let a", "a.ts") && !is_module("declare const a: 1", "a.d.ts"));
}

#[test]
fn what_is_no_typescript_is_an_error() {
    let errors = |text: &str, path: &str| collect(text, &RepoPath::new(path).unwrap()).errors.len();
    assert!(errors("const = ;", "a.ts") > 0 && errors("<a>", "a.tsx") > 0);
    assert_eq!(errors("let a; let a; const b = <div/>", "a.js"), 0);
    assert_eq!(errors("const a = <T,>(x: T) => x; var b = <any>a", "a.ts"), 0);
}

#[test]
fn deep_nesting_is_read() {
    let deep = |open: &str, middle: &str, close: &str| format!("{}{middle}{}", open.repeat(5000), close.repeat(5000));
    read(&deep("if (a)\n", "b", ""), "a.ts");
    let texts = [
        deep("(", "1", ")"),
        deep("[", "", "]"),
        deep("!", "1", ""),
        deep("{", "", "}"),
        deep("1 + ", "1", ""),
        deep("a(() => ", "1", ")"),
    ];
    for text in texts {
        read(&text, "a.ts");
    }
    read(&format!("type T = {}", deep("[", "1", "]")), "a.ts");
    read(&deep("<a>", "", "</a>"), "a.tsx");
    read(&deep("if (a) {} else ", "b", ""), "a.ts");
    // Beyond that it is refused.
    let endless = collect(&"(".repeat(1_000_000), &RepoPath::new("a.ts").unwrap());
    assert_eq!(endless.errors.len(), 1);
    // Statements that end in no semicolon are not nested.
    read(&"a = b[0] + (c ? d : e)\nf(await g)\n".repeat(20_000), "a.ts");
}

#[test]
fn scopes_say_what_opens_them() {
    let facts = read("namespace N { class C { m() {} } } declare module 'm' {} export {}", "a.ts");
    let kinds: Vec<ScopeKind> = facts.scopes.iter().map(|scope| scope.kind).collect();
    assert_eq!(
        kinds,
        [ScopeKind::Module, ScopeKind::Namespace, ScopeKind::Class, ScopeKind::Function, ScopeKind::Augmentation]
    );
    assert!(facts.scopes.iter().skip(1).all(|scope| scope.parent.is_some()));
}
