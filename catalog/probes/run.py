"""Call the models within a budget, and store and report results."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass, replace
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
from catalog.core.probe import Budget, Call, CallResult, Cell, Probe, Spent, Verdict
from catalog.core.run_id import running
from catalog.core.strict_json import cut, plain
from catalog.core.unexpected import log_unexpected
from catalog.probes.control import unanswered, with_control
from catalog.probes.rate import Pace
from catalog.probes.verdicts import Lists, compare, is_believed, second_try
from catalog.providers.infomaniak import routes
from catalog.providers.infomaniak.calls import TEXT_LIMIT, Calls
from catalog.providers.provider import Provider
from catalog.store import changelog, history, probes
from catalog.store.database import Database, Transaction
from catalog.store.record import Recipients, record_findings
from catalog.sync.publish import Publisher

logger = logging.getLogger(__name__)

REMEMBERED = timedelta(days=365)
"""The time after its removal in which a model is still called."""
LEARNED = 20
"""The maximum number of unlisted names per run."""
PAUSE = 60.0
"""The default pause in seconds after "too many requests"."""
LONGEST_PAUSE = 600.0
"""The maximum pause in seconds. A longer one ends the run."""
NO_BUDGET = "the day's budget is used up"
PAUSED = "the provider asked for a longer pause than the limit of a run"
STOPPED = "the run was stopped before this call"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

Progress = Callable[[Probe, int], None]
"""A callback with each result and the total number of calls."""


@dataclass(frozen=True, slots=True)
class ProbeLimits:
    """The budget, concurrency and confirmation time of probes.

    A new verdict that is not an answer is confirmed by a second call, at least `again_after` later.
    `control` names the model that is called first, by default the one that answered last.
    """

    budget: Budget
    again_after: timedelta
    concurrency: int
    control: str | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a run, and the UTC day's cost so far.

    `again_at` is the time of the first second call, or None.
    """

    probes: tuple[Probe, ...]
    findings: tuple[Finding, ...]
    spent: Spent
    again_at: datetime | None = None
    document_error: CatalogError | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """The models to call: names or keys, or all. `images` includes images.

    With `again`, only due second calls are made, and models without a call are called.
    """

    names: tuple[str, ...] = ()
    images: bool = False
    again: bool = False


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class Probing:
    """A probe run, built by config/build_probes.py.

    All waits use `stop`, so setting it ends a run early.
    """

    provider: Provider
    calls: Calls
    database: Database
    terms: ProbeLimits
    levels: Mapping[str, Level]
    recipients: Recipients
    publisher: Publisher | None
    clock: Clock
    pace: Pace
    stop: Event

    def run(
        self, selection: Selection = EVERYTHING, progress: Progress = lambda _probe, _all: None
    ) -> Results:
        """Call the models, store the results, and report differences.

        Raise NotFound before the first snapshot, ProviderError if the lists cannot be read, and
        SettingsInvalid if the token has several products.
        """
        with running():
            self.plan(selection)  # checks the selection before any request
            calls = self.calls.with_product()
            served = _served(calls)
            plan = self.plan(selection, served)
            results: list[Probe] = []
            for probe in self._round(calls, plan):
                results.append(probe)
                progress(probe, len(plan))
            failed = plan and plan[0].is_control and unanswered(results[0])
            findings = () if failed else self._report(served)
            error = self._publish()
            with self.database.reading() as connection:
                day = probes.spent(connection, self.provider.name, self.clock())
            logger.info(
                "%s: %d tries, %d findings", self.provider.name, len(results), len(findings)
            )
            return Results(tuple(results), findings, day, self.again_at(), error)

    def plan(
        self, selection: Selection = EVERYTHING, served: frozenset[str] | None = None
    ) -> list[Call]:
        """Return the planned calls, most urgent first, or raise NotFound."""
        with self.database.reading() as connection:
            lists = self._lists(connection, served)
            known = probes.cells(connection, self.provider.name)
        planned = {(call.name, call.route): call for call in _wanted(lists, known, selection)}
        if selection.again:
            now, after = self.clock(), self.terms.again_after
            rest = {place for place, cell in known.items() if not _is_due(cell, now, after)}
            planned = {place: call for place, call in planned.items() if place not in rest}
        plan = sorted(planned.values(), key=lambda call: _urgency(known, call))
        possible = _wanted(lists, known, replace(selection, names=()))
        return with_control(plan, possible, known, self.terms.control)

    def again_at(self) -> datetime | None:
        """Return the time of the first due second call, or None."""
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

    def _round(self, calls: Calls, plan: Sequence[Call]) -> Iterator[Probe]:
        """Make the planned calls. Without an answer of the control, only that call is made."""
        number = sum(call.is_control for call in plan)
        why: str | None = None
        for probe in self._all(calls, plan[:number]):
            yield probe
            why = unanswered(probe)
        if why is None:
            yield from self._all(calls, plan[number:])
            return
        logger.warning("%s: %s; the run concludes nothing", self.provider.name, why)
        yield from (self._skip(call, call.skip or why) for call in plan[number:])

    def _all(self, calls: Calls, plan: Sequence[Call]) -> Iterator[Probe]:
        with ThreadPoolExecutor(self.terms.concurrency) as pool:
            turn, queue = Lock(), iter(plan)
            tries = [pool.submit(copy_context().run, self._try, calls, turn, queue) for _ in plan]
            try:
                for done in as_completed(tries):
                    yield done.result()
            except BaseException:
                self.stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _try(self, calls: Calls, turn: Lock, queue: Iterator[Call]) -> Probe:
        with turn:  # one at a time in the order of the plan, because the budget may end here
            call = next(queue)
            begun = self._begin(call)
        if isinstance(begun, Probe):
            return begun
        number, at = begun
        result = _call(calls, call)
        self._slow_down(result)
        name = self.provider.name
        with self.database.writing() as connection:
            cell = probes.cell(connection, name, call)
            believed = is_believed(cell, result.verdict, at, self.terms.again_after)
            probes.end(connection, number, result, believed=believed)
        return Probe(call.name, call.route, call.key, at, believed, result)

    def _begin(self, call: Call) -> Probe | tuple[int, datetime]:
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

    def _slow_down(self, result: CallResult) -> None:
        if result.verdict is Verdict.LIMITED:
            self.pace.pause(PAUSE if result.retry_after is None else result.retry_after)

    def _skip(self, call: Call, why: str) -> Probe:
        at = self.clock()
        with self.database.writing() as connection:
            probes.skip(connection, self.provider.name, call, at, why)
        return _skipped(call, at, why)

    def _report(self, served: frozenset[str] | None) -> tuple[Finding, ...]:
        """Store the findings and their deliveries in one transaction."""
        name, at = self.provider.name, self.clock()
        with self.database.writing() as connection:
            lists = self._lists(connection, served)
            known = probes.cells(connection, name).values()
            news: tuple[Probed, ...] = compare(
                lists, known, changelog.reported_probes(connection, name)
            )
            case = Case(
                name, at, self.provider.attributes, self.provider.lifecycle, levels=self.levels
            )
            findings = judge(news, case)
            if findings:
                record_findings(connection, findings, self.recipients)
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
    result = CallResult(Verdict.SKIPPED, 0, said=why)
    return Probe(call.name, call.route, call.key, at, believed=False, result=result)


