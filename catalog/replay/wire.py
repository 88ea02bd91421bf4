"""How an answer goes out, well or badly: steps as data, which listener.py takes one by one."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

_BLANKS = b" " * 100_000
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


def after(seconds: float) -> Way:
    """Send it all, but only after a while."""

    def late(body: bytes) -> Iterator[Step]:
        yield Pause(seconds)
        yield from whole(body)

    return late


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


def flood(megabytes: int) -> Way:
    """Send so many blanks first, in chunks, and no word on how long it is: it stays valid JSON."""
    return lambda body: _chunked(_after_blanks(megabytes, body))


def bomb(megabytes: int) -> Way:
    """Send so many blanks first, packed by gzip to about a thousandth."""
    return lambda body: _chunked(_packed(_after_blanks(megabytes, body)))


def _after_blanks(megabytes: int, body: bytes) -> Iterator[bytes]:
    for _ in range(megabytes * 1_000_000 // len(_BLANKS)):
        yield _BLANKS
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
