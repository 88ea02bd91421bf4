"""Render the document of a snapshot from the store, and write it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.changes.announced import Reads, silent
from catalog.changes.finding import REPORTED, Finding
from catalog.changes.poll import Published
from catalog.changes.rules import Lifecycle
from catalog.core.errors import MarkersMissing
from catalog.core.probe import Verdict
from catalog.core.snapshot import Snapshot
from catalog.report.annotations import Annotations, Sections
from catalog.report.overview import Overview, render
from catalog.report.write import Plan, compose, plan, plan_appended, plan_spared, write
from catalog.store import changelog, forecasts, history, probes
from catalog.store.changelog import FindingFilter
from catalog.store.database import Transaction

MODEL_KINDS = ("added", "removed", "restored", "renamed", "updated", "cancelled")


@dataclass(frozen=True, slots=True)
class Publisher:
    """The settings of one provider's document.

    `recent` is the minimum number of findings to show. The document shows either all findings of a
    snapshot or none. `announced` reads the ends that the list announces. With `spares`, a document
    without markers is not changed, because the user did not name it.
    """

    provider: str
    lifecycle: Lifecycle | None
    path: Path
    template: str
    sections: Sections
    annotations: Annotations
    product_id: int | None
    recent: int
    announced: Reads = silent
    spares: bool = False

    def overview(
        self, connection: Transaction, number: int, snapshot: Snapshot | None = None
    ) -> Overview:
        """Read the content of the document as of a snapshot.

        `snapshot` is that snapshot, if the caller has it.
        """
        wanted = FindingFilter(
            self.provider,
            up_to_snapshot=number,
            levels=REPORTED,
            kinds=MODEL_KINDS,
            stated=True,
        )
        oldest = changelog.snapshot_with(connection, wanted, self.recent)
        findings = changelog.findings(connection, replace(wanted, from_snapshot=oldest))
        delisted = history.delisted(connection, self.provider, number)
        snapshot = snapshot or history.snapshot(connection, number)
        known, _ = forecasts.known(connection, snapshot, delisted, self.lifecycle, self.announced)
        return Overview(
            snapshot=snapshot,
            recent=tuple(sorted(findings, key=_snapshot, reverse=True)) if self.recent else (),
            delisted=delisted,
            forecasts={end.model.key: end.forecast for end in known},
            product_id=self.product_id,
            answers=self._answers(connection, number),
        )

    def _answers(self, connection: Transaction, number: int) -> Mapping[str, Mapping[str, Verdict]]:
        """Return the verdicts of model calls, by model and route.

        Only the newest snapshot has verdicts, because calls describe the present.
        """
        if history.number_at(connection, self.provider, None) != number:
            return {}
        answers: dict[str, dict[str, Verdict]] = {}
        for (name, route), cell in probes.cells(connection, self.provider).items():
            if cell.verdict is not None:
                answers.setdefault(name, {})[route] = cell.verdict
        return answers

    def compose(self, overview: Overview) -> str:
        """Return the document as text, rendered into the template."""
        return compose(self.template, self._regions(overview))

    def plan(
        self,
        overview: Overview,
        *,
        path: Path | None = None,
        force: bool = False,
        appends: bool = False,
    ) -> Plan:
        """Return the planned document. Raise DocumentError if it cannot be written."""
        planned, regions = plan_appended if appends else plan, self._regions(overview)
        return planned(path or self.path, self.template, regions, force=force)

    def publish(self, overview: Overview, *, dry_run: bool = False) -> Published:
        """Write the document if it differs. Raise DocumentError."""
        regions = self._regions(overview)
        try:
            wanted = plan(self.path, self.template, regions, proved=False)
        except MarkersMissing:
            if not self.spares:
                raise
            wanted = plan_spared(self.path)
        if not dry_run:
            write(wanted)
        return Published(self.path, wanted.differs, wanted.digest, wanted.has_markers)

    def _regions(self, overview: Overview) -> Mapping[str, str]:
        return render(overview, self.sections, self.annotations)


def _snapshot(finding: Finding) -> int:
    return finding.snapshot or 0
