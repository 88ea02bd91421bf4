"""Limit the time of calls without a timeout."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


def within(
    seconds: float, call: Callable[[], Result], more: Callable[[], float] = lambda: 0.0
) -> Result:
    """Return the result of `call`, or raise TimeoutError after `seconds`.

    The call runs on its own thread, which is abandoned after the timeout, because a library that
    slowly reads a socket cannot be stopped. `more` is called at the timeout. It returns extra
    seconds to wait, and may close the connection.
    """
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001  # raised in the waiting thread
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    try:
        return future.result(seconds)
    except TimeoutError:
        if future.done():  # raised by the call itself
            raise
        extra = more()
        if not extra:
            raise
        return future.result(extra)
