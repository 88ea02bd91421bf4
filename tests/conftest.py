from collections.abc import Iterator

import pytest

from tests.forks import end_forks


@pytest.fixture(scope="session", autouse=True)
def forks() -> Iterator[None]:
    """End what commands are forked from when the last test is done."""
    yield
    end_forks()
