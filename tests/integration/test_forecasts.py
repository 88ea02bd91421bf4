"""Ends of models, reported by real passes."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert

from catalog.alerts.channel import Audience
from catalog.changes.change import Retiring
from catalog.changes.forecast import Evidence, Note
from catalog.changes.hold import HoldRule
from catalog.changes.poll import Pass
from catalog.store import forecasts, history
from catalog.store.database import Database
from catalog.store.tables import ProbeRow
from catalog.store.verify import verify
from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.rig import HOUR, START, Ear, Rig, rig

DAY = timedelta(days=1)
NAME = "infomaniak"
TEN = [row(id=key, name=f"m{key}") for key in range(1, 11)]
FULL, NINE = answer(body=body(*TEN)), answer(body=body(*TEN[:9]))
LEFT = START + 2 * HOUR
"""Time at which m10 is first missing. The policy's last day is 2026-01-31."""


def reminders(ear: Ear) -> list[tuple[str, int, str]]:
    """Return name, days left and rule of each reminder that was sent."""
    return [
        (each.change.name, each.change.days_left(each.at), each.rule)
        for message in ear.messages
        for each in message.findings
        if isinstance(each.change, Retiring)
    ]


def say(it: Rig, key: str, *, retires: date | None = None, source: str | None = None) -> None:
    """Note an end for a model.

    Without an end, withdraw the note.
    """
    with it.sync.database.writing() as connection:
        forecasts.write(connection, NAME, Note(key, it.clock.now, retires, None, source))


def probe(
    database: Database, at: datetime, verdict: str, route: str = "chat-v2", **given: Any
) -> None:
    """Store a probe of m10 on a route."""
    known = {"provider": NAME, "key": "10", "name": "m10", "route": route, "at": at}
    known |= {"verdict": verdict, "believed": True, "calls": 1, "tokens": 1}
    with database.writing() as connection:
        connection.execute(insert(ProbeRow).values(**known | given))


@pytest.mark.long
def test_daily_polls_send_each_reminder_once(tmp_path: Path) -> None:
    """Daily polls for forty days report the removal and four reminders, and nothing else."""
    with rig(tmp_path, FULL, NINE) as it:
        for _ in range(40):
            it.poll(later=DAY)
        assert it.ear.rules[0] == ["model-removed"]
        assert reminders(it.ear) == [
            ("m10", 14, "retirement-ahead"),
            ("m10", 7, "retirement-soon"),
            ("m10", 1, "retirement-soon"),
            ("m10", 0, "retirement-soon"),
        ]
        reported = it.ear.messages[1].findings[0]
        assert (reported.callable_until, reported.basis) == (date(2026, 2, 2), "policy")
        assert reported.ground == "Infomaniak's lifecycle policy"
        assert isinstance(reported.change, Retiring)
        assert reported.change.candidates == ("m1", "m2", "m3")
        with it.sync.database.reading() as connection:
            assert not [check.bad for check in verify(connection) if check.bad]


def test_the_days_go_by_whatever_comes_of_a_poll(tmp_path: Path) -> None:
    """Failed and held polls send reminders too, and missed reminders become one."""
    half = answer(body=body(*TEN[:5]))
    with rig(tmp_path, FULL, NINE, answer(503), half, answer(503)) as it:
        policy = replace(it.sync.policy, hold=HoldRule(floor=5))
        it.sync = replace(it.sync, policy=policy)
        it.outcomes(2)
        assert it.outcomes(later=DAY * 24) == ["failed"]
        assert reminders(it.ear) == [("m10", 6, "retirement-soon")]
        assert it.outcomes(later=DAY * 5) == ["held"]
        assert reminders(it.ear)[1:] == [("m10", 1, "retirement-soon")]
        assert it.outcomes(2, later=DAY * 30) == ["failed", "failed"]
        assert reminders(it.ear)[2:] == [("m10", -29, "retirement-over")]


def test_a_restart_repeats_no_reminder(tmp_path: Path) -> None:
    """A restart repeats no reminder, and a dry run stores no reminder."""
    with rig(tmp_path, FULL, NINE) as it:
        it.outcomes(2)
        dry = it.poll(later=DAY * 20, dry_run=True)
        assert [each.rule for each in dry.poll.findings] == ["retirement-ahead"]
        assert reminders(it.ear) == []
        for _ in range(3):
            with closing(Database(str(it.file))) as database:
                it.sync = replace(it.sync, database=database)
                it.poll()
        assert reminders(it.ear) == [("m10", 10, "retirement-ahead")]


