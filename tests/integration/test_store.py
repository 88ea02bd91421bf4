"""Storing and reading back snapshots, versions, findings, polls and the outbox."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.changes.change import Added, Probed, Removed, Renamed, Restored, Updated
from catalog.changes.diff import diff
from catalog.changes.finding import Level
from catalog.changes.incident import Recovered, Trouble, Undelivered
from catalog.changes.poll import Outcome
from catalog.core.errors import NotFound, Unreachable
from catalog.core.payload import Drift, NotModified, Validators
from catalog.core.strict_json import canonical
from catalog.store import changelog, history, polls
from catalog.store.bodies import read
from catalog.store.changelog import FindingFilter
from catalog.store.database import Database
from tests.support.builders import AT, MISSING, finding, model, payload, snapshot
from tests.support.database import HOUR, NAME, ask, save

A, B, C = model("1", "alpha"), model("2", "beta"), model("10", "gamma")
B2 = model("2", "beta", max_token_input=8)


def states(database: Database) -> None:
    """Record three states.

    Beta is lowered and gamma added in the second. Alpha is gone in the third.
    """
    update = Updated(B2, "max_token_input", canonical(32000), canonical(8))
    save(database, 0, snapshot(A, B, at=AT), outcome=Outcome.FIRST)
    added = finding(Added(C), at=AT + HOUR)
    save(database, 1, snapshot(A, B2, C, at=AT + HOUR), finding(update), added)
    removed = finding(Removed(A), callable_until=AT.date(), ground="a policy")
    save(database, 2, snapshot(B2, C, at=AT + 2 * HOUR), removed)


def test_any_moment_can_be_read_back(database: Database) -> None:
    """The models at a time, a number or now are those of the matching snapshot."""
    states(database)
    with database.reading() as connection:
        for when, models in (
            *((AT, (A, B)), (AT + timedelta(minutes=59), (A, B)), (AT + HOUR, (A, B2, C))),
            *((1, (A, B)), (2, (A, B2, C)), (3, (B2, C)), (None, (B2, C))),
        ):
            number = history.number_at(connection, NAME, when)
            assert history.snapshot(connection, number).models == models


def test_a_moment_without_a_snapshot(database: Database) -> None:
    """An early time, an unknown number and an empty store give different errors."""
    with database.writing() as connection, pytest.raises(NotFound, match="no snapshot is stored"):
        history.number_at(connection, NAME, None)
    states(database)
    with database.reading() as connection:
        with pytest.raises(NotFound, match="no snapshot 9"):
            history.number_at(connection, NAME, 9)
        with pytest.raises(NotFound, match="snapshot from 2025-12-23 09:16:55 UTC or earlier"):
            history.number_at(connection, NAME, AT - HOUR)


def test_growth_follows_changes(database: Database) -> None:
    """A model version is one row while the model does not change."""
    states(database)
    rows = ask(database, "select key, first_snapshot, last_snapshot from model_version order by id")
    assert rows == [("1", 1, 3), ("2", 1, 2), ("2", 2, None), ("10", 2, None)]


def test_the_history_of_a_model(database: Database) -> None:
    """Each stretch has its start and its end."""
    states(database)
    with database.reading() as connection:
        first, second = history.versions(connection, NAME, "2")
        assert (first.model, first.since, first.until) == (B, AT, AT + HOUR)
        assert (second.model, second.since, second.until) == (B2, AT + HOUR, None)
        (gone,) = history.delisted(connection, NAME, 3)
        assert (gone.model, gone.gone_since) == (A, AT + 2 * HOUR)
        assert gone.callable_until == AT.date()
        assert history.delisted(connection, NAME, 2) == ()


def test_the_latest_to_go_come_first(database: Database) -> None:
    """Delisted models are listed newest first, then by key, without models that returned."""
    save(database, 0, snapshot(A, B, C, at=AT), outcome=Outcome.FIRST)
    save(database, 1, snapshot(C, at=AT + HOUR), finding(Removed(A)), finding(Removed(B)))
    save(database, 2, snapshot(A, at=AT + 2 * HOUR), finding(Restored(A, AT)), finding(Removed(C)))
    with database.reading() as connection:
        gone = history.delisted(connection, NAME, 3)
        assert [item.model.name for item in gone] == ["gamma", "beta"]
        gone = history.delisted(connection, NAME, 2)
        assert [item.model.name for item in gone] == ["alpha", "beta"]


def test_a_model_is_found_by_name_or_key(database: Database) -> None:
    """A name is found before a key, and a reused name gives the newest model."""
    older, newer = model("1", "10"), model("3", "moved")
    save(database, 0, snapshot(older, C, at=AT), outcome=Outcome.FIRST)
    save(database, 1, snapshot(C, newer, model("1", "moved"), at=AT + HOUR))
    save(database, 2, snapshot(C, model("4", "moved"), at=AT + 2 * HOUR))
    with database.reading() as connection:
        assert history.find_key(connection, NAME, "10", 1) == "1"
        assert history.find_key(connection, NAME, "gamma", 1) == "10"
        assert history.find_key(connection, NAME, "moved", 3) == "4"
        for unknown in ("delta", "4"):
            with pytest.raises(NotFound, match="no model"):
                history.find_key(connection, NAME, unknown, 2)


def test_findings_come_back_as_they_were(database: Database) -> None:
    """Every kind of change survives the store with its level, rule, times and fingerprint."""
    wave = tuple(Updated(each, "meta.is_beta", None, canonical(False)) for each in (A, B, C))
    reported = (
        finding(Added(A), level=Level.BREAKING),
        finding(Removed(B), callable_until=AT.date(), ground="a policy"),
        finding(Renamed(B, "9", "beta|2")),
        finding(Removed(A), Removed(B), level=Level.QUIET),
        finding(Restored(C, AT - HOUR)),
        finding(Updated(A, "version", canonical(None), canonical("3"))),
        finding(Updated(A, "x", canonical({"a": [1, True, None]}), None)),
        finding(*wave),
        finding(Drift("new field", "price", None, ("alpha", "beta"))),
        finding(Drift("new value", "type", canonical("video"), ())),
        finding(Trouble("held", "empty")),
        finding(Trouble("invalid", "no id")),
        finding(Trouble("failing", "503", AT - HOUR)),
        finding(Recovered(("failing", "held"), AT - HOUR)),
        finding(Undelivered("ops", "410")),
        finding(Probed("phantom", "x", ("chat-v1",))),
        finding(Probed("ghost", "a", ("r",), "1", "llm", elsewhere=("s", "t"), said="no")),
        finding(Probed("over", "a", ("r", "s"), "1", "llm", gone_since=AT - HOUR)),
        finding(Probed("substituted", "a", ("r",), "1", "llm", answered_as="b", before="c")),
    )
    before = snapshot(model("2", "beta"), at=AT - HOUR)
    save(database, -1, before, outcome=Outcome.FIRST)
    save(database, 0, snapshot(A, C, at=AT), *reported)
    with database.reading() as connection:
        back = changelog.findings(connection, FindingFilter(NAME))
        assert [item.fingerprint for item in back] == [item.fingerprint for item in reported]
        assert {item.snapshot for item in back} == {2}
        shown = [
            (item.level, item.rule, item.at, item.callable_until, item.ground) for item in back
        ]
        assert shown == [(i.level, i.rule, i.at, i.callable_until, i.ground) for i in reported]
        alone = [item.changes for item in reported if not item.is_wave]
        assert [item.changes for item in back if not item.is_wave] == alone


def test_findings_can_be_chosen(database: Database) -> None:
    """Findings are filtered by time, snapshot, model, level and kind."""
    states(database)
    with database.reading() as connection:

        def kinds(**wanted: Any) -> list[str]:
            chosen = changelog.findings(connection, FindingFilter(NAME, **wanted))
            return [item.change.kind for item in chosen]

        assert kinds() == ["updated", "added", "removed"]
        assert kinds(since=AT + 2 * HOUR) == ["removed"]
        assert kinds(until=AT + HOUR) == ["updated", "added"]
        assert kinds(up_to_snapshot=2) == ["updated", "added"]
        assert kinds(keys=("2",)) == ["updated"]
        assert kinds(levels=(Level.BREAKING,)) == ["removed"]
        assert kinds(kinds=("added", "removed")) == ["added", "removed"]
        assert changelog.findings(connection, FindingFilter("other")) == ()


def test_missing_null_and_a_value_stay_three_things(database: Database) -> None:
    """A missing field is SQL NULL, and a JSON null is a value."""
    state = snapshot(model(version=None), model("2", version=MISSING), at=AT)
    save(database, 0, state, outcome=Outcome.FIRST)
    with database.reading() as connection:
        assert history.snapshot(connection, 1).models == state.models


def test_nul_wherever_it_may_come(database: Database) -> None:
    """A NUL in a text, a value or a key is stored by every database."""
    said: list[dict[str, Any]] = [{"description": f"{at}\0", "k\0": at} for at in (1, 2)]
    before, after = (model(**each) for each in said)
    save(database, 0, snapshot(before, at=AT), outcome=Outcome.FIRST)
    found = [finding(change) for change in diff(snapshot(before), snapshot(after), {})]
    save(database, 1, snapshot(after, at=AT + HOUR), *found)
    with database.reading() as connection:
        assert history.snapshot(connection, 2).models == (after,)
        back = changelog.findings(connection, FindingFilter(NAME))
        assert {each.change.field for each in back if isinstance(each.change, Updated)} == {
            *("description", r"k\0")
        }


def test_a_payload_is_written_once(database: Database) -> None:
    """A repeated body is stored once, compressed, under its SHA-256."""
    content = b'{"a": 1}' * 1000
    for at in range(3):
        save(database, at, outcome=Outcome.HELD, content=content)
    digest = payload(content).digest
    ((*reported, kept),) = ask(database, "select sha256, size, length(body) from payload")
    assert reported == [digest, 8000]
    assert isinstance(kept, int)
    assert kept < 100
    with database.reading() as connection:
        assert read(connection, digest) == content


def test_an_unchanged_poll_is_one_small_row(database: Database) -> None:
    """An unchanged poll stores only its differences from the last one."""
    save(database, 0, snapshot(A, at=AT), outcome=Outcome.FIRST)
    save(database, 1, outcome=Outcome.UNCHANGED)
    save(database, 1, outcome=Outcome.UNCHANGED)
    newer = payload()
    object.__setattr__(newer, "validators", Validators('"two"'))
    save(database, 2, outcome=Outcome.UNCHANGED, answer=newer)
    save(database, 3, outcome=Outcome.UNCHANGED, answer=NotModified(NAME, "u", AT))
    save(database, 4, outcome=Outcome.FAILED, answer=None, error=Unreachable("gone", status=502))
    save(database, 5, outcome=Outcome.HELD, content=b"{}", candidate="c")
    rows = ask(
        database,
        (
            "select http_status, url is null, etag, payload_sha256 is null, error"
            " from poll order by id"
        ),
    )
    assert rows == [
        (200, 0, None, 0, None),
        (200, 1, None, 1, None),
        (200, 1, None, 1, None),
        (200, 1, '"two"', 1, None),
        (304, 1, None, 1, None),
        (502, 1, None, 1, "gone"),
        (200, 0, None, 0, None),
    ]
    with database.reading() as connection:
        known = history.baseline(connection, NAME)
        assert (known.payload, known.validators) == (payload().digest, Validators('"two"'))


def test_validators_end_with_their_payload(database: Database) -> None:
    """Validators of an old body are never sent for a new one."""
    named = payload()
    object.__setattr__(named, "validators", Validators('"one"'))
    save(database, 0, snapshot(A, at=AT), outcome=Outcome.FIRST, answer=named)
    save(database, 1, outcome=Outcome.UNCHANGED, content=b"[]")
    with database.reading() as connection:
        known = history.baseline(connection, NAME)
    assert (known.payload, known.validators) == (payload(b"[]").digest, Validators())


def test_polls_are_read_back(database: Database) -> None:
    """The newest come first, with all that was recorded."""
    save(database, 0, snapshot(A, at=AT), outcome=Outcome.FIRST)
    save(database, 1, outcome=Outcome.HELD, candidate="c")
    save(database, 2, outcome=Outcome.FAILED, answer=None, error=Unreachable("gone"))
    with database.reading() as connection:
        failed, held, first = polls.newest_first(connection, NAME)
        assert (failed.outcome, failed.error, failed.snapshot) == (Outcome.FAILED, "gone", 1)
        assert (held.outcome, held.candidate, held.http_status) == (Outcome.HELD, "c", 200)
        assert (first.number, first.started_at, first.duration_ms) == (1, AT, 5)
        assert len(list(polls.newest_first(connection, NAME, 2))) == 2
        assert polls.newest(connection, NAME) == failed
        assert polls.newest(connection, "other") is None
        assert polls.outcomes(connection, NAME)[AT + HOUR] is Outcome.HELD
