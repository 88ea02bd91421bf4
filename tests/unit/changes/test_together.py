"""Ends that are one event are one finding."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from catalog.changes.announced import Announced
from catalog.changes.change import Cancelled, Change, Removed, Retiring
from catalog.changes.finding import Finding
from catalog.changes.forecast import Evidence, Note
from catalog.changes.judge import Case, judge
from catalog.changes.rules import Lifecycle
from catalog.cli.explain import bundled
from catalog.core.paths import Attributes
from catalog.report.json_output import finding_json
from catalog.report.sentences import sentence
from tests.support.builders import model

AT = datetime(2026, 12, 5, 9, tzinfo=UTC)
TODAY, FIELD = AT.date(), "the provider's end"
DAY = timedelta(days=1)
ON_25 = f"announced to end on 2026-12-25 ({FIELD})"


def judged(*changes: Change, evidence: Evidence | None = None) -> tuple[Finding, ...]:
    """Judge changes of models whose end the list states."""
    case = Case(
        "acme", AT, Attributes(), Lifecycle(30, "the policy"), evidence=evidence or Evidence()
    )
    return judge(changes, case)


def leaving(**days: date) -> tuple[tuple[Removed, ...], Evidence]:
    """Return the removals of models that were announced for a day."""
    models = [model(str(at), name) for at, name in enumerate(days, 1)]
    stated = {
        each.key: Announced(each, day, "next", FIELD)
        for each, day in zip(models, days.values(), strict=True)
    }
    return tuple(Removed(each, "next") for each in models), Evidence(stated=stated)


def ending(number: int, day: date, **given: Any) -> Retiring:
    """Return the first report of a stated end."""
    known: dict[str, Any] = {
        "is_stated": True,
        "candidates": ("next",),
        "successor": "next",
    } | given
    return Retiring(str(number), f"m{number}", "llm", day, "announced", FIELD, **known)


def test_models_that_leave_on_their_day_are_one_line() -> None:
    """All that leave as announced for one day are one breaking finding with each successor."""
    removed, evidence = leaving(one=TODAY, two=TODAY, late=TODAY - DAY, early=TODAY + DAY)
    found = judged(*removed, Removed(model("9", "other")), evidence=evidence)
    assert {finding.level for finding in found} == {"breaking"}
    assert {finding.rule for finding in found} == {"model-removed"}
    assert sorted(map(sentence, found)) == [
        f"2 models removed as announced on 2026-12-05 ({FIELD}): one → next, two → next",
        f"early removed; announced to end on 2026-12-06 ({FIELD})",
        f"late removed as announced on 2026-12-04 ({FIELD}); instead: next",
        "other removed; callable until at least 2027-01-04 (the policy)",
    ]


def test_a_noted_day_is_announced_too() -> None:
    """A removal on the day of a person's note says so, without a successor if none is known."""
    notes = {"1": Note("1", AT, TODAY, source="a mail")}
    (found,) = judged(Removed(model()), evidence=Evidence(notes))
    assert sentence(found) == "alpha removed as announced on 2026-12-05 (a mail)"


def test_cancelled_ends_of_one_day_are_one_line() -> None:
    """Ends of one day that are announced no more are one finding, by day."""
    days = [*[TODAY + 20 * DAY] * 4, TODAY + 25 * DAY]
    gone = [Cancelled(str(at), f"m{at}", "llm", day) for at, day in enumerate(days)]
    many, single = judged(*gone)
    said = "no longer announced to end on 2026-12-25"
    assert sentence(many) == f"4 models: {said} (m0, m1, m2 and 1 more)"
    assert sentence(single) == "m4: no longer announced to end on 2026-12-30"
    json = finding_json(many)
    assert (json["kind"], json["count"], json["level"]) == ("cancelled", 4, "info")
    assert json["ends"][0] == {"model": "m0", "key": "0", "was": "2026-12-25"}
    assert bundled(many) == "4 announced ends that were reported together"


def test_ends_of_one_day_are_one_report() -> None:
    """Ends that are stated for one day are one line, and other days are others."""
    soon = TODAY + 20 * DAY
    moved = {"moved_from": TODAY + DAY, "moved_basis": "announced"}
    found = judged(
        *(ending(number, soon) for number in range(4)),
        ending(8, soon + DAY, candidates=(), successor=None),
        ending(9, soon, **moved),
    )
    assert sorted(map(sentence, found)) == [
        f"4 models: 20 days left (m0 → next, m1 → next, m2 → next and 1 more); {ON_25}",
        f"m8: 21 days left; announced to end on 2026-12-26 ({FIELD})",
        f"m9: 20 days left, postponed from 2026-12-06; instead: next; {ON_25}",
    ]


def test_many_ends_that_are_stated_at_once_are_one_report() -> None:
    """A list that states ten days or more for the first time is one finding for each rule."""
    days = [TODAY + number * DAY for number in range(8, 18)]
    reports = [ending(number, day) for number, day in enumerate(reversed(days))]
    found = judged(*reports, ending(90, TODAY), ending(91, TODAY - DAY))
    assert [(finding.rule, len(finding.changes)) for finding in found] == [
        ("retirement-soon", 1),
        ("retirement-over", 1),
        ("retirement-ahead", 10),
    ]
    assert found[-1].callable_until == days[0]
    assert sentence(found[-1]) == (
        "10 models: 8 days left to 17 days left (m9 → next, m8 → next, m7 → next and 7 more); "
        f"announced to end from 2026-12-13 to 2026-12-22 ({FIELD})"
    )
    assert len(judged(*reports[1:])) == 9


def test_ends_by_policy_stay_apart() -> None:
    """Ends without an announcement are reported one by one."""
    reports = [
        Retiring(str(number), f"m{number}", "llm", TODAY, "policy", "the policy")
        for number in (1, 2)
    ]
    assert len(judged(*reports)) == 2
