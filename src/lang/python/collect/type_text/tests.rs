//! Which strings and comments are types, and which are text.

use super::super::collect;
use crate::lang::python::scope::Lookup;
use crate::text::span::Span;

/// The uses of `Old` in text that is a type, spelled as in the file, in source order; a frozen one has a `!` in front.
fn types_in_text(text: &str) -> Vec<String> {
    let facts = collect(text, None);
    assert!(facts.errors.is_empty(), "{:?}", facts.errors);
    let uses = facts.uses.iter().filter(|used| used.flags.in_string && facts.names.get(used.name) == "Old");
    let mut found: Vec<(Span, String)> = uses
        .map(|used| (used.span, format!("{}{}", if used.flags.frozen { "!" } else { "" }, &text[used.span.range()])))
        .collect();
    found.sort();
    found.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn strings_are_types_where_typing_takes_them_for_such() {
    let cases = [
        "from typing import cast\nx = cast('Old', y)",
        "import typing as t\nx = t.cast(typ='Old', val=y)",
        "from typing_extensions import cast as c\ndef f(): return c(\"Old\", y)",
        "from typing import TypeVar\nT = TypeVar('T', bound='Old')",
        "from typing import TypeVar\nT = TypeVar('T', int, 'Old')",
        "from typing import NewType\nN = NewType('N', 'Old')",
        "from typing import Optional\nAlias = Optional['Old']",
        "from typing import Generic\nclass C(Generic['Old']): ...",
        "from typing import List, cast\nx = cast(List['Old'], y)",
        "import typing\nAlias = typing.Callable[['Old'], typing.Any]",
        "Alias = dict[str, 'Old']",
        "from collections.abc import Mapping\nAlias = Mapping[str, 'Old']",
        "from typing import Annotated, List\nAlias = List[Annotated['Old', 'Old']]",
        "from typing import TypeAlias\nAlias: TypeAlias = 'Old'",
        "try:\n    from typing import cast\nexcept ImportError:\n    from typing_extensions import cast\nx = cast('Old', y)",
    ];
    for text in cases {
        assert_eq!(types_in_text(text), ["Old"], "{text}");
    }
    assert!(collect(cases[0], None).strings.is_empty());
}

#[test]
fn strings_are_text_where_the_name_is_not_that_of_typing() {
    let cases = [
        "x = cast('Old', y)",
        "from mine import cast\nx = cast('Old', y)",
        "from typing import cast\ndef f(cast): return cast('Old', y)",
        "from typing import cast\ncast = print\nx = cast('Old', y)",
        "from typing import cast\nx = cast(int, 'Old')",
        "from typing import cast\nx = cast(int, f('Old'))",
        "from typing import TypeVar\nT = TypeVar('Old')",
        "from typing import Literal\nAlias = Literal['Old']",
        "from typing import Literal as L\nx: L['Old']",
        "from compat import Literal\nfrom typing import Optional\nAlias = Optional[Literal['Old']]",
        "from typing import Optional\nx = table['Old']",
        "def f(dict): return dict['Old']",
        "from typing import NamedTuple\nN = NamedTuple('Old', [])",
    ];
    for text in cases {
        assert_eq!(types_in_text(text), Vec::<String>::new(), "{text}");
        let strings = collect(text, None).strings;
        assert!(strings.iter().any(|string| text[string.span.range()].contains("Old")), "{text}");
    }
}

#[test]
fn a_type_in_pieces_cannot_be_edited() {
    for text in ["cast('O' 'ld', y)", "cast('\\x4fld', y)", "cast(\n    ('O'\n     'ld'), y)"] {
        let text = format!("from typing import cast\n{text}");
        assert!(matches!(&types_in_text(&text)[..], [one] if one.starts_with('!')), "{text}");
    }
}

#[test]
fn type_comments_belong_to_statements() {
    let cases: &[(&str, usize)] = &[
        ("x = []  # type: List[Old]", 1),
        ("x = (\n    1,\n)  #type:Old # and why", 1),
        ("x, y = 1, 2  # type: Old, 'Old'", 2),
        ("for x in y:  # type: Old\n    pass", 1),
        ("with y as x:  # type: Old\n    pass", 1),
        ("def f(a, b):  # type: (Old, Old) -> Old\n    pass", 3),
        ("def f(a, *b, **c):\n    # type: (Dict[str, Old], *Old, **Old) -> List[Old]\n    '''Doc.'''", 4),
        ("def f():\n    # type: () -> Old\n    pass", 1),
        ("def f(a,  # type: Old\n      b=1,  # type: Old\n      ):\n    # type: (...) -> Old\n    pass", 3),
        ("class C:\n    x = None  # type: Old", 1),
        // Neither of a statement nor a type.
        ("x = 1  # type: ignore[Old]", 0),
        ("# type: Old", 0),
        ("f(x)  # type: Old", 0),
        ("x = 1\n# type: Old", 0),
        ("x = 1  # type: the Old one", 0),
        ("x = 1  # typed: Old", 0),
        ("def f(a):\n    return a  # type: Old", 0),
        ("def f(a):\n    # type: (Old -> Old\n    pass", 0),
    ];
    for (text, count) in cases {
        assert_eq!(types_in_text(text), vec!["Old"; *count], "{text}");
    }
    let texts = |text: &str| collect(text, None).embedded_code.len();
    assert_eq!((texts("x = 1  # type: Old"), texts("f(x)  # type: Old"), texts("x = 1  # type: ignore")), (0, 1, 0));
}

#[test]
fn types_in_text_stand_in_the_scope_around_them() {
    let cases: &[(&str, &[bool])] = &[
        ("Old = 1\ndef f():\n    Old = 2\n    y = []  # type: List[Old]", &[false]),
        ("Old = 1\ndef f(Old):\n    # type: (Old) -> Old\n    pass", &[true, true]),
        ("from typing import cast\nOld = 1\ndef f(Old): return cast('Old', y)", &[false]),
        ("from typing import cast\nOld = 1\n[cast('Old', y) for Old in cast('Old', z)]", &[false, true]),
    ];
    for (text, are_global) in cases {
        let facts = collect(text, None);
        let mut uses: Vec<_> = facts.uses.iter().filter(|used| facts.names.get(used.name) == "Old").collect();
        uses.sort_by_key(|used| used.span);
        let is_global = |used: &&_| {
            let crate::lang::python::facts::Use { scope, name, .. } = **used;
            facts.lookup(scope, name) == Lookup::Bound(crate::lang::python::facts::ScopeId::MODULE)
        };
        assert_eq!(uses.iter().map(is_global).collect::<Vec<_>>(), *are_global, "{text}");
    }
}
