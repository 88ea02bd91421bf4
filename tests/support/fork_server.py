"""Run `catalog` as forks of one loaded process: see forks.py.

The program stays single-threaded and loads every module of the package without running any. A fork
therefore starts like a new process after its imports.
"""

import ast
import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import posix
import runpy
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import catalog

STREAMS = 3


def load() -> None:
    """Import every module of the package.

    This includes modules that functions import.
    """
    for module in pkgutil.walk_packages(catalog.__path__, "catalog."):
        loaded = importlib.import_module(module.name)
        for name in imported(Path(str(loaded.__file__)).read_text(encoding="utf-8")):
            with suppress(ImportError):  # it is there for types alone
                importlib.import_module(name)
    measure()
    gc.collect()
    gc.freeze()  # else each fork's first collection copies all of it


def imported(source: str) -> Iterator[str]:
    """Return the modules that a source imports from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            yield str(node.module)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def measure() -> None:
    """Save the coverage once here, not in every fork."""
    if "coverage" in sys.modules:
        from coverage import Coverage

        current = Coverage.current()
        if current:
            current.save()
            # Skip the search for unexecuted files in every fork: it takes 30 ms, a tenth of all
            # tests.
            assert current._inorout is not None
            current._inorout.source_dirs, current._inorout.source_pkgs = [], []


def serve(control: socket.socket) -> None:
    """Fork for each order.

    The function returns only in a fork, which then runs the command.
    """
    running: dict[int, tuple[int, socket.socket]] = {}
    while True:
        ready, _, _ = select.select([control.fileno(), *running], [], [])
        for watch in running.keys() & {*ready}:
            report(watch, *running.pop(watch))
        if control.fileno() not in ready:
            continue
        _, given, _, _ = socket.recv_fds(control, 1, STREAMS + 1)
        if not given:
            sys.exit()  # the test process is gone
        *streams, line = given
        teller = socket.socket(fileno=line)
        child = os.fork()
        if not child:
            take_over(teller, streams)
            for left in (control, teller, *(each for _, each in running.values())):
                left.detach()  # its number is closed, and may be another file's soon
            return
        for stream in streams:
            os.close(stream)
        running[os.pidfd_open(child)] = (child, teller)


def report(watch: int, child: int, teller: socket.socket) -> None:
    """Report the end of a fork."""
    os.close(watch)
    _, status = os.waitpid(child, 0)
    with teller:
        teller.sendall(b"%d\n" % status)


def take_over(teller: socket.socket, streams: list[int]) -> None:
    """Apply the folder, environment, arguments and streams of the order."""
    with teller.makefile(encoding="utf-8") as lines:
        order: dict[str, Any] = json.loads(lines.readline())
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environ"])
    time.tzset()
    sys.argv = order["line"]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name, mode in (("stdin", "rb"), ("stdout", "wb"), ("stderr", "wb")):
        reopened = opened(getattr(sys, name), mode)
        setattr(sys, name, reopened)
        setattr(sys, f"__{name}__", reopened)
    teller.sendall(b"%d\n" % os.getpid())
    os.closerange(STREAMS, os.sysconf("SC_OPEN_MAX"))


def opened(stream: Any, mode: str) -> io.TextIOWrapper:
    """Open a stream again, as a new interpreter does."""
    number = stream.fileno()
    return io.TextIOWrapper(
        open(number, mode, closefd=False),
        encoding=stream.encoding,
        errors=stream.errors,
        newline="\n",
        line_buffering=stream is sys.stderr or os.isatty(number),
    )


def run(line: list[str]) -> None:
    """Run `catalog WORDS`, or `python WORDS`.

    Python gets a module, code, or a script.
    """
    match line:
        case [sys.executable, "-m", module, *words]:
            sys.path.insert(0, str(Path.cwd()))
            sys.argv = [module, *words]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case [sys.executable, "-c", code, *words]:
            sys.path.insert(0, "")
            sys.argv = ["-c", *words]
            exec(code, {"__name__": "__main__"})  # noqa: S102  # as an interpreter would
        case [sys.executable, script, *words]:
            sys.path.insert(0, str(Path(script).parent))
            sys.argv = [script, *words]
            runpy.run_path(script, run_name="__main__")
        case _:
            from catalog.cli.main import main

            main()


def leave(code: str | int | None) -> None:
    """End without unloading modules, because that takes half the time.

    Output that fails and exit codes that are no number are left to the interpreter.
    """
    vars(threading)["_shutdown"]()  # by name, because typeshed leaves it out
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    if not isinstance(code, str):
        posix._exit(code or 0)  # `os._exit` measures once more


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    load()
    serve(socket.socket(fileno=0))

    try:
        run(sys.argv)
        sys.exit()
    except SystemExit as ended:
        leave(ended.code)
