r"""Spell out invisible characters: `gpt\u200b-4` is not `gpt-4`.

A person who compares two names does not see zero-width spaces, soft hyphens, direction marks and
tag characters, and reads each odd blank as a plain one. A terminal executes control characters. So
every output for people, CSV too, shows them as escapes. JSON has the text unchanged.
"""

import re
from functools import lru_cache
from typing import Final

NAME_LIMIT: Final = 200
"""The maximum characters of a name in tables."""
# Unicode's Default_Ignorable_Code_Point, controls, separators, blanks except the plain one, two
# letters and a pattern that look like blanks, and halves of characters.
_INVISIBLE: Final = re.compile(
    r"[\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    r"\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_JOINER: Final = "\u200d"
_SELECTORS: Final = frozenset("\ufe0e\ufe0f")
_IN_CONTEXT: Final = _SELECTORS | frozenset("\u200c\u200d")
_KEYS: Final = frozenset("0123456789#*")
_OLD_EMOJI: Final = frozenset("\u203c\u2049\u2139\u3030")
"""Emoji whose category is punctuation or letter."""
_VIRAMA: Final = 9
_JOINED: Final = (("\u0600", "\u0dff"), ("\u1000", "\u109f"), ("\u1780", "\u18af"))
"""Scripts with joiners: Arabic to Sinhala, Myanmar, Khmer, Mongolian."""


def visible(text: str) -> str:
    r"""Return text with invisible characters spelled out, such as `\u200b`.

    Some are correct in context and stay: joiners in scripts that need them, such as Persian and
    Hindi (see RFC 5892, A.1 and A.2), and in combined emoji. Direction marks and tag characters are
    always spelled out, even the tags of three flags, because they can hide any text.
    """
    if text.isascii() and text.isprintable():  # fast path
        return text
    return _INVISIBLE.sub(_spelled, text)


def visible_json(text: str) -> str:
    r"""Spell out invisible characters in JSON text: `\u00a0`, not `\xa0`."""
    from json import dumps  # here, because --help does not need it

    return _INVISIBLE.sub(lambda match: dumps(match[0])[1:-1], text)


def _spelled(match: re.Match[str]) -> str:
    character, at = match[0], match.start()
    if character not in _IN_CONTEXT:
        return _escape(character)
    return _in_context(match.string[max(0, at - 1) : at], character, match.string[at + 1 : at + 2])


@lru_cache(1000)  # because a hostile text may repeat them
def _in_context(before: str, character: str, after: str) -> str:
    from unicodedata import category, combining  # rarely needed, so --help stays fast

    def kind(of: str) -> str:
        return category(of)[0] if of else ""

    def is_symbol(of: str) -> bool:
        return of > "\x7f" and kind(of) == "S" and not _INVISIBLE.match(of)

    if character in _SELECTORS:
        is_key = before in _KEYS and after == "\u20e3"
        stays = is_key or before in _OLD_EMOJI or is_symbol(before)
    elif _is_joined(before) and _is_joined(after):
        stays = {kind(before), kind(after)} <= {"L", "M"}
    else:  # a skin tone or selector may precede
        joins = character == _JOINER and kind(before) in {"S", "M"} and is_symbol(after)
        stays = joins or (before != "" and combining(before) == _VIRAMA)
    return character if stays else _escape(character)


def _is_joined(character: str) -> bool:
    return any(first <= character <= last for first, last in _JOINED)


@lru_cache(1000)
def _escape(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # an invalid UTF-8 byte of a file name
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
