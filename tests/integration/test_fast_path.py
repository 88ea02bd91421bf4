"""The fast path records unchanged polls and skips no other work."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from catalog.changes.forecast import Note
from catalog.store import forecasts
from catalog.store.database import Database
from tests.bench.random_catalog import RandomCatalog
from tests.support.database import untime
from tests.support.fast_path import NOON, FastRig
from tests.support.http_server import Exchange, answer
from tests.support.rig import HOUR, TOKEN

ACCEPTED = {"first", "changed", "unchanged"}


def test_an_unchanged_poll_on_the_fast_path_is_one_row(fast_rig: Callable[..., FastRig]) -> None:
    """On the fast path a poll adds one row with its slot, and no other change."""
    it = fast_rig(answer(body=RandomCatalog(20).body))
    assert str(it.poll().poll.outcome) == "first"
    assert it.is_fast()
    before = dump(it, "poll", "slot")
    result = it.poll()
    assert (result.snapshot, result.pending) == (1, ())
    assert str(result.poll.outcome) == "unchanged"
    assert result.document is not None
    assert (result.document.path, result.document.written) == (it.folder / "models.md", False)
    assert dump(it, "poll", "slot") == before
    query = (
        "select started_at, outcome, http_status, snapshot_id, url, etag, payload_sha256 from poll"
    )
    assert it.rows(query)[1:] == [("2026-01-01T14:00:00Z", "unchanged", 200, 1, None, None, None)]
    slots = it.rows("select moment, done_at from slot order by moment")
    assert slots == [("2026-01-01T13:00:00Z",) * 2, ("2026-01-01T14:00:00Z",) * 2]


@pytest.mark.long
@pytest.mark.unmeasured
def test_the_store_is_the_same_as_without(fast_rig: Callable[..., FastRig]) -> None:
    """Over a long series with all kinds of changes, the store is the same without the fast path."""
    bodies = list(series(60))
    ours = fast_rig(*(answer(body=body) for body in bodies), folder="ours", removals="next")
    plain = fast_rig(*(answer(body=body) for body in bodies), folder="plain", removals="next")
    plain.work = replace(plain.work, sync=replace(plain.work.sync, fast=None))
    fast = 0
    for _ in bodies:
        fast += (
            ours.rows("select 1 from fast_path") != []
            if (ours.folder / "catalog.db").exists()
            else 0
        )
        seen = [each.poll(timedelta(hours=5)) for each in (ours, plain)]
        assert [str(each.poll.outcome) for each in seen] in [[one, one] for one in ACCEPTED]
        fast += ours.is_fast()
    assert fast > 10
    assert ours.ear.rules == plain.ear.rules
    assert dump(ours, "fast_path") == dump(plain, "fast_path")
    documents = [(each.folder / "models.md").read_bytes() for each in (ours, plain)]
    assert documents[0] == documents[1]


def series(count: int) -> Iterator[bytes]:
    """Yield answers that often repeat.

    Models appear, vanish and change.
    """
    dice, made = random.Random(7), RandomCatalog(40)  # noqa: S311  # the same series each time
    absent: list[dict[str, Any]] = []
    for _ in range(count):
        match dice.randrange(9):
            case 0:
                made.change()
            case 1:
                absent.append(made.rows.pop(dice.randrange(20)))
                made.count -= 1
            case 2 if absent:
                made.rows.append(absent.pop(0))
                made.count += 1
        yield made.body


def dump(it: FastRig, *but: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows without values that depend on the machine."""
    with closing(sqlite3.connect(it.folder / "catalog.db")) as database:
        untime(database)
        database.commit()
    names = [name for (name,) in it.rows("select name from sqlite_master where type = 'table'")]
    tables = {}
    for name in sorted(set(names) - {"tally", *but}):
        columns = [row[1] for row in it.rows(f"pragma table_info({name})")]
        kept = ", ".join(sorted(set(columns) - {"url", "message_id", "claimed_by"}))
        tables[name] = it.rows(f"select {kept} from {name} order by {kept}")  # noqa: S608  # names
    return tables


def test_a_changed_answer_is_requested_once(fast_rig: Callable[..., FastRig]) -> None:
    """A changed answer moves from the fast path to the full pass without a second request."""
    made = RandomCatalog(20)
    before = made.body
    made.change()
    it = fast_rig(answer(body=before), answer(503), answer(body=made.body))
    outcomes = [str(it.poll().poll.outcome) for _ in range(3)]
    assert outcomes == ["first", "failed", "changed"]
    assert len(it.server.requests) == 3
    assert it.rows("select started_at from poll where id = 3") == [("2026-01-01T15:00:00Z",)]


def test_an_answer_that_was_not_modified_is_enough(fast_rig: Callable[..., FastRig]) -> None:
    """The fast path sends conditional requests with the newest validators."""
    body = RandomCatalog(20).body
    it = fast_rig(
        answer(body=body, headers={"ETag": '"a"'}),
        answer(304, body=b""),
        answer(body=body, headers={"ETag": '"b"'}),
        answer(body=body),
        answer(304, body=b""),
    )
    for _ in range(5):
        it.poll()
    asked = [request.headers.get("if-none-match") for request in it.server.requests]
    assert asked == [None, '"a"', '"a"', '"b"', '"b"']  # as a whole pass would ask
    assert it.rows("select http_status, etag from poll") == [
        *((200, '"a"'), (304, None), (200, '"b"'), (200, None), (304, None))
    ]


