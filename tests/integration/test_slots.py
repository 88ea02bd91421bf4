"""Slots of the schedule: each runs once, on both kinds of database."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import text

from catalog.core.clock import now
from catalog.core.errors import StoreError
from catalog.daemon.job import LATER, SOON, ProviderState, Work
from catalog.daemon.schedule import Interval
from catalog.daemon.scheduled import Run, Scheduled
from catalog.store import claims, slots
from catalog.store.claims import present
from catalog.store.database import Database
from catalog.store.tables import plain
from tests.support.builders import AT, body
from tests.support.http_server import answer
from tests.support.rig import HOUR, Rig, lay_database, rig

NAME = "infomaniak"
MINUTE = timedelta(minutes=1)
LONGEST = 5 * MINUTE


def claim(database: Database, later: timedelta = timedelta(), provider: str = NAME) -> slots.Claim:
    """Claim the slot of AT, so much later."""
    with database.writing() as connection:
        return slots.claim(
            plain(connection), provider, AT, LONGEST, present(connection, AT + later)
        )


def test_a_slot_is_claimed_then_done_and_never_again(database: Database) -> None:
    """A finished slot is done for every process, but not for another provider."""
    assert claim(database) == slots.Claim(AT)
    with database.writing() as connection:
        assert slots.done_at(plain(connection), NAME, AT) is None
        slots.finish(plain(connection), NAME, AT, AT + MINUTE)
        assert slots.done_at(plain(connection), NAME, AT) == AT + MINUTE
        assert slots.done_at(plain(connection), NAME, AT + HOUR) is None
    done = claim(database, HOUR)
    assert (done.is_ours, done.done_at, done.until) == (False, AT + MINUTE, None)
    assert claim(database, HOUR, "another").is_ours


@pytest.mark.parametrize(
    ("owner", "later", "is_ours"),
    [
        ("{here}:{own}:abcd", 1, True),  # a process of ours, or its namesake that is dead
        ("{here}:99999999:abcd", 1, True),  # dead
        ("elsewhere:1:abcd", 64, False),  # its clock may be an hour behind
        ("elsewhere:1:abcd", 65, True),
    ],
)
def test_a_claim_left_behind_is_taken_over(
    tmp_path: Path, owner: str, later: int, is_ours: bool
) -> None:
    """A dead process's claim is taken over immediately, and another machine's after its limit."""
    with closing(Database(str(lay_database(tmp_path)))) as database:
        assert claim(database).is_ours
        here = claims.owner().rsplit(":", 2)[0]
        name = owner.format(here=here, own=os.getpid())
        with database.writing() as connection:
            connection.execute(text("update slot set claimed_by = :owner"), {"owner": name})
        again = claim(database, later * MINUTE)
        assert again.is_ours == is_ours
        assert again.until == (None if is_ours else AT + LONGEST)


def test_of_many_at_once_one_gets_the_slot(url: str) -> None:
    """Of eight concurrent claims one gets the slot."""
    at_once = Barrier(8)
    with closing(Database(url)) as database, database.writing():
        pass  # the tables are there

    def compete(number: int) -> bool:
        at_once.wait()
        with closing(Database(url)) as database, database.writing() as connection:
            got = slots.claim(plain(connection), NAME, AT, LONGEST, present(connection, AT))
            owner = {"owner": f"elsewhere:{number}:abcd"}
            if got.is_ours:
                connection.execute(text("update slot set claimed_by = :owner"), owner)
        return got.is_ours

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(compete, range(8))) == [False] * 7 + [True]


def test_slots_do_not_pile_up(database: Database) -> None:
    """Only the latest slots are kept, and the current one even if the clock went back."""
    for hours in (*range(30), 3):
        with database.writing() as connection:
            slots.finish(plain(connection), NAME, AT + hours * HOUR, AT)
    with database.reading() as connection:
        assert slots.done_at(plain(connection), NAME, AT + 3 * HOUR)
        kept = connection.execute(text("select moment from slot order by moment")).all()
    assert len(kept) == slots.KEPT + 1


def test_a_slot_of_seconds_is_not_done_again_by_a_slow_clock(database: Database) -> None:
    """A slot of seconds within the last hour is still known as done."""
    second = timedelta(seconds=1)
    for number in range(131):
        with database.writing() as connection:
            slots.finish(plain(connection), NAME, AT + number * second, AT)
    assert claim(database, -130 * second).done_at == AT


def scheduled(it: Rig, every: timedelta = HOUR) -> Scheduled:
    """Put a rig's Sync on a schedule."""
    return Scheduled(it.sync, Interval(every), LONGEST)


