import logging
from collections.abc import Callable

import pytest

from catalog.core.unexpected import log_unexpected, place, trace


def caused() -> None:
    """Raise an exception caused by another one."""
    try:
        int("tok-secret")
    except ValueError as error:
        raise LookupError("tok-secret") from error


def in_context() -> None:
    """Raise an exception while another one is handled."""
    try:
        int("tok-secret")
    except ValueError:
        raise LookupError("tok-secret")  # noqa: B904  # because this test is about the context


def alone() -> None:
    """Raise an exception that hides the previous one."""
    try:
        int("tok-secret")
    except ValueError:
        raise LookupError("tok-secret") from None


@pytest.mark.parametrize(("fail", "before"), [(caused, True), (in_context, True), (alone, False)])
def test_a_trace_has_what_came_before(fail: Callable[[], None], *, before: bool) -> None:
    """A causing exception is shown as Python would show it."""
    with pytest.raises(LookupError) as caught:
        fail()
    lines = list(trace(caught.value))
    assert ("LookupError was caused by ValueError" in lines) == before


def test_an_exception_is_one_line_and_its_trace_is_for_debugging(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The line names its kind and its place."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(LookupError) as caught:
        caused()
    line = log_unexpected(logging.getLogger("x"), "it broke off", caught.value)
    assert line.startswith(f"it broke off by a mistake of this program: LookupError at {__file__}:")
    first, *more = caplog.records
    assert (first.levelname, first.getMessage()) == ("ERROR", line)
    assert {each.levelname for each in more} == {"DEBUG"}
    assert "LookupError: " not in caplog.text, "the text of an exception may contain a secret"


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    """An exception without traceback is named by its type."""
    assert place(ValueError("tok-secret")) == "ValueError"
    assert list(trace(ValueError())) == ["traceback of ValueError, the last call is the last line"]
