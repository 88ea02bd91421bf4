"""Which files are read: those that git would keep, below what was given."""

import logging
import os
import re
import warnings
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from catalog.check.scan.languages import language_of
from catalog.core.files import read_bytes, reason

SKIPPED = {
    ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "bower_components", "__pycache__",
    ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".terraform",
}  # fmt: skip
LARGEST = 1_000_000  # bytes
MARK, STAR = "[^/]", "[^/]*"
"""What a question mark and a star of a pattern become."""
FOLDERS = 1
"""Parts of a pattern that stand for any number of folders; each more takes a power of the path."""
WILD = 64
"""Stars and sets of a pattern, of which each takes time to compile."""
LONGEST = 1000  # characters of a pattern
MOST_LINES = 5000
MOST_WILD = 1000  # lines with a star or a set
MOST_BYTES = 100_000  # of them

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ignored:
    """The lines of one .gitignore, and the folder they speak of."""

    folder: str
    spec: GitIgnoreSpec


def files(paths: Sequence[Path], unread: dict[str, str]) -> list[tuple[str, str]]:
    """List what is to be read, as it is shown and as it is opened, by the shown path.

    A file that is named is always listed. Below a folder, links, files over 1 MB, files of no known
    language and what a .gitignore names are left out. Folders and .gitignore files that cannot be
    read are put into `unread`, with the reason.
    """
    found: dict[str, str] = {}
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112  # False too where its name is too long
            for shown, file in below(path, unread):
                found.setdefault(file, shown)
        else:
            found.setdefault(os.path.realpath(path), path.as_posix())
    return sorted((shown, file) for file, shown in found.items())


def below(folder: Path, unread: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Walk through a folder."""
    top = os.path.realpath(folder)
    shown = folder.as_posix()
    prefix = "" if shown == "." else shown.rstrip("/") + "/"
    waiting = [(top, prefix, above(top, unread))]
    while waiting:
        where, prefix, rules = waiting.pop()
        rules = [*rules, *ignored_in(where, prefix, unread)]
        for entry in entries(where, prefix, unread):
            inner = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED and not is_ignored(entry.path + "/", rules):
                    waiting.append((entry.path, inner + "/", rules))
            elif is_wanted(entry) and not is_ignored(entry.path, rules):
                yield inner, entry.path


def entries(folder: str, shown: str, unread: dict[str, str]) -> list[os.DirEntry[str]]:
    """List a folder; one that may not be read, or whose path is too long, holds nothing."""
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError as error:
        unread[shown or "./"] = reason(error)
        return []


def is_wanted(entry: os.DirEntry[str]) -> bool:
    """Say whether a file is of a language that is read, no link, and not too large.

    What cannot be read is wanted too, so that it is reported.
    """
    if language_of(entry.name) is None or entry.is_symlink():
        return False
    try:
        return entry.stat(follow_symlinks=False).st_size <= LARGEST
    except OSError:
        return True


def ignored_in(folder: str, shown: str, unread: dict[str, str]) -> list[Ignored]:
    """Read the .gitignore of a folder, and what else git keeps in the one of a repository.

    A .gitignore that is a link is not followed, because git does not either.
    """
    found = []
    for name in (".git/info/exclude", ".gitignore"):
        path = f"{folder}/{name}"
        try:
            body = read_bytes(path, LARGEST, links=name != ".gitignore")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            unread[f"{shown}{name}"] = reason(error)
            continue
        # As names of files are read, so that one that is not UTF-8 is found by its pattern.
        text = body.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape")
        found.append(Ignored(folder, GitIgnoreSpec(patterns(f"{shown}{name}", text))))
    return found


def patterns(file: str, text: str) -> list[GitIgnoreSpecPattern]:
    """Read the lines of a .gitignore; those that would take long to match are refused and told."""
    lines = re.split("\r\n?|\n", text)
    taken = list(affordable(filter(is_quick, lines[:MOST_LINES])))
    if len(taken) < len(lines):
        logger.warning(
            "%s: %d of its patterns are not used, because they take long to match: what they name "
            "is checked",
            file,
            len(lines) - len(taken),
        )
    return list(filter(None, map(pattern, taken)))


def is_quick(line: str) -> bool:
    """Say whether a pattern is matched quickly; folders are tried with all places of the others."""
    if len(line) > LONGEST:
        return False
    return line.split("/").count("**") <= FOLDERS and line.count("*") + line.count("[") <= WILD


def affordable(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines until those with a star or a set are too many to compile."""
    count = size = 0
    for line in lines:
        wild = "*" in line or "[" in line
        count, size = count + wild, size + len(line) * (1 if wild else 0)
        if count <= MOST_WILD and size <= MOST_BYTES:
            yield line


@lru_cache(maxsize=4096)
def pattern(line: str) -> GitIgnoreSpecPattern | None:
    """Read a line of a .gitignore; one that says nothing is passed over, as git does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of brackets that look like a set
            return linear(GitIgnoreSpecPattern(line))
    except (ValueError, re.error):
        return None


def linear(found: GitIgnoreSpecPattern) -> GitIgnoreSpecPattern:
    """Let each star but the last of a name take as little as fits, without another try.

    That matches the same names, because what follows a star may as well begin at its first place.
    """
    first, *parts = found.regex.pattern.split(STAR) if found.regex else ("",)
    if len(parts) <= 1:
        return found
    *inner, last = parts
    quick = (
        f"{STAR}{part}" if "/" in part.replace(MARK, "") else f"(?>{STAR}?{part})" for part in inner
    )
    regex = re.compile("".join((first, *quick, STAR, last)))
    return GitIgnoreSpecPattern(regex, found.include)


def above(folder: str, unread: dict[str, str]) -> list[Ignored]:
    """Read the rules of the folders above, up to the repository that holds this one.

    A folder that is named is read, also where those rules would leave it out.
    """
    rules: list[Ignored] = []
    parents = [] if Path(folder, ".git").exists() else Path(folder).parents
    for parent in parents:
        rules = [*ignored_in(str(parent), f"{parent}/", unread), *rules]
        if (parent / ".git").exists():
            return [] if is_ignored(folder + "/", rules) else rules
    return []


def is_ignored(path: str, rules: Sequence[Ignored]) -> bool:
    """Ask the rules, the nearest first; the first that speaks of a path decides."""
    for rule in reversed(rules):
        verdict = rule.spec.check_file(path[len(rule.folder) + 1 :]).include
        if verdict is not None:
            return verdict
    return False
