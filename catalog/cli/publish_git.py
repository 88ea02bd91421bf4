"""Run git for `catalog publish`. Nothing here goes through a shell."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog.core.errors import StoreError
from catalog.core.visible import visible

REMOTE = "origin"
_USER = re.compile(r"://[^/@\s]+@")
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
SINCE = "Catalog-Since"
"""The trailer of a proposal that says since when its changes are listed."""


@dataclass(frozen=True, slots=True)
class Git:
    """The repository of the working folder. `top` is its uppermost folder."""

    top: Path

    @classmethod
    def here(cls) -> "Git":
        """Return the repository of the working folder, or raise StoreError."""
        found = cls(Path.cwd()).run("rev-parse", "--show-toplevel")
        return cls(Path(found))

    def run(
        self, *words: str, stdin: str | None = None, given: Mapping[str, str] | None = None
    ) -> str:
        """Run git and return its stdout, or raise StoreError."""
        return self.bytes(*words, stdin=stdin, given=given).decode("utf-8", "replace").strip()

    def bytes(
        self, *words: str, stdin: str | None = None, given: Mapping[str, str] | None = None
    ) -> bytes:
        """Run git and return its stdout as bytes, or raise StoreError."""
        return run_tool(
            "git", *words, folder=self.top, stdin=stdin, given=_QUIET | dict(given or {})
        )

    def branch(self) -> str:
        """Return the checked out branch, or raise StoreError."""
        return self.run("symbolic-ref", "--short", "HEAD")

    def fetch(self, branch: str) -> str | None:
        """Fetch and return the newest commit of a branch, or None."""
        ref = f"refs/heads/{branch}"
        if not self.run("ls-remote", REMOTE, ref):
            return None
        self.run("fetch", "--quiet", "--no-tags", "--depth=1", REMOTE, ref)
        return self.run("rev-parse", "FETCH_HEAD")

    def blob(self, commit: str, path: str) -> str | None:
        """Return the object of a file in a commit, or None."""
        listed = self.run("ls-tree", "--full-tree", commit, "--", path)
        return listed.split()[2] if listed else None

    def since(self, commit: str) -> str:
        """Return the time in the trailer of a proposal, empty without one."""
        wanted = f"--format=%(trailers:key={SINCE},valueonly)"
        return self.run("log", "-1", wanted, commit)

    def add(self, file: Path) -> str:
        """Store a file and return its object."""
        return self.run("hash-object", "-w", "--no-filters", "--", str(file))

    def tree(self, files: Mapping[str, str]) -> str:
        """Store the tree of HEAD with other files, and return it. `files` are objects by path."""
        rows = "".join(f"100644 {blob}\t{path}\0" for path, blob in files.items())
        with TemporaryDirectory() as folder:  # an index of its own, because the user has one
            given = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
            self.run("read-tree", "HEAD", given=given)
            self.run("update-index", "--add", "-z", "--index-info", stdin=rows, given=given)
            return self.run("write-tree", given=given)

    def commit(self, tree: str, message: str, parent: str | None) -> str:
        """Store a commit and return it. The working folder stays as it is."""
        parents = () if parent is None else ("-p", parent)
        return self.run("commit-tree", tree, *parents, "-F", "-", stdin=message)

    def push(self, commit: str, branch: str, before: str | None) -> None:
        """Make a commit the newest of a branch, or raise StoreError.

        `before` is the commit that it had. If another one has been pushed since, it is kept.
        """
        ref = f"refs/heads/{branch}"
        lease = f"--force-with-lease={ref}:{before or ''}"
        self.run("push", "--quiet", lease, REMOTE, f"{commit}:{ref}")


def run_tool(
    *words: str, folder: Path, stdin: str | None = None, given: Mapping[str, str] | None = None
) -> bytes:
    """Run a program and return its stdout, or raise StoreError."""
    name = " ".join(words[:2])
    try:
        ended = subprocess.run(  # noqa: S603  # a list of words, without a shell
            words,
            cwd=folder,
            env=os.environ | dict(given or {}),
            input=None if stdin is None else stdin.encode(),
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise StoreError(f"{words[0]} cannot be run: {error.strerror}") from None
    if ended.returncode:
        said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = visible(_USER.sub("://", " ".join(said[-3:]))) or f"exit code {ended.returncode}"
        raise StoreError(f"`{name}` failed: {reason}")
    return ended.stdout
