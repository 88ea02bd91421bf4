"""Store payload bodies whole, or as the difference to a whole body.

A whole body is a keyframe. The next bodies are differences to it, until a new keyframe takes less
space. So reading a body needs at most one other body, and a damaged difference affects no others.
"""

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    LargeBinary,
    Row,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal,
    select,
    update,
)
from zstandard import (
    DICT_TYPE_RAWCONTENT,
    ZstdCompressionDict,
    ZstdCompressor,
    ZstdDecompressor,
    ZstdError,
    frame_content_size,
)

from catalog.core.errors import StoreError
from catalog.core.payload import Payload
from catalog.store.tables import PayloadRow, col, inserting, table_of
from catalog.store.text_values import DAMAGED

LEVEL = 6
"""The zstd level: lower ones enlarge differences, higher ones need more memory."""
LEAST = 2
"""The minimum saving: a difference must be this many times smaller."""
KEPT = 1 << 20
"""The maximum bytes of a base in the cache. A larger one takes too much memory."""
MAGIC = b"\x28\xb5\x2f\xfd"
"""The first bytes of zstd data. Schema 0007 and earlier used zlib."""


class Damaged(Exception):
    """A stored body, or its base, is missing or wrong."""


def pack(body: bytes) -> bytes:
    """Compress a whole body."""
    return ZstdCompressor(level=LEVEL, write_checksum=True).compress(body)


def difference(body: bytes, base: bytes, share: float) -> bytes | None:
    """Compress a body as a difference to its base, or return None.

    None means that the whole body is better. `share` is the compressed share of similar bodies. It
    is an estimate, because a second compression for comparison would take longer than the rest.
    """
    packer = ZstdCompressor(level=LEVEL, dict_data=_prepared(base), write_checksum=True)
    packed = packer.compress(body)
    return packed if len(packed) * LEAST <= len(body) * share else None


def _prepared(base: bytes) -> ZstdCompressionDict:
    """Return a base that is prepared for compression.

    The preparation takes half of the time, so small bases are cached.
    """
    return _kept(base) if len(base) <= KEPT else _prepare(base)


@lru_cache(1)
def _kept(base: bytes) -> ZstdCompressionDict:
    return _prepare(base)


def _prepare(base: bytes) -> ZstdCompressionDict:
    known = ZstdCompressionDict(base, dict_type=DICT_TYPE_RAWCONTENT)
    known.precompute_compress(level=LEVEL)
    return known


def unpack(packed: bytes, size: int, base: bytes | None) -> bytes:
    """Return a body of that size, or raise Damaged.

    Extra bytes after the packed data are damage too.
    """
    if base is None and not packed.startswith(MAGIC):
        unpacker = zlib.decompressobj()
        try:
            # The size limits memory, because a damaged body may unpack to any size.
            body = unpacker.decompress(packed, max(0, size) + 1)
        except zlib.error as error:
            raise Damaged from error
        if not unpacker.eof or unpacker.unused_data:
            raise Damaged
        return body

    try:
        return _unpack(packed, size, base)
    except ZstdError as error:
        raise Damaged from error


def _unpack(packed: bytes, size: int, base: bytes | None) -> bytes:
    if frame_content_size(packed) != size:  # because the size limits memory
        raise Damaged
    known = ZstdCompressionDict(base, dict_type=DICT_TYPE_RAWCONTENT) if base else None
    return ZstdDecompressor(dict_data=known).decompress(packed, allow_extra_data=False)


_SHA256, _BASE, _BODY = col(PayloadRow.sha256), col(PayloadRow.base_sha256), col(PayloadRow.body)


