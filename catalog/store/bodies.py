"""The bodies of payloads, written and read: whole, or as the difference to another one, their base.

The base of a body is the one that its provider sent before; it has a base in turn, and so on to one
that is whole. So a body rests on a chain of others.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    LargeBinary,
    Row,
    bindparam,
    cast,
    insert,
    literal,
    select,
    update,
)

from catalog.errors import StoreError
from catalog.payload import Payload
from catalog.store.packing import Damaged, difference, pack, unpack
from catalog.store.stored import DAMAGED
from catalog.store.tables import PayloadRow, col, table_of

LONGEST = 32
"""The most bodies in a chain, the whole one counted. No more are read, so it may only grow."""

Stored = Row[*tuple[Any, ...]]
Resting = dict[str | None, list[str]]
"""By the name of a body, None for none: which are stored as differences to it."""

_SHA256, _BASE = col(PayloadRow.sha256), col(PayloadRow.base_sha256)
_STORED = (
    *(_SHA256, _BASE, col(PayloadRow.size)),
    cast(col(PayloadRow.body), LargeBinary).label("body"),  # also where text was put there
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at a payload came to: whether its body is stored, and what is wrong with it."""

    sha256: str
    is_there: bool
    problem: str | None = None


def read(connection: Connection, sha256: str) -> bytes:
    """Return a stored body; raise StoreError where it is not what was sent."""
    try:
        return _proved(_unrolled(_chain(connection, sha256)), sha256)
    except Damaged:
        raise StoreError(f"the body of payload {sha256} cannot be read", hint=DAMAGED) from None


def write(connection: Connection, payload: Payload, before: str | None) -> None:
    """Store a body unless it is there; `before` is the digest of the one before it, if any."""
    sha256 = payload.digest
    this = col(PayloadRow.sha256) == sha256
    has_body = connection.scalar(select(col(PayloadRow.body).is_not(None)).where(this))
    if has_body:
        return
    values = _packed(connection, payload.body, before)
    if has_body is None:
        row = {"sha256": sha256, "size": len(payload.body), **values}
        connection.execute(insert(table_of(PayloadRow)).values(row))
    else:  # it was pruned, and is back
        connection.execute(update(table_of(PayloadRow)).where(this).values(values))


def drop(connection: Connection, old: Collection[str]) -> None:
    """Let bodies go; one that stays and is the difference to one that goes becomes whole.

    Raise StoreError where that one cannot be read: a backup may yet mend it.
    """
    this = update(table_of(PayloadRow)).where(bindparam("this") == _SHA256)
    based = connection.execute(select(_SHA256, _BASE).where(_BASE.is_not(None))).all()
    for row in based:
        if row.base_sha256 in old and row.sha256 not in old:
            whole = this.values(body=pack(read(connection, row.sha256)), base_sha256=None)
            connection.execute(whole, {"this": row.sha256})
    gone = this.values(body=None, base_sha256=None)
    connection.execute(gone, [{"this": sha256} for sha256 in sorted(old)])


def look(connection: Connection) -> Iterator[Looked]:
    """Read each body once, after its base: what is damaged comes before what rests on it."""
    resting: Resting = defaultdict(list)
    has_body = col(PayloadRow.body).is_not(None).label("has_body")
    for row in connection.execute(select(_SHA256, _BASE, has_body).order_by(_SHA256)):
        if row.has_body:
            resting[row.base_sha256].append(row.sha256)
        else:
            yield Looked(row.sha256, is_there=False)
    waiting: list[tuple[str, bytes | None]] = [(whole, None) for whole in resting.pop(None, ())]
    waiting.reverse()
    while waiting:
        sha256, base = waiting.pop()
        upon = resting.pop(sha256, [])
        try:
            (stored,) = connection.execute(_one(), {"sha256": sha256})
            body = _proved(_unpacked(stored, base), sha256)
        except Damaged:
            yield from _lost(sha256, list(_above(resting, upon)))
        else:
            yield Looked(sha256, is_there=True)
            waiting += [(each, body) for each in reversed(upon)]
    for each in chain.from_iterable(resting.values()):
        yield Looked(each, is_there=True, problem="its body rests on one that is not there")


def _lost(sha256: str, above: Sequence[str]) -> Iterator[Looked]:
    also = f"; {len(above):,} that rest on it cannot be read either" if above else ""
    problem = f"its body is not what was sent: another digest{also}"
    yield Looked(sha256, is_there=True, problem=problem)
    for each in above:
        problem = f"its body rests on that of {sha256}, which is damaged"
        yield Looked(each, is_there=True, problem=problem)


def _above(resting: Resting, upon: Iterable[str]) -> Iterator[str]:
    """Take out all that rest on these, near or far."""
    found = list(upon)
    for each in found:  # grows while it is read
        found += resting.pop(each, ())
    yield from found


def _packed(connection: Connection, body: bytes, before: str | None) -> dict[str, Any]:
    bases = [] if before is None else _chain(connection, before)
    if 0 < len(bases) < LONGEST:
        # Where the base is damaged, verify says so; what comes from now on does not rest on it.
        with suppress(Damaged):
            base, whole = _unrolled(bases), bases[0]
            share = len(whole.body) / whole.size if whole.size else 0.0
            packed = difference(body, base, share)
            if packed is not None:
                return {"body": packed, "base_sha256": before}
    return {"body": pack(body), "base_sha256": None}


def _chain(connection: Connection, sha256: str) -> Sequence[Stored]:
    """Return the bodies that one rests on, from the whole one to itself."""
    return connection.execute(_chain_query(), {"sha256": sha256}).all()


@cache
def _chain_query() -> Executable:
    asked = select(_SHA256, _BASE, literal(1).label("place"))
    link = asked.where(bindparam("sha256") == _SHA256).cte("link", recursive=True)
    following = select(_SHA256, _BASE, link.c.place + 1)
    following = following.where(link.c.base_sha256 == _SHA256, link.c.place < LONGEST)
    link = link.union_all(following)
    chained = select(*_STORED).join(link, link.c.sha256 == _SHA256)
    return chained.order_by(link.c.place.desc())


@cache
def _one() -> Executable:
    return select(*_STORED).where(bindparam("sha256") == _SHA256)


def _unrolled(bodies: Sequence[Stored]) -> bytes:
    """Unpack the last body of a chain."""
    body = None
    for row in bodies:
        body = _unpacked(row, body)
    if body is None:
        raise Damaged
    return body


def _unpacked(row: Stored, base: bytes | None) -> bytes:
    if row.body is None or (row.base_sha256 is None) != (base is None):
        raise Damaged
    return unpack(row.body, row.size, base)


def _proved(body: bytes, sha256: str) -> bytes:
    if hashlib.sha256(body).hexdigest() != sha256:
        raise Damaged
    return body
