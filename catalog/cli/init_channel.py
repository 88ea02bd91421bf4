"""Choose the channel of `catalog init`: where changes are reported."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from catalog.cli.init_ask import Ask, Check, SecretFile, Wanted, choose_secret, of_type
from catalog.cli.output import note
from catalog.config.sources import table_variable
from catalog.core.text import closest, did_you_mean

KINDS = ("none", "chat", "webhook", "email", "log")
"""The kinds. A chat is a webhook in the form of Slack."""


@dataclass(frozen=True, slots=True)
class MailFlags:
    """The options about mail."""

    server: str | None = None
    sender: str | None = None
    to: tuple[str, ...] = ()
    user: str | None = None


@dataclass(frozen=True, slots=True)
class ChosenChannel:
    """The channel of the new configuration. The kind is also its name."""

    kind: str
    secret: SecretFile | None = None
    server: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    user: str = ""


def choose_channel(
    ask: Ask, given: str | None, secret: Path | None, mail: MailFlags, folder: Path
) -> ChosenChannel | None:
    """Return the channel, None without one."""
    if given is None and ask.is_on:
        note(
            "Changes are reported to a chat (Slack, Mattermost, kChat, Rocket.Chat), a webhook, by"
        )
        note("email, or as lines of the log. Without a channel, cron mails them.")
    kind = given or ask.text(f"Channel ({', '.join(KINDS)})", KINDS[0], _kind)
    _refuse_idle(kind, secret, mail)
    if kind == "none":
        return None
    if kind == "log":
        return ChosenChannel(kind)
    if kind == "email":
        return _mail(ask, mail, secret, folder)
    from catalog.config.types import SecretUrl  # loads pydantic

    wanted = _wanted(f"URL of the {kind}", kind, "url", secret, folder, SecretUrl)
    return ChosenChannel(kind, choose_secret(ask, wanted))


def _mail(ask: Ask, flags: MailFlags, secret: Path | None, folder: Path) -> ChosenChannel:
    from catalog.config.types import Address, Login, MailServer, User  # loads pydantic

    server = flags.server or ask.text("Mail server", "", _given("--mail-server", MailServer))
    sender = flags.sender or ask.text("Sender", "", _given("--mail-from", Address))
    to = flags.to or (ask.text("Recipient", "", _given("--mail-to", Address)),)
    for kind, text in ((MailServer, server), (Address, sender), *((Address, each) for each in to)):
        of_type(kind)(text)
    user = flags.user
    if user is None:
        user = ask.text("User of the mail server, - for none", "-", str.strip).lstrip("-")
    if not user:
        return ChosenChannel("email", None, server, sender, to)
    of_type(User)(user)
    wanted = _wanted("password of the mail server", "email", "password", secret, folder, Login)
    return ChosenChannel("email", choose_secret(ask, wanted), server, sender, to, user)


def _refuse_idle(kind: str, secret: Path | None, mail: MailFlags) -> None:
    """Raise UsageError for options that this kind of channel does not use."""
    if secret and kind in {"none", "log"}:
        raise click.UsageError(f"--channel-file does not go with --channel {kind}.")
    if mail != MailFlags() and kind != "email":
        raise click.UsageError(f"the options about mail need --channel email, not {kind}.")


def _kind(text: str) -> str:
    if text not in KINDS:
        meant = did_you_mean(closest(text, KINDS)) or ";"
        raise click.UsageError(f"there is no channel {text!r}{meant} known are {', '.join(KINDS)}.")
    return text


def _given(option: str, kind: Any) -> Check:
    """Return a check that names the option if there is no answer."""
    check = of_type(kind)

    def checked(text: str) -> str:
        if not text:
            raise click.UsageError(f"--channel email needs {option}.")
        return check(text)

    return checked


def _wanted(
    what: str, kind: str, key: str, given: Path | None, folder: Path, setting: Any
) -> Wanted:
    return Wanted(
        what=what,
        variable=table_variable("channel", kind, key),
        option="--channel-file",
        usual=folder / f"{kind}-{key}.txt",
        check=of_type(setting, is_secret=True),
        given=given,
        needed=True,
    )
