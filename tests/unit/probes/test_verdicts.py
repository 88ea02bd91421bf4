from datetime import timedelta
from typing import Any

import pytest

from catalog.changes.change import PROBED_KINDS, Probed
from catalog.changes.finding import Delisted
from catalog.core.probe import CallResult, Cell, Probe, Verdict
from catalog.probes.verdicts import Lists, compare, is_believed, second_try
from tests.support.builders import AT, model

ANSWERS, REFUSED, FAILING = Verdict.ANSWERS, Verdict.REFUSED, Verdict.FAILING
AFTER = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


def tried(verdict: Verdict, minute: int = 0, *, believed: bool = False, **more: Any) -> Probe:
    """Return a call of `a` on chat-v2, some minutes after the start."""
    result = CallResult(verdict, 1, **more)
    return Probe("a", "chat-v2", "1", AT + minute * MINUTE, believed, result)


def cell(last: Verdict | None, *waiting: Probe, first_as: str | None = None, **more: Any) -> Cell:
    """Return the results of `a` on chat-v2."""
    known = None if last is None else tried(last, believed=True, **more)
    return Cell("a", "chat-v2", "1", known, known.at if known else None, waiting, first_as)


@pytest.mark.parametrize(
    ("known", "verdict", "minute", "believed"),
    [
        (cell(None), ANSWERS, 0, True),
        (cell(REFUSED), ANSWERS, 0, True),
        (cell(REFUSED), REFUSED, 0, True),
        (cell(None), REFUSED, 0, False),
        (cell(ANSWERS), REFUSED, 0, False),
        (cell(REFUSED), FAILING, 0, False),
        (cell(ANSWERS, tried(REFUSED)), REFUSED, 9, False),
        (cell(ANSWERS, tried(REFUSED)), REFUSED, 10, True),
        (cell(ANSWERS, tried(FAILING)), REFUSED, 10, False),
        (cell(ANSWERS, tried(REFUSED), tried(FAILING, 20)), REFUSED, 40, False),
        (cell(ANSWERS, tried(REFUSED), tried(REFUSED, 5)), REFUSED, 11, True),
        (cell(None), Verdict.SKIPPED, 0, False),
        (cell(None, tried(Verdict.SKIPPED)), Verdict.SKIPPED, 99, False),
    ],
)
def test_accepted_verdicts(known: Cell, verdict: Verdict, minute: int, believed: bool) -> None:
    """Answers and repetitions are accepted. Other verdicts need a confirmation after a wait."""
    assert is_believed(known, verdict, AT + minute * MINUTE, AFTER) is believed


def test_only_one_second_call_is_made_early() -> None:
    """A second call is due after the wait if exactly one call is unconfirmed."""
    assert second_try(cell(ANSWERS), AFTER, AT) is None
    assert second_try(cell(ANSWERS, tried(REFUSED, 3)), AFTER, AT) == AT + 13 * MINUTE
    assert second_try(cell(ANSWERS, tried(REFUSED), tried(FAILING, 9)), AFTER, AT) is None


def test_a_call_from_a_fast_clock_does_not_delay_the_second_call() -> None:
    """A call with a time in the future makes the second call due at once."""
    ahead, first = tried(REFUSED, 60), tried(REFUSED, 1)
    assert second_try(cell(ANSWERS, ahead), AFTER, AT) == AT
    assert not is_believed(cell(ANSWERS, ahead), REFUSED, AT + MINUTE, AFTER)
    again = cell(ANSWERS, ahead, first)
    assert not is_believed(again, REFUSED, AT + 10 * MINUTE, AFTER)
    assert is_believed(again, REFUSED, AT + 11 * MINUTE, AFTER)


LISTED = Lists({"a": model("1", "a")}, {}, frozenset({"a"}), {"a": "chat-v2"}, frozenset({"llm"}))
GONE = Lists({}, {"a": Delisted(model("1", "a"), AT, None)}, None, {}, frozenset())
NOWHERE = Lists({}, {}, frozenset(), {}, frozenset())


def kinds(lists: Lists, known: Cell, *reported: Probed) -> list[str]:
    """Return the kinds of new differences."""
    before = {each.report_key: each for each in reported}
    return [each.kind for each in compare(lists, [known], before)]