@dataclass(frozen=True, slots=True)
class Checked:
    """The check result of one payload."""

    sha256: str
    is_there: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A whole body, and its stored size in bytes."""

    sha256: str
    body: bytes
    stored: int

    @property
    def share(self) -> float:
        """Return its compressed share."""
        return self.stored / len(self.body) if self.body else 0.0


def read(connection: Connection, sha256: str) -> bytes:
    """Return a stored body, or raise StoreError if it is damaged."""
    try:
        row = _row(connection, sha256)
        keyframe = None if row.base_sha256 is None else _keyframe(connection, row.base_sha256)
        return _unpacked(row, keyframe)
    except Damaged:
        raise StoreError(f"the body of payload {sha256} cannot be read", hint=DAMAGED) from None


def write(connection: Connection, payload: Payload, before: str | None) -> None:
    """Store a body once. `before` is the last accepted digest."""
    sha256 = payload.digest
    has_body = connection.scalar(_has_body_query(), {"sha256": sha256})
    if has_body:
        return
    values = _packed(payload.body, _keyframe_of(connection, before), connection)
    if has_body is None:
        row = {"sha256": sha256, "size": len(payload.body), **values}
        connection.execute(inserting(PayloadRow), row)
    else:  # because it was pruned
        _store(connection, sha256, values)


def drop(connection: Connection, old: Collection[str]) -> None:
    """Remove bodies, and rewrite the differences that need them.

    The first such body is stored whole, the others as differences to it. Raise StoreError if a
    remaining body cannot be read, because a backup may still repair it.
    """
    based = connection.execute(select(_SHA256, _BASE).where(_BASE.is_not(None)).order_by(_SHA256))
    orphans: dict[str, list[str]] = defaultdict(list)
    for row in based.all():
        if row.base_sha256 in old and row.sha256 not in old:
            orphans[row.base_sha256].append(row.sha256)
    for left in orphans.values():
        keyframe: Keyframe | None = None
        for sha256 in left:
            body = read(connection, sha256)
            values = _packed(body, keyframe)
            _store(connection, sha256, values)
            keyframe = keyframe or Keyframe(sha256, body, len(values["body"]))
    for sha256 in sorted(old):
        _store(connection, sha256, {"body": None, "base_sha256": None})


def check(connection: Connection) -> Iterator[Checked]:
    """Yield the check of every body, each keyframe before its differences."""
    by_base: dict[str | None, list[str]] = defaultdict(list)
    query = select(_SHA256, _BASE, _BODY.is_not(None).label("has_body")).order_by(_SHA256)
    for row in connection.execute(query):
        if row.has_body:
            by_base[row.base_sha256].append(row.sha256)
        else:
            yield Checked(row.sha256, is_there=False)
    for sha256 in by_base.pop(None, ()):
        yield from _check_keyframe(connection, sha256, by_base.pop(sha256, []))
    for each in chain.from_iterable(by_base.values()):
        problem = "its body is stored as a difference to a body that is not stored whole"
        yield Checked(each, is_there=True, problem=problem)


def _check_keyframe(
    connection: Connection, sha256: str, differences: Sequence[str]
) -> Iterator[Checked]:
    damaged = "its body was changed: the digest does not match"
    try:
        keyframe = _keyframe(connection, sha256)
    except Damaged:
        lost = f"; bodies that cannot be read without it: {len(differences):,}"
        yield Checked(sha256, is_there=True, problem=damaged + lost * bool(differences))
        for each in differences:
            problem = f"its body is stored as a difference to {sha256}, which is damaged"
            yield Checked(each, is_there=True, problem=problem)
        return
    yield Checked(sha256, is_there=True)
    for each in differences:
        try:
            _unpacked(_row(connection, each), keyframe)
        except Damaged:
            yield Checked(each, is_there=True, problem=damaged)
        else:
            yield Checked(each, is_there=True)


def _packed(
    body: bytes, keyframe: Keyframe | None, connection: Connection | None = None
) -> dict[str, Any]:
    """Return the columns of a body: a difference if that saves space."""
    if keyframe is not None:
        packed = difference(body, keyframe.body, keyframe.share)
        if packed is not None and (
            connection is None or len(packed) <= _mean_size(connection, keyframe)
        ):
            return {"body": packed, "base_sha256": keyframe.sha256}
    return {"body": pack(body), "base_sha256": None}


def _mean_size(connection: Connection, keyframe: Keyframe) -> float:
    count, total = connection.execute(_sizes_query(), {"base": keyframe.sha256}).one()
    return (keyframe.stored + int(total)) / (int(count) + 1)


@cache
def _sizes_query() -> Executable:
    size = func.coalesce(func.sum(func.length(_BODY)), 0)
    return select(func.count(), size).where(bindparam("base") == _BASE)


@cache
def _has_body_query() -> Select[bool]:
    return select(_BODY.is_not(None)).where(bindparam("sha256") == _SHA256)


def _keyframe_of(connection: Connection, sha256: str | None) -> Keyframe | None:
    if sha256 is None:
        return None
    try:
        return _whole(_row(connection, sha256, _keyframe_query()))
    except Damaged:  # `catalog db verify` reports it
        return None


def _keyframe(connection: Connection, sha256: str) -> Keyframe:
    return _whole(_row(connection, sha256))


def _whole(row: Row[*tuple[Any, ...]]) -> Keyframe:
    if row.base_sha256 is not None:
        raise Damaged
    # Polls in a row have the same keyframe. `in` compares a damaged size too.
    small = row.size in range(KEPT + 1)
    body = _kept_body(row.body, row.size, row.sha256) if small else _unpacked(row, None)
    return Keyframe(row.sha256, body, len(row.body))


def _row(
    connection: Connection, sha256: str, query: Executable | None = None
) -> Row[*tuple[Any, ...]]:
    row = connection.execute(
        _row_query() if query is None else query, {"sha256": sha256}
    ).one_or_none()
    if row is None or row.body is None:
        raise Damaged
    return row


@cache
def _row_query() -> Executable:
    return _rows().where(bindparam("sha256") == _SHA256)


@cache
def _keyframe_query() -> Executable:
    """Select the whole body that a body is based on."""
    wanted = bindparam("sha256", type_=String)
    base = select(_BASE).where(wanted == _SHA256).scalar_subquery()
    return _rows().where(func.coalesce(base, wanted) == _SHA256)


def _rows() -> Select[*tuple[Any, ...]]:
    body = cast(_BODY, LargeBinary).label("body")  # cast, because a user may have stored text
    return select(_SHA256, _BASE, col(PayloadRow.size), body)


def _unpacked(row: Row[*tuple[Any, ...]], keyframe: Keyframe | None) -> bytes:
    body = unpack(row.body, row.size, None if keyframe is None else keyframe.body)
    return _checked(body, row.sha256)


@lru_cache(1)
def _kept_body(packed: bytes, size: int, sha256: str) -> bytes:
    """Return a whole body, or raise Damaged."""
    return _checked(unpack(packed, size, None), sha256)


def _checked(body: bytes, sha256: str) -> bytes:
    if hashlib.sha256(body).hexdigest() != sha256:
        raise Damaged
    return body


def _is(sha256: str) -> ColumnElement[bool]:
    return literal(sha256) == _SHA256


def _store(connection: Connection, sha256: str, values: dict[str, Any]) -> None:
    connection.execute(update(table_of(PayloadRow)).where(_is(sha256)).values(values))
