r"""Text with every character that nobody sees spelled out: `gpt\u200b-4` is not `gpt-4`.

A person who compares two names sees no zero-width space, no soft hyphen, no direction mark, no tag
character, and takes each odd blank for a plain one. A terminal obeys control characters. So every
output for people shows them as escapes; JSON and CSV have the text as it is.
"""

import re
from typing import Final

NAME_LIMIT: Final = 200
"""In characters; a longer name is cut in tables."""
# All that Unicode calls Default_Ignorable_Code_Point, controls, separators, every blank but the
# plain one, two letters and a pattern that look like blanks, and halves of characters.
_UNSEEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    r"\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_JOINER: Final = "\u200d"
_JOINERS: Final = "\u200c\u200d"
_SELECTORS: Final = "\ufe0e\ufe0f"
_KEYS: Final = "0123456789#*"
_OLD_EMOJI: Final = "\u203c\u2049\u2139\u3030"
"""Emoji that are punctuation or letters by their category."""
_VIRAMA: Final = 9
# From Arabic to Sinhala, Myanmar, Khmer and Mongolian: scripts that are written with joiners.
_JOINED: Final = re.compile(r"[\u0600-\u0dff\u1000-\u109f\u1780-\u18af]")


def visible(text: str) -> str:
    r"""Spell out what nobody sees, as `\u200b`.

    Some of it is right where it stands, and stays: what joins or parts letters of scripts that are
    written with joiners, such as Persian and Hindi (see RFC 5892, A.1 and A.2), and what makes one
    emoji of several. Marks of direction are always spelled out, and so are tag characters, those of
    three flags too, because they can hold any text.
    """
    if text.isascii() and text.isprintable():  # as nearly all are
        return text
    return _UNSEEN.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    text, at = match.string, match.start()
    before, after = text[max(0, at - 1) : at], text[at + 1 : at + 2]
    if (match[0] in _JOINERS and _joins(match[0], before, after)) or (
        match[0] in _SELECTORS and _selects(before, after)
    ):
        return match[0]
    return match[0].encode("unicode_escape").decode()


def _joins(joiner: str, before: str, after: str) -> bool:
    """Say whether a joiner does something between these."""
    from unicodedata import combining  # not loaded where all is plain, as for --help

    if not before:
        return False
    if combining(before) == _VIRAMA:
        return True
    if _JOINED.match(before) and _JOINED.match(after):
        return {_category(before), _category(after)} <= {"L", "M"}
    # Before it there may be a color of skin, or a selector.
    return joiner == _JOINER and _category(before) in {"S", "M"} and _is_symbol(after)


def _selects(before: str, after: str) -> bool:
    """Say whether a selector of how an emoji looks stands behind one."""
    if before and before in _KEYS:
        return after == "\u20e3"
    return before in {*_OLD_EMOJI} or _is_symbol(before)


def _is_symbol(character: str) -> bool:
    return character > "\x7f" and _category(character) == "S" and not _UNSEEN.match(character)


def _category(character: str) -> str:
    from unicodedata import category

    return category(character)[0] if character else ""
