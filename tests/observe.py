"""Loads every module of a folder, each in a process of its own, and tells what can be observed of it, as JSON.

For each module that this Python can compile: what it prints, the exception that it raises (its type), and the public names of the
module: plain values by their repr, everything else by its kind. Usage: observe.py FOLDER [ROOT ...]
"""

import json
import os
import signal
import sys
import tempfile
import types

PLAIN = (type(None), bool, int, float, complex, str, bytes)
SECONDS = 20


def modules(folder, roots):
    """The dotted names of the modules below the folder, under their shortest names."""
    found = {}
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
                found[".".join(parts)] = path
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
    if isinstance(value, types.ModuleType):
        return "module"
    if isinstance(value, type):
        return "class"
    if callable(value):
        return "callable"
    return repr(value) if is_plain(value) else type(value).__name__


def observe(name):
    """Loads a module and returns its public names, or the type of what it raises."""
    try:
        __import__(name)
    except BaseException as error:  # SystemExit is an answer, too.
        return {"raises": type(error).__name__}
    names = {key: show(value) for key, value in vars(sys.modules[name]).items() if not key.startswith("_")}
    listed = getattr(sys.modules[name], "__all__", None)
    return {"names": names, "all": None if listed is None else sorted(map(str, listed))}


def apart(name):
    """The same in a process of its own, with what it prints."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as answer:
        child = os.fork()
        if child == 0:
            signal.alarm(SECONDS)
            os.dup2(out.fileno(), 1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            try:
                answer.write(json.dumps(observe(name)).encode())
                answer.flush()
                sys.stdout.flush()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        out.seek(0)
        answer.seek(0)
        said = answer.read()
        told = json.loads(said) if said else {"raises": "nothing: the process ended"}
        told["prints"] = out.read().decode(errors="replace")
        return told


def main():
    folder, *roots = map(os.path.abspath, sys.argv[1:])
    roots = roots or [folder]
    sys.path[:0] = roots
    sys.dont_write_bytecode = True
    os.chdir(folder)
    json.dump({name: apart(name) for name in modules(folder, roots)}, sys.stdout, sort_keys=True)


main()
