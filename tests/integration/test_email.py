"""An email channel against a real mail server.

Deliveries, and errors without the password.
"""

import logging
import ssl
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from traceback import TracebackException
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.alerts.channel import Audience, Message
from catalog.alerts.email import EmailChannel, MailServer, Security
from catalog.alerts.message import MAIL_TEMPLATE, Wording
from catalog.changes.change import Added, Removed
from catalog.core.errors import DeliveryFailed, SettingsInvalid
from tests.support.builders import AT, finding, model
from tests.support.http_server import make_certificate, refusing
from tests.support.mail_server import greeting, post_office, text_of

PASSWORD = "hunter2-s3cr3t"
NOW = datetime(2026, 5, 20, 7, 0, tzinfo=UTC)
GONE = finding(Removed(model("6", "llama3")))
MESSAGE = Message("msg_2b6c", "infomaniak", AT, (GONE,))


def channel(port: int, security: Security = "none", **rest: Any) -> EmailChannel:
    """Make a channel to a mail server on this machine."""
    given: dict[str, Any] = {
        "name": "ops/dev@example.org",
        "audience": Audience(),
        "wording": Wording(channel="ops", template=MAIL_TEMPLATE),
        "server": MailServer("127.0.0.1", port, security),
        "sender": "catalog@example.org",
        "recipient": "dev@example.org",
        "deadline": 5.0,
        "clock": lambda: NOW,
    }
    return EmailChannel(**given | rest)


def login(**rest: Any) -> dict[str, Any]:
    """Return the settings of a channel that logs in."""
    return {"user": "catalog", "password": PASSWORD, **rest}


def fail(sending: EmailChannel, message: Message = MESSAGE) -> DeliveryFailed:
    """Fail to send, and return an error without the password."""
    with pytest.raises(DeliveryFailed) as failed:
        sending.send(message)
    error = failed.value
    shown = "".join(TracebackException.from_exception(error, capture_locals=False).format())
    assert PASSWORD not in shown + error.hint + repr(sending)
    assert error.__cause__ is error.__context__ is None
    return error


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return a server's TLS settings with a trusted certificate."""
    both = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context


def test_a_mail_arrives() -> None:
    """A recipient gets one mail as text and as HTML, marked as automatic."""
    with post_office() as mailbox:
        channel(mailbox.port).send(MESSAGE)
    (letter,) = mailbox.letters
    assert mailbox.envelopes == [("catalog@example.org", ["dev@example.org"])]
    assert (letter["From"], letter["To"]) == ("catalog@example.org", "dev@example.org")
    assert letter["Subject"] == "infomaniak: llama3 removed (breaking)"
    assert letter["Date"].datetime == NOW
    assert letter["Message-ID"] == "<msg_2b6c@example.org>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "multipart/alternative"
    plain, html = letter.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert "llama3 removed</span>" in html.get_content()
    assert plain.get_content().splitlines()[:2] == [
        "⛔ llama3 removed",
        "   Calls that use this name fail once the provider stops serving it.",
    ]


