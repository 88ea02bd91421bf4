"""The static site of the demo in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.support.browser import CHROMIUM
from tests.support.needs import needs
from tests.support.shell import Shell


@pytest.mark.long
@needs("chromium")
def test_a_reader_clicks_through_the_files(demo: Shell, tmp_path: Path) -> None:
    """From the overview to a model, to a change and back, with the style, and without a server.

    The change is in view on the page of its month.
    """
    demo("web", "build", tmp_path / "a site")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        failed: list[str] = []
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.goto((tmp_path / "a site" / "index.html").as_uri())
        assert page.title().startswith("Overview")
        assert page.evaluate("document.styleSheets.length") == 1
        page.locator(".changes a.name").first.click()
        assert "/models/infomaniak/" in page.url
        page.locator(".changes .rule a").first.click()
        assert "/changes/20" in page.url
        page.wait_for_function("""() => {
            const box = document.querySelector(":target").getBoundingClientRect();
            return box.top > -1 && box.bottom < innerHeight + 1;
        }""")
        assert page.get_by_role("heading", level=1).inner_text().startswith("Changes of 20")
        page.get_by_role("link", name="Model catalog").click()
        assert page.url.endswith("/index.html")
        assert not failed
        browser.close()
