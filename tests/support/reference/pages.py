"""Write the generated regions of the pages. As a program, it saves them."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.checkout import ROOT
from tests.support.reference import commands, decisions, errors, python, rules, settings, tables
from tests.support.reference.links import linked
from tests.support.reference.regions import fill, names

DOCS = ROOT / "docs"


def generated() -> dict[str, str]:
    """Return the text of every region, by its name."""
    return {
        "decisions": decisions.described(),
        "errors": errors.described(),
        "rules": rules.described(),
        "check rules": rules.of_check(),
        "status words": rules.status_words(),
        "python": python.described(),
        **commands.described(),
        **settings.described(),
        **tables.described(),
    }


def fresh() -> Iterator[tuple[Path, str]]:
    """Yield each page with regions, and its new text."""
    texts = generated()
    for page in sorted(DOCS.rglob("*.md")):
        old = page.read_text(encoding="utf-8")
        if names(old):
            yield page, fill(old, {name: linked(text, page.name) for name, text in texts.items()})


def main() -> None:
    """Save each page that is out of date."""
    for page, text in fresh():
        if page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8", newline="\n")
            sys.stdout.write(f"{page}\n")


if __name__ == "__main__":
    main()
