//! Modules as the import system finds them, and names followed through every kind of binding.

use super::*;
use crate::lang::python::testing::{Files, program};

impl Files {
    /// The way from `module:name`, as `hop > hop = end`.
    fn way(&self, symbol: &str) -> String {
        let (module, name) = symbol.split_once(':').unwrap();
        let way = resolve(self, &Symbol { module: self.table.module(module), name: name.into() });
        self.show(&way.hops, &way.end)
    }

    fn show(&self, hops: &[Symbol], end: &End) -> String {
        let hops: Vec<String> = hops.iter().map(|hop| format!("{}:{}", self.table.dotted(&hop.module), hop.name)).collect();
        let end = match end {
            End::Module(module) => format!("module {}", self.table.dotted(module)),
            End::Ambiguous(ways) => format!("{} ways", ways.len()),
            end => format!("{end:?}"),
        };
        format!("{} = {end}", hops.join(" > "))
    }

    /// What the last expression of a file means, step by step.
    fn last(&self, path: &str) -> Vec<String> {
        let file = self.file(path);
        let used = self.facts(file).uses.last().unwrap();
        steps(self, file, used).iter().map(|step| self.show(&step.hops, &step.end)).collect()
    }
}

#[test]
fn names_are_followed_through_imports_and_assignments() {
    let files = program(&[
        ("p/__init__.py", "from .m import A as B\nfrom p import m as module\nfrom . import sub\n"),
        ("p/m.py", "class A: ...\nC = A\nD = C\nvalue = A()\nmade = A.attribute\nbuiltin = int\n"),
        ("p/sub.py", "import p.m\nimport p.m as q\nE = p.m.A\nF = q.A\nG = q\n"),
    ]);
    assert_eq!(files.way("p:B"), "p:B > p.m:A = Definition");
    assert_eq!(files.way("p.m:D"), "p.m:D > p.m:C > p.m:A = Definition");
    assert_eq!(files.way("p.sub:E"), "p.sub:E > p.m:A = Definition");
    assert_eq!(files.way("p.sub:F"), "p.sub:F > p.m:A = Definition");
    assert_eq!(files.way("p.m:value"), "p.m:value = Definition");
    assert_eq!(files.way("p.m:made"), "p.m:made = Definition");
    assert_eq!(files.way("p.m:builtin"), "p.m:builtin = Definition");
    assert_eq!(files.way("p:module"), "p:module > p:m = module p.m");
    assert_eq!(files.way("p:m"), "p:m = module p.m");
    assert_eq!(files.way("p:sub"), "p:sub = module p.sub", "`from . import sub` in the package itself");
    assert_eq!(files.way("p:gone"), "p:gone = Unbound");
    assert_eq!(files.way("lib.x:y"), "lib.x:y = Absent(External)");
    assert_eq!(files.way("p.gone:y"), "p.gone:y = Absent(Missing)");
}

#[test]
fn several_bindings_are_one_only_if_they_mean_one_object() {
    let files = program(&[
        ("impl.py", "class A: ...\nclass A: ...\n"),
        ("door.py", "from impl import A\n"),
        ("same.py", "try:\n    from impl import A\nexcept ImportError:\n    from door import A\n"),
        ("differs.py", "try:\n    from impl import A\nexcept ImportError:\n    A = None\n"),
        ("itself.py", "from impl import A\nA = A\n"),
        ("loops.py", "from loops import X\n"),
        ("a.py", "from b import X\n"),
        ("b.py", "from a import X\n"),
        ("deleted.py", "from impl import A\ndel A\n"),
        ("declared.py", "A: int\n"),
        ("caught.py", "try: ...\nexcept E as A: ...\n"),
        ("starred.py", "from impl import A\nfrom caught import *\nfrom other import *\n"),
        ("other.py", "A = 1\n"),
        ("starred_same.py", "from impl import A\nfrom door import *\n"),
        ("star_first.py", "from other import *\nfrom impl import A\n"),
    ]);
    assert_eq!(files.way("same:A"), "same:A > impl:A = Definition");
    assert_eq!(files.way("differs:A"), "differs:A = 2 ways");
    assert_eq!(files.way("itself:A"), "itself:A > impl:A = Definition");
    assert_eq!(files.way("loops:X"), "loops:X = Cycle");
    assert_eq!(files.way("a:X"), "a:X > b:X = Cycle");
    assert_eq!(files.way("deleted:A"), "deleted:A = Unbound");
    assert_eq!(files.way("declared:A"), "declared:A = Unbound");
    assert_eq!(files.way("caught:A"), "caught:A = Unbound");
    assert_eq!(files.way("starred:A"), "starred:A = 2 ways");
    assert_eq!(files.way("starred_same:A"), "starred_same:A > impl:A = Definition");
    assert_eq!(files.way("star_first:A"), "star_first:A > impl:A = Definition");
}

