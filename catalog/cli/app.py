"""What every command shares: the options before its name, and what is wired from them."""

import json
import logging
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.clock import now, stamp

if TYPE_CHECKING:
    from catalog.config.load import Loaded
    from catalog.store.database import Database

LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}


@dataclass
class App:
    """The options before the command's name. Settings are read when a command asks for them."""

    config: Path | None = None
    database_url: str | None = None
    verbosity: int = 0
    log_format: str = "text"

    @cached_property
    def loaded(self) -> "Loaded":
        """The settings and where they came from; raise SettingsInvalid."""
        from catalog.config.load import load

        given = {"database": self.database_url} if self.database_url else {}
        return load(self.config, given)

    @cached_property
    def database(self) -> "Database":
        """The database, not opened yet."""
        from catalog.store.database import Database

        return Database(self.loaded.settings.database)


pass_app = click.make_pass_decorator(App)


class JsonLines(logging.Formatter):
    """A log record as one line of JSON, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """Write time, level, logger and message, and a finding where there is one."""
        line: dict[str, Any] = {
            "time": stamp(now()),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        finding = getattr(record, "finding", None)
        if finding is not None:
            line["finding"] = finding
        return json.dumps(line)


class Lines(logging.Formatter):
    """A log record as one line for people: UTC time, level, message."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record on one line, control characters shown as escapes."""
        from catalog.cli.output import visible

        return f"{stamp(now())} {record.levelname.lower():8} {visible(record.getMessage())}"


def start_logging(verbosity: int, log_format: str) -> None:
    """Log to stderr, as text or as JSON lines; findings on a log channel are always shown."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else Lines())
    root = logging.getLogger("catalog")
    root.handlers = [handler]
    root.propagate = False
    root.setLevel(LEVELS[max(-1, min(2, verbosity))])
    logging.getLogger("catalog.alerts").setLevel(logging.INFO)
