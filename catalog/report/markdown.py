r"""Text from elsewhere, written so that Markdown shows it as it is.

Text that holds nothing special comes out untouched; text that GitHub would turn into a link, a
mention, an emoji or a formula gets a backslash before every ASCII punctuation character, since only
that stops it. In a table `\|` is read before anything else, in code spans too.
"""

import re
from collections.abc import Collection, Sequence

from catalog.core.visible import visible

ABSENT = "–"
# Control characters and every line separator: what no line of a table can hold.
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
    """Put text on one line: separators become a space, what nobody sees is spelled out."""
    return visible(_UNPRINTABLE.sub(" ", value)).strip()


def text(value: str) -> str:
    """Write text with as few backslashes as safety allows; fit for cells, bullets, paragraphs."""
    folded = fold(value)
    hazard = _PUNCTUATION if _LIVE.search(folded) else _SPECIAL
    return hazard.sub(r"\\\g<0>", folded)


def code(value: str) -> str:
    """Write a code span; not fit for tables, where `code_cell` is."""
    folded = fold(value)
    if not folded:
        return ""
    longest = max(map(len, re.findall("`+", folded)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if "`" in (folded[0], folded[-1]) else ""
    return f"{fence}{pad}{folded}{pad}{fence}"


def code_cell(value: str) -> str:
    r"""Write a code span for a table; text where code cannot hold it.

    Readers disagree on `\\|` within a code span: some see one cell, some two.
    """
    if "\\|" in fold(value):
        return text(value)
    return code(value).replace("|", r"\|")


def number(value: int | None) -> str:
    """Write a number with thousands separators, or a dash."""
    return ABSENT if value is None else f"{value:,}"


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[str] = ()
) -> str:
    """Write a table of cells that are Markdown already; `right` names the right-aligned columns."""
    rule = ["---:" if column in right else "---" for column in head]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
