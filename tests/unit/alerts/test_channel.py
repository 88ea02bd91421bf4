"""Findings that a channel wants, its output, and message signatures."""

import base64
import hashlib
import hmac
import html
import json
import logging
import traceback
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.alerts.channel import Audience, Message
from catalog.alerts.event import event_body
from catalog.alerts.log import LogChannel
from catalog.alerts.message import Wording, slack
from catalog.alerts.webhook import chat_body, signed_headers, signing_key
from catalog.changes.change import Added, Change, Removed, Renamed, Updated
from catalog.changes.finding import Finding, Level
from catalog.changes.incident import Trouble
from catalog.core.payload import Drift
from catalog.core.snapshot import Model
from catalog.core.strict_json import canonical

AT = datetime(2026, 5, 19, 15, 48, 46, tzinfo=UTC)
ZERO_WIDTH_SPACE = "\u200b"


def model(name: str, key: str = "1", kind: str = "llm") -> Model:
    """Make a model with only the fields that a channel reads."""
    return Model(key, name, kind, canonical({"id": key, "name": name, "type": kind}))


def updated(name: str, field: str, before: object, after: object, key: str = "1") -> Updated:
    """Make a change of one field."""
    return Updated(model(name, key), field, canonical(before), canonical(after))


def finding(rule: str, level: str, *changes: Change, until: date | None = None) -> Finding:
    """Make a finding of the poll at `AT`."""
    ground = "the lifecycle policy" if until else None
    return Finding("infomaniak", AT, rule, Level(level), changes, until, ground)


REMOVED = finding(
    "model-removed", "breaking", Removed(model("llama3", "6")), until=date(2026, 6, 18)
)
SWAPPED = finding("alias-swapped", "warning", updated("qwen3", "description", "Qwen3", "VL", "17"))
ADDED = finding("model-added", "info", Added(model("moonshotai/Kimi-K2.6", "32")))
DRIFT = finding("schema-drift", "info", Drift("new field", "meta", None, ("llama3", "flux")))
ENVELOPE = finding("schema-drift", "info", Drift("new field", "$.page", None, ()))
HELD = finding("catalog-held", "warning", Trouble("held", "7 of 16 models gone"))
WAVE = finding(
    "field-changed",
    "info",
    *(updated(name, "meta", None, {}, key) for key, name in (("6", "llama3"), ("10", "flux"))),
)
RENAMED = finding("model-renamed", "breaking", updated("llama-3", "name", "llama3", "llama-3"))
RETYPED = finding("model-retyped", "breaking", updated("llama3", "type", "image", "llm"))
NAMELESS = finding(
    "model-renamed", "breaking", Updated(model("new"), "name", None, canonical("new"))
)
ELSEWHERE = finding("name-changed", "breaking", Renamed(model("old"), "7", "v/new"))
HUSHED = finding("null-moved", "quiet", updated("llama3", "note", None, 1))

GONE = finding("model-removed", "breaking", Removed(model("flux", "10")))
LOWERED = finding("limit-lowered", "breaking", updated("qwen3", "max_token_input", 9, 8, "2"))
ORDERED = (REMOVED, GONE, LOWERED, HELD, SWAPPED, WAVE, ADDED, ENVELOPE, DRIFT)


def message(*findings: Finding) -> Message:
    """Return the message of these findings."""
    return Message("msg_1", "infomaniak", AT, findings)


