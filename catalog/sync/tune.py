"""Count alerts, damped changes and late removals of recorded polls."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catalog.changes.change import Removed, Restored, Updated
from catalog.changes.finding import Finding, Level
from catalog.changes.flapping import DAMPED, DROPPED, FLAPPING, IMPLAUSIBLE, Place, place_of, sides
from catalog.changes.poll import Outcome, Poll
from catalog.changes.rules import rules
from catalog.core.strict_json import JsonText
from catalog.store.polls import Answered

Moved = Updated | Removed | Restored
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of the polls from `first` to `last` under some settings.

    `reported` counts findings by level. `damped` counts the silent changes of each place, by model
    name and field. `settled` counts the places that settled at another value and were reported.
    `late` holds the delay of each confirmed removal. `returned` counts the models that returned
    before their removal was confirmed. `implausible` counts the reported implausible values, and
    `dropped` counts the ones that the next answer did not confirm.
    """

    first: datetime
    last: datetime
    reported: Mapping[str, int] = field(default_factory=dict)
    damped: Mapping[tuple[str, str | None], int] = field(default_factory=dict)
    settled: int = 0
    late: tuple[timedelta, ...] = ()
    returned: int = 0
    implausible: int = 0
    dropped: int = 0

    @property
    def days(self) -> float:
        """Return the days between first and last poll, at least one."""
        return max(self.last - self.first, DAY) / DAY


def summarize(polls: Iterable[Poll]) -> Trial | None:
    """Count the results of polls, oldest first. Return None without polls."""
    first: datetime | None = None
    last: datetime | None = None
    reported: Counter[str] = Counter()
    damped: Counter[tuple[str, str | None]] = Counter()
    silent: dict[Place, JsonText | None] = {}
    settled = 0
    late: list[timedelta] = []
    waiting: dict[str, datetime] = {}
    returned = 0
    doubts: Counter[str] = Counter()
    for poll in polls:
        first, last = first or poll.started_at, poll.started_at
        levels = (each.level for each in poll.findings)
        reported.update(str(level) for level in levels if level is not Level.QUIET)
        for finding in poll.findings:
            doubts[finding.rule] += len(finding.changes)
        for place, change in _moves(poll.findings, {DAMPED}):
            damped[change.model.name, place[1]] += 1
            silent[place] = sides(change)[1]
        for place, change in _moves(poll.findings, rules().keys() - {DAMPED, FLAPPING}):
            settled += place in silent and silent.pop(place) == sides(change)[1]
        if poll.outcome in {Outcome.CHANGED, Outcome.UNCHANGED}:
            confirmed = waiting.keys() & _removed(poll.findings)
            late += [poll.started_at - waiting.pop(key) for key in sorted(confirmed)]
            returned += len(waiting.keys() - set(poll.missing))
            waiting = {key: waiting.get(key, poll.started_at) for key in poll.missing}
    if first is None or last is None:
        return None
    doubted = doubts[IMPLAUSIBLE], doubts[DROPPED]
    return Trial(first, last, reported, damped, settled, tuple(late), returned, *doubted)


def without_repeats(polls: Iterable[Answered]) -> Iterator[Answered]:
    """Skip repeated unchanged polls, except the first of each day.

    Repeats change nothing, and a history has years of them. The skipped polls delay a pending
    report by at most one day.
    """
    last: Answered | None = None
    skipped: Answered | None = None
    for poll in polls:
        if last is not None and _is_alike(last, poll) and poll.at.date() == last.at.date():
            skipped = poll
            continue
        if skipped is not None and poll.outcome is not Outcome.UNCHANGED:
            yield skipped
        skipped, last = None, poll
        yield poll


def _is_alike(last: Answered, poll: Answered) -> bool:
    return poll.outcome is last.outcome is Outcome.UNCHANGED and poll.sha256 == last.sha256


def _moves(findings: Iterable[Finding], of: Container[str]) -> Iterator[tuple[Place, Moved]]:
    for finding in findings:
        for change in finding.changes if finding.rule in of else ():
            place = place_of(change)
            if place is not None and isinstance(change, Moved):
                yield place, change


def _removed(findings: Iterable[Finding]) -> frozenset[str]:
    changes = (change for finding in findings for change in finding.changes)
    return frozenset(change.model.key for change in changes if isinstance(change, Removed))
