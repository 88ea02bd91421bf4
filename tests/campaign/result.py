"""A line of the campaign's table: a fault compared with no fault."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from catalog.core.text import count
from tests.campaign.history import FindingCounts, Left, left
from tests.campaign.stage import Stage
from tests.campaign.worker import Came

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one fault.

    `wrong` lists each broken promise, and `broken` adds found secrets. `from_answer` counts changes
    in the faulty answer itself. `memory` is in bytes, `longest` in seconds. `untried` is the reason
    if this machine cannot simulate the fault.
    """

    fault: str
    outcomes: Counter[str] = field(default_factory=Counter)
    reported: int = 0
    missed: int = 0
    false: int = 0
    from_answer: int = 0
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
        false = f"{self.false}" + f" (+ {self.from_answer} from the answer itself)" * bool(
            self.from_answer
        )
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
    """Count the outcomes of passes."""
    return Counter(each.label for each in came)


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
        from_answer=more if believed else 0,
        repeated=now.repeated,
        memory=max(each.memory for each in came),
        longest=max(each.seconds for each in came),
        secrets=stage.secrets_found(),
        wrong=tuple(wrong),
    )


def distance(undisturbed: Left, now: Left, *, whenever: bool = False) -> tuple[int, int]:
    """Count missing and extra findings in the store or the worst channel.

    A finding belongs to its day, unless `whenever` is set.
    """
    pairs: list[tuple[FindingCounts, FindingCounts]] = [(undisturbed.found, now.found)]
    pairs += [(undisturbed.received[name], now.received[name]) for name in undisturbed.received]
    if whenever:
        pairs = [(on_no_day(wanted), on_no_day(given)) for wanted, given in pairs]
    missed = max((wanted - given).total() for wanted, given in pairs)
    return missed, max((given - wanted).total() for wanted, given in pairs)


def on_no_day(counts: FindingCounts) -> FindingCounts:
    """Count findings, whatever their day."""
    counted: FindingCounts = Counter()
    for (fingerprint, _), times in counts.items():
        counted[fingerprint, ""] += times
    return counted


def differences(undisturbed: Left, now: Left, *, believed: bool = False) -> list[str]:
    """List the broken promises: differences from a run without faults."""
    missed, more = distance(undisturbed, now, whenever=believed)
    wrong = [*now.bad, *[f"{missed} missed"] * bool(missed)]
    wrong += [f"{now.repeated} received twice"] * bool(now.repeated)
    wrong += ["the current state differs"] * (undisturbed.state != now.state)
    if not believed:
        wrong += [f"{more} false"] * bool(more)
        names = [name for name, rows in undisturbed.tables.items() if rows != now.tables[name]]
        wrong += [f"the table of {name} differs" for name in names]
        wrong += ["the document differs"] * (undisturbed.document != now.document)
    return wrong
