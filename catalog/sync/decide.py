"""Decide the outcome and findings of a poll, without side effects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from catalog.changes.aliases import answering_models
from catalog.changes.announced import NONE_ANNOUNCED, Announcements, announcements
from catalog.changes.change import (
    OUT,
    Change,
    EndChange,
    Removed,
    Updated,
)
from catalog.changes.clock import with_earlier_values
from catalog.changes.diff import diff
from catalog.changes.finding import Delisted, Finding, Level, fingerprint, severity
from catalog.changes.flapping import SETTLES_AFTER, WAITING, Move, Place, flaps, place_of
from catalog.changes.forecast import REMIND, Evidence, LastReport, candidates, ends, retiring
from catalog.changes.health import Patience, Unwell, Watch
from catalog.changes.hold import Held, HoldRule, missing
from catalog.changes.judge import Case, Trust, judge
from catalog.changes.later import confirmed_changes, from_last_good, settled_changes
from catalog.changes.listed_ends import cancelled, moved, with_candidates, with_successors
from catalog.changes.poll import TROUBLE_OF, Outcome, Poll, Removals
from catalog.changes.rows import BadRowReports, row_news
from catalog.core.errors import CatalogError, CatalogHeld, PayloadInvalid
from catalog.core.payload import Answer, Drift, Refused
from catalog.core.snapshot import Model, Snapshot
from catalog.providers.provider import Provider
from catalog.providers.rows import listed_at
from catalog.report.held import HELD, way_out
from catalog.report.held import reason as held_reason


@dataclass(frozen=True, slots=True)
class Reading:
    """The parsed answer of a provider.

    `candidate` is the snapshot that the answer describes. It is None after a 304, the same bytes or
    an `error`. `confirmed` holds the keys of models that two answers in a row lacked. `refused`
    holds the bad rows, None if the rows were not read.
    """

    answer: Answer | None = None
    candidate: Snapshot | None = None
    drift: tuple[Drift, ...] = ()
    error: CatalogError | None = None
    confirmed: frozenset[str] = frozenset()
    refused: tuple[Refused, ...] | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """The stored facts before a poll.

    `digest` belongs to the current snapshot. `snapshot` is only read if the candidate has another
    digest, or if a report about models is due. `gone` maps keys to removed models. The ends of
    models are computed from `gone` and `evidence`, and `reminded` holds the reported ones.
    `polled_at` is the time of the previous poll. `reported` holds the fingerprints of reported
    drift. `held` is the number of previous held polls in a row that lack the same models, and
    `held_at` the start of the last one that counts. `unwell` lists the problems since the last
    accepted poll. `missing` maps each model that the last answer lacked, without a confirmed
    removal, to the time of that answer. `moves` are the recent changes. `settled` has a pair for
    each place that flapped and settled at another value: its reported change and its last change.
    `doubted` holds the implausible values that wait for confirmation. `brief` holds missing models
    that were listed in one answer only. `clock` holds the fields that follow the clock of the
    answer. `bad_rows` are the rows that are reported as refused.
    """

    digest: str | None = None
    snapshot: Snapshot | None = None
    gone: Mapping[str, Delisted] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=Evidence)
    reminded: Mapping[str, LastReport] = field(default_factory=dict)
    polled_at: datetime | None = None
    reported: frozenset[str] = frozenset()
    held: int = 0
    held_at: datetime | None = None
    unwell: Unwell = field(default_factory=Unwell)
    missing: Mapping[str, datetime] = field(default_factory=dict)
    moves: tuple[Move, ...] = ()
    settled: tuple[tuple[Move, Move], ...] = ()
    doubted: Mapping[Place, Move] = field(default_factory=dict)
    brief: frozenset[str] = frozenset()
    clock: frozenset[str] = frozenset()
    bad_rows: BadRowReports = field(default_factory=BadRowReports)


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that decide what is held, confirmed and reported.

    `hold` decides which answers are held, `patience` when problems are reported, and `levels` maps
    rules to levels. `remind` holds the days before the end of a model when it is reported again.
    `removals` decides how a removal is confirmed, and `again_after` is the wait before the second
    request. A value that flapped has settled after `settles_after` without a change.
    """

    hold: HoldRule = field(default_factory=HoldRule)
    patience: Patience = field(default_factory=Patience)
    levels: Mapping[str, Level] = field(default_factory=dict)
    remind: tuple[int, ...] = REMIND
    removals: Removals = "at once"
    again_after: timedelta = timedelta(seconds=30)
    settles_after: timedelta = SETTLES_AFTER

    def for_the_past(self) -> "Policy":
        """Return the policy for old answers, without reminders and second requests."""
        removals = "next" if self.removals == "again" else self.removals
        return replace(self, remind=(), removals=removals)


