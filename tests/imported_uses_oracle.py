"""What `refs --all` should say of a folder, worked out with Python's own ast and symtable: independent of the tool.

Prints JSON: the files that were judged, and [file, line, column, target] for every use of an imported binding. Import roots: the folder
itself. The text of a string annotation must stand in the file as it is, without escapes.
"""

import ast
import json
import os
import sys
import symtable
import tokenize

ROOT = sys.argv[1]


def sources():
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            if name.endswith((".py", ".pyi")):
                yield os.path.relpath(os.path.join(folder, name), ROOT)


def mangle(name, owner):
    private = owner and name.startswith("__") and not name.endswith("__") and owner.strip("_")
    return f"_{owner.lstrip('_')}{name}" if private else name


class Scope:
    def __init__(self, kind, table, parent, owner):
        self.kind, self.table, self.parent, self.owner = kind, table, parent, owner
        self.tables = list(table.get_children()) if table else []
        self.own = set()  # what a comprehension in a string annotation binds
        self.imports = {}

    def module(self):
        return self if self.parent is None else self.parent.module()

    def symbol(self, name):
        try:
            return self.table.lookup(name)
        except KeyError:
            return None

    def lookup(self, name, inner=True):
        """The scopes that a name read here may belong to."""
        if self.parent is None:
            return [self]
        if name in self.own:
            return [self]
        symbol = self.symbol(name) if self.table and (inner or self.kind != "class") else None
        if symbol is None:
            return self.parent.lookup(name, False)
        if symbol.is_local():
            return [self, self.module()] if self.kind == "class" else [self]
        return [self.module()] if symbol.is_global() else self.parent.lookup(name, False)

    def owner_of(self, name):
        """The scope that a name bound here belongs to."""
        symbol = self.symbol(name)
        return self if self.parent is None or symbol is None or symbol.is_local() else self.lookup(name)[0]


class File(ast.NodeVisitor):
    """Walks the tree and the symbol tables side by side."""

    def __init__(self, path, source):
        self.path, self.lines = path, source.splitlines(keepends=True)
        self.tree = ast.parse(source)
        self.scope = self.top = Scope("module", symtable.symtable(source, path, "exec"), None, None)
        self.reads, self.bound, self.stars = [], [], []
        self.is_annotation, self.origin = False, None
        self.visit(self.tree)
        for scope, name, what in self.bound:
            scope.owner_of(name).imports.setdefault(name, []).append(what)

    def inside(self, kind, name, lines, owner, walk):
        outer, table = self.scope, None
        for candidate in [] if self.origin else outer.tables:
            if (candidate.get_type(), candidate.get_name()) == (kind, name) and candidate.get_lineno() in lines:
                table = candidate
                outer.tables.remove(candidate)
                break
        assert table or self.origin, f"{self.path}:{lines}: no symbol table of {name}"
        self.scope = Scope(kind, table, outer, owner)
        walk()
        self.scope = outer

    def all(self, nodes, is_annotation=None):
        before = self.is_annotation
        self.is_annotation = before if is_annotation is None else is_annotation
        for node in nodes:
            if node is not None:
                self.visit(node)
        self.is_annotation = before

    def read(self, node):
        line, column = node.lineno, node.col_offset
        if self.origin:
            first = line == 1
            line, column = self.origin[0] + line - 1, self.origin[1] + column - 1 if first else column
        self.reads.append((self.scope, mangle(node.id, self.scope.owner), line, column))

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load):
            self.read(node)

    def visit_AugAssign(self, node):
        if isinstance(node.target, ast.Name):
            self.read(node.target)
        self.all([node.target, node.value])

    def definition(self, node, kind, first, body, owner):
        self.all(node.decorator_list)
        first()
        lines = [node.lineno] + [decorator.lineno for decorator in node.decorator_list]
        self.inside(kind, node.name, lines, owner, lambda: self.all(body))

    def visit_FunctionDef(self, node):
        arguments = node.args.posonlyargs + node.args.args + [node.args.vararg] + node.args.kwonlyargs + [node.args.kwarg]

        def first():
            self.all(node.args.defaults + node.args.kw_defaults)
            self.all([argument.annotation for argument in arguments if argument] + [node.returns], True)

        self.definition(node, "function", first, node.body, self.scope.owner)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        self.definition(node, "class", lambda: self.all(node.bases + node.keywords), node.body, node.name)

    def visit_Lambda(self, node):
        self.all(node.args.defaults + node.args.kw_defaults)
        self.inside("function", "lambda", [node.lineno], self.scope.owner, lambda: self.visit(node.body))

    def comprehension(self, node):
        name = {"ListComp": "listcomp", "SetComp": "setcomp", "DictComp": "dictcomp"}.get(type(node).__name__, "genexpr")
        first, *rest = node.generators
        elements = [node.key, node.value] if name == "dictcomp" else [node.elt]

        def walk():
            if self.origin:
                names = (child for generator in node.generators for child in ast.walk(generator.target))
                self.scope.own = {child.id for child in names if isinstance(child, ast.Name)}
            self.all([first.target] + first.ifs + rest + elements)

        self.visit(first.iter)
        self.inside("function", name, [node.lineno], self.scope.owner, walk)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    def visit_AnnAssign(self, node):
        self.all([node.annotation], True)
        self.all([node.value, node.target])

    def visit_Call(self, node):
        self.visit(node.func)
        self.all(node.args + node.keywords, False)

    def visit_Subscript(self, node):
        self.visit(node.value)
        name = getattr(node.value, "id", getattr(node.value, "attr", None))
        if self.is_annotation and name == "Annotated" and isinstance(node.slice, ast.Tuple):
            self.all(node.slice.elts[:1])
            self.all(node.slice.elts[1:], False)
        else:
            self.all([node.slice], False if name == "Literal" else None)

    def visit_Constant(self, node):
        if not (self.is_annotation and isinstance(node.value, str)) or self.origin:
            return
        try:
            tree = ast.parse(f"({node.value}\n)", mode="eval")
        except SyntaxError:
            return
        line = self.lines[node.lineno - 1][3 if node.lineno == 1 and self.lines[0][:3] == b"\xef\xbb\xbf" else 0 :]
        text = line.find(node.value.split("\n")[0].encode(), node.col_offset)
        self.origin = (node.lineno, text)
        self.visit(tree.body)
        self.origin = None

    def visit_Import(self, node):
        for alias in node.names:
            top = alias.name.split(".")[0]
            self.bind(alias.asname or top, alias.name if alias.asname else top)

    def visit_ImportFrom(self, node):
        for alias in node.names:
            if alias.name == "*":
                self.stars.append((node.level, node.module))
            else:
                self.bind(alias.asname or alias.name, (node.level, node.module, alias.name))

    def bind(self, name, what):
        self.bound.append((self.scope, mangle(name, self.scope.owner), what))


