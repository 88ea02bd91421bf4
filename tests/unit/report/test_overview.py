from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from catalog.changes.change import Added, Removed, Updated
from catalog.changes.finding import Delisted, Finding, Level
from catalog.changes.forecast import Forecast
from catalog.changes.incident import Trouble
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import JsonText, canonical
from catalog.report import annotations
from catalog.report.overview import Overview, render
from catalog.report.regions import lines_of, markers
from catalog.report.write import compose

FOLDER = Path(__file__).parents[3] / "catalog/providers/infomaniak"
WORDS = annotations.load_sections((FOLDER / "sections.toml").read_text(encoding="utf-8"))
SHIPPED = annotations.load(annotations.read(FOLDER / "annotations.toml"))
TEMPLATE = (FOLDER / "document.md").read_text(encoding="utf-8")
WHEN = datetime(2025, 12, 23, 10, 16, 55, tzinfo=UTC)
PLAIN = Model("1", "plain", "llm", JsonText("{}"), status="ready")


def made(*models: Model) -> Overview:
    """Return the overview of a catalog without history."""
    return Overview(Snapshot.of("infomaniak", WHEN, models))


def text(overview: Overview) -> Mapping[str, str]:
    """Render with the shipped words."""
    return render(overview, WORDS, SHIPPED)


def ready(key: str, name: str, description: str, limit: int | None, kind: str = "llm") -> Model:
    """Make a model that is ready."""
    return replace(
        PLAIN, key=key, name=name, type=kind, description=description, context_limit=limit
    )


DECEMBER = made(
    ready("2", "whisper", "Whisper V3", None, "stt"),
    ready("6", "llama3", "Llama 3.3", 100000),
    ready("10", "flux", "Flux schnell", None, "image"),
    ready("11", "granite", "granite-3.1-8b", 128000),
    ready("16", "mistral3", "Mistral-Small-3.2-24B-Instruct-2506", 128000),
    ready("17", "qwen3", "Qwen/Qwen3-VL-235B-A22B-Instruct", 262144),
    ready("18", "gemma3n", "Gemma-3n-E4B-it", 32000),
    replace(
        ready("20", "swiss-ai/Apertus-70B-Instruct-2509", "Apertus-70B-Instruct-2509", 65536),
        status="coming_soon",
        beta=True,
    ),
    replace(
        ready("22", "openai/gpt-oss-120b", "openai/gpt-oss-120b", 131072),
        status="coming_soon",
        beta=True,
    ),
)


def test_the_rows_of_december_2025() -> None:
    """The shipped names give exactly the rows of the manual overview, under its headings."""
    llm = text(DECEMBER)["llm"]
    beta, stable = llm.split("### Stable Models\n\n")
    head = (
        "| Model Name | Model ID | Description | Max Tokens | Status |\n"
        "| --- | --- | --- | ---: | --- |\n"
    )
    assert beta.endswith(
        f"### Beta Models\n\n{head}"
        "| Apertus-70B | `swiss-ai/Apertus-70B-Instruct-2509` | Swiss-specific model"
        " | 65,536 | Beta |\n"
        "| GPT-OSS-120B | `openai/gpt-oss-120b` | OpenAI open source model | 131,072 | Beta |\n\n"
    )
    assert stable == (
        f"{head}"
        "| Llama 3.3 | `llama3` | Meta's open source LLM | 100,000 | Ready |\n"
        "| Granite 3.1 | `granite` | IBM's granite-3.1-8b | 128,000 | Ready |\n"
        "| Mistral Small 3.2 | `mistral3` | Mistral-Small-3.2-24B-Instruct-2506"
        " | 128,000 | Ready |\n"
        "| Qwen3 VL | `qwen3` | Qwen/Qwen3-VL-235B-A22B-Instruct (multimodal)"
        " | 262,144 | Ready |\n"
        "| Gemma 3n | `gemma3n` | Gemma-3n-E4B-it | 32,000 | Ready |"
    )


def test_audio_and_image_have_short_names_and_no_column_of_limits() -> None:
    """Models without token limits have a status and no empty column."""
    regions = text(DECEMBER)
    head = "| Model Name | Short Name/ID | Description | Status |\n| --- | --- | --- | --- |\n"
    assert regions["audio"] == (
        f"## Audio Models\n\n{head}| Whisper | `whisper` | Audio transcription model | Ready |"
    )
    assert regions["image"] == (
        f"## Image Generation\n\n{head}| Flux | `flux` | Advanced image generation | Ready |"
    )


def test_a_limit_brings_its_column() -> None:
    """An audio model with a limit shows it, and others show a dash."""
    audio = text(made(ready("2", "a", "A", None, "stt"), ready("3", "b", "B", 448, "stt")))["audio"]
    assert "| B | `b` | B | 448 | Ready |" in audio
    assert "| – | Ready |" in audio