#[test]
fn stars_bring_what_the_module_exports() {
    let files = program(&[
        ("m.py", "a = 1\n_b = 2\n"),
        ("listed.py", "__all__ = ['_b']\na = 1\n_b = 2\n"),
        ("computed.py", "__all__ = names()\na = 1\n"),
        ("through.py", "from m import *\nfrom listed import *\n"),
        ("again.py", "from through import *\nfrom again import *\n"),
        ("outside.py", "from lib import *\n"),
        ("unsure.py", "from computed import *\n"),
        ("made.py", "def __getattr__(name): ...\n"),
    ]);
    assert_eq!(files.way("through:a"), "through:a > m:a = Definition");
    assert_eq!(files.way("through:_b"), "through:_b > listed:_b = Definition");
    assert_eq!(files.way("again:a"), "again:a > through:a > m:a = Definition");
    assert_eq!(files.way("again:_b"), "again:_b = Unbound", "a star passes no private name on");
    assert_eq!(files.way("outside:x"), "outside:x = Dynamic");
    assert_eq!(files.way("unsure:a"), "unsure:a = Dynamic");
    assert_eq!(files.way("made:x"), "made:x = Dynamic");
}

#[test]
fn expressions_are_followed_as_far_as_modules_go() {
    let files = program(&[
        ("p/__init__.py", ""),
        ("p/m.py", "class A:\n    x = 1\n"),
        ("path.py", "import p.m\np.m.A.x\n"),
        ("name.py", "from p import m\nm.A\n"),
        ("lazy.py", "def f():\n    import p.m as q\n    alias = q\n    alias.A\n"),
        ("shadowed.py", "import p.m\ndef f(p):\n    p.m.A\n"),
        ("library.py", "import lib.sub\nlib.sub.Name.x\n"),
        ("rebound.py", "def f():\n    m = 1\n    from p import m\n    m.A\n"),
        ("fallback.py", "def f():\n    try:\n        import p.m as m\n    except ImportError:\n        m = None\n    m.A\n"),
        ("circle.py", "def f():\n    a = b\n    b = a\n    a.x\n"),
        ("knot.py", "def f():\n    import p as a, p.m as b\n    a = b\n    b = a\n    a.x\n"),
        ("in_class.py", "from p import m\nclass C:\n    m = m\n    m.A\n"),
        ("class_only.py", "class C:\n    import p.m as q\n    q.A\n"),
        ("class_alias.py", "import p.m\nclass C:\n    q = p.m\n    q.A\n"),
    ]);
    assert_eq!(files.last("path.py"), ["path:p = module p", "p:m = module p.m", "p.m:A = Definition"]);
    assert_eq!(files.last("name.py"), ["name:m > p:m = module p.m", "p.m:A = Definition"]);
    assert_eq!(files.last("lazy.py"), [" = module p.m", "p.m:A = Definition"]);
    assert_eq!(files.last("shadowed.py"), [" = Local"]);
    assert_eq!(
        files.last("library.py")[1..],
        ["lib:sub = Absent(External)", "lib.sub:Name = Absent(External)", "lib.sub.Name:x = Absent(External)"]
    );
    assert_eq!(files.last("rebound.py"), [" = 2 ways"]);
    assert_eq!(files.last("fallback.py"), [" = 2 ways"]);
    assert_eq!(files.last("knot.py"), [" = 2 ways"]);
    assert_eq!(files.last("circle.py"), [" = Local"]);
    assert_eq!(files.last("in_class.py"), [" = 2 ways"]);
    assert_eq!(files.last("class_only.py"), [" = module p.m", "p.m:A = Definition"]);
    assert_eq!(files.last("class_alias.py"), ["p:m = module p.m", "p.m:A = Definition"]);
}

