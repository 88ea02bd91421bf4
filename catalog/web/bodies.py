"""Encode answers: HTML, JSON with its schema version, Markdown."""

import json
from collections.abc import Mapping
from typing import Any

from catalog.report.json_output import SCHEMA_VERSION
from catalog.web.answer import Body

HTML, JSON, MARKDOWN = "text/html", "application/json", "text/markdown"


def html_body(text: str) -> Body:
    """Return a page. Halves of surrogate pairs cannot be sent, so they become `?`."""
    return Body(text.encode("utf-8", "replace"), HTML)


def json_body(document: Mapping[str, Any], *headers: tuple[str, str]) -> Body:
    """Return a JSON document as the command line prints it."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, **document}, indent=2)
    return Body(f"{text}\n".encode(), JSON, headers)


def markdown_body(title: str, text: str) -> Body:
    """Return a Markdown document with a title."""
    return Body(f"# {title}\n\n{text}\n".encode("utf-8", "replace"), MARKDOWN)
