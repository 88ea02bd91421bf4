"""Kill this process at a given statement of a database.

It opens the database, or imports a folder into it.
"""

import os
import signal
import sys

from sqlalchemy import event
from sqlalchemy.engine import Engine

from catalog.cli.main import cli
from catalog.store.database import Database


def main() -> None:
    """Open the database of the first argument. Print the number of statements.

    With a third argument, import the recordings in that folder.
    """
    place, kill_at = sys.argv[1], int(sys.argv[2])
    done = 0

    @event.listens_for(Engine, "after_cursor_execute")
    def count(*_: object) -> None:
        nonlocal done
        done += 1
        if done == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    if sys.argv[3:]:
        cli.main(["--database", place, "import", *sys.argv[3:]])
    with Database(place).writing():
        sys.stdout.write(f"{done}\n")


if __name__ == "__main__":
    main()
