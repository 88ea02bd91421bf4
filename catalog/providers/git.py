"""Run git on a local repository, without hooks, prompts and network."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from catalog.core.errors import NotFound
from catalog.core.visible import visible

_KEPT = ("HOME", "PATH", "XDG_CONFIG_HOME")
"""The configuration of the user may have `safe.directory`. Variables of git are left out."""
_CLOSED = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
_OPTIONS = (
    "--no-pager",
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    # A partial clone would otherwise fetch missing files.
    *("-c", "protocol.allow=never"),
)
_MANUAL = "Or save each answer as a file, see `catalog import --help`."


@dataclass(frozen=True, slots=True)
class Git:
    """A repository, and the path of the program."""

    repository: Path
    program: str

    @classmethod
    def at(cls, repository: Path) -> "Git":
        """Find git and the repository. Raise NotFound."""
        program = shutil.which("git")
        if program is None:
            raise NotFound("git is not installed", hint=f"Install git. {_MANUAL}")
        git = cls(repository, program)
        if not repository.is_dir():
            raise NotFound(f"{repository} is not a directory", hint="Name a clone of git.")
        git.run("rev-parse", "--git-dir")
        return git

    def run(self, *words: str, stdin: str = "") -> str:
        """Return the output of a command, or raise NotFound."""
        with self._started(*words) as process:
            out, reason = process.communicate(os.fsencode(stdin))
        if process.returncode:
            raise self._failed(reason)
        return os.fsdecode(out)

    @contextmanager
    def objects(self) -> Iterator[Callable[[str, int], bytes]]:
        """Start one process that reads objects. Yield the function `read(object, limit)`.

        `read` returns the content, at most the first `limit` bytes. It raises NotFound.
        """
        with self._started("cat-file", "--batch") as process:
            try:
                yield lambda name, limit: self._content(process, name, limit)
            finally:
                process.kill()

    def _content(self, process: subprocess.Popen[bytes], name: str, limit: int) -> bytes:
        requests, answers = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        with suppress(BrokenPipeError):  # the missing answer is reported
            requests.write(f"{name}\n".encode())
            requests.flush()
        header = answers.readline()
        size = header.rpartition(b" ")[2].strip()
        if not size.isdigit():
            process.kill()
            missing = f"object {name} is missing".encode() if header else b""
            raise self._failed(process.communicate()[1] or missing)
        content = answers.read(min(int(size), limit))
        rest = int(size) - len(content) + len(b"\n")
        while rest > 0 and (dropped := answers.read(min(rest, limit))):
            rest -= len(dropped)
        return content

    def _started(self, *words: str) -> subprocess.Popen[bytes]:
        environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return subprocess.Popen(  # noqa: S603  # no shell, and no word can be read as an option
            [self.program, *_OPTIONS, "-C", str(self.repository), *words],
            env=environ | _CLOSED,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def _failed(self, reason: bytes) -> NotFound:
        return failure(self.repository, os.fsdecode(reason))


def failure(repository: Path, reason: str) -> NotFound:
    """Return the error for a message of git."""
    if "dubious ownership" in reason or "unsafe repository" in reason:
        whole = repository.absolute()
        return NotFound(
            f"git does not read {repository}, because it belongs to another user",
            hint=f"If you trust it: git config --global --add safe.directory {whole}",
        )
    if "not a git repository" in reason:
        text = f"{repository} is not a git repository"
        return NotFound(text, hint="Name a clone or a bare repository.")
    lines = [line for line in reason.splitlines() if line] or ["it ended without a reason"]
    text = f"git cannot read {repository}: {visible(lines[0].removeprefix('fatal: '))}"
    if "promisor" in reason or "is missing" in reason or "not allowed" in reason:
        return NotFound(
            text, hint="Make a full clone, without --filter, because content is missing."
        )
    return NotFound(text, hint=f"Check it with `git fsck`. {_MANUAL}")
