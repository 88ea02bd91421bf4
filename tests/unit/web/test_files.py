"""The files of the static site: unique, short, inside the folder."""

from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.web.files import LONGEST, file_of
from catalog.web.links import FileLinks, LiveLinks, model_path

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.lists(
    st.sampled_from(["a", "A", "/", ".", "..", "~", "=", "%", ".html", ".json", "_", "con", "é"])
).map("".join)
HOSTILE = (
    *("a", "A", "a/b", "a/B", "a.html", "a.html/b", "a.json", "a/", "/a", "a//b", "", "/", "."),
    *("..", "../..", "../../../etc/passwd", "a/../b", "?", "#", "%", "%2e", "=2E", "a?b#c", "~1"),
    *("nul", "CON.html", "a\x00b", "a\nb", "x" * 10_000, "x" * 9_999 + "y", "a/" * 5_000),
    *("a/" * 4_999 + "b", "é" * 200, "e\u0301" * 200, "a b", "a.", "a ", "-a", "_a", ".git", "<b>"),
)


def files(name: str) -> list[str]:
    """Return the files of a model's page, twin, feeds and badge."""
    path = model_path("own", name)
    machine = [f"/feeds/own/{name}.atom", f"/feeds/own/{name}.json", f"/badge/own/{name}.svg"]
    return [file_of(path), file_of(path, ".json"), *map(file_of, machine)]


def test_hostile_names_have_files_of_their_own() -> None:
    """No two names share a file, not even on a file system that ignores case."""
    every = [file.casefold() for name in HOSTILE for file in files(name)]
    assert len({*every}) == len(every)
    folders = {str(parent) for file in every for parent in PurePosixPath(file).parents}
    assert not folders & {*every}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_is_inside_the_folder_and_short(name: str) -> None:
    """Each part has at most 200 bytes of plain characters, and none leads out of the folder."""
    for file in files(name):
        parts = file.split("/")
        assert all(part and len(part.encode()) <= LONGEST and part[0] not in "._" for part in parts)
        assert len(file) < 1_000
        assert file.isascii()
        assert not {*file} & {*'\\?#%:*"<>|\x00\n '}
        assert parts[0] in {"models", "feeds", "badge"}


@given(NAMES, NAMES)
@example("a", "A")
@example("a", "a.json")
@example("a.", "a=2E")
def test_different_names_have_different_files(one: str, other: str) -> None:
    """Two names never share a file, whatever they hold."""
    if one != other:
        mine = {file.casefold() for file in files(one)}
        assert not mine & {file.casefold() for file in files(other)}


def test_usual_names_stay_readable() -> None:
    """A person finds the file of a page by its name."""
    assert file_of("/") == "index.html"
    assert file_of("/index.json") == "index.json"
    assert file_of("/models") == "models.html"
    assert file_of("/models", ".md") == "models.md"
    assert file_of("/models/own/maker/small-2.5") == "models/own/maker/small-2.5.html"
    assert file_of("/changes/2026-05.json") == "changes/2026-05.json"
    assert file_of("/style.css") == "style.css"


def test_addresses_of_files_are_relative() -> None:
    """A page of the static site names others from its own place, and only models that exist."""
    links = FileLinks("/models/own/a/b", {("own", "a/b"): "a/b", ("own", "nice"): "a/b"})
    assert links.to("/") == "../../../index.html"
    assert links.to("/changes", ".json", level="info") == "../../../changes.json"
    assert links.model("own", "nice") == "../../../models/own/a/b.html"
    assert links.model("own", "unknown") is None


def test_addresses_of_a_server_have_a_query() -> None:
    """The server's addresses are below its root path, and encoded."""
    links = LiveLinks("/catalog")
    assert links.to("/changes", level="info", rule="") == "/catalog/changes?level=info"
    assert links.model("own", "a?b") == "/catalog/models/own/a%3Fb"
    assert links.to("/models/own/a", ".json") == "/catalog/models/own/a.json"
