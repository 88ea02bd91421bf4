import os
import signal
import threading
from queue import Empty

import pytest

from catalog.signals import Inbox
from tests.shell import SECONDS

MANY = 200


def test_items_and_signals_come_in_their_order() -> None:
    """What threads and signals put in is taken oldest first, also what was there before."""
    inbox = Inbox[str]()
    inbox.put("before")
    with inbox.catching(signal.SIGUSR1):
        os.kill(os.getpid(), signal.SIGUSR1)
        inbox.put("after")
        assert [inbox.get(0) for _ in range(3)] == ["before", signal.SIGUSR1, "after"]
        with pytest.raises(Empty):
            inbox.get(0)


def test_no_signal_is_waited_past() -> None:
    """A signal ends the wait of the main thread, whatever thread of the process it comes to."""
    inbox, taken = Inbox[str](), threading.Semaphore(0)

    def tell() -> None:
        for _ in range(MANY):
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
            taken.acquire()

    with inbox.catching(signal.SIGUSR1):
        teller = threading.Thread(target=tell)
        teller.start()
        for _ in range(MANY):
            assert inbox.get(SECONDS) == signal.SIGUSR1
            taken.release()
        teller.join()


def test_a_full_pipe_holds_up_nobody() -> None:
    """However many items nobody has taken yet, one more is put in at once, and none is lost."""
    inbox, many = Inbox[int](), 100_000
    with inbox.catching():
        for number in range(many):
            inbox.put(number)
        assert [inbox.get(0) for _ in range(many)] == [*range(many)]


def test_handlers_are_put_back() -> None:
    """When it is over, a signal does what it did before."""
    before = signal.getsignal(signal.SIGUSR1)
    with Inbox[str]().catching(signal.SIGUSR1):
        assert signal.getsignal(signal.SIGUSR1) != before
    assert signal.getsignal(signal.SIGUSR1) == before
    assert signal.set_wakeup_fd(-1) == -1
