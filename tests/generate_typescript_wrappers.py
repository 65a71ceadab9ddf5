"""Generates a small TypeScript project with functions that only return an expression, and calls of them.

    python3 generate_typescript_wrappers.py OUT_DIR [--seed N]

Writes the same bytes for the same seed. The project compiles without diagnostics; `main.ts` prints what the calls give and in which order
their arguments were evaluated, which stays as it is whatever a call becomes. On stdout stands, as JSON, the `body` of a plan's step.
"""

import argparse
import json
import random
from pathlib import Path

CONFIG = '{ "compilerOptions": { "strict": true, "module": "esnext", "moduleResolution": "bundler", "target": "es2022", "lib": ["es2022"], "noEmit": true, "types": [] } }\n'
BASE = """\
export const log: string[] = [];
export const shared = { size: 3 };
export let turns = 0;

export function mark(value: number, label: string): number {
  log.push(label);
  turns += 1;
  return value;
}
export function pair(a: number, b: number): number {
  log.push(`pair ${a} ${b}`);
  return a * 10 + b;
}
export const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
export function spread(first: number, ...rest: number[]): number {
  return first - total(rest);
}
export async function wait(value: number): Promise<number> {
  log.push(`wait ${value}`);
  return value;
}
export function apply(change: (item: number) => number, value: number) {
  return change(change(value));
}
export class Box {
  constructor(readonly size: number, readonly extra = 0) {}
}
"""


