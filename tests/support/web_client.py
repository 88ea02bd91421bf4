"""A client of the web application, over a real database."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from catalog.config.load import load
from catalog.store.database import Database
from catalog.web.app import Options, make_app
from catalog.web.reader import Reader

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
"""One day after the last state of the shipped history."""


@dataclass
class Html(HTMLParser):
    """The parts of a page that tests look at."""

    text: str = ""
    links: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect tags and addresses."""
        self.tags.append(tag)
        self.text += " "
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action"}]
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data


def read_html(text: str) -> Html:
    """Parse a page."""
    page = Html()
    page.feed(text)
    page.text = " ".join(page.text.split())
    return page


def make_client(
    database: Path | str, options: Options | None = None, *, now: datetime = NOW, **given: Any
) -> TestClient:
    """Return a client of a database. Requests name the host 127.0.0.1."""
    return client_of(Database(str(database), writes=False), options, now=now, **given)


def client_of(
    database: Database, options: Options | None = None, *, now: datetime = NOW, **given: Any
) -> TestClient:
    """Return a client of an open database, which the caller closes."""
    settings = load(None, {"database": database.place, **given}, environ={}).settings
    reader = Reader(settings.each, database, lambda: now)
    return TestClient(
        make_app(reader, options or Options()),
        base_url="http://127.0.0.1",
        raise_server_exceptions=False,
    )
