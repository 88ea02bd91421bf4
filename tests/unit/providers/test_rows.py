"""Bad, repeated and bare rows, from bytes to models."""

import json
from typing import Any

import pytest

from catalog.core.errors import PayloadInvalid
from catalog.core.payload import BadRows, Payload, ValidPayload
from catalog.core.strict_json import Json
from catalog.providers.described.description import Description
from catalog.providers.described.provider import Described
from catalog.providers.infomaniak.provider import Infomaniak
from catalog.providers.provider import Provider, make
from catalog.providers.source import Paging
from catalog.providers.validate import validate
from catalog.report.sentences import drift_sentence
from tests.support.builders import AT, body, row

LIST = Description(route="/models", context_limit=("max",))
MAP = Description(route="/models", rows="", key="{1}", context_limit=("max",))
DEEP = Description(route="/models", rows="trees.*.kinds", key="{1}/{id}", name="id")
NO_ID = {"max": 4}


def acme(description: Description = LIST, **bad_rows: Any) -> Provider:
    """Make a provider."""
    return Described("acme", description, BadRows(**bad_rows))


def tree(at: int, **facts: Any) -> dict[str, Any]:
    """Make a row."""
    return {"id": f"tree-{at}", "max": 8, **facts}


def trees(many: int, *bad: Json) -> dict[str, Any]:
    """Make an answer whose first rows are bad."""
    return {"data": [*bad, *(tree(at) for at in range(len(bad), many))]}


def read(answer: Json, provider: Provider | None = None) -> ValidPayload:
    """Validate an answer, given as a value or as bytes."""
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return validate(Payload("acme", "", AT, content), provider or acme())


def problems(answer: Json, provider: Provider | None = None) -> list[str]:
    """Return the problems of an answer."""
    with pytest.raises(PayloadInvalid) as caught:
        read(answer, provider)
    return [str(each) for each in caught.value.problems]


def drift(valid: ValidPayload) -> list[str]:
    """Return the drift as sentences."""
    return [drift_sentence(each) for each in valid.drift]


@pytest.mark.parametrize(
    ("description", "answer", "expected"),
    [
        (LIST, {"data": [tree(1), tree(2), tree(1)]}, "row listed 2 times (tree-1)"),
        (LIST, {"data": [tree(1)] * 3 + [tree(2)]}, "row listed 3 times (tree-1)"),
        (
            LIST,
            {"data": [tree(1), tree(2), tree(2), tree(1)]},
            "row listed 2 times (tree-1, tree-2)",
        ),
        (
            DEEP,
            {"trees": {"a": {"kinds": [{"id": "x"}, {"id": "x"}]}, "b": {"kinds": [{"id": "x"}]}}},
            "row listed 2 times (x)",
        ),
        (MAP, b'{"a": {"max": 8}, "b": {"max": 4}, "b": {"max": 4.0}}', "row listed 2 times (b)"),
        (
            LIST,
            b'{"data": [{"id": "a", "x": {"y": 1, "y": 1}}, {"id": "b"}]}',
            "x.y given 2 times with the same value (a)",
        ),
        (
            LIST,
            b'{"data": [{"id": "a"}, {"id": "b"}], "version": 1, "version": 1}',
            "$.version given 2 times with the same value",
        ),
    ],
)
def test_equal_rows_are_one_model(description: Description, answer: Json, expected: str) -> None:
    """Rows and keys that repeat with equal values count once, and are drift."""
    valid = read(answer, acme(description))
    assert len({model.key for model in valid.models}) == len(valid.models) == 2
    assert drift(valid) == [expected]
    assert valid.refused == ()


def test_rows_that_only_differ_in_volatile_fields_are_equal() -> None:
    """Volatile values are not compared, so such a row is a repeated row."""
    volatile = Description(route="/models", volatile=("seen",))
    valid = read({"data": [tree(1, seen=1), tree(1, seen=2)]}, acme(volatile))
    assert (len(valid.models), drift(valid)) == (1, ["row listed 2 times (tree-1)"])


