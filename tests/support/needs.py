"""Programs of Debian that some tests need."""

import shutil

import pytest

PACKAGES = {
    "chromium": "chromium",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "systemd-analyze": "systemd",
    "zsh": "zsh",
}
"""The package of each program. In CI, scripts/browser installs all but systemd."""


def needs(program: str) -> pytest.MarkDecorator:
    """Skip a test without a program, because pip cannot install it."""
    reason = f"{program} is not installed; on Debian: apt-get install {PACKAGES[program]}"
    return pytest.mark.skipif(shutil.which(program) is None, reason=reason)
