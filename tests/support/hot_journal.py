"""Write into a database in a transaction, then kill this process.

The journal stays.
"""

import os
import signal
import sqlite3
import sys


def main() -> None:
    """Leave `FILE-journal` next to the file of the first argument.

    The file has half-written pages.
    """
    connection = sqlite3.connect(sys.argv[1], isolation_level=None)
    connection.execute("pragma cache_size = 2")  # pages go to the file before the commit
    connection.execute("begin immediate")
    connection.execute("update model_version set facts = facts || ' '")
    connection.execute("update payload set body = body || x'00'")
    connection.execute("create table more as select * from model_version")
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
