//! What strings are given to, and what they name.

use super::*;
use crate::lang::python::testing::program;

/// The roles of the strings in a text, in source order, each behind the string; those that are data are left out.
fn roles(text: &str) -> Vec<(String, Role)> {
    let files = program(&[("t.py", text), ("pkg/__init__.py", ""), ("pkg/mod.py", "X = 1\n")]);
    let file = files.file("t.py");
    let facts = files.facts(file);
    assert!(facts.errors.is_empty(), "{:?}", facts.errors);
    let of = |string: &StringFact| (facts.names.get(string.value).to_owned(), role(&files, file, string));
    facts.strings.iter().map(of).filter(|(_, role)| *role != Role::Data).collect()
}

#[test]
fn what_a_string_is_given_to_decides() {
    use Role::*;
    let cases: &[(&str, &[(&str, Role)])] = &[
        ("from unittest.mock import patch\npatch('pkg.mod.X')", &[("pkg.mod.X", Patch)]),
        ("from unittest.mock import patch as p\n@p('pkg.mod.X')\ndef f(): ...", &[("pkg.mod.X", Patch)]),
        ("from unittest import mock\nmock.patch(target='pkg.mod.X')", &[("pkg.mod.X", Patch)]),
        ("import unittest.mock\nwith unittest.mock.patch('pkg.mod.X'): ...", &[("pkg.mod.X", Patch)]),
        ("import mock as m\nm.patch.dict('pkg.mod.X', {'pkg.mod': 1})", &[("pkg.mod.X", Object)]),
        ("import sys\nfrom mock import patch\npatch.dict(sys.modules, {'pkg.mod': None})", &[("pkg.mod", Module)]),
        (
            "from mock import patch\npatch.dict('sys.modules', {'pkg.mod': 'x.y'})",
            &[("sys.modules", Object), ("pkg.mod", Module)],
        ),
        ("from mock import patch\nfrom pkg import mod\npatch.object(mod, 'X', 'a.b')", &[("X", PatchMember)]),
        (
            "from mock import patch\npatch.multiple('pkg.mod', X=1, new='X')",
            &[("pkg.mod", Object), ("X", PatchMember), ("new", PatchMember)],
        ),
        ("def test(mocker): mocker.patch('pkg.mod.X')", &[("pkg.mod.X", Patch)]),
        ("def test(session_mocker): session_mocker.spy(pkg, 'X')", &[("X", PatchMember)]),
        ("def test(monkeypatch):\n    monkeypatch.setattr('pkg.mod.X', 1)", &[("pkg.mod.X", Patch)]),
        ("import pkg\ndef test(monkeypatch):\n    monkeypatch.delattr(pkg, 'mod', raising=False)", &[("mod", PatchMember)]),
        ("import sys\ndef test(monkeypatch):\n    monkeypatch.setitem(sys.modules, 'pkg.mod', 1)", &[("pkg.mod", Module)]),
        ("import importlib\nimportlib.import_module('pkg.mod')", &[("pkg.mod", Module)]),
        ("from importlib import import_module as load\nload('pkg.mod')", &[("pkg.mod", Module)]),
        ("__import__('pkg.mod')", &[("pkg.mod", Module)]),
        ("import sys\nsys.modules['pkg.mod'] = 1", &[("pkg.mod", Module)]),
        ("import sys\n'pkg.mod' in sys.modules", &[("pkg.mod", Module)]),
        ("from sys import modules\nmodules.pop('pkg.mod', None)", &[("pkg.mod", Module)]),
        ("pytest_plugins = ['pkg.mod']", &[("pkg.mod", Module)]),
        ("import logging\nlogging.getLogger('pkg.mod')", &[("pkg.mod", Logger)]),
        (
            "MIDDLEWARE = ['pkg.mod.X']\nLOGGING = {'a.b': {'class': 'pkg.mod.X'}}",
            &[("pkg.mod.X", Object), ("pkg.mod.X", Object)],
        ),
        ("app.send_task('pkg.mod.run')", &[("pkg.mod.run", Task)]),
        ("getattr(pkg, 'mod')\nsetattr(pkg, 'mod', 1)", &[("mod", Member), ("mod", SetMember)]),
        // Other things of these names.
        ("def patch(path): ...\npatch('pkg.mod.X')", &[]),
        ("from pkg.mod import patch\npatch('pkg.mod.X')", &[]),
        ("class mocker: ...\nmocker.patch('pkg.mod.X')", &[]),
        ("from unittest.mock import patch\npatch(new='pkg.mod.X')", &[]),
        ("from unittest.mock import patch\nLEGACY = ['pkg.mod.X']\nfor path in LEGACY: patch(path)", &[]),
        ("d = {}\nd['pkg.mod']\n'pkg.mod' in d\nmodules = {}\nmodules['pkg.mod']", &[]),
        ("client.patch('/pkg.mod')\nclient.patch('pkg.mod')", &[]),
    ];
    for (text, wanted) in cases {
        let wanted: Vec<(String, Role)> = wanted.iter().map(|&(path, role)| (path.to_owned(), role)).collect();
        assert_eq!(roles(text), wanted, "{text}");
    }
}

