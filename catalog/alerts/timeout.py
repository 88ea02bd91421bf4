"""A limit in time for what has none of its own."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


def within(
    seconds: float, call: Callable[[], Result], more: Callable[[], float] = lambda: 0.0
) -> Result:
    """Return what `call` returns or raise what it raises; raise TimeoutError after that long.

    It runs on a thread of its own, which is left to itself then: a library that reads from a socket
    as long as bytes drip in cannot be stopped from outside. At the end of the time, `more` says
    how many seconds it may have on top; it may also break the call off.
    """
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001  # it is for who waits: raised there
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    try:
        return future.result(seconds)
    except TimeoutError:
        if future.done():  # it is the call's own
            raise
        extra = more()
        if not extra:
            raise
        return future.result(extra)
