"""Serve recordings over HTTP on loopback, as the real route does."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from signal import Signals
from threading import Lock, Thread
from typing import Literal, Self

from catalog.core.errors import NotFound
from catalog.core.signal_queue import STOPS, Inbox
from catalog.providers.recordings import Recording
from catalog.replay.answer import Answer, Request, answer
from catalog.replay.behavior import Behavior
from catalog.replay.faults import FAULTS
from catalog.replay.listener import Listener
from catalog.replay.models import Models
from catalog.replay.route import USUAL, Route

Step = Literal["poll", "manual"]
Plan = Callable[[int], str | None]
"""Return the fault of a poll number from 0, or None."""
_CLOSE_CHECK = 0.02  # seconds


class ReplayServer:
    """A server of recordings, one at a time, oldest first.

    With `step="poll"`, each GET that shows the catalog (200 or 304) moves to the next recording,
    and the last one stays. An ETag identifies the bytes of one recording and is compared with the
    current one. So a client gets 200 for each new state, and 304 for equal neighbors and at the
    end. With `step="manual"` only `advance` moves on.

    With `faults`, a poll gets the fault of its number. Polls are counted in order of arrival,
    retries included. A fault never moves on, so the next poll gets the hidden state.

    `route` is Infomaniak's by default. A list recorded in pages is served in pages, and its last
    page moves on. A fault then replaces one page.

    Infomaniak's models can be called too: by `behave`, or else each answers where it is listed.

    The port opens at once (`port=0` takes a free one). Requests are answered within `with` or by
    `serve_forever`. All recordings are read at the start to find broken ones. Raise NotFound,
    PayloadInvalid or SettingsInvalid for a recording, SettingsInvalid for an unavailable port.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        port: int = 0,
        *,
        step: Step = "poll",
        faults: Plan = lambda _: None,
        route: Route = USUAL,
    ) -> None:
        if not recordings:
            raise NotFound("there is no recording to serve", hint="Name a folder with recordings.")
        self._recordings = recordings
        self._parts = [route.parts(recording) for recording in recordings]
        self._route = route
        self._position = 0
        self._step = step
        self._faults = faults
        self._polls = 0
        self._models = Models(Behavior())
        self._lock = Lock()
        self._thread: Thread | None = None
        self._listener = Listener(port, self.answer)

    @property
    def url(self) -> str:
        """Return the base URL without final slash."""
        return self._listener.url

    @property
    def current(self) -> Recording:
        """Return the recording for the next request."""
        return self._recordings[self._position]

    def advance(self) -> bool:
        """Move to the next recording, and return False at the last one."""
        with self._lock:
            return self._advance()

    def behave(self, behavior: Behavior) -> None:
        """Set the behavior of the models."""
        self._models = Models(behavior)

    def answer(self, request: Request) -> Answer:
        """Answer one request and move on if it was a poll."""
        # One lock covers both, so that parallel polls get different recordings. The step precedes
        # the sending, so that a client with an answer finds the next state.
        with self._lock:
            parts = self._parts[self._position]
            called = self._route.can_be_called
            if called and (reply := self._models.answer(request, parts.captures[0])):
                return reply
            capture = self._route.page_for(request, parts)
            result = answer(request, capture, self._route.list_request)
            if request.method != "GET" or capture is None or not result.shows_catalog:
                return result
            kind = self._faults(self._polls)
            self._polls += 1
            if kind is not None:
                return replace(FAULTS[kind].reply(capture), fault=kind)
            if self._step == "poll" and capture is parts.captures[-1]:
                self._advance()
        return result

    def serve_forever(self) -> None:
        """Serve until Ctrl-C or SIGTERM, on the main thread only."""
        stop = Inbox[Signals]()
        # Installed before the first answer, because a client may then send the signal.
        with stop.catching(*STOPS), self:
            stop.get()

    def close(self) -> None:
        """Stop serving and close the port. Repeated calls do nothing."""
        if self._thread is not None:
            self._listener.shutdown()
            self._thread.join()
            self._thread = None
        self._listener.server_close()

    def __enter__(self) -> Self:
        loop = self._listener.serve_forever
        self._thread = Thread(target=loop, args=(_CLOSE_CHECK,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _advance(self) -> bool:
        if self._position + 1 == len(self._recordings):
            return False
        self._position += 1
        return True
