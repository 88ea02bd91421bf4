import gc
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import is_hypothesis_test, settings

from tests.support.forks import end_forks
from tests.support.patience import watch


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --long: all tests, and more generated cases."""
    parser.addoption("--long", action="store_true", help="run the long tests too, with more cases")


def pytest_configure(config: pytest.Config) -> None:
    """Set the number of Hypothesis cases. Each run has the same cases."""
    few = settings(derandomize=True, deadline=None, max_examples=25)
    settings.register_profile("few", few)
    settings.register_profile("many", few, max_examples=200)
    settings.load_profile("many" if config.getoption("long") else "few")
    watch(config)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Mention the long tests, because workers do not report deselected tests."""
    asked = any(config.getoption(name) for name in ("long", "keyword", "markexpr"))
    return None if asked else "long tests are left out; --long runs them"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect long tests, except with --long, -k, -m or their file."""
    if any(config.getoption(name) for name in ("long", "keyword", "markexpr")):
        return
    # pytest does the same: a symbolic link keeps its name.
    named = {Path(os.path.abspath(word.partition("::")[0])) for word in config.args}  # noqa: PTH100
    out = [each for each in items if each.get_closest_marker("long") and each.path not in named]
    config.hook.pytest_deselected(items=out)
    left = set(out)
    items[:] = [each for each in items if each not in left]


def pytest_collection_finish() -> None:
    """Exempt imported objects from garbage collection, because they are never freed."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Run some tests without the tracing of coverage, which doubles their time.

    They run no line that no other test runs: those marked so, and those of made-up cases.
    """
    spared = is_hypothesis_test(pyfuncitem.obj) or pyfuncitem.get_closest_marker("unmeasured")
    if not spared or Coverage.current() is None:
        return (yield)
    tracing = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracing)


@pytest.fixture(scope="session", autouse=True)
def forks() -> Iterator[None]:
    """Stop the process that forks commands after the last test."""
    yield
    end_forks()
