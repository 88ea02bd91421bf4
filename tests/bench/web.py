"""Measure the web part on two stores, as Markdown tables."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.bench.bench import Scale
from tests.bench.result import megabytes, seconds
from tests.support.checkout import ROOT

MOST, MOST_OF_LIST = 0.060, 0.150
"""The CPU seconds to reach for an answer that is made, and for one that is a list."""
LISTS = ("models", "changes", "changes/MONTH", "compare", "diff", "calendar", "calendar.ics")


def p95(values: Iterable[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]


def routes_table(stores: Mapping[str, list[dict[str, Any]]]) -> str:
    """Return the CPU time of each route, made again and from memory."""
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


def missed(stores: Mapping[str, list[dict[str, Any]]]) -> str:
    """Return the routes of each store that take too long."""
    lines = []
    for name, found in stores.items():
        made = [each for each in found if not each["cached"]]
        took = {
            route: p95(each["cpu"] for each in made if each["route"] == route)
            for route in dict.fromkeys(each["route"] for each in made)
        }
        over = [f"`{route}`" for route, cpu in took.items() if cpu > most(route)]
        lines.append(f"- Over that with {name}: {', '.join(over) or 'none'}.")
    wanted = f"{seconds(MOST)}, and {seconds(MOST_OF_LIST)} for a list"
    return "\n".join([f"To reach are {wanted} of models or changes:\n", *lines])


def most(route: str) -> float:
    """Return the CPU seconds to reach for a route."""
    is_list = route.removeprefix("/api/v1").removeprefix("/") in LISTS
    return MOST_OF_LIST if is_list else MOST


def load_table(loads: Mapping[str, dict[str, Any]]) -> str:
    """Return the figures of the load on each store."""
    rows = {
        "requests a second": lambda it: f"{it['rate']:.0f}",
        "errors": lambda it: str(sum(it["errors"].values())),
        "p50": lambda it: seconds(it["p50"]),
        "p95": lambda it: seconds(it["p95"]),
        "p99": lambda it: seconds(it["p99"]),
        "cores of the server": lambda it: f"{it['cpu']:.2f}",
        "cores of the client": lambda it: f"{it['client']:.2f}",
        "peak memory of the server": lambda it: megabytes(it["memory"]),
        "a poll without load, median": lambda it: f"{it['alone']:.0f} ms",
        # nan if a short load ended before a poll did
        "a poll under load, median": lambda it: f"{it['busy']:.0f} ms",
    }
    lines = [f"| Load | {' | '.join(loads)} |", f"| --- |{' --- |' * len(loads)}"]
    lines += [
        f"| {name} | {' | '.join(map(show, loads.values()))} |" for name, show in rows.items()
    ]
    return "\n".join(lines)


def _run(program: str, *words: str | Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", f"tests.bench.{program}", *words]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in ended.stdout.splitlines()]


def tables(folder: Path, decade: Path, scale: Scale) -> str:
    """Measure both stores, and return the tables. The load runs on copies."""
    many = folder / "many.db"
    _run("web_store", many, str(scale.models))
    stores = {"ten years, 500 models": decade, f"{scale.models:,} models": many}
    routes = {name: _run("web_routes", file, str(scale.requests)) for name, file in stores.items()}
    loads = {}
    for name, file in stores.items():
        copied = Path(shutil.copy(file, folder / "load.db"))
        (loads[name],) = _run("web_load", copied, str(scale.load))
    return "\n\n".join([routes_table(routes), missed(routes), load_table(loads)])
