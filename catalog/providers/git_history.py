"""List the committed states of a file: a git-scraped history."""

import io
import posixpath
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from catalog.core.errors import NotFound, SettingsInvalid
from catalog.core.payload import Payload
from catalog.core.text import closest, did_you_mean
from catalog.providers.git import Git
from catalog.providers.provider import Provider
from catalog.providers.recordings import MAX_BYTES, unpacked

_FILE = "100"
_POINTER = b"version https://git-lfs.github.com/spec/"
_RENAME = re.compile("R[0-9]{1,3}")
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999, because a commit may have any number."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that changed the file.

    `seconds` is the time of the committer since 1970. `blob` is None if the file was deleted.
    """

    name: str
    seconds: int
    path: str
    blob: str | None


@dataclass(frozen=True, slots=True)
class CommittedAnswer:
    """An answer in a commit and its time in UTC.

    A commit that is not later than the previous one gets its time and one second. `is_cut` is true
    if a shallow clone begins with it, so the answer may be older.
    """

    at: datetime
    commit: Commit
    repository: Path
    read: Callable[[str, int], bytes]
    is_cut: bool = False

    @property
    def name(self) -> str:
        """Return the commit for people."""
        return f"commit {self.commit.name[:12]}"

    @property
    def listing(self) -> str:
        """Return the command that lists all problems of the answer."""
        shown = shlex.join(["git", "-C", str(self.repository), "show", self._place])
        unpacking = " | gunzip" if self._place.endswith(".gz") else ""
        return f"{shown}{unpacking} | catalog validate -"

    def payload(self, provider: Provider) -> Payload:
        """Read the answer. Raise NotFound, and PayloadInvalid for broken gzip data."""
        body = self.read(str(self.commit.blob), MAX_BYTES + 1)
        if body.startswith(_POINTER):
            raise NotFound(
                f"{self.name}: {self.commit.path} is a pointer of Git LFS, so git has no content",
                hint="Save each answer as a file, named by its time, and import the directory.",
            )
        body = unpacked(io.BytesIO(body), self._place)
        return Payload(provider.name, self._place, self.at, body)

    @property
    def _place(self) -> str:
        return f"{self.commit.name}:{self.commit.path}"


@contextmanager
def committed(repository: Path, path: str, ref: str) -> Iterator[tuple[CommittedAnswer, ...]]:
    """Yield the committed answers of a file, oldest first.

    They can be read until the end of the context. Raise NotFound and SettingsInvalid.
    """
    git = Git.at(repository)
    tip, path = _tip(git, ref), _within(path)
    commits = _followed(git, tip, path)
    if all(commit.blob is None for commit in commits):
        raise _unknown(git, tip, path, ref)
    with git.objects() as read:
        yield tuple(_answers(git, commits, read))


def _answers(
    git: Git, commits: Sequence[Commit], read: Callable[[str, int], bytes]
) -> Iterator[CommittedAnswer]:
    first, last = _shallow(git), -1
    for commit in reversed(commits):
        last = max(last + 1, commit.seconds)
        if commit.blob is not None:
            at = datetime.fromtimestamp(min(last, _LAST_SECOND), UTC)
            yield CommittedAnswer(at, commit, git.repository, read, commit.name in first)


def _shallow(git: Git) -> frozenset[str]:
    """Return the commits whose parents are missing in a shallow clone."""
    listed = git.repository / git.run("rev-parse", "--git-path", "shallow").strip()
    return frozenset(listed.read_text().split()) if listed.exists() else frozenset()


def _tip(git: Git, ref: str) -> str:
    """Return the commit of a ref."""
    if ref.startswith("-"):
        raise SettingsInvalid(f"--ref {ref}: a ref does not begin with -", hint="Name a branch.")
    try:
        return git.run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").strip()
    except NotFound:
        known = git.run("for-each-ref", "--format=%(refname:short)").split()
        if not known:
            raise NotFound(f"{git.repository} has no commit", hint="Commit the file.") from None
        near = did_you_mean(closest(ref, known, alike=0.6))
        raise NotFound(
            f"{git.repository} has no ref {ref}{near}",
            hint=f"`git -C {shlex.quote(str(git.repository))} branch --all` lists the branches.",
        ) from None


def _within(path: str) -> str:
    """Return a path from the root, as git writes it."""
    plain = posixpath.normpath(path)
    if plain.startswith(("/", "..")) or plain == ".":
        raise SettingsInvalid(
            f"--path {path} is not a file in the repository",
            hint="Name the file from the root of the repository, such as data/models.json.",
        )
    return plain


def _followed(git: Git, tip: str, path: str) -> list[Commit]:
    """Return the commits of a file, newest first, following renames."""
    commits = list[Commit]()
    at, named = tip, path
    while True:
        line = _line(git, at, named)
        begins = [
            number
            for number, commit in enumerate(line)
            if commit.blob and (number + 1 == len(line) or not line[number + 1].blob)
        ]
        renames = _renames(git, [line[number].name for number in begins], named)
        for number in begins:
            if (earlier := renames.get(line[number].name)) is not None:
                commits += line[: number + 1]
                at, named = f"{line[number].name}^", earlier
                break
        else:
            return commits + line


def _line(git: Git, tip: str, path: str) -> list[Commit]:
    """Return the commits of one path as a line, newest first.

    Of a merge whose file equals that of a parent, only this parent is followed. Of other merges,
    only the first parent is followed, because two branches are not one history.
    """
    options = ("--topo-order", "--parents", "--timestamp")
    listed = git.run("rev-list", *options, tip, "--", _pathspec(path))
    words = [line.split() for line in listed.splitlines()]
    parents = {commit: (int(seconds), rest[:1]) for seconds, commit, *rest in words}
    blobs = _blobs(git, parents, path)
    line = list[Commit]()
    at = [words[0][1]] if words else []
    while at:
        seconds, before = parents[at[0]]
        line.append(Commit(at[0], seconds, path, blobs.get(at[0])))
        at = before
    return line


def _blobs(git: Git, commits: Iterable[str], path: str) -> dict[str, str]:
    """Return the blob of a file by commit."""
    options = ("-r", "-m", "-z", "--root", "--raw", "--no-abbrev", "--no-renames")
    out = git.run("diff-tree", "--stdin", *options, "--", _pathspec(path), stdin=_lines(commits))
    blobs, commit, words = dict[str, str](), "", iter(out.split("\0"))
    for word in words:
        if not word.startswith(":"):
            commit = word
            continue
        _, mode, _, blob, _ = word.split()
        # A folder of this name lists its files.
        if next(words) == path and mode.startswith(_FILE):
            blobs[commit] = blob
    return blobs


def _renames(git: Git, commits: Sequence[str], path: str) -> dict[str, str]:
    """Return the earlier name of a file by renaming commit."""
    options = ("-r", "-z", "-M", "--name-status", "--diff-filter=R")
    out = git.run("diff-tree", "--stdin", *options, stdin=_lines(commits))
    renames, commit, words = dict[str, str](), "", iter(out.split("\0"))
    for word in words:
        if not _RENAME.fullmatch(word):
            commit = word
            continue
        before, after = next(words), next(words)
        if after == path:
            renames[commit] = before
    return renames


def _pathspec(path: str) -> str:
    return f":(top,literal){path}"


def _lines(commits: Iterable[str]) -> str:
    return "".join(f"{commit}\n" for commit in commits)


def _unknown(git: Git, tip: str, path: str, ref: str) -> NotFound:
    """Return the error for a path that was never a file."""
    files = git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tip).split("\0")
    inside = (file for file in files if file.startswith(f"{path}/"))
    base = posixpath.basename(path).casefold()
    named = (file for file in files if posixpath.basename(file).casefold() == base)
    near = next(inside, None) or next(named, None) or closest(path, files, alike=0.6)
    return NotFound(
        f"no commit of {git.repository} up to {ref} has the file {path}{did_you_mean(near)}",
        hint="Name the file from the root of the repository, and a branch with --ref.",
    )
