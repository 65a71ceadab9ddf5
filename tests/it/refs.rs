//! `refs`: who refers to a symbol or module, and all uses of imported bindings, held against Python's own `ast` and `symtable`.

use serde_json::Value;

use crate::harness::{Sandbox, project};

/// A symbol with references of every kind, and names that look like references and are none.
const FILES: [(&str, &str); 7] = [
    ("pkg/__init__.py", "from .legacy import Manager\n"),
    ("pkg/legacy.py", "__all__ = [\"Manager\"]\n\n\nclass Manager:\n    pass\n"),
    (
        "pkg/near.py",
        "from . import legacy\n\n\ndef make():\n    from .legacy import Manager as M\n    return M, legacy.Manager\n",
    ),
    ("app.py", "from pkg import Manager\n\nCLASS = Manager\nNAME = \"pkg.legacy.Manager\"\n"),
    ("star.py", "from pkg.legacy import *\n\nprint(Manager)\n"),
    ("other.py", "def take(Manager, legacy):\n    # Manager\n    return Manager, legacy.Manager, \"a Manager\"\n"),
    ("broken.py", "from pkg.legacy import Manager\nprint \"x\"\n"),
];

fn json(sandbox: &Sandbox, words: &[&str]) -> Value {
    let said = sandbox.tool(&[&["refs", "--format", "json"][..], words].concat());
    serde_json::from_str(&said.ok()).unwrap()
}

#[test]
fn every_reference_is_told_with_its_spelling_and_the_way_to_the_definition() {
    let sandbox = Sandbox::with_files(&FILES);
    let refs = json(&sandbox, &["pkg.legacy:Manager"]);
    let told = |row: &Value| {
        let words = |key: &str| row[key].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>();
        let traits = words("traits").join("+");
        let form = row["form"].as_str().unwrap();
        format!(
            "{}:{}:{} {form} {traits} {}",
            row["file"].as_str().unwrap(),
            row["line"],
            row["column"],
            words("path").join(" > ")
        )
    };
    let rows: Vec<String> = refs["references"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(
        rows,
        [
            "app.py:1:16 from-import re-export pkg:Manager > pkg.legacy:Manager",
            "app.py:3:8 name re-export app:Manager > pkg:Manager > pkg.legacy:Manager",
            "app.py:4:7 string  pkg.legacy:Manager",
            "broken.py:1:23 from-import  pkg.legacy:Manager",
            "pkg/__init__.py:1:20 from-import relative pkg.legacy:Manager",
            "pkg/legacy.py:1:11 export  pkg.legacy:Manager",
            "pkg/near.py:5:24 from-import lazy+relative+aliased pkg.legacy:Manager",
            "pkg/near.py:6:14 attribute lazy pkg.legacy:Manager",
            "star.py:1:23 star-import  pkg.legacy:Manager",
            "star.py:3:6 name  pkg.legacy:Manager",
        ]
    );
    assert_eq!((&refs["version"], &refs["of"]), (&1.into(), &"pkg.legacy:Manager".into()));
    assert_eq!(refs["definition"]["places"][0]["file"], "pkg/legacy.py");
    assert_eq!(refs["definition"]["places"][0]["line"], 4);
    assert_eq!(refs["references"][1]["definition"], serde_json::json!({"file": "pkg/legacy.py", "line": 4}));
    assert_eq!(refs["counts"]["from-import"], 4);
    assert_eq!(refs["unparsable"][0]["file"], "broken.py");
}

#[test]
fn the_text_shows_the_definition_first_and_counts_last() {
    let sandbox = Sandbox::with_files(&FILES);
    let text = sandbox.tool(&["refs", "pkg.legacy:Manager"]).ok();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "  definition  pkg/legacy.py:4: class Manager");
    assert_eq!(lines[3], "app.py");
    assert_eq!(lines[4], "  1:16  from-import, re-export                pkg:Manager → pkg.legacy:Manager (definition)");
    let summary = "10 references in 6 files: 4 from-import, 2 name, 1 attribute, 1 export, 1 star-import, 1 string; of these ";
    assert!(text.contains(summary), "{text}");
    assert!(text.contains("may hold more, it does not parse: broken.py:2: "), "{text}");
}

