"""Generates a small Python repository whose tests patch what a plan moves, in every manner there is.

    python3 generate_patches.py OUT_DIR [--seed N] [--wild]

The same seed gives the same bytes. What is written:

* `pkg/impl.py` defines a class, `pkg/ssot.py` is its new home, `pkg/legacy.py`, `pkg/mid.py` and `pkg/__init__.py` are doors;
* `c0.py`, `c1.py`, … read the class through them, early and late; `observe()` of each tells what it sees;
* `test_*.py` and `conftest.py` patch the class, the doors and the consumers, and tell what the consumers see meanwhile;
* `run_all.py` prints what each test has seen, and what the consumers see when all tests are over;
* `.oracle/plan.toml` is the plan.

A patch that holds no longer where it held, or holds where it did not, changes what `run_all.py` prints. With `--wild` come forms
that only running the program can follow: targets in loops and helpers, fake modules, modules that are loaded under a patch.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent

PROBE = '''
"""What a thing is, by what it says of itself."""


def show(value):
    return value if type(value) is str else "mock"


def look(thing):
    said = show(thing().send())
    return f"{show(thing.tag)}/{said}/{len(thing.table)}"


class Fake:
    tag = "fake"
    table = {}

    def send(self):
        return "faked"


class Other(Fake):
    tag = "other"


def make_fake():
    return Fake
'''

RUN_ALL = '''
"""Runs all tests, and prints what each has seen."""

import glob
import importlib
import inspect
import unittest
from contextlib import ExitStack, contextmanager
from unittest import mock


class MonkeyPatch:
    """As much of pytest's fixture as the tests use."""

    def __init__(self):
        self.stack = ExitStack()

    def setattr(self, target, name, value=None):
        patch = mock.patch(target, name) if isinstance(target, str) else mock.patch.object(target, name, value)
        self.stack.enter_context(patch)

    def setitem(self, table, key, value):
        self.stack.enter_context(mock.patch.dict(table, {key: value}))

    @contextmanager
    def context(self):
        inner = MonkeyPatch()
        with inner.stack:
            yield inner


class Mocker:
    """As much of pytest-mock's fixture as the tests use."""

    def __init__(self):
        self.stack = ExitStack()
        started = lambda make: lambda *args, **options: self.stack.enter_context(make(*args, **options))
        self.patch = started(mock.patch)
        for name in ("object", "multiple", "dict"):
            setattr(self.patch, name, started(getattr(mock.patch, name)))


FIXTURES = {"monkeypatch": MonkeyPatch, "mocker": Mocker}


def run(function):
    with ExitStack() as stack:
        values = {}
        for name in inspect.signature(function).parameters:
            if name in FIXTURES:
                values[name] = FIXTURES[name]()
                stack.enter_context(values[name].stack)
        return function(**values)


def run_case(case, name):
    try:
        case.setUp()
        return run(getattr(case, name))
    finally:
        case.tearDown()
        case.doCleanups()


def tests(module):
    for name, value in vars(module).items():
        if isinstance(value, type) and issubclass(value, unittest.TestCase):
            for test in unittest.TestLoader().getTestCaseNames(value):
                yield f"{name}.{test}", lambda value=value, test=test: run_case(value(test), test)
        elif name.startswith("test_"):
            yield name, lambda value=value: run(value)


def attempt(call):
    try:
        return call()
    except Exception as error:
        return type(error).__name__


conftest = importlib.import_module("conftest")
for path in sorted(glob.glob("test_*.py")):
    module = importlib.import_module(path[:-3])
    for name, test in tests(module):
        with conftest.around():
            print(module.__name__, name, attempt(test))
for path in sorted(glob.glob("c[0-9].py")):
    print(path, attempt(importlib.import_module(path[:-3]).observe))
