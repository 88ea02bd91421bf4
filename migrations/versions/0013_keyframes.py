"""Pack bodies as differences to a whole body.

Before, each was a difference to the previous body, in a chain. The packing is a copy of the one in
catalog/store/ at the time of this revision.
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
    """Upgrade the tables. To go back, restore a backup."""
    connection = op.get_bind()
    based = sa.select(PAYLOAD.c.sha256, PAYLOAD.c.base_sha256)
    dependents: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(based.where(PAYLOAD.c.base_sha256.is_not(None))):
        dependents[row.base_sha256].append(row.sha256)
    whole = sa.select(PAYLOAD.c.sha256).where(PAYLOAD.c.base_sha256.is_(None))
    for sha256 in connection.scalars(whole).all():
        if sha256 in dependents:
            _repack(connection, sha256, dependents)
    op.create_index("payload_base", "payload", ["base_sha256"])


def _repack(connection: sa.Connection, whole: str, dependents: dict[str, list[str]]) -> None:
    """Pack the chain of a whole body as differences to that body.

    Unreadable bodies stay as they are.
    """
    try:
        keyframe = _unpack(connection, whole, None)
    except (ZstdError, zlib.error):
        return
    waiting = [(each, keyframe) for each in dependents[whole]]
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
        waiting += [(each, body) for each in dependents.get(sha256, ())]


def _pack(body: bytes, base: bytes | None) -> bytes:
    known = base and ZstdCompressionDict(base, dict_type=DICT_TYPE_RAWCONTENT)
    return ZstdCompressor(level=LEVEL, dict_data=known or None, write_checksum=True).compress(body)


def _unpack(connection: sa.Connection, sha256: str, base: bytes | None) -> bytes:
    body = connection.scalar(sa.select(PAYLOAD.c.body).where(PAYLOAD.c.sha256 == sha256)) or b""
    if base is None and not body.startswith(b"\x28\xb5\x2f\xfd"):
        return zlib.decompress(body)
    known = base and ZstdCompressionDict(base, dict_type=DICT_TYPE_RAWCONTENT)
    return ZstdDecompressor(dict_data=known or None).decompress(body)
