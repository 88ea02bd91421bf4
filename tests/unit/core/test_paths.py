from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.paths import Attributes, Places, trail, value, values
from catalog.core.strict_json import dotted

keys = st.text(min_size=1, max_size=8)


@given(st.lists(keys, max_size=4))
def test_places_are_read_back(path: list[str]) -> None:
    """A dotted place is parsed to the same keys."""
    assert trail(dotted(path)) == tuple(path)


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("", [((), {"data": [{"id": 1}, {"id": 2}], "next": None})]),
        ("data", [((), [{"id": 1}, {"id": 2}])]),
        ("data.*.id", [(("0",), 1), (("1",), 2)]),
        ("*.*.id", [(("data", "0"), 1), (("data", "1"), 2)]),
        ("next", [((), None)]),
        ("next.*", []),
        ("gone.id", []),
        ("data.id", []),
    ],
)
def test_values_at_a_place(place: str, found: list[object]) -> None:
    """Every value at a place is found, with the matches of each `*`."""
    root = {"data": [{"id": 1}, {"id": 2}], "next": None}
    assert list(values(root, trail(place))) == found


def test_one_value() -> None:
    """A missing value is None."""
    assert value({"a": {"b": 1}}, ("a", "b")) == 1
    assert value({"a": [1]}, ("a", "b")) is None


@pytest.mark.parametrize(
    ("place", "field", "covered"),
    [
        ("pricing", "pricing", True),
        ("pricing", "pricing.prompt", True),
        ("pricing", "prices", False),
        ("pricing.prompt", "pricing", False),
        ("pricing.*", "pricing.prompt", True),
        ("pricing.*", "pricing", False),
        ("*_price", "image_price", True),
        ("*_price", "image_price_note", False),
        ("*.at", "made.at", True),
        (r"a\.b", r"a\.b", True),
        (r"a\.b", "a.b", False),
    ],
)
def test_places_cover_fields_below(place: str, field: str, covered: bool) -> None:
    """A place covers a field and all below it. `*` matches a key or a part of it."""
    assert reduce(Places.below, trail(field), Places.of([place])).cover_all is covered


def test_first_place_decides() -> None:
    """Of two places that cover a field, the first one decides."""
    known = Attributes.of({"pricing.note": "quiet", "pricing": "price", "name": "name"})
    fields = ("pricing.note", "pricing.prompt", "name", "nickname")
    assert [known.of_field(field) for field in fields] == ["quiet", "price", "name", None]