def test_each_different_row_of_one_key_is_a_problem() -> None:
    """A short list with contradicting rows is refused, and the error has each of them."""
    assert problems({"data": [tree(1), tree(1, max=4), tree(2), tree(1), tree(1, max=2)]}) == [
        '$.data[1]: found "tree-1", as in $.data[0], expected each key once',
        '$.data[4]: found "tree-1", as in $.data[0], expected each key once',
    ]
    assert problems(b'{"a": {"max": 8}, "b": {"max": 8}, "b": {"max": 4}}', acme(MAP)) == [
        "$.b: found the same key twice, expected each key once"
    ]


BAD: dict[str, tuple[Json, str | None, str]] = {
    "no key": (NO_ID, None, "$.data[0].id: found nothing"),
    "no object": (7, None, "$.data[0]: found 7"),
    "a blank key": ({"id": " "}, None, '$.data[0].id: found " "'),
    "a key of another type": ({"id": [1]}, None, "$.data[0].id: found [1]"),
}


@pytest.mark.parametrize(("bad", "key", "expected"), BAD.values(), ids=BAD)
def test_a_bad_row_of_a_long_list_is_refused_alone(
    bad: Json, key: str | None, expected: str
) -> None:
    """Two of 101 rows may be bad, and the others count."""
    valid = read(trees(101, bad))
    assert len(valid.models) == 100
    (refused,) = valid.refused
    assert (refused.path, refused.key, refused.value) == ("$.data[0]", key, bad)
    assert str(refused.problem).startswith(expected)


@pytest.mark.parametrize("key", ["", " ", "a\0b"])
def test_an_invalid_object_key_makes_a_bad_row(key: str) -> None:
    """A row under a blank key, or under one with NUL, is a bad row without a readable key."""
    expected = f"$[{json.dumps(key)}]: found {json.dumps(key)}, expected text that is not blank"
    few: dict[str, Any] = {"tree-1": {"max": 8}, key: {"max": 8}}
    assert [each[: len(expected)] for each in problems(few, acme(MAP))] == [expected]
    valid = read({f"tree-{at}": {"max": 8} for at in range(100)} | {key: {"max": 8}}, acme(MAP))
    assert len(valid.models) == 100
    assert [(each.key, str(each.problem)[: len(expected)]) for each in valid.refused] == [
        (None, expected)
    ]
    assert len(read(few, acme(Description(route="/", rows="", key="max"), share=1)).models) == 1


def test_an_invalid_group_key_makes_bad_rows() -> None:
    """A row in a group with a blank key is bad if the group's key is part of its key."""
    answer = {"trees": {"a": {"kinds": [{"id": "x"}]}, "": {"kinds": [{"id": "x"}]}}}
    assert [each.split(": ")[0] for each in problems(answer, acme(DEEP))] == [
        '$.trees[""].kinds[0]'
    ]


@pytest.mark.parametrize(
    ("content", "key", "expected"),
    [
        (b'{"id": "tree-0", "max": NaN}', "tree-0", "$.data[0].max: found NaN"),
        (b'{"id": "tree-0", "max": 1, "max": 2}', "tree-0", "$.data[0].max: found the same key"),
        (b'{"id": "tree-0", "x": {"y": "\\ud800"}}', "tree-0", "$.data[0].x.y: found"),
        (b'{"id": "tree-0", "id": "tree-000"}', None, "$.data[0].id: found the same key twice"),
        (b'{"id": "tree-0\\ud800"}', None, "$.data[0].id: found"),
        (b'{"id": NaN}', None, "$.data[0].id: found NaN"),
    ],
)
def test_a_flaw_within_a_row_concerns_that_row_alone(
    content: bytes, key: str | None, expected: str
) -> None:
    """Invalid JSON within one row of a long list does not refuse the other rows."""
    rest = json.dumps(trees(101, None)).encode()
    valid = read(rest.replace(b"null", content, 1))
    assert len(valid.models) == 100
    (refused,) = valid.refused
    assert refused.key == key
    assert str(refused.problem).startswith(expected)
    short = json.dumps(trees(100, None)).encode().replace(b"null", content, 1)
    assert problems(short)[0].startswith(expected)


