"""The web pages over the shipped history: content, twins, links, errors."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from catalog.changes.rules import rules
from catalog.web.pages import PAGES
from tests.support.builders import body, row
from tests.support.http_server import answer as reply
from tests.support.rig import rig
from tests.support.shell import Shell
from tests.support.web_client import NOW, make_client, read_html

MACHINES = ("/feeds/", "/badge/", "/calendar.ics", "/metrics", "/api/")
PATHS = [page.path for page in PAGES]
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def client(demo: Shell) -> TestClient:
    """Return a client of the demo's database."""
    return make_client(demo.folder / "demo" / "catalog.db")


@pytest.mark.parametrize(
    "path", [*PATHS, "/models/infomaniak/qwen3", "/changes/2026-05", "/changes/5"]
)
def test_every_page_is_complete_without_a_script(client: TestClient, path: str) -> None:
    """A page has a title, one heading and a menu, and needs no script and no other site."""
    answer = client.get(path)
    assert answer.status_code == 200
    page = read_html(answer.text)
    assert page.tags.count("h1") == 1
    assert "title" in page.tags
    assert not {"script", "style", "iframe"} & {*page.tags}
    assert not [link for link in page.links if not link.startswith(("/", "#"))]


@pytest.mark.parametrize("path", PATHS)
def test_every_page_has_its_twins(client: TestClient, path: str) -> None:
    """The JSON twin has the version of its keys, and the Markdown twin a title."""
    stem = "/index" if path == "/" else path
    assert client.get(f"{stem}.json").json()["schema_version"] == 1
    assert client.get(f"{stem}.md").text.startswith("# ")


def test_every_link_of_every_page_leads_somewhere(client: TestClient) -> None:
    """A reader who follows all links of the site meets no error, except of machine formats."""
    known, todo = set[str](), ["/"]
    while todo:
        path = todo.pop()
        if path in known or path.startswith(
            ("/feeds/", "/badge/", "/calendar.ics", "/metrics", "/api/")
        ):
            continue
        known.add(path)
        answer = client.get(path)
        assert answer.status_code in {200, 503 if path == "/readyz" else 200}, path
        if answer.headers["content-type"].startswith("text/html"):
            todo += [link for link in read_html(answer.text).links if link.startswith("/")]
    assert len(known) > 60


def test_the_overview_names_what_needs_action(client: TestClient) -> None:
    """The first page has the removed models that end within a month, and what to use instead."""
    text = read_html(client.get("/").text).text
    assert "2026-06-18 29 days left qwen3 removed 2026-05-19" in text
    assert "Infomaniak's lifecycle policy moonshotai/Kimi-K2.6 or 2 more" in text
    assert "breaking 7 models removed: moonshotai/Kimi-K2.5" in text


def test_the_overview_in_markdown_has_the_ends(client: TestClient) -> None:
    """An assistant that reads the twin learns of the near ends and what to use instead."""
    text = client.get("/index.md").text
    near = text.partition("## Ends within 30 days")[2].partition("## Last changes")[0]
    assert near.count("| 2026-06-18 |") == 7
    assert "moonshotai/Kimi-K2.6" in near


@pytest.mark.parametrize("size", [13, 14])
def test_a_held_answer_names_every_missing_model_once(tmp_path: Path, size: int) -> None:
    """Ten are in the text, and all of more in a list that opens."""
    rows = [row(id=number, name=f"model-{number}") for number in range(1, size + 1)]
    with rig(tmp_path, reply(200, body(*rows)), reply(200, body(*rows[:3]))) as one:
        one.poll()
        one.poll()
        text = read_html(make_client(one.file).get("/status").text).text
    assert f"{size - 3} of {size} models are missing" in text
    assert ("All 11 missing models" in text) == (size == 14)
    assert text.count(f"model-{size}") == 1


def test_a_model_is_found_by_id_and_by_name(client: TestClient) -> None:
    """Both addresses show the same model, also with a slash in its name."""
    one = client.get("/models/infomaniak/moonshotai/Kimi-K2.6.json").json()
    other = client.get(f"/models/infomaniak/{one['key']}.json").json()
    assert one == other
    assert one["name"] == "moonshotai/Kimi-K2.6"


