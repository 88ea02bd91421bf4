"""Find uses in notebook cells, with positions in the file."""

import json
import re
from collections.abc import Iterator, Sequence

from catalog.check.scan.entries import Exhausted, Group
from catalog.check.scan.prose import Code
from catalog.check.scan.prose import read as read_prose
from catalog.check.scan.tokens import Token, tokens

MOST_LINES = 40_000
"""Maximum lines of all cells, because reading takes time."""
MAGIC = re.compile(r"^[ \t]*[%!?][^\n]*", re.MULTILINE)


def read(text: str, code: Code) -> list[Group]:
    """Read code cells as Python and text cells as Markdown."""
    groups: list[Group] = []
    top = Group()
    for kind, parts in cells(text):
        texts = list(map(decoded, parts))
        source = "".join(texts)
        if kind == "code":
            found = code(MAGIC.sub(lambda match: " " * len(match[0]), source), "python")
        else:
            found = read_prose(source, code)
        place(found, parts, texts)
        join(found, top)
        groups += found
    return groups


def cells(text: str) -> Iterator[tuple[str, list[Token]]]:
    """Yield kind and lines of each cell, even in an incomplete file."""
    kind, key, lines = "code", "", 0
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
            lines += 1
            if lines > MOST_LINES:
                raise Exhausted(f"it has more than {MOST_LINES:,} lines in cells")
        elif token.kind == "s" and key == "cell_type":
            kind = token.text
    if source:
        yield kind, source


def decoded(token: Token) -> str:
    """Decode a JSON string. A broken one is unchanged."""
    if "\\" not in token.text:
        return token.text
    try:
        return str(json.loads(f'"{token.text}"'))
    except ValueError:
        return token.text


def place(groups: Sequence[Group], parts: Sequence[Token], texts: Sequence[str]) -> None:
    """Replace offsets in a cell with offsets in the file."""
    wanted = {entry.at for group in groups for entry in group.entries}
    wanted |= {one.at for group in groups for one in group.limits}
    wanted |= {group.at for group in groups}
    at = offsets(sorted(wanted), parts, texts)
    for group in groups:
        group.entries = [entry._replace(at=at[entry.at]) for entry in group.entries]
        group.limits = [one._replace(at=at[one.at]) for one in group.limits]
        group.at = at[group.at]


def join(groups: Sequence[Group], top: Group) -> None:
    """Put the groups of a cell below the group of the notebook.

    The group of the notebook gets the signs of all cells.
    """
    seen = {id(top)}
    for group in groups:
        each = group
        while id(each) not in seen:
            seen.add(id(each))
            if each.outer is None:
                top.adopt(each.signs)
                each.outer = top
            each = each.outer


def offsets(wanted: Sequence[int], parts: Sequence[Token], texts: Sequence[str]) -> dict[int, int]:
    """Map ascending offsets in the cell to offsets in the file."""
    found = {}
    waiting = zip(parts, texts, strict=True)
    text, start, seen, file_at = "", 0, 0, 0  # part, start, characters read, file offset
    plain = 0  # characters before the first escape of the part
    for at in wanted:
        while at >= start + len(text) and (following := next(waiting, None)):
            start, seen = start + len(text), 0
            part, text = following
            file_at, plain = part.at, (part.text + "\\").index("\\")
        if seen < plain:
            step = min(plain, at - start) - seen
            seen, file_at = seen + step, file_at + step
        if seen < at - start:
            file_at += len(json.dumps(text[seen : at - start], ensure_ascii=False)) - 2
            seen = at - start
        found[at] = file_at
    return found
