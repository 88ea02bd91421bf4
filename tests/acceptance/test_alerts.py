"""`catalog alerts`: the state of each message, on the command line."""

import json
from pathlib import Path

import pytest

from tests.support.builders import body, row
from tests.support.http_server import answer, serve
from tests.support.shell import Live, Shell

ONE, TWO = body(row()), body(row(), row(id=2, name="beta"))
HOOK = '[[channel]]\nname = "ops"\nkind = "webhook"\n'


def owing(live: Live, url: str) -> Shell:
    """Give a folder with one undelivered message to the channel `ops`."""
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


def test_messages_are_listed_with_their_states(live: Live) -> None:
    """A pending message shows its error and next attempt, and a delivered one its time."""
    with serve(answer(503), answer(200)) as hook:
        shell = owing(live, hook.url)
        (alert,) = listed(shell)
        assert (alert["channel"], alert["state"], alert["attempts"]) == ("ops", "owed", 1)
        assert alert["error"] == "channel ops: 127.0.0.1 answered 503"
        assert "next_at" in alert
        table = shell("alerts", "--state", "pending").out
        assert str(alert["message"])[:12] in table
        assert " pending " in table
        assert "answered 503" in table
        assert listed(shell, "--state", "delivered") == []
        shell("alerts", "retry")
        (alert,) = listed(shell, "--state", "delivered")
        assert "delivered_at" in alert
        assert "next_at" not in alert
        assert shell("alerts", "--state", "pending").out == "no messages\n"


@pytest.mark.long
def test_given_up_messages_can_be_sent_again(live: Live) -> None:
    """A 410 gives a message up, and a retry by channel name delivers it later."""
    with serve(answer(410), answer(410), answer(200)) as hook:
        shell = owing(live, hook.url)
        (alert,) = listed(shell, "--state", "given up")
        refused = shell("alerts", "retry", str(alert["message"]))
        assert refused.out == "1 message tried again\n"
        assert [each["state"] for each in listed(shell)] == ["given up"]
        shell("alerts", "retry", "ops")
        assert [each["state"] for each in listed(shell)] == ["delivered"]


def test_retry_reports_pending_messages(live: Live) -> None:
    """A channel that refuses again makes exit code 1, and is named."""
    with serve(answer(503)) as hook:
        shell = owing(live, hook.url)
        again = shell("alerts", "retry", "ops", code=1)
        assert again.err.startswith("1 message not delivered, channel ops: ")


@pytest.mark.long
def test_retry_ends_the_pause_of_a_receiver(live: Live) -> None:
    """A receiver that asked for an hour gets its message at once when an operator retries it."""
    with serve(answer(429, headers={"Retry-After": "3600"}), answer(200)) as hook:
        shell = owing(live, hook.url)
        assert shell("alerts", "retry").out == "1 message tried again\n"
        assert [each["state"] for each in listed(shell)] == ["delivered"]


@pytest.mark.long
def test_a_message_can_be_dropped(live: Live) -> None:
    """A dropped message is never sent, and its change stays in the log."""
    with serve(answer(503)) as hook:
        shell = owing(live, hook.url)
        assert shell("alerts", "drop", "ops").out == "1 message dropped\n"
        asked = len(hook.requests)
        shell("alerts", "retry")
        assert len(hook.requests) == asked
        assert [each["state"] for each in listed(shell)] == ["dropped"]
        assert "beta added" in shell("changes").out
        unknown = shell("alerts", "drop", "ops", code=2)
        assert "no pending or given-up message matches 'ops'" in unknown.err


def of_limits(first: int, step: int) -> bytes:
    """Answer with 3,000 models. 1,400 of them have different limits."""
    own = ({"max_token_input": first + step * n} for n in range(1, 1401))
    return body(*(row(id=n, name=f"m{n}", **next(own, {})) for n in range(1, 3001)))


MANY, NEXT = of_limits(20_000, 3), of_limits(10_000, 2)
TEAM = '[[channel]]\nname = "team"\nkind = "webhook"\nformat = "slack"\n'


@pytest.mark.long
def test_a_message_that_is_too_large_arrives_short(live: Live) -> None:
    """1,400 moves of their own fit into 256 KiB, and a short message follows a 413."""
    with serve(answer(413, b"Payload Too Large"), answer(200)) as hook:
        shell, _ = live(answer(body=MANY), answer(body=NEXT), CATALOG_CHANNEL_OPS_URL=hook.url)
        Path(shell.folder, "catalog.toml").write_text(f'document.path = ""\n{HOOK}')
        shell("-q", "sync")
        ran = shell("-q", "sync")
        assert "answered 413: Payload Too Large; a short message is sent" in ran.err
        assert [each["state"] for each in listed(shell)] == ["delivered"]
    long, short = hook.requests
    assert len(long.body) <= 256 * 1024
    event, data = json.loads(long.body), json.loads(short.body)["data"]
    assert len(event["data"]["changes"]) + event["data"]["left_out"] == 1400
    assert data["left_out"] == 1400
    assert long.headers["webhook-id"] == short.headers["webhook-id"]
    assert data["text"].endswith(f"see: {data['command']}")
    program, *words = data["command"].split()
    assert program == "catalog"
    shown = json.loads(shell(*words, "--format", "json").out)["changes"]
    assert len(shown) == 1400
    first = event["data"]["changes"]
    assert [{k: each[k] for k in each if k != "number"} for each in shown[: len(first)]] == first


