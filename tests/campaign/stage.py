"""The place of a scenario: a provider, receivers, and the program's folder."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from catalog.providers.recordings import Recording
from catalog.replay.server import ReplayServer
from tests.campaign import secret_search
from tests.campaign.worker import Came, Worker
from tests.support.http_server import Exchange, Recorded, Step, serve
from tests.support.mail_server import Mailbox, post_office

CHANNELS = ("ops", "team")
_CONFIG = """\
database = "disk/catalog.db"
[infomaniak]
url = "{provider}"
token_file = "{secrets}/token"
[http]
attempts = 1
deadline = "{deadline}s"
max_bytes = 1000000
[document]
path = "disk/docs/models.md"
[schedule]
every = "{every}"
jitter = ""
"""
_CHANNEL = """\
[[channel]]
kind = "webhook"
name = "{name}"
url_file = "{secrets}/{name}"
secret_file = "{secrets}/webhook"
"""
_MAIL = """\
[[channel]]
kind = "email"
name = "mail"
server = "smtp://127.0.0.1:{port}"
user = "catalog"
password_file = "{secrets}/mail"
sender = "catalog@example.org"
to = ["ops@example.org"]
"""


@dataclass
class Receivers:
    """The servers of the channels. `taken` holds the accepted messages, in order.

    A channel in `down` gets `odd`, or else a reset or 503. A channel in `most` refuses a longer
    body with 413. Each accepted message takes `slow` seconds. `says` makes the answer to an
    accepted message from the URL.
    """

    taken: list[Recorded] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    most: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    slow: float = 0.0
    odd: Step | None = None
    says: Callable[[str], bytes] | None = None

    def __call__(self, exchange: Exchange) -> None:
        """Accept or refuse a message."""
        if channel(exchange.request) in self.down:
            self.refused += 1
            if self.odd is not None:
                self.odd(exchange)
            elif self.refused % 2:
                exchange.reset()
            else:
                exchange.send(503, {}, b"")
            return
        body = exchange.request.body
        if len(body) > self.most.get(channel(exchange.request), len(body)):
            self.refused += 1
            exchange.send(413, {}, b"request entity too large")
            return
        if self.slow:
            exchange.wait(self.slow)
        self.taken.append(exchange.request)
        if self.says is None:
            exchange.send(204, {}, b"")
        else:
            exchange.send(200, {}, self.says(f"{exchange.server.url}{exchange.request.path}"))


def channel(request: Recorded) -> str:
    """Return the channel of a request."""
    return request.path.split("/")[-2]


@dataclass
class Stage:
    """One scenario. `fault` names the fault that the provider serves."""

    folder: Path
    provider: ReplayServer
    receivers: Receivers
    mailbox: Mailbox
    worker: Worker
    fault: str | None = None
    came: list[Came] = field(default_factory=list)

    @property
    def disk(self) -> Path:
        """The folder of the files that the program writes."""
        return self.folder / "disk"

    @property
    def database(self) -> Path:
        """The database file."""
        return self.disk / "catalog.db"

    @property
    def document(self) -> Path:
        """The document."""
        return self.disk / "docs" / "models.md"

    def run(self, at: datetime, **how: Any) -> Came:
        """Run one pass at that time and store its result."""
        came = self.worker.run(self.folder, at, **how)
        self.came.append(came)
        return came

    @property
    def taken(self) -> list[tuple[str, str, bytes]]:
        """All accepted messages: channel, id, and body of webhooks."""
        posted = [
            (channel(each), each.headers["webhook-id"], each.body) for each in self.receivers.taken
        ]
        return posted + [
            ("mail", each["Message-ID"].strip("<>").partition("@")[0], b"")
            for each in self.mailbox.letters
        ]

    def secrets_found(self) -> int:
        """Count the files and messages with a secret."""
        messages = [
            b"\n".join([repr(sorted(each.headers.items())).encode(), each.body])
            for each in self.receivers.taken
        ]
        return secret_search.found(self.folder, [*messages, *self.mailbox.raw])


@contextmanager
def staged(
    folder: Path,
    worker: Worker,
    recordings: Sequence[Recording],
    *,
    deadline: float = 10,
    every: str = "20m",
) -> Iterator[Stage]:
    """Serve the recordings, and configure the program to poll them.

    The first recording is served at the beginning.
    """
    receivers, stages = Receivers(), list[Stage]()
    provider = ReplayServer(recordings, step="manual", faults=lambda _: stages[0].fault)
    post = post_office(password=secret_search.PASSWORD)
    with provider, serve(receivers) as hooks, post as mailbox:
        stages.append(Stage(folder, provider, receivers, mailbox, worker))
        limits = {"deadline": deadline, "every": every}
        configure(folder, provider.url, hooks.url, mailbox.port, **limits)
        yield stages[0]


def configure(folder: Path, provider: str, receiver: str, port: int, **given: Any) -> None:
    """Write the configuration, with the secrets in files outside the folder."""
    secrets = folder.with_name(f"{folder.name}-secrets")
    for made in (folder, folder / "disk", secrets):
        made.mkdir(parents=True)
        made.chmod(0o755)  # for the passes of another user
    kept = {
        "token": secret_search.TOKEN,
        "webhook": secret_search.SECRET,
        "mail": secret_search.PASSWORD,
    }
    kept |= {name: f"{receiver}/{name}/{secret_search.HOOK}" for name in CHANNELS}
    for name, text in kept.items():
        (secrets / name).write_text(text, encoding="utf-8")
    text = _CONFIG.format(provider=provider, secrets=secrets, **given)
    text += "".join(_CHANNEL.format(name=name, secrets=secrets) for name in CHANNELS)
    text += _MAIL.format(port=port, secrets=secrets)
    (folder / "catalog.toml").write_text(text, encoding="utf-8")
    (folder / "log.txt").touch()
    os.chmod(folder / "log.txt", 0o666)  # noqa: PTH101, S103  # for the passes of another user
