"""Models called, one after the other, within a budget: what is kept of it, and who is told."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Lock

from catalog.changes.change import Probed
from catalog.changes.finding import Finding, Level
from catalog.changes.judge import Case, judge
from catalog.core.clock import Clock
from catalog.core.errors import (
    CatalogError,
    DocumentError,
    Forbidden,
    NotFound,
    ProviderError,
    Unauthorized,
)
from catalog.core.probe import Budget, Call, Cell, Probe, Said, Spent, Verdict
from catalog.core.run_id import running
from catalog.core.strict_json import cut, plain
from catalog.core.unexpected import log_unexpected
from catalog.probes.rate import Pace
from catalog.probes.verdicts import Lists, compare, is_believed, second_try
from catalog.providers.infomaniak import routes
from catalog.providers.infomaniak.calls import TEXT_LIMIT, Calls
from catalog.providers.provider import Provider
from catalog.store import changelog, history, probes
from catalog.store.database import Database, Transaction
from catalog.store.record import Recipients, tell
from catalog.sync.publish import Publisher

logger = logging.getLogger(__name__)

REMEMBERED = timedelta(days=365)
"""So long after it left, a model is still called."""
LEARNED = 20
"""So many names that only a refusal told of are called in one run at most."""
PAUSE = 60.0
"""Seconds without a call after "too many requests", where the provider names no time itself."""
LONGEST_PAUSE = 600.0
"""Seconds; where the provider asks for more, nothing more is called in this run."""
NO_BUDGET = "the day's budget is used up"
PAUSED = "the provider asked for a longer pause than a run waits for"
STOPPED = "stopped before it was called"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

Tell = Callable[[Probe, int], None]
"""What is called after each try: with what came of it, and how many are planned in all."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What probing may cost and how long it takes to believe.

    A verdict that is worse than the last one waits for a second try, `again_after` later at least.
    """

    budget: Budget
    again_after: timedelta
    concurrency: int


@dataclass(frozen=True, slots=True)
class Results:
    """What came of a run: its tries and findings, and what the UTC day has cost so far.

    `again_at` is the first moment for a second try; None where there is none to make.
    """

    probes: tuple[Probe, ...]
    findings: tuple[Finding, ...]
    spent: Spent
    again_at: datetime | None = None
    document_error: CatalogError | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be called: these names or keys, or all models; `images` too.

    With `again`, nothing but the second tries that are due, and what was never called.
    """

    names: tuple[str, ...] = ()
    images: bool = False
    again: bool = False


EVERYTHING = Wish()