@dataclass(frozen=True, slots=True)
class Decision:
    """Decide one poll by these settings.

    `accept` applies an answer that would be held.
    """

    provider: Provider
    policy: Policy
    started_at: datetime
    duration_ms: int = 0
    accept: bool = False

    def decide(self, past: Past, reading: Reading) -> Poll:
        """Return the poll with its outcome and findings, most severe first."""
        poll = self._outcome(past, reading)
        due = (
            *self._reminders(past, poll),
            *self._later(past, poll, reading),
        )
        if not due:
            return poll
        return replace(poll, findings=tuple(sorted((*poll.findings, *due), key=severity)))

    def _outcome(self, past: Past, reading: Reading) -> Poll:
        if reading.error is not None:
            return self._not_accepted(past, reading, reading.error)
        drift = self._unreported(past, reading)
        after = reading.candidate
        if after is not None and past.snapshot is not None and past.clock:
            after = with_earlier_values(past.snapshot, after, past.clock)
        if after is None or after.digest == past.digest:
            ended = self._watch(past).recovery(changed=False)
            poll = self._poll(Outcome.UNCHANGED, reading)
            return replace(poll, findings=self._judge((*ended, *drift)))
        reason = self.policy.hold.reason(past.snapshot, after)
        if reason and not self.accept and past.held + 1 < self.policy.hold.polls:
            return self._held(past, reading, after, reason)
        ended = self._watch(past).recovery(changed=True)
        if past.snapshot is None:
            poll = self._poll(Outcome.FIRST, reading)
            return replace(poll, findings=self._judge((*ended, *drift)), snapshot=after)
        changes = diff(past.snapshot, after, past.gone)
        waiting = {} if reason else self._unconfirmed(past, reading, changes)
        changes = tuple(each for each in changes if _key_removed(each) not in waiting)
        if waiting:
            models = (*after.models, *waiting.values())
            after = Snapshot.of(after.provider, after.taken_at, models)
        names = tuple(model.name for model in waiting.values())
        poll = self._poll(Outcome.CHANGED, reading)
        poll = replace(poll, missing=tuple(waiting), missing_names=names)
        if after.digest == past.digest:
            ended = self._watch(past).recovery(changed=False)
            findings = self._judge((*ended, *drift))
            return replace(poll, outcome=Outcome.UNCHANGED, findings=findings)
        changes = tuple(from_last_good(each, past.doubted) for each in changes)
        findings = self._judge((*ended, *changes, *drift), past, after)
        return replace(poll, findings=findings, snapshot=after)

    def _unconfirmed(
        self, past: Past, reading: Reading, changes: Iterable[Change]
    ) -> dict[str, Model]:
        """Return the missing models whose removal is not confirmed, by key."""
        if self.accept or self.policy.removals == "at once":
            return {}
        confirmed = past.missing.keys() | reading.confirmed
        gone = (each.model for each in changes if isinstance(each, Removed))
        return {model.key: model for model in gone if model.key not in confirmed}

    def _not_accepted(self, past: Past, reading: Reading, error: CatalogError) -> Poll:
        outcome = Outcome.INVALID if isinstance(error, PayloadInvalid) else Outcome.FAILED
        findings = self._trouble(past, outcome, str(error))
        return replace(self._poll(outcome, reading), findings=findings, error=error)

    def _held(self, past: Past, reading: Reading, after: Snapshot, why: str) -> Poll:
        before = past.snapshot
        changes = diff(before, after, past.gone) if before else ()
        lost = missing(before, after)
        names = tuple(each.name for each in lost)
        release = self.policy.hold.release(past.held + 1, self.started_at, past.held_at)
        reason = held_reason(why, names, changes)
        troubles = [
            replace(each, missing=names, polls_left=release.polls, accepted_from=release.at)
            for each in self._watch(past).trouble("held", reason)
        ]
        return replace(
            self._poll(Outcome.HELD, reading),
            findings=self._judge(troubles),
            candidate=after.lacking(before),
            error=CatalogHeld(f"{HELD}{reason}", hint=way_out(release)),
            held=Held(lost, self._judge(changes, past, after), release, bool(past.held)),
        )

    def _trouble(self, past: Past, outcome: Outcome, reason: str) -> tuple[Finding, ...]:
        return self._judge(tuple(self._watch(past).trouble(TROUBLE_OF[outcome], reason)))

    def _watch(self, past: Past) -> Watch:
        return Watch(self.policy.patience, past.unwell, self.started_at)

    def _unreported(self, past: Past, reading: Reading) -> tuple[Drift, ...]:
        name, rows = self.provider.name, tuple[Drift, ...]()
        clock = (Drift("clock", field, None, ()) for field in sorted(past.clock))
        seen = (*reading.drift, *clock)
        drift = (each for each in seen if fingerprint(name, each) not in past.reported)
        if reading.refused is not None:
            place, apart = listed_at(self.provider.contract), self.policy.settles_after
            rows = row_news(place, reading.refused, past.bad_rows, self.started_at, apart)
        return (*drift, *rows)

    def _reminders(self, past: Past, poll: Poll) -> tuple[Finding, ...]:
        """Return the due reports of ends, even after a failed poll."""
        gone, evidence = past.gone, past.evidence
        if poll.snapshot is not None:
            listed = poll.snapshot.by_key
            removed = [
                Delisted(each.change.model, each.at, each.callable_until, each.basis, each.ground)
                for each in poll.findings
                if isinstance(each.change, Removed)
            ]
            gone = {key: each for key, each in gone.items() if key not in listed}
            gone |= {each.model.key: each for each in removed}
            noted = {key: listed[key] for key in evidence.notes if key in listed}
            evidence = replace(evidence, noted=noted)
        past = replace(past, gone=gone, evidence=evidence)
        return self._judge(self._ends(past, poll.snapshot or past.snapshot))

    def _later(self, past: Past, poll: Poll, reading: Reading) -> tuple[Finding, ...]:
        """Return findings about values that settled, or that this poll confirms."""
        state = poll.snapshot or past.snapshot
        if state is None:
            return ()
        listed = state.by_key
        moving = {place_of(change) for finding in poll.findings for change in finding.changes}
        settled = settled_changes(past.settled, listed, past.gone, moving)
        since = {last.place[0]: last.at for _, last in past.settled}
        without_moves = replace(past, moves=(), missing=since)
        found = self._judge(settled, without_moves, state, "confirmed")
        if poll.outcome not in {Outcome.CHANGED, Outcome.UNCHANGED}:
            return found
        # A model that this answer lacks, or whose row is refused, confirms no value.
        unread = {*poll.missing, *(each.key for each in reading.refused or ())}
        read = {key: model for key, model in listed.items() if key not in unread}
        confirmed = confirmed_changes(past.doubted, read, moving)
        return *found, *self._judge(confirmed, past, state, "confirmed")

    def reminds(self, past: Past) -> bool:
        """Return whether an unchanged poll may have findings about models."""
        known = self.provider.announces or past.settled or past.doubted
        return bool(known or self._ends(past, None))

    def _ends(self, past: Past, state: Snapshot | None) -> tuple[EndChange, ...]:
        """Return the due reports about ends of models."""
        listed = past.evidence.noted if state is None else state.by_key
        evidence = replace(past.evidence, stated=self._stated(past.gone, listed))
        known = ends(past.gone, evidence, self.provider.lifecycle)
        since = past.polled_at or self.started_at
        due = retiring(known, past.reminded, self.policy.remind, since, self.started_at)
        over = cancelled(known, past.reminded, listed)
        if state is None or not due:
            return *over, *due
        leaving = self.provider.statuses.leaving(state.models)
        found = candidates(known, evidence, state.models, leaving)
        return *over, *with_candidates(due, found)

    def _stated(self, gone: Mapping[str, Delisted], listed: Mapping[str, Model]) -> Announcements:
        """Return the announced ends of listed and removed models."""
        if not self.provider.announces:
            return NONE_ANNOUNCED
        models = {key: each.model for key, each in gone.items()} | {**listed}
        return announcements(models.values(), self.provider.announced)

    def _judge(
        self,
        changes: Sequence[Change],
        past: Past | None = None,
        after: Snapshot | None = None,
        trust: Trust = "first",
    ) -> tuple[Finding, ...]:
        if not changes:
            return ()
        past = past or Past()
        before = past.snapshot.by_key if past.snapshot else {}
        left = {each.model.key: each.model for each in changes if isinstance(each, OUT)}
        evidence = replace(past.evidence, stated=self._stated({}, left))
        listed = after.models if after and left else ()
        changes = with_successors(changes, evidence, listed, self._leaving(listed, evidence))
        case = Case(
            provider=self.provider.name,
            at=self.started_at,
            attributes=self.provider.attributes,
            lifecycle=self.provider.lifecycle,
            common=len(before.keys() & after.by_key.keys()) if after else 0,
            levels=self.policy.levels,
            evidence=evidence,
            flaps=flaps(changes, past.moves),
            since=past.missing,
            trust=trust,
            doubted=past.doubted,
            repeated=frozenset((e.place, e.after) for e in past.moves if e.rule in WAITING),
            brief=past.brief,
            statuses=self.provider.statuses,
            ending=self._ending(changes, past, before),
            answering=answering_models(changes, after, self.provider.attributes) if after else {},
        )
        return judge(changes, case)

    def _leaving(self, listed: Sequence[Model], evidence: Evidence) -> frozenset[str]:
        """Return the listed models that end by status, announcement or note."""
        stated = self._stated({}, {each.key: each for each in listed})
        announced = {key for key, each in stated.items() if each.until is not None}
        noted = {key for key, each in evidence.notes.items() if each.retires is not None}
        return self.provider.statuses.leaving(listed) | announced | noted

    def _ending(
        self, changes: Iterable[Change], past: Past, before: Mapping[str, Model]
    ) -> frozenset[str]:
        """Return the changed models whose end has its own finding."""
        after = {each.model.key: each.model for each in changes if isinstance(each, Updated)}
        former = {key: each.model for key, each in past.gone.items()} | {**before}
        old = self._stated({}, {key: former[key] for key in after if key in former})
        return moved(old, self._stated({}, after), past.evidence, past.reminded)

    def _poll(self, outcome: Outcome, reading: Reading) -> Poll:
        return Poll(
            provider=self.provider.name,
            started_at=self.started_at,
            duration_ms=self.duration_ms,
            outcome=outcome,
            answer=reading.answer,
        )


def _key_removed(change: Change) -> str | None:
    return change.model.key if isinstance(change, Removed) else None
