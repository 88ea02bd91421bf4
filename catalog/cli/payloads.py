"""`catalog validate`: check payloads."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.output import format_option, note, print_json, say
from catalog.core.errors import PayloadInvalid, Problem
from catalog.core.payload import Drift, Payload
from catalog.core.text import count
from catalog.core.visible import visible
from catalog.providers.listing import Listed, listed
from catalog.providers.recordings import read_payload
from catalog.providers.validate import drift_of
from catalog.report.sentences import drift_sentence


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@format_option("text", "json")
@provider_option
@pass_app
def validate(app: App, file: Path, style: str) -> int:
    """Check the answer of a provider in FILE, or stdin for -.

    It shows every problem, and each drift: a difference from the known format that is accepted,
    such as a new value. It exits with 1 on problems.
    """
    from catalog.config.build import wire_provider

    problems: tuple[Problem, ...] = ()
    drift: tuple[Drift, ...] = ()
    payload: Payload | None = None
    found: Listed | None = None
    many = ""
    provider = wire_provider(app.one.one)
    try:
        payload = read_payload(file, provider)
        found = listed(payload, provider)
        drift = found.drift
    except PayloadInvalid as error:
        problems, many = error.problems, "at least " * error.is_cut
        drift = drift_of(payload, provider.contract) if payload else ()
    if style == "json":
        cut = {"more": True} if many else {}
        said = [drift_sentence(item) for item in drift]
        problems_json = [asdict(problem) for problem in problems]
        print_json({**_models_json(found), "problems": problems_json, **cut, "drift": said})
        return int(bool(problems))
    for problem in problems:
        say(visible(str(problem)))
    for item in drift:
        say(visible(f"drift: {drift_sentence(item)}"))
    if found:
        _print_valid(found)
    else:
        note(f"invalid: {many}{count(len(problems), 'problem')}")
    return int(bool(problems))


def _models_json(found: Listed | None) -> dict[str, Any]:
    if found is None:
        return {}
    refused = [asdict(problem) for problem in _refused(found)]
    return {"models": len(found.snapshot.models)} | ({"refused": refused} if refused else {})


def _print_valid(found: Listed) -> None:
    for problem in _refused(found):
        say(visible(f"row refused: {problem}"))
    parts = [count(len(found.snapshot.models), "model")]
    parts += [f"{count(len(found.refused), 'row')} refused"] if found.refused else []
    say(f"valid: {', '.join(parts)}, {count(len(found.drift), 'kind')} of drift")


def _refused(found: Listed) -> list[Problem]:
    """Return a problem of each bad row."""
    return [each.problem for each in found.refused]
