"""Generates a Python repository whose migration has known answers.

    python3 generate_repo.py OUT_DIR [--seed N] [--files K] [--symbols S] [--unruly]
    python3 generate_repo.py --check OUT_DIR

The first form writes a repository of K consumer modules around S symbols, the same bytes for the same arguments:

* `app/core/impl.py` defines the symbols, `app/core/ssot.py` is their new home;
* `app/legacy/` has doors to them: modules that re-export them under the same or another name, and an impostor that
  defines something else under the name of one of them;
* the consumers import a few symbols in every spelling there is (see `CASES`) and use them (see `USAGES`);
* `run_all.py` prints what the consumers observe: the same before and after a correct migration.

`.oracle/plan.toml` is the plan of the migration, `.oracle/answers.json` what it comes to:

    {"seed", "moves": [{"from", "to"}], "review": [{"from", "to"}],
     "files": {path: {"statements": [...], "uses": [...], "cases": [...], "usages": [...]}}}

* a statement is an import: `line` (from 1), `text`, `scope` (the functions and classes around it), `spelling`,
  `must_change` (afterwards it no longer brings the moved name from the old door), `why`; `names` are the local names,
  with the dotted path `before` and `after`; `adds` are the dotted paths that are imported in addition;
* a use has `line`, `column` (bytes, from 0), `text`, `scope`, `must_change`, `why`; `after` is its new text, if only one
  is right; with `"in": "text"` it is no use at all (a comment, a parameter, …) and its text stays as it is. Uses that
  may be renamed as well as be kept are left out;
* `cases` and `usages` are the spellings in the file, also of what is no reference.

With `--unruly` come the cases in which the tool breaks more than the one place: a module that the new home imports, and
that may not import the new home; doctests that use a name.

The second form compares the files as they are now with the answers, as CPython's own parser reads them. It prints one
line for each disagreement and exits with 1 if there is one: before the migration there is one for everything that has
to change, afterwards there is none.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
import sys
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

IMPL, SSOT = "app.core.impl", "app.core.ssot"
DOOR, RELAY, WHOLE, STARS = "app.legacy.door", "app.legacy.relay", "app.legacy.whole", "app.legacy.stars"
PACKAGE, OLD_NAMES, HANDLERS = "app.legacy", "app.legacy.old_names", "app.legacy.handlers"
IMPOSTOR, OTHER = "app.legacy.impostor", "other.legacy.door"
# The doors as cases call them: the module, and what the names that are meant have in front of the symbols' names.
DOORS = {
    "door": (DOOR, ""),
    "whole": (WHOLE, ""),
    "relay": (RELAY, ""),
    "stars": (STARS, ""),
    "package": (PACKAGE, ""),
    "public": (PACKAGE, "public"),
    "package-old": (PACKAGE, "old"),
    "old": (OLD_NAMES, "old"),
    "handlers": (HANDLERS, None),
    "impostor": (IMPOSTOR, ""),
    "other": (OTHER, ""),
    "ssot": (SSOT, ""),
    "provided": ("provided", ""),
}

# The folders of the consumers; those that are regular packages and not namespace packages; those for relative imports.
FOLDERS = (
    *("app", "app/jobs", "app/services", "app/services/billing", "app/services/plugins"),
    *("tests_gen", "tests_gen/flow", "tests_gen/flow/steps", "tests_gen/unit", "tests_gen/unit/deep"),
)
REGULAR = ("app", "app/core", "app/services", "app/services/billing", "tests_gen/flow/steps", "tests_gen/unit")
LEVELS = {"level1": FOLDERS[:1], "level2": FOLDERS[1:3], "level3": FOLDERS[3:5]}
STEMS = ("report", "session", "queue", "routes", "worker", "metrics")

LETTERS = "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi omicron pi rho sigma tau upsilon"
WORDS = LETTERS.split()
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


def make_symbols(count: int) -> list[Symbol]:
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
        self.refs: dict[str, list[Ref]] = defaultdict(list)
        self.targets: dict[str, str] = {}
        self.reasons: dict[str, str] = {}
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
        self.add(ref, module)
        self.reasons[ref.path] = why

    def add(self, ref: Ref, door: str) -> None:
        self.refs[door].append(ref)
        self.targets[ref.path] = ref.target

    def moving(self) -> list[Symbol]:
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
    has_docstring: bool = False

    @staticmethod
    def draw(rng: random.Random) -> Shape:
        line_end = "\r\n" if rng.random() < 0.12 else "\n"
        shares = (0.3, 0.08, 0.12, 0.12, 0.1, 0.1, 0.8)
        return Shape(line_end, *(rng.random() < share for share in shares))


class Module:
    """A file under construction."""

    def __init__(self, path: str, world: World, shape: Shape = Shape(has_last_line_end=True)) -> None:
        self.path = path
        self.world = world
        self.shape = shape
        self.text = ""
        self.records: list[dict] = []

    @property
    def package(self) -> list[str]:
        return self.path.split("/")[:-1]

    def mark(self, text: str, spelling: str = "bystander", refs: Sequence[Ref] = (), fate: str = "moves") -> str:
        """Replaces the quotes in a text by marks that carry the answers.

        The names that the text is about, and what becomes of an import of their module: it "moves"; it stays, and the
        new home is imported as well ("mixed"); it stays as it is ("left").
        """

        def replace(found: re.Match[str]) -> str:
            text = found[1]
            if text.startswith(("import ", "from ")):
                record = {"spelling": spelling, **self._statement(text, refs, fate)}
            elif text.startswith("!"):
                text, record = text[1:], {"in": "text", "must_change": False, "why": "no reference"}
            else:
                text, arrow, after = text.partition("→")
                why = "it follows the moved name" if arrow else "what it means stays"
                record = {"in": "code", "must_change": bool(arrow), "why": why, "after": after or None}
            self.records.append(record)
            return f"\x01{len(self.records) - 1}\x02{text}\x03"

        return QUOTED.sub(replace, text)

    def _statement(self, text: str, refs: Sequence[Ref], fate: str) -> dict:
        names, adds, reasons = [], set(), []
        modules = {ref.module for ref in refs if ref.moves}
        targets = {} if fate == "left" else self.world.targets
        for path, local in brought(ast.parse(text).body[0], self.package):
            target = targets.get(path, path)
            if target != path:
                reasons.append(f"{path} is now {target}")
            elif target != self.world.targets.get(path, path):
                reasons.append("imported from the new home, it would close an import cycle")
            elif path.endswith(".*"):
                adds.update(ref.target for ref in refs if ref.moves)
                reasons.append("a star stays; what is used of it is imported behind it")
            elif path in modules:
                target = SSOT if fate == "moves" else path
                adds.update([SSOT] if fate == "mixed" else [])
                reasons.append("all that is read of it moves" if fate == "moves" else "it is needed for something else")
            else:
                reasons.append(self.world.reasons.get(path, "it has nothing to do with the moves"))
            names.append({"local": local, "before": path, "after": target})
        must_change = any(name["before"] != name["after"] for name in names)
        why = "; ".join(dict.fromkeys(reasons))
        return {"must_change": must_change, "why": why, "names": names, "adds": sorted(adds)}

    def finish(self) -> tuple[bytes, dict]:
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


def scopes_by_line(text: str) -> dict[int, str]:
    """The dotted names of the functions and classes that the lines of a module stand in."""
    scopes: dict[int, str] = {}

    def enter(node: ast.AST, outer: str) -> None:
        for child in ast.iter_child_nodes(node):
            scope = outer
            if isinstance(child, SCOPES):
                scope = f"{outer}.{child.name}".lstrip(".")
                scopes.update((line, scope) for line in range(child.lineno, (child.end_lineno or 0) + 1))
            enter(child, scope)

    enter(ast.parse(text), "")
    return scopes


def brought(statement: ast.AST, package: Sequence[str]) -> list[tuple[str, str]]:
    """The dotted paths that an import statement brings into a module of a package, and the local names."""
    if isinstance(statement, ast.Import):
        return [(alias.name, alias.asname or alias.name) for alias in statement.names]
    if not isinstance(statement, ast.ImportFrom):
        return []
    base = list(package[: len(package) - statement.level + 1]) if statement.level else []
    base += [statement.module] if statement.module else []
    return [(".".join([*base, alias.name]), alias.asname or alias.name) for alias in statement.names]


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
    Usage(
        "annotation", "class", "def typed{n}(value: {e}) -> {e}:\n    it: {e} = value\n    return it", "typed{n}({e})"
    ),
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
# Flags: `file` needs a file for itself, `app`, `ssot`, … the only use of that name in the file; `mixed` and `left` are
# explained at `Module.mark`; other consumers may import `a` from one that `provides` it; `level1` … are the folders for
# relative imports, `init` is for the `__init__.py` of a package; `shadows` adds `SHADOWS`; `unruly` comes on demand only.

CASES = """
== from-import: a=any
«from {a.module} import {a}»
== from-import-as: a=any
«from {a.module} import {a} as Local{n}»
> a as Local{n}
== from-import-as-itself: a=any (provides)
«from {a.module} import {a} as {a}»
> a as {a}
== same-name-twice: a=door
«from app.legacy.door import {a} as One{n}, {a} as Two{n}»
> a as One{n}; a as Two{n}
== imported-twice: a=any
«from {a.module} import {a}»
«from {a.module} import {a}»
> a as {a}
== several-names: a=door b=door s=door!
«from app.legacy.door import {a}, {s}, {b}»
== several-aliases: a=door b=door s=door!
«from app.legacy.door import {a} as One{n}, {s} as Two{n}, {b}»
> a as One{n}; b; s as Two{n}
== odd-spaces: a=door s=door!
«from  app.legacy.door  import({a},{s},)»
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
== parenthesised-crowded: a=door b=door s=door!
«from app.legacy.door import ({a}, {s},  # one, two
    {b})»
