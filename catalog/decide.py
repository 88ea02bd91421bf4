"""What a poll comes to: one pure function between what the store knew and what was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from catalog.change import Change, Delisted, Finding, Level, Removed, Retiring, fingerprint, gravity
from catalog.diff import diff
from catalog.errors import CatalogError, CatalogHeld, PayloadInvalid
from catalog.forecast import REMIND, Grounds, Told, candidates, ends, retiring
from catalog.judge import Case, Doubt, judge
from catalog.payload import Answer, Drift
from catalog.poll import TROUBLE_OF, Outcome, Poll
from catalog.providers.provider import Provider
from catalog.snapshot import Snapshot
from catalog.trouble import Patience, Unwell, Watch


@dataclass(frozen=True, slots=True)
class Reading:
    """What a fetch brought, as far as it could be read.

    `candidate` is None where the answer says nothing new (304, the same bytes) or broke (`error`).
    """

    answer: Answer | None = None
    candidate: Snapshot | None = None
    drift: tuple[Drift, ...] = ()
    error: CatalogError | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What the store knew: the state in force, who is gone since when, what was told already.

    `digest` is that of the state in force; `snapshot` is only read when the candidate has another
    one, or the end of a model is to be told. `gone` and `grounds` are what ends follow from;
    `reminded` is what was told of them, and `polled_at` when the poll before this one was. `held`
    counts the polls in a row, before this one, that were held with the same candidate; `unwell` is
    what went wrong since the last accepted poll.
    """

    digest: str | None = None
    snapshot: Snapshot | None = None
    gone: Mapping[str, Delisted] = field(default_factory=dict)
    grounds: Grounds = field(default_factory=Grounds)
    reminded: Mapping[str, Told] = field(default_factory=dict)
    polled_at: datetime | None = None
    told: frozenset[str] = frozenset()
    held: int = 0
    unwell: Unwell = field(default_factory=Unwell)


@dataclass(frozen=True, slots=True)
class Policy:
    """The user's say: when to doubt, when to tell of trouble or ends, and the levels of rules.

    `remind` holds the marks, in days, at which the end of a model is told again.
    """

    doubt: Doubt = field(default_factory=Doubt)
    patience: Patience = field(default_factory=Patience)
    levels: Mapping[str, Level] = field(default_factory=dict)
    remind: tuple[int, ...] = REMIND


@dataclass(frozen=True, slots=True)
class Decision:
    """The circumstances of one poll: whose, when, under which policy, accepted by hand or not."""

    provider: Provider
    policy: Policy
    started_at: datetime
    duration_ms: int = 0
    accept: bool = False

    def decide(self, past: Past, reading: Reading) -> Poll:
        """Say what the poll came to, and what there is to tell."""
        poll = self._outcome(past, reading)
        reminders = self._reminders(past, poll)
        if not reminders:
            return poll
        return replace(poll, findings=tuple(sorted((*poll.findings, *reminders), key=gravity)))

    def _outcome(self, past: Past, reading: Reading) -> Poll:
        if reading.error is not None:
            return self._refused(past, reading, reading.error)
        drift = self._untold(past, reading.drift)
        after = reading.candidate
        if after is None or after.digest == past.digest:
            ended = self._watch(past).recovery(changed=False)
            poll = self._poll(Outcome.UNCHANGED, reading)
            return replace(poll, findings=self._judge((*ended, *drift)))
        reason = self.policy.doubt.about(past.snapshot, after)
        if reason and not self.accept and past.held + 1 < self.policy.doubt.polls:
            return self._held(past, reading, after, reason)
        ended = self._watch(past).recovery(changed=True)
        if past.snapshot is None:
            poll = self._poll(Outcome.FIRST, reading)
            return replace(poll, findings=self._judge((*ended, *drift)), snapshot=after)
        changes = diff(past.snapshot, after, past.gone)
        common = len(past.snapshot.by_key.keys() & after.by_key.keys())
        findings = self._judge((*ended, *changes, *drift), common, past.grounds)
        return replace(self._poll(Outcome.CHANGED, reading), findings=findings, snapshot=after)

    def _refused(self, past: Past, reading: Reading, error: CatalogError) -> Poll:
        outcome = Outcome.INVALID if isinstance(error, PayloadInvalid) else Outcome.FAILED
        findings = self._trouble(past, outcome, str(error))
        return replace(self._poll(outcome, reading), findings=findings, error=error)

    def _held(self, past: Past, reading: Reading, after: Snapshot, reason: str) -> Poll:
        return replace(
            self._poll(Outcome.HELD, reading),
            findings=self._trouble(past, Outcome.HELD, reason),
            candidate=after.digest,
            error=CatalogHeld(f"not believed: {reason}"),
        )

    def _trouble(self, past: Past, outcome: Outcome, reason: str) -> tuple[Finding, ...]:
        return self._judge(tuple(self._watch(past).trouble(TROUBLE_OF[outcome], reason)))

    def _watch(self, past: Past) -> Watch:
        return Watch(self.policy.patience, past.unwell, self.started_at)

    def _untold(self, past: Past, drift: tuple[Drift, ...]) -> tuple[Drift, ...]:
        name = self.provider.name
        return tuple(item for item in drift if fingerprint(name, item) not in past.told)

    def _reminders(self, past: Past, poll: Poll) -> tuple[Finding, ...]:
        """Find what is to be told of ends, whatever came of the poll: the days go by."""
        gone, grounds = past.gone, past.grounds
        if poll.snapshot is not None:
            listed = poll.snapshot.by_key
            left = [
                Delisted(each.change.model, each.at, each.callable_until, each.basis, each.ground)
                for each in poll.findings
                if isinstance(each.change, Removed)
            ]
            gone = {key: each for key, each in gone.items() if key not in listed}
            gone |= {each.model.key: each for each in left}
            noted = {key: listed[key] for key in grounds.notes if key in listed}
            grounds = replace(grounds, noted=noted)
        past = replace(past, gone=gone, grounds=grounds)
        return self._judge(self._retiring(past, poll.snapshot or past.snapshot))

    def reminds(self, past: Past) -> bool:
        """Whether the end of a model is to be told, if the poll changes nothing."""
        return bool(self._retiring(past, None))

    def _retiring(self, past: Past, state: Snapshot | None) -> tuple[Retiring, ...]:
        known = ends(past.gone, past.grounds, self.provider.lifecycle)
        since = past.polled_at or self.started_at
        due = retiring(known, past.reminded, self.policy.remind, since, self.started_at)
        if state is None or not due:
            return due
        found = candidates(known, past.grounds, state.models)
        return tuple(
            replace(each, candidates=tuple(one.name for one in found[each.key])) for each in due
        )

    def _judge(
        self, changes: tuple[Change, ...], common: int = 0, grounds: Grounds | None = None
    ) -> tuple[Finding, ...]:
        case = Case(
            provider=self.provider.name,
            at=self.started_at,
            attributes=self.provider.attributes,
            lifecycle=self.provider.lifecycle,
            common=common,
            levels=self.policy.levels,
            grounds=grounds or Grounds(),
        )
        return judge(changes, case)

    def _poll(self, outcome: Outcome, reading: Reading) -> Poll:
        return Poll(
            provider=self.provider.name,
            started_at=self.started_at,
            duration_ms=self.duration_ms,
            outcome=outcome,
            answer=reading.answer,
        )
