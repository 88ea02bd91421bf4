"""Comments that say `catalog: ignore[rule] reason`."""

import re

from catalog.scan.use import Ignore

COMMENT = re.compile(
    r"(?:\#|//|/\*|<!--|--|;)[ \t]*catalog:[ \t]*ignore"
    r"(?:\[(?P<rules>[\w ,*-]*)\])?(?P<reason>[^\n]*)"
)
END = re.compile(r"\s*(?:\*/|-->)?\s*\Z")


def ignores(text: str) -> tuple[Ignore, ...]:
    """Find them all, in order of their lines."""
    if "catalog:" not in text:
        return ()
    found = []
    for match in COMMENT.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        alone = not text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
        rules = tuple(filter(None, re.split(r"[\s,]+", match["rules"] or "")))
        reason = END.sub("", match["reason"]).lstrip(" \t:-")
        found.append(Ignore(line + alone, rules, reason))
    return tuple(found)
