"""Build values for tests: plausible ones, in which tests override parts."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from catalog.changes.change import Added, Change
from catalog.changes.finding import Finding, Level
from catalog.changes.rules import rules
from catalog.core.payload import Payload
from catalog.core.snapshot import Model, Snapshot
from catalog.providers.infomaniak import provider

AT: Final = datetime(2025, 12, 23, 10, 16, 55, tzinfo=UTC)
URL: Final = "https://api.infomaniak.com/1/ai/models"
MISSING: Final = object()
"""Value of a field that the row does not have."""

_ROUTE = "https://developer.infomaniak.com/docs/api/post/2/ai/%7Bproduct_id%7D/openai/v1"
_ROW = {
    "id": 1,
    "name": "alpha",
    "type": "llm",
    "documentation_link": f"{_ROUTE}/chat/completions",
    "description": "Alpha 1.0",
    "info_status": "ready",
    "logo_url": "https://storage4.infomaniak.com/ai-tools/public/logos/alpha.svg",
    "last_updated_at": "2025-10-09",
    "max_token_input": 32000,
    "version": "1.0",
    "meta": {"is_beta": False, "is_coder": False},
}


def row(**facts: Any) -> dict[str, Any]:
    """Make a row as Infomaniak sends it. Fields that are MISSING are absent."""
    return {key: value for key, value in (_ROW | facts).items() if value is not MISSING}


def model(key: str = "1", name: str = "alpha", type: str = "llm", **facts: Any) -> Model:  # noqa: A002  # the field's own name
    """Make a model from a row. `facts` are fields as Infomaniak names them."""
    return provider.model(row(id=int(key), name=name, type=type, **facts))


def snapshot(*models: Model, at: datetime = AT, number: int | None = None) -> Snapshot:
    """Make a snapshot of these models."""
    made = Snapshot.of(provider.NAME, at, models)
    return Snapshot(made.provider, made.taken_at, made.models, number)


def body(*rows: Any, **envelope: Any) -> bytes:
    """Write the body of an answer with these rows. `envelope` overrides its keys."""
    whole = {"result": "success", "data": list(rows)} | envelope
    return json.dumps({k: v for k, v in whole.items() if v is not MISSING}).encode()


def payload(content: bytes | None = None, at: datetime = AT) -> Payload:
    """Make an answer with this body, or with one row."""
    return Payload(provider.NAME, URL, at, body(row()) if content is None else content)


def finding(
    *changes: Change,
    rule: str | None = None,
    level: Level | None = None,
    at: datetime = AT,
    **rest: Any,
) -> Finding:
    """Make a finding of one change or of a wave.

    By default, the rule is the most general one.
    """
    changes = changes or (Added(model()),)
    general = {each.kind: each for each in rules().values()}[changes[0].kind]
    return Finding(
        provider=provider.NAME,
        at=at,
        rule=rule or general.id,
        level=level or general.level,
        changes=changes,
        **rest,
    )
