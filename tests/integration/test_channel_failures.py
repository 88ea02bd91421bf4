"""Whole passes to mail and chat: one message per target.

Failures of other targets change nothing.
"""

import json
from dataclasses import replace
from pathlib import Path

from catalog.changes.finding import Level
from catalog.config.build import wire_channels
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from tests.support.builders import body, row
from tests.support.configuration import read
from tests.support.http_server import answer, serve
from tests.support.mail_server import post_office, text_of
from tests.support.rig import HOUR, TLS, Rig, rig

ONE = answer(body=body(row(id=1, name="alpha")))
TWO = answer(body=body(row(id=1, name="alpha"), row(id=2, name="beta")))
BETA = "infomaniak: beta added: llm, 32,000 tokens, ready (info)"


def connect(made: Rig, text: str, http: Http) -> Rig:
    """Add the channels of a configuration to a rig."""
    loaded = read(made.folder / "channels.toml", text)
    channels = wire_channels(loaded.settings, http, made.clock)
    return replace(made, sync=replace(made.sync, channels=channels))


def test_a_recipient_is_not_mailed_again_because_of_another(tmp_path: Path) -> None:
    """A recipient that is delayed gets its mail later, and the other gets no second mail."""
    replies = iter(["450 later"])

    def reply(address: str) -> str:
        return next(replies, "250 OK") if address == "bob@example.org" else "250 OK"

    with (
        rig(tmp_path, ONE, TWO) as made,
        post_office(recipient=reply) as mailbox,
        Http(Limits(deadline=5), tls=TLS) as http,
    ):
        text = '[[channel]]\nkind = "email"\nname = "ops"\nsender = "c@example.org"\n'
        text += f'server = "smtp://127.0.0.1:{mailbox.port}"\n'
        text += 'to = ["ann@example.org", "bob@example.org"]\n'
        reported = connect(made, text, http)
        reported.poll()
        (waiting,) = reported.poll().pending
        assert waiting.channel == "ops/bob@example.org"
        assert waiting.error is not None
        assert "127.0.0.1 answered 450: later" in waiting.error
        assert reported.poll().pending == ()
    assert [to for _, to in mailbox.envelopes] == [["ann@example.org"], ["bob@example.org"]]
    ann, bob = mailbox.letters
    assert ann["Subject"] == bob["Subject"] == BETA
    assert ann["Message-ID"] != bob["Message-ID"]
    assert "open-source-models" in text_of(ann)


def test_a_gone_target_is_reported_to_the_others(tmp_path: Path) -> None:
    """After a 410 a chat gets nothing more, and the other chat is alerted by name."""
    with (
        rig(tmp_path, ONE, TWO) as made,
        serve() as good,
        serve(answer(410)) as gone,
        Http(Limits(deadline=5), tls=TLS) as http,
    ):
        urls = [f"json://127.0.0.1:{each.port}/S3CRET" for each in (good, gone)]
        text = f'[[channel]]\nkind = "apprise"\nname = "chat"\nurls = {json.dumps(urls)}\n'
        reported = connect(made, text, http)
        assert [reported.poll().pending, reported.poll().pending, reported.poll().pending] == [
            (),
            (),
            (),
        ]
    assert len(gone.requests) == 1
    first, second = (json.loads(request.body) for request in good.requests)
    assert first["title"] == BETA
    assert second["type"] == "warning"
    assert "chat/json-" in second["title"]
    assert "it answered 410" in second["message"]
    assert "S3CRET" not in second["message"]


def test_a_digest_is_one_mail(tmp_path: Path) -> None:
    """Findings of several polls arrive as one mail, poll by poll."""
    three = answer(body=body(row(id=2, name="beta"), row(id=3, name="gamma")))
    with (
        rig(tmp_path, ONE, TWO, three) as made,
        post_office() as mailbox,
        Http(Limits(deadline=5), tls=TLS) as http,
    ):
        text = '[[channel]]\nkind = "email"\nname = "ops"\nsender = "c@example.org"\n'
        text += f'server = "smtp://127.0.0.1:{mailbox.port}"\nto = ["ann@example.org"]\n'
        reported = connect(made, f'{text}digest = "daily"\n', http)
        calm = replace(reported.sync.policy, levels={"model-removed": Level.INFO})
        reported = replace(reported, sync=replace(reported.sync, policy=calm))
        reported.poll()
        reported.poll()
        reported.poll()
        assert mailbox.letters == []
        reported.poll(later=24 * HOUR)
    (letter,) = mailbox.letters
    lines = text_of(letter).splitlines()
    assert [line for line in lines if line.startswith("──")] == [
        "── 2026-01-01 02:00 UTC",
        "── 2026-01-01 03:00 UTC",
    ]
    assert letter["Subject"].endswith("and 2 more (3 info)")
    assert letter["Date"].datetime == made.clock.now
