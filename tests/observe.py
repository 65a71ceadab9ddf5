"""Loads every module of a folder, each in a process of its own, and tells what can be observed of it, as JSON.

For each module that this Python can compile: what its own statements print while it is loaded, the exception that it raises (its type),
and its public names: plain values by their repr, everything else by its kind. Usage: observe.py FOLDER [ROOT ...]
"""

import io
import json
import os
import re
import signal
import sys
from importlib.machinery import SourceFileLoader

ADDRESS = re.compile("0x[0-9a-f]+")
PLAIN = (type(None), bool, int, float, complex, str, bytes)
SECONDS = 20


def modules(folder, roots):
    """The dotted names of the modules below the folder, as the longest root names them."""
    found = []
    for at, _, files in sorted(os.walk(folder)):
        for file in sorted(files):
            path = os.path.join(at, file)
            homes = [root for root in roots if path.startswith(root + os.sep)]
            if not file.endswith(".py") or not homes:
                continue
            parts = os.path.relpath(path, max(homes, key=len))[:-3].split(os.sep)
            if parts[-1] == "__init__":
                parts.pop()
            if parts and all(part.isidentifier() for part in parts) and compiles(path):
                found.append(".".join(parts))
    return found


def compiles(path):
    with open(path, "rb") as file:
        try:
            compile(file.read(), path, "exec")
        except (SyntaxError, ValueError):
            return False
    return True


def is_plain(value):
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(is_plain(key) and is_plain(item) for key, item in value.items())
    return isinstance(value, PLAIN)


def show(value):
    if isinstance(value, type(sys)):
        return "module"
    if isinstance(value, type):
        return "class"
    if callable(value):
        return "callable"
    return repr(value) if is_plain(value) else type(value).__name__


def tell_apart(printed):
    """Keeps what each module prints while it is loaded apart from what the modules print that it loads."""
    execute = SourceFileLoader.exec_module

    def exec_module(self, module):
        outer, sys.stdout = sys.stdout, io.StringIO()
        printed[module.__name__] = sys.stdout
        try:
            execute(self, module)
        finally:
            sys.stdout = outer

    SourceFileLoader.exec_module = exec_module


def observe(name):
    """Loads a module and tells what it prints, what it raises, and its names."""
    printed = {}
    tell_apart(printed)
    told = {"raises": None}
    try:
        __import__(name)
        module = sys.modules[name]
        told["names"] = {key: show(value) for key, value in vars(module).items() if not key.startswith("_")}
        told["all"] = sorted(map(str, getattr(module, "__all__", ())))
    except BaseException as error:  # SystemExit is an answer, too.
        told["raises"] = type(error).__name__
    told["prints"] = printed[name].getvalue() if name in printed else ""
    return told


def apart(name):
    """The same in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        try:
            said = json.dumps(observe(name)).encode()
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(said)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    if not said:
        return {"raises": "nothing: the process ended"}
    # Where the folder lies, and where objects lie in memory, differs from run to run.
    return json.loads(ADDRESS.sub("0x", said).replace(os.getcwd(), ""))


def main():
    folder, *roots = map(os.path.abspath, sys.argv[1:])
    roots = [root for root in roots if os.path.isdir(root)] or [folder]
    sys.path[:0] = roots
    sys.dont_write_bytecode = True
    os.chdir(folder)
    json.dump({name: apart(name) for name in modules(folder, roots)}, sys.stdout, sort_keys=True)


main()
