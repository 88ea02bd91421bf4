import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from catalog.changes.change import Removed, Updated
from catalog.changes.finding import Finding, Level
from catalog.core.paths import Attributes
from catalog.core.probe import CallResult, Probe, Verdict
from catalog.core.strict_json import JsonText
from catalog.store.history import Version
from catalog.web.stretches import MOST_PRICES, MOST_ROUTES, model_prices
from catalog.web.timeline import LEFT, RIGHT, WIDTH, Timeline, Track, timeline
from tests.support.builders import AT, finding, model

DAY = timedelta(days=1)
NOW = AT + 100 * DAY
PRICES = Attributes.of({"pricing": "price"})


def _version(since: int, until: int | None, **facts: Any) -> Version:
    end = None if until is None else AT + until * DAY
    return Version(model(**facts), AT + since * DAY, end, 1, None)


def _finding(day: float, level: Level = Level.INFO) -> Finding:
    change = Updated(model(), "version", JsonText('"1"'), JsonText('"2"'))
    return finding(change, at=AT + day * DAY, level=level)


def _probe(day: int, verdict: Verdict, route: str = "chat") -> Probe:
    return Probe("alpha", route, "1", AT + day * DAY, True, CallResult(verdict, 1))


def _track(drawn: Timeline, kind: str) -> Track:
    (track,) = (each for each in drawn.tracks if each.kind == kind)
    return track


def _bars(drawn: Timeline, kind: str) -> list[tuple[str, float, float, str]]:
    return [(bar.kind, bar.x, bar.width, bar.text) for bar in _track(drawn, kind).bars]


def _priced(*versions: Version) -> Timeline:
    prices = [model_prices(each.model, PRICES) for each in versions]
    return timeline(versions, NOW, prices_of=prices)


def test_a_model_that_left_and_came_back_has_a_gap() -> None:
    """Presence shows both listings and the time between, with their days in words."""
    drawn = timeline([_version(0, 25), _version(50, None)], NOW)
    quarter = (RIGHT - LEFT) / 4
    assert _bars(drawn, "presence") == [
        ("listed", LEFT, quarter, "Presence: listed from 2025-12-23 to 2026-01-17"),
        ("gone", LEFT + quarter, quarter, "Presence: gone from 2026-01-17 to 2026-02-11"),
        ("listed", LEFT + 2 * quarter, 2 * quarter, "Presence: listed since 2026-02-11"),
    ]


def test_a_model_that_is_gone_stays_gone_until_now() -> None:
    """The last bar goes to the right edge."""
    bars = _track(timeline([_version(0, 50)], NOW), "presence").bars
    assert bars[-1].kind == "gone"
    assert bars[-1].x + bars[-1].width == RIGHT


def test_equal_values_of_several_versions_are_one_bar() -> None:
    """A version that differs in another field does not cut the status."""
    versions = [
        _version(0, 20, version="1"),
        _version(20, 50, version="2"),
        _version(50, None, info_status="<b>soon</b>"),
    ]
    drawn = timeline(versions, NOW)
    assert [bar.text for bar in _track(drawn, "status").bars] == [
        "Status: ready from 2025-12-23 to 2026-02-11",
        "Status: <b>soon</b> since 2026-02-11",
    ]
    assert [bar.label for bar in _track(drawn, "status").bars] == ["ready", "<b>soon</b>"]
    assert {bar.kind for bar in _track(drawn, "status").bars} == {"status"}


def test_a_token_limit_is_drawn_as_steps() -> None:
    """The largest limit fills the height, and the half of it the half."""
    versions = [_version(0, 50, max_token_input=64000), _version(50, None)]
    track = _track(timeline(versions, NOW), "limit")
    first, second = track.bars
    assert track.top == "64,000"
    assert (first.y, first.height) == (track.y, track.height)
    assert (second.y, second.height) == (track.y + track.height / 2, track.height / 2)
    assert second.text == "Token limit: 32,000 since 2026-02-11"


