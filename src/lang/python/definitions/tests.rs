//! What a definition takes along, where it goes, and what else changes in the two texts.

use super::*;
use crate::lang::python::collect;
use crate::lang::python::facts::BindingKind;
use crate::lang::python::imports::{Name, Need, Needed, insert};
use crate::lang::python::modules::ModuleTable;
use crate::syntax::{Grammar, parse};
use crate::text::edit::TextEdit;
use crate::text::snapshot::FileId;

/// What some edits make of a text.
fn edited(text: &str, edits: impl FnOnce(&Source<'_>) -> Vec<Edit>) -> String {
    let facts = collect(text, None);
    let tree = parse(Grammar::Python, text).unwrap();
    let modules = ModuleTable::default();
    let edits = edits(&Source { file: FileId::new(0), text, facts: &facts, tree: &tree, modules: &modules });
    let after = String::from_utf8(TextEdit::new(edits).unwrap().apply(text.as_bytes())).unwrap();
    assert!(collect(&after, None).errors.is_empty(), "{after}");
    after
}

/// The lines of `it`, and what is left without them.
fn taken(text: &str) -> Result<(String, String), Refusal> {
    let mut lines = Err(Refusal::ParsersDisagree);
    let rest = edited(text, |source| {
        let span = |binding: &crate::lang::python::facts::Binding| match binding.kind {
            BindingKind::Definition(id) => source.facts.definitions[id.index()].span,
            _ => binding.span,
        };
        let spans: Vec<Span> = source.facts.module_bindings("it").map(|(_, binding)| span(binding)).collect();
        let block = block(source, &spans);
        lines = block.clone().map(|block| text[block.span.range()].to_owned());
        block.map(|block| vec![take_out(text, block.span)]).unwrap_or_default()
    });
    Ok((lines?, rest))
}

#[test]
fn a_definition_is_taken_with_its_decorators_and_comments() {
    let cases = [
        (
            "a = 1\n\n\n# on it\n@x\n# more\ndef it():\n    pass\n    # end\n\n\nb = 2\n",
            "# on it\n@x\n# more\ndef it():\n    pass\n    # end",
            "a = 1\n\n\nb = 2\n",
        ),
        ("import a\n\nit = 1  # why\n\n\ndef b(): ...\n", "it = 1  # why", "import a\n\n\ndef b(): ...\n"),
        ("# of the file\n\nit = (\n    1,\n)\nb = 2\n", "it = (\n    1,\n)", "# of the file\n\nb = 2\n"),
        ("#!/usr/bin/python\nit = 1\nb = 2\n", "it = 1", "#!/usr/bin/python\nb = 2\n"),
        ("a = 1\n\n\nclass it:\n    pass", "class it:\n    pass", "a = 1"),
        ("a = 1\r\n\r\n\r\nclass it:\r\n    pass\r\n", "class it:\r\n    pass", "a = 1\r\n"),
        ("it = 1\n", "it = 1", ""),
        (
            "@overload\ndef it(a: int): ...\n\n\n@overload\ndef it(a: str): ...\n\n\ndef it(a): ...\n\n\nb = 1\n",
            "@overload\ndef it(a: int): ...\n\n\n@overload\ndef it(a: str): ...\n\n\ndef it(a): ...",
            "b = 1\n",
        ),
    ];
    for (text, lines, rest) in cases {
        assert_eq!(taken(text), Ok((lines.to_owned(), rest.to_owned())), "{text}");
    }
}

#[test]
fn what_is_not_whole_lines_of_the_module_is_not_taken() {
    for text in ["a = 1; it = 2\n", "it = 1; a = 2\n", "if a:\n    b = 1\nit = 1; x()\n", "it = 1\na = 1\nit = 2\n"] {
        assert_eq!(taken(text), Err(Refusal::ParsersDisagree), "{text}");
    }
}

#[test]
fn a_definition_is_put_where_it_belongs() {
    let put =
        |text: &str, spot, lines: &str, is_apart| edited(text, |source| vec![put_in(source, spot, lines, is_apart).unwrap()]);
    let lines = "def it():\n    pass";
    let cases = [
        ("", "def it():\n    pass\n"),
        ("a = 1\n", "a = 1\n\n\ndef it():\n    pass\n"),
        ("a = 1", "a = 1\n\n\ndef it():\n    pass"),
        ("a = 1\r\n", "a = 1\r\n\r\n\r\ndef it():\r\n    pass\r\n"),
        ("# about\n", "# about\n\n\ndef it():\n    pass\n"),
        (
            "a = 1\n\n\nif __name__ == \"__main__\":\n    a\n",
            "a = 1\n\n\ndef it():\n    pass\n\n\nif __name__ == \"__main__\":\n    a\n",
        ),
        ("if __name__ == '__main__':\n    a\n", "def it():\n    pass\n\n\nif __name__ == '__main__':\n    a\n"),
    ];
    for (text, want) in cases {
        assert_eq!(put(text, Spot::End, lines, true), want, "{text}");
    }
    assert_eq!(put("import a\n\nb = 1\n", Spot::Before(10), "it = 1", false), "import a\n\nit = 1\n\nb = 1\n");
    let want = "import a\n\n\ndef it():\n    pass\n\n\n# on b\nb = it()\n";
    assert_eq!(put("import a\n# on b\nb = it()\n", Spot::Before(16), lines, true), want);
    assert_eq!(put("import a\n", Spot::End, "it = 1", false), "import a\n\nit = 1\n");
    assert_eq!(put("def a(): ...\n", Spot::End, "it = 1", false), "def a(): ...\n\n\nit = 1\n");
}

#[test]
fn an_entry_is_added_to_all_in_its_style() {
    let cases = [
        ("__all__ = ['a']\n", "__all__ = ['a', 'it']\n"),
        ("__all__ = [\"a\", ]\n", "__all__ = [\"a\", \"it\", ]\n"),
        ("__all__ = (\"a\",)\n", "__all__ = (\"a\", \"it\",)\n"),
        ("__all__ = []\n", "__all__ = [\"it\"]\n"),
        ("__all__ = ()\n", "__all__ = (\"it\",)\n"),
        ("__all__: list[str] = [\n    'a',  # x\n]\n", "__all__: list[str] = [\n    'a',  # x\n    'it',\n]\n"),
        ("__all__ = [\n    'a'\n]\n", "__all__ = [\n    'a',\n    'it'\n]\n"),
    ];
    for (text, want) in cases {
        assert_eq!(edited(text, |source| vec![add_export(source, "it").unwrap()]), want);
    }
}

#[test]
fn imports_are_put_at_the_head() {
    let need = |module: &str, name: &str, is_type_checking| Need {
        what: Needed::Name(Name { module: module.to_owned(), name: name.to_owned(), local: name.to_owned() }),
        is_relative: false,
        is_type_checking,
    };
    let module = Need {
        what: Needed::Module { module: "os.path".to_owned(), local: None },
        is_relative: false,
        is_type_checking: false,
    };
    let needs = [module, need("a", "x", false), need("b", "y", true)];
    let cases = [
        ("", "import os.path\nfrom a import x\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from b import y\n"),
        (
            "\"\"\"Doc.\"\"\"\n\n\ndef f(): ...\n",
            "\"\"\"Doc.\"\"\"\n\nimport os.path\nfrom a import x\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from b import y\n\n\ndef f(): ...\n",
        ),
        (
            "from typing import TYPE_CHECKING\nfrom a import z  # on z\n\nif TYPE_CHECKING:\n    from c import d\n\nv = 1\n",
            "from typing import TYPE_CHECKING\nfrom a import z, x  # on z\nimport os.path\n\nif TYPE_CHECKING:\n    from c import d\n    from b import y\n\nv = 1\n",
        ),
        (
            "#!/bin/x\n# about v\nv = 1\n",
            "#!/bin/x\nimport os.path\nfrom a import x\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from b import y\n\n# about v\nv = 1\n",
        ),
    ];
    for (text, want) in cases {
        assert_eq!(edited(text, |source| insert(source, &needs, "").unwrap()), want);
    }
}
