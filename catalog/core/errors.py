"""Define every error that a user can meet.

CatalogError
├── SettingsInvalid       2  the configuration or the command line is wrong
├── NotFound              2  no such model, snapshot or file
├── ArgumentInvalid       2  an argument of the Python interface cannot be used
├── ProviderError         3  the provider could not be read
│   ├── Unreachable          no connection in time, or it broke         (retried)
│   ├── TimedOut             the total deadline passed
│   ├── AnswerTooLarge       more bytes than the cap allows
│   ├── AnswerRefused        a redirect, an encoding, an unexpected status
│   ├── Unauthorized         401: the token is missing or wrong
│   ├── Forbidden            403: the token lacks the scope
│   ├── RouteMissing         404: the base URL is wrong
│   ├── RateLimited          429                                        (retried)
│   └── ProviderFailing      408, 425, 5xx                              (retried)
├── PayloadInvalid        4  the answer breaks the contract
├── CatalogHeld           5  the answer is implausible
├── StoreError            6  the database could not be read or written
│   ├── DatabaseBusy         another process held it for too long
│   ├── DatabaseUnreachable  its server is unreachable, or the connection broke
│   └── DatabaseTooNew       made by a newer version of this program
├── DocumentError         6  the document could not be written
│   ├── MarkersBroken        a region's markers are missing, doubled, nested or swallowed
│   │   └── MarkersMissing   the document has no markers at all
│   └── RegionEdited         a region was edited by hand
├── DeliveryFailed        1  a channel did not accept a message, which stays pending
└── InternalError        70  a bug in this program

The number is the exit code. The text of an error is what happened, its `hint` is the next step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

MAX_PROBLEMS = 10_000
"""The highest number of problems per answer, because hostile ones have millions."""


class CatalogError(Exception):
    """An error that a user can cause or must know, without traceback."""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    hint: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint or type(self).hint


class SettingsInvalid(CatalogError):
    """The configuration or command line is wrong. The text has every mistake."""

    exit_code = 2
    hint = "Run `catalog config check` to see every mistake with its file and line."


class NotFound(CatalogError):
    """The requested model, snapshot, time or file does not exist.

    Also if no snapshot is stored yet. Names are case-sensitive: `catalog models` and `catalog
    snapshots` list them.
    """

    exit_code = 2


class ArgumentInvalid(CatalogError, ValueError):
    """An argument of the Python interface cannot be used."""

    exit_code = 2
    hint = "`help(catalog.Catalog)` lists the arguments of each method."


class ProviderError(CatalogError):
    """The provider could not be read.

    The poll is recorded as `failed`. `status` is the HTTP status, if any. `retry_after` is the
    requested pause in seconds. `body` is the body of an error, cut short and without secrets.
    """

    exit_code = 3
    hint = "The next poll tries again; `catalog polls` lists earlier failures."

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        retry_after: float | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.retry_after = retry_after
        self.body = body

    def with_hint(self, hints: Mapping[str, str]) -> Self:
        """Return the error with the hint for its status, if any."""
        self.hint = hints.get(str(self.status), self.hint)
        return self


class Unreachable(ProviderError):
    """The connection failed or broke before the answer was complete.

    The error names the proxy (`http.proxy`), and the hint one of the environment that was ignored.
    """

    retryable = True
    hint = "Check the network and the base URL (`catalog config show`)."


class TimedOut(ProviderError):
    """The total deadline passed before the answer was complete.

    The host was reached. A server that sends one byte a second is cut off too.
    """

    hint = "Raise `http.deadline` if the provider is always slow."


class AnswerTooLarge(ProviderError):
    """The answer has more bytes than `http.max_bytes`.

    A catalog of 500 models has less than 1 MB, so the base URL is probably wrong.
    """

    hint = "Check the base URL; raise `http.max_bytes` if the catalog is really so large."


class AnswerRefused(ProviderError):
    """An answer that is never accepted: redirect, encoding, unexpected status.

    A redirect, because a token must not go to another host; a part of an answer (206); a compressed
    body, because none was requested; a certificate that is not trusted (in your own network, set
    `http.ca_file`); an invalid address of the next part; a proxy that refuses the host or the user;
    an unexpected status.
    """

    hint = "Check the base URL (`catalog config show`)."


class Unauthorized(ProviderError):
    """401: the token is missing or wrong.

    For Infomaniak, make a new token in its manager, with the scope "AI Tools".
    """

    hint = "Set a valid token; `catalog config show` shows where it comes from."


class Forbidden(ProviderError):
    """403: the token is valid but not allowed to read this.

    For Infomaniak, make a token with the scope "AI Tools".
    """

    hint = "Give the token the permission to list the models."


class RouteMissing(ProviderError):
    """404: the route does not exist at this base URL.

    Leave the route out of the base URL, because the program adds it.
    """

    hint = "Check the base URL and the route (`catalog config show`)."


class RateLimited(ProviderError):
    """429: too many requests."""

    retryable = True
    hint = "Poll less often (`schedule.every`)."


class ProviderFailing(ProviderError):
    """408, 425 or 5xx: the provider has a problem."""

    retryable = True


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One place where an answer breaks the contract."""

    path: str
    """JSON path, such as `$.data[3].id`."""
    found: str
    """The value at that path, cut short."""
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: found {self.found}, expected {self.expected}"


