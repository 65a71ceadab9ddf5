"""Generates a small Python repository whose wrappers are called in every manner there is.

    python3 generate_wrappers.py OUT_DIR [--seed N]

The same seed gives the same bytes. What is written:

* `pkg/impl.py` and `pkg/other.py` have what is called at last, `pkg/wrap.py`, `pkg/more.py` and `pkg/__init__.py` the wrappers;
* `c0.py`, `pkg/sub/c1.py`, … call them, with arguments that tell when they are evaluated;
* `test_0.py` patches what the wrappers read, and what reads the wrappers;
* `run_all.py` calls all functions, and prints what they give, how they fail, and in which order everything has happened;
* `.oracle/plan.toml` is the plan.

A call that does anything else than before changes what `run_all.py` prints.
"""

from __future__ import annotations

import argparse
import random
import re
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

PROBE = '''
"""Values that can stand anywhere, and tell what happens to them."""

LOG = []


def say(value):
    LOG.append(repr(value))
    return value


class Box:
    """What can be called, added, entered, looked into, iterated over, and assigned to."""

    def __init__(self, *what):
        self.what = what
        self.attr = "attr"

    def __repr__(self):
        return "Box" + repr(self.what)

    def __add__(self, other):
        return say(Box("+", self, other))

    def __radd__(self, other):
        return say(Box("r+", other, self))

    def __mul__(self, other):
        return say(Box("*", self, other))

    def __neg__(self):
        return say(Box("-", self))

    def __call__(self, *given, **named):
        return say(Box("()", self, given, sorted(named)))

    def __getitem__(self, key):
        return say(Box("[]", self, key))

    def __setitem__(self, key, value):
        say(("set", self, key, value))

    def __delitem__(self, key):
        say(("del", self, key))

    def __enter__(self):
        return say(Box("in", self))

    def __exit__(self, *error):
        say(("out", self))

    def __iter__(self):
        return iter([1, 2])

    def __bool__(self):
        return bool(say(True))

    def __eq__(self, other):
        return repr(self) == repr(other)

    def __hash__(self):
        return hash(repr(self))

    def keys(self):
        return ["mode"]

    def get(self, *given):
        return say(Box("get", self, *given))


def box(value):
    return say(Box(value))


def deco(thing):
    return lambda function: (say(thing), function)[1]
'''

IMPL = '''
"""What is called at last."""

from enum import Enum

from probe import LOG, Box, say

LIMIT = 3
TABLE = {"k": "v", 1: 2}


class Mode(Enum):
    FAST = 1
    SLOW = 2


class State:
    limit = 1

    def call(self, *given):
        return say(Box("call", *given))


state = State()


def bump(*given):
    state.limit += 1
    return say(("bump", state.limit, *given))


def run(x=1, y=2, *rest, mode=None, **named):
    return say(Box("run", x, y, rest, mode, sorted(named.items())))


def two(x, y):
    return say(Box("two", x, y))


class Thing(Box):
    def __init__(self, x, y=2, mode=Mode.FAST):
        super().__init__("thing", x, y, mode)
        say(self)


class Maker:
    @staticmethod
    def make(x, y=2):
        return say(Box("make", x, y))

    @classmethod
    def build(cls, x=None, *, mode=None):
        return say(Box("build", cls.__name__, x, mode))


async def arun(x=1, y=2, mode=None):
    say(("arun", x, y, mode))
    return Box("arun", x, y)
'''

OTHER = '''
"""Other things under the same names."""

from probe import Box, say


def run(*given, **named):
    return say(Box("other run", given, sorted(named)))


def two(*given):
    return say(Box("other two", given))


def len(value):
    return say(Box("other len", value))
'''