== backslash: a=door s=door! t=door!
«from app.legacy.door \\
    import {s}, \\
    {a}, {t}»
== semicolon: a=any b=any s=door!
«from {a.module} import {a}»; «from {s.module} import {s}»
--
ready{n} = True; «from {b.module} import {b}»;
== trailing-comment: a=any t=ssot
«from {a.module} import {a}»  «!# noqa: F401, for a reason»
«from app.core.ssot import {t}»
== trailing-comment-mixed: a=door s=door!
«from app.legacy.door import {a}, {s}»  «!# noqa: F401»
== last-line: a=door s=door! (end)
-- end
«from app.legacy.door import {a}, {s}»
>> seen({a}); seen({s})
== one-line-if: a=any
--
if True: «from {a.module} import {a}»
== one-line-if-mixed: a=door s=door!
--
if True: «from app.legacy.door import {a}, {s}»
else: pass
== one-line-def: a=door s=door!
--
def short{n}(): «from app.legacy.door import {s}, {a}»; return [seen({a}), seen({s})]
>> short{n}()
== one-line-class: a=any
--
class Short{n}: «from {a.module} import {a}»
>> seen(Short{n}.{a})
== one-line-try: a=any
--
try: «from {a.module} import {a}»
except ImportError: {a} = None
> a as {a}
== lazy-function: a=any
-- lazy
«from {a.module} import {a}»
== lazy-async-function: a=door s=door!
-- lazy async
«from app.legacy.door import {s}, {a}»
== lazy-method: a=any
--
class Lazy{n}:
    def method(self):
        «from {a.module} import {a}»
        return {a}
