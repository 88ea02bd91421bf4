"""Write the title and the text of a pull request from findings."""

from collections.abc import Sequence
from datetime import datetime

from catalog.changes.finding import Finding, counted
from catalog.core.clock import stamp
from catalog.core.text import count
from catalog.report.markdown import table, text
from catalog.report.sentences import sentence

MOST = 200
"""The maximum rows of the table."""
LONGEST = 60_000
"""The maximum characters of the text, because GitHub refuses more than 65,536."""
END = (
    "The next change updates this pull request. If you close it, the next change opens another one."
)


def title(findings: Sequence[Finding]) -> str:
    """Return the title: how many findings of each level. It has no text of a provider."""
    levels = counted(each.level for each in findings)
    return f"Model lists: {levels or 'no change reported'}"


def body(findings: Sequence[Finding], since: datetime) -> str:
    """Return the text: a table of the findings, most severe first.

    Texts of providers are escaped, so that they make no link, no mention and no other cell.
    """
    if not findings:
        return f"No change is reported since {stamp(since)}; only the overview is new.\n\n{END}\n"
    ordered = sorted(findings, key=lambda each: each.level.rank)
    rows: list[list[str]] = []
    room = LONGEST
    for each in ordered[:MOST]:
        row = [stamp(each.at), text(each.provider), str(each.level), text(sentence(each))]
        room -= sum(map(len, row)) + len(row) * 3
        if room < 0:
            break
        rows.append(row)
    left = len(ordered) - len(rows)
    parts = [
        f"{count(len(findings), 'change')} since {stamp(since)}:",
        table(("At", "Provider", "Level", "Change"), rows),
        *([f"{left:,} more: `catalog changes` lists all of them."] if left else []),
        END,
    ]
    return "\n\n".join(parts) + "\n"
