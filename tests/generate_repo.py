#!/usr/bin/env python3
"""Generates a Python repository whose migration has known answers.

    python3 generate_repo.py OUT_DIR [--seed N] [--files K] [--symbols S] [--unruly]
    python3 generate_repo.py --check OUT_DIR

The first form writes a repository of K consumer modules around S symbols, the same bytes for the same arguments:

* `app/core/impl.py` defines the symbols, `app/core/ssot.py` is their new home;
* `app/legacy/` has doors to them: modules that re-export them under the same or another name, and an impostor that
  defines something else under the name of one of them;
* the consumers import a few symbols in every spelling there is (see `CASES`) and use them (see `USAGES`);
* `run_all.py` prints what the consumers observe: the same before and after a correct migration.

`.oracle/plan.toml` is the plan of the migration. `.oracle/answers.json` says of every import statement whether the
migration changes it and which dotted paths it brings before and after, and of the uses whose text matters, whether it
changes. `must_change` of a statement means that afterwards it no longer brings the moved name from the old door.

The second form compares the files as they are now with the answers, as CPython's own parser reads them. It prints one
line for each disagreement and exits with 1 if there is one: before the migration there is one for everything that has
to change, afterwards there is none.
"""

import argparse
import ast
import json
import random
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple

IMPL, SSOT = "app.core.impl", "app.core.ssot"
DOOR, RELAY, WHOLE, STARS = "app.legacy.door", "app.legacy.relay", "app.legacy.whole", "app.legacy.stars"
PACKAGE, OLD_NAMES, HANDLERS = "app.legacy", "app.legacy.old_names", "app.legacy.handlers"
IMPOSTOR, OTHER = "app.legacy.impostor", "other.legacy.door"

# The folders of the consumers; those that are regular packages and not namespace packages; those for relative imports.
FOLDERS = (
    *("app", "app/jobs", "app/services", "app/services/billing", "app/services/plugins"),
    *("tests_gen", "tests_gen/flow", "tests_gen/flow/steps", "tests_gen/unit", "tests_gen/unit/deep"),
)
REGULAR = ("app", "app/core", "app/services", "app/services/billing", "tests_gen/flow/steps", "tests_gen/unit")
LEVEL_1, LEVEL_2, LEVEL_3 = FOLDERS[:1], FOLDERS[1:3], FOLDERS[3:5]
STEMS = ("report", "session", "queue", "routes", "worker", "metrics")

WORDS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu "
    "nu xi omicron pi rho sigma tau upsilon phi chi psi omega"
).split()
KINDS = ("class", "function", "async", "constant")
FEWEST_SYMBOLS = 8


# The symbols, and the names under which modules have them.


@dataclass(frozen=True)
class Symbol:
    """Something that `impl` defines."""

    index: int
    name: str
    kind: str
    fate: str  # It "moves" from the door, it "stays" there, or the new home "lacks" it.

    def with_prefix(self, prefix: str) -> str:
        """Another name for it, in the style of its kind."""
        if self.kind == "class":
            return prefix.title() + self.name
        name = f"{prefix}_{self.name}"
        return name.upper() if self.kind == "constant" else name


@dataclass(frozen=True)
class Ref:
    """A name of a module, and the dotted path that a reference to it has become after the migration."""

    module: str
    name: str
    symbol: Symbol
    target: str

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def moves(self) -> bool:
        return self.target != self.path

    @property
    def new(self) -> str:
        return self.target.rpartition(".")[2]


def make_symbols(count: int) -> List[Symbol]:
    lacking, staying = count // 6, max(2, count // 4)
    symbols = []
    for index in range(count):
        turn, at = divmod(index, len(WORDS))
        word = WORDS[at] + (str(turn + 1) if turn else "")
        names = (word.title(), f"make_{word}", f"load_{word}", f"{word.upper()}_LIMIT")
        left = count - index
        fate = "lacks" if left <= lacking else "stays" if left <= lacking + staying else "moves"
        kind = index % len(KINDS)
        symbols.append(Symbol(index, names[kind], KINDS[kind], fate))
    return symbols


