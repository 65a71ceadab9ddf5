//! What the walk sees: scopes and bindings by CPython's rules, imports and their conditions, strings that could name code.

use super::*;
use crate::lang::python::scope::{Lookup, unbound};

/// For every use of `x`, in the order of evaluation, the scope that it is bound in: `module`, `class`, `function`, ….
fn bound_in(text: &str) -> Vec<String> {
    let facts = collect(text, None);
    assert!(facts.errors.is_empty(), "{:?}", facts.errors);
    let name = |scope: ScopeId| format!("{:?}", facts.scopes[scope.index()].kind).to_lowercase();
    let uses = facts.uses.iter().filter(|used| facts.names.get(used.name).ends_with('x'));
    uses.map(|used| match facts.lookup(used.scope, used.name) {
        Lookup::Bound(scope) => name(scope),
        Lookup::ClassOr(_, Some(outer)) => format!("class or {}", name(outer)),
        Lookup::ClassOr(_, None) => "class or free".to_owned(),
        Lookup::Free => "free".to_owned(),
    })
    .collect()
}

#[test]
fn a_name_belongs_to_the_innermost_scope_that_binds_it() {
    let cases: &[(&str, &[&str])] = &[
        ("x = 1\nx", &["module"]),
        ("x", &["free"]),
        ("def f():\n    x\n    x = 1", &["function"]),
        ("x = 1\ndef f(): x", &["module"]),
        ("def f(x): x", &["function"]),
        ("x = 1\ndef f(a=x, b: x = 2) -> x: ...", &["module", "module", "module"]),
        ("x = 1\nlambda x: x", &["function"]),
        ("x = 1\nlambda y=x: x", &["module", "module"]),
        ("def f():\n    x = 1\n    def g():\n        x\n        nonlocal x", &["function"]),
        ("def f():\n    global x\n    x = 1\nx", &["module"]),
        ("x = 1\ndef f():\n    x = 2\n    def g():\n        global x\n        x", &["module"]),
        ("x = 1\ndef f():\n    global x\n    def g(): x", &["module"]),
        // A class body is not seen from the functions in it.
        ("x = 1\nclass C:\n    x = 2\n    def f(self): x", &["module"]),
        ("class C:\n    x = 1\n    x", &["class or free"]),
        ("x = 1\nclass C:\n    x = x", &["class or module"]),
        // Nor does it see the functions around it, once it binds the name itself.
        ("def f():\n    x = 1\n    class C:\n        x = x", &["class or free"]),
        ("x = 0\ndef f():\n    x = 1\n    class C:\n        x = x", &["class or module"]),
        ("x = 1\nclass C:\n    y = [x for _ in x]\n    x = 2", &["class or module", "module"]),
        // Comprehensions: the first iterable stands outside.
        ("x = 1\n[x for x in x]", &["module", "comprehension"]),
        ("x = 1\n{y: x for y in a for x in x}", &["comprehension", "comprehension"]),
        ("[(x := y) for y in z]\nx", &["module"]),
        ("def f():\n    any((x := y) for y in z)\n    x", &["function"]),
        // Everything that binds.
        ("def f():\n    for x in y: x", &["function"]),
        ("def f():\n    with y as x: x", &["function"]),
        ("def f():\n    try: ...\n    except E as x: x", &["function"]),
        ("def f():\n    import a.b as x\n    x", &["function"]),
        ("def f():\n    from a import x\n    x", &["function"]),
        ("def f():\n    (a, [x, *b]) = y\n    x", &["function"]),
        ("def f():\n    x: int\n    x", &["function"]),
        ("def f():\n    x += 1", &["function"]),
        ("def f():\n    del x\n    x", &["function"]),
        ("def f():\n    def x(): ...\n    x", &["function"]),
        ("def f():\n    class x: ...\n    x", &["function"]),
        (
            "def f(y):\n    match y:\n        case {'a': 1, **x}: x\n        case [1, *x]: x\n        case C(b=x): x\n        case [_] as x: x",
            &["function"; 4],
        ),
        ("def f(*x, **kx):\n    x, kx", &["function", "function"]),
        // PEP 695.
        ("def f[x](a: x) -> x: x", &["typeparameters"; 3]),
        ("class C[x](Base[x]):\n    y: x", &["typeparameters"; 2]),
        ("type A[x] = list[x]", &["typeparameters"]),
        ("x = 1\nclass C:\n    x = x\n    def f[T: x](self): x", &["class or module", "class or module", "module"]),
        ("type x = int\nx", &["module"]),
        // Private names are mangled in a class.
        ("__x = 1\nclass C:\n    def f(self): __x", &["free"]),
        ("class C:\n    __x = 1\n    __x", &["class or free"]),
        // f-strings, and annotations in strings.
        ("x = 1\nf'{x!r:>{x}} {{x}}'", &["module", "module"]),
        ("x = 1\ny: 'List[x]'\ndef f(a: 'x', *b: \"x | None\") -> 'x': ...", &["module"; 4]),
        ("x = 1\ny: Literal['x']\nz: Annotated['x', 'x']", &["module"]),
        ("x = 1\ny: call('x')", &[]),
    ];
    for (text, wanted) in cases {
        assert_eq!(bound_in(text), *wanted, "{text}");
    }
}

