"""Send messages over SMTP as plain text and HTML, one per recipient."""

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
from catalog.alerts.html import page
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
"""Login errors, which an operator can repair. Every other 5xx ends the retries."""
TOO_LARGE = {523, 552}
"""Codes for a mail above the server's size limit."""
REPLY_LENGTH = 200
AFTER_DATA = 120.0
"""Seconds to wait for the answer after the complete mail.

The server may scan the mail first. A shorter wait would cause a second mail, because the first one
may be delivered. RFC 5321, 4.5.3.2.6, recommends ten minutes.
"""
_UNREACHED = "`catalog doctor` checks the connection to the mail server."
_LOGIN_HINT = "Check the channel's user and password."
_TLS_HINT = "Check the server's certificate and port; smtps:// is for TLS from the first byte."


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server and its encryption."""

    host: str
    port: int
    security: Security = "starttls"

    @classmethod
    def read(cls, url: str) -> "MailServer":
        """Parse `smtp://HOST:PORT` or `smtps://HOST:PORT`, or raise SettingsInvalid.

        `smtp` requires STARTTLS, except on this machine.
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
            raise SettingsInvalid(text, hint="User and password have their own settings.")
        security: Security = "none" if is_loopback(host) else "starttls"
        return cls(host, parsed.port or port, "tls" if parsed.scheme == "smtps" else security)


class _Plain(smtplib.SMTP):
    """A connection that knows whether the mail was sent completely."""

    is_complete = False

    def send(self, s: "ReadableBuffer | str") -> None:
        """Send bytes. A line with only a dot ends the mail."""
        super().send(s)
        text = s if isinstance(s, str) else bytes(s).decode("latin-1")
        self.is_complete = self.is_complete or text.endswith("\r\n.\r\n")


class _Tls(_Plain, smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""


@dataclass(slots=True)
class _Progress:
    """The progress of a mail, visible to the waiting thread."""

    connection: _Plain | None = None

    def more(self) -> float:
        """Return extra seconds for a complete mail, else close the connection."""
        connection = self.connection
        if connection is not None and connection.is_complete:
            return AFTER_DATA
        with suppress(OSError, AttributeError):  # not connected
            if connection is not None and connection.sock is not None:
                connection.sock.shutdown(socket.SHUT_RDWR)
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChannel:
    """A channel that mails one `recipient`.

    The server's certificate is always checked. `deadline` limits the whole exchange, in seconds.
    `max_size` is in bytes of the encoded mail. Errors and logs contain neither the password nor any
    of `secrets`, even if the server's answer repeats them.
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
        """Send the mail with a stable Message-ID, or raise DeliveryFailed.

        If it is too large, a short mail with the same id follows.
        """
        failure = attempt(
            self._offer,
            self.mail(message),
            lambda: self._mail(message, self.wording.short(message, titled=True)),
        )
        # Raised outside of `except`, because the exception's context must not contain the mail.
        if failure is not None:
            raise failure

    def mail(self, message: Message) -> EmailMessage:
        """Return the mail. Its id is the same on every attempt."""

        def fits(text: str) -> bool:
            return len(self._mail(message, text).as_bytes()) <= self.max_size

        return self._mail(message, self.wording.text(message, fits=fits))

    def _mail(self, message: Message, text: str) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self.sender
        mail["To"] = self.recipient
        mail["Subject"] = one_line(self.wording.subject(message))
        mail["Date"] = format_datetime(self.clock())
        mail["Message-ID"] = f"<{message.id}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        # Not Base64, because spam filters dislike it and people cannot read it.
        mail.set_content(f"{text}\n", cte="quoted-printable")
        html = page(str(mail["Subject"]), text)
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
        # Every attempt sends the same bytes, so the boundary is not random.
        mail.set_boundary(f"=_{message.id}")
        return mail

    def _offer(self, mail: EmailMessage) -> DeliveryFailed | None:
        progress = _Progress()
        try:
            within(self.deadline, partial(self._send, mail, progress), progress.more)
        except OSError as error:  # smtplib's errors are OSErrors
            return self._failure(error)
        return None

    def _send(self, mail: EmailMessage, progress: "_Progress") -> None:
        with self._connect() as connection:
            progress.connection = connection
            if self.server.security == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if self.user is not None:
                connection.login(self.user, self.password or "")
            connection.send_message(mail, self.sender, [self.recipient])

    def _connect(self) -> "_Plain | _Tls":
        host, port = self.server.host, self.server.port
        # Longer than the deadline, because the deadline gives a better error. This timeout only
        # closes abandoned connections.
        timeout = self.deadline + AFTER_DATA
        if self.server.security == "tls":
            context = ssl.create_default_context()
            return _Tls(host, port, timeout=timeout, context=context)
        return _Plain(host, port, timeout=timeout)

    def _failure(self, error: Exception) -> DeliveryFailed:
        match error:
            case smtplib.SMTPRecipientsRefused(recipients=refused):
                code, text = next(iter(refused.values()))
                return self._refusal(code, text)
            case smtplib.SMTPResponseException(smtp_code=code, smtp_error=text):
                return self._refusal(code, text)
            case smtplib.SMTPNotSupportedError() if "STARTTLS" in str(error):
                return self._error("offers no STARTTLS", _TLS_HINT)
            case smtplib.SMTPServerDisconnected():
                return self._error("closed the connection early")
            case ssl.SSLError():
                return self._error(f"failed the TLS check: {error.reason or 'refused'}", _TLS_HINT)
            case TimeoutError():
                return self._error("did not answer in time")
            case smtplib.SMTPException():
                return self._error("offers no supported login method", _LOGIN_HINT)
        reason = getattr(error, "strerror", None) or type(error).__name__
        what = f"{self.server.host}:{self.server.port} could not be reached: {reason}"
        return DeliveryFailed(f"channel {self.name}: {what}", hint=_UNREACHED)

    def _refusal(self, code: int, text: bytes | str) -> DeliveryFailed:
        if code in LOGIN:
            # Not quoted, because it may contain the password.
            return self._error(f"refused the login ({code})", _LOGIN_HINT)
        text = text.decode(errors="replace") if isinstance(text, bytes) else text
        reply = cut(self._hide(one_line(text)), REPLY_LENGTH)
        for_good = code >= PERMANENT
        hint = "Check the channel's sender and recipients." if for_good else ""
        how = {"for_good": for_good, "too_large": code in TOO_LARGE}
        return self._error(f"answered {code}: {reply}", hint, **how)

    def _hide(self, text: str) -> str:
        """Replace the password, also in its encoded forms, and every other secret."""
        return hide(text, (self.password or "", *self.secrets))

    def _error(self, what: str, hint: str = "", **how: bool) -> DeliveryFailed:
        return DeliveryFailed(f"channel {self.name}: {self.server.host} {what}", hint=hint, **how)
