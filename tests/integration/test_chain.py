"""The links of the snapshot chain, and their covered rows."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from catalog.changes.change import Removed
from catalog.changes.incident import Trouble
from catalog.changes.poll import Outcome, Poll
from catalog.core.payload import Drift
from catalog.store.database import Database, Transaction
from catalog.store.record import record, record_findings
from catalog.store.verify import verify
from tests.support.builders import AT, finding, model, payload, snapshot

A, B = model("1", "alpha"), model("2", "beta")
HOUR = timedelta(hours=1)


def bad(connection: Transaction) -> list[str]:
    """Return the problems that verify finds in snapshots."""
    found = [check.bad for check in verify(connection) if check.bad]
    return [str(each) for each in found if each.table == "snapshot"]


def test_a_finding_between_polls_breaks_no_link(tmp_path: Path) -> None:
    """A finding recorded after a poll breaks no link, and the next link covers it."""
    database = Database(str(tmp_path / "a.db"))
    first = Poll("infomaniak", AT, 5, Outcome.FIRST, payload(), snapshot(A, B, at=AT))
    second = Poll(
        *("infomaniak", AT + HOUR, 5, Outcome.CHANGED, payload()),
        snapshot(A, at=AT + HOUR),
        (finding(Removed(B)), finding(Drift("new field", "price", None, ("alpha",)))),
    )
    later = AT + 2 * HOUR
    third = Poll("infomaniak", later, 5, Outcome.CHANGED, payload(), snapshot(B, at=later))
    with database.writing() as connection:
        record(connection, first, {})
        record(connection, second, {})
        record_findings(connection, (finding(Trouble("stale", "old"), at=later),), {})
        assert bad(connection) == []
        record(connection, third, {})
        assert bad(connection) == []
        for number, link in ((1, 2), (2, 3), (3, 3)):
            edit = text("update finding set level = :level where id = :number")
            query = text("select level from finding where id = :number")
            level = connection.scalar(query, {"number": number})
            connection.execute(edit, {"level": "edited", "number": number})
            (reported,) = bad(connection)
            assert reported.startswith(f"snapshot {link}: ")
            connection.execute(edit, {"level": level, "number": number})
        assert bad(connection) == []
    database.close()
