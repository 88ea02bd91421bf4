"""Count the statements that a piece of work sends to PostgreSQL."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Count statements and commits. SQLite's driver gets some unseen."""
    counted: Counter[str] = Counter()

    def stated(*_: Any) -> None:
        counted["statements"] += 1

    def committed(_connection: Any) -> None:
        counted["commits"] += 1

    event.listen(Engine, "before_cursor_execute", stated)
    event.listen(Engine, "commit", committed)
    try:
        yield counted
    finally:
        event.remove(Engine, "before_cursor_execute", stated)
        event.remove(Engine, "commit", committed)