@dataclass(frozen=True, slots=True)
class Probing:
    """Everything that calling the models needs, built by config/build_probes.py.

    `stop` ends a run early where it is set, and is what everything here waits by.
    """

    provider: Provider
    calls: Calls
    database: Database
    terms: Terms
    levels: Mapping[str, Level]
    recipients: Recipients
    publisher: Publisher | None
    clock: Clock
    pace: Pace
    stop: Event

    def run(self, wish: Wish = EVERYTHING, told: Tell = lambda _probe, _all: None) -> Results:
        """Call the models, keep what they said, then say what differs from what the lists say.

        Raise NotFound where nothing is known yet, ProviderError where the lists cannot be read, and
        SettingsInvalid where the token has several products.
        """
        with running():
            self.plan(wish)  # before anything is asked: what is wrong with the wish
            calls = self.calls.with_product()
            served = _served(calls)
            plan = self.plan(wish, served)
            came = tuple(self._round(calls, plan, told))
            findings = self._tell(served)
            error = self._publish()
            with self.database.reading() as connection:
                day = probes.spent(connection, self.provider.name, self.clock())
            logger.info("%s: %d tries, %d findings", self.provider.name, len(came), len(findings))
            return Results(came, findings, day, self.again_at(), error)

    def plan(self, wish: Wish = EVERYTHING, served: frozenset[str] | None = None) -> list[Call]:
        """Say which calls would be made, the most pressing first; raise NotFound."""
        with self.database.reading() as connection:
            lists = self._lists(connection, served)
            known = probes.cells(connection, self.provider.name)
        planned = {(call.name, call.route): call for call in _wanted(lists, known, wish)}
        if wish.again:
            now, after = self.clock(), self.terms.again_after
            rest = {place for place, cell in known.items() if not _is_due(cell, now, after)}
            planned = {place: call for place, call in planned.items() if place not in rest}
        return sorted(planned.values(), key=lambda call: _urgency(known, call))

    def again_at(self) -> datetime | None:
        """Return the first moment at which a second try is due; None where none is."""
        with self.database.reading() as connection:
            known = probes.cells(connection, self.provider.name)
        now, after = self.clock(), self.terms.again_after
        moments = (second_try(cell, after, now) for cell in known.values())
        return min(filter(None, moments), default=None)

    def _lists(self, connection: Transaction, served: frozenset[str] | None) -> Lists:
        name, oldest = self.provider.name, self.clock() - REMEMBERED
        number = history.number_at(connection, name, None)
        listed = {model.name: model for model in history.snapshot(connection, number).models}
        delisted = {
            gone.model.name: gone
            for gone in history.delisted(connection, name, number)[::-1]
            if gone.gone_since >= oldest and gone.model.name not in listed
        }
        own = {model.name: routes.own_route(model) or "" for model in listed.values()}
        return Lists(listed, delisted, served, own, routes.SERVED_TYPES)

    def _round(self, calls: Calls, plan: Sequence[Call], told: Tell) -> Iterator[Probe]:
        with ThreadPoolExecutor(self.terms.concurrency) as pool:
            turn, queue = Lock(), iter(plan)
            tries = [pool.submit(copy_context().run, self._try, calls, turn, queue) for _ in plan]
            try:
                for done in as_completed(tries):
                    probe = done.result()
                    told(probe, len(plan))
                    yield probe
            except BaseException:
                self.stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _try(self, calls: Calls, turn: Lock, queue: Iterator[Call]) -> Probe:
        with turn:  # in the order of the plan, whichever thread is first: the budget may end here
            call = next(queue)
            begun = self._begin(call)
        if isinstance(begun, Probe):
            return begun
        number, at = begun
        said = _said(calls, call)
        self._heed(said)
        name = self.provider.name
        with self.database.writing() as connection:
            cell = probes.cell(connection, name, call)
            believed = is_believed(cell, said.verdict, at, self.terms.again_after)
            probes.end(connection, number, said, believed=believed)
        return Probe(call.name, call.route, call.key, at, believed, said)

    def _begin(self, call: Call) -> Probe | tuple[int, datetime]:
        """Take a call's share of the budget when it may be made; or say why it is skipped."""
        if call.skip is not None:
            return self._skip(call, call.skip)
        if self.pace.paused_for > LONGEST_PAUSE:
            return self._skip(call, PAUSED)
        self.pace.take()
        if self.stop.is_set():
            return _skipped(call, self.clock(), STOPPED)
        at = self.clock()
        with self.database.writing() as connection:
            number = probes.begin(connection, self.provider.name, call, at, self.terms.budget)
        return self._skip(call, NO_BUDGET) if number is None else (number, at)

    def _heed(self, said: Said) -> None:
        """Let the provider breathe where it asks for that."""
        if said.verdict is Verdict.LIMITED:
            self.pace.pause(PAUSE if said.retry_after is None else said.retry_after)

    def _skip(self, call: Call, why: str) -> Probe:
        at = self.clock()
        with self.database.writing() as connection:
            probes.skip(connection, self.provider.name, call, at, why)
        return _skipped(call, at, why)

    def _tell(self, served: frozenset[str] | None) -> tuple[Finding, ...]:
        """Write what is news, and who is owed it, in one transaction."""
        name, at = self.provider.name, self.clock()
        with self.database.writing() as connection:
            lists = self._lists(connection, served)
            known = probes.cells(connection, name).values()
            news: tuple[Probed, ...] = compare(
                lists, known, changelog.told_probes(connection, name)
            )
            case = Case(
                name, at, self.provider.attributes, self.provider.lifecycle, levels=self.levels
            )
            findings = judge(news, case)
            if findings:
                tell(connection, findings, self.recipients)
        return findings

    def _publish(self) -> CatalogError | None:
        if self.publisher is None:
            return None
        with self.database.reading() as connection:
            number = history.number_at(connection, self.provider.name, None)
            overview = self.publisher.overview(connection, number)
        try:
            self.publisher.publish(overview)
        except DocumentError as error:
            return error
        return None


