"""List the files to read, without those that git ignores."""

import logging
import os
import re
import warnings
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
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
"""Regular expressions of the wildcards `?` and `*`."""
FOLDERS = 1
"""Maximum `**` of a pattern, because each multiplies the time."""
WILD = 64
"""Maximum wildcards of a pattern, because each takes time to compile."""
LONGEST = 1000  # characters of a pattern
MOST_LINES = 5000
MOST_WILD = 1000  # lines with a wildcard
MOST_BYTES = 100_000  # bytes of lines with a wildcard
MOST_FILES = 10
"""Maximum patterns of one walk, in multiples of the largest .gitignore."""
MOST_NAMED = 20
"""Maximum files named in warnings. Others are counted."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Budget:
    """The remaining limits for the .gitignore files of one walk.

    `refused` counts the unused patterns per file.
    """

    lines: int = MOST_FILES * MOST_LINES
    wild: int = MOST_FILES * MOST_WILD
    size: int = MOST_FILES * MOST_BYTES
    refused: dict[str, int] = field(default_factory=dict)

    def affordable(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield lines until their wildcards take too long to compile."""
        most_wild, most_size = min(MOST_WILD, self.wild), min(MOST_BYTES, self.size)
        wild = size = taken = 0
        for line in lines:
            if "*" in line or "[" in line:
                wild, size = wild + 1, size + len(line)
            if wild > most_wild or size > most_size:
                break
            taken += 1
            yield line
        self.lines -= taken
        self.wild -= min(wild, most_wild)
        self.size -= min(size, most_size)

    def report(self) -> None:
        """Warn about unused patterns."""
        for file, count in list(self.refused.items())[:MOST_NAMED]:
            logger.warning(
                "%s: %d of its patterns are not used, because they take long to match. The files "
                "that they name are checked",
                file,
                count,
            )
        if len(self.refused) > MOST_NAMED:
            logger.warning(
                "%d of the patterns of %d more .gitignore files are not used, because all of them "
                "take long to match. The files that they name are checked",
                sum(list(self.refused.values())[MOST_NAMED:]),
                len(self.refused) - MOST_NAMED,
            )


@dataclass(frozen=True, slots=True)
class Ignored:
    """The patterns of one .gitignore and its folder."""

    folder: str
    spec: GitIgnoreSpec


def files(paths: Sequence[Path], unread: dict[str, str]) -> list[tuple[str, str]]:
    """List the shown and the real path of each file, sorted.

    Files named by the user are always listed. Below a folder, links, files over 1 MB, files of
    unknown languages and ignored ones are omitted. Unreadable folders and .gitignore files are
    added to `unread` with the reason.
    """
    found: dict[str, str] = {}
    budget = Budget()
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112  # also False if the name is too long
            for shown, file in below(path, unread, budget):
                found.setdefault(file, shown)
        else:
            found.setdefault(os.path.realpath(path), path.as_posix())
    budget.report()
    return sorted((shown, file) for file, shown in found.items())


def below(folder: Path, unread: dict[str, str], budget: Budget) -> Iterator[tuple[str, str]]:
    """Yield the files below a folder."""
    top = os.path.realpath(folder)
    shown = folder.as_posix()
    prefix = "" if shown == "." else shown.rstrip("/") + "/"
    waiting = [(top, prefix, above(top, unread, budget))]
    while waiting:
        where, prefix, rules = waiting.pop()
        rules = ignored_in(where, prefix, unread, budget, rules)
        for entry in entries(where, prefix, unread):
            inner = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED and not is_ignored(entry.path + "/", rules):
                    waiting.append((entry.path, inner + "/", rules))
            elif is_wanted(entry) and not is_ignored(entry.path, rules):
                yield inner, entry.path


def entries(folder: str, shown: str, unread: dict[str, str]) -> list[os.DirEntry[str]]:
    """Return the entries of a folder in reverse order, none if unreadable."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=attrgetter("name"), reverse=True)
    except OSError as error:
        unread[shown or "./"] = reason(error)
        return []


def is_wanted(entry: os.DirEntry[str]) -> bool:
    """Return whether a file is small and in a known language.

    Links are not wanted. Unreadable files are, so that they are reported.
    """
    if language_of(entry.name) is None or entry.is_symlink():
        return False
    try:
        return entry.stat(follow_symlinks=False).st_size <= LARGEST
    except OSError:
        return True


def ignored_in(
    folder: str, shown: str, unread: dict[str, str], budget: Budget, others: list[Ignored]
) -> list[Ignored]:
    """Return the rules for a folder, including its .gitignore.

    A repository's own exclude file is read too. A .gitignore that is a link is ignored, because git
    ignores it too.
    """
    found = others
    for name in (".git/info/exclude", ".gitignore"):
        path = f"{folder}/{name}"
        try:
            body = read_bytes(path, LARGEST, links=name != ".gitignore")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            unread[f"{shown}{name}"] = reason(error)
            continue
        # Decoded as file names are, because a pattern may match one that is not UTF-8.
        text = body.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape")
        most = MOST_LINES - sum(len(each.spec.patterns) for each in found)
        spec = GitIgnoreSpec(patterns(f"{shown}{name}", text, budget, most))
        found = [*found, Ignored(folder, spec)]
    return found


def patterns(file: str, text: str, budget: Budget, most: int) -> list[GitIgnoreSpecPattern]:
    """Return up to `most` patterns, and count the slow ones as refused."""
    lines = re.split("\r\n?|\n", text)
    quick = filter(is_quick, lines[: min(most, budget.lines)])
    taken = list(budget.affordable(quick))
    if len(taken) < len(lines):
        budget.refused[file] = len(lines) - len(taken)
    return list(filter(None, map(pattern, taken)))


def is_quick(line: str) -> bool:
    """Return whether a pattern matches quickly.

    Each `**` is tried with all positions of the others.
    """
    if len(line) > LONGEST:
        return False
    return line.split("/").count("**") <= FOLDERS and line.count("*") + line.count("[") <= WILD


@lru_cache(maxsize=4096)
def pattern(line: str) -> GitIgnoreSpecPattern | None:
    """Return the pattern of a line, None if empty or invalid."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about brackets that resemble a set
            return linear(GitIgnoreSpecPattern(line))
    except (ValueError, re.error):
        return None


def linear(found: GitIgnoreSpecPattern) -> GitIgnoreSpecPattern:
    """Return a pattern without backtracking, except for the last star.

    Each star takes the shortest match. The result is the same, because the text after a star may as
    well match at its first position.
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


def above(folder: str, unread: dict[str, str], budget: Budget) -> list[Ignored]:
    """Return the rules of the parent folders, up to the repository.

    A folder named by the user is read even if those rules ignore it.
    """
    rules: list[Ignored] = []
    parents = Path(folder).parents
    inner = [Path(folder), *parents]
    nearest = next((n for n, each in enumerate(inner) if (each / ".git").exists()), 0)
    for parent in reversed(parents[:nearest]):
        rules = ignored_in(str(parent), f"{parent}/", unread, budget, rules)
    return [] if is_ignored(folder + "/", rules) else rules


def is_ignored(path: str, rules: Sequence[Ignored]) -> bool:
    """Return whether a path is ignored.

    The rules are in order, nearest first, and the first match decides.
    """
    for rule in reversed(rules):
        verdict = rule.spec.check_file(path[len(rule.folder) + 1 :]).include
        if verdict is not None:
            return verdict
    return False
