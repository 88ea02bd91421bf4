"""A line of the campaign's table: the result of a fault compared with an undisturbed run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from catalog.core.text import count
from tests.campaign.history import Left, Told, left
from tests.campaign.stage import Stage
from tests.campaign.worker import Came

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one fault.

    `wrong` lists each broken promise, and `broken` adds found secrets. `said` counts changes that
    the faulty answer itself contained. `memory` is in bytes, `longest` in seconds. `untried` is the
    reason if this machine cannot play the fault.
    """

    fault: str
    outcomes: Counter[str] = field(default_factory=Counter)
    reported: int = 0
    missed: int = 0
    false: int = 0
    said: int = 0
    repeated: int = 0
    memory: int = 0
    longest: float = 0.0
    secrets: int = 0
    wrong: tuple[str, ...] = ()
    note: str = ""
    untried: str = ""

    @property
    def broken(self) -> tuple[str, ...]:
        """The promises that were broken."""
        places = count(self.secrets, "place")
        return (*self.wrong, *[f"secrets in {places}"] * bool(self.secrets))

    @property
    def cells(self) -> tuple[str, ...]:
        """The line of the table."""
        if self.untried:
            return (self.fault, *["–"] * (len(HEADS) - 2), f"not tried here: {self.untried}")
        outcomes = ", ".join(f"{times} {name}" for name, times in self.outcomes.most_common())
        false = f"{self.false}" + f" (+ {self.said} that the answer said)" * bool(self.said)
        numbers = (self.reported, self.missed, false, self.repeated)
        memory = f"{self.memory / MEGABYTE:.0f} MB" if self.memory else "–"
        longest = f"{self.longest:.1f} s" if self.longest else "–"
        verdict = "; ".join(self.broken) or "kept"
        verdict += f"; {self.note}" * bool(self.note)
        polls = f"{self.outcomes.total():,}"
        cells = (self.fault, polls, outcomes, *map(str, numbers), memory, longest)
        return (*cells, str(self.secrets), verdict)


HEADS = (
    *("Fault", "Polls", "Outcomes", "Changes reported", "Missed", "False", "Messages repeated"),
    *("Memory peak", "Longest pass", "Secrets seen", "Promise"),
)


def table(results: Sequence[Result]) -> str:
    """Write the lines as a Markdown table."""
    lines = [HEADS, tuple("---" for _ in HEADS), *(result.cells for result in results)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def outcomes(came: Sequence[Came]) -> Counter[str]:
    """Count how passes ended."""
    return Counter(each.told for each in came)


def compare(
    fault: str, stage: Stage, undisturbed: Left, *, believed: bool = False, expected: str = ""
) -> Result:
    """Compare a run with an undisturbed one.

    `believed` is for faulty answers that look true: their changes are reported and stay in the
    history, and all else must be the same. Without the outcome `expected` the fault did not happen.
    """
    came, now = stage.came, left(stage)
    missed, more = distance(undisturbed, now, whenever=believed)
    counted = outcomes(came)
    wrong = differences(undisturbed, now, believed=believed)
    wrong += ["a pass broke off"] * bool(counted["broken off"])
    wrong += [f"never {expected}"] * (expected not in {*counted, ""})
    return Result(
        fault=fault,
        outcomes=counted,
        reported=now.found.total(),
        missed=missed,
        false=0 if believed else more,
        said=more if believed else 0,
        repeated=now.repeated,
        memory=max(each.memory for each in came),
        longest=max(each.seconds for each in came),
        secrets=stage.secrets_found(),
        wrong=tuple(wrong),
    )


def distance(undisturbed: Left, now: Left, *, whenever: bool = False) -> tuple[int, int]:
    """Count missing and extra findings, in the store or the channel with the most.

    A finding belongs to its day, unless `whenever` is set.
    """
    pairs: list[tuple[Told, Told]] = [(undisturbed.found, now.found)]
    pairs += [(undisturbed.told[name], now.told[name]) for name in undisturbed.told]
    if whenever:
        pairs = [(on_no_day(wanted), on_no_day(given)) for wanted, given in pairs]
    missed = max((wanted - given).total() for wanted, given in pairs)
    return missed, max((given - wanted).total() for wanted, given in pairs)


def on_no_day(told: Told) -> Told:
    """Count findings without their days."""
    counted: Told = Counter()
    for (fingerprint, _), times in told.items():
        counted[fingerprint, ""] += times
    return counted


def differences(undisturbed: Left, now: Left, *, believed: bool = False) -> list[str]:
    """List the differences from an undisturbed run that break the promise."""
    missed, more = distance(undisturbed, now, whenever=believed)
    wrong = [*now.bad, *[f"{missed} missed"] * bool(missed)]
    wrong += [f"{now.repeated} told twice"] * bool(now.repeated)
    wrong += ["the state in force differs"] * (undisturbed.state != now.state)
    if not believed:
        wrong += [f"{more} false"] * bool(more)
        names = [name for name, rows in undisturbed.tables.items() if rows != now.tables[name]]
        wrong += [f"the table of {name} differs" for name in names]
        wrong += ["the document differs"] * (undisturbed.document != now.document)
    return wrong
