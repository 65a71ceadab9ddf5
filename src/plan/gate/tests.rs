//! What each metric counts, and what it does not.

use std::sync::Arc;

use super::worse::{PhaseFigures, worse};
use super::*;
use crate::index::Index;
use crate::plan::spec;
use crate::text::snapshot::Memory;
use crate::transform::pack::{EmbeddedSiblings, Packs};
use crate::transform::wire::SpecFile;

fn plan(text: &str) -> Plan {
    let text = format!("name = \"test\"\n{text}");
    spec::read(&Arc::new(SpecFile { name: "plan.toml".into(), text }), &EmbeddedSiblings, &Packs::embedded())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The figure of a plan's one gate, whose table is given behind the `[[phase.gate]]` line, before which `head` stands.
fn figure(head: &str, gate: &str, files: &[(&str, &str)]) -> Figure {
    let plan = plan(&format!("{head}\n[[phase]]\nid = \"p\"\n[[phase.gate]]\nid = \"g\"\n{gate}\n"));
    let index = Index::build(Memory::snapshot(files.iter().copied()), &plan.options);
    measure(&plan, &plan.phases[0], &index).remove(0)
}

fn shown(figure: &Figure) -> Vec<String> {
    let show = |counted: &Counted| {
        let (path, (line, column)) = counted.at.as_ref().unwrap();
        format!("{}{path}:{line}:{column} {}", if counted.is_test { "test " } else { "" }, counted.what)
    };
    figure.places.iter().flatten().map(show).collect()
}

fn doubt(figure: &Figure) -> Option<(String, Option<String>)> {
    figure.doubt.clone().map(|problem| (problem.message, problem.hint))
}

const REFERENCES: &str = "metric = \"references\"\nof = ";

const PACKAGE: [(&str, &str); 3] = [
    ("pkg/__init__.py", ""),
    ("pkg/legacy.py", "class Manager: ...\n\nimport pkg.legacy\n"),
    ("pkg/ssot.py", "from pkg.legacy import Manager\n"),
];

#[test]
fn references_are_code_outside_of_the_module() {
    let mut files = PACKAGE.to_vec();
    files.extend([
        ("app.py", "import pkg.legacy as old\nprint(old.Manager, old.Manager.x)\n# pkg.legacy\ns = 'pkg.legacy.Manager'\n"),
        ("test_app.py", "from pkg import legacy\n"),
        ("broken.py", "from pkg.legacy import (\n"),
        ("other.py", "def f(legacy):\n    return legacy.Manager\n"),
    ]);
    let found = figure("", &format!("{REFERENCES}\"pkg.legacy\""), &files);
    let wanted = [
        "app.py:1:7 import pkg.legacy as old",
        "broken.py:1:0 from pkg.legacy import (",
        "pkg/ssot.py:1:0 from pkg.legacy import Manager",
        "test test_app.py:1:16 from pkg import legacy",
    ];
    assert_eq!(shown(&found), wanted);
    assert_eq!((found.count(), found.passes()), (Some(Count { service: 3, tests: 1 }), false));
    let found = figure("", &format!("{REFERENCES}\"pkg.legacy\"\nin = \"tests\"\nmax = 1\nexclude = [\"app.py\"]"), &files);
    assert_eq!((found.count(), found.passes()), (Some(Count { service: 2, tests: 1 }), true));
    let found = figure("[scope]\ntests = [\"app.py\"]", &format!("{REFERENCES}\"pkg.legacy\""), &files);
    assert_eq!(found.count(), Some(Count { service: 3, tests: 1 }), "{:?}", shown(&found));
}

#[test]
fn a_reference_through_another_name_counts_unless_direct_ones_are_asked_for() {
    let mut files = PACKAGE.to_vec();
    files.push(("app.py", "from pkg.ssot import Manager\n"));
    let count = |gate: &str| figure("", &format!("{REFERENCES}{gate}"), &files).count().unwrap().all();
    assert_eq!(count("\"pkg.legacy:Manager\""), 2);
    assert_eq!(count("\"pkg.legacy:Manager\"\nvia = \"direct\""), 1);
    // Each place once, whatever it refers to.
    assert_eq!(count("[\"pkg.legacy:Manager\", \"pkg.ssot:Manager\"]"), 2);
}

#[test]
fn a_name_that_nothing_has_is_doubted_and_one_that_is_gone_is_not() {
    let of = |of: &str| doubt(&figure("", &format!("{REFERENCES}{of}"), &PACKAGE));
    let message = |name: &str| format!("nothing is `{name}`, or refers to it");
    assert_eq!(of("\"pkg.legcy\""), Some((message("pkg.legcy"), Some("did you mean `pkg.legacy`?".into()))));
    assert_eq!(of("\"pkg.legacy:Managr\""), Some((message("pkg.legacy:Managr"), Some("did you mean `Manager`?".into()))));
    assert_eq!((of("\"pkg.legacy\""), of("\"pkg.legacy:Manager\"")), (None, None));
    assert_eq!(of("\"jwt\""), Some((message("jwt"), None)));
    assert_eq!(of("\"jwt\"\nexternal = true"), None);
    // Somebody still asks for it, or a step of the plan is about it.
    let files = [("app.py", "import jwt\n")];
    assert_eq!(doubt(&figure("", &format!("{REFERENCES}\"jwt\""), &files)), None);
    let step = "[[phase]]\nid = \"first\"\n[[phase.step]]\nid = \"s\"\nkind = \"delete-module\"\nof = \"pkg.gone\"";
    let plan = plan(&format!("{step}\n[[phase.gate]]\nid = \"g\"\n{REFERENCES}\"pkg.gone:Name\"\n"));
    let index = Index::build(Memory::snapshot(PACKAGE), &plan.options);
    assert_eq!(measure(&plan, &plan.phases[0], &index)[0].doubt, None);
}

#[test]
fn findings_are_places_of_a_transform_fixed_or_left() {
    let files = [
        ("app/__init__.py", ""),
        ("app/a.py", "from . import b\nfrom .b import c, d\n"),
        ("app/b.py", "c = d = 1\n"),
        ("app/tests/a.py", "from ...x import y\n"),
        ("lib/a.py", "from . import b\n"),
    ];
    let found =
        figure("", "metric = \"findings\"\nof = \"compliance/absolute-imports\"\nwith = { include = [\"app/**\"] }", &files);
    assert_eq!(found.count(), Some(Count { service: 2, tests: 1 }), "{:?}", shown(&found));
    let found = figure("", "metric = \"findings\"\nof = \"compliance/absolute-imports\"\ninclude = [\"lib/**\"]", &files);
    assert_eq!(found.count(), Some(Count { service: 1, tests: 0 }));
    let step = "[[phase]]\nid = \"p\"\n[[phase.step]]\nid = \"s\"\nkind = \"absolute-imports\"\nexclude = [\"lib/**\"]\n";
    let plan = plan(&format!("{step}[[phase.gate]]\nid = \"g\"\nmetric = \"findings\"\nstep = \"s\"\nmax = 3\n"));
    let index = Index::build(Memory::snapshot(files), &plan.options);
    assert!(measure(&plan, &plan.phases[0], &index)[0].passes());
    // A transform about what is not there finds nothing, and that says nothing.
    let gone = figure("", "metric = \"findings\"\nof = \"websocket/legacy-manager\"", &[("netra_backend/app/a.py", "")]);
    assert!(gone.passes() && gone.doubt.is_some());
}

/// The definitions that play a role, which may be played in `auth.py`'s `Handler` and in the package `ok`.
fn playing(role: &str, files: &[(&str, &str)]) -> Vec<String> {
    let head = format!("[role.r]\nallow = [\"auth:Handler\", \"ok\"]\n{role}");
    shown(&figure(&head, "metric = \"definitions\"\nrole = \"r\"", files))
}

#[test]
fn who_calls_plays_the_role_and_who_may_is_left_out() {
    let files = [
        (
            "auth.py",
            "import jwt\nclass Handler:\n    def check(self): return jwt.decode(1)\ndef other(): return jwt.decode(2)\n",
        ),
        ("ok/a.py", "import jwt\ndef check(): return jwt.decode(1)\n"),
        (
            "app.py",
            "import jwt as pyjwt\n\nclass K:\n    @property\n    async def read(self):\n        return [pyjwt.decode(t) for t in (lambda: [])()]\n\n    \
             def passes(self):\n        return map(pyjwt.decode, [])\n\ndef outer():\n    def inner(): pyjwt.decode(3)\n    return b''.decode()\n\npyjwt.decode(4)\n",
        ),
        ("test_app.py", "from jwt import decode\ndef helper(x=decode(1)): ...\ndef test(): decode(2)\n"),
        ("broken.py", "import jwt\njwt.decode(\n"),
    ];
    let wanted = [
        "app.py:5:4 async def K.read",
        "app.py:12:4 def outer.inner",
        "auth.py:4:0 def other",
        "broken.py:2:4 does not parse: jwt.decode(",
        "test test_app.py:3:0 def test",
    ];
    assert_eq!(playing("kind = \"function\"\ncalls = [\"jwt:decode\"]", &files), wanted);
    assert_eq!(playing("kind = \"class\"\ncalls = [\"jwt:decode\"]", &files), ["app.py:3:0 class K", wanted[3]]);
    assert_eq!(playing("named = \"ch*\"\ncalls = \"jwt:decode\"", &files), [wanted[3]]);
}

#[test]
fn who_derives_plays_the_role_through_classes_of_the_repository_too() {
    let files = [
        ("base.py", "class Base: ...\n"),
        ("a.py", "import base\nclass A(base.Base): ...\nclass G(dict[base.Base]): ...\n"),
        ("b.py", "from a import A as Parent\nclass B[T](Mixin, Parent, metaclass=M):\n    class Inner(Parent): ...\n"),
        ("c.py", "from b import B\nclass C(B[int]): ...\nx = B()\n"),
        ("d.py", "class Base: ...\nclass D(Base): ...\n"),
    ];
    let role = "subclass_of = [\"base:Base\"]";
    assert_eq!(playing(role, &files), ["a.py:2:0 class A", "b.py:2:0 class B", "b.py:3:4 class B.Inner", "c.py:2:0 class C"]);
    assert_eq!(playing(&format!("{role}\nnamed = [\"C\", \"B*\"]"), &files), ["b.py:2:0 class B", "c.py:2:0 class C"]);
}

#[test]
fn a_name_alone_may_make_the_role() {
    let files = [
        ("app.py", "class OldManager: ...\ndef make_manager(): ...\nManagerAlias = OldManager\n"),
        ("auth.py", "class Handler:\n    class Manager: ...\n"),
    ];
    assert_eq!(playing("named = \"*[mM]anager\"", &files), ["app.py:1:0 class OldManager", "app.py:2:0 def make_manager"]);
    assert_eq!(playing("kind = \"class\"\nnamed = \"Old?anager\"", &files), ["app.py:1:0 class OldManager"]);
}

#[test]
fn a_role_about_nothing_is_doubted() {
    let head = "[role.r]\ncalls = [\"auth:chekc\"]";
    let found = figure(head, "metric = \"definitions\"\nrole = \"r\"", &[("auth.py", "def check(): ...\n")]);
    assert_eq!(doubt(&found), Some(("nothing is `auth:chekc`, or refers to it".into(), Some("did you mean `check`?".into()))));
}

#[test]
fn a_command_is_not_measured_here() {
    let found = figure("", "metric = \"command\"\nrun = [\"true\"]", &[]);
    assert_eq!((found.count(), found.passes()), (None, false));
}

#[test]
fn worse_is_what_fails_and_is_more_than_before() {
    let files = |lines: &str| vec![("app.py", format!("\n{lines}")), ("old.py", "import jwt\n".to_owned())];
    let measured = |lines: &str, gate: &str| {
        let files = files(lines);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        figure("", &format!("{REFERENCES}\"jwt\"\n{gate}"), &files)
    };
    let compare = |before: &str, after: &str, gate: &str| {
        let gates = vec![(measured(before, gate), measured(after, gate))];
        let worse = worse(&[PhaseFigures { phase: "p".into(), gates }]);
        worse.iter().flat_map(|worse| &worse.new).map(|counted| counted.what.clone()).collect::<Vec<_>>()
    };
    let one = "import jwt\n";
    assert_eq!(compare("", one, ""), ["import jwt"]);
    assert_eq!(compare(one, "x = 1\nimport jwt as j\nimport jwt\n", ""), ["import jwt as j"]);
    assert_eq!(compare("", one, "max = 2"), [""; 0], "it passes");
    assert_eq!(compare("", one, "in = \"tests\""), [""; 0], "another part is judged");
    assert_eq!(compare(one, "", ""), [""; 0]);
    assert_eq!(compare(one, "import jwt as j\n", ""), [""; 0], "as many as before");
}
