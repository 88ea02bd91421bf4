"""Find the message in the body of an error."""

from collections.abc import Iterator

from catalog.core.strict_json import Json

_CODES = ("code", "type", "status")
_TEXTS = ("description", "message", "msg", "detail", "reason")


def error_message(body: Json) -> str:
    """Return the message of `{"error": …}`, empty if there is none.

    The text is the provider's own, with any characters.
    """
    if not isinstance(body, dict):
        return ""
    found = (_message(body[key]) for key in ("error", "errors") if key in body)
    return next(filter(None, found), "")


def _message(error: Json) -> str:
    match error:
        case str(text):
            return text.strip()
        case [first, *_]:
            return _message(first)
        case dict():
            code = next(_texts(error, _CODES), "")
            return ": ".join(filter(None, (code, next(_texts(error, _TEXTS), ""))))
    return ""


def _texts(error: dict[str, Json], keys: tuple[str, ...]) -> Iterator[str]:
    found = (error.get(key) for key in keys)
    yield from (text.strip() for text in found if isinstance(text, str) and text.strip())
