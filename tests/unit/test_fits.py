from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from catalog.fits import fitting
from catalog.providers.infomaniak.infomaniak import Infomaniak
from tests.builders import row

CONTRACT = Infomaniak().contract
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
schemas = st.dictionaries(
    st.sampled_from(["type", "const", "enum", "minimum", "maximum", "pattern", "required"]),
    st.none(),
).flatmap(
    lambda words: st.fixed_dictionaries({word: DEMANDS[word] for word in words}),
)
DEMANDS: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
    | st.just(["string", "integer", "null"]),
    "const": values,
    "enum": st.lists(values, min_size=1, max_size=3),
    "minimum": st.integers(-2, 2),
    "maximum": st.integers(-2, 2),
    "pattern": st.sampled_from(["^a", "0", "^[^\\u0000]*$"]),
    "required": st.lists(st.text(max_size=1), max_size=2, unique=True),
}
nested = st.recursive(
    schemas,
    lambda inner: st.one_of(
        st.builds(lambda each: {"items": each}, inner),
        st.builds(lambda each: {"additionalProperties": each}, inner),
        st.builds(lambda each: {"properties": {"": each, "a": each}}, inner),
        st.builds(lambda a, b, c: {"if": a, "then": b, "else": c}, inner, inner, inner),
        st.builds(lambda each: {"not": each}, inner),
    ),
    max_leaves=4,
)

whole = nested | st.builds(
    lambda each: {"items": {"$ref": "#/$defs/x"}, "$defs": {"x": each}}, nested
)


@given(schema=whole, value=values)
def test_a_yes_is_always_true(schema: dict[str, Any], value: Any) -> None:
    """Whatever it says to fit, the library says to fit, for any schema and value."""
    if fitting(schema)(value):
        assert Draft202012Validator(schema).is_valid(value)


@given(field=st.sampled_from(sorted(row())), value=values)
def test_no_row_is_let_through_that_breaks_the_contract(field: str, value: Any) -> None:
    """A row of Infomaniak with any value in any field: a yes is the library's yes too."""
    answer = {"result": "success", "data": [row(), row(id=2, name="b") | {field: value}]}
    if fitting(CONTRACT)(answer):
        assert Draft202012Validator(CONTRACT).is_valid(answer)


@pytest.mark.parametrize(
    ("schema", "fitting_value", "other"),
    [
        ({"type": "integer"}, 1, True),
        ({"type": ["string", "null"]}, None, 0),
        ({"type": "number"}, 0.5, "0.5"),
        ({"const": "success"}, "success", "error"),
        ({"enum": [None, False, "", [], {}]}, [], 0),
        ({"enum": [None, False, "", [], {}]}, False, [0]),
        ({"pattern": "^a"}, "ab", "b"),
        ({"minimum": 0, "maximum": 9}, 9, 10),
        ({"minimum": 0}, "text", -1),
        ({"required": ["a"]}, {"a": 1, "b": 2}, {"b": 2}),
        ({"properties": {"a": {"type": "null"}}}, {"a": None, "b": 1}, {"a": 1}),
        ({"items": {"type": "null"}}, [None], [None, 1]),
        ({"additionalProperties": {"type": "null"}}, {"a": None}, {"a": 1}),
        ({"if": {"const": 2}, "then": {"minimum": 2}, "else": {"maximum": 3}}, 2, 1),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"type": "null"}}}, None, 1),
        ({"x-anything": 1, "title": "t", "format": "uri"}, "no uri", None),
    ],
)
def test_what_plainly_fits_is_let_through(
    schema: dict[str, Any], fitting_value: Any, other: Any
) -> None:
    """Each word that contracts use is understood, both ways."""
    fits = fitting(schema)
    assert fits(fitting_value)
    assert fits(other) is Draft202012Validator(schema).is_valid(other) or "if" in schema


def test_an_unknown_word_or_place_is_never_sure() -> None:
    """A schema that it cannot read lets nothing through, so that the library is asked."""
    assert not fitting({"not": {"type": "null"}})(1)
    assert not fitting({"$ref": "#/elsewhere"})(1)
    assert not fitting({"items": {"uniqueItems": True}})([1])
