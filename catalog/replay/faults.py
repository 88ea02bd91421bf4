"""Define the faults of a replay, and choose one for each poll.

A fault maps the current capture to an answer. It sends the capture badly (wire.py), sends another
answer, or changes the bytes. Plausible bytes get their own ETag. Damaged bytes keep the ETag of the
original.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from http import HTTPStatus
from random import Random
from typing import Any, TypeAlias

from catalog.changes.poll import Outcome
from catalog.core.errors import SettingsInvalid
from catalog.replay import wire
from catalog.replay.answer import Answer, Capture, refusal, whole

Row: TypeAlias = dict[str, Any]

NAME_LENGTH = 10_000
_DEMANDED = {"id", "name", "type"}
_MARKDOWN = (
    "**bold** | `code` <!-- catalog:end llm --> # [link](https://elsewhere.invalid) "
    "<script>alert(1)</script> ~~~ ![](x) \\| * _ $ & \u202e\n\n| --- |\n```\n"
)


def half(body: bytes) -> bytes:
    """Return the first half of a body."""
    return body[: len(body) // 2]


def utf_16(body: bytes) -> bytes:
    """Return a body in UTF-16."""
    return body.decode(errors="replace").encode("utf-16")


def rewritten(body: bytes, change: Callable[[list[Row]], list[Row]]) -> bytes:
    """Change the models of an answer. Other bodies are unchanged."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    rows = document.get("data") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return body
    return json.dumps(document | {"data": change(rows)}).encode()


