"""A webhook channel against a real HTTP receiver.

Deliveries, and errors without secrets.
"""

import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from traceback import TracebackException

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from catalog.alerts.channel import Audience, Channel, Message
from catalog.alerts.log import LogChannel
from catalog.alerts.message import Wording
from catalog.alerts.webhook import Format, WebhookChannel
from catalog.changes.change import Added, Removed
from catalog.changes.finding import Finding, Level
from catalog.core.clock import Clock, now
from catalog.core.errors import DeliveryFailed
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.core.snapshot import Model
from catalog.core.strict_json import JsonText
from tests.support.http_server import (
    Recorded,
    Step,
    answer,
    break_off,
    drip,
    drip_headers,
    flood,
    gzip_bomb,
    hang_up,
    refusing,
    serve,
    silence,
)

AT = datetime(2026, 5, 19, 15, 48, 46, tzinfo=UTC)
PATH = "/services/T0PSECRET/B0PSECRET"
OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
KEYS = tuple(base64.b64decode(secret[6:]) for secret in (NEW, OLD))
HIDDEN = ("T0PSECRET", "B0PSECRET", OLD[6:], NEW[6:], *(repr(key)[2:-1] for key in KEYS))


def message() -> Message:
    """Return a new copy of the message, as each run reads it."""
    model = Model("6", "llama3", "llm", JsonText('{"id":6}'))
    added = Finding("infomaniak", AT, "model-added", Level.INFO, (Added(model),), snapshot=5)
    gone = Finding("infomaniak", AT, "model-removed", Level.BREAKING, (Removed(model),), snapshot=5)
    return Message("msg_2b6c", "infomaniak", AT, (added, gone))


@pytest.fixture
def http() -> Iterator[Http]:
    """Make a client with short time limits."""
    with Http(Limits(deadline=2, max_bytes=200_000)) as client:
        yield client


def webhook(
    url: str,
    http: Http,
    *,
    secrets: tuple[str, ...] = (NEW, OLD),
    form: Format = "cloudevents",
    clock: Clock = now,
) -> WebhookChannel:
    """Make a channel with a secret URL, like that of a chat."""
    return WebhookChannel(
        name="ops",
        audience=Audience(),
        url=f"{url}{PATH}",
        secrets=secrets,
        format=form,
        wording=Wording(channel="ops"),
        http=http,
        clock=clock,
        backoff=0.01,
    )


def received(
    http: Http, form: Format = "cloudevents", secrets: tuple[str, ...] = (NEW, OLD)
) -> Recorded:
    """Send the message and return the one request that arrived."""
    with serve(answer(204, b"")) as server:
        webhook(server.url, http, form=form, secrets=secrets).send(message())
    (request,) = server.requests
    return request


def test_event_arrives(http: Http) -> None:
    """A receiver gets one POST with a CloudEvent that names the poll and its findings."""
    request = received(http)
    assert (request.method, request.path) == ("POST", PATH)
    assert request.headers["content-type"] == "application/cloudevents+json"
    event = json.loads(request.body)
    assert (event["specversion"], event["id"]) == ("1.0", "msg_2b6c")
    assert event["time"] == "2026-05-19T15:48:46Z"
    assert event["data"]["title"] == "infomaniak: 1 breaking, 1 info"
    assert [change["kind"] for change in event["data"]["changes"]] == ["removed", "added"]


def test_chat_message_arrives(http: Http) -> None:
    """A chat gets one JSON text with its findings, most severe first."""
    request = received(http, "slack", secrets=())
    assert request.headers["content-type"] == "application/json"
    reported = json.loads(request.body)
    assert list(reported) == ["text"]
    assert "webhook-signature" not in request.headers
    assert reported["text"].splitlines()[1:3] == [
        "⛔ llama3 removed",
        "   Calls that use this name fail once the provider stops serving it.",
    ]


def test_signature_by_the_specification(http: Http) -> None:
    """Each secret gives one signature: HMAC-SHA256 over id, timestamp and body as received."""
    request = received(http)
    headers = request.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    digests = [hmac.new(key, signed, hashlib.sha256).digest() for key in KEYS]
    expected = " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
    assert headers["webhook-signature"] == expected


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_signature_by_the_public_library(http: Http, secret: str) -> None:
    """The Standard Webhooks library accepts the message with either secret of a rotation."""
    request = received(http)
    assert Webhook(secret).verify(request.body, dict(request.headers))["id"] == "msg_2b6c"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(request.body + b" ", dict(request.headers))


def test_retry_repeats_id_and_body(http: Http) -> None:
    """A retry has the id and bytes of the first attempt, and a new signature."""
    ticks = iter(AT + timedelta(seconds=second) for second in range(10))
    with serve(answer(503), hang_up, answer()) as server:
        webhook(server.url, http, clock=lambda: next(ticks)).send(message())
    first, *again = server.requests
    assert [request.body for request in again] == [first.body] * 2
    assert {request.headers["webhook-id"] for request in server.requests} == {"msg_2b6c"}
    stamps = [int(request.headers["webhook-timestamp"]) for request in server.requests]
    assert stamps == [int(AT.timestamp()) + second for second in range(3)]
    assert len({request.headers["webhook-signature"] for request in server.requests}) == 3


def test_later_run_repeats_id_and_body(http: Http) -> None:
    """A later run sends a pending message with the id and bytes of the failed attempts."""
    with serve(*[answer(500)] * 3, answer()) as server:
        with pytest.raises(DeliveryFailed):
            webhook(server.url, http).send(message())
        webhook(server.url, http).send(message())
    assert len(server.requests) == 4
    assert len({(r.body, r.headers["webhook-id"]) for r in server.requests}) == 1


