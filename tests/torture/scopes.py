"""Every way to bind, read, declare and lose a name, one on another: what `symtable` says of it is what our facts have to say."""

from __future__ import annotations

import a.b.c
import a.b.d as abd
import os, sys as system
from . import sibling
from .. import upper as lower
from m import one, two as deux, \
    three
from star import *

_private = module_level = shadowed = free = 1
(first, [second, *rest]), third = thing
x: int
y: "Later" = 1
counter += 1
del gone
index[first].attribute[second:third, ...] = spare
for loop, (inner, *tail) in pairs:
    inside_loop = loop
else:
    after_loop = 1
while (walrus := read()):
    pass
with open(one) as handle, open(two) as (left, right), lock:
    pass
try:
    import maybe
except ImportError:
    maybe = None
except (ValueError, *errors) as caught:
    print(caught)
else:
    otherwise = 1
finally:
    at_last = 2


def declared():
    global module_level, made_here
    module_level = made_here = 1
    for made_here in range(3): ...
    global late_global
    import late_global
    class late_class:
        global from_class
        from_class = late_global
    return module_level, [made_here for _ in free], lambda: late_global


def reads_after():
    print(bound_below, module_level)
    bound_below = 1
    def nested(): return bound_below, shadowed
    shadowed = 2
    class Inner:
        shadowed = shadowed
        bound_below = bound_below
        def method(self): return shadowed, bound_below
        comp = [shadowed for item in shadowed if bound_below]
        lam = lambda default=shadowed: (default, shadowed)
    return nested


def counter_of(start):
    count = start
    def step(by=count, *more, key=start, **others) -> count:
        nonlocal count
        count += by
        def deeper():
            nonlocal count, start
            count, start = start, count
            del start
            def deepest(): return count, start
            return deepest
        return deeper
    return step


def parameters(pos, /, both=free, *args: free, only: both = shadowed, **kwargs: shadowed) -> free:
    pos = pos
    del both
    import only
    return locals()


def walrus_everywhere(data):
    global thrown_global
    if (n := len(data)) > 1 and any((hit := item) for item in data): ...
    kept = [last := item for item in data]
    both = [[deep := cell for cell in row if (outer := data)] for row in data]
    glob = [thrown_global := item for item in data]
    lam = lambda: (own := n)
    return n, hit, last, deep, outer, kept, {k: (v := k) for k in data}, v, lam, f"{(formatted := n)}"


[module_walrus := item for item in data]
print(module_walrus, {(set_walrus := element) for element in data}, list((gen_walrus := e) for e in data))


def comprehensions(data, item):
    return (
        [item for item in item if item],
        {item: other for item, other in item.items()},
        {(item, free) for item in data for free in free},
        (item async for item in data),
        [[inner for inner in item if item] for item in [item for item in data]],
        [lambda: (item, i) for i in range(3)],
        sum(item.x for item in data),
        any(
            [item] for [item, *_] in data
        ),
        max((lambda item: item)(item) for item in data),
    )


def match_all(subject):
    match subject:
        case 0 | -1 | None | True: ...
        case a.CONSTANT: ...
        case captured if captured > free: ...
        case [head, *tail, _]: ...
        case [_, *_]: ...
        case {"key": value, a.KEY: [deep], **remaining}: ...
        case Point(px, y=py, z=Point(0, pz)) as point: ...
        case str() | bytes() as text: ...
    return captured, head, tail, value, deep, remaining, px, py, pz, point, text


def exceptions():
    try: risky()
    except A as error: error
    except (B, C) as error: use = lambda: error
    return error


def groups():
    try: risky()
    except* ValueError as group: return_value = group.exceptions


async def asynchronous(stream):
    async for chunk in stream: await chunk
    async with stream as opened, free as [one, two]: ...
    yield [await part async for part in stream if await part]


def deleted(parameter):
    local = 1
    del local, parameter, (a_tuple, [a_list])
    del free.attribute, free[index]
    return local


@decorator(lambda wrapped: wrapped, key=[d for d in decorators])
@second
class Decorated(Base[free], *bases, metaclass=Meta, key=lambda: shadowed, **options):
    """Doc."""

    __mangled = _single = __dunder__ = 1
    annotated: free = __mangled
    only_annotated: module_level
    attribute = free
    free = attribute
    from m import imported_in_class as __hidden, other_in_class
    import __private.module, plain.module

    @property
    def __method(self, __parameter, default=__mangled):
        self.__attribute = __parameter
        __local = __mangled
        def nested(): return __local, __class__, super()
        global __declared
        __declared = __undeclared
        return free, attribute

    for loop_in_class in attribute: ...
    [c for c in attribute if free]

    class __Inner:
        __twice = __mangled
        def method(self): return __twice, __Inner

    class _:
        __kept = 1

    def _class_name(self):
        class __: __unmangled = 1

    global class_global
    class_global = 1
    def uses_global(self): return class_global

    del attribute


class _Leading:
    __x = 1
    y = lambda self: __x


def class_between():
    held = 1
    class Between:
        held: int
        nonlocal_reader = held
        def reader(self): return held
        class Deeper:
            nonlocal held
            held = 2
    return held


def shadowing_global():
    def one():
        global shadowed
        def two():
            return shadowed
        return two
    shadowed = 3
    return one


def global_through():
    global through
    def inner():
        def innermost(): return through
        through_local = through
        return innermost
    through = 1


def lambdas(a):
    return (
        lambda: a,
        lambda a: a,
        lambda a=a, *b, c=a, **d: (a, b, c, d, e),
        lambda: (lambda: a),
        lambda: (yield a),
    )


def strings():
    return f"{module_level!r:>{free}} {{no}} {(lambda: shadowed)()} {[s for s in free]} {free=}" "plain" f"{os.path}"


def conditional():
    if free:
        from m import chosen
    elif shadowed:
        chosen = None
    else:
        def chosen(): ...
    return chosen


def generators():
    received = yield from (yield free)
    return (yield), received


def starred(*args: *free):
    [*spread, end], *more = args
    print(*spread, **more)
    return spread[end:, *more]


def ternary(a):
    return (b := a) if (c := a) else (d := b)


def annotations_in_function():
    declared_only: free
    with_value: shadowed = free
    (parenthesised): int = 1
    attribute.annotated: free = 2
    subscripted[index]: free = 3
    def read(): return declared_only, with_value, parenthesised


def ﬁle(ªb, ℌ):
    ſet = ﬁle
    return file, ab, H, set, ſet


if __name__ == "__main__":
    if free: under_main = [under for under in free]
assert free, [asserted for asserted in free]
raise error(free) from (cause := free)
