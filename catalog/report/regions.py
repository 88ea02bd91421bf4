"""Find and replace the marked regions that the program owns.

    <!-- catalog:begin llm -->
    (written by the program; the last line is a checksum that detects manual edits, but not tables
    that a formatter aligned)
    <!-- catalog:end llm -->

All other text belongs to the user. As in CommonMark, lines end at CR LF, LF or CR and keep their
endings.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.core.errors import MarkersBroken, MarkersMissing, RegionEdited

BOM = "\ufeff"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_ENDING = re.compile(r"\r\n|\r|\n")
_MARKER = re.compile(r"<!-- catalog:(begin|end) (\S+) -->[ \t]*")
_NEARLY = re.compile(r" {0,3}<!--\s*catalog\s*+(?::\s*+)?(?:begin|end)\b", re.IGNORECASE)
_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r":?-+:?")
_DASHES = re.compile(r"-+")
_BLANKS = " \t"
_OPENS = re.compile(r" {0,3}(?:`{3}|~{3}|<(?!!-- catalog:(?:begin|end) \S+ -->))")
"""The first line of a Markdown block that may last until a marker: a fence or HTML."""
_CHECKSUM = re.compile(r"<!-- catalog:checksum ([0-9a-f]{16}) -->[ \t]*")


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker and its line, counted from 1."""

    line: int
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Region:
    """One region and its marker lines, counted from 1."""

    name: str
    begin: int
    end: int


def lines_of(text: str) -> list[str]:
    """Split a document into lines with their endings."""
    return _LINE.findall(text)


def markers(lines: Sequence[str]) -> Iterator[Marker]:
    """Yield every marker, in order."""
    for number, line in enumerate(lines, start=1):
        found = _MARKER.fullmatch(line.rstrip("\r\n"))
        if found:
            yield Marker(number, found[1], found[2])


def find(lines: Sequence[str], known: Mapping[str, str], place: str) -> tuple[Region, ...]:
    """Return the regions of a document.

    `known` has all region names, `place` is the document's name in the error. Raise MarkersBroken
    with all errors, or MarkersMissing if the document has no markers.
    """
    regions: list[Region] = []
    problems = list(_misspelled(lines))
    begun: dict[str, int] = {}
    for marker in markers(lines):
        problems += [(marker.line, words) for words in _complaints(marker, begun, regions, known)]
        if marker.kind == "begin":
            begun.setdefault(marker.name, marker.line)
        elif marker.name in begun:
            regions.append(Region(marker.name, begun.pop(marker.name), marker.line))
    problems += [(line, f"region {name} begins but never ends") for name, line in begun.items()]
    if not problems and not regions:
        raise MarkersMissing(f"{place} exists without markers, so nothing was written to it")
    if problems:
        raise MarkersBroken(
            "\n".join(f"{place}:{line}: {words}" for line, words in sorted(problems))
        )
    return tuple(regions)


def splice(text: str, contents: Mapping[str, str], place: str, *, force: bool = False) -> str:
    """Replace the region contents and keep every other byte.

    A region uses the line ending of its begin marker. Raise MarkersBroken, or RegionEdited if a
    region was edited by hand and `force` is off.
    """
    bom = BOM if text.startswith(BOM) else ""
    lines = lines_of(text.removeprefix(BOM))
    regions = find(lines, contents, place)
    edited = [each for each in regions if not _is_ours(lines[each.begin : each.end - 1])]
    if edited and not force:
        raise RegionEdited(
            "\n".join(
                f"{place}:{each.begin}: region {each.name} was edited by hand" for each in edited
            )
        )
    for region in reversed(regions):
        if _is_current(lines[region.begin : region.end - 1], contents[region.name]):
            continue
        ending = _ENDING.findall(lines[region.begin - 1])[0]
        body = _body(contents[region.name]).replace("\n", ending)
        lines[region.begin : region.end - 1] = [body]
    return bom + "".join(lines)


def may_swallow(text: str, known: Mapping[str, str], place: str) -> bool:
    """Return whether a block of the user may contain a marker.

    Arguments and errors are those of `find`. Only a Markdown parser finds out where a block ends.
    """
    lines = lines_of(text.removeprefix(BOM))
    ours = {at for each in find(lines, known, place) for at in range(each.begin, each.end - 1)}
    return any(_OPENS.match(line) for at, line in enumerate(lines) if at not in ours)


