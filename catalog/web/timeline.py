"""Lay out the history of a model as a timeline.

A template draws it as SVG.

All positions are in user units of the SVG, from the top left corner. The same history at the same
time gives the same value. Texts of providers are on one line and cut, but not escaped.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from catalog.changes.finding import Finding
from catalog.core.probe import Probe
from catalog.core.strict_json import cut
from catalog.core.text import VALUE_LIMIT, count, one_line
from catalog.report.sentences import sentence
from catalog.store.history import Version
from catalog.web.axis import Axis, Tick
from catalog.web.stretches import Prices, Stretch, limits, merged, presence, prices, verdicts

WIDTH: Final = 720
LEFT: Final = 136
"""Where the plot begins. The names of the tracks are left of it."""
RIGHT: Final = 704
_BAND, _STEPS, _GAP, _TOP, _AXIS = 16, 36, 12, 4, 22
_NAME_LIMIT = 20
_LETTER = 6.5
"""The width of a letter in a font of 11 units."""
_NEAR = 8.0
"""Findings closer than this are one mark."""
_LEAST = 1.5
"""The width of the shortest bar, so that it can be seen."""
_AHEAD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle: a value that lasted.

    `kind` is `listed`, `gone`, `status`, `limit`, `price` or a verdict such as `answers`. `label`
    is drawn inside, and is empty if it has no room. `text` is for screen readers and the tooltip:
    the value and its days.
    """

    x: float
    width: float
    y: float
    height: float
    kind: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in time: one or several findings, or the end.

    `x` and `y` are its center. `kind` is the level of the most severe finding, or `end`. `text` is
    for screen readers and the tooltip.
    """

    x: float
    y: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Track:
    """One row of the timeline, from `y` to `y + height`.

    `kind` is `presence`, `changes`, `status`, `limit`, `price` or `verdict`. `name` is drawn left
    of it, and `title` is the same in full. In `limit` and `price`, the bars are steps: they begin
    at the lower edge, and the highest value fills the height. `top` is that value, empty elsewhere.
    """

    kind: str
    name: str
    title: str
    y: float
    height: float
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()
    top: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A timeline of `width` by `height` units.

    `axis_y` is the line below all tracks, and the labels of `ticks` are below it, centered. The
    plot is from `left` to `right`. `now_x` is the present, at `right` unless an end is ahead. `end`
    is the mark of the last day of calls, None if none is ahead: draw it as a line from `y` to
    `axis_y`. `text` names the whole for screen readers.
    """

    width: float
    height: float
    left: float
    right: float
    axis_y: float
    ticks: tuple[Tick, ...]
    tracks: tuple[Track, ...]
    now_x: float
    end: Mark | None
    text: str

    @property
    def lines(self) -> tuple[str, ...]:
        """Return all that is drawn as text, for screen readers."""
        lines: list[str] = []
        for track in self.tracks:
            lines += [bar.text for bar in track.bars]
            lines += [mark.text for mark in track.marks]
        return (*lines, self.end.text) if self.end else tuple(lines)


