"""Uses in notebooks: the code of their cells, found again in the lines of the file."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from catalog.scan.entry import Group
from catalog.scan.lexing import Token, tokens
from catalog.scan.prose import Code
from catalog.scan.prose import read as read_prose

MAGIC = re.compile(r"^[ \t]*[%!?][^\n]*", re.MULTILINE)


def read(text: str, code: Code) -> list[Group]:
    """Read code cells as Python and text cells as Markdown."""
    groups = []
    for kind, parts in cells(text):
        source = "".join(decoded(part) for part in parts)
        if kind == "code":
            found = code(MAGIC.sub(lambda match: " " * len(match[0]), source), "python")
        else:
            found = read_prose(source, code)
        placed = Placed(parts)
        groups += [placed.group(group) for group in found]
    return groups


def cells(text: str) -> Iterator[tuple[str, list[Token]]]:
    """Give kind and lines of each cell, however the file was cut off."""
    kind, key = "code", ""
    source: list[Token] = []
    for token in tokens(text, "json"):
        is_key = token.kind == "s" and text[token.end : token.end + 8].lstrip().startswith(":")
        if source and (is_key or (token.kind == "o" and token.text in {"]", "}"})):
            yield kind, source
            source = []
        if is_key:
            key = token.text
        elif token.kind == "s" and key == "source":
            source.append(token)
        elif token.kind == "s" and key == "cell_type":
            kind = token.text
    if source:
        yield kind, source


def decoded(token: Token) -> str:
    """Read a string of JSON; one that is broken as it stands."""
    try:
        return str(json.loads(f'"{token.text}"'))
    except ValueError:
        return token.text


class Placed:
    """Where the text of a cell stands in the file."""

    def __init__(self, parts: list[Token]) -> None:
        """Note where each part begins, in the cell and in the file."""
        self.starts = [0]
        self.parts = parts
        self.texts = [decoded(part) for part in parts]
        for text in self.texts:
            self.starts.append(self.starts[-1] + len(text))

    def at(self, offset: int) -> int:
        """Give the offset in the file."""
        n = next((n for n in range(len(self.parts)) if offset < self.starts[n + 1]), -1)
        part, text = self.parts[n], self.texts[n]
        before = text[: offset - self.starts[n]] if n >= 0 else text
        return part.at + len(json.dumps(before, ensure_ascii=False)) - 2

    def group(self, group: Group) -> Group:
        """Move what was found in the cell."""
        return Group(
            [replace(entry, at=self.at(entry.at)) for entry in group.entries],
            [replace(one, at=self.at(one.at)) for one in group.limits],
        )
