import json
from typing import Any, get_args

import pytest

from catalog.config.providers import Kind
from catalog.core.errors import PayloadInvalid
from catalog.core.payload import Payload
from catalog.core.snapshot import Snapshot
from catalog.core.strict_json import Json, parse
from catalog.providers.described.description import KINDS, Description, read, shipped
from catalog.providers.described.provider import Described
from catalog.providers.source import Paging
from catalog.providers.validate import validate
from tests.support.builders import AT

MARS = read(
    {
        "route": "/catalog",
        "rows": "fleet.*.ships",
        "key": "{1}/{hull}",
        "name": "hull",
        "type": "class",
        "context_limit": ["hold.tokens", "tokens"],
        "status": "state",
        "beta": "trial",
        "prices": ["fare"],
        "volatile": ["fuel"],
        "times": ["launched"],
    }
)
SHIP = {"hull": "argo", "class": "llm", "tokens": 9, "state": "docked", "trial": True, "fuel": 0.3}


def reading(answer: Json, description: Description = MARS) -> Snapshot:
    """Return an answer read by a description."""
    provider = Described("mars", description)
    sent = Payload("mars", "", AT, json.dumps(answer).encode())
    return provider.normalize(validate(sent, provider))


def problems(answer: Json, description: Description = MARS) -> list[str]:
    """Return the problems of an answer."""
    with pytest.raises(PayloadInvalid) as caught:
        reading(answer, description)
    return [str(problem) for problem in caught.value.problems]


def test_unknown_provider_with_a_description() -> None:
    """Key, name and every attribute are read from the described places."""
    (model,) = reading({"fleet": {"red": {"ships": [SHIP]}}}).models
    assert (model.key, model.name, model.type) == ("red/argo", "argo", "llm")
    assert (model.status, model.beta, model.context_limit) == ("docked", True, 9)
    assert parse(model.facts) == {k: v for k, v in SHIP.items() if k != "fuel"}


def test_first_place_with_a_value_counts() -> None:
    """If an attribute has several places, the first one with a value counts."""
    ship = SHIP | {"hold": {"tokens": "12"}, "class": None}
    (model,) = reading({"fleet": {"red": {"ships": [ship]}}}).models
    assert (model.context_limit, model.type) == (12, "llm")


@pytest.mark.parametrize("limit", [-1, 1.5, "many", True, None, [], "-1", 2**63])
def test_odd_limits_are_none(limit: Json) -> None:
    """A limit that is not a number of tokens is ignored, but the facts keep it."""
    (model,) = reading({"fleet": {"red": {"ships": [SHIP | {"tokens": limit}]}}}).models
    assert model.context_limit is None
    assert parse(model.facts)["tokens"] == limit


def test_attributes_of_other_shapes() -> None:
    """A type that is a list becomes JSON, an empty one is ignored, odd flags are ignored."""
    ship = SHIP | {"class": ["a", "b"], "state": "", "trial": "yes"}
    (model,) = reading({"fleet": {"red": {"ships": [ship]}}}).models
    assert (model.type, model.status, model.beta) == ('["a","b"]', None, None)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ([], "$: found [], expected an object"),
        ({}, "$.fleet: found nothing, expected a list, or an object of them"),
        ({"fleet": {"red": {}}}, "$.fleet.red.ships: found nothing, expected"),
        ({"fleet": {"red": {"ships": [{}]}}}, "$.fleet.red.ships[0].hull: found nothing"),
        ({"fleet": {"red": {"ships": [{"hull": " "}]}}}, '$.fleet.red.ships[0].hull: found " "'),
        ({"fleet": {"red": {"ships": [{"hull": 1.5}]}}}, "$.fleet.red.ships[0].hull: found 1.5"),
        (
            {"fleet": {"red": {"ships": [SHIP, SHIP | {"tokens": 8}]}}},
            '$.fleet.red.ships[1]: found "red/argo", as in $.fleet.red.ships[0], expected each key',
        ),
        ({"fleet": {"red": {"ships": "none"}}}, '$.fleet.red.ships: found "none"'),
    ],
)
def test_answers_that_break_the_description(answer: Json, problem: str) -> None:
    """An answer of another shape is refused with its place, not read as a small catalog."""
    assert problems(answer)[0].startswith(problem)