def test_concurrent_passes_send_one_reminder(tmp_path: Path) -> None:
    """Of two concurrent passes only one sends a reminder."""
    with rig(tmp_path, FULL, NINE) as it:
        it.outcomes(2)
        inner: list[Pass] = []
        once = replace(it.sync, database=Database(str(it.file)))

        def fetch(validators: Any) -> Any:
            if not inner:
                inner.append(once.run())
            return it.sync.fetch(validators)

        it.clock.now += DAY * 20
        outer = replace(it.sync, fetch=fetch).run()
        once.database.close()
        assert [len(each.poll.findings) for each in (*inner, outer)] == [1, 0]
        assert reminders(it.ear) == [("m10", 10, "retirement-ahead")]


@pytest.mark.long
def test_a_note_moves_the_end_and_restarts_the_reminders(tmp_path: Path) -> None:
    """A new, moved or withdrawn note is reported, and the reminders follow the new day."""
    with rig(tmp_path, FULL, NINE) as it:
        it.outcomes(2)
        say(it, "10", retires=date(2026, 3, 31), source="a mail")
        it.outcomes(2)
        (reported,) = it.ear.messages[-1].findings
        assert (reported.callable_until, reported.basis, reported.ground) == (
            *(date(2026, 3, 31), "announced", "a mail"),
        )
        assert isinstance(reported.change, Retiring)
        assert (reported.change.mark, reported.change.moved_from) == (None, date(2026, 1, 31))
        say(it, "10", retires=date(2026, 2, 10))
        it.outcomes(2)
        it.outcomes(2, later=DAY * 20)
        say(it, "10")
        it.outcomes(2, later=DAY)
        assert reminders(it.ear) == [
            ("m10", 89, "retirement-ahead"),
            ("m10", 40, "retirement-brought-forward"),
            ("m10", 20, "retirement-ahead"),
            ("m10", 0, "retirement-soon"),
            ("m10", -11, "retirement-over"),
        ]
        assert reported.ground != it.ear.messages[-1].findings[0].ground


def test_a_listed_model_may_end_and_its_removal_gives_the_noted_day(tmp_path: Path) -> None:
    """The note alone sets the end of a listed model, and of its removal."""
    with rig(tmp_path, FULL, FULL, NINE) as it:
        it.outcomes()
        say(it, "10", retires=date(2026, 3, 31), source="a mail")
        it.outcomes(2)
        assert reminders(it.ear) == [("m10", 89, "retirement-ahead")]
        (removed,) = it.ear.messages[-1].findings
        assert (removed.rule, removed.basis) == ("model-removed", "announced")
        assert (removed.callable_until, removed.ground) == (date(2026, 3, 31), "a mail")
        assert "2026-03-31 (announced: a mail)" in it.document.read_text()
        say(it, "10")
        it.outcomes()
        assert reminders(it.ear)[1:] == [("m10", 30, "retirement-ahead")]
        assert it.ear.messages[-1].findings[0].basis == "policy"


def test_a_model_that_is_back_has_no_end(tmp_path: Path) -> None:
    """A model's return ends its reminders, and a new removal starts them again."""
    with rig(tmp_path, FULL, NINE, FULL, FULL, NINE) as it:
        it.outcomes(2)
        it.outcomes(2, later=DAY * 15)
        assert it.ear.rules[1:] == [["model-restored"]]
        it.outcomes(later=DAY)
        assert it.ear.rules[2:] == [["model-removed"]]
        it.outcomes(2, later=DAY * 8)
        assert reminders(it.ear) == [("m10", 14, "retirement-ahead")]


