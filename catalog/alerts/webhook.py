"""Send messages over HTTP: signed CloudEvents, or JSON for chats."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
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
from catalog.core.http.retry import retry
from catalog.core.strict_json import canonical

_PREFIX = "whsec_"


def signing_key(secret: str) -> bytes:
    """Return the key of a secret: `whsec_` and Base64, or UTF-8 text.

    Raise ValueError, without the secret, if the Base64 is invalid or the key is empty.
    """
    key = _decode(secret.removeprefix(_PREFIX)) if secret.startswith(_PREFIX) else secret.encode()
    if not key:
        raise ValueError("the secret is empty")
    return key


def signed_headers(
    keys: Iterable[bytes], message_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """Return the signature headers of one attempt.

    There is one signature per key, because a receiver may know any of them. Without keys, there is
    no signature.
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
    padding = "=" * (-len(text) % 4)  # some generators omit it
    try:
        return base64.b64decode(text + padding, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the secret starts with whsec_, but no Base64 follows") from None


Format = Literal["cloudevents", "slack"]
MOST_ATTEMPTS = 3
"""The attempts within one run. The next run continues."""
PERMANENT = ("no_text", "invalid_payload", "invalid_arguments")
"""Slack errors that a retry cannot repair."""
TOO_LONG = "msg_too_long"
UNREACHED = "`catalog doctor` checks the connection to the channel's host."
FAILING = "The receiver fails. Test again later."
REFUSED: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "Check the channel's `format`: the receiver cannot read the message.",
    HTTPStatus.GONE: "The receiver was removed: remove the channel or give it another URL.",
    HTTPStatus.TOO_MANY_REQUESTS: "The receiver wants fewer messages. Test again later.",
}
"""Hints by HTTP status."""
SERVER_ERROR = 500
_CONTENT_TYPES = {"cloudevents": "application/cloudevents+json", "slack": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel:
    """A channel that posts to one URL, signed with each of `secrets`.

    The URL is a secret too, because it permits writing to a chat. Only its host and port are
    shown. Raise ValueError for a secret that cannot sign.

    A failed message is retried within the run, `attempts` times in `retry_for` seconds with waits
    from `backoff` seconds. Later runs continue.

    `max_size` is in bytes of the body, for "slack" in characters of the escaped text. None means
    the default of the format.
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
        """Post the message with stable id and bytes, or raise DeliveryFailed.

        If it is too large, a short message with the same id follows.
        """
        failure = attempt(
            lambda body: self._offer(message.id, body),
            self._body(message),
            lambda: self._short_body(message),
        )
        # Raised outside of `except`, because the exception's context must not contain the message.
        if failure is not None:
            raise failure

    def _body(self, message: Message) -> bytes:
        if self.format == "slack":
            most = self.max_size or SLACK_CHARACTERS
            return chat_body(self.wording.text(message, slack, lambda text: _fits(text, most)))
        most = self.max_size or WEBHOOK_BYTES
        # At most half is text, because programs read the changes.
        text = self.wording.text(
            message, fits=lambda text: len(short_event(message, text)) <= most // 2
        )
        return event_body(message, text, most)

    def _short_body(self, message: Message) -> bytes:
        if self.format == "slack":
            return chat_body(self.wording.short(message, slack))
        return short_event(message, self.wording.short(message))

    def _offer(self, message_id: str, body: bytes) -> DeliveryFailed | None:
        try:
            reply = retry(
                lambda left: self._post(message_id, body, left),
                attempts=self.attempts,
                seconds=self.retry_for,
                backoff=self.backoff,
            )
        except CatalogError as error:
            return self._failure(error, len(body))
        refused = refused_by_slack(reply) if self.format == "slack" else None
        return None if refused is None else self._refusal(refused.get("error"), reply)

    def _post(self, message_id: str, body: bytes, seconds: float) -> bytes:
        # Signed for each attempt, because receivers refuse old timestamps.
        headers = signed_headers(self._keys, message_id, self.clock(), body)
        headers["Content-Type"] = _CONTENT_TYPES[self.format]
        request = Request(self.url, "POST", headers, body, (self.url, *self.secrets))
        try:
            return self.http.send_once(request, seconds).body
        except ProviderError as error:
            # 2xx means accepted, even if the rest of the answer failed.
            if error.status not in range(200, 300):
                raise
            return b""

    def _failure(self, error: CatalogError, size: int) -> DeliveryFailed:
        if not isinstance(error, ProviderError):  # a forbidden URL or header
            return DeliveryFailed(f"channel {self.name}: {error}", hint=error.hint)
        hint, for_good = UNREACHED, False
        if error.status is not None:
            reply = self._words(error.body)
            text = self._text(f"answered {error.status}{reply and f': {reply}'}")
            for_good = is_lasting(error.status)
            hint = REFUSED.get(error.status, FAILING if error.status >= SERVER_ERROR else "")
        elif isinstance(error, TimedOut):
            text = self._text("did not answer in time")
        else:  # with the port, because it may be wrong
            text = f"channel {self.name}: {urlsplit(self.url).netloc} could not be reached"
        return DeliveryFailed(
            text,
            hint=hint,
            retry_after=error.retry_after,
            for_good=for_good,
            too_large=is_too_large(error.status, size),
        )

    def _refusal(self, code: object, reply: bytes) -> DeliveryFailed:
        """Return the failure of an answer 200 with `{"ok": false}`."""
        return DeliveryFailed(
            self._text(f"answered 200 but refused the message: {self._words(reply)}"),
            for_good=code in PERMANENT,
            too_large=code == TOO_LONG,
        )

    def _words(self, body: bytes) -> str:
        return error_words(body, self._hide)

    def _hide(self, text: str) -> str:
        url = urlsplit(self.url)
        parts = (*url.path.split("/"), *url.query.split("&"))
        known = (self.url, *parts, *self.secrets)
        return Request(self.url, secrets=known, others=self.http.secrets).hide(text)

    def _text(self, what: str) -> str:
        return f"channel {self.name}: {urlsplit(self.url).hostname} {what}"


def chat_body(text: str) -> bytes:
    """Return a body for Slack, Mattermost, kChat and Rocket.Chat."""
    return canonical({"text": text}).encode()


def _fits(text: str, most: int) -> bool:
    return characters(text) <= most
