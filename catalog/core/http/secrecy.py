r"""Hide secrets in external text, whole and in part, in linear time.

A secret may return escaped: `\u002d`, `\x2d`, `\-` and `\/` as in programs and JSON, `%2D` as in a
URL, `&#45;` and `&amp;` as in HTML, also nested. So a text is searched as it is, and with its
escapes decoded. Each search slides a window over the text and looks it up in the set of all windows
of the secrets. No regular expression here can match the same characters in two ways.
"""

import re
import sys
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, groupby, starmap

HIDDEN = "***"
SHORTEST_SECRET = 6
"""The minimum characters of a secret. Shorter ones occur within words."""
SHORTEST_PART = 8
"""The minimum characters of a part that is hidden too."""

_TILE = 4
_PIECE = 1 << 16
"""Bytes searched at once. Without a tile, no window begins there."""
_BACKSLASH = ord("\\")
_NAMED = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}
# Each begins with a character of its own, so the search is fast. A run of backslashes, `%25` or
# `&amp;` belongs to the escape after it, because a text may be escaped several times.
_IN_JSON = re.compile(
    rb"\\\\*+(?:u([dD][89abAB][0-9a-fA-F]{2})\\\\*+u(?P<pair>[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|u(?P<unit>[0-9a-fA-F]{4})|x(?P<byte>[0-9a-fA-F]{2})|U(?P<wide>[0-9a-fA-F]{8})"
    rb"|u\{0*+(?P<braced>[0-9a-fA-F]{1,6}+)\})?+"
)
_IN_URLS = re.compile(rb"%(?:25(?=[0-9a-fA-F]{2}))*+(?P<octet>[0-9a-fA-F]{2})")
_IN_HTML = re.compile(
    rb"&(?:amp;(?=amp;|lt;|gt;|quot;|apos;|#))*+"
    rb"(?:#0*+(?P<decimal>[0-9]{1,7}+)|#[xX]0*+(?P<code>[0-9a-fA-F]{1,6}+)"
    rb"|(?P<name>amp|lt|gt|quot|apos));"
)
_ESCAPES = (_IN_JSON, _IN_URLS, _IN_HTML) * 2
"""The escapes decoded in order. Any of them may be inside another."""

_Escape = re.Pattern[bytes]
_Span = tuple[int, int]


def hide(text: str, secrets: tuple[str, ...]) -> str:
    """Replace every secret, and every long part of one, in a text."""
    body = hide_bytes(text.encode("utf-8", "surrogatepass"), secrets)
    return body.decode("utf-8", "surrogatepass")


def hide_bytes(body: bytes, secrets: tuple[str, ...]) -> bytes:
    """Replace every secret, and every long part of one, in a body."""
    sought = _sought(secrets)
    spans = list(_plain(body, sought.found(body)))
    undone: list[tuple[bytes, _Escape]] = []
    text = body
    for escape in _ESCAPES if sought.tiles else ():
        meant = _undo(text, escape)
        if meant == text:
            continue
        undone.append((text, escape))
        text = meant
        found = sought.found(text)
        for before, kind in reversed(undone):
            found = _origins(before, kind, found)
        spans += found
    return _replaced(body, _joined(sorted(spans))) if spans else body


@dataclass(frozen=True, slots=True, repr=False)
class _Sought:
    """All windows of the secrets, by length in bytes.

    Each window contains one of the `tiles`, so a text without tiles has no window.
    """

    windows: dict[int, frozenset[bytes]]
    tiles: frozenset[bytes]

    def found(self, text: bytes) -> list[_Span]:
        """Return the spans of windows, touching ones joined."""
        longest = max(self.windows, default=0)
        pieces = (text[at : at + _PIECE + longest - 1] for at in range(0, len(text), _PIECE))
        return list(_joined(chain.from_iterable(starmap(self._within, enumerate(pieces)))))

    def _within(self, number: int, piece: bytes) -> list[_Span]:
        if not any(tile in piece for tile in self.tiles):
            return []
        at = number * _PIECE
        return sorted(
            (at + place, at + place + size)
            for size, known in self.windows.items()
            for place in range(min(_PIECE, len(piece) - size + 1))
            if piece[place : place + size] in known
        )


