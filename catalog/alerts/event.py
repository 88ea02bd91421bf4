"""Build the CloudEvent of a message within its size limit."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from catalog.alerts.channel import Message, used_in
from catalog.alerts.message import show_command
from catalog.alerts.size import WEBHOOK_BYTES
from catalog.changes.finding import REPORTED, Finding
from catalog.core.clock import stamp
from catalog.core.strict_json import Json, canonical, cut
from catalog.core.text import both
from catalog.report.json_output import SCHEMA_VERSION, finding_json
from catalog.report.sentences import title

EVENT_TYPE = "model-catalog.changes.v1"
SHARE = 8
"""The part of the room that one change may take: an eighth."""
MOST_CHARACTERS, MOST_ITEMS = 200, 20
"""The maximum characters of a text and items of a cut change."""


def event_body(message: Message, text: str, limit: int = WEBHOOK_BYTES) -> bytes:
    """Return a CloudEvents 1.0 envelope of at most `limit` bytes.

    If not all changes fit, the most severe stay, large values are cut, and the others are counted.
    The same message gives the same bytes.
    """
    whole = _fitting(message, _change, limit - len(_event(message, text, [])))
    if len(whole) == len(message.findings):
        return _event(message, text, whole)
    room = limit - len(short_event(message, text))
    kept = _fitting(message, partial(_cut_change, limit=limit // SHARE), room)
    return _event(message, text, kept, left_out=len(message.findings) - len(kept))


def short_event(message: Message, text: str) -> bytes:
    """Return the envelope with counts instead of changes."""
    return _event(message, text, [], left_out=len(message.findings))


def _event(message: Message, text: str, changes: list[dict[str, Any]], left_out: int = 0) -> bytes:
    counts = Counter(finding.level for finding in message.findings) if left_out else Counter()
    missing = {
        "counts": {str(level): counts[level] for level in REPORTED},
        "left_out": left_out,
        "command": show_command(message),
    }
    event = {
        "specversion": "1.0",
        "id": message.id,
        "source": f"model-catalog/{quote(message.provider, safe='')}",
        "type": EVENT_TYPE,
        "time": stamp(message.at),
        "datacontenttype": "application/json",
        "data": {
            "schema_version": SCHEMA_VERSION,
            "provider": message.provider,
            "at": stamp(message.at),
            "title": _title(message),
            "text": text,
            "changes": changes,
            **(missing if left_out else {}),
            **({"test": True} if message.test else {}),
        },
    }
    return canonical(event).encode()


def _title(message: Message) -> str:
    if message.test:
        return f"{message.provider}: test message"
    return title(message.provider, message.findings)


def _fitting(
    message: Message, write: Callable[[Finding, Message], dict[str, Any]], room: int
) -> list[dict[str, Any]]:
    changes = []
    for finding in message.findings:
        change = write(finding, message)
        room -= _size(change) + len(",")
        if room < 0:
            break
        changes.append(change)
    return changes


def _change(finding: Finding, message: Message) -> dict[str, Any]:
    files = used_in(finding, message.used)
    return finding_json(finding) | ({"used_in": list(files)} if files else {})


def _cut_change(finding: Finding, message: Message, limit: int) -> dict[str, Any]:
    """Return a change cut to `limit` bytes if possible, and marked."""
    change = _change(finding, message)
    if _size(change) <= limit:
        return change
    before, after = change.get("before"), change.get("after")
    if isinstance(before, str) and isinstance(after, str):
        change["before"], change["after"] = both(before, after, MOST_CHARACTERS)
    change = {name: _cut_value(value) for name, value in change.items()} | {"cut": True}
    if _size(change) > limit:
        change = {name: each for name, each in change.items() if name not in {"before", "after"}}
    return change


def _cut_value(value: Json) -> Json:
    match value:
        case str():
            return cut(value, MOST_CHARACTERS)
        case list():
            return [_cut_value(each) for each in value[:MOST_ITEMS]]
        case dict():
            items = list(value.items())[:MOST_ITEMS]
            return {cut(name, MOST_CHARACTERS): _cut_value(each) for name, each in items}
    return value


def _size(value: Json) -> int:
    return len(canonical(value).encode())