#[test]
fn identifiers_are_read_as_python_reads_them() {
    // Python applies NFKC to identifiers: ligatures and letters of mathematics are plain letters.
    let text = "import pkg.\u{fb01}le\nfrom m import \u{1d431} as \u{aa}\nx: '\u{fb01}le' = file.\u{1d431}\n";
    let facts = collect(text, None);
    let names: Vec<&str> = facts.uses.iter().map(|used| facts.names.get(used.name)).collect();
    assert_eq!(names, ["file", "file"]);
    assert!(["pkg.file", "a", "x"].iter().all(|name| facts.names.find(name).is_some()));
    assert_eq!(facts.names.get(facts.attributes[0].name), "x");
}

#[test]
fn what_is_printed_with_its_source_is_frozen() {
    let frozen = |text: &str| collect(text, None).uses.iter().map(|used| used.flags.frozen).collect::<Vec<_>>();
    assert_eq!(frozen("f'{old} {old=}'"), [false, true]);
    assert_eq!(frozen("f\"{f\"{old!r}\"} {x[\"a\"]}\""), [false, false]);
    assert_eq!(frozen("t'{old} {f\"{old}\"}'\nold"), [true, true, false]);
}

#[test]
fn names_that_nothing_binds_are_found() {
    let unbound_in = |text: &str| {
        let facts = collect(text, None);
        unbound(&facts).into_keys().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(unbound_in("print(__name__, gone, len)\ndef f(): return also\n"), ["also", "gone"]);
    assert_eq!(unbound_in("from m import *\ngone\n"), Vec::<String>::new());
    assert_eq!(unbound_in("def __getattr__(name): ...\ngone\n"), Vec::<String>::new());
    assert_eq!(unbound_in("class C:\n    def f(self): return __class__\n"), Vec::<String>::new());
}

/// Every import statement with the conditions under which it runs.
fn contexts(text: &str) -> Vec<String> {
    let facts = collect(text, None);
    let lazy = |import: &Import| if facts.is_lazy(import.scope) { " lazy" } else { "" };
    facts.imports.iter().map(|import| format!("{:?}{}", import.context, lazy(import))).collect()
}

#[test]
fn the_conditions_of_an_import_are_known() {
    let cases: &[(&str, &[&str])] = &[
        ("import a", &["[]"]),
        ("def f():\n    import a", &["[] lazy"]),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    import b", &["[\"type-checking\"]", "[\"conditional\"]"]),
        ("if not typing.TYPE_CHECKING:\n    import a\nelse:\n    import b", &["[\"conditional\"]", "[\"type-checking\"]"]),
        (
            "try:\n    import a\nexcept (ImportError, KeyError):\n    import b\nelse:\n    import c\nfinally:\n    import d",
            &["[\"try-import\", \"conditional\"]", "[\"handler\"]", "[\"conditional\"]", "[]"],
        ),
        ("try:\n    import a\nexcept Exception: ...", &["[\"try-any\", \"conditional\"]"]),
        ("try:\n    import a\nexcept: ...", &["[\"try-any\", \"conditional\"]"]),
        ("try:\n    import a\nexcept KeyError: ...", &["[\"conditional\"]"]),
        ("try:\n    def f():\n        import a\nexcept ImportError: ...", &["[] lazy"]),
        ("with contextlib.suppress(ImportError):\n    import a", &["[\"try-import\"]"]),
        ("if __name__ == '__main__':\n    import a", &["[\"main\"]"]),
        ("for _ in b:\n    import a", &["[\"conditional\"]"]),
        ("class C:\n    import a", &["[]"]),
    ];
    for (text, wanted) in cases {
        assert_eq!(contexts(text), *wanted, "{text}");
    }
}

