"""A receiver's refusal: shown, stored, and final or temporary."""

from collections.abc import Iterator
from typing import Any

import pytest

from catalog.alerts.channel import Audience, Message
from catalog.alerts.message import Wording
from catalog.alerts.webhook import Format, WebhookChannel
from catalog.changes.change import Added
from catalog.core.errors import DeliveryFailed
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from tests.support.builders import AT, finding, model
from tests.support.http_server import Step, answer, serve

NOT_OK = b'{"ok": false, "error": "%s"}'
MESSAGE = Message("msg_1", "infomaniak", AT, (finding(Added(model("1", "kimi"))),))


@pytest.fixture
def http() -> Iterator[Http]:
    """Make a client with short time limits."""
    with Http(Limits(deadline=5)) as client:
        yield client


def sent(http: Http, step: Step, form: Format = "cloudevents") -> tuple[str, bool, int]:
    """Send a message. Return error text, finality and request count."""
    with serve(step) as server:
        url, wording = f"{server.url}/hooks/T0PSECRET", Wording(channel="ops")
        given: dict[str, Any] = {"format": form, "wording": wording, "http": http, "backoff": 0.01}
        try:
            WebhookChannel(name="ops", audience=Audience(), url=url, **given).send(MESSAGE)
        except DeliveryFailed as error:
            return str(error), error.for_good, len(server.requests)
    return "", False, len(server.requests)


@pytest.mark.parametrize(
    ("code", "requests", "for_good"),
    [
        ("channel_not_found", 1, False),
        ("invalid_auth", 1, False),
        ("no_text", 1, True),
        ("msg_too_long", 2, False),
    ],
)
def test_200_that_is_not_ok_is_a_failure(
    http: Http, code: str, requests: int, for_good: bool
) -> None:
    """Slack's error with status 200 is shown, and decides on a retry."""
    step = answer(200, NOT_OK % code.encode())
    text = f"channel ops: 127.0.0.1 answered 200 but refused the message: {code}"
    assert sent(http, step, "slack") == (text, for_good, requests)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"ok": false}', '{"ok": false}'),
        (b'{"ok": false, "error": {"code": ["x"]}}', "x"),
        (b'{"ok": false, "error": [], "message": 7}', '{"ok": false, "error": [], "message": 7}'),
    ],
)
def test_an_odd_error_of_slack_is_a_failure_too(http: Http, body: bytes, words: str) -> None:
    """An odd Slack error keeps the message pending."""
    text = f"channel ops: 127.0.0.1 answered 200 but refused the message: {words}"
    assert sent(http, answer(200, body), "slack") == (text, False, 1)


@pytest.mark.parametrize(
    "body",
    [b"ok", b"", b'{"ok": true}', b'{"ok": null}', b"[" * 9999, b'{"ok": false}' + b" " * 70_000],
)
def test_any_other_200_is_taken(http: Http, body: bytes) -> None:
    """Only `{"ok": false}` is a refusal, and only from a chat."""
    assert sent(http, answer(200, body), "slack") == ("", False, 1)
    assert sent(http, answer(200, NOT_OK % b"x")) == ("", False, 1)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"channel_is_archived", ": channel_is_archived"),
        (b"no_text\r\n", ": no_text"),
        (b'{"error": "invalid_token"}', ": invalid_token"),
        (b'{"error": {"code": "E7", "description": "no room"}}', ": E7: no room"),
        (b'{"id": "api.x", "message": "Invalid webhook", "status_code": 404}', ": Invalid webhook"),
        (b'{"detail": [{"loc": ["body"], "msg": "too short"}]}', ": too short"),
        (b'{"errors": ["a"], "message": "a"}', ": a"),
        (b'{"status": 7}', ': {"status": 7}'),
        (b"{}", ""),
        (b"", ""),
        (b" <html><head><TITLE>404 Not Found</TITLE></head>", ": 404 Not Found"),
        (b"<title>open", ": open"),
        (b"<html><body>no</body>", ""),
        (b"<title", ""),
        (b"<title" * 10_000, ""),
        (b"a\x1b[31m\xe2\x80\x8bb\xe2\x80\xaec\nd\x00", ": a [31m b c d"),
        (b"\xff\xfe", ": \ufffd\ufffd"),
        (b"x" * 60_000, f": {'x' * 199}…"),
        (b"no hook T0PSECRET here", ": no hook *** here"),
        (rb'{"error": "not \/hooks\/T0PSECRET"}', ": not ***"),
    ],
)
def test_the_words_of_a_receiver_are_shown(http: Http, body: bytes, words: str) -> None:
    """The words of a receiver are one short line without secrets and control characters."""
    assert sent(http, answer(404, body))[0] == f"channel ops: 127.0.0.1 answered 404{words}"
