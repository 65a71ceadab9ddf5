//! The laws, each broken on purpose by a rule that no kind of ours would be.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::index::Options;
use crate::text::change::FileChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::snapshot::Memory;
use crate::text::span::{LineIndex, Span};
use crate::transform::finding::Fix;
use crate::transform::{Context, Doc, Rule, Scope, Subject, Transform};

/// Replaces each of some texts by another wherever a file has it, one finding each.
struct Replace(&'static [(&'static str, &'static str)]);

impl Rule for Replace {
    fn check(&self, _: &Index) -> Vec<crate::transform::wire::Problem> {
        Vec::new()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for file in context.index.python_files() {
            let text = context.index.text(file).unwrap();
            for (from, to) in self.0 {
                for (at, _) in text.match_indices(from) {
                    let span = Span::new(at as u32, (at + from.len()) as u32);
                    let path = context.index.snapshot().get(file).path.clone();
                    let position = LineIndex::new(text.as_bytes()).position(span.start);
                    let edit = TextEdit::new(vec![Edit::replace(span, *to)]).unwrap();
                    let change = SourceChange::edit(path.clone(), edit);
                    let fix = Fix::new(Applicability::Safe, None, change);
                    findings.push(Finding {
                        place: Place { path, span, position },
                        message: format!("{from} to {to}"),
                        spelling: None,
                        evidence: Vec::new(),
                        outcome: Outcome::Fix(fix),
                    });
                }
            }
        }
        findings
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
    }
}

/// Deletes the files at some paths.
struct Remove(&'static [&'static str]);

impl Rule for Remove {
    fn check(&self, _: &Index) -> Vec<crate::transform::wire::Problem> {
        Vec::new()
    }

    fn subjects(&self, _: &Index) -> Vec<crate::transform::Subject> {
        Vec::new()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let paths = self.0.iter().filter_map(|path| RepoPath::new(*path));
        let there = paths.filter(|path| context.index.snapshot().id(path).is_some());
        let finding = |path: RepoPath| Finding {
            place: Place { path: path.clone(), span: Span::at(0), position: Position { line: 1, column: 0 } },
            message: format!("{path} goes"),
            spelling: None,
            evidence: Vec::new(),
            outcome: Outcome::Fix(Fix::new(Applicability::Safe, None, SourceChange::of(path, FileChange::Delete))),
        };
        there.map(finding).collect()
    }
}

/// Finds as many places as it has been asked before.
struct Counting(AtomicUsize);

impl Rule for Counting {
    fn check(&self, _: &Index) -> Vec<crate::transform::wire::Problem> {
        Vec::new()
    }

    fn subjects(&self, _: &Index) -> Vec<crate::transform::Subject> {
        Vec::new()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let times = self.0.fetch_add(1, Ordering::Relaxed);
        Replace(&[("1", "2"), ("a", "b")][..times.min(2)]).find(context)
    }
}

fn refusal(files: &[(&str, &str)], replacements: &'static [(&'static str, &'static str)]) -> Option<String> {
    built(files, Box::new(Replace(replacements))).err().map(|error| error.to_string())
}

/// What is broken before, as `path:line: kind: message`.
fn existing(files: &[(&str, &str)], replacements: &'static [(&'static str, &'static str)]) -> Vec<String> {
    let show = |existing: &Existing| {
        format!("{}:{}: {}: {}", existing.path, existing.position.line, existing.kind.code(), existing.message)
    };
    built(files, Box::new(Replace(replacements))).unwrap().existing.iter().map(show).collect()
}

fn built(files: &[(&str, &str)], rule: Box<dyn Rule>) -> Result<Built, BuildError> {
    let transform = Transform {
        id: "step".into(),
        kind: "replace",
        title: String::new(),
        doc: Doc::default(),
        applicability: None,
        severity: None,
        scope: Scope::default(),
        rule,
    };
    let step = Step { id: "step".into(), title: String::new(), transform };
    let phase = Phase {
        id: "phase".into(),
        title: String::new(),
        requires: Vec::new(),
        risk: String::new(),
        commits: Default::default(),
        steps: vec![step],
        gates: Vec::new(),
    };
    let plan = Plan {
        name: "plan".into(),
        title: String::new(),
        scope: Scope::default(),
        tests: Default::default(),
        options: Options::default(),
        commits: Default::default(),
        phases: vec![phase],
        digest: String::new(),
        transforms: BTreeMap::new(),
    };
    let request = Request {
        plan: &plan,
        phases: plan.phases.iter().collect(),
        threshold: Applicability::Safe,
        is_left_out: &|_, _| false,
        is_applied: &|_, _| false,
        again: Some(&rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap()),
        progress: &NoProgress,
        chooser: None,
    };
    let index = Index::build(Memory::snapshot(files.iter().copied()), &Options::default());
    build(index, &request)
}

