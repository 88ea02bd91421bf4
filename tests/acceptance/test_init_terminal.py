"""`catalog init` on a terminal, where it asks."""

import json
import tomllib

import pytest

from tests.support.builders import body, row
from tests.support.dialog import answer_all
from tests.support.http_server import Exchange, answer, serve
from tests.support.shell import TOKEN, Live, Shell

pytestmark = pytest.mark.long

ONE = answer(body=body(row()))
CHAT = "https://chat.example.org/hooks/secret-of-the-chat"
LIST = answer(body=json.dumps({"data": [{"id": "argo"}, {"id": "dart"}]}).encode())


def locked(exchange: Exchange) -> None:
    """Send the list to those who have the token, at one address."""
    if exchange.request.path != "/models":
        answer(404)(exchange)
        return
    allowed = exchange.request.headers.get("authorization") == f"Bearer {TOKEN}"
    (LIST if allowed else answer(401))(exchange)


def plain(live: Live) -> Shell:
    """Return a shell that polls a server, without a token."""
    shell, _ = live(ONE, laid=False)
    given = {name: text for name, text in shell.given.items() if name != "INFOMANIAK_API_TOKEN"}
    return Shell(shell.folder, given)


def test_everything_is_asked_and_wrong_answers_again(live: Live) -> None:
    """Four questions lead to a tried configuration. Secrets are never shown."""
    shell = plain(live)
    document = shell.folder / "docs" / "models.md"
    document.parent.mkdir()
    document.write_text("# Ours\n")
    talk = answer_all(
        shell,
        "init",
        answers=(
            ("Provider [infomaniak]:", "mistral"),
            ("Provider [infomaniak]:", ""),
            ("Token of infomaniak (not shown", "not a token"),
            ("Token of infomaniak (not shown", TOKEN),
            ("[docs/models.md]:", ""),
            ("another file [docs/models-catalog.md]:", "append"),
            ("[none]:", "slack"),
            ("[none]:", "chat"),
            ("URL of the chat (not shown", "http://chat.example.org/x"),
            ("URL of the chat (not shown", CHAT),
        ),
    )
    assert talk.code == 0, talk.shown
    assert "first, snapshot 1, 1 model (dry run)" in talk.shown
    for mistake in (
        "no provider 'mistral'",
        "used: a token",
        "no channel 'slack'",
        "is plain http",
    ):
        assert mistake in talk.shown
    assert TOKEN not in talk.shown
    assert CHAT not in talk.shown
    assert "not a token" not in talk.shown
    assert (shell.folder / "chat-url.txt").read_text() == f"{CHAT}\n"
    assert document.read_text().startswith("# Ours\n\n## ")
    assert shell("config", "check").err == ""


def test_existing_files_lead_to_questions(live: Live) -> None:
    """No leaves the configuration, yes replaces it, and a new token may replace the old one."""
    shell = plain(live)
    (shell.folder / "catalog.toml").write_text("mine")
    (shell.folder / "infomaniak-token.txt").write_text("old")
    refused = answer_all(shell, "init", answers=(("Replace it", ""),))
    assert refused.code == 2
    assert (shell.folder / "catalog.toml").read_text() == "mine"
    talk = answer_all(
        shell,
        "init",
        answers=(
            ("Replace it", "y"),
            ("Provider", ""),
            ("infomaniak-token.txt exists. Use the token of infomaniak in it?", "n"),
            ("Token of infomaniak", TOKEN),
            ("overview", "none"),
            ("Channel", "log"),
        ),
    )
    assert talk.code == 0, talk.shown
    assert (shell.folder / "infomaniak-token.txt").read_text() == f"{TOKEN}\n"


def test_the_token_of_the_environment_is_offered_for_a_file(live: Live) -> None:
    """Cron does not have the variable, so yes writes it into a private file."""
    shell, _ = live(ONE, laid=False)
    rest = (("overview", "none"), ("Channel", ""))
    asked = "Write the token of infomaniak to infomaniak-token.txt?"
    no = answer_all(shell, "init", answers=(("Provider", ""), (asked, "n"), *rest))
    assert no.code == 0, no.shown
    assert sorted(shell.files()) == ["catalog.toml"]
    yes = answer_all(shell, "init", "--force", answers=(("Provider", ""), (asked, ""), *rest))
    assert yes.code == 0, yes.shown
    assert (shell.folder / "infomaniak-token.txt").stat().st_mode & 0o777 == 0o600
    assert TOKEN not in yes.shown


def test_an_address_that_refuses_is_asked_again(shell: Shell) -> None:
    """A wrong address and a missing token lead back to the question, then to a polled provider."""
    with serve(locked) as server:
        talk = answer_all(
            Shell(shell.folder, {"CATALOG_HTTP_ATTEMPTS": "1"}),
            *("init", "--provider", f"{server.url}/lost"),
            answers=(
                ("Name of this provider [local]:", "lost"),
                ("Token of lost", ""),
                ("Provider", f"{server.url}/models"),
                ("Name of this provider [local]:", "Mars"),
                ("Name of this provider [local]:", "mars"),
                ("Token of mars", ""),
                ("Provider", f"{server.url}/models"),
                ("Name", "mars"),
                ("Token of mars", TOKEN),
                ("overview", ""),
                ("Channel", ""),
            ),
        )
    assert talk.code == 0, talk.shown
    assert "'Mars': a letter first" in talk.shown
    assert "error: " in talk.shown
    assert "mars: first, snapshot 1, 2 models (dry run)" in talk.shown


def test_mail_is_asked_for_in_full(live: Live) -> None:
    """Server, sender, recipient, user and password are asked, and make a valid channel."""
    shell = plain(live)
    (shell.folder / "OURS.md").write_text("# Ours\n")
    (shell.folder / "MORE.md").write_text("# More\n")
    (shell.folder / "folder").mkdir()
    talk = answer_all(
        shell,
        *("init", "--provider", "openrouter", "--offline"),
        answers=(
            ("overview", "folder"),
            ("overview", "OURS.md"),
            ("another file", "MORE.md"),
            ("another file", "none"),
            ("Channel", "email"),
            ("Mail server", "mail.example.org"),
            ("Mail server", "smtps://mail.example.org"),
            ("Sender", "catalog@example.org"),
            ("Recipient", "ops@example.org"),
            ("User", "me"),
            ("Password of the mail server", ""),
            ("Password of the mail server", "pass-word-of-mail"),
        ),
    )
    assert talk.code == 0, talk.shown
    assert "pass-word-of-mail" not in talk.shown
    made = tomllib.loads((shell.folder / "catalog.toml").read_text())
    assert made["channel"][0]["password_file"] == "email-password.txt"
    assert made["document"] == {"path": ""}
    assert shell("config", "check").err == ""


def test_another_document_may_be_named(live: Live) -> None:
    """A document of the user leads to a question, whose answer may be a new file."""
    shell = plain(live)
    (shell.folder / "OURS.md").write_text("# Ours\n")
    words = ("--provider", "openrouter", "--offline", "--document", "OURS.md", "--channel", "none")
    talk = answer_all(shell, "init", *words, answers=(("another file", "new.md"),))
    assert talk.code == 0, talk.shown
    made = tomllib.loads((shell.folder / "catalog.toml").read_text())
    assert made["document"] == {"path": "new.md"}


def test_with_yes_nothing_is_asked(live: Live) -> None:
    """--yes takes the default of each question, on a terminal too."""
    talk = answer_all(plain(live), "init", "--yes", answers=())
    assert talk.code == 0, talk.shown
    assert "Provider" not in talk.shown
