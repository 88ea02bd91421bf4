"""Send HTTP requests with deadline, size cap, retries and hidden secrets."""

import logging
import os
import ssl
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from copy import copy
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from catalog import __version__
from catalog.core.api_error import error_message
from catalog.core.clock import now
from catalog.core.errors import (
    AnswerRefused,
    AnswerTooLarge,
    CatalogError,
    Forbidden,
    PayloadInvalid,
    ProviderError,
    ProviderFailing,
    RateLimited,
    RouteMissing,
    SettingsInvalid,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from catalog.core.http.proxy import Proxy, ignored_proxy
from catalog.core.http.request import Limits, Request, Response
from catalog.core.http.retry import retry, retry_after
from catalog.core.http.secrecy import HIDDEN
from catalog.core.http.transport import Transport
from catalog.core.http.tunnel import Refused
from catalog.core.strict_json import read_strict
from catalog.core.unexpected import log_unexpected
from catalog.core.waiting import waiting

ERROR_BYTES = 64 * 1024
"""The maximum bytes to read of an error body."""
TEXT_LIMIT = 200
CLOSED = "No server listens there: check that it runs, and the port of the base URL."
MOST_DIGITS = 20
"""The digits of a `Content-Length` that are compared."""

_HEADERS = {
    "Accept": "*/*",
    # Compression is declined, because a small answer could expand to any size.
    "Accept-Encoding": "identity",
    "Connection": "keep-alive",
    "User-Agent": f"model-catalog/{__version__}",
}
_BY_STATUS: Mapping[int, type[ProviderError]] = {
    HTTPStatus.UNAUTHORIZED: Unauthorized,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: RouteMissing,
    HTTPStatus.REQUEST_TIMEOUT: ProviderFailing,
    HTTPStatus.TOO_EARLY: ProviderFailing,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimited,
}
_DEFAULTS = Limits()
_UNTRUSTED = (
    "Check the base URL. If your network replaces certificates by its own, set `http.ca_file` to "
    "the certificate of its certificate authority."
)
_IGNORED = (
    "{name} is set, and ignored: only `http.proxy` counts. To use it: "
    'export CATALOG_HTTP_PROXY="${name}"'
)
_BY_PROXY = "Check `http.proxy`; `http.no_proxy` lists the hosts that need no proxy."
_LOGIN = "Check user and password in `http.proxy`: http://USER:PASSWORD@HOST:PORT."
_DENIED = "Allow this host in the proxy, or add it to `http.no_proxy` if it needs no proxy."
_BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, OSError)