def test_a_repetition_is_recognizable() -> None:
    """Sent again, a message has the same id, subject and text."""
    with post_office() as mailbox:
        channel(mailbox.port).send(MESSAGE)
        channel(mailbox.port, clock=lambda: AT).send(MESSAGE)
    first, second = mailbox.letters
    for same in ("Message-ID", "Subject"):
        assert first[same] == second[same]
    assert text_of(first) == text_of(second)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_login_over_tls(certificate: ssl.SSLContext, security: Security) -> None:
    """User and password go over an encrypted connection, and the mail after them."""
    kind: dict[str, Any] = {security: certificate}
    with post_office(password=PASSWORD, **kind) as mailbox:
        channel(mailbox.port, security, **login()).send(MESSAGE)
    assert mailbox.logins == [("catalog", PASSWORD)]
    assert mailbox.encrypted == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_untrusted_certificate(
    certificate: ssl.SSLContext, security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server with an untrusted certificate gets no login, and the mail is retried."""
    monkeypatch.delenv("SSL_CERT_FILE")
    kind: dict[str, Any] = {security: certificate}
    with post_office(password=PASSWORD, **kind) as mailbox:
        error = fail(channel(mailbox.port, security, **login()))
    assert "127.0.0.1 failed the TLS check: CERTIFICATE_VERIFY_FAILED" in str(error)
    assert "certificate" in error.hint
    assert not error.for_good
    assert mailbox.logins == []


def test_a_server_without_starttls_gets_no_password() -> None:
    """If a server offers no STARTTLS, the required login is not sent."""
    with post_office(password=PASSWORD) as mailbox:
        error = fail(channel(mailbox.port, "starttls", **login()))
    assert str(error) == "channel ops/dev@example.org: 127.0.0.1 offers no STARTTLS"
    assert (mailbox.logins, error.for_good) == ([], False)


def test_a_wrong_password() -> None:
    """After a refused login the message stays pending."""
    with post_office(password="another") as mailbox:
        error = fail(channel(mailbox.port, **login()))
    assert str(error) == "channel ops/dev@example.org: 127.0.0.1 refused the login (535)"
    assert (error.for_good, "user and password" in error.hint) == (False, True)
    assert mailbox.logins


def test_a_server_that_wants_a_login() -> None:
    """A server that requires a login is reported as such."""
    with post_office(password=PASSWORD) as mailbox:
        error = fail(channel(mailbox.port))
    assert "refused the login (530)" in str(error)
    assert not error.for_good


def test_a_server_that_knows_no_login() -> None:
    """A user for a server without logins is a mistake of the operator's."""
    with post_office() as mailbox:
        error = fail(channel(mailbox.port, **login()))
    assert "offers no supported login method" in str(error)


REPLIES: list[tuple[str, bool]] = [
    ("550 5.1.1 no such user", True),
    ("552 5.2.2 mailbox full", True),
    ("450 4.2.0 greylisted, try again", False),
    ("421 4.3.2 shutting down", False),
    (f"550 {PASSWORD} is not welcome", True),
    ("550 Y2F0YWxvZw== and aHVudGVyMi1zM2NyM3Q= AGNhdGFsb2cAaHVudGVyMi1zM2NyM3Q=", True),
]


@pytest.mark.parametrize(("reply", "for_good"), REPLIES)
@pytest.mark.parametrize("place", ["recipient", "data"])
def test_refusals(place: str, reply: str, for_good: bool) -> None:
    """A 5xx reply ends a message, a 4xx does not, and the quote hides the password."""
    script: dict[str, Any] = {place: lambda _address: reply}
    with post_office(password=PASSWORD, **script) as mailbox:
        error = fail(channel(mailbox.port, **login()))
    code, _, output = reply.partition(" ")
    shown = output.replace(PASSWORD, "***").replace("aHVudGVyMi1zM2NyM3Q=", "***")
    assert str(error) == f"channel ops/dev@example.org: 127.0.0.1 answered {code}: {shown}"
    assert error.for_good is for_good
    assert mailbox.letters == []


def test_one_recipient_does_not_get_a_mail_again_because_of_another() -> None:
    """If one recipient is refused, the other gets no second mail."""
    refuse = {"bob@example.org": "450 later"}
    with post_office(recipient=lambda address: refuse.get(address, "250 OK")) as mailbox:
        channel(mailbox.port, recipient="ann@example.org").send(MESSAGE)
        fail(channel(mailbox.port, recipient="bob@example.org"))
    assert [to for _, to in mailbox.envelopes] == [["ann@example.org"]]


def test_a_closed_port() -> None:
    """A closed port is reported as unreachable and is retried."""
    with refusing() as url:
        error = fail(channel(int(url.rpartition(":")[2])))
    reached = f"{url.removeprefix('http://')} could not be reached: Connection refused"
    assert str(error) == f"channel ops/dev@example.org: {reached}"
    assert error.hint == "`catalog doctor` checks the connection to the mail server."
    assert not error.for_good


def test_a_silent_server() -> None:
    """The deadline holds for a server that takes the connection and never greets."""
    with greeting(b"") as port:
        error = fail(channel(port, deadline=0.2))
    assert "did not answer in time" in str(error)


def test_a_server_that_drips() -> None:
    """The deadline holds for the whole exchange, however many bytes drip in."""
    with greeting(b"220-welcome\r\n") as port:
        error = fail(channel(port, deadline=0.3))
    assert "did not answer in time" in str(error)


@pytest.mark.long
def test_a_server_that_scans_the_received_mail() -> None:
    """After the whole mail is sent, the server's answer is awaited past the deadline."""
    scanned = threading.Event()

    def scan(_text: str) -> str:
        scanned.wait()
        return "250 taken"

    with post_office(data=scan) as mailbox:
        late = threading.Timer(1.5, scanned.set)
        late.start()
        channel(mailbox.port, deadline=1).send(MESSAGE)
        late.join()
    assert len(mailbox.letters) == 1


def test_a_given_up_mail_never_arrives() -> None:
    """A mail whose time ends before its last byte never arrives."""
    released = threading.Event()

    def hold(_address: str) -> str:
        released.wait()
        return "250 go on"

    with post_office(recipient=hold) as mailbox:
        error = fail(channel(mailbox.port, deadline=0.3))
        released.set()
    assert "did not answer in time" in str(error)
    assert mailbox.letters == []


def test_a_connection_that_breaks_off() -> None:
    """A broken connection is reported as such and is retried."""
    with greeting(b"220 mail.test\r\n", end=True) as port:
        error = fail(channel(port))
    assert "127.0.0.1 closed the connection early" in str(error)
    assert not error.for_good


def test_no_log_contains_the_password(caplog: pytest.LogCaptureFixture) -> None:
    """No log record at any level contains the password or the mail."""
    caplog.set_level(logging.DEBUG)
    with post_office(password=PASSWORD) as mailbox:
        channel(mailbox.port, **login()).send(MESSAGE)
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("mail.")]
    assert PASSWORD not in "\n".join(ours)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_no_name_breaks_a_header(name: str) -> None:
    """No model name breaks the header lines of a mail."""
    reported = Message("msg_1", "infomaniak", AT, (finding(Added(model("1", name))),))
    letter = channel(25).mail(reported)
    raw = letter.as_bytes()
    headers = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    names = [line.partition(b":")[0].decode() for line in headers if line[:1] not in b" \t"]
    assert [each for each in names if not each.startswith(("MIME", "Content"))] == [
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
    ]
    assert max(map(len, raw.split(b"\r\n"))) < 998


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", MailServer("mail.example.org", 587, "starttls")),
        ("smtp://mail.example.org:25/", MailServer("mail.example.org", 25, "starttls")),
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, "tls")),
        ("smtp://localhost:1025", MailServer("localhost", 1025, "none")),
        ("smtp://[::1]:25", MailServer("::1", 25, "none")),
        ("smtps://127.0.0.1:1", MailServer("127.0.0.1", 1, "tls")),
    ],
)
def test_mail_servers_are_read(url: str, server: MailServer) -> None:
    """Only a server on this machine is used without TLS."""
    assert MailServer.read(url) == server


@pytest.mark.parametrize(
    "url",
    [
        *("mail.example.org", "http://mail.example.org", "smtp://", "smtp://u:p@mail.example.org"),
        *("smtp://mail.example.org/x", "smtp://mail.example.org?x=1", "smtp://mail:99999"),
    ],
)
def test_an_invalid_mail_server(url: str) -> None:
    """A user, a path or another scheme is refused."""
    with pytest.raises(SettingsInvalid):
        MailServer.read(url)


def test_a_test_mail() -> None:
    """The subject of a test mail marks it as a test."""
    with post_office() as mailbox:
        channel(mailbox.port).send(replace(MESSAGE, findings=(), test=True))
    (letter,) = mailbox.letters
    assert letter["Subject"] == "Test of channel ops"
    assert "This is a test of channel ops" in text_of(letter)