def test_a_removed_model_shows_what_to_use_instead(client: TestClient) -> None:
    """The page of a removed model has its end, a replacement, and what would be lost."""
    text = read_html(client.get("/models/infomaniak/qwen3").text).text
    assert "not listed since 2026-05-19" in text
    assert "callable until at least 2026-06-18" in text
    assert "context: 262,144 → 256,000" in text
    assert "Qwen3-235B-A22B-Instruct-2507 until 2025-11-26" in text


def test_the_models_of_a_past_moment_are_filtered(client: TestClient) -> None:
    """The query selects moment, type and words, as the command line does."""
    found = client.get("/models.json?at=2025-12-23&type=llm&q=qwen").json()
    names = [model["name"] for model in found["catalogs"][0]["models"]]
    assert names == ["qwen3"]
    assert found["catalogs"][0]["taken_at"] == "2025-12-23T10:16:55Z"


def test_the_filter_of_rules_explains_each_rule(client: TestClient) -> None:
    """Each rule in the filter shows its reason, and the chosen one stays chosen."""
    text = client.get("/changes?rule=model-removed").text
    why = rules()["flapping"].why
    assert f'<option value="flapping" title="{why}">flapping</option>' in text
    assert text.count(" selected>model-removed</option>") == 1


@pytest.mark.parametrize("number", [5, 22])
def test_the_advice_of_a_rule_is_plain(client: TestClient, number: int) -> None:
    """The advice has no Markdown, and names the command that shows a page of the docs."""
    text = client.get(f"/changes/{number}").text
    assert "What to do" in text
    assert "](" not in text
    assert ("<code>catalog help forecasts</code>" in text) == (number == 22)


def test_the_json_of_changes_is_that_of_the_command(client: TestClient, demo: Shell) -> None:
    """The page and `catalog changes` give the same keys and values, in reverse order."""
    ours = client.get("/changes.json?limit=200").json()["changes"]
    assert ours[::-1] == sorted(
        demo("changes", "--format", "json").json["changes"], key=lambda each: each["number"]
    )


def test_the_pages_of_a_list_follow_each_other(client: TestClient) -> None:
    """Older and newer lead through all changes and back to the first page."""
    pages, before = [], 0
    while True:
        page = client.get(f"/changes.json?limit=7&cursor={before}").json()
        pages.append([each["number"] for each in page["changes"]])
        before = page.get("next", 0)
        if not before:
            break
    numbers = [number for page in pages for number in page]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == len({*numbers}) > 20
    second = read_html(client.get(f"/changes?cursor={pages[0][-1]}").text).links
    assert "/changes" in second


def test_the_months_of_changes_are_grouped_by_year(client: TestClient) -> None:
    """The list of months stays short: only the shown or newest year is open."""
    text = client.get("/changes").text
    assert re.findall(r"<details class=\"year\"( open)?><summary>(\d+)<", text) == [
        (" open", "2026"),
        ("", "2025"),
    ]
    assert '<details class="year" open><summary>2025<' in client.get("/changes/2025-12").text


def test_the_pages_of_a_comparison_have_the_same_moments(client: TestClient) -> None:
    """The next page compares the same moments, although each visit moves the default."""
    address = "/compare?from=2025-12-23&limit=2"
    names = [link for link in read_html(client.get(address).text).links if "cursor=" in link]
    assert names == ["/compare?from=2025-12-23&to=now&limit=2&cursor=2"]
    second = client.get(names[0]).text
    assert "3 to 4 of " in second
    assert 'rel="prev" href="/compare?from=2025-12-23&amp;to=now&amp;limit=2"' in second


