//! Imports that meet a half-made module, as CPython meets them.

use super::*;
use crate::lang::python::testing::{Files, program};

/// The imports that fail when `first` is loaded first, as `importer: module.name`.
fn failures(files: &Files, first: &str) -> Vec<String> {
    let scripts = Scripts::new(files, files.facts.len());
    let found = Loader::new(&scripts).load(files.file(first));
    let show = |failure: &Failure| {
        let file = *failure.loading.last().unwrap();
        let name = files.facts(file).names.get(failure.name);
        format!("{}: {}.{name}", files.table.name(file).unwrap(), files.table.name(failure.module).unwrap())
    };
    found.iter().map(show).collect()
}

#[test]
fn a_name_is_missing_until_the_statement_that_binds_it() {
    let files = program(&[
        ("a.py", "from b import B\nclass A: ...\n"),
        ("b.py", "from a import A\nclass B: ...\n"),
        ("c.py", "class C: ...\nfrom d import D\n"),
        ("d.py", "from c import C\nclass D: ...\n"),
    ]);
    assert_eq!(failures(&files, "a.py"), ["b: a.A"]);
    assert_eq!(failures(&files, "b.py"), ["a: b.B"]);
    assert_eq!(failures(&files, "c.py"), [""; 0]);
    assert_eq!(failures(&files, "d.py"), ["c: d.D"]);
}

#[test]
fn what_does_not_run_while_a_module_is_loaded_does_not_fail() {
    let files = program(&[
        (
            "a.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from b import B\ndef f():\n    from b import B\nclass A: ...\n",
        ),
        ("b.py", "from a import A\nclass B: ...\n"),
        ("script.py", "import a\nif __name__ == '__main__':\n    from b import Nothing\n"),
    ]);
    assert_eq!(failures(&files, "b.py"), [""; 0]);
    assert_eq!(failures(&files, "script.py"), [""; 0]);
}

#[test]
fn packages_are_loaded_before_what_lies_in_them() {
    let files = program(&[
        ("p/__init__.py", "from p.a import A\nNAME = 1\n"),
        ("p/a.py", "from p.b import B\nclass A: ...\n"),
        ("p/b.py", "from p import NAME, c\nclass B: ...\n"),
        ("p/c.py", ""),
    ]);
    assert_eq!(failures(&files, "p/b.py"), ["p.b: p.NAME"], "`c` is a submodule, which can be imported all the same");
}

#[test]
fn modules_are_read_through_their_names_too() {
    let files = program(&[
        ("a.py", "import b\nclass A: ...\n"),
        ("b.py", "import a as m\nclass B(m.A): ...\n"),
        ("c.py", "import d\nclass C: ...\n"),
        ("d.py", "import c as m\ndef f():\n    return m.C\n"),
    ]);
    assert_eq!(failures(&files, "a.py"), ["b: a.A"]);
    assert_eq!(failures(&files, "b.py"), [""; 0]);
    assert_eq!(failures(&files, "c.py"), [""; 0]);
}

#[test]
fn names_that_come_at_run_time_or_by_a_star_are_not_blamed() {
    let files = program(&[
        ("dynamic.py", "import user\ndef __getattr__(name): ...\n"),
        ("user.py", "from dynamic import anything\nfrom never import bound\n"),
        ("never.py", "import user\n"),
        ("star.py", "from names import *\nimport reader\nfrom late import *\n"),
        ("names.py", "early = 1\n"),
        ("late.py", "behind = 1\n"),
        ("reader.py", "from star import early\nfrom star import behind\n"),
    ]);
    assert_eq!(failures(&files, "dynamic.py"), [""; 0]);
    assert_eq!(failures(&files, "never.py"), [""; 0], "a name that is never bound is another matter");
    assert_eq!(failures(&files, "star.py"), ["reader: star.behind"]);
}

#[test]
fn a_module_answers_for_what_it_forwards_once_it_can() {
    let forwarding = "def __getattr__(name):\n    if name == 'Old':\n        from new import New\n        return New\n    \
                      raise AttributeError(name)\n";
    let files = program(&[
        ("new.py", "class New: ...\n"),
        ("early.py", &format!("{forwarding}import user\n")),
        ("user.py", "from early import Old\n"),
        ("late.py", &format!("import hasty\n{forwarding}")),
        ("hasty.py", "from late import Old\n"),
    ]);
    assert_eq!(failures(&files, "early.py"), [""; 0]);
    assert_eq!(failures(&files, "late.py"), ["hasty: late.Old"]);
}

#[test]
fn a_failure_that_is_caught_is_forgotten_and_one_that_is_not_hides_none() {
    let files = program(&[
        ("a.py", "try:\n    from b import B\nexcept ImportError:\n    from spare import B\nclass A: ...\nfrom b import B\n"),
        ("b.py", "import mid\nclass B: ...\n"),
        ("mid.py", "from a import A\n"),
        ("spare.py", "from never import gone\nclass B: ...\n"),
        ("never.py", "import spare\ngone = 1\n"),
        ("open.py", "from shut import Shut\nfrom a import A\nclass Open: ...\n"),
        ("shut.py", "from open import Open\n"),
    ]);
    assert_eq!(failures(&files, "a.py"), ["mid: a.A"], "`b` is loaded again when `A` is there");
    assert_eq!(failures(&files, "mid.py"), [""; 0], "nothing failed, so the handler did not run");
    assert_eq!(failures(&files, "open.py"), ["shut: open.Open", "mid: a.A"], "the interpreter would stop at the first");
}

/// The submodules that nothing has loaded when they are read, as `reader: module`.
fn unloaded(files: &Files, first: &str) -> Vec<String> {
    let scripts = Scripts::new(files, files.facts.len());
    let found = Loader::new(&scripts).load(files.file(first));
    let name = |file: FileId| files.table.name(file).unwrap();
    let found = found.iter().filter(|failure| failure.is_unloaded);
    found.map(|failure| format!("{}: {}", name(failure.importer()), name(failure.module))).collect()
}

#[test]
fn a_submodule_is_an_attribute_of_its_package_once_somebody_has_loaded_it() {
    let files = program(&[
        ("p/__init__.py", ""),
        ("p/a.py", ""),
        ("p/b.py", "import p.a\n"),
        ("q/__init__.py", "from . import a\n"),
        ("q/a.py", ""),
        ("early.py", "import p\nimport p.b\np.a.x\n"),
        ("late.py", "import p\ndef f(): return p.a\nimport p.b\n"),
        ("order.py", "import p\np.a\nimport p.b\n"),
        ("never.py", "import p\ndef f(): return p.a\n"),
        ("own.py", "import p\ndef f():\n    from p import a\ndef g(): return p.a.x\n"),
        ("star.py", "from p import *\na.x\n"),
        ("bound.py", "import q\nq.a.x\nfrom q import *\na.x\n"),
    ]);
    assert_eq!(unloaded(&files, "early.py"), [""; 0]);
    assert_eq!(unloaded(&files, "late.py"), [""; 0]);
    assert_eq!(unloaded(&files, "order.py"), ["order: p.a"]);
    assert_eq!(unloaded(&files, "never.py"), ["never: p.a"]);
    assert_eq!(unloaded(&files, "own.py"), [""; 0], "which of the functions runs first is not known");
    assert_eq!(unloaded(&files, "star.py"), ["star: p.a"]);
    assert_eq!(unloaded(&files, "bound.py"), [""; 0]);
}