#[test]
fn what_a_module_forwards_is_followed_from_outside_alone() {
    let files = program(&[
        ("new.py", "class New: ...\n"),
        (
            "p/__init__.py",
            "def __getattr__(name):\n    if name == 'sub':\n        from new import New\n        return New\n    raise AttributeError(name)\n",
        ),
        ("p/sub.py", ""),
        (
            "old.py",
            "def __getattr__(name):\n    if name == 'Old':\n        import new\n        return new.New\n    raise AttributeError(name)\nOld\n",
        ),
        ("star.py", "from old import *\n"),
        ("user.py", "import old\nold.Old\n"),
        ("named.py", "from old import Old, Other\nOld\n"),
    ]);
    assert_eq!(files.way("old:Old"), "old:Old > new:New = Definition");
    assert_eq!(files.way("old:Other"), "old:Other = Unbound", "it forwards no other name");
    assert_eq!(files.way("p:sub"), "p:sub > new:New = Definition", "asked before the import system looks for a submodule");
    assert_eq!(files.way("star:Old"), "star:Old = Unbound", "a star takes what is stored");
    assert_eq!(files.last("user.py"), ["user:old = module old", "old:Old > new:New = Definition"]);
    assert_eq!(files.last("named.py"), ["named:Old > old:Old > new:New = Definition"]);
    assert_eq!(files.last("old.py"), [" = Unbound"], "a module's own code does not ask it");
}

/// A program of eight modules, each of which binds the one name in ways that the number chooses.
fn tangle(seed: u64) -> Files {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let modules: Vec<(String, String)> = (0..8)
        .map(|at| {
            let lines = (0..=next(3)).map(|_| match next(10) {
                0 => "class X: ...\n".to_owned(),
                1 => format!("from m{} import *\n", next(8)),
                2 => format!("import m{0}\nX = m{0}.X\n", next(8)),
                3 => format!("from m{} import X as y\nX = y\n", next(8)),
                4 => format!("import m{} as X\n", next(8)),
                5 => format!("from lib{} import X\n", next(2)),
                _ => format!("from m{} import X\n", next(8)),
            });
            (format!("m{at}.py"), lines.collect())
        })
        .collect();
    program(&modules.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>())
}

#[test]
fn what_is_recalled_is_what_would_be_found_again() {
    for seed in 0..300 {
        let files = tangle(seed);
        for at in 0..8 {
            let symbol = Symbol { module: files.table.module(&format!("m{at}")), name: "X".into() };
            let recalled = resolve(&files, &symbol);
            trail::FORGETS.set(true);
            let followed = resolve(&files, &symbol);
            trail::FORGETS.set(false);
            assert_eq!(recalled, followed, "{seed}: m{at}");
        }
    }
}

#[test]
fn a_tangle_that_nobody_can_follow_is_unknown() {
    let modules: Vec<(String, String)> = (0..40)
        .map(|at| {
            let from = |step: usize| format!("from m{} import X\n", (at + step) % 40);
            (format!("m{at}.py"), [1, 3, 7].map(from).concat())
        })
        .collect();
    let files = program(&modules.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>());
    assert_eq!(files.way("m0:X"), "m0:X = Dynamic");
}
