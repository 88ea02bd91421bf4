"""The channel over HTTP: a signed CloudEvent, or the one line of JSON that chats take."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from catalog.alerts.channel import Audience, Message, is_lasting
from catalog.alerts.signature import signed_headers, signing_key
from catalog.alerts.text import slack
from catalog.alerts.timing import Timing
from catalog.alerts.usage import used_in
from catalog.alerts.wording import Wording
from catalog.change import Finding
from catalog.clock import Clock, now, stamp
from catalog.errors import CatalogError, DeliveryFailed, ProviderError, TimedOut
from catalog.http.client import Http
from catalog.http.request import Request
from catalog.http.retry import insist
from catalog.jsontext import canonical
from catalog.publicjson import SCHEMA_VERSION, finding_json
from catalog.words import title

Format = Literal["cloudevents", "slack"]
EVENT_TYPE = "model-catalog.changes.v1"
MOST_ATTEMPTS = 3
"""Of one message within one run; the next run goes on."""
_CONTENT_TYPES = {"cloudevents": "application/cloudevents+json", "slack": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel:
    """Posts one message to one URL, signed with each of `secrets` where there are any.

    The URL is treated as a secret too: whoever knows a chat's URL can write there. Nothing shown
    names more of it than the host. Raises ValueError for a secret that cannot sign.

    A message that is not taken is tried again at once, `attempts` times within `retry_for` seconds
    with waits that begin at `backoff` seconds: it bridges a hiccup, the next run does the rest.
    """

    name: str
    audience: Audience
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    timing: Timing = field(default_factory=Timing)
    format: Format = "cloudevents"
    wording: Wording
    http: Http = field(repr=False)
    clock: Clock = field(default=now, repr=False)
    attempts: int = MOST_ATTEMPTS
    retry_for: float = 20.0
    backoff: float = 1.0
    _keys: tuple[bytes, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_keys", tuple(signing_key(secret) for secret in self.secrets))

    def send(self, message: Message) -> None:
        """Post the message, with the same id and bytes each time; raise DeliveryFailed."""
        body = self._body(message)
        failure = None
        try:
            insist(
                lambda left: self._post(message.id, body, left),
                attempts=self.attempts,
                seconds=self.retry_for,
                backoff=self.backoff,
            )
        except CatalogError as error:
            failure = self._failure(error)
        # Raised out here so that not even the exception's context holds what was sent.
        if failure is not None:
            raise failure

    def _body(self, message: Message) -> bytes:
        if self.format == "slack":
            return chat_body(self.wording.text(message, slack))
        return event_body(message, self.wording.text(message))

    def _post(self, message_id: str, body: bytes, seconds: float) -> None:
        # Signed for each attempt: a receiver refuses a timestamp that is minutes old.
        headers = signed_headers(self._keys, message_id, self.clock(), body)
        headers["Content-Type"] = _CONTENT_TYPES[self.format]
        request = Request(self.url, "POST", headers, body, (self.url, *self.secrets))
        try:
            self.http.send_once(request, seconds)
        except ProviderError as error:
            # On 2xx it took the message; only what it said afterwards was no good.
            if error.status not in range(200, 300):
                raise

    def _failure(self, error: CatalogError) -> DeliveryFailed:
        if not isinstance(error, ProviderError):  # a URL or header that may not be sent
            return DeliveryFailed(f"channel {self.name}: {error}", hint=error.hint)
        reason, hint, for_good = "could not be reached", "", False
        if error.status is not None:
            reason = f"answered {error.status}"
            for_good = is_lasting(error.status)
        elif isinstance(error, TimedOut):
            reason = "did not answer in time"
        if error.status == HTTPStatus.GONE:
            hint = "The receiver is gone for good: remove the channel or give it another URL."
        what = f"channel {self.name}: {urlsplit(self.url).hostname} {reason}"
        return DeliveryFailed(what, hint=hint, retry_after=error.retry_after, for_good=for_good)


def _title(message: Message) -> str:
    if message.test:
        return f"{message.provider}: test message"
    return title(message.provider, message.findings)


def _change(finding: Finding, message: Message) -> dict[str, Any]:
    files = used_in(finding, message.used)
    return finding_json(finding) | ({"used_in": list(files)} if files else {})


def event_body(message: Message, text: str) -> bytes:
    """Write the message as a CloudEvents 1.0 envelope; the same message gives the same bytes."""
    event = {
        "specversion": "1.0",
        "id": message.id,
        "source": f"model-catalog/{quote(message.provider, safe='')}",
        "type": EVENT_TYPE,
        "time": stamp(message.at),
        "datacontenttype": "application/json",
        "data": {
            "schema_version": SCHEMA_VERSION,
            "provider": message.provider,
            "at": stamp(message.at),
            "title": _title(message),
            "text": text,
            "changes": [_change(finding, message) for finding in message.findings],
            **({"test": True} if message.test else {}),
        },
    }
    return canonical(event).encode()


def chat_body(text: str) -> bytes:
    """Write a text as Slack, Mattermost, kChat and Rocket.Chat take it."""
    return canonical({"text": text}).encode()