>> seen(Lazy{n}().method())
== nonlocal: a=any
--
def outer{n}():
    «from {a.module} import {a}»
    def inner():
        nonlocal {a}
        return {a}
    return inner()
>> seen(outer{n}())
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
== try-except-own: a=any/class
--
try:
    «from {a.module} import {a}»
except ImportError:
    class {a}:
        pass
> a as {a}
== if-else-impostor: a=impostor! d=door@a
--
if run is None:
    «from {a.module} import {a}»
else:
    «from {d.module} import {d}»
> d as {d}
== global: a=any
--
def load{n}():
    global {a}
    «from {a.module} import {a}»
load{n}()
> a as {a}
== name-in-all: a=any (__all__ provides)
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
== import-dotted-in-two-scopes: a=door b=whole (app)
«import app.legacy.door»
--
def again{n}():
    «import app.legacy.whole»
    return seen(«{b.path}→{b.target}»)
> a as «{a.path}→{a.target}»
>> again{n}()
== import-dotted-shadowed: a=door (app)
«import app.legacy.door»
--
def served{n}(app):
    return app
> a as «{a.path}→{a.target}»
>> served{n}(1)
== import-dotted-over-lines: a=door (app left)
«import app.legacy.door»
--
split{n} = (app
    .legacy.door
    .{a})
>> seen(split{n})
== import-as: a=door b=door (ssot)
«import app.legacy.door as gate{n}»
> a as gate{n}.{a}; b as gate{n}.{b}
== import-as-mixed: a=whole s=whole! (ssot mixed)
«import app.legacy.whole as gate{n}»
> a as «gate{n}.{a}→»; s as «gate{n}.{s}»
== import-as-twice: a=door b=door (ssot)
«import app.legacy.door as one{n}, app.legacy.door as two{n}»
> a as one{n}.{a}; b as two{n}.{b}
== import-as-shadowed: a=door
«import app.legacy.door as gate{n}»
--
def served{n}(gate{n}):
    return gate{n}
> a as gate{n}.{a}
>> served{n}(1)
== import-as-value: a=door (left)
«import app.legacy.door as gate{n}»
--
held{n} = gate{n}
> a as held{n}.{a}
== import-as-value-mixed: a=door b=door (ssot mixed)
«import app.legacy.door as gate{n}»
--
held{n} = gate{n}
> a as «gate{n}.{a}→»; b as held{n}.{b}
== import-as-in-class: a=door (left)
--
class Holder{n}:
    «import app.legacy.door as gate{n}»
    kept = gate{n}.{a}
