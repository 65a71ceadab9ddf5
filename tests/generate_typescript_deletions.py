"""Generates a small TypeScript project with definitions that use one another, some of which are to be deleted.

    python3 generate_typescript_deletions.py OUT_DIR [--seed N]

Writes the same bytes for the same seed. The project compiles without diagnostics; `main.ts` and a test print what the living code gives. On
stdout stands, as JSON, the `body` of a plan's step, and by the generator's own graph which definitions are `gone` after it.
"""

import argparse
import json
import random
from pathlib import Path

CONFIG = '{ "compilerOptions": { "strict": true, "module": "esnext", "moduleResolution": "bundler", "target": "es2022", "lib": ["es2022"], "noEmit": true, "types": [] } }\n'
GLOBALS = """\
declare const console: { log(text: string): void };
declare const jest: { mock(path: string, factory: () => unknown): void; requireActual(path: string): any };
declare function test(name: string, body: () => unknown): void;
"""


class Definition:
    def __init__(self, at, kind, module, is_private):
        self.at, self.kind, self.module, self.is_private = at, kind, module, is_private
        self.name = {"class": "C", "interface": "I", "type": "T", "enum": "E"}.get(kind, kind[0]) + str(at)
        self.uses = []
        # Why it stays although nothing uses it: something happens where it is defined.
        self.acts = False

    @property
    def is_type(self):
        return self.kind in ("interface", "type")

    def read(self, name):
        """An expression that uses it."""
        return {
            "function": f"{name}(depth - 1)",
            "arrow": f"{name}(depth - 1)",
            "class": f"new {name}(depth - 1).size",
            "value": f"{name}.size",
            "enum": f"{name}.One",
            "interface": f"({{ size: 1 }} as {name}).size",
            "type": f"({{ size: 1 }} as {name}).size",
        }[self.kind]

    def text(self, names):
        """Its statement; `names` is what it calls what it uses."""
        reads = [other.read(name) for other, name in zip(self.uses, names)]
        sum_of = " + ".join([str(self.at)] + reads)
        lead = "" if self.is_private else "export "
        return {
            "function": f"{lead}function {self.name}(depth: number): number {{\n  if (depth < 0) return 0;\n  return {sum_of};\n}}\n",
            "arrow": f"{lead}const {self.name} = (depth: number): number => (depth < 0 ? 0 : {sum_of});\n",
            "class": f"{lead}class {self.name} {{\n  size: number;\n  constructor(depth: number) {{\n    this.size = depth < 0 ? 0 : {sum_of};\n  }}\n}}\n",
            "value": f"{lead}const {self.name} = {{\n  size: {'make()' if self.acts else self.at},\n}};\n",
            "enum": f"{lead}enum {self.name} {{\n  One = {self.at + 1},\n}}\n",
            "interface": f"{lead}interface {self.name} {{\n  size: number;\n" + "".join(f"  a{i}?: {name};\n" for i, name in enumerate(names)) + "}\n",
            "type": f"{lead}type {self.name} = {{ size: number{''.join(f'; a{i}?: {name}' for i, name in enumerate(names))} }};\n",
        }[self.kind]


