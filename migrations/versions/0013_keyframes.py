"""Bodies are differences to a whole body, not to the one before: chains are packed anew.

The packing is a copy of that in catalog/store/, as it was when this was written.
"""

import zlib
from collections import defaultdict

import sqlalchemy as sa
from alembic import op
from zstandard import (
    DICT_TYPE_RAWCONTENT,
    ZstdCompressionDict,
    ZstdCompressor,
    ZstdDecompressor,
    ZstdError,
)

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PAYLOAD = sa.table(
    "payload",
    *(sa.column(name) for name in ("sha256", "size", "base_sha256")),
    sa.column("body", sa.LargeBinary()),
)
LEVEL = 6


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    connection = op.get_bind()
    based = sa.select(PAYLOAD.c.sha256, PAYLOAD.c.base_sha256)
    upon: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(based.where(PAYLOAD.c.base_sha256.is_not(None))):
        upon[row.base_sha256].append(row.sha256)
    whole = sa.select(PAYLOAD.c.sha256).where(PAYLOAD.c.base_sha256.is_(None))
    for sha256 in connection.scalars(whole).all():
        if sha256 in upon:
            _repack(connection, sha256, upon)
    op.create_index("payload_base", "payload", ["base_sha256"])


def _repack(connection: sa.Connection, whole: str, upon: dict[str, list[str]]) -> None:
    """Pack all that rests on a whole body as differences to it; leave what cannot be read."""
    try:
        keyframe = _unpack(connection, whole, None)
    except (ZstdError, zlib.error):
        return
    waiting = [(each, keyframe) for each in upon[whole]]
    while waiting:
        sha256, base = waiting.pop()
        try:
            body = _unpack(connection, sha256, base)
        except (ZstdError, zlib.error):
            continue
        if base is not keyframe:
            packed, alone = _pack(body, keyframe), _pack(body, None)
            is_small = len(packed) * 2 <= len(alone)
            values = {
                "body": packed if is_small else alone,
                "base_sha256": whole if is_small else None,
            }
            this = sa.update(PAYLOAD).where(PAYLOAD.c.sha256 == sha256)
            connection.execute(this.values(**values))
        waiting += [(each, body) for each in upon.get(sha256, ())]


def _pack(body: bytes, base: bytes | None) -> bytes:
    known = base and ZstdCompressionDict(base, dict_type=DICT_TYPE_RAWCONTENT)
    return ZstdCompressor(level=LEVEL, dict_data=known or None, write_checksum=True).compress(body)


def _unpack(connection: sa.Connection, sha256: str, base: bytes | None) -> bytes:
    body = connection.scalar(sa.select(PAYLOAD.c.body).where(PAYLOAD.c.sha256 == sha256)) or b""
    if base is None and not body.startswith(b"\x28\xb5\x2f\xfd"):
        return zlib.decompress(body)
    known = base and ZstdCompressionDict(base, dict_type=DICT_TYPE_RAWCONTENT)
    return ZstdDecompressor(dict_data=known or None).decompress(body)
