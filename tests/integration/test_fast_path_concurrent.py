"""Several processes on the fast path lose and repeat nothing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from contextvars import Context
from dataclasses import replace
from datetime import timedelta

import pytest

from catalog.alerts.channel import Message
from catalog.core.errors import StoreError
from catalog.store.fast import confirm, read
from tests.bench.random_catalog import RandomCatalog
from tests.support.database import polls
from tests.support.fast_path import NOON, FastRig
from tests.support.http_server import Exchange, answer
from tests.support.rig import HOUR, Ear


def test_no_pass_hides_the_work_of_another_one(fast_rig: Callable[..., FastRig]) -> None:
    """Trouble reported by another process while a message is sent ends at the next poll."""
    made = RandomCatalog(20)
    before = made.body
    made.change()
    it = fast_rig(answer(body=before), answer(body=made.body), answer(503), answer(body=made.body))
    it.poll()
    other = replace(it.work, sync=replace(it.work.sync, channels=()))

    class Slow(Ear):
        """A slow channel, during whose delivery another process polls."""

        def send(self, message: Message) -> None:
            """Run the other process, then accept the message."""
            if not self.messages:
                # In a context of its own, as another process is.
                assert str(Context().run(other.run_now).poll.outcome) == "failed"
            super().send(message)

    slow = Slow()
    it.work = replace(it.work, sync=replace(it.work.sync, channels=(slow,)))
    assert str(it.poll().poll.outcome) == "changed"
    assert not it.is_fast()
    it.poll()
    assert slow.rules[-1] == ["trouble-ended"]


def test_an_outdated_answer_is_requested_again(
    fast_rig: Callable[..., FastRig], caplog: pytest.LogCaptureFixture
) -> None:
    """If another process stores a change during a request, the older answer is fetched again."""
    made = RandomCatalog(20)
    old = made.body
    made.change()
    held: list[FastRig] = []

    def meanwhile(exchange: Exchange) -> None:
        held[0].clock.now += timedelta(minutes=1)
        assert str(held[0].work.run_now().poll.outcome) == "changed"
        answer(body=old)(exchange)

    it = fast_rig(answer(body=old), meanwhile, answer(body=made.body))
    held.append(it)
    it.poll()
    assert str(it.poll().poll.outcome) == "unchanged"
    assert len(it.server.requests) == 4
    assert "but the last poll was at" not in caplog.text
    assert it.rows("select count(*) from snapshot") == [(2,)]


def test_a_failed_write_causes_no_second_request(fast_rig: Callable[..., FastRig]) -> None:
    """If the database fails meanwhile, the error is raised without a second request."""
    body = RandomCatalog(20).body
    held: list[FastRig] = []

    def meanwhile(exchange: Exchange) -> None:
        with closing(sqlite3.connect(held[0].folder / "catalog.db")) as connection:
            connection.execute(
                "create trigger full before insert on poll begin select raise(abort, 'full'); end"
            )
        answer(body=body)(exchange)

    it = fast_rig(answer(body=body), meanwhile)
    held.append(it)
    it.poll()
    with pytest.raises(StoreError, match="full"):
        it.poll()
    assert len(it.server.requests) == 2


def test_polls_are_in_the_order_of_their_times(fast_rig: Callable[..., FastRig]) -> None:
    """A poll that started earlier but writes later gets the last poll's time."""
    it = fast_rig(answer(body=RandomCatalog(20).body))
    it.poll()
    assert it.work.sync.fast
    (row,) = read(it.folder / "catalog.db", it.work.sync.fast.settings, it.clock.now)
    poll = {"duration_ms": 1, "outcome": "unchanged", "http_status": 200}
    for minute in (5, 3):
        started = {"started_at": f"2026-01-01T14:0{minute}:00Z"}
        assert confirm(it.folder / "catalog.db", row, poll | started, None, claimed=False)
    began = [began for began, _ in polls(it.folder / "catalog.db")]
    assert began[1:] == ["2026-01-01T14:05:00Z"] * 2


def test_a_slot_of_another_process_is_not_finished(fast_rig: Callable[..., FastRig]) -> None:
    """A process that lost the claim of its slot records nothing on the fast path."""
    it = fast_rig(answer(body=RandomCatalog(20).body))
    it.poll()
    assert it.work.sync.fast
    file = it.folder / "catalog.db"
    (row,) = read(file, it.work.sync.fast.settings, it.clock.now)
    poll = {"started_at": "2026-01-01T14:00:00Z", "duration_ms": 1, "outcome": "unchanged"}
    assert not confirm(file, row, poll, NOON + 2 * HOUR, claimed=True)
    assert it.rows("select count(*) from poll") == [(1,)]
