"""Fill the generated regions of the pages, and count hand-written words.

A region begins with a line `<!-- generated: NAME -->` and ends with `<!-- generated:end -->`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from tests.support.checkout import ROOT

_REGION = re.compile(
    r"^<!-- generated: (?P<name>.+?) -->\n(?P<text>.*?)^<!-- generated:end -->$",
    re.DOTALL | re.MULTILINE,
)
_MEASURED = re.compile(r"<!-- (faults|fleet|programs|web):begin -->.*?<!-- \1:end -->", re.DOTALL)
_FENCED = re.compile(r"^( *)```.*?^\1```$", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
NOT_WRITTEN = {"docs/models.md"}
"""Pages that the program writes."""


def names(text: str) -> list[str]:
    """Return the names of the regions of a page."""
    return [found["name"] for found in _REGION.finditer(text)]


def fill(text: str, generated: Mapping[str, str]) -> str:
    """Return the page with new text in each region.

    An unknown name raises KeyError.
    """

    def region(found: re.Match[str]) -> str:
        name = found["name"]
        return f"<!-- generated: {name} -->\n\n{generated[name].strip()}\n\n<!-- generated:end -->"

    return _REGION.sub(region, text)


def written_words(page: Path) -> int:
    """Count the hand-written words of a page.

    Generated and measured regions and fenced blocks do not count.
    """
    if page.relative_to(ROOT).as_posix() in NOT_WRITTEN:
        return 0
    text = _MEASURED.sub("", _REGION.sub("", page.read_text(encoding="utf-8")))
    return len(_COMMENT.sub("", _FENCED.sub("", text)).split())
