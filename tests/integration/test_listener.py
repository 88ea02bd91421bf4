"""The HTTP side of the replay, without a history behind it."""

import threading
from http import HTTPStatus
from http.client import HTTPConnection

from catalog.replay.answer import Answer
from catalog.replay.listener import HOST, Listener
from catalog.replay.wire import after

LATE = Answer(HTTPStatus.OK, {}, b"whole", way=after(0.01))


def test_a_patient_client_gets_the_whole_answer() -> None:
    """A client gets the whole answer after an uninterrupted pause."""
    with Listener(0, lambda _: LATE) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            asking = HTTPConnection(HOST, int(listener.server_address[1]), timeout=10)
            asking.request("GET", "/")
            assert asking.getresponse().read() == b"whole"
        finally:
            listener.shutdown()
            thread.join()
