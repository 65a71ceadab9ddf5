//! Every shape of an import statement, before and after.

use super::*;
use crate::lang::python::collect;
use crate::lang::python::modules::RootFolder;
use crate::syntax::{Grammar, parse};
use crate::text::edit::TextEdit;
use crate::text::path::RepoPath;
use crate::text::snapshot::Memory;

/// Makes `Old` of every statement `from old import …` the name `New` of `new`, bound to `local`; drops `Gone`.
fn moved(text: &str, local: &str) -> String {
    let path = RepoPath::new("pkg/sub/m.py").unwrap();
    let snapshot = Memory::snapshot([("pkg/sub/m.py", text), ("pkg/sub/old.py", ""), ("pkg/sub/new.py", ""), ("old.py", "")]);
    let modules = ModuleTable::new(&snapshot, &[RootFolder::new(b"")]);
    let facts = collect(text, None);
    assert!(facts.errors.is_empty(), "{:?}", facts.errors);
    let tree = parse(Grammar::Python, text).unwrap();
    let source = Source { file: snapshot.id(&path).unwrap(), text, facts: &facts, tree: &tree, modules: &modules };
    let mut changes: Vec<(ImportId, Change)> = Vec::new();
    for (at, import) in facts.imports.iter().enumerate() {
        let Some(from) = import.from else { continue };
        let module = modules.absolute(source.file, from.level, from.module.map(|module| facts.names.get(module)));
        let home = match module.as_deref() {
            Some("old") => "new",
            Some("pkg.sub.old") => "pkg.sub.new",
            Some("pkg.sub") => "pkg.sub",
            _ => continue,
        };
        let mut change = Change::default();
        for (id, alias) in facts.aliases_of(import) {
            let asname = alias.asname.map(|(name, _)| facts.names.get(name).to_owned());
            let becomes = match facts.names.get(alias.name) {
                "Old" => Becomes::Name(Name { module: home.into(), name: "New".into(), local: asname.unwrap_or(local.into()) }),
                "Other" => Becomes::Name(Name { module: "other".into(), name: "Other".into(), local: "Other".into() }),
                "Gone" => Becomes::Nothing,
                _ => continue,
            };
            change.aliases.push((id, becomes));
        }
        changes.push((ImportId::new(at), change));
    }
    let is_changing = |import: ImportId| changes.iter().any(|(other, change)| *other == import && !change.aliases.is_empty());
    let editor = Editor::new(&source, &is_changing);
    let mut edits = Vec::new();
    for (import, change) in changes.iter().filter(|(_, change)| !change.aliases.is_empty()) {
        edits.extend(rewrite(&editor, *import, change).unwrap());
    }
    let after = String::from_utf8(TextEdit::new(edits).unwrap().apply(text.as_bytes())).unwrap();
    assert!(collect(&after, None).errors.is_empty(), "{after}");
    after
}

#[track_caller]
fn check(before: &str, after: &str) {
    assert_eq!(moved(before, "New"), after);
}

#[test]
fn a_statement_of_moved_names_changes_in_place() {
    check("from old import Old\n", "from new import New\n");
    check("from old import Old  # why\n", "from new import New  # why\n");
    check("from old import Old as O", "from new import New as O");
    check("from old import Old as New", "from new import New");
    check("from old import Old as Old", "from new import New as Old");
    check("if x: from old import Old\n", "if x: from new import New\n");
    check("from old import (  # all\n    Old,  # it\n)\n", "from new import (  # all\n    New,  # it\n)\n");
    assert_eq!(moved("from old import Old\n", "Old"), "from new import New as Old\n");
    assert_eq!(moved("\u{feff}from old import Old\r\n", "Old"), "\u{feff}from new import New as Old\r\n");
    check("\u{feff}from old import a, Old\n", "\u{feff}from old import a\nfrom new import New\n");
}

#[test]
fn relative_imports_stay_relative_where_they_can() {
    check("from .old import Old\n", "from .new import New\n");
    check("from . import Old\n", "from . import New\n");
    check("from.old import Old\n", "from.new import New\n");
    check("from ..sub.old import Old\n", "from ..sub.new import New\n");
    check("from .old import Old, Other\n", "from .new import New\nfrom other import Other\n");
}

