"""The outbox: pending messages, claims, retries and giving up."""

import os
import socket
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from catalog.changes.incident import Trouble
from catalog.changes.poll import Backlog, Outcome
from catalog.store import claims, outbox
from catalog.store.database import Database, Transaction
from tests.support.builders import AT, finding
from tests.support.database import HOUR, NAME, ask, save
from tests.support.rig import lay_database

SECOND = timedelta(seconds=1)


def record_pending(
    database: Database, at: int = 0, channel: str = "ear", *, due: datetime = AT
) -> None:
    """Record a poll with two findings for a channel."""
    findings = (finding(Trouble("held", f"{at}")), finding(Trouble("invalid", f"{at}")))
    save(
        database,
        at,
        None,
        *findings,
        outcome=Outcome.HELD,
        recipients={channel: (lambda _: True, lambda *_: due)},
    )


def waiting(connection: Transaction, *channels: str) -> int:
    """Count the pending messages of these channels."""
    return sum(each.messages for each in outbox.pending(connection, NAME, channels))


def test_a_message_is_claimed_delivered_and_never_again(database: Database) -> None:
    """One poll's findings are one message, which is claimed and delivered once."""
    record_pending(database)
    with database.writing() as connection:
        item = outbox.claim(connection, "ear", AT)
        assert item is not None
        assert [each.change.kind for each in item.findings] == ["held", "invalid"]
        assert waiting(connection, "ear", "other") == 1
        outbox.delivered(connection, item.message_id, AT)
        assert waiting(connection, "ear", "other") == 0
        assert outbox.claim(connection, "ear", AT) is None


@pytest.mark.parametrize(("days", "sent"), [(1, False), (3, False), (4, True), (365, True)])
def test_a_wait_longer_than_three_days_ends(database: Database, days: int, sent: bool) -> None:
    """A wait of more than three days comes from a clock that was ahead, so the message is sent."""
    record_pending(database, due=AT + timedelta(days=days))
    with database.writing() as connection:
        assert outbox.due(connection, ["ear"], AT) == ({"ear"} if sent else set())
        assert (outbox.claim(connection, "ear", AT) is not None) is sent


def test_messages_go_out_in_order(database: Database) -> None:
    """The oldest message is claimed first, and another channel's message is not claimed."""
    record_pending(database, 0)
    record_pending(database, 1)
    record_pending(database, 2, "other")
    with database.writing() as connection:
        for expected in ("0", "1"):
            item = outbox.claim(connection, "ear", AT)
            assert item is not None
            change = item.findings[0].change
            assert isinstance(change, Trouble)
            assert change.reason == expected
            outbox.delivered(connection, item.message_id, AT)
        assert outbox.claim(connection, "ear", AT) is None
        assert waiting(connection, "ear", "other") == 1
        assert waiting(connection, "ear") == 0


@pytest.mark.parametrize(
    ("owner", "later", "free"),
    [
        ("HOST:1:abcd", 1, False),  # alive, because process 1 never ends
        ("HOST:999999999:abcd", 1, True),  # dead
        ("HOST:PID:abcd", 1, True),  # we do not send it now
        ("elsewhere:1:abcd", 1, False),  # another machine: believed until it runs out
        ("elsewhere:1:abcd", 71 * 60, True),
        ("elsewhere:1:abcd", -61 * 60, True),  # the clock was far ahead when it was claimed
        ("NAME/other:PID:abcd", 1, False),  # a container of the same name, with numbers of its own
    ],
)
def test_a_claim_holds_while_its_owner_may_send(
    tmp_path: Path, owner: str, later: int, *, free: bool
) -> None:
    """The claim of a live process holds, and that of a dead one ends at once."""
    here = claims.owner().rsplit(":", 2)[0]
    owner = owner.replace("HOST", here).replace("NAME", socket.gethostname())
    owner = owner.replace("PID", str(os.getpid()))
    with closing(Database(str(lay_database(tmp_path)))) as database:
        record_pending(database)
        hold(database, owner, later, free=free)


