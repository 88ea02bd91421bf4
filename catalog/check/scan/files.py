"""Which files are read: those that git would keep, below what was given."""

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
"""What a question mark and a star of a pattern become."""
FOLDERS = 1
"""Parts of a pattern that stand for any number of folders; each more takes a power of the path."""
WILD = 64
"""Stars and sets of a pattern, of which each takes time to compile."""
LONGEST = 1000  # characters of a pattern
MOST_LINES = 5000
MOST_WILD = 1000  # lines with a star or a set
MOST_BYTES = 100_000  # of them
MOST_FILES = 10
"""So many times the patterns of the largest .gitignore count in one walk, whatever folders hold."""
MOST_TOLD = 20
"""Files that are named where patterns are not used; the others are counted."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Budget:
    """What the .gitignore files of one walk may still take together, and what they did not get.

    `refused` counts the patterns that are not used, by file.
    """

    lines: int = MOST_FILES * MOST_LINES
    wild: int = MOST_FILES * MOST_WILD
    size: int = MOST_FILES * MOST_BYTES
    refused: dict[str, int] = field(default_factory=dict)

    def affordable(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield the lines until those with a star or a set are too many to compile."""
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
        """Warn of the patterns that are not used."""
        for file, count in list(self.refused.items())[:MOST_TOLD]:
            logger.warning(
                "%s: %d of its patterns are not used, because they take long to match: what they "
                "name is checked",
                file,
                count,
            )
        if len(self.refused) > MOST_TOLD:
            logger.warning(
                "%d of the patterns of %d more .gitignore files are not used, because all of them "
                "take long to match: what they name is checked",
                sum(list(self.refused.values())[MOST_TOLD:]),
                len(self.refused) - MOST_TOLD,
            )


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
    budget = Budget()
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112  # False too where its name is too long
            for shown, file in below(path, unread, budget):
                found.setdefault(file, shown)
        else:
            found.setdefault(os.path.realpath(path), path.as_posix())
    budget.report()
    return sorted((shown, file) for file, shown in found.items())


def below(folder: Path, unread: dict[str, str], budget: Budget) -> Iterator[tuple[str, str]]:
    """Walk through a folder."""
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
    """List a folder, the last name first; one that cannot be read holds nothing."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=attrgetter("name"), reverse=True)
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


def ignored_in(
    folder: str, shown: str, unread: dict[str, str], budget: Budget, others: list[Ignored]
) -> list[Ignored]:
    """Read the .gitignore of a folder, and what else git keeps in the one of a repository.

    Return the rules behind the others that count in this folder.
    A .gitignore that is a link is not followed, because git does not either.
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
        # As names of files are read, so that one that is not UTF-8 is found by its pattern.
        text = body.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape")
        most = MOST_LINES - sum(len(each.spec.patterns) for each in found)
        spec = GitIgnoreSpec(patterns(f"{shown}{name}", text, budget, most))
        found = [*found, Ignored(folder, spec)]
    return found


def patterns(file: str, text: str, budget: Budget, most: int) -> list[GitIgnoreSpecPattern]:
    """Read at most so many lines of a .gitignore, and note those that would take long to match."""
    lines = re.split("\r\n?|\n", text)
    quick = filter(is_quick, lines[: min(most, budget.lines)])
    taken = list(budget.affordable(quick))
    if len(taken) < len(lines):
        budget.refused[file] = len(lines) - len(taken)
    return list(filter(None, map(pattern, taken)))


def is_quick(line: str) -> bool:
    """Say whether a pattern is matched quickly; folders are tried with all places of the others."""
    if len(line) > LONGEST:
        return False
    return line.split("/").count("**") <= FOLDERS and line.count("*") + line.count("[") <= WILD


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


def above(folder: str, unread: dict[str, str], budget: Budget) -> list[Ignored]:
    """Read the rules of the folders above, up to the repository that holds this one.

    A folder that is named is read, also where those rules would leave it out.
    """
    rules: list[Ignored] = []
    parents = Path(folder).parents
    inner = [Path(folder), *parents]
    nearest = next((n for n, each in enumerate(inner) if (each / ".git").exists()), 0)
    for parent in reversed(parents[:nearest]):
        rules = ignored_in(str(parent), f"{parent}/", unread, budget, rules)
    return [] if is_ignored(folder + "/", rules) else rules


def is_ignored(path: str, rules: Sequence[Ignored]) -> bool:
    """Ask the rules, the nearest first; the first that speaks of a path decides."""
    for rule in reversed(rules):
        verdict = rule.spec.check_file(path[len(rule.folder) + 1 :]).include
        if verdict is not None:
            return verdict
    return False