RUN_ALL = '''
"""Calls all functions of all consumers, and runs all tests."""

import asyncio
import importlib
import inspect
import re

from probe import LOG


def finish(value):
    if inspect.iscoroutine(value):
        return asyncio.run(value)
    return list(value) if inspect.isgenerator(value) else value


def attempt(name, call):
    try:
        said = repr(finish(call()))
    except Exception as error:
        said = type(error).__name__
    print(re.sub("coroutine object [^ ]+ at ", "", re.sub("0x[0-9a-f]+", "0x", f"{name}: {said} {LOG}")))
    LOG.clear()


def calls(module):
    for name, value in sorted(vars(module).items()):
        if re.fullmatch("f[0-9]+", name) and value.__module__ == module.__name__:
            yield name, value


names = %r
for name in names:
    attempt(name, lambda: importlib.import_module(name).__name__)
loaded = [importlib.import_module(name) for name in names if name in __import__("sys").modules]
for module in loaded:
    for name, call in calls(module):
        attempt(f"{module.__name__}.{name}", call)
for module in loaded:
    for name, value in sorted(vars(module).items()):
        if name.startswith("V"):
            attempt(f"{module.__name__}.{name}", lambda: value)
tests = importlib.import_module("test_0")
for name, test in sorted(vars(tests).items()):
    if name.startswith("test_"):
        attempt(name, lambda: test([(f"{m.__name__}.{name}", finish, call) for m in loaded for name, call in calls(m)]))
'''

TEST_HEAD = '''
"""Puts other things in the place of names."""

from unittest import mock

from probe import Box, say


def fake(*given, **named):
    return say(Box("fake", given, sorted(named)))


def see(calls):
    for name, finish, call in calls:
        try:
            say((name, finish(call())))
        except Exception as error:
            say((name, type(error).__name__))
'''


@dataclass
class Wrapper:
    """A function that stands for something else."""

    module: str
    name: str  # With its class, if it has one.
    parameters: list[tuple[str, str, str | None]]  # The kind (of `inspect`, in short), the name and the default.
    is_async: bool = False

    def is_exported(self, world: "World") -> bool:
        return self.name.split(".")[0] in world.exported.get(self.module, ())


@dataclass
class Consumer:
    """A module that calls wrappers."""

    name: str
    heads: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # Expressions for wrappers, by how they are spelled in the plan.


