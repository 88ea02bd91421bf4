import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from catalog.core.clock import stamp
from catalog.providers.recordings import Recording, find, read, shipped

Row = dict[str, Any]
Fact = tuple[int, str]
Move = tuple[Any, Any]

HISTORY = find(shipped())
KEYS = [
    "id",
    "name",
    "type",
    "documentation_link",
    "description",
    "info_status",
    "logo_url",
    "last_updated_at",
    "max_token_input",
    "version",
]
META = [[], ["is_beta"], ["is_beta"], ["is_beta", "is_coder"], ["is_beta", "is_coder"]]
POST = "https://developer.infomaniak.com/docs/api/post/2/ai/%7Bproduct_id%7D"
MISSING = "(missing)"


@dataclass(frozen=True)
class Step:
    """The difference between two captures."""

    added: set[int]
    removed: set[int]
    moved: dict[Fact, Move]


def wave(ids: str, field: str) -> dict[Fact, Move]:
    """Return a new field with the value false on many models."""
    return {(int(number), field): (MISSING, False) for number in ids.split()}


STEPS = [
    Step(
        added={19, 20, 21, 22},
        removed={9, 14, 15},
        moved=wave("2 6 8 10 11 12 13 16 17 18", "meta.is_beta")
        | {
            (17, "description"): (
                "Qwen3-235B-A22B-Instruct-2507",
                "Qwen/Qwen3-VL-235B-A22B-Instruct",
            ),
            (17, "last_updated_at"): ("2025-07-30", "2025-10-09"),
        },
    ),
    Step(added={23, 24}, removed={19}, moved={}),
    Step(
        added={28},
        removed=set(),
        moved=wave("2 6 8 10 11 12 13 16 17 18 20 21 22 23 24", "meta.is_coder")
        | {
            (number, "documentation_link"): (f"{POST}/v2/rerank", f"{POST}/cohere/v2/rerank")
            for number in (23, 24)
        },
    ),
    Step(added={27, 30, 31, 32}, removed={6, 11, 16, 17, 18, 22, 28}, moved={}),
]


def rows(recording: Recording) -> list[Row]:
    """Read a capture's models."""
    return list(json.loads(read(recording.path))["data"])


def flat(row: Row) -> dict[str, Any]:
    """Return the facts with `meta.*` as dotted fields."""
    facts = {key: value for key, value in row.items() if key != "meta"}
    return facts | {f"meta.{key}": value for key, value in row.get("meta", {}).items()}


def moves(before: Recording, after: Recording) -> Iterator[tuple[Fact, Move]]:
    """Yield each field that differs on a model of both captures."""
    old = {row["id"]: flat(row) for row in rows(before)}
    new = {row["id"]: flat(row) for row in rows(after)}
    for number in old.keys() & new.keys():
        for field in old[number].keys() | new[number].keys():
            move = (old[number].get(field, MISSING), new[number].get(field, MISSING))
            if move[0] != move[1]:
                yield (number, field), move


def ids(recording: Recording) -> set[int]:
    """Read a capture's ids."""
    return {row["id"] for row in rows(recording)}


def test_five_captures_with_their_counts() -> None:
    """The shipped history has five captures of 13, 14, 15, 16 and 13 models."""
    assert [(stamp(each.at), len(rows(each))) for each in HISTORY] == [
        ("2025-08-13T18:55:22Z", 13),
        ("2025-11-26T14:07:15Z", 14),
        ("2025-12-23T10:16:55Z", 15),
        ("2026-03-19T13:53:46Z", 16),
        ("2026-05-19T15:48:46Z", 13),
    ]


@pytest.mark.parametrize("number", range(4))
def test_differences_between_neighbors(number: int) -> None:
    """Neighboring captures differ only in the listed models and fields."""
    before, after = HISTORY[number : number + 2]
    step = STEPS[number]
    assert ids(after) - ids(before) == step.added
    assert ids(before) - ids(after) == step.removed
    assert dict(moves(before, after)) == step.moved


@pytest.mark.parametrize("recording", HISTORY, ids=lambda each: each.path.stem)
def test_shape(recording: Recording) -> None:
    """Each capture has the envelope, the API's key order, ascending ids and a final newline."""
    body = read(recording.path)
    envelope = json.loads(body)
    assert list(envelope) == ["result", "data"]
    assert envelope["result"] == "success"
    assert all(list(row)[: len(KEYS)] == KEYS for row in envelope["data"])
    numbers = [row["id"] for row in envelope["data"]]
    assert numbers == sorted(set(numbers))
    assert body == (json.dumps(envelope, indent=2, ensure_ascii=False) + "\n").encode()


@pytest.mark.parametrize(
    ("recording", "meta"),
    list(zip(HISTORY, META, strict=True)),
    ids=[each.path.stem for each in HISTORY],
)
def test_meta(recording: Recording, meta: list[str]) -> None:
    """`meta` is absent at first, then has `is_beta`, then also `is_coder`, on every model."""
    for row in rows(recording):
        assert list(row) == ([*KEYS, "meta"] if meta else KEYS)
        assert list(row.get("meta", {})) == meta
        assert row.get("meta", {}).get("is_coder", False) is False


def test_types_of_values() -> None:
    """Limits are whole numbers or null, versions are text or null, and nothing else is null."""
    for row in (row for each in HISTORY for row in rows(each)):
        assert isinstance(row["id"], int)
        assert isinstance(row["max_token_input"], int | None)
        assert isinstance(row["version"], str | None)
        assert isinstance(row["last_updated_at"], str | None)
        texts = ("name", "type", "documentation_link", "description", "info_status", "logo_url")
        assert all(isinstance(row[key], str) for key in texts)


def test_rows_with_special_cases() -> None:
    """Some rows with all special cases are exactly as they were captured."""
    last = {row["id"]: row for row in rows(HISTORY[4])}
    kimi = next(row for row in rows(HISTORY[3]) if row["id"] == 28)
    logos = "https://storage4.infomaniak.com/ai-tools/public/logos"
    assert kimi == {
        "id": 28,
        "name": "moonshotai/Kimi-K2.5",
        "type": "llm",
        "documentation_link": f"{POST}/openai/v1/chat/completions",
        "description": "moonshotai/Kimi-K2.5",
        "info_status": "coming_soon",
        "logo_url": f"{logos}/moonshotai.svg",
        "last_updated_at": "2025-02-19",
        "max_token_input": 256000,
        "version": None,
        "meta": {"is_beta": True, "is_coder": False},
    }
    assert last[2] == {
        "id": 2,
        "name": "whisper",
        "type": "stt",
        "documentation_link": POST.replace("/2/", "/1/") + "/openai/audio/transcriptions",
        "description": "Whisper V3",
        "info_status": "ready",
        "logo_url": f"{logos}/whisper.svg",
        "last_updated_at": "2024-07-01",
        "max_token_input": None,
        "version": "3.0",
        "meta": {"is_beta": False, "is_coder": False},
    }
    assert last[30]["last_updated_at"] is None
    assert last[13]["max_token_input"] == 128


def test_beta_and_ready() -> None:
    """On 2025-12-23 the beta models are the five newest, and none of them is ready."""
    beta = {row["id"] for row in rows(HISTORY[2]) if row["meta"]["is_beta"]}
    ready = {row["id"] for row in rows(HISTORY[2]) if row["info_status"] == "ready"}
    assert beta == {20, 21, 22, 23, 24}
    assert ready == {2, 6, 10, 11, 16, 17, 18}
