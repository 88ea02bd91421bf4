"""Secrets that an unrelated server repeats stay out of output and store."""

import json
import sqlite3
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path

import pytest

from catalog.store.bodies import unpack
from tests.support.builders import body, row
from tests.support.http_server import Step, answer, api_error, serve
from tests.support.mail_server import post_office
from tests.support.shell import Live, Shell

PLANTED = {
    "hook": "T00Hook/B11Receiver/x7Kq9Zp2Lm4N8vRw",
    "signing": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "second signing": "second-signing-key-0123456789",
    "chat": "AppriseToken-5b0c9e77Zq41dEfG",
    "ping": "8f14e45f-ceea-467f-a0e6-a1b2c3d4e5f6",
    "mail": "Mail+Pass word-4711/geheim",
    "other token": "oth3r-t0k3n-31415926535897932384",
    "header": "header-key-27182818284590452353",
    "query": "query-key-16180339887498948482",
}
CONFIGURED = """
[ping]
url = "{ping_server}/{ping}"
[[provider]]
name = "infomaniak"
kind = "infomaniak"
[[provider]]
name = "other"
kind = "json"
url = "{other_server}"
token = "{other token}"
[provider.list]
route = "/models"
headers = {{ X-Api-Key = "{header}" }}
query = {{ token = "{query}" }}
[[channel]]
name = "ops"
kind = "webhook"
url = "{hook_server}/{hook}"
secret = "{signing} {second signing}"
[[channel]]
name = "team"
kind = "webhook"
url = "{team_server}/short"
format = "slack"
[[channel]]
name = "many"
kind = "apprise"
urls = ["json://127.0.0.1:{team_port}/{chat}"]
[[channel]]
name = "mail"
kind = "email"
server = "smtp://127.0.0.1:{mail_port}"
user = "me"
password = "{mail}"
sender = "me@example.com"
to = ["you@example.com"]
"""
REPEATED = " ".join(PLANTED.values())


def parts() -> list[str]:
    """Return each run of eight characters of each secret."""
    return [each[at : at + 8] for each in PLANTED.values() for at in range(len(each) - 7)]


def stored(file: Path) -> str:
    """Return the whole content of a database with unpacked bodies."""
    with closing(sqlite3.connect(file)) as connection:
        lines = [line for line in connection.iterdump() if 'INTO "payload"' not in line]
        rows = connection.execute(
            "select p.body, p.size, b.body, b.size from payload p"
            " left join payload b on b.sha256 = p.base_sha256"
        ).fetchall()
    bodies = [unpack(one, size, base and unpack(base, of, None)) for one, size, base, of in rows]
    return "\n".join([*lines, *(each.decode() for each in bodies)])


def assert_hidden(shell: Shell, *outputs: str) -> None:
    """Assert that no output and no file has part of a secret."""
    documents = [file.read_text() for file in shell.folder.rglob("*.md")]
    for text in (*outputs, *documents, stored(shell.folder / "catalog.db")):
        assert [part for part in parts() if part in text] == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (answer(401, api_error("e", REPEATED)), 3),
        (answer(503, REPEATED.encode()), 3),
        (answer(302, b"", {"Location": f"http://{PLANTED['other token']}/"}), 3),
        (answer(200, b"{}", {"Content-Encoding": PLANTED["header"]}), 3),
        (answer(200, json.dumps({"result": REPEATED}).encode()), 4),
    ],
    ids=["error", "failing", "redirect", "header", "odd list"],
)
def test_a_repeated_secret_is_hidden_everywhere(live: Live, refusal: Step, code: int) -> None:
    """Secrets that a provider, receivers and a mail server repeat are in no output or file."""
    refused = answer(400, json.dumps({"error": REPEATED}).encode())
    slack = answer(200, json.dumps({"ok": False, "error": REPEATED}).encode())
    first, second = answer(body=body(row())), answer(body=body(row(), row(id=2, name="beta")))
    letters: list[EmailMessage] = []
    with (
        serve(refusal) as other,
        serve(refused) as hook,
        serve(slack) as team,
        serve(answer(500, REPEATED.encode())) as ping,
        post_office(recipient=lambda _: f"451 {REPEATED}", password=PLANTED["mail"]) as mailbox,
    ):
        shell, _ = live(first, second)
        servers = {"hook_server": hook.url, "team_server": team.url, "ping_server": ping.url}
        servers |= {"other_server": other.url, "mail_port": str(mailbox.port)}
        servers["team_port"] = str(team.port)
        Path(shell.folder, "catalog.toml").write_text(CONFIGURED.format(**PLANTED, **servers))
        ran = [shell("-v", "-v", "sync", code=code) for _ in range(2)]
        ran.append(shell("alerts", "retry", code=1))
        ran.append(shell("alerts", "test", "ops", code=1))
        ran += [shell(word, "--format", "json") for word in ("alerts", "polls")]
        ran.append(shell("status", "--format", "json", code=1))
        ran.append(shell("doctor", code=int(code == 3)))
        letters = mailbox.letters
    assert letters == []
    assert "***" in "".join(each.out + each.err for each in ran)
    assert_hidden(shell, *(each.out + each.err for each in ran))
    for sent in (*ping.requests, *hook.requests, *team.requests):
        assert [part for part in parts() if part in sent.body.decode()] == []
