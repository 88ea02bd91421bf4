"""Read a configuration in a folder of its own."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pytest

from catalog.config.load import Loaded, load
from catalog.core.errors import SettingsInvalid
from catalog.core.text import count

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
SECRET: Final = "s3cr3t-value"
PLACE: Final = re.compile(r"^(?:/[^:]+:\d+: )?([\w.-]+)(?: = (?:\"[^\"]*\"|[^\s:]+))?: ")
"""The place of a mistake: file and line, the setting and its value."""
OPS: Final = '[[channel]]\nkind = "webhook"\nname = "ops-chat"\n'
OPS_URL: Final = 'url = "https://chat.example/x"\n'
OPENAI: Final = """
[[provider]]
name = "{name}"
kind = "openai"
url = "{url}"
list = {{ authorization = "none" }}
"""
NO_DOCUMENT: Final = 'document = {{ path = "" }}\n'
EVERY: Final = 'schedule = {{ every = "{every}", jitter = "" }}\n'
"""Lines that may follow a provider. Both are templates, as it is."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def file(here: Path) -> Path:
    """Return the path of a configuration outside the working folder.

    Its folder is next to the working folder.
    """
    folder = here.parent / "etc"
    folder.mkdir()
    return folder / "catalog.toml"


def read(
    file: Path,
    text: str,
    environ: Mapping[str, str] = NOTHING,
    flags: Mapping[str, Any] = NOTHING,
    *,
    files: bool = True,
) -> Loaded:
    """Write a configuration and load it with this environment and these flags."""
    file.write_text(text, encoding="utf-8")
    return load(file, flags, environ, files=files)


def mistakes(
    file: Path, text: str, environ: Mapping[str, str] = NOTHING, flags: Mapping[str, Any] = NOTHING
) -> str:
    """Return the mistakes of a configuration: settings and messages."""
    return "\n".join(PLACE.sub(r"\1: ", line) for line in located(file, text, environ, flags))


def located(
    file: Path, text: str, environ: Mapping[str, str] = NOTHING, flags: Mapping[str, Any] = NOTHING
) -> list[str]:
    """Return the mistakes of a configuration with place and wrong value."""
    with pytest.raises(SettingsInvalid) as caught:
        read(file, text, environ, flags)
    text = str(caught.value)
    assert SECRET not in text
    assert SECRET not in repr(caught.value.__cause__)
    heading, *lines = text.split("\n")
    assert heading == f"the configuration has {count(len(lines), 'mistake')}:"
    return [line.removeprefix("  ") for line in lines]
