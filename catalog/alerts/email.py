"""The channel over SMTP: one plain mail to one recipient."""

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Literal

from catalog.alerts.channel import Audience, Message
from catalog.alerts.message import Wording
from catalog.alerts.size import MAIL_BYTES, attempt
from catalog.alerts.timeout import within
from catalog.alerts.timing import Timing
from catalog.core.clock import Clock, now
from catalog.core.errors import DeliveryFailed, SettingsInvalid
from catalog.core.http.request import hide, is_loopback, read_url
from catalog.core.strict_json import cut
from catalog.core.text import one_line

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Security = Literal["starttls", "tls", "none"]
PORTS = {"smtp": 587, "smtps": 465}
PERMANENT = 500
LOGIN = {530, 534, 535, 538}
"""Refusals of a login, which the operator can mend; every other 5xx ends a message."""
TOO_LARGE = {523, 552}
"""Refusals of a mail that is larger than the server takes."""
REPLY_LENGTH = 200
AFTER_DATA = 120.0
"""Seconds for the server's answer once it has the whole mail: it may be scanning it, and whoever
leaves now sends it again (RFC 5321, 4.5.3.2.6, would wait for ten minutes)."""
_LOGIN_HINT = "Check the channel's user and password; it is tried again."
_TLS_HINT = "Check the server's certificate and port; smtps:// is for TLS from the first byte."


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, and how the connection is encrypted."""

    host: str
    port: int
    security: Security = "starttls"

    @classmethod
    def read(cls, url: str) -> "MailServer":
        """Read `smtp://HOST:PORT` or `smtps://HOST:PORT`; raise SettingsInvalid.

        `smtp` must turn to TLS before anything is said, except on this very machine.
        """
        parsed = read_url(url)
        host, port = parsed.hostname or "", PORTS.get(parsed.scheme)
        if (
            port is None
            or parsed.path.strip("/")
            or parsed.query
            or "@" in parsed.netloc
            or not host
        ):
            text = "a mail server is written smtp://HOST:PORT or smtps://HOST:PORT"
            raise SettingsInvalid(text, hint="User and password have settings of their own.")
        security: Security = "none" if is_loopback(host) else "starttls"
        return cls(host, parsed.port or port, "tls" if parsed.scheme == "smtps" else security)


class _Plain(smtplib.SMTP):
    """A connection that knows whether the server has all of a mail."""

    is_handed_in = False

    def send(self, s: "ReadableBuffer | str") -> None:
        """Send bytes; a line with nothing but a dot is the end of the mail."""
        super().send(s)
        text = s if isinstance(s, str) else bytes(s).decode("latin-1")
        self.is_handed_in = self.is_handed_in or text.endswith("\r\n.\r\n")


class _Tls(_Plain, smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""


@dataclass(slots=True)
class _Handing:
    """How far a mail has come, seen from outside of the thread that hands it in."""

    connection: _Plain | None = None

    def more(self) -> float:
        """Give a mail that is handed in the time to be taken; break any other off for good."""
        connection = self.connection
        if connection is not None and connection.is_handed_in:
            return AFTER_DATA
        with suppress(OSError, AttributeError):  # not connected yet, or not any more
            if connection is not None and connection.sock is not None:
                connection.sock.shutdown(socket.SHUT_RDWR)
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChannel:
    """Sends one mail a message to one `recipient`, so that who has it is not sent it again.

    A server's certificate is always checked. `deadline` is for all of the exchange, in seconds.
    `max_size` is in bytes of the whole mail as it is sent. The password is in no error and no log,
    and neither is any of `secrets`, which the server may repeat from what it knows.
    """

    name: str
    audience: Audience
    timing: Timing = field(default_factory=Timing)
    wording: Wording
    server: MailServer
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    sender: str
    recipient: str
    max_size: int = MAIL_BYTES
    deadline: float = 30.0
    clock: Clock = field(default=now, repr=False)

    def send(self, message: Message) -> None:
        """Send the mail, with the same Message-ID each time; raise DeliveryFailed.

        A server for which it is too large gets a short one, with the same id.
        """
        failure = attempt(
            self._offer,
            self.letter(message),
            lambda: self._letter(message, self.wording.short(message, titled=True)),
        )
        # Raised out here so that not even the exception's context holds what was sent.
        if failure is not None:
            raise failure

    def letter(self, message: Message) -> EmailMessage:
        """Write the mail. What a repetition has in common with the first attempt is its id."""

        def fits(text: str) -> bool:
            return len(self._letter(message, text).as_bytes()) <= self.max_size

        return self._letter(message, self.wording.text(message, fits=fits))

    def _letter(self, message: Message, text: str) -> EmailMessage:
        letter = EmailMessage(policy=SMTP)
        letter["From"] = self.sender
        letter["To"] = self.recipient
        letter["Subject"] = one_line(self.wording.subject(message))
        letter["Date"] = format_datetime(self.clock())
        letter["Message-ID"] = f"<{message.id}@{self.sender.rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"
        # Not Base64, which filters dislike and nobody can read in a log of the server.
        letter.set_content(f"{text}\n", cte="quoted-printable")
        return letter

    def _offer(self, letter: EmailMessage) -> DeliveryFailed | None:
        handing = _Handing()
        try:
            within(self.deadline, partial(self._send, letter, handing), handing.more)
        except OSError as error:  # what smtplib raises is one too
            return self._failure(error)
        return None

    def _send(self, letter: EmailMessage, handing: "_Handing") -> None:
        with self._connect() as connection:
            handing.connection = connection
            if self.server.security == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if self.user is not None:
                connection.login(self.user, self.password or "")
            connection.send_message(letter, self.sender, [self.recipient])

    def _connect(self) -> "_Plain | _Tls":
        host, port = self.server.host, self.server.port
        # Longer than the deadline, which is told better; it ends what the deadline leaves behind.
        timeout = self.deadline + AFTER_DATA
        if self.server.security == "tls":
            context = ssl.create_default_context()
            return _Tls(host, port, timeout=timeout, context=context)
        return _Plain(host, port, timeout=timeout)

    def _failure(self, error: Exception) -> DeliveryFailed:
        match error:
            case smtplib.SMTPRecipientsRefused(recipients=refused):
                code, said = next(iter(refused.values()))
                return self._refusal(code, said)
            case smtplib.SMTPResponseException(smtp_code=code, smtp_error=said):
                return self._refusal(code, said)
            case smtplib.SMTPNotSupportedError() if "STARTTLS" in str(error):
                return self._error("offers no STARTTLS", _TLS_HINT)
            case smtplib.SMTPServerDisconnected():
                return self._error("broke the connection off")
            case ssl.SSLError():
                return self._error(f"has no good TLS: {error.reason or 'refused'}", _TLS_HINT)
            case TimeoutError():
                return self._error("did not answer in time")
            case smtplib.SMTPException():
                return self._error("offers no login that is known", _LOGIN_HINT)
        return self._error("could not be reached")

    def _refusal(self, code: int, said: bytes | str) -> DeliveryFailed:
        if code in LOGIN:
            # Not quoted: it may hold what was sent.
            return self._error(f"refused the login ({code})", _LOGIN_HINT)
        words = said.decode(errors="replace") if isinstance(said, bytes) else said
        reply = cut(self._hide(one_line(words)), REPLY_LENGTH)
        for_good = code >= PERMANENT
        hint = "Check the channel's sender and recipients." if for_good else ""
        how = {"for_good": for_good, "too_large": code in TOO_LARGE}
        return self._error(f"answered {code}: {reply}", hint, **how)

    def _hide(self, text: str) -> str:
        """Replace the password, also as logins write it, and every other secret."""
        return hide(text, (self.password or "", *self.secrets))

    def _error(self, what: str, hint: str = "", **how: bool) -> DeliveryFailed:
        return DeliveryFailed(f"channel {self.name}: {self.server.host} {what}", hint=hint, **how)
