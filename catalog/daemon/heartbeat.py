"""Pings to a monitor that raises the alarm when they stay out, as healthchecks.io has them."""

import logging
from dataclasses import dataclass, field

from catalog.core.errors import CatalogError
from catalog.core.http.client import Http
from catalog.core.http.request import Request
from catalog.core.run_id import current
from catalog.core.strict_json import cut

logger = logging.getLogger(__name__)
MOST_CHARACTERS = 4_000
"""Of an error in a ping: monitors keep only so much, or refuse a longer one."""
SECONDS = 5.0
"""The deadline of a ping: a monitor that is slow must not hold up a pass."""


@dataclass(frozen=True, slots=True)
class Pings:
    """Tells `url` of a pass. A ping that fails is a warning in the log.

    Whoever knows the URL can write there: nothing shown names more of it than the host.
    """

    url: str = field(repr=False)
    http: Http = field(repr=False)

    def start(self) -> None:
        """Say that a pass begins."""
        self._ping("/start")

    def end(self, error: Exception | None) -> None:
        """Say that it ended well, or by which error; the text of a mistake of ours stays here."""
        said = str(error or "")
        if error is not None and not isinstance(error, CatalogError):
            said = f"the pass broke off by a mistake of this program: {type(error).__name__}"
        self._ping("" if error is None else "/fail", said)

    def _ping(self, what: str, said: str = "") -> None:
        base, mark, query = self.url.partition("?")
        rid = f"{mark}{query}&rid={current()}" if mark else f"?rid={current()}"
        url = f"{base.rstrip('/')}{what}{rid}"
        body = cut(said, MOST_CHARACTERS).encode()
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        try:
            request = Request(url, "POST", headers, body, (self.url, url))
            self.http.send_once(request, SECONDS)
        except CatalogError as error:
            status = getattr(error, "status", None)
            why = f"it answered {status}" if status else type(error).__name__
            logger.warning("the monitor did not take a ping: %s", why)