>> seen(Holder{n}.kept)
== import-package-as: a=package b=door (ssot)
«import app.legacy as gate{n}»
> a as gate{n}.{a}; b as «gate{n}.door.{b}→»
== import-package-from: a=package b=door (ssot legacy)
«from app import legacy»
> a as legacy.{a}; b as «legacy.door.{b}→»
== from-package-import-module: a=door b=door (door ssot)
«from app.legacy import door»
> a as door.{a}; b as door.{b}
== from-package-import-module-mixed: a=door b=door s=door! (door ssot mixed)
«from app.legacy import door»
> a as «door.{a}→»; b as «door.{b}→»; s as «door.{s}»
== from-package-import-modules: a=door b=whole (door ssot)
«from app.legacy import door, whole as gate{n}»
> a as door.{a}; b as gate{n}.{b}
== from-package-import-module-and-name: a=package b=door (door ssot)
«from app.legacy import door, {a}»
> a; b as door.{b}
== from-package-import-module-new-name-taken: a=door (door ssot)
«from app.legacy import door»
--
«!ssot = 'mine'»
> a as door.{a}
>> ssot
== from-package-import-module-by-string: a=door (door left)
«from app.legacy import door»
>> seen(getattr(door, '{a}'))
== relative-1: a=door (level1 provides)
«from .legacy.door import {a}»
> a as {a}
== relative-2: a=whole (level2)
«from ..legacy.whole import {a}»
== relative-3: a=door (level3)
«from ...legacy.door import {a}»
== relative-lazy-mixed: a=door s=door! (level3)
-- lazy
«from ...legacy.door import {a}, {s}»
== relative-module: a=door (level2 door ssot)
«from ..legacy import door»
> a as door.{a}
== relative-in-package-init: a=door s=door! (level2 init)
«from ...legacy.door import {a}, {s}»
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
> a as {a}
== re-export-in-package: a=package
«from {a.module} import {a}»
== re-export-under-another-name: a=public
«from {a.module} import {a}»
> a as {a}
== re-export-by-star: a=stars
«from {a.module} import {a}»
== re-export-as-member: a=relay
«import app.legacy.relay as gate{n}»
> a as gate{n}.{a}
== re-export-by-consumer: a=provided
«from {a.module} import {a}»
== re-export-by-consumer-as: a=provided
«from {a.module} import {a} as Local{n}, observe as observe{n}»
> a as Local{n}
== re-export-by-consumer-as-member: a=provided (ssot mixed)
«import {a.module} as gate{n}»
> a as «gate{n}.{a}→»
>> gate{n}.observe.__name__
== moved-module-mixed: a=whole b=whole s=whole!
«from app.legacy.whole import {s}, {b}, {a}»
== old-name: a=old
«from {a.module} import {a}»
> a as «{a}→{a.new}»; a as «{a}→{a.new}»; a as «{a}→{a.new}»
== old-name-lazy: a=old
-- lazy
«from {a.module} import {a}»
> a as «{a}→{a.new}»; a as «{a}→{a.new}»
== old-name-in-two-scopes: a=old
«from {a.module} import {a}»
--
def again{n}():
    «from {a.module} import {a}»
    return seen(«{a}→{a.new}»)
> a as «{a}→{a.new}»
>> again{n}()
== old-name-by-star: a=old (file)
«from {a.module} import *»
> a as {a}
== old-name-or-own: a=old
--
try:
    «from {a.module} import {a}»
except ImportError:
    class {a}:
        pass
> a as «{a}»
== old-name-in-package-init: a=old (init)
«from {a.module} import {a}»
> a as «{a}»
== old-name-re-exported: a=package-old
«from {a.module} import {a}»
> a as «{a}→{a.new}»
== old-name-as: a=old
«from {a.module} import {a} as Local{n}»
> a as «Local{n}»
== old-name-as-member: a=old
«import {a.module} as gate{n}»
> a as «gate{n}.{a}→»
== old-name-in-all: a=old (__all__)
«from {a.module} import {a}»
--
«!__all__ = ["{a}", "observe"]»
> a as «{a}»
== old-name-in-class: a=old
--
class Holder{n}:
    «from {a.module} import {a}»
>> seen(«Holder{n}.{a}»)
== old-name-global: a=old
--
def load{n}():
    global {a}
    «from {a.module} import {a}»
load{n}()
>> seen({a})
== old-name-in-text: a=old
«from {a.module} import {a}»
>> f"{{«{a}»=}}"
== old-name-in-doctest: a=old (doctest unruly)
«import doctest»
«from {a.module} import {a}»
--
def tested{n}():
    '''
    «!>>> {a}(2).value»
    2
    '''
>> doctest.run_docstring_examples(tested{n}, globals())
== old-name-as-parameter: a=old
«from {a.module} import {a}»
--
def chosen{n}({a}={a}):
    return {a}
>> seen(chosen{n}())
== old-name-deleted: a=old
«from {a.module} import {a}»
--
kept{n} = {a}  # type: {a}
del {a}
>> seen(kept{n})
== old-name-new-name-taken: a=old
«from {a.module} import {a}»
--
«!{a.new} = 'mine'»
> a as «{a}»
>> «{a.new}»
== old-name-new-name-local: a=old
«from {a.module} import {a}»
--
def chosen{n}():
    {a.new} = {a}
    return [{a.new} for {a.new} in [{a}, {a.new}]][-1]
>> seen(chosen{n}())
== old-name-attribute: a=old
«from {a.module} import {a}»
--
class Holder{n}:
    {a} = {a}
>> seen(Holder{n}.{a})
== old-name-shadowed: a=old (shadows)
«from {a.module} import {a}»
> a as {a}
== old-name-beside-new-name: a=old t=ssot@a
«from {t.module} import {t}»
«from {a.module} import {a}»
> a as {a}; t as {t}
== joined: a=any t=ssot
«from app.core.ssot import {t}»
«from {a.module} import {a}»
== joined-parenthesised: a=any t=ssot
«from {a.module} import {a}»
«from app.core.ssot import (
    {t},  # at home
)»
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
== assigned-name: a=handlers!
«from {a.module} import {a}»
> a as «{a}»
== impostor: a=impostor!
«from {a.module} import {a}»
== module-of-same-name: a=other! b=other!
«import other.legacy.door»
«from {a.module} import {a}»
> a; b as «{b.path}»
== nothing-moves: s=door!
«from app.legacy.door import {s}»
== prose: a=door
--
«!# from app.legacy.door import {a}: see {a}»
«!TEXT{n} = 'the {a} of {a.path}'»
«!PATH{n} = '{a.path}'»
def told{n}():
    «!"See `from app.legacy.door import {a}`."»