#[test]
fn a_step_that_keeps_the_laws_is_built() {
    assert_eq!(refusal(&[("a.py", "x = 1\n")], &[("1", "2")]), None);
}

#[test]
fn two_fixes_that_want_the_same_bytes_are_refused_with_both_places() {
    let said = refusal(&[("a.py", "x = 1\ny = abc\n")], &[("abc", "d"), ("bc", "e")]);
    assert_eq!(said.as_deref(), Some("step `step` of phase `phase`: two fixes overlap: a.py:2 and a.py:2"));
}

#[test]
fn a_step_that_finds_work_in_its_own_result_is_refused() {
    let said = refusal(&[("a.py", "x = 1\n")], &[("1", "11")]);
    assert_eq!(
        said.as_deref(),
        Some("step `step` of phase `phase` does not converge: on its own result it still wants to change a.py:1 (1 to 11)")
    );
}

#[test]
fn a_new_syntax_error_is_refused() {
    let said = refusal(&[("a.py", "\nx = 1\n")], &[("= 1", "= = 2")]).unwrap();
    assert!(
        said.starts_with("step `step` of phase `phase` would break 2 things:\n  a.py:2: new syntax error (ruff): "),
        "{said}"
    );
    assert!(said.contains("\n  a.py:2: new syntax error (tree-sitter): "), "{said}");
    // An old one is not blamed on the step.
    assert_eq!(refusal(&[("a.py", "x = = 1\ny = 3\n")], &[("3", "4")]), None);
}

#[test]
fn a_new_unresolved_import_is_refused_where_it_is_and_where_it_is_felt() {
    let files = [("p.py", "name = 1\n"), ("a.py", "from p import name\n"), ("b.py", "from p import gone\n")];
    let said = refusal(&files, &[("import name", "import nam")]).unwrap();
    assert!(
        said.ends_with(
            "1 thing:\n  a.py:1: `from p import nam` cannot be resolved any more: the module does not have the name"
        ),
        "{said}"
    );
    let said = refusal(&files, &[("name = 1", "other = 1")]).unwrap();
    assert!(
        said.ends_with(
            "1 thing:\n  a.py:1: `from p import name` cannot be resolved any more: the module does not have the name"
        ),
        "{said}"
    );
}

#[test]
fn a_name_that_nothing_binds_any_more_is_refused() {
    let said = refusal(&[("a.py", "import os\nprint(os, gone)\n")], &[("import os", "import sys")]).unwrap();
    assert!(said.ends_with("1 thing:\n  a.py:2: `os` is not bound any more"), "{said}");
}

#[test]
fn a_rule_that_does_not_find_the_same_twice_is_refused() {
    let said = built(&[("a.py", "x = 1\n")], Box::new(Counting(AtomicUsize::new(0)))).err().unwrap().to_string();
    let wanted =
        "step `step` of phase `phase` does not find the same twice: with one thread it finds something else at a.py:1 (1 to 2)";
    assert_eq!(said, wanted);
    assert!(built(&[("a.py", "x = 1\n")], Box::new(Replace(&[("1", "2")]))).is_ok());
}

#[test]
fn a_name_that_others_read_as_an_attribute_may_not_go() {
    let files = [
        ("m.py", "name = 1\n"),
        ("door.py", "import m as inner\n"),
        ("a.py", "import m as other\nprint(other.name)\n"),
        ("b.py", "import door\nprint(door.inner.name, door.inner.gone)\n"),
        ("c.py", "def f(m):\n    return m.name\n"),
    ];
    let said = refusal(&files, &[("name = 1", "other = 1")]).unwrap();
    let lost = "`name` cannot be read out of `m` any more: the module does not have the name";
    assert!(said.ends_with(&format!("2 things:\n  a.py:2: {lost}\n  b.py:2: {lost}")), "{said}");
    assert_eq!(refusal(&files, &[("name = 1", "name = 2")]), None);
    assert_eq!(refusal(&files[4..], &[("name", "other")]), None, "a parameter is no module");
}

#[test]
fn a_name_that_others_set_on_a_module_is_there_as_long_as_they_do() {
    let files = [
        ("p/__init__.py", ""),
        ("p/m.py", "x = 1\n"),
        ("setter.py", "import p.m\np.m.flag = 1\n"),
        ("reader.py", "import p.m\nprint(p.m.flag, p.m.x)\n"),
    ];
    assert_eq!(existing(&files, &[("print", "repr")]), [""; 0]);
    assert_eq!(refusal(&files, &[("print", "repr")]), None);
    let message = refusal(&files, &[("flag = 1", "flags = 1")]).unwrap();
    assert!(message.contains("reader.py:2: `flag` cannot be read out of `p.m` any more"), "{message}");
}

