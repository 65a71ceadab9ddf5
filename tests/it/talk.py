"""Runs a program on a pseudo terminal and talks to it.

Takes one JSON argument: the program and its arguments (`run`), variables to set (`env`), the terminal's width (`columns`), and the talk:
pairs of a text to wait for and bytes to send. Prints all that came over the terminal, and ends with the program's exit code.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

PATIENCE = 120


def main():
    wanted = json.loads(sys.argv[1])
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update({"TERM": "xterm", **wanted.get("env", {})})
        os.execv(wanted["run"][0], wanted["run"])
    size = struct.pack("HHHH", 24, wanted.get("columns", 80), 0, 0)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
    said = b""
    seen = 0
    for expected, answer in wanted["talk"] + [[None, None]]:
        while True:
            at = said.find(expected.encode(), seen) if expected is not None else -1
            if at >= 0:
                seen = at + len(expected.encode())
                break
            more = read(terminal)
            if not more:
                break
            said += more
        if answer is not None and at >= 0:
            os.write(terminal, answer.encode())
    sys.stdout.buffer.write(said.replace(b"\r\n", b"\n"))
    status = os.waitpid(child, 0)[1]
    sys.exit(os.waitstatus_to_exitcode(status) % 256)


def read(terminal):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ready = select.select([terminal], [], [], 1)[0]
        if not ready:
            continue
        try:
            return os.read(terminal, 65536)
        except OSError:
            return b""
    sys.exit("the program said nothing more")


main()