def test_a_value_that_is_not_known_has_no_bar() -> None:
    """Without a status, a limit and changes, only the presence is drawn."""
    drawn = timeline([_version(0, None, info_status=None, max_token_input=None)], NOW)
    assert [track.kind for track in drawn.tracks] == ["presence"]


def test_prices_that_moved_come_first() -> None:
    """Each price has a track, also if it is a text, and those that moved are drawn first."""
    a = {"completion": "0.000002", "prompt": "0.000001", "image": -1, "request": "free"}
    drawn = _priced(
        _version(0, 50, pricing=a), _version(50, None, pricing=a | {"prompt": "0.0000005"})
    )
    tracks = [each for each in drawn.tracks if each.kind == "price"]
    assert [each.title for each in tracks] == ["Price pricing.prompt", "Price pricing.completion"]
    assert [each.name for each in tracks] == ["pricing.prompt", "pricing.completion"]
    assert tracks[0].bars[1].text == "Price pricing.prompt: 0.0000005 since 2026-02-11"
    assert tracks[0].bars[1].height == tracks[0].height / 2


def test_many_prices_and_routes_are_limited() -> None:
    """A model with fifty prices and routes stays a small picture, and zero is a thin line."""
    many = {f"a-very-long-name-of-a-tier-{number}": 0 for number in range(50)}
    version = _version(0, None, pricing=many)
    calls = [_probe(number, Verdict.ANSWERS, f"route-{number}") for number in range(50)]
    prices = [model_prices(version.model, PRICES)]
    drawn = timeline([version], NOW, probes=calls, prices_of=prices)
    of_prices = [each for each in drawn.tracks if each.kind == "price"]
    assert len(of_prices) == MOST_PRICES
    assert of_prices[0].name == "…ng-name-of-a-tier-0"
    assert of_prices[0].bars[0].height == 1
    assert len([each for each in drawn.tracks if each.kind == "verdict"]) == MOST_ROUTES


def test_verdicts_last_until_the_next_other_one() -> None:
    """Each route has a track, and skipped calls are left out."""
    calls = [
        _probe(0, Verdict.ANSWERS),
        _probe(10, Verdict.ANSWERS),
        _probe(20, Verdict.REFUSED, "images"),
        _probe(25, Verdict.SKIPPED),
        _probe(50, Verdict.REFUSED),
    ]
    drawn = timeline([_version(0, None)], NOW, probes=calls)
    chat, images = (each for each in drawn.tracks if each.kind == "verdict")
    assert [bar.text for bar in chat.bars] == [
        "Route chat: answers from 2025-12-23 to 2026-02-11",
        "Route chat: refused since 2026-02-11",
    ]
    assert [bar.kind for bar in chat.bars] == ["answers", "refused"]
    assert images.bars[0].text == "Route images: refused since 2026-01-12"


def test_findings_that_are_near_are_one_mark() -> None:
    """The mark has the most severe level and sentence, and the number of the others."""
    removed = finding(Removed(model()), at=AT + 50.5 * DAY, level=Level.BREAKING)
    findings = [_finding(80), _finding(50), removed, _finding(51, Level.WARNING)]
    near, alone = _track(timeline([_version(0, None)], NOW, findings=findings), "changes").marks
    assert near.kind == "breaking"
    assert near.text == "2026-02-11: alpha removed (breaking), and 2 changes near it"
    assert alone.text == "2026-03-13: alpha: version 1 → 2 (info)"
    assert (near.x, near.y) == (420, 40)


def test_an_end_ahead_lengthens_the_axis() -> None:
    """The present is left of the edge then, and the day is at its place."""
    drawn = timeline([_version(0, None)], NOW, until=(NOW + 20 * DAY).date())
    assert drawn.end is not None
    assert drawn.end.text == "last day of calls: 2026-04-22"
    assert drawn.now_x < drawn.end.x == RIGHT


