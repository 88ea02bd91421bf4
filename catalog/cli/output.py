"""Write rows as a table, CSV, Markdown or JSON."""

import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TextIO

import click

from catalog.core.errors import CatalogError
from catalog.core.files import shown
from catalog.core.visible import NAME_LIMIT, visible

NOTES = "catalog.notes"
"""The logger of notes with a level. Other notes are text."""
ROW_FORMATS = ("table", "json", "csv", "markdown")
NOTHING = "–"
LEVEL_COLORS = {"breaking": "red", "warning": "yellow", "info": "cyan", "quiet": "bright_black"}
NAMES = frozenset({"ID", "Model", "Name", "Successor", "Title", "Type", "key", "model"})
"""The columns with names, which are cut in tables."""

Row = Sequence[str | int | None]
"""Cells. Only tables for people add separators. None is an empty cell."""


def format_option(*formats: str) -> Callable[[Any], Any]:
    """Return the `--format` option. The first format is the default."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to print the result.",
    )


def model_name(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Read MODEL as UTF-8 in any locale. Other bytes match no name."""
    return text and os.fsencode(text).decode("utf-8", "replace")


def say(text: str = "", *, nl: bool = True, **style: Any) -> None:
    """Print one line of data to stdout."""
    _write(sys.stdout, text, nl=nl, **style)


def note(text: str, level: Literal["warning", "error"] = "warning") -> None:
    """Print text for the operator to stderr.

    JSON logs get it as a record.
    """
    import logging  # not loaded by --help

    notes = logging.getLogger(NOTES)
    if notes.level:
        notes.log(logging.getLevelNamesMapping()[level.upper()], text)
    else:
        _write(sys.stderr, _lines(text))


def note_error(error: CatalogError) -> None:
    """Print an error and its hint to stderr."""
    note(error_text(error), "error")


def error_text(error: CatalogError) -> str:
    """Return an error and its hint, with control characters escaped."""
    lines = [f"error: {error}", *([f"hint: {error.hint}"] if error.hint else [])]
    return _lines("\n".join(lines))


def _lines(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))


def silence(stream: TextIO) -> None:
    """Discard further output, because its reader or its disk space is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def colors(stream: TextIO) -> bool:
    """Return whether to use color.

    NO_COLOR and FORCE_COLOR decide. Without them, terminals get color.
    """
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document with its schema version."""
    import json

    from catalog.report.json_output import SCHEMA_VERSION

    text = json.dumps({"schema_version": SCHEMA_VERSION, **document}, indent=2)
    if r"\udc" in text:  # half of a surrogate pair, or a byte of a file name that is not UTF-8
        text = json.dumps({"schema_version": SCHEMA_VERSION, **_shown(document)}, indent=2)
    say(text)


def _shown(value: Any) -> Any:
    """Return a JSON value with readable file names that are not UTF-8."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {_shown(key): _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list | tuple) else value


def print_rows(style: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Print rows as a table for people, CSV, or a Markdown table."""
    if style == "csv":
        import csv

        # Control characters are escaped, because people open CSV files in spreadsheets.
        cells = [["" if cell is None else visible(str(cell)) for cell in row] for row in rows]
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows([columns, *cells])
        say(lines.getvalue(), nl=False)
    elif style == "markdown":
        from catalog.report.markdown import table, text

        say(table(columns, [[text(cell) for cell in _readable(columns, row)] for row in rows]))
    else:
        _print_table(columns, [[visible(c) for c in _readable(columns, row)] for row in rows])


def _readable(columns: Sequence[str], row: Row) -> Iterator[str]:
    """Yield cells for people: separators in numbers, dashes, shortened names."""
    from catalog.core.strict_json import cut

    for column, cell in zip(columns, row, strict=True):
        if cell is None:
            yield NOTHING
        elif not isinstance(cell, str):
            yield f"{cell:,}"
        else:
            yield cut(cell, NAME_LIMIT) if column in NAMES else cell


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, column in enumerate(columns):
        numeric = all(re.fullmatch(r"[\d,]+|–", row[index]) for row in rows)
        table.add_column(column, justify="right" if numeric and rows else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(text, style=LEVEL_COLORS.get(text, "")) for text in row))
    colored = colors(sys.stdout)
    terminal = sys.stdout.isatty()
    page = io.StringIO()
    console = Console(
        file=page,
        force_terminal=colored,
        no_color=not colored,
        width=None if terminal else 10_000,
        highlight=False,
    )
    console.print(table)
    say("\n".join(line.rstrip() for line in page.getvalue().splitlines()))


def _write(stream: TextIO, text: str, *, nl: bool = True, **style: Any) -> None:
    # Text without a style gets no codes, because FORCE_COLOR must not break JSON.
    styled = click.style(text, **style) if any(style.values()) else text
    try:
        click.echo(styled, file=stream, nl=nl, color=colors(stream))
    except BrokenPipeError:
        # Output is discarded without an error, because the reader stopped and our work must end.
        silence(stream)
