"""Say how this program was started, so that a printed command works as typed."""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

STARTED_AS = "MODEL_CATALOG_STARTED_AS"
"""The variable in which a script that starts this program gives the command to show."""
FINDS = "MODEL_CATALOG_FINDS"
"""The variable in which it gives the configuration that it uses by itself."""


def program(environ: Mapping[str, str] = os.environ) -> str:
    """Return the words that start this program in the working folder."""
    if given := environ.get(STARTED_AS):
        return shlex.quote(given)
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{_shown(Path(sys.executable), environ)} -m catalog"
    return _shown(started, environ)


def with_config(configuration: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return the words that start this program with a configuration."""
    if environ.get(FINDS) == str(configuration):
        return program(environ)
    return f"{program(environ)} --config {shlex.quote(str(configuration))}"


def _shown(file: Path, environ: Mapping[str, str]) -> str:
    """Return the name of a program if a shell finds it by that, else its path."""
    found = shutil.which(file.name, path=environ.get("PATH"))
    if found is not None and Path(found).absolute() == file.absolute():
        return file.name
    place, here = file.absolute(), Path.cwd()
    if place.parent == here:
        return shlex.quote(f"./{place.name}")
    return shlex.quote(str(place.relative_to(here) if place.is_relative_to(here) else place))
