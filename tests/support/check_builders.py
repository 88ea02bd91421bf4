"""Uses, catalogs and results for tests of `catalog check`."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from catalog.changes.finding import Level
from catalog.check import from_recordings
from catalog.check.judge import Terms, judge
from catalog.check.known import Evidence, Known, Listing, names, stretches
from catalog.check.notice import Notice
from catalog.check.result import CheckResult, Notices
from catalog.check.scan.uses import Ignore, Scanned, Use
from catalog.check.suggest import Suggestions
from catalog.core.snapshot import Snapshot
from catalog.providers.infomaniak.provider import Infomaniak
from tests.support.builders import model

TODAY = date(2026, 5, 20)
EMPTY = Evidence()
STORY = ("mixtral", "llama3", "granite", "gemma3n", "mistral3", "mistral24b", "qwen3")
"""The names of a real product's configuration."""
CODE = {
    "ai.py": f'DEFAULT_MODEL = "mixtral"\nMODELS = {list(STORY)!r}\n'.replace("'", '"'),
    "config.yaml": "provider: infomaniak\nmodel: Qwen/Qwen3-Embeding-8B\n",
}
"""The code of that product, whose default model is removed."""


def shipped() -> Listing:
    """Return the models of the shipped history."""
    return from_recordings.of_history(Infomaniak())


def day(text: str) -> datetime:
    """Return noon of a day in UTC."""
    return datetime.fromisoformat(f"{text}T12:00:00").replace(tzinfo=UTC)


def listing(*snapshots: Snapshot, evidence: Evidence = EMPTY) -> Listing:
    """Make the catalog of these states, the oldest first."""
    found = names(stretches(snapshots), Infomaniak.lifecycle, evidence)
    first, last = snapshots[0].taken_at, snapshots[-1].taken_at
    return Listing("infomaniak", first, last, found)


def use(name: str, **given: Any) -> Use:
    """Make a use, by default in app.py at line 3."""
    known: dict[str, Any] = {
        "path": "app.py",
        "line": 3,
        "column": 9,
        "place": "model",
        "kind": "use",
        "bare": name,
        "means": name,
    }
    return Use(name=name, **(known | given))


def scanned(*uses: Use, about: bool = False, ignores: tuple[Ignore, ...] = ()) -> Scanned:
    """Make a scanned file with these uses."""
    return Scanned(uses[0].path if uses else "app.py", uses, ignores, about)


def notices_of(one: Use, known: Listing, **terms: Any) -> tuple[Notice, ...]:
    """Return the notices of one counted use."""
    given: dict[str, Any] = {"suggestions": Suggestions(known), "today": TODAY}
    return judge((scanned(one),), Terms(**(given | terms)))


def outcome(*notices: Notice, **given: Any) -> CheckResult:
    """Make the result of a check."""
    files = tuple(scanned(use(each.name, path=each.path)) for each in notices)
    known: dict[str, Any] = {
        "scanned": files,
        "listing": shipped(),
        "source": "here",
        "fail_on": Level.WARNING,
    }
    return CheckResult(**({"notices": Notices(notices)} | known | given))


def write(folder: Path, files: dict[str, str]) -> None:
    """Write a code base."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def former(name: str) -> Known:
    """Return a model that was removed before the recorded history."""
    return Known(name, model("9", name), gone_before=date(2025, 8, 13), source="a test")


def known(**given: Any) -> Known:
    """Return the known facts of the model x."""
    return Known("x", model("9", "x"), **given)
