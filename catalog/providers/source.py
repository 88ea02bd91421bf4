"""Request a provider's list conditionally, page by page if necessary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlencode, urljoin, urlsplit

from catalog.core.clock import Clock
from catalog.core.errors import (
    AnswerRefused,
    AnswerTooLarge,
    PayloadInvalid,
    ProviderError,
    SettingsInvalid,
)
from catalog.core.http.client import Http
from catalog.core.http.request import Request, Response, check_url, credentials, hide
from catalog.core.paths import Trail, trail, value, values
from catalog.core.payload import PARTS, Answer, NotModified, Payload, Validators
from catalog.core.strict_json import Json, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """The paging of a list. Places are as in core/paths.py.

    `by` is the method. With `next`, `at` has the address of the next page, and nothing at the end.
    With `cursor`, `at` has the next value of the query `parameter`, and nothing at the end. With
    `page`, `parameter` counts up from `first`, until a page has no rows. If set, `more` is the
    place of a boolean that is true if there is another page.
    """

    by: Literal["next", "cursor", "page"]
    at: str = ""
    parameter: str = ""
    more: str = ""
    first: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """The request for a list of models. `route` follows the base URL.

    `authorization` is `bearer`, `none`, or the header that carries the token. `how_to` is the hint
    about a missing token, and `hints` has the hint for each HTTP status. Both name the settings of
    this provider.
    """

    route: str
    authorization: str = "bearer"
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    paging: Paging | None = None
    how_to: str = "Set the token of this provider, or token_file to a file that holds it."
    hints: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_token(self) -> bool:
        """Return whether a token is required."""
        return self.authorization != "none"

    def identification(self, token: str) -> dict[str, str]:
        """Return the authorization headers."""
        if self.authorization == "none" and not token:
            return {}
        if self.authorization in {"bearer", "none"}:
            return {"Authorization": f"Bearer {token}"}
        return {self.authorization: token}


@dataclass(frozen=True, slots=True)
class Source:
    """One provider's route. `url` is the base URL without path.

    The repr does not contain the token. `rows` is the place of the rows in each page. `max_parts`
    and `max_bytes` limit all pages together.
    """

    http: Http
    provider: str
    url: str
    token: str | None = field(repr=False)
    clock: Clock
    list_request: ListRequest
    rows: Trail = ()
    max_parts: int = 500
    max_bytes: int = 64 * 1024 * 1024

    def fetch(self, validators: Validators) -> Answer:
        """Request the list, or raise ProviderError or SettingsInvalid (no token).

        A paged list is an object `{"pages": [...]}` of the pages as sent. If one page fails, the
        request fails, because an incomplete list looks as if models were removed.
        """
        paging = self.list_request.paging
        response = self.ask(validators if paging is None else Validators())
        if response.status == NotModified.status:
            return NotModified(self.provider, self._shown, self.clock())
        if paging is not None:
            body = whole([response.body, *self._others(paging, response.body)])
            return Payload(self.provider, self._shown, self.clock(), body)
        seen = Validators(response.headers.get("etag"), response.headers.get("last-modified"))
        url, now = self._shown, self.clock()
        return Payload(self.provider, url, now, response.body, response.status, seen)

    def ask(self, validators: Validators, url: str | None = None) -> Response:
        """Return one answer of status 200 or 304.

        Raise the errors of `fetch`.
        """
        token = self.known_token()
        headers = {"Accept": "application/json", **self.list_request.headers}
        headers |= self.list_request.identification(token)
        if etag := sendable(validators.etag):
            headers["If-None-Match"] = etag
        if last_modified := sendable(validators.last_modified):
            headers["If-Modified-Since"] = last_modified
        where, secrets = url or self.address, self._secrets
        request = Request(url=where, headers=headers, secrets=secrets, is_stored=True)
        try:
            response = self.http.send(request)
        except ProviderError as error:
            raise error.with_hint(self.list_request.hints) from None
        if response.status not in {HTTPStatus.OK, NotModified.status}:
            text = f"{self.provider} answered {response.status}"
            raise AnswerRefused(text, status=response.status)
        return response

    @property
    def address(self) -> str:
        """Return the URL of the route, or of its first page."""
        request = self.list_request
        paging, query = request.paging, dict(request.query)
        if paging is not None and paging.by == "page":
            query[paging.parameter] = str(paging.first)
        return self._with(query)

    @property
    def _secrets(self) -> tuple[str, ...]:
        """Return the secrets in a request."""
        given = credentials({**self.list_request.headers, **self.list_request.query})
        return tuple(filter(None, (self.token, *given)))

    @property
    def _shown(self) -> str:
        """Return the stored address, with secrets hidden."""
        return hide(self.address, self._secrets)

    def known_token(self) -> str:
        """Return the token, or `""` if none is needed.

        Raise SettingsInvalid if a required one is missing.
        """
        if not self.token and self.list_request.needs_token:
            text = f"there is no token for {self.provider}"
            raise SettingsInvalid(text, hint=self.list_request.how_to)
        return self.token or ""

    def _with(self, query: dict[str, str]) -> str:
        address = f"{self.url.rstrip('/')}{self.list_request.route}"
        return f"{address}?{urlencode(query)}" if query else address

    def _others(self, paging: Paging, first: bytes) -> Iterator[bytes]:
        """Yield the pages after the first, or raise AnswerRefused."""
        body, here, size = first, self.address, len(first)
        requested, number = {here}, 1
        while there := self._next(paging, body, here, number):
            if there in requested or number == self.max_parts:
                raise AnswerRefused(f"{self.provider} sends an endless list of parts")
            requested.add(there)
            body, here = self.ask(Validators(), there).body, there
            size += len(body)
            if size > self.max_bytes:
                raise AnswerTooLarge(
                    f"{self.provider} sent more than {self.max_bytes:,} bytes in parts"
                )
            yield body
            number += 1

    def _next(self, paging: Paging, body: bytes, here: str, number: int) -> str | None:
        try:
            # Flaws are ignored, because the list may be accepted without the flawed rows.
            answer = read(body).value
        except PayloadInvalid:
            return None  # validation reports the error
        more = value(answer, trail(paging.more)) if paging.more else None
        if more is False:
            return None
        try:
            there = self._address_after(paging, answer, here, number)
            if there is not None:
                check_url(there)
        except (ValueError, SettingsInvalid):
            text = f"{self.provider} sent an invalid address for the next part of its list"
            raise AnswerRefused(text) from None
        if there is None and more is True:
            text = f"{self.provider} reports more models, but not their address"
            raise AnswerRefused(text)
        return there

    def _address_after(self, paging: Paging, answer: Json, here: str, number: int) -> str | None:
        query = dict(self.list_request.query)
        if paging.by == "page":
            if not has_rows(answer, self.rows):
                return None
            return self._with(query | {paging.parameter: str(paging.first + number)})
        found = value(answer, trail(paging.at))
        if found is None or found == "":
            return None
        if paging.by == "cursor":
            return self._with(query | {paging.parameter: str(found)})
        there = urljoin(here, str(found))
        # Another host is refused, because the token is sent along.
        if urlsplit(there)[:2] != urlsplit(here)[:2]:
            text = f"{self.provider} names another host for the next part of its list"
            raise AnswerRefused(text)
        return there


def has_rows(page: Json, place: Trail) -> bool:
    """Return whether a page has rows. A list contains only rows."""
    return bool(page) if isinstance(page, list) else any(values(page, place))


def whole(parts: list[bytes]) -> bytes:
    """Join the pages of a list into one body."""
    if len(parts) == 1:
        return parts[0]
    return b'{"%s":[%s]}' % (PARTS.encode(), b",".join(parts))


def sendable(validator: str | None) -> str | None:
    """Return a cache header that is valid in a request, or None."""
    if validator and validator.isascii() and validator.isprintable():
        return validator.strip() or None
    return None