class World:
    def __init__(self, seed):
        self.choose = random.Random(seed)
        chance = lambda share: self.choose.random() < share
        self.modules = [f"web/lib/m{at}" for at in range(self.choose.randint(2, 4))]
        kinds = ["function", "function", "arrow", "class", "value", "enum", "interface", "type"]
        self.all = []
        for at in range(self.choose.randint(8, 22)):
            self.all.append(Definition(at, self.choose.choice(kinds), self.choose.choice(self.modules), chance(0.3)))
        for made in self.all:
            made.acts = made.kind == "value" and chance(0.25)
            if made.kind in ("value", "enum"):
                continue
            for other in self.choose.sample(self.all, self.choose.choice([0, 1, 1, 2, 3])):
                is_seen = other.module == made.module or not other.is_private
                if is_seen and other is not made and (other.is_type or not made.is_type):
                    made.uses.append(other)
        public = [made for made in self.all if not made.is_private]
        self.main = self.choose.sample(public, min(len(public), self.choose.randint(1, 3)))
        self.mocked = [made for made in public if made.kind == "function" and chance(0.1)]
        open_to = [made for made in public if made not in self.main]
        self.targets = self.choose.sample(open_to, min(len(open_to), self.choose.randint(2, 6)))
        self.barrel = self.choose.sample(self.modules, 1)[0] if chance(0.5) else None

    def gone(self):
        """What has to go: what is asked for, and what only that uses, as long as nothing that stays uses it."""
        gone = set()
        while True:
            wanted, waiting = gone | set(self.targets), list(gone)
            while waiting:
                for other in waiting.pop().uses:
                    if other not in wanted:
                        wanted.add(other)
                        waiting.append(other)
            held = set(self.main) | set(self.mocked)
            going = {made for made in wanted if not made.acts and made not in held}
            while True:
                used = {other for made in self.all if made not in going for other in made.uses}
                if not going & used:
                    break
                going -= used
            if going == gone:
                return gone
            gone = going

    def brought(self, user, others):
        """The imports of what a file uses, and what it calls that."""
        lines, names = {}, {}
        for other in others:
            if other.module == user or other in names:
                names.setdefault(other, other.name)
                continue
            manner = self.choose.choice(["plain", "plain", "alias", "space", "barrel"])
            path = "./" + other.module.split("/")[-1] if user.startswith("web/lib/") else "./lib/" + other.module.split("/")[-1]
            if manner == "barrel" and other.module == self.barrel and not user.startswith("web/lib/"):
                path = "./lib"
            if manner == "space":
                space = f"ns{self.modules.index(other.module)}"
                lines.setdefault((path.replace("./lib/index", "./lib"), f"* as {space}"), [])
                names[other] = f"{space}.{other.name}"
                continue
            local = f"{other.name}x" if manner == "alias" else other.name
            lead = "import type" if other.is_type and self.choose.random() < 0.5 else "import"
            lines.setdefault((path, lead), []).append(other.name if local == other.name else f"{other.name} as {local}")
            names[other] = local
        written = []
        for (path, lead), taken in lines.items():
            written.append(f"import {lead} from '{path}';" if lead.startswith("*") else f"{lead} {{ {', '.join(taken)} }} from '{path}';")
        return "".join(line + "\n" for line in dict.fromkeys(written)), names

    def write(self, folder):
        files = {"tsconfig.json": CONFIG, "web/globals.d.ts": GLOBALS}
        for module in self.modules:
            own = [made for made in self.all if made.module == module]
            heads, names = self.brought(module, [other for made in own for other in made.uses])
            text = "".join("\n" + made.text([names[other] for other in made.uses]) for made in own)
            make = "\nfunction make() {\n  return 4;\n}\n" if any(made.acts for made in own) else ""
            files[f"{module}.ts"] = f"{heads}{make}{text}" or "export {};\n"
        if self.barrel:
            files["web/lib/index.ts"] = f"export * from './{self.barrel.split('/')[-1]}';\n"
        heads, names = self.brought("web/main", self.main)
        prints = "".join(f"console.log(String({made.read(names[made])}));\n" for made in self.main)
        files["web/main.ts"] = f"{heads}\nconst depth = 3;\n{prints}"
        for at, made in enumerate(self.mocked):
            path = "./lib/" + made.module.split("/")[-1]
            files[f"web/t{at}.test.ts"] = (
                f"import {{ {made.name} }} from '{path}';\n\njest.mock('{path}', () => ({{ ...jest.requireActual('{path}'), {made.name}: () => 7 }}));\n"
                f"test('mocked', () => {{\n  console.log(String({made.name}(1)));\n}});\n"
            )
        for path, text in files.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        of = ", ".join(json.dumps(f"{made.module}:{made.name}") for made in self.targets)
        named = lambda some: sorted(f"{made.module}:{made.name}" for made in some)
        gone = self.gone()
        return {
            "body": f'kind = "delete-definition"\nof = [{of}]\ncascade = true',
            "gone": named(gone),
            "stays": named(made for made in self.all if made not in gone),
        }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(json.dumps(World(given.seed).write(given.folder)))
