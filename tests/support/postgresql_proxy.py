"""A proxy to a PostgreSQL server that cuts the first connections."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from sqlalchemy import make_url


class Proxy:
    """Pass bytes to a server, and cut each of the first connections.

    `after` holds the number of server bytes that each of these connections may pass.
    """

    def __init__(self, socket_file: str, after: Sequence[int]) -> None:
        self.cut = 0
        self._file = socket_file
        self._after = [*after]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Accept connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                room = self._after.pop(0) if self._after else None
                threading.Thread(target=self._carry, args=(client, room), daemon=True).start()

    def close(self) -> None:
        """Accept no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _carry(self, client: socket.socket, room: int | None) -> None:
        server = socket.socket(socket.AF_UNIX)
        with closing(client), closing(server), suppress(OSError):
            server.connect(self._file)
            up = threading.Thread(target=_copy, args=(client, server), daemon=True)
            up.start()
            self.cut += _copy(server, client, room)
            client.shutdown(socket.SHUT_RDWR)  # else the thread that reads keeps it open
            up.join()


def _copy(source: socket.socket, target: socket.socket, room: int | None = None) -> bool:
    """Copy bytes to the end. Return True if the allowance is used."""
    with suppress(OSError):
        while room is None or room > 0:
            data = source.recv(65_536 if room is None else min(room, 65_536))
            if not data:
                break
            target.sendall(data)
            room = None if room is None else room - len(data)
        else:
            return True
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
    return False


@contextmanager
def cut_connections(url: str, after: Sequence[int]) -> Iterator[tuple[Proxy, str]]:
    """Yield a proxy to the server of a test URL.

    Also yield the URL through it.
    """
    known = make_url(url)
    way = Proxy(f"{known.query['host']}/.s.PGSQL.5432", after)
    through = known.set(host="127.0.0.1", port=way.port, query={"sslmode": "disable"})
    thread = threading.Thread(target=way.serve, daemon=True)
    thread.start()
    try:
        yield way, through.render_as_string(hide_password=False)
    finally:
        way.close()
        thread.join()