def test_a_comparison_begins_where_the_reader_last_looked(demo: Shell) -> None:
    """A reload compares from the same time, and a visit an hour later with this one."""
    first, later = (make_client(demo.folder / "demo" / "catalog.db", now=at) for at in (NOW, LATER))
    assert 'value="7d"' in first.get("/compare").text
    assert 'value="7d"' in first.get("/compare").text
    later.cookies = first.cookies
    for _ in range(2):
        assert 'value="2026-05-20T12:00:00Z"' in later.get("/compare").text
    other = make_client(demo.folder / "demo" / "catalog.db")
    assert 'value="7d"' in other.get("/compare", headers={"Cookie": "looked=<script>"}).text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/models/infomaniak/qwen33", 404, "no model &#39;qwen33&#39; is known; did you mean"),
        ("/models/acme/qwen3", 404, "there is no provider &#39;acme&#39;"),
        ("/changes?level=fatal", 400, "there is no level &#39;fatal&#39;"),
        ("/changes?since=soon", 400, "&#39;soon&#39; is not a time"),
        ("/changes/99999", 404, "there is no change 99999"),
        ("/changes/2026-5", 404, "It is 2026-05."),
        ("/changes/2026-13", 404, "there is no page of changes"),
        ("/models?cursor=x", 400, "is no number"),
        ("/nothing", 404, "Not Found"),
    ],
)
def test_a_wrong_address_is_explained(
    client: TestClient, path: str, status: int, words: str
) -> None:
    """A page of an error says what is wrong and leads back."""
    answer = client.get(path)
    assert answer.status_code == status
    assert words in answer.text
    assert "/" in read_html(answer.text).links


def test_an_error_for_a_program_is_a_problem_document(client: TestClient) -> None:
    """JSON addresses answer errors by RFC 9457."""
    answer = client.get("/changes.json?level=fatal")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["status"] == 400
    assert "fatal" in answer.json()["detail"]


def test_a_known_answer_is_not_sent_again(tmp_path: Path) -> None:
    """The same answer is 304 until a poll changes the store."""
    with rig(
        tmp_path, reply(200, body(row())), reply(200, body(row(), row(id=2, name="beta")))
    ) as one:
        one.poll()
        client = make_client(one.file)
        first = client.get("/models")
        seen = {"If-None-Match": first.headers["etag"]}
        assert client.get("/models", headers=seen).status_code == 304
        one.poll()
        again = client.get("/models", headers=seen)
        assert again.status_code == 200
        assert "beta" in again.text


def test_reading_leaves_the_database_as_it_is(demo: Shell) -> None:
    """All pages together change no byte of the database."""
    file = demo.folder / "demo" / "catalog.db"
    before = file.read_bytes()
    client = make_client(file)
    for path in (*PATHS, "/models/infomaniak/qwen3"):
        client.get(path)
    assert file.read_bytes() == before


def test_a_missing_database_is_explained(tmp_path: Path) -> None:
    """Without a database the pages answer 503, and the path of the file is not shown."""
    answer = make_client(tmp_path / "none.db").get("/")
    assert answer.status_code == 503
    assert "the store cannot be read now" in answer.text
    assert str(tmp_path) not in answer.text
    assert not (tmp_path / "none.db").exists()


def test_a_comparison_before_the_first_snapshot_has_no_changes(client: TestClient) -> None:
    """From a moment without a snapshot, nothing can be compared."""
    known = client.get("/compare.json?from=2020-01-01")
    assert known.status_code == 200
    assert "qwen3" not in known.text


def test_an_empty_store_has_empty_pages(tmp_path: Path) -> None:
    """Before the first poll, every page says that nothing is there."""
    with rig(tmp_path, reply(200, body(row()))) as one:
        client = make_client(one.file)
        for path in PATHS:
            assert client.get(path).status_code == 200, path
        assert "Nothing is recorded yet" in client.get("/").text
        assert "##" not in client.get("/index.md").text


def test_names_of_a_provider_are_shown_as_text(tmp_path: Path) -> None:
    """Markup, scripts and long names in a catalog are only text on every page."""
    names = [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "x" * 10_000,
        "a\u202eb",
    ]
    rows = [row(id=n, name=name, description=name) for n, name in enumerate(names, 1)]
    with rig(tmp_path, reply(200, body(row(id=9))), reply(200, body(row(id=9), *rows))) as one:
        one.poll()
        one.poll()
        client = make_client(one.file)
        for path in (*PATHS, *(f"/models/infomaniak/{n}" for n in range(1, 5)), "/changes/1"):
            page = read_html(client.get(path).text)
            assert not {"script", "img"} & {*page.tags} - {"img"}, path
            assert page.tags.count("img") <= 1, path
            assert "\u202e" not in page.text
        assert json.loads(client.get("/models/infomaniak/1.json").text)["name"] == names[0]
