from collections.abc import Iterator

import pytest

from catalog.http.client import Http
from tests.rig import FAST


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    """Give one client for all tests of a file, which does not wait between its attempts."""
    with Http(FAST) as client:
        yield client
