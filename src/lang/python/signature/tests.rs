//! Definitions that can stand for one another, and those that cannot.

use super::*;
use crate::lang::python::collect;

fn read(source: &str) -> Shape {
    let facts = collect(source, None);
    shape(source, facts.definitions[0].span).unwrap()
}

/// What differs of the second definition from the first.
fn differences(old: &str, new: &str) -> Vec<String> {
    read(old).differences(&read(new)).iter().map(|difference| difference.text().to_owned()).collect()
}

/// The parameters alone.
fn parameters(old: &str, new: &str) -> Vec<String> {
    differences(&format!("def f({old}): ...\n"), &format!("def f({new}): ...\n"))
}

#[test]
fn sync_and_async_are_read_from_the_definition() {
    let (sync, is_async) = ("def get_manager(ctx):\n    return 1\n", "async def get_manager(ctx):\n    return 1\n");
    assert_eq!(differences(sync, is_async), ["is async, was sync"]);
    assert_eq!(differences(is_async, sync), ["is sync, was async"]);
    assert_eq!(differences(is_async, is_async), [""; 0]);
    let generator = "def f():\n    with x:\n        y = yield 1\n";
    let stream = "async def f():\n    async for y in z:\n        yield y\n";
    assert_eq!(differences(generator, "def f(): ...\n"), ["is a plain function, was a generator"]);
    assert_eq!(differences(stream, "async def f(): ...\n"), ["is async, was an async generator"]);
    let inner = "def f():\n    def g():\n        yield 1\n    return lambda: (yield)\n";
    assert_eq!(differences(inner, "def f(): ...\n"), [""; 0], "an inner function's `yield` is its own");
    assert!(matches!(read(sync).differences(&read(is_async))[..], [Difference::Async(_)]));
    assert!(matches!(read(generator).differences(&read("def f(): ...\n"))[..], [Difference::Signature(_)]));
}

#[test]
fn what_takes_every_call_of_the_old_one_can_stand_for_it() {
    let compatible = [
        ("", ""),
        ("a, b=1", "a, b=1"),
        ("a: int, b: str = 'x'", "a, b='x'"),
        ("a, b", "a, b=None, c=3, *, d=4"),
        ("a, b", "a, b, *args, **kwargs"),
        ("a, /", "a"),
        ("a, *, b", "a, b"),
        ("a, *, b=1, c=2", "a, *, c=2, b=1, d=3"),
        ("*args, **kwargs", "*rest, **options"),
        ("a=f( 1,\n  2 )", "a=f( 1, 2 )"),
    ];
    for (old, new) in compatible {
        assert_eq!(parameters(old, new), [""; 0], "({old}) and ({new})");
    }
}

#[test]
fn what_would_take_a_call_otherwise_is_named() {
    let differing = [
        ("a, b=1", "a, b", "parameter `b` has no default"),
        ("a, b=1", "a, b=2", "parameter `b` is `2` by default, was `1`"),
        ("a", "", "has no parameter `a`"),
        ("a", "*args", "has no parameter `a`"),
        ("a", "a, b", "parameter `b` is new and has no default"),
        ("a", "a, *, b", "parameter `b` is new and has no default"),
        ("a", "a, /", "parameter `a` is by place only"),
        ("a", "*, a", "parameter `a` stands at another place"),
        ("*, a", "a, /", "has no parameter `a`"),
        ("*args", "", "takes no `*args`"),
        ("**kwargs", "", "takes no `**kwargs`"),
        ("*args", "a=1, *args", "parameter `a` is new, and takes what went to the rest"),
        ("**kwargs", "*, a=1, **kwargs", "parameter `a` is new, and takes what went to the rest"),
    ];
    for (old, new, text) in differing {
        assert_eq!(parameters(old, new), [text], "({old}) and ({new})");
    }
    let swapped = parameters("a, b", "b, a");
    assert_eq!(swapped, ["parameter `a` stands at another place", "parameter `b` stands at another place"]);
}

#[test]
fn classes_are_compared_by_what_makes_their_objects() {
    let class = |init: &str| format!("class C(Base):\n    x = 1\n    def __init__({init}): ...\n");
    assert_eq!(differences(&class("self, a"), &class("this, a, b=1")), [""; 0]);
    assert_eq!(differences(&class("self"), &class("self, a")), ["`__init__`: parameter `a` is new and has no default"]);
    assert_eq!(differences(&class("self"), "class C(Other): ...\n"), [""; 0], "who knows what it inherits");
    assert_eq!(differences("class C: ...\n", "def C(): ...\n"), ["is a function, was a class"]);
    assert_eq!(differences("async def C(): ...\n", "class C: ...\n"), ["is a class, was a function"]);
}

#[test]
fn decorators_and_definitions_inside_blocks_are_seen() {
    let plain = "if x:\n    def f(a): ...\n";
    let cached = "try:\n    @lru_cache(\n        maxsize=1)\n    def f(a): ...\nfinally:\n    pass\n";
    assert_eq!(differences(plain, cached), ["has @lru_cache( maxsize=1), had no decorator"]);
    assert_eq!(shape("x = 1\n", Span::new(0, 5)), None);
}
