"""Channels by Apprise against a real HTTP receiver.

Deliveries, and errors without secrets.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from traceback import TracebackException
from typing import Any

import pytest

from catalog.alerts.apprise import AppriseChannel, address, problem, target
from catalog.alerts.channel import Audience, Message
from catalog.alerts.message import TITLED, Wording
from catalog.changes.change import Added, Removed
from catalog.changes.finding import Finding, Level
from catalog.core.errors import DeliveryFailed
from tests.support.builders import AT, finding, model
from tests.support.http_server import Step, answer, drip, hang_up, refusing, serve

SECRET = "T0PS3CRET"
GONE = finding(Removed(model("6", "llama3")))
NEW = finding(Added(model("9", "<!channel> @everyone")))
MESSAGE = Message("msg_1", "infomaniak", AT, (NEW, GONE))


def channel(url: str, **rest: Any) -> AppriseChannel:
    """Make a channel to a receiver of Apprise's JSON.

    Its path has a secret.
    """
    given: dict[str, Any] = {
        "name": f"team/{target(url)}",
        "audience": Audience(),
        "wording": Wording(channel="team", template=TITLED),
        "url": url,
    }
    return AppriseChannel(**given | rest)


def json_url(server: str) -> str:
    """Write the URL of a receiver in Apprise's form."""
    return f"{server.replace('http://', 'json://')}/hooks/{SECRET}"


def fail(sending: AppriseChannel) -> DeliveryFailed:
    """Fail to send, and return an error without the secret."""
    with pytest.raises(DeliveryFailed) as failed:
        sending.send(MESSAGE)
    error = failed.value
    shown = "".join(TracebackException.from_exception(error).format())
    assert SECRET not in shown + error.hint + repr(sending)
    assert error.__cause__ is error.__context__ is None
    return error


def received(step: Step, **rest: Any) -> dict[str, Any]:
    """Send the message and return the one body that arrived."""
    with serve(step) as server:
        channel(json_url(server.url), **rest).send(rest.pop("message", MESSAGE))
    (request,) = server.requests
    assert request.path == f"/hooks/{SECRET}"
    return dict(json.loads(request.body))


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """Collect all log records as a root handler gets them."""
    texts: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            texts.append(self.format(record))

    root, collector, level = logging.getLogger(), Collector(), logging.getLogger().level
    root.addHandler(collector)
    root.setLevel(logging.DEBUG)
    try:
        yield texts
    finally:
        root.removeHandler(collector)
        root.setLevel(level)


def test_a_message_arrives() -> None:
    """A message has a title, the findings by level, the highest level, and pings no user."""
    body = received(answer())
    assert body["title"] == "infomaniak: llama3 removed, and 1 more (1 breaking, 1 info)"
    assert body["type"] == "failure"
    lines = body["message"].splitlines()
    assert lines[0] == "⛔ llama3 removed"
    assert "<\u200b!channel> @\u200beveryone added" in lines[2]


@pytest.mark.parametrize(
    ("findings", "kind"),
    [
        ((), "info"),
        ((finding(NEW.change, level=Level.INFO),), "info"),
        ((finding(NEW.change, level=Level.WARNING),), "warning"),
    ],
)
def test_the_level_becomes_the_kind_of_notification(
    findings: tuple[Finding, ...], kind: str
) -> None:
    """The most severe level becomes Apprise's kind of notification."""
    with serve() as server:
        channel(json_url(server.url)).send(replace(MESSAGE, findings=findings, test=True))
    assert json.loads(server.requests[0].body)["type"] == kind


@pytest.mark.parametrize(
    ("status", "for_good"),
    [(404, False), (429, False), (500, False), (503, False), (400, True), (410, True), (422, True)],
)
def test_a_refusal_by_status(status: int, for_good: bool) -> None:
    """The receiver's status decides on a retry, and its body stays hidden."""
    with serve(answer(status, SECRET.encode())) as server, everything_logged() as logged:
        error = fail(channel(json_url(server.url)))
    name = f"team/{target(json_url(server.url))}"
    assert str(error) == f"channel {name}: it answered {status}"
    assert error.for_good is for_good
    assert SECRET not in "\n".join(logged)


def test_a_target_that_is_not_there() -> None:
    """A closed port is reported as unreachable, without the URL."""
    with refusing() as url, everything_logged() as logged:
        error = fail(channel(json_url(url)))
    assert str(error).endswith(": it could not be reached")
    assert not error.for_good
    assert SECRET not in "\n".join(logged)


def test_a_target_that_hangs_up() -> None:
    """A connection that breaks off is no delivery."""
    with serve(hang_up) as server:
        assert not fail(channel(json_url(server.url))).for_good


