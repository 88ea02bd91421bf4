"""A recorded catalog served over real HTTP, on the loopback alone, as the real route does."""

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
"""From the number of a poll, counted from 0, to the kind of fault that it gets, or None."""
_CLOSE_CHECK = 0.02  # seconds between two looks at whether to close


class ReplayServer:
    """Serves recordings, the oldest first, one of them at a time.

    With `step="poll"` every answer to a GET that shows the catalog (200 or 304) moves on to the
    next recording, and the last one stays: who polls again and again sees the history pass. An ETag
    names the bytes of one recording and is compared with the recording whose turn it is, never with
    the one served before; so a poller gets 200 for each new state, 304 where two neighbors are the
    same, and 304 at the end. With `step="manual"` only `advance` moves on.

    With `faults` (a `Faults`, or any Plan of a test's own) a poll gets what its number says in
    place of the catalog. Polls are counted as they come, repetitions too. A fault never moves on:
    what it hid is there for the next poll.

    The route is Infomaniak's, or that of `route`. A list that was recorded in parts is served in
    parts, and the last of them moves on. A fault takes the place of a part then.

    Infomaniak's models can be called too: as `behave` has it, else each where it is listed.

    The port is open from the start (`port=0` takes a free one); requests are answered inside `with`
    or by `serve_forever`. All recordings are read at the start, so that a broken one is named then.
    Raise NotFound, PayloadInvalid or SettingsInvalid for a recording, SettingsInvalid for a port
    not to be had.
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
            raise NotFound("there is no recording to serve", hint="Name a directory with some.")
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
        """The base URL, without a slash at its end."""
        return self._listener.url

    @property
    def current(self) -> Recording:
        """The recording whose turn it is: what the next request sees."""
        return self._recordings[self._position]

    def advance(self) -> bool:
        """Move on to the next recording; return False where the last one stays."""
        with self._lock:
            return self._advance()

    def behave(self, behavior: Behavior) -> None:
        """Let the models behave so from now on."""
        self._models = Models(behavior)

    def answer(self, request: Request) -> Answer:
        """Answer one request and, where polls move the history, take the step."""
        # One lock over both: of two polls at once, each gets a recording of its own. The step comes
        # before the sending, so that whoever has an answer finds the next state already there.
        with self._lock:
            parts = self._parts[self._position]
            called = self._route.can_be_called
            if called and (said := self._models.answer(request, parts.captures[0])):
                return said
            capture = self._route.asked(request, parts)
            result = answer(request, capture, self._route.asking)
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
        """Serve until Ctrl-C or SIGTERM, then close; for the main thread only."""
        stop = Inbox[Signals]()
        # In place before the first answer: who has one may send the signal at once.
        with stop.catching(*STOPS), self:
            stop.get()

    def close(self) -> None:
        """Stop serving and give the port back; harmless when called again."""
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
