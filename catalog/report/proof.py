"""Check a document by parsing it with markdown-it-py.

Imported only before a write.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.token import Token

from catalog.core.errors import DocumentError, MarkersBroken
from catalog.report.regions import BOM, lines_of, markers

_BAR = re.compile(r"(?<!\\)\|")


def prove(after: str, before: str, place: str) -> None:
    """Raise MarkersBroken for a hidden marker, DocumentError for a broken table.

    A marker is hidden if another Markdown block contains it. Line numbers in errors refer to
    `before`, because the user has that document.
    """
    lines = lines_of(after.removeprefix(BOM))
    blocks = [
        token
        for token in MarkdownIt("commonmark").enable("table").parse("".join(lines))
        if token.level == 0 and token.map
    ]
    known = lines_of(before.removeprefix(BOM))
    swallowed = [f"{place}:{line}: {words}" for line, words in _swallowed(lines, known, blocks)]
    if swallowed:
        raise MarkersBroken("\n".join(swallowed))
    for name, line in _broken_tables(lines, blocks):
        raise DocumentError(
            f"{place}: a table of region {name} would be displayed wrongly: {line.strip()}",
            hint="This is a bug in the program; nothing was written.",
        )


def _swallowed(
    lines: Sequence[str], known: Sequence[str], blocks: Sequence[Token]
) -> Iterator[tuple[int, str]]:
    """Yield the line and error of markers inside other blocks.

    Both documents hold the same markers in the same order.
    """
    alive = {_span(block)[0] for block in blocks if block.type == "html_block"}
    for marker, theirs in zip(markers(lines), markers(known), strict=True):
        if marker.line - 1 not in alive:
            culprit = _line_around(marker.line - 1, lines, blocks)
            words = (
                f"the {marker.kind} marker of region {marker.name} is inside the block that begins"
                f" with {culprit!r}; end the block before the marker, or add a blank line"
            )
            yield theirs.line, words


def _line_around(index: int, lines: Sequence[str], blocks: Sequence[Token]) -> str:
    spans = [_span(block) for block in blocks]
    return lines[max(first for first, last in spans if first <= index < last)].strip()


def _broken_tables(lines: Sequence[str], blocks: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Yield the region and first row of tables that parse wrong.

    The bars are counted, because Markdown readers silently drop cells beyond the header's.
    """
    tables = dict(_span(block) for block in blocks if block.type == "table_open")
    ends = markers(lines)
    for begin, end in zip(ends, ends, strict=True):
        inside = range(begin.line, end.line - 1)
        for is_table, run in groupby(inside, key=lambda index: lines[index].startswith("|")):
            rows = list(run)
            bars = {len(_BAR.findall(lines[index])) for index in rows}
            if is_table and (tables.get(rows[0]) != rows[-1] + 1 or len(bars) > 1):
                yield begin.name, lines[rows[0]]


def _span(block: Token) -> tuple[int, int]:
    first, last = block.map or (0, 0)
    return first, last