def _skipped(call: Call, at: datetime, why: str) -> Probe:
    said = Said(Verdict.SKIPPED, 0, said=why)
    return Probe(call.name, call.route, call.key, at, believed=False, came=said)


def _said(calls: Calls, call: Call) -> Said:
    """Make a call; whatever it breaks off with, the others are made."""
    try:
        return calls.ask(call)
    except CatalogError as error:  # an answer that leads to an address that is none
        why = str(error)
    except Exception as error:  # noqa: BLE001  # what one model answers must end no run
        why = log_unexpected(logger, f"the answer of {call.name} could not be read", error)
    return Said(Verdict.FAILING, call.calls, call.tokens, said=plain(cut(why, TEXT_LIMIT)))


def _served(calls: Calls) -> frozenset[str] | None:
    """Read the second list; where it cannot be read, nothing is compared with it.

    A token that is not taken would not be taken by any model either: that error is raised.
    """
    try:
        return calls.served()
    except (Unauthorized, Forbidden):
        raise
    except ProviderError as error:
        logger.warning("the second list could not be read: %s", error)
        return None
    except CatalogError:
        raise
    except Exception as error:  # noqa: BLE001  # it is only compared with
        log_unexpected(logger, "the second list could not be read", error)
        return None


def _wanted(lists: Lists, known: Mapping[tuple[str, str], Cell], wish: Wish) -> Iterator[Call]:
    """Yield every call that the wish names; raise NotFound for what it names in vain."""
    models = [*lists.listed.values(), *(gone.model for gone in lists.delisted.values())]
    calls = [call for model in models for call in routes.calls_of(model, images=wish.images)]
    calls += _strangers(lists, known)
    for name in wish.names:
        if not any(name in {call.name, call.key} for call in calls):
            hint = "`catalog probe --dry-run` lists what can be called."
            raise NotFound(f"no model {name!r} is listed, or left within the last year", hint=hint)
    for call in calls:
        if not wish.names or {call.name, call.key} & {*wish.names}:
            yield call


def _strangers(lists: Lists, known: Mapping[tuple[str, str], Cell]) -> Iterator[Call]:
    """Yield the calls of names that the catalog does not have.

    They stand in the second list, were named as accepted in a refusal, or are known to answer.
    """
    ours = lists.listed.keys() | lists.delisted.keys()
    found: dict[str, set[str]] = {name: {"chat-v2", "embeddings"} for name in lists.served or ()}
    for cell in known.values():
        if cell.key is None and cell.verdict is Verdict.ANSWERS:
            found.setdefault(cell.name, set()).add(cell.route)
        for name in cell.newest.came.accepted if cell.newest else ():
            found.setdefault(name, set()).add(cell.route)
    for name in sorted(found.keys() - ours)[:LEARNED]:
        yield from routes.calls_by_name(name, sorted(found[name]))


def _is_due(cell: Cell, now: datetime, again_after: timedelta) -> bool:
    moment = second_try(cell, again_after, now)
    return moment is not None and moment <= now


def _urgency(known: Mapping[tuple[str, str], Cell], call: Call) -> tuple[bool, datetime]:
    """Put first what waits for a second try, then what was not called for the longest time."""
    cell = known.get((call.name, call.route))
    newest = cell.newest if cell else None
    return not (cell and cell.waiting), newest.at if newest else NEVER
