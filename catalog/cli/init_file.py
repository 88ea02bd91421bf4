"""Write the commented configuration of `catalog init`, as text."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.cli.init_channel import ChosenChannel
from catalog.cli.init_document import ChosenDocument
from catalog.cli.init_provider import ChosenProvider
from catalog.cli.provider import toml_value
from catalog.config.sources import RawSettings, rooted_database

HEAD = """\
# The configuration of catalog, made by `catalog init`.
# `catalog config show` lists every setting with its value; `catalog config check` finds mistakes.
# Relative paths start from the folder of this file.
"""
SCHEDULE = """
# How often `catalog serve` polls, and `catalog sync --scheduled` from cron.
[schedule]
every = "1h"
"""
NO_CHANNEL = """
# Changes can be reported to a chat, a webhook, by email, or as lines of the log. An example:
# [[channel]]
# name = "chat"
# kind = "webhook"
# format = "slack"             # Slack, Mattermost, kChat and Rocket.Chat
# url_file = "chat-url.txt"    # a file with the URL of the chat's incoming webhook
"""
LEVEL = 'level = "info"               # or "warning" or "breaking", for fewer messages'


@dataclass(frozen=True, slots=True)
class Choices:
    """All chosen values. `folder` is the absolute folder of the configuration."""

    folder: Path
    provider: ChosenProvider
    document: ChosenDocument
    channel: ChosenChannel | None
    database: str | None = None

    def path(self, path: Path) -> str:
        """Return a path in the file: relative inside the folder, else absolute."""
        whole = Path(os.path.normpath(path.absolute()))
        inside = whole.is_relative_to(self.folder)
        return str(whole.relative_to(self.folder) if inside else whole)


def configuration(choices: Choices) -> str:
    """Return the configuration as TOML."""
    parts = (_database(choices), _provider(choices), _document(choices), _channel(choices))
    database, provider, document, channel = ("\n".join(lines) + "\n" for lines in parts)
    return f"{HEAD}\n{database}\n{provider}{SCHEDULE}\n{document}{channel}"


def _database(choices: Choices) -> Iterator[str]:
    database = choices.database
    if database is None:
        yield "# The history: an SQLite file, or the URL of a PostgreSQL database."
        yield 'database = "sqlite:///catalog.db"'
    else:
        given = RawSettings()
        given.set("database", database, "command line")
        rooted = rooted_database(database, given)
        plain = rooted if "://" in rooted else choices.path(Path(rooted))
        yield f"database = {toml_value(plain)}"


def _provider(choices: Choices) -> Iterator[str]:
    provider = choices.provider
    if provider.kind == "infomaniak":
        yield "[infomaniak]"
        yield from _token(choices)
        return
    yield "[[provider]]"
    yield f"name = {toml_value(provider.name)}"
    yield f"kind = {toml_value(provider.kind)}"
    if provider.base is not None:
        yield f"url = {toml_value(provider.base)}"
    if provider.needs_token:
        yield from _token(choices)
    if provider.list:
        yield ""
        yield "# Made from one answer of the provider. Check it, because the meaning of each field"
        yield "# is only guessed from its name and values. Places of fields are written with dots."
        yield from (f"# Note: {line}" for note in provider.notes for line in note.splitlines())
        yield "[provider.list]"
        yield from (f"{name} = {toml_value(value)}" for name, value in provider.list.items())


def _token(choices: Choices) -> Iterator[str]:
    provider = choices.provider
    if provider.token is not None:
        yield f"# The token is in a file that only you can read. The variable {provider.variable}"
        yield "# has priority over it."
        yield f"token_file = {toml_value(choices.path(provider.token.path))}"
        return
    yield f"# The token is in the variable {provider.variable}. cron and systemd do not have"
    yield "# your variables: for them, put it into a file with mode 600, and name the file here."
    yield f'# token_file = "{provider.name}-token.txt"'


def _document(choices: Choices) -> Iterator[str]:
    path = choices.document.path
    yield "# The Markdown overview. Only its marked regions are written; your own text stays."
    yield "[document]"
    shown = "" if path is None else choices.path(path)
    yield f"path = {toml_value(shown)}" + ("" if shown else '    # "" is no document')


def _channel(choices: Choices) -> Iterator[str]:
    channel = choices.channel
    if channel is None:
        yield NO_CHANNEL.rstrip()
        return
    yield "\n# Where changes are reported."
    yield "[[channel]]"
    yield f"name = {toml_value(channel.kind)}"
    yield f"kind = {toml_value({'chat': 'webhook'}.get(channel.kind, channel.kind))}"
    if channel.kind == "chat":
        yield 'format = "slack"             # Slack, Mattermost, kChat and Rocket.Chat'
    for key, value in (("server", channel.server), ("sender", channel.sender)):
        if value:
            yield f"{key} = {toml_value(value)}"
    if channel.to:
        yield f"to = {toml_value(list(channel.to))}"
    if channel.user:
        yield f"user = {toml_value(channel.user)}"
    if channel.secret is not None:
        key = "password_file" if channel.kind == "email" else "url_file"
        yield f"{key} = {toml_value(choices.path(channel.secret.path))}"
    yield LEVEL