FILES, MODULES, FOLDERS = {}, {}, set()
for path in sorted(sources()):
    with open(os.path.join(ROOT, path), "rb") as file:
        source = file.read()
    try:
        FILES[path] = File(path, source)
    except (SyntaxError, ValueError):
        pass
    *folders, name = path.rsplit(".", 1)[0].split("/")
    if not any("." in part for part in folders + [name]):
        FOLDERS.update(".".join(folders[:depth]) for depth in range(1, len(folders) + 1))
        MODULES.setdefault(".".join(folders + [name] * (name != "__init__")), path)
        if name == "__init__":
            MODULES[".".join(folders)] = path


def absolute(path, level, module):
    """The module that a `from` clause names; None where its dots lead out of the root."""
    package = path.split("/")[:-1]
    if level == 0:
        return module
    if level > len(package) or any("." in folder for folder in package):
        return None
    return ".".join(package[: len(package) - level + 1] + [module] * bool(module))


def is_submodule(package, name, seen=()):
    """Whether `from package import name` brings the module: there is one, and the package binds nothing else under its name."""
    dotted = f"{package}.{name}"
    if dotted not in MODULES and dotted not in FOLDERS:
        return False
    path = MODULES.get(package)
    file = FILES.get(path)
    if file is None:
        return True
    if not path.endswith(("__init__.py", "__init__.pyi")):
        return False

    def is_it(what):
        if isinstance(what, str):
            return what == dotted
        level, module, imported = what
        module = absolute(path, level, module)
        is_self = (module, imported) == (package, name)
        return is_self or (f"{module}.{imported}" == dotted and (path, imported) not in seen and is_submodule(module, imported, seen + ((path, imported),)))

    imports = file.top.imports.get(name, [])
    stores = [node for node in file.tree.body for node in ast.walk(node) if getattr(node, "id", getattr(node, "name", None)) == name]
    others = [node for node in stores if not isinstance(node, ast.alias) and not isinstance(getattr(node, "ctx", None), ast.Load)]
    return all(map(is_it, imports)) and not others


def target(path, what):
    if isinstance(what, str):
        return what
    level, module, name = what
    package = absolute(path, level, module)
    if package is None:
        return f"{'.' * level}{module or ''}:{name}"
    return f"{package}.{name}" if is_submodule(package, name) else f"{package}:{name}"


def listed(tree):
    """The entries of `__all__`; None without one."""
    found = None
    for node in tree.body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        if getattr(node, "value", None) is not None and any(getattr(each, "id", None) == "__all__" for each in targets):
            found = (found or []) + [each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
    return found


def brings(path, name, seen=()):
    """Whether a star import of the file brings the name."""
    file = FILES.get(path)
    if file is None or path in seen:
        return False
    names = listed(file.tree)
    if names is not None:
        return name in names
    symbol = file.top.symbol(name)
    is_bound = symbol and (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace())
    inner = (MODULES.get(absolute(path, *star)) for star in file.stars)
    return not name.startswith("_") and bool(is_bound or any(brings(each, name, seen + (path,)) for each in inner))


entries = set()
for path, file in FILES.items():
    for scope, name, line, column in file.reads:
        for owner in scope.lookup(name):
            found = {target(path, what) for what in owner.imports.get(name, [])}
            for star in file.stars if owner.parent is None else []:
                module = absolute(path, *star)
                if brings(MODULES.get(module), name):
                    found.add(f"{module}:{name}")
            entries.update((path, line, column, each) for each in found)
# Strings and comments, in which the tool reads types that no annotation shows (`cast("X", y)`, `# type: X`).
texts = []
for path in FILES:
    with open(os.path.join(ROOT, path), "rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type in (tokenize.STRING, tokenize.COMMENT):
                texts.append([path, token.start[0], token.end[0]])
print(json.dumps({"judged": sorted(FILES), "entries": sorted(entries), "texts": texts}))
