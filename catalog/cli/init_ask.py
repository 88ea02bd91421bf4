"""Ask the questions of `catalog init`. Without a terminal, use the defaults."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from catalog.config.sources import SECRET_BYTES
from catalog.core.errors import SettingsInvalid
from catalog.core.files import read_text

Check = Callable[[str], str]
"""Returns a valid answer, or raises UsageError, and then the question is asked again."""


def of_type(kind: Any, *, is_secret: bool = False) -> Check:
    """Return a check for the type of a setting. A secret is not repeated in the error."""

    def check(text: str) -> str:
        from catalog.config.value_check import problem  # loads pydantic

        if wrong := problem(kind, text):
            shown = "this cannot be used" if is_secret else repr(text)
            raise click.UsageError(f"{shown}: {wrong}.")
        return text

    return check


@dataclass(frozen=True, slots=True)
class Ask:
    """The questions. Without a terminal, or with --yes, each has its default as the answer."""

    is_on: bool

    def text(self, question: str, default: str, check: Check) -> str:
        """Return a line that passes the check."""
        if not self.is_on:
            return check(default)
        answer: str = click.prompt(question, default or None, value_proc=check, err=True)
        return answer

    def hidden(self, question: str, check: Check, *, needed: bool) -> str:
        """Ask for a line that is not shown.

        Without a terminal it is empty. If it is not `needed`, the user may leave it empty.
        """
        if not self.is_on:
            return ""
        answer: str = click.prompt(
            question,
            None if needed else "",
            hide_input=True,
            show_default=False,
            value_proc=lambda text: text and check(text),
            err=True,
        )
        return answer

    def confirm(self, question: str, *, default: bool, otherwise: bool) -> bool:
        """Return the answer to a yes-no question. Without a terminal it is `otherwise`."""
        return click.confirm(question, default, err=True) if self.is_on else otherwise


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A file with a secret. Without a text it exists already and is not changed."""

    path: Path
    what: str
    text: str | None = field(default=None, repr=False)

    def read(self) -> str:
        """Return the secret, or raise SettingsInvalid."""
        if self.text is not None:
            return self.text
        try:
            return read_text(self.path, SECRET_BYTES).strip()
        except OSError as error:
            raise SettingsInvalid(f"cannot read {self.path}: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A secret that the new configuration needs.

    `usual` is its file unless `given` by the option. `variable` is its environment variable.
    `piped` reads it from stdin. `replaces` allows that to overwrite a file. Without it, a `needed`
    one is an error.
    """

    what: str
    variable: str
    option: str
    usual: Path
    check: Check
    given: Path | None = None
    piped: bool = False
    replaces: bool = False
    needed: bool = False

    @property
    def path(self) -> Path:
        """Return the file of the secret."""
        return self.given or self.usual

    @property
    def in_environment(self) -> str:
        """Return the variable that gives the secret now, empty if none does."""
        names = (self.variable, f"{self.variable}_FILE")
        return next((name for name in names if os.environ.get(name)), "")

    def known(self, chosen: SecretFile | None) -> str:
        """Return the secret of the chosen file or environment, empty without one."""
        name = self.in_environment
        if chosen is None and name == f"{self.variable}_FILE":
            chosen = SecretFile(Path(os.environ[name]), self.what)
        return chosen.read() if chosen else os.environ.get(name, "").strip()


def choose_secret(ask: Ask, wanted: Wanted) -> SecretFile | None:
    """Return the file of a secret.

    Return None if the environment has the secret, or if it is not known yet.
    """
    path = wanted.path
    if wanted.piped:
        return _piped(wanted)
    if wanted.given is None and wanted.in_environment and not path.exists():
        return _from_environment(ask, wanted)
    if path.exists():
        question = f"{path} exists. Use the {wanted.what} in it?"
        if wanted.given or ask.confirm(question, default=True, otherwise=True):
            return SecretFile(path, wanted.what)
    empty = "" if wanted.needed else "; empty: none yet"
    question = f"{_capital(wanted.what)} (not shown; stored in {path}{empty})"
    text = ask.hidden(question, wanted.check, needed=wanted.needed)
    if text:
        return SecretFile(path, wanted.what, text)
    if wanted.given is not None or wanted.needed:
        raise click.UsageError(
            f"{wanted.option}: there is no {path} with the {wanted.what}. Make it with mode 600, "
            "name another file, or run `catalog init` on a terminal, which asks for it."
        )
    return None


def _piped(wanted: Wanted) -> SecretFile:
    path = wanted.path
    if path.exists() and not wanted.replaces:
        raise click.UsageError(f"{path} exists; --force replaces it by the secret on stdin.")
    text = sys.stdin.read(SECRET_BYTES).strip()
    if not text:
        raise click.UsageError("--token-stdin: stdin is empty.")
    return SecretFile(path, wanted.what, wanted.check(text))


def _from_environment(ask: Ask, wanted: Wanted) -> SecretFile | None:
    """Offer to write a variable to a file.

    The reason is that cron and systemd do not have the variable.
    """
    name = wanted.in_environment
    if name != wanted.variable:
        return None
    question = f"cron and systemd do not have {name}. Write the {wanted.what} to {wanted.path}?"
    if not ask.confirm(question, default=True, otherwise=False):
        return None
    return SecretFile(wanted.path, wanted.what, wanted.check(os.environ[name].strip()))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