>> TEXT{n}; PATH{n}
== imported-by-string: a=door (importlib)
«import importlib»
--
«!found{n} = importlib.import_module('app.legacy.door')»
>> seen(found{n}.{a})
== shadows: a=door (shadows)
== shadowed: a=any (shadows)
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


@dataclass(frozen=True)
class Case:
    """A spelling."""

    label: str
    picks: Sequence[str]
    flags: set[str]
    code: dict[str, list[str]]
    shows: Sequence[str]
    results: Sequence[str]

    @property
    def folders(self) -> Sequence[str]:
        return next((LEVELS[flag] for flag in self.flags if flag in LEVELS), FOLDERS)

    @property
    def claims(self) -> set[str]:
        return self.flags - {"mixed", "left", "provides", "shadows", "init", "unruly"}

    @property
    def is_sociable(self) -> bool:
        """Whether it can stand beside other cases, wherever the file is."""
        return self.folders is FOLDERS and not {"file", "init"} & self.flags and "a=provided" not in self.picks


def read_cases() -> list[Case]:
    cases = []
    for block in CASES.split("\n== ")[1:]:
        head, _, text = block.partition("\n")
        head, _, flags = head.partition(" (")
        label, _, picks = head.partition(": ")
        case = Case(label, picks.split(), set(flags.rstrip(")").split()), defaultdict(list), [], [])
        section = "imports"
        for line in [*text.split("\n"), *(SHADOWS.split("\n") if "shadows" in case.flags else [])]:
            if line.startswith("--"):
                section = line[2:].strip() or "body"
            elif line.startswith(">> "):
                case.results.extend(line[3:].split("; "))
            elif line.startswith("> "):
                case.shows.extend(line[2:].split("; "))
            elif line:
                case.code[section].append(line)
        if not case.shows and not case.results:
            case.shows.extend(pick.partition("=")[0] for pick in case.picks)
        cases.append(case)
    return cases


class NothingLeft(Exception):
    """The file uses all names of the wanted sort already, or there is none."""


class Consumer(Module):
    """A module that imports symbols and uses them."""

    def __init__(self, path: str, world: World, deck: UsageDeck, rng: random.Random) -> None:
        super().__init__(path, world, Shape.draw(rng))
        self.deck = deck
        self.rng = rng
        self.imports: list[str] = []
        self.body: list[str] = []
        self.end: list[str] = []
        self.results: list[str] = []
        self.claims: set[str] = set()
        self.taken: set[Symbol] = set()
        self.cases: list[str] = []
        self.usages: set[str] = set()
        self.number = 0

    @property
    def name(self) -> str:
        return self.path[: -len(".py")].replace("/__init__", "").replace("/", ".")

    def write(self, case: Case) -> None:
        """Adds a case. Raises `NothingLeft`, with nothing added, if there are no names for it."""
        refs = self._pick_all(case.picks)
        self.taken.update(ref.symbol for ref in refs.values())
        self.claims |= case.claims
        self.cases.append(case.label)
        self.number += 1
        number = self.number
        fate = next((flag for flag in ("mixed", "left") if flag in case.flags), "moves")

        def fill(template: str) -> str:
            return self.mark(template.format(n=number, **refs), case.label, list(refs.values()), fate)

        def fill_section(section: str) -> list[str]:
            return fill("\n".join(case.code[section])).split("\n") if case.code[section] else []

        lazy = next((section for section in case.code if section.startswith("lazy")), "")
        self.imports += fill_section("imports")
        self.body += ["", *fill_section("body")]
        self.end += fill_section("end")
        blocks: list[str] = []
        seen: list[str] = []
        for show in case.shows:
            key, _, text = show.partition(" as ")
            block, result = self._use(refs[key], fill(text or f"{{{key}}}"), is_picky=not text and not lazy)
            blocks += block
            seen.append(f"seen({result})")
        if lazy:
            lines = [*fill_section(lazy), *blocks, f"return [{', '.join(seen)}]"]
            head = f"{'async ' * ('async' in lazy)}def lazily{number}():"
            self.body += [head, *(f"    {line}" for line in lines)]
            self.results.append(f"run(lazily{number}())" if "async" in lazy else f"lazily{number}()")
        else:
            self.body += blocks
            self.results += seen
        self.results += [fill(result) for result in case.results]
        if "provides" in case.flags:
            ref = refs["a"]
            self.world.add(Ref(self.name, ref.name, ref.symbol, ref.target), "provided")

    def write_first(self, cases: list[Case]) -> None:
        """Adds the first of the cases that can stand beside what is here already, and takes it from the list."""
        for case in cases:
            if not self.claims & case.claims:
                with suppress(NothingLeft):
                    self.write(case)
                    cases.remove(case)
                    return

    def _pick_all(self, picks: Sequence[str]) -> dict[str, Ref]:
        refs: dict[str, Ref] = {}
        for pick in picks:
            key, _, want = pick.partition("=")
            want, _, same = want.partition("@")
            refs[key] = self._pick(want, refs[same].symbol if same else None, {ref.symbol for ref in refs.values()})
        return refs

    def _pick(self, want: str, same: Symbol | None, picked: set[Symbol]) -> Ref:
        want, _, kind = want.partition("/")
        door, moves = want.rstrip("!"), not want.endswith("!") and want != "ssot"
        module, prefix = DOORS[self.rng.choice(["door", "door", "whole"]) if door == "any" else door]

        def fits(ref: Ref) -> bool:
            is_free = ref.symbol == same if same else ref.symbol not in self.taken | picked
            is_called_so = prefix is None or ref.name == (prefix and ref.symbol.with_prefix(prefix) or ref.symbol.name)
            return is_free and is_called_so and ref.moves == moves and kind in ("", ref.symbol.kind)

        refs = [ref for ref in self.world.refs[module] if fits(ref)]
        if not refs:
            raise NothingLeft
        return self.rng.choice(refs)

    def _use(self, ref: Ref, text: str, is_picky: bool) -> tuple[list[str], str]:
        """The lines that a usage needs, and the expression to observe."""
        usage = self.deck.deal(ref, is_picky)
        self.usages.add(usage.label)
        self.number += 1
        words = {"e": text, "k": ref.name, "n": self.number}
        block = usage.block.format(**words)
        return (block.split("\n") if block else []), usage.result.format(**words)

    def finish(self) -> tuple[bytes, dict]:
        shape = self.shape
        lines = ["#!/usr/bin/env python3"] * shape.has_shebang + ["# -*- coding: utf-8 -*-"] * shape.has_cookie
        lines += ['"""A consumer.' + " Größe, naïveté, 日本語 ☃." * shape.has_cookie + '"""'] * shape.has_docstring
        lines += [self.mark("«from __future__ import annotations»")] * shape.has_future
        probe = [self.mark("«from app.core.probe import run, seen, tag»")]
        lines += probe + self.imports if self.rng.random() < 0.5 else self.imports + probe
        lines += [*self.body, "", "", "def observe():"]
        results = ["'☃ é'"] * shape.has_cookie + self.results
        if self.rng.random() < 0.5:
            lines.append(f"    return [{', '.join(results)}]")
        else:
            lines += ["    return [", *(f"        {result}," for result in results), "    ]"]
        self.text = "\n".join(lines + self.end)
        content, answers = super().finish()
        return content, {**answers, "cases": self.cases, "usages": sorted(self.usages)}