@pytest.mark.parametrize(
    ("audience", "one", "expected"),
    [
        (Audience(), ADDED, True),
        (Audience(Level.WARNING), ADDED, False),
        (Audience(Level.WARNING), SWAPPED, True),
        (Audience(Level.WARNING), REMOVED, True),
        (Audience(Level.BREAKING), SWAPPED, False),
        (Audience(models=("llama*",)), REMOVED, True),
        (Audience(models=("LLAMA*",)), REMOVED, False),
        (Audience(models=("moonshotai/*",)), ADDED, True),
        (Audience(models=("flux", "6")), REMOVED, True),
        (Audience(models=("flux",)), REMOVED, False),
        (Audience(types=("llm",)), REMOVED, True),
        (Audience(types=("image", "stt")), REMOVED, False),
        (Audience(models=("llama3",), types=("image",)), REMOVED, False),
        (Audience(models=("flux",)), WAVE, True),
        (Audience(models=("qwen3",)), WAVE, False),
        (Audience(models=("flux",)), DRIFT, True),
        (Audience(models=("qwen3",)), DRIFT, False),
        (Audience(models=("flux",)), ENVELOPE, False),
        (Audience(), ENVELOPE, True),
        (Audience(types=("llm",)), DRIFT, False),
        (Audience(models=("flux",), types=("image",)), HELD, True),
        (Audience(Level.BREAKING), HELD, False),
        (Audience(models=("llama3",)), RENAMED, True),
        (Audience(models=("llama-3",)), RENAMED, True),
        (Audience(models=("flux",)), RENAMED, False),
        (Audience(types=("image",)), RETYPED, True),
        (Audience(types=("llm",)), RETYPED, True),
        (Audience(types=("stt",)), RETYPED, False),
        (Audience(models=("Qwen3",)), SWAPPED, False),
        (Audience(models=("new",)), NAMELESS, True),
        (Audience(models=("None",)), NAMELESS, False),
        (Audience(models=("old",)), ELSEWHERE, True),
        (Audience(models=("v/new",)), ELSEWHERE, True),
        (Audience(models=("other",)), ELSEWHERE, False),
        (Audience(), HUSHED, False),
        (Audience(Level.QUIET), HUSHED, False),
        (Audience(providers=("infomaniak",)), ADDED, True),
        (Audience(providers=("other",)), ADDED, False),
        (Audience(providers=("other",)), HELD, False),
    ],
)
def test_audience(audience: Audience, one: Finding, expected: bool) -> None:
    """A channel gets findings of its level and models, also by old names, and every incident."""
    assert audience.wants(one) is expected


@given(st.permutations(ORDERED))
def test_most_severe_first(shuffled: list[Finding]) -> None:
    """Findings are sorted by level, kind and the provider's number, in any input order."""
    assert message(*shuffled).findings == ORDERED


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        ("a < b > c & d", "a &lt; b &gt; c &amp; d"),
        (
            "<!channel> <@U1> <!subteam^S1>",
            "&lt;!channel&gt; &lt;@\u200bU1&gt; &lt;!subteam^S1&gt;",
        ),
        ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
        ("@here @all", "@\u200bhere @\u200ball"),
        ("@@channel", "@\u200b@\u200bchannel"),
        ("mail a @ b", "mail a @ b"),
        ("[free](http://evil)", "[free]\u200b(http://evil)"),
        ("'quoted' \"twice\"", "'quoted' \"twice\""),
    ],
)
def test_slack_escape(plain: str, written: str) -> None:
    """Chat text does not ping, link or disappear, and only the three reserved signs change."""
    assert slack(plain) == written


@given(st.text(st.sampled_from(list("<>&@!#|[]()`*_~ \nhere;ltamp")), max_size=60))
def test_slack_escape_is_safe(plain: str) -> None:
    """Any quoted text has no bracket or live mention left, and still reads the same."""
    written = slack(plain)
    assert not set("<>") & set(written)
    assert "](" not in written
    assert all(
        after in (ZERO_WIDTH_SPACE, "") or after.isspace()
        for after in (written[at + 1 : at + 2] for at, c in enumerate(written) if c == "@")
    )
    assert html.unescape(written.replace(ZERO_WIDTH_SPACE, "")) == plain


def test_log_channel(caplog: pytest.LogCaptureFixture) -> None:
    """Each finding is one record at the severity of its level, with its JSON beside the text."""
    caplog.set_level(logging.INFO, "catalog.alerts")
    channel = LogChannel("log", Audience())
    channel.send(message(ADDED, SWAPPED, REMOVED))
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        (
            "ERROR",
            "infomaniak: llama3 removed; callable until at least 2026-06-18 (the lifecycle policy)",
        ),
        ("WARNING", "infomaniak: qwen3: description Qwen3 → VL"),
        ("INFO", "infomaniak: moonshotai/Kimi-K2.6 added: llm"),
    ]
    extra = vars(caplog.records[0])
    assert extra["delivery"] == "msg_1"
    assert extra["finding"]["model"] == "llama3"
    assert extra["finding"]["fingerprint"] == REMOVED.fingerprint
    assert json.dumps(extra["finding"])


