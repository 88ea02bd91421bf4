"""Send status messages to systemd by its datagram protocol (sd_notify)."""

import logging
import os
import socket
import time
from collections.abc import Mapping

logger = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds to wait for a slow service manager."""


class Systemd:
    """The service manager. Without one, all methods do nothing.

    `watchdog` is the time in seconds after which it kills us without a message, or None.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # `@` is the NUL of an abstract socket address.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        span, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
        is_meant = self._address and span.isdecimal() and pid in {"", str(os.getpid())}
        self.watchdog = int(span) / 1_000_000 if is_meant else None

    def ready(self, status: str) -> None:
        """Report that the start or reload is finished."""
        self._send("READY=1", _status(status))

    def status(self, text: str) -> None:
        """Show a line in `systemctl status`."""
        self._send(_status(text))

    def reloading(self) -> None:
        """Report the start of a reload. `ready` ends it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def alive(self) -> None:
        """Reset the watchdog."""
        if self.watchdog is not None:
            self._send("WATCHDOG=1")

    def stopping(self, status: str) -> None:
        """Report the stop."""
        self._send("STOPPING=1", _status(status))

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(PATIENCE)
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            logger.warning("the service manager could not be notified: %s", error)


def _status(text: str) -> str:
    return f"STATUS={' '.join(text.split())}"
