"""Addresses that clients make up, and headers of HTTP."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from catalog.web.app import Options
from catalog.web.links import LiveLinks, model_path
from tests.support.http_server import answer, serve
from tests.support.shell import TOKEN, Shell
from tests.support.web_client import NOW, make_client, read_html

ODD = ("..", ".", "a/../b", "../../escaped", "a\nb", "end\n", "?q=1#top", "a//b", "=2E", "=3D")


@pytest.fixture
def client(demo: Shell) -> TestClient:
    """Return a client of the demo's database."""
    return make_client(demo.folder / "demo" / "catalog.db")


@pytest.fixture
def odd(shell: Shell) -> TestClient:
    """Return a client of a provider whose ids are odd."""
    rows = [{"id": name, "object": "model"} for name in ODD]
    with serve(answer(200, json.dumps({"object": "list", "data": rows}).encode())) as server:
        text = f'[[provider]]\nname = "own"\nkind = "openai"\nurl = "{server.url}"\n'
        (shell.folder / "catalog.toml").write_text(f'{text}token_file = "token"\n')
        (shell.folder / "token").write_text(TOKEN)
        shell("sync")
    one = {"name": "own", "kind": "openai", "url": "https://a.example"}
    return make_client(shell.folder / "catalog.db", provider=[one])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/changes?cursor={'0' * 12}{'9' * 20}", 400),
        (f"/api/v1/snapshots?cursor={'0' * 12}{'9' * 20}", 400),
        (f"/api/v1/changes/{'0' * 12}{'9' * 20}", 400),
        ("/changes/9999-12", 404),
        ("/changes/0001-01", 200),
        ("/changes?limit=1&path=x&self=x&twin=y&filters=z", 200),
        ("/models?limit=1&path=x&self=x&twin=y&filters=z", 200),
        ("/models?q=%00", 200),
        ("/models/infomaniak/%00", 404),
    ],
)
def test_a_made_up_address_is_no_failure(client: TestClient, path: str, status: int) -> None:
    """The server answers what is wrong, and does not fail itself."""
    assert client.get(path).status_code == status


def test_the_next_page_has_only_names_that_a_list_knows(client: TestClient) -> None:
    """A foreign link cannot add words to the links of a page."""
    links = read_html(client.get("/changes?limit=1&level=info&other=words").text).links
    (older,) = [link for link in links if "cursor=" in link]
    assert "level=info" in older
    assert "other" not in older


@pytest.mark.parametrize("name", ODD)
def test_a_link_leads_to_the_model_that_it_names(odd: TestClient, name: str) -> None:
    """Also if a browser goes up a folder at `..`, or the name has a line break."""
    address = LiveLinks().to(model_path("own", name))
    page = odd.get("/models")
    assert address in read_html(page.text).links
    for path in (address, LiveLinks().to(model_path("own", name), ".json")):
        assert odd.get(path).status_code == 200
    assert odd.get(LiveLinks().to(model_path("own", name), ".json")).json()["name"] == name
    assert odd.get(LiveLinks().to(f"/api/v1{model_path('own', name)}")).json()["name"] == name
    assert odd.get(LiveLinks().to(f"/badge/own/{name}.svg")).status_code == 200
    assert odd.get(LiveLinks().to(f"/feeds/own/{name}.atom")).status_code == 200


@pytest.mark.parametrize("moment", ["2026-02-30T00:00:00Z", "2026-19-39T29:00:00Z", "x"])
def test_a_cookie_that_names_no_time_is_ignored(client: TestClient, moment: str) -> None:
    """A broken cookie does not lock a reader out of the page."""
    answered = client.get("/compare", headers={"Cookie": f"looked={moment}"})
    assert 'value="7d"' in answered.text


def test_a_shared_cache_keeps_no_comparison_of_one_reader(client: TestClient) -> None:
    """The page depends on a cookie, and says so."""
    headers = client.get("/compare").headers
    assert "private" in headers["cache-control"]
    assert headers["vary"] == "Cookie"


def test_a_feed_names_the_scheme_of_its_reader(client: TestClient) -> None:
    """Readers with and without TLS get links of their own, also from the cache."""
    for scheme in ("http", "https", "http"):
        feed = client.get(f"{scheme}://127.0.0.1/feeds/all.json").json()
        assert feed["feed_url"] == f"{scheme}://127.0.0.1/feeds/all.json"


@pytest.mark.parametrize("path", ["/", "/api/v1/models", "/feeds/all.atom", "/metrics", "/livez"])
def test_every_address_answers_head(client: TestClient, path: str) -> None:
    """A monitor can look without the content."""
    answered = client.head(path)
    assert (answered.status_code, answered.content) == (200, b"")
    assert client.options(path).status_code == 405


def test_a_client_can_name_several_answers(client: TestClient) -> None:
    """Lists, several headers and the strong form of an ETag are understood."""
    etag = client.get("/models").headers["etag"]
    strong = etag.removeprefix("W/")
    for value in (f'"other", {etag}', strong, f'{etag},"other"'):
        assert client.get("/models", headers={"If-None-Match": value}).status_code == 304
    several = [("If-None-Match", '"other"'), ("If-None-Match", etag)]
    known = client.get("/models", headers=several)
    assert (known.status_code, known.headers["cache-control"]) == (304, "no-cache")
    assert client.get("/models", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/feeds/all.atom", "/calendar.ics", "/api/v1/changes"])
def test_a_known_answer_is_not_sent_again_an_hour_later(demo: Shell, path: str) -> None:
    """A reader that asks by its own schedule gets 304 as long as nothing changed."""
    file = demo.folder / "demo" / "catalog.db"
    seen = {"If-None-Match": make_client(file).get(path).headers["etag"]}
    later = make_client(file, now=NOW + timedelta(hours=1))
    assert later.get(path, headers=seen).status_code == 304


def test_the_path_of_the_proxy_is_the_first_page(demo: Shell) -> None:
    """`/catalog` without a slash at its end is the overview."""
    file: Path = demo.folder / "demo" / "catalog.db"
    client = make_client(file, Options(root_path="/catalog"))
    assert client.get("/catalog").text == client.get("/").text
    assert client.get("/catalogue").status_code == 404