def first_half(rows: list[Row]) -> list[Row]:
    """Remove the second half of the models."""
    return rows[: len(rows) // 2]


def twin(rows: list[Row]) -> list[Row]:
    """Add a model with the first id and another name."""
    return [*rows, *(row | {"name": f"{row.get('name')}-twin"} for row in rows[:1])]


def nan(rows: list[Row]) -> list[Row]:
    """Set the first token limit to NaN."""
    return _first(rows, {"max_token_input": float("nan")})


def odd_field(rows: list[Row]) -> list[Row]:
    """Add a field to every model."""
    return [row | {"new_field": "never seen before"} for row in rows]


def odd_type(rows: list[Row]) -> list[Row]:
    """Change the type of the first model."""
    return _first(rows, {"type": "new-type"})


def nulls(rows: list[Row]) -> list[Row]:
    """Set every optional field to null."""
    return [{key: row[key] if key in _DEMANDED else None for key in row} for row in rows]


def null_id(rows: list[Row]) -> list[Row]:
    """Set the first id to null."""
    return _first(rows, {"id": None})


def long_names(rows: list[Row]) -> list[Row]:
    """Rename every model to a long name with a unique beginning."""
    text = _MARKDOWN * (NAME_LENGTH // len(_MARKDOWN) + 1)
    return [row | {"name": f"{row.get('id')} {text}"[:NAME_LENGTH]} for row in rows]


def _first(rows: list[Row], fields: Row) -> list[Row]:
    return [*(row | fields for row in rows[:1]), *rows[1:]]


ALL = "all"
ELSEWHERE = "https://elsewhere.invalid/1/ai/models"
RETRY_AFTER = 1
_PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body>The gateway is sorry.</body></html>"
)

Reply = Callable[[Capture], Answer]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    `does` describes the served answer. `outcome` is the result of a poll that has a snapshot. On a
    first poll "changed" and half a list are "first". `of_rows` faults change rows, which must be in
    `data` with an `id`.
    """

    kind: str
    does: str
    outcome: Outcome
    reply: Reply
    of_rows: bool = False


@dataclass(frozen=True, slots=True)
class Faults:
    """A seeded choice of faults for a share of the polls.

    `rate` is the share from 0 to 1. A call with a poll number, from 0, returns the kind of fault or
    None. Raise SettingsInvalid for an unknown kind, no kind, or another rate.
    """

    kinds: tuple[str, ...]
    rate: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.kinds or not 0 <= self.rate <= 1:
            raise SettingsInvalid("faults need a kind and a rate from 0 to 1", hint=_kinds())
        for kind in self.kinds:
            if kind not in FAULTS:
                raise SettingsInvalid(_unknown(kind), hint=_kinds())

    def __call__(self, number: int) -> str | None:
        """Return the fault of a poll, independent of earlier polls."""
        dice = Random(f"{self.seed}/{number}")  # noqa: S311  # repeatable, not for security
        return dice.choice(self.kinds) if dice.random() < self.rate else None


def read_kinds(text: str, *, of_rows: bool = True) -> tuple[str, ...]:
    """Parse `KIND[,KIND…]` or `all` in table order, or raise SettingsInvalid.

    Without `of_rows`, kinds that change rows are refused, and excluded from `all`.
    """
    chosen = {kind for part in text.split(",") if (kind := part.strip().lower())}
    unknown = sorted(chosen - FAULTS.keys() - {ALL})
    if unknown or not chosen:
        raise SettingsInvalid("; ".join(map(_unknown, unknown)) or "no fault named", hint=_kinds())
    beyond = {kind for kind, fault in FAULTS.items() if fault.of_rows and not of_rows}
    if refused := [kind for kind in FAULTS if kind in chosen & beyond]:
        text = f"{', '.join(refused)} need rows in `data`, each with an `id`"
        raise SettingsInvalid(text, hint="Leave them out; `all` leaves them out too.")
    return tuple(
        kind for kind in FAULTS if kind in chosen or (ALL in chosen and kind not in beyond)
    )


def _unknown(kind: str) -> str:
    close = get_close_matches(kind, [*FAULTS, ALL], n=1)
    return f"there is no fault {kind!r}" + "".join(f" (did you mean {name}?)" for name in close)


def _kinds() -> str:
    return f"The kinds are {', '.join(FAULTS)}, and {ALL}."


def _on_the_way(way: wire.Way, headers: Mapping[str, str] | None = None) -> Reply:
    def reply(capture: Capture) -> Answer:
        true = whole(capture)
        return replace(true, headers={**true.headers, **(headers or {})}, way=way)

    return reply


def _instead(answer: Answer) -> Reply:
    return lambda _: answer


def _error(
    status: HTTPStatus, code: str, description: str, headers: Mapping[str, str] | None = None
) -> Reply:
    return _instead(refusal(status, code, description, headers))


def _damaged(damage: Callable[[bytes], bytes]) -> Reply:
    return lambda capture: replace(whole(capture), body=damage(capture.body))


def _untrue(change: Callable[[list[Row]], list[Row]]) -> Reply:
    return lambda capture: whole(replace(capture, body=rewritten(capture.body, change)))


_CHUNKED = {"Transfer-Encoding": "chunked"}
_LIMITED = (HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", "Too many requests")
_FAILED, _INVALID = Outcome.FAILED, Outcome.INVALID
_HELD, _CHANGED = Outcome.HELD, Outcome.CHANGED

_TABLE = (
    Fault(
        "refused", "the connection is reset before any answer", _FAILED, _on_the_way(wire.refuse)
    ),
    Fault("reset", "half of the body, then a reset", _FAILED, _on_the_way(wire.break_off)),
    Fault("silence", "no answer at all", _FAILED, _on_the_way(wire.stay_silent)),
    Fault("drip", "the right answer, one byte per second", _FAILED, _on_the_way(wire.drip)),
    Fault(
        "500",
        "the provider's own JSON error",
        _FAILED,
        _error(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "Something went wrong"),
    ),
    Fault(
        "502",
        "a gateway's error page, in HTML",
        _FAILED,
        _instead(Answer(HTTPStatus.BAD_GATEWAY, {"Content-Type": "text/html"}, _PAGE)),
    ),
    Fault("429", "too many requests, without `Retry-After`", _FAILED, _error(*_LIMITED)),
    Fault(
        "429-retry-after",
        f"too many requests, with `Retry-After: {RETRY_AFTER}`",
        _FAILED,
        _error(*_LIMITED, {"Retry-After": str(RETRY_AFTER)}),
    ),
    Fault(
        "401",
        "the token is refused",
        _FAILED,
        _error(HTTPStatus.UNAUTHORIZED, "not_authorized", "Authorization required"),
    ),
    Fault(
        "403",
        "the token has no permission",
        _FAILED,
        _error(HTTPStatus.FORBIDDEN, "access_denied", "Access denied"),
    ),
    Fault(
        "redirect",
        "302 to another host",
        _FAILED,
        _instead(Answer(HTTPStatus.FOUND, {"Location": ELSEWHERE})),
    ),
    Fault("truncated", "half of the JSON, sent as a complete answer", _INVALID, _damaged(half)),
    Fault("empty-body", "200 with an empty body", _INVALID, _damaged(lambda _: b"")),
    Fault("empty-list", "an empty list", _HELD, _untrue(lambda _: []), of_rows=True),
    Fault("half-list", "the first half of the models", _HELD, _untrue(first_half), of_rows=True),
    Fault(
        "duplicate-ids",
        "a second model with the id of the first",
        _INVALID,
        _untrue(twin),
        of_rows=True,
    ),
    Fault("nan", "`NaN` as a token limit", _INVALID, _untrue(nan), of_rows=True),
    Fault(
        "huge",
        "300 MB of blanks, then the right answer",
        _FAILED,
        _on_the_way(wire.flood(300), _CHUNKED),
    ),
    Fault(
        "gzip-bomb",
        "one gigabyte of blanks, compressed to a megabyte",
        _FAILED,
        _on_the_way(wire.bomb(1000), {**_CHUNKED, "Content-Encoding": "gzip"}),
    ),
    Fault("charset", "UTF-16, declared as UTF-8", _INVALID, _damaged(utf_16)),
    Fault(
        "new-field",
        "a new field in every model",
        _CHANGED,
        _untrue(odd_field),
        of_rows=True,
    ),
    Fault(
        "new-type",
        "a new type of the first model",
        _CHANGED,
        _untrue(odd_type),
        of_rows=True,
    ),
    Fault("nulls", "null in every field that may be null", _CHANGED, _untrue(nulls), of_rows=True),
    Fault(
        "null-id",
        "null as the id of a model",
        _INVALID,
        _untrue(null_id),
        of_rows=True,
    ),
    Fault(
        "long-names",
        "names of 10,000 characters of Markdown",
        _CHANGED,
        _untrue(long_names),
        of_rows=True,
    ),
)
FAULTS: Mapping[str, Fault] = {fault.kind: fault for fault in _TABLE}
"""Every fault by kind, in order."""
