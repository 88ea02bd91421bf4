"""A new kind of change needs only class, rule and sentence."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tests.support.shell import SECONDS, Shell

PLACES = {
    "catalog/changes/change.py": (
        'Basis = Literal["policy"',
        '''@dataclass(frozen=True, slots=True)
class Moved(OfModel):
    """A model is served from another region."""

    model: Model
    region: str
    since: datetime
    former: tuple[str, ...] = ()
    kind: ClassVar[str] = "moved"

    @property
    def identity(self) -> Identity:
        return [self.model.key, self.region]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        return {**self._head(), "region": self.region}


Basis = Literal["policy"''',
    ),
    "catalog/changes/rules.toml": (
        '[[rule]]\nid = "answers-again"',
        """[[rule]]
id = "region-changed"
kind = "moved"
level = "warning"
why = "Data may be processed in another country."
fires = "a region is named for the first time."

[[rule]]
id = "answers-again\"""",
    ),
    "catalog/report/sentences.py": (
        "        case Drift():\n",
        """        case _ if change.kind == "moved":
            return f"{name_of(change.model)} is served from {change.region}"
        case Drift():
""",
    ),
}
KINDS = ("(Updated, Restored, Added, Drift)", "(Moved, Updated, Restored, Added, Drift)")
PLAY = """
import json, sys
from datetime import UTC, datetime
from catalog.alerts.channel import Audience
from catalog.changes.change import Moved
from catalog.changes.judge import Case, judge
from catalog.changes.poll import Outcome, Poll
from catalog.core.payload import Payload
from catalog.core.snapshot import Snapshot
from catalog.providers.infomaniak.provider import Infomaniak, model
from catalog.report.json_output import finding_json
from catalog.report.sentences import sentence
from catalog.store.changelog import FindingFilter, findings
from catalog.store.database import Database
from catalog.store.record import record
at = datetime(2026, 1, 2, tzinfo=UTC)
one = model({"id": 1, "name": "alpha", "type": "llm"})
change = Moved(one, "ch-dc3", at, ("ch-dc1", "ch-dc2"))
found = judge([change], Case("infomaniak", at, Infomaniak().attributes, None))
database = Database("catalog.db")
state = Snapshot.of("infomaniak", at, [one])
with database.writing() as connection:
    answer = Payload("infomaniak", "", at, b"{}")
    poll = Poll("infomaniak", at, 5, Outcome.FIRST, answer, state, found)
    record(connection, poll, {})
with database.reading() as connection:
    (read,) = findings(connection, FindingFilter("infomaniak"))
json.dump(
    {
        "same": read.change == change,
        "fingerprint": read.fingerprint == found[0].fingerprint,
        "level": str(read.level),
        "sentence": sentence(read),
        "json": finding_json(read),
        "wanted": [Audience(models=(name,)).wants(read) for name in ("alpha", "beta")],
    },
    sys.stdout,
)
"""


@pytest.mark.long
@pytest.mark.unmeasured
def test_a_new_kind_of_change_touches_three_places(tmp_path: Path) -> None:
    """A new kind with class, rule and sentence is judged, stored, read, written and sent."""
    without = shutil.ignore_patterns("__pycache__")
    for folder in ("catalog", "migrations"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=without)
    for name, (before, after) in PLACES.items():
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert text.count(before) == 1, name
        text = text.replace(before, after).replace(*KINDS)
        (tmp_path / name).write_text(text, encoding="utf-8")
    with Shell(tmp_path, installed=True).python("-c", PLAY) as running:
        out, err = running.communicate(timeout=SECONDS)
    assert running.returncode == 0, err
    came = json.loads(out)
    written = came.pop("json")
    assert came == {
        "same": True,
        "fingerprint": True,
        "level": "warning",
        "sentence": "alpha is served from ch-dc3",
        "wanted": [True, False],
    }
    assert (written["kind"], written["model"], written["region"]) == ("moved", "alpha", "ch-dc3")
    assert written["rule"] == "region-changed"