#[test]
fn a_path_leads_through_modules_and_names() {
    let files = program(&[
        ("pkg/__init__.py", "from pkg.mod import X, helper\nfrom pkg.mod import run as mod_run\n"),
        ("pkg/mod.py", "class X:\n    y = 1\ndef run(): ...\nfrom pkg import helper\n"),
        ("pkg/helper.py", "Y = 1\n"),
        ("use.py", "import pkg.mod as m\nfrom pkg import X as Mine\n"),
    ]);
    let name = |symbol: &Symbol| format!("{}:{}", files.table.dotted(&symbol.module), symbol.name);
    let told = |path: &str| -> Vec<String> {
        let step = |step: &Step| match (&step.end, &step.hops[..]) {
            (End::Module(module), _) => files.table.dotted(module).to_string(),
            (_, hops) => hops.iter().map(name).collect::<Vec<_>>().join(" "),
        };
        steps(&files, path).iter().map(step).collect()
    };
    assert_eq!(told("pkg.mod.X.y"), ["pkg", "pkg.mod", "pkg.mod:X"]);
    assert_eq!(told("pkg.X"), ["pkg", "pkg:X pkg.mod:X"]);
    assert_eq!(told("use.m.run"), ["use", "pkg.mod", "pkg.mod:run"]);
    assert_eq!(told("use.Mine.y"), ["use", "use:Mine pkg:X pkg.mod:X"]);
    assert_eq!(told("pkg.mod:run"), ["pkg", "pkg.mod", "pkg.mod:run"]);
    assert_eq!(told("pkg.helper.Y"), ["pkg", "pkg.helper", "pkg.helper:Y"]);
    assert_eq!(told("lib.mod.X"), ["lib", "lib:mod", "lib.mod:X"]);
    assert_eq!(told("pkg.nothing.X"), ["pkg", "pkg:nothing"]);
}

#[test]
fn a_computed_path_is_known_as_far_as_its_names_are() {
    let cases = [
        ("M = 'pkg.mod'\npatch(f'{M}.X')", Text::Known("pkg.mod.X".to_owned())),
        ("M = 'pkg.mod'\npatch(M + '.X')", Text::Known("pkg.mod.X".to_owned())),
        ("def f():\n    m = 'pkg'\n    patch('{a}' f'{m}.mod.' 'X')", Text::Known("{a}pkg.mod.X".to_owned())),
        ("M = 'a'\nM = 'b'\npatch(M + '.X')", Text::Partly { start: String::new(), end: ".X".to_owned() }),
        ("patch(f'pkg.{name}.X.{other!r:>3}')", Text::Partly { start: "pkg.".to_owned(), end: String::new() }),
        ("patch(f'pkg.{name()}.X')", Text::Partly { start: "pkg.".to_owned(), end: ".X".to_owned() }),
    ];
    for (text, wanted) in cases {
        let facts = crate::lang::python::collect(text, None);
        assert_eq!(facts.computed.iter().map(|computed| value(&facts, computed)).collect::<Vec<_>>(), [wanted], "{text}");
    }
}

#[test]
fn only_a_plain_literal_can_be_edited() {
    let inside =
        |literal: &str, value: &str| content(literal, Span::new(0, literal.len() as u32), value).map(|span| span.range());
    assert_eq!(inside("'a.b'", "a.b"), Some(1..4));
    assert_eq!(inside("rb'''a.b'''", "a.b"), Some(5..8));
    assert_eq!(inside("\"a\" \".b\"", "a.b"), None);
    assert_eq!(inside("'a\\x2eb'", "a.b"), None);
    assert_eq!(inside("X", "X"), Some(0..1));
}