'''


@dataclass
class Consumer:
    """A module that reads the class."""

    name: str
    names: list[str] = field(default_factory=list)  # Its names for the class.
    modules: list[tuple[str, str]] = field(default_factory=list)  # Its names for modules, and the class's name in them.
    text: str = ""


class World:
    """What a seed has chosen."""

    def __init__(self, seed: int, *, wild: bool) -> None:
        self.random = random.Random(seed)
        self.wild = wild
        self.old = self.random.choice(["Old", "Old", "New"])
        self.is_exported = self.chance(0.4)
        self.doors = [("pkg.legacy", self.old), ("pkg.mid", self.old)] + [("pkg", self.old)] * self.is_exported
        self.files: dict[str, str] = {}
        self.consumers: list[Consumer] = []

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def choose(self, *weighted):
        """One of several values; one that is paired with a number comes up that often."""
        values = [item if isinstance(item, tuple) and type(item[-1]) is int else (item, 1) for item in weighted]
        return self.random.choices([value for value, _ in values], [weight for _, weight in values])[0]

    def pick(self, items):
        return self.random.choice(list(items))

    # The package.

    def package(self) -> None:
        late = "\n\ndef create():\n    return look({name})\n"
        definition = dedent("""
            class New:
                tag = "real"
                table = {"a": 1}

                def send(self):
                    return "sent"
        """)
        reads = "from probe import look\n\n"
        renamed = "" if self.old == "New" else f" as {self.old}"
        is_home = self.chance(0.4)
        self.files["pkg/impl.py"] = "from pkg.ssot import New\n" if is_home else definition
        ssot = definition if is_home else "from pkg.impl import New\n"
        self.files["pkg/ssot.py"] = ssot if self.chance(0.8) else reads + ssot + late.format(name="New")
        source = "pkg.ssot" if is_home else self.choose("pkg.ssot", "pkg.impl")
        legacy = f"from {source} import New{renamed}\n"
        if renamed and self.chance(0.15):
            legacy = f"from {source} import New\n\n{self.old} = New\n"
        legacy += self.choose(("", 3), "\nother = 7\n")
        self.files["pkg/legacy.py"] = legacy if self.chance(0.75) else reads + legacy + late.format(name=self.old)
        mid = f"from pkg.legacy import {self.old}\n"
        self.files["pkg/mid.py"] = mid if self.chance(0.8) else reads + mid + late.format(name=self.old)
        self.files["pkg/__init__.py"] = f"from pkg.legacy import {self.old}\n" if self.is_exported else ""

    # The consumers.

    def spelling(self, *, late: bool) -> tuple[str, str, str | None, str | None]:
        """An import statement; the expression that reads the class; the names for the class and for a module that it binds."""
        module, name = self.choose((self.doors[0], 6), self.pick(self.doors), ("pkg.ssot", "New"))
        package, _, stem = module.rpartition(".")
        forms = [(f"from {module} import {name}", name, name, None), (f"from {module} import {name} as A", "A", "A", None)]
        forms += [(f"import {module}", f"{module}.{name}", None, module), (f"import {module} as m", f"m.{name}", None, "m")]
        if package:
            forms += [(f"from {package} import {stem}", f"{stem}.{name}", None, stem)]
        if late and self.wild and self.chance(0.2):
            load = f'importlib.import_module("{module}")'
            return self.pick([
                ("import importlib", f"{load}.{name}", None, None),
                ("import importlib", f'getattr({load}, "{name}")', None, None),
                (f"import sys, {module}", f'sys.modules["{module}"].{name}', None, None),
                (f"import {module} as m", f'getattr(m, "{name}")', None, None),
            ])
        return self.pick(forms[:1] * 3 + forms)

    def consumer(self, name: str) -> None:
        made = Consumer(name)
        heads, bodies, calls = ["from typing import TYPE_CHECKING", "from probe import look"], [], []
        for _ in range(self.choose(1, (2, 2))):
            statement, expression, bound, module = self.spelling(late=False)
            if any(statement.split()[-1] == head.split()[-1] for head in heads):
                continue
            made.names += [bound] if bound else []
            made.modules += [(module, expression.rpartition(".")[2])] if module else []
            block = f"try:\n    {statement}\nexcept ImportError:\n    raise"
            heads.append(self.choose((statement, 8), block))
            for _ in range(self.choose(1, 2)):
                self.reader(len(calls), expression, bodies, calls)
        for _ in range(self.choose((0, 2), 1, 2) if calls else 1):
            statement, expression, _, _ = self.spelling(late=True)
            at = len(calls)
            bodies.append(f"def r{at}():\n    {statement}\n\n    return look({expression})\n")
            calls.append(f"r{at}()")
        calls += self.pick([[], [], [f"{other.name}.observe()" for other in self.consumers[-1:]]])
        heads += [f"import {call.split('.')[0]}" for call in calls if call.endswith("observe()")]
        bodies.append(f"def observe():\n    return [{', '.join(calls)}]\n")
        made.text = "\n".join(heads) + "\n\n\n" + "\n\n".join(bodies)
        self.files[f"{name}.py"] = made.text
        self.consumers.append(made)

    def reader(self, at: int, expression: str, bodies: list[str], calls: list[str]) -> None:
        body, call = self.choose(
            ((f"def r{at}():\n    return look({expression})\n", f"r{at}()"), 6),
            (f"class R{at}:\n    def see(self):\n        return look({expression})\n", f"R{at}().see()"),
            (f"r{at} = lambda: look({expression})\n", f"r{at}()"),
            (f"class R{at}({expression}):\n    pass\n", f"look(R{at})"),
            (f"def r{at}(thing={expression}):\n    return look(thing)\n", f"r{at}()"),
            (f"R{at} = look({expression})\n", f"R{at}"),
            (f'def r{at}(thing: "{expression}" = None) -> "list[{expression}]":\n    return look({expression})\n', f"r{at}()"),
        )
        bodies.append(body)
        calls.append(call)

    # The tests.

    def target(self) -> tuple[str, str, str]:
        """The path of a module or of an object in it, the name that is set there, and the statement that the object needs."""
        consumer = self.pick(self.consumers)
        choices = [("pkg.legacy", self.old, "import pkg.legacy")] * 4
        choices += [(module, name, f"import {module}") for module, name in [*self.doors, ("pkg.ssot", "New"), ("pkg.impl", "New")]]
        choices += [(consumer.name, name, f"import {consumer.name}") for name in consumer.names] * 4
        choices += [(f"{consumer.name}.{m}", name, f"import {consumer.name}") for m, name in consumer.modules] * 2
        if self.wild:
            choices += [(consumer.name, m, f"import {consumer.name}") for m, _ in consumer.modules if "." not in m]
            choices += [("pkg", "legacy", "import pkg.legacy"), ("pkg", "ssot", "import pkg.ssot")]
        module, name, statement = self.pick(choices)
        if self.chance(0.2) and name in (self.old, "New", "A"):
            return f"{module}.{name}", "send", statement
        return module, name, statement

    def spelled(self, path: str, before: list[str]) -> str:
        """A string, as an expression; statements that it needs are put before."""
        module, _, name = path.rpartition(".")
        form = self.choose(("plain", 12), "single", *(["sum", "format", "constant", "escape"] if self.wild else []))
        if form == "constant":
            before.append(f'TARGET = "{path}"')
        elif form == "format":
            before.append(f'MODULE = "{module}"')
        forms = {
            "plain": f'"{path}"',
            "single": f"'{path}'",
            "sum": f'"{module}." + "{name}"',
            "format": f'f"{{MODULE}}.{name}"',
            "constant": "TARGET",
            "escape": f'"{module}." "{name}"',
        }
        return forms[form]

    def what(self, name: str) -> tuple[str, bool]:
        """The other arguments of a patch, and whether it makes a mock that a decorator passes on."""
        if name == "send":
            return self.choose((", return_value=\"member\"", True), (", new=lambda self: \"member\"", False))
        return self.choose(
            (("", True), 3), ((", Fake", False), 2), (", new=Other", False), (", new_callable=make_fake", True),
            (", autospec=True", True), (", side_effect=Other", True), (", create=True, new=Fake", False),
        )

    def patch(self, imports: set[str], before: list[str]) -> tuple[str, bool]:
        """An expression that makes a patch, and whether it makes a mock."""
        module, name, statement = self.target()
        what, is_mock = self.what(name)
        form = self.choose(("string", 10), ("object", 5), ("multiple", 2), *(["modules", "helper"] if self.wild else []))
        patch = self.pick(self.patches)
        if form == "object":
            imports.add(statement)
            owner = self.owner(module, statement, imports)
            return f'{patch}.object({owner}, "{name}"{what})', is_mock
        if form == "multiple" and name != "send":
            value, is_mock = self.choose(("Fake", False), ("DEFAULT", True))
            return f'{patch}.multiple("{module}", {name}={value})', is_mock and "keyword"
        if form == "modules":
            fake = f'{{"{self.pick(["pkg.legacy", "pkg.mid", "pkg.ssot"])}": mock.MagicMock()}}'
            modules = self.choose('"sys.modules"', "sys.modules")
            return f"{patch}.dict({modules}, {fake})", False
        if form == "helper":
            return f'patched("{module}.{name}")', True
        return f"{patch}({self.spelled(f'{module}.{name}', before)}{what})", is_mock

    def owner(self, module: str, statement: str, imports: set[str]) -> str:
        """An expression for a module, or for an object in one."""
        path = statement.split()[-1]
        package, _, stem = path.rpartition(".")
        rest = module.removeprefix(path)
        if package and path in module and self.chance(0.5):
            spelled, local = self.choose((f"import {path} as the_{stem}", f"the_{stem}"), (f"from {package} import {stem}", stem))
            imports.add(spelled)
            return local + rest
        return module

    def body(self, before: list[str]) -> str:
        seen = self.random.sample(self.consumers, min(len(self.consumers), self.choose(1, 2, 3)))
        lines = [f"return [{', '.join(f'{consumer.name}.observe()' for consumer in seen)}]"]
        if self.wild and self.chance(0.3):
            lines[:0] = [f"import {consumer.name}" for consumer in seen]
        elif self.chance(0.2):
            statement, expression, _, _ = self.spelling(late=False)
            lines[-1] = lines[-1][:-1] + f", look({expression})]"
            lines.insert(0, statement)
            before += [f"import {consumer.name}" for consumer in seen]
        else:
            before += [f"import {consumer.name}" for consumer in seen]
        return "\n".join(lines)

    def test(self, at: int, imports: set[str], before: list[str]) -> str:
        count = self.choose((1, 3), (2, 2), 3)
        made = [self.patch(imports, before) for _ in range(count)]
        body = self.body(before)
        style = self.choose(("with", 4), ("decorated", 3), "nested", ("case", 2), "stack", ("monkeypatch", 2), ("mocker", 2), "class")
        name = f"test_{at}"
        if style == "with":
            items = ", ".join(call for call, _ in made)
            return f"def {name}():\n    with {items}:\n{indent(body, '        ')}\n"
        if style == "nested":
            for call, is_mock in made:
                fill = "fake.return_value.send.return_value = \"set\"\n" if is_mock is True and self.chance(0.5) else ""
                body = f"with {call} as fake:\n{indent(fill + body, '    ')}"
            return f"def {name}():\n{indent(body, '    ')}\n"
        if style in ("decorated", "class"):
            arguments = "*fakes, **named"
            decorators = "".join(f"@{call}\n" for call, _ in made)
            if style == "decorated":
                return f"{decorators}def {name}({arguments}):\n{indent(body, '    ')}\n"
            method = f"def {name}(self, {arguments}):\n{indent(body, '    ')}\n"
            made = [item for item in made if ".dict(" not in item[0]]
            return f"{decorators}class Test{at}(unittest.TestCase):\n{indent(method, '    ')}"
        if style == "case":
            # Either way the last patch is undone first.
            start = "patcher = {}\npatcher.start()\nself.addCleanup(patcher.stop)\n"
            start = start if self.chance(0.5) else "self.stack.enter_context({})\n"
            started = "".join(start.format(call) for call, _ in made)
            head = "self.stack = ExitStack()\nself.addCleanup(self.stack.close)\n"
            up = f"def setUp(self):\n{indent(head + started, '    ')}"
            method = f"def {name}(self):\n{indent(body, '    ')}\n"
            return f"class Test{at}(unittest.TestCase):\n{indent(up, '    ')}\n{indent(method, '    ')}"
        if style == "stack":
            entered = "".join(f"stack.enter_context({call})\n" for call, _ in made)
            return f"def {name}():\n    with ExitStack() as stack:\n{indent(entered + body, '        ')}\n"
        lines = []
        for _ in made:
            module, target, statement = self.target()
            value = '"x".join' if target == "send" else self.choose("Fake", "Other")
            path = f"{module}.{target}"
            if style == "mocker":
                lines.append(f'mocker.patch("{path}", {value})' if self.chance(0.6) else f'mocker.patch("{path}")')
            elif self.chance(0.6):
                lines.append(f'monkeypatch.setattr("{path}", {value})')
            else:
                imports.add(statement)
                lines.append(f'monkeypatch.setattr({module}, "{target}", {value})')
        if style == "monkeypatch" and self.chance(0.4):
            body = "\n".join([line.replace("monkeypatch.", "inner.") for line in lines] + [body])
            body = f"with monkeypatch.context() as inner:\n{indent(body, '    ')}"
            lines = []
        return f"def {name}({style}):\n{indent(chr(10).join([*lines, body]), '    ')}\n"

    def module(self, name: str, count: int) -> None:
        spellings = {
            "patch": "from unittest.mock import patch",
            "mock.patch": "from unittest import mock",
            "um.patch": "import unittest.mock as um",
            "p": "from unittest.mock import patch as p",
        }
        self.patches = self.random.sample(sorted(spellings), 2)
        imports = {"import unittest", "import sys", "from contextlib import ExitStack", "from probe import Fake, Other, look, make_fake"}
        imports |= {"from unittest import mock", "from unittest.mock import DEFAULT"} | {spellings[patch] for patch in self.patches}
        texts = []
        for at in range(count):
            before: list[str] = []
            text = self.test(at, imports, before)
            imports |= {line for line in before if line.startswith(("import", "from"))}
            constants = [line for line in before if not line.startswith(("import", "from"))]
            for constant in constants:
                word, value = constant.split(" = ")
                text = text.replace(word, f"{word}_{at}")
                texts.append(f"{word}_{at} = {value}\n")
            texts.append(text)
        helper = "def patched(target):\n    return mock.patch(target, Fake)\n"
        if any("patched(" in text for text in texts):
            texts.insert(0, helper)
        self.files[name] = "\n".join(sorted(imports)) + "\n\n\n" + "\n\n".join(texts)

    def conftest(self) -> None:
        if self.wild and self.chance(0.3):
            imports: set[str] = set()
            self.patches = ["mock.patch"]
            before: list[str] = []
            call, _ = self.patch(imports, before)
            lines = sorted(imports) + ["from unittest.mock import DEFAULT", "from probe import Fake, Other, make_fake"]
            lines += ["import sys"] + before
            helper = "def patched(target):\n    return mock.patch(target, Fake)\n\n\n" if "patched(" in call else ""
            body = f"    with {call}:\n        yield\n"
        else:
            lines, helper, body = [], "", "    yield\n"
        # A door that is first loaded under a patch keeps what it finds there for good.
        lines += [] if self.wild else ["import pkg.impl, pkg.legacy, pkg.mid, pkg.ssot"]
        head = "\n".join(["from contextlib import contextmanager", "from unittest import mock", *lines])
        self.files["conftest.py"] = f"{head}\n\n\n{helper}@contextmanager\ndef around():\n{body}"

    # The plan.

    def plan(self) -> None:
        move = f'kind = "move-symbol"\nfrom = "pkg.legacy:{self.old}"\nto = "pkg.ssot:New"\n'
        redirect = 'kind = "move-module"\nfrom = "pkg.legacy"\nto = "pkg.ssot"\n'
        away = 'kind = "move-module"\nfrom = "pkg.legacy"\nto = "pkg.past"\nmove_definition = true\n'
        mid = f'kind = "move-symbol"\nfrom = "pkg.mid:{self.old}"\nto = "pkg.ssot:New"\n'
        gone = 'kind = "delete-module"\nof = "pkg.legacy"\n'
        steps = self.choose(
            ([move], 8), ([move + 'names = "alias"\n'], 2), ([move + 'reexports = "keep"\n'], 2), ([redirect], 2), ([away], 2),
            [mid], [move, gone], [redirect, gone], [mid, away], [move, redirect],
        )
        text = 'name = "generated"\n\n[[phase]]\nid = "phase"\n'
        for at, step in enumerate(steps):
            text += f'\n[[phase.step]]\nid = "step{at}"\n{step}'
        self.files[".oracle/plan.toml"] = text


def generate(seed: int, *, wild: bool) -> dict[str, str]:
    world = World(seed, wild=wild)
    world.package()
    for at in range(world.choose(1, (2, 3), (3, 2))):
        world.consumer(f"c{at}")
    for at in range(world.choose((1, 2), 2)):
        world.module(f"test_{at}.py", world.choose(1, 2, 3))
    world.conftest()
    world.plan()
    return {"probe.py": PROBE.lstrip(), "run_all.py": RUN_ALL.lstrip(), **world.files}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wild", action="store_true")
    options = parser.parse_args()
    for path, text in generate(options.seed, wild=options.wild).items():
        file = options.out / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    main()