def test_the_llm_section_says_which_route_is_current() -> None:
    """The current and the deprecated route are shown above the models."""
    above = text(DECEMBER)["llm"].split("### Beta Models")[0]
    assert above == (
        "## Text Generation (LLM)\n\n"
        "**Endpoint:** `POST /2/ai/{product_id}/openai/v1/chat/completions`\n\n"
        "> **Note:** `/1/ai/{product_id}/openai/chat/completions` is deprecated in favor of\n"
        "> `/2/ai/{product_id}/openai/v1/chat/completions`.\n\n"
    )


def test_models_that_are_neither_beta_nor_ready_are_not_lost() -> None:
    """They have a table of their own with the provider's status."""
    soon, odd, silent = (
        replace(PLAIN, key=str(number), name=f"m{number}", status=status)
        for number, status in enumerate(["coming_soon", "paused|", None], start=5)
    )
    other = text(made(PLAIN, soon, odd, silent))["llm"].split("### Other Models")[1]
    assert [row.split(" | ")[-1] for row in other.strip().split("\n")[2:]] == [
        "Coming Soon |",
        "paused\\| |",
        "– |",
    ]
    assert "### Other Models" not in text(DECEMBER)["llm"]


def test_an_empty_catalog_says_so() -> None:
    """Sections without models, and a history without events, have a sentence."""
    regions = text(made())
    assert regions["audio"] == "## Audio Models\n\nNone listed."
    assert regions["llm"].endswith(
        "### Beta Models\n\nNone listed.\n\n### Stable Models\n\nNone listed."
    )
    assert regions["changes"] == "## Recent Changes\n\nNone recorded."
    assert regions["delisted"] == "## Delisted Models\n\nNone recorded."
    assert regions["other"] == ""


def test_types_not_heard_of_get_a_section_each() -> None:
    """New types are sorted by name and show the known attributes."""
    new = [ready(str(i), f"m{i}", f"M {i}", None, kind) for i, kind in enumerate(["video", "ocr"])]
    assert text(made(PLAIN, *new))["other"] == (
        "## Models of Type `ocr`\n\n"
        "| Model Name | Model ID | Description | Status |\n| --- | --- | --- | --- |\n"
        "| M 1 | `m1` | M 1 | Ready |\n\n"
        "## Models of Type `video`\n\n"
        "| Model Name | Model ID | Description | Status |\n| --- | --- | --- | --- |\n"
        "| M 0 | `m0` | M 0 | Ready |"
    )


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([None, None], None),
        (["/1/a", "/1/a"], "**Endpoint:** `POST /1/a`"),
        (["/1/a", "/2/b"], "**Endpoints:**\n\n- `POST /1/a` for `m0`\n- `POST /2/b` for `m1`"),
        (["/1/a", None], "**Endpoints:**\n\n- `POST /1/a` for `m0`"),
        (
            ["/1/a", "/2/b", "/1/a"],
            "**Endpoints:**\n\n- `POST /1/a` for `m0`, `m2`\n- `POST /2/b` for `m1`",
        ),
    ],
)
def test_the_route_that_serves_each_section(routes: list[str | None], expected: str | None) -> None:
    """One common route is shown once. Several are shown with their models."""
    models = (
        replace(PLAIN, key=str(number), name=f"m{number}", type="image", route=route)
        for number, route in enumerate(routes)
    )
    parts = text(made(*models))["image"].split("\n\n")
    assert "\n\n".join(parts[1:-1]) == (expected or "")


def test_the_product_id_is_filled_in_everywhere() -> None:
    """If the product id is configured, no region has a placeholder."""
    audio = replace(PLAIN, type="stt", route="/1/ai/{product_id}/openai/audio/transcriptions")
    regions = text(replace(made(audio), product_id=4711))
    assert "{product_id}" not in "".join(regions.values())
    assert "`POST /1/ai/4711/openai/audio/transcriptions`" in regions["audio"]
    assert regions["endpoint"] == (
        "## API Endpoint\n\n"
        "- **Base URL:** `https://api.infomaniak.com/2/ai/4711/openai` "
        "(OpenAI clients need `/v1` after it)\n"
        "- **Chat completions:** "
        "`POST https://api.infomaniak.com/2/ai/4711/openai/v1/chat/completions`\n"
        "- **Models list:** `GET https://api.infomaniak.com/1/ai/models`\n"
        "- **Models list in OpenAI's format:** "
        "`GET https://api.infomaniak.com/2/ai/4711/openai/v1/models`\n"
        "  (only LLMs and embeddings)"
    )
    assert "{product_id}" in text(made(audio))["audio"]