#[test]
fn a_module_is_referred_to_by_imports_attributes_strings_and_dots_alone() {
    let sandbox = Sandbox::with_files(&FILES);
    let places = |module: &str| {
        let refs = json(&sandbox, &[module]);
        let place = |row: &Value| format!("{}:{}:{}", row["file"].as_str().unwrap(), row["line"], row["column"]);
        refs["references"].as_array().unwrap().iter().map(place).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        places("pkg.legacy"),
        "app.py:4:7 broken.py:1:5 pkg/__init__.py:1:5 pkg/near.py:1:14 pkg/near.py:5:9 pkg/near.py:6:14 star.py:1:5"
    );
    assert!(places("pkg").contains("pkg/near.py:1:5 "), "`from .` names the package");
}

#[test]
fn what_is_no_symbol_is_refused_with_what_may_have_been_meant() {
    let sandbox = Sandbox::with_files(&FILES);
    for (wrong, message) in [
        ("pkg.legacy:Manger", "`pkg.legacy` has no `Manger`\nhint: did you mean `Manager`?"),
        ("pkg.legcy:Manager", "there is no module `pkg.legcy`\nhint: did you mean `pkg.legacy`?"),
        ("pkg.legacy.Manager", "there is no module `pkg.legacy.Manager`\nhint: did you mean `pkg.legacy:Manager`?"),
        (
            "pkgs.legacy:Manager",
            "the repository neither has nor imports `pkgs.legacy:Manager`\nhint: did you mean `pkg.legacy`?",
        ),
        ("pkg.legacy:Manager.run", "`Manager.run` is a member of a class"),
        ("pkg/legacy.py", "`pkg/legacy.py` is not a module\nhint: a symbol is `module:Name`"),
        ("pkg.legacy:", "`` is not a name\nhint: a symbol is `module:Name`"),
    ] {
        let error = sandbox.tool(&["refs", wrong]).fails(2);
        assert!(error.contains(message), "{wrong}: {error}");
    }
    sandbox.tool(&["refs"]).fails(2);
    sandbox.tool(&["refs", "pkg", "--all"]).fails(2);
}

#[test]
fn another_commit_the_work_tree_and_a_library_can_be_asked_about() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("new.py", "import os\nfrom pkg.legacy import Manager\nprint(os.sep)\n");
    let has_new = |words: &[&str]| sandbox.tool(&[&["refs"][..], words].concat()).ok().contains("new.py");
    assert!(!has_new(&["pkg.legacy:Manager"]));
    assert!(has_new(&["pkg.legacy:Manager", "--worktree"]));
    assert!(has_new(&["os:sep", "--worktree"]));
    sandbox.commit("New");
    assert!(has_new(&["pkg.legacy:Manager"]) && !has_new(&["pkg.legacy:Manager", "--at", "HEAD~1"]));
}

