"""Measure time and memory of whole processes, and compare them by rounds."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

LAUNCH = Path(__file__).parent / "launch.py"


@dataclass(frozen=True, slots=True)
class Took:
    """The cost of a run.

    It has CPU and wall seconds, and the peak bytes of the largest process.
    """

    cpu: float
    wall: float = 0.0
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """A command line with its working folder and whole environment."""

    words: tuple[str, ...]
    folder: Path
    environ: Mapping[str, str]

    def __call__(self) -> Took:
        """Run the command and return its cost.

        A failed command raises RuntimeError with its output.
        """
        output = self.folder / "output.txt"
        ended = subprocess.run(
            [sys.executable, "-I", "-S", LAUNCH, output, *self.words],
            cwd=self.folder,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        cpu, wall, memory, code = ended.stdout.split()
        if int(code):
            text = output.read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"{' '.join(self.words)} ended with {code}:\n{text}")
        return Took(float(cpu), float(wall), int(memory))


Run = Callable[[], Took]


def in_turn(
    runs: Mapping[str, Run], rounds: int, prepare: Callable[[], object], *, warm_up: int = 1
) -> dict[str, list[Took]]:
    """Run all commands in each round, starting with another one each time.

    `prepare` runs before each command.

    The first `warm_up` rounds are not counted.
    """
    came: dict[str, list[Took]] = {name: [] for name in runs}
    names = list(runs)
    for number in range(rounds + warm_up):
        prepare()
        begin = number % len(names)
        for name in names[begin:] + names[:begin]:
            took = runs[name]()
            if number >= warm_up:
                came[name].append(took)
    return came


def cpu(came: list[Took]) -> float:
    """Return the median CPU seconds."""
    return median(each.cpu for each in came)


def ratio(ours: list[Took], theirs: list[Took]) -> float:
    """Return the median ratio of CPU seconds over all rounds."""
    return median(a.cpu / b.cpu for a, b in zip(ours, theirs, strict=True))
