import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from catalog.changes.change import (
    KINDS,
    PROBED_KINDS,
    Added,
    Cancelled,
    Change,
    Probed,
    Removed,
    Renamed,
    Restored,
    Retiring,
    Updated,
)
from catalog.changes.finding import Level, fingerprint, severity
from catalog.changes.incident import TROUBLES, Recovered, Trouble, Undelivered
from catalog.core.payload import Drift
from catalog.core.strict_json import JsonText
from tests.support.builders import AT, finding, model

LATER = AT + timedelta(days=6)
ONE, TWO, NULL = JsonText("1"), JsonText("2"), JsonText("null")
UPDATED = Updated(model(), "version", ONE, TWO)
DRIFT = Drift("new value", "type", JsonText('"video"'), ("alpha",))
RETIRING = Retiring("1", "alpha", "llm", date(2026, 1, 22), "policy", "the policy", 30)
ALL_KINDS: list[Change] = [
    Added(model()),
    Removed(model()),
    Renamed(model(), "9", "omega"),
    Restored(model(), AT),
    UPDATED,
    DRIFT,
    Trouble("held", "the list is empty"),
    Trouble("invalid", "the list is empty"),
    Trouble("failing", "the list is empty"),
    Trouble("stale", "the list is empty"),
    Recovered(("held",), AT),
    Undelivered("ops", "410"),
    *(Probed(kind, "alpha", ("chat-v2",), "1") for kind in PROBED_KINDS),
    RETIRING,
    Cancelled("1", "alpha", "llm", date(2026, 1, 22)),
]


def test_every_kind_is_ranked() -> None:
    """Each kind of change has a rank in the order of findings."""
    assert {change.kind for change in ALL_KINDS} == set(KINDS)
    assert len(KINDS) == len(set(KINDS))


def test_levels_are_ranked() -> None:
    """The most severe level is first."""
    assert sorted(Level, key=lambda level: level.rank) == ["breaking", "warning", "info", "quiet"]


def test_fingerprints_differ_by_what_happened() -> None:
    """Provider, model, kind, field and values each change the fingerprint."""
    other = model("2")
    changes = [
        *ALL_KINDS,
        Added(other),
        replace(UPDATED, model=other),
        replace(UPDATED, field="name"),
        replace(UPDATED, before=None),
        replace(UPDATED, before=NULL),
        replace(UPDATED, before=TWO, after=ONE),
        replace(DRIFT, what="odd format"),
        replace(DRIFT, field="info_status"),
        replace(DRIFT, value=NULL),
        Trouble("held", "7 of 16 models gone"),
        Probed("ghost", "beta", ("chat-v2",), "1"),
        Probed("ghost", "alpha", ("chat-v1",), "1"),
        Probed("substituted", "alpha", ("chat-v2",), "1", answered_as="beta"),
        Recovered(("stale",), AT),
        Recovered(("held",), AT - timedelta(hours=1)),
        replace(RETIRING, key="2"),
        replace(RETIRING, until=date(2026, 1, 23)),
        replace(RETIRING, basis="announced"),
        replace(RETIRING, mark=None),
        replace(RETIRING, mark=14),
    ]
    prints = {fingerprint("infomaniak", change) for change in changes}
    prints.add(fingerprint("other", changes[0]))
    assert len(prints) == len(changes) + 1
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in prints)


def test_fingerprints_know_no_prose() -> None:
    """Rule, level, time and other facts of the model do not change a fingerprint."""
    one = finding(UPDATED)
    renamed = replace(UPDATED, model=model(name="beta", description="other"))
    two = finding(renamed, rule="other", level=Level.BREAKING, at=LATER, snapshot=4)
    assert one.fingerprint == two.fingerprint == fingerprint("infomaniak", UPDATED)
    assert finding(replace(DRIFT, models=())).fingerprint == finding(DRIFT).fingerprint


def test_fingerprints_stay() -> None:
    """Fingerprints equal those of earlier releases."""
    assert fingerprint("infomaniak", Added(model())) == "c3f64b9bfef11b67"
    assert fingerprint("infomaniak", UPDATED) == "a36b83bedb13526e"


def test_wave() -> None:
    """A wave is one finding whose fingerprint does not depend on the order of its changes."""
    other = replace(UPDATED, model=model("2", "beta"))
    wave = finding(UPDATED, other)
    assert wave.is_wave
    assert not finding(UPDATED).is_wave
    assert wave.fingerprint == finding(other, UPDATED).fingerprint
    assert wave.fingerprint not in {finding(UPDATED).fingerprint, finding(other).fingerprint}
    assert [each.name for each in wave.models] == ["alpha", "beta"]
    assert wave.change == UPDATED


@pytest.mark.parametrize("change", ALL_KINDS, ids=lambda change: change.kind)
def test_models_of_a_finding(change: Change) -> None:
    """A finding has the models of its changes. Drift and incidents have none."""
    about_none = {
        "drift",
        "recovered",
        "retiring",
        "cancelled",
        "undelivered",
        *TROUBLES,
        *PROBED_KINDS,
    }
    expected = () if change.kind in about_none else (model(),)
    assert finding(change).models == expected


@pytest.mark.parametrize("change", ALL_KINDS, ids=lambda change: change.kind)
def test_whom_a_change_concerns(change: Change) -> None:
    """Followers of a model's name or key get its changes. Incidents have no names."""
    incident = isinstance(change, Trouble | Recovered | Undelivered)
    assert change.names == (() if incident else ("alpha",))
    assert set(change.names) <= set(change.followed_as)
    assert ("omega" in change.followed_as) == isinstance(change, Renamed)
    assert bool(change.types) == (
        change.kind not in {"drift", *TROUBLES, *PROBED_KINDS} and not incident
    )


def test_gravity() -> None:
    """Findings are sorted by level, then kind, then model, then field."""
    ordered = [
        finding(Removed(model("10"))),
        finding(Trouble("stale", "x")),
        finding(Trouble("failing", "x")),
        finding(Trouble("invalid", "x")),
        finding(Trouble("held", "x")),
        finding(Undelivered("ops", "410")),
        finding(Recovered(("held",), AT)),
        finding(replace(RETIRING, key="9")),
        finding(replace(RETIRING, key="10")),
        finding(replace(UPDATED, model=model("9")), level=Level.WARNING),
        finding(replace(UPDATED, field="a")),
        finding(UPDATED),
        finding(replace(UPDATED, model=model("10"))),
        finding(Restored(model(), AT)),
        finding(Added(model("9"))),
        finding(Added(model("10"))),
        finding(replace(DRIFT, field="info_status"), level=Level.INFO),
        finding(DRIFT, level=Level.INFO),
    ]
    backwards = ordered[::-1]
    assert sorted(backwards, key=severity) == ordered
