import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.check.scan.languages import SUFFIXES, language_of, read
from catalog.check.scan.scan import scan_text
from catalog.check.scan.uses import Use
from tests.support.hostile_texts import STARTS
from tests.support.known_names import KNOWN

CASES = Path(__file__).parents[3] / "scan"


def cases() -> Iterator[tuple[str, str, str, list[str]]]:
    """Yield title, path, text and expected uses of each case.

    In the tables, a title follows "= ", and each expected use follows "> ".
    """
    for file in sorted(CASES.glob("*.txt")):
        head, *parts = re.split(r"^= ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        path = head.removeprefix("path: ").strip()
        for part in parts:
            title, _, body = part.partition("\n")
            lines = body.splitlines()
            text = "\n".join(line for line in lines if not line.startswith("> ")) + "\n"
            found = [line[2:] for line in lines if line.startswith("> ")]
            yield f"{file.stem}: {title}", path, text, found


def written(use: Use) -> str:
    """Write a use as the tables do."""
    parts = [use.name, use.place or ("-" if use.kind == "mention" else "")]
    parts += ["mention"] if use.kind == "mention" else []
    parts += [f"{use.limit_place}={use.limit}"] if use.limit is not None else []
    return " ".join(filter(None, parts))


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [pytest.param(*case, id=title) for title, *case in cases()],
)
def test_cases(path: str, text: str, found: list[str]) -> None:
    """Each text of the tables has exactly the uses below it, at their reported positions."""
    uses = scan_text(path, text, KNOWN, ()).uses
    assert [written(use) for use in uses] == found
    lines = text.split("\n")
    for use in uses:
        assert lines[use.line - 1][use.column - 1 :].startswith(use.name)
        if use.limit_line is not None:
            key = use.limit_place.replace("_", "[_-]")
            assert re.search(key, lines[use.limit_line - 1])


@pytest.mark.parametrize("language", sorted(SUFFIXES))
def test_each_language_has_a_reader(language: str) -> None:
    """Each named language has a reader and a hostile text."""
    read("model = 'm1'\n", language)
    assert language in {language_of(name) for name in STARTS}
