"""Invisible characters are spelled out, and no script is damaged."""

import sys
import unicodedata

import pytest

from catalog.core.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gpt\u200b-4", r"gpt\u200b-4"),  # zero-width space
        ("gpt\u200c4 gpt\u200d4", r"gpt\u200c4 gpt\u200d4"),  # joiners that join nothing
        ("\ufeffgpt", r"\ufeffgpt"),  # byte order mark
        ("gp\xadt", r"gp\xadt"),  # soft hyphen
        ("a\u202eb\u2066c\u200fd\u061ce", r"a\u202eb\u2066c\u200fd\u061ce"),  # directions
        ("a\U000e0067\U000e007f", r"a\U000e0067\U000e007f"),  # tags
        ("a\ufe0fb\U000e0100", r"a\ufe0fb\U000e0100"),  # selectors behind letters
        ("1\ufe0f", r"1\ufe0f"),
        ("a\xa0b\u2003c\u3000d", r"a\xa0b\u2003c\u3000d"),  # blanks
        ("a\u3164b\u2800c\u115f", r"a\u3164b\u2800c\u115f"),  # letters without a shape
        ("a\u2060b\u034fc", r"a\u2060b\u034fc"),
        ("a\x1b[31m\r\n\x85\u2028", r"a\x1b[31m\r\n\x85\u2028"),
        ("\ud800", r"\ud800"),
        ("\u200dgpt\u200d", r"\u200dgpt\u200d"),
        ("⚠\ufe0f\ufe0f", "⚠\ufe0f\\ufe0f"),  # the second does nothing
        ("🚀\u200d gpt", r"🚀\u200d gpt"),
        ("می\u200c", r"می\u200c"),  # a non-joiner at the end of a word
    ],
)
def test_invisible_characters_are_spelled_out(text: str, shown: str) -> None:
    """Similar names look different, and no name controls a terminal."""
    assert visible(text) == shown
    assert visible(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "gpt-4o mini: né à Genève, 模型, модель, 모델",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: a non-joiner within a word
        "क्\u200dष क्\u200cष",  # Hindi: both joiners behind a virama
        "ശ്രീലങ്ക\u0d4d\u200d",  # Malayalam: one at the end of a word
        "👩\u200d💻 👩🏽\u200d🔬 🏳\ufe0f\u200d🌈",  # one emoji of several
        "⚠\ufe0f \u2139\ufe0f 1\ufe0f\u20e3",
        r"a \u200b that a user wrote",
    ],
)
def test_correct_characters_stay(text: str) -> None:
    """Scripts with joiners and combined emoji stay unchanged."""
    assert visible(text) == text


def test_no_character_without_a_shape_is_left() -> None:
    """Every control, blank, separator, surrogate and format character of Unicode is spelled out.

    The exceptions are the few format characters with a shape, such as the Arabic number sign.
    """
    seen = {"\u0600", "\u06dd", "\u070f", "\u08e2", "\U000110bd", "\U000110cd", "\U00013430"}
    blocks = {chr(ord(each) & ~0xF) for each in seen} | {"\u0890", "\U00013430"}
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"}:
            spelled = visible(f"a{character}b") != f"a{character}b"
            assert spelled or character == " " or chr(number & ~0xF) in blocks, hex(number)
