"""Generates a small Python repository whose old names are asked for in every manner there is, and a plan that makes shims of them.

    python3 generate_shims.py OUT_DIR [--seed N]

The same seed gives the same bytes. What is written:

* `new.py` and `pkg/home.py` have what the old names stand for, `old.py`, `pkg/legacy.py`, `pkg/__init__.py` and `pkg/door.py` the old names;
* `u0.py`, `pkg/u1.py`, … ask for them: by `from`, by attribute, by a star, lazily, by `getattr`, in strings that are looked up, under patches;
* `run_all.py` loads and calls everything, and prints what it gets and how it fails;
* `.oracle/plan.toml` is the plan.

Who asks for an old name gets the same as before, so `run_all.py` prints the same before and after.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

HOMES = {"new": "new.py", "pkg.home": "pkg/home.py"}
OLD = {"old": "old.py", "pkg.legacy": "pkg/legacy.py", "pkg": "pkg/__init__.py", "pkg.sub.deep": "pkg/sub/deep.py"}


class Repository:
    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.files: dict[str, str] = {"pkg/sub/__init__.py": ""}
        self.steps: list[str] = []
        # Each old name by its module: what it stands for, as `home:name`.
        self.names: dict[str, dict[str, str]] = {module: {} for module in OLD}

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def homes(self):
        for at, (module, path) in enumerate(HOMES.items()):
            lines = [f'"""Home {at}."""', ""]
            for name in ("Alpha", "Beta"):
                lines += ["", f"class {name}:", f"    kind = '{module}.{name}'", ""]
            lines += ["", "def make():", f"    return '{module}.make'", "", "", "LIMIT = 3"]
            self.files[path] = "\n".join(lines) + "\n"

    def old_module(self, module: str, path: str):
        lines: list[str] = []
        body: list[str] = []
        if self.chance(0.5):
            lines.append(f'"""Module {module}."""')
        if self.chance(0.3):
            lines.append("from __future__ import annotations")
        if self.chance(0.3):
            lines.append("import warnings")
        names = self.names[module]
        for at in range(self.random.randint(1, 5)):
            home = self.random.choice(list(HOMES))
            name = self.random.choice(["Alpha", "Beta", "make", "LIMIT"])
            local = self.random.choice([name, f"Old{at}", f"_old{at}"])
            if local in names:
                continue
            names[local] = f"{home}:{name}"
            spelled = name if local == name else f"{name} as {local}"
            form = self.random.choice(["from", "shared", "alias", "relative", "parenthesised"])
            if form == "relative" and not module.startswith("pkg"):
                form = "from"
            if form == "from":
                lines.append(f"from {home} import {spelled}")
            elif form == "shared":
                lines.append(f"from {home} import {spelled}, LIMIT as limit{at}")
            elif form == "parenthesised":
                lines.append(f"from {home} import (\n    {spelled},\n    make as make{at},\n)")
            elif form == "relative" and home == "pkg.home":
                dots = "." if module in ("pkg", "pkg.legacy") else ".."
                lines.append(f"from {dots}home import {spelled}")
            else:
                lines.append(f"import {home} as home{at}")
                body.append(f"{local} = home{at}.{name}")
        if self.chance(0.5):
            listed = [name for name in names if self.chance(0.8)] + ["stays"]
            body.append(f"__all__ = {listed!r}")
        body += ["", "", "def stays():", f"    return 'stays in {module}'"]
        if self.chance(0.3):
            made = "    if name == 'made':\n        return 'made'\n    raise AttributeError(name)"
            body += ["", "", "def __getattr__(name):", made]
        if self.chance(0.2):
            body += ["", "", "if __name__ == '__main__':", "    print(stays())"]
        self.files[path] = "\n".join(lines + [""] + body) + "\n"

    def user(self, at: int):
        folder = self.random.choice(["", "pkg/", "pkg/sub/"])
        lines, calls = ["from unittest.mock import patch", ""], []
        for count in range(self.random.randint(1, 4)):
            module = self.random.choice(list(OLD))
            if not self.names[module]:
                continue
            name = self.random.choice(list(self.names[module]))
            shown = f"show{count}"
            form = self.random.choice(["from", "attribute", "lazy", "getattr", "star", "patch", "try", "loader", "late"])
            if form == "from":
                lines += [f"from {module} import {name} as n{count}", f"def {shown}():", f"    return n{count}"]
            elif form == "attribute":
                lines += [f"import {module}", f"def {shown}():", f"    return {module}.{name}"]
            elif form == "lazy":
                lines += [f"def {shown}():", f"    from {module} import {name}", f"    return {name}"]
            elif form == "getattr":
                lines += [f"import {module} as m{count}", f"def {shown}():", f"    return getattr(m{count}, {name!r}), hasattr(m{count}, 'nothing')"]
            elif form == "star":
                lines += [f"from {module} import *", f"def {shown}():", f"    return {name if self.chance(0.5) else 'stays()'}"]
            elif form == "patch":
                lines += [f"import {module} as p{count}", f"def {shown}():", f"    with patch('{module}.{name}', 'fake'):",
                          f"        from {module} import {name} as q{count}", f"        first = q{count}, p{count}.{name}",
                          f"    return first, p{count}.{name}"]
            elif form == "try":
                lines += ["try:", f"    from {module} import {name} as t{count}", "except ImportError:", f"    t{count} = None",
                          f"def {shown}():", f"    return t{count}"]
            elif form == "loader":
                lines += ["import importlib", f"def {shown}():", f"    return importlib.import_module('{module}').{name}"]
            else:
                lines += [f"import {module} as l{count}", f"late{count} = l{count}.{name}", f"def {shown}():", f"    return late{count}"]
            calls.append(shown)
        self.files[f"{folder}u{at}.py"] = "\n".join(lines) + f"\n\nSHOWN = [{', '.join(calls)}]\n"

    def plan(self):
        rows = [(f"{module}:{name}", home) for module, names in self.names.items() for name, home in names.items()]
        self.random.shuffle(rows)
        for at, (old, home) in enumerate(rows[: self.random.randint(2, 6)]):
            flag = 'flag = "GENERATED_FLAG"\n' if self.chance(0.2) else ""
            self.steps.append(f'[[phase.step]]\nid = "s{at}"\nkind = "shim"\nfrom = "{old}"\nto = "{home}"\n{flag}')
        if self.chance(0.5):
            self.steps.append('[[phase.step]]\nid = "made"\nkind = "shim"\nfrom = "pkg.brought"\nto = "pkg.home"\n')
        if self.chance(0.4):
            self.steps.append('[[phase.step]]\nid = "door"\nkind = "shim"\nfrom = "pkg.door"\nto = "pkg.home"\n')
        head = 'name = "generated"\n[python]\nroots = ["."]\n[[phase]]\nid = "phase"\n'
        self.files[".oracle/plan.toml"] = head + "\n".join(self.steps)

    def generate(self, out: Path):
        self.homes()
        for module, path in OLD.items():
            self.old_module(module, path)
        own = "" if self.chance(0.5) else "\n\ndef make():\n    return 'pkg.home.make'\n"
        self.files["pkg/door.py"] = f"from pkg.home import Alpha, Beta as Gamma, make\n{own}"
        for at in range(self.random.randint(3, 7)):
            self.user(at)
        self.files["u_door.py"] = "import pkg.door\nfrom pkg.door import *\n\nSHOWN = [lambda: (Alpha, Gamma, pkg.door.make())]\n"
        self.plan()
        self.files["run_all.py"] = RUN
        for path, text in self.files.items():
            place = out / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)


RUN = '''
import importlib
import pathlib


def told(value):
    if isinstance(value, tuple):
        return tuple(map(told, value))
    if isinstance(value, type):
        return value.kind
    return value() if callable(value) else value


for path in sorted(pathlib.Path(".").rglob("u*.py")):
    name = ".".join(path.with_suffix("").parts)
    try:
        module = importlib.import_module(name)
    except Exception as error:
        print(name, type(error).__name__)
        continue
    for at, shown in enumerate(module.SHOWN):
        try:
            print(name, at, told(shown()))
        except Exception as error:
            print(name, at, type(error).__name__)
'''


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    Repository(given.seed).generate(given.out)


if __name__ == "__main__":
    main()