def test_a_target_that_drips() -> None:
    """The deadline ends a delivery whose answer drips in, which Apprise itself would wait for."""
    with serve(drip()) as server, everything_logged() as logged:
        error = fail(channel(json_url(server.url), deadline=0.3))
    assert str(error).endswith(": it did not answer in time")
    assert SECRET not in "\n".join(logged)


def test_only_the_target_that_refused_gets_the_message_again() -> None:
    """Of two targets, only the one that failed gets the message again."""
    with serve() as good, serve(answer(503), answer()) as bad:
        targets = [channel(json_url(good.url)), channel(json_url(bad.url))]
        owed = list(targets)
        for _ in range(2):
            owed = [each for each in owed if not _takes(each)]
    assert owed == []
    assert (len(good.requests), len(bad.requests)) == (1, 2)


def _takes(sending: AppriseChannel) -> bool:
    try:
        sending.send(MESSAGE)
    except DeliveryFailed:
        return False
    return True


def test_a_url_that_apprise_does_not_know() -> None:
    """A URL unknown to Apprise fails with a hint and stays hidden."""
    error = fail(channel(f"nosuch://{SECRET}"))
    assert "Apprise cannot read its URL" in str(error)
    assert "URL" in error.hint


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("json://127.0.0.1/x", False),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#chat", False),
        ("mmost://chat.example.org/3ccdd113474722377935511fc85d3dd4", False),
        ("matrixs://user:secret@chat.example.org/#room", False),
        ("ntfys://ntfy.example.org/topic", False),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", False),
        ("workflows://prod.example.org:443/WorkflowID/Signature/", False),
        ("pagerduty://A1BRTD4JD1@TIiajkdnlazkcOXrIdevi7FQ", False),
        (f"nosuch://{SECRET}", True),
        ("discord://", True),
    ],
)
def test_urls_are_checked(url: str, wrong: bool) -> None:
    """The check reports a URL that Apprise rejects, without showing it."""
    with everything_logged() as logged:
        reported = problem(url)
    assert (reported is not None) is wrong
    assert SECRET not in "\n".join([*logged, reported or ""])


def test_without_apprise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the error and the check show the install command."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    error = fail(channel(json_url("http://127.0.0.1:1")))
    assert str(error).endswith("Apprise is not installed")
    assert error.hint == "Install it with pip install 'model-catalog[apprise]'."
    assert not error.for_good
    assert problem("json://127.0.0.1/x") == f"Apprise is not installed. {error.hint}"
    assert address("json://127.0.0.1/x") is None


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("json://127.0.0.1/x", ("127.0.0.1", 80)),
        ("jsons://hooks.example/x", ("hooks.example", 443)),
        ("mmost://chat.example:8065/token", ("chat.example", 8065)),
        ("pover://user@token", ("api.pushover.net", 443)),
        ("dbus://", None),
        ("mailto://me:secret@mail.example", None),
        ("no-such-service://x", None),
    ],
)
def test_where_a_url_leads(url: str, leads_to: tuple[str, int] | None) -> None:
    """Host and port are found if the service or the URL names them."""
    assert address(url) == leads_to


def test_a_short_message_for_a_small_target() -> None:
    """A target with a small limit gets the most severe finding and the count of the rest."""
    from apprise.plugins.custom_json import NotifyJSON

    many = tuple(finding(Added(model(str(n), f"m{n}"))) for n in range(100))
    with serve() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(NotifyJSON, "body_maxlen", 260)
        patch.setattr(NotifyJSON, "title_maxlen", 0)
        channel(json_url(server.url)).send(replace(MESSAGE, findings=(GONE, *many)))
    text = json.loads(server.requests[0].body)["message"]
    assert len(text) <= 260
    assert "⛔ llama3 removed" in text
    assert "and 100 more findings (100 info)" in text
    assert text.endswith("2025-12-23 10:16 UTC")


def test_an_exception_of_a_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception of a plugin shows its type only."""
    import apprise

    def fall(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot post to {SECRET}")

    monkeypatch.setattr(apprise.Apprise, "notify", fall)
    error = fail(channel(json_url("http://127.0.0.1:1")))
    assert str(error).endswith(": it failed with RuntimeError")


def test_the_overflow_setting_of_a_url_is_kept() -> None:
    """A URL with an overflow setting of its own works."""
    with serve() as server:
        channel(f"{json_url(server.url)}?overflow=split").send(MESSAGE)
    assert len(server.requests) == 1


def test_the_name_of_a_target() -> None:
    """A target's name has the scheme and a stable digest, without the secret."""
    assert target(f"Slack://{SECRET}/x") == target(f"Slack://{SECRET}/x")
    assert target(f"Slack://{SECRET}/x").startswith("slack-")
    assert len(target("json://a")) == len("json-") + 8
    assert target("json://a") != target("json://b")