class World:
    def __init__(self, seed):
        self.choose = random.Random(seed)
        self.wrappers = []

    def chance(self, share):
        return self.choose.random() < share

    def value(self, names, depth=0):
        """A number, made of names."""
        pick = self.choose.choice
        name = pick(names)
        if depth > 2:
            return name
        inner = lambda: self.value(names, depth + 1)
        return pick([
            lambda: name,
            lambda: name,
            lambda: f"{inner()} + {name}",
            lambda: f"({inner()}) * 2",
            lambda: f"-{name}",
            lambda: f"pair({inner()}, {inner()})",
            lambda: f"pair({inner()}, {inner()})",
            lambda: f"{name} > 1 ? {inner()} : {inner()}" if depth == 0 else name,
            lambda: f"total([{inner()}, {name}])",
            lambda: f"apply((item) => item + {name}, {inner()})",
            lambda: f"apply((x) => {{\n    const y = x * {name};\n    return y;\n  }}, {inner()})",
            lambda: f"spread({inner()}, {inner()})",
            lambda: f"new Box({inner()}).size",
            lambda: f"shared.size + {inner()}",
            lambda: f"turns + {inner()}",
            lambda: f"own + {inner()}",
            lambda: f"{{ key: {inner()}, {name} }}.key" if depth else name,
        ])() if depth else pick([
            lambda: f"pair({inner()}, {inner()})",
            lambda: f"spread({inner()}, {inner()}, {name})",
            lambda: f"{inner()} - {inner()}",
            lambda: f"apply((item) => item + {inner()}, {name})",
            lambda: f"total([{inner()}])",
            lambda: f"[{inner()}].map((x) => x + {name})[0]!",
            lambda: inner(),
        ])()

    def wrapper(self, at):
        """A wrapper: its definition, its name, how it is called."""
        names = self.choose.sample(["a", "b", "x", "item", "c"], self.choose.randint(1, 3))
        name, shape = f"wrap{at}", self.choose.choice(["plain", "plain", "plain", "object", "rest", "async", "void", "box"])
        defaults = {it for it in names[1:] if self.chance(0.3)}
        typed = lambda it: f"{it} = {self.choose.randint(0, 4)}" if it in defaults else f"{it}: number"
        ordered = [it for it in names if it not in defaults] + [it for it in names if it in defaults]
        heads, result = [typed(it) for it in ordered], ": number"
        body = self.value(names)
        if shape == "object":
            keys = ", ".join(it if ": " in it else it for it in (head.split(":")[0] for head in heads))
            types = "; ".join(f"{it}?: number" if it in defaults else f"{it}: number" for it in ordered)
            heads = [f"{{ {keys} }}: {{ {types} }}"]
        elif shape == "rest":
            heads.append("...more: number[]")
            body = self.choose.choice([f"spread({body}, ...more)", f"total(more) + {ordered[0]}", "total(more)", f"pair({ordered[0]}, total(more))"])
            ordered = [it for it in ordered if it not in defaults]
            heads = [f"{it}: number" for it in ordered] + heads[-1:]
            body = body if all(it in ordered or it not in body for it in defaults) else "spread(1, ...more)"
        elif shape == "async":
            body, result = f"wait({body})", ": Promise<number>"
            if self.chance(0.5):
                body = f"await {body}"
        elif shape == "void":
            body, result = f"mark({body}, 'void')", ": void"
        elif shape == "box":
            body, result = f"new Box({body})", ": Box"
        is_async = shape == "async" and body.startswith("await")
        result = result if self.chance(0.3) or shape == "void" else ""
        prefix = "async " if is_async else ""
        if shape == "void":
            text = f"export function {name}({', '.join(heads)}): void {{\n  {body};\n}}\n"
        elif self.chance(0.5):
            text = f"export {prefix}function {name}({', '.join(heads)}){result} {{\n  return {body};\n}}\n"
        else:
            text = f"export const {name} = {prefix}({', '.join(heads)}){result} => {body};\n"
        return text, name, shape, ordered, defaults

    def argument(self, label, depth):
        pick = self.choose.choice([
            lambda: str(self.choose.randint(0, 9)),
            lambda: "kept",
            lambda: "item",
            lambda: "moving",
            lambda: "box.size",
            lambda: f"mark({self.choose.randint(1, 9)}, '{label}')",
            lambda: f"mark(kept, '{label}')",
            lambda: "kept + 1",
            lambda: "-2",
            lambda: "kept > 2 ? 1 : kept",
            lambda: self.call(label + "i", depth + 1, ["plain", "object", "rest"]) if depth < 2 else "kept",
        ])
        return pick()

    def call(self, label, depth, shapes):
        fitting = [wrapper for wrapper in self.wrappers if wrapper[2] in shapes]
        if not fitting:
            return "kept"
        _, name, shape, ordered, defaults = self.choose.choice(fitting)
        given = [(it, self.argument(f"{label}{it}", depth)) for it in ordered if it not in defaults or self.chance(0.6)]
        if shape == "object":
            self.choose.shuffle(given)
            return f"{name}({{ {', '.join(f'{it}: {value}' if it != value else it for it, value in given)} }})"
        # What has a default is left out from the end.
        kept = []
        for it in ordered:
            value = dict(given).get(it)
            kept.append("undefined" if value is None else value)
        while kept and kept[-1] == "undefined":
            kept.pop()
        if shape == "rest":
            kept += [self.argument(f"{label}r{at}", depth) for at in range(self.choose.randint(0, 2))]
            kept += ["...many"] * self.chance(0.2)
        return f"{name}({', '.join(kept)})"

    def statement(self, label):
        number = lambda: self.call(label, 0, ["plain", "object", "rest"])
        return self.choose.choice([
            lambda: f"out.push({number()});",
            lambda: f"out.push({number()} * 2, {number()});",
            lambda: f"const v{label} = {number()};\n  out.push(v{label});",
            lambda: f"{number()};",
            lambda: f"if ({number()} > 3) out.push(1);",
            lambda: f"out.push(`${{{number()}}}`);",
            lambda: f"out.push([1, 2].map((x) => x + {number()}));",
            lambda: f"out.push(({number()}).toFixed(1));",
            lambda: f"out.push(await {self.call(label, 0, ['async'])});" if self.has("async") else "out.push(0);",
            lambda: f"out.push((await {self.call(label, 0, ['async'])}) + 1);" if self.has("async") else "out.push(0);",
            lambda: f"await {self.call(label, 0, ['async'])};" if self.has("async") else "out.push(0);",
            lambda: f"{self.call(label, 0, ['void'])};" if self.has("void") else "out.push(0);",
            lambda: f"out.push({self.call(label, 0, ['box'])}.size);" if self.has("box") else "out.push(0);",
            lambda: f"const o{label} = {{ size: {number()} }};\n  out.push(o{label});",
        ])()

    def has(self, shape):
        return any(wrapper[2] == shape for wrapper in self.wrappers)

    def write(self, folder):
        base = ["log", "shared", "turns", "mark", "pair", "total", "spread", "wait", "apply", "Box"]
        self.wrappers = [self.wrapper(at) for at in range(self.choose.randint(3, 7))]
        texts = "".join(text for text, *_ in self.wrappers)
        needs = [name for name in base if name in texts]
        own = f"{'export ' if self.chance(0.7) else ''}const own = 5;\n"
        lead = f"import {{ {', '.join(needs)} }} from './base';\n" if needs else ""
        files = {"tsconfig.json": CONFIG, "web/base.ts": BASE, "web/wrappers.ts": f"{lead}{own}{texts}"}
        for user in ["one", "two"]:
            lines = [self.statement(f"{user[0]}{at}") for at in range(self.choose.randint(4, 9))]
            # A name that the body of a wrapper means otherwise.
            taken = self.choose.choice(["", "", "  const pair = 7;\n  out.push(pair);\n", "  const y = 2;\n  out.push(y);\n"])
            body = "\n  ".join(lines)
            called = [name for _, name, *_ in self.wrappers if f"{name}(" in body]
            brought = f"import {{ {', '.join(called)} }} from './wrappers';\n" if called else ""
            files[f"web/{user}.ts"] = (
                f"import {{ mark }} from './base';\n{brought}\nconst box = {{ size: 4 }};\nconst many = [1, 2];\n\n"
                f"export async function {user}(kept: number, item: number) {{\n  const out: unknown[] = [];\n  let moving = mark(1, 'start');\n{taken}  moving += 1;\n"
                f"  {body}\n  return [out, box, many, moving, kept, item];\n}}\n"
            )
        files["web/main.ts"] = (
            "import { log } from './base';\nimport { one } from './one';\nimport { two } from './two';\n\ndeclare const console: { log(text: string): void };\n\n"
            "console.log(JSON.stringify([await one(2, 5), await two(3, 0), log]));\n\nexport {};\n"
        )
        for path, text in files.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        of = ", ".join(json.dumps(f"web/wrappers:{name}") for _, name, *_ in self.wrappers)
        return {"body": f'kind = "inline-wrapper"\nof = [{of}]'}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(json.dumps(World(given.seed).write(given.folder)))
