"""Possible forms that no provider documents."""

import time
from typing import Any

import pytest

from catalog.core.strict_json import Json
from catalog.providers.described.infer.proposal import infer

A = {"id": "a", "context": 9}
B = {"id": "b", "context": 8}


def proposed(answer: Json) -> dict[str, Any]:
    """Return the proposed settings."""
    proposal = infer(answer)
    assert proposal is not None
    return proposal.settings


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        (("model_id", "display_name", "max_input_tokens", "output_price", "launch_stage"), 1),
        (("modelId", "displayName", "maxInputTokens", "outputPrice", "launchStage"), 1),
        (("ModelId", "DisplayName", "MaxInputTokens", "OutputPrice", "LaunchStage"), 1),
        (("model-id", "display-name", "max-input-tokens", "output-price", "launch-stage"), 1),
    ],
)
def test_each_spelling_is_the_same_name(keys: tuple[str, ...], wanted: int) -> None:
    """camelCase, PascalCase, snake_case and kebab-case give the same proposal."""
    key, title, limit, price, stage = keys
    rows = [
        {key: name, title: name.upper(), limit: wanted, price: 0.5, stage: name * 2}
        for name in ("x", "y")
    ]
    assert proposed(rows) == {
        "rows": "",
        "key": key,
        "status": stage,
        "description": title,
        "context_limit": limit,
        "prices": [price],
    }


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ({"tags": [{"id": n} for n in range(30)], "models": [A, B]}, {"rows": "models"}),
        ({"a": {"b": {"c": {"d": [A, B]}}}}, {"rows": "a.b.c.d", "key": "id"}),
        ({"chat": [A], "image": [B]}, {"rows": "*", "key": "id"}),
        ({"models": {"x": {"ctx": 4}, "y": {"ctx": 5}}, "v": 3}, {"rows": "models", "key": "{1}"}),
        ({"x": A | {"id": "p"}, "y": B | {"id": "q"}}, {"rows": "", "key": "id"}),
        (
            {"families": [{"name": "f", "versions": [A, B]}, {"name": "g", "versions": [A]}]},
            {"rows": "families"},
        ),
        (
            {"families": [{"name": "f", "versions": [A]}, {"name": "g", "versions": [B]}]},
            {"rows": "families.*.versions", "key": "id"},
        ),
        (
            {"makers": [{"id": "m", "models": [{"id": "a"}]}, {"id": "n", "models": []}]},
            {"rows": "makers.*.models"},
        ),
        (
            [{"model": {"id": "a", "name": "A"}}, {"model": {"id": "b", "name": "B"}}],
            {"key": "model.id", "description": "model.name"},
        ),
        ({"data": [{}, A]}, {"rows": "data", "key": "{1}"}),
        ({"acme": [A, B], "zenith": [A]}, {"rows": "*", "key": "{1}/{id}", "name": "id"}),
        ({"chat_models": [A], "image_models": [A]}, {"rows": "*", "key": "{1}/{id}"}),
        ({"chat_models": [A], "others": [B]}, {"rows": "chat_models", "key": "id"}),
        ({"site": {"servers": [A, B]}}, {"rows": "site.servers"}),
        (
            [
                {"profileId": "p", "stage": "on", "text": "P", "models": [{"id": "a"}]},
                {"profileId": "q", "stage": "off", "text": "Q", "models": [{"id": "b"}]},
            ],
            {"rows": "", "key": "profileId"},
        ),
        (
            [
                {"id": "m", "x": {"endpoints": [A | {"id": "e"}]}},
                {"id": "n", "x": {"endpoints": [A | {"id": "f"}]}},
            ],
            {"rows": "", "key": "id"},
        ),
        (
            [{"id": "m", "parts": [A | {"id": "e"}, {"id": "f"}, {"id": "g"}]}, {"id": "n"}],
            {"rows": "", "key": "id"},
        ),
        (
            [
                {"sku": "S0", "m": {"name": name, "stage": stage, "version": str(version)}}
                for version, (name, stage) in enumerate([("a", "x"), ("a", "y"), ("b", "z")])
            ],
            {"key": "{m.name}/{m.version}", "name": "m.name"},
        ),
        (
            [{"model": "a", "x": {"day": "x"}}, {"model": "a", "x": {"day": "y"}}],
            {"key": "{model}/{x.day}", "name": "model"},
        ),
        (
            [{"id": 7, "meta": {"name": "a"}, "task": {"name": "t"}}],
            {"key": "id", "name": "meta.name"},
        ),
        ([{"x": 1, "y": 2}, {"x": 1, "y": 3}], {"rows": "", "key": "{1}"}),
        ([{"id": 7, "title": "A B", "slug": "a-b"}], {"key": "id", "name": "slug"}),
        ([{"hull": "argo"}], {"key": "hull"}),
        ([{"id": "a", "": 1, "{x}": "b"}], {"key": "id"}),
    ],
)
def test_rows_and_keys(answer: Json, wanted: dict[str, Any]) -> None:
    """A list of objects is found at any place, and always gets a key."""
    found = proposed(answer)
    assert {name: found.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (({"status": "on", "stage": "a"}, {"status": "on", "stage": "b"}), {"status": "stage"}),
        (({"status": "on"}, {"status": "on"}), {"status": "status"}),
        (({"lifecycleState": "on"}, {}), {"status": "lifecycleState"}),
        (({"state": "loaded"}, {"state": "idle"}), {"status": None, "volatile": ["state"]}),
        (({"price": "free"}, {"price": "paid"}), {"prices": None}),
        (
            ({"pricing": {"request": "0.1", "score": 1}, "request": 5}, {}),
            {"prices": ["pricing"], "volatile": ["request"]},
        ),
        (({"quota": {"request": 60}, "view_limit": 3}, {}), {"volatile": None}),
        (({"aliases": ["a-latest"]}, {"aliases": []}), {"aliases": "aliases"}),
        (({"modelAliases": ["a-latest"]}, {}), {"aliases": "modelAliases"}),
        (({"aliases": ["The model A"]}, {}), {"aliases": None}),
        (({"aliases": []}, {"aliases": []}), {"aliases": None}),
        (({"alias_of": "b"}, {"alias_of": None}), {"alias_of": "alias_of", "aliases": None}),
        (
            ({"rate": "0.1", "rate_limit": 5}, {"rate": "0.2", "rate_limit": 6}),
            {"prices": ["rate"]},
        ),
        (({"sample_rate": 8000}, {"sample_rate": 16000}), {"prices": None}),
        (
            ({"price": [{"kind": "in", "cost": 1}]}, {"price": [{"kind": "in", "cost": 2}]}),
            {"prices": ["price"]},
        ),
        (({"pricing": {"unit": "token", "in": "1e-6"}}, {}), {"prices": ["pricing"]}),
        (({"class": "chat"}, {"class": "embedding"}), {"type": "class"}),
        (({"type": "model"}, {"type": "model"}), {"type": None}),
        (({"type": "x"}, {"type": "y"}), {"type": "type"}),
        (({"kind": "X1"}, {"kind": "Y1"}), {"type": None}),
        (({"modality": "text"}, {"modality": "image"}), {"type": None}),
        (({"modality": "text->text"}, {"modality": "text+image->text"}), {"type": None}),
        (({"max_tokens": 5, "context_size": 9}, {}), {"context_limit": "context_size"}),
        (({"max_output_tokens": 5}, {"max_output_tokens": 6}), {"context_limit": None}),
        (({"tokens_per_minute": 5}, {"tokens_per_minute": 6}), {"context_limit": None}),
        (({"context_length": "8k"}, {"context_length": "9k"}), {"context_limit": None}),
        (({"context_length": 0.5}, {"context_length": 1.5}), {"context_limit": None}),
        (
            ({"top": {"context_length": 9}, "max_tokens": 4}, {}),
            {"context_limit": "top.context_length"},
        ),
        (({"max_position_embeddings": 5}, {}), {"context_limit": "max_position_embeddings"}),
        (({"max_length": 5}, {}), {"context_limit": "max_length"}),
        (({"context": {"default": 4, "max": 5}}, {}), {"context_limit": "context.max"}),
        (({"context": {"version": 5}}, {}), {"context_limit": None}),
        (({"description": "x" * 301, "name": "X"}, {}), {"description": "name"}),
        (({"description": "https://x.example"}, {}), {"description": None}),
        (({"owner": {"name": "x"}}, {"owner": {"name": "y"}}), {"description": None}),
        (({"cutoff": "2025-01-01"}, {"cutoff": "2025-99-01"}), {"times": None}),
        (({"seen": "2025-01-01T00:00:00Z"}, {"seen": None}), {"times": ["seen"]}),
        (({"seen": "2025-01-01 08:00 UTC"}, {"seen": None}), {"times": ["seen"]}),
        (({"day": "2025-01-01"}, {"day": None}), {"times": None}),
    ],
)
def test_attributes_and_classes(facts: tuple[Json, Json], wanted: dict[str, Any]) -> None:
    """Name, values, depth and variety decide the use of a field."""
    rows = [{"id": name} | each for name, each in zip("ab", facts, strict=True)]
    found = proposed({"data": rows})
    assert {name: found.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("around", "paging"),
    [
        ({"nextCursor": "t"}, {"by": "cursor", "at": "nextCursor", "parameter": "cursor"}),
        ({"next_cursor": None}, {"by": "cursor", "at": "next_cursor", "parameter": "cursor"}),
        ({"NextToken": "t"}, {"by": "cursor", "at": "NextToken", "parameter": "NextToken"}),
        ({"next": "t"}, {"by": "cursor", "at": "next", "parameter": "cursor"}),
        ({"next": "/m?page=2"}, {"by": "next", "at": "next"}),
        ({"@odata.nextLink": "https://x"}, {"by": "next", "at": r"@odata\.nextLink"}),
        ({"next_page": 2}, {"by": "cursor", "at": "next_page", "parameter": "page"}),
        (
            {"pageInfo": {"endCursor": "t", "hasNextPage": True}},
            {
                "by": "cursor",
                "at": "pageInfo.endCursor",
                "parameter": "after",
                "more": "pageInfo.hasNextPage",
            },
        ),
        (
            {"lastId": "a", "hasMore": False},
            {"by": "cursor", "at": "lastId", "parameter": "afterId", "more": "hasMore"},
        ),
        ({"page": 0, "total_pages": 2}, {"by": "page", "parameter": "page", "first": 0}),
        ({"page_no": 1, "total": 3}, {"by": "page", "parameter": "page_no"}),
        ({"page": 2, "total_pages": 3}, None),
        ({"next": {"a": 1}}, None),
        ({"total": 9}, None),
        ({"has_more": True}, None),
        ({"total": 2, "page": 1}, None),
    ],
)
def test_paging(around: Json, paging: Json) -> None:
    """A cursor, an address or a number leads to the next part."""
    assert proposed({"data": [A, B]} | around).get("paging") == paging