class World:
    """What a seed has chosen."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.files: dict[str, str] = {}
        self.wrappers: list[Wrapper] = []
        self.exported: dict[str, list[str]] = {}
        self.consumers: list[Consumer] = []
        self.counter = 0

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def choose(self, *weighted):
        """One of several values; one that is paired with a number comes up that often."""
        values = [item if isinstance(item, tuple) and type(item[-1]) is int else (item, 1) for item in weighted]
        return self.random.choices([value for value, _ in values], [weight for _, weight in values])[0]

    def pick(self, items):
        return self.random.choice(list(items))

    # The wrappers.

    def parameters(self) -> list[tuple[str, str, str | None]]:
        if self.chance(0.12):
            return [("rest", "args", None), ("named", "kwargs", None)]
        names = self.random.sample(["a", "b", "c"], self.choose(0, (1, 4), (2, 5), (3, 2)))
        kinds = sorted(self.choose(("any", 6), "place", ("name", 2)) for _ in names)
        kinds = [kind for kind in ("place", "any", "name") for found in kinds if found == kind]
        made, is_default = [], False
        for kind, name in zip(kinds, names):
            is_default = self.chance(0.35) or (is_default and kind != "name")
            default = self.pick(["None", "5", '"t"', "2", "Mode.FAST", "LIMIT", "(1, 2)", "[]", "-1", "not None", "state.limit"])
            made.append((kind, name, default if is_default else None))
        if self.chance(0.12):
            made.append(("rest", "args", None))
        if self.chance(0.12):
            made.append(("named", "kwargs", None))
        return made

    def header(self, parameters: list[tuple[str, str, str | None]], first: str = "") -> str:
        parts = [first] if first else []
        kinds = [kind for kind, _, _ in parameters]
        order = [item for kind in ("place", "any", "rest", "name", "named") for item in parameters if item[0] == kind]
        for at, (kind, name, default) in enumerate(order):
            if kind == "name" and "rest" not in kinds and (at == 0 or order[at - 1][0] != "name"):
                parts.append("*")
            stars = {"rest": "*", "named": "**"}.get(kind, "")
            note = self.choose(("", 4), ": object") if not stars else ""
            parts.append(stars + name + note + (f"={default}" if default else ""))
            if kind == "place" and (at + 1 == len(order) or order[at + 1][0] != "place"):
                parts.append("/")
        return ", ".join(parts)

    def target(self, *, is_async: bool, spelled) -> str:
        if is_async and self.chance(0.6):
            return f"await {spelled('arun')}"
        return self.choose(
            (spelled("run"), 9), (spelled("two"), 2), (spelled("Thing"), 2), spelled("Maker") + ".make", spelled("Maker") + ".build",
            spelled("state") + ".call", "str", "sorted", spelled("bump"),
        )

    def given(self, parameters: list[tuple[str, str, str | None]], *, spelled) -> str:
        plain = [name for kind, name, _ in parameters if kind not in ("rest", "named")]
        if self.chance(0.15):
            self.random.shuffle(plain)
        if self.chance(0.08) and plain:
            plain.pop()
        if self.chance(0.05) and plain:
            plain.append(plain[0])
        places, names = [], []
        for name in plain:
            if names or self.chance(0.4):
                key = name if self.chance(0.3) else self.pick(["x", "y", "mode", "z"][len(places):])
                if all(not item.startswith(f"{key}=") for item in names):
                    names.append(f"{key}={name}")
            else:
                places.append(self.choose((name, 9), f"[{name}]", f"{name} + 1", f"({name}, 1)"))
        if self.chance(0.15):
            extra = self.pick(["7", '"s"', spelled("LIMIT"), spelled("bump") + "()", spelled("state") + ".limit", "{}"])
            places.insert(self.random.randrange(len(places) + 1), extra)
        if self.chance(0.1) and not any(name.startswith("mode=") for name in names):
            names.append("mode=9")
        places += ["*args" for kind, _, _ in parameters if kind == "rest"]
        names += ["**kwargs" for kind, _, _ in parameters if kind == "named"]
        return ", ".join(places + names)

    def returned(self, parameters, *, is_async: bool, spelled, inner: str | None) -> str:
        call = f"{inner or self.target(is_async=is_async, spelled=spelled)}({self.given(parameters, spelled=spelled)})"
        names = [name for kind, name, _ in parameters if kind not in ("rest", "named")] or ["None"]
        a, b = names[0], names[-1]
        return self.choose(
            (call, 30), f"({call}).attr", f"{call}[{a}]" if "await" not in call else call, f"{a} or {call}", f"{call} if {a} else {b}",
            f"{a} + {b}", f"({a}, {b})", a, f"{a} is None", f"{a}.get({b})", f"[{a}, {call}]", f"{{**{a}, 'k': {b}}}",
            f"{{'k': {a}, **{spelled('TABLE')}}}", f"-{a}", f"not {a}", f"{spelled('TABLE')}[{a}]", f"{spelled('state')}.limit",
            spelled("Mode") + ".SLOW", f"{a} + {call}", f"len({a})", f"{a} < {b} < 9", f"sorted(locals())", "__name__",
            f"{a}[{b}:]", f"{a}.attr", f"'text' 'more'", f"{a} and {b} and {call}",
        )

    def wrapper(self, module: str, name: str, owner: str, heads: set[str], inners: list[Wrapper]) -> str:
        made = Wrapper(module, f"{owner}.{name}" if owner else name, self.parameters(), is_async=self.chance(0.25))
        manner = self.choose(("name", 6), ("module", 2), ("lazy", 2), "lazy module")
        local: list[str] = []

        def spelled(what: str) -> str:
            if manner == "module":
                heads.add("import pkg.impl")
                return f"pkg.impl.{what}"
            into = heads.add if manner == "name" else local.append
            if manner == "lazy module":
                into("from pkg import impl as the_impl")
                return f"the_impl.{what}"
            into(f"from pkg.impl import {what}")
            return what

        inner = None
        # Both modules may define a `w0`.
        inners = [found for found in inners if found.module == module or "w0" not in found.name]
        if inners and self.chance(0.3):
            found = self.pick(inners)
            inner = found.name
            if found.module != module:
                heads.add(f"from {found.module} import {found.name.split('.')[0]}")
        text = self.returned(made.parameters, is_async=made.is_async, spelled="<{}>".format, inner=inner)
        text = re.sub(r"<(\w+)>", lambda found: spelled(found[1]), text)
        for word in ("Mode", "LIMIT", "state"):
            if any(word in (default or "") for _, _, default in made.parameters):
                heads.add(f"from pkg.impl import {word}")
        if not made.is_async:
            text = text.replace("await ", "")
        body = [f"return {text}"]
        if self.chance(0.15):
            body = [f"made = {text}", "return made"]
        body[:0] = sorted(set(local))
        if self.chance(0.06):
            body.insert(0, "import pkg.plug")
        if self.chance(0.1):
            heads.add("import warnings")
            body.insert(0, 'warnings.warn("old", DeprecationWarning)')
        if self.chance(0.2):
            body.insert(0, '"""Stands for something else."""')
        first, decorator = "", ""
        if owner:
            is_class = self.chance(0.5)
            first, decorator = ("cls", "@classmethod\n") if is_class else ("", "@staticmethod\n")
            if is_class and self.chance(0.3):
                body[-1] = body[-1].replace("Maker.make", "cls.made")
        self.wrappers.append(made)
        word = "async def" if made.is_async else "def"
        return f"{decorator}{word} {name}({self.header(made.parameters, first)}):\n{indent(chr(10).join(body), '    ')}\n"

    def module(self, module: str, names: list[str]) -> None:
        heads: set[str] = set()
        texts = []
        for name in names:
            before = list(self.wrappers)
            if self.chance(0.25):
                owner = f"K{name}"
                methods = [self.wrapper(module, method, owner, heads, before) for method in (["make"] if self.chance(0.6) else ["make", "more"])]
                texts.append(f"class {owner}:\n" + "\n".join(indent(method, "    ") for method in methods))
            else:
                texts.append(self.wrapper(module, name, "", heads, before))
        if self.chance(0.1):
            texts.insert(0, "LOCAL = 1\n")
        self.files[module.replace(".", "/") + ".py"] = "\n".join(sorted(heads)) + "\n\n\n" + "\n\n".join(texts)

    # The consumers.

    def argument(self, depth: int, consumer: Consumer, local: list[str]) -> str:
        self.counter += 1
        nested = self.call(consumer, depth + 1, local) if depth < 2 and self.chance(0.15) else None
        return nested or self.choose(
            (f"box({self.counter})", 20), (str(self.counter), 3), ("None", 2), (f'"s{self.counter}"', 2), (self.pick(local), 9),
            ("COUNT", 2), "grow()", f"(n := box({self.counter}))", f"box(1) + {self.counter}", f"[say({self.counter})]", ("BOX", 4), "BOX.attr",
            f"(lambda: {self.counter})", "say(1) if COUNT else 2", "{'k': 1}", f"-{self.counter}", f"not BOX", "'a' 'b'",
            "(say(1)\n        + 2)", "1 if BOX else 2",
        )

    def call(self, consumer: Consumer, depth: int, local: list[str], *, is_async: bool = False) -> str:
        """A call of a wrapper, which is awaited where that is right, more often than not."""
        for _ in range(4):
            key = self.pick(consumer.names)
            wrapper = next(wrapper for wrapper in self.wrappers if f"{wrapper.module}:{wrapper.name}" == key)
            if is_async or not wrapper.is_async:
                break
        call = self.plain_call(consumer, depth, local, key, wrapper)
        if is_async and self.chance(0.9 if wrapper.is_async else 0.05):
            return self.pick(["await {}", "(await {})", "await({})"]).format(call)
        return call

    def plain_call(self, consumer: Consumer, depth: int, local: list[str], key: str, wrapper: Wrapper) -> str:
        places, names = [], []
        for kind, name, default in wrapper.parameters:
            if kind == "rest":
                if not names:
                    places += [self.argument(depth, consumer, local) for _ in range(self.choose(0, 1, 2))]
                if self.chance(0.2):
                    places.append("*[say(8), 9]")
            elif kind == "named":
                if self.chance(0.5):
                    names.append(self.pick(["mode", "z", "k"]) + "=" + self.argument(depth, consumer, local))
                if self.chance(0.2):
                    names.append("**{'q': say(7)}")
            elif default and self.chance(0.6):
                continue
            elif kind == "name" or names or (kind == "any" and self.chance(0.3)) or len(places) < wrapper.parameters.index((kind, name, default)):
                names.append(f"{name}={self.argument(depth, consumer, local)}")
            else:
                places.append(self.argument(depth, consumer, local))
        if self.chance(0.2):
            self.random.shuffle(names)
        if self.chance(0.01):
            places.append("say('too many')")
        names = [name for at, name in enumerate(names) if name.split("=")[0] not in [other.split("=")[0] for other in names[:at]]]
        given = places + sorted(names, key=lambda name: name.startswith("**"))
        expression = consumer.names[key]
        manner = self.choose(("plain", 8), "lines", "comments", "comma", "space")
        if manner == "lines" and given:
            return expression + "(\n        " + ",\n        ".join(given) + ",\n    )"
        if manner == "comments" and given:
            return expression + "(\n        # first\n        " + ",  # why\n        ".join(given) + "\n    )"
        if manner == "comma" and given:
            return f"{expression}({', '.join(given)}, )"
        return f"{expression}{' ' if manner == 'space' else ''}({', '.join(given)})"

    def statement(self, consumer: Consumer, local: list[str], *, is_async: bool) -> str:
        """Statements with a call; what they find is put into `out`."""
        call = self.call(consumer, 0, local, is_async=is_async)
        other = self.call(consumer, 1, local, is_async=is_async)
        flat = "\n" not in call and '"' not in call and "'" not in call and "#" not in call
        forms = [
            (f"out.append({call})", 6), (call, 2), (f"out.append([{call}, {other}])", 3), f"out.append(-{call})", f"out.append({call} * 2)",
            f"out.append(1 + {call} + say(2))", f"out.append(({call})[0])", f"out.append(({call}).attr)", f"out.append(({call})(1))",
            f"out += [{call} for i in [1, 2]]", f"out.append([i for i in {call}])", f"out.append((lambda: {call})())",
            f"x = y = {call}\nout += [x, y]", f"x: object = {call}\nout.append(x)", f"({call})['k'] = say(1)", f"del ({call})['k']",
            f"({call}).attr += '!'", f"x, *z = {call}, {other}\nout.append((x, z))", f"out.append({{'k': {call}, **{{}}}})",
            f"with {call} as x:\n    out.append(x)", f"with {call}, {other}:\n    out.append(1)", f"assert {call}, {other}",
            f"if {call}: out.append(1)", f"x = 1; out.append({call}); y = 2", f"for i in {call}:\n    out.append(i)",
            f"while not {call}: break", f"return {call}", f"return out, {call}", f"out.append(x := {call})", f"out.append({call}if say(0)else {other})",
            f"out.append(say(1)if {call}else 2)", f"out.append({call} is None)", f"out.append(not {call})", f"out.append(say(3) in [{call}])",
            f"def inner(x={call}):\n    return x\nout.append(inner())", f"@deco({call})\ndef inner():\n    return {other}\nout.append(inner())",
            f"class Inner:\n    x = {call}\n    def get(self):\n        return {other}\nout.append((Inner.x, Inner().get()))",
            f"x = \\\n    {call}\nout.append(x)", f"try:\n    out.append({call})\nexcept TypeError:\n    out.append('failed')",
            f"out.append(say(*[{call}]))", f"out.append(dict(k={call}))", f"raise ValueError({call})", f"x = (yield {call})" if not is_async else call,
            f"out.append({call} ** 2)", f"out.append({call} < 3 < {other})",
            f"def inner():\n    return {call}\nout.append(inner())",
        ]
        if is_async:
            forms = [form for form in forms if "lambda" not in str(form) and "inner(" not in str(form) and "Inner" not in str(form)]
        forms = forms or [call]
        if flat:
            forms += [f'out.append(f"{{{call}}} {{{call}!r:>4}}")', f'out.append(f"{{{call}=}}")']
        return self.choose(*forms)

    def spelling(self, consumer: Consumer, wrapper: Wrapper, *, package: str) -> tuple[str, str]:
        """An import statement, and the expression for the wrapper."""
        first, *rest = wrapper.name.split(".")
        tail = "".join(f".{part}" for part in rest)
        head, _, stem = wrapper.module.rpartition(".")
        module = self.choose((wrapper.module, 4), "pkg") if wrapper.is_exported(self) else wrapper.module
        forms = [(f"from {module} import {first}", first)] * 4
        forms += [(f"from {module} import {first} as local_{first}", f"local_{first}"), (f"import {module}", f"{module}.{first}")]
        forms += [(f"import {module} as m_{stem}", f"m_{stem}.{first}"), (f"from {head} import {stem}", f"{stem}.{first}")]
        forms += [(f"from {module} import (  # why\n    {first},  # what\n    {first} as again,\n)", first)]
        if package:
            forms += [(f"from ..{stem} import {first}", first)] * 3
        if self.chance(0.08):
            forms = [(f"from {module} import *", first)]
        statement, expression = self.pick(forms)
        return statement, expression + tail

    def consumer(self, name: str) -> None:
        made = Consumer(name)
        package = name.rpartition(".")[0]
        made.heads = ["from probe import BOX, LOG, box, deco, say", "from typing import TYPE_CHECKING"]
        lazy: list[str] = []
        taken: set[str] = set()
        for wrapper in self.random.sample(self.wrappers, min(len(self.wrappers), self.choose(1, (2, 2), (3, 2), 4))):
            statement, expression = self.spelling(made, wrapper, package=package)
            if expression.split(".")[0] in taken and "." not in expression:
                continue
            taken.add(expression.split(".")[0])
            made.names[f"{wrapper.module}:{wrapper.name}"] = expression
            manner = self.choose(("plain", 8), ("lazy", 3), "try", "checking")
            if manner == "lazy" and "*" not in statement:
                lazy.append(statement)
            elif manner == "try":
                made.heads.append(f"try:\n{indent(statement, '    ')}\nexcept ImportError:\n    raise")
            elif manner == "checking":
                made.heads += [f"if TYPE_CHECKING:\n{indent(statement, '    ')}", statement]
            else:
                made.heads.append(statement)
        clash = self.choose(
            ("", 8), "from pkg.other import run", "from pkg.other import *", "from pkg.impl import run", "run = 3", "import pkg.impl",
            "two = None", "from pkg.impl import Thing as run", "from pkg.impl import run, two, Mode", "pkg_impl = impl = 1",
        )
        made.heads.insert(self.random.randrange(2, len(made.heads) + 1), clash)
        made.bodies.append("COUNT = BOX\n\n\ndef grow():\n    global COUNT\n    COUNT = COUNT + 1\n    return say(('grow', COUNT))\n")
        for at in range(self.choose(3, 4, 5, 6)):
            is_async = self.chance(0.3)
            local = ["n", "local"]
            lines = ["n = local = BOX", "out = []", *lazy]
            if self.chance(0.12):
                lines.insert(0, self.pick(["run = 4", "two = 5", "def run():\n    return 1", "Mode = len = 6", "from pkg.other import two"]))
            if self.chance(0.3):
                lines.append("def change():\n    nonlocal n\n    n += 1\n    return n")
                local.append("change()")
            lines += [self.statement(made, local, is_async=is_async) for _ in range(self.choose((1, 2), 2))]
            lines.append("return out")
            body = indent("\n".join(lines), "    ")
            made.bodies.append(f"{'async ' if is_async else ''}def f{at}():\n{body}\n")
        if self.chance(0.5) and not lazy:
            at_load = self.statement(made, ["COUNT"], is_async=False)
            if "return" not in at_load and "yield" not in at_load and "raise" not in at_load and "n :=" not in at_load and "inner" not in at_load:
                made.bodies.append(f"out = []\n{at_load}\nV0 = out\n")
        if self.chance(0.1):
            made.bodies.insert(0, "__all__ = [\"f0\"]\n")
        if self.chance(0.08):
            made.bodies.append("from pkg.impl import run\n")
        self.files[name.replace(".", "/") + ".py"] = "\n".join(filter(None, made.heads)) + "\n\n\n" + "\n\n".join(made.bodies)
        self.consumers.append(made)

    # The tests, and the plan.

    def tests(self) -> None:
        texts = [TEST_HEAD.lstrip()]
        for at in range(self.choose(0, (1, 2), 2)):
            wrapper = self.pick(self.wrappers)
            consumer = self.pick(self.consumers)
            names = [name for name in consumer.names.values() if "." not in name] or ["say"]
            first = wrapper.name.split(".")
            target = self.choose(
                f"{wrapper.module}.{wrapper.name}", "pkg.impl.run", f"{wrapper.module}.run", f"{consumer.name}.{self.pick(names)}",
                "pkg.impl.two", f"{wrapper.module}.{first[0]}",
            )
            owner, _, name = target.rpartition(".")
            manner = self.choose(("with", 4), ("object", 2), "set", "decorator")
            if manner == "object" or manner == "set":
                module = owner if owner.count(".") < 2 or owner.startswith("pkg.sub") else owner.rpartition(".")[0]
                head = f"import {module}\n"
                inside = f"with mock.patch.object({owner}, \"{name}\", fake):\n        return see(calls)"
                if manner == "set":
                    inside = f"was = {target}\n    {target} = fake\n    try:\n        return see(calls)\n    finally:\n        {target} = was"
                texts.append(f"def test_{at}(calls):\n    {head}\n    {inside}\n")
            elif manner == "decorator":
                texts.append(f"@mock.patch(\"{target}\", fake)\ndef test_{at}(calls):\n    return see(calls)\n")
            else:
                texts.append(f"def test_{at}(calls):\n    with mock.patch(\"{target}\", fake):\n        return see(calls)\n")
        self.files["test_0.py"] = "\n\n".join(texts)

    def plan(self) -> None:
        wanted = [f"{wrapper.module}:{wrapper.name}" for wrapper in self.wrappers]
        wanted = wanted if self.chance(0.6) else [name for name in wanted if self.chance(0.6)] or wanted[:1]
        listed = ", ".join(f'"{name}"' for name in wanted)
        text = 'name = "generated"\n\n[[phase]]\nid = "phase"\n\n[[phase.step]]\nid = "step"\nkind = "inline-wrapper"\n'
        text += f"of = [{listed}]\n"
        self.files[".oracle/plan.toml"] = text


def generate(seed: int) -> dict[str, str]:
    world = World(seed)
    world.files = {"pkg/sub/__init__.py": "", "pkg/impl.py": IMPL.lstrip(), "pkg/other.py": OTHER.lstrip()}
    world.files["pkg/plug.py"] = 'from probe import say\n\nsay("plugged")\n'
    world.module("pkg.wrap", ["w0", "w1", "w2"][: world.choose(1, (2, 2), (3, 2))])
    if world.chance(0.6):
        world.module("pkg.more", ["w0", "w3"] if world.chance(0.6) else ["w3"])
    exports = ""
    if world.chance(0.4):
        names = sorted({wrapper.name.split(".")[0] for wrapper in world.wrappers if wrapper.module == "pkg.wrap"})
        world.exported["pkg.wrap"] = names
        exports = f"from pkg.wrap import {', '.join(names)}\n"
    world.files["pkg/__init__.py"] = exports
    for at in range(world.choose(1, (2, 2), 3)):
        world.consumer(f"pkg.sub.c{at}" if world.chance(0.3) else f"c{at}")
    world.tests()
    world.plan()
    names = [consumer.name for consumer in world.consumers]
    probe = PROBE.lstrip() + '\n\nBOX = Box("box")\n'
    return {"probe.py": probe, "run_all.py": RUN_ALL.lstrip() % names, **world.files}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for path, text in generate(options.seed).items():
        file = options.out / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    main()
