"""Measure the web part on two stores, and write its tables.

    python -m tests.bench.web DECADE MANY [SECONDS]

DECADE is made by `tests.bench.decade`, MANY by `tests.bench.web_store`. The load runs on copies.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.result import megabytes, seconds
from tests.support.checkout import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- web:begin -->", "<!-- web:end -->"
ROUNDS = "3"


def p95(values: Iterable[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]


def routes_table(stores: Mapping[str, list[dict[str, Any]]]) -> str:
    """Return the CPU time of each route, made anew and from memory."""
    heads = [f"{name}, {how}" for name in stores for how in ("made", "from memory")]
    lines = [f"| Route | {' | '.join(heads)} |", f"| --- |{' --- |' * len(heads)}"]
    for route in dict.fromkeys(each["route"] for found in stores.values() for each in found):
        cells = [
            seconds(p95(e["cpu"] for e in found if (e["route"], e["cached"]) == (route, cached)))
            for found in stores.values()
            for cached in (False, True)
        ]
        lines.append(f"| `{route}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def load_table(loads: Mapping[str, dict[str, Any]]) -> str:
    """Return the figures of the load on each store."""
    rows = {
        "requests a second": lambda it: f"{it['rate']:.0f}",
        "errors": lambda it: str(sum(it["errors"].values())),
        "p50": lambda it: seconds(it["p50"]),
        "p95": lambda it: seconds(it["p95"]),
        "p99": lambda it: seconds(it["p99"]),
        "cores of the server": lambda it: f"{it['cpu']:.2f}",
        "peak memory": lambda it: megabytes(it["memory"]),
        "a poll without load, median": lambda it: f"{it['alone']:.0f} ms",
        "a poll under load, median": lambda it: f"{it['busy']:.0f} ms",
    }
    lines = [f"| Load | {' | '.join(loads)} |", f"| --- |{' --- |' * len(loads)}"]
    lines += [
        f"| {name} | {' | '.join(map(show, loads.values()))} |" for name, show in rows.items()
    ]
    return "\n".join(lines)


def write(text: str, page: Path = PAGE) -> None:
    """Replace the tables in docs/benchmarks.md."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def _run(program: str, *words: str | Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", f"tests.bench.{program}", *words]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in ended.stdout.splitlines()]


def main(words: list[str]) -> None:
    """Measure both stores, and write the page."""
    stores = {"ten years, 500 models": Path(words[0]), "3,000 models": Path(words[1])}
    routes = {name: _run("web_routes", file, ROUNDS) for name, file in stores.items()}
    loads = {}
    with TemporaryDirectory(prefix="catalog-web-") as place:
        for name, file in stores.items():
            copied = Path(shutil.copy(file, place))
            (loads[name],) = _run("web_load", copied, words[2] if words[2:] else "60")
    write(f"{routes_table(routes)}\n\n{load_table(loads)}")


if __name__ == "__main__":
    main(sys.argv[1:])
