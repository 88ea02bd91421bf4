"""Reports of problems: first report, reminder and recovery."""

from dataclasses import replace
from datetime import timedelta

import pytest

from catalog.changes.health import Patience, Unwell, Watch
from catalog.changes.incident import Recovered, Trouble, TroubleKind
from tests.support.builders import AT

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FRESH = Unwell(accepted_at=AT - HOUR)
OLD = Unwell(
    since={"failing": AT - 3 * DAY}, reported={"failing": AT - DAY}, accepted_at=AT - 3 * DAY - HOUR
)


def told(unwell: Unwell, kind: TroubleKind = "failing") -> list[Trouble]:
    """Return the reports of a poll by the default patience."""
    return list(Watch(Patience(), unwell, AT).trouble(kind, "why"))


@pytest.mark.parametrize("kind", ["invalid", "held"])
def test_what_was_answered_is_told_at_once(kind: TroubleKind) -> None:
    """An invalid or held answer is reported at the first poll with its reason."""
    assert told(FRESH, kind) == [Trouble(kind, "why")]


@pytest.mark.parametrize(("before", "tells"), [(0, False), (1, False), (2, True), (3, True)])
def test_failures_are_told_from_the_third_in_a_row(before: int, tells: bool) -> None:
    """The third failure in a row is reported with its start."""
    unwell = replace(FRESH, since={"failing": AT - HOUR}, failures=before)
    assert told(unwell) == [Trouble("failing", "why", AT - HOUR)] * tells


@pytest.mark.parametrize(("ago", "tells"), [(DAY - timedelta(seconds=1), False), (DAY, True)])
@pytest.mark.parametrize("kind", ["failing", "invalid", "held"])
def test_what_lasts_is_told_again_after_a_day(
    kind: TroubleKind, ago: timedelta, tells: bool
) -> None:
    """A lasting problem is reported once, then daily, with its start."""
    unwell = Unwell({kind: AT - 2 * DAY}, {kind: AT - ago}, failures=9, accepted_at=AT - 2 * DAY)
    assert told(unwell, kind) == [Trouble(kind, "why", AT - 2 * DAY)] * tells


def test_an_old_catalog_is_told_of_in_place_of_the_reminder() -> None:
    """After three days without an accepted answer, only `stale` is reported."""
    unwell = replace(OLD, failures=9)
    assert told(unwell) == [Trouble("stale", "why", OLD.accepted_at)]
    stale_too = replace(unwell, reported={**unwell.reported, "stale": AT - HOUR})
    assert told(stale_too) == []
    assert told(stale_too, "held") == [Trouble("held", "why")]
    assert told(replace(unwell, reported={"stale": AT - DAY}), "failing")[0].kind == "stale"


def test_one_lost_poll_after_a_pause_makes_nothing_stale() -> None:
    """After a pause, only the second failed poll makes the catalog stale."""
    assert told(Unwell(accepted_at=AT - 9 * DAY), "held") == [Trouble("held", "why")]
    again = Unwell({"held": AT - HOUR}, {"held": AT - HOUR}, accepted_at=AT - 9 * DAY)
    assert told(again, "held") == [Trouble("stale", "why", AT - 9 * DAY)]


def test_a_catalog_that_was_never_read_is_not_old() -> None:
    """Without an accepted poll there is no stale report."""
    assert told(Unwell(since={"failing": AT - 9 * DAY}, failures=5)) == [
        Trouble("failing", "why", AT - 9 * DAY)
    ]


def test_the_end_is_told_of_what_was_told() -> None:
    """One report ends all reported problems, and unreported ones end silently."""
    both = replace(OLD, reported={"failing": AT - DAY, "stale": AT})
    for unwell, ended in (
        (both, [Recovered(("stale", "failing"), AT - 3 * DAY - HOUR)]),
        (OLD, [Recovered(("failing",), AT - 3 * DAY)]),
        (replace(OLD, reported={}), []),
    ):
        for changed in (False, True):
            watch = Watch(Patience(), unwell, AT)
            assert list(watch.recovery(changed=changed)) == ended


def test_a_held_answer_that_is_let_through_is_its_own_word() -> None:
    """An accepted held answer reports its changes, and a return reports recovery."""
    watch = Watch(Patience(), Unwell(since={"held": AT}, reported={"held": AT}), AT)
    assert list(watch.recovery(changed=True)) == []
    assert list(watch.recovery(changed=False)) == [Recovered(("held",), AT)]
