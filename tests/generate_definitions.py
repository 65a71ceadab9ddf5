"""Generates a small Python package whose definitions move, to see whether the program goes on to do what it did.

    python3 generate_definitions.py OUT_DIR [--seed N]

Writes the same bytes for the same seed: `app/old.py` with definitions of many kinds that read one another and what they import, modules
that they move to in several states, consumers in every spelling, a test that patches, and

* `run_all.py`, which prints what can be observed: what each module does when it is loaded first, in a process of its own; what every
  consumer gets (results, signatures, base classes, attributes), and which of these are one object; what has been registered;
* `.oracle/plan.toml`, with steps that move definitions;
* `.oracle/answers.json`: the new names, the comments that belong to each definition, and what moves.

Not every generated program runs; one that fails is no case.
"""

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Callable, NamedTuple

RUN_ALL = '''\
import asyncio, inspect, json, os, re, sys, types

MODULES, CONSUMERS = %r, %r
RENAMED = json.load(open(".oracle/answers.json"))["renamed"]
KNOWN, TELL = {}, []


def plain(text):
    """Without what differs from run to run, and with the old names."""
    text = re.sub("0x[0-9a-f]+", "0x", text)
    for new, old in RENAMED.items():
        text = text.replace(new, old)
    return text


def call(value, *given):
    try:
        made = value(*given)
        if inspect.iscoroutine(made):
            return asyncio.run(made)
        return list(made) if inspect.isgenerator(made) else made
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def show(value, depth=0):
    if isinstance(value, types.ModuleType):
        return "a module"
    if isinstance(value, type):
        own = {key: item for key, item in vars(value).items() if not key.startswith("__")}
        made = call(value)
        own = {key: show(item, depth + 1) for key, item in sorted(own.items())} if depth < 2 else {}
        methods = [(key, show(call(getattr(made, key)), 3)) for key in ("get", "own", "made") if hasattr(made, key) and depth < 2]
        state = {key: show(item, 3) for key, item in getattr(made, "__dict__", {}).items()} if depth < 2 else {}
        return (value.__qualname__, [base.__name__ for base in value.__mro__], own, methods, state)
    if isinstance(value, types.FunctionType):
        inside = (str(inspect.signature(value)), call(value)) if depth < 2 else ()
        return (value.__qualname__, value.__doc__, {key: show(item, 3) for key, item in vars(value).items()}, *inside)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [type(value).__name__, *(show(item, depth + 1) for item in value)]
    if isinstance(value, dict):
        return {str(key): show(item, depth + 1) for key, item in value.items()}
    return re.sub(r"\\bapp(\\.\\w+)+\\.", "", repr(value))


def alone(name):
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        sys.stdout = sys.stderr = open(os.devnull, "w")
        try:
            __import__(name)
            said = "loads"
        except BaseException as error:
            said = type(error).__name__
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    said = os.read(reading, 100).decode()
    os.close(reading)
    os.wait()
    return said


sys.dont_write_bytecode = True
print("alone", {name: alone(name) for name in MODULES})
for name in CONSUMERS:
    consumer = __import__(name)
    for what, value in consumer.seen():
        if isinstance(value, (type, types.FunctionType, list, dict)):
            door = KNOWN.setdefault(id(value), (len(KNOWN), value))[0]
        else:
            door = "-"
        print(plain(f"{name} {what} #{door} {show(value)}"))
import app.base
print(plain(f"registered {sorted(app.base.registered)}"))
'''

BASE = '''\
"""What the others stand on."""

LIMIT = 3
registered = []


def register(thing):
    registered.append(thing.__name__)
    return thing


def same(thing):
    return thing


def tagged(tag, calls=[]):
    def wrap(thing):
        thing.tag = tag
        return thing

    return wrap


def count(value, made=[]):
    made.append(value)
    return len(made)


class Base:
    kind = "base"

    def __init__(self):
        self.base = True

    def get(self):
        return self.kind


class Meta(type):
    def __new__(meta, name, bases, space):
        return super().__new__(meta, name, bases, {**space, "meta": True})


class Listed:
    def __init_subclass__(cls, **options):
        registered.append(cls.__name__)
'''
UTIL = "from app.base import LIMIT as _limit\n\n\ndef util_one():\n    return _limit\n\n\ndef util_two(value=2):\n    return [value]\n"