def test_a_part_without_a_next_address_has_a_note() -> None:
    """If nothing leads to the other parts, the note names the settings."""
    proposal = infer({"data": [A, B], "total": 9})
    assert proposal is not None
    sign = "the answer looks like one part of several: total counts more than it holds"
    assert proposal.notes == (f"{sign}; set paging, or a query that asks for all rows",)


@pytest.mark.parametrize(
    ("values", "place"),
    [
        (["the maximum of tokens", 8, 9], "context_length"),
        (["8k", "9k", 9], None),
        (["unknown", 8], None),
        ([True, 8, 9], None),
        (["unknown", "?", *range(8, 106)], "context_length"),
        (["unknown", "?", "?", *range(8, 105)], None),
    ],
    ids=["one", "two of three", "one of two", "no text", "two of many", "three of many"],
)
def test_a_few_words_among_numbers(values: list[Json], place: str | None) -> None:
    """A numeric field may have a row that explains it, or a word for an unknown number."""
    rows = [{"id": str(at), "context_length": value} for at, value in enumerate(values)]
    assert proposed(rows).get("context_limit") == place


def test_one_repeated_key_of_many_does_not_change_the_key() -> None:
    """In a long list, the key stays if a provider repeats a few, and a note reports it."""
    rows = [{"id": str(number), "x": number, "context": 4} for number in range(150)]
    proposal = infer([*rows, {"id": "7", "x": -1, "context": 4}])
    assert proposal is not None
    assert proposal.settings["key"] == "id"
    assert any("id is missing or the same in some rows" in note for note in proposal.notes)


