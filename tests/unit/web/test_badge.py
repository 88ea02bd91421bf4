import re
from xml.etree.ElementTree import Element, fromstring

import pytest

from catalog.web.badge import COLORS, LABEL_COLOR, badge

SVG = "{http://www.w3.org/2000/svg}"


def _read(svg: str) -> Element:
    return fromstring(svg)  # noqa: S314  # our own output


def _texts(svg: str) -> list[str | None]:
    return [each.text for each in _read(svg).iter(f"{SVG}text")]


def _light(color: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_badge_shows_both_texts_and_reads_them_out() -> None:
    """The texts are drawn, and a screen reader gets them as one name."""
    svg = badge("qwen3", "ends 2026-01-22", "yellow")
    assert _texts(svg) == ["qwen3", "ends 2026-01-22"]
    root = _read(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == root.findtext(f"{SVG}title") == "qwen3: ends 2026-01-22"


@pytest.mark.parametrize("color", [*COLORS.values(), LABEL_COLOR])
def test_white_text_can_be_read_on_every_color(color: str) -> None:
    """The contrast is at least 4.5 to 1."""
    assert 1.05 / (_light(color) + 0.05) >= 4.5


@pytest.mark.parametrize(
    "text",
    [
        '</text><script>alert(1)</script>"',
        "' onload='alert(1)",
        "\x00\x07\ud800\ufffe\u202e",
        "&lt; &amp; ]]>",
        "x" * 10_000,
    ],
)
def test_hostile_names_stay_text(text: str) -> None:
    """Markup, control characters and long names give a small valid image."""
    svg = badge(text, text, "red")
    assert {each.tag.removeprefix(SVG) for each in _read(svg).iter()} == {
        *("svg", "title", "rect", "path", "g", "text"),
    }
    assert len(svg) < 4_000
    assert float(_read(svg).get("width", "")) < 2_000


def test_a_badge_loads_nothing() -> None:
    """No address is in the image but the name of its format."""
    svg = badge("qwen3", "available", "green")
    assert re.findall(r"\w+://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]
    assert "href" not in svg
    assert "style" not in svg


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [("ill", "www"), ("qwen", "qwen3"), ("ab", "模型"), ("a", "…")],
)
def test_the_width_follows_the_letters(shorter: str, longer: str) -> None:
    """Wider letters and longer names get more room."""
    first, second = (
        float(_read(badge(each, "x", "gray")).get("width", "")) for each in (shorter, longer)
    )
    assert first < second


def test_an_empty_text_is_a_dash() -> None:
    """A badge without a state does not collapse."""
    assert _texts(badge("", " ", "gray")) == ["–", "–"]
