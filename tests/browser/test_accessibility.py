"""A keyboard, a screen reader or weak eyes suffice for every page."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import IN_BROWSER, PATHS, THEMES, Tab, tab, website
from tests.support.builders import body, row
from tests.support.http_server import answer as reply
from tests.support.probe_stand import CHAT_V1, llm, stand
from tests.support.rig import START, lay_database, rig
from tests.support.shell import Shell

pytestmark = IN_BROWSER
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
FOCUSABLE = "a[href]:not(details:not([open]) *), input, select, button, summary, [tabindex='0']"
FOCUS = """selector => {
  const it = document.activeElement, box = it.getBoundingClientRect(), style = getComputedStyle(it);
  return {
    place: [...document.querySelectorAll(selector)].indexOf(it),
    seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
      && box.width > 0 && box.bottom > 0 && box.top < innerHeight,
  };
}"""
SCROLLED = """() => [...document.querySelectorAll('.table')]
  .filter(it => it.scrollWidth > it.clientWidth).map(it => it.ariaLabel)"""
STATES = {
    "held": ("/", "/status", "/providers"),
    "empty": ("/", "/models", "/changes", "/compare", "/calendar", "/probes", "/status"),
    "called": ("/", "/probes", "/models/infomaniak/alpha", "/models/infomaniak/beta"),
}
"""The pages that are special in a state of the store."""


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Serve three stores: a held answer, none, and results of calls."""
    folders = {name: tmp_path_factory.mktemp(name) for name in STATES}
    rows = [row(id=number, name=f"model-{number}") for number in range(1, 12)]
    with rig(folders["held"], reply(200, body(*rows)), reply(200, body(*rows[:3]))) as one:
        one.poll()
        one.poll()
    lay_database(folders["empty"])
    both = [llm(1, "alpha"), llm(2, "beta", CHAT_V1)]
    with stand(folders["called"], [both, both[:1]]) as called:
        called.run_twice()
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                website(Shell(folder), "--database", folder / "catalog.db", at=START)
            )
            for name, folder in folders.items()
        }


def _violations(opened: Tab, paths: tuple[str, ...]) -> dict[str, list[str]]:
    found = {}
    for path in paths:
        results = Axe().run(opened.open(path), options=OPTIONS).response["violations"]
        if results:
            found[path] = [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in results]
    return found


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_breaks_the_guidelines(
    browser: Browser, demo_site: str, width: int, theme: str
) -> None:
    """axe-core finds no violation of WCAG 2.2 AA, as a table, as cards, and in both themes."""
    with tab(browser, demo_site, width, theme) as opened:
        assert _violations(opened, (*PATHS, "/nothing")) == {}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("state", STATES)
def test_no_state_breaks_the_guidelines(
    browser: Browser, sites: dict[str, str], state: str, theme: str
) -> None:
    """Problems, empty pages and results of calls are readable too, and fit a phone."""
    with tab(browser, sites[state], 390, theme) as opened:
        assert _violations(opened, STATES[state]) == {}
        for path in STATES[state]:
            opened.open(path)
            assert opened.overflow() == 0, path
            assert opened.page.evaluate(SCROLLED) == [], path


def test_a_timeline_is_read_as_text(browser: Browser, demo_site: str) -> None:
    """A screen reader gets the summary of the drawing, and opens a list of all that is drawn."""
    with tab(browser, demo_site) as opened:
        page = opened.open("/models/infomaniak/qwen3")
        figure = page.get_by_role("figure")
        expect(figure.get_by_role("img", name="Timeline. Presence: gone since")).to_be_visible()
        figure.get_by_text("The timeline as text").click()
        lines = figure.get_by_role("listitem")
        drawn = figure.locator("svg").locator("rect, circle, .end")
        expect(lines).to_have_count(drawn.count())
        expect(lines.filter(has_text="qwen3 removed")).to_be_visible()
        assert Axe().run(page, options=OPTIONS).response["violations"] == []


def test_the_first_key_skips_the_menu(browser: Browser, demo_site: str) -> None:
    """The first Tab shows a link that leads behind the menu."""
    with tab(browser, demo_site) as opened:
        page = opened.open("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.innerText") == "Skip to the content"
        assert page.evaluate(FOCUS, FOCUSABLE)["seen"]
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("path", ["/", "/models", "/changes", "/models/infomaniak/qwen3"])
def test_every_control_is_reached_and_seen(browser: Browser, demo_site: str, path: str) -> None:
    """Tab reaches each link and field in the order of the page, with a visible focus."""
    with tab(browser, demo_site) as opened:
        page = opened.open(path)
        count = page.locator(FOCUSABLE).count()
        reached = [_next(page) for _ in range(count)]
        assert [each["place"] for each in reached] == [*range(count)]
        assert [each["place"] for each in reached if not each["seen"]] == []


def _next(page: Page) -> dict[str, int]:
    page.keyboard.press("Tab")
    focus: dict[str, int] = page.evaluate(FOCUS, FOCUSABLE)
    return focus
