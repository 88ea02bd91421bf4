"""Compare two exports, apart from polls that found nothing new."""

import hashlib
import json
from collections.abc import Iterable

REPEATED = frozenset({"fast_path", "slot", "tally"})
"""Tables that follow from others, or that change with each poll."""


def digest(lines: Iterable[str | bytes]) -> str:
    """Return the SHA-256 over the lines with something new.

    Unchanged polls do not count, nor the counts of rows in the first line.
    """
    total = hashlib.sha256()
    for number, line in enumerate(lines):
        encoded = line.encode() if isinstance(line, str) else line
        value = json.loads(encoded)
        if number == 0:
            encoded = str(value.get("revision")).encode()
        elif value["table"] in REPEATED or value["row"].get("outcome") == "unchanged":
            continue
        total.update(encoded.strip() + b"\n")
    return total.hexdigest()