#[test]
fn an_import_that_loads_a_submodule_for_others_is_left() {
    let files = [
        ("p/__init__.py", ""),
        ("p/m.py", "x = 1\n"),
        ("p/n.py", ""),
        ("one.py", "import p.m\n"),
        ("two.py", "import p.m\n"),
        ("reader.py", "import p, one, two\np.m.x\n"),
    ];
    let built = built(&files, Box::new(Replace(&[("import p.m", "import p.n")]))).unwrap();
    let left = |finding: &&Finding| matches!(finding.outcome, Outcome::Left(Reason::ModuleNeeded));
    let left: Vec<&Finding> = built.steps[0].findings.iter().filter(left).collect();
    assert_eq!(left.len(), 1, "one of the two is enough");
    assert_eq!(left[0].evidence[0].text, "reader reads p.m, which nothing loads any more");
}

#[test]
fn a_name_that_a_star_import_brings_may_not_go() {
    let files = [
        ("m.py", "name = 1\nspare = 2\n"),
        ("door.py", "from m import *\n"),
        ("a.py", "from door import *\nprint(name, gone)\n"),
        ("b.py", "from m import *\nprint(spare)\n"),
    ];
    let said = refusal(&files, &[("name = 1", "other = 1")]).unwrap();
    assert!(said.ends_with("1 thing:\n  a.py:2: `name` is not brought by `from door import *` any more"), "{said}");
    assert_eq!(refusal(&files, &[("name = 1", "name = 2")]), None);
    // `__all__` decides what a star brings.
    let listed = [("m.py", "__all__ = ['name', 'spare']\nname = spare = 1\n"), files[2], ("door.py", "from m import *\n")];
    let said = refusal(&listed, &[("'name', ", "")]).unwrap();
    assert!(said.ends_with("1 thing:\n  a.py:2: `name` is not brought by `from door import *` any more"), "{said}");
    assert_eq!(refusal(&listed, &[(", 'spare'", "")]), None, "nobody uses it");
}

#[test]
fn a_name_that_all_lists_may_not_go() {
    let files = [
        ("m.py", "__all__ = ['name', 'gone']\nname = 1\nother = 2\n"),
        ("door.py", "from m import *\n__all__ = ['other']\nfrom m import other\n"),
    ];
    let said = refusal(&files, &[("name = 1", "nam = 1")]).unwrap();
    assert!(said.ends_with("1 thing:\n  m.py:1: `__all__` lists `name`, which the module does not have any more"), "{said}");
    assert_eq!(refusal(&files, &[("'name', ", ""), ("name = 1", "nam = 1")]), None, "neither listed nor there");
    assert_eq!(refusal(&files, &[("'gone'", "'other'")]), None);
}

#[test]
fn a_name_that_a_test_patches_may_not_go() {
    let files = [
        ("m.py", "name = 1\n"),
        ("a.py", "from m import name as mine\n"),
        ("test_m.py", "from unittest.mock import patch\npatch('m.name')\npatch('m.gone')\npatch('a.mine')\nprint('m.name')\n"),
    ];
    let said = refusal(&files, &[("name = 1", "nam = 1"), ("import name", "import nam")]).unwrap();
    let lost = "\"m.name\" names nothing any more: the module does not have the name";
    assert!(said.ends_with(&format!("1 thing:\n  test_m.py:2: {lost}")), "{said}");
    assert_eq!(refusal(&files, &[("name = 1", "nam = 1"), ("import name", "import nam"), ("'m.name'", "'m.nam'")]), None);
    let said = refusal(&files, &[("name as mine", "name")]).unwrap();
    assert!(said.ends_with("test_m.py:4: \"a.mine\" names nothing any more: the module does not have the name"), "{said}");
}

#[test]
fn a_deleted_module_may_not_be_read() {
    let files = [
        ("p/__init__.py", ""),
        ("p/m.py", "name = 1\n"),
        ("p/dead.py", "from p.m import name\n"),
        ("a.py", "import p\nprint(p.m.name)\n"),
        ("b.py", "from p.gone import x\nfrom p.dead import y\n"),
    ];
    let refused = |paths| built(&files, Box::new(Remove(paths))).err().map(|error| error.to_string());
    let said = refused(&["p/m.py", "p/dead.py"]).unwrap();
    assert!(
        said.ends_with("1 thing:\n  a.py:2: `m` cannot be read out of `p` any more: the module does not have the name"),
        "{said}"
    );
    assert_eq!(refused(&["p/dead.py"]), None, "the import of it failed before");
}