def test_each_slot_has_one_pass(tmp_path: Path) -> None:
    """A second run in a slot sends no request and returns the time of the first."""
    with rig(tmp_path, answer(body=body())) as it:
        work = scheduled(it)
        first = work.run()
        assert first.result
        it.clock.now += 59 * MINUTE
        second = work.run()
        assert (second.result, second.claim.done_at) == (None, it.clock.now - 59 * MINUTE)
        it.clock.now += MINUTE
        assert work.run().result
        assert len(it.server.requests) == 2


def test_a_pass_by_hand_counts_if_the_provider_was_read(tmp_path: Path) -> None:
    """A manual pass fills the slot only if the provider was read."""
    with rig(tmp_path, answer(503), answer(body=body())) as it:
        work = scheduled(it)
        assert str(work.run_now().poll.outcome) == "failed"
        assert work.first() == it.clock.now
        assert str(work.run_now().poll.outcome) == "held"
        assert work.run().result is None
        assert work.first() == it.clock.now + HOUR
        assert str(work.run_now(accept=True).poll.outcome) == "first"


def test_the_first_run_is_at_once_unless_the_last_is_recent(tmp_path: Path) -> None:
    """The first run is immediate, unless the last poll is recent."""
    with rig(tmp_path, answer(body=body())) as it:
        it.file.unlink()
        work = scheduled(it, 10 * MINUTE)
        assert work.first() == it.clock.now
        assert not it.file.exists()
        it.clock.now += 9 * MINUTE
        it.sync.run()
        ran = it.clock.now
        it.clock.now = ran + 3 * MINUTE
        assert work.first() == ran + 11 * MINUTE
        it.clock.now = ran + 5 * MINUTE
        assert work.first() == it.clock.now
        it.clock.now = ran - 5 * MINUTE  # the clock was ahead, so its times are ignored
        assert work.first() == it.clock.now


@pytest.mark.parametrize("until", [AT, AT + 365 * 24 * HOUR])
def test_a_slot_that_is_held_is_looked_at_again_in_a_minute(
    tmp_path: Path, until: datetime
) -> None:
    """A held slot is checked again in a minute, because its owner may die."""
    with rig(tmp_path, answer(body=body())) as it:
        made = Work(scheduled(it, 24 * HOUR), timedelta(), (), lambda: None)
        state = ProviderState(made, AT, call_at=AT)
        came = Run(NAME, slots.Claim(AT, until=until))
        before = now()
        soon = min(before + LATER, made.scheduled.schedule.next_after(before))
        assert soon <= state.following(came) <= now() + LATER


def test_the_wait_after_a_pass_that_was_not_recorded_doubles(tmp_path: Path) -> None:
    """Each unrecorded pass doubles the wait, up to a minute, until a pass is recorded."""
    failed = StoreError("the disk is full")
    with rig(tmp_path, answer(body=body())) as it:
        made = Work(scheduled(it, 10_000 * 24 * HOUR), timedelta(), (), lambda: None)
        state = ProviderState(made, AT, call_at=AT)
        for wait in (*(SOON * 2**number for number in range(6)), LATER, LATER):
            before = now()
            assert before + wait <= state.following(failed) <= now() + wait
        state.following(Run(NAME, slots.Claim(AT)))
        before = now()
        assert before + SOON <= state.following(failed) <= now() + SOON
