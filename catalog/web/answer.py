"""Answer requests from the store, with a cache and ETags."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from threading import Lock
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from catalog.core.errors import CatalogError, InternalError
from catalog.core.unexpected import place
from catalog.web.reader import Reader, Reading

V = TypeVar("V")
ROOM = 32_000_000
"""Maximum bytes of the cached answers together."""


@dataclass(frozen=True)
class Body:
    """The content of an answer with its media type and own headers."""

    content: bytes
    media_type: str
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200

    @cached_property
    def etag(self) -> str:
        """Return the ETag of the content. It is weak, because a proxy may compress the content."""
        return f'W/"{hashlib.sha256(self.content).hexdigest()[:24]}"'


Make = Callable[[Reading], Body]


@dataclass
class Answers:
    """The answers of one server. Equal requests of one minute are made once.

    An answer is valid until the store changes or the minute ends, because pages show ages. The
    least recently used ones are dropped.
    """

    reader: Reader
    _known: OrderedDict[str, Body] = field(default_factory=OrderedDict)
    _size: int = 0
    _lock: Lock = field(default_factory=Lock)

    def answer(
        self, request: Request, make: Make, *, variant: str = "", shows_polls: bool = False
    ) -> Response:
        """Return the answer of an address, 304 if the client has it.

        `variant` is what the answer depends on besides the address. With `shows_polls`, it changes
        with a poll that found nothing new. Raise the errors of `make`.
        """
        with self.reader.reading() as reading:
            key = _key(request, reading, (reading.revision(polls=shows_polls), variant))
            body = self._find(key)
            if body is None:
                body = made(partial(make, reading), "a page")
                self._keep(key, body)
        headers = {"ETag": body.etag, "Cache-Control": "no-cache", **dict(body.headers)}
        if _knows(request, body.etag):
            return Response(status_code=304, headers=headers)
        return Response(body.content, body.status, headers, body.media_type)

    def _find(self, key: str) -> Body | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def _keep(self, key: str, body: Body) -> None:
        if len(body.content) > ROOM // 8:
            return
        with self._lock:
            before = self._known.pop(key, None)
            self._known[key] = body
            self._size += len(body.content) - (0 if before is None else len(before.content))
            while self._size > ROOM:
                _, old = self._known.popitem(last=False)
                self._size -= len(old.content)


def _key(request: Request, reading: Reading, parts: tuple[str, ...]) -> str:
    url = f"{request.url.path}?{request.url.query}"
    text = "\n".join((f"{reading.now:%Y-%m-%dT%H:%M}", url, *parts))
    return hashlib.sha256(text.encode()).hexdigest()


def _knows(request: Request, etag: str) -> bool:
    """Return whether the client has the answer. Weak and strong forms are equal (RFC 9110)."""
    return etag.removeprefix("W/") in ",".join(request.headers.getlist("if-none-match"))


def made(make: Callable[[], V], what: str) -> V:
    """Return what `make` returns, or raise a CatalogError.

    Every other error is a bug of this program. `what` names the page in its text.
    """
    try:
        return make()
    except CatalogError:
        raise
    except Exception as error:
        raise InternalError(f"{what} could not be made: {place(error)}") from error