def _call(calls: Calls, call: Call) -> CallResult:
    try:
        return calls.ask(call)
    except CatalogError as error:  # such as an invalid address in an answer
        why = str(error)
    except Exception as error:  # noqa: BLE001  # one answer must not end the run
        why = log_unexpected(logger, f"the answer of {call.name} could not be read", error)
    return CallResult(Verdict.FAILING, call.calls, call.tokens, said=plain(cut(why, TEXT_LIMIT)))


def _served(calls: Calls) -> frozenset[str] | None:
    """Return the second list, None if it cannot be read.

    A refused token is raised, because every model would refuse it too.
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
    except Exception as error:  # noqa: BLE001  # the list is optional
        log_unexpected(logger, "the second list could not be read", error)
        return None


def _wanted(
    lists: Lists, known: Mapping[tuple[str, str], Cell], selection: Selection
) -> Iterator[Call]:
    models = [*lists.listed.values(), *(gone.model for gone in lists.delisted.values())]
    calls = [call for model in models for call in routes.calls_of(model, images=selection.images)]
    calls += _strangers(lists, known)
    for name in selection.names:
        if not any(name in {call.name, call.key} for call in calls):
            hint = "`catalog probe --dry-run` lists the possible calls."
            text = f"no model {name!r} is listed, or was removed within the last year"
            raise NotFound(text, hint=hint)
    for call in calls:
        if not selection.names or {call.name, call.key} & {*selection.names}:
            yield call


def _strangers(lists: Lists, known: Mapping[tuple[str, str], Cell]) -> Iterator[Call]:
    """Yield the calls of names outside of the catalog.

    They are in the second list, named as accepted in a refusal, or known to answer.
    """
    ours = lists.listed.keys() | lists.delisted.keys()
    found: dict[str, set[str]] = {name: {"chat-v2", "embeddings"} for name in lists.served or ()}
    for cell in known.values():
        if cell.key is None and cell.verdict is Verdict.ANSWERS:
            found.setdefault(cell.name, set()).add(cell.route)
        for name in cell.newest.result.accepted if cell.newest else ():
            found.setdefault(name, set()).add(cell.route)
    for name in sorted(found.keys() - ours)[:LEARNED]:
        yield from routes.calls_by_name(name, sorted(found[name]))


def _is_due(cell: Cell, now: datetime, again_after: timedelta) -> bool:
    moment = second_try(cell, again_after, now)
    return moment is not None and moment <= now


def _urgency(known: Mapping[tuple[str, str], Cell], call: Call) -> tuple[bool, datetime]:
    """Return the sort key: waiting second calls, then longest uncalled."""
    cell = known.get((call.name, call.route))
    newest = cell.newest if cell else None
    return not (cell and cell.waiting), newest.at if newest else NEVER
