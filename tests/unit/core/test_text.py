"""Parts of sentences: values, durations, numbers and lists of names."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.core.strict_json import canonical
from catalog.core.text import VALUE_LIMIT, count, duration, examples, one_line, show

HOSTILE = "a\x1b[31m\nb\r\u2028c\x85d\x00"
FOLDED = "a [31m b  c d "


def test_one_line() -> None:
    """Control characters and line separators become spaces, and other characters stay."""
    assert one_line(HOSTILE) == FOLDED
    assert one_line("é 🦙 مرحبا |`*") == "é 🦙 مرحبا |`*"
    assert one_line("gpt\u200b\n4\u3164") == r"gpt\u200b 4\u3164"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-1234567, "-1,234,567"),
        (1.5, "1.5"),
        ("plain text", "plain text"),
        ("", '""'),
        ("  ", '"  "'),
        ("\x1b", '"\\u001b"'),
        (HOSTILE, FOLDED),
        ([], "[]"),
        ({"b": ["é"], "a": None}, '{"a":null,"b":["é"]}'),
        ("x" * VALUE_LIMIT, "x" * VALUE_LIMIT),
        ("x" * (VALUE_LIMIT + 1), "x" * (VALUE_LIMIT - 1) + "…"),
        (["x" * VALUE_LIMIT], '["' + "x" * (VALUE_LIMIT - 3) + "…"),
        (10**300, "1" + ",000" * 29 + ",0…"),
    ],
)
def test_show(value: Any, shown: str) -> None:
    """A value is shown for people, on one line and cut."""
    assert show(canonical(value)) == shown


def test_missing_is_shown_as_a_word() -> None:
    """Missing and null look different."""
    assert show(None) == "missing"


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(days=400), "400 days"),
        (timedelta(days=1, hours=23), "1 day"),
        (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=59, milliseconds=999), "59 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(milliseconds=999), "0 seconds"),
        (timedelta(), "0 seconds"),
        (timedelta(days=-2), "0 seconds"),
    ],
)
def test_duration(span: timedelta, shown: str) -> None:
    """A duration has its largest whole unit and is never negative."""
    assert duration(span) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 models"), (1, "1 model"), (2, "2 models"), (1200, "1,200 models")]
)
def test_count(number: int, shown: str) -> None:
    """A number has its noun in singular or plural."""
    assert count(number, "model") == shown


@pytest.mark.parametrize(
    ("names", "shown"),
    [("", ""), ("a", "a"), ("abc", "a, b, c"), ("abcd", "a, b, c and 1 more")],
)
def test_examples(names: str, shown: str) -> None:
    """The first three names are shown and the others are counted."""
    assert examples(names) == shown
