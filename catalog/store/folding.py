"""Consecutive unchanged polls share a row: that of the newest, with the others in `earlier`.

Most polls say what the one before said, but for when, how long and which number. So each that is
folded is a word of `earlier`, the latest first: the seconds and the milliseconds of `900:81` say
that it began 900 s before the next one and took 81 ms. The third number of `900:81:3` is how far
the poll's own is below the next one's; where it is left out, that is 1. The standard library alone:
see store/rest.py.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from catalog.core.errors import StoreError
from catalog.store.stored import DAMAGED, to_moment

LONGEST: Final = 900
"""Characters of `earlier` from which on a new row begins: one takes at most a quarter of a page."""
# Where the clock was set back, both polls stay rows: so the last poll up to a moment is found among
# the rows.
_BEFORE: Final = """
SELECT old.id, old.started_at, old.duration_ms, old.earlier, new.started_at
FROM poll AS new JOIN poll AS old ON old.id = (
  SELECT id FROM poll WHERE provider = new.provider AND id < new.id ORDER BY id DESC LIMIT 1
)
WHERE new.id = :number
  AND old.outcome = 'unchanged' AND old.http_status = new.http_status
  AND old.payload_sha256 IS NULL AND old.etag IS NULL AND old.last_modified IS NULL
  AND new.started_at >= old.started_at AND old.started_at >= (
    SELECT started_at FROM poll WHERE provider = old.provider AND id < old.id
    ORDER BY id DESC LIMIT 1
  )
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
    """Fold the poll before an unchanged one into it, where it says nothing else.

    The unchanged one was just written, in the same transaction. Raise StoreError where a time
    cannot be read.
    """
    before = execute(_BEFORE, {"number": number}).fetchone()
    if before is None:
        return
    old, began, duration_ms, earlier, next_began = before
    if len(earlier or "") >= LONGEST:
        return
    apart = to_moment(next_began) - to_moment(began)
    if apart < timedelta():
        return  # a time edited by hand, with another zone: as text it sorted before
    word = _word(round(apart.total_seconds()), duration_ms, number - old)
    execute(_FOLD, {"number": number, "earlier": f"{word} {earlier or ''}".rstrip()})
    execute(_DROP, {"number": old})


def _word(seconds: int, duration_ms: int, numbers: int) -> str:
    return f"{seconds}:{duration_ms}" + (f":{numbers}" if numbers != 1 else "")


def unfold(number: int, started_at: datetime, earlier: str | None) -> Iterator[Folded]:
    """Yield the polls that are folded into one, the latest first; raise StoreError if garbled."""
    poll = Folded(number, started_at, 0)
    for word in (earlier or "").split():
        try:
            poll = _read(word, poll)
        except (ValueError, OverflowError) as error:
            what = f"the polls before poll {number} cannot be read: {word!r} is no poll"
            raise StoreError(what, hint=DAMAGED) from error
        yield poll


def _read(word: str, later: Folded) -> Folded:
    whole = word if word.count(":") > 1 else f"{word}:1"
    seconds, duration_ms, below = map(int, whole.split(":"))
    if min(seconds, duration_ms) < 0 or not 0 < below < later.number:
        raise ValueError(word)
    return Folded(later.number - below, later.started_at - timedelta(seconds=seconds), duration_ms)


def count(earlier: str | None) -> int:
    """Return how many polls are folded into one."""
    return len((earlier or "").split())
