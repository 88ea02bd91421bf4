"""Kill passes at random moments, and compare with passes without kills."""

import json
import signal
import sqlite3
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from catalog.providers.recordings import Recording, find
from tests.campaign.history import START, verified
from tests.campaign.result import Result, outcomes
from tests.campaign.scenario import Context
from tests.campaign.stage import Stage
from tests.support.builders import body, row

HOUR = timedelta(hours=1)
MODELS = 12
EVERY_FOURTH = 4
SPARE = 20
LAST = 60
"""The number of latest passes that give the usual length of a pass."""
KEPT = {
    "snapshot": "*",
    "model_version": "*",
    "finding": "id, provider, rule, level, fingerprint, callable_until, ground",
    "change": "*",
    "payload": "sha256",
    "delivery": "finding_id, channel, message_id, state",
}
"""All tables but the polls, because a killed pass can leave a poll or none."""
_PENDING = "SELECT DISTINCT message_id FROM delivery WHERE state = 'owed'"


def states(folder: Path, count: int) -> tuple[Recording, ...]:
    """Return states of a catalog with a changed description each.

    Some also have a changed name.
    """
    folder.mkdir()
    for number in range(count):
        rows = [
            row(id=key, name=f"model-{key}", description=f"As of {(number + key) // MODELS}")
            for key in range(1, MODELS + 1)
        ]
        if number % EVERY_FOURTH == 0:
            rows.append(row(id=100 + number % 3, name=f"guest-{number % 3}"))
        taken = START + number * HOUR
        (folder / f"{taken:%Y-%m-%dT%H%M%SZ}.json").write_bytes(body(*rows))
    return find(folder)


@dataclass
class Lanes:
    """A folder whose passes are killed, and one without kills."""

    killed: Stage
    spared: Stage
    dice: Random
    lengths: list[float] = field(default_factory=list)
    unnoted: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    kills: int = 0

    def step(self, number: int) -> None:
        """Kill a pass at a new state, repeat it, and compare folders."""
        at, usual = START + number * HOUR, statistics.median(self.lengths[-LAST:])
        self.lengths.append(self.spared.run(at).seconds)
        # A pass that ended before its kill does not count as killed.
        came = self.killed.run(at, kill_after=self.dice.uniform(0, usual))
        self.kills += came.ended == -signal.SIGKILL
        # A receiver may still accept a message that was sent before the kill.
        self.unnoted |= _pending(self.killed.database)
        if self.killed.run(at).ended:
            self.wrong.append(f"the pass after kill {self.kills} broke off")
        if _stored(self.killed) != _stored(self.spared):
            self.wrong.append(f"kill {self.kills}: the store or the document differs")
        for stage in (self.killed, self.spared):
            stage.provider.advance()


def killed_passes(count: int, context: Context) -> Result:
    """Kill passes at random moments, each at a new state."""
    recorded = states(context.folder / "states-of-kills", 2 * count + SPARE)
    with ExitStack() as stack:
        killed = stack.enter_context(context.stage("killed", recorded))
        spared = stack.enter_context(context.stage("beside-killed", recorded))
        lanes = Lanes(killed, spared, context.dice)
        for stage in (lanes.killed, lanes.spared):
            lanes.lengths.append(stage.run(START).seconds)
            stage.provider.advance()
        for number in range(1, len(recorded)):
            if lanes.kills < count:
                lanes.step(number)
        if lanes.kills < count:
            lanes.wrong.append(f"only {lanes.kills} of {count} kills struck")
        return _result(lanes)


def _result(lanes: Lanes) -> Result:
    stage, wrong = lanes.killed, list(lanes.wrong)
    received, wanted = set(stage.taken), set(lanes.spared.taken)
    ids = Counter(message for _, message, _ in stage.taken)
    repeated = {message for message, times in ids.items() if times > 1}
    wrong += verified(stage.database)
    wrong += ["a noted message is repeated"] * bool(repeated - lanes.unnoted)
    wrong += ["a message stays pending"] * bool(
        _pending(stage.database) | _pending(lanes.spared.database)
    )
    wrong += ["repeated without a kill"] * (len(lanes.spared.taken) > len(wanted))
    missed, false = len(wanted - received), len(received - wanted)
    wrong += [f"{missed} missed"] * bool(missed) + [f"{false} false"] * bool(false)
    note = f"{lanes.kills:,} killed"
    # A kill cuts off one message at most, and the pass after it sends it.
    note += f"; {len(repeated)} of them between the receiver's yes and our note" * bool(repeated)
    return Result(
        fault="killed within a pass",
        outcomes=outcomes(stage.came),
        reported=_count(stage),
        missed=missed,
        false=false,
        repeated=ids.total() - len(ids),
        memory=max(each.memory for each in stage.came),
        longest=max(each.seconds for each in stage.came),
        secrets=stage.secrets_found(),
        wrong=tuple(wrong),
        note=note,
    )


def _count(stage: Stage) -> int:
    """Count the changes that one channel received, each message once."""
    received = {each.headers["webhook-id"]: each.body for each in stage.receivers.taken}
    return sum(len(json.loads(text)["data"]["changes"]) for text in received.values()) // 2


def _pending(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as database:
        return {message for (message,) in database.execute(_PENDING)}


def _stored(stage: Stage) -> dict[str, Sequence[Any]]:
    """Read the stored rows and the document."""
    found: dict[str, Sequence[Any]] = defaultdict(list)
    with closing(sqlite3.connect(stage.database)) as database:
        for table, columns in KEPT.items():
            query = f"SELECT {columns} FROM {table} ORDER BY 1, 2"  # noqa: S608  # both are ours
            if columns == "sha256":
                query = query.removesuffix(", 2")
            found[table] = database.execute(query).fetchall()
    # A missing document counts as empty, because the next pass writes it.
    found["document"] = stage.document.read_bytes() if stage.document.exists() else b""
    return found
