"""Send pending messages with a wrong clock, next to other processes."""

import sys
import threading
from contextlib import closing
from datetime import datetime, timedelta

from catalog.alerts.channel import Audience
from catalog.alerts.message import CHAT, Wording
from catalog.alerts.webhook import WebhookChannel
from catalog.core.clock import now
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.store import outbox
from catalog.store.database import Database
from catalog.sync.deliver import Courier
from tests.support.builders import finding
from tests.support.database import NAME


def main() -> None:
    """Send pending messages of URL to RECEIVER.

    The channel is `ear`, and the clock is wrong by SHIFT seconds.
    """
    url, receiver, shift = sys.argv[1:]

    def clock() -> datetime:
        return now() + timedelta(seconds=int(shift))

    limits, pause = Limits(deadline=10, max_bytes=1000, attempts=1), threading.Event()
    with Http(limits) as http, closing(Database(url)) as it:
        wording = Wording(channel="ear", template=CHAT)
        channel = WebhookChannel(
            name="ear", audience=Audience(), url=receiver, wording=wording, http=http, clock=clock
        )
        courier = Courier(NAME, [channel], it, clock, finding)
        while _owes(it):
            courier.deliver()
            pause.wait(0.02)


def _owes(database: Database) -> bool:
    with database.reading() as connection:
        return outbox.has_pending(connection, ["ear"])


if __name__ == "__main__":
    main()