def test_contradicting_rows_of_a_long_list_are_all_refused() -> None:
    """Different rows of one key are all refused, and count as one bad row."""
    rows = [tree(5, max=4), *(tree(at) for at in range(100))]
    valid = read({"data": rows}, acme(share=0.01))
    assert [each.path for each in valid.refused] == ["$.data[0]", "$.data[6]"]
    assert {each.key for each in valid.refused} == {"tree-5"}
    assert "tree-5" not in {model.key for model in valid.models}
    assert len(valid.models) == 99


def test_a_bad_row_refuses_a_good_row_of_the_same_key() -> None:
    """A row with a problem and a good one of the same key contradict each other."""
    content = json.dumps(trees(101)).encode()
    content = content.replace(b'{"id": "tree-0"', b'{"id": "tree-1", "x": NaN', 1)
    valid = read(content)
    assert [each.key for each in valid.refused] == ["tree-1", "tree-1"]
    assert len(valid.models) == 99


def test_a_map_key_with_different_values_is_refused_alone() -> None:
    """In a long map, a key with two different values is a bad row of that key."""
    content = json.dumps({f"t{at}": {"max": at} for at in range(101)}).encode()
    valid = read(content.replace(b"{", b'{"t7": {"max": 1}, ', 1), acme(MAP))
    assert [each.key for each in valid.refused] == ["t7"]
    assert len(valid.models) == 100


@pytest.mark.parametrize(
    ("rows", "bad", "allowed"),
    [(100, 1, False), (101, 2, True), (101, 3, False), (150, 3, True), (150, 4, False)],
)
def test_the_share_has_a_limit(rows: int, bad: int, allowed: bool) -> None:
    """Up to 2 % of more than 100 rows may be bad. With more, the answer is refused."""
    answer = trees(rows, *([NO_ID] * bad))
    if allowed:
        assert len(read(answer).refused) == bad
    else:
        assert len(problems(answer)) == bad


def test_the_limit_is_a_setting() -> None:
    """The share and the minimum length can be changed, and 0 allows no bad row."""
    assert len(read(trees(10, NO_ID), acme(share=0.1, above=5)).refused) == 1
    assert len(problems(trees(200, NO_ID), acme(share=0.0))) == 1
    assert [BadRows(0.29, 0).allowed(100), BadRows().allowed(100)] == [29, 0]


def test_a_problem_outside_of_rows_refuses_the_answer() -> None:
    """A broken envelope is never accepted, even if the rows are valid."""
    answer = json.dumps(trees(101, NO_ID)).encode()
    assert len(problems(answer.replace(b"{", b'{"x": NaN, ', 1))) == 2


def test_infomaniak_is_strict_by_default() -> None:
    """By default, one bad or repeated row in a list of any length refuses Infomaniak's answer."""
    rows = [row(id=at, name=f"m-{at}") for at in range(200)]
    strict, lenient = make("infomaniak", None), Infomaniak(bad_rows=BadRows())
    for bad in (rows[0], row(id=7, name="other"), row(id=900, name="m-7"), {"id": 900}):
        with pytest.raises(PayloadInvalid):
            read(body(*rows, bad), strict)
        valid = read(body(*rows, bad), lenient)
        assert len(valid.models) in {199, 200}
        assert bool(valid.drift) != bool(valid.refused)


def test_a_bare_list_is_the_list_of_rows() -> None:
    """A list without the object around it is the list of rows, and is drift."""
    valid = read([tree(1), tree(2)])
    assert [model.key for model in valid.models] == ["tree-1", "tree-2"]
    assert drift(valid) == ["a bare list in place of an object with $.data"]
    assert problems([tree(1), {"max": 1}])[0].startswith("$[1].id: found nothing")
    assert drift(read([tree(1)], acme(Description(route="/", rows="")))) == []
    assert problems([tree(1)], acme(DEEP))[0].startswith("$: found [")


def test_a_bare_page_is_the_list_of_its_rows() -> None:
    """Pages may be bare lists too."""
    paged = Description(route="/", paging=Paging(by="page", parameter="page"))
    valid = read({"pages": [[tree(1)], {"data": [tree(2)]}]}, acme(paged))
    assert [model.key for model in valid.models] == ["tree-1", "tree-2"]
    assert problems({"pages": [[tree(1)], [{}]]}, acme(paged))[0].startswith("$.pages[1][0].id")
