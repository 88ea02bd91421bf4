from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import chromium, website
from tests.support.shell import Shell


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start one browser for the tests of a file."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def demo_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the history of `catalog demo` a day after its last state."""
    shell = Shell(tmp_path_factory.mktemp("demo"))
    shell("demo")
    with website(shell, "--config", "demo/catalog.toml") as site:
        yield site
