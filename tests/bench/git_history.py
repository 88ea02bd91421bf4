"""Make a git-scraped history: one file, with one commit per hourly state."""

import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

NAME = "models.json"
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def commit(repository: Path, states: Iterable[tuple[datetime, bytes]]) -> int:
    """Make a repository with one commit per new state. Return their number."""
    git = ("git", "-C", str(repository))
    repository.mkdir()
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    stream, last, count = [], b"", 0
    for at, body in states:
        if body == last:
            continue
        who = f"scraper <scraper@example.org> {int(at.timestamp())} +0000".encode()
        stream.append(b"commit refs/heads/main\ncommitter " + who + b"\ndata 6\nscrape\n")
        stream.append(b"M 100644 inline %s\ndata %d\n" % (NAME.encode(), len(body)) + body + b"\n")
        last, count = body, count + 1
    subprocess.run([*git, "fast-import", "--quiet"], input=b"".join(stream), check=True)
    subprocess.run([*git, "checkout", "--quiet", "main"], check=True)
    return count


def hourly(states: Iterable[bytes], count: int) -> list[tuple[datetime, bytes]]:
    """Take some states, an hour apart."""
    each = zip(range(count), states, strict=False)
    return [(BEGIN + number * timedelta(hours=1), state) for number, state in each]
