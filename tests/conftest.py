import sys
from collections.abc import Iterator

import pytest

from tests.forks import end_forks


@pytest.fixture(scope="session", autouse=True)
def forks() -> Iterator[None]:
    """End what commands are forked from when the last test is done."""
    yield
    end_forks()


@pytest.fixture
def unmeasured() -> Iterator[None]:
    """Run a long test without the tracing of coverage, which takes as long again.

    It is for what runs no line that no other test runs.
    """
    tracing = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracing)
