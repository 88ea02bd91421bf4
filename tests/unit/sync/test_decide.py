"""The result of a poll, by the known state and the answer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from catalog.changes.change import Added, Removed, Restored
from catalog.changes.finding import Delisted, Level, fingerprint
from catalog.changes.health import Unwell
from catalog.changes.hold import HoldRule
from catalog.changes.incident import Recovered, Trouble
from catalog.changes.poll import Outcome, Poll
from catalog.core.errors import CatalogHeld, PayloadInvalid, Problem, Unreachable
from catalog.core.payload import Drift
from catalog.core.snapshot import Snapshot
from catalog.providers.infomaniak.provider import Infomaniak
from catalog.sync.decide import Decision, Past, Policy, Reading
from tests.support.builders import AT, model, payload, snapshot

BEFORE = snapshot(*(model(str(key), f"m{key}") for key in range(1, 11)), at=AT - timedelta(days=1))
FEW = snapshot(model())
NEW_FIELD = Drift("new field", "price", None, ("alpha",))
HOUR = timedelta(hours=1)
KNOWN = Past(BEFORE.digest, BEFORE)


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
    """Drift is reported at the first poll too."""
    (finding,) = decide(Past(), read(FEW, NEW_FIELD)).findings
    assert finding.change == NEW_FIELD


def test_an_unchanged_state() -> None:
    """No candidate (304, same bytes) and the same state in other bytes are both unchanged."""
    for reading in (Reading(payload()), read(BEFORE)):
        poll = decide(KNOWN, reading)
        assert (poll.outcome, poll.snapshot, poll.findings) == (Outcome.UNCHANGED, None, ())


def test_drift_is_told_once() -> None:
    """Known drift is not reported again, and new drift beside it is."""
    other = replace(NEW_FIELD, field="origin")
    past = replace(KNOWN, reported=frozenset({fingerprint("infomaniak", NEW_FIELD)}))
    (finding,) = decide(past, read(BEFORE, NEW_FIELD, other)).findings
    assert finding.change == other


def test_a_changed_state() -> None:
    """Changes and drift are found together, and a model that was gone is restored."""
    after = snapshot(*BEFORE.models[1:], model("11", "new"), model("12", "back"))
    past = replace(KNOWN, gone={"12": Delisted(model("12", "back"), AT - timedelta(days=30), None)})
    poll = decide(past, read(after, NEW_FIELD))
    assert (poll.outcome, poll.snapshot, poll.error) == (Outcome.CHANGED, after, None)
    assert [finding.change for finding in poll.findings] == [
        Removed(BEFORE.models[0], candidates=("m2", "m3", "m4")),
        Restored(model("12", "back"), AT - timedelta(days=30)),
        Added(model("11", "new")),
        NEW_FIELD,
    ]


def test_a_doubtful_state_is_held() -> None:
    """It is not applied, its missing models are kept as a digest, and it is reported."""
    poll = decide(KNOWN, read(FEW))
    assert (poll.outcome, poll.snapshot, poll.candidate) == (
        Outcome.HELD,
        None,
        FEW.lacking(BEFORE),
    )
    assert isinstance(poll.error, CatalogHeld)
    (finding,) = poll.findings
    lost = tuple(each.name for each in BEFORE.models[1:])
    assert finding.change == Trouble(
        "held",
        f"9 of 10 models are missing (90%, limit 30%): {', '.join(lost)}; "
        "otherwise 1 model changed (alpha)",
        missing=lost,
        polls_left=2,
        accepted_from=AT + timedelta(minutes=20),
    )


def test_a_held_answer_shows_what_it_would_change() -> None:
    """The error names the missing models and the other changes, and the held findings are kept."""
    poll = decide(KNOWN, read(snapshot(model("1", "m1", version="2"), model("11", "new"))))
    assert str(poll.error).endswith("; otherwise 1 model changed (m1), 1 model added (new)")
    assert poll.held is not None
    kinds = [each.change.kind for each in poll.held.findings]
    assert sorted(set(kinds)) == ["added", "removed", "updated"]
    assert poll.missing == ()
    assert not poll.held.is_repeated
    last = decide(replace(KNOWN, held=1), read(FEW))
    assert last.held is not None
    assert last.held.is_repeated
    assert last.error is not None
    assert "after 1 more poll that lacks the same models, not before" in last.error.hint


def test_an_empty_first_answer_lacks_no_model() -> None:
    """Without a previous state, an empty list is held and names no model."""
    poll = decide(Past(), read(snapshot()))
    assert str(poll.error) == "the answer is held, so it is not applied: the list is empty"


def test_trouble_is_told_by_what_was_told() -> None:
    """A problem that was reported since the last accepted poll is not repeated."""
    broken = Reading(payload(), error=PayloadInvalid([Problem("$", "nothing", "one JSON value")]))
    unwell = Unwell(since={"held": AT}, reported={"held": AT})
    assert decide(replace(KNOWN, unwell=unwell), read(FEW)).findings == ()
    (finding,) = decide(replace(KNOWN, unwell=unwell), broken).findings
    assert finding.rule == "payload-invalid"


def test_the_end_of_trouble_is_told() -> None:
    """The poll that is accepted says what is over, and since when it had lasted."""
    unwell = Unwell(since={"failing": AT - HOUR}, reported={"failing": AT - HOUR}, failures=9)
    for reading in (Reading(payload()), read(snapshot(*BEFORE.models[1:]))):
        poll = decide(replace(KNOWN, unwell=unwell), reading)
        assert poll.findings[0 if reading.candidate is None else 1].change == Recovered(
            ("failing",), AT - HOUR
        )


@pytest.mark.parametrize(("held", "outcome"), [(0, "held"), (1, "held"), (2, "changed")])
def test_the_third_poll_that_says_the_same_lets_it_through(held: int, outcome: str) -> None:
    """Three polls in a row with the same state are believed without a hand."""
    assert decide(replace(KNOWN, held=held), read(FEW)).outcome == outcome


def test_accepted_by_hand() -> None:
    """An implausible answer is applied with accept, an empty list too."""
    for after in (FEW, snapshot()):
        poll = decide(KNOWN, read(after), accept=True)
        assert (poll.outcome, poll.snapshot) == (Outcome.CHANGED, after)


def test_an_invalid_answer() -> None:
    """It is kept as evidence with its problems, is reported, and changes nothing."""
    error = PayloadInvalid([Problem("$.data[0].id", "nothing", "a value")])
    poll = decide(KNOWN, Reading(payload(), error=error))
    assert (poll.outcome, poll.answer, poll.snapshot) == (Outcome.INVALID, payload(), None)
    assert poll.problems == error.problems
    assert [finding.rule for finding in poll.findings] == ["payload-invalid"]


def test_the_third_failed_poll_in_a_row_is_told() -> None:
    """An unreachable provider is a failed poll, and a finding only if it lasts."""
    poll = decide(KNOWN, Reading(error=Unreachable("no connection")))
    assert (poll.outcome, poll.findings, poll.problems) == (Outcome.FAILED, (), ())
    unwell = Unwell(since={"failing": AT - HOUR}, failures=2)
    poll = decide(replace(KNOWN, unwell=unwell), Reading(error=Unreachable("no connection")))
    assert [each.change for each in poll.findings] == [
        Trouble("failing", "no connection", AT - HOUR)
    ]


def test_the_policy_is_the_users() -> None:
    """HoldRule and levels come from the policy."""
    policy = Policy(HoldRule(floor=11), levels={"model-removed": Level.INFO})
    poll = Decision(Infomaniak(), policy, AT).decide(KNOWN, read(FEW))
    assert poll.outcome is Outcome.CHANGED
    assert {finding.level for finding in poll.findings if finding.rule == "model-removed"} == {
        Level.INFO
    }


def test_a_removed_model_names_its_replacements() -> None:
    """The best of the models that stay comes first, without those that end by their status."""
    ending = model("11", "m11", info_status="deprecated")
    before = snapshot(*BEFORE.models, ending)
    poll = decide(Past(before.digest, before), read(snapshot(*before.models[1:])))
    (finding,) = poll.findings
    assert isinstance(finding.change, Removed)
    assert finding.change.candidates == ("m2", "m3", "m4")
    assert finding.change.as_json(AT)["candidates"] == ["m2", "m3", "m4"]
