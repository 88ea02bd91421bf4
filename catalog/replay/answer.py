"""Answer one request from one recording, as the real route does."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus

from catalog.providers.recordings import Recording
from catalog.providers.source import ListRequest
from catalog.replay import wire

METHODS = ("GET", "HEAD")
_JSON = {"Content-Type": "application/json"}
_BEARER = re.compile(r"\s*Bearer\s+\S+\s*", re.IGNORECASE)
_TAG = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Capture:
    """A recording, or one page of it, with its bytes."""

    recording: Recording
    body: bytes

    @property
    def validators(self) -> dict[str, str]:
        """Return the cache headers. The ETag depends on the bytes only."""
        etag = f'"{hashlib.sha256(self.body).hexdigest()}"'
        return {"ETag": etag, "Last-Modified": format_datetime(self.recording.at, usegmt=True)}


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `target` is path and query. Headers are never shown."""

    method: str
    target: str
    headers: Message = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def path(self) -> str:
        """Return the target without query, because every query gets the whole list."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `body` is sent to GET, its length to HEAD.

    `fault` is the intended error, `way` the way of sending.
    """

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes = b""
    way: wire.Way = wire.whole
    fault: str | None = None

    @property
    def shows_catalog(self) -> bool:
        """Return whether the client knows the capture's state after it."""
        return self.status in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}


def answer(request: Request, capture: Capture | None, list_request: ListRequest) -> Answer:
    """Answer one request. A `capture` of None is another route."""
    if capture is None:
        return refusal(HTTPStatus.NOT_FOUND, "method_not_found", "Method not found")
    if request.method not in METHODS:
        allow = {"Allow": ", ".join(METHODS)}
        status = HTTPStatus.METHOD_NOT_ALLOWED
        return refusal(status, "method_not_allowed", "Method not allowed", allow)
    if not is_authorized(request, list_request.authorization):
        return unauthorized()
    if _holds(request.headers, capture):
        return Answer(HTTPStatus.NOT_MODIFIED, capture.validators)
    return whole(capture)


def is_authorized(request: Request, by: str = "bearer") -> bool:
    """Return whether the expected header has any token."""
    if by == "bearer":
        return bool(_BEARER.fullmatch(request.headers.get("Authorization", "")))
    return by == "none" or bool(request.headers.get(by, "").strip())


def unauthorized() -> Answer:
    """Return a 401."""
    challenge = {"WWW-Authenticate": "Bearer"}
    status = HTTPStatus.UNAUTHORIZED
    return refusal(status, "not_authorized", "Authorization required", challenge)


def whole(capture: Capture) -> Answer:
    """Return the catalog unconditionally."""
    return Answer(HTTPStatus.OK, _JSON | capture.validators, capture.body)


def refusal(
    status: HTTPStatus, code: str, description: str, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an error in the format of the real API."""
    error = {"result": "error", "error": {"code": code, "description": description}}
    body = json.dumps(error, separators=(",", ":")).encode()
    return Answer(status, {**_JSON, **(headers or {})}, body)


def _holds(headers: Message, capture: Capture) -> bool:
    """Return whether the client's copy is current, by ETag, else date."""
    tags = headers.get_all("If-None-Match")
    if tags is not None:
        text = ", ".join(tags)
        return text.strip() == "*" or capture.validators["ETag"] in _TAG.findall(text)
    since = _date(headers.get("If-Modified-Since"))
    return since is not None and capture.recording.at <= since


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