def timeline(  # noqa: PLR0913  # one parameter for each source of a track
    versions: Sequence[Version],
    now: datetime,
    *,
    findings: Iterable[Finding] = (),
    probes: Iterable[Probe] = (),
    prices_of: Sequence[Prices] = (),
    until: date | None = None,
) -> Timeline:
    """Return the timeline of a model until now or its end.

    `versions` are all of one model, oldest first, and at least one. `findings` are those of the
    model. `probes` are confirmed calls, oldest first, of which only changed verdicts are needed.
    `prices_of` has an item for each version, or none. `until` is the last day of calls.
    """
    axis = _axis(versions[0].since, now, until)
    rows = list(_rows(versions, probes, prices_of, now))
    tracks: list[Track] = []
    y: float = _TOP
    for row in rows:
        marks = _marks(findings, axis, y + _BAND / 2) if row.kind == "changes" else ()
        if row.stretches or marks:
            tracks.append(_track(row, axis, y, marks))
            y += tracks[-1].height + _GAP
    return Timeline(
        width=WIDTH,
        height=y + _AXIS,
        left=LEFT,
        right=RIGHT,
        axis_y=y,
        ticks=axis.ticks(),
        tracks=tuple(tracks),
        now_x=axis.x(now),
        end=None if until is None or until < now.date() else _end(until, axis),
        text=_summary(rows),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """A track before it has its place. `name` is short, `title` is in full."""

    kind: str
    name: str
    title: str
    stretches: Sequence[Stretch]
    now: datetime

    @property
    def is_stepped(self) -> bool:
        return self.kind in {"limit", "price"}


def _rows(
    versions: Sequence[Version], probes: Iterable[Probe], known: Sequence[Prices], now: datetime
) -> Iterator[_Row]:
    status = merged((version, version.model.status) for version in versions)
    yield _Row("presence", "Presence", "Presence", presence(versions), now)
    yield _Row("changes", "Changes", "Changes", (), now)
    yield _Row("status", "Status", "Status", status, now)
    yield _Row("limit", "Token limit", "Token limit", limits(versions), now)
    for field, stretches in prices(versions, known or [{} for _ in versions]):
        title = _shown(field)
        yield _Row("price", _last_steps(title), f"Price {title}", stretches, now)
    for route, stretches in verdicts(probes):
        title = _shown(route)
        yield _Row("verdict", title, f"Route {title}", stretches, now)


def _last_steps(field: str) -> str:
    """Return the end of a dotted field, which distinguishes it from others."""
    return field if len(field) <= _NAME_LIMIT else f"…{field[-_NAME_LIMIT + 1 :]}"


def _axis(first: datetime, now: datetime, until: date | None) -> Axis:
    start = min(first, now - timedelta(days=1))
    end = now
    if until is not None and until >= now.date():
        # A far end is at the edge, because it would press the past together.
        end = min(_midnight(until), now + max((now - start) / 2, _AHEAD))
    return Axis(start, max(end, now), LEFT, RIGHT)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _end(until: date, axis: Axis) -> Mark:
    return Mark(axis.x(_midnight(until)), _TOP, "end", f"last day of calls: {until}")


def _track(row: _Row, axis: Axis, y: float, marks: tuple[Mark, ...]) -> Track:
    height = _STEPS if row.is_stepped else _BAND
    most = max(row.stretches, key=lambda each: each.share, default=None)
    return Track(
        kind=row.kind,
        name=cut(row.name, _NAME_LIMIT),
        title=row.title,
        y=y,
        height=height,
        bars=tuple(_bar(row, each, axis, y) for each in row.stretches),
        marks=marks,
        top=_shown(most.value) if most is not None and row.is_stepped else "",
    )


def _bar(row: _Row, stretch: Stretch, axis: Axis, y: float) -> Bar:
    left = axis.x(stretch.since)
    right = axis.x(min(stretch.until or row.now, row.now))
    width = round(max(right - left, _LEAST), 1)
    high, value = float(_BAND), _shown(stretch.value)
    if row.is_stepped:
        high, y = round(max(_STEPS * stretch.share, 1.0), 1), y + _STEPS
        y = round(y - high, 1)
    return Bar(
        x=left,
        width=width,
        y=y,
        height=high,
        kind=stretch.value if row.kind in {"presence", "verdict"} else row.kind,
        label=value if len(value) * _LETTER + _LETTER <= width else "",
        text=f"{row.title}: {value} {_days(stretch)}",
    )


def _days(stretch: Stretch) -> str:
    since = stretch.since.date()
    return f"since {since}" if stretch.until is None else f"from {since} to {stretch.until.date()}"


def _marks(findings: Iterable[Finding], axis: Axis, y: float) -> tuple[Mark, ...]:
    """Return a mark for each group of near findings."""
    groups: list[list[Finding]] = []
    for finding in sorted(findings, key=lambda each: each.at):
        if groups and axis.x(finding.at) - axis.x(groups[-1][0].at) < _NEAR:
            groups[-1].append(finding)
        else:
            groups.append([finding])
    return tuple(_mark(group, axis.x(group[0].at), y) for group in groups)


def _mark(group: Sequence[Finding], x: float, y: float) -> Mark:
    worst = min(group, key=lambda each: each.level.rank)
    text = f"{worst.at.date()}: {sentence(worst)} ({worst.level})"
    more = f", and {count(len(group) - 1, 'change')} near it" if group[1:] else ""
    return Mark(x, y, str(worst.level), f"{text}{more}")


def _summary(rows: Sequence[_Row]) -> str:
    """Return the last value of each track in words."""
    parts = [
        f"{row.title}: {_shown(last.value)} {_days(last)}"
        for row in rows
        for last in row.stretches[-1:]
    ]
    return f"Timeline. {'; '.join(parts)}."


def _shown(value: str) -> str:
    return cut(one_line(value), VALUE_LIMIT)
