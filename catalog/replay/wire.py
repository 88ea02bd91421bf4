"""Define ways of sending an answer, as steps for listener.py."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

_BLANKS = b" " * 100_000
_GZIP = 31  # zlib's window size for gzip


class Mark(Enum):
    """A step without body bytes."""

    HEAD = auto()
    """The status line and headers."""
    RESET = auto()
    """A TCP reset."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause in seconds, endless for None, ended by a disconnect."""

    seconds: float | None


Step: TypeAlias = bytes | Mark | Pause
Way: TypeAlias = Callable[[bytes], Iterator[Step]]
"""Return the steps for a body, generated while sending."""


def whole(body: bytes) -> Iterator[Step]:
    """Send everything at once."""
    yield Mark.HEAD
    yield body


def after(seconds: float) -> Way:
    """Send everything after a pause."""

    def late(body: bytes) -> Iterator[Step]:
        yield Pause(seconds)
        yield from whole(body)

    return late


def refuse(_: bytes) -> Iterator[Step]:
    """Reset without an answer."""
    yield Mark.RESET


def break_off(body: bytes) -> Iterator[Step]:
    """Send half of the promised body, then reset."""
    yield Mark.HEAD
    yield body[: len(body) // 2]
    yield Mark.RESET


def stay_silent(_: bytes) -> Iterator[Step]:
    """Send nothing until the client disconnects."""
    yield Pause(None)


def drip(body: bytes) -> Iterator[Step]:
    """Send one byte per second."""
    yield Mark.HEAD
    for place in range(len(body)):
        yield body[place : place + 1]
        yield Pause(1)


def flood(megabytes: int) -> Way:
    """Send many chunked blanks before the body, which stays valid JSON."""
    return lambda body: _chunked(_after_blanks(megabytes, body))


def bomb(megabytes: int) -> Way:
    """Send many blanks before the body, compressed a thousandfold."""
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
        if piece:  # an empty chunk would end the body
            yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
