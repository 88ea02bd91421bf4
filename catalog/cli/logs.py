"""Write the log to stderr: lines for people, or JSON for programs."""

import json
import logging
import sys
from typing import Any, TextIO

from catalog.cli.output import NOTES
from catalog.core import waiting
from catalog.core.clock import now, stamp
from catalog.core.run_id import current
from catalog.core.visible import visible

LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}

REPEATED = 10.0
"""Seconds until the same wait is shown again."""


class JsonLines(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger, message, run, and the finding if any."""
        line: dict[str, Any] = {
            "time": stamp(now()),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (run := current()) is not None:
            line["run"] = run
        finding = getattr(record, "finding", None)
        if finding is not None:
            line["finding"] = finding
        return json.dumps(line)


class Lines(logging.Formatter):
    """A log record as one line: UTC time, level, message, and run."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record on one line, with control characters escaped."""
        run = current()
        of = "" if run is None else f" run={run[:8]}"
        return f"{stamp(now())} {record.levelname.lower():8} {visible(record.getMessage())}{of}"


class Waits(logging.StreamHandler[TextIO]):
    """Lines about waits on a terminal. A line that was just shown is not repeated."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._shown: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is new."""
        text = record.getMessage()
        is_new = record.created - self._shown.get(text, -REPEATED) >= REPEATED
        if is_new:
            self._shown[text] = record.created
        return is_new

    def format(self, record: logging.LogRecord) -> str:
        """Return the text, with control characters escaped."""
        return visible(record.getMessage())


def start_logging(verbosity: int, log_format: str) -> None:
    """Log to stderr, as text or JSON.

    Findings of a log channel are always shown.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else Lines())
    root = logging.getLogger("catalog")
    root.handlers = [handler]
    root.propagate = False
    root.setLevel(LEVELS[max(-1, min(2, verbosity))])
    logging.getLogger("catalog.alerts").setLevel(logging.INFO)
    logging.getLogger(NOTES).setLevel(logging.INFO if log_format == "json" else logging.NOTSET)
    _show_waits(plain=verbosity == 0 and log_format == "text" and sys.stderr.isatty())


def _show_waits(*, plain: bool) -> None:
    """Show waits as plain lines on a terminal. Other logs get them from INFO on."""
    waits = logging.getLogger(waiting.NAME)
    waits.handlers = [Waits(sys.stderr)] if plain else []
    waits.propagate = not plain
    waits.setLevel(logging.INFO if plain else logging.NOTSET)
