"""Fit tables into a terminal without breaking names or dates.

If a table is too wide, its least important columns are dropped, then texts are cut or wrapped
between words. If that is not enough, each row becomes a block of lines.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from re import fullmatch
from types import MappingProxyType
from typing import Final, Literal

from catalog.core.visible import NAME_LIMIT

NOTHING: Final = "–"
GAP: Final = 2
LEAST: Final[Mapping[str, int]] = MappingProxyType({"title": 16, "cut": 16, "wrap": 36})
"""The minimum width of texts, because less is not readable."""
NARROWEST: Final = 20
"""The minimum width of wrapped text in a block."""

Fit = Literal["whole", "name", "title", "cut", "wrap"]
Cell = str | int | None
"""Only tables for people add separators to numbers. None is an empty cell."""
Paint = Callable[[str, str | None], str]
"""Adds color: `paint(padded, text)`. The text is None for a heading."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, and its rules for narrow terminals.

    Columns with the highest `rank` are dropped first, those with 0 never. `fit` is `whole` for
    texts that are never broken, `name` for names of models (up to 200 characters), `cut` for texts
    that may end with `…` (`title` for those of up to 200 characters), and `wrap` for sentences.
    `title` is the heading in tables, if it is not the name.
    """

    name: str
    rank: int = 0
    fit: Fit = "whole"
    title: str = ""

    @property
    def heading(self) -> str:
        """Return the heading in tables for people."""
        return self.title or self.name

    def text(self, cell: Cell) -> str:
        """Return a cell for people.

        Numbers have separators, an empty cell is a dash, and long names are cut.
        """
        from catalog.core.strict_json import cut

        if cell is None:
            return NOTHING
        if not isinstance(cell, str):
            return f"{cell:,}"
        return cut(cell, NAME_LIMIT) if self.fit in {"name", "title"} else cell


@dataclass(frozen=True, slots=True)
class Table:
    """The texts of a table, and the lines that they make."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    more: str = "…"
    """Ends a text that was cut."""

    def lines(self, width: int | None, paint: Paint, *, headed: bool = True) -> Iterator[str]:
        """Yield the lines of a table of this maximum width (None: any)."""
        widths = self._widths(width, headed=headed)
        if width is not None and widths is None:
            yield from self._blocks(width, paint)
            return
        kept = widths or {}
        if headed:
            yield self._line([self.columns[at].heading for at in kept], kept, paint, headed=True)
        for row in self.rows:
            yield from self._row(row, kept, paint)

    def dropped(self, width: int | None, *, headed: bool = True) -> tuple[str, ...]:
        """Return the headings of columns that are dropped at this width."""
        kept = self._widths(width, headed=headed)
        columns = enumerate(self.columns if kept else ())
        return tuple(each.heading for at, each in columns if at not in (kept or {}))

    def _widths(self, width: int | None, *, headed: bool) -> dict[int, int] | None:
        """Return the width of each shown column, or None for blocks."""
        natural = dict(enumerate(self._natural(headed=headed)))
        if width is None:
            return natural
        least = {at: self._least(at, size, headed=headed) for at, size in natural.items()}
        ranked = (at for at in natural if self.columns[at].rank)
        droppable = sorted(ranked, key=lambda at: self.columns[at].rank)
        while droppable and _sum(least) > width:
            del least[droppable.pop()]
        # A list without headings never becomes blocks, even if a long word is wider than the line.
        return _widened(least, natural, width) if _sum(least) <= width or not headed else None

    def _natural(self, *, headed: bool) -> Iterator[int]:
        for at, column in enumerate(self.columns):
            cells = chain([column.heading] * headed, (row[at] for row in self.rows))
            yield max(map(_size, cells), default=0)

    def _least(self, at: int, natural: int, *, headed: bool) -> int:
        column = self.columns[at]
        least = max(LEAST.get(column.fit, natural), _size(column.heading) * headed)
        if column.fit == "wrap":
            words = chain.from_iterable(row[at].split(" ") for row in self.rows)
            least = max(least, max(map(_size, words), default=0))
        return min(natural, least)

    def _row(self, row: Sequence[str], kept: Mapping[int, int], paint: Paint) -> Iterator[str]:
        cells = [tuple(self._cell(at, row[at], size)) for at, size in kept.items()]
        for line in range(max(map(len, cells))):
            texts = [cell[line] if line < len(cell) else "" for cell in cells]
            yield self._line(texts, kept, paint)

    def _line(
        self, texts: Sequence[str], kept: Mapping[int, int], paint: Paint, *, headed: bool = False
    ) -> str:
        padded = [
            self._pad(at, text, size) for (at, size), text in zip(kept.items(), texts, strict=True)
        ]
        padded[-1] = padded[-1].rstrip()
        pairs = zip(padded, [None] * len(texts) if headed else texts, strict=True)
        return (" " * GAP).join(paint(*pair) for pair in pairs).rstrip()

    def _cell(self, at: int, text: str, size: int) -> Iterator[str]:
        if self.columns[at].fit == "wrap":
            yield from wrap(text, size)
        else:
            yield text if _size(text) <= size else _cut(text, size, self.more)

    def _pad(self, at: int, text: str, size: int) -> str:
        space = " " * (size - _size(text))
        return f"{space}{text}" if self._is_number(at) else f"{text}{space}"

    def _is_number(self, at: int) -> bool:
        return bool(self.rows) and all(fullmatch(r"[\d,]+|[–-]", row[at]) for row in self.rows)

    def _blocks(self, width: int, paint: Paint) -> Iterator[str]:
        """Yield each row as lines of heading and text, without empty cells."""
        label = max(_size(column.heading) for column in self.columns)
        room = max(width - label - GAP, NARROWEST)
        for number, row in enumerate(self.rows):
            if number:
                yield ""
            for column, text in zip(self.columns, row, strict=True):
                heading = column.heading
                parts = wrap(text, room) if column.fit in LEAST else [text]
                for part in parts if text not in {NOTHING, "-", ""} else ():
                    space = " " * (label - _size(heading) + GAP)
                    yield f"{paint(heading, None)}{space}{paint(part, part)}"
                    heading = ""


NARROW: Final = str.maketrans(dict.fromkeys("→…–", "-"))
"""Our own signs, which take one column. Other texts need a library that loads slowly."""


def wrap(text: str, width: int) -> Iterator[str]:
    """Yield lines of a text, broken only between words. A long word gets its own line."""
    line = ""
    for word in text.split(" ") if _size(text) > width else [text]:
        longer = f"{line} {word}" if line else word
        if line and _size(longer) > width:
            yield line
            line = word
        else:
            line = longer
    yield line


def _cut(text: str, width: int, more: str) -> str:
    from rich.cells import set_cell_size

    return f"{set_cell_size(text, width - _size(more)).rstrip()}{more}"


@lru_cache(256)  # because the widths of a table are computed first, then its lines
def _size(text: str) -> int:
    """Return the terminal columns of a text: two for each wide character."""
    if text.isascii() or text.translate(NARROW).isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _sum(widths: Mapping[int, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)


def _widened(least: Mapping[int, int], natural: Mapping[int, int], width: int) -> dict[int, int]:
    """Distribute the spare width, first to columns that need the least."""
    lacking = sorted(least, key=lambda at: natural[at] - least[at])
    spare, widths = max(0, width - _sum(least)), dict(least)
    for number, at in enumerate(lacking):
        more = min(natural[at] - least[at], spare // (len(lacking) - number))
        widths[at] += more
        spare -= more
    return widths
