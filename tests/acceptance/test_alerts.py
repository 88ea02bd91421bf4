"""`catalog alerts`: what became of each message, as typed."""

import json
from pathlib import Path

import pytest

from tests.builders import body, row
from tests.servers import answer, serve
from tests.shell import Live, Shell

ONE, TWO = body(row()), body(row(), row(id=2, name="beta"))
HOOK = '[[channel]]\nname = "ops"\nkind = "webhook"\n'


def owing(live: Live, url: str) -> Shell:
    """Give a folder with one message to the channel `ops` that its receiver did not take."""
    shell, _ = live(answer(body=ONE), answer(body=TWO), CATALOG_CHANNEL_OPS_URL=url)
    Path(shell.folder, "catalog.toml").write_text(HOOK)
    shell("-q", "sync")
    shell("-q", "sync")
    return shell


def listed(shell: Shell, *more: str) -> list[dict[str, object]]:
    """Return the messages that are listed."""
    ran = shell("alerts", "--format", "json", *more)
    alerts: list[dict[str, object]] = json.loads(ran.out)["alerts"]
    return alerts


def test_messages_are_listed_with_what_became_of_them(live: Live) -> None:
    """An owed one says what was answered and when it is tried next; a delivered one when."""
    with serve(answer(503), answer(200)) as hook:
        shell = owing(live, hook.url)
        (alert,) = listed(shell)
        assert (alert["channel"], alert["state"], alert["attempts"]) == ("ops", "owed", 1)
        assert alert["error"] == "channel ops: 127.0.0.1 answered 503"
        assert "next_at" in alert
        table = shell("alerts", "--state", "owed").out
        assert str(alert["message"])[:12] in table
        assert "answered 503" in table
        assert listed(shell, "--state", "delivered") == []
        shell("alerts", "retry")
        (alert,) = listed(shell, "--state", "delivered")
        assert "delivered_at" in alert
        assert "next_at" not in alert
        assert shell("alerts", "--state", "owed").out == "no messages\n"


@pytest.mark.long
def test_what_was_given_up_can_be_sent_again(live: Live) -> None:
    """410 ends a message at once; after the receiver is mended, a hand sends it."""
    with serve(answer(410), answer(410), answer(200)) as hook:
        shell = owing(live, hook.url)
        (alert,) = listed(shell, "--state", "given up")
        refused = shell("alerts", "retry", str(alert["message"]))
        assert refused.out == "1 message tried again\n"
        assert [each["state"] for each in listed(shell)] == ["given up"]
        shell("alerts", "retry", "ops")
        assert [each["state"] for each in listed(shell)] == ["delivered"]


def test_retry_says_what_is_still_owed(live: Live) -> None:
    """A channel that refuses again makes exit code 1, and is named."""
    with serve(answer(503)) as hook:
        shell = owing(live, hook.url)
        again = shell("alerts", "retry", "ops", code=1)
        assert again.err.splitlines()[-1] == "ops: 1 message still owed"


@pytest.mark.long
def test_a_message_can_be_dropped(live: Live) -> None:
    """It is never sent, and the change stays in the log; an unknown name is told."""
    with serve(answer(503)) as hook:
        shell = owing(live, hook.url)
        assert shell("alerts", "drop", "ops").out == "1 message dropped\n"
        asked = len(hook.requests)
        shell("alerts", "retry")
        assert len(hook.requests) == asked
        assert [each["state"] for each in listed(shell)] == ["dropped"]
        assert "beta added" in shell("changes").out
        unknown = shell("alerts", "drop", "ops", code=2)
        assert "nothing is owed or given up under 'ops'" in unknown.err


def test_a_digest_is_no_trouble(live: Live) -> None:
    """What waits for its hour is said by a pass, and not by one that is to be quiet."""
    shell, _ = live(
        answer(body=ONE), answer(body=TWO), CATALOG_CHANNEL_OPS_URL="http://127.0.0.1:9"
    )
    Path(shell.folder, "catalog.toml").write_text(HOOK + 'digest = "daily"\n')
    shell("-q", "sync")
    assert "channel ops: 1 message to be sent from 20" in shell("sync").err
    assert shell("-q", "sync").err == ""


def test_a_channel_can_be_tested(live: Live) -> None:
    """The message says what it is, is signed as any other, and nothing of it is stored."""
    with serve(answer(200), answer(410)) as hook:
        shell, _ = live(laid=False, CATALOG_CHANNEL_OPS_URL=hook.url)
        Path(shell.folder, "catalog.toml").write_text(HOOK)
        assert shell("alerts", "test", "ops").out == "ops: taken\n"
        sent = json.loads(hook.requests[0].body)
        assert "test" in sent["data"]["title"]
        refused = shell("alerts", "test", "ops", code=1)
        assert "channel ops: 127.0.0.1 answered 410" in refused.err
        unknown = shell("alerts", "test", "nope", code=2)
        assert "no channel 'nope' is configured" in unknown.err
        assert "There are: ops." in unknown.err
    assert not Path(shell.folder, "catalog.db").exists()


def test_no_database_is_made(shell: Shell) -> None:
    """Where nothing was stored yet, nothing is made by looking, retrying or dropping."""
    for command in ((), ("retry",), ("drop", "ops")):
        assert "there is no database" in shell("alerts", *command, code=6).err
    assert not Path(shell.folder, "catalog.db").exists()
