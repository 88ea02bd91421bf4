"""The channel over HTTP: a signed CloudEvent, or the one line of JSON that chats take."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal
from urllib.parse import quote, urlsplit

from catalog.alerts.channel import Audience, Message
from catalog.alerts.signature import signed_headers, signing_key
from catalog.alerts.text import slack, text
from catalog.alerts.timing import Timing
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
MENDABLE = {401, 403, 404, 408, 425, 429}
"""Client errors that the receiver's owner, or time, may mend; all others end a message."""
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
    http: Http = field(repr=False)
    clock: Clock = field(default=now, repr=False)
    attempts: int = 3
    retry_for: float = 20.0
    backoff: float = 1.0
    _keys: tuple[bytes, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_keys", tuple(signing_key(secret) for secret in self.secrets))

    def send(self, message: Message) -> None:
        """Post the message, with the same id and bytes each time; raise DeliveryFailed."""
        body = chat_body(message) if self.format == "slack" else event_body(message)
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
            for_good = 400 <= error.status < 500 and error.status not in MENDABLE  # noqa: PLR2004  # the class of client errors
        elif isinstance(error, TimedOut):
            reason = "did not answer in time"
        if error.status == HTTPStatus.GONE:
            hint = "The receiver is gone for good: remove the channel or give it another URL."
        text = f"channel {self.name}: {urlsplit(self.url).hostname} {reason}"
        return DeliveryFailed(text, hint=hint, retry_after=error.retry_after, for_good=for_good)


def event_body(message: Message) -> bytes:
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
            "title": title(message.provider, message.findings),
            "text": text(message),
            "changes": [finding_json(finding) for finding in message.findings],
        },
    }
    return canonical(event).encode()


def chat_body(message: Message) -> bytes:
    """Write the message as Slack, Mattermost, kChat and Rocket.Chat take it."""
    return canonical({"text": slack(text(message))}).encode()
