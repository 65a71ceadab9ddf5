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