# A statement, what it makes readable, and whether that can be read at any time.
IMPORTS = [
    ("import json", "json.dumps([1])"),
    ("import os.path", 'os.path.join("a", "b")'),
    ("import json, re as regex", 'regex.sub("a", "b", json.dumps("a"))'),
    ("import app.sub.deep", "app.sub.deep.DEEP"),
    ("import app.sub.deep as dp", "dp.DEEP"),
    ("from app import base", "base.LIMIT"),
    ("from . import base, util as tools", "tools.util_two(base.LIMIT)"),
    ("from .base import (\n    LIMIT as lim,  # how many\n    Base as Root,\n)", "(lim, Root.kind)"),
    ("from app.util import *", "util_one()"),
    ("from .sub import deep as below", "below.DEEP"),
    ("from .sub.deep import DEEP", "DEEP"),
    ("from collections import OrderedDict as OD, namedtuple as nt", "list(OD(a=1))"),
    ("try:\n    import json as js\nexcept ImportError:\n    js = None", "js.dumps(2)"),
    ("if True:\n    import string", "string.digits"),
]
CHECKED = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from app.base import Base as Checked"


class Item(NamedTuple):
    """A definition, or a statement about one."""

    name: str
    text: str
    kind: str


class Maker:
    """Writes definitions that read what was there before them, when they are defined, and anything, when they run."""

    def __init__(self, choose: random.Random, names: list[str], readable: list[str]) -> None:
        self.choose = choose
        self.names = names
        self.readable = readable
        self.made: list[Item] = []

    def of_kind(self, *kinds: str) -> list[str]:
        return [item.name for item in self.made if item.kind in kinds]

    def eager(self) -> str:
        """An expression that is evaluated while the module is loaded."""
        values = [*self.readable, *self.of_kind("value"), *(f"{name}.__doc__" for name in self.of_kind("function", "class"))]
        values += [f"len({name})" for name in self.of_kind("list")] + [f"({name}, 1)" for name in self.of_kind("value", "list")]
        return self.choose.choice([*values, "1"])

    def lazy(self, own: str) -> str:
        """An expression that is evaluated when a function runs. Those that call stop at some depth."""
        others = [f"({name}(k + 1) if k < 2 and callable({name}) else 0)" for name in self.names if name[0] == "f"]
        others += [f"type({name}).__name__" for name in self.names] + [f"repr({name})" for name in self.of_kind("value")]
        others += [f"isinstance(k, {name})" for name in self.of_kind("class")] + self.of_kind("list")
        return self.choose.choice([*self.readable, *self.readable, *others, *([f"({own}(k + 1) if k < 2 else 0)"] * 2)])

    def function(self, name: str) -> str:
        c, tag = self.choose, f'"t{name[1:]}"'
        head = c.choice(["", "", "", "@same\n", "@register\n", f"@tagged({self.eager()})\n", "@functools.wraps(same)\n"])
        body = [f"return [{tag}, a, {self.lazy(name)}, {self.lazy(name)}]"]
        kind = c.randrange(9)
        if kind == 0:
            body = [f"yield [{tag}, {self.lazy(name)}]"]
        elif kind == 1:
            body = [f"def inner(n=k):\n        nonlocal k\n        k += 1\n        return {self.lazy(name)}\n", "    return inner(), k"]
        elif kind == 2:
            body = [f"from .base import LIMIT\n    return LIMIT, {self.lazy(name)}"]
        elif kind == 3:
            body = [f"from . import util\n    import app.sub.deep\n    return util.util_one(), app.sub.deep.DEEP, {self.lazy(name)}"]
        elif kind == 4:
            body = [f"got = [{self.lazy(name)} for k in range(2)]  # type: ignore\n    return got, (lambda k=1: {self.lazy(name)})()"]
        note = c.choice(["", "", ' -> "Checked"', " -> object"]) if "Checked" in self.readable_types else ""
        is_async = c.random() < 0.1
        doc = c.choice(["", '"""Does."""\n    ', f'"""Does {tag[1:-1]}.\n\n    More.\n    """\n    '])
        return f"{head}{'async ' if is_async else ''}def {name}(k=0, a={self.eager()}){note}:\n    {doc}{''.join(body)}"

    readable_types: tuple[str, ...] = ()

    def klass(self, name: str) -> str:
        c = self.choose
        bases = [*self.of_kind("class"), "Base", "Base", "Listed", ""]
        base = c.choice(bases)
        body = [f"attribute = {self.eager()}"]
        if c.random() < 0.5:
            body.append(f"def get(self, k=0):\n        return {self.lazy(name)}, self.__class__.__name__")
        if c.random() < 0.4:
            body.append(f"def own(self, k=0):\n        self.__mine = {name}.attribute\n        return self.__mine, sorted(vars(self))")
        if c.random() < 0.3 and base:
            body.append("def __init__(self, k=0):\n        super().__init__()\n        self.more = k")
        if c.random() < 0.3:
            body.append(f"@classmethod\n    def made(cls, k=0) -> '{name}':\n        return super({name}, cls).__name__ if k else {name}.attribute")
        if c.random() < 0.2:
            body.append("@property\n    def p(self):\n        return 1\n\n    @p.setter\n    def p(self, value):\n        self.q = value")
        kind = c.randrange(10)
        if kind == 0:
            body = [f"one: int = 1\n    two: object = {self.eager()}", *body[1:]]
            return f"@dataclasses.dataclass\nclass {name}:\n    " + "\n\n    ".join(body)
        elif kind == 1:
            return f"class {name}(enum.Enum):\n    A = 1\n    B = A + 1\n\n    def get(self):\n        return {name}.A"
        elif kind == 2:
            return f"class {name}(typing.NamedTuple):\n    one: int = 1\n    two: typing.Any = {self.eager()}"
        elif kind == 3:
            return f"class {name}(metaclass=Meta):\n    " + body[0]
        elif kind == 4:
            return f"class {name}(Exception):\n    " + body[0]
        head = c.choice(["", "", "@register\n", "@same\n"])
        return f"{head}class {name}{f'({base})' if base else ''}:\n    " + "\n\n    ".join(body)

    def value(self, name: str) -> str:
        c = self.choose
        forms = [f"({self.eager()}, 2)", f"{self.eager()}", f"({self.eager()}, {self.eager()})", "dict[str, int]", '"ä"', "count(1)"]
        forms += [f"len([{self.eager()}])", f"typing.TypeVar('{name}')", "(\n    1,\n    # inside\n    2,\n)", "lambda k=0: " + self.lazy(name)]
        form = c.choice(forms)
        return f"{name}{c.choice(['', '', ': object'])} = {form}"

    def make(self, name: str) -> None:
        c = self.choose
        kind, write = {"f": ("function", self.function), "C": ("class", self.klass), "v": ("value", self.value)}.get(
            name[0], ("list", lambda name: f"{name} = [{self.eager()}]")
        )
        text = write(name)
        if name[0] == "f" and c.random() < 0.06:
            text = f"@typing.overload\ndef {name}(k: int): ...\n\n\n@typing.overload\ndef {name}(k: str): ...\n\n\n" + text
        if c.random() < 0.05:
            text = "if LIMIT:\n" + "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
        elif c.random() < 0.6:
            text = f"# about {name[1:]}\n{text}"
            text += f"\n    # end of {name[1:]}" if name[0] in "fC" and c.random() < 0.4 else ""
        self.made.append(Item(name, text, kind))
        self.aside(name)

    def aside(self, name: str) -> None:
        """Sometimes, a statement about a definition."""
        c = self.choose
        if c.random() > 0.08:
            return
        about = {
            "f": [f"{name}.x = 1", f"registered.append({name}.__name__)", f"{name} = same({name})", f"register({name})"],
            "C": [f"{name}.later = {self.eager()}", f"setattr({name}, 'later', 2)", f"register({name})"],
            "v": [f"print({name}, file=sys.stderr)", f"{name} = ({name}, 3)"],
            "l": [f"{name}.append(2)", f"{name} += [3]", f"for each in (1, 2):\n    {name}.append(each)"],
        }
        self.made.append(Item(name, c.choice(about[name[0]]), "aside"))


