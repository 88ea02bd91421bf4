"""How Infomaniak is asked: `GET /1/ai/models` with a bearer token, conditionally."""

from dataclasses import dataclass, field
from http import HTTPStatus

from catalog.clock import Clock
from catalog.errors import AnswerRefused, SettingsInvalid
from catalog.http.client import Http
from catalog.http.request import Request, Response
from catalog.payload import Answer, NotModified, Payload, Validators
from catalog.providers.infomaniak.infomaniak import NAME, ROUTE

HOW_TO_AUTHORIZE = (
    "Set INFOMANIAK_API_TOKEN, or INFOMANIAK_API_TOKEN_FILE to a file that holds it; "
    "`catalog demo` needs no token."
)


@dataclass(frozen=True, slots=True)
class Source:
    """The live route. `url` is the base URL without a path; the token never shows in a repr."""

    http: Http
    url: str
    token: str | None = field(repr=False)
    clock: Clock

    def fetch(self, validators: Validators) -> Answer:
        """Ask for the catalog; raise ProviderError, or SettingsInvalid without a token."""
        response, url = self.ask(validators), self._route
        if response.status == NotModified.status:
            return NotModified(NAME, url, self.clock())
        if response.status != HTTPStatus.OK:
            raise AnswerRefused(f"Infomaniak answered {response.status}", status=response.status)
        seen = Validators(response.headers.get("etag"), response.headers.get("last-modified"))
        return Payload(NAME, url, self.clock(), response.body, response.status, seen)

    def ask(self, validators: Validators) -> Response:
        """Return the answer with its headers, whatever it holds; raise as `fetch` does."""
        token = known(self.token)
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        if etag := sendable(validators.etag):
            headers["If-None-Match"] = etag
        if last_modified := sendable(validators.last_modified):
            headers["If-Modified-Since"] = last_modified
        return self.http.send(Request(url=self._route, headers=headers, secrets=(token,)))

    @property
    def _route(self) -> str:
        return f"{self.url.rstrip('/')}{ROUTE}"


def sendable(validator: str | None) -> str | None:
    """Return a validator that a header can carry back; what a server sends may hold anything."""
    if validator and validator.isascii() and validator.isprintable():
        return validator.strip() or None
    return None


def known(token: str | None) -> str:
    """Return the token; raise SettingsInvalid where there is none."""
    if not token:
        raise SettingsInvalid("there is no token to ask Infomaniak with", hint=HOW_TO_AUTHORIZE)
    return token
