"""Unchanged polls in a row are one row: the newest is itself, those before it stand in `earlier`.

Most polls say what the one before said, but for when, how long and which number. So each that is
folded is a word of `earlier`, the latest first: the seconds and the milliseconds of `900:81` say
that it began 900 s before the next one and took 81 ms. `900:81:3` has besides how far its number is
below the next one's, where that is not one. The standard library alone: see rest.py.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from catalog.errors import DAMAGED, StoreError

LONGEST: Final = 1000
"""Characters of `earlier` from which on a new row begins: so is a quarter of a page at most."""
_BEFORE: Final = """
SELECT old.id, old.started_at, old.duration_ms, old.earlier, new.started_at
FROM poll AS new JOIN poll AS old ON old.id = (
  SELECT id FROM poll WHERE provider = new.provider AND id < new.id ORDER BY id DESC LIMIT 1
)
WHERE new.id = :number
  AND new.outcome = 'unchanged' AND old.outcome = 'unchanged'
  AND old.http_status = new.http_status AND old.snapshot_id = new.snapshot_id
  AND old.url IS NULL AND old.payload_sha256 IS NULL
  AND old.etag IS NULL AND old.last_modified IS NULL
  AND old.candidate IS NULL AND old.error IS NULL
  AND NOT EXISTS (SELECT 1 FROM finding WHERE poll_id = old.id)
  AND NOT EXISTS (SELECT 1 FROM missing_model WHERE poll_id = old.id)
"""
_FOLD: Final = "UPDATE poll SET earlier = :earlier WHERE id = :number"
_DROP: Final = "DELETE FROM poll WHERE id = :number"

Execute = Callable[[str, Mapping[str, Any]], Any]
"""Runs SQL with named parameters, on the engine or on the driver; gives a cursor."""


@dataclass(frozen=True, slots=True)
class Folded:
    """An unchanged poll that is no row of its own; `duration_ms` is in milliseconds."""

    number: int
    started_at: datetime
    duration_ms: int


def fold(execute: Execute, number: int) -> None:
    """Fold the poll before the one just written into it, where it says nothing else.

    It must be the newest of its provider, and in the same transaction.
    """
    before = execute(_BEFORE, {"number": number}).fetchone()
    if before is None:
        return
    old, began, duration_ms, earlier, next_began = before
    if len(earlier or "") >= LONGEST:
        return
    seconds = datetime.fromisoformat(next_began) - datetime.fromisoformat(began)
    word = _word(round(seconds.total_seconds()), duration_ms, number - old)
    execute(_FOLD, {"number": number, "earlier": f"{word} {earlier or ''}".rstrip()})
    execute(_DROP, {"number": old})


def _word(seconds: int, duration_ms: int, numbers: int) -> str:
    return f"{seconds}:{duration_ms}" + (f":{numbers}" if numbers != 1 else "")


def unfold(number: int, started_at: datetime, earlier: str | None) -> Iterator[Folded]:
    """Yield the polls that are folded into one, the latest first; raise StoreError if garbled."""
    for word in (earlier or "").split():
        try:
            full = word if word.count(":") > 1 else f"{word}:1"
            seconds, duration_ms, below = map(int, full.split(":"))
            started_at -= timedelta(seconds=seconds)
        except (ValueError, OverflowError) as error:
            what = f"the polls before poll {number} cannot be read: {word!r} is no poll"
            raise StoreError(what, hint=DAMAGED) from error
        number -= below
        yield Folded(number, started_at, duration_ms)


def count(earlier: str | None) -> int:
    """Return how many polls are folded into one."""
    return len((earlier or "").split())