#[test]
fn dunder_all_is_read_in_all_its_forms() {
    let exports = |text: &str| {
        let facts = collect(text, None);
        let exports = facts.exports.as_ref()?;
        let names: Vec<String> = exports.entries.iter().map(|entry| facts.names.get(entry.0).to_owned()).collect();
        Some((names.join(" "), exports.is_complete))
    };
    let some = |names: &str, is_complete| Some((names.to_owned(), is_complete));
    assert_eq!(exports("x = 1"), None);
    assert_eq!(exports("__all__ = ['a', 'b']"), some("a b", true));
    assert_eq!(exports("__all__: list[str] = ('a',) + ('b',)"), some("a b", true));
    assert_eq!(
        exports("__all__ = ['a']\n__all__ += ['b']\n__all__.append('c')\n__all__.extend(['d'])\n__all__.remove('a')"),
        some("b c d", true)
    );
    assert_eq!(exports("__all__ = ['a'] + other.__all__"), some("a", false));
    assert_eq!(exports("__all__ = [n for n in dir()]"), some("", false));
    assert_eq!(exports("def f():\n    __all__ = ['a']"), None);
}

#[test]
fn strings_that_could_name_code_are_kept_and_prose_is_not() {
    let facts = collect(
        "'''Doc a.b'''\nf('a.b.C', \"plain words here\", 'List[a, b]', 'a.b:c', r'x', 'é.ü', 'a-b', '', 'x' 'y')\n",
        None,
    );
    let strings: Vec<&str> = facts.strings.iter().map(|string| facts.names.get(string.value)).collect();
    assert_eq!(strings, ["a.b.C", "List[a, b]", "a.b:c", "x", "é.ü", "xy"]);
}

#[test]
fn names_made_at_run_time_are_noticed() {
    let is_dynamic = |text: &str| collect(text, None).is_dynamic;
    assert!(is_dynamic("def __getattr__(name): ...") && is_dynamic("globals()[name] = 1") && is_dynamic("globals().update(x)"));
    assert!(is_dynamic("setattr(sys.modules[__name__], name, 1)"));
    assert!(!is_dynamic("class C:\n    def __getattr__(self, name): ...") && !is_dynamic("globals()['x'] = 1"));
    assert!(collect("globals()['x'] = 1", None).module_bindings("x").next().is_some());
}

#[test]
fn definitions_know_their_header_and_extent() {
    let text = "@dec  # asynchronous\n# no async class\nasync def f(a,\n    b=1) -> int:\n    return 1\n\nclass C(Base, metaclass=M):\n    pass\n";
    let facts = collect(text, None);
    let shown: Vec<(&str, &str)> =
        facts.definitions.iter().map(|one| (&text[one.header.range()], &text[one.span.range()][..5])).collect();
    assert_eq!(shown, [("async def f(a,\n    b=1) -> int", "@dec "), ("class C(Base, metaclass=M)", "class")]);
}

