r"""Hide secrets in external text, whole and in part, in linear time.

A secret may come back escaped: `\u002d`, `\x2d`, `\-` and `\/` as in programs and JSON, `%2D` as in
a URL, `&#45;` and `&amp;` as in HTML, also one escape inside another, and `=2D` as in mail. So a
text is searched as it is, and after each escape is decoded. A search looks up windows (short runs
of bytes) of the text in the set of all windows of the secrets, plain and in Base64. It takes linear
time, because no regular expression here can match the same characters in two ways.
"""

import re
import sys
from array import array
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, groupby, starmap

HIDDEN = "***"
SHORTEST_SECRET = 6
"""The minimum characters of a secret. Shorter ones occur within words."""
SHORTEST_PART = 8
"""The minimum characters of a part that is hidden too."""

_GRAM = 4
_PIECE = 1 << 16
"""Bytes that are searched together, a multiple of _GRAM."""
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_BACKSLASH = ord("\\")
_NAMED = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}
# Each begins with a character of its own, so the search is fast. A run of backslashes, `%25` or
# `&amp;` belongs to the escape after it, because a text may be escaped several times.
_IN_JSON = re.compile(
    rb"\\\\*+(?:u([dD][89abAB][0-9a-fA-F]{2})\\\\*+u(?P<pair>[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|u(?P<unit>[0-9a-fA-F]{4})|x(?P<byte>[0-9a-fA-F]{2})|U(?P<wide>[0-9a-fA-F]{8})"
    rb"|(?P<octal>[0-3][0-7]{2})"
    rb"|u\{0*+(?P<braced>[0-9a-fA-F]{1,6}+)\})?+"
)
_IN_URLS = re.compile(rb"%(?:25(?=[0-9a-fA-F]{2}))*+(?P<octet>[0-9a-fA-F]{2})")
_IN_HTML = re.compile(
    rb"&(?:amp;(?=amp;|lt;|gt;|quot;|apos;|#))*+"
    rb"(?:#0*+(?P<decimal>[0-9]{1,7}+)|#[xX]0*+(?P<code>[0-9a-fA-F]{1,6}+)"
    rb"|(?P<name>amp|lt|gt|quot|apos));"
)
_IN_MAIL = re.compile(rb"=(?:(?P<octet>[0-9a-fA-F]{2})|\r?\n)")
_ESCAPES = (*(_IN_JSON, _IN_URLS, _IN_HTML) * 2, _IN_MAIL)
"""The escapes in the order of decoding, twice because any escape may be inside another one. Mail is
last, because it also decodes `=20` in other texts."""

_Escape = re.Pattern[bytes]
_Span = tuple[int, int]


def hide(text: str, secrets: tuple[str, ...], whole: tuple[str, ...] = ()) -> str:
    """Return the text with secrets and long parts of them replaced.

    The secrets in `whole` are replaced only if they are complete.
    """
    return hide_bytes(_encoded(text), secrets, whole).decode("utf-8", "surrogatepass")


def hide_bytes(body: bytes, secrets: tuple[str, ...], whole: tuple[str, ...] = ()) -> bytes:
    """Return the body with every secret replaced, as `hide` does."""
    search = _search(secrets, whole)
    spans = list(_plain(body, search.found(body)))
    steps: list[tuple[bytes, _Escape]] = []
    text = body
    for escape in _ESCAPES if search.whole or search.grams else ():
        decoded = _decode(text, escape)
        if decoded == text:
            continue
        steps.append((text, escape))
        text = decoded
        found = search.found(text)
        for before, kind in reversed(steps):
            found = _origins(before, kind, found)
        spans += found
    return _replaced(body, _joined(sorted(spans))) if spans else body


