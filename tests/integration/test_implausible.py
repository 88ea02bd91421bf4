"""A very large move of a price waits for the next answer.

The same is true for a limit, and for a zero.
"""

from pathlib import Path
from typing import Any

import pytest

from catalog.changes.change import Updated
from catalog.report.sentences import sentence
from tests.support.builders import body, row
from tests.support.http_server import Step, answer
from tests.support.rig import Rig, rig


def limits(*limits: int) -> list[Step]:
    """Answer with one model per limit, and a constant one."""
    return [answer(body=body(row(id=1, name="alpha", **listed(each)), OTHER)) for each in limits]


def listed(limit: int) -> dict[str, Any]:
    """Return the facts of a limit."""
    return {"max_token_input": limit}


OTHER = row(id=2, name="other")


def rules(it: Rig, polls: int) -> list[list[str]]:
    """Return the rules of the findings of some polls."""
    return [[each.rule for each in it.poll().poll.findings] for _ in range(polls)]


def test_a_limit_of_zero_for_one_poll_is_dropped(tmp_path: Path) -> None:
    """An unconfirmed zero is reported as implausible, and its end is quiet."""
    with rig(tmp_path, *limits(8192, 0, 8192)) as it:
        assert rules(it, 4) == [[], ["implausible"], ["implausible-dropped"], []]
        assert it.ear.rules == [["implausible"]]
        shown = sentence(it.ear.messages[0].findings[0])
        assert shown == "alpha: max_token_input 8,192 → 0, implausible, waiting for confirmation"


def test_a_confirmed_zero_is_judged_in_full(tmp_path: Path) -> None:
    """The next answer confirms the value, also if it is the same answer."""
    with rig(tmp_path, *limits(8192, 0)) as it:
        assert rules(it, 4) == [[], ["implausible"], ["limit-lost"], []]
        assert it.ear.rules == [["implausible"], ["limit-lost"]]


@pytest.mark.parametrize(
    ("limit", "factor"),
    [(300, "(27 times)"), (64, "(128 times: the unit may have changed)")],
)
def test_a_confirmed_leap_names_its_factor(tmp_path: Path, limit: int, factor: str) -> None:
    """A factor above 20 is named, and above 100 also its likely cause."""
    with rig(tmp_path, *limits(8192, limit)) as it:
        assert rules(it, 3) == [[], ["implausible"], ["limit-lowered"]]
        for received in it.ear.messages:
            assert factor in sentence(received.findings[0])


def test_a_leap_in_another_answer_is_confirmed_too(tmp_path: Path) -> None:
    """An answer that changes something else confirms the value."""
    other = answer(body=body(row(id=1, name="alpha", max_token_input=64), row(id=2, name="new")))
    with rig(tmp_path, *limits(8192, 64), other) as it:
        assert rules(it, 3)[2] == ["limit-lowered", "model-renamed"]


def test_a_value_after_an_implausible_one_is_compared_with_the_last_good(tmp_path: Path) -> None:
    """After 8192, 0, 4096, the reported move is from 8192 to 4096."""
    with rig(tmp_path, *limits(8192, 0, 4096)) as it:
        it.outcomes(2)
        (finding,) = it.poll().poll.findings
        assert finding.rule == "limit-lowered"
        assert isinstance(finding.change, Updated)
        assert (finding.change.before, finding.change.after) == ("8192", "4096")


def test_a_failed_poll_confirms_no_value(tmp_path: Path) -> None:
    """A poll without an answer leaves the value waiting."""
    steps = limits(8192, 0)
    with rig(tmp_path, *steps, answer(503), steps[1]) as it:
        assert rules(it, 4) == [[], ["implausible"], [], ["limit-lost"]]


def test_a_repeated_zero_is_quiet_until_it_is_confirmed(tmp_path: Path) -> None:
    """The same implausible value is reported once in three days, but its confirmation always."""
    with rig(tmp_path, *limits(8192, 0, 8192, 0)) as it:
        found = rules(it, 5)
        assert found[3:] == [["implausible-again"], ["limit-lost"]]
        assert it.ear.rules == [["implausible"], ["limit-lost"]]


def test_a_removed_model_confirms_nothing(tmp_path: Path) -> None:
    """The missing values of a removed model confirm nothing."""
    with rig(tmp_path, *limits(8192, 0), answer(body=body(OTHER))) as it:
        assert rules(it, 4)[2:] == [["model-removed"], []]
