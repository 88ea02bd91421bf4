"""Fork commands from a loaded process, because imports take most time.

Each is a process of its own, with the folder, environment, streams, signals and exit code that a
new process would have.
"""

import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, AnyStr, Final

_SERVER_FILE: Final = Path(__file__).with_name("fork_server.py")
_STAND_IN_FILE: Final = Path(__file__).with_name("fork_stand_in.py")
_INTERPRETER: Final = ("PYTHON", "LD_", "LC_", "LANG")
"""Prefixes of variables that matter only while an interpreter starts."""
_LANG: Final = {"LANG": "C.UTF-8"}
_STARTING: Final = Lock()
_poll: Final = vars(subprocess.Popen)["_internal_poll"]
"""The method of the library, by name, because typeshed leaves it out."""


class Fork(subprocess.Popen[AnyStr]):
    """A command that was started as a fork."""

    _teller: socket.socket
    _close_pipe_fds: Callable[..., None]

    def _execute_child(self, args: list[str], *given: Any) -> None:
        """Fork a process where `subprocess` would start one."""
        _, _, _, _, cwd, env, _, _, _, *ends = given
        order = {"line": args, "folder": os.fspath(cwd), "environ": dict(env)}
        control = _control()
        self._teller, theirs = socket.socketpair()
        reading, _, _, out, _, err, *_ = ends
        with theirs:
            socket.send_fds(control, [b"!"], [reading, out, err, theirs.fileno()])
        self._teller.sendall(json.dumps(order).encode() + b"\n")
        self.pid = int(self._read_number())
        self._child_created = True
        self._close_pipe_fds(*ends[:6])

    def _read_number(self, flags: int = 0) -> bytes:
        """Read a number from the fork, even if its bytes arrive separately."""
        number = b""
        while not number.endswith(b"\n"):
            more = self._teller.recv(1, flags)
            if not more:
                raise ChildProcessError("the process that forks is gone")
            number, flags = number + more, 0
        return number

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        """Return the status of the fork, as `os.waitpid` would."""
        try:
            status = int(self._read_number(socket.MSG_DONTWAIT if wait_flags else 0))
        except BlockingIOError:
            return 0, 0
        self._teller.close()
        return self.pid, status

    def _internal_poll(self, _deadstate: int | None = None, *_: Any) -> int | None:
        """Check whether the fork has ended."""
        ended: int | None = _poll(self, _deadstate, lambda _, flags: self._try_wait(flags))
        return ended


def can_fork(environ: Mapping[str, str]) -> bool:
    """Return True if a fork equals a new process in this environment."""
    telling = {name: text for name, text in environ.items() if name.startswith(_INTERPRETER)}
    return telling == _LANG and hasattr(os, "pidfd_open")


def put_command(folder: Path) -> int:
    """Write a program `catalog` for shells.

    Return the file descriptor that it inherits.
    """
    number = _control().fileno()
    program = folder / "catalog"
    words = [sys.executable, "-I", "-S", str(_STAND_IN_FILE), str(number), str(program)]
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return number


def end_forks() -> None:
    """End the forking process, if it runs, and wait for it."""
    if _server.cache_info().currsize:
        control, process = _server()
        control.close()
        process.wait()
        _server.cache_clear()


def _control() -> socket.socket:
    with _STARTING:
        return _server()[0]


@cache
def _server() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    measured = {name: text for name, text in os.environ.items() if name.startswith("COVERAGE_")}
    ours, theirs = socket.socketpair()
    with theirs:
        line = [sys.executable, "-P", str(_SERVER_FILE)]
        process = subprocess.Popen(line, stdin=theirs.fileno(), env=measured | _LANG, cwd="/")
    return ours, process
