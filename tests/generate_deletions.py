"""Generates a small Python repository with definitions that use one another, some of which are to be deleted.

    python3 generate_deletions.py OUT_DIR [--seed N]

The same seed gives the same bytes. What is written:

* `pkg/m0.py`, `pkg/sub/m1.py`, … have functions, classes and values that use one another, in circles too, however one can spell that:
  by name, by alias, by module, by a star, through the package, at the head of a file or lazily, and in types;
* `app.py` and `test_0.py` use some of them, patch some, and ask for some by name; `settings.yaml` names some;
* `run_all.py` loads all modules, and prints what the living code gives;
* `.oracle/plan.toml` is the plan, and `.oracle/expected.txt` says which definitions have to go, by the generator's own graph.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass, field
from pathlib import Path

RUN_ALL = '''
"""Loads all modules, and prints what the living code gives."""

import importlib
from pathlib import Path

for path in sorted(Path("pkg").rglob("*.py")):
    parts = path.with_suffix("").parts
    importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))

import app
import test_0

print(app.main())
for name, test in sorted(vars(test_0).items()):
    if name.startswith("test_"):
        print(name, test())
'''

DECORATORS = '"""Decorators."""\n\n\ndef marked(thing):\n    return thing\n'


@dataclass(eq=False)
class Definition:
    name: str
    kind: str
    module: int
    order: int
    uses: list[Definition] = field(default_factory=list)
    loads: list[Definition] = field(default_factory=list)
    """What it uses while its module is loaded."""
    types: list[Definition] = field(default_factory=list)
    is_marked: bool = False
    """A decorator stands above it, or its value is called for: it is for review."""
    is_held: bool = False
    """Something that stays refers to it."""
    is_public: bool = False
    """Its module's `__all__` lists it."""

    @property
    def all_uses(self) -> list[Definition]:
        return self.uses + self.loads + self.types


