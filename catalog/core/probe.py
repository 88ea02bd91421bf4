"""What a model says when it is called, as values: the call, what came of it, what is known."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What one try came to. Only the first two say something of the model itself."""

    ANSWERS = "answers"
    REFUSED = "refused"
    UNAUTHORIZED = "unauthorized"
    LIMITED = "limited"
    FAILING = "failing"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Call:
    """One model to be called by one name on one route.

    `route` is the route's short name. `key` is the model of the catalog, None for a name that no
    catalog ever had. `calls` and `tokens` are the most that it may cost, taken from the day's
    budget before it is made. `skip` says why it cannot be made.
    """

    name: str
    route: str
    key: str | None
    calls: int
    tokens: int
    skip: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What came of one try.

    `latency_ms` is until the whole answer was there; `calls` counts the requests that were sent,
    `tokens` what the answer says it cost. `answered_as` is the model's name in the answer, `said`
    the provider's own words of refusal, `accepted` the names that a refusal says are accepted.
    `retry_after` is the pause that the provider asked for, in seconds.
    """

    verdict: Verdict
    calls: int
    tokens: int = 0
    http_status: int | None = None
    latency_ms: int | None = None
    answered_as: str | None = None
    said: str | None = None
    accepted: tuple[str, ...] = ()
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """One try as it is kept. Not `believed` while it waits for a second one."""

    name: str
    route: str
    key: str | None
    at: datetime
    believed: bool
    came: Said

    @property
    def verdict(self) -> Verdict:
        """What it came to."""
        return self.came.verdict


@dataclass(frozen=True, slots=True)
class Cell:
    """All that is known of one name on one route.

    `last` is the verdict that is believed, `since` when it was first believed without a break, and
    `waiting` the tries after it that are not believed yet, oldest first. `first_as` is the name
    that it answered as when it first answered.
    """

    name: str
    route: str
    key: str | None
    last: Probe | None = None
    since: datetime | None = None
    waiting: tuple[Probe, ...] = ()
    first_as: str | None = None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict that is believed."""
        return None if self.last is None else self.last.verdict

    @property
    def newest(self) -> Probe | None:
        """The last try, believed or not."""
        return self.waiting[-1] if self.waiting else self.last


@dataclass(frozen=True, slots=True)
class Budget:
    """What one UTC day may cost: calls and tokens, second tries and looks at batches included."""

    calls: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What a UTC day has cost so far, calls under way included at the most they may cost."""

    calls: int = 0
    tokens: int = 0
