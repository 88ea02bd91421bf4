"""Make git repositories with given commits, by `git fast-import`."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ENVIRON = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
    "PATH": os.environ["PATH"],
}


@dataclass(frozen=True, slots=True)
class Made:
    """A commit to make.

    `at` is in hours after BEGIN. `files` maps paths to contents, or to None for a deletion. The
    default parent is the previous commit. Commits are numbered from 1.
    """

    at: float
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    parents: tuple[int, ...] | None = None
    mode: str = "100644"


def git(repository: Path, *words: str | Path, stdin: bytes = b"") -> str:
    """Run git in a repository, and return its output."""
    line = ["git", "-C", str(repository), "-c", "protocol.file.allow=always", *map(str, words)]
    ran = subprocess.run(line, env=ENVIRON, input=stdin, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.decode()


def repository(folder: Path, commits: Iterable[Made], *, bare: bool = False) -> Path:
    """Make a repository whose branch `main` ends with the last commit."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main", *["--bare"] * bare)
    return extend(folder, commits, 0)


def extend(folder: Path, commits: Iterable[Made], before: int) -> Path:
    """Add commits to a repository that has this number of them."""
    marks = folder / "marks"
    stream = b"".join(_commit(number, one) for number, one in enumerate(commits, before + 1))
    options = [f"--export-marks={marks}", f"--import-marks-if-exists={marks}"]
    git(folder, "fast-import", "--quiet", *options, stdin=stream)
    return folder


def _commit(number: int, one: Made) -> bytes:
    seconds = int(BEGIN.timestamp() + one.at * 3600)
    parents = (number - 1,) * (number > 1) if one.parents is None else one.parents
    lines = [
        "reset refs/heads/main\n" * (one.parents == ()),
        f"commit refs/heads/main\nmark :{number}\n",
        f"author a <a@example.org> 0 +0000\ncommitter s <s@example.org> {seconds} +0200\n",
        "data 1\ns\n",
        *[f"from :{parent}\n" for parent in parents[:1]],
        *[f"merge :{parent}\n" for parent in parents[1:]],
    ]
    changed = [_file(path, content, one.mode) for path, content in one.files.items()]
    return "".join(lines).encode() + b"".join(changed)


def _file(path: str, content: bytes | None, mode: str) -> bytes:
    if content is None:
        return f"D {path}\n".encode()
    return f"M {mode} inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
