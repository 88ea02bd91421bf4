"""Extract a receiver's error text from its answer."""

from collections.abc import Callable

from catalog.core.errors import PayloadInvalid
from catalog.core.strict_json import Json, cut, read_strict

MOST = 200
"""The maximum characters of the text."""
MOST_BYTES = 64 * 1024
"""The maximum bytes of a Slack error answer."""
_KEYS = ("error", "errors", "code", "message", "msg", "description", "detail", "title", "reason")


def error_words(body: bytes, hide: Callable[[str], str]) -> str:
    """Return the error on one line without secrets, empty if unknown.

    `hide` replaces secrets. The error is in known members of JSON or in the title of a web page.
    Any other text is the error itself. Control and invisible characters become blanks.
    """
    line = hide(_words(body))
    return cut(" ".join("".join(c if c.isprintable() else " " for c in line).split()), MOST)


def refused_by_slack(body: bytes) -> Json | None:
    """Return Slack's error answer `{"ok": false, …}` with status 200, or None."""
    answer = _json(body) if len(body) <= MOST_BYTES else None
    return answer if isinstance(answer, dict) and answer.get("ok") is False else None


def _words(body: bytes) -> str:
    if body.lstrip().startswith(b"<"):
        return _page_title(body)
    answer = _json(body)
    if answer is not None and not answer:  # such as {}
        return ""
    return _members(answer) or body.decode("utf-8", "replace")


def _json(body: bytes) -> Json | None:
    try:
        return read_strict(body)
    except PayloadInvalid:
        return None


def _members(answer: Json) -> str:
    match answer:
        case str():
            return answer
        case dict():
            found = [_members(answer[key]) for key in _KEYS if key in answer]
            return ": ".join(dict.fromkeys(filter(None, found)))
        case [first, *_]:
            return _members(first)
    return ""


def _page_title(page: bytes) -> str:
    # No regular expression, because one for this takes quadratic time on a hostile page.
    lower = page.lower()
    tag = lower.find(b"<title")
    start = lower.find(b">", tag)
    if min(tag, start) < 0:
        return ""
    end = lower.find(b"<", start)
    return page[start + 1 : end if end >= 0 else None].decode("utf-8", "replace")