class PayloadInvalid(CatalogError):
    """The answer breaks the contract. `problems` is sorted by place.

    The contract: UTF-8, valid JSON without NaN and repeated keys, at most 64 levels deep; each row
    with `id`, `name` and `type`, once; known fields of the right type. A long list may have a few
    [bad rows](providers.md#bad-rows). `catalog validate FILE` lists the problems of a file.
    `is_cut` is true if the search stopped at MAX_PROBLEMS, so there may be more.
    """

    exit_code = 4
    hint = "The last good snapshot stays current; `catalog polls` lists earlier failures."

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=_by_place))
        self.is_cut = len(problems) >= MAX_PROBLEMS
        many = "at least " * self.is_cut
        more = f" (and {many}{len(problems) - 1:,} more)" if len(problems) > 1 else ""
        super().__init__(f"{self.problems[0]}{more}")


def _by_place(problem: Problem) -> tuple[list[tuple[int, str]], Problem]:
    parts = problem.path.replace("]", "").replace("[", ".").split(".")
    return [(int(part) if part.isdecimal() else -1, part) for part in parts], problem


class CatalogHeld(CatalogError):
    """The answer is valid but implausible. The current snapshot stays.

    The list is empty, or too many models are missing: it names them. See [held](held.md).
    """

    exit_code = 5
    hint = "Look first: `catalog sync --dry-run --accept`. If it is right: `catalog sync --accept`."


class StoreError(CatalogError):
    """The database could not be read or written.

    Also if there is no database yet (`catalog sync`, `catalog import` and `catalog demo` make one),
    if its file is empty, and if stdout or another file cannot be written. Replace an empty or
    damaged file by a backup with `catalog db restore`; a daemon may keep running.
    """

    exit_code = 6
    hint = "Check the path, its permissions and the free space (`catalog config show`)."


class DatabaseBusy(StoreError):
    """Another process locked the database longer than the busy timeout.

    It waited 30 seconds, and nothing was written. `catalog serve` tries again by itself.
    """

    retryable = True
    hint = "Run it again; if it fails again, find the process that locks the database."


class DatabaseUnreachable(StoreError):
    """The database server is unreachable, or the connection broke.

    Only for a database on a server. `catalog serve` tries again after a second, then each time
    after twice as long, up to a minute.
    """

    retryable = True
    hint = "Check that the server runs, and the database's URL (`catalog config show`)."


class DatabaseTooNew(StoreError):
    """A newer version of this program made the database."""

    hint = "Upgrade model-catalog, or use another database."


class DocumentError(CatalogError):
    """The document could not be read or written."""

    exit_code = 6
    hint = "Check the path and its permissions (`document.path`)."


class MarkersBroken(DocumentError):
    """The markers of a region are missing, doubled, nested or swallowed.

    A marker is a line of its own, `<!-- catalog:begin NAME -->` or `<!-- catalog:end NAME -->`.
    Text before it, such as an open code fence, can swallow it. `catalog render --output -` shows a
    document with all markers.
    """

    hint = "Repair the markers by hand; nothing was written."


class MarkersMissing(MarkersBroken):
    """The document has no markers, so it belongs to the user.

    Nothing is written to it. If `document.path` is not set, a poll continues without it.
    """

    hint = (
        "Add the regions at its end: `catalog render --append`. "
        "Or write elsewhere: set `document.path`, or run `catalog render --output FILE`."
    )


class RegionEdited(DocumentError):
    """A person edited the text between two markers.

    Put your own words outside the markers, or into [annotations](configuration.md#annotations).
    Aligned tables and added blank lines do not count as an edit; wrapped lines do.
    """

    hint = "Move the text outside the markers, or discard it with `catalog render --force`."


class DeliveryFailed(CatalogError):
    """A channel did not accept a message. It is retried unless `for_good`.

    It does not fail a command: `catalog sync` reports the pending message and continues. If the
    receiver answers 410, remove the channel. `catalog alerts` shows each message.
    `retry_after` is the requested pause in seconds. `too_large` means that a shorter message may be
    accepted.
    """

    retryable = True
    hint = "Check the channel's URL and secret, then test it: `catalog alerts test NAME`."

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        retry_after: float | None = None,
        for_good: bool = False,
        too_large: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.for_good = for_good
        self.too_large = too_large


class InternalError(CatalogError):
    """A bug in this program: an unexpected exception.

    The message names the kind and the line of code. Its text is not shown, because it may contain a
    secret. In a provider such an error is a failed poll; in a channel it is a failed attempt.
    """

    exit_code = 70
    hint = "Run it again with `catalog -vv`, and report the lines of the traceback in the log."