@dataclass
class Module:
    at: int
    name: str
    definitions: list[Definition] = field(default_factory=list)
    exports: list[str] | None = None
    heads: list[str] = field(default_factory=list)

    @property
    def package(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def stem(self) -> str:
        return self.name.rpartition(".")[2]


class World:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.modules: list[Module] = []
        self.definitions: list[Definition] = []
        self.files: dict[str, str] = {}
        self.reexported: list[Definition] = []

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    # The graph.

    def draw(self) -> None:
        for at in range(self.random.randint(2, 5)):
            self.modules.append(Module(at, f"pkg.sub.m{at}" if self.chance(0.3) else f"pkg.m{at}"))
        for order in range(self.random.randint(8, 26)):
            kind = self.random.choices(["function", "class", "value"], [6, 2, 2])[0]
            module = self.random.choice(self.modules)
            name = {"function": "f", "class": "C", "value": "V"}[kind] + str(order)
            name = f"_{name}" if self.chance(0.3) else name
            made = Definition(name, kind, module.at, order)
            module.definitions.append(made)
            self.definitions.append(made)
        for made in self.definitions:
            for _ in range(self.random.choice([0, 1, 1, 2, 2, 3])):
                other = self.random.choice(self.definitions)
                if made.kind != "value" and other is not made and other not in made.uses:
                    made.uses.append(other)
            earlier = [other for other in self.definitions if self.is_loaded_before(other, made)]
            if earlier and (made.kind == "value" or (made.kind == "class" and self.chance(0.4))):
                made.loads.append(self.random.choice(earlier))
            classes = [other for other in self.definitions if other.kind == "class" and other.module == made.module]
            if made.kind == "function" and classes and self.chance(0.2):
                made.types.append(self.random.choice(classes))
            made.is_marked = self.chance(0.06)
        for module in self.modules:
            if self.chance(0.3):
                listed = [made for made in module.definitions if self.chance(0.5)]
                module.exports = [made.name for made in listed]
                for made in listed:
                    made.is_public = True

    def is_loaded_before(self, other: Definition, made: Definition) -> bool:
        return other.module < made.module or (other.module == made.module and other.order < made.order)

    # The code.

    def reference(self, made: Definition) -> str:
        return {"function": "{}(depth - 1)", "class": "{}(depth - 1).told", "value": "len({})"}[made.kind]

    def spelled(self, user: Module, made: Definition, is_load: bool) -> tuple[str, str | None, bool]:
        """A name for a definition in a module, the import that it needs, and whether that stands at the head."""
        home = self.modules[made.module]
        if home is user:
            return made.name, None, True
        is_head = is_load or (home.at < user.at and self.chance(0.6))
        manners = ["from", "from", "from", "alias", "module", "member"]
        is_brought = made.name in home.exports if home.exports is not None else not made.name.startswith("_")
        if is_head and is_brought:
            manners.append("star")
        if made in self.reexported and not is_head:
            manners.append("package")
        manner = self.random.choice(manners)
        relative = "." if home.package == user.package and self.chance(0.3) else None
        source = f".{home.stem}" if relative else home.name
        statement = {
            "from": f"from {source} import {made.name}",
            "alias": f"from {source} import {made.name} as other_{made.name}",
            "module": f"import {home.name}",
            "member": f"from {relative or home.package} import {home.stem}",
            "star": f"from {source} import *",
            "package": f"from pkg import {made.name}",
        }[manner]
        name = {
            "alias": f"other_{made.name}",
            "module": f"{home.name}.{made.name}",
            "member": f"{home.stem}.{made.name}",
        }.get(manner, made.name)
        return name, statement, is_head

    def mention(self, user: Module, made: Definition, lazy: list[str], is_load: bool = False) -> str:
        name, statement, is_head = self.spelled(user, made, is_load)
        if statement:
            into = user.heads if is_head else lazy
            if statement not in into:
                into.append(statement)
        return name

    def write(self, module: Module, made: Definition) -> str:
        lazy: list[str] = []
        told = [self.reference(other).format(self.mention(module, other, lazy)) for other in made.uses]
        loaded = [self.mention(module, other, lazy, is_load=True) for other in made.loads]
        told = ", ".join([f'"{made.order}"', *told])
        body = "".join(f"{statement}\n" for statement in lazy)
        mark = "@marked\n" if made.is_marked and made.kind != "value" else ""
        if mark and "from decorators import marked" not in module.heads:
            module.heads.append("from decorators import marked")
        above = f"# {made.name} is a {made.kind}.\n" if self.chance(0.2) else ""
        if made.kind == "value":
            items = ", ".join([*loaded, str(made.order)])
            return f"{above}{made.name} = " + (f"list([{items}])\n" if made.is_marked else f"[{items}]\n")
        if made.kind == "class":
            base = [name for name, other in zip(loaded, made.loads) if other.kind == "class"]
            kept = "".join(f"    kept = {name}\n\n" for name in loaded if name not in base)
            inside = f"{body}self.told = [{told}] if depth > 0 else []\n"
            inside = "".join(f"        {line}\n" for line in inside.splitlines())
            return f"{above}{mark}class {made.name}{'(' + base[0] + ')' if base else ''}:\n{kept}    def __init__(self, depth):\n{inside}"
        given = "".join(f', given: "{other.name}" = None' for other in made.types)
        inside = f"{body}return [{told}] if depth > 0 else []\n"
        inside = "".join(f"    {line}\n" for line in inside.splitlines())
        is_wrapped = not mark and self.chance(0.1)
        text = f"{above}{mark}def {made.name}(depth{given}):\n{inside}"
        return text if not is_wrapped else "if True:\n" + "".join(f"    {line}\n" for line in text.splitlines())

    def text(self, module: Module) -> str:
        bodies = [self.write(module, made) for made in module.definitions]
        exports = ""
        if module.exports is not None:
            names = [f'"{name}"' for name in module.exports]
            if self.chance(0.3):
                exports = "__all__ = (" + "".join(f"{name}, " for name in names).rstrip() + ")\n"
            elif self.chance(0.3):
                exports = "__all__ = [\n" + "".join(f"    {name},\n" for name in names) + "]\n"
            else:
                exports = f"__all__ = [{', '.join(names)}]\n"
        return "\n\n".join(filter(None, [f'"""Module {module.at}."""\n', "".join(f"{head}\n" for head in module.heads), exports, *bodies]))

    def living(self) -> None:
        app = Module(99, "app")
        told = []
        for made in self.definitions:
            if self.chance(0.12):
                made.is_held = True
                lazy: list[str] = []
                name = self.mention(app, made, lazy, is_load=True)
                told.append(self.reference(made).format(name))
        heads = "".join(f"{head}\n" for head in app.heads)
        self.files["app.py"] = f"{heads}\n\ndef main(depth=4):\n    return [{', '.join(told)}]\n"
        tests = ["from unittest.mock import patch\n\nimport app\n"]
        for at, made in enumerate(self.definitions):
            home = self.modules[made.module]
            path = f"{home.name}.{made.name}"
            if self.chance(0.05):
                made.is_held = True
                tests.append(f'def test_{at}():\n    with patch("{path}", []):\n        return "patched"\n')
            elif self.chance(0.04):
                made.is_held = True
                head = f"    from {home.package} import {home.stem}\n\n"
                tests.append(f'def test_{at}():\n{head}    with patch.object({home.stem}, "{made.name}", []):\n        return "patched"\n')
            elif self.chance(0.04):
                made.is_held = True
                head = f"    from {home.package} import {home.stem}\n\n"
                tests.append(f'def test_{at}():\n{head}    return getattr({home.stem}, "{made.name}") is not None\n')
            elif self.chance(0.04):
                made.is_held = True
                depth = self.reference(made).format(made.name)
                tests.append(f"def test_{at}(depth=3):\n    from {home.name} import {made.name}\n\n    return {depth}\n")
        self.files["test_0.py"] = "\n\n".join(tests)
        named = [made for made in self.definitions if self.chance(0.03)]
        for made in named:
            made.is_held = True
        self.files["settings.yaml"] = "hooks:\n" + "".join(f"  - {self.path(made).replace(':', '.')}\n" for made in named)

    def path(self, made: Definition) -> str:
        return f"{self.modules[made.module].name}:{made.name}"

    # What has to go.

    def expected(self, wanted: list[Definition], is_cascade: bool) -> list[Definition]:
        users: dict[Definition, set[Definition]] = {made: set() for made in self.definitions}
        for made in self.definitions:
            for used in made.all_uses:
                if used is not made:
                    users[used].add(made)
        gone: set[Definition] = set()

        def greatest(among: set[Definition]) -> set[Definition]:
            going = {made for made in among if not made.is_held and not made.is_marked}
            while True:
                held = {made for made in going if not users[made] <= gone | going}
                if not held:
                    return going
                going -= held

        def reached(start: set[Definition], within: set[Definition] | None) -> set[Definition]:
            found: set[Definition] = set()
            open_ = list(start)
            while open_:
                for used in open_.pop().all_uses:
                    if used not in found and used not in gone and (within is None or used in within):
                        found.add(used)
                        open_.append(used)
            return found

        while True:
            more = greatest(set(wanted) - gone)
            if is_cascade and not more:
                more = greatest({made for made in reached(gone, None) if not made.is_public})
                while more != (kept := more & reached(gone, more)):
                    more = {made for made in kept if users[made] <= gone | kept}
            if not more:
                return sorted(gone, key=lambda made: made.order)
            gone |= more

    def generate(self) -> dict[str, str]:
        self.draw()
        self.reexported = [made for made in self.definitions if self.chance(0.06)]
        for made in self.reexported:
            made.is_held = True
        for module in self.modules:
            text = self.text(module)
            self.files[module.name.replace(".", "/") + ".py"] = text
        self.living()
        self.files["pkg/__init__.py"] = "".join(
            f"from {self.modules[made.module].name} import {made.name}\n" for made in self.reexported
        )
        self.files["pkg/sub/__init__.py"] = ""
        self.files["decorators.py"] = DECORATORS
        self.files["run_all.py"] = RUN_ALL.lstrip()
        wanted = [made for made in self.definitions if self.chance(0.3)] or self.definitions[:1]
        is_cascade = self.chance(0.8)
        listed = ", ".join(f'"{self.path(made)}"' for made in wanted)
        plan = 'name = "generated"\n\n[[phase]]\nid = "phase"\n\n[[phase.step]]\nid = "step"\nkind = "delete-definition"\n'
        self.files[".oracle/plan.toml"] = f"{plan}of = [{listed}]\ncascade = {str(is_cascade).lower()}\n"
        gone = self.expected(wanted, is_cascade)
        lines = [f"{'gone' if made in gone else 'stays'} {self.path(made)}\n" for made in self.definitions]
        self.files[".oracle/expected.txt"] = "".join(lines)
        return self.files


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for path, text in World(options.seed).generate().items():
        file = options.out / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    main()
