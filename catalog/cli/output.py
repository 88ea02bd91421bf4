"""Write rows as a table, CSV, Markdown or JSON."""

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TextIO, cast

import click

from catalog.cli.mistyped import Choices
from catalog.cli.program import typed
from catalog.cli.tables import NARROWEST, Cell, Column, Table, wrap
from catalog.core.errors import CatalogError
from catalog.core.files import shown
from catalog.core.visible import visible

NOTES = "catalog.notes"
"""The logger of notes with a level. Other notes are text."""
ROW_FORMATS = ("table", "json", "csv", "markdown")
COLORS = {
    "breaking": "red",
    "warning": "yellow",
    "info": "cyan",
    "quiet": "bright_black",
    "ok": "green",
    "warn": "yellow",
    "fail": "red",
    "BAD": "red",
}
"""The colors of the cells with these words."""
PLAIN = str.maketrans({"…": "...", "→": "->", "–": "-"})
"""The replacements of our own characters on a terminal that cannot show them."""

Row = Sequence[Cell]


def format_option(*formats: str) -> Callable[[Any], Any]:
    """Return the `--format` option. The first format is the default."""
    return click.option(
        "--format",
        "style",
        type=Choices(formats),
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
    return "\n".join(map(visible, typed(text).split("\n")))


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


def print_rows(style: str, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """Print rows as a table for people, CSV, or a Markdown table."""
    names = [column.name for column in columns]
    if style == "csv":
        import csv

        # Control characters are escaped, because people open CSV files in spreadsheets.
        cells = [["" if cell is None else visible(str(cell)) for cell in row] for row in rows]
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows([names, *cells])
        say(lines.getvalue(), nl=False)
    elif style == "markdown":
        from catalog.report.markdown import table, text

        say(table(names, [[text(cell) for cell in _readable(columns, row)] for row in rows]))
    else:
        print_table(columns, rows)


def print_list(rows: Sequence[Row], *, indent: int = 0) -> None:
    """Print rows as aligned lines without headings. The last text is wrapped between words."""
    shorter = len(rows[0]) - 1 if rows else 0
    columns = (*[Column("")] * shorter, Column("", fit="wrap"))
    print_table(columns, rows, headed=False, indent=indent)


def say_wrapped(text: str, indent: int, **style: Any) -> None:
    """Print an indented text, wrapped between words on a terminal."""
    width = terminal_width()
    room = len(text) if width is None else max(NARROWEST, width - indent)
    for line in wrap(printable(visible(text)), room):
        say(f"{' ' * indent}{line}", **style)


def print_table(
    columns: Sequence[Column], rows: Iterable[Row], *, headed: bool = True, indent: int = 0
) -> None:
    """Print a table for people, which fits into the terminal.

    Without `headed` it has no headings. Each line begins with `indent` blanks.
    """
    texts = (tuple(map(printable, map(visible, _readable(columns, row)))) for row in rows)
    table = Table(tuple(columns), tuple(texts), more=printable("…"))
    width = terminal_width()
    room = width and max(1, width - indent)
    paint = _paint if colors(sys.stdout) else _plain
    for line in table.lines(room, paint, headed=headed):
        say(f"{' ' * indent}{line}" if line else "")
    if dropped := table.dropped(room, headed=headed):
        text = f"Not shown: {', '.join(dropped)}. A wider terminal or --format json shows all."
        say_wrapped(text, 0, dim=True)


def terminal_width() -> int | None:
    """Return the columns of the terminal, None if stdout is none. COLUMNS overrides it."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def printable(text: str) -> str:
    """Return text as stdout shows it, because tables need its width."""
    encoding = sys.stdout.encoding or "utf-8"  # None if it writes to memory
    return text if text.isascii() else text.encode(encoding, "shown").decode(encoding)


def spelled(error: UnicodeError) -> tuple[str, int]:
    r"""Spell out text that a terminal cannot show.

    `→` becomes `->`, and the bytes of file names become `\xff`.
    """
    unwritten = cast("UnicodeEncodeError", error)  # because only writing uses the handler
    text = shown(unwritten.object[unwritten.start : unwritten.end]).translate(PLAIN)
    return text.encode("ascii", "backslashreplace").decode("ascii"), unwritten.end


def _readable(columns: Sequence[Column], row: Row) -> Iterator[str]:
    return (column.text(cell) for column, cell in zip(columns, row, strict=True))


def _paint(padded: str, text: str | None) -> str:
    """Color the levels, and make headings bold."""
    if text is None:
        return click.style(padded, bold=True)
    return click.style(padded, fg=color) if (color := COLORS.get(text.strip())) else padded


def _plain(padded: str, _text: str | None) -> str:
    return padded


def _write(stream: TextIO, text: str, *, nl: bool = True, **style: Any) -> None:
    # Text without a style gets no color codes, because FORCE_COLOR must not break JSON.
    styled = click.style(text, **style) if any(style.values()) else text
    try:
        click.echo(styled, file=stream, nl=nl, color=colors(stream))
    except BrokenPipeError:
        # The output is discarded, because the reader has stopped and the work must be completed.
        silence(stream)