# The repository.

PROBE = """
«import inspect»
«from app.core import impl»


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def tag(thing):
    def mark(function):
        function.tag = thing
        return function

    return mark


def seen(thing):
    # Where it is defined, which names of `impl` are this very object, and what it gives.
    where = f"{thing.__module__}:{thing.__qualname__}" if callable(thing) else repr(thing)
    same = [name for name, value in vars(impl).items() if value is thing]
    if isinstance(thing, type):
        return [where, same, thing(3).told()]
    if inspect.iscoroutinefunction(thing):
        return [where, same, run(thing(3))]
    return [where, same, thing(3) if callable(thing) else None]
"""
RUN_ALL = """
«import importlib»
«import json»
«import sys»

sys.dont_write_bytecode = True
CONSUMERS = [
%s]

for name in CONSUMERS:
    print(json.dumps([name, importlib.import_module(name).observe()]))
"""
# With `--unruly` the new home imports the first of these, and that loads the others: none of them may import the new home.
CYCLE = ("app/core/extra.py", "app/legacy/__init__.py", "app/legacy/relay.py")
DEFINITIONS = {
    "class": "class {name}:\n    def __init__(self, value=0):\n        self.value = value\n\n"
    "    def told(self):\n        return [{where!r}, {name!r}, self.value]",
    "function": "def {name}(value):\n    return [{where!r}, {name!r}, value]",
    "async": "async def {name}(value):\n    return [{where!r}, {name!r}, value]",
    "constant": "{name} = ({name!r}, {where!r})",
}


def define(where: str, symbols: Sequence[Symbol]) -> str:
    texts = (DEFINITIONS[symbol.kind].format(name=symbol.name, where=where) for symbol in symbols)
    return "\n" + "\n\n\n".join(texts)


def bring(module: str, names: Sequence[str]) -> str:
    return f"«from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")»"


