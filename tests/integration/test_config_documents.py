"""Two providers of one configuration have documents of their own."""

from pathlib import Path

import pytest

from catalog.config.load import load
from tests.support.configuration import mistakes

TWO = """
[[provider]]
name = "a"
kind = "openai"
url = "https://a.example"
{a}
[[provider]]
name = "b"
kind = "openai"
url = "https://b.example"
{b}
"""


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("docs/m.md", "docs/m.md"),
        ("docs/m.md", "./other/../docs//m.md"),
        ("docs/m.md", "{folder}/docs/m.md"),
        ("docs/m.md", "linked/m.md"),
        ("docs/m.md", "link.md"),
        ("docs/m.md", "hard.md"),
        ("docs/models-b.md", None),
    ],
)
def test_two_providers_with_one_document_are_a_mistake(file: Path, a: str, b: str | None) -> None:
    """Two providers with the same document, by any spelling or link, are a mistake."""
    folder = file.parent
    (folder / "docs").mkdir()
    (folder / "docs" / "m.md").touch()
    (folder / "linked").symlink_to("docs")
    (folder / "link.md").symlink_to("docs/m.md")
    (folder / "hard.md").hardlink_to(folder / "docs" / "m.md")
    paths = [path and f'document.path = "{path.format(folder=folder)}"' for path in (a, b)]
    problem = mistakes(file, TWO.format(a=paths[0], b=paths[1] or ""))
    start = f"provider.1.document.path: another provider already writes {folder}/"
    assert problem.startswith(start)
    assert problem.endswith("see provider.0.document.path")


def test_providers_with_documents_of_their_own_or_none_are_right(file: Path) -> None:
    """Two providers without documents, or with different ones, are no mistake."""
    none = 'document.path = ""'
    for a, b in ((none, none), ('document.path = "models.md"', ""), ("", "")):
        file.write_text(TWO.format(a=a, b=b))
        assert len(load(file, environ={}).settings.each) == 2
