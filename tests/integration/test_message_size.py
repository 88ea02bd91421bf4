"""Size limits of messages: what fits, counts, and the short form."""

import base64
import hashlib
import hmac
import html
import json
import logging
import time
from collections.abc import Iterator
from string import Template
from typing import Any

import pytest

from catalog.alerts.apprise import AppriseChannel
from catalog.alerts.channel import Audience, Message
from catalog.alerts.email import EmailChannel, MailServer
from catalog.alerts.event import event_body
from catalog.alerts.message import MAIL_LINES, MAIL_TEMPLATE, TITLED, Wording
from catalog.alerts.size import characters
from catalog.alerts.webhook import WebhookChannel
from catalog.changes.change import Added, Removed
from catalog.changes.finding import Finding, Level
from catalog.core.errors import CatalogError, DeliveryFailed
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.daemon.heartbeat import Pings
from tests.support.builders import AT, finding, model
from tests.support.http_server import Recorded, Step, answer, serve
from tests.support.mail_server import post_office, text_of

COMMAND = "catalog alerts show msg_1"
PATH = "/hooks/T0PSECRET"
EMOJI = "\U0001f40d"


def added(number: int, name: str = "", **facts: Any) -> Finding:
    """Make an added model."""
    return finding(Added(model(str(number), name or f"m{number}", **facts)))


def message(*findings: Finding) -> Message:
    """Make a message."""
    return Message("msg_1", "infomaniak", AT, findings)


MANY = message(finding(Removed(model("9999", "gone"))), *(added(n) for n in range(3000)))
ESCAPED = message(*(added(n, "&" * 120) for n in range(40)))


@pytest.fixture
def http() -> Iterator[Http]:
    """Make a client with short time limits."""
    with Http(Limits(deadline=5)) as client:
        yield client


def webhook(url: str, http: Http, **rest: Any) -> WebhookChannel:
    """Make a channel to a receiver."""
    given: dict[str, Any] = {
        "name": "ops",
        "audience": Audience(),
        "url": f"{url}{PATH}",
        "wording": Wording(channel="ops"),
        "http": http,
        "backoff": 0.01,
    }
    return WebhookChannel(**given | rest)


def mail(port: int, **rest: Any) -> EmailChannel:
    """Make a channel to a mail server."""
    given: dict[str, Any] = {
        "name": "ops/dev@example.org",
        "audience": Audience(),
        "wording": Wording(channel="ops", template=MAIL_TEMPLATE, lines=MAIL_LINES),
        "server": MailServer("127.0.0.1", port, "none"),
        "sender": "catalog@example.org",
        "recipient": "dev@example.org",
    }
    return EmailChannel(**given | rest)


def sent(http: Http, reported: Message, *script: Step, **rest: Any) -> list[Recorded]:
    """Send a message that is accepted. Return the requests."""
    with serve(*script) as server:
        webhook(server.url, http, **rest).send(reported)
    return server.requests


def refused(
    http: Http, reported: Message, *script: Step, **rest: Any
) -> tuple[DeliveryFailed, int]:
    """Send a refused message. Return failure and number of requests."""
    with serve(*script) as server, pytest.raises(DeliveryFailed) as failed:
        webhook(server.url, http, **rest).send(reported)
    return failed.value, len(server.requests)


def read(request: Recorded) -> dict[str, Any]:
    """Return the data of an event."""
    data: dict[str, Any] = json.loads(request.body)["data"]
    return data


@pytest.mark.parametrize(
    "limit", [None, 2_000, 10_000, pytest.param(2**24, marks=pytest.mark.long)]
)
def test_an_event_is_no_larger_than_its_limit(http: Http, limit: int | None) -> None:
    """An event within its limit keeps the worst changes, all counts and a command."""
    (request,) = sent(http, MANY, max_size=limit)
    data = read(request)
    assert len(request.body) <= (limit or 256 * 1024)
    assert data["schema_version"] == 1
    assert data["changes"][0]["kind"] == "removed"
    assert data["title"] == "infomaniak: 1 breaking, 3,000 info"
    if limit == 2**24:
        assert len(data["changes"]) == 3001
        assert not {"counts", "left_out", "command"} & data.keys()
        return
    assert data["counts"] == {"breaking": 1, "warning": 0, "info": 3000}
    assert data["left_out"] == 3001 - len(data["changes"])
    assert data["command"] == COMMAND
    assert len(request.body) > (limit or 256 * 1024) * 0.7


def test_an_event_that_fits_is_as_it_always_was(http: Http) -> None:
    """A message of usual size has no extra keys and no cut values."""
    reported = message(added(1, description="x" * 5000))
    (request,) = sent(http, reported)
    assert set(read(request)) == {"schema_version", "provider", "at", "title", "text", "changes"}
    assert read(request)["changes"][0]["after"]["description"] == "x" * 5000