@pytest.mark.parametrize(
    ("lists", "verdict", "found"),
    [
        (LISTED, ANSWERS, []),
        (LISTED, REFUSED, ["ghost"]),
        (LISTED, FAILING, []),
        (LISTED, None, []),
        (GONE, ANSWERS, ["lingering"]),
        (GONE, REFUSED, ["over"]),
        (GONE, Verdict.TIMEOUT, []),
        (GONE, None, []),
        (NOWHERE, ANSWERS, ["phantom"]),
        (NOWHERE, REFUSED, []),
    ],
)
def test_lists_and_answers_compared(
    lists: Lists, verdict: Verdict | None, found: list[str]
) -> None:
    """Each pair of list and confirmed verdict gives at most one finding."""
    assert kinds(lists, cell(verdict)) == found


def test_a_refusal_by_another_route_is_not_reported() -> None:
    """Only a refusal on the promised route makes a ghost, a listed model that does not answer."""
    elsewhere = Lists(LISTED.listed, {}, LISTED.served, {"a": "chat-v1"}, LISTED.belongs)
    assert kinds(elsewhere, cell(REFUSED)) == []


def test_a_model_is_over_when_every_route_refuses() -> None:
    """A model is not over while a route has another or unconfirmed verdict."""
    refused = cell(REFUSED)
    failing = Cell("a", "chat-v1", "1", tried(FAILING, believed=True))
    unsure = Cell("a", "chat-v1", "1", waiting=(tried(REFUSED),))
    assert compare(GONE, [refused, failing], {}) == ()
    assert compare(GONE, [refused, unsure], {}) == ()
    both = compare(GONE, [refused, Cell("a", "chat-v1", "1", refused.last)], {})
    assert both == (Probed("over", "a", ("chat-v1", "chat-v2"), "1", "llm", gone_since=AT),)


def test_a_model_missing_from_the_second_list_is_reported_once() -> None:
    """A listed model that the second list lacks is reported, if that list was read."""
    lacking = Lists(LISTED.listed, {}, frozenset(), {}, frozenset({"llm"}))
    [found] = compare(lacking, [], {})
    assert (found.kind, found.name) == ("absent", "a")
    assert compare(lacking, [], {found.report_key: found}) == ()
    assert compare(Lists(LISTED.listed, {}, None, {}, lacking.belongs), [], {}) == ()
    assert compare(Lists(LISTED.listed, {}, frozenset(), {}, frozenset()), [], {}) == ()


def test_only_news_is_reported() -> None:
    """A repetition is not new. Another state, another removal and a recovery are new."""
    ghost = Probed("ghost", "a", ("chat-v2",))
    lingering = Probed("lingering", "a", ("chat-v2",), gone_since=AT)
    assert kinds(LISTED, cell(REFUSED), ghost) == []
    assert kinds(LISTED, cell(ANSWERS), ghost) == ["answering"]
    assert kinds(LISTED, cell(ANSWERS), lingering) == []
    assert kinds(GONE, cell(ANSWERS), lingering) == []
    again = Probed("lingering", "a", ("chat-v2",), gone_since=AT - AFTER)
    assert kinds(GONE, cell(ANSWERS), again) == ["lingering"]
    assert kinds(GONE, cell(REFUSED), lingering) == ["over"]


def test_answering_as_another() -> None:
    """An answer under another name than before, or of another model, is reported."""
    named = Lists({**LISTED.listed, "b": model("2", "b")}, {}, None, LISTED.own, frozenset())
    assert kinds(named, cell(ANSWERS, first_as="Full", answered_as="Full")) == []
    assert kinds(named, cell(ANSWERS, first_as="Full", answered_as="Other")) == ["substituted"]
    assert kinds(named, cell(ANSWERS, first_as="b", answered_as="b")) == ["substituted"]
    assert kinds(named, cell(ANSWERS, first_as="Full")) == []
    last = Probed("substituted", "a", ("chat-v2",), answered_as="Other", before="Full")
    assert kinds(named, cell(ANSWERS, first_as="Full", answered_as="Other"), last) == []
    assert kinds(named, cell(ANSWERS, first_as="Full", answered_as="Full"), last) == ["substituted"]
    assert kinds(named, cell(REFUSED, first_as="Full"), last) == ["ghost"]


def test_every_kind_can_be_found() -> None:
    """The cases in this file cover every kind."""
    assert set(PROBED_KINDS) == {
        *("ghost", "over", "substituted", "lingering", "phantom", "absent", "answering")
    }
