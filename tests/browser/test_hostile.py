"""A hostile catalog does no harm in a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from catalog.web.pages import PAGES
from tests.support.browser import IN_BROWSER, WIDTHS, tab, website
from tests.support.builders import body, row
from tests.support.http_server import answer as reply
from tests.support.rig import START, rig
from tests.support.shell import Shell

pytestmark = IN_BROWSER
NAMES = (
    "<script>alert(1)</script>",
    '"><img src=http://127.0.0.1:9/x onerror=alert(1)>',
    "'); alert(1); ('",
    "javascript:alert(1)",
    "</title><svg onload=alert(1)>",
    "x" * 10_000,
    "a\u202eb\u2066c",
    "{{ 7*7 }}",
)
BEFORE = row(id=99)
FIELDS = ("name", "description", "type", "info_status", "version", "documentation_link")


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a catalog whose texts are an attack."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [row(id=number) | dict.fromkeys(FIELDS, name) for number, name in enumerate(NAMES, 1)]
    states = [[BEFORE], [BEFORE, *rows], [BEFORE, *rows[2:]]]
    with rig(folder, *(reply(200, body(*each)) for each in states)) as one:
        for _ in states:
            one.poll()
    with website(Shell(folder), "--database", folder / "catalog.db", at=START) as site:
        yield site


@pytest.mark.parametrize("width", WIDTHS)
def test_texts_of_a_provider_stay_texts(browser: Browser, hostile_site: str, width: int) -> None:
    """No page opens a dialog, asks another site, reports an error, or grows too wide."""
    models = [f"/models/infomaniak/{number}" for number in range(1, len(NAMES) + 1)]
    changes = [f"/changes/{number}" for number in range(1, 4)]
    with tab(browser, hostile_site, width) as opened:
        wide = []
        for path in (*(page.path for page in PAGES), *models, *changes):
            opened.open(path)
            wide += [path] if opened.overflow() else []
        assert (wide, opened.errors) == ([], [])


def test_a_hostile_name_is_read_as_it_is(browser: Browser, hostile_site: str) -> None:
    """The heading of a model's page is its name, and a hidden character is shown by its number."""
    with tab(browser, hostile_site) as opened:
        shown = [
            opened.open(f"/models/infomaniak/{number}").locator("h1").inner_text()
            for number in (1, 2, 7)
        ]
        assert shown == [NAMES[0], NAMES[1], r"a\u202eb\u2066c"]