@pytest.mark.parametrize(
    "facts",
    [
        {"description": EMOJI * 200_000},
        {"meta": {f"key{n}": {"deep": ['"' * 999] * 20} for n in range(99)}},
        {"meta": {"k" * 300_000: 1}},
    ],
    ids=["text", "nested", "key"],
)
def test_a_single_change_larger_than_the_limit_is_cut(http: Http, facts: dict[str, Any]) -> None:
    """One huge model is cut and marked, and the other changes stay."""
    huge = finding(Removed(model("1", "huge", **facts)))
    (request,) = sent(http, message(huge, added(2)))
    assert len(request.body) <= 256 * 1024
    first, second = read(request)["changes"]
    assert (first["model"], first["cut"]) == ("huge", True)
    assert "cut" not in second
    assert second["after"]["name"] == "m2"
    assert "left_out" not in read(request)
    if "description" in facts:
        assert first["before"]["description"].endswith(f"{EMOJI}…")


def test_a_wave_of_many_models_is_cut(http: Http) -> None:
    """A wave over the limit keeps its count and its first names."""
    wave = finding(*(Added(model(str(n), f"m{n}-{'x' * 300}")) for n in range(3000)))
    (request,) = sent(http, message(wave))
    (change,) = read(request)["changes"]
    assert (change["count"], len(change["models"]), change["cut"]) == (3000, 20, True)
    assert change["models"][0].endswith("x…")


def test_a_chat_message_is_measured_as_escaped(http: Http) -> None:
    """Names of ampersands, which escaping makes five times longer, keep to 16,000 characters."""
    (request,) = sent(http, ESCAPED, format="slack")
    text = json.loads(request.body)["text"]
    assert 14_000 < len(text) <= 16_000
    assert text.count("&amp;") * 5 > 10_000
    assert text.endswith(f" info), see: {COMMAND}")
    shown = text.count(" added")
    assert f"and {40 - shown} more findings ({40 - shown} info)" in text
    assert "&" * 120 in html.unescape(text)
    (request,) = sent(http, ESCAPED, format="slack", max_size=3_000)
    assert len(json.loads(request.body)["text"]) <= 3_000


def test_a_character_that_takes_two_units_counts_twice(http: Http) -> None:
    """A chat that counts in UTF-16 accepts a text of emojis."""
    reported = message(*(added(n, EMOJI * 100) for n in range(40)))
    (request,) = sent(http, reported, format="slack", max_size=3_000)
    text = json.loads(request.body)["text"]
    assert characters(text) == len(text.encode("utf-16-le")) // 2
    assert 2_500 < characters(text) <= 3_000


@pytest.mark.parametrize("form", ["slack", "cloudevents"])
def test_a_template_longer_than_the_limit_gives_the_short_text(http: Http, form: str) -> None:
    """If a user's text does not fit, the short text with the counts is sent."""
    wording = Wording(channel="ops", template=Template("x" * 9000 + "$findings"))
    (request,) = sent(http, ESCAPED, format=form, max_size=4_000, wording=wording)
    text = json.loads(request.body)
    text = text["text"] if form == "slack" else text["data"]["text"]
    assert text.splitlines()[1] == (
        f"Too large to send in full: 40 findings (40 info), see: {COMMAND}"
    )
    assert len(request.body) <= 4_000


