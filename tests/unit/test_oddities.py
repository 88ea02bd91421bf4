"""Oddities of real catalogs as small cases, from sent bytes to findings."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest
from markdown_it import MarkdownIt

from catalog.changes.change import Removed
from catalog.changes.diff import diff
from catalog.changes.finding import Delisted, Finding
from catalog.changes.hold import HoldRule
from catalog.changes.judge import Case, judge
from catalog.config.providers import ListSettings, ProviderSettings
from catalog.core.payload import Payload
from catalog.core.snapshot import Snapshot
from catalog.providers.provider import Provider, make
from catalog.providers.validate import validate
from catalog.report import annotations
from catalog.report.overview import Overview, render
from catalog.report.sentences import sentence
from catalog.report.write import compose
from tests.support.builders import AT, MISSING

Rows = list[dict[str, Any]]
TEXT = "Reads a chart and plots a course. Made for long voyages with short answers."
ROUTED = {
    "canonical_slug": "orbit/argo",
    "context_length": 131072,
    "architecture": {"input_modalities": ["text"], "tokenizer": "Other"},
    "pricing": {"prompt": "0.0000005", "completion": "0.000002", "request": "0"},
    "top_provider": {"context_length": 131072, "is_moderated": False},
    "supported_parameters": ["seed", "stop", "tools"],
    "benchmarks": {"voyages": 0.41},
}


def ship(at: int, /, **facts: Any) -> dict[str, Any]:
    """Return a row. Every two rows share a creation time."""
    name = f"orbit/ship-{at:03}"
    plain = {"id": name, "name": f"Ship {at}", "created": 1_760_000_000 + at // 2}
    made = plain | ROUTED | {"description": f"Ship {at}: {TEXT}"} | facts
    return {key: value for key, value in made.items() if value is not MISSING}


def ships(of: int = 40, many: int = 0, /, **facts: Any) -> Rows:
    """Return rows, of which the first `many` have these facts."""
    return [ship(at, **(facts if at < many else {})) for at in range(of)]


@dataclass(frozen=True)
class Oddity:
    """Polls of a provider, and the findings after the first.

    Each finding is level, rule and number of changes.
    """

    polls: Sequence[Rows]
    told: Sequence[list[tuple[str, str, int]]]
    kind: str = "openrouter"
    list: ListSettings = field(default_factory=ListSettings)


def provider(kind: str, listing: ListSettings) -> Provider:
    """Make a provider as it is configured."""
    named: Any = kind
    settings = ProviderSettings(name="orbit", kind=named, list=listing)
    return make(settings.name, settings.description)


def read(whose: Provider, rows: Rows) -> Snapshot:
    """Read an answer as sent."""
    body = json.dumps({"data": rows}).encode()
    return whose.normalize(validate(Payload(whose.name, "", AT, body), whose))


def found(whose: Provider, polls: Iterable[Rows]) -> list[tuple[Finding, ...]]:
    """Compare and judge each poll with the one before it."""
    states = [read(whose, rows) for rows in polls]
    gone: dict[str, Delisted] = {}
    told = []
    for before, after in pairwise(states):
        common = len(before.by_key.keys() & after.by_key.keys())
        case = Case(whose.name, AT, whose.attributes, whose.lifecycle, common)
        changes = diff(before, after, gone)
        told.append(judge(changes, case))
        left = (each.model for each in changes if isinstance(each, Removed))
        gone |= {model.key: Delisted(model, AT, None) for model in left}
    return told


def one(before: dict[str, Any], *after: dict[str, Any]) -> list[Rows]:
    """Let one of forty models have these facts, one after the other."""
    return [ships(40, 1, **facts) for facts in (before, *after)]


def price(*prices: Any) -> list[Rows]:
    """Return polls in which one of forty models has these prices."""
    rest = {"prompt": "0.0000005"}
    return one(*({"pricing": rest | ({} if p is MISSING else {"request": p})} for p in prices))


WHOLE = ships()
RESPELLED, NOTHING = [("quiet", "value-respelled", 1)], list[tuple[str, str, int]]()
NULL, ZERO = [("quiet", "null-moved", 1)], [("info", "price-zero", 1)]
PRICES = {"request": "0", "prompt": "0.0000005"}
BATCH = [ship(at, id=f"orbit/ship-{at:03}:batch") for at in range(28)]

ODDITIES = {
    "a benchmark that needs no action, on most": Oddity(
        [WHOLE, ships(40, 39, benchmarks={"voyages": 0.42}), ships(40, 3, benchmarks=MISSING)],
        [NOTHING, NOTHING],
    ),
    "rows of one creation time in another order": Oddity(
        [WHOLE, [row for at in range(0, 40, 2) for row in (WHOLE[at + 1], WHOLE[at])]], [NOTHING]
    ),
    "words of a list in another order": Oddity(
        one({}, {"supported_parameters": ["tools", "seed", "stop"]}), [RESPELLED]
    ),
    "a key with null on every model": Oddity(
        [WHOLE, ships(40, 40, voices=None)], [[("quiet", "null-moved", 40)]]
    ),
    "307 of 340 descriptions cut short": Oddity(
        [
            ships(340),
            [row | {"description": row["description"][:40]} for row in ships(307)]
            + ships(340)[307:],
        ],
        [[("quiet", "quiet-changed", 307)]],
    ),
    "most descriptions cut short, where they may name another model": Oddity(
        [WHOLE, [row | {"description": row["description"][:40] + "…"} for row in WHOLE]],
        [[("info", "field-changed", 40)]],
        kind="openai",
    ),
    "a price of 0 dropped from 73 of 340": Oddity(
        [ships(340), ships(340, 73, pricing={"prompt": "0.0000005", "completion": "0.000002"})],
        [[("info", "price-zero", 73)]],
    ),
    "28 variants that go together, and return": Oddity(
        [[*WHOLE, *BATCH], WHOLE, [*WHOLE, *BATCH]],
        [[("breaking", "model-removed", 28)], [("info", "model-restored", 28)]],
    ),
    "null, missing and 0 in turn": Oddity(
        price(None, MISSING, "0", None, "0", MISSING, None),
        [NULL, ZERO, ZERO, ZERO, ZERO, NULL],
    ),
    "0 as text and as number": Oddity(price("0", 0, 0.0, "0.0"), [RESPELLED, NOTHING, RESPELLED]),
    "a price of -1, which says that it depends": Oddity(
        price("-1", -1, "-1.0"), [RESPELLED, RESPELLED]
    ),
    "a model that goes, and returns another day": Oddity(
        [WHOLE, WHOLE[1:], WHOLE],
        [[("breaking", "model-removed", 1)], [("info", "model-restored", 1)]],
    ),
    "a price in scientific notation": Oddity(
        price("0.000000005", "5e-09", "5E-9", 5e-09), [NOTHING, NOTHING, RESPELLED]
    ),
    "the noise of doubles": Oddity(
        price(0.05, 0.049999999999999996, "0.05", "0.049999999999999996"),
        [NOTHING, RESPELLED, NOTHING],
    ),
    "an integer that became an equal float": Oddity(
        one({"context_length": 131072}, {"context_length": 131072.0}), [NOTHING]
    ),
    "a limit of 99,999,999, also as text": Oddity(
        one({"context_length": 99_999_999}, {"context_length": "99999999"}), [RESPELLED]
    ),
    "days of the far future": Oddity(
        one({"expires": None}, {"expires": "2098-12-31"}, {"expires": "2098-12-31T00:00:00Z"}),
        [[("info", "field-changed", 1)], RESPELLED],
    ),
    "a date of one digit": Oddity(
        one({"cutoff": "2025-1-6"}, {"cutoff": "2025-01-06"}), [RESPELLED]
    ),
    "an instant in another zone": Oddity(
        one({"at": "2026-01-01T00:00:00Z"}, {"at": "2026-01-01T01:00:00+01:00"}),
        [NOTHING],
        list=ListSettings(times=("at",)),
    ),
    "a vendor's prefix, and all else stays": Oddity(
        [WHOLE, [WHOLE[0] | {"id": "deepspace/ship-000"}, *WHOLE[1:]]],
        [[("breaking", "name-changed", 1)]],
    ),
    "a suffix, and all else stays": Oddity(
        [WHOLE, [WHOLE[0] | {"id": "orbit/ship-000:free"}, *WHOLE[1:]]],
        [[("breaking", "name-changed", 1)]],
    ),
    "a suffix on most": Oddity(
        [WHOLE, [row | {"id": f"{row['id']}:free"} for row in WHOLE[:30]] + WHOLE[30:]],
        [[("breaking", "name-changed", 30)]],
    ),
}


@pytest.mark.parametrize("name", ODDITIES)
def test_an_oddity_is_told_as_what_it_is(name: str) -> None:
    """Oddities of real catalogs give exactly these findings."""
    odd = ODDITIES[name]
    told = [
        sorted((str(each.level), each.rule, len(each.changes)) for each in findings)
        for findings in found(provider(odd.kind, odd.list), odd.polls)
    ]
    assert told == [sorted(each) for each in odd.told]


@pytest.mark.parametrize(
    ("before", "after", "held"), [(16, 7, True), (16, 9, True), (147, 127, False)]
)
def test_a_bulk_cut_is_held_from_some_share_on(before: int, after: int, held: bool) -> None:
    """Nine of sixteen gone, and seven, are held. Twenty of 147 are accepted."""
    whose = provider("openrouter", ListSettings())
    assert bool(HoldRule().reason(read(whose, ships(before)), read(whose, ships(after)))) == held


ODD_TEXTS = [
    " leading space",
    "two\nlines, a\ttab\r\n| and | pipes |",
    "<b>bold</b> <script>x</script> `code` ``` ~~~ *stars* _and_ ~strokes~",
    "a thin\u202fspace, an emoji \N{ROCKET}, a mark \u2028 of a line",
    "<!-- catalog:end llm -->",
    "x" * 4075,
]


@pytest.mark.parametrize("kind", ["openrouter", "openai", "anthropic", "json"])
def test_odd_texts_come_through_whole_and_harm_nothing(kind: str) -> None:
    """Facts keep any name, type and description, and each output stays one line."""
    listing = ListSettings(route="/list") if kind == "json" else ListSettings()
    whose = provider(kind, listing)
    rows = [
        ship(at, id=f"~{text}", name=text, display_name=text, description=text)
        for at, text in enumerate(ODD_TEXTS)
    ]
    state = read(whose, rows)
    assert {model.key for model in state.models} == {f"~{text}" for text in ODD_TEXTS}
    (findings,) = found(whose, [[], rows])
    assert len(findings) == len(ODD_TEXTS)
    assert all(len(sentence(each).splitlines()) == 1 for each in findings)
    folder = files("catalog.providers.described")
    told = {
        name: folder.joinpath(name).read_text(encoding="utf-8")
        for name in ("document.md", "sections.toml", "annotations.toml")
    }
    shipped = annotations.load(("the shipped annotations", told["annotations.toml"]))
    regions = render(
        Overview(state, findings), annotations.load_sections(told["sections.toml"]), shipped
    )
    document = compose(told["document.md"], regions)
    tokens = MarkdownIt("commonmark").enable("table").parse(document)
    inner = [child for token in tokens for child in token.children or ()]
    assert not [each.content for each in inner if each.type in {"html_inline", "link_open"}]
    blocks = [token.content for token in tokens if token.type == "html_block"]
    assert all(block.startswith("<!-- catalog:") for block in blocks)
    shown = {" ".join(each.content.split()) for each in inner if each.type == "code_inline"}
    names = [text.replace("\u202f", r"\u202f") for text in ODD_TEXTS[:5]]
    assert {" ".join(f"~{text}".split()) for text in names} <= shown
    assert f"~{'x' * 198}…" in shown
