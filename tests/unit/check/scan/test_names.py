"""Names after routing prefixes, in any place."""

import pytest

from catalog.check.scan.names import Names
from tests.unit.check.test_counting import judged

NAMES = Names(frozenset({"qwen3", "whisper", "google/x", "models/pro"}), frozenset({"infomaniak"}))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'Agent("openai:{}")'),
        ("a.py", 'dspy.LM("openai/{}")'),
        ("a.py", 'x = "openai/responses/{}"'),
        ("a.ts", 'registry.languages("openai:{}")'),
        ("a.json", '{{"agent": {{"small": "infomaniak-ai/{}"}}}}'),
        ("a.ts", 'generate("@infomaniak/{}")'),
        ("a.toml", 'x = "openai:{}"'),
        ("a.yaml", "a: hosted_vllm/{}\n"),
    ],
)
def test_a_routed_name_counts_without_a_place(path: str, text: str) -> None:
    """A string of a prefix and a known name is a use even if no place takes a model."""
    assert judged(path, text.format("qwen3")) == (["qwen3"], [])


@pytest.mark.parametrize(
    "text",
    ["openai/whisper", "models/qwen3", "responses/qwen3", "groq:qwen3", "openai/new", "qwen3"],
)
def test_a_word_a_folder_or_another_prefix_does_not(text: str) -> None:
    """Without a place, a repository, a folder and another provider's name are not uses."""
    assert judged("a.py", f'# model\nx = "{text}"\n') == ([], [])


def test_the_whole_string_is_tried_first() -> None:
    """A prefix is removed only if the whole string is unknown and the prefix is a whole word."""
    assert NAMES.of("google/x") == "google/x"
    assert NAMES.of("openai/google/x") == "google/x"
    assert NAMES.of("openai/pro") == "models/pro"
    assert NAMES.bare("my-infomaniak:qwen3") == "qwen3"
    assert NAMES.is_own("my-infomaniak/new")
    assert not NAMES.is_own("infomaniaks/qwen3")
    assert not NAMES.is_routed("google/x")
