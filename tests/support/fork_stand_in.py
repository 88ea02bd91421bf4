"""Replace `catalog` in a shell by a fork.

The program orders a fork, waits for it and ends with its exit code.
"""

import json
import os
import signal
import socket
import sys


def main() -> None:
    """Send the own streams, folder, environment and signals to a fork."""
    number, *line = sys.argv[1:]
    ours, theirs = socket.socketpair()
    with socket.socket(fileno=int(number)) as control, theirs:
        socket.send_fds(control, [b"!"], [0, 1, 2, theirs.fileno()])
    folder = os.getcwd()  # noqa: PTH109  # pathlib takes longer to load than all of this
    order = {"line": line, "folder": folder, "environ": dict(os.environ)}
    ours.sendall(json.dumps(order).encode() + b"\n")
    with ours.makefile(encoding="ascii") as replies:
        child = int(replies.readline())
        for each in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda given, _: os.kill(child, given))
        code = os.waitstatus_to_exitcode(int(replies.readline()))
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
