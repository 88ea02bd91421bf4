"""Turn errors into pages for people and problem details for programs."""

import logging
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from catalog.core.errors import ArgumentInvalid, CatalogError, NotFound, StoreError
from catalog.core.strict_json import canonical
from catalog.core.unexpected import log_trace
from catalog.core.visible import visible
from catalog.web.links import Links
from catalog.web.reader import Reader
from catalog.web.render import page

PROBLEM = "application/problem+json"
STATUS: dict[type[CatalogError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    ArgumentInvalid: HTTPStatus.BAD_REQUEST,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
}
logger = logging.getLogger(__name__)


def status_of(error: Exception) -> HTTPStatus:
    """Return the HTTP status of an error, by default 500."""
    if isinstance(error, HTTPException):
        return HTTPStatus(error.status_code)
    found = (status for kind, status in STATUS.items() if isinstance(error, kind))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def explain(error: Exception) -> tuple[str, str]:
    """Return the text and the hint of an error.

    Details of a bug stay in the log.
    """
    status = status_of(error)
    if isinstance(error, CatalogError) and status is HTTPStatus.SERVICE_UNAVAILABLE:
        return "the store cannot be read now", "The log of the server has the reason."
    if isinstance(error, CatalogError) and status is not HTTPStatus.INTERNAL_SERVER_ERROR:
        # The general hint of a wrong argument is for Python.
        hint = "" if error.hint == ArgumentInvalid.hint else error.hint
        return visible(str(error)), visible(hint)
    if isinstance(error, HTTPException):
        return status.phrase, ""
    return "the server failed", "The log of the server has the reason."


def is_for_program(request: Request) -> bool:
    """Return whether an answer is read by a program, by its path."""
    path = request.url.path
    return path.startswith(("/api/", "/feeds/", "/badge/")) or path.endswith(
        (".json", ".md", ".ics", ".txt", "/metrics", "/livez", "/readyz")
    )


def problem(error: Exception) -> Response:
    """Return an error as problem details (RFC 9457)."""
    status, (text, hint) = status_of(error), explain(error)
    known = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": text}
    content = canonical(known | ({"hint": hint} if hint else {}))
    return Response(content, int(status), headers_of(error), PROBLEM)


def error_page(error: Exception, links: Links, reader: Reader) -> Response:
    """Return an error as a page with the way back."""
    status, (text, hint) = status_of(error), explain(error)
    html = page("error.html", links, reader.clock(), status=status, text=text, hint=hint)
    return Response(html, int(status), headers_of(error), "text/html")


def log(error: Exception) -> None:
    """Log an error that is not the client's."""
    if status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("a request failed: %s", error)
        log_trace(logger, error)


def headers_of(error: Exception) -> dict[str, str]:
    """Return the headers of an error, such as Allow."""
    own = error.headers if isinstance(error, HTTPException) else None
    return {"Cache-Control": "no-store", **(own or {})}
