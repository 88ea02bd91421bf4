"""What the check of a code base can say, and how grave each is."""

from dataclasses import dataclass

from catalog.changes.change import Level


@dataclass(frozen=True, slots=True)
class CheckRule:
    """One thing that can be wrong with a use of a model; `why` is for the person who reads it."""

    id: str
    level: Level
    why: str


CHECK_RULES = {
    rule.id: rule
    for rule in (
        CheckRule(
            "refused", Level.BREAKING, "A call by this name was refused: whatever uses it fails."
        ),
        CheckRule(
            "delisted",
            Level.BREAKING,
            "The model is gone from the catalog, and nothing promises that calls still work.",
        ),
        CheckRule("retiring", Level.WARNING, "Calls by this name are about to fail."),
        CheckRule(
            "unknown", Level.WARNING, "No catalog ever had a model of this name: calls are refused."
        ),
        CheckRule(
            "limit", Level.WARNING, "The number beside the name is more than the model takes."
        ),
        CheckRule(
            "changed",
            Level.WARNING,
            "The model is not what it was when the lock was written: answers may differ.",
        ),
        CheckRule(
            "unused-ignore", Level.INFO, "A comment ignores something that is not found there."
        ),
    )
}