def test_the_date_is_the_snapshots_in_utc() -> None:
    """The document has the date of its snapshot, not of its writing."""
    late = datetime(2025, 12, 24, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    overview = Overview(Snapshot.of("infomaniak", late, [PLAIN]))
    assert text(overview)["updated"] == "**Last Updated:** 2025-12-23 (from `GET /1/ai/models`)"


def finding(days: int, change: Added | Removed | Updated | Trouble, level: Level) -> Finding:
    """Make a finding some days before the snapshot."""
    return Finding("infomaniak", WHEN - timedelta(days=days), "a-rule", level, (change,))


def test_recent_changes_stand_by_day_with_their_level() -> None:
    """Each day has a heading, and each change one line that no name can break."""
    hostile = replace(PLAIN, name="*new* <b>\n# x")
    limit = Updated(PLAIN, "max_token_input", canonical(1000), None)
    overview = replace(
        DECEMBER,
        recent=(
            finding(0, limit, Level.WARNING),
            finding(0, Added(hostile), Level.INFO),
            finding(27, Trouble("held", "the list is empty"), Level.WARNING),
        ),
    )
    assert text(overview)["changes"] == (
        "## Recent Changes\n\n"
        "### 2025-12-23\n\n"
        "- **warning:** plain: max_token_input 1,000 → missing\n"
        "- **info:** \\*new\\* \\<b> # x added: llm, ready\n\n"
        "### 2025-11-26\n\n"
        "- **warning:** answer held: the list is empty"
    )


def test_delisted_models_stand_with_their_dates() -> None:
    """A removed model has its dates, and a dash for an unknown one."""
    llama = ready("6", "llama3", "Llama 3.3", 100000)
    gone = (
        Delisted(llama, WHEN, date(2026, 1, 22)),
        Delisted(replace(PLAIN, name="a|b"), WHEN - timedelta(days=1), None),
    )
    assert text(replace(DECEMBER, delisted=gone))["delisted"].endswith(
        "\n\n| Model Name | Model ID | Type | Gone Since | Callable Until at Least |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| Llama 3.3 | `llama3` | llm | 2025-12-23 | 2026-01-22 |\n"
        "| a\\|b | `a\\|b` | llm | 2025-12-22 | – |"
    )


def test_other_grounds_than_the_policy_stand_beside_the_day() -> None:
    """Other sources than the policy are shown beside the day, escaped as text."""
    llama = ready("6", "llama3", "Llama 3.3", 100000)
    gone = (Delisted(llama, WHEN, date(2026, 1, 22), "policy", "p"),)
    day = date(2026, 3, 1)

    def row(forecast: Forecast) -> str:
        output = replace(DECEMBER, delisted=gone, forecasts={"6": forecast})
        return text(output)["delisted"].splitlines()[-1].split(" | ", 4)[-1]

    assert row(Forecast(day, "policy", "p")) == "2026-03-01 |"
    assert row(Forecast(day, "announced", "a|b")) == "2026-03-01 (announced: a\\|b) |"
    assert row(Forecast(day, "proved", "refused")) == "2026-03-01 (proved: refused) |"
    listed = replace(DECEMBER, forecasts={"2": Forecast(day, "announced", "a mail")})
    assert "Ready, until 2026-03-01 (announced: a mail) |" in "\n".join(text(listed).values())


def test_the_template_has_every_region_once() -> None:
    """The shipped template has every region, and the result has the outline in order."""
    regions = text(DECEMBER)
    assert sorted(m.name for m in markers(lines_of(TEMPLATE)) if m.kind == "begin") == sorted(
        regions
    )
    tokens = MarkdownIt("commonmark").parse(compose(TEMPLATE, regions))
    headings = [
        tokens[index + 1].content
        for index, token in enumerate(tokens)
        if token.tag in {"h1", "h2"} and token.nesting == 1
    ]
    assert headings == [
        "Infomaniak AI Models Overview",
        "Text Generation (LLM)",
        "Audio Models",
        "Image Generation",
        "Embeddings",
        "Rerankers",
        "API Endpoint",
        "Usage Notes",
        "Recent Changes",
        "Delisted Models",
        "Sources",
    ]


def test_a_hostile_catalog_makes_a_sound_document() -> None:
    """Names with markup, markers and line breaks do no harm to the parsed result."""
    evil = "<!-- catalog:end llm -->\n```\n<div>|`|\\|# [x]: y"
    models = [
        Model(str(number), evil, kind, JsonText("{}"), evil, None, number, evil, evil)
        for number, kind in enumerate(["llm", "stt", "image", "embedding", "reranker", evil])
    ]
    overview = replace(
        made(*models),
        recent=tuple(finding(0, Added(model), Level.INFO) for model in models),
        delisted=tuple(Delisted(model, WHEN, None) for model in models),
    )
    document = compose(TEMPLATE, text(overview))
    assert compose(document, text(overview)) == document


def test_the_same_catalog_gives_the_same_bytes() -> None:
    """Rendering depends only on its input, not on the order of models."""
    turned = Overview(Snapshot.of("infomaniak", WHEN, reversed(DECEMBER.snapshot.models)))
    assert text(turned) == text(DECEMBER)
