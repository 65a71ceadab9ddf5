"""Generates a small TypeScript project that spells its imports in as many ways as so few files can.

    python3 generate_typescript.py OUT_DIR [--seed N]

Writes the same bytes for the same seed. The project compiles without diagnostics; `main.ts` prints the values that its modules reach, and
tests print what is reached while modules are mocked. No output depends on where a module lies or on how a definition is called, so all of
it stays as it is whatever is moved or renamed. On stdout stands, as JSON, what can be asked of a tool: `operations`, each the keys of a
plan's step.
"""

import argparse
import json
import os
import random
import re
from pathlib import Path
from typing import NamedTuple

WORDS = "auth token socket event agent cache route panel store queue thread chart user order audit badge".split()
FOLDERS = ["src/lib", "src/core", "src/ui", "src/lib/deep", "src/data"]

GLOBALS = '''\
declare const console: { log(...values: unknown[]): void };
interface Mocks {
  mock(path: string, factory?: () => unknown): Mocks;
  unmock(path: string): Mocks;
  doMock(path: string, factory?: () => unknown): Mocks;
  requireActual(path: string): any;
  requireActual<T>(path: string): T;
  requireMock<T = any>(path: string): T;
  createMockFromModule<T = any>(path: string): T;
  fn<T>(body?: T): T;
}
declare const jest: Mocks;
declare const vi: { mock(path: string, factory: (original: <T>() => Promise<T>) => unknown): void; importActual<T>(path: string): Promise<T> };
declare function test(name: string, body: () => unknown): void;
declare namespace JSX {
  type Element = string;
  interface IntrinsicElements { [name: string]: any }
  interface ElementChildrenAttribute { children: {} }
}
'''
FACTORY = '''\
type Props = Record<string, unknown> | null;
export function h(type: string | ((props: any) => string), props: Props, ...children: unknown[]): string {
  if (typeof type === "function") return type({ ...props, children: children.join("") });
  return `<${type}${Object.entries(props ?? {}).map(([key, value]) => ` ${key}=${value}`).join("")}>${children.join("")}`;
}
'''

# How a value of a kind is read, and a type; R is what it is called where it is read.
READS = {
    "const": ["R"],
    "object": ["R.size", "Object.keys(R).length"],
    "function": ["R(2)", "[1, 2].map((item) => R(item)).join()"],
    "async": ["await R(2)"],
    "overload": ['R("a")', "R(1)"],
    "generic": ["R({ size: 4 })", "R<{ size: number }>({ size: 4 })"],
    "class": ["new R(3).get()", "R.kind", "(new R(1) instanceof R)"],
    "merged": ['(new R(3).extra ?? "none")', "new R(3).get()"],
    "callable": ["(R() + R.inner)"],
    "enum": ["R.Second", "R[R.First]"],
    "namespace": ["(R.inner + R.Deep.value)"],
    "component": ['R({ label: "x" })', '<R label="x" />', "<R label={'y'}></R>"],
}
TYPES = {
    "interface": ["({ size: 3 } as R).size", "((value: R) => value.size)({ size: 5 })"],
    "type": ["({ size: 3 } as R).size", "[{ size: 1 }].map((item: R): R => item).length"],
    "generic-type": ["({ size: 3 } as R<number>).size"],
    "class": ['((undefined as R | undefined)?.get() ?? "no")'],
    "merged": ['((undefined as R | undefined)?.extra ?? "no")'],
    "enum": ["(1 as R)"],
    "namespace": ["(2 as R.Size)"],
}
TYPE_ONLY = ["interface", "type", "generic-type"]
IN_JS = ["const", "object", "function", "async", "class"]
STUBS = {
    "const": '"mocked"',
    "object": '{ size: "mocked" }',
    "class": 'class { static kind = "mocked"; get() { return "mocked"; } }',
    "enum": '{ First: 1, Second: "mocked" }',
    "namespace": '{ inner: "mocked", Deep: { value: "mocked" } }',
}
STUBS |= {"merged": STUBS["class"]} | {kind: 'jest.fn(() => "mocked")' for kind in ("function", "async", "overload", "generic", "component")}
STUBS |= {"callable": 'Object.assign(() => "mocked", { inner: 1 })'}


