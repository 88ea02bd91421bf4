"""Feeds, calendar, metrics, badges and `llms.txt` of the shipped history."""

from datetime import date
from pathlib import Path
from typing import Any

import feedparser
import icalendar
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tests.support.shell import Shell
from tests.support.web_client import make_client


@pytest.fixture(scope="module")
def client(demo: Shell) -> TestClient:
    """Return a client of the demo's database."""
    return make_client(demo.folder / "demo" / "catalog.db")


def _read(client: TestClient, path: str) -> Any:
    feed = feedparser.parse(client.get(path).content)
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


def test_the_feed_of_all_changes_has_the_newest_first(client: TestClient) -> None:
    """A feed reader sees each reported change, with a link to its page."""
    feed = _read(client, "/feeds/all.atom")
    assert feed.entries[0].title.startswith("infomaniak: moonshotai/Kimi-K2.6 added")
    assert len({entry.id for entry in feed.entries}) == len(feed.entries) > 20
    assert client.get(feed.entries[0].link).status_code == 200
    assert feed.feed.links[0].href == "http://127.0.0.1/feeds/all.atom"


def test_a_feed_can_be_of_one_model_and_level(client: TestClient) -> None:
    """The removal of a model is the only breaking entry of its feed."""
    feed = _read(client, "/feeds/infomaniak/qwen3.atom?level=breaking")
    (title,) = (entry.title for entry in feed.entries)
    assert title.startswith("infomaniak: qwen3 removed; callable until at least 2026-06-18")


def test_the_json_feed_has_the_same_entries(client: TestClient) -> None:
    """Both formats name the same ids."""
    ours = client.get("/feeds/infomaniak.json").json()
    theirs = _read(client, "/feeds/infomaniak.atom")
    assert [item["id"] for item in ours["items"]] == [entry.id for entry in theirs.entries]


@pytest.mark.parametrize("name", ["all", "all.rss", "acme.atom", "infomaniak/none.atom", ""])
def test_an_unknown_feed_is_not_found(client: TestClient, name: str) -> None:
    """A wrong feed is a problem document with a hint."""
    answer = client.get(f"/feeds/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_calendar_has_each_end(client: TestClient) -> None:
    """A calendar shows the last day of calls of the removed models."""
    events = icalendar.Calendar.from_ical(client.get("/calendar.ics").content).events
    ends = {str(event["summary"]): event.start for event in events}
    assert {client.get(str(event["url"])).status_code for event in events} == {200}
    assert [day for name, day in ends.items() if "qwen3" in name] == [date(2026, 6, 18)]


def test_the_metrics_are_openmetrics(client: TestClient) -> None:
    """A strict parser reads the figures, among them the models by status."""
    wanted = {"Accept": "application/openmetrics-text; version=1.0.0"}
    answer = client.get("/metrics", headers=wanted)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    read: Any = text_string_to_metric_families  # it has no types
    families = {each.name: each for each in read(answer.text)}
    assert sum(sample.value for sample in families["catalog_models"].samples) == 13
    plain = client.get("/metrics", headers={"Accept": "text/plain"})
    assert plain.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("model", "state"), [("qwen3", "not listed"), ("moonshotai/Kimi-K2.6", "coming_soon")]
)
def test_a_badge_names_the_state(client: TestClient, model: str, state: str) -> None:
    """A badge can be shown on other sites, and says the state in words."""
    answer = client.get(f"/badge/infomaniak/{model}.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert f"{model}: {state}" in answer.text


def test_llms_txt_lists_pages_that_exist(client: TestClient) -> None:
    """Each link of the list of pages leads to Markdown or data."""
    text = client.get("/llms.txt").text
    links = [
        line.partition("](")[2].partition(")")[0] for line in text.splitlines() if "](" in line
    ]
    assert len(links) > 8
    assert {client.get(link).status_code for link in links} == {200}


@pytest.mark.parametrize(("day", "color"), [("2026-06-10", "#b3261e"), ("2026-12-31", "#8a5a00")])
def test_a_badge_shows_the_end_of_a_listed_model(own_demo: Shell, day: str, color: str) -> None:
    """A noted end is on the badge, in red if it is within a month."""
    own_demo("note", "moonshotai/Kimi-K2.6", "--retires", day)
    client = make_client(own_demo.folder / "demo" / "catalog.db")
    text = client.get("/badge/infomaniak/moonshotai/Kimi-K2.6.svg").text
    assert f"moonshotai/Kimi-K2.6: ends {day}" in text
    assert color in text


@pytest.mark.parametrize("path", ["/changes/5.md", "/none.json", "/api/v1/none"])
def test_an_address_that_does_not_exist_is_a_problem_document(
    client: TestClient, path: str
) -> None:
    """A program gets 404 in the form of RFC 9457."""
    answer = client.get(path)
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


def test_a_broken_lock_hides_no_page(demo: Shell, tmp_path: Path) -> None:
    """The page of a model is shown without the files of our code."""
    lock = tmp_path / "catalog.lock"
    lock.write_text("{")
    file = demo.folder / "demo" / "catalog.db"
    given: dict[str, Any] = {"check.lock": str(lock)}
    client = make_client(file, **given)
    assert client.get("/models/infomaniak/qwen3.json").json()["name"] == "qwen3"
