"""`catalog models` and `catalog show`, on the demo's five snapshots."""

from tests.support.builders import MISSING, body, row
from tests.support.http_server import answer
from tests.support.shell import Live, Shell

ESCAPES = "\x1b[31mred\x07\u202e"


def test_the_catalog_is_listed_as_a_table(demo: Shell) -> None:
    """The table lists models in the provider's order, one aligned line each, without color."""
    ran = demo("models")
    head, first, *rest = ran.lines
    assert head.split("  ")[0] == "ID"
    assert first.split() == [
        *("2", "whisper", "stt", "ready", "no", "–", "Whisper"),
        *("Audio", "transcription", "model"),
    ]
    assert [int(line.split()[0]) for line in rest] == [
        8,
        10,
        12,
        13,
        20,
        21,
        23,
        24,
        27,
        30,
        31,
        32,
    ]
    assert {line[:2].strip().isdecimal() for line in rest} == {True}
    assert "65,536" in ran.out
    assert "\x1b" not in ran.out


def test_json_holds_our_words_and_every_fact(demo: Shell) -> None:
    """JSON for a past time has the state of then, with all facts."""
    document = demo("models", "--at", "2025-12-23", "--format", "json").json
    assert document.keys() == {"schema_version", "provider", "snapshot", "taken_at", "models"}
    assert (document["snapshot"], document["taken_at"]) == (3, "2025-12-23T10:16:55Z")
    assert len(document["models"]) == 15
    models = {model["key"]: model for model in document["models"]}
    qwen3 = models["17"]
    facts = qwen3.pop("facts")
    assert qwen3 == {
        "key": "17",
        "name": "qwen3",
        "type": "llm",
        "status": "ready",
        "beta": False,
        "context_limit": 262144,
        "title": "Qwen3 VL",
        "description": "Qwen/Qwen3-VL-235B-A22B-Instruct (multimodal)",
        "route": "/1/ai/{product_id}/openai/chat/completions",
    }
    assert facts["description"] == "Qwen/Qwen3-VL-235B-A22B-Instruct"
    assert facts["meta"] == {"is_beta": False}
    assert "context_limit" not in models["2"]


def test_type_and_status_narrow_the_list(demo: Shell) -> None:
    """Filters combine with a snapshot number, and Markdown shows the remaining models."""
    ran = demo("models", "--at", "#3", "--type", "llm", "--status", "ready", "--format", "markdown")
    head, rule, *rows = ran.lines
    assert head.startswith("| ID | Name | Type |")
    assert set(rule) <= set("|-: ")
    assert [row.split(" | ")[1] for row in rows] == [
        *("llama3", "granite", "mistral3", "qwen3", "gemma3n"),
    ]


def test_a_moment_without_catalog_is_wrong_usage(demo: Shell) -> None:
    """A day before the first snapshot and an invalid time are errors with examples."""
    early = demo("models", "--at", "2025-08-12T23:59:59+00:00", code=2)
    assert "no snapshot from 2025-08-12 23:59:59 UTC or earlier" in early.err
    assert "catalog --config demo/catalog.toml snapshots" in early.err
    odd = demo("models", "--at", "0001-01-01T00:00:00+14:00", code=2)
    assert "Invalid value for '--at'" in odd.err
    assert "yesterday" in odd.err


def test_one_model_is_shown_with_its_history(demo: Shell) -> None:
    """A removed model is shown with its last facts, dates and changes."""
    ran = demo("show", "qwen3")
    assert ran.lines[:3] == [
        "qwen3  (id 17)",
        "first seen  2025-08-13T18:55:22Z",
        "gone since  2026-05-19T15:48:46Z",
    ]
    assert '  meta                {"is_beta":false,"is_coder":false}' in ran.lines
    assert "  max_token_input     262144" in ran.lines
    swap = "2025-11-26T14:07:15Z  warning   qwen3: description Qwen3-235B-A22B-Instruct-2507 → "
    assert any(line.strip().startswith(swap) for line in ran.lines)
    assert "qwen3 removed; callable until at least 2026-06-18" in ran.lines[-1]


def test_one_model_as_it_was_then(demo: Shell) -> None:
    """`show --at` hides later changes, and accepts the id in place of the name."""
    then = demo("show", "17", "--at", "1", "--format", "json").json
    assert then["listed"] is True
    assert then["first_seen"] == "2025-08-13T18:55:22Z"
    assert then["description"] == "Qwen3-235B-A22B-Instruct-2507"
    assert then["history"] == []
    assert "gone_since" not in then
    gone = demo("show", "17", "--format", "json").json
    assert (gone["listed"], gone["gone_since"]) == (False, "2026-05-19T15:48:46Z")
    assert gone["history"][0]["rule"] == "alias-swapped"


def test_an_unknown_model_is_wrong_usage_with_a_hint(demo: Shell) -> None:
    """An unknown model is an error on stderr with a suggestion and a hint."""
    ran = demo("show", "Qwen3", code=2)
    assert ran.out == ""
    assert ran.err.splitlines() == [
        "error: no model 'Qwen3' is known; did you mean qwen3?",
        "hint: `catalog --config demo/catalog.toml models` lists the names; case matters.",
    ]


def test_escapes_in_a_name_do_not_reach_the_terminal(live: Live) -> None:
    """Every command prints control and direction characters as escapes."""
    evil = row(name=f"evil{ESCAPES}", description=f"x{ESCAPES}", **{f"key{ESCAPES}": ESCAPES})
    shell, _ = live(answer(body=body(evil)), answer(body=body(row(id=900, description=MISSING))))
    printed = [shell("-q", "sync").out, shell("show", "1").out]
    assert "evil\\x1b[31mred\\x07\\u202e" in printed[1]
    assert "unchanged   since" in printed[1]
    printed += [shell("sync").out, shell("changes", "--format", "markdown").out]
    for text in printed:
        assert not set(text) & set("\x1b\x07\u202e"), text
    (bare,) = shell("models", "--at", "now", "--format", "json").json["models"]
    assert "description" not in bare
