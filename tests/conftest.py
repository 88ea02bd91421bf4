import gc
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.forks import end_forks


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take an option for all tests, and thoroughly."""
    parser.addoption("--long", action="store_true", help="run the long tests too, with more cases")


def pytest_configure(config: pytest.Config) -> None:
    """Say how many cases Hypothesis makes up for a test; they are the same on every run."""
    few, many = settings(derandomize=True, database=None, deadline=None, max_examples=25), 200
    settings.register_profile("few", few)
    settings.register_profile("many", few, max_examples=many)
    settings.load_profile("many" if config.getoption("long") else "few")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out, unless they are asked for: by --long, -k, -m, or their file."""
    if any(config.getoption(name) for name in ("long", "keyword", "markexpr")):
        return
    named = {Path(word.partition("::")[0]).resolve() for word in config.args}
    out = {each for each in items if each.get_closest_marker("long") and each.path not in named}
    config.hook.pytest_deselected(items=[each for each in items if each in out])
    items[:] = [each for each in items if each not in out]


def pytest_collection_finish() -> None:
    """Spare every collection of garbage what stays to the end: a sixth of the time of tests."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Run some tests without the tracing of coverage, which takes as long again.

    They run no line that no other test runs: those marked so, and those of many made-up cases.
    """
    many = getattr(pyfuncitem.obj, "is_hypothesis_test", False)
    if not many and not pyfuncitem.get_closest_marker("unmeasured"):
        return (yield)
    tracing = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracing)


@pytest.fixture(scope="session", autouse=True)
def forks() -> Iterator[None]:
    """End what commands are forked from when the last test is done."""
    yield
    end_forks()