log = logging.getLogger("catalog.core.http")
# At INFO they log complete URLs, at DEBUG also the headers.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Http:
    """An HTTP client for any thread. Close it, or use `with`.

    It ignores the proxy and `.netrc` of the environment, keeps no cookies and follows no redirects.
    It does not use a client of httpx, because that parses the address of a redirect and may raise
    any error. `tls` replaces the trusted certificates (by default certifi's), and `ca_file` adds to
    them. `proxy` is used for every host that it serves.

    `secrets` are the secrets of all settings. Every text hides them, because an answer may repeat
    one.
    """

    def __init__(
        self,
        limits: Limits = _DEFAULTS,
        *,
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self.limits = limits
        self.proxy = proxy
        self.secrets: tuple[str, ...] = proxy.secrets if proxy else ()
        self._transport = Transport(tls, proxy, ca_file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def hiding(self, secrets: tuple[str, ...]) -> Self:
        """Return a client with the same connections that hides these secrets."""
        hiding = copy(self)
        hiding.secrets = secrets
        return hiding

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def send(self, request: Request) -> Response:
        """Send a request with retries and return the whole answer.

        Raise a ProviderError for any answer except 2xx, and 304 to a conditional request. Its
        `status` is set once a status was received, even if the rest was not.
        """
        return retry(
            lambda left: self.send_once(request, left),
            attempts=self.limits.attempts,
            seconds=self.limits.retry_for,
            backoff=self.limits.backoff,
        )

    def send_once(self, request: Request, seconds: float) -> Response:
        """Send a request once, within `seconds` and within the deadline."""
        request, started = replace(request, others=self.secrets), time.monotonic()
        seconds = min(seconds, self.limits.deadline)
        with waiting(f"{request.where}, at most {seconds:.3g} s"):
            result = self._exchange(request, seconds)
        log.debug(
            "%s %s: %s, %d bytes, %d ms",
            request.method,
            request.where,
            getattr(result, "status", None) or type(result).__name__,
            len(result.body) if isinstance(result, Response) else 0,
            (time.monotonic() - started) * 1000,
        )
        # Raised outside of every `except`, so that no context contains httpx's request.
        if isinstance(result, CatalogError):
            raise result
        return result

    def _exchange(self, request: Request, seconds: float) -> Response | CatalogError:
        status = None
        try:
            with closing(self._transport.handle_request(_outgoing(request, seconds))) as answer:
                status = answer.status_code
                return self._read(request, answer)
        except CatalogError as error:
            return error.with_traceback(None)  # its frames contain httpx's request
        except httpcore.ConnectTimeout:
            return self._unreachable(request, f"no connection within {seconds:.3g} s")
        except Refused as error:
            return self._refused(request, error)
        except httpcore.TimeoutException:
            text = f"{request.where} sent no complete answer within {seconds:.3g} s"
            return TimedOut(text, status=status)
        except _BROKEN as error:
            return self._broken(request, error, status)
        except Exception as error:  # noqa: BLE001  # because no answer may end a poll
            what = f"the answer of {request.where} could not be read"
            return AnswerRefused(log_unexpected(log, what, error), status=status)

    def _broken(self, request: Request, error: Exception, status: int | None) -> ProviderError:
        # httpcore wraps the system error, which has more detail.
        cause = next((inner for inner in error.args if isinstance(inner, OSError)), error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return AnswerRefused(
                f"the certificate of {request.where} is not trusted: {cause.verify_message}",
                hint=_UNTRUSTED,
            )
        reason = getattr(cause, "strerror", None) or str(cause)
        hint = CLOSED if isinstance(cause, ConnectionRefusedError) else ""
        return self._unreachable(request, reason, status, hint)

    def _unreachable(
        self, request: Request, reason: str, status: int | None = None, hint: str = ""
    ) -> ProviderError:
        """Return the error of a broken connection. It names the proxy, used or ignored."""
        host, way = request.host, ""
        if self.proxy is not None and self.proxy.serves(host):
            way, hint = f" through the proxy {self.proxy.where}", _BY_PROXY
        elif self.proxy is None and (name := ignored_proxy(host, os.environ)):
            hint = _IGNORED.format(name=name)
        text = _foreign(request, f"could not be read{way}: {reason}")
        return Unreachable(text, hint=hint, status=status)

    def _refused(self, request: Request, error: Refused) -> ProviderError:
        """Return the error of a proxy that did not connect."""
        where = self.proxy.where if self.proxy else ""
        reason = request.hide(str(error))
        text = _one_line(f"the proxy {where} did not connect to {request.host}: {reason}")
        if error.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return AnswerRefused(text, hint=_LOGIN)
        if error.status is None or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unreachable(text, hint=_BY_PROXY)
        return AnswerRefused(text, hint=_DENIED)

    def _read(self, request: Request, answer: httpx.Response) -> Response:
        headers = {name: _hidden(request, value) for name, value in answer.headers.items()}
        status = answer.status_code
        if answer.is_success and status != HTTPStatus.PARTIAL_CONTENT:
            return Response(status, headers, request.hide_answer(self._body(request, answer)))
        if status == HTTPStatus.NOT_MODIFIED and request.is_conditional:
            return Response(status, headers, b"".join(answer.iter_raw()))
        raise _refusal(request, answer)

    def _body(self, request: Request, answer: httpx.Response) -> bytes:
        status = answer.status_code
        encoding = answer.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", ""):
            text = f"sent the content encoding {encoding}, and none was requested"
            raise AnswerRefused(_foreign(request, text), status=status)
        cap = self.limits.max_bytes
        too_large = AnswerTooLarge(f"{request.where} sent more than {cap:,} bytes", status=status)
        length = answer.headers.get("content-length", "")
        if length.isascii() and length.isdecimal() and int(length[:MOST_DIGITS]) > cap:
            raise too_large
        body = bytearray()
        for chunk in answer.iter_raw():
            body += chunk
            if len(body) > cap:
                raise too_large
        return bytes(body)


def _outgoing(request: Request, seconds: float) -> httpx.Request:
    until = time.monotonic() + seconds  # a moment: see deadline.py
    headers = httpx.Headers(_HEADERS)
    headers.update(request.headers)
    try:
        return httpx.Request(
            request.method,
            request.url,
            content=request.body,
            headers=headers,
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), until)},
        )
    except (httpx.InvalidURL, ValueError):
        raise SettingsInvalid(f"the URL for {request.where} cannot be read") from None


def _refusal(request: Request, answer: httpx.Response) -> ProviderError:
    status = answer.status_code
    kind = _BY_STATUS.get(status, ProviderFailing if answer.is_server_error else AnswerRefused)
    body = b""
    if status == HTTPStatus.PARTIAL_CONTENT:
        detail = "a part of the answer, and all of it was requested"
    elif answer.is_redirect:
        detail = _redirect(request, answer)
    else:
        body = request.hide_bytes(_error_body(answer))
        detail = _api_error(body)
    return kind(
        _foreign(request, f"answered {status}{detail and f': {detail}'}"),
        status=status,
        retry_after=retry_after(answer.headers.get("retry-after"), now()),
        body=body,
    )


def _hidden(request: Request, header: str) -> str:
    """Return a header without secrets, because an ETag is sent back."""
    return request.hide_answer(header.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


def _redirect(request: Request, answer: httpx.Response) -> str:
    """Return a redirect's host only, because the rest may contain secrets."""
    location = answer.headers.get("location")
    if location is None:
        return ""
    host = None
    with suppress(ValueError):
        target = urlsplit(urljoin(request.url, location))
        host = target.hostname if target.scheme in ("http", "https") else None
    if host is None:
        return "a redirect to an address that cannot be read"
    # The parsed host is in lower case and has no blanks.
    known = (*request.secrets, *request.others)
    lowered = Request(request.url, secrets=tuple(each.lower() for each in known))
    is_plain = request.hide(location) == location and lowered.hide(host) == host
    shown = host if is_plain else HIDDEN
    return f"a redirect to {shown}, which is not followed"


def _foreign(request: Request, text: str) -> str:
    """Return a server's text as a short line after its address."""
    return _one_line(f"{request.where} {request.hide(text)}")


def _api_error(body: bytes) -> str:
    """Return the API's error text, empty if its JSON is unknown."""
    with suppress(PayloadInvalid):
        return error_message(read_strict(body))
    return ""


def _error_body(answer: httpx.Response) -> bytes:
    body = b""
    # Errors are ignored, because the status is already known and matters most.
    with suppress(httpcore.TimeoutException, *_BROKEN):
        for chunk in answer.iter_raw():
            body += chunk
            if len(body) > ERROR_BYTES:
                break
    return body


def _one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= TEXT_LIMIT else f"{line[: TEXT_LIMIT - 1]}…"
