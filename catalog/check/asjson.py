"""The JSON of a check. It changes only by addition; what is absent is left out."""

from typing import Any

from catalog.check.notice import Notice
from catalog.check.outcome import Outcome
from catalog.core.clock import stamp
from catalog.core.files import shown


def document(outcome: Outcome) -> dict[str, Any]:
    """Write what a check came to, without its schema version."""
    listing, heeded = outcome.listing, outcome.heeded
    return {
        "provider": listing.provider,
        "catalog": {
            "source": shown(outcome.source),
            "from": stamp(listing.since),
            "to": stamp(listing.as_of),
            "listed": len(listing.listed),
        },
        "files": len(outcome.files),
        "uses": outcome.uses,
        "failed": outcome.failed,
        "notices": [notice_json(notice) for notice in heeded.notices],
        "ignored": len(heeded.ignored),
        "in_baseline": len(heeded.known),
        "skipped": [{"path": shown(each.path), "reason": each.skipped} for each in outcome.skipped],
    }


def notice_json(notice: Notice) -> dict[str, Any]:
    """Write one notice; `facts` are what is known of the model."""
    known = {
        "path": shown(notice.path),
        "line": notice.line,
        "column": notice.column,
        "rule": notice.rule,
        "level": str(notice.level),
        "name": notice.name,
        "text": notice.text,
        "do": notice.instead,
        **notice.facts,
        "fingerprint": notice.fingerprint,
    }
    return {name: value for name, value in known.items() if value not in (None, "")}