@pytest.mark.long
def test_a_refusal_proves_the_end_once(tmp_path: Path) -> None:
    """A model refused on every route is over from the day of the first refusal."""
    with rig(tmp_path, FULL, NINE) as it:
        it.outcomes(2)
        database = it.sync.database
        probe(database, LEFT + HOUR, "answers")
        probe(database, LEFT + DAY, "refused", said="no such model")
        probe(database, LEFT + DAY, "answers", "chat-v1")
        it.outcomes(later=DAY * 2)
        probe(database, LEFT + DAY * 2, "refused", "chat-v1", believed=False)
        it.outcomes()
        assert reminders(it.ear) == []
        probe(database, LEFT + DAY * 3, "refused", "chat-v1", said="gone")
        it.outcomes(later=DAY * 2)
        (reported,) = it.ear.messages[-1].findings
        assert (reported.rule, reported.callable_until, reported.basis) == (
            *("retirement-over", date(2026, 1, 4), "proved"),
        )
        assert reported.ground == "refused on 2026-01-04 by chat-v1: gone"
        probe(database, LEFT + DAY * 4, "refused", "chat-v1", said="gone for good")
        it.outcomes(3, later=DAY)
        assert len(reminders(it.ear)) == 1
        assert (
            "2026-01-04 (proved: refused on 2026-01-04 by chat-v1: gone" in it.document.read_text()
        )


def test_an_old_database_is_not_reminded_of_what_is_long_over(tmp_path: Path) -> None:
    """An end that passed before the last poll is not reported."""
    with rig(tmp_path, FULL, NINE) as it:
        silent = it.sync
        it.sync = replace(silent, policy=replace(silent.policy, remind=()))
        it.outcomes(3, later=DAY * 40)
        it.sync = silent
        it.outcomes(3)
        assert reminders(it.ear) == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("audience", "received"),
    [
        (Audience(models=("m10",)), 1),
        (Audience(models=("10",), types=("llm",)), 1),
        (Audience(models=("m1",)), 0),
        (Audience(types=("stt",)), 0),
        (Audience(in_use=True, usage=lambda: {(NAME, "m10"): ("a.py",)}), 1),
        (Audience(in_use=True, usage=lambda: {(NAME, "m1"): ("a.py",)}), 0),
    ],
)
def test_a_channel_gets_the_reminders_of_its_audience(
    tmp_path: Path, audience: Audience, received: int
) -> None:
    """A channel gets reminders for the models and types of its audience only."""
    with rig(tmp_path, FULL, NINE) as it:
        it.outcomes(2)
        ear = Ear(audience=audience)
        it.sync = replace(it.sync, channels=(ear,))
        it.outcomes(later=DAY * 20)
        assert len(reminders(ear)) == received


def test_an_unchanged_poll_stays_cheap(tmp_path: Path) -> None:
    """Without a due reminder, a poll makes few queries and writes one row."""
    with rig(tmp_path, FULL, NINE) as it:
        it.outcomes(4)
        statements: list[str] = []

        def traced(connection: sqlite3.Connection, *_: object) -> None:
            connection.set_trace_callback(lambda statement: statements.append(statement.lstrip()))

        event.listen(it.sync.database._engine, "checkout", traced)
        it.sync = replace(it.sync, publisher=None)
        it.outcomes()
        written = [each for each in statements if each.startswith(("INSERT", "UPDATE", "DELETE"))]
        assert [each.split()[:3:2] for each in written] == [
            *(["DELETE", "fast_path"], ["INSERT", "poll"], ["INSERT", "tally"]),
        ]
        assert len([each for each in statements if each.startswith("SELECT")]) <= 24


def test_notes_and_grounds_are_kept_on_every_server(database: Database) -> None:
    """The newest note counts, all notes are stored, and proofs can be read on both databases."""
    first = Note("10", START, date(2026, 3, 31), "beta", "a mail")
    second = Note("10", START + DAY, successor="gamma")
    with database.writing() as connection:
        assert forecasts.evidence(connection, NAME, ()) == Evidence()
        for each in (first, second, Note("9", START)):
            forecasts.write(connection, NAME, each)
    probe(database, START, "refused")
    with database.reading() as connection:
        assert forecasts.every(connection, NAME) == (first, second, Note("9", START))
        assert forecasts.newest(connection, NAME) == {"10": second, "9": Note("9", START)}
        assert forecasts.newest(connection, "other") == {}
        assert forecasts.reports(connection, NAME) == {}
        proofs = forecasts._proofs(connection, NAME, ["10"])
        assert proofs == {"10": (START, "refused on 2026-01-01 by chat-v2")}
        assert history.delisted(connection, NAME, 1) == ()
