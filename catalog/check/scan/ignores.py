"""Comments that say `catalog: ignore[rule] reason`."""

import re

from catalog.check.scan.position import Lines
from catalog.check.scan.use import Ignore

COMMENT = re.compile(
    r"(?:\#|//|/\*|<!--|--|;)[ \t]*catalog:[ \t]*ignore"
    r"(?:\[(?P<rules>[\w ,*-]*)\])?(?P<reason>[^\n]*)"
)
MOST = 20  # rules of one comment; there are fewer than that


def ignores(text: str) -> tuple[Ignore, ...]:
    """Find them all, in order of their lines."""
    if "catalog:" not in text:
        return ()
    found = []
    lines = Lines(text)
    for match in COMMENT.finditer(text):
        line, _ = lines.locate(match.start())
        alone = not text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
        rules = tuple(filter(None, re.split(r"[\s,]+", match["rules"] or "")))[:MOST]
        reason = match["reason"].rstrip()
        reason = reason.removesuffix("*/" if reason.endswith("*/") else "-->").rstrip()
        reason = reason.lstrip(" \t:-")
        found.append(Ignore(line + alone, rules, reason))
    return tuple(found)
