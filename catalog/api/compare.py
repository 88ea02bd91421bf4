"""Compare two states of a catalog, and judge their differences."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.changes.aliases import answering_models
from catalog.changes.announced import announcements
from catalog.changes.diff import diff
from catalog.changes.finding import Delisted, Finding, Level
from catalog.changes.forecast import Evidence
from catalog.changes.judge import Case, judge
from catalog.changes.listed_ends import compare_ends, with_successors
from catalog.core.payload import Drift, Refused
from catalog.core.snapshot import Snapshot
from catalog.providers.provider import Provider
from catalog.providers.recordings import read_payload

REPEATED = {"row repeated", "key repeated"}
NONE_GONE: Mapping[str, Delisted] = {}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison, with a file's bad and repeated rows."""

    snapshot: Snapshot
    refused: tuple[Refused, ...] = ()
    repeated: tuple[Drift, ...] = ()


def read_side(path: Path, provider: Provider) -> Side:
    """Return the state in a payload file, or raise PayloadInvalid or NotFound."""
    from catalog.providers.listing import listed  # loads the contract

    found = listed(read_payload(path, provider), provider)
    repeated = tuple(each for each in found.drift if each.what in REPEATED)
    return Side(found.snapshot, found.refused, repeated)


def comparable(one: Side, other: Side) -> tuple[Snapshot, Snapshot]:
    """Return both snapshots, without differences that come from bad rows.

    A model whose row is bad on one side is taken from the other, so that it is no difference.
    """
    if not (one.refused or other.refused):
        return one.snapshot, other.snapshot
    from catalog.providers.listing import kept

    before, _ = kept(one.snapshot, one.refused, other.snapshot, {})
    after, _ = kept(other.snapshot, other.refused, one.snapshot, {})
    return before, replace(after, number=other.snapshot.number)


def compare(
    before: Snapshot,
    after: Snapshot,
    provider: Provider,
    levels: Mapping[str, Level],
    gone: Mapping[str, Delisted] = NONE_GONE,
) -> tuple[Finding, ...]:
    """Return the judged differences of two snapshots, most severe first.

    `levels` are those of the settings, by rule. `gone` has the models removed by `after`, with the
    end date that was reported when each was removed.
    """
    old, new = (announcements(each.models, provider.announced) for each in (before, after))
    evidence = Evidence(stated=old)
    ends = compare_ends(before, after, old, new)
    changes = with_successors(diff(before, after), evidence)
    case = Case(
        provider=provider.name,
        at=after.taken_at,
        attributes=provider.attributes,
        lifecycle=provider.lifecycle,
        common=len(before.by_key.keys() & after.by_key.keys()),
        levels=levels,
        evidence=evidence,
        statuses=provider.statuses,
        ending=frozenset(each.key for each in ends),
        answering=answering_models(changes, after, provider.attributes),
    )
    found = judge((*changes, *ends), case)
    return tuple(replace(_promised(each, gone), snapshot=after.number) for each in found)


def _promised(finding: Finding, gone: Mapping[str, Delisted]) -> Finding:
    """Replace the end date of a removal with the stored one.

    Without a stored one, it has only a day from the provider's list, because the comparison knows
    no other source.
    """
    if finding.change.kind == "retiring" or (finding.basis == "announced" and finding.is_wave):
        return finding
    left = gone.get(finding.models[0].key) if len(finding.models) == 1 else None
    if left is None or finding.change.kind != "removed":
        if finding.basis in {"announced", None}:
            return finding
        return replace(finding, callable_until=None, basis=None, ground=None)
    return replace(
        finding, callable_until=left.callable_until, basis=left.basis, ground=left.ground
    )
