"""How the database grows: with changes, not with polls."""

from datetime import timedelta
from pathlib import Path

from catalog.payload import NotModified
from catalog.poll import Outcome, Poll
from catalog.recordings import find, shipped
from catalog.store.database import Database
from catalog.store.record import record
from tests.builders import AT, model, payload, snapshot


def test_a_thousand_unchanged_polls_take_next_to_no_room(tmp_path: Path) -> None:
    """A database of 1,000 unchanged polls is not visibly larger than one of ten."""
    database = Database(str(tmp_path / "catalog.db"))
    state = snapshot(*(model(str(key), f"m{key}") for key in range(16)), at=AT)
    body = find(shipped())[0].path.read_bytes()
    sizes = []
    with database.writing() as connection:
        first = Poll("infomaniak", AT, 100, Outcome.FIRST, payload(body), state)
        record(connection, first, {})
    for count in (10, 990):
        with database.writing() as connection:
            for hour in range(count):
                at = AT + timedelta(hours=hour)
                answer = NotModified("infomaniak", "u", at)
                record(connection, Poll("infomaniak", at, 100, Outcome.UNCHANGED, answer), {})
        with database.reading() as connection:
            pages = connection.exec_driver_sql("pragma page_count").scalar()
        sizes.append(4096 * (pages or 0))
    database.close()
    assert sizes[1] - sizes[0] <= 60 * 1024
