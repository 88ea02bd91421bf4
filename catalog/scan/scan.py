"""From files to uses of models: what is written, with no knowledge of what the provider offers."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from catalog.scan.entry import Settled, settle
from catalog.scan.files import files
from catalog.scan.ignores import ignores
from catalog.scan.languages import language_in, language_of, may_hold, read
from catalog.scan.position import Lines
from catalog.scan.use import Scanned, Use


def scan(
    paths: Sequence[Path], known: frozenset[str], markers: tuple[str, ...]
) -> Iterator[Scanned]:
    """Read files and folders, and yield those that hold a use or a marker word, by path.

    `known` are the names that may count where any string may stand; `markers` the words that show
    that a file is about the provider. What cannot be read, and what is no text, holds nothing.
    """
    for shown, path in files(paths):
        text = text_of(path)
        if text is not None:
            scanned = scan_text(shown, text, known, markers)
            if scanned.uses or scanned.about:
                yield scanned


def text_of(path: str) -> str | None:
    """Read a file as text; None where it cannot be read or is none."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 # a Path costs as much as the reading
            body = file.read()
    except OSError:
        return None
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
