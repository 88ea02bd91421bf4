"""How an answer goes out, well or badly: steps as data, which listener.py takes one by one."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

FLOOD, BOMB = 300, 1000
"""Blocks of a million bytes in front of the true body."""
_BLOCK = b" " * 1_000_000
_GZIP = 31  # the window of zlib that makes gzip of it


class Mark(Enum):
    """A step that is no bytes of the body."""

    HEAD = auto()
    """Status line and headers."""
    RESET = auto()
    """The end, by a TCP reset."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing for so many seconds, for ever where it is None; it ends early with the client."""

    seconds: float | None


Step: TypeAlias = bytes | Mark | Pause
Way: TypeAlias = Callable[[bytes], Iterator[Step]]
"""From a body to what is sent of it, made while it is sent."""


def whole(body: bytes) -> Iterator[Step]:
    """Send it all, at once."""
    yield Mark.HEAD
    yield body


def refuse(_: bytes) -> Iterator[Step]:
    """Send nothing and reset."""
    yield Mark.RESET


def break_off(body: bytes) -> Iterator[Step]:
    """Promise all, send half, then reset."""
    yield Mark.HEAD
    yield body[: len(body) // 2]
    yield Mark.RESET


def stay_silent(_: bytes) -> Iterator[Step]:
    """Send nothing for as long as the client waits."""
    yield Pause(None)


def drip(body: bytes) -> Iterator[Step]:
    """Send a byte a second."""
    yield Mark.HEAD
    for place in range(len(body)):
        yield body[place : place + 1]
        yield Pause(1)


def flood(body: bytes) -> Iterator[Step]:
    """Send 300 MB of blanks first, without telling how long it is: it stays valid JSON."""
    return _chunked(_inflated(body, FLOOD))


def bomb(body: bytes) -> Iterator[Step]:
    """Send a gigabyte of blanks first, packed to a thousandth."""
    return _chunked(_packed(_inflated(body, BOMB)))


def _inflated(body: bytes, blocks: int) -> Iterator[bytes]:
    for _ in range(blocks):
        yield _BLOCK
    yield body


def _packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=_GZIP)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _chunked(pieces: Iterable[bytes]) -> Iterator[Step]:
    yield Mark.HEAD
    for piece in pieces:
        if piece:  # an empty chunk would be the end
            yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
