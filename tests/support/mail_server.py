"""A real mail server on the loopback, with scripted answers.

It has login, STARTTLS or TLS.
"""

import asyncio
import email
import email.policy
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Reply = Callable[[str], str]
"""Function that returns the reply to a recipient's address or to a mail's text."""


def accept(_address: str) -> str:
    """Accept every mail."""
    return "250 OK"


def text_of(letter: EmailMessage) -> str:
    """Return the plain text of a mail."""
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@dataclass
class Mailbox:
    """The result of `post_office`: its port and everything it received."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str | None, list[str]]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)


@dataclass
class _Handler:
    mailbox: Mailbox
    recipient: Reply
    data: Reply
    password: str | None

    async def handle_RCPT(  # noqa: N802  # interface
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        reply = self.recipient(address)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # interface
        reply = self.data(envelope.rcpt_tos[0])
        if reply.startswith("250"):
            raw = envelope.content
            assert isinstance(raw, bytes)
            letter = email.message_from_bytes(raw, policy=email.policy.default)
            assert isinstance(letter, EmailMessage)
            self.mailbox.raw.append(raw)
            self.mailbox.letters.append(letter)
            self.mailbox.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
            assert server.transport is not None
            self.mailbox.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return reply

    def check(
        self, _server: Any, _session: Any, _envelope: Any, _how: str, data: Any
    ) -> AuthResult:
        """Compare a login with the password."""
        assert isinstance(data, LoginPassword)
        user, password = data.login.decode(), data.password.decode()
        self.mailbox.logins.append((user, password))
        # Not handled, so that the server itself answers 535.
        return AuthResult(success=password == self.password, handled=False)


@contextmanager
def post_office(
    *,
    recipient: Reply = accept,
    data: Reply = accept,
    password: str | None = None,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
) -> Iterator[Mailbox]:
    """Serve SMTP on a free port of 127.0.0.1.

    With a password, login is mandatory.
    """
    mailbox = Mailbox()
    handler = _Handler(mailbox, recipient, data, password)

    def session() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a login without TLS, which is meant here
            return SMTP(
                handler,
                hostname="mail.test",
                tls_context=starttls,
                require_starttls=starttls is not None,
                auth_required=password is not None,
                auth_require_tls=False,
                auth_exclude_mechanism=[] if password else ["LOGIN", "PLAIN"],
                authenticator=handler.check if password else None,
            )

    loop = asyncio.new_event_loop()
    listening = loop.create_server(session, "127.0.0.1", 0, ssl=tls)
    server = loop.run_until_complete(listening)
    mailbox.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield mailbox
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(_ended(loop))
        loop.close()


async def _ended(loop: asyncio.AbstractEventLoop) -> None:
    tasks = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def greeting(line: bytes, *, end: bool = False) -> Iterator[int]:
    """Yield the port of a server that sends one line.

    It can repeat the line without end.
    """
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.sendall(line)
                while not end and not ended.wait(0.02):
                    connection.sendall(line)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            ended.set()
            thread.join()
