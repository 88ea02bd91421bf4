"""Mentions in Markdown and reStructuredText, and the code that stands in them."""

import re
from collections.abc import Callable, Iterator

from catalog.check.scan.entries import Entry, Group

FENCE = re.compile(
    r"^[ \t>]*+(?P<f>`{3,}+|~{3,}+)[ \t]*+(?P<lang>[\w+#.-]*+)[^\n]*+\n", re.MULTILINE
)
CLOSE = re.compile(r"^[ \t>]*+(?P<f>`{3,}+|~{3,}+)[ \t]*+$", re.MULTILINE)
RUN = re.compile(r"`+")
FULL = re.compile(r"(?<![\w./@:-])[\w.-]+/[\w.-]*\w(?![\w/])")
ABOUT = re.compile(r"model|llm", re.IGNORECASE)

Code = Callable[[str, str], list[Group]]


def read(text: str, code: Code) -> list[Group]:
    """Find names in code spans and full names anywhere, and hand fenced code to `code`.

    A short name in a code span counts only in a line that speaks of a model: `reasoning` is also
    a field, and `whisper` also a program.
    """
    groups = []
    done = 0
    for start, end, body, language in fences(text):
        groups.append(spans(text, done, start))
        groups += [shifted(group, body) for group in code(text[body:end], language)]
        done = end
    groups.append(spans(text, done, len(text)))
    return groups


def fences(text: str) -> Iterator[tuple[int, int, int, str]]:
    """Give where each fenced block begins and ends, where its text begins, and its language."""
    at = 0
    while match := FENCE.search(text, at):
        closes = CLOSE.finditer(text, match.end())
        close = next((each for each in closes if each["f"] == match["f"]), None)
        end = close.start() if close else len(text)
        yield match.start(), end, match.end(), match["lang"].lower()
        at = close.end() if close else len(text)


def spans(text: str, start: int, end: int) -> Group:
    """Find names in a stretch of prose."""
    group = Group()
    line = Line(text, start)
    for opened, at, closed in code_spans(text, start, end):
        if at >= line.end:
            line = Line(text, at)
        if line.is_about(opened, closed):
            name = text[at : closed - (at - opened)]
            group.entries.append(Entry(name, at, "text", sure=False, prose=True))
    for match in FULL.finditer(text, start, end):
        group.entries.append(Entry(match[0], match.start(), "", sure=False, prose=True))
    return group


def code_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Give where each code span opens, where its text begins, and where it is closed.

    A run of backticks closes as many as both have; those that are left may open the next one.
    """
    left = begin = 0
    for run in RUN.finditer(text, start, end):
        many = run.end() - run.start()
        if left and text.find("\n", begin, run.start()) < 0:
            both = min(left, many)
            yield begin - both, begin, run.start() + both
            left = many - both
        else:
            left = many
        begin = run.end()


class Line:
    """One line of a text, and where it first and last speaks of a model."""

    def __init__(self, text: str, at: int) -> None:
        """Find the line of an offset."""
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        self.end = end if end >= 0 else len(text)
        found = [match.span() for match in ABOUT.finditer(text, start, self.end)]
        self.first, self.last = (found[0][1], found[-1][0]) if found else (self.end + 1, -1)

    def is_about(self, before: int, after: int) -> bool:
        """Say whether it speaks of a model outside of these two offsets."""
        return self.first <= before or self.last >= after


def shifted(group: Group, by: int) -> Group:
    """Move what was found in a part of a text to where it stands in the whole."""
    return Group(
        [entry._replace(at=entry.at + by, prose=True) for entry in group.entries],
        [one._replace(at=one.at + by) for one in group.limits],
    )
