"""Write the log to stderr: lines for people, or JSON for programs."""

import json
import logging
import sys
from typing import Any

from catalog.cli.output import NOTES
from catalog.core.clock import now, stamp
from catalog.core.run_id import current
from catalog.core.visible import visible

LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}


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