@lru_cache(maxsize=64)
def _sought(secrets: tuple[str, ...]) -> _Sought:
    windows, tiles = set[bytes](), set[bytes]()
    for secret in _forms(secrets):
        size = min(len(secret), SHORTEST_PART)
        places = range(len(secret) - size + 1)
        windows |= {b"".join(secret[place : place + size]) for place in places}
        whole = range(0, len(secret) - _TILE + 1, _TILE)
        tiles |= {b"".join(secret[place : place + _TILE]) for place in whole}
    by_size = groupby(sorted(windows, key=len), key=len)
    return _Sought({size: frozenset(known) for size, known in by_size}, frozenset(tiles))


def _forms(secrets: tuple[str, ...]) -> Iterator[list[bytes]]:
    for secret in secrets:
        if len(secret) < SHORTEST_SECRET:
            continue
        form = _encoded(secret)
        forms = {form} | {form := _undo(form, escape) for escape in _ESCAPES}
        yield from filter(lambda each: len(each) >= SHORTEST_SECRET, map(_characters, forms))


def _characters(form: bytes) -> list[bytes]:
    try:
        return [_encoded(character) for character in form.decode("utf-8", "surrogatepass")]
    except UnicodeDecodeError:
        return [form[place : place + 1] for place in range(len(form))]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _joined(spans: Iterable[_Span]) -> Iterator[_Span]:
    begin, end = -1, -1
    for start, stop in spans:
        if start > end:
            if end >= 0:
                yield begin, end
            begin, end = start, stop
        else:
            end = max(end, stop)
    if end >= 0:
        yield begin, end


def _plain(body: bytes, spans: Iterable[_Span]) -> Iterator[_Span]:
    """Extend spans over preceding backslashes, which would escape the replacement."""
    for start, end in spans:
        first = start
        while first and body[first - 1] == _BACKSLASH:
            first -= 1
        yield first, end


def _undo(text: bytes, escape: _Escape) -> bytes:
    if escape is _IN_JSON:
        text = text.replace(rb"\/", b"/")  # the most common one, and faster
    known: dict[bytes, bytes] = {}  # a text repeats few different escapes

    def meant(found: re.Match[bytes]) -> bytes:
        if (meaning := known.get(found[0])) is None:
            meaning = known[found[0]] = _meant(found)
        return meaning

    return escape.sub(meant, text)


def _meant(escape: re.Match[bytes]) -> bytes:
    """Return the decoded escape, empty for lone backslashes."""
    match escape.lastgroup:
        case None:
            return b""
        case "octet":
            return bytes.fromhex(escape["octet"].decode())
        case "name":
            return _NAMED[escape["name"]]
        case "pair":
            return bytes.fromhex((escape[1] + escape["pair"]).decode()).decode("utf-16-be").encode()
        case name:
            code = int(escape[name], 10 if name == "decimal" else 16)
    return _encoded(chr(code)) if code <= sys.maxunicode else b""


def _origins(text: bytes, escape: _Escape, spans: list[_Span]) -> list[_Span]:
    """Return where spans of a decoded text are in the original."""
    if not spans:
        return []
    places, begin, at = array("I"), 0, 0  # backslashes belong to the next byte
    for found in escape.finditer(text):
        if at < found.start():
            places.append(begin)
            places.extend(range(at + 1, found.start()))
            begin = found.start()
        at = found.end()
        if meant := _meant(found):
            places.extend([begin] * len(meant))
            begin = at
    if at < len(text):
        places.append(begin)
        places.extend(range(at + 1, len(text)))
        begin = len(text)
    places.append(begin)
    return [(places[start], places[end]) for start, end in spans]


def _replaced(body: bytes, spans: Iterable[_Span]) -> bytes:
    pieces, at = [], 0
    for start, end in spans:
        pieces.append(body[at:start])
        at = end
    return HIDDEN.encode().join([*pieces, body[at:]])
