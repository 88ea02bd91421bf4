"""States of a generated catalog, and the findings between two states."""

from collections.abc import Iterable
from typing import Any

from catalog.changes.diff import diff
from catalog.changes.finding import Delisted, Finding
from catalog.changes.judge import Case, judge
from catalog.changes.rules import Lifecycle
from catalog.core.paths import Attributes
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import canonical, read_strict
from tests.support.builders import AT, MISSING

FIELDS = Attributes.of(
    {
        "pricing": "price",
        "served.*.price": "price",
        "served.*.limit": "context_limit",
        "served.*.load": "quiet",
        "score": "quiet",
        "limit": "context_limit",
        "text": "description",
    }
)
TEXT = "A model that reads and writes, made for long conversations and short answers."

Rows = list[dict[str, Any]]


def row(key: str, /, **facts: Any) -> dict[str, Any]:
    """Return a row with its own creation time and without MISSING facts."""
    made = {"id": key, "created": sum(map(ord, key)) * 1009 + len(key), "text": f"{key}: {TEXT}"}
    return {name: value for name, value in (made | facts).items() if value is not MISSING}


def some(count: int, of: int = 40, /, **facts: Any) -> Rows:
    """Make `of` rows. The first `count` of them have these facts."""
    return [row(f"m{at:02}", **(facts if at < count else {})) for at in range(of)]


def state(rows: Iterable[dict[str, Any]]) -> Snapshot:
    """Make a catalog whose ids are the names."""
    models = (
        Model(each["id"], each["id"], "llm", canonical(each), description=each.get("text"))
        for each in (read_strict(canonical(each).encode()) for each in rows)
    )
    return Snapshot.of("many", AT, models)


def found(before: Rows, after: Rows, *gone: str) -> tuple[Finding, ...]:
    """Compare and judge two states. `gone` has the models removed earlier."""
    old, new = state(before), state(after)
    common = len(old.by_key.keys() & new.by_key.keys())
    left = {key: Delisted(new.by_key[key], AT, None) for key in gone}
    case = Case("many", AT, FIELDS, Lifecycle(30, "the policy"), common)
    return judge(diff(old, new, left), case)


def moved(before: Any, after: Any, field: str = "x") -> tuple[Rows, Rows]:
    """Change one field of one model of forty."""
    return some(1, **{field: before}), some(1, **{field: after})


def priced(before: Any, after: Any) -> tuple[Rows, Rows]:
    """Change one price of one model of forty."""
    sides = [{} if side is MISSING else {"prompt": side} for side in (before, after)]
    return moved({"web": "1", **sides[0]}, {"web": "1", **sides[1]}, "pricing")


def served(before: Any, after: Any) -> tuple[Rows, Rows]:
    """Change one of the two endpoints of a model."""
    other = {"at": "other", "price": 3}
    sides = (
        [other] if side is None else [{"at": "one", **side}, other] for side in (before, after)
    )
    return moved(next(sides), next(sides)[::-1], "served")


def variants(suffix: str, count: int) -> Rows:
    """Make variants of the first few models."""
    return [row(f"m{at:02}{suffix}") for at in range(count)]
