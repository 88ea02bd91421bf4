"""Ends from a provider's list, with real passes and a real database."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.changes.forecast import Note
from catalog.core.errors import Unreachable
from catalog.core.payload import Payload, Validators
from catalog.providers.described.description import read
from catalog.providers.described.provider import Described
from catalog.report.sentences import sentence
from catalog.store import forecasts
from catalog.store.verify import verify
from tests.support.http_server import answer
from tests.support.rig import Rig, rig

DAY = timedelta(days=1)
MARS = Described("mars", read({"route": "/fleet", "ends": "over", "successor": "next"}))
FIELD = "the provider's over"


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Rig]:
    """Make a rig of a described provider, without a document."""
    with rig(tmp_path, answer()) as made:
        policy = replace(made.sync.policy, removals="at once")
        made.sync = replace(made.sync, provider=MARS, policy=policy, publisher=None)
        yield made


def poll(it: Rig, *rows: dict[str, Any] | str, later: timedelta = DAY) -> list[tuple[str, str]]:
    """Poll an answer of these rows. Return rules and sentences.

    By default, the models are named one to nine.
    """
    fixed = [{"id": f"kept{number}"} for number in range(6)]
    listed = [{"id": row} if isinstance(row, str) else row for row in rows]
    body = json.dumps({"data": [*fixed, *listed]}).encode()

    def fetch(_validators: Validators) -> Payload:
        if not rows:
            raise Unreachable("mars did not answer")
        return Payload("mars", "", it.clock.now, body)

    it.sync = replace(it.sync, fetch=fetch)
    found = it.poll(later=later).poll.findings
    return [(each.rule, sentence(each)) for each in found if each.is_reported]


def row(name: str, over: Any, to: str | None = None) -> dict[str, Any]:
    """Return a row with an end."""
    return {"id": name, "over": over, "next": to}


def ends_on(day: str) -> str:
    """Return the sentence part about an announced day."""
    return f"announced to end on {day} ({FIELD})"


def test_the_whole_life_of_an_end(it: Rig) -> None:
    """Stated, postponed, brought forward, cancelled, stated again, reminded, and then removed."""
    assert poll(it, row("argo", None), "dart") == []
    assert poll(it, row("argo", "2026-02-20", "dart"), "dart") == [
        (
            "retirement-ahead",
            f"argo: 48 days left; instead: dart, kept0, kept1; {ends_on('2026-02-20')}",
        )
    ]
    assert poll(it, row("argo", "2026-02-20", "dart"), "dart") == []
    assert poll(it, row("argo", "2026-03-10", "dart"), "dart")[0][0] == "retirement-postponed"
    ((rule, text),) = poll(it, row("argo", "2026-02-20", "dart"), "dart")
    assert rule == "retirement-brought-forward"
    assert "45 days left, brought forward from 2026-03-10" in text
    assert poll(it, row("argo", None, "dart"), "dart") == [
        ("retirement-cancelled", "argo: no longer announced to end on 2026-02-20")
    ]
    assert poll(it, row("argo", None, "dart"), "dart") == []
    last = row("argo", "2026-02-20", "dart")
    assert [rule for rule, _ in poll(it, last, "dart")] == ["retirement-ahead"]
    reported = [poll(it, last, "dart") for _ in range(40)]
    marks = [rule for found in reported for rule, _ in found]
    assert marks == ["retirement-ahead", "retirement-ahead", "retirement-soon"]
    assert poll(it, last, "dart", later=2 * DAY) == [
        ("retirement-soon", f"argo: last day; instead: dart, kept0, kept1; {ends_on('2026-02-20')}")
    ]
    assert poll(it, "dart") == [
        ("model-removed", f"argo removed as announced on 2026-02-20 ({FIELD}); instead: dart")
    ]
    assert [poll(it, "dart") for _ in range(3)] == [[], [], []]
    with it.sync.database.reading() as connection:
        assert not [check.bad for check in verify(connection) if check.bad]


def test_ends_are_known_from_the_first_poll_on(it: Rig) -> None:
    """Ends in the first answer are reported once each, and ends of one day as one finding."""
    rows = (row("a", "2026-03-01"), row("b", "2026-03-01"), row("c", "2098-12-31"))
    ((rule, text),) = poll(it, *rows)
    assert rule == "retirement-ahead"
    assert text == f"2 models: 58 days left (a, b); {ends_on('2026-03-01')}"
    assert poll(it, *rows) == []
    assert poll(it, row("a", "2026-03-01"), row("b", "2026-03-01"), row("c", None)) == []


def test_models_that_leave_together_are_one_line(it: Rig) -> None:
    """Models that leave on their announced day are one finding, and each keeps its stored day."""
    rows = [row(name, "2026-01-04", "kept1") for name in ("a", "b", "c")]
    poll(it, *rows, "d")
    poll(it, *rows, "d")
    ((rule, text),) = poll(it, "d")
    assert rule == "model-removed"
    assert text == (
        f"3 models removed as announced on 2026-01-04 ({FIELD}): a → kept1, b → kept1, c → kept1"
    )
    assert it.rows(
        "SELECT DISTINCT callable_until, basis FROM finding WHERE rule = 'model-removed'"
    ) == [("2026-01-04", "announced")]


def test_a_failed_poll_reminds_too(it: Rig) -> None:
    """Reminders of a listed end come although the provider does not answer."""
    poll(it, row("argo", "2026-01-20"))
    assert [rule for rule, _ in poll(it, later=12 * DAY)] == ["retirement-soon"]


def test_a_note_precedes_the_list(it: Rig) -> None:
    """While the day of a note counts, the list's day is an ordinary field. Afterwards it counts."""
    poll(it, row("argo", "2026-03-01"))
    note(it, date(2026, 6, 1))
    ((rule, text),) = poll(it, row("argo", "2026-03-01"))
    assert (rule, "postponed from 2026-03-01" in text) == ("retirement-postponed", True)
    assert poll(it, row("argo", "2026-04-01")) == [
        ("field-changed", "argo: over 2026-03-01 → 2026-04-01")
    ]
    note(it, None)
    assert [rule for rule, _ in poll(it, row("argo", "2026-04-01"))] == [
        "retirement-brought-forward"
    ]
    with it.sync.database.reading() as connection:
        last = forecasts.reports(connection, "mars")["argo"]
    assert (last.until, last.basis) == (date(2026, 4, 1), "announced")


