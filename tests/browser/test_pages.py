"""People read the pages of the demo's history in a real browser."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import IN_BROWSER, NOW, PATHS, THEMES, WIDTHS, tab

pytestmark = IN_BROWSER
SCREEN = 900
"""The height of the window."""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_the_window(
    browser: Browser, demo_site: str, width: int, theme: str
) -> None:
    """No page scrolls sideways, fails to load a part, or writes to the console."""
    with tab(browser, demo_site, width, theme) as opened:
        wide = {}
        for path in PATHS:
            opened.open(path)
            if pixels := opened.overflow():
                wide[path] = pixels
        assert (wide, opened.errors) == ({}, [])


def test_the_overview_is_short(browser: Browser, demo_site: str) -> None:
    """The first page of the demo takes at most one and a half screens of a wide window."""
    with tab(browser, demo_site) as opened:
        page = opened.open("/")
        height = page.evaluate("document.documentElement.scrollHeight")
        assert height <= 1.5 * SCREEN


def test_a_wrong_address_leads_back(browser: Browser, demo_site: str) -> None:
    """The page of an error fits a phone, and its link leads to the overview."""
    with tab(browser, demo_site, 390) as opened:
        page = opened.open("/models/infomaniak/qwen33")
        expect(page.locator("main")).to_contain_text("did you mean")
        assert opened.overflow() == 0
        page.get_by_role("link", name="To the overview").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_what_to_do_about_a_swapped_and_removed_model(browser: Browser, demo_site: str) -> None:
    """A reader learns of the swap of qwen3, its end, and its replacement, in four clicks."""
    with tab(browser, demo_site) as opened:
        page = opened.open("/")
        page.get_by_role("link", name="qwen3", exact=True).first.click()
        expect(page.locator(".note")).to_contain_text("Callable until at least 2026-06-18")
        page.get_by_role("link", name="alias-swapped").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Qwen3-VL-235B")
        expect(page.locator(".note")).to_contain_text("What to do")
        page.get_by_role("link", name="qwen3", exact=True).click()
        instead = page.get_by_role("region", name="Replacements")
        expect(instead).to_contain_text("context: 262,144 → 256,000")
        instead.get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("moonshotai/Kimi-K2.6")


def test_a_filter_needs_no_script(browser: Browser, demo_site: str) -> None:
    """The form of the models filters them and shows a past moment."""
    with tab(browser, demo_site, scripts=False) as opened:
        page = opened.open("/models")
        page.get_by_label("Search").fill("qwen")
        page.get_by_label("As it was at").fill("2025-12-23")
        page.get_by_label("Type").select_option("llm")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.locator("tbody")).to_contain_text("qwen3")


def test_pages_are_the_same_without_scripts(browser: Browser, demo_site: str) -> None:
    """With scripts turned off, each page has the same picture."""
    pictures = []
    for scripts in (True, False):
        with tab(browser, demo_site, scripts=scripts) as opened:
            pictures.append([_picture(opened.open(path)) for path in PATHS])
    assert pictures[0] == pictures[1]


def _picture(page: Page) -> bytes:
    """Return a picture without the minute of the answer."""
    return page.screenshot(full_page=True, mask=[page.locator("footer time")])


def test_print_has_the_content_alone(browser: Browser, demo_site: str) -> None:
    """On paper the menu, the form and the footer are left out."""
    with tab(browser, demo_site) as opened:
        page = opened.open("/models")
        page.emulate_media(media="print")
        for hidden in ("header", "form", "footer", ".skip"):
            expect(page.locator(hidden)).to_be_hidden()
        expect(page.locator("table")).to_be_visible()


def test_the_page_states_its_time(browser: Browser, demo_site: str) -> None:
    """The footer has the time of the answer, so that a printed page can be judged."""
    with tab(browser, demo_site) as opened:
        made = opened.open("/").locator("footer time").get_attribute("datetime")
        assert made is not None
        assert len(made) == len(f"{NOW:%Y-%m-%dT%H:%M:%SZ}")
