"""Bodies as bytes that take less room: by zstd, alone or as the difference to another body."""

import zlib

LEVEL = 6
"""Of zstd. Below it, differences of lists of thousands grow; above it, time and memory do."""
LEAST = 2
"""A difference is to be this many times smaller than its body would be alone."""
MAGIC = b"\x28\xb5\x2f\xfd"
"""How all that zstd packs begins. What does not was packed by zlib, before schema 0008."""


class Damaged(Exception):
    """What was packed is not what it was, or not upon that base: both ways have a checksum."""


def pack(body: bytes) -> bytes:
    """Pack a body alone."""
    from zstandard import ZstdCompressor

    return ZstdCompressor(level=LEVEL, write_checksum=True).compress(body)


def difference(body: bytes, base: bytes, share: float) -> bytes | None:
    """Pack a body as what differs from its base; None where it is better packed alone.

    `share` is the part of its size that a body of its kind takes when it is packed alone: to pack
    this one so only to compare would take longer than all the rest.
    """
    from zstandard import DICT_TYPE_RAWCONTENT, ZstdCompressionDict, ZstdCompressor

    known = ZstdCompressionDict(base, dict_type=DICT_TYPE_RAWCONTENT)
    packer = ZstdCompressor(level=LEVEL, dict_data=known, write_checksum=True)
    packed = packer.compress(body)
    return packed if len(packed) * LEAST <= len(body) * share else None


def unpack(packed: bytes, size: int, base: bytes | None) -> bytes:
    """Return a body of that size, packed upon a base or alone; raise Damaged."""
    if base is None and not packed.startswith(MAGIC):
        unpacker = zlib.decompressobj()
        try:
            # One byte more than it claims: it would take as much memory as there is in it.
            body = unpacker.decompress(packed, max(0, size) + 1)
        except zlib.error as error:
            raise Damaged from error
        if not unpacker.eof:
            raise Damaged
        return body
    from zstandard import ZstdError

    try:
        return _unpack(packed, size, base)
    except ZstdError as error:
        raise Damaged from error


def _unpack(packed: bytes, size: int, base: bytes | None) -> bytes:
    from zstandard import (
        DICT_TYPE_RAWCONTENT,
        ZstdCompressionDict,
        ZstdDecompressor,
        frame_content_size,
    )

    if frame_content_size(packed) != size:  # it would take as much memory as it claims
        raise Damaged
    known = ZstdCompressionDict(base, dict_type=DICT_TYPE_RAWCONTENT) if base else None
    return ZstdDecompressor(dict_data=known).decompress(packed)