def note(it: Rig, retires: date | None) -> None:
    """Note an end of argo, or withdraw the note."""
    with it.sync.database.writing() as connection:
        forecasts.write(connection, "mars", Note("argo", it.clock.now, retires))


def test_a_model_that_comes_back_keeps_its_end(it: Rig) -> None:
    """A model that returns with its end is not announced again. Without it, it is cancelled."""
    poll(it, row("argo", "2026-03-01"), row("dart", "2026-03-01"))
    early = poll(it, "other")
    assert [rule for rule, _ in early] == ["model-removed", "model-removed", "model-added"]
    found = poll(it, row("argo", "2026-03-01"), row("dart", None), "other")
    assert sorted(rule for rule, _ in found) == [
        *("flapping", "flapping", "retirement-cancelled"),
    ]


def test_a_renamed_model_takes_its_end_along(it: Rig) -> None:
    """A model under another name is announced under that name."""
    facts = {"created_at": 17, "window": 9, "made": "x"}
    poll(it, row("argo", "2026-03-01") | facts)
    found = dict(poll(it, row("argo-2", "2026-03-01") | facts))
    assert found.keys() == {"name-changed", "retirement-ahead"}
    assert ends_on("2026-03-01") in found["name-changed"]


def test_a_successor_alone_is_info(it: Rig) -> None:
    """Another successor with the same day is a finding of its own."""
    poll(it, row("argo", "2026-03-01", "kept1"))
    assert poll(it, row("argo", "2026-03-01", "kept2")) == [
        ("successor-changed", "argo: next kept1 → kept2")
    ]


def test_stated_ends_are_stored_with_their_origin(it: Rig) -> None:
    """A stored announcement names the list as its source, and a reminder does not."""
    poll(it, row("argo", "2026-03-01"))
    poll(it, row("argo", "2026-03-01"), later=40 * DAY)
    found = it.rows("SELECT detail FROM change WHERE kind = 'retiring' ORDER BY id")
    assert ["is_stated" in detail for (detail,) in found] == [True, False]
