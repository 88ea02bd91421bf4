from pathlib import Path

import pytest

from catalog.core.errors import SettingsInvalid
from catalog.core.snapshot import Model
from catalog.core.strict_json import JsonText
from catalog.report.annotations import Label, label, load, read

SHIPPED = Path(__file__).parents[3] / "catalog/providers/infomaniak/annotations.toml"


def model(key: str, name: str, description: str | None = None) -> Model:
    """Make a model of which only the names matter."""
    return Model(key, name, "llm", JsonText("{}"), description=description)


@pytest.mark.parametrize(
    ("name", "description", "expected"),
    [
        ("flux", "Flux schnell", Label("Flux schnell", "Flux schnell")),
        ("q", "Qwen/Qwen3-VL", Label("Qwen3-VL", "Qwen/Qwen3-VL")),
        ("google/gemma-4", None, Label("gemma-4", None)),
        ("google/gemma-4", " \n", Label("gemma-4", None)),
        ("odd", "vendor/name/", Label("name", "vendor/name/")),
        ("odd", "/", Label("/", "/")),
    ],
)
def test_names_without_annotation(name: str, description: str | None, expected: Label) -> None:
    """The last segment of the description, else of the name, is the title."""
    assert label(model("1", name, description), {}) == expected


def test_an_annotation_holds_only_on_its_condition() -> None:
    """An annotation is ignored once another model has the name."""
    words = load(("a", '[[17]]\nwhen = {description = "new", type = "llm"}\ntitle = "Qwen3 VL"\n'))
    assert label(model("17", "qwen3", "new"), words).title == "Qwen3 VL"
    assert label(model("17", "qwen3", "old"), words).title == "old"
    assert label(model("18", "qwen3", "new"), words).title == "new"


def test_the_users_words_win_one_by_one() -> None:
    """A user's file overrides a title, keeps the shipped description, and adds models."""
    own = ("own", '[1]\ntitle = "Mine"\n[x]\ndescription = "new"\n')
    shipped = ("shipped", '[1]\ntitle = "Theirs"\ndescription = "kept"\n')
    words = load(own, shipped)
    assert label(model("1", "a", "api"), words) == Label("Mine", "kept")
    assert label(model("x", "b", "api"), words) == Label("api", "new")


def test_words_may_be_keyed_by_name_as_well_as_by_id() -> None:
    """A user's words by name win over shipped ones by id, and in one file the id comes first."""
    own = ("own", '["elm/tall"]\ntitle = "Ours"\n')
    shipped = ("shipped", '[5]\ntitle = "Theirs"\ndescription = "kept"\n["oak"]\ntitle = "Oak"\n')
    words = load(own, shipped)
    assert label(model("5", "elm/tall", "api"), words) == Label("Ours", "kept")
    assert label(model("8", "oak", "api"), words) == Label("Oak", "api")
    both = load(("one", '["ash"]\ntitle = "By name"\ndescription = "d"\n[1]\ntitle = "By id"\n'))
    assert label(model("1", "ash"), both) == Label("By id", "d")
    other = load(("one", '["ash"]\nwhen = { type = "image" }\ntitle = "Another"\n'))
    assert label(model("1", "ash"), other).title == "ash"


def test_every_mistake_is_reported_with_its_place() -> None:
    """All errors of all files are reported, each with file, key and expected value."""
    first = """
        5 = "words"
        [6]
        titel = "typing mistake"
        [[7]]
        title = ""
        when = { status = "ready", name = 3 }
        [[7]]
        title = "right"
        when = "always"
        [8]
        description = 8
    """
    with pytest.raises(SettingsInvalid) as caught:
        load(("one.toml", first), ("two.toml", "= nothing"))
    assert str(caught.value).split("\n") == [
        'one.toml: 5: found "words", expected a table',
        "one.toml: 6: neither a title nor a description",
        "one.toml: 6.titel: unknown; known are title, description",
        'one.toml: 7[1].title: found "", expected text',
        "one.toml: 7[1].when.status: unknown; known are description, name, type",
        "one.toml: 7[1].when.name: found 3, expected text",
        'one.toml: 7[2].when: found "always", expected a table',
        "one.toml: 8.description: found 8, expected text",
        "two.toml: Invalid statement (at line 1, column 1)",
    ]


def test_a_file_that_cannot_be_read_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    """Errors about missing and non-UTF-8 files have the file name."""
    torn = tmp_path / "torn.toml"
    torn.write_bytes(b"\xff")
    with pytest.raises(
        SettingsInvalid, match=r"torn\.toml: it is not valid UTF-8: byte 0xff in line 1"
    ):
        read(torn)
    with pytest.raises(SettingsInvalid, match=r"gone\.toml: No such file or directory"):
        read(tmp_path / "gone.toml")


def test_a_file_is_read_with_its_name(tmp_path: Path) -> None:
    """A file is loaded, and errors about its content have its name."""
    path = tmp_path / "own.toml"
    path.write_text('[1]\ntitle = "Grüezi"\n', encoding="utf-8")
    assert label(model("1", "a"), load(read(path))).title == "Grüezi"


@pytest.mark.parametrize(
    ("key", "name", "description", "title"),
    [
        ("17", "qwen3", "Qwen/Qwen3-VL-235B-A22B-Instruct", "Qwen3 VL"),
        ("17", "qwen3", "Qwen3-235B-A22B-Instruct-2507", "Qwen3"),
        ("17", "qwen3", "Qwen/Qwen4", "Qwen4"),
        ("6", "llama3", "Llama 4", "Llama 4"),
        ("33", "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-FP8", None, "Nemotron 3 Nano 30B"),
    ],
)
def test_the_shipped_words_claim_nothing_of_another_model(
    key: str, name: str, description: str, title: str
) -> None:
    """The title of a short name applies only to the original model."""
    words = load(read(SHIPPED))
    assert label(model(key, name, description), words).title == title


NEWEST = {
    "moonshotai/Kimi-K2.6": "32",
    "Qwen/Qwen3.5-397B-A17B-FP8": "?",
    "Qwen/Qwen3.5-122B-A10B-FP8": "30",
    "google/gemma-4-31B-it": "31",
    "mistralai/Mistral-Small-4-119B-2603": "34",
    "mistralai/Ministral-3-14B-Instruct-2512": "27",
    "swiss-ai/Apertus-v1.5-70B": "?",
    "Qwen/Qwen3-Embedding-8B": "21",
    "bge_multilingual_gemma2": "12",
    "mini_lm_l12_v2": "13",
    "BAAI/bge-reranker-v2-m3": "23",
    "Qwen/Qwen3-Reranker-0.6B": "24",
    "whisper": "2",
    "flux": "10",
}
"""The models of the newest known list of Infomaniak, with their ids where they are known."""


@pytest.mark.parametrize(("name", "key"), NEWEST.items())
def test_each_model_of_the_newest_list_has_words(name: str, key: str) -> None:
    """Each model that Infomaniak lists today has a title and a description for people."""
    found = label(model(key, name, "a text of the API"), load(read(SHIPPED)))
    assert found.title not in {name, "a text of the API"}
    assert found.description not in {None, "a text of the API"}
