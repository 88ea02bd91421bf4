import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.paths import Places
from catalog.core.strict_json import Json
from catalog.providers.described.canonical import moment, number, spelled, without


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("5e-09", "0.000000005"),
        ("0.0000050000", "0.000005"),
        ("1.0", "1"),
        ("-0", "0"),
        ("-1", "-1"),
        ("99999999", "99999999"),
        ("100", "100"),
        ("0.049999999999999996", "0.05"),
        (0.049999999999999996, 0.05),
        (0.1, 0.1),
        (2.0, 2),
        (7, 7),
        (True, True),
        (None, None),
        ("free", "free"),
        ("1_000", "1_000"),
        ("٣", "٣"),
        ("NaN", "NaN"),
        ("1e999", "1e999"),
        ("9" * 70, "9" * 70),
        ("", ""),
    ],
)
def test_numbers_in_one_spelling(written: Json, same: Json) -> None:
    """Equal numbers have one form, and other values stay as sent."""
    assert repr(number(written)) == repr(same)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=0, max_value=1000))
def test_a_number_keeps_its_value(exact: Decimal) -> None:
    """The canonical form has the same value within the significant digits."""
    written = number(str(exact))
    assert written == number(f"{exact:e}")
    assert abs(Decimal(written) - exact) <= abs(exact) * Decimal("1e-11")


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("2026-04-14T00:00:00Z", "2026-04-14T00:00:00Z"),
        ("2026-04-14T02:00:00+02:00", "2026-04-14T00:00:00Z"),
        ("2026-04-14T00:00:00.000", "2026-04-14T00:00:00Z"),
        ("2026-04-14 00:00:00 UTC", "2026-04-14T00:00:00Z"),
        ("2026-04-14 07:00 +0700", "2026-04-14T00:00:00Z"),
        ("2026-04-14", "2026-04-14"),
        ("  2026-04-14      ", "  2026-04-14      "),
        ("2025-1-6 at some time", "2025-1-6 at some time"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        (1781754065, 1781754065),
    ],
)
def test_moments_in_one_spelling(written: Json, same: Json) -> None:
    """Equal times have one form, and other values stay as sent."""
    assert moment(written) == same


def test_only_the_named_places_are_converted() -> None:
    """A version `1.0` is not a number unless the description names its place."""
    row = {"price": {"in": "1.0"}, "version": "1.0", "at": ["2026-01-01T01:00:00+01:00"], "x": 1.0}
    new = spelled(row, Places.of(["price"]), Places.of(["at"]))
    assert new == {"price": {"in": "1"}, "version": "1.0", "at": ["2026-01-01T00:00:00Z"], "x": 1}
    assert isinstance(new["x"], int)


def test_volatile_places_are_left_out() -> None:
    """Values at volatile places are not facts."""
    row = {"a": {"seen": 1, "b": 2}, "list": [{"seen": 1, "c": 3}], "plain": [[1]], "seen": 4}
    rest = without(row, Places.of(["a.seen", "list.*.seen"]))
    assert rest == {"a": {"b": 2}, "list": [{"c": 3}], "plain": [[1]], "seen": 4}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(json_values)
def test_one_spelling_is_final(value: Json) -> None:
    """A second conversion changes nothing."""
    everywhere = Places.of(["*"])
    once = spelled({"a": value}, everywhere, everywhere)
    assert json.dumps(spelled(once, everywhere, everywhere)) == json.dumps(once)
