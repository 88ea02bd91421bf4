import logging
from collections.abc import Callable

import pytest

from catalog.unexpected import log_unexpected, place, trace


def caused() -> LookupError:
    """Return an exception that came of another one."""
    try:
        try:
            int("tok-secret")
        except ValueError as error:
            raise LookupError("tok-secret") from error
    except LookupError as error:
        return error


def in_context() -> LookupError:
    """Return an exception that was raised while another one was dealt with."""
    try:
        try:
            int("tok-secret")
        except ValueError:
            raise LookupError("tok-secret")  # noqa: B904  # that is what is tried
    except LookupError as error:
        return error


def alone() -> LookupError:
    """Return an exception that hides the one before it."""
    try:
        try:
            int("tok-secret")
        except ValueError:
            raise LookupError("tok-secret") from None
    except LookupError as error:
        return error


@pytest.mark.parametrize(("made", "before"), [(caused, True), (in_context, True), (alone, False)])
def test_a_trace_has_what_came_before(made: Callable[[], LookupError], *, before: bool) -> None:
    """An exception that led to another one is shown where Python would show it."""
    lines = list(trace(made()))
    assert ("LookupError came of ValueError" in lines) == before
    assert (sum("in " in line for line in lines) == 2) == before


def test_an_exception_is_one_line_and_its_trace_is_for_debugging(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The line names its kind and its place."""
    caplog.set_level(logging.DEBUG)
    said = log_unexpected(logging.getLogger("x"), "it broke off", caused())
    assert said.startswith(f"it broke off by a mistake of this program: LookupError at {__file__}:")
    first, *more = caplog.records
    assert (first.levelname, first.getMessage()) == ("ERROR", said)
    assert {each.levelname for each in more} == {"DEBUG"}
    assert "LookupError: " not in caplog.text, "the text of an exception may hold a secret"


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    """Its kind alone is named."""
    assert place(ValueError("tok-secret")) == "ValueError"
    assert list(trace(ValueError())) == ["traceback of ValueError, the last call is the last line"]
