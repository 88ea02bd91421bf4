"""`catalog validate`: check payloads."""

from dataclasses import asdict
from pathlib import Path

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.output import format_option, note, print_json, say
from catalog.core.clock import now
from catalog.core.errors import PayloadInvalid, Problem
from catalog.core.payload import Drift, Payload, ValidPayload
from catalog.core.snapshot import Snapshot
from catalog.core.text import count
from catalog.core.visible import visible
from catalog.providers.provider import Provider
from catalog.providers.recordings import moment, read
from catalog.providers.validate import drift_of
from catalog.providers.validate import validate as check
from catalog.report.sentences import drift_sentence


def read_payload(path: Path, provider: Provider) -> Payload:
    """Return a payload from a file, stdin for `-`, or raise NotFound."""
    body = read(path, provider.envelope)
    return Payload(provider.name, path.name, moment(path) or now(), body)


def read_snapshot(path: Path, provider: Provider) -> Snapshot:
    """Return a validated payload, or raise NotFound or PayloadInvalid."""
    return provider.normalize(check(read_payload(path, provider), provider))


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@format_option("text", "json")
@provider_option
@pass_app
def validate(app: App, file: Path, style: str) -> int:
    """Check a payload FILE, or stdin for -.

    Shows every problem and all drift; exits with 1 on problems.
    """
    from catalog.config.build import wire_provider

    problems: tuple[Problem, ...] = ()
    drift: tuple[Drift, ...] = ()
    payload: Payload | None = None
    valid: ValidPayload | None = None
    many = ""
    provider = wire_provider(app.one.one)
    try:
        payload = read_payload(file, provider)
        valid = check(payload, provider)
        drift = valid.drift
    except PayloadInvalid as error:
        problems, many = error.problems, "at least " * error.is_cut
        drift = drift_of(payload, provider.contract) if payload else ()
    if style == "json":
        listed = [asdict(problem) for problem in problems]
        models = {"models": len(valid.rows)} if valid else {}
        cut = {"more": True} if many else {}
        said = [drift_sentence(item) for item in drift]
        print_json({**models, "problems": listed, **cut, "drift": said})
    else:
        for problem in problems:
            say(visible(str(problem)))
        for item in drift:
            say(visible(f"drift: {drift_sentence(item)}"))
        if valid:
            known = count(len(valid.rows), "model")
            say(f"valid: {known}, {count(len(drift), 'kind')} of drift")
        else:
            note(f"invalid: {many}{count(len(problems), 'problem')}")
    return int(bool(problems))
