"""Programs of Debian that some tests need."""

import shutil

import pytest

PACKAGES = {
    "chromium": "chromium",
    "openssl": "openssl",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "systemd-analyze": "systemd",
    "zsh": "zsh",
}
"""The package of each program. In CI, scripts/browser installs all but openssl and systemd."""


def needs(program: str) -> pytest.MarkDecorator:
    """Skip a test without a program, because pip cannot install it."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=_reason(program))


def found(program: str) -> str:
    """Return the path of a program, or skip the test."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(_reason(program))
    return path


def _reason(program: str) -> str:
    return f"{program} is not installed; on Debian: apt-get install {PACKAGES[program]}"
