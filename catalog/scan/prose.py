"""Mentions in Markdown and reStructuredText, and the code that stands in them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from catalog.scan.entry import Entry, Group

FENCE = re.compile(r"^[ \t>]*(?P<f>`{3,}|~{3,})[ \t]*(?P<lang>[\w+#.-]*)[^\n]*\n", re.MULTILINE)
SPAN = re.compile(r"(`+)([^`\n]+?)\1")
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
        close = re.compile(rf"^[ \t>]*{match['f']}[ \t]*$", re.MULTILINE).search(text, match.end())
        end = close.start() if close else len(text)
        yield match.start(), end, match.end(), match["lang"].lower()
        at = close.end() if close else len(text)


def spans(text: str, start: int, end: int) -> Group:
    """Find names in a stretch of prose."""
    group = Group()
    for match in SPAN.finditer(text, start, end):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        after = text[match.end() :].partition("\n")[0]
        if ABOUT.search(before + " " + after):
            group.entries.append(Entry(match[2], match.start(2), "text", sure=False, prose=True))
    for match in FULL.finditer(text, start, end):
        group.entries.append(Entry(match[0], match.start(), "", sure=False, prose=True))
    return group


def shifted(group: Group, by: int) -> Group:
    """Move what was found in a part of a text to where it stands in the whole."""
    return Group(
        [replace(entry, at=entry.at + by, prose=True) for entry in group.entries],
        [replace(one, at=one.at + by) for one in group.limits],
    )