def definition(kind, name, k, base, needs):
    """The statements that define a name. `base` is a class to extend, `needs` an expression to read."""
    value = f"value + {k}" + (f" + String({needs}).length" if needs else "")
    return {
        "const": f"export const {name} = {k};",
        "object": f"export const {name} = {{\n  size: {k},\n  note: \"{k}\",\n}};",
        "function": f"export function {name}(value: number = 1): number {{\n  return {value};\n}}",
        "async": f"export async function {name}(value: number): Promise<number> {{\n  return {value};\n}}",
        "overload": f"export function {name}(value: string): string;\nexport function {name}(value: number): number;\n"
        f'export function {name}(value: string | number): string | number {{\n  return typeof value === "string" ? value + "{k}" : {value};\n}}',
        "generic": f'export const {name} = <T extends {{ size: number }}>(value: T): T["size"] => value.size + {k};',
        "class": f"export class {name}{f' extends {base}' if base else ''} {{\n"
        + ("" if base else f'  static kind: string = "{k}";\n  constructor(private readonly size: number = 2) {{}}\n')
        + ("  own(): number {\n    return 1;\n  }\n" if base else f"  get(): number {{\n    return this.size + {k};\n  }}\n")
        + "}",
        "merged": f"export interface {name} {{\n  extra?: string;\n}}\nexport class {name} {{\n  constructor(readonly size: number) {{}}\n"
        f"  get(): number {{\n    return this.size * {k};\n  }}\n}}",
        "callable": f"export function {name}(): number {{\n  return {name}.inner;\n}}\nexport namespace {name} {{\n  export const inner = {k};\n}}",
        "enum": f"export enum {name} {{\n  First = 1,\n  Second = {k},\n}}",
        "namespace": f"export namespace {name} {{\n  export const inner = {k};\n  export namespace Deep {{\n    export const value = inner + 1;\n  }}\n"
        f"  export type Size = number;\n}}",
        "component": f"export function {name}(props: {{ label: string; children?: unknown }}): string {{\n"
        f'  return <b title="{k}">{{props.label}}</b>;\n}}',
        "interface": f"export interface {name} {{\n  size: number;\n  note?: string;\n}}",
        "type": f"export type {name} = {{ size: number; note?: string }};",
        "generic-type": f"export type {name}<T> = {{ size: T }};",
    }[kind]


class Door(NamedTuple):
    """A name that a module exports: what kind of thing it is, and where it is defined, as `module:Name`."""

    name: str
    kind: str
    home: str
    # The way from the exported name to the thing, where it is a member of a namespace.
    inner: str = ""


class Module:
    """A file that is being written."""

    def __init__(self, choose, path, ext):
        self.choose, self.path, self.ext = choose, path, ext
        self.quote, self.has_semicolons = choose.choice("\"'"), choose.random() < 0.7
        self.is_windows, self.has_end = choose.random() < 0.12, choose.random() < 0.85
        self.head, self.body, self.doors = [], [], []
        self.taken = set()

    def is_js(self):
        return self.ext in (".js", ".cjs", ".mjs")

    def local(self, wanted):
        """A name that is free here, that one where it is."""
        name = wanted
        while name in self.taken:
            name = f"{wanted}{len(self.taken)}"
        self.taken.add(name)
        return name

    def text(self):
        choose = self.choose
        head = []
        for line in self.head:
            if choose.random() < 0.15:
                head.append(choose.choice(["// What is needed.", "/* eslint-disable */", "", "/** About the next one. */"]))
            head.append(line + (choose.choice([" // here", " /* here */"]) if choose.random() < 0.12 else ""))
        first = choose.choice(["", "", "", "// A module of the project.\n\n", "/**\n * A module of the project.\n */\n"])
        if choose.random() < 0.06:
            first = choose.choice(['"use client";\n\n' + first, first + '"use client";\n\n'])
        text = first + "\n".join(head) + ("\n\n" if head else "") + "\n".join(self.body) + "\n"
        if not self.has_semicolons:
            # A comment may stand behind the end of an import.
            text = re.sub(r";(?=( /[/*] ?here( \*/)?)?$)", "", text, flags=re.M)
        if self.quote == "'":
            text = re.sub(r"\"([^\"'\n`]*)\"", r"'\1'", text)
        if not self.has_end:
            text = text.rstrip("\n")
        return text.replace("\n", "\r\n") if self.is_windows else text


