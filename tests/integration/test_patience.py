"""The line with the running tests after some silence."""

import queue

from tests.support.patience import Patience


def test_silence_is_broken_by_the_tests_that_run() -> None:
    """After silence, a line reports that tests are collected, or which test runs."""
    shown = queue.Queue[str]()
    patience = Patience(shown.put, 0.04)
    patience.pytest_sessionstart()
    assert shown.get(timeout=10) == "\n  … collecting tests\n"
    patience.pytest_runtest_logstart("tests/a.py::test_b")
    while "tests/a.py::test_b (0 s)" not in shown.get(timeout=10):
        pass
    patience.pytest_runtest_logfinish("tests/a.py::test_b")
    patience.pytest_unconfigure()
