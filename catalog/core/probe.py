"""Define probes: the call of a model, its result, known results."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """The result of one call. Only the first two concern the model."""

    ANSWERS = "answers"
    REFUSED = "refused"
    UNAUTHORIZED = "unauthorized"
    LIMITED = "limited"
    FAILING = "failing"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Call:
    """A planned call of one model by name and route.

    `route` is the route's short name. `key` is the model of the catalog, None for a name that no
    catalog ever had. `calls` and `tokens` are its maximum cost, reserved from the daily budget.
    `skip` is why it cannot be made. A control is called first, and the others only if it answers.
    """

    name: str
    route: str
    key: str | None
    calls: int
    tokens: int
    skip: str | None = None
    is_control: bool = False


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of one call.

    `latency_ms` is the time to the complete answer, `calls` counts the sent requests, `tokens` is
    the cost in the answer. `answered_as` is the model's name in the answer, `said` the provider's
    refusal text, `accepted` the names that it lists as accepted. `retry_after` is the requested
    pause in seconds.
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
    """A stored call. Not `believed` until a second one confirms it."""

    name: str
    route: str
    key: str | None
    at: datetime
    believed: bool
    result: CallResult

    @property
    def verdict(self) -> Verdict:
        """Return its result."""
        return self.result.verdict


@dataclass(frozen=True, slots=True)
class Cell:
    """The known results of one name on one route.

    `last` is the confirmed verdict, `since` when it was first confirmed without interruption.
    `waiting` are later unconfirmed calls, oldest first. `first_as` is the name in its first answer.
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
        """Return the confirmed verdict."""
        return None if self.last is None else self.last.verdict

    @property
    def newest(self) -> Probe | None:
        """Return the last call, confirmed or not."""
        return self.waiting[-1] if self.waiting else self.last


@dataclass(frozen=True, slots=True)
class Budget:
    """The maximum calls and tokens of one UTC day, retries included."""

    calls: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Spent:
    """The cost of a UTC day, with running calls at their maximum."""

    calls: int = 0
    tokens: int = 0
