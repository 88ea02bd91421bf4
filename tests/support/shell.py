"""Run the command as people do, in a folder of its own."""

import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from catalog.cli.program import STARTED_AS
from tests.support.forks import Fork, can_fork
from tests.support.http_server import Server

COMMAND: Final = Path(sys.executable).parent / "catalog"
TOKEN: Final = "tok-7c1e-never-shown"
SECONDS: Final = 60
UNMEASURED: Final = {"COVERAGE_PROCESS_CONFIG": ""}
"""Turn coverage off in processes that run no new line, because it doubles their time."""
# Tests in the background of a shell ignore Ctrl-C, and their child processes inherit that.
HEEDS_CTRL_C: Final = """\
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """One ended command: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its stdout as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """Its stdout, line by line."""
        return self.out.splitlines()


@dataclass(frozen=True)
class Shell:
    """A working folder and its environment, which holds only the given variables.

    Its commands are forks of a loaded process, or the installed script.
    """

    folder: Path
    given: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    installed: bool = False

    @property
    def environ(self) -> dict[str, str]:
        """The environment of every command, without the caller's settings."""
        # Coverage measures the commands too and passes its settings in its own variables.
        measured = {name: text for name, text in os.environ.items() if name.startswith("COVERAGE_")}
        # Commands in the output then have this name, because the script is not on the PATH.
        shown = {STARTED_AS: "catalog"}
        plain = {"HOME": str(self.folder), "PATH": os.defpath, "LANG": "C.UTF-8", **shown}
        return measured | plain | dict(self.given)

    def __call__(
        self,
        *words: str | Path,
        code: int = 0,
        stdin: bytes = b"",
        given: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run `catalog WORDS` and return its result.

        It fails unless the exit code is `code`.

        It must show no traceback and no token.
        """
        pipe, environ = subprocess.PIPE, self.environ | dict(given or {})
        with self._process(environ)(
            self.line(*words), cwd=self.folder, env=environ, stdin=pipe, stdout=pipe, stderr=pipe
        ) as running:
            try:
                out, err = running.communicate(stdin, timeout=SECONDS)
            finally:
                running.kill()
        ran = Ran(running.returncode, out.decode(), err.decode())
        assert ran.code == code, ran
        assert "Traceback" not in ran.err, ran.err
        assert "Exception ignored" not in ran.err, ran.err
        assert TOKEN not in ran.out + ran.err
        return ran

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        """Start `catalog WORDS`. Use it in a `with`."""
        start = self._process(self.environ)
        heeds = [] if start is Fork else [sys.executable, "-c", HEEDS_CTRL_C]
        return self._start(start, [*heeds, *self.line(*words)])

    def python(self, *words: str | Path) -> subprocess.Popen[str]:
        """Start `python WORDS`. Use it in a `with`.

        WORDS are a script, -m and a module, or -c and code.
        """
        return self._start(self._process(self.environ), [sys.executable, *map(str, words)])

    def _start(self, start: type[subprocess.Popen[Any]], line: list[str]) -> subprocess.Popen[str]:
        return start(
            line,
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def on_terminal(
        self,
        *words: str | Path,
        piped: bool = False,
        given: Mapping[str, str] | None = None,
        width: int = 300,
    ) -> tuple[str, str]:
        """Run `catalog WORDS` on a terminal.

        Return the terminal's text and the piped stdout.

        It must succeed.
        """
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (40, width))
        environ = self.environ | {"TERM": "xterm"} | dict(given or {})
        with self._process(environ)(
            self.line(*words),
            cwd=self.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else theirs,
            stderr=theirs,
        ) as running:
            os.close(theirs)
            shown = b"".join(_chunks(ours))
            out = running.stdout.read() if running.stdout else b""
        os.close(ours)
        assert running.returncode == 0, shown
        return shown.decode(), out.decode()

    def _process(self, environ: Mapping[str, str]) -> type[subprocess.Popen[Any]]:
        """Choose the class that starts a command."""
        return subprocess.Popen if self.installed or not can_fork(environ) else Fork

    def line(self, *words: str | Path) -> list[str]:
        """Return the whole command line."""
        return [str(COMMAND), *self.before, *map(str, words)]

    def files(self) -> dict[str, bytes]:
        """Return every file of the folder with its bytes."""
        found = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}


def _chunks(terminal: int) -> Iterator[bytes]:
    """Read a terminal until its last writer ends.

    Linux reports this end as an error.
    """
    with suppress(OSError):
        while chunk := os.read(terminal, 4096):
            yield chunk


Live = Callable[..., tuple[Shell, Server]]
"""Type of the fixture `live`: takes the steps of a server, returns a shell that polls it."""
