from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import Self

from tests.support.reference.python import described
from tests.support.reference.regions import fill


class Opened:
    """A thing that is open.

    It can be
    closed.
    """

    name = "x"

    @classmethod
    def open(cls, path: str) -> Self:
        """Open it."""
        return cls(path)

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def path(self) -> str:
        """The path."""
        return self._path

    def close(self) -> None:
        """Close it."""

    def hidden(self) -> None: ...  # noqa: D102  # a member without a docstring is left out


class Failed(Exception):
    """An error."""


@dataclass
class Point:
    """A place."""

    x: int
    _hidden: int = 0


class Color(Enum):
    """A color."""

    RED = "red"


def sentence(thing: Opened) -> str:
    """Return a sentence."""
    return thing.path


def test_public_names_are_described_by_their_docstrings() -> None:
    """Classes, methods, properties and functions have a section. Errors are listed."""
    package = ModuleType("package")
    known = {"Opened": Opened, "Failed": Failed, "sentence": sentence, "Point": Point}
    vars(package).update(known, Color=Color, Thing=Point | Color)
    assert described(package) == "There are none yet."
    vars(package)["__all__"] = ["sentence", "Opened", "Failed", "Point", "Color", "Thing"]
    assert described(package).split("\n\n") == [
        "### Color",
        "A color.",
        "Members: `RED`.",
        "### Opened",
        "A thing that is open.",
        "It can be closed.",
        "#### open",
        "```python\ndef open(path: str) -> Self: ...\n```",
        "Open it.",
        "#### path",
        "The path.",
        "#### close",
        "```python\ndef close() -> None: ...\n```",
        "Close it.",
        "### Point",
        "A place.",
        "Attributes: `x`.",
        "### sentence",
        "```python\ndef sentence(thing: Opened) -> str: ...\n```",
        "Return a sentence.",
        "### Thing",
        "One of `Point`, `Color`.",
        "### Errors",
        "See [errors](errors.md): `Failed`.",
    ]


def test_text_outside_of_a_region_stays() -> None:
    """A region gets its new text, twice the same, and the rest of the page stays."""
    page = "a\n<!-- generated: x -->\nold\n<!-- generated:end -->\nb\n"
    filled = fill(page, {"x": "new"})
    assert filled.startswith("a\n<!-- generated: x -->\n\nnew\n")
    assert filled.endswith("\nb\n")
    assert fill(filled, {"x": "new"}) == filled
