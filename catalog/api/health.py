"""Collect the problems of a provider, with causes and next commands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from catalog.api.lazy_types import PastPoll
from catalog.changes.health import Freshness, Health, Unwell, is_overdue
from catalog.changes.hold import Release
from catalog.changes.poll import Backlog
from catalog.core.text import count, duration
from catalog.report.held import HELD, way_out
from catalog.report.summary import attempt

OK = "OK"
NOT_WELL = "NOT WELL"


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem, its causes, and the next command.

    Without `counts` it is a note: the status stays OK. The headline leaves out asides.
    """

    what: str
    causes: tuple[str, ...]
    todo: str
    counts: bool = True
    is_aside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The status of one provider.

    `waiting` counts pending messages. `left` counts those to channels that are no longer
    configured. `answered` is the newest poll with an answer. `keeps_schedule` is whether a daemon
    or `catalog sync --scheduled` did the last slot. `release` is when a held answer is accepted,
    and `missing` are the models that it lacks.
    """

    provider: str
    health: Health
    unwell: Unwell
    last: PastPoll | None
    next_run: datetime
    read_at: datetime
    answered: PastPoll | None = None
    waiting: tuple[Backlog, ...] = ()
    given_up: int = 0
    left: tuple[Backlog, ...] = ()
    keeps_schedule: bool = False
    release: Release | None = None
    missing: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "issues", tuple(_issues(self)))

    @property
    def is_well(self) -> bool:
        """Return whether catalog and deliveries are well."""
        return not any(each.counts for each in self.issues)

    def is_overdue(self, waiting: Backlog) -> bool:
        """Return whether the last pass should have sent the messages."""
        polled_at = None if self.last is None else self.last.started_at
        return is_overdue(waiting, polled_at, self.read_at)


def headline(known: Iterable[Status], damage: Issue | None) -> str:
    """Return OK, or NOT WELL with every problem in a few words."""
    states, parts = tuple(known), list[str]()
    for one in states:
        words = ", ".join(each.what for each in _main(one))
        parts += [words if len(states) == 1 else f"{one.provider}: {words}"] if words else []
    parts += [damage.what] if damage else []
    return f"{NOT_WELL}: {'; '.join(parts)}" if parts else OK


def _main(one: Status) -> tuple[Issue, ...]:
    """Return the issues for the headline, none if the provider is well."""
    return () if one.is_well else tuple(each for each in one.issues if not each.is_aside)


def _issues(one: Status) -> Iterator[Issue]:
    """Yield the problems, those that count first."""
    yield from sorted(
        (*_deliveries(one), *_answer(one), *_failures(one), *_age(one), *_left(one)),
        key=lambda each: not each.counts,
    )


def _deliveries(one: Status) -> Iterator[Issue]:
    missed = [each for each in one.waiting if each.error or one.is_overdue(each)]
    if missed:
        names = " ".join(each.channel for each in missed)
        tests = " ".join(
            f"`catalog alerts test {name}`."
            for name in dict.fromkeys(channel_of(each.channel) for each in missed)
        )
        many = count(sum(each.messages for each in missed), "message")
        todo = f"Test: {tests} Send again: `catalog alerts retry {names}`."
        yield Issue(f"{many} not delivered", tuple(map(_cause, missed)), todo)
    if one.given_up:
        todo = "List: `catalog alerts --state 'given up'`. Send again: `catalog alerts retry`."
        yield Issue(f"{count(one.given_up, 'message')} given up", (), todo)


def _cause(waiting: Backlog) -> str:
    error = waiting.error or f"channel {waiting.channel}: the last pass did not send"
    return f"{error}; next attempt {attempt(waiting.next_at)}"


def _answer(one: Status) -> Iterator[Issue]:
    """Yield the problem of the newest answer. Later failed polls do not solve it."""
    poll = one.answered
    if poll is None or poll.error is None:
        return
    if one.release is not None:
        yield Issue("the answer is held", (poll.error.removeprefix(HELD),), way_out(one.release))
    else:
        todo = "`catalog sync --dry-run` shows what is wrong with the answer."
        yield Issue("the answer is invalid", (poll.error,), todo)


def _failures(one: Status) -> Iterator[Issue]:
    """Yield the failed polls. A few of them are a note."""
    last, failures = one.last, one.unwell.failures
    if last is None or last.error is None or last == one.answered:
        return
    what = "last poll failed" if failures == 1 else f"last {failures:,} polls failed"
    todo = "`catalog doctor` checks the provider, the token and the clock."
    yield Issue(what, (last.error,), todo, str(one.health.state) == "failing")


def _age(one: Status) -> Iterator[Issue]:
    if one.health.freshness is Freshness.OK:
        return
    if one.last is None:
        yield Issue("nothing was polled yet", (), "Poll: `catalog sync`.")
        return
    age = one.health.age
    if age is None:
        yield Issue("no poll was accepted yet", (), "`catalog polls` lists the polls.")
        return
    todo = "Poll now: `catalog sync`. Poll by a schedule: `catalog help deployment`."
    yield Issue(f"no accepted poll for {duration(age)}", (), todo)


def _left(one: Status) -> Iterator[Issue]:
    for each in one.left:
        what = f"{count(each.messages, 'message')} for {each.channel}, which is not configured"
        todo = f"Drop: `catalog alerts drop {each.channel}`."
        yield Issue(what, (), todo, counts=False, is_aside=True)


def channel_of(target: str) -> str:
    """Return the channel's name from the name of a target."""
    return target.partition("/")[0]