class World:
    """All names that consumers can import, by module; and what becomes of their dotted paths."""

    def __init__(self, symbols: Sequence[Symbol]) -> None:
        self.symbols = symbols
        self.refs: Dict[str, List[Ref]] = defaultdict(list)
        self.targets: Dict[str, str] = {}
        self.reasons: Dict[str, str] = {}
        for symbol in symbols:
            name = symbol.name
            self._add(IMPL, name, symbol, "")
            self._add(DOOR, name, symbol, "moves")
            self._add(STARS, name, symbol, "moves")
            self._add(PACKAGE if symbol.index % 2 else RELAY, name, symbol, "moves")
            self._add(WHOLE, name, symbol, "moves stays", "the new home lacks it")
            self._add(OTHER, name, symbol, "", "a module of the same last name only")
            if symbol.fate != "lacks":
                self._add(SSOT, name, symbol, "", "it is the new home already")
            if symbol.fate == "stays":
                self._add(OLD_NAMES, symbol.with_prefix("old"), symbol, "")
        first, second, third = symbols[:3]
        self._add(OLD_NAMES, first.with_prefix("old"), first, "moves")
        self._add(PACKAGE, first.with_prefix("old"), first, "moves")
        self._add(PACKAGE, first.with_prefix("public"), first, "moves")
        self._add(PACKAGE, third.with_prefix("public"), third, "moves")
        self._add(HANDLERS, "Handler", first, "", "an assignment gives it a name of its own: for review")
        self._add(IMPOSTOR, second.name, second, "", "another object of the same name: for review")

    def _add(self, module: str, name: str, symbol: Symbol, fates: str, why: str = "no step moves it") -> None:
        """Adds a name that moves to the new home if the symbol's fate is one of those given."""
        moves = symbol.fate in fates.split()
        ref = Ref(module, name, symbol, f"{SSOT}.{symbol.name}" if moves else f"{module}.{name}")
        self.add(ref)
        self.reasons[ref.path] = why

    def add(self, ref: Ref) -> None:
        self.refs[ref.module].append(ref)
        self.targets[ref.path] = ref.target

    def moving(self) -> List[Symbol]:
        return [symbol for symbol in self.symbols if symbol.fate == "moves"]


# Writing a module. In its text, «…» encloses what the answers tell of:
#   «import m», «from m import x»   an import statement;
#   «x→y», «x→»                     a use that becomes `y`, or something else;
#   «x»                             a use that stays;
#   «!text»                         text that stays, and is no use: a comment, a parameter, …

QUOTED = re.compile("«([^»]*)»")
MARKED = re.compile("\x01([0-9]+)\x02([^\x03]*)\x03")
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Shape:
    """What a file looks like apart from its code."""

    line_end: str = "\n"
    has_last_line_end: bool = False
    has_bom: bool = False
    has_tabs: bool = False
    has_cookie: bool = False
    has_shebang: bool = False
    has_future: bool = False

    @staticmethod
    def draw(rng: random.Random) -> "Shape":
        line_end = "\r\n" if rng.random() < 0.12 else "\n"
        shares = (0.3, 0.08, 0.12, 0.12, 0.1, 0.1)
        return Shape(line_end, *(rng.random() < share for share in shares))


