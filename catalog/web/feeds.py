"""Write feeds as Atom (RFC 4287) and as JSON Feed 1.1.

Texts come from providers, so they may hold anything. Both formats show them as text: markup is
escaped, and characters that XML 1.0 forbids become U+FFFD.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from catalog.changes.finding import Finding
from catalog.changes.rules import rules
from catalog.core.clock import stamp
from catalog.report.ends import instead
from catalog.report.sentences import sentence

ATOM_TYPE: Final = "application/atom+xml"
"""The media type of Atom (RFC 4287, section 7)."""
JSON_TYPE: Final = "application/feed+json"
"""The media type of JSON Feed 1.1."""
_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
_VERSION: Final = "https://jsonfeed.org/version/1.1"
_IDS: Final = uuid5(NAMESPACE_URL, "urn:model-catalog:feeds")
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that are not in `Char` of XML 1.0, section 2.2."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed.

    `id` is a URI that never changes. `link` is the page of the entry, complete or relative to the
    feed. `paragraphs` are plain text, and at least one. `tags` are words to filter by.
    """

    id: str
    title: str
    updated: datetime
    paragraphs: tuple[str, ...]
    link: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed with its entries, newest first.

    `id` is a URI that never changes, see `feed_id`. `updated` is the time of the newest entry, or
    of the first snapshot if there is none. `page` is the page that shows the same, and `here` the
    address of the feed itself. Both are left out if unknown.
    """

    id: str
    title: str
    updated: datetime
    entries: tuple[Entry, ...]
    description: str | None = None
    page: str | None = None
    here: str | None = None
    author: str = "catalog"


def feed_id(*parts: str) -> str:
    """Return the id of a feed, equal for equal parts.

    The parts must be of this feed alone, such as its address, because an id is unique in the world
    (RFC 4287, section 4.2.6).
    """
    return uuid5(_IDS, json.dumps(["feed", *parts])).urn


def finding_entry(finding: Finding, link: str | None = None) -> Entry:
    """Return the entry of a stored finding. `link` is its page."""
    tags = dict.fromkeys((str(finding.level), finding.rule, finding.provider))
    line = sentence(finding)
    title, paragraphs = f"{finding.provider}: {line}", tuple(_paragraphs(finding, line))
    return Entry(_entry_id(finding), title, finding.at, paragraphs, link, tuple(tags))


def atom(feed: Feed) -> bytes:
    """Return a feed as Atom.

    It has what RFC 4287 requires: one `id`, `title` and `updated` for the feed and each entry
    (sections 4.1.1 and 4.1.2), and an author of the feed, which counts for each entry (4.2.1).
    """
    # The namespace is a plain attribute, because ElementTree registers prefixes for the process.
    root = Element("feed", {"xmlns": _NAMESPACE, "xml:lang": "en"})
    _head(root, feed.id, feed.title, feed.updated)
    if feed.description is not None:
        _text(root, "subtitle", feed.description)
    _text(SubElement(root, "author"), "name", feed.author)
    _text(root, "generator", "catalog")
    _link(root, "self", feed.here, ATOM_TYPE)
    _link(root, "alternate", feed.page, "text/html")
    for entry in feed.entries:
        _entry(SubElement(root, "entry"), entry)
    indent(root, "")
    return b'<?xml version="1.0" encoding="utf-8"?>\n%s\n' % tostring(root, "unicode").encode()


def json_feed(feed: Feed) -> bytes:
    """Return a feed as JSON Feed 1.1, without unknown members."""
    members = {
        "version": _VERSION,
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.here,
        "description": feed.description,
        "authors": [{"name": _clean(feed.author)}],
        "language": "en",
        "items": [_item(entry) for entry in feed.entries],
    }
    return json.dumps(_known(members), ensure_ascii=False, indent=1).encode() + b"\n"


def _entry_id(finding: Finding) -> str:
    """Return an id that no other finding has."""
    parts = [finding.provider, finding.number, stamp(finding.at), finding.fingerprint]
    return uuid5(_IDS, json.dumps(parts)).urn


def _paragraphs(finding: Finding, line: str) -> Iterator[str]:
    replacement = instead(finding).removeprefix("; ")
    yield f"{line}."
    if replacement:
        yield f"{replacement[0].upper()}{replacement[1:]}."
    rule = rules().get(finding.rule)
    if rule is not None:
        yield rule.why
    if finding.number is not None:
        yield f"More: catalog explain {finding.number}"


def _head(parent: Element, id_: str, title: str, updated: datetime) -> None:
    _text(parent, "id", id_)
    _text(parent, "title", title)
    _text(parent, "updated", stamp(updated))  # a date of RFC 3339, as section 3.3 asks


def _entry(parent: Element, entry: Entry) -> None:
    _head(parent, entry.id, entry.title, entry.updated)
    _text(parent, "published", stamp(entry.updated))
    _link(parent, "alternate", entry.link, "text/html")
    for tag in entry.tags:
        SubElement(parent, "category", {"term": _clean(tag)})
    _text(parent, "content", _html(entry)).set("type", "html")


def _link(parent: Element, rel: str, address: str | None, media_type: str) -> None:
    if address is not None:
        SubElement(parent, "link", {"rel": rel, "type": media_type, "href": _clean(address)})


def _text(parent: Element, name: str, text: str) -> Element:
    child = SubElement(parent, name)
    child.text = _clean(text)
    return child


def _item(entry: Entry) -> dict[str, Any]:
    members = {
        "id": entry.id,
        "url": entry.link,
        "title": entry.title,
        "content_html": _html(entry),
        "content_text": "\n\n".join(entry.paragraphs),
        "date_published": stamp(entry.updated),
        "tags": [_clean(tag) for tag in entry.tags],
    }
    return _known(members)


def _html(entry: Entry) -> str:
    return "".join(f"<p>{escape(_clean(text))}</p>" for text in entry.paragraphs)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _known(values: dict[str, Any]) -> dict[str, Any]:
    """Return clean texts and other values, without None."""
    return {
        name: _clean(value) if isinstance(value, str) else value
        for name, value in values.items()
        if value is not None
    }
