"""Log lines for people and for machines."""

import json
import logging
from io import StringIO

from catalog.cli.logs import JsonLines, Lines, Waits
from catalog.core.run_id import current, running

RECORD = logging.LogRecord("catalog.sync.sync", logging.INFO, "sync.py", 1, "all\nwell", None, None)


def test_a_line_names_its_pass() -> None:
    """Lines of a pass have its id, complete for machines. Others have none."""
    assert "run" not in json.loads(JsonLines().format(RECORD))
    assert Lines().format(RECORD).endswith("Z info     all\\nwell")
    with running() as run:
        assert json.loads(JsonLines().format(RECORD))["run"] == run
        assert Lines().format(RECORD).endswith(f"all\\nwell run={run[:8]}")
        with running() as inner:
            assert inner == run
    assert current() is None


def test_the_same_wait_is_shown_once_in_ten_seconds() -> None:
    """A line about a wait is repeated only later, and control characters are escaped."""
    stream = StringIO()
    handler = Waits(stream)
    for at in (0.0, 5.0, 12.0):
        handler.handle(logging.makeLogRecord({"msg": "waiting for \x1b", "created": at}))
    assert stream.getvalue() == "waiting for \\x1b\n" * 2