@pytest.mark.parametrize(
    ("until", "is_drawn"), [(date(2026, 4, 1), False), (date(2026, 4, 2), True), (date.max, True)]
)
def test_an_end_is_drawn_while_it_is_ahead(until: date, is_drawn: bool) -> None:
    """A past end is not drawn, today is, and a far one is at the edge of a readable axis."""
    drawn = timeline([_version(0, None)], NOW, until=until)
    assert (drawn.end is not None) is is_drawn
    assert drawn.now_x > WIDTH / 2


@pytest.mark.parametrize("since", [0, 100, 200])
def test_a_model_of_today_or_of_a_wrong_clock_can_be_drawn(since: int) -> None:
    """A span of no time is a day, and nothing is outside of the picture."""
    drawn = timeline([_version(since, None)], NOW, findings=[_finding(since)])
    for track in drawn.tracks:
        for bar in track.bars:
            assert LEFT <= bar.x <= bar.x + bar.width <= WIDTH
            assert bar.width >= 1.5
        for mark in track.marks:
            assert LEFT <= mark.x <= RIGHT


def test_tracks_are_below_each_other() -> None:
    """No track covers another one, and the axis is below all."""
    calls = [_probe(0, Verdict.ANSWERS)]
    drawn = timeline([_version(0, None)], NOW, findings=[_finding(50)], probes=calls)
    edges = [edge for track in drawn.tracks for edge in (track.y, track.y + track.height)]
    assert edges == sorted(edges)
    assert edges[-1] < drawn.axis_y < drawn.height
    assert drawn.width == WIDTH == 720


def test_the_whole_is_said_in_words() -> None:
    """A screen reader gets the last value of each track."""
    drawn = timeline([_version(0, None)], NOW)
    assert drawn.text == (
        "Timeline. Presence: listed since 2025-12-23; Status: ready since 2025-12-23; "
        "Token limit: 32,000 since 2025-12-23."
    )


def test_hostile_values_are_on_one_line_and_cut() -> None:
    """Line breaks and control characters are replaced, and long values are cut."""
    hostile = "x\n\x07\u202e" * 5_000
    calls = [_probe(0, Verdict.ANSWERS, hostile)]
    version = _version(0, None, info_status=hostile, pricing={hostile: 10**300})
    prices = [model_prices(version.model, PRICES)]
    drawn = timeline([version], NOW, probes=calls, prices_of=prices)
    texts = [drawn.text, *(bar.text for track in drawn.tracks for bar in track.bars)]
    texts += [text for track in drawn.tracks for text in (track.name, track.title, track.top)]
    assert all(text.isprintable() and len(text) < 1_500 for text in texts)


def test_prices_of_lists_are_named_by_their_item() -> None:
    """A list of prices gives a field for each item, and a threshold is no price."""
    rows = [{"name": "input", "amount": 2, "above": 200}, {"name": "output", "amount": "3.5"}]
    facts = JsonText(json.dumps({"pricing": rows}))
    known = model_prices(replace(model(), facts=facts), PRICES)
    assert {field: str(price) for field, price in known.items()} == {
        "pricing.input.amount": "2",
        "pricing.output.amount": "3.5",
    }


def test_the_same_history_gives_the_same_picture() -> None:
    """Nothing depends on the clock or on the order of a set."""

    def draw(at: datetime) -> Timeline:
        return timeline([_version(0, None)], at, findings=[_finding(50), _finding(10)])

    assert draw(NOW) == draw(NOW) != draw(NOW + DAY)


def test_all_that_is_drawn_is_also_a_line_of_text() -> None:
    """A screen reader reads each bar, each dot and the end, which an image would hide."""
    versions = [_version(0, 50), _version(50, None, info_status="beta")]
    findings = [_finding(50, Level.WARNING)]
    drawn = timeline(versions, NOW, findings=findings, until=date(2026, 4, 9))
    assert drawn.lines == (
        "Presence: listed since 2025-12-23",
        "2026-02-11: alpha: version 1 → 2 (warning)",
        "Status: ready from 2025-12-23 to 2026-02-11",
        "Status: beta since 2026-02-11",
        "Token limit: 32,000 since 2025-12-23",
        "last day of calls: 2026-04-09",
    )
