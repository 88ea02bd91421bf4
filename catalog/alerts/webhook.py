"""Send a message over HTTP: a signed CloudEvent, or the JSON that chats take."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

from catalog.alerts.channel import Audience, Message, is_lasting
from catalog.alerts.event import event_body, short_event
from catalog.alerts.message import Wording, slack
from catalog.alerts.reply import error_words, refused_by_slack
from catalog.alerts.size import (
    SLACK_CHARACTERS,
    WEBHOOK_BYTES,
    attempt,
    characters,
    is_too_large,
)
from catalog.alerts.timing import Timing
from catalog.core.clock import Clock, now
from catalog.core.errors import CatalogError, DeliveryFailed, ProviderError, TimedOut
from catalog.core.http.client import Http
from catalog.core.http.request import Request
from catalog.core.http.retry import insist
from catalog.core.strict_json import canonical

_PREFIX = "whsec_"


def signing_key(secret: str) -> bytes:
    """Return the key that a secret stands for: `whsec_` and Base64, or the text itself as UTF-8.

    Raises ValueError, without the secret in it, where the Base64 is broken or nothing is left.
    """
    key = _decode(secret.removeprefix(_PREFIX)) if secret.startswith(_PREFIX) else secret.encode()
    if not key:
        raise ValueError("the secret is empty")
    return key


def signed_headers(
    keys: Iterable[bytes], message_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """Return the three headers of one attempt made at `at`; no signature without a key.

    Several keys give several signatures: a receiver that knows any of them is content.
    """
    seconds = str(int(at.timestamp()))
    headers = {"webhook-id": message_id, "webhook-timestamp": seconds}
    signed = b".".join([message_id.encode(), seconds.encode(), body])
    signatures = [_signature(key, signed) for key in keys]
    return headers | ({"webhook-signature": " ".join(signatures)} if signatures else {})


def _signature(key: bytes, signed: bytes) -> str:
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _decode(text: str) -> bytes:
    padding = "=" * (-len(text) % 4)  # some generators leave it out
    try:
        return base64.b64decode(text + padding, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the secret starts with whsec_, but no Base64 follows") from None


Format = Literal["cloudevents", "slack"]
MOST_ATTEMPTS = 3
"""Of one message within one run; the next run goes on."""
PERMANENT = ("no_text", "invalid_payload", "invalid_arguments")
"""Slack's errors about the message itself: it never takes it. All others can be repaired."""
TOO_LONG = "msg_too_long"
_CONTENT_TYPES = {"cloudevents": "application/cloudevents+json", "slack": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel:
    """Posts one message to one URL, signed with each of `secrets` where there are any.

    The URL is treated as a secret too: whoever knows a chat's URL can write there. Nothing shown
    names more of it than the host. Raises ValueError for a secret that cannot sign.

    A message that is not taken is tried again at once, `attempts` times within `retry_for` seconds
    with waits that begin at `backoff` seconds: it bridges a hiccup, the next run does the rest.

    `max_size` is in bytes of the body; for "slack" in characters of the text, as escaped. None
    means the limit that suits the format.
    """

    name: str
    audience: Audience
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    timing: Timing = field(default_factory=Timing)
    format: Format = "cloudevents"
    max_size: int | None = None
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
        """Post the message, with the same id and bytes each time; raise DeliveryFailed.

        A receiver for which it is too large gets a short one, with the same id.
        """
        failure = attempt(
            lambda body: self._offer(message.id, body),
            self._body(message),
            lambda: self._short_body(message),
        )
        # Raised out here so that not even the exception's context holds what was sent.
        if failure is not None:
            raise failure

    def _body(self, message: Message) -> bytes:
        if self.format == "slack":
            most = self.max_size or SLACK_CHARACTERS
            return chat_body(self.wording.text(message, slack, lambda text: _fits(text, most)))
        most = self.max_size or WEBHOOK_BYTES
        # At most half of it is text, because programs read the changes.
        text = self.wording.text(
            message, fits=lambda text: len(short_event(message, text)) <= most // 2
        )
        return event_body(message, text, most)

    def _short_body(self, message: Message) -> bytes:
        if self.format == "slack":
            return chat_body(self.wording.short(message, slack))
        return short_event(message, self.wording.short(message))

    def _offer(self, message_id: str, body: bytes) -> DeliveryFailed | None:
        """Post one body until it is taken or time is up; return why it was not taken."""
        try:
            said = insist(
                lambda left: self._post(message_id, body, left),
                attempts=self.attempts,
                seconds=self.retry_for,
                backoff=self.backoff,
            )
        except CatalogError as error:
            return self._failure(error, len(body))
        refused = refused_by_slack(said) if self.format == "slack" else None
        return None if refused is None else self._refusal(refused.get("error"), said)

    def _post(self, message_id: str, body: bytes, seconds: float) -> bytes:
        # Signed for each attempt: a receiver refuses a timestamp that is minutes old.
        headers = signed_headers(self._keys, message_id, self.clock(), body)
        headers["Content-Type"] = _CONTENT_TYPES[self.format]
        request = Request(self.url, "POST", headers, body, (self.url, *self.secrets))
        try:
            return self.http.send_once(request, seconds).body
        except ProviderError as error:
            # On 2xx it took the message; only what it said afterwards was no good.
            if error.status not in range(200, 300):
                raise
            return b""

    def _failure(self, error: CatalogError, size: int) -> DeliveryFailed:
        if not isinstance(error, ProviderError):  # a URL or header that may not be sent
            return DeliveryFailed(f"channel {self.name}: {error}", hint=error.hint)
        reason, hint, for_good = "could not be reached", "", False
        if error.status is not None:
            said = self._words(error.body)
            reason = f"answered {error.status}{said and f': {said}'}"
            for_good = is_lasting(error.status)
        elif isinstance(error, TimedOut):
            reason = "did not answer in time"
        if error.status == HTTPStatus.GONE:
            hint = "The receiver is gone for good: remove the channel or give it another URL."
        return DeliveryFailed(
            self._text(reason),
            hint=hint,
            retry_after=error.retry_after,
            for_good=for_good,
            too_large=is_too_large(error.status, size),
        )

    def _refusal(self, code: object, said: bytes) -> DeliveryFailed:
        """Make the failure of an answer that says 200 and `{"ok": false}`."""
        return DeliveryFailed(
            self._text(f"answered 200 and did not take it: {self._words(said)}"),
            for_good=code in PERMANENT,
            too_large=code == TOO_LONG,
        )

    def _words(self, body: bytes) -> str:
        return error_words(body, self._hide)

    def _hide(self, text: str) -> str:
        """Replace the secrets, the URL beyond its host, and each part of its path and query."""
        url = urlsplit(self.url)
        parts = (*url.path.split("/"), *url.query.split("&"))
        known = (self.url, *parts, *self.secrets)
        return Request(self.url, secrets=known, others=self.http.secrets).hide(text)

    def _text(self, what: str) -> str:
        return f"channel {self.name}: {urlsplit(self.url).hostname} {what}"


def chat_body(text: str) -> bytes:
    """Write a text as Slack, Mattermost, kChat and Rocket.Chat take it."""
    return canonical({"text": text}).encode()


def _fits(text: str, most: int) -> bool:
    return characters(text) <= most