/// Scopes at their oddest: what each use means is for Python to say.
const ODD: [(&str, &str); 8] = [
    ("pkg/__init__.py", "from .inner import thing\nfrom . import sub\nfrom .named import named\nimport json as late\n"),
    ("pkg/inner.py", "thing = 1\n_private = 2\nimport re\n"),
    ("pkg/sub.py", "from ..other import beyond\nfrom .inner import thing as t\nprint(beyond, t)\n"),
    ("pkg/named.py", "def named(): ...\n"),
    (
        "pkg/deep/mod/leaf.py",
        "from ... import sub, thing, named, late\nfrom ...inner import *\nprint(sub, thing, named, late, re)\n",
    ),
    ("pkg/listed.py", "from os import path, sep\n__all__ = [\"path\"]\n__all__ += [\"missing\"]\n"),
    (
        "stars.py",
        "from pkg.listed import *\nfrom pkg.inner import *\nfrom os import *\nprint(path, sep, thing, _private, missing, re)\n",
    ),
    (
        "scopes.py",
        "\u{feff}from __future__ import annotations
import os, sys as system, xml.dom.minidom, xml.sax as sax
from pkg import sub, thing, named
from typing import Annotated, Literal, Optional
try:
    import ujson as json
except ImportError:
    import json
def f(os: 'os.PathLike', x: Optional[\"Literal['os'] | sub.X\"] = thing) -> \"xml.dom\":
    class C:
        print(os, system, json)
        os = os
        system = system.path
        x: Annotated['os', 'json'] = [json for json in sub.X if json]
        def m(self): return os, system, x
    global late
    import late
    number += 1
    sax += 1
    del json
    return (system := 1), [y := late for _ in sax], lambda json=json: json.x
number = late
class D:
    sax = sax
    from pkg import named as thing
    def thing(self): return thing, __hidden
    import pkg.sub as __hidden
    print(__hidden)
def g():
    import os
    def h():
        nonlocal os
        os = 1
        import sys as os
        return {k: v for k, v in os.items()}, {os for os in os}, f\"{os!r} {os}\"
    return os
match sax:
    case sub.X() | xml.Y: pass
    case {'k': thing, **json}: thing
for sub.x in system: sub[thing] = os; os.a.b = del_me = 1
with named as sax: \u{e9}t\u{e9} = sax
",
    ),
];

/// Holds `refs --all` against the checker's list for the files of a folder.
#[track_caller]
fn agree(sandbox: &Sandbox, name: &str) -> usize {
    let oracle = project().join("tests/imported_uses_oracle.py");
    let said: Value = serde_json::from_str(&sandbox.python(&[oracle.to_str().unwrap(), "."]).ok()).unwrap();
    let judged: Vec<&str> = said["judged"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    let told = json(sandbox, &["--all"]);
    let row = |entry: &Value| serde_json::json!([entry["file"], entry["line"], entry["column"], entry["target"]]);
    let is_judged = |entry: &&Value| judged.contains(&entry["file"].as_str().unwrap());
    let told: Vec<Value> = told.as_array().unwrap().iter().filter(is_judged).map(row).collect();
    // The checker reads no types in text but annotations: `symtable` has the others.
    let texts = said["texts"].as_array().unwrap();
    let is_in_text = |entry: &Value| {
        let line = entry[1].as_u64();
        texts.iter().any(|text| text[0] == entry[0] && text[1].as_u64() <= line && line <= text[2].as_u64())
    };
    let known = said["entries"].as_array().unwrap();
    let told: Vec<Value> = told.into_iter().filter(|entry| known.contains(entry) || !is_in_text(entry)).collect();
    let show = |entries: &[Value]| entries.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    assert_eq!(show(&told), show(known), "{name}");
    told.len()
}

#[test]
fn all_uses_of_imported_bindings_are_those_that_python_sees() {
    let odd = agree(&Sandbox::with_files(&ODD), "odd scopes");
    assert!(odd > 50, "{odd} uses");
    let sample = agree(&Sandbox::with_copy_of(&project().join("fixtures/netra-mini")), "the sample");
    assert!(sample > 300, "{sample} uses");
    let cases = walkdir::WalkDir::new(project().join("fixtures/kinds")).min_depth(3).max_depth(3);
    for case in cases.into_iter().map(Result::unwrap).filter(|entry| entry.file_name() == "before") {
        agree(&Sandbox::with_copy_of(case.path()), &case.path().display().to_string());
    }
}

#[test]
fn all_uses_are_an_array_in_order_whatever_the_number_of_threads() {
    let sandbox = Sandbox::with_files(&ODD);
    sandbox.write("broken.py", "import os\nprint os\n");
    sandbox.commit("Broken");
    let one = sandbox.tool(&["refs", "--all", "--format", "json", "--jobs", "1"]);
    assert_eq!(one.err, "note: 1 Python file does not parse and is left out\n");
    let many = sandbox.tool(&["refs", "--all", "--format", "json", "--jobs", "8"]).ok();
    assert_eq!(one.ok(), many);
    assert!(
        many.starts_with("[\n{\"file\":\"pkg/deep/mod/leaf.py\",\"line\":3,\"column\":6,\"target\":\"pkg.sub\"},\n"),
        "{many}"
    );
    let text = sandbox.tool(&["refs", "--all"]).ok();
    assert_eq!(text.lines().next(), Some("pkg/deep/mod/leaf.py:3:6  pkg.sub"));
    assert_eq!(text.lines().count() + 2, many.lines().count());
    let none = Sandbox::with_files(&[("a.txt", "")]);
    assert_eq!(none.tool(&["refs", "--all", "--format", "json"]).ok(), "[]\n");
}
