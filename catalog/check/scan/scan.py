"""Find the uses of models in files, without knowledge of any catalog."""

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path

from catalog.check.scan.beside import Neighbors
from catalog.check.scan.entries import Exhausted, Settled, settle
from catalog.check.scan.files import files
from catalog.check.scan.guard import LIMITS, Guard, Limits
from catalog.check.scan.languages import language_in, language_of, may_hold, read
from catalog.check.scan.names import Names
from catalog.check.scan.signs import mentions_ai
from catalog.check.scan.uses import Lines, Scanned, Use, ignores
from catalog.check.scan.vendors import OWN, ProviderFinder
from catalog.core.files import read_bytes, reason

MANY = 500
"""Minimum files per process, because starting one takes time."""
LARGEST_NAMED = 16 * 1024 * 1024
"""Maximum bytes of a file named by the user."""
MOST = 3_000
"""Maximum names per file."""


def scan(
    paths: Sequence[Path],
    known: frozenset[str],
    markers: tuple[str, ...],
    limits: Limits = LIMITS,
    others: tuple[str, ...] = (),
) -> Iterator[Scanned]:
    """Yield the files with a use or a marker word, by path.

    `known` are the names that count in any string. `markers` are words that show that a file
    concerns the provider, and `others` the names of other configured providers. Unreadable files
    and those over the limits are yielded with the reason. Binary files have no uses. Many files are
    shared among processes, one per core.
    """
    unread: dict[str, str] = {}
    listed = files(paths, unread)
    yield from (lost((path, path), why) for path, why in sorted(unread.items()))
    look = partial(scan_file, known=known, markers=markers, others=others)
    workers = min(os.cpu_count() or 1, len(listed) // MANY) or 1
    yield from Guard(look, lost, limits).run(listed, workers)


def lost(file: tuple[str, str], why: str) -> Scanned:
    """Return a file that was not checked, with the reason."""
    return Scanned(file[0], (), (), about=False, skipped=why)


def scan_file(
    file: tuple[str, str],
    *,
    known: frozenset[str],
    markers: tuple[str, ...],
    others: tuple[str, ...] = (),
) -> Scanned | None:
    """Read one file as listed by `files`, None without a result."""
    shown, path = file
    try:
        text = text_of(path)
    except OSError as error:
        return lost(file, reason(error))
    scanned = None if text is None else scan_text(shown, text, known, markers, others)
    return scanned if scanned and (scanned.uses or scanned.about or scanned.skipped) else None


def text_of(path: str) -> str | None:
    """Return a file's text, None if binary, or raise OSError."""
    body = read_bytes(path, LARGEST_NAMED, links=False)
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", errors="replace")
    if b"\0" in body:
        return None
    return body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")


def scan_text(
    path: str,
    text: str,
    known: frozenset[str],
    markers: tuple[str, ...],
    others: tuple[str, ...] = (),
) -> Scanned:
    """Find the uses in one text without raising.

    The path decides the language.
    """
    language = language_of(path) or language_in(text)
    lowered = text.lower()
    about = any(marker.lower() in lowered for marker in markers)
    names, finder = matchers(known, markers, others)
    if language is None or not (
        may_hold(lowered, language)
        or any(name in text for name in full_names(known))
        or names.may_occur_in(text, lowered)
    ):
        return Scanned(path, (), (), about)
    try:
        groups = read(text, language)
        found = settle(groups, names)
    except Exhausted as error:
        return Scanned(path, (), (), about, str(error))
    if not found:
        return Scanned(path, (), (), about)
    skipped = f"only its first {MOST:,} names are checked" if len(found) > MOST else ""
    lines, neighbors = Lines(text), Neighbors(groups, finder)
    uses = tuple(use(path, one, lines, names, neighbors) for one in found[:MOST])
    is_ai = mentions_ai(lowered)
    other = "" if about else finder.of_text(text)
    return Scanned(path, uses, ignores(text), about, skipped, is_ai, other)


@lru_cache(maxsize=8)
def matchers(
    known: frozenset[str], markers: tuple[str, ...], others: tuple[str, ...]
) -> tuple[Names, ProviderFinder]:
    """Return the matchers of names and of providers."""
    return Names(known, frozenset(map(str.lower, markers))), ProviderFinder(markers, others)


@lru_cache(maxsize=8)
def full_names(known: frozenset[str]) -> tuple[str, ...]:
    """Return the names with a vendor, which count anywhere."""
    return tuple(sorted(name for name in known if "/" in name))


def use(path: str, found: Settled, lines: Lines, names: Names, neighbors: Neighbors) -> Use:
    """Return a found entry as a use with its position and neighbors."""
    entry, limit = found.entry, found.limit
    line, column = lines.locate(entry.at)
    beside = neighbors.of(found)
    provider = OWN if names.is_own(entry.name) else beside.provider
    beside = beside._replace(provider=provider, call=beside.call or limit is not None)
    return Use(
        path=path,
        line=line,
        column=column,
        name=entry.name,
        place=entry.place,
        kind="mention" if entry.prose else "use",
        limit=limit.value if limit else None,
        limit_line=lines.locate(limit.at)[0] if limit else None,
        limit_place=limit.place if limit else "",
        bare=names.bare(entry.name),
        means=found.means,
        beside=beside,
    )