def library(world: World, is_unruly: bool) -> dict[str, str]:
    """The texts of the modules that are no consumers, by path."""
    symbols = world.symbols
    names = [symbol.name for symbol in symbols]
    first, second, third = symbols[:3]
    known = [symbol.name for symbol in symbols if symbol.fate != "lacks"]
    old = [f"{first.name} as {first.with_prefix('old')}"]
    old += [f"{symbol.name} as {symbol.with_prefix('old')}" for symbol in symbols if symbol.fate == "stays"]
    exported = "".join(f"    {name!r},\n" for name in names)
    package = bring(".door", [*names[1::2], f"{third.name} as {third.with_prefix('public')}"])
    package += f"\n«from .relay import {first.name} as {first.with_prefix('public')}»"
    package += f"\n«from .old_names import {first.with_prefix('old')}»"
    texts = {
        "app/core/impl.py": define("impl", symbols),
        "app/core/probe.py": PROBE,
        "app/core/ssot.py": bring(IMPL, known),
        "app/legacy/__init__.py": package,
        "app/legacy/door.py": bring(IMPL, names),
        "app/legacy/handlers.py": f"«from .door import {first.name}»\n\nHandler = {first.name}",
        "app/legacy/impostor.py": define("impostor", [second]),
        "app/legacy/old_names.py": bring(IMPL, old),
        "app/legacy/relay.py": bring(".door", names[::2]),
        "app/legacy/stars.py": f"«from .door import *»\n\n__all__ = [\n{exported}]",
        "app/legacy/whole.py": bring(IMPL, names),
        "other/legacy/door.py": define("other", symbols),
    }
    texts.update((f"{folder}/__init__.py", "") for folder in REGULAR)
    if is_unruly:
        texts[CYCLE[0]] = bring(DOOR, names[:1])
        texts["app/core/ssot.py"] = "«from app.core import extra»\n" + texts["app/core/ssot.py"]
    return texts


def consumers(world: World, seed: int, count: int, is_unruly: bool) -> list[Consumer]:
    """Consumers with a few cases each; from 60 consumers on, every case occurs."""
    rng = random.Random(seed)
    cases = [case for case in read_cases() if is_unruly or "unruly" not in case.flags]
    rng.shuffle(cases)
    # First those that cannot stand beside others, as they need a folder or a file of their own.
    cases.sort(key=lambda case: case.is_sociable)
    wanted = [(index, cases[index % len(cases)]) for index in range(count)]
    # Those that import from other consumers are written last.
    wanted.sort(key=lambda each: "a=provided" in each[1].picks)
    deck, made = UsageDeck(), []
    unseen, others = [case for case in cases[count:] if case.is_sociable], []
    for index, case in wanted:
        rng = random.Random(f"{seed}/{index}")
        folder = f"{rng.choice(case.folders)}/{rng.choice(STEMS)}_{index:05}"
        consumer = Consumer(folder + ("/__init__.py" if "init" in case.flags else ".py"), world, deck, rng)
        with suppress(NothingLeft):
            consumer.write(case)
        for _ in range(0 if {"file", "init"} & case.flags else rng.randrange(3) + bool(unseen)):
            others = others or [other for other in reversed(cases) if other.is_sociable]
            consumer.write_first(unseen or others)
        made.append(consumer)
    return sorted(made, key=lambda consumer: consumer.name)


@dataclass(frozen=True)
class Step:
    """A step of the plan."""

    id: str
    old: str
    new: str
    is_for_review: bool = False


def steps(world: World) -> list[Step]:
    first, second = world.symbols[:2]
    door = [Step(f"door-{each.index}", f"{DOOR}:{each.name}", f"{SSOT}:{each.name}") for each in world.moving()]
    old_name = Step("old-name", f"{OLD_NAMES}:{first.with_prefix('old')}", f"{SSOT}:{first.name}")
    impostor = Step("impostor", f"{IMPOSTOR}:{second.name}", f"{SSOT}:{second.name}", is_for_review=True)
    return [*door, old_name, impostor, Step("whole", WHOLE, SSOT)]


def plan(world: World) -> str:
    text = 'name = "generated"\ntitle = "A generated migration"\n\n[[phase]]\nid = "generated"\ntitle = "All of it"\n'
    for step in steps(world):
        kind = "move-symbol" if ":" in step.old else "move-module"
        text += f'\n  [[phase.step]]\n  id = "{step.id}"\n  kind = "{kind}"\n'
        text += f'  from = "{step.old}"\n  to = "{step.new}"\n'
    return text


def generate(out: Path, seed: int, files: int, symbols: int, is_unruly: bool) -> None:
    world = World(make_symbols(symbols))
    made = consumers(world, seed, files, is_unruly)
    modules: list[Module] = list(made)
    texts = library(world, is_unruly)
    texts["run_all.py"] = RUN_ALL % "".join(f"    {consumer.name!r},\n" for consumer in made)
    for path, text in texts.items():
        module = Module(path, world)
        spelling = "re-export" if "/legacy/" in path else "cycle" if path in CYCLE else "bystander"
        is_left = is_unruly and path in CYCLE
        module.text = module.mark(text.strip("\n"), spelling, fate="left" if is_left else "moves")
        modules.append(module)
    answers: dict = {"seed": seed, "moves": [], "review": [], "files": {}}
    for step in steps(world):
        answers["review" if step.is_for_review else "moves"].append({"from": step.old, "to": step.new})
    for module in sorted(modules, key=lambda module: module.path):
        content, answers["files"][module.path] = module.finish()
        write(out / module.path, content)
    write(out / ".oracle/plan.toml", plan(world).encode())
    write(out / ".oracle/answers.json", json.dumps(answers, indent=1).encode())


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


# The check.