@pytest.mark.parametrize(
    "step",
    [answer(202), break_off(), drip(), flood(10**6), gzip_bomb(1000)],
    ids=["accepted", "broken-off", "dripping", "too-long", "compressed"],
)
def test_an_accepted_message_is_not_sent_again(http: Http, step: Step) -> None:
    """After a 2xx status nothing is sent again, even if the answer is broken."""
    with serve(step) as server:
        webhook(server.url, http).send(message())
    assert len(server.requests) == 1


def assert_nothing_shown(
    failure: DeliveryFailed, channel: WebhookChannel, caplog: pytest.LogCaptureFixture
) -> None:
    """Assert that no log, terminal or crash report can show a secret."""
    trace = failure.__traceback__
    assert trace is not None
    # The first frame is the test's own, which holds the secrets.
    reported = TracebackException(type(failure), failure, trace.tb_next, capture_locals=True)
    shown = [str(failure), repr(failure), failure.hint, repr(channel), *reported.format()]
    shown += [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    assert not [text for text in shown for secret in HIDDEN if secret in text]
    assert failure.__context__ is None
    assert failure.__cause__ is None


@pytest.mark.parametrize(
    ("step", "requests", "reason"),
    [
        (answer(302, headers={"Location": f"https://x.example{PATH}"}), 1, "answered 302"),
        (answer(400), 1, "answered 400"),
        (answer(401), 1, "answered 401"),
        (answer(404, b"no " + PATH.encode()), 1, "answered 404: no ***"),
        (answer(410), 1, "answered 410"),
        (answer(429, headers={"Retry-After": "3600"}), 1, "answered 429"),
        (answer(500), 3, "answered 500"),
        pytest.param(silence, 1, "did not answer in time", marks=pytest.mark.long),
    ],
    ids=["302", "400", "401", "404", "410", "429", "500", "silence"],
)
def test_refusal(
    http: Http,
    caplog: pytest.LogCaptureFixture,
    step: Step,
    requests: int,
    reason: str,
) -> None:
    """Any reply but 2xx fails the delivery, and no secret is shown."""
    caplog.set_level(logging.DEBUG)
    with serve(step) as server:
        channel = webhook(server.url, http)
        with pytest.raises(DeliveryFailed) as failed:
            channel.send(message())
    assert str(failed.value) == f"channel ops: 127.0.0.1 {reason}"
    assert len(server.requests) == requests
    assert_nothing_shown(failed.value, channel, caplog)


def test_a_broken_connection_names_the_port(http: Http, caplog: pytest.LogCaptureFixture) -> None:
    """A receiver that hangs up is named by host and port, and no secret is shown."""
    caplog.set_level(logging.DEBUG)
    with serve(hang_up) as server:
        channel = webhook(server.url, http)
        with pytest.raises(DeliveryFailed) as failed:
            channel.send(message())
    reached = f"{server.url.removeprefix('http://')} could not be reached"
    assert str(failed.value) == f"channel ops: {reached}"
    assert len(server.requests) == 3
    assert_nothing_shown(failed.value, channel, caplog)


@pytest.mark.long
@pytest.mark.parametrize("step", [drip_headers(), silence], ids=["dripping", "silent"])
def test_one_deadline_holds_for_all_attempts(step: Step) -> None:
    """All attempts share one deadline, and a slow receiver is cut off at its end."""
    started = time.monotonic()
    with serve(answer(503), step) as server, Http() as patient:
        channel = replace(webhook(server.url, patient), retry_for=2)
        with pytest.raises(DeliveryFailed, match="did not answer in time"):
            channel.send(message())
        assert len(server.requests) == 2
    assert time.monotonic() - started < 15


def test_refused_connection(http: Http, caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection fails the delivery, and no secret is shown."""
    caplog.set_level(logging.DEBUG)
    with refusing() as url:
        channel = webhook(url, http)
        with pytest.raises(DeliveryFailed) as failed:
            channel.send(message())
    reached = f"{url.removeprefix('http://')} could not be reached"
    assert str(failed.value) == f"channel ops: {reached}"
    assert_nothing_shown(failed.value, channel, caplog)


def test_unfit_url(http: Http, caplog: pytest.LogCaptureFixture) -> None:
    """An invalid URL fails its own channel, and the error gives the reason."""
    channel = webhook("http://chat.example", http)
    with pytest.raises(DeliveryFailed, match=r"^channel ops: .*plain http") as failed:
        channel.send(message())
    assert_nothing_shown(failed.value, channel, caplog)


def test_a_gone_receiver_has_a_hint(http: Http) -> None:
    """The hint after a 410 asks to remove the channel, and after a 404 it does not."""
    with serve(answer(410)) as server, pytest.raises(DeliveryFailed) as failed:
        webhook(server.url, http).send(message())
    assert "remove the channel" in failed.value.hint
    with serve(answer(404)) as server, pytest.raises(DeliveryFailed) as failed:
        webhook(server.url, http).send(message())
    assert failed.value.hint == DeliveryFailed.hint


def test_useless_secret_is_refused_at_once(http: Http) -> None:
    """A secret that cannot sign fails when the channel is made."""
    with pytest.raises(ValueError, match="no Base64 follows"):
        webhook("https://chat.example", http, secrets=("whsec_no*base64",))


def test_channels_are_interchangeable(http: Http) -> None:
    """A log channel and a webhook take the same message."""
    with serve() as server:
        channels: list[Channel] = [LogChannel("log", Audience()), webhook(server.url, http)]
        for channel in channels:
            channel.send(message())
    assert [channel.name for channel in channels] == ["log", "ops"]
    assert len(server.requests) == 1