@pytest.mark.parametrize("bad", [{"context": 4}, {"id": " "}, {"id": ["x"]}, {"id": None}])
def test_one_row_of_many_without_a_key_does_not_change_the_key(bad: Json) -> None:
    """In a long list, the key stays if a few rows have none, and a note reports it."""
    rows = [{"id": str(number), "x": number, "context": 4} for number in range(150)]
    proposal = infer([bad, *rows])
    assert proposal is not None
    assert proposal.settings["key"] == "id"
    assert any("id is missing or the same in some rows" in note for note in proposal.notes)


@pytest.mark.parametrize(("bad", "note"), [([None], "1 of the rows is"), ([7, "b"], "2 of the")])
def test_rows_that_are_not_objects_have_a_note(bad: list[Json], note: str) -> None:
    """A list with a few other values is a list of objects, and a note counts the others."""
    proposal = infer({"data": [A, *bad, B, A | {"id": "c"}]})
    assert proposal is not None
    assert (proposal.rows, proposal.settings["rows"]) == (3, "data")
    assert any(each.startswith(note) for each in proposal.notes)


@pytest.mark.parametrize(
    "answer",
    [
        {"data": []},
        ["a"],
        [None, A],
        [{}],
        A,
        {"error": {"message": "no"}},
        {"success": False, "errors": [{"code": 9, "message": "no"}], "result": None},
        {"error": [{"message": "no"}, {"message": "never"}]},
    ],
)
def test_no_list_of_objects(answer: Json) -> None:
    """Nothing is proposed without a list of objects, or with an error in its place."""
    assert infer(answer) is None


@pytest.mark.long
@pytest.mark.parametrize(
    "answer",
    [
        [{"id": str(n)} | {f"f{m}": m for m in range(30)} for n in range(5_000)],
        {str(n): {"context": n, "mode": "chat"} for n in range(20_000)},
        [{f"k{n}": n} for n in range(20_000)],
        [[[[[{"id": 1}] * 10] * 10] * 10] * 10] * 10,
    ],
    ids=["long", "map", "different", "nested"],
)
def test_a_large_answer_takes_seconds(answer: Json) -> None:
    """The time grows only linearly with the size of the answer."""
    started = time.process_time()
    assert infer(answer) is not None
    assert time.process_time() - started < 20
