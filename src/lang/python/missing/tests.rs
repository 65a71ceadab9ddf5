//! Names that are read and are not there, each beside one that is.

use super::*;
use crate::lang::python::testing::{Files, program};

/// The attributes that a file misses, as `module.name`.
fn attributes(files: &Files, path: &str) -> Vec<String> {
    let found = missing_attributes(files, files.file(path));
    found.iter().map(|(_, symbol)| format!("{}.{}", files.table.dotted(&symbol.module), symbol.name)).collect()
}

fn names(files: &Files, path: &str) -> Vec<String> {
    unbound_names(files, files.file(path)).into_keys().map(str::to_owned).collect()
}

#[test]
fn attributes_are_looked_for_in_the_modules_that_they_are_read_from() {
    let files = program(&[
        ("p/__init__.py", "from p.m import Here\n"),
        ("p/m.py", "Here = 1\nGone = 2\ndel Gone\n"),
        ("p/lazy.py", "def __getattr__(name): ...\n"),
        (
            "a.py",
            "import os, p.m\nimport p.m as q\nfrom p import m as r, lazy\nr2 = r\np.m.Here.x, p.m.No1, q.No2.y, r.Gone, r2.No3\n\
             p.Here, p.No4, p.lazy, lazy.Any, os.Any, q.__name__, q.__class__\ndef f(q):\n    from p import m\n    return q.Any, m.No5\n",
        ),
        ("b.py", "import p.m\np.m.Set = 1\nprint(p.m.Set, p.m.Unset)\n"),
        ("c.py", "try:\n    import p.m as m\nexcept ImportError:\n    m = None\nm.Any\n"),
    ]);
    assert_eq!(attributes(&files, "a.py"), ["p.m.No1", "p.m.No2", "p.m.Gone", "p.m.No3", "p.No4", "p.m.No5"]);
    assert_eq!(attributes(&files, "b.py"), ["p.m.Unset"], "what the file sets itself is there");
    assert_eq!(attributes(&files, "c.py"), [""; 0], "which of the two `m` is, is not known");
}

#[test]
fn names_that_no_star_import_brings_are_unbound() {
    let files = program(&[
        ("m.py", "Here = 1\n_hidden = 2\nfrom n import *\n"),
        ("n.py", "__all__ = ['Deep']\nDeep = 1\nOther = 2\n"),
        ("a.py", "from m import *\nprint(Here, Deep, Other, _hidden, __file__)\n"),
        ("b.py", "from m import *\nfrom os import *\nprint(Other)\n"),
        ("c.py", "print(Other)\n"),
    ]);
    assert_eq!(names(&files, "a.py"), ["Other", "_hidden"]);
    assert_eq!(names(&files, "b.py"), [""; 0], "`os` may bring anything");
    assert_eq!(names(&files, "c.py"), ["Other"]);
    assert_eq!(star_modules(&files, files.file("b.py")), ["m".into(), "os".into()]);
}

#[test]
fn entries_of_all_have_to_be_bound() {
    let files = program(&[
        ("p/__init__.py", "__all__ = ['sub', 'Gone', 'Here', '__doc__']\nHere = 1\n"),
        ("p/sub.py", ""),
        ("q.py", "from p.star import *\n__all__ = ['Brought', 'Lost']\n"),
        ("p/star.py", "Brought = 1\n"),
        ("r.py", "__all__ = ['Any']\ndef __getattr__(name): ...\n"),
    ]);
    let exports = |path: &str| unbound_exports(&files, files.file(path)).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(exports("p/__init__.py"), ["Gone"]);
    assert_eq!(exports("q.py"), ["Lost"]);
    assert_eq!(exports("r.py"), [""; 0]);
}
