"""Render the overview of one catalog as Markdown regions.

Pure: the same input gives the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby

from catalog.changes.finding import Delisted, Finding
from catalog.changes.forecast import Forecast
from catalog.core.probe import Verdict
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import cut
from catalog.core.visible import NAME_LIMIT
from catalog.report import markdown
from catalog.report.annotations import Annotations, Section, Sections, label
from catalog.report.sentences import sentence

NO_MODELS = "None listed."
NOTHING = "None recorded."
LIMIT = "Max Tokens"
ANSWERS = "Answers"
STILL = "Delisted, and Still Answering"


@dataclass(frozen=True, slots=True)
class Overview:
    """The content of the document, `recent` and `delisted` newest first.

    `product_id` replaces `{product_id}` in routes. `answers` holds confirmed verdicts by name and
    route. `forecasts` holds known ends by key.
    """

    snapshot: Snapshot
    recent: tuple[Finding, ...] = ()
    delisted: tuple[Delisted, ...] = ()
    product_id: int | None = None
    answers: Mapping[str, Mapping[str, Verdict]] = field(default_factory=dict)
    forecasts: Mapping[str, Forecast] = field(default_factory=dict)


def render(overview: Overview, words: Sections, annotations: Annotations) -> Mapping[str, str]:
    """Return the text of every document region by name."""
    return _Writer(overview, words, annotations).regions()


@dataclass(frozen=True, slots=True)
class _Writer:
    overview: Overview
    words: Sections
    annotations: Annotations

    def regions(self) -> Mapping[str, str]:
        models = self.overview.snapshot.models
        known = {section.type for section in self.words.types}
        unheard = sorted({model.type for model in models} - known)
        others = (self._other(kind, [m for m in models if m.type == kind]) for kind in unheard)
        return {
            "updated": self._updated(),
            **{
                section.region: self._section(
                    section.heading, section, [m for m in models if m.type == section.type]
                )
                for section in self.words.types
            },
            "other": "\n\n".join(others),
            **{name: self._filled(text) for name, text in self.words.texts.items()},
            "changes": self._changes(),
            "delisted": self._delisted(),
        }

    def _updated(self) -> str:
        day = _day(self.overview.snapshot.taken_at)
        return f"**Last Updated:** {day} (from {markdown.code(self.words.source)})"

    def _other(self, kind: str, models: Sequence[Model]) -> str:
        heading = self.words.other.heading.replace("{type}", markdown.code(kind))
        return self._section(heading, self.words.other, models)

    def _section(self, heading: str, section: Section, models: Sequence[Model]) -> str:
        above = self._routes(models) if section.note is None else self._filled(section.note)
        parts = [f"## {heading}", above]
        if section.split:
            parts += self._groups(section, models)
        else:
            parts.append(self._table(section, models))
        return "\n\n".join(part for part in parts if part)

    def _groups(self, section: Section, models: Sequence[Model]) -> list[str]:
        beta = [model for model in models if model.beta]
        rest = [model for model in models if not model.beta]
        stable = [model for model in rest if model.status == self.words.ready]
        other = [model for model in rest if model.status != self.words.ready]
        parts = ["### Beta Models", self._table(section, beta)]
        parts += ["### Stable Models", self._table(section, stable)]
        return parts + (["### Other Models", self._table(section, other)] if other else [])

    def _table(self, section: Section, models: Sequence[Model]) -> str:
        if not models:
            return NO_MODELS
        limits = section.limits or any(model.context_limit is not None for model in models)
        called = bool(self.overview.answers)
        head = ["Model Name", section.id_title, "Description", *[LIMIT] * limits, "Status"]
        head += [ANSWERS] * called
        rows = [
            [
                *self._names(model),
                *[markdown.number(model.context_limit)] * limits,
                self._status(model),
                *[self._answers(model)] * called,
            ]
            for model in models
        ]
        return markdown.table(head, rows, right=[LIMIT])

    def _names(self, model: Model) -> list[str]:
        named = label(model, self.annotations)
        description = markdown.ABSENT if named.description is None else named.description
        return [
            markdown.text(cut(named.title, NAME_LIMIT)),
            markdown.code_cell(cut(model.name, NAME_LIMIT)),
            markdown.text(description),
        ]

    def _status(self, model: Model) -> str:
        expected = self.overview.forecasts.get(model.key)
        status = self._status_word(model)
        if expected is None:
            return status
        beside = "Until" if status == markdown.ABSENT else f"{status}, until"
        return f"{beside} {_with_source(expected)}"

    def _status_word(self, model: Model) -> str:
        if model.beta:
            return "Beta"
        if model.status is None:
            return markdown.ABSENT
        return markdown.text(self.words.status.get(model.status, model.status))

    def _answers(self, model: Model) -> str:
        verdicts = self.overview.answers.get(model.name, {})
        on = [route for route, verdict in verdicts.items() if verdict is Verdict.ANSWERS]
        if on or not verdicts:
            return ", ".join(map(markdown.code_cell, on)) or markdown.ABSENT
        names = sorted(set(verdicts.values()))
        return "No" if names == [Verdict.REFUSED] else f"No: {', '.join(names)}"

    def _routes(self, models: Iterable[Model]) -> str:
        served: dict[str | None, list[str]] = {}
        for model in models:
            served.setdefault(model.route, []).append(model.name)
        calls = {route: self._call(route) for route in served if route is not None}
        if len(served) == 1 and calls:
            return f"**Endpoint:** {next(iter(calls.values()))}"
        lines = [
            f"- {call} for {', '.join(map(markdown.code, served[route]))}"
            for route, call in calls.items()
        ]
        return "\n".join(["**Endpoints:**", "", *lines]) if lines else ""

    def _call(self, route: str) -> str:
        return markdown.code(f"{self.words.method} {self._filled(route)}")

    def _filled(self, text: str) -> str:
        product_id = self.overview.product_id
        filled = text if product_id is None else text.replace("{product_id}", str(product_id))
        return filled.strip()

    def _changes(self) -> str:
        parts = ["## Recent Changes"]
        for day, findings in groupby(self.overview.recent, key=lambda finding: _day(finding.at)):
            lines = [f"- **{each.level}:** {markdown.text(sentence(each))}" for each in findings]
            parts += [f"### {day}", "\n".join(lines)]
        return "\n\n".join(parts if self.overview.recent else [*parts, NOTHING])

    def _delisted(self) -> str:
        parts = ["## Delisted Models", NOTHING]
        if self.overview.delisted:
            head = ["Model Name", "Model ID", "Type", "Gone Since", "Callable Until at Least"]
            rows = [self._gone(each) for each in self.overview.delisted]
            parts[1:] = [self._filled(self.words.delisted), markdown.table(head, rows)]
        still = [each.model for each in self.overview.delisted if self._still_answers(each.model)]
        if still:
            head = ["Model Name", "Model ID", "Type", ANSWERS]
            rows = [
                [*self._names(model)[:2], markdown.text(model.type), self._answers(model)]
                for model in still
            ]
            parts += [f"### {STILL}", markdown.table(head, rows)]
        return "\n\n".join(parts)

    def _still_answers(self, model: Model) -> bool:
        return Verdict.ANSWERS in self.overview.answers.get(model.name, {}).values()

    def _gone(self, gone: Delisted) -> list[str]:
        title, name, _ = self._names(gone.model)
        until = markdown.ABSENT if gone.callable_until is None else str(gone.callable_until)
        expected = self.overview.forecasts.get(gone.model.key)
        if expected is not None:
            until = str(expected.until) if expected.basis == "policy" else _with_source(expected)
        return [title, name, markdown.text(gone.model.type), str(_day(gone.gone_since)), until]


def _with_source(forecast: Forecast) -> str:
    """Return a last day and its source, if not the policy."""
    return f"{forecast.until} ({forecast.basis}: {markdown.text(forecast.ground)})"


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