NEEDED = "import dataclasses\nimport enum\nimport functools\nimport sys\nimport typing\n"
HELPERS = "from app.base import Base, LIMIT, Listed, Meta, count, register, registered, same, tagged\n"


def source(c: random.Random, names: list[str]) -> tuple[str, Maker]:
    imports = c.sample(IMPORTS, c.randint(2, 5))
    maker = Maker(c, names, [read for _, read in imports])
    head = c.choice(["", '"""The old home."""\n\n']) + c.choice(["", "", "from __future__ import annotations\n\n"])
    head += NEEDED + HELPERS + "".join(f"{statement}\n" for statement, _ in imports)
    if c.random() < 0.4:
        maker.readable_types = ("Checked",)
        head += CHECKED + "\n"
    for name in names:
        maker.make(name)
    if c.random() < 0.3:
        listed = c.sample(names, c.randint(1, len(names)))
        head += f"\n__all__ = {c.choice([listed, tuple(listed)])!r}\n".replace(",)", ", )")
    gap = c.choice(["\n\n\n", "\n\n\n", "\n\n", "\n"])
    text = head + "\n\n" + gap.join(item.text for item in maker.made) + c.choice(["\n", "\n", ""])
    if c.random() < 0.15:
        text = text.rstrip("\n") + '\n\n\nif __name__ == "__main__":\n    print("old")\n'
    return text, maker


