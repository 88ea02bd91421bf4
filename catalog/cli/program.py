"""Find the command that starts this program, for commands in its output."""

import os
import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

STARTED_AS = "MODEL_CATALOG_STARTED_AS"
"""A script that starts this program sets this variable to the command to show."""
FINDS = "MODEL_CATALOG_FINDS"
"""The script sets this variable to the configuration that it uses by default."""


def program(environ: Mapping[str, str] = os.environ) -> str:
    """Return the words that start this program in the working folder."""
    if given := environ.get(STARTED_AS):
        return shlex.quote(given)
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{_shown(Path(sys.executable), environ)} -m catalog"
    return _shown(started, environ)


_COMMAND: Final = re.compile(
    r"`catalog (?!(?:demo|help|init|completion|web build)\b|--(?:config|database)\b)"
)
"""A command in a text that reads the configuration, if it names none itself.

Errors name `web build` as the writer of files, not as the next step.
"""


def typed(text: str) -> str:
    """Return a text whose commands in backticks work as typed here.

    Texts name this program `catalog`, which a shell may not find. A configuration or database that
    was given on the command line is repeated, because cron mails such texts.
    """
    if "`catalog " not in text:
        return text
    started, given = program(), _given(sys.argv[1:])
    if given:
        options = "".join(f"{name} {shlex.quote(value)} " for name, value in given.items())
        text = _COMMAND.sub(lambda match: f"{match[0]}{options}", text)
    return text.replace("`catalog ", f"`{started} ")


def _given(words: Iterable[str]) -> dict[str, str]:
    """Return the values of --config and --database before the command.

    A URL with a login is left out, because it may have a password.
    """
    rest, given = iter(words), dict[str, str]()
    for word in rest:
        name, _, value = word.partition("=")
        if not word.startswith("-"):
            break
        if name in {"--config", "--database", "--log-format"}:
            given[name] = value or next(rest, "")
    given.pop("--log-format", None)
    return {name: value for name, value in given.items() if value and "@" not in value}


def with_config(configuration: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return the words that start this program with a configuration."""
    if environ.get(FINDS) == str(configuration):
        return program(environ)
    return f"{program(environ)} --config {shlex.quote(str(configuration))}"


def _shown(file: Path, environ: Mapping[str, str]) -> str:
    """Return a program's name if a shell finds it, else its path."""
    from shutil import which  # imported here, because it loads archive libraries

    found = which(file.name, path=environ.get("PATH"))
    if found is not None and Path(found).absolute() == file.absolute():
        return file.name
    place, here = file.absolute(), Path.cwd()
    if place.parent == here:
        return shlex.quote(f"./{place.name}")
    return shlex.quote(str(place.relative_to(here) if place.is_relative_to(here) else place))
