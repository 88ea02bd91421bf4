"""Read the findings of every model of a provider in one query.

`changelog.findings` reads those of one model, but takes as long as this.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from catalog.changes.change import PROBED_KINDS, Cancelled, Renamed, Retiring
from catalog.changes.finding import Finding
from catalog.core.strict_json import JsonText, parse
from catalog.store.changelog import FindingFilter, findings
from catalog.store.tables import ChangeRow, FindingRow, ModelVersionRow, PollRow, col, table_of

_WITH_KEY = frozenset({*PROBED_KINDS, Retiring.kind, Cancelled.kind})
"""The kinds of changes that have the key in their detail, because they have no version."""


@dataclass(frozen=True, slots=True)
class ModelFindings:
    """The numbers of findings and the former keys, by key, newest first."""

    provider: str
    numbers: Mapping[str, list[int]]
    formerly: Mapping[str, list[str]]

    def lineage(self, key: str) -> tuple[str, ...]:
        """Return a key and all earlier keys of the model."""
        keys = [key]
        for known in keys:  # the loop appends to this list
            keys += dict.fromkeys(each for each in self.formerly.get(known, ()) if each not in keys)
        return tuple(keys)

    def read(self, connection: Connection, keys: Iterable[str]) -> tuple[Finding, ...]:
        """Return the findings of a model with these keys, oldest first."""
        numbers = sorted({number for key in keys for number in self.numbers.get(key, ())})
        return findings(connection, FindingFilter(self.provider, numbers=tuple(numbers)))


def read_model_findings(connection: Connection, provider: str, snapshot: int) -> ModelFindings:
    """Return the findings of every model up to a snapshot."""
    numbers: dict[str, list[int]] = defaultdict(list)
    formerly: dict[str, list[str]] = defaultdict(list)
    change, version = table_of(ChangeRow).c, col(ModelVersionRow.key)
    query = (
        select(change.finding_id, change.kind, change.after, change.detail, version)
        .join(table_of(FindingRow), col(FindingRow.id) == change.finding_id)
        .join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
        .outerjoin(table_of(ModelVersionRow), col(ModelVersionRow.id) == change.version_id)
        .where(col(FindingRow.provider) == provider, col(PollRow.snapshot_id) <= snapshot)
        .order_by(change.id.desc())
    )
    for number, kind, after, detail, key in connection.execute(query):
        if key is not None:
            numbers[key].append(number)
        if kind == Renamed.kind:
            renamed = parse(JsonText(after))
            numbers[renamed].append(number)
            formerly[renamed].append(key)
        elif kind in _WITH_KEY and (named := parse(JsonText(detail)).get("key")) is not None:
            numbers[named].append(number)
    return ModelFindings(provider, dict(numbers), dict(formerly))