def hold(database: Database, owner: str, later: int, *, free: bool) -> None:
    """Claim a message with that name, and again seconds later."""
    with database.writing() as connection:
        assert outbox.claim(connection, "ear", AT) is not None
        connection.execute(text("update delivery set claimed_by = :owner"), {"owner": owner})
        item = outbox.claim(connection, "ear", AT + timedelta(seconds=later))
        assert (item is not None) == free


def test_a_receiver_that_asks_for_a_pause_is_left_alone(database: Database) -> None:
    """During a requested pause a channel gets no message, and the oldest is sent first."""
    record_pending(database, 0)
    record_pending(database, 1)
    with database.writing() as connection:
        item = outbox.claim(connection, "ear", AT)
        assert item is not None
        outbox.refused(connection, item.message_id, "answered 429", AT, AT + HOUR)
    with database.writing() as connection:
        assert outbox.claim(connection, "ear", AT + HOUR - SECOND) is None
        assert outbox.due(connection, ["ear"], AT + HOUR - SECOND) == frozenset()
        assert outbox.due(connection, ["ear"], AT - 24 * HOUR) == {"ear"}  # the clock was ahead
        again = outbox.claim(connection, "ear", AT + HOUR)
        assert again is not None
        assert again.message_id == item.message_id


def test_a_refused_message_says_why_and_waits(database: Database) -> None:
    """A refused message keeps its error and attempts, and is sent when it is due."""
    record_pending(database)
    with database.writing() as connection:
        item = outbox.claim(connection, "ear", AT)
        assert item is not None
        outbox.refused(connection, item.message_id, "deaf", AT + HOUR)
        assert outbox.due(connection, ["ear"], AT) == frozenset()
        assert outbox.claim(connection, "ear", AT + HOUR - SECOND) is None
        assert outbox.due(connection, ["ear", "other"], AT + HOUR) == {"ear"}
        again = outbox.claim(connection, "ear", AT + HOUR)
        assert again is not None
        assert (again.message_id, again.attempts) == (item.message_id, 1)
        assert outbox.pending(connection, NAME, ["ear"]) == (
            Backlog("ear", 1, "deaf", AT + HOUR, AT + HOUR),
        )


def test_a_given_up_message_is_not_sent(database: Database) -> None:
    """A given-up message is no longer due or pending."""
    record_pending(database)
    record_pending(database, 1)
    with database.writing() as connection:
        for expected, end in ((True, "given up"), (False, "delivered")):
            item = outbox.claim(connection, "ear", AT)
            assert item is not None
            if end == "given up":
                outbox.given_up(connection, item.message_id, "410")
            else:
                outbox.delivered(connection, item.message_id, AT)
            assert outbox.was_given_up(connection, "ear") is expected
        assert waiting(connection, "ear") == 0
        assert not outbox.was_given_up(connection, "other")
    rows = ask(database, "select distinct state, attempts, claimed_by, error from delivery")
    assert sorted(rows, key=str) == [("delivered", 1, None, None), ("given up", 1, None, "410")]


def test_a_digest_is_one_message(database: Database) -> None:
    """Due messages that were never tried become one message with a stable id."""
    for at in range(4):
        record_pending(database, at, due=AT if at < 3 else AT + HOUR)
    with database.writing() as connection:
        first = outbox.claim(connection, "ear", AT)
        assert first is not None
        outbox.refused(connection, first.message_id, "deaf", AT)
        tried = outbox.claim(connection, "ear", AT, together=True)
        assert tried is not None
        assert tried.message_id == first.message_id
        outbox.delivered(connection, tried.message_id, AT)
        joined = outbox.claim(connection, "ear", AT, together=True)
        assert joined is not None
        assert [each.change.kind for each in joined.findings] == ["held", "invalid"] * 2
        assert outbox.claim(connection, "ear", AT, together=True) == joined
        outbox.delivered(connection, joined.message_id, AT)
        assert waiting(connection, "ear") == 1