def destination(c: random.Random, names: list[str]) -> str:
    """What is in a module already that definitions come to."""
    parts = [c.choice(["", '"""The new home."""\n', "# Of the file.\n", "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n"])]
    if c.random() < 0.25:
        return parts[0]
    parts.append(c.choice(["", "", "from __future__ import annotations\n"]))
    lines = ["import json", "import os", "import typing", "from collections import OrderedDict as OD", "from app.base import LIMIT", "from .base import Base"]
    lines += ["import app.sub.deep", "from app import base", "from app.util import *", "import re as json", "from app.base import LIMIT as lim"]
    lines += ["import app.old", "from app.old import *", "from app import old", "from app.base import register, same\n", "if typing.TYPE_CHECKING:\n    from app.base import Base as Checked"]
    lines += [f"from app.old import {name}" for name in c.sample(names, 2)]
    parts += [f"{line}\n" for line in ["import typing", *c.sample(lines, c.randint(0, 4))]]
    if c.random() < 0.3:
        parts.append(c.choice(["\n__all__ = ['there']\n", '\n__all__ = (\n    "there",\n)\n', "\n__all__ = []\n"]))
    read = c.choice(names)
    bodies = ["return 'there'", f"from app.old import {read}\n\n    return type({read}).__name__", f"import app.old as o\n\n    return o.{read}"]
    parts.append(f"\n\ndef there(k=0):\n    {c.choice(bodies)}\n")
    if c.random() < 0.3:
        parts.append(c.choice(["\nDEEP = 'mine'\n", "\ndef util_one():\n    return 'mine'\n", "\nbase = 4\n", "\nafter = there(3)\n"]))
    if c.random() < 0.25:
        parts.append('\n\nif __name__ == "__main__":\n    print(there())\n')
    text = "".join(parts)
    return text.rstrip("\n") if c.random() < 0.15 else text


def consumer(c: random.Random, names: list[str], doors: list[str], homes: list[str]) -> str:
    """Uses of the names in some spellings: what the function `seen` returns are pairs of a name and what it means."""
    head, behind, lazy, seen = [], [], [], []
    for at, name in enumerate(c.sample(names, c.randint(1, min(4, len(names))))):
        door = c.choice(["app.old", "app.old", "app.old", *doors])
        package, _, stem = door.rpartition(".")
        spellings: list[tuple[str, str]] = [
            (f"from {door} import {name}", name),
            (f"from {door} import {name} as a{at}", f"a{at}"),
            (f"from {door} import (\n    {name},  # why\n)", name),
            (f"import {door}", f"{door}.{name}"),
            (f"import {door} as m{at}", f"m{at}.{name}"),
            (f"from {package} import {stem}", f"{stem}.{name}") if package else (f"import {door}", f"{door}.{name}"),
            (f"from {door} import *", name),
            (f"try:\n    from {door} import {name}\nexcept ImportError:\n    {name} = None", name),
        ]
        statement, spelled = c.choice(spellings)
        if c.random() < 0.25 and "*" not in statement:
            lazy.append(statement.replace("\n", "\n    "))
        else:
            head.append(statement)
        seen.append(f'("{name[1:]}", {spelled})')
        if name[0] == "C" and statement in head and c.random() < 0.4:
            behind.append(f"\n\nclass Sub{at}({spelled} if not isinstance({spelled}, enum.EnumMeta) else object):\n    pass\n")
            seen.append(f'("Sub{at}", Sub{at})')
        if c.random() < 0.15:
            behind.append(f"\n\ndef typed{at}(x: '{spelled}' = None, y=typing.cast('{spelled}', 1)):\n    return y\n")
    c.shuffle(head)
    if c.random() < 0.2:
        head.insert(0, f"import {c.choice(homes)}")
    body = "".join(f"    {line}\n" for line in lazy)
    return "import enum\nimport typing\n" + "\n".join([*head, *behind]) + f"\n\n\ndef seen():\n{body}    return [{', '.join(seen)}]\n"


