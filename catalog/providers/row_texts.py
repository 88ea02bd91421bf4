"""Split a body into the texts of its rows.

A poll parses only the rows whose texts are new.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from catalog.core.paths import ANY, Trail

_SPACE = r"[ \t\n\r]*"
_GAP = re.compile(rf"{_SPACE}([,\]]){_SPACE}")
_MARK, _ESCAPED = "~rows", r"\u007"
_scan = json.JSONDecoder().raw_decode


class Split(NamedTuple):
    """A body with a mark in place of rows.

    The mark is the only item of its list. `rows` has the texts by mark.
    """

    frame: str
    rows: Mapping[str, tuple[str, ...]]


def split(body: bytes, place: Trail, seen: Iterable[str]) -> Split | None:
    """Split a body into a frame and the texts of its rows.

    `place` is the place of its rows, and `seen` has the rows of the previous body.

    Return None for rows that are not objects, and if the body has a mark or is not UTF-8. The text
    is only scanned, so its parts must be parsed strictly. A mark at the place of the rows proves
    that the parts fit together.
    """
    former = _Former(tuple(seen))
    rows: dict[str, tuple[str, ...]] = {}
    frame, at, opening = list[str](), 0, _opening(place)
    try:
        text = body.decode()
        if _MARK in text or _ESCAPED in text:
            return None
        while (found := opening.search(text, at)) is not None:
            frame.append(text[at : found.end()])
            listed = [*former.rows(text, found.end())] if text[found.end()] != "]" else []
            at = listed[-1][1] if listed else found.end()
            if listed:
                mark = f"{_MARK}{len(rows)}"
                rows[mark] = tuple(row for row, _ in listed)
                frame.append(f'"{mark}"')
    except (ValueError, IndexError, RecursionError):
        return None
    return Split("".join((*frame, text[at:])), rows)


def _opening(place: Trail) -> re.Pattern[str]:
    """Match the start of a list of rows."""
    starts = [rf"\A{_SPACE}"]
    if place[-2:-1] not in {(), (ANY,)}:
        starts.append(rf"{re.escape(json.dumps(place[-2]))}{_SPACE}:{_SPACE}")
    return re.compile(rf"(?:{'|'.join(starts)})\[{_SPACE}")


class _Former:
    """The rows of the previous body, expected in the same order."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self._texts = (*texts, "\0")  # no row is NUL
        self._next = dict(zip(texts, range(1, len(texts) + 1), strict=True))
        self._at = 0

    def rows(self, text: str, at: int) -> Iterator[tuple[str, int]]:
        """Yield the rows of a list with their ends.

        A text that begins with the text of an object is that object, so it is not scanned. Raise
        ValueError if a row is no object.
        """
        step = ","
        while step == ",":
            row = self._texts[self._at]
            if not text.startswith(row, at):
                if text[at] != "{":
                    raise ValueError("a row is no object")
                row = text[at : _scan(text, at)[1]]
            # After a new row, the row after the replaced one is expected.
            self._at = self._next.get(row, min(self._at + 1, len(self._next)))
            at += len(row)
            gap = _GAP.match(text, at)
            if gap is None:
                raise ValueError("a list has no end")
            yield row, gap.start(1)
            step, at = gap[1], gap.end()
