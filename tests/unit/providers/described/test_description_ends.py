"""The ends and status words that a description reads."""

import json
from datetime import date
from typing import Any

import pytest

from catalog.core.payload import Payload, ValidPayload
from catalog.core.snapshot import Model
from catalog.core.strict_json import Json
from catalog.providers.described.description import Description, read, shipped
from catalog.providers.described.provider import Described
from catalog.providers.infomaniak.provider import Infomaniak
from catalog.providers.validate import validate
from tests.support.builders import AT, model

FIFTH = date(2026, 12, 5)
MARS = read(
    {
        "route": "/fleet",
        "ends": ["retires.at", "over"],
        "successor": "retires.to",
        "status": ["phase", "crew.active"],
        "statuses": {"ending": ("Fading Out",), "gone": ("dark",)},
    }
)


def answer(row: Json, description: Description = MARS) -> tuple[Described, ValidPayload, Model]:
    """Return the provider, a valid answer of one row, and its model."""
    provider = Described("mars", description)
    body = json.dumps({"data": [{"id": "argo", **row}]}).encode()
    valid = validate(Payload("mars", "", AT, body), provider)
    (found,) = provider.normalize(valid).models
    return provider, valid, found


def end_of(
    row: Json, description: Description = MARS
) -> tuple[date | None, str | None, str] | None:
    """Return the announced day, successor and source of a row."""
    provider, _, found = answer(row, description)
    end = provider.announced(found)
    if end is None:
        return None
    assert end.model == found
    return end.until, end.successor, end.source


@pytest.mark.parametrize(
    ("kind", "row", "expected"),
    [
        ("openrouter", {"expiration_date": "2026-12-05"}, (FIFTH, None, "expiration_date")),
        ("openrouter", {"expiration_date": "2098-12-31"}, None),
        ("openrouter", {"expiration_date": None}, None),
        ("openai", {"deprecation_date": "2026-12-05"}, (FIFTH, None, "deprecation_date")),
        (
            "openai",
            {"deprecation": "2026-12-05T12:00:00Z", "deprecation_replacement_model": "argo-2"},
            (FIFTH, "argo-2", "deprecation"),
        ),
        (
            "openai",
            {"deprecated": 1796428800, "replaced_by": "argo-2"},
            (FIFTH, "argo-2", "deprecated"),
        ),
        (
            "openai",
            {"deprecation": {"fine_tune": 1767225600, "inference": 1796428800}},
            (FIFTH, None, "deprecation.inference"),
        ),
        ("openai", {"deprecation": {"fine_tune": 1767225600}}, None),
        (
            "openai",
            {"deprecationDate": {"year": 2026, "month": 12, "day": 5}},
            (FIFTH, None, "deprecationDate"),
        ),
        ("openai", {"deprecated": True}, None),
        ("openai", {"deprecated": 0}, None),
        ("anthropic", {"deprecation_date": "2026-12-05"}, None),
    ],
)
def test_shipped_kinds_read_the_ends_of_their_providers(
    kind: str, row: dict[str, Json], expected: tuple[date | None, str | None, str] | None
) -> None:
    """Each kind reads the fields of its providers, and only a day is an end."""
    end = end_of({"display_name": "x", **row}, read(shipped(kind)))
    if expected is not None:
        expected = (*expected[:2], f"the provider's {expected[2]}")
    assert end == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"retires": {"at": "2026-12-05", "to": " b "}}, (FIFTH, "b", "the provider's retires.at")),
        ({"retires": {"at": "soon"}, "over": "2026-12-05"}, (FIFTH, None, "the provider's over")),
        ({"retires": {"at": None, "to": "b"}}, (None, "b", "the provider's ")),
        ({"retires": {"at": None, "to": " "}}, None),
        ({"retires": {"at": None, "to": ["b", "c"]}}, (None, "b", "the provider's ")),
        ({"retires": {"at": None, "to": {"name": "B", "id": "b"}}}, (None, "b", "the provider's ")),
        *(({"retires": {"at": None, "to": each}}, None) for each in ([], [" "], {}, {"n": "b"}, 7)),
        ({"note": "at"}, None),
    ],
)
def test_places_of_a_description(row: Json, expected: object) -> None:
    """The first place with a day counts, and a successor may be named without a day."""
    assert end_of(row) == expected


def test_providers_that_announce_ends() -> None:
    """Infomaniak, and a description without such places, announce no ends."""
    plain = Described("plain", Description(route="/models"))
    assert not plain.announces
    assert plain.announced(model()) is None
    assert not Infomaniak().announces
    assert Infomaniak().announced(model()) is None
    assert Described("mars", MARS).announces


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"phase": "dark"}, "dark"),
        ({"crew": {"active": True}}, "active"),
        ({"crew": {"active": False}}, "not active"),
        ({"phase": "dark", "crew": {"active": True}}, "dark"),
        ({"over": True}, "over"),
        ({"over": True, "phase": "dark"}, "dark"),
        ({"over": False}, None),
        ({"over": "True"}, "over"),
        ({"over": "false"}, None),
        ({"crew": {"active": "false"}}, "not active"),
        ({}, None),
    ],
)
def test_a_boolean_status_is_a_word(row: dict[str, Any], status: str | None) -> None:
    """A status field with true or false is shown by the name of the field."""
    assert answer(row)[2].status == status


@pytest.mark.parametrize(
    ("row", "new"),
    [
        ({"phase": "fading-out"}, []),
        ({"phase": "Ready"}, []),
        ({"phase": "deprecated"}, ['"deprecated"']),
        ({"phase": None}, []),
        ({"phase": 7}, []),
        ({"crew": {"active": False}}, []),
        ({"crew": {"active": "odd"}}, ['"odd"']),
    ],
)
def test_words_without_a_meaning_are_new(row: Json, new: list[str]) -> None:
    """If a description has status words, every other word is reported as new."""
    provider, valid, _ = answer(row)
    assert [each.value for each in valid.drift] == new
    assert {provider.attributes.of_field(each.field) for each in valid.drift} <= {"status"}


def test_without_status_words_no_word_is_new() -> None:
    """Without status words, or at a place with `*`, no word is reported as new."""
    for table in ({"status": "phase"}, {"status": "*.phase", "statuses": {"gone": ("dark",)}}):
        row = {"phase": "odd", "crew": {"phase": "odd"}}
        assert answer(row, read({"route": "/fleet", **table}))[1].drift == ()
