"""Write each committed state of a git-scraped file as a recording.

    export.py REPOSITORY FOLDER

A history in git needs this step before `catalog import`, so it is measured with it.
"""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

NAME = "models.json"


def main() -> None:
    """Read all commits through one git process."""
    repository, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir()
    git = ("git", "-C", repository)
    log = subprocess.run(
        [*git, "log", "--format=%H %ct", "--", NAME], capture_output=True, text=True, check=True
    )
    commits = [line.split() for line in log.stdout.splitlines()]
    wanted = "".join(f"{name}:{NAME}\n" for name, _ in commits).encode()
    objects = subprocess.run(
        [*git, "cat-file", "--batch"], input=wanted, capture_output=True, check=True
    ).stdout
    place = 0
    for _, seconds in commits:
        end = objects.index(b"\n", place)
        size = int(objects[place:end].split()[-1])
        at = datetime.fromtimestamp(int(seconds), UTC)
        body = objects[end + 1 : end + 1 + size]
        (folder / f"{at:%Y-%m-%dT%H%M%SZ}.json").write_bytes(body)
        place = end + size + 2


if __name__ == "__main__":
    main()