class Module:
    """A file under construction."""

    def __init__(self, path: str, world: World, shape: Shape = Shape(has_last_line_end=True)) -> None:
        self.path = path
        self.world = world
        self.shape = shape
        self.text = ""
        self.records: List[dict] = []

    @property
    def package(self) -> List[str]:
        return self.path.split("/")[:-1]

    def mark(self, text: str, spelling: str = "bystander", is_mixed: bool = False, adds: Sequence[str] = ()) -> str:
        """Replaces the quotes in a text by marks that carry the answers.

        `is_mixed` says that an import of a door itself stays, as something that does not move is read through it;
        `adds` are the dotted paths that are imported behind a star.
        """

        def replace(found: "re.Match[str]") -> str:
            text = found[1]
            if text.startswith(("import ", "from ")):
                record = {"spelling": spelling, **self._statement(text, is_mixed, adds)}
            elif text.startswith("!"):
                text, record = text[1:], {"in": "text", "must_change": False, "why": "no reference"}
            else:
                text, arrow, after = text.partition("→")
                why = "it follows the moved name" if arrow else "what it means stays"
                record = {"in": "code", "must_change": bool(arrow), "why": why, "after": after or None}
            self.records.append(record)
            return f"\x01{len(self.records) - 1}\x02{text}\x03"

        return QUOTED.sub(replace, text)

    def _statement(self, text: str, is_mixed: bool, adds: Sequence[str]) -> dict:
        names, added, reasons = [], set(), []
        for path in brought(ast.parse(text).body[0], self.package):
            target = self.world.targets.get(path, path)
            if path in (DOOR, RELAY, WHOLE, OLD_NAMES):
                target = path if is_mixed else SSOT
                added.update([SSOT] if is_mixed else [])
                reasons.append("something else is read through it" if is_mixed else "all that is read of it moves")
            elif path.endswith(".*"):
                added.update(adds)
                reasons.append("a star stays; what is used of it is imported behind it")
            elif target != path:
                reasons.append(f"{path} is now {target}")
            else:
                reasons.append(self.world.reasons.get(path, "it has nothing to do with the moves"))
            names.append([path, target])
        must_change = any(before != after for before, after in names)
        why = "; ".join(dict.fromkeys(reasons))
        return {"must_change": must_change, "why": why, "names": names, "adds": sorted(added)}

    def finish(self) -> Tuple[bytes, dict]:
        """The bytes of the file, and the answers about it."""
        text = self.text + ("\n" if self.shape.has_last_line_end and self.text else "")
        if self.shape.has_tabs:
            indent = re.compile("^(?:    )+", re.MULTILINE)
            text = indent.sub(lambda found: "\t" * (len(found[0]) // 4), text)
        text = text.replace("\n", self.shape.line_end)
        plain = MARKED.sub(r"\2", text)
        scopes = scopes_by_line(plain)
        answers: dict = {"statements": [], "uses": []}
        removed = 0
        for found in MARKED.finditer(text):
            before = plain[: found.start() - removed]
            removed += len(found[0]) - len(found[2])
            line = before.count("\n") + 1
            record = {"line": line, "text": found[2], "scope": scopes.get(line, ""), **self.records[int(found[1])]}
            if "spelling" not in record:
                record["column"] = len(before[before.rfind("\n") + 1 :].encode())
            answers["statements" if "spelling" in record else "uses"].append(record)
        bom = b"\xef\xbb\xbf" if self.shape.has_bom else b""
        return bom + plain.encode(), answers


def scopes_by_line(text: str) -> Dict[int, str]:
    """The dotted names of the functions and classes that the lines of a module stand in."""
    scopes: Dict[int, str] = {}

    def enter(node: ast.AST, outer: str) -> None:
        for child in ast.iter_child_nodes(node):
            scope = outer
            if isinstance(child, SCOPES):
                scope = f"{outer}.{child.name}".lstrip(".")
                scopes.update((line, scope) for line in range(child.lineno, (child.end_lineno or 0) + 1))
            enter(child, scope)

    enter(ast.parse(text), "")
    return scopes


def brought(statement: ast.AST, package: Sequence[str]) -> List[str]:
    """The dotted paths that an import statement brings into a module of a package."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    if not isinstance(statement, ast.ImportFrom):
        return []
    base = list(package[: len(package) - statement.level + 1]) if statement.level else []
    base += [statement.module] if statement.module else []
    return [".".join([*base, alias.name]) for alias in statement.names]


# Ways to use an expression `{e}` that stands for a symbol; `{k}` is its last name, `{n}` a number.


@dataclass(frozen=True)
class Usage:
    label: str
    kinds: str
    block: str
    result: str
    is_picky: bool = False  # Only for a name that the module itself has and that is not renamed.


ALL = " ".join(KINDS)
USAGES = (
    Usage("plain", ALL, "", "{e}"),
    Usage("decorator", "class", "@{e}\ndef marked{n}():\n    pass", "type(marked{n})"),
    Usage("decorator", "function async constant", "@tag({e})\ndef marked{n}():\n    pass", "marked{n}.tag"),
    Usage("default-argument", ALL, "def chosen{n}(value={e}):\n    return value", "chosen{n}()"),
    Usage("base-class", "class", "class Child{n}({e}):\n    pass", "Child{n}.__bases__[0]"),
    Usage("annotation", "class", "def typed{n}(value: {e}) -> {e}:\n    it: {e} = value\n    return it", "typed{n}({e})"),
    Usage("string-annotation", "class", 'def hinted{n}(it: "{e}") -> "List[{e}]":\n    return it', "hinted{n}({e})"),
    Usage("f-string", "class function async", "", 'f"{{{e}.__name__!r:>{{len({e}.__name__)}}}}"'),
    Usage("f-string", "constant", "", 'f"<{{{e}[0]}}>"'),
    Usage("comprehension", ALL, "", "[item for item in [{e}, None] if item is {e}][0]"),
    Usage("lambda", ALL, "", "(lambda: {e})()"),
    Usage("nested-function", ALL, "def f{n}():\n    def inner():\n        return {e}\n    return inner()", "f{n}()"),
    Usage("keyword-argument", ALL, "kept{n} = dict({k}={e})", "kept{n}.popitem()[1]"),
    Usage("global", ALL, "def read{n}():\n    global {e}\n    return {e}", "read{n}()", is_picky=True),
    Usage("del", ALL, "kept{n} = {e}\ndel {e}", "kept{n}", is_picky=True),
)


class UsageDeck:
    """Deals the usages in turn, so that all of them occur."""

    def __init__(self) -> None:
        self.dealt: Counter = Counter()

    def deal(self, ref: Ref, is_picky: bool) -> Usage:
        kind = ref.symbol.kind
        usages = [usage for usage in USAGES if kind in usage.kinds.split() and (is_picky or not usage.is_picky)]
        turn = (kind, is_picky, ref.new != ref.name)
        self.dealt[turn] += 1
        return usages[self.dealt[turn] % len(usages)]


# The spellings. A case starts with `== label: picks`, perhaps followed by `(flags)`.
#
# Picks are the names to refer to: `a=door` is one of that door that moves, `s=door!` one that does not, `a=any/class` a
# class of `door` or `whole`, `t=ssot@a` the name that the new home has for the symbol of `a`. The lines that follow are
# for the import block; behind `--` for the module below it, behind `-- lazy` for a function; quoted as for `Module.mark`.
# `{n}` is a number that is used once. `> a; b as expression` uses picks, `>> expression` observes as it is.
#
# Flags: `file` needs a file for itself, `app`, `ssot`, … the only use of that name in the file; `mixed` is explained at
# `Module.mark`; other consumers may import `a` from one that `provides` it; `level1` … are the folders for relative
# imports; over an `unruly` case the tool refuses the whole plan.

CASES = """
== from-import: a=any (provides)
«from {a.module} import {a}»
> a
== from-import-as: a=any
«from {a.module} import {a} as Local{n}»
> a as Local{n}
== from-import-as-itself: a=any (provides)
«from {a.module} import {a} as {a}»
> a
== same-name-twice: a=door
«from app.legacy.door import {a} as One{n}, {a} as Two{n}»
> a as One{n}; a as Two{n}
== several-names: a=door b=door s=door!
«from app.legacy.door import {a}, {s}, {b}»
> a; b; s
== parenthesised: a=door b=door s=door!
«from app.legacy.door import (  # an old door
    {a},  # the first
    # a comment of its own
    {s},
    {b} as Local{n},
)»
> a; b as Local{n}; s
== parenthesised-all-move: a=whole b=whole
«from app.legacy.whole import (
    {a},
    {b}
)»
> a; b
== backslash: a=door s=door! t=door!
«from app.legacy.door \\
    import {s}, \\
    {a}, {t}»
> a; s; t
== semicolon: a=any b=any s=door!
«from {a.module} import {a}»; «from {s.module} import {s}»
--
ready{n} = True; «from {b.module} import {b}»;
> a; b; s
== one-line-if: a=any
--
if True: «from {a.module} import {a}»
> a
== lazy-function: a=any
-- lazy
«from {a.module} import {a}»
> a
== lazy-async-function: a=door s=door!
-- lazy async
«from app.legacy.door import {s}, {a}»
> a; s
== class-body: a=any
--
class Holder{n}:
    «from {a.module} import {a}»
    kept = {a}
>> seen(Holder{n}.{a}); seen(Holder{n}.kept)
== type-checking: a=any/class (TYPE_CHECKING)
«from typing import TYPE_CHECKING»
--
if TYPE_CHECKING:
    «from {a.module} import {a}»
def hinted{n}(it: "{a}" = None) -> "List[{a}]":
    return it
>> hinted{n}()
== try-except-both: a=relay d=door@a
--
try:
    «from {d.module} import {d}»
except ImportError:
    «from {a.module} import {a}»
> a as {a}
== try-except-missing: a=any
--
try:
    «from app.core.gone import {a}»
except ImportError:
    «from {a.module} import {a}»
> a as {a}
== try-except-none: a=any
--
try:
    «from {a.module} import {a}»
except (ImportError, AttributeError):
    {a} = None
> a as {a}
== global: a=any (file)
--
def load{n}():
    global {a}
    «from {a.module} import {a}»
load{n}()
> a as {a}
== name-in-all: a=any (file provides)
«from {a.module} import {a}»
--
«!__all__ = ["{a}", "observe"]»
> a as {a}
== import-dotted: a=door b=door (app)
«import app.legacy.door»
> a as «{a.path}→{a.target}»; b as «{b.path}→{b.target}»
== import-dotted-lazy: a=door (app)
-- lazy
«import app.legacy.door»
> a as «{a.path}→{a.target}»
== import-dotted-mixed: a=door s=door! (app mixed)
«import app.legacy.door»
> a as «{a.path}→{a.target}»; s as «{s.path}»
== import-dotted-several: a=door b=whole (app json)
«import json, app.legacy.door, app.legacy.whole»
> a as «{a.path}→{a.target}»; b as «{b.path}→{b.target}»
>> json.dumps(1)
== import-as: a=door b=door (ssot)
«import app.legacy.door as gate{n}»
> a as gate{n}.{a}; b as gate{n}.{b}
== import-as-mixed: a=whole s=whole! (ssot mixed)
«import app.legacy.whole as gate{n}»
> a as «gate{n}.{a}→»; s as «gate{n}.{s}»
== from-package-import-module: a=door b=door (door ssot)
«from app.legacy import door»
> a as door.{a}; b as door.{b}
== from-package-import-module-mixed: a=door b=door s=door! (door ssot mixed)
«from app.legacy import door»
> a as «door.{a}→»; b as «door.{b}→»; s as «door.{s}»
== from-package-import-modules: a=door b=whole (door ssot)
«from app.legacy import door, whole as gate{n}»
> a as door.{a}; b as gate{n}.{b}
== relative-1: a=door (level1 provides)
«from .legacy.door import {a}»
> a
== relative-2: a=whole (level2)
«from ..legacy.whole import {a}»
> a
== relative-3: a=door (level3)
«from ...legacy.door import {a}»
> a
== relative-lazy-mixed: a=door s=door! (level3)
-- lazy
«from ...legacy.door import {a}, {s}»
> a; s
== relative-module: a=door (level2 door ssot)
«from ..legacy import door»
> a as door.{a}
== star: a=door b=door s=door! (file)
«from app.legacy.door import *»
> a as {a}; b as {b}; s as {s}
== star-of-star: a=stars b=stars s=stars! (file)
«from app.legacy.stars import *»
> a as {a}; b as {b}; s as {s}
== star-of-moved-module: a=whole b=whole s=whole! (file)
«from app.legacy.whole import *»
> a as {a}; b as {b}; s as {s}
== re-export: a=relay (provides)
«from {a.module} import {a}»
> a
== re-export-in-package: a=package
«from {a.module} import {a}»
> a
== re-export-under-another-name: a=public
«from {a.module} import {a}»
> a as {a}
== re-export-by-star: a=stars
«from {a.module} import {a}»
> a
== re-export-as-member: a=relay
«import app.legacy.relay as gate{n}»
> a as gate{n}.{a}
== re-export-by-consumer: a=provided
«from {a.module} import {a}»
> a
== re-export-by-consumer-as: a=provided
«from {a.module} import {a} as Local{n}, observe as observe{n}»
> a as Local{n}
== moved-module-mixed: a=whole b=whole s=whole!
«from app.legacy.whole import {s}, {b}, {a}»
> a; b; s
== old-name: a=old
«from {a.module} import {a}»
> a as «{a}→{a.new}»; a as «{a}→{a.new}»; a as «{a}→{a.new}»
== old-name-lazy: a=old
-- lazy
«from {a.module} import {a}»
> a as «{a}→{a.new}»; a as «{a}→{a.new}»
== old-name-re-exported: a=package-old
«from {a.module} import {a}»
> a as «{a}→{a.new}»
== old-name-as: a=old
«from {a.module} import {a} as Local{n}»
> a as «Local{n}»
== old-name-as-member: a=old
«import {a.module} as gate{n}»
> a as «gate{n}.{a}→»
== old-name-in-all: a=old (file)
«from {a.module} import {a}»
--
«!__all__ = ["{a}", "observe"]»
> a as «{a}»
== old-name-in-class: a=old (file)
--
class Holder{n}:
    «from {a.module} import {a}»
>> seen(«Holder{n}.{a}»)
== old-name-global: a=old (file)
--
def load{n}():
    global {a}
    «from {a.module} import {a}»
load{n}()
>> seen({a})
== old-name-deleted: a=old (file)
«from {a.module} import {a}»
--
kept{n} = {a}  # type: {a}
del {a}
>> seen(kept{n})
== old-name-new-name-taken: a=old (file)
«from {a.module} import {a}»
--
«!{a.new} = 'mine'»
> a as «{a}»
>> «{a.new}»
== old-name-shadowed: a=old (file shadows)
«from {a.module} import {a}»
> a as {a}
== old-name-beside-new-name: a=old t=ssot@a (file)
«from {t.module} import {t}»
«from {a.module} import {a}»
> a as {a}; t as {t}
== joined: a=any t=ssot
«from app.core.ssot import {t}»
«from {a.module} import {a}»
> a; t
== joined-parenthesised: a=any t=ssot
«from {a.module} import {a}»
«from app.core.ssot import (
    {t},  # at home
)»
> a; t
== imported-from-target-too: a=any t=ssot@a
«from {t.module} import {t}»
«from {a.module} import {a}»
--
def again{n}():
    «from {a.module} import {a}»
    return seen({a})
> a as {a}
>> again{n}()
== imported-from-target: t=ssot
«from app.core.ssot import {t}»
> t
== assigned-name: a=handlers!
«from {a.module} import {a}»
> a as «{a}»
== impostor: a=impostor!
«from {a.module} import {a}»
> a
== module-of-same-name: a=other! b=other!
«import other.legacy.door»
«from {a.module} import {a}»
> a; b as «{b.path}»
== nothing-moves: s=door!
«from app.legacy.door import {s}»
> s
== prose: a=door
--
«!# from app.legacy.door import {a}: see {a}»
«!TEXT{n} = 'the {a} of {a.path}'»
«!PATH{n} = '{a.path}'»
def told{n}():
    «!"See `from app.legacy.door import {a}`."»
>> TEXT{n}; PATH{n}
== shadows: a=door (shadows)
== shadowed: a=any (file shadows)
«from {a.module} import {a}»
> a as {a}
== defined-here: a=door/function
--
«!def {a}(value):»
    return ["mine", value]
>> seen({a})
"""
SHADOWS = """--
def echo{n}(«!{a}=1»):
    «!return {a}  # the parameter»
def local{n}():
    «!{a} = 2»
    «!return {a}  # the local value»
«!listed{n} = [{a} for {a} in (1, 2)]»
class Box{n}:
    «!{a} = 3»
«!named{n} = dict({a}=4)»
>> echo{n}({a}=5); local{n}(); listed{n}; Box{n}.{a}; named{n}"""


class NothingLeft(Exception):
    """The file uses all names of the wanted sort already."""


class Consumer(Module):
    """A module that imports symbols and uses them."""

    def __init__(self, path: str, world: World, deck: UsageDeck, rng: random.Random) -> None:
        super().__init__(path, world, Shape.draw(rng))
        self.deck = deck
        self.rng = rng
        self.imports: List[str] = []
        self.body: List[str] = []
        self.results: List[str] = []
        self.taken: Set[int] = set()
        self.provided: List[Ref] = []
        self.usages: Set[str] = set()
        self.number = 0

    @property
    def name(self) -> str:
        return self.path[: -len(".py")].replace("/", ".")

    def write(self, case: Case) -> None:
        """Adds a case; raises `NothingLeft`, with nothing added, if the file has no use for it."""
        refs = self._pick_all(case.picks)
        self.taken.update(ref.symbol.index for ref in refs.values())
        self.number += 1
        words = {"n": self.number, **refs}
        adds = [ref.target for ref in refs.values() if ref.moves]

        def fill(template: str) -> str:
            return self.mark(template.format(**words), case.label, case.is_mixed, adds)

        self.imports += fill(case.imports).split("\n") if case.imports else []
        self.body += ["", *fill(case.body).strip().split("\n")] if case.body else []
        shown: List[str] = []
        blocks: List[str] = []
        for show in case.shows:
            key, _, text = show.partition(": ")
            is_picky = not text and not case.lazy
            block, result = self._use(refs[key], fill(text) if text else refs[key].name, is_picky)
            blocks += block
            shown.append(f"seen({result})")
        if case.lazy:
            lines = [*fill(case.lazy).split("\n"), *blocks, f"return [{', '.join(shown)}]"]
            self.body += ["", f"{'async ' * case.is_async}def lazily{self.number}():", *indented(lines)]
            self.results.append(f"run(lazily{self.number}())" if case.is_async else f"lazily{self.number}()")
        else:
            self.body += blocks
            self.results += shown
        self.results += [fill(result) for result in case.results]
        self.provided += [refs["a"]] if case.provides else []

    def _pick_all(self, picks: str) -> Dict[str, Ref]:
        refs: Dict[str, Ref] = {}
        for pick in picks.split():
            key, _, want = pick.partition("=")
            want, _, same = want.partition("@")
            refs[key] = self._pick(want, refs[same].symbol if same else None, list(refs.values()))
        return refs

    def _pick(self, want: str, same: Optional[Symbol], picked: Sequence[Ref]) -> Ref:
        want, _, kind = want.partition("/")
        moves = not want.endswith("!") and want != "ssot"
        module, prefix = DOORS[want.rstrip("!")]
        if want == "any":
            module = self.rng.choice([DOOR, DOOR, WHOLE])
        taken = self.taken.union(ref.symbol.index for ref in picked)

        def fits(ref: Ref) -> bool:
            index = ref.symbol.index
            is_named = ref.name == (ref.symbol.with_prefix(prefix) if prefix else ref.symbol.name)
            is_free = ref.symbol == same if same else index not in taken
            return is_free and ref.moves == moves and kind in ("", ref.symbol.kind) and (is_named or prefix is None)

        refs = [ref for ref in self.world.refs[module] if fits(ref)]
        if not refs:
            raise NothingLeft
        return self.rng.choice(refs)

    def _use(self, ref: Ref, text: str, is_picky: bool) -> Tuple[List[str], str]:
        """The lines that a usage needs, and the expression to observe."""
        usage = self.deck.deal(ref, is_picky)
        self.usages.add(usage.label)
        self.number += 1
        words = {"e": text, "k": ref.name, "n": self.number}
        block = usage.block.format(**words)
        return (["", *block.split("\n")] if block else []), usage.result.format(**words)

    def finish(self) -> Tuple[bytes, dict]:
        shape = self.shape
        note = " Größe, naïveté, 日本語 ☃." if shape.has_cookie else ""
        lines = ["#!/usr/bin/env python3"] if shape.has_shebang else []
        lines += ["# -*- coding: utf-8 -*-"] if shape.has_cookie else []
        lines += [f'"""A consumer.{note}"""']
        lines += [self.mark("«from __future__ import annotations»")] if shape.has_future else []
        probe = [self.mark("«from app.core.probe import run, seen, tag»")]
        lines += probe + self.imports if self.rng.random() < 0.5 else self.imports + probe
        lines += [*self.body, "", "", "def observe():"]
        results = ["'☃ é'"] * shape.has_cookie + self.results
        if self.rng.random() < 0.5:
            lines += [f"    return [{', '.join(results)}]"]
        else:
            lines += ["    return [", *(f"        {result}," for result in results), "    ]"]
        self.text = "\n".join(lines)
        content, answers = super().finish()
        return content, {**answers, "usages": sorted(self.usages)}
