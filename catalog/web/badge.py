"""Draw badges: a label and a state as one small SVG.

The contrast of white text on each color is at least 4.5:1 (WCAG 2.2, criterion 1.4.3), which a test
computes.
"""

import re
from html import escape
from typing import Final, Literal

from catalog.core.strict_json import cut
from catalog.core.text import one_line

BADGE_TYPE: Final = "image/svg+xml"
Color = Literal["green", "yellow", "red", "blue", "gray"]
COLORS: Final[dict[Color, str]] = {
    "green": "#2d7a34",
    "yellow": "#8a5a00",
    "red": "#b3261e",
    "blue": "#1f5fa8",
    "gray": "#5a6068",
}
"""The meanings: fine, soon to end, ended or broken, new, unknown."""
LABEL_COLOR: Final = "#3b4048"
TEXT_LIMIT: Final = 60
"""The maximum characters of each text."""
_HEIGHT, _PADDING, _SIZE = 20, 6, 11
_FORBIDDEN: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
# Widths of Verdana at 11 pixels, rounded up. Texts are stretched to the sum, so an error is unseen.
_NARROW, _USUAL, _WIDE, _FULL = 4.4, 7.0, 9.6, 11.0
_NARROW_SIGNS: Final = frozenset(" !'(),-./:;I[]fijlrt|")
_WIDE_SIGNS: Final = frozenset("%@MWmw—…")
_FIRST_FULL: Final = "\u1100"
"""Scripts from here on, such as Chinese, have square characters."""


def badge(label: str, state: str, color: Color) -> str:
    """Return the SVG of a badge.

    Long texts are cut, and invisible characters are spelled out.
    """
    label, state = _shown(label), _shown(state)
    left, right = _width(label), _width(state)
    title = escape(f"{label}: {state}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}" '
        f'role="img" aria-label="{title}"><title>{title}</title>'
        f'<rect width="{left + right}" height="{_HEIGHT}" rx="3" fill="{COLORS[color]}"/>'
        f'<path d="M3 0h{left - 3}v{_HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" '
        f'fill="{LABEL_COLOR}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="{_SIZE}" '
        f'aria-hidden="true">{_text(label, 0, left)}{_text(state, left, right)}</g></svg>\n'
    )


def _text(text: str, start: int, width: int) -> str:
    inner = width - 2 * _PADDING
    return f'<text x="{start + _PADDING}" y="14" textLength="{inner}">{escape(text)}</text>'


def _shown(text: str) -> str:
    return cut(_FORBIDDEN.sub("\ufffd", one_line(text)).strip() or "–", TEXT_LIMIT)


def _width(text: str) -> int:
    """Return the estimated width of a text with padding, in pixels."""
    return round(sum(map(_advance, text))) + 2 * _PADDING


def _advance(sign: str) -> float:
    if sign >= _FIRST_FULL and sign not in _WIDE_SIGNS:
        return _FULL
    if sign in _NARROW_SIGNS:
        return _NARROW
    return _WIDE if sign in _WIDE_SIGNS else _USUAL
