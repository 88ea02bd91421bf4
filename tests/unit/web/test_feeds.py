import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import feedparser
import pytest

from catalog.changes.change import Added, Removed
from catalog.changes.finding import Finding, Level
from catalog.changes.rules import rules
from catalog.web.feeds import Entry, Feed, atom, feed_id, finding_entry, json_feed
from tests.support.atom_rules import broken_rules
from tests.support.builders import AT, finding, model

HOSTILE = (
    "<script>alert(1)</script>",
    "a & b ]]> <![CDATA[ --> <!-- &amp; &#0; &undefined;",
    "bell \x07 null \x00 escape \x1b[31m vertical \x0b delete \x7f",
    "\ufffe\uffff\ud800 \U0001f600 \u202eright to left",
    "' onload=\"alert(1)\" x='",
    "long " * 2_000,
)


def _feed(*entries: Entry) -> Feed:
    return Feed(
        id=feed_id("http://127.0.0.1/feeds/all.atom"),
        title="Changes of all providers",
        updated=max((entry.updated for entry in entries), default=AT),
        entries=entries,
        description="Every change that is reported",
        page="http://127.0.0.1/changes",
        here="http://127.0.0.1/feeds/all.atom",
    )


def _removed(number: int = 7, **rest: Any) -> Finding:
    change = Removed(model("26", "qwen3"), candidates=("qwen3-next", "qwen2"))
    return finding(change, rule="model-removed", number=number, **rest)


def _entry(*, link: str | None = "http://127.0.0.1/changes/7") -> Entry:
    return finding_entry(_removed(), link)


def _read(document: bytes) -> Any:
    read = feedparser.parse(document)
    assert not read.bozo, read.get("bozo_exception")
    return read


def test_a_reader_of_atom_shows_the_finding() -> None:
    """Feedparser finds the sentence, the reason, the replacement, the command and the tags."""
    read = _read(atom(_feed(_entry())))
    (entry,) = read.entries
    assert read.version == "atom10"
    assert entry.title == "infomaniak: qwen3 removed"
    assert entry.link == "http://127.0.0.1/changes/7"
    assert [tag.term for tag in entry.tags] == ["breaking", "model-removed", "infomaniak"]
    assert entry.updated_parsed[:6] == (2025, 12, 23, 10, 16, 55)
    content = entry.content[0].value
    assert "Instead: qwen3-next or 1 other." in content
    assert rules()["model-removed"].why in content
    assert "catalog explain 7" in content


def test_atom_keeps_the_rules_of_its_rfc() -> None:
    """No rule of RFC 4287 is broken, and the feed names itself and its page."""
    document = atom(_feed(_entry(), finding_entry(finding(number=8))))
    assert broken_rules(document) == []
    links = {each.rel: each.href for each in _read(document).feed.links}
    assert links == {
        "self": "http://127.0.0.1/feeds/all.atom",
        "alternate": "http://127.0.0.1/changes",
    }


def test_the_check_of_the_rules_finds_broken_ones() -> None:
    """The check reports a missing author, two equal ids and a date that is none."""
    document = atom(_feed(_entry(), _entry())).decode()
    document = document.replace("<author>\n<name>catalog</name>\n</author>\n", "")
    found = broken_rules(document.replace("<published>2025", "<published>on 2025").encode())
    assert "feed has no author" in found
    assert any("is there twice" in line for line in found)
    assert any("is no time" in line for line in found)


def test_json_feed_has_the_same_entries() -> None:
    """JSON Feed 1.1 shows the entry as HTML and as text, with the id of Atom."""
    document = json.loads(json_feed(_feed(_entry())))
    (item,) = document["items"]
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["feed_url"] == "http://127.0.0.1/feeds/all.atom"
    assert document["home_page_url"] == "http://127.0.0.1/changes"
    assert item["id"] == _read(atom(_feed(_entry()))).entries[0].id
    assert item["url"] == "http://127.0.0.1/changes/7"
    assert item["date_published"] == "2025-12-23T10:16:55Z"
    assert item["content_text"].startswith("qwen3 removed.\n\nInstead: qwen3-next or 1 other.")
    assert item["content_html"].startswith("<p>qwen3 removed.</p><p>Instead")
    assert item["tags"] == ["breaking", "model-removed", "infomaniak"]


def test_a_feed_without_addresses_and_entries_is_valid() -> None:
    """Addresses that are unknown are left out, and an empty feed can be read."""
    feed = replace(_feed(), page=None, here=None, description=None)
    assert broken_rules(atom(feed)) == []
    assert _read(atom(feed)).feed.title == "Changes of all providers"
    known = {"version", "title", "authors", "language", "items"}
    assert set(json.loads(json_feed(feed))) == known


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_text(text: str) -> None:
    """Markup, control characters and long names of a provider cannot break a feed."""
    change = Added(replace(model(), name=text, type=text))
    hostile = finding_entry(finding(change, number=1, rule="no <b>rule</b>"), f"/{text}")
    feed = replace(_feed(hostile), title=text, description=text, page=f"/{text}")
    assert broken_rules(atom(feed)) == []
    content = fromstring(atom(feed)).findtext(".//{*}content")  # noqa: S314  # our own output
    assert content is not None
    assert "<" not in content.replace("<p>", "").replace("</p>", "")
    (item,) = json.loads(json_feed(feed))["items"]
    assert "<script" not in item["content_html"]
    assert len(item["title"]) < 1_000


def test_each_finding_has_an_id_that_never_changes() -> None:
    """The id is a fixed text, also after the rule got another level."""
    assert _entry().id == "urn:uuid:50d26ce4-6d9b-5763-accf-d92354c85488"
    assert finding_entry(_removed(level=Level.INFO)).id == _entry().id
    assert feed_id("a", "b") == feed_id("a", "b") != feed_id("ab")


def test_the_same_change_at_another_time_has_another_id() -> None:
    """Number, time and provider are part of the id."""
    first = _removed()
    others = (
        replace(first, at=AT + timedelta(hours=1)),
        replace(first, number=8),
        replace(first, number=None),
        replace(first, provider="other"),
    )
    assert len({finding_entry(each).id for each in (first, *others)}) == len(others) + 1


def test_a_finding_without_number_names_no_command() -> None:
    """A finding that is not stored, of a rule that is unknown, has its sentence alone."""
    entry = finding_entry(replace(finding(rule="none"), number=None))
    assert entry.paragraphs == ("alpha added: llm, 32,000 tokens, ready.",)
    assert entry.link is None


def test_a_thousand_findings_are_one_feed() -> None:
    """A thousand entries have a thousand ids, in the order given, and give the same bytes."""
    entries = tuple(
        finding_entry(_removed(number, at=AT - timedelta(hours=number))) for number in range(1_000)
    )
    read = _read(atom(_feed(*entries)))
    assert len({entry.id for entry in read.entries}) == 1_000
    assert [entry.id for entry in read.entries] == [entry.id for entry in entries]
    assert atom(_feed(*entries)) == atom(_feed(*entries))