def has_markers(text: str) -> bool:
    """Return whether a document has any marker, also a misspelled one."""
    lines = lines_of(text.removeprefix(BOM))
    return any(markers(lines)) or any(_misspelled(lines))


def append(text: str, template: str) -> str:
    """Return a document without markers with the template at its end.

    A document with markers is returned unchanged. The template's title becomes a heading of level
    2, because the document has a title. Lines get the ending of the document's first line.
    """
    if has_markers(text):
        return text
    ending = next(iter(_ENDING.findall(text)), "\n")
    own = text.rstrip("\r\n")
    is_blank = not own.removeprefix(BOM).strip()
    lower = "#" if template.startswith("# ") and not is_blank else ""
    added = f"{lower}{template.rstrip()}\n".replace("\n", ending)
    return f"{own}{'' if is_blank else ending * 2}{added}"


def _misspelled(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=1):
        if _NEARLY.match(line) and not _MARKER.fullmatch(line.rstrip("\r\n")):
            yield number, "misspelled marker; write only <!-- catalog:begin NAME --> on the line"


def _complaints(
    marker: Marker, begun: Mapping[str, int], regions: Sequence[Region], known: Mapping[str, str]
) -> Iterator[str]:
    if marker.name not in known:
        yield f"unknown region {marker.name}; known are {', '.join(known)}"
    if marker.kind == "end":
        if marker.name not in begun:
            yield f"region {marker.name} ends but never begins"
        return
    first = {**{each.name: each.begin for each in regions}, **begun}.get(marker.name)
    if first is not None:
        yield f"region {marker.name} exists twice, first on line {first}"
    for name, line in begun.items():
        if name != marker.name:
            yield f"region {marker.name} begins inside region {name}, which begins on line {line}"


def _body(content: str) -> str:
    if not content.strip():
        return ""
    written = _written(content)
    return f"{written}<!-- catalog:checksum {_checksum(written)} -->\n"


def _written(content: str) -> str:
    return f"\n{content}\n\n"


def _is_ours(body: Sequence[str]) -> bool:
    """Return whether a region is blank or matches its checksum.

    A region that a formatter aligned matches too.
    """
    if not "".join(body).strip():
        return True
    lines = _without_blanks(body)
    found = _CHECKSUM.fullmatch(lines.pop())
    exact = "".join(f"{line}\n" for line in lines)
    return found is not None and found[1] in {_checksum(exact), _checksum(_as_written(lines))}


def _is_current(body: Sequence[str], content: str) -> bool:
    """Return whether a region has this content, exactly or formatted.

    Such a region stays unchanged, because a formatter would undo the rewrite at the next commit.
    """
    lines = _without_blanks(body)
    mark = lines.pop() if lines else ""
    written = _written(content)
    found = _CHECKSUM.fullmatch(mark)
    return bool(found and found[1] == _checksum(written) and _as_written(lines) == written)


def _without_blanks(body: Sequence[str]) -> list[str]:
    """Return the lines without line endings and final blank lines."""
    lines = [line.rstrip("\r\n") for line in body]
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _as_written(lines: Sequence[str]) -> str:
    """Undo the changes of a formatter in the lines of a region.

    A formatter pads the cells of tables and their dashes, and adds or removes blank lines and
    trailing blanks. Only these changes are undone, so the checksum still finds any other edit.
    """
    tidy: list[str] = []
    above = 0  # the number of table rows directly above
    for line in lines:
        above = above + 1 if line.lstrip(_BLANKS).startswith("|") else 0
        text = _row(line, is_rule=above == 2) if above else line.rstrip(_BLANKS)  # noqa: PLR2004
        if text or (tidy and tidy[-1]):
            tidy.append(text)
    content = "\n".join(tidy).rstrip("\n")
    return f"\n{content}\n\n"


def _row(line: str, *, is_rule: bool) -> str:
    """Return a row of a table as the program writes it.

    It has one blank around each cell. The rule below the heading has three dashes in each cell.
    """
    cells = [cell.strip(_BLANKS) for cell in _BAR.split(line.strip(_BLANKS))]
    cells = cells[1:-1] if len(cells) > 1 and not cells[-1] else cells[1:]
    if is_rule and all(map(_RULE.fullmatch, cells)):
        cells = [_DASHES.sub("---", cell) for cell in cells]
    return f"| {' | '.join(cells)} |"


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