@dataclass(frozen=True, slots=True, repr=False)
class _Search:
    """The windows of secrets by length in bytes, and whole secrets.

    `grams` are the runs of four bytes in the windows, as numbers. A text is cut into such runs from
    each of `offsets` on, so that every window contains a complete run. So only windows around a run
    in `grams` are looked up.
    """

    windows: dict[int, frozenset[bytes]]
    grams: frozenset[int]
    offsets: tuple[int, ...]
    whole: tuple[bytes, ...]

    def found(self, text: bytes) -> list[_Span]:
        """Return the spans of secrets, with touching spans merged."""
        longest = max(self.windows, default=0)
        pieces = (text[at : at + _PIECE + longest - 1] for at in range(0, len(text), _PIECE))
        spans = list(chain.from_iterable(starmap(self._within, enumerate(pieces))))
        for secret in self.whole:
            spans += _places(text, secret)
        return list(_joined(sorted(spans)))

    def _within(self, number: int, piece: bytes) -> list[_Span]:
        """Return the spans of windows in one piece, as text offsets."""
        at = number * _PIECE
        runs = [place for offset in self.offsets for place in self._runs(piece, offset)]
        return [
            (at + start, at + start + size)
            for size, known in (self.windows.items() if runs else ())
            for start in {run - back for run in runs for back in range(size - _GRAM + 1)}
            if piece[start : start + size] in known
        ]

    def _runs(self, piece: bytes, offset: int) -> list[int]:
        """Return the offsets of known runs in a piece cut at `offset`."""
        end = len(piece) - (len(piece) - offset) % _GRAM
        numbers = memoryview(piece)[offset:end].cast("I")
        if self.grams.isdisjoint(numbers):
            return []
        known = self.grams
        return [offset + _GRAM * at for at, run in enumerate(numbers) if run in known]


def _places(text: bytes, secret: bytes) -> Iterator[_Span]:
    start = text.find(secret)
    while start >= 0:
        yield start, start + len(secret)
        start = text.find(secret, start + len(secret))


@lru_cache(maxsize=64)
def _search(secrets: tuple[str, ...], whole: tuple[str, ...]) -> _Search:
    windows, grams = set[bytes](), set[int]()
    for secret in _forms(secrets):
        size = min(len(secret), SHORTEST_PART)
        places = range(len(secret) - size + 1)
        windows |= {b"".join(secret[place : place + size]) for place in places}
        text = b"".join(secret)
        runs = (text[place : place + _GRAM] for place in range(len(text) - _GRAM + 1))
        grams |= {int.from_bytes(run, sys.byteorder) for run in runs}
    by_size = {size: frozenset(of) for size, of in groupby(sorted(windows, key=len), key=len)}
    # A window of seven bytes always contains a run. One of five contains a run of one of two cuts.
    offsets = (0,) if min(by_size, default=0) >= 2 * _GRAM - 1 else (0, _GRAM // 2)
    texts = {b"".join(form) for form in _forms(whole)}
    return _Search(by_size, frozenset(grams), offsets if grams else (), tuple(sorted(texts)))


def _forms(secrets: tuple[str, ...]) -> Iterator[list[bytes]]:
    """Yield the characters of each secret: plain, in Base64 and decoded."""
    for secret in secrets:
        if len(secret) < SHORTEST_SECRET:
            continue
        form = _encoded(secret)
        forms = {form, *_in_base64(form)}
        forms |= {form := _decode(form, escape) for escape in _ESCAPES}
        yield from filter(lambda each: len(each) >= SHORTEST_SECRET, map(_characters, forms))


def _in_base64(secret: bytes) -> Iterator[bytes]:
    """Yield the Base64 of a secret inside any text, in both alphabets.

    It depends on the number of bytes before the secret, and on whether any are after it.
    """
    for before in range(3):
        first, end = (before * 8 + 5) // 6, (before + len(secret)) * 8 // 6
        coded = b64encode(bytes(before) + secret)[first:]
        for part in (coded, coded[: end - first]):
            yield from (part, part.translate(_URL_SAFE))


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
    """Extend spans over preceding backslashes, because they would escape the replacement."""
    for start, end in spans:
        first = start
        while first and body[first - 1] == _BACKSLASH:
            first -= 1
        yield first, end


def _decode(text: bytes, escape: _Escape) -> bytes:
    if escape is _IN_JSON:
        text = text.replace(rb"\/", b"/")  # because it is the most common one, and this is faster
    known: dict[bytes, bytes] = {}  # because a text repeats few different escapes

    def meaning(found: re.Match[bytes]) -> bytes:
        if (decoded := known.get(found[0])) is None:
            decoded = known[found[0]] = _meaning(found)
        return decoded

    return escape.sub(meaning, text)


def _meaning(escape: re.Match[bytes]) -> bytes:
    """Return the decoded escape, empty for lone backslashes."""
    match escape.lastgroup:
        case None:
            return b""
        case "octet":
            return bytes.fromhex(escape["octet"].decode())
        case "octal":
            return bytes([int(escape["octal"], 8)])
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
    places, begin, at = array("I"), 0, 0  # `begin`, because backslashes belong to the next byte
    for found in escape.finditer(text):
        if at < found.start():
            places.append(begin)
            places.extend(range(at + 1, found.start()))
            begin = found.start()
        at = found.end()
        if decoded := _meaning(found):
            places.extend([begin] * len(decoded))
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
