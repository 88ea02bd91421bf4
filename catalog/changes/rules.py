"""Load the rules of judgment from rules.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from catalog.changes.finding import Level
from catalog.core.strict_json import JsonText, canonical

Move = Literal[
    "lost",
    "gained",
    "lowered",
    "raised",
    "nothing",
    "zero",
    "tiny",
    "brief",
    "extended",
    "respelled",
    "relinked",
    "repointed",
    "dropped",
    "added",
    "aliased",
    "value",
    "part",
    "refused",
    "recovered",
    "over",
    "soon",
    "postponed",
    "brought forward",
    "ending",
    "gone",
    "back",
]
WITHDRAWN = "model-withdrawn"
"""The rule of a model that was listed in one answer only."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    A condition of None matches anything. `wave` is the level of a wave.
    `fires` and `do` are Markdown for the documentation: when it fires, and what to do then.
    """

    id: str
    kind: str
    level: Level
    why: str
    fires: str
    do: str
    attribute: str | None = None
    move: Move | None = None
    before: JsonText | None = None
    after: JsonText | None = None
    name_kept: bool = False
    wave: Level | None = None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The days that a removed model stays callable, and the source."""

    days: int
    ground: str


@cache
def rules() -> dict[str, Rule]:
    """Return the shipped rules by id, in matching order."""
    text = files(__package__).joinpath("rules.toml").read_text(encoding="utf-8")
    return {row["id"]: _rule(row) for row in tomllib.loads(text)["rule"]}


@cache
def rules_of(kind: str) -> tuple[Rule, ...]:
    """Return the shipped rules of one kind of change, in matching order."""
    return tuple(rule for rule in rules().values() if rule.kind == kind)


def _rule(row: dict[str, str]) -> Rule:
    return Rule(
        id=row["id"],
        kind=row["kind"],
        level=Level(row["level"]),
        why=row["why"],
        fires=row["fires"],
        do=row.get("do", "Nothing."),
        attribute=row.get("attribute"),
        move=cast("Move | None", row.get("move")),  # because a test checks the words
        before=canonical(row["from"]) if "from" in row else None,
        after=canonical(row["to"]) if "to" in row else None,
        name_kept=row.get("name") == "kept",
        wave=Level(row["wave"]) if "wave" in row else None,
    )