@pytest.mark.parametrize("form", ["cloudevents", "slack"])
@pytest.mark.parametrize("status", [413, 400])
def test_a_short_message_follows_one_that_is_too_large(
    http: Http, caplog: pytest.LogCaptureFixture, status: int, form: str
) -> None:
    """After a 413, or a 400 to a long message, a short signed message with the same id arrives."""
    reported = MANY if form == "cloudevents" else ESCAPED
    steps = (answer(status, b"too much"), answer())
    long, short = sent(http, reported, *steps, format=form, secrets=("geheim-geheim",))
    assert len(short.body) < 1_000
    assert len(long.body) > 10_000
    assert short.headers["webhook-id"] == long.headers["webhook-id"] == "msg_1"
    signed = f"msg_1.{short.headers['webhook-timestamp']}.".encode() + short.body
    digest = hmac.new(b"geheim-geheim", signed, hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    assert short.headers["webhook-signature"] == f"v1,{signature}"
    text = json.loads(short.body)
    if form == "cloudevents":
        assert text["id"] == "msg_1"
        data = text["data"]
        assert (data["changes"], data["left_out"]) == ([], 3001)
        assert data["counts"] == {"breaking": 1, "warning": 0, "info": 3000}
        assert (data["schema_version"], data["command"]) == (1, COMMAND)
        assert data["text"].startswith("infomaniak: gone removed, and 3,000 more (1 breaking, 3,0")
    else:
        data = text
        assert "40 info" in text["text"]
    assert data["text"].endswith(COMMAND)
    (record,) = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert record.getMessage() == (
        f"channel ops: 127.0.0.1 answered {status}: too much; a short message is sent instead"
    )


@pytest.mark.long
def test_each_attempt_of_the_short_message_has_the_same_bytes(http: Http) -> None:
    """Each attempt of the short message has the same bytes."""
    requests = sent(http, MANY, answer(413), answer(503), answer())
    assert requests[1].body == requests[2].body
    again = sent(http, MANY, answer(413), answer())
    assert [each.body for each in again] == [each.body for each in requests[:2]]


def test_a_short_message_that_is_refused_too_is_given_up(http: Http) -> None:
    """A 413 for both forms is final, but a temporary refusal is not."""
    failure, requests = refused(http, MANY, answer(413))
    assert (failure.for_good, requests) == (True, 2)
    assert str(failure) == "channel ops: 127.0.0.1 answered 413"
    failure, requests = refused(http, MANY, answer(413), answer(404))
    assert (failure.for_good, requests) == (False, 2)


def test_400_to_a_short_message_is_final(http: Http) -> None:
    """A 400 to a message of two findings is final, because the message is short."""
    failure, requests = refused(http, message(added(1), added(2)), answer(400))
    assert (failure.for_good, requests) == (True, 1)


@pytest.mark.long
def test_a_mail_is_no_larger_than_its_limit() -> None:
    """The size limit covers the encoded mail, where an emoji takes twelve bytes."""
    reported = message(*(added(n, f"{n}{EMOJI * 100}") for n in range(1000)))
    with post_office() as mailbox:
        mail(mailbox.port).send(reported)
        mail(mailbox.port, max_size=20_000).send(reported)
    whole, small = mailbox.raw
    assert 200_000 < len(whole) <= 1024 * 1024
    assert 15_000 < len(small) <= 20_000
    text = text_of(mailbox.letters[1])
    shown = text.count(" added")
    assert f"and {1000 - shown:,} more findings ({1000 - shown:,} info), see: {COMMAND}" in text
    assert text.rstrip().endswith("Sent by catalog to channel ops")


def test_a_mail_that_the_server_finds_too_large_is_sent_short() -> None:
    """After a 552 a short mail with the same id arrives, but not after a 554."""
    answers = iter(["552 5.3.4 too big", "250 OK"])
    with post_office(data=lambda _: next(answers)) as mailbox:
        mail(mailbox.port).send(MANY)
    (letter,) = mailbox.letters
    assert letter["Message-ID"] == "<msg_1@example.org>"
    assert letter["Subject"].startswith("infomaniak: gone removed, and 3,000 more")
    assert text_of(letter).strip() == (
        f"Too large to send in full: 3,001 findings (1 breaking, 3,000 info), see: {COMMAND}"
    )
    with post_office(data=lambda _: "554 no") as mailbox, pytest.raises(DeliveryFailed) as failed:
        mail(mailbox.port).send(MANY)
    assert failed.value.for_good


def apprise(url: str, **rest: Any) -> AppriseChannel:
    """Make a channel to a receiver of Apprise's own JSON."""
    wording = Wording(channel="team", template=TITLED)
    given: dict[str, Any] = {"name": "team/json", "audience": Audience(), "wording": wording}
    return AppriseChannel(**given, url=url.replace("http:", "json:"), **rest)


@pytest.mark.long
def test_a_target_of_apprise_gets_the_short_text_after_413() -> None:
    """After a 413 an Apprise target gets the short text with its title."""
    with serve(answer(413), answer()) as server:
        apprise(server.url).send(MANY)
    long, short = (json.loads(each.body) for each in server.requests)
    assert len(long["message"]) > 1_000
    assert long["title"] == short["title"]
    assert short["message"] == (
        f"Too large to send in full: 3,001 findings (1 breaking, 3,000 info), see: {COMMAND}"
    )
    with serve(answer(413)) as server, pytest.raises(DeliveryFailed) as failed:
        apprise(server.url).send(MANY)
    assert (len(server.requests), failed.value.for_good) == (2, True)


@pytest.mark.parametrize("form", ["text", "html"])
def test_a_target_of_apprise_is_measured_in_the_format_it_is_sent(form: str) -> None:
    """A text that Apprise converts fits its limit, and keeps the count at its end."""
    with serve() as server:
        apprise(f"{server.url}/?format={form}", max_size=2_000).send(ESCAPED)
    text = json.loads(server.requests[0].body)["message"]
    assert 1_000 < len(text) <= 2_000
    read_as = html.unescape(text).replace("\xa0", " ")
    assert f"see: {COMMAND}" in read_as
    assert read_as.endswith("2025-12-23 10:16 UTC")


@pytest.mark.long
def test_a_message_of_very_many_findings_is_made_fast() -> None:
    """Building a message of 10,000 findings takes under a second."""
    model_ = model("1", "alpha")
    reported = Message(
        "msg_1", "infomaniak", AT, (finding(Added(model_), level=Level.INFO),) * 10_000
    )
    wording = Wording(channel="ops")
    started = time.process_time()
    body = event_body(reported, wording.text(reported), 256 * 1024)
    assert time.process_time() - started < 1
    assert len(body) <= 256 * 1024


def test_the_ping_of_a_long_error_has_a_size(http: Http) -> None:
    """The ping of a long error has its beginning and a cut mark."""
    with serve() as monitor:
        Pings(monitor.url, http).end(CatalogError("ä" * 10**6))
    (ping,) = monitor.requests
    assert ping.body.decode() == "ä" * 3_999 + "…"
