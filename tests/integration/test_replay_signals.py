"""The replay server as a process."""

import http.client
import signal
import subprocess
import sys
from contextlib import closing

import pytest

BEARER = {"Authorization": "Bearer tok-5f0c"}
MODELS = "/1/ai/models"

SCRIPT = """
import signal
from catalog.providers.recordings import find, shipped
from catalog.replay.server import ReplayServer
before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
server = ReplayServer(find(shipped()))
print(server.url, flush=True)
server.serve_forever()
after = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
print("handlers given back:", after == before, flush=True)
"""


@pytest.mark.long
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_serving_until_a_signal(stop: signal.Signals) -> None:
    """Serving in the foreground ends on SIGTERM and on Ctrl-C, cleanly and without a word."""
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)) as client:
            client.request("GET", MODELS, headers=BEARER)
            assert client.getresponse().status == 200
        process.send_signal(stop)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "handlers given back: True\n", "")