def test_a_test_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A test of a log channel is one line that is marked as a test."""
    caplog.set_level(logging.INFO, "catalog.alerts")
    LogChannel("log", Audience()).send(Message("msg_1", "infomaniak", AT, (), test=True))
    assert caplog.messages == ["this is a test of channel log"]


def test_percent_signs_in_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    """A name with a percent sign is logged unchanged, not used as a format."""
    caplog.set_level(logging.INFO, "catalog.alerts")
    channel = LogChannel("log", Audience())
    channel.send(message(finding("model-added", "info", Added(model("100%s\nx")))))
    assert caplog.messages == ["infomaniak: 100%s x added: llm"]


def test_event_body() -> None:
    """The webhook body is a CloudEvents 1.0 envelope around the JSON of the command line."""
    event = json.loads(event_body(message(ADDED, REMOVED), "the text"))
    data = event.pop("data")
    assert event == {
        "specversion": "1.0",
        "id": "msg_1",
        "source": "model-catalog/infomaniak",
        "type": "model-catalog.changes.v1",
        "time": "2026-05-19T15:48:46Z",
        "datacontenttype": "application/json",
    }
    changes = data.pop("changes")
    assert [change["kind"] for change in changes] == ["removed", "added"]
    assert changes[0]["callable_until"] == "2026-06-18"
    assert data == {
        "schema_version": 1,
        "provider": "infomaniak",
        "at": "2026-05-19T15:48:46Z",
        "title": "infomaniak: 1 breaking, 1 info",
        "text": "the text",
    }


def test_event_source_is_a_uri_reference() -> None:
    """A provider's name with a space or slash still makes a valid source."""
    sent = Message("msg_1", "my own/provider", AT, (ADDED,))
    assert json.loads(event_body(sent, ""))["source"] == "model-catalog/my%20own%2Fprovider"


def test_bodies_do_not_depend_on_order() -> None:
    """The same findings give the same bytes in any order of the store."""
    findings = (ADDED, REMOVED, SWAPPED, DRIFT, HELD)
    one, other = message(*findings), message(*reversed(findings))
    assert event_body(one, "") == event_body(other, "")
    assert Wording(channel="team").text(one) == Wording(channel="team").text(other)


def test_a_test_is_marked() -> None:
    """A program that reads an event can distinguish a test from a change."""
    event = json.loads(event_body(Message("msg_1", "infomaniak", AT, (), test=True), "a test"))
    assert (event["data"]["test"], event["data"]["changes"]) == (True, [])


def test_chat_body() -> None:
    """A chat body has one text and no other field."""
    assert json.loads(chat_body("⛔ llama3 removed")) == {"text": "⛔ llama3 removed"}


def test_signature_of_the_published_example() -> None:
    """The example of the Standard Webhooks libraries gives their published signature."""
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_signature_recomputed() -> None:
    """Each secret of a rotation gives its own signature over id, timestamp and body."""
    keys = [b"old key", b"new key"]
    signed = f"msg_1.{int(AT.timestamp())}.body".encode()
    expected = [
        "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        for key in keys
    ]
    headers = signed_headers(keys, "msg_1", AT, b"body")
    assert headers["webhook-signature"] == " ".join(expected)


def test_no_secret_no_signature() -> None:
    """Without a secret a message has its id and time, and no signature."""
    assert signed_headers([], "msg_1", AT, b"{}") == {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(AT.timestamp())),
    }


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("whsec_c2VjcmV0IQ==", b"secret!"),
        ("whsec_c2VjcmV0IQ", b"secret!"),
        ("plain text", b"plain text"),
        ("Zürich", "Zürich".encode()),
    ],
)
def test_signing_key(secret: str, key: bytes) -> None:
    """A secret with the prefix is Base64, padded or not. Any other secret is used as text."""
    assert signing_key(secret) == key


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_a", "whsec_not*base64", "whsec_ümlaut00"])
def test_useless_secret(secret: str) -> None:
    """A secret that cannot sign is refused, and the error does not show it."""
    with pytest.raises(ValueError, match=r"^the secret (is empty|starts with whsec_)") as refused:
        signing_key(secret)
    trace = "".join(traceback.format_exception(refused.value))
    assert not [part for part in ("not*base64", "ümlaut00") if part in trace]
