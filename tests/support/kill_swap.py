"""Kill the file swap of a restore at each of its lines.

The program prints the database after each kill.

The program stays single-threaded and loads everything once. Each swap is a fork of it.
"""

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from types import CodeType

from catalog.store import swap
from tests.support.kill_at_line import in_fork, run_lines

LOOKS = {"_refuse_users", "_has_open"}
"""Functions that change no file. Their lines depend on the processes of the machine."""


def swaps(code: CodeType) -> bool:
    """Return True if the code belongs to the module that swaps files."""
    return code.co_filename == swap.__file__ and code.co_name not in LOOKS


def content(file: Path) -> list[str]:
    """Return every table and row as the next process sees them."""
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


def main() -> None:
    """Swap in copies of a folder that has both files.

    The first argument names the folder.
    """
    template = Path(sys.argv[1])

    def put_back(folder: Path, kept: str = "replaced") -> object:
        new = Path(shutil.copy(folder / "kept.db", folder / "new.db"))
        return swap.swap(new, folder / "catalog.db", folder / kept, 0)

    def fresh(name: str) -> Path:
        return Path(shutil.copytree(template, template.parent / name))

    old, new = content(fresh("old") / "catalog.db"), content(template / "kept.db")
    whole = fresh("whole")
    lines = run_lines(lambda: put_back(whole), counts=swaps)
    found = []
    for line in range(1, lines + 1, 2):
        folder = fresh(str(line))
        ended = in_fork(partial(run_lines, partial(put_back, folder), line, swaps))
        is_kept = any(folder.glob("replaced"))
        left = content(folder / "catalog.db")
        which = "old" if left == old else "new" if left == new else "a mixture"
        put_back(folder, "again")
        again = content(folder / "catalog.db") == new
        found.append({"ended": ended, "left": which, "kept": is_kept, "again": again})
        shutil.rmtree(folder)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
