"""Flapping values get two reports, and short gaps get none.

A value flaps if it keeps switching between known values.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.changes.change import Updated
from catalog.changes.poll import Removals
from catalog.core.clock import stamp
from catalog.report.sentences import sentence
from catalog.store.moves import MANY, since
from tests.support.builders import body, row
from tests.support.http_server import Step, answer
from tests.support.rig import HOUR, START, Rig, rig

DAY = timedelta(days=1)


def listed(**facts: Any) -> Step:
    """Answer with one model of these facts and a constant one."""
    return answer(body=body(row(id=1, name="alpha", **facts), row(id=2, name="other")))


ABSENT = answer(body=body(row(id=2, name="other")))


def among(it: Rig, removals: Removals) -> Rig:
    """Set the confirmation of removals."""
    policy = replace(it.sync.policy, removals=removals, again_after=timedelta())
    it.sync = replace(it.sync, policy=policy)
    return it


def reported(it: Rig, later: timedelta = HOUR) -> list[tuple[str, str]]:
    """Run a pass. Return rule and level of all findings."""
    return [(each.rule, str(each.level)) for each in it.poll(later=later).poll.findings]


def reports_of(it: Rig, hours: int) -> list[tuple[str, str]]:
    """Run passes five hours apart. Return all rules and levels."""
    return [each for _ in range(hours // 5) for each in reported(it, 5 * HOUR)]


def test_back_and_forth_is_reported_twice(tmp_path: Path) -> None:
    """The first move and the first return are reported, and later moves are quiet."""
    steps = [listed(max_token_input=limit) for limit in (8192, 4096, 8192, 4096, 8192)]
    with rig(tmp_path, *steps) as it:
        rules = [[rule for rule, _ in reported(it)] for _ in steps]
        assert rules == [[], ["limit-lowered"], ["flapping"], *[["flapping-damped"]] * 2]
        assert it.ear.rules == [["limit-lowered"], ["flapping"]]
        assert "keeps switching: change 2" in sentence(it.ear.messages[1].findings[0])


@pytest.mark.long
def test_a_flapping_value_that_settles_elsewhere_is_reported(tmp_path: Path) -> None:
    """Three days after its last quiet move, a value that settled elsewhere is reported."""
    steps = [listed(max_token_input=limit) for limit in (8192, 4096, 8192, 4096)]
    with rig(tmp_path, *steps) as it:
        it.outcomes(4)
        assert reports_of(it, hours=70) == []
        found = [each for _ in range(4) for each in it.poll().poll.findings]
        (finding,) = found
        assert (finding.rule, finding.moves) == ("limit-lowered", None)
        assert isinstance(finding.change, Updated)
        assert (finding.change.before, finding.change.after) == ("8192", "4096")
        assert reports_of(it, hours=100) == []


@pytest.mark.long
def test_a_value_that_settles_at_the_reported_state_is_not_reported(tmp_path: Path) -> None:
    """A value that settles at its last reported state is not reported again."""
    steps = [listed(max_token_input=limit) for limit in (8192, 4096, 8192, 4096, 8192)]
    with rig(tmp_path, *steps) as it:
        it.outcomes(5)
        assert reports_of(it, hours=150) == []


def test_a_late_return_is_no_flapping(tmp_path: Path) -> None:
    """A return after more than three days is an ordinary change."""
    with rig(tmp_path, *(listed(max_token_input=limit) for limit in (8192, 4096, 8192))) as it:
        it.outcomes(2)
        found = it.poll(later=4 * DAY).poll.findings
        assert [each.rule for each in found] == ["limit-raised"]


def test_a_model_that_comes_and_goes(tmp_path: Path) -> None:
    """Each confirmed removal is reported, and each return as flapping."""
    with rig(tmp_path, listed(), ABSENT, listed(), ABSENT, listed()) as it:
        removed, restored, again, back = [reported(it) for _ in range(5)][1:]
        assert removed == again == [("model-removed", "breaking")]
        assert restored == back == [("flapping", "info")]
        assert "moved 3 times recently" in sentence(it.ear.messages[2].findings[0])


def test_a_value_not_seen_before_is_reported_at_once(tmp_path: Path) -> None:
    """A flapping limit that takes a new value is reported, with the number of moves."""
    steps = [listed(max_token_input=limit) for limit in (8192, 4096, 8192, 4096, 2048, 4096)]
    with rig(tmp_path, *steps) as it:
        rules = [rule for _ in steps for rule, _ in reported(it)]
        assert rules == [
            "limit-lowered",
            "flapping",
            "flapping-damped",
            "limit-lowered",
            "flapping",
        ]
        assert sentence(it.ear.messages[2].findings[0]).endswith(
            "4,096 → 2,048, moved 4 times recently"
        )


def test_a_settled_value_is_reported_with_its_time(tmp_path: Path) -> None:
    """A value that settles elsewhere is reported once, with both values and since when."""
    steps = [listed(max_token_input=limit) for limit in (8192, 4096, 8192, 4096)]
    with rig(tmp_path, *steps) as it:
        it.outcomes(4)
        since_when = it.clock.now
        (finding,) = it.poll(later=4 * DAY).poll.findings
        moved = stamp(since_when)
        assert sentence(finding) == f"alpha: max_token_input 8,192 → 4,096, since {moved}"
        assert finding.change.as_json(finding.at)["since"] == moved


def test_a_new_move_at_the_time_of_settling(tmp_path: Path) -> None:
    """A new move at the time of settling is reported alone."""
    steps = [listed(max_token_input=limit) for limit in (8192, 4096, 8192, 4096, 1024)]
    with rig(tmp_path, *steps) as it:
        it.outcomes(4)
        (finding,) = it.poll(later=4 * DAY).poll.findings
        assert finding.rule == "limit-lowered"
        assert isinstance(finding.change, Updated)
        assert (finding.change.before, finding.change.after) == ("4096", "1024")


def test_a_flapping_value_of_a_removed_model_is_not_reported(tmp_path: Path) -> None:
    """A flapping limit of a removed model is never reported."""
    steps = [listed(max_token_input=limit) for limit in (8192, 4096, 8192, 4096)]
    with rig(tmp_path, *steps, ABSENT) as it:
        it.outcomes(4)
        assert reported(it) == [("model-removed", "breaking")]
        assert reported(it, later=4 * DAY) == []


def test_a_gap_of_one_poll_is_no_event(tmp_path: Path) -> None:
    """With removals "next", a model that is back at the next poll never left."""
    with rig(tmp_path, listed(), ABSENT, listed()) as it:
        among(it, "next")
        assert it.outcomes(4) == ["first", "unchanged", "unchanged", "unchanged"]
        assert it.ear.rules == []
        assert it.rows("SELECT poll_id, key FROM missing_model") == [(2, "1")]


def test_a_removal_is_believed_at_the_next_poll(tmp_path: Path) -> None:
    """A removal is accepted at the next poll, dated when the model was first missing."""
    with rig(tmp_path, listed(), ABSENT) as it:
        among(it, "next")
        assert it.outcomes(2) == ["first", "unchanged"]
        first_missing = it.clock.now
        assert it.outcomes(1, later=DAY) == ["changed"]
        assert it.outcomes(2) == ["unchanged", "unchanged"]
        assert it.ear.rules == [["model-removed"]]
        (finding,) = it.ear.messages[0].findings
        assert finding.callable_until is not None
        assert finding.at - first_missing == DAY
        assert (finding.callable_until - first_missing.date()).days == 30


def test_a_failed_poll_confirms_nothing(tmp_path: Path) -> None:
    """A failed poll does not confirm a removal."""
    with rig(tmp_path, listed(), ABSENT, answer(503), ABSENT) as it:
        among(it, "next")
        assert it.outcomes(4) == ["first", "unchanged", "failed", "changed"]


def test_a_removal_is_asked_for_again_at_once(tmp_path: Path) -> None:
    """A second request that also lacks the model confirms the removal in the same poll."""
    with rig(tmp_path, listed(), ABSENT, ABSENT) as it:
        among(it, "again")
        assert it.outcomes(2) == ["first", "changed"]
        assert len(it.server.requests) == 3
        assert it.ear.rules == [["model-removed"]]


def test_a_second_request_that_brings_it_back(tmp_path: Path) -> None:
    """A second request that lists the model cancels the removal."""
    with rig(tmp_path, listed(), ABSENT, listed()) as it:
        among(it, "again")
        assert it.outcomes(2) == ["first", "unchanged"]
        assert it.ear.rules == []


def test_a_second_request_that_fails(tmp_path: Path) -> None:
    """A second request that fails confirms nothing, and the next poll decides."""
    with rig(tmp_path, listed(), ABSENT, answer(503), ABSENT) as it:
        among(it, "again")
        assert it.outcomes(3) == ["first", "unchanged", "changed"]


def test_other_changes_are_not_held_up(tmp_path: Path) -> None:
    """Other changes of an answer are reported immediately."""
    moved = answer(body=body(row(id=2, name="other", max_token_input=9000)))
    with rig(tmp_path, listed(), moved) as it:
        among(it, "next")
        assert it.outcomes(2) == ["first", "changed"]
        assert "model-removed" not in it.ear.rules[0]
        it.poll()
        assert it.ear.rules[1] == ["model-removed"]


def test_moves_are_found_by_few_keys_as_among_all(tmp_path: Path) -> None:
    """The moves of a few models are the same in a query for many models."""
    steps = [listed(max_token_input=limit, version=str(limit)) for limit in (8192, 4096, 8192)]
    with rig(tmp_path, *steps) as it:
        it.outcomes(len(steps))
        with it.sync.database.reading() as connection:
            few, many, none = (
                since(connection, "infomaniak", START, keys)
                for keys in (["1"], list(map(str, range(MANY + 1))), ["2"])
            )
    assert [move.at for move in few] == sorted(move.at for move in few)
    assert len(few) == 4
    assert (many, none) == (few, ())