@pytest.mark.long
def test_a_message_whose_short_form_is_refused_too_is_given_up(live: Live) -> None:
    """Two 413 replies end the message, and the other channel reports the receiver's reason."""
    with serve(answer(413, b'{"error": "max 1 kB"}')) as ops, serve() as team:
        urls = {"CATALOG_CHANNEL_OPS_URL": ops.url, "CATALOG_CHANNEL_TEAM_URL": team.url}
        shell, _ = live(answer(body=ONE), answer(body=TWO), **urls)
        Path(shell.folder, "catalog.toml").write_text(HOOK + TEAM)
        shell("-q", "sync")
        shell("-q", "sync")
        (given_up,) = listed(shell, "--state", "given up")
        assert given_up["error"] == "channel ops: 127.0.0.1 answered 413: max 1 kB"
        assert len(ops.requests) == 2
        output = [json.loads(each.body)["text"] for each in team.requests]
        assert "a message to channel ops was given up" in output[-1]
        assert "max 1 kB" in output[-1]


@pytest.mark.long
def test_the_error_of_a_receiver_is_shown_and_stored(live: Live) -> None:
    """The alerts list shows Slack's own error, and `{"ok": false}` is not a delivery."""
    no = answer(200, b'{"ok": false, "error": "channel_not_found"}')
    with serve(no, answer(403, b"action_prohibited"), answer(200, b"ok")) as hook:
        shell, _ = live(answer(body=ONE), answer(body=TWO), CATALOG_CHANNEL_TEAM_URL=hook.url)
        Path(shell.folder, "catalog.toml").write_text(TEAM)
        shell("-q", "sync")
        assert "refused the message: channel_not_found" in shell("-q", "sync").err
        (owed,) = listed(shell, "--state", "pending")
        assert str(owed["error"]).endswith(
            "answered 200 but refused the message: channel_not_found"
        )
        shell("alerts", "retry", code=1)
        assert "answered 403: action_prohibited" in shell("alerts").out
        shell("alerts", "retry")
        assert [each["state"] for each in listed(shell)] == ["delivered"]


@pytest.mark.long
def test_a_message_is_shown_by_its_id(live: Live) -> None:
    """The start of an id selects a message, and an unknown or ambiguous one fails."""
    with serve(answer(503)) as hook, serve(answer(503)) as team:
        urls = {"CATALOG_CHANNEL_OPS_URL": hook.url, "CATALOG_CHANNEL_TEAM_URL": team.url}
        shell, _ = live(answer(body=ONE), answer(body=TWO), **urls)
        Path(shell.folder, "catalog.toml").write_text(HOOK + TEAM)
        shell("-q", "sync")
        shell("-q", "sync")
        first = str(listed(shell)[0]["message"])
        assert "beta added" in shell("alerts", "show", first[:12]).out
        assert "no message id begins with 'msg_%'" in shell("alerts", "show", "msg_%", code=2).err
        assert "several message ids begin with 'm'" in shell("alerts", "show", "m", code=2).err


def test_a_digest_is_no_trouble(live: Live) -> None:
    """A pass mentions a message that waits for its digest, but not with -q."""
    shell, _ = live(
        answer(body=ONE), answer(body=TWO), CATALOG_CHANNEL_OPS_URL="http://127.0.0.1:9"
    )
    Path(shell.folder, "catalog.toml").write_text(HOOK + 'digest = "daily"\n')
    shell("-q", "sync")
    assert "channel ops: 1 message to be sent not before 20" in shell("sync").err
    assert shell("-q", "sync").err == ""


def test_a_channel_can_be_tested(live: Live) -> None:
    """`alerts test` sends a marked test message and stores nothing."""
    with serve(answer(200), answer(410), answer(404)) as hook:
        shell, _ = live(laid=False, CATALOG_CHANNEL_OPS_URL=hook.url)
        Path(shell.folder, "catalog.toml").write_text(HOOK)
        assert shell("alerts", "test", "ops").out == "ops: delivered\n"
        sent = json.loads(hook.requests[0].body)
        assert "test" in sent["data"]["title"]
        refused = shell("alerts", "test", "ops", code=1)
        assert "channel ops: 127.0.0.1 answered 410" in refused.err
        lost = shell("alerts", "test", "ops", code=1)
        assert "hint: Check the settings of the channel: `catalog config show`." in lost.err
        unknown = shell("alerts", "test", "nope", code=2)
        assert "no channel 'nope' is configured" in unknown.err
        assert "There are: ops." in unknown.err
        Path(shell.folder, "catalog.toml").write_text("")
        none = shell("alerts", "test", "ops", code=2, given={"CATALOG_CHANNEL_OPS_URL": ""})
        assert none.err.endswith("hint: `catalog help alerts` shows how to add one.\n")
    assert not Path(shell.folder, "catalog.db").exists()


def test_no_database_is_made(shell: Shell) -> None:
    """Showing, retrying or dropping alerts does not create a database."""
    for command in ((), ("retry",), ("drop", "ops")):
        assert "there is no database" in shell("alerts", *command, code=6).err
    assert not Path(shell.folder, "catalog.db").exists()
