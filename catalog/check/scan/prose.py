"""Find mentions and code blocks in Markdown and reStructuredText."""

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
    """Find names in code spans, full names anywhere, and read code blocks.

    `code` reads the blocks. A short name in a code span counts only if its line mentions a model,
    because `reasoning` is also a field and `whisper` a program.
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
    """Yield start, end, text start and language of each code block."""
    at = 0
    while match := FENCE.search(text, at):
        closes = CLOSE.finditer(text, match.end())
        close = next((each for each in closes if each["f"] == match["f"]), None)
        end = close.start() if close else len(text)
        yield match.start(), end, match.end(), match["lang"].lower()
        at = close.end() if close else len(text)


def spans(text: str, start: int, end: int) -> Group:
    """Return the names in a range of prose."""
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
    """Yield start, text start and end of each code span.

    Two runs of backticks match by the length of the shorter one. The rest of the second run may
    open the next span.
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
    """A line, with its first and last mention of a model."""

    def __init__(self, text: str, at: int) -> None:
        """Find the line at an offset."""
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        self.end = end if end >= 0 else len(text)
        found = [match.span() for match in ABOUT.finditer(text, start, self.end)]
        self.first, self.last = (found[0][1], found[-1][0]) if found else (self.end + 1, -1)

    def is_about(self, before: int, after: int) -> bool:
        """Return whether the line mentions a model outside of two offsets."""
        return self.first <= before or self.last >= after


def shifted(group: Group, by: int) -> Group:
    """Return a group with its offsets moved."""
    return Group(
        [entry._replace(at=entry.at + by, prose=True) for entry in group.entries],
        [one._replace(at=one.at + by) for one in group.limits],
    )
