"""The rules of RFC 4287 that our feeds can break."""

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, fromstring

ATOM: Final = "{http://www.w3.org/2005/Atom}"
_URI: Final = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+", re.IGNORECASE)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_SINGLE: Final = {
    "feed": {"generator", "icon", "id", "logo", "rights", "subtitle", "title", "updated"},
    "entry": {"content", "id", "published", "rights", "source", "summary", "title", "updated"},
}
"""Sections 4.1.1 and 4.1.2: the elements that may be there once at most."""
_SEVERAL: Final = {
    "feed": {"author", "category", "contributor", "entry", "link"},
    "entry": {"author", "category", "contributor", "link"},
}
_TEXTS: Final = {"title", "subtitle", "summary", "rights", "content"}


def broken_rules(document: bytes) -> list[str]:
    """Return a line for each broken rule."""
    root = fromstring(document)  # noqa: S314  # our own output
    if root.tag != f"{ATOM}feed":
        return [f"the root is {root.tag}"]
    return [*_container(root, "feed"), *_unique_ids(root)]


def _container(parent: Element, kind: str) -> Iterator[str]:
    names = [child.tag.removeprefix(ATOM) for child in parent]
    for name in sorted(set(names)):
        if name not in _SINGLE[kind] | _SEVERAL[kind]:
            yield f"{kind} has an unknown {name}"
        if name in _SINGLE[kind] and names.count(name) > 1:
            yield f"{kind} has {name} {names.count(name)} times"
    yield from (f"{kind} has no {each}" for each in ("id", "title", "updated") if each not in names)
    if kind == "feed" and "author" not in names:  # which then counts for each entry, 4.2.1
        yield "feed has no author"
    if kind == "entry" and "content" not in names and not _links(parent, "alternate"):
        yield "entry has neither content nor an alternate link"
    for rel in ("alternate", "self"):
        kinds = [(link.get("type"), link.get("hreflang")) for link in _links(parent, rel)]
        if len(kinds) > len(set(kinds)):
            yield f"{kind} has two links {rel} of one type"
    for child in parent:
        yield from _element(child, child.tag.removeprefix(ATOM))


def _element(element: Element, name: str) -> Iterator[str]:
    text = element.text or ""
    match name:
        case "entry":
            yield from _container(element, "entry")
        case "id" if not _URI.fullmatch(text):  # 4.2.6: an absolute IRI
            yield f"id {text!r} is no URI"
        case "updated" | "published" if not _TIME.fullmatch(text):  # 3.3: RFC 3339
            yield f"{name} {text!r} is no time"
        case "link" if not element.get("href"):  # 4.2.7.1
            yield "link without href"
        case "category" if not element.get("term"):  # 4.2.2.1
            yield "category without term"
        case "author" if len(element.findall(f"{ATOM}name")) != 1:  # 3.2
            yield "author without one name"
    if name in _TEXTS and element.get("type", "text") not in {"text", "html", "xhtml"}:  # 3.1.1
        yield f"{name} of type {element.get('type')}"
    if name in _TEXTS and len(element):  # 3.1.1: text and html have no child elements
        yield f"{name} has elements in it"


def _links(parent: Element, rel: str) -> list[Element]:
    return [link for link in parent.findall(f"{ATOM}link") if link.get("rel", "alternate") == rel]


def _unique_ids(root: Element) -> Iterator[str]:
    ids = [each.text for each in root.iter(f"{ATOM}id")]
    yield from (
        f"id {each} is there twice" for each in sorted(map(str, ids)) if ids.count(each) > 1
    )