def patching(c: random.Random, names: list[str]) -> str:
    """A test that patches one name and calls another."""
    name, other = c.choice(names), c.choice([name for name in names if name[0] == "f"])
    patch = c.choice([f'patch("app.old.{name}", "patched")', f'patch.object(app.old, "{name}", "patched")'])
    call = c.choice([f"app.old.{other}()", f"lately().{other}()"])
    return (
        "from unittest.mock import patch\n\nimport app.old\n\n\ndef lately():\n    from app import old\n\n    return old\n\n\n"
        f"def seen():\n    with {patch}:\n        made = {call}\n        return [('patched', repr(made) if not hasattr(made, 'send') else 0)]\n"
    )


def plan(c: random.Random, names: list[str], homes: list[str]) -> tuple[str, str, dict[str, str]]:
    """A plan of one step, the map that it reads, and the old names by the new ones."""
    rows, renamed = ["from,to"], {}
    for name in c.sample(names, c.randint(1, 3)):
        new = f"{name}_new" if c.random() < 0.3 else name
        renamed.update({new: name} if new != name else {})
        home = c.choice(homes) if c.random() < 0.9 else "app.old"
        home = "app.fresh" if home == "app.old" and new == name else home
        rows.append(f"app.old:{name},{home}:{new}")
    text = 'name = "generated"\n\n[[phase]]\nid = "generated"\n[[phase.step]]\nid = "step"\nkind = "move-symbol"\nmap = "moves.csv"\n'
    extra = [line for line in ("shim = true", 'names = "alias"', 'reexports = "keep"') if c.random() < 0.3]
    return text + "\n".join(["move_definition = true", *extra, ""]), "\n".join([*rows, ""]), renamed


def generate(out: Path, seed: int) -> None:
    c = random.Random(seed)
    names = [f"{c.choice('ffffCCCvvl')}{at}x" for at in range(c.randint(4, 9))]
    names[0] = "f0x"
    old, maker = source(c, names)
    homes = ["app.new", "app.sub.new", "app.pack", "app.fresh", "app.made.inside"]
    doors = []
    texts = {"app/base.py": BASE, "app/util.py": UTIL, "app/sub/__init__.py": "", "app/sub/deep.py": 'DEEP = "deep"\n', "app/old.py": old}
    for path in ("app/new.py", "app/sub/new.py", "app/pack/__init__.py"):
        texts[path] = destination(c, names).replace("from .base", "from app.base")
    init = ""
    if c.random() < 0.3:
        passed = c.sample(names, 2)
        init, doors = c.choice([(f"from .old import {passed[0]}, {passed[1]}\n", passed), ("from app.old import *\n", [])])
    texts["app/__init__.py"] = init
    texts["app/door.py"] = c.choice(["from app.old import *\n", f"from .old import {', '.join(names)}\n", f"import app.old\n\n{names[0]} = app.old.{names[0]}\n"])
    for at in range(3):
        texts[f"use_{at}.py"] = consumer(c, names, ["app.door"] if c.random() < 0.5 else [], homes[:3])
    if doors:
        texts["use_0.py"] = f"import app\nfrom app import {doors[0]}\n\n\ndef seen():\n    return [('door', {doors[0]}), ('door', app.{doors[1]})]\n"
    if c.random() < 0.3:
        texts["test_it.py"] = patching(c, names)
    modules = [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in texts]
    texts[".oracle/plan.toml"], texts[".oracle/moves.csv"], renamed = plan(c, names, homes)
    comments = [line.strip() for item in maker.made for line in item.text.split("\n") if line.strip().startswith("#")]
    texts[".oracle/answers.json"] = json.dumps({"renamed": renamed, "comments": comments})
    texts["run_all.py"] = RUN_ALL % (modules, [name for name in modules if name.startswith(("use_", "test_"))])
    for path, text in texts.items():
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        content = text.encode()
        if path in ("app/old.py", "app/new.py") and c.random() < 0.1:
            content = b"\xef\xbb\xbf" * c.randrange(2) + content.replace(b"\n", b"\r\n")
        target.write_bytes(content)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path, metavar="OUT_DIR", help="empty or absent")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.out.exists() and any(arguments.out.iterdir()):
        parser.error(f"{arguments.out} is not empty")
    generate(arguments.out, arguments.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
