"""A real browser on a real `catalog web`."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.support.daemon import guarded
from tests.support.needs import needs
from tests.support.shell import UNMEASURED, Shell
from tests.support.wall_clock import COMPILER, WallClock

CHROMIUM = shutil.which("chromium")
IN_BROWSER = [
    needs("chromium"),
    pytest.mark.long,
    pytest.mark.unmeasured,
    pytest.mark.xdist_group("browser"),
]
"""The marks of tests in a browser. One worker runs them, because two browsers would be slower."""
QUIET = ("no-sandbox", "disable-background-networking", "disable-sync", "disable-component-update")
WIDTHS = (390, 820, 1440)
THEMES = ("light", "dark")
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
"""One day after the last state of the demo."""
PATHS = (
    "/",
    "/models",
    "/models?at=2025-12-23&type=llm",
    "/models/infomaniak/qwen3",
    "/models/infomaniak/moonshotai/Kimi-K2.6",
    "/changes",
    "/changes?level=quiet&model=qwen3",
    "/changes/2026-05",
    "/changes/5",
    "/compare?from=2025-12-01",
    "/calendar",
    "/probes",
    "/providers",
    "/status",
)
"""Every page of the demo's history."""
SECONDS = 300


@dataclass
class Tab:
    """A page of a browser with the errors that it met."""

    page: Page
    site: str
    errors: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open a page of the site."""
        self.page.goto(self.site + path, timeout=60_000)
        return self.page

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return int(wide)

    def watch(self) -> None:
        """Collect dialogs, console messages, failed and foreign requests."""
        page, add = self.page, self.errors.append
        page.on("console", lambda each: add(f"console: {each.text}"))
        page.on("pageerror", lambda each: add(f"error: {each}"))
        page.on("requestfailed", self._fail)
        page.on("request", self._check)

        def refuse(dialog: Any) -> None:  # its class is not exported
            add("dialog")
            dialog.dismiss()

        page.on("dialog", refuse)

    def _fail(self, request: Request) -> None:
        # The next page cancels what is still loading, such as the icon.
        if request.failure != "net::ERR_ABORTED":
            self.errors.append(f"failed: {request.url}: {request.failure}")

    def _check(self, request: Request) -> None:
        if not request.url.startswith(self.site):
            self.errors.append(f"another site: {request.url}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser without a window."""
    with sync_playwright() as driver:
        options = [f"--{each}" for each in QUIET]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(
    browser: Browser, site: str, width: int = 1440, theme: str = "light", *, scripts: bool = True
) -> Iterator[Tab]:
    """Open an empty tab at a width and in a theme."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        java_script_enabled=scripts,
    )
    try:
        opened = Tab(context.new_page(), site)
        opened.watch()
        yield opened
    finally:
        context.close()


@contextmanager
def website(shell: Shell, *options: str | Path, at: datetime = NOW) -> Iterator[str]:
    """Run `catalog OPTIONS web` and yield its address.

    It runs at a past time, so that ages and days left are known, if a C compiler is there.
    """
    given = dict(shell.given) | UNMEASURED
    if COMPILER:
        clock = WallClock.made(shell.folder / "clock")
        clock.shift(at - datetime.now(UTC))
        given |= clock.environ
    started = replace(
        shell, given=given, before=(*shell.before, *map(str, options)), installed=True
    )
    with guarded(started.start("web", "--listen", "127.0.0.1:0"), SECONDS) as running:
        found = re.search(r"http://[^ ]+(?=/ from)", running.until("serving"))
        assert found
        yield found[0]
        running.stop()
