"""What a poll comes to, given what was known and what was read."""

from dataclasses import replace
from datetime import timedelta

import pytest

from catalog.change import Added, Delisted, Level, Removed, Restored, Trouble, fingerprint
from catalog.decide import Decision, Past, Policy, Reading
from catalog.errors import CatalogHeld, PayloadInvalid, Problem, Unreachable
from catalog.judge import Doubt
from catalog.payload import Drift
from catalog.poll import Outcome, Poll
from catalog.providers.infomaniak.infomaniak import Infomaniak
from catalog.snapshot import Snapshot
from tests.builders import AT, model, payload, snapshot

BEFORE = snapshot(*(model(str(key), f"m{key}") for key in range(1, 11)), at=AT - timedelta(days=1))
FEW = snapshot(model())
NEW_FIELD = Drift("new field", "price", None, ("alpha",))
KNOWN = Past(BEFORE.digest, BEFORE, outcome=Outcome.UNCHANGED)


def decide(past: Past, reading: Reading, *, accept: bool = False) -> Poll:
    """Decide one poll with the default policy."""
    return Decision(Infomaniak(), Policy(), AT, 12, accept).decide(past, reading)


def read(candidate: Snapshot, *drift: Drift) -> Reading:
    """Make the reading of a valid answer."""
    return Reading(payload(), candidate, drift)


def test_the_first_state_is_taken_as_it_is() -> None:
    """A first poll stores the state and finds no change: there is nothing to compare with."""
    poll = decide(Past(), read(FEW))
    assert (poll.outcome, poll.snapshot, poll.findings) == (Outcome.FIRST, FEW, ())
    assert (poll.provider, poll.started_at, poll.duration_ms) == ("infomaniak", AT, 12)


def test_drift_is_told_at_the_first_poll_too() -> None:
    """What the contract had not seen is told even where nothing is known yet."""
    (finding,) = decide(Past(), read(FEW, NEW_FIELD)).findings
    assert finding.change == NEW_FIELD


def test_an_unchanged_state() -> None:
    """No candidate (304, same bytes) and the same state in other bytes are both unchanged."""
    for reading in (Reading(payload()), read(BEFORE)):
        poll = decide(KNOWN, reading)
        assert (poll.outcome, poll.snapshot, poll.findings) == (Outcome.UNCHANGED, None, ())


def test_drift_is_told_once() -> None:
    """Drift whose fingerprint is in the store is not told again; new drift beside it is."""
    other = replace(NEW_FIELD, field="origin")
    past = replace(KNOWN, told=frozenset({fingerprint("infomaniak", NEW_FIELD)}))
    (finding,) = decide(past, read(BEFORE, NEW_FIELD, other)).findings
    assert finding.change == other


def test_a_changed_state() -> None:
    """Changes and drift are found together, and a model that was gone is restored."""
    after = snapshot(*BEFORE.models[1:], model("11", "new"), model("12", "back"))
    past = replace(KNOWN, gone={"12": Delisted(model("12", "back"), AT - timedelta(days=30), None)})
    poll = decide(past, read(after, NEW_FIELD))
    assert (poll.outcome, poll.snapshot, poll.error) == (Outcome.CHANGED, after, None)
    assert [finding.change for finding in poll.findings] == [
        Removed(BEFORE.models[0]),
        Restored(model("12", "back"), AT - timedelta(days=30)),
        Added(model("11", "new")),
        NEW_FIELD,
    ]


def test_a_doubtful_state_is_held() -> None:
    """It is not applied, its digest is kept, and the operator is told."""
    poll = decide(KNOWN, read(FEW))
    assert (poll.outcome, poll.snapshot, poll.candidate) == (Outcome.HELD, None, FEW.digest)
    assert isinstance(poll.error, CatalogHeld)
    (finding,) = poll.findings
    assert finding.change == Trouble("held", "9 of 10 models gone (90%, limit 30%)")


def test_trouble_is_told_once_in_a_row() -> None:
    """The second held or invalid poll in a row tells nothing; after another outcome it does."""
    broken = Reading(payload(), error=PayloadInvalid([Problem("$", "nothing", "one JSON value")]))
    for outcome, reading in ((Outcome.HELD, read(FEW)), (Outcome.INVALID, broken)):
        assert decide(replace(KNOWN, outcome=outcome), reading).findings == ()
        others = set(Outcome) - {outcome, Outcome.FAILED}
        assert all(decide(replace(KNOWN, outcome=other), reading).findings for other in others)


@pytest.mark.parametrize(("held", "outcome"), [(0, "held"), (1, "held"), (2, "changed")])
def test_the_third_poll_that_says_the_same_lets_it_through(held: int, outcome: str) -> None:
    """Three polls in a row with the same state are believed without a hand."""
    assert decide(replace(KNOWN, held=held), read(FEW)).outcome == outcome


def test_accepted_by_hand() -> None:
    """What would be held is applied with accept, an empty list too."""
    for after in (FEW, snapshot()):
        poll = decide(KNOWN, read(after), accept=True)
        assert (poll.outcome, poll.snapshot) == (Outcome.CHANGED, after)


def test_an_invalid_answer() -> None:
    """It is kept as evidence with its problems, told, and changes nothing."""
    error = PayloadInvalid([Problem("$.data[0].id", "nothing", "a value")])
    poll = decide(KNOWN, Reading(payload(), error=error))
    assert (poll.outcome, poll.answer, poll.snapshot) == (Outcome.INVALID, payload(), None)
    assert poll.problems == error.problems
    assert [finding.rule for finding in poll.findings] == ["payload-invalid"]


def test_a_failed_poll_tells_nothing_of_the_catalog() -> None:
    """A provider that was not reached makes a failed poll without a finding."""
    poll = decide(KNOWN, Reading(error=Unreachable("no connection")))
    assert (poll.outcome, poll.findings, poll.problems) == (Outcome.FAILED, (), ())


def test_the_policy_is_the_users() -> None:
    """Doubt and levels come from the policy."""
    policy = Policy(Doubt(floor=11), {"model-removed": Level.INFO})
    poll = Decision(Infomaniak(), policy, AT).decide(KNOWN, read(FEW))
    assert poll.outcome is Outcome.CHANGED
    assert {finding.level for finding in poll.findings if finding.rule == "model-removed"} == {
        Level.INFO
    }