#[test]
fn syntax_newer_than_the_version_is_an_error() {
    let errors = |text: &str, version| collect(text, Version::parse(version)).errors.len();
    assert_eq!(
        (errors("f'{x[\"a\"]}'", "3.11"), errors("f\"{x[\"a\"]}\"", "3.11"), errors("f\"{x[\"a\"]}\"", "3.12")),
        (0, 1, 0)
    );
    assert_eq!((errors("match x:\n    case 1: ...", "3.9"), errors("match x:\n    case 1: ...", "3.10")), (1, 0));
    assert!(errors("def f(:", "3.11") > 0);
    assert_eq!((Version::parse("3"), Version::parse("4.0"), Version::parse("3.x")), (None, None, None));
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let walk = || {
        let deep = 5_000;
        collect(&format!("x = {}1{}", "(".repeat(deep), ")".repeat(deep)), None);
        collect(&format!("x = a{}", ".b".repeat(deep)), None);
        collect(&format!("x = {}1", "not ".repeat(deep)), None).scopes.len()
    };
    // As on the command line: threads with room.
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(walk);
    assert_eq!(thread.unwrap().join().unwrap(), 1);
}

#[test]
fn what_a_value_is_used_as_is_known() {
    let facts = collect(
        "class K(a, b.c[d], metaclass=e):\n    x = f(g)(h)\n    (i.j)(k.l().m())\n    @n(o)\n    def p(q=r()): ...\n",
        None,
    );
    let told = facts.uses.iter().map(|used| (facts.dotted(used), used.flags.role));
    let with = |role| told.clone().filter(|(_, found)| *found == role).map(|(text, _)| text).collect::<Vec<_>>().join(" ");
    assert_eq!(with(UseRole::Callee), "f i.j k.l n r");
    assert_eq!(with(UseRole::Base), "a b.c");
    assert_eq!(with(UseRole::Value), "d e g h o");
}

#[test]
fn names_that_a_module_forwards_are_known() {
    let forwards = |text: &str| {
        let facts = collect(text, None);
        let shown = |forward: &crate::lang::python::facts::Forward| {
            format!("{} is {}", facts.names.get(forward.name), facts.dotted(&facts.uses[forward.used.index()]))
        };
        (facts.forwards.iter().map(shown).collect::<Vec<_>>(), facts.is_dynamic)
    };
    let head = "def __getattr__(name):\n";
    let one = "    if name == 'A':\n        warn('x')\n        from m import B\n        return B\n";
    let two = "    elif 'C' == name:\n        import n.o\n        return n.o.D\n";
    let rest = "    raise AttributeError(name)\n";
    assert_eq!(forwards(&format!("{head}{one}{two}{rest}")), (vec!["A is B".to_owned(), "C is n.o.D".to_owned()], false));
    assert_eq!(forwards(&format!("{head}{one}    return globals()[name]\n")), (vec!["A is B".to_owned()], true));
    assert_eq!(forwards(&format!("{head}    name = name.lower()\n{one}{rest}")), (vec![], true));
    assert_eq!(forwards(&format!("{head}{one}    else:\n        return 1\n{rest}")), (vec![], true));
    assert_eq!(forwards(&format!("@cache\n{head}{one}{rest}")), (vec![], true));
    assert_eq!(forwards(&format!("{head}{}{rest}", one.replace("return B", "return B()"))), (vec![], true));
    assert_eq!(forwards(&format!("{head}{}{rest}", one.replace("        warn('x')\n", "        B = 1\n"))), (vec![], true));
}

#[test]
fn what_is_broken_binds_no_empty_name() {
    for text in [
        "class :\n  pass\n",
        "def (a): pass\n",
        "import\n",
        "from m import\n",
        "import a as\n",
        "def f(*, **): pass\n",
        "for in x: pass\n",
    ] {
        let facts = collect(text, None);
        assert!(!facts.errors.is_empty(), "{text}");
        assert!(facts.bindings.iter().all(|binding| !facts.names.get(binding.name).is_empty()), "{text}");
    }
}
