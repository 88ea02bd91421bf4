import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty

import pytest

from catalog.core.signal_queue import Inbox
from tests.support.shell import SECONDS

MANY = 200
MAIN = threading.main_thread().ident or 0


def each_after_the_last(put: Callable[[], None]) -> threading.Semaphore:
    """Put many times in a thread, each after a release."""
    taken = threading.Semaphore(0)

    def put_all() -> None:
        for _ in range(MANY):
            put()
            if not taken.acquire(timeout=SECONDS):
                return

    threading.Thread(target=put_all, daemon=True).start()
    return taken


def test_items_and_signals_come_in_their_order() -> None:
    """Items of threads and signals are returned oldest first."""
    inbox = Inbox[str]()
    inbox.put("before")
    with inbox.catching(signal.SIGUSR1):
        os.kill(os.getpid(), signal.SIGUSR1)
        inbox.put("after")
        assert [inbox.get(0) for _ in range(3)] == ["before", signal.SIGUSR1, "after"]
        with pytest.raises(Empty):
            inbox.get(0)


@pytest.mark.parametrize("thread", [MAIN, None], ids=["the main thread", "another"])
def test_a_signal_ends_the_wait(thread: int | None) -> None:
    """A signal ends the wait of the main thread, in any thread it arrives."""
    inbox = Inbox[str]()

    def put() -> None:
        signal.pthread_kill(thread or threading.get_ident(), signal.SIGUSR1)

    with inbox.catching(signal.SIGUSR1):
        taken = each_after_the_last(put)
        for _ in range(MANY):
            assert inbox.get(SECONDS) == signal.SIGUSR1
            taken.release()


def test_an_item_ends_the_wait() -> None:
    """An item of a thread ends the wait of the main thread."""
    inbox = Inbox[str]()
    with inbox.catching():
        taken = each_after_the_last(lambda: inbox.put("item"))
        for _ in range(MANY):
            assert inbox.get(SECONDS) == "item"
            taken.release()


def test_a_full_pipe_does_not_block() -> None:
    """With any number of waiting items, put returns at once and loses no item."""
    inbox, many = Inbox[int](), 100_000
    with inbox.catching():
        for number in range(many):
            inbox.put(number)
        assert [inbox.get(0) for _ in range(many)] == [*range(many)]


def opened() -> set[str]:
    """Return the numbers of the open files of this process."""
    return {each.name for each in Path("/dev/fd").iterdir() if each.exists()}


def test_everything_is_restored() -> None:
    """Afterwards, signal handlers and wakeup are restored, and no file stays open."""
    before, files = signal.getsignal(signal.SIGUSR1), opened()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    waking = signal.set_wakeup_fd(writing)
    inbox = Inbox[str]()
    try:
        for _ in range(2):
            with inbox.catching(signal.SIGUSR1):
                assert signal.getsignal(signal.SIGUSR1) != before
            assert signal.getsignal(signal.SIGUSR1) == before
            inbox.put("late")  # by a thread that does not know of the end
        assert signal.set_wakeup_fd(waking) == writing
    finally:
        os.close(reading)
        os.close(writing)
    assert opened() == files


def test_a_failed_begin_leaves_nothing_open() -> None:
    """Outside of the main thread it fails and leaves no file open."""
    files, refused = opened(), list[Exception]()

    def begin() -> None:
        try:
            with Inbox[str]().catching(signal.SIGUSR1):
                raise AssertionError("unreachable: only the main thread catches signals")
        except ValueError as error:
            refused.append(error)

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    assert len(refused) == 1
    assert opened() == files
