"""From files to uses of models: what is written, with no knowledge of what the provider offers."""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

from catalog.files import read_bytes, reason
from catalog.scan.entry import Settled, settle
from catalog.scan.files import files
from catalog.scan.ignores import ignores
from catalog.scan.languages import language_in, language_of, may_hold, read
from catalog.scan.position import Lines
from catalog.scan.use import Scanned, Use

MANY = 500
"""From so many files for each process on, a process of its own is worth its start."""
CHUNK = 50
LARGEST_NAMED = 16 * 1024 * 1024
"""Bytes of a file that is named; below a folder, much smaller ones are left out already."""


def scan(
    paths: Sequence[Path], known: frozenset[str], markers: tuple[str, ...]
) -> Iterator[Scanned]:
    """Read files and folders, and yield those that hold a use or a marker word, by path.

    `known` are the names that may count where any string may stand; `markers` the words that show
    that a file is about the provider. What cannot be read is yielded as skipped; what is no text
    holds nothing. Many files are shared out among processes, one a core.
    """
    unread: dict[str, str] = {}
    listed = files(paths, unread)
    yield from (skipped(path, reason) for path, reason in sorted(unread.items()))
    look = partial(scan_file, known=known, markers=markers)
    workers = min(os.cpu_count() or 1, len(listed) // MANY)
    if workers <= 1:  # one is this process itself
        yield from filter(None, map(look, listed))
        return
    with ProcessPoolExecutor(workers) as pool:
        # The processes are started here and keep this mask: only this one hears of Ctrl-C. One that
        # broke off within a message would leave the others waiting for the rest of it.
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            found = pool.map(look, listed, chunksize=CHUNK)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        yield from filter(None, found)


def scan_file(
    file: tuple[str, str], *, known: frozenset[str], markers: tuple[str, ...]
) -> Scanned | None:
    """Read one file, as `files` lists it; None where it holds nothing."""
    shown, path = file
    try:
        text = text_of(path)
    except OSError as error:
        return skipped(shown, reason(error))
    scanned = None if text is None else scan_text(shown, text, known, markers)
    return scanned if scanned and (scanned.uses or scanned.about) else None


def skipped(path: str, reason: str) -> Scanned:
    """Say that a file or folder was not read."""
    return Scanned(path, (), (), about=False, skipped=reason)


def text_of(path: str) -> str | None:
    """Read a file as text; None where it is none. Raise OSError where it cannot be read."""
    body = read_bytes(path, LARGEST_NAMED, links=False)
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", errors="replace")
    if b"\0" in body:
        return None
    return body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")


def scan_text(path: str, text: str, known: frozenset[str], markers: tuple[str, ...]) -> Scanned:
    """Find the uses in one text, whose language its path tells. Never raises."""
    language = language_of(path) or language_in(text)
    lowered = text.lower()
    about = any(marker.lower() in lowered for marker in markers)
    if language is None or not (
        may_hold(lowered, language) or any(name in text for name in full_names(known))
    ):
        return Scanned(path, (), (), about)
    found = settle(read(text, language), known)
    lines = Lines(text)
    uses = tuple(use(path, one, lines) for one in found)
    return Scanned(path, uses, ignores(text) if uses else (), about)


@lru_cache(maxsize=8)
def full_names(known: frozenset[str]) -> tuple[str, ...]:
    """Choose the names with a vendor's prefix, which count anywhere."""
    return tuple(sorted(name for name in known if "/" in name))


def use(path: str, found: Settled, lines: Lines) -> Use:
    """Say where what was found stands."""
    entry, limit = found.entry, found.limit
    line, column = lines.locate(entry.at)
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
    )
