//! Imports that cannot succeed.

use super::*;
use crate::lang::python::testing::program;

#[test]
fn imports_that_cannot_succeed_are_found() {
    let files = program(&[
        ("p/__init__.py", ""),
        (
            "p/m.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.t import T\nif __name__ == '__main__':\n    main = 1\na = 1\n",
        ),
        ("p/t.py", "class T: ...\n"),
        (
            "app.py",
            "from p.m import a, b\nfrom p.gone import x\nimport p.m.deep\nimport p.t\nfrom p.m import T\nfrom p.m import main\nfrom ... import up\n\
             import lib.anything\nfrom lib import anything\nfrom p import m, t\nfrom p.m import __name__, __file__\n",
        ),
    ]);
    let found: Vec<(String, Option<String>, UnresolvedReason)> = unresolved(&files, files.file("app.py"))
        .into_iter()
        .map(|(_, broken)| (broken.module.into(), broken.name.map(Into::into), broken.reason))
        .collect();
    let wanted = [
        ("p.m", Some("b"), UnresolvedReason::MissingName),
        ("p.gone", Some("x"), UnresolvedReason::MissingModule),
        ("p.m.deep", None, UnresolvedReason::NotAPackage),
        ("p.m", Some("T"), UnresolvedReason::TypeCheckingOnly),
        ("p.m", Some("main"), UnresolvedReason::MainOnly),
        ("...", Some("up"), UnresolvedReason::BeyondRoot),
    ];
    assert_eq!(found, wanted.map(|(module, name, reason)| (module.to_owned(), name.map(str::to_owned), reason)));
}

#[test]
fn targets_of_patches_that_are_not_there_are_told() {
    let text = "import sys\nfrom importlib import import_module\nfrom unittest.mock import patch\n\
                patch('pkg.mod.X')\npatch('pkg.mod.X.member')\npatch('pkg.mod.gone')\npatch('pkg.gone.X')\n\
                patch('os.gone')\npatch('pkg.dynamic.any')\npatch('pkg.mod.__name__')\nprint('pkg.mod.gone')\n\
                import_module('pkg.mod')\nimport_module('pkg.none')\nsys.modules['pkg.mod.X']\n";
    let files = program(&[
        ("pkg/__init__.py", ""),
        ("pkg/mod.py", "class X: ...\n"),
        ("pkg/dynamic.py", "def __getattr__(name): ...\n"),
        ("test.py", text),
    ]);
    let found = unresolved_targets(&files, files.file("test.py"));
    let found: Vec<_> = found.iter().map(|(_, target)| (&*target.path, target.reason)).collect();
    let wanted = [
        ("pkg.mod.gone", UnresolvedReason::MissingName),
        ("pkg.gone.X", UnresolvedReason::MissingModule),
        ("pkg.none", UnresolvedReason::MissingModule),
        ("pkg.mod.X", UnresolvedReason::NotAPackage),
    ];
    assert_eq!(found, wanted);
}
