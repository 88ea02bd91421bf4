"""The floor script: the lowest possible cost of a poll from cron.

    floor.py URL DATABASE

It sends a request, compares the bytes and writes a row. If they differ, it stores the body and each
added, removed or changed model. It validates nothing, sends no alert and writes no document.
"""

import hashlib
import http.client
import json
import sqlite3
import sys
import time
from urllib.parse import urlsplit

TABLES = """
CREATE TABLE IF NOT EXISTS poll (id INTEGER PRIMARY KEY, at REAL, digest TEXT, changed INT);
CREATE TABLE IF NOT EXISTS model (key TEXT PRIMARY KEY, facts TEXT);
CREATE TABLE IF NOT EXISTS change (poll INT, key TEXT, before TEXT, after TEXT);
"""


def fetch(url: str) -> bytes:
    """Return the body of the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request("GET", parts.path, headers={"Accept": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != http.client.OK:
        sys.exit(f"{url} answered {answer.status}")
    return body


def store(database: sqlite3.Connection, body: bytes) -> int:
    """Store an answer and return the number of changed models."""
    rows = json.loads(body)["data"]
    digest = hashlib.sha256(body).hexdigest()
    last = database.execute("SELECT digest FROM poll ORDER BY id DESC LIMIT 1").fetchone()
    changes = []
    if last is None or last[0] != digest:
        now = {str(row["id"]): json.dumps(row, sort_keys=True) for row in rows}
        known = dict(database.execute("SELECT key, facts FROM model"))
        keys = now.keys() | known.keys()
        changes = [
            (key, known.get(key), now.get(key)) for key in keys if known.get(key) != now.get(key)
        ]
        database.executemany("INSERT OR REPLACE INTO model VALUES (?, ?)", now.items())
        gone = [(key,) for key in known.keys() - now.keys()]
        database.executemany("DELETE FROM model WHERE key = ?", gone)
    row = (time.time(), digest, len(changes))
    poll = database.execute("INSERT INTO poll VALUES (NULL, ?, ?, ?)", row).lastrowid
    database.executemany("INSERT INTO change VALUES (?, ?, ?, ?)", [(poll, *c) for c in changes])
    database.commit()
    return len(changes)


def main() -> None:
    """Poll once."""
    url, file = sys.argv[1:]
    database = sqlite3.connect(file)
    database.executescript(TABLES)
    changed = store(database, fetch(url))
    database.close()
    if changed:
        sys.stdout.write(f"{changed} models changed\n")


if __name__ == "__main__":
    main()