#[test]
fn names_that_stay_are_split_off() {
    check("from old import a, Old\n", "from old import a\nfrom new import New\n");
    check("from old import Old, a\n", "from old import a\nfrom new import New\n");
    check("from old import a, Old, b\nx = 1", "from old import a, b\nfrom new import New\nx = 1");
    check("def f():\n    from old import a, Old", "def f():\n    from old import a\n    from new import New");
    check("from old import (a, Old)\n", "from old import (a)\nfrom new import New\n");
    check("from old import (a, Old,)\n", "from old import (a,)\nfrom new import New\n");
    check("from old import (a, Old,\n                 b)\n", "from old import (a,\n                 b)\nfrom new import New\n");
    check("from old import a, \\\n    Old\n", "from old import a\nfrom new import New\n");
    check("from old import Old, \\\n    a\n", "from old import a\nfrom new import New\n");
    check("from old import a, Gone, Old\n", "from old import a\nfrom new import New\n");
    check("from old import a, Gone, Old, b\n", "from old import a, b\nfrom new import New\n");
}

#[test]
fn comments_stay_with_what_they_comment() {
    check(
        "from old import (\n    a,  # a\n    Old,  # the old one\n    # about b\n    b,\n)\n",
        "from old import (\n    a,  # a\n    # about b\n    b,\n)\nfrom new import New  # the old one\n",
    );
    check("from old import (\n    a,\n    Old  # last\n)\n", "from old import (\n    a,\n)\nfrom new import New  # last\n");
    check("from old import a, Old  # noqa: F401\n", "from old import a  # noqa: F401\nfrom new import New  # noqa: F401\n");
    check("from old import a, Old  # both\n", "from old import a  # both\nfrom new import New\n");
    check("from old import (Old,  # o\n    a)\n", "from old import (  # o\n    a)\nfrom new import New\n");
}

#[test]
fn an_import_of_the_target_in_the_same_block_is_joined() {
    check("from old import Old\nfrom new import a\n", "from new import a, New\n");
    check(
        "from new import (\n    a,\n    b,\n)\nfrom old import Old, c\n",
        "from new import (\n    a,\n    b,\n    New,\n)\nfrom old import c\n",
    );
    check("from new import (\n    a,\n    b\n)\nfrom old import Old\n", "from new import (\n    a,\n    b,\n    New\n)\n");
    check("from new import (a,\n    b)\nfrom old import Old\n", "from new import (a,\n    b, New)\n");
    check("from new import New\nfrom old import Old\n", "from new import New\n");
    check("import os\nfrom new import a\n# c\nfrom old import Old", "import os\nfrom new import a, New\n# c");
    check("from new import a; from old import Old; x = 1\n", "from new import a, New; x = 1\n");
}

#[test]
fn joins_never_cross_other_statements_or_lose_comments() {
    check("from new import a\nx = 1\nfrom old import Old\n", "from new import a\nx = 1\nfrom new import New\n");
    check("from new import a\nfrom old import Old  # cycle\n", "from new import a\nfrom new import New  # cycle\n");
    check("from new import *\nfrom old import Old\n", "from new import *\nfrom new import New\n");
    check("from new import x as New\nfrom old import Old\n", "from new import x as New\nfrom new import New\n");
    check(
        "try:\n    from old import Old\nexcept ImportError:\n    from new import a\n",
        "try:\n    from new import New\nexcept ImportError:\n    from new import a\n",
    );
}

#[test]
fn names_with_different_homes_get_statements_of_their_own() {
    check("from old import Old, Other\n", "from new import New\nfrom other import Other\n");
    check("from old import a, Other, Old\n", "from old import a\nfrom other import Other\nfrom new import New\n");
    check("if x: from old import a, Old, Other\n", "if x: from old import a; from new import New; from other import Other\n");
}

#[test]
fn a_dropped_statement_takes_its_line() {
    check("import os\nfrom old import Gone\nx = 1\n", "import os\nx = 1\n");
    check("x = 1; from old import Gone\n", "x = 1\n");
    check("from old import Gone; x = 1\n", "x = 1\n");
    check("import os\r\nfrom old import Gone", "import os");
}