#[test]
fn what_was_broken_before_is_listed_apart() {
    let files = [
        ("p/__init__.py", ""),
        ("p/m.py", "import p.n\nname = 1\n"),
        ("p/n.py", "import p.m\n"),
        ("a.py", "from p.m import gone\nimport p.m\nx = 1\np.m.no, nobody\n__all__ = ['lost']\n"),
        ("b.py", "from p import *\nnobody\nx = 1\n"),
        ("c.py", "x = = 1\n"),
        ("d.py", "from p.m import gone\n"),
    ];
    let wanted = [
        "a.py:1: unresolved-import: `from p.m import gone` cannot be resolved: the module does not have the name",
        "a.py:4: unbound-name: `nobody` is not bound",
        "a.py:4: missing-attribute: `no` cannot be read out of `p.m`: the module does not have the name",
        "a.py:5: unbound-export: `__all__` lists `lost`, which the module does not have",
        "b.py:2: unbound-name: `nobody` is not brought by `from p import *`",
        "c.py:1: syntax-error: Expected an expression",
        "p/m.py:1: import-cycle: p.m loads p.n, which loads p.m",
    ];
    let mut found = existing(&files, &[("1", "2")]);
    found.sort();
    let mut wanted = wanted.map(str::to_owned);
    wanted.sort();
    assert_eq!(found, wanted);
    assert_eq!(existing(&files, &[("nothing", "like it")]), [""; 0], "a plan that changes nothing looks at nothing");
}

/// The finding that is left because of a cycle, as `path: story`.
fn held(files: &[(&str, &str)], replacements: &'static [(&'static str, &'static str)]) -> Vec<String> {
    let built = built(files, Box::new(Replace(replacements))).unwrap();
    let left = built.steps[0].findings.iter().filter(|finding| matches!(finding.outcome, Outcome::Left(Reason::ImportCycle)));
    let story = |finding: &Finding| {
        let story = finding.evidence.iter().find(|evidence| evidence.role == "cycle").unwrap();
        let (path, line) = story.at.clone().unwrap();
        format!("{}: {path}:{line}: {}", finding.place.path, story.text)
    };
    left.map(story).collect()
}

#[test]
fn an_import_that_closes_a_new_cycle_is_left() {
    let files = [
        ("home.py", "import helper\nimport base\nThing = base.Thing\n"),
        ("helper.py", "\nimport old\n"),
        ("old.py", "from base import Thing\n"),
        ("base.py", "class Thing: ...\n"),
        ("free.py", "import old\n"),
        ("late.py", "def f():\n    import old\n"),
    ];
    let found = held(&files, &[("import old", "import home")]);
    assert_eq!(found, ["helper.py: helper.py:2: helper loads home, which loads helper"]);
    let lazy = [("home.py", "import helper\n"), ("helper.py", "def f():\n    import old\n"), ("old.py", "")];
    assert_eq!(held(&lazy, &[("import old", "import home")]), [""; 0]);
    let typed = [
        ("home.py", "import helper\n"),
        ("helper.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import old\n"),
        ("old.py", ""),
    ];
    assert_eq!(held(&typed, &[("import old", "import home")]), [""; 0]);
}

#[test]
fn the_init_of_a_package_counts_for_cycles() {
    let files = [
        ("pkg/__init__.py", "import app\n"),
        ("pkg/ssot.py", "x = 1\n"),
        ("app.py", "import old\n"),
        ("old.py", "x = 1\n"),
        ("pkg/inner.py", "import old\n"),
    ];
    let found = held(&files, &[("import old", "import pkg.ssot")]);
    assert_eq!(found, ["app.py: app.py:1: app loads pkg, which loads app"], "`pkg` is loading whenever `pkg.inner` is");
}

#[test]
fn an_edge_inside_an_old_cycle_is_not_blamed() {
    let files = [
        ("a.py", "import b\nimport old\n"),
        ("b.py", "import c\n"),
        ("c.py", "import a\n"),
        ("old.py", ""),
        ("d.py", "import old\n"),
        ("e.py", "import d\n"),
    ];
    assert_eq!(held(&files, &[("import old", "import c")]), [""; 0]);
    // Outside of it, it is: `d` was on no cycle with `a`.
    let joined = [files[0], files[1], ("c.py", "import a, e\n"), files[3], files[4], files[5]];
    assert_eq!(held(&joined, &[("import old", "import c")]), ["d.py: d.py:1: d loads c, which loads e, which loads d"]);
    let figures = built(&joined, Box::new(Replace(&[("import old", "import c")]))).unwrap().cycles;
    assert_eq!((figures.before, figures.after), (3, 3));
}
