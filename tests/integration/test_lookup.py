"""Finding a finding by number or fingerprint, in a real database."""

import pytest
from sqlalchemy import text

from catalog.changes.change import Added, Removed
from catalog.changes.incident import Trouble
from catalog.changes.poll import Outcome
from catalog.core.errors import NotFound
from catalog.store import lookup
from catalog.store.database import Database
from tests.support.builders import AT, finding, model, snapshot
from tests.support.database import HOUR, NAME, save

A, B = model("1", "alpha"), model("2", "beta")


def filled(database: Database) -> None:
    """Record a problem, a first catalog, and a short-lived model."""
    save(database, 0, None, finding(Trouble("failing", "503")), outcome=Outcome.FAILED)
    save(database, 1, snapshot(A, at=AT + HOUR), outcome=Outcome.FIRST)
    save(database, 2, snapshot(A, B, at=AT + 2 * HOUR), finding(Added(B)))
    save(database, 3, snapshot(A, at=AT + 3 * HOUR), finding(Removed(B)))


def test_by_number_or_fingerprint(database: Database) -> None:
    """A number is searched first, and an ambiguous prefix lists its fingerprints."""
    filled(database)
    with database.writing() as connection:
        for number, named in ((2, "1234aaaaaaaaaaaa"), (3, "1234bbbbbbbbbbbb")):
            connection.execute(
                text("UPDATE finding SET fingerprint = :named WHERE id = :number"),
                {"named": named, "number": number},
            )
    with database.reading() as connection:
        assert lookup.find(connection, [NAME], "2") == (NAME, (2,))
        assert lookup.find(connection, [NAME], "1234b") == (NAME, (3,))
        with pytest.raises(
            NotFound, match=r"several fingerprints begin with .1234.: 1234a+, 1234b+"
        ):
            lookup.find(connection, [NAME], "1234")
        for unknown in ("4", "5678", "123", "1234c", str(2**40), "9" * 5000):
            with pytest.raises(NotFound, match="no finding") as caught:
                lookup.find(connection, [NAME], unknown)
            assert len(str(caught.value)) < 100
        with pytest.raises(NotFound):
            lookup.find(connection, ["other"], "2")


def test_the_compared_states(database: Database) -> None:
    """A finding is compared with the current and the previous snapshot, if there are any."""
    filled(database)
    with database.reading() as connection:
        snapshots = ("1 of 2025-12-23T11:16:55Z", "2 of 2025-12-23T12:16:55Z")
        assert lookup.compared(connection, (1, 2)) == {2: snapshots}
        assert lookup.deliveries(connection, 2) == ()