class Reading:
    """What a file says now: the dotted paths that it imports and the dotted names that it uses, by scope."""

    def __init__(self, path: str, content: bytes) -> None:
        self.package = path.split("/")[:-1]
        self.scope = ""
        self.is_annotation = False
        self.imports: set[tuple[str, str, str]] = set()
        self.uses: Counter = Counter()
        self.visit(ast.parse(content))

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, SCOPES):
            for decorator in node.decorator_list:
                self.visit(decorator)
            outer, self.scope = self.scope, f"{self.scope}.{node.name}".lstrip(".")
            self._visit_children(node)
            self.scope = outer
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imports.update((self.scope, *each) for each in brought(node, self.package))
        elif isinstance(node, (ast.Name, ast.Attribute)) and dotted(node):
            parts = dotted(node).split(".")
            self.uses.update((self.scope, ".".join(parts[:end])) for end in range(1, len(parts) + 1))
        elif self.is_annotation and isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.visit(ast.parse(node.value, mode="eval"))
        else:
            self._visit_children(node)

    def _visit_children(self, node: ast.AST) -> None:
        """Visits what is in the node, but for the decorators, which are outside of the scope."""
        fields = [(name, value) for name, value in ast.iter_fields(node) if name != "decorator_list"]
        for name, value in fields:
            outer, self.is_annotation = self.is_annotation, self.is_annotation or name in ("annotation", "returns")
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.visit(child)
            self.is_annotation = outer


def dotted(node: ast.AST) -> str:
    """The text of `a.b.c`; empty for any other expression."""
    if isinstance(node, ast.Attribute):
        outer = dotted(node.value)
        return f"{outer}.{node.attr}" if outer else ""
    return node.id if isinstance(node, ast.Name) else ""


def check(out: Path) -> list[str]:
    """The disagreements between the files and the answers, one line for each."""
    answers = json.loads((out / ".oracle/answers.json").read_text())
    problems = []
    for path, expected in answers["files"].items():
        try:
            content = (out / path).read_bytes()
            reading = Reading(path, content)
        except (OSError, SyntaxError, ValueError) as error:
            problems.append(f"{path}: {error}")
            continue
        problems += [f"{path}:{problem}" for problem in check_statements(expected["statements"], reading)]
        problems += [f"{path}:{problem}" for problem in check_uses(expected["uses"], reading, content)]
    return problems


def check_statements(statements: Sequence[dict], reading: Reading) -> Iterator[str]:
    names = [(each["scope"], name) for each in statements for name in each["names"]]
    wanted = {(scope, name["after"]) for scope, name in names}
    wanted.update((each["scope"], path) for each in statements for path in each["adds"])
    staying = {(scope, name["before"], name["local"]) for scope, name in names if name["before"] == name["after"]}
    there = {(scope, path) for scope, path, _ in reading.imports}
    stale = set()
    for each in statements:
        scope, text = each["scope"], " ".join(each["text"].split())
        head = f"{each['line']}: {each['spelling']}: `{text}`"
        for name in each["names"]:
            old = (scope, name["before"], name["local"])
            if old in reading.imports and old not in staying:
                stale.add(old)
                yield f"{head} still brings {name['before']}"
            elif (scope, name["after"]) not in there:
                yield f"{head} does not bring {name['after']}"
        for path in each["adds"]:
            if (scope, path) not in there:
                yield f"{head} has no import of {path} behind it"
    for scope, path, local in sorted(reading.imports - stale):
        if (scope, path) not in wanted:
            yield f" unexpected import of {path} as {local} in {scope or 'the module'}"


def check_uses(uses: Sequence[dict], reading: Reading, content: bytes) -> Iterator[str]:
    lines = {line.strip() for line in content.decode("utf-8-sig").splitlines()}
    code = [use for use in uses if use["in"] == "code"]
    staying = Counter((use["scope"], use["text"]) for use in code if not use["must_change"])
    coming = Counter((use["scope"], use["after"]) for use in code if use["after"])
    for use in uses:
        head, place = f"{use['line']}:{use['column']}: `{use['text']}`", (use["scope"], use["text"])
        if use["in"] == "text":
            if not any(use["text"] in line for line in lines):
                yield f"{head} has gone"
        elif not use["must_change"]:
            if reading.uses[place] < staying[place]:
                yield f"{head} has gone"
        elif reading.uses[place] > staying[place]:
            yield f"{head} is still there"
        elif use["after"] and reading.uses[use["scope"], use["after"]] < coming[use["scope"], use["after"]]:
            yield f"{head} has not become `{use['after']}`"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path, metavar="OUT_DIR", help="empty or absent; with --check, a generated one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=200, help="the number of consumers")
    parser.add_argument("--symbols", type=int, default=12, help=f"at least {FEWEST_SYMBOLS}")
    parser.add_argument("--unruly", action="store_true", help="with the cases that spoil all others")
    parser.add_argument("--check", action="store_true", help="compare the files as they are now with the answers")
    arguments = parser.parse_args()
    if arguments.check:
        problems = check(arguments.out)
        print("".join(f"{problem}\n" for problem in problems), end="")
        return 1 if problems else 0
    if arguments.symbols < FEWEST_SYMBOLS or arguments.files < 1:
        parser.error("there are too few symbols or files")
    if arguments.out.exists() and any(arguments.out.iterdir()):
        parser.error(f"{arguments.out} is not empty")
    generate(arguments.out, arguments.seed, arguments.files, arguments.symbols, arguments.unruly)
    return 0


if __name__ == "__main__":
    sys.exit(main())
