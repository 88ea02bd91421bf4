"""Ping a monitor that alerts about missing passes, such as healthchecks.io."""

import logging
from dataclasses import dataclass, field

from catalog.core.errors import CatalogError
from catalog.core.http.client import Http
from catalog.core.http.request import Request
from catalog.core.run_id import current
from catalog.core.strict_json import cut

logger = logging.getLogger(__name__)
MOST_CHARACTERS = 4_000
"""The maximum characters of an error, because monitors limit the body."""
SECONDS = 5.0
"""The deadline of a ping. A slow monitor must not delay passes."""


@dataclass(frozen=True, slots=True)
class Pings:
    """A monitor. Failed pings are logged as warnings.

    The URL is a secret, because it permits pings. Only its host is shown.
    """

    url: str = field(repr=False)
    http: Http = field(repr=False)

    def start(self) -> None:
        """Report the start of a pass."""
        self._ping("/start")

    def end(self, error: Exception | None) -> None:
        """Report success, or the error without the text of unexpected ones."""
        text = str(error or "")
        if error is not None and not isinstance(error, CatalogError):
            text = f"the pass failed by a mistake of this program: {type(error).__name__}"
        self._ping("" if error is None else "/fail", text)

    def _ping(self, path: str, text: str = "") -> None:
        base, mark, query = self.url.partition("?")
        rid = f"{mark}{query}&rid={current()}" if mark else f"?rid={current()}"
        url = f"{base.rstrip('/')}{path}{rid}"
        body = cut(text, MOST_CHARACTERS).encode()
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        try:
            request = Request(url, "POST", headers, body, (self.url, url))
            self.http.send_once(request, SECONDS)
        except CatalogError as error:
            status = getattr(error, "status", None)
            why = f"it answered {status}" if status else type(error).__name__
            logger.warning("the monitor did not accept a ping: %s", why)
