"""Find the pages of the documentation in the wheel or checkout."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.core.files import read_text
from catalog.core.strict_json import cut

LARGEST = 1024 * 1024
"""The maximum bytes of a page."""
ABOUT = 70
"""The maximum characters of a page's description."""
HIDDEN = frozenset({"models"})
"""Pages that are not topics, because they are data."""
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_HEADING = re.compile(r"^(#{1,6}) +(.*?) *#*$")
_LINK = re.compile(r"!?\[([^\]]*)\]\(([^()\s]*)\)")
_PROSE = re.compile(r"\s*(\w|[`*]|\[[^!])")
_REGION = re.compile(r"^<!-- generated:.*-->\n+", re.MULTILINE)
"""The line before or after generated text."""
_SENTENCE = re.compile(r"(?<=[.?])\s")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the documentation. The topic is its file name without suffix."""

    topic: str
    text: str

    @property
    def about(self) -> str:
        """Return the first sentence below the title, else the title."""
        title, *rest = (block for block in re.split(r"\n\s*\n", self.text) if block.strip())
        prose = next((each for each in rest if _PROSE.match(each)), title)
        return cut(_SENTENCE.split(" ".join(plain(prose).lstrip("# ").split()))[0], ABOUT)

    def sections(self) -> Iterator[tuple[str, str]]:
        """Yield each heading with its section.

        A section ends at the next heading of the same level.
        """
        lines = self.text.splitlines()
        heads = list(_headings(lines))
        for index, (line, level, title) in enumerate(heads):
            ends = (at for at, other, _ in heads[index + 1 :] if other <= level)
            yield title, "\n".join(lines[line : next(ends, len(lines))]).rstrip()


def folder() -> Path:
    """Return the folder of the pages, in the wheel or checkout."""
    package = Path(__file__).parents[1]
    shipped = package / "_docs"
    return shipped if shipped.is_dir() else package.parent / "docs"


def pages(place: Path) -> dict[str, Page]:
    """Return the pages of a folder by topic, sorted. Raise OSError."""
    files = sorted(file for file in place.glob("*.md") if file.stem not in HIDDEN)
    texts = ((file.stem, read_text(file, LARGEST)) for file in files)
    return {topic: Page(topic, _REGION.sub("", text)) for topic, text in texts}


def plain(text: str) -> str:
    """Replace links with the name of the topic or the address.

    The reason is that a terminal cannot follow links.
    """
    return _LINK.sub(_linked, text)


def _linked(link: re.Match[str]) -> str:
    text, target = link[1], link[2]
    if "://" in target:
        return f"{text} <{target}>"
    page = Path(target.partition("#")[0])
    is_page = page.suffix == ".md" and len(page.parts) == 1 and page.stem not in HIDDEN
    return f"{text} (`catalog help {page.stem}`)" if is_page else text


def _headings(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Yield line number, level and text of headings outside code blocks."""
    fence = ""
    for number, line in enumerate(lines):
        if mark := _FENCE.match(line):
            fence = "" if fence == mark[1] else fence or mark[1]
        elif not fence and (heading := _HEADING.match(line)):
            yield number, len(heading[1]), heading[2].replace("`", "")
