"""Forms of answers in tests/answers, and the proposals for them."""

import json
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from catalog.config.providers import ListSettings
from catalog.core.payload import ValidPayload
from catalog.core.strict_json import Json
from catalog.providers.described.description import Description, read
from catalog.providers.described.infer.proposal import Proposal, infer
from catalog.providers.described.provider import Described
from catalog.providers.validate import validate
from catalog.report import annotations
from catalog.report.overview import Overview, render
from tests.support.builders import payload

ANSWERS = Path(__file__).parents[1] / "answers"
SECTIONS = files("catalog.providers.described").joinpath("sections.toml").read_text("utf-8")


@dataclass(frozen=True)
class Form:
    """One form: an answer, the expected proposal, and the document's tables."""

    answer: Json
    wanted: dict[str, Any]
    notes: tuple[str, ...]
    document: str

    @property
    def proposal(self) -> Proposal:
        """Return the proposal of `catalog provider infer`."""
        proposal = infer(self.answer)
        assert proposal is not None
        return proposal

    def valid(self, settings: dict[str, Any]) -> tuple[Described, ValidPayload]:
        """Return the provider of these settings, and its valid answer."""
        checked = ListSettings.model_validate(settings).model_dump(exclude_none=True)
        provider = Described("acme", read({"route": "/models", **checked}))
        return provider, validate(payload(json.dumps(self.answer).encode()), provider)

    def tables(self, settings: dict[str, Any]) -> str:
        """Return the document's tables of models after a poll.

        The poll uses these settings.
        """
        provider, valid = self.valid(settings)
        words = annotations.load_sections(SECTIONS)
        return render(Overview(provider.normalize(valid)), words, annotations.load())["other"]


def form(path: Path) -> Form:
    """Read a form."""
    known = tomllib.loads(path.read_text("utf-8"))
    answer = json.loads(known["answer"])
    accepted = Description.__dataclass_fields__
    wanted = {name: value for name, value in known["wanted"].items() if name in accepted}
    return Form(answer, wanted, tuple(known.get("notes", ())), known["document"])
