"""Unchanged polls in a row are one row, and every one of them is read back as it was."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from catalog.changes.incident import Trouble
from catalog.changes.poll import Outcome, Poll
from catalog.core.errors import StoreError
from catalog.core.payload import NotModified, Validators
from catalog.store import polls
from catalog.store.database import Database
from catalog.store.folding import LONGEST
from catalog.store.polls import answered
from catalog.store.record import record
from catalog.store.verify import verify
from tests.support.builders import AT, finding, model, payload, snapshot
from tests.support.database import HOUR, NAME, ask, save

OTHER = "elsewhere"
STATE = snapshot(model("1"), at=AT)


def unchanged(database: Database, at: float, **more: Any) -> None:
    """Record an unchanged poll so many hours after the start."""
    when = AT + at * HOUR
    poll = Poll(NAME, when, 5, Outcome.UNCHANGED, NotModified(NAME, "u", when))
    with database.writing() as connection:
        record(connection, replace(poll, **more), {})


def numbers(database: Database) -> list[object]:
    """Return the number of each row."""
    return [number for (number,) in ask(database, "select id from poll order by id")]


def test_every_poll_is_read_back_as_it_was(database: Database) -> None:
    """However the clock goes, with another provider's between, each has its time and number."""
    dice = random.Random(7)  # noqa: S311  # repeatable
    made, at = list[Poll](), AT
    with database.writing() as connection:
        for name in (NAME, OTHER):
            state = replace(STATE, provider=name)
            made.append(Poll(name, at, 5, Outcome.FIRST, payload(), state))
            record(connection, made[-1], {})
        for _ in range(500):
            name = NAME if dice.random() < 0.7 else OTHER
            at += timedelta(seconds=dice.choice((0, 1, 60, 899, 900, 86_400, 10_000_000)))
            answer = NotModified(name, "u", at)
            if dice.random() < 0.02:
                at -= 3 * HOUR
            poll = Poll(name, at, dice.randrange(30_000), Outcome.UNCHANGED, answer)
            if dice.random() < 0.02:
                poll = replace(poll, outcome=Outcome.FAILED, answer=None)
            record(connection, poll, {})
            made.append(poll)
    assert len(numbers(database)) < 60
    with database.reading() as connection:
        read = [*polls.newest_first(connection, NAME), *polls.newest_first(connection, OTHER)]
        latest = [*polls.newest_first(connection, NAME, 3)]
        assert polls.newest(connection, NAME) == read[0] == latest[0]
    told = [(each.provider, each.started_at, each.duration_ms, each.outcome) for each in read]
    by_number = [each for _, each in sorted(zip([each.number for each in read], told, strict=True))]
    assert by_number == [
        (each.provider, each.started_at, each.duration_ms, each.outcome) for each in made
    ]
    assert [each.number for each in read[:3]] == [each.number for each in latest]
    assert sorted(each.number for each in read) == [*range(1, 503)]


@pytest.mark.long
def test_a_row_grows_to_an_end(database: Database) -> None:
    """At every poll a row is written anew: from some length on, the next begins."""
    save(database, 0, STATE, outcome=Outcome.FIRST)
    for hour in range(1, 301):
        unchanged(database, hour)
    lengths = [length or 0 for (length,) in ask(database, "select length(earlier) from poll")]
    assert sum(int(str(length)) >= LONGEST for length in lengths) == 2
    assert all(int(str(length)) < LONGEST + 10 for length in lengths)
    with database.reading() as connection:
        assert len([*polls.newest_first(connection, NAME)]) == 301


def test_the_last_poll_up_to_a_moment_is_found_as_before(database: Database) -> None:
    """What began before the one before it, by a clock that was ahead, stays a row."""
    save(database, 0, STATE, outcome=Outcome.FIRST)
    save(database, 0, replace(STATE, provider=OTHER), outcome=Outcome.FIRST, provider=OTHER)
    for hour in (1, 900, 2, 3, 4):
        unchanged(database, hour)
        answer = NotModified(OTHER, "u", AT)
        unchanged(database, 0, provider=OTHER, answer=answer)
    assert numbers(database) == [1, 2, 5, 7, 11, 12]
    with database.reading() as connection:
        began = [each.started_at for each in polls.newest_first(connection, NAME)][::-1]
    assert began == [AT + hour * HOUR for hour in (0, 1, 900, 2, 3, 4)]


