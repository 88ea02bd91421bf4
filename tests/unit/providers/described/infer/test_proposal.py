from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.strict_json import Json
from catalog.providers.described.infer.proposal import infer

MODEL = {"id": "a", "name": "Alpha", "limit": {"context": 9, "output": 3}, "cost": {"input": 1.5}}


@pytest.mark.parametrize(
    ("answer", "settings"),
    [
        ([MODEL, MODEL | {"id": "b"}], {"rows": "", "key": "id"}),
        ({"data": [MODEL]}, {"rows": "data", "key": "id", "prices": ["cost"]}),
        ({"a": {"b": {"c": [MODEL]}}}, {"rows": "a.b.c"}),
        ({"x": {"models": {"a": MODEL}}, "y": {"models": {"a": MODEL}}}, {"key": "{1}/{2}"}),
        ({"data": [MODEL, MODEL]}, {"key": "id"}),
        (
            {"data": [MODEL | {"id": 1, "name": "a"}, MODEL | {"id": 1, "name": "a"} | {"x": 2}]},
            {"key": "{1}"},
        ),
        (
            {"red": {"ships": [{"hull": "a", "tokens": 1}]}, "dust": {"ships": [{"hull": "b"}]}},
            {"rows": "*.ships", "key": "hull"},
        ),
        ({"data": [MODEL | {"id": None, "slug": "s"}]}, {"key": "slug"}),
        (
            {"data": [MODEL | {"is_beta": True, "status": "on"}]},
            {"beta": "is_beta", "status": "status"},
        ),
        ({"data": [MODEL | {"created_at": "2026-01-01"}]}, {"times": ["created_at"]}),
        ({"data": [MODEL | {"created_at": 17}]}, {"times": None}),
        ({"data": [MODEL | {"stats": {"uptime": 1}}]}, {"volatile": ["stats.uptime"]}),
        ({"data": [MODEL], "next": None}, {"paging": {"by": "next", "at": "next"}}),
        (
            {"data": [MODEL], "last_id": "a", "has_more": True},
            {
                "paging": {
                    "by": "cursor",
                    "at": "last_id",
                    "parameter": "after_id",
                    "more": "has_more",
                }
            },
        ),
        (
            {"data": [MODEL], "next_cursor": "c"},
            {"paging": {"by": "cursor", "at": "next_cursor", "parameter": "cursor"}},
        ),
    ],
)
def test_proposed_settings(answer: Json, settings: dict[str, Any]) -> None:
    """Rows, key, classes and paging are proposed for other layouts too."""
    proposal = infer(answer)
    assert proposal is not None
    assert {name: proposal.settings.get(name) for name in settings} == settings


def test_the_longer_list_is_the_list_of_models() -> None:
    """If there are several lists of objects, the longest is proposed."""
    answer = {"owners": [{"id": "o"}], "models": [MODEL, MODEL | {"id": "b"}]}
    proposal = infer(answer)
    assert proposal is not None
    assert (proposal.rows, proposal.settings["rows"]) == (2, "models")


def test_missing_fields_have_notes() -> None:
    """A note reports a missing limit field or a missing unique field."""
    proposal = infer({"data": [{"id": 1}, {"id": 1, "size": 2}]})
    assert proposal is not None
    assert len(proposal.notes) == 3
    assert any("a position in a list" in note for note in proposal.notes)


def test_equal_rows_are_one_model() -> None:
    """Equal rows do not change the key, and a note counts them."""
    proposal = infer({"data": [MODEL, {"id": "b"}, MODEL]})
    assert proposal is not None
    assert (proposal.rows, proposal.settings["key"]) == (3, "id")
    assert "1 of the rows repeats another one" in proposal.notes


def test_a_number_is_not_a_name() -> None:
    """If keys are numbers, calls use the names."""
    rows = [{"id": number, "name": f"maker/model-{number}"} for number in (1, 2)]
    proposal = infer({"data": rows})
    assert proposal is not None
    assert (proposal.settings["key"], proposal.settings["name"]) == ("id", "name")
    assert "description" not in proposal.settings


def test_a_key_of_two_fields() -> None:
    """If models share an id, the distinguishing field becomes part of the key."""
    rows = [{"id": "x", "region": region, "kind": "llm"} for region in ("eu", "us")]
    proposal = infer({"data": [*rows, {"id": "y", "region": "eu", "kind": "llm"}]})
    assert proposal is not None
    assert proposal.settings["key"] == "{id}/{region}"
    assert any("several models have the same id" in note for note in proposal.notes)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "data", "a.b", "*", "cost"]), inner)
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_answer_is_read(answer: Json) -> None:
    """Any answer gives a proposal or none, and no exception."""
    proposal = infer(answer)
    assert proposal is None or proposal.rows > 0
