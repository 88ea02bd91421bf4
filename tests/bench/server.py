"""Serve a file's content in a process of its own.

It simulates a provider.

It sends no ETag, as most catalogs do not, so the client itself must find that nothing changed.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.checkout import ROOT


@dataclass(frozen=True, slots=True)
class Served:
    """The served file. A new content always replaces it as a whole."""

    file: Path
    url: str

    def put(self, body: bytes) -> None:
        """Serve this content from now on."""
        new = self.file.with_suffix(".new")
        new.write_bytes(body)
        new.replace(self.file)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    file: Path

    def do_GET(self) -> None:  # named by the library
        body = self.file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Start the server, and stop it at the end."""
    file = folder / "answer.json"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.server", file],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            yield Served(file, f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.terminate()


def main() -> None:
    """Serve until the process is stopped. Print the port to stdout."""
    _Handler.file = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
