"""Give the next step after an error of a PostgreSQL server."""

import re
from collections.abc import Sequence

LOGIN = "Check the user and the password in the database's URL (`catalog config show`)."
CREATE = "Create the database, for example with `createdb NAME`, or correct its name in the URL."
GRANT = "Give the user of the database's URL the right to read and write the tables of `catalog`."
SPACE = "Free some disk space on the database server, then try again."
READ_ONLY = "Use the primary server in the database's URL, because a replica is read-only."
CONNECTIONS = "Try again later, or raise `max_connections` of the server."
OTHER = "Read the log of the database server, and check the URL (`catalog config show`)."
HINTS: Sequence[tuple[str, str]] = (
    (r"password|role \".*\" does not exist|pg_hba\.conf|authentication", LOGIN),
    (r"database \".*\" does not exist", CREATE),
    (r"permission denied|must be owner", GRANT),
    (r"No space left|could not (extend|write)|disk full", SPACE),
    (r"read-only transaction|recovery", READ_ONLY),
    (r"too many clients|remaining connection slots", CONNECTIONS),
)
"""The hint of each text. The first match counts, because libpq gives no code when it connects."""


def hint(text: str) -> str | None:
    """Return the hint for a server's error, None for unknown ones."""
    return next((step for pattern, step in HINTS if re.search(pattern, text)), None)
