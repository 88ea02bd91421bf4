"""`catalog init --channel`: where changes are reported."""

import tomllib

import pytest

from tests.support.builders import body, row
from tests.support.http_server import answer, serve
from tests.support.shell import Live, Shell

ONE = answer(body=body(row()))
CHAT = "https://chat.example.org/hooks/secret-of-the-chat"


def settings(shell: Shell) -> dict[str, object]:
    """Return the written configuration as TOML."""
    return tomllib.loads((shell.folder / "catalog.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", ["chat", "webhook"])
def test_a_chat_gets_its_first_test_message(live: Live, kind: str) -> None:
    """The channel is written with its URL in a file, and the printed test command works."""
    shell, _ = live(ONE, laid=False)
    with serve(answer(200)) as hook:
        (shell.folder / "url").write_text(hook.url)
        (shell.folder / "url").chmod(0o600)
        ran = shell("init", "--channel", kind, "--channel-file", "url")
        assert f"  catalog alerts test {kind}   # sends a test message" in ran.lines
        shell("alerts", "test", kind)
    assert len(hook.requests) == 1
    assert shell("config", "check").err == ""


def test_a_channel_may_be_the_log_or_a_variable(shell: Shell) -> None:
    """A log needs nothing more, and a URL of the environment stays there."""
    assert "alerts test" not in shell("init", "--offline", "--channel", "log").out
    assert settings(shell)["channel"] == [{"name": "log", "kind": "log", "level": "info"}]
    given = {"CATALOG_CHANNEL_CHAT_URL": CHAT}
    ran = shell("init", "--offline", "--force", "--channel", "chat", given=given)
    assert CHAT not in ran.out + "".join(map(str, shell.files().values()))
    assert shell("config", "check", given=given).code == 0


def test_mail_needs_a_server_and_addresses(shell: Shell) -> None:
    """Each missing or wrong option is named, and a right one gives a valid channel."""
    mail = ["init", "--offline", "--channel", "email"]
    assert "--channel email needs --mail-server" in shell(*mail, code=2).err
    mail += ["--mail-server", "smtp://mail.example.org"]
    assert "--channel email needs --mail-from" in shell(*mail, code=2).err
    mail += ["--mail-from", "catalog@example.org"]
    assert "--channel email needs --mail-to" in shell(*mail, code=2).err
    wrong = shell(*mail, "--mail-to", "ops", code=2)
    assert "'ops': a bare address such as ops@example.org is expected" in wrong.err
    mail += ["--mail-to", "ops@example.org", "--mail-to", "two@example.org"]
    shell(*mail)
    assert shell("config", "check").code == 0
    assert "password_file" not in str(settings(shell))
    lacking = shell(*mail, "--force", "--mail-user", "me", code=2)
    assert "--channel-file: there is no email-password.txt" in lacking.err
    (shell.folder / "email-password.txt").write_text("any-password")
    (shell.folder / "email-password.txt").chmod(0o600)
    shell(*mail, "--force", "--mail-user", "me")
    assert shell("config", "check").err.startswith("there is no token yet")
    assert settings(shell)["channel"] == [
        {
            "name": "email",
            "kind": "email",
            "server": "smtp://mail.example.org",
            "sender": "catalog@example.org",
            "to": ["ops@example.org", "two@example.org"],
            "user": "me",
            "password_file": "email-password.txt",
            "level": "info",
        }
    ]


def test_a_chat_without_its_url_is_wrong_usage(shell: Shell) -> None:
    """The usual file and the option are named, and nothing is written."""
    ran = shell("init", "--offline", "--channel", "chat", code=2)
    assert "--channel-file: there is no chat-url.txt with the URL of the chat" in ran.err
    assert shell.files() == {}
