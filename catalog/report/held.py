"""Describe a held answer: the missing models, and how to accept it."""

from collections.abc import Sequence

from catalog.changes.change import Change
from catalog.changes.hold import Release, otherwise
from catalog.core.clock import stamp
from catalog.core.text import count, examples

HELD = "the answer is held, so it is not applied: "
"""The beginning of the error. It explains the word `held`."""
SHOWN = 10
"""The number of models that are named. The others are counted."""


def reason(why: str, missing: Sequence[str], changes: Sequence[Change]) -> str:
    """Return why an answer is held, with missing models and other changes."""
    named = f": {examples(missing, SHOWN)}" if missing else ""
    other = ", ".join(
        f"{count(len(names), 'model')} {word} ({examples(names)})"
        for word, names in otherwise(changes).items()
    )
    return f"{why}{named}{f'; otherwise {other}' if other else ''}"


def way_out(release: Release) -> str:
    """Return the commands that check and accept a held answer.

    The last sentence is the time from which it is accepted without a command.
    """
    return f"{look(release.provider)} {by_itself(release)}"


def look(provider: str) -> str:
    """Return the commands that accept a held answer of this provider.

    Without a name they accept the held answers of all providers.
    """
    sync = f"catalog sync --provider {provider}" if provider else "catalog sync"
    return f"Look first: `{sync} --dry-run --accept`. If it is right: `{sync} --accept`."


def by_itself(release: Release) -> str:
    """Return when a held answer is accepted without a command."""
    polls = count(release.polls, "more poll")
    lack = "lacks" if release.polls == 1 else "lack"
    when = f"not before {stamp(release.at)}"
    return f"It is accepted without a command after {polls} that {lack} the same models, {when}."