@pytest.mark.parametrize(("zone", "rows"), [("-10:00", 3), ("Z", 2)])
def test_a_time_that_was_edited_is_not_folded_the_wrong_way(
    database: Database, zone: str, rows: int
) -> None:
    """What sorts before the next poll and is after it, as its zone says, is read as it stands."""
    save(database, 0, STATE, outcome=Outcome.FIRST)
    unchanged(database, 1)
    with database.writing() as connection:
        connection.execute(
            text("update poll set started_at = :time"), {"time": f"{AT:%FT%T}{zone}"}
        )
    unchanged(database, 2)
    with database.reading() as connection:
        assert len([*polls.newest_first(connection, NAME)]) == 3
        bad = [str(check.bad) for check in verify(connection) if check.bad]
    assert bad == ["poll 0 to 99: one was edited"]
    assert len(numbers(database)) == rows


SAYS_ELSE: dict[str, dict[str, Any]] = {
    "a finding": {"findings": (finding(Trouble("stale", "old")),)},
    "a model that was not sent": {"missing": ("1",)},
    "validators": {"answer": replace(payload(), validators=Validators('"two"'))},
    "the day of a change": {
        "answer": replace(payload(), validators=Validators(None, "Thu, 01 Jan 2026 00:00:00 GMT"))
    },
    "another body": {"answer": payload(b"the same in other words")},
    "another status": {"answer": NotModified(NAME, "u", AT)},
    "another outcome": {"outcome": Outcome.FAILED},
    "what was held": {"outcome": Outcome.HELD, "candidate": "c"},
}


@pytest.mark.parametrize("case", SAYS_ELSE)
def test_a_poll_that_says_something_else_stays_a_row(database: Database, case: str) -> None:
    """It is not folded into the next one, and what stands before it is not lost."""
    save(database, 0, STATE, outcome=Outcome.FIRST)
    for hour in range(1, 6):
        unchanged(database, hour, **{"answer": payload()} | (SAYS_ELSE[case] if hour == 3 else {}))
    assert 4 in numbers(database)
    with database.reading() as connection:
        read = [(each.number, each.outcome) for each in polls.newest_first(connection, NAME)][::-1]
    outcomes = [Outcome.FIRST, *[Outcome.UNCHANGED] * 5]
    outcomes[3] = SAYS_ELSE[case].get("outcome", Outcome.UNCHANGED)
    assert read == [*enumerate(outcomes, 1)]


def test_a_poll_of_another_state_stays_a_row(database: Database) -> None:
    """The snapshot in force after a poll is that of its row."""
    save(database, 0, STATE, outcome=Outcome.FIRST)
    unchanged(database, 1)
    save(database, 2, snapshot(model("2"), at=AT), content=b"new")
    unchanged(database, 3)
    unchanged(database, 4)
    with database.reading() as connection:
        read = [each.snapshot for each in polls.newest_first(connection, NAME)]
    assert read == [2, 2, 2, 1, 1]


def test_what_was_answered_is_known_of_folded_polls_too(database: Database) -> None:
    """An answer in other words counts from its own poll on, not for those folded into it."""
    other = payload(b"the same in other words")
    save(database, 0, STATE, outcome=Outcome.FIRST)
    unchanged(database, 1, answer=payload())
    unchanged(database, 2, answer=other)
    for hour in range(3, 6):
        unchanged(database, hour)
    assert numbers(database) == [1, 3, 6]
    with database.reading() as connection:
        came = [(each.at, each.sha256) for each in answered(connection, NAME)]
    first, second = payload().digest, other.digest
    digests = [first, first, *[second] * 4]
    assert came == [(AT + hour * HOUR, digest) for hour, digest in enumerate(digests)]


@pytest.mark.parametrize(
    "earlier",
    ["900", "900:x", "9:9:9:9", "1000000000000:5", "9:9:2", "9:9:0", "9:-9", "-9:9", "9:9 9:9"],
)
def test_what_cannot_be_read_is_told(database: Database, earlier: str) -> None:
    """A row that was changed by hand is an error with its number and what to do."""
    save(database, 0, STATE, outcome=Outcome.FIRST)
    unchanged(database, 1)
    with database.writing() as connection:
        connection.execute(
            text("update poll set earlier = :earlier where id = 2"), {"earlier": earlier}
        )
    with (
        database.reading() as connection,
        pytest.raises(StoreError, match="before poll 2 ") as told,
    ):
        list(polls.newest_first(connection, NAME))
    assert "db verify" in str(told.value.hint)
