//! The laws, each broken on purpose by a rule that no kind of ours would be.

use super::*;
use crate::index::Options;
use crate::text::edit::{Edit, TextEdit};
use crate::text::snapshot::Memory;
use crate::text::span::Span;
use crate::transform::finding::Fix;
use crate::transform::{Context, Doc, Rule, Scope, Transform};

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
}

fn refusal(files: &[(&str, &str)], replacements: &'static [(&'static str, &'static str)]) -> Option<String> {
    let transform = Transform {
        id: "step".into(),
        kind: "replace",
        title: String::new(),
        doc: Doc::default(),
        applicability: None,
        scope: Scope::default(),
        rule: Box::new(Replace(replacements)),
    };
    let step = Step { id: "step".into(), title: String::new(), transform };
    let phase = Phase {
        id: "phase".into(),
        title: String::new(),
        requires: Vec::new(),
        risk: String::new(),
        steps: vec![step],
        gates: Vec::new(),
    };
    let plan = Plan {
        name: "plan".into(),
        title: String::new(),
        scope: Scope::default(),
        options: Options::default(),
        phases: vec![phase],
        digest: String::new(),
    };
    let request = Request {
        plan: &plan,
        phases: plan.phases.iter().collect(),
        threshold: Applicability::Safe,
        is_applied: &|_, _| false,
        progress: &NoProgress,
    };
    let index = Index::build(Memory::snapshot(files.iter().copied()), &Options::default());
    build(index, &request).err().map(|error| error.to_string())
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

/// What a row of changes comes to: the path, the old path, and whether there was and is a file.
fn net(files: &[&str], changes: &[&[(&str, FileChange)]]) -> Vec<String> {
    let base = Memory::snapshot(files.iter().map(|path| (*path, *path)));
    let mut result = base.clone();
    let mut made = Vec::new();
    for change in changes {
        let mut whole = SourceChange::default();
        for (path, what) in *change {
            whole.union(&SourceChange::of(RepoPath::new(*path).unwrap(), what.clone())).unwrap();
        }
        result = result.with(&whole).unwrap();
        made.push(whole);
    }
    let show = |delta: FileDelta| {
        let from = delta.moved_from.map_or(String::new(), |from| format!("{from} -> "));
        let side =
            |content: Option<Content>| content.map_or("-".to_owned(), |content| String::from_utf8_lossy(&content.bytes).into());
        format!("{from}{}: {} {}", delta.path, side(delta.before), side(delta.after))
    };
    deltas(&base, &result, &made).unwrap().into_iter().map(show).collect()
}

fn moved(to: &str) -> FileChange {
    FileChange::Move { to: RepoPath::new(to).unwrap(), edit: TextEdit::default() }
}

#[test]
fn changes_that_build_on_one_another_are_one_change() {
    let create = || FileChange::Create { content: "new".to_owned(), mode: Mode::Regular };
    assert_eq!(net(&["a"], &[&[("a", moved("b"))], &[("b", moved("c"))]]), ["a -> c: a a"]);
    assert_eq!(net(&["a"], &[&[("a", moved("b"))], &[("b", moved("a"))]]), [""; 0]);
    assert_eq!(net(&["a", "b"], &[&[("b", FileChange::Delete)], &[("a", moved("b"))]]), ["a: a -", "b: b a"]);
    assert_eq!(net(&["a", "c"], &[&[("a", moved("b"))], &[("c", moved("a"))]]), ["a: a c", "b: - a", "c: c -"]);
    assert_eq!(net(&[], &[&[("a", create())], &[("a", moved("b"))]]), ["b: - new"]);
    assert_eq!(net(&[], &[&[("a", create())], &[("a", FileChange::Delete)]]), [""; 0]);
}

#[test]
fn nothing_is_made_where_something_else_stands() {
    let files = [("new", "a file"), ("a.py", "")];
    let base = Memory::snapshot(files);
    let change = SourceChange::of(RepoPath::new("a.py").unwrap(), moved("new/a.py"));
    let said = base.with(&change).map(|_| ()).unwrap_err().to_string();
    assert_eq!(said, "new/a.py cannot be made: new is not a folder");
}
