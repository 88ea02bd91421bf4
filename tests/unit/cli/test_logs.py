"""Log lines for people and for machines."""

import json
import logging

from catalog.cli.logs import JsonLines, Lines
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
