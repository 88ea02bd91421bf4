r"""Escape external text so that Markdown shows it unchanged.

Text without special characters is not changed. If GitHub would turn it into a link, mention, emoji
or formula, every ASCII punctuation character gets a backslash, because only that prevents it. In
tables, readers replace `\|` first, even within code spans.
"""

import re
from collections.abc import Collection, Sequence

from catalog.core.visible import visible

ABSENT = "–"
# Control characters and line separators, because a table row cannot contain them.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Links, mentions, emoji (`:tada:`, but not the minutes of `14:07:15`), formulas, issue numbers.
_LIVE = re.compile(
    r"://|www\.|@|:(?:[\d+-]*+[^\W\d][\w+-]*+|100|1234|[+-]1):|\$|#\d|\bGH-\d", re.IGNORECASE
)
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_SPECIAL = re.compile(
    r"[\\`*<|~\[]"
    r"|&(?=#?\w+;)"  # an entity
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore that is not between two letters
)


def fold(value: str) -> str:
    """Return text on one line, with invisible characters spelled out."""
    return visible(_UNPRINTABLE.sub(" ", value)).strip()


def text(value: str) -> str:
    """Return text for cells, bullets and paragraphs, escaped minimally."""
    folded = fold(value)
    hazard = _PUNCTUATION if _LIVE.search(folded) else _SPECIAL
    return hazard.sub(r"\\\g<0>", folded)


def code(value: str) -> str:
    """Return a code span. In tables, use `code_cell`."""
    folded = fold(value)
    if not folded:
        return ""
    longest = max(map(len, re.findall("`+", folded)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if "`" in (folded[0], folded[-1]) else ""
    return f"{fence}{pad}{folded}{pad}{fence}"


def code_cell(value: str) -> str:
    r"""Return a code span for a table, or text if impossible.

    Readers disagree on `\\|` within a code span: some see one cell, some two.
    """
    if "\\|" in fold(value):
        return text(value)
    return code(value).replace("|", r"\|")


def number(value: int | None) -> str:
    """Return a number with thousands separators, or a dash."""
    return ABSENT if value is None else f"{value:,}"


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[str] = ()
) -> str:
    """Return a table of Markdown cells. `right` lists right-aligned columns."""
    rule = ["---:" if column in right else "---" for column in head]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