def test_a_write_ends_the_fast_path(fast_rig: Callable[..., FastRig]) -> None:
    """After a note, the next poll is a full pass, and the document shows the note."""
    it = fast_rig(answer(body=RandomCatalog(20).body))
    it.poll()
    with it.work.sync.database.writing() as connection:
        day = (NOON + timedelta(days=20)).date()
        forecasts.write(connection, "infomaniak", Note("3", NOON, day, None, None))
    assert not it.is_fast()
    it.poll()
    assert "2026-01-21" in (it.folder / "models.md").read_text(encoding="utf-8")
    assert it.is_fast()


def test_a_removed_document_is_written_again(fast_rig: Callable[..., FastRig]) -> None:
    """A removed document is written again, and an edited one is reported."""
    it = fast_rig(answer(body=RandomCatalog(20).body))
    it.poll()
    document = it.folder / "models.md"
    whole = document.read_bytes()
    document.unlink()
    result = it.poll()
    assert result.document is not None
    assert result.document.written
    document.write_bytes(whole.replace(b"model-3", b"model-x", 1))
    assert it.poll().document_error is not None


def test_a_pending_message_prevents_the_fast_path(fast_rig: Callable[..., FastRig]) -> None:
    """A refused message is retried at the next poll, before the fast path returns."""
    made = RandomCatalog(20)
    before = made.body
    made.change()
    it = fast_rig(answer(body=before), answer(body=made.body))
    it.poll()
    it.ear.deaf = True
    assert it.poll().pending != ()
    assert not it.is_fast()
    it.ear.deaf = False
    it.poll()
    assert len(it.ear.messages) == 1
    assert it.is_fast()


def test_a_pending_message_of_another_provider_prevents_the_fast_path(
    fast_rig: Callable[..., FastRig],
) -> None:
    """A pending message of another provider prevents the fast path."""
    it = fast_rig(answer(body=RandomCatalog(20).body))
    it.poll()
    with it.work.sync.database.writing() as connection:
        row = "insert into finding (poll_id, provider, rule, level, fingerprint) values (1, 'other'"
        connection.exec_driver_sql(f"{row}, 'model-removed', 'breaking', 'f')")
        row = "insert into delivery (finding_id, channel, message_id, state, attempts, next_at)"
        connection.exec_driver_sql(
            f"{row} values (1, 'ear', 'm', 'owed', 1, '2026-01-02T06:00:00Z')"
        )
    it.poll()
    assert not it.is_fast()


@pytest.mark.long
@pytest.mark.unmeasured
def test_a_new_day_ends_the_fast_path(fast_rig: Callable[..., FastRig]) -> None:
    """The first poll of a day is a full pass, because ends of models depend on the day."""
    made = RandomCatalog(20)
    before = made.body
    made.rows.pop()
    it = fast_rig(answer(body=before), answer(body=made.body))
    it.poll()
    it.poll(timedelta(hours=9))
    for _ in range(29 * 3):
        it.poll(timedelta(hours=8))
    # Reminders at 14, 7 and 1 days left, because the removal already reported 30.
    reported = [["retirement-ahead"], ["retirement-soon"], ["retirement-soon"]]
    assert it.ear.rules[1:] == reported


def test_a_clock_that_was_set_back_is_reported(
    fast_rig: Callable[..., FastRig], caplog: pytest.LogCaptureFixture
) -> None:
    """The fast path reports that the last poll has a later time."""
    it = fast_rig(answer(body=RandomCatalog(20).body))
    it.poll()
    it.poll(-HOUR / 2)
    assert "but the last poll was at" in caplog.text


def test_a_write_during_the_request_needs_a_full_pass(fast_rig: Callable[..., FastRig]) -> None:
    """A write by another process during the request leads to a full pass."""
    made = RandomCatalog(20)
    held: list[FastRig] = []

    def meanwhile(exchange: Exchange) -> None:
        with Database(str(held[0].folder / "catalog.db")).writing():
            pass
        answer(body=made.body)(exchange)

    it = fast_rig(answer(body=made.body), meanwhile)
    held.append(it)
    it.poll()
    asked = it.poll()
    assert str(asked.poll.outcome) == "unchanged"
    assert len(it.server.requests) == 2
    assert it.is_fast()


def test_no_token_is_noted(fast_rig: Callable[..., FastRig]) -> None:
    """The stored fast path row contains no token."""
    it = fast_rig(answer(body=RandomCatalog(20).body))
    it.poll()
    assert it.is_fast()
    assert TOKEN.encode() not in (it.folder / "catalog.db").read_bytes()


def test_a_flapping_value_prevents_the_fast_path(fast_rig: Callable[..., FastRig]) -> None:
    """A flapping value prevents the fast path until it settles."""
    made = RandomCatalog(20)
    one = made.body
    made.rows[3] = made.rows[3] | {"max_token_input": 4711}
    other = made.body
    it = fast_rig(*(answer(body=body) for body in (one, other, one, other)))
    for _ in range(4):
        it.poll()
    assert not it.is_fast()
    it.poll(timedelta(days=4))
    assert it.ear.rules[-1] == ["limit-lowered"]
    assert it.is_fast()
