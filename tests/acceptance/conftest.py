import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.check_builders import CODE, write
from tests.support.http_proxy import authority, encrypted  # noqa: F401  # fixtures of several modules
from tests.support.http_server import Server, Step, serve
from tests.support.rig import lay_database
from tests.support.shell import TOKEN, Live, Ran, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Give an empty working folder."""
    return Shell(tmp_path)


@pytest.fixture
def code(shell: Shell) -> Shell:
    """Return a folder with a project whose default model is gone."""
    write(shell.folder, CODE)
    return shell


@pytest.fixture
def live(shell: Shell) -> Iterator[Live]:
    """Return a function that starts a server and returns its shell.

    It also lays a database without rows, unless `laid` is False.
    """
    with ExitStack() as stack:

        def make(*steps: Step, laid: bool = True, **given: str) -> tuple[Shell, Server]:
            server = stack.enter_context(serve(*steps))
            if laid:
                lay_database(shell.folder)
            asked = {"CATALOG_INFOMANIAK_URL": server.url, "INFOMANIAK_API_TOKEN": TOKEN}
            quick = {"CATALOG_HTTP_ATTEMPTS": "1"}
            return replace(shell, given=asked | quick | given), server

        yield make


@pytest.fixture(scope="session")
def first_demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, Ran]:
    """Run `catalog demo` once. The tests only read its files."""
    shell = Shell(tmp_path_factory.mktemp("demo"))
    ran = shell("demo")
    return replace(shell, before=("--config", "demo/catalog.toml")), ran


@pytest.fixture(scope="session")
def demo(first_demo: tuple[Shell, Ran]) -> Shell:
    """Give the demo's folder with five snapshots. Tests only read it."""
    return first_demo[0]


@pytest.fixture
def own_demo(demo: Shell, tmp_path: Path) -> Shell:
    """Give a copy of the demo's folder, to do anything with."""
    shutil.copytree(demo.folder, tmp_path, dirs_exist_ok=True)
    return replace(demo, folder=tmp_path)
