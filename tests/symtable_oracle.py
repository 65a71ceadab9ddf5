"""What CPython's own symbol table says of Python files: one line of JSON a file.

The files are named on standard input, one a line. A file's scopes are listed with the kinds of the lines on which they and those around
them begin (`module/class:3/function:4`) and the kind of each name. A file that this Python cannot compile has an `error` instead.
"""

import ast
import json
import symtable
import sys
import tokenize

# Names that the compiler makes up; the parameter `.0` of comprehensions and their kin start with a dot.
MADE_UP = {
    "__class__",
    "__classdict__",
    "__conditional_annotations__",
    "__firstlineno__",
    "__static_attributes__",
    "__type_params__",
}
# From this version on (PEP 709) most comprehensions are a part of the scope around them. To have one answer for all of them, all are
# counted as such.
INLINES_COMPREHENSIONS = sys.version_info >= (3, 12)
# Scopes in which no name can be bound: their names are noted with the scope around them.
TRANSPARENT = {"TypeVar bound", "type variable", "annotation"} | ({"comprehension"} if INLINES_COMPREHENSIONS else set())


def without_future(source):
    """Postponed annotations are left out of the symbol table; they mean the same names all the same."""
    lines = source.splitlines(keepends=True)
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            at = statement.lineno - 1
            lines[at] = lines[at].replace("__future__", "__present__", 1)
    return "".join(lines)


def is_comprehension(table):
    return table.get_type() == "function" and ".0" in table.get_identifiers()


def scope_type(table):
    name = str(getattr(table.get_type(), "value", table.get_type()))
    if is_comprehension(table):
        return "comprehension"
    return {"type parameter": "types", "type parameters": "types", "type alias": "types"}.get(name, name)


def kind(symbol):
    if symbol.is_declared_global():
        return "declared global"
    if symbol.is_nonlocal():
        return "nonlocal"
    if symbol.is_parameter():
        return "parameter"
    if symbol.is_imported():
        return "imported"
    if symbol.is_local():
        return "local"
    return "free" if symbol.is_free() else "global"


def is_passed_on(symbol):
    """Whether only scopes inside have the name, which comes to them through this one."""
    return symbol.is_free() and not (symbol.is_referenced() or symbol.is_assigned() or symbol.is_nonlocal())


def names_of(table):
    return {
        symbol.get_name(): kind(symbol)
        for symbol in table.get_symbols()
        if not (symbol.get_name().startswith(".") or symbol.get_name() in MADE_UP or is_passed_on(symbol))
    }


def scopes(table, path, found):
    names = names_of(table)
    found.append([path, names])
    below(table, path, names, found)


def below(table, path, names, found):
    for child in table.get_children():
        own = scope_type(child)
        is_value_of_generic_alias = child.get_type() == "type alias" and path.rpartition("/")[2].startswith("types")
        if own in TRANSPARENT or is_value_of_generic_alias:
            for name, what in names_of(child).items():
                names.setdefault(name, what)
            below(child, path, names, found)
        elif own == "comprehension":
            # Where one begins that has no brackets of its own is a matter of taste.
            scopes(child, f"{path}/{own}", found)
        else:
            scopes(child, f"{path}/{own}:{child.get_lineno()}", found)


def answer(path):
    try:
        with tokenize.open(path) as file:
            source = file.read()
        found = []
        scopes(symtable.symtable(without_future(source), path, "exec"), "module", found)
        return {"path": path, "inlines": INLINES_COMPREHENSIONS, "scopes": found}
    except (SyntaxError, ValueError, RecursionError) as error:
        return {"path": path, "error": f"{type(error).__name__}: {error}"}


sys.setrecursionlimit(20000)
for line in sys.stdin:
    print(json.dumps(answer(line.rstrip("\n"))))
