"""Find the command that starts this program, for commands in its output."""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

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


def typed(text: str) -> str:
    """Return a text whose commands in backticks work as typed here.

    Texts name this program `catalog`, which a shell may not find.
    """
    return text.replace("`catalog ", f"`{program()} ") if "`catalog " in text else text


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