class Project:
    def __init__(self, seed):
        self.choose = random.Random(seed)
        self.modules, self.operations, self.count = [], [], 0
        choose = self.choose
        self.format = choose.choice(["preserve", "esnext", "commonjs"])
        self.is_verbatim = self.format != "commonjs" and choose.random() < 0.2
        self.aliases = {"@/*": ["src/*"]}
        if choose.random() < 0.5:
            self.aliases["@core/*"] = ["src/core/*"]
        if choose.random() < 0.4:
            self.aliases["~registry"] = ["src/registry"]
        if choose.random() < 0.3:
            self.aliases["@/*"] = ["src/*", "generated/*"]

    def name(self, kind):
        self.count += 1
        word = self.choose.choice(WORDS)
        is_upper = kind in ("class", "merged", "enum", "namespace", "component", *TYPE_ONLY)
        second = self.choose.choice(WORDS).title()
        return (word.title() if is_upper else word) + second + str(self.count)

    def add(self, path, ext):
        module = Module(self.choose, path, ext)
        self.modules.append(module)
        return module

    def spec(self, source, target):
        """A specifier for a module, spelled anyhow."""
        end = {".mts": ".mjs", ".mjs": ".mjs", ".cjs": ".cjs"}.get(target.ext, "")
        relative = os.path.relpath(target.path, os.path.dirname(source.path) or ".")
        relative = relative if relative.startswith(".") else f"./{relative}"
        found = [relative, relative]
        under = target.path.removeprefix("src/")
        aliased = [f"@/{under}"] * 2 if under != target.path else []
        if "@core/*" in self.aliases and target.path.startswith("src/core/"):
            aliased.append("@core/" + target.path.removeprefix("src/core/"))
        if "~registry" in self.aliases and target.path == "src/registry":
            return "~registry"
        found += aliased
        if self.choose.random() < 0.15:
            found.append(target.path)
        spec = self.choose.choice(found)
        if end:
            return spec + end
        if target.path.endswith("/index") and spec != "@core/index" and self.choose.random() < 0.7:
            folder = spec.removesuffix("/index")
            return folder if folder else "."
        return spec + (".js" if self.choose.random() < 0.15 else "")

    def read(self, module, door, reference, types=False, awaits=True):
        """An expression that reads what is behind a door."""
        reads = (TYPES if types else READS)[door.kind]
        plain = [read for read in reads if (awaits or "await" not in read) and (module.ext == ".tsx" or "<R " not in read)]
        plain = [read for read in plain if not (module.is_js() and "<{" in read)]
        return re.sub(r"\bR\b", reference + door.inner, self.choose.choice(plain)) if plain else None

    # Modules that define.

    def defining(self, path, ext, earlier):
        choose, module = self.choose, self.add(path, ext)
        base = needs = None
        values = [(target, door) for target in earlier for door in target.doors if door.kind in READS and not door.inner and door.name != "default"]
        if values and ext != ".cjs" and choose.random() < 0.6:
            target, door = choose.choice(values)
            local = module.local(door.name)
            module.head.append(f'import {{ {local} }} from "{self.spec(module, target)}";')
            base = local if door.kind == "class" and not module.is_js() and target.ext != ".cjs" else None
            needs = self.read(module, door, local, awaits=False)
            needs = None if needs and needs.startswith("<") else needs
        kinds = IN_JS if module.is_js() else [*READS, *TYPE_ONLY]
        kinds = [kind for kind in kinds if kind != "component" or ext == ".tsx"]
        if ext == ".tsx":
            module.head.append(f'import {{ h }} from "{self.spec(module, self.factory)}";')
            kinds += ["component"] * 4
        for _ in range(choose.randint(2, 4)):
            self.define(module, choose.choice(kinds), base, needs)
        if not module.is_js() and choose.random() < 0.45:
            self.default(module)
        if ext == ".cjs":
            module.body.append(f"module.exports = {{ {', '.join(door.name for door in module.doors)} }};")
        return module

    def define(self, module, kind, base, needs):
        choose, k = self.choose, self.choose.randint(3, 99)
        name = module.local(self.name(kind))
        text = definition(kind, name, k, base if kind == "class" and choose.random() < 0.6 else None, needs)
        if module.is_js():
            text = plain_js(text)
        if module.ext == ".cjs":
            text = text.replace("export ", "")
        elif kind in ("const", "function", "class", "enum", "object") and choose.random() < 0.25:
            # Exported apart from its definition.
            inner = module.local(f"{name}Own") if choose.random() < 0.4 else name
            text = re.sub(rf"\b{name}\b", inner, text.replace("export ", ""))
            text += f"\nexport {{ {inner if inner == name else f'{inner} as {name}'} }};"
        elif kind == "function" and choose.random() < 0.4:
            helper = module.local(f"{name}Base")
            text = f"const {helper} = {k};\n" + text.replace(f"+ {k}", f"+ {helper}")
        if choose.random() < 0.3:
            text = choose.choice(["/** Says what it is. */\n", "// About it.\n"]) + text
        module.body += [text, ""]
        module.doors.append(Door(name, kind, f"{module.path}:{name}"))

    def default(self, module):
        choose, k = self.choose, self.choose.randint(3, 99)
        own = module.local(self.name("const"))
        kind, text = choose.choice([
            ("function", f"export default function {own}(value: number): number {{\n  return value - {k};\n}}"),
            ("class", definition("class", own.title(), k, None, None).replace("export", "export default")),
            ("function", f"export default (value: number): number => value * {k};"),
            ("object", f"const {own} = {{ size: {k} }};\nexport default {own};"),
            ("object", f"export default {{\n  size: {k},\n}};"),
            ("function", f"function {own}(value: number): number {{\n  return value / {k};\n}}\nexport {{ {own} as default }};"),
        ])
        module.body += [text, ""]
        module.doors.append(Door("default", kind, f"{module.path}:default"))

    # Modules that pass on.

    def barrel(self, path, targets):
        choose, module = self.choose, self.add(path, ".ts")
        for target in targets:
            spec, names = self.spec(module, target), {door.name for door in module.doors}
            if choose.random() < 0.5:
                module.body.append(f'export * from "{spec}";')
                module.doors += [door for door in target.doors if door.name not in names | {"default"}]
            elif choose.random() < 0.35 and not any(door.inner for door in target.doors):
                name = module.local(f"all{self.name('const')}")
                module.body.append(f'export * as {name} from "{spec}";')
                module.doors += [Door(name, door.kind, door.home, f".{door.name}") for door in target.doors]
            else:
                self.pass_on(module, target, spec, names)
        return module

    def pass_on(self, module, target, spec, names):
        choose, listed = self.choose, []
        for door in choose.sample(target.doors, min(len(target.doors), choose.randint(1, 3))):
            name = door.name
            if name == "default" and choose.random() < 0.7 or name in names or choose.random() < 0.3:
                name = self.name(door.kind)
            if name in names:
                continue
            names.add(name)
            is_type = door.kind in TYPE_ONLY
            if name != "default" and not is_type and not door.inner and choose.random() < 0.25:
                # By an import and an export of their own.
                local = module.local(door.name if door.name != "default" else name)
                module.head.append(f"import {{ {named(door.name, local)} }} from \"{spec}\";")
                module.body.append(f"export {{ {named(local, name)} }};")
            elif is_type and choose.random() < 0.5:
                module.body.append(f'export type {{ {named(door.name, name)} }} from "{spec}";')
            else:
                listed.append(("type " if is_type else "") + named(door.name, name))
            module.doors.append(door._replace(name=name))
        if listed:
            module.body.append(f"export {many(choose, listed)} from \"{spec}\";")

    # Modules that use.

    def consumer(self, path, ext, targets):
        choose, module = self.choose, self.add(path, ext)
        self.count += 1
        see, out = f"see{self.count}", []
        module.taken.add(see)
        module.uses = []
        if ext == ".tsx":
            module.head.append(f'import {{ h }} from "{self.spec(module, self.factory)}";')
            module.taken.add("h")
        if ext != ".cjs" and choose.random() < 0.3:
            module.head.append(f'import "{self.spec(module, self.boot)}";')
        for target in targets:
            self.group(module, target, out)
        if ext == ".cjs":
            lines = [f"exports.{see} = async function () {{", "  const out = [];"]
        elif module.is_js():
            lines = [f"export async function {see}() {{", "  const out = [];"]
        else:
            lines = [f"export async function {see}(): Promise<string[]> {{", "  const out: string[] = [];"]
        end = "};" if ext == ".cjs" else "}"
        module.body += [*lines, *("  " + line for line in out), "  return out;", end]
        module.see = see
        return module

    def tell(self, expression):
        self.count += 1
        return f'out.push("{self.count}: " + String({expression}));'

    def group(self, module, target, out):
        """Imports of one module in one way, and what is done with them."""
        choose = self.choose
        values = [door for door in target.doors if door.kind in READS]
        types = [door for door in target.doors if door.kind in TYPES and not module.is_js()]
        spec = self.spec(module, target)
        if module.ext == ".cjs":
            values = [door for door in values if target.ext != ".mjs"]
            forms = ["require", "require-names", "require-member", "dynamic-names"]
        else:
            forms = ["names"] * 5 + ["namespace"] * 2 + ["dynamic-member", "dynamic-names", "dynamic-then", "dynamic-then-names"]
            if not module.is_js():
                forms += ["types"] * 2 + (["equals"] if self.format != "esnext" else [])
        form = choose.choice(forms)
        if form == "types" and not types or form != "types" and not values:
            form = "types" if types else "none"
        if form == "none":
            return
        picked = choose.sample(types if form == "types" else values, min(len(types if form == "types" else values), choose.randint(1, 3)))
        if module.is_js():
            picked = [door for door in picked if self.read(module, door, "x", awaits=True)]
        getattr(self, form.split("-")[0])(module, target, spec, form, picked, out)

    def names(self, module, target, spec, form, picked, out):
        choose, listed, default = self.choose, [], ""
        also = [door for door in target.doors if door.kind in TYPE_ONLY and not module.is_js() and choose.random() < 0.5]
        for door in [*picked, *also[:1]]:
            is_default = door.name == "default"
            is_renamed = is_default or choose.random() < 0.25
            local = module.local(self.name(door.kind) if is_renamed else door.name)
            is_type = door.kind in TYPE_ONLY
            if is_default and not default and choose.random() < 0.7:
                default = local
            else:
                listed.append(("type " if is_type and (self.is_verbatim or choose.random() < 0.5) else "") + named(door.name, local))
            if is_type:
                out.append(self.tell(self.read(module, door, local, types=True)))
            else:
                out += self.value(module, door, local)
                module.uses.append((target, door))
        words = ", ".join(filter(None, [default, many(choose, listed) if listed else ""]))
        module.head.append(f'import {words} from "{spec}";')

    def value(self, module, door, local):
        """What is done with a value that is imported by a name."""
        choose = self.choose
        lines = [self.tell(self.read(module, door, local))]
        if choose.random() < 0.3:
            lines.append(self.tell(self.read(module, door, local)))
        if choose.random() < 0.25:
            lines.append(self.tell(f"Object.values({{ {local} }}).length"))
        if choose.random() < 0.25 and not module.is_js() and door.kind in TYPES:
            lines.append(self.tell(self.read(module, door, local, types=True)))
        if choose.random() < 0.45:
            lines += self.shadow(module, local)
        top = self.read(module, door, local, awaits=False)
        if top and choose.random() < 0.15 and module.ext != ".cjs":
            module.body.append(f"export const {module.local(self.name('const'))} = String({top});")
        return lines

    def shadow(self, module, local):
        """Statements in which the name means something else."""
        number = "" if module.is_js() else ": number"
        return self.choose.choice([
            [self.tell(f"(({local}{number}) => {local} + 1)(4)")],
            ["{", f'  const {{ {local} }} = {{ {local}: "own" }};', f"  {self.tell(local)}", "}"],
            ["try {", '  throw new Error("e");', f"}} catch ({local}) {{", f"  {self.tell(f'{local} instanceof Error')}", "}"],
            [f"for (const {local} of [1, 2]) {{", f"  {self.tell(local)}", "}"],
            [self.tell(f"(() => {{ var {local} = 7; return {local}; }})()")],
            [self.tell(f"new (class {{ {local}() {{ return 1; }} }})().{local}()")],
            [self.tell(f"({{ {local}: 8 }}).{local}")],
            [self.tell(f"(function {local}() {{ return typeof {local}; }})()")],
            [f"{local}: for (const item of [1, 2]) {{", f"  if (item) continue {local};", "}"],
            [self.tell(f'"{local}".length > 2')],
            [self.tell(f"[[1, 2]].map(([{local}, other]) => {local} + other).join()")],
            [f"switch (1) {{", "  default: {", f"    let {local} = 3;", f"    {self.tell(f'{local}++')}", "  }", "}"],
        ])

    def namespace(self, module, target, spec, form, picked, out):
        space = module.local(self.name("const"))
        module.head.append(f'import * as {space} from "{spec}";')
        for door in picked:
            out.append(self.tell(self.read(module, door, f"{space}.{door.name}")))
            module.uses.append((target, door))
        types = [door for door in target.doors if door.kind in TYPES and door.name != "default"]
        if types and not module.is_js() and self.choose.random() < 0.4:
            door = self.choose.choice(types)
            out.append(self.tell(self.read(module, door, f"{space}.{door.name}", types=True)))
        if self.choose.random() < 0.3:
            out += self.shadow(module, space)

    def types(self, module, target, spec, form, picked, out):
        choose = self.choose
        for door in picked:
            way = choose.choice(["whole", "each", "inline", "space"])
            if way == "inline":
                out.append(self.tell(self.read(module, door, f'import("{spec}").{door.name}', types=True)))
                continue
            local = module.local(self.name(door.kind))
            if way == "space":
                module.head.append(f'import type * as {local} from "{spec}";')
                out.append(self.tell(self.read(module, door, f"{local}.{door.name}", types=True)))
                continue
            if door.name == "default":
                module.head.append(f'import type {local} from "{spec}";')
            elif way == "whole":
                module.head.append(f'import type {{ {named(door.name, local)} }} from "{spec}";')
            else:
                module.head.append(f'import {{ type {named(door.name, local)} }} from "{spec}";')
            out.append(self.tell(self.read(module, door, local, types=True)))
            if choose.random() < 0.3:
                out.append(self.tell(f'(<{local},>(value: {local}): {local} => value)("own")'))

    def dynamic(self, module, target, spec, form, picked, out):
        choose = self.choose
        for door in picked:
            local = module.local(self.name(door.kind)) if door.name == "default" or choose.random() < 0.4 else module.local(door.name)
            pair = door.name if local == door.name else f"{door.name}: {local}"
            if form == "dynamic-names":
                out.append(f'const {{ {pair} }} = await import("{spec}");')
                out.append(self.tell(self.read(module, door, local)))
                continue
            if form == "dynamic-member":
                cast = f' as typeof import("{spec}")' if not module.is_js() and choose.random() < 0.3 else ""
                read = self.read(module, door, "HERE")
                made = f'(await import("{spec}"){cast}).{door.name}'
                if read.startswith("<") or "=>" in read or read.count("HERE") > 1:
                    out.append(f"const {local} = {made};")
                    out.append(self.tell(read.replace("HERE.", f"{local}.").replace("HERE", local)))
                else:
                    out.append(self.tell(re.sub(r"new HERE((?:\.\w+)*)", rf"new ({made}\1)", read).replace("HERE", made)))
                continue
            then, given = ("m", f"m.{door.name}") if form == "dynamic-then" else (f"{{ {pair} }}", local)
            out.append(self.tell(f'await import("{spec}").then(async ({then}) => {self.read(module, door, given)})'))

    def require(self, module, target, spec, form, picked, out):
        choose = self.choose
        for door in picked:
            local = module.local(self.name(door.kind) if door.name == "default" else door.name)
            if form == "require-names":
                pair = door.name if local == door.name else f"{door.name}: {local}"
                (out if choose.random() < 0.3 else module.head).append(f'const {{ {pair} }} = require("{spec}");')
                out.append(self.tell(self.read(module, door, local)))
            elif form == "require-member":
                module.head.append(f'const {local} = require("{spec}").{door.name};')
                out.append(self.tell(self.read(module, door, local)))
            else:
                module.head.append(f'const {local}All = require("{spec}");')
                out.append(self.tell(self.read(module, door, f"{local}All.{door.name}")))

    def equals(self, module, target, spec, form, picked, out):
        space = module.local(self.name("const"))
        module.head.append(f'import {space} = require("{spec}");')
        for door in picked:
            out.append(self.tell(self.read(module, door, f"{space}.{door.name}")))

    # Tests that mock.

    def test(self, consumer, target, door):
        choose, see = self.choose, consumer.see
        module = self.add(f"{consumer.path}.test", ".ts")
        spec, actual = self.spec(module, target), self.spec(module, target)
        own = self.spec(module, consumer)
        stub = ("__esModule: true, " if any(other.name == "default" for other in target.doors) else "") + f"{door.name}: {STUBS[door.kind]}"
        factory = f'() => ({{ ...jest.requireActual<typeof import("{actual}")>("{actual}"), {stub} }})'
        others = sorted({other for place, other in consumer.uses if place is target and not other.inner and other.name != door.name})
        if others and choose.random() < 0.6:
            more = choose.choice(others)
            rest = f'...jest.requireActual("{actual}")'
            parts = [rest, f"{door.name}: {STUBS[door.kind]}", f"{more.name}: {STUBS[more.kind]}"]
            parts = ["__esModule: true", *parts] if "default" in [other.name for other in target.doors] else parts
            notes = [choose.choice(["", "", " // as it is here"]) for _ in parts]
            lines = [f"  {part},{note}" for part, note in zip(parts, notes)]
            factory = "() => ({\n" + "\n".join(lines) + "\n})" if choose.random() < 0.6 else f"() => ({{ {', '.join(parts)} }})"
        way = choose.choice(["mock", "mock", "auto", "do", "vi", "unmock"])
        told = [
            "  try {",
            f'    console.log((await {see}()).join("|"));',
            "  } catch {",
            '    console.log("it threw");',
            "  }",
        ]
        if way == "do":
            body = [f'  jest.doMock("{spec}", {factory});', f'  const {{ {see} }} = await import("{own}");', *told]
            module.body.append("export {};")
        else:
            module.head.append(f'import {{ {see} }} from "{own}";')
            mock = {
                "mock": f'jest.mock("{spec}", {factory});',
                "auto": f'jest.mock("{spec}");',
                "vi": f'vi.mock("{spec}", async (original) => ({{ ...(await original<typeof import("{actual}")>()), {stub.replace("jest.fn", "")} }}));',
                "unmock": f'jest.mock("{spec}").unmock("{actual}");',
            }[way]
            module.body.append(mock)
            body = told
            if way == "auto" and choose.random() < 0.5:
                body += [f'  console.log(typeof jest.requireActual<typeof import("{actual}")>("{actual}").{door.name});']
                made = choose.choice(["requireMock", "createMockFromModule"])
                body += [f'  console.log(typeof jest.{made}("{self.spec(module, target)}").{door.name});']
        module.body += [f'test("tells", async () => {{', *body, "});"]

    # The whole.

    def make(self):
        choose = self.choose
        registry = self.add("src/registry", ".ts")
        registry.body.append("export const registry: string[] = [];")
        self.boot = self.add("src/setup/boot", ".ts")
        self.boot.head.append(f'import {{ registry }} from "{self.spec(self.boot, registry)}";')
        self.boot.body.append('registry.push("boot");')
        self.factory = self.add("src/ui/h", ".ts")
        self.factory.body.append(FACTORY.rstrip())
        paths = [f"{folder}/{word}" for folder in FOLDERS for word in WORDS[:8]]
        choose.shuffle(paths)
        defining = []
        for _ in range(choose.randint(3, 5)):
            ext = choose.choice([".ts"] * 6 + [".tsx"] * 2 + [".js", ".cjs", ".mts"])
            defining.append(self.defining(paths.pop(), ext, defining))
        doors = list(defining)
        index = {f"{folder}/index": folder for folder in FOLDERS}
        for _ in range(choose.randint(1, 3)):
            path = choose.choice([*index]) if choose.random() < 0.6 else paths.pop()
            index.pop(path, None)
            if all(module.path != path for module in self.modules):
                doors.append(self.barrel(path, choose.sample(doors, min(len(doors), choose.randint(1, 3)))))
        consumers = []
        for _ in range(choose.randint(3, 6)):
            ext = choose.choice([".ts"] * 5 + [".tsx"] * 3 + [".js", ".cjs", ".mjs"])
            picked = [target for target in choose.choices(doors, k=choose.randint(1, 4))]
            consumers.append(self.consumer(paths.pop(), ext, picked))
        for consumer in consumers:
            mocked = [use for use in consumer.uses if not use[1].inner and use[0].ext != ".cjs"]
            if mocked and choose.random() < 0.5:
                self.test(consumer, *choose.choice(mocked))
        self.main(consumers, registry)
        self.ask(defining, doors, consumers)

    def main(self, consumers, registry):
        main = self.add("main", ".ts")
        main.head += [f'import {{ {one.see} }} from "{self.spec(main, one)}";' for one in consumers]
        main.head.append(f'import {{ registry }} from "{self.spec(main, registry)}";')
        main.body += ["async function main(): Promise<void> {"]
        main.body += [f'  console.log("{at}", (await {one.see}()).join("|"));' for at, one in enumerate(consumers)]
        main.body += ["  console.log([...registry].sort().join());", "}", "", "void main();"]

    def ask(self, defining, doors, consumers):
        choose, asked = self.choose, []
        moving = choose.choice([*defining, *consumers])
        asked.append(step("move-module", moving.path, f"src/moved/{choose.choice(['a', 'b/c'])}/{os.path.basename(moving.path)}", True))
        folder = os.path.dirname(choose.choice(defining).path)
        asked.append(step("move-module", folder, f"src/other/{os.path.basename(folder)}", True))
        own = [door for module in defining if not module.is_js() for door in module.doors if door.name != "default"]
        for _ in range(2):
            door = choose.choice(own) if own else None
            if door:
                homes = [module for module in defining if module.ext in (".ts", ".tsx") and not door.home.startswith(f"{module.path}:")]
                homes = [module.path for module in homes if door.kind != "component" or module.ext == ".tsx"]
                asked.append(step("move-symbol", door.home, f"{choose.choice([*homes, 'src/core/fresh'])}:{door.name}", True))
        if own:
            door = choose.choice(own)
            asked.append(step("move-symbol", door.home, f"{door.home}Renamed", True))
        passed = [(module, door) for module in doors[len(defining):] for door in module.doors if not door.inner]
        if passed:
            module, door = choose.choice(passed)
            asked.append(step("move-symbol", f"{module.path}:{door.name}", door.home, False))
        self.operations = [one for at, one in enumerate(asked) if one not in asked[:at]]

    def files(self):
        files = {f"{module.path}{module.ext}": module.text() for module in self.modules}
        files["globals.d.ts"] = GLOBALS
        files |= self.configuration()
        return files

    def configuration(self):
        choose = self.choose
        resolution = "node10" if self.format == "commonjs" else "bundler"
        options = {"target": "es2022", "lib": ["es2022"], "module": self.format, "moduleResolution": resolution, "strict": True, "noEmit": True}
        options |= {"allowJs": True, "esModuleInterop": True, "skipLibCheck": True, "types": [], "jsx": "react", "jsxFactory": "h"}
        if self.is_verbatim:
            options["verbatimModuleSyntax"] = True
        elif choose.random() < 0.4:
            options["isolatedModules"] = True
        lead, base = ("../", "config/tsconfig.base.json") if choose.random() < 0.4 else ("./", "tsconfig.base.json")
        aliases = {"baseUrl": lead if choose.random() < 0.5 else lead.rstrip("/"), "paths": self.aliases}
        own = {"extends": f"./{base}" if choose.random() < 0.7 else [f"./{base}"], "include": ["**/*"]}
        if choose.random() < 0.5:
            options |= aliases
        else:
            own["compilerOptions"] = aliases | {"baseUrl": "."}
        text = json.dumps(own, indent=2)
        if choose.random() < 0.4:
            text = text.replace("{", "{\n  // What the project is made of.", 1)
        return {base: json.dumps({"compilerOptions": options}, indent=2) + "\n", "tsconfig.json": text + "\n"}


def step(kind, old, new, moves):
    return {"kind": kind, "from": old, "to": new} | ({"move_definition": True} if moves else {})


def named(name, local):
    return name if name == local else f"{name} as {local}"


def many(choose, listed):
    """A list of names on one line or on many."""
    if choose.random() < 0.7:
        return f"{{ {', '.join(listed)} }}" if choose.random() < 0.8 else f"{{{', '.join(listed)}}}"
    lines = [f"  {one},{choose.choice(['', '', ' // this one'])}" for one in listed]
    return "{\n" + "\n".join(lines) + "\n}"


def plain_js(text):
    """A definition without its types."""
    text = re.sub(r"constructor\(private readonly (size)(: number)?( = \d+)?\) \{\}", r"constructor(size\3) {\n    this.size = size;\n  }", text)
    return re.sub(r": (?:Promise<number>|number|string)(?= =|\)| \{)", "", text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    project = Project(given.seed)
    project.make()
    for path, text in project.files().items():
        file = given.out / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    print(json.dumps({"operations": project.operations}))


main()