def test_rows_may_be_an_object_or_the_whole() -> None:
    """Rows are found in a bare list, and in an object with names as keys."""
    bare = Description(route="/models", rows="")
    assert [model.key for model in reading([{"id": 2}, {"id": 10}], bare).models] == ["2", "10"]
    named = Description(route="/models", rows="models", key="{1}")
    assert [model.key for model in reading({"models": {"b": {}, "a": {}}}, named).models] == list(
        "ab"
    )


def test_parts_are_read_as_one_list() -> None:
    """A list in pages is one catalog. A broken page is reported with its number."""
    paged = read({"route": "/models", "paging": {"by": "next", "at": "next"}})
    parts: list[Any] = [{"data": [{"id": "b"}]}, {"data": [{"id": "a"}]}]
    assert [model.key for model in reading({"pages": parts}, paged).models] == ["a", "b"]
    assert [model.key for model in reading(parts[0], paged).models] == ["b"]
    broken = problems({"pages": [parts[0], {"data": [{}]}]}, paged)
    assert broken == [
        "$.pages[1].data[0].id: found nothing, expected" + broken[0].split("expected")[1]
    ]
    assert problems({"pages": 1}, paged)[0].startswith("$.data: found nothing")


def test_a_nested_key_is_required() -> None:
    """Every part of a key is required, also a nested one."""
    deep = Description(route="/models", key="{ship.hull}-{ship.year}")
    assert (
        reading({"data": [{"ship": {"hull": "argo", "year": 1}}]}, deep).models[0].key == "argo-1"
    )
    assert len(problems({"data": [{"ship": {}}]}, deep)) == 2


def test_each_kind_can_be_configured() -> None:
    """A configuration accepts every shipped description."""
    assert {*get_args(Kind)} == {"infomaniak", "json", *KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_shipped_kinds_are_descriptions(kind: str) -> None:
    """Each shipped kind loads without an error."""
    description = read(shipped(kind))
    assert description.route.startswith("/")
    assert Described(kind, description).attributes.of_field("gone") is None


def test_lifecycle_of_a_description() -> None:
    """Without a lifecycle in the description, no last day is promised."""
    assert Described("mars", MARS).lifecycle is None
    promised = Described("mars", read({"route": "/", "callable_days": 7})).lifecycle
    assert promised is not None
    assert (promised.days, promised.ground) == (7, "mars's lifecycle policy")


def test_an_error_in_place_of_the_list_shows_its_message() -> None:
    """A successful answer that holds only an error is refused with the provider's message."""
    refused = {"error": {"message": "the key may list nothing", "type": "denied"}}
    problem = 'found "denied: the key may list nothing", expected no error in a successful answer'
    listed = Description(route="/", rows="data")
    assert problems(refused, listed) == [f"$.error: {problem}"]
    assert problems({"error": "x" * 300}, listed)[0].startswith('$.error: found "' + "x" * 190)


def test_an_error_in_place_of_one_part_shows_its_message() -> None:
    """If one part of a list is an error, the problem has the path of that part."""
    paging = Paging(by="page", parameter="page")
    listed = Description(route="/", rows="data", paging=paging)
    parts = {"pages": [{"data": [{"id": "a"}]}, {"error": "try again"}, {"nothing": 1}]}
    assert problems(parts, listed) == [
        '$.pages[1].error: found "try again", expected no error in a successful answer',
        "$.pages[2].data: found nothing, expected a list, or an object of them",
    ]


def test_an_error_beside_rows_is_no_refusal() -> None:
    """Rows beside an error are read, because they are the answer."""
    answer = {"data": [{"id": "a"}], "error": "one region is down"}
    assert [each.key for each in reading(answer, Description(route="/")).models] == ["a"]
