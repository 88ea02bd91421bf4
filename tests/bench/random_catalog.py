"""Generate random models, and the later states of their catalog."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.builders import body, row

SHARE: Final = 0.01
"""Share of models that each change touches. At least one model changes."""
WORDS: Final = [
    "fast",
    "small",
    "large",
    "vision",
    "long",
    "context",
    "code",
    "reasoning",
    "open",
    "instruct",
    "tuned",
    "dense",
]


@dataclass
class RandomCatalog:
    """A catalog of random models. The same seed gives the same states."""

    count: int
    seed: int = 1
    rows: list[dict[str, Any]] = field(init=False)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311  # the same models each time
        self.rows = [self._row(number) for number in range(1, self.count + 1)]

    @property
    def body(self) -> bytes:
        """The answer as the provider sends it."""
        return body(*self.rows)

    def change(self) -> list[int]:
        """Change one model in a hundred. Return their positions in the list."""
        places = self.dice.sample(range(self.count), max(1, round(self.count * SHARE)))
        for place in places:
            known = self.rows[place]
            limit = self._limit(known["max_token_input"])
            self.rows[place] = known | {"max_token_input": limit, "description": self._text()}
        return places

    def states(self) -> Iterator[bytes]:
        """Yield answers without end, each with changes."""
        while True:
            yield self.body
            self.change()

    def _row(self, number: int) -> dict[str, Any]:
        name = f"maker-{number % 17}/model-{number}-{self.dice.choice(WORDS)}"
        limit = self._limit(0)
        return row(id=number, name=name, description=self._text(), max_token_input=limit)

    def _text(self) -> str:
        return " ".join(self.dice.choices(WORDS, k=8))

    def _limit(self, other_than: int) -> int:
        limit = other_than
        while limit == other_than:
            limit = self.dice.randrange(8, 512) * 1024
        return limit


def size_of(rows: list[dict[str, Any]]) -> int:
    """Return the bytes of rows as JSON, one after the other."""
    return sum(len(json.dumps(each, separators=(",", ":"))) for each in rows)
