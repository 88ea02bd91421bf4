"""The answers of `catalog mcp` about several providers and long histories."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.api.catalog import Catalog
from catalog.changes.forecast import Note
from catalog.config.load import load
from catalog.core.clock import now
from catalog.core.errors import ArgumentInvalid
from catalog.store import forecasts
from catalog.web import mcp
from catalog.web.tools.changes import CHANGES
from catalog.web.tools.ends import ENDS, REPLACE
from catalog.web.tools.models import GET, SEARCH
from catalog.web.tools.snippet import CHECK
from catalog.web.tools.store import Store
from catalog.web.tools.tool import Answer, Tool
from tests.support.http_server import Step, answer, serve

PROVIDER = """
[[provider]]
name = "{name}"
kind = "json"
url = "{url}"
removals = "at once"
token = "t"
list.route = "/ships"
list.rows = "ships"
list.key = "{{hull}}"
list.name = "hull"
list.type = "class"
list.context_limit = "tokens"
"""


def fleet(*hulls: str, **facts: Any) -> Step:
    """Answer with one row per hull."""
    ships = [{"hull": hull, "class": "llm", "tokens": 9000} | facts for hull in hulls]
    return answer(body=json.dumps({"ships": ships}).encode())


@dataclass(frozen=True, slots=True)
class Ask:
    """The tools on one store."""

    store: Store
    catalog: Catalog

    def __call__(self, tool: Tool[Any], **arguments: Any) -> Answer:
        """Return the answer of a tool."""
        return tool.answer(self.store, tool.arguments.model_validate(arguments))

    def note(self, key: str, **values: Any) -> None:
        """Note what is announced of a model of Mars."""
        with self.catalog._database.writing() as connection:
            forecasts.write(connection, "mars", Note(key, now(), **values))


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    """Poll two providers with models of one name, one of them often."""
    limits = [fleet("argo", "nova", tokens=9000 + n, aliases=["best"]) for n in range(22)]
    with serve(*limits) as mars, serve(fleet("argo", "lost"), fleet("argo")) as venus:
        file = tmp_path / "catalog.toml"
        text = PROVIDER.format(name="mars", url=mars.url)
        text += PROVIDER.format(name="venus", url=venus.url)
        text += PROVIDER.format(name="pluto", url="http://127.0.0.1:9")
        file.write_text(text, encoding="utf-8")
        given = {"HOME": str(tmp_path)}
        with Catalog.open(file, database=tmp_path / "a.db", environ=given) as catalog:
            for provider in ("mars", "venus", "venus"):
                catalog.sync(provider=provider)
            settings = load(file, {"database": str(tmp_path / "a.db")}, given).settings
            yield Ask(Store(settings.each, settings.database), catalog)


def test_a_name_of_several_providers_is_not_guessed(ask: Ask) -> None:
    """A model of two providers is an error that names them, and one of them answers."""
    with pytest.raises(ArgumentInvalid) as several:
        ask(GET, model="argo")
    assert several.value.hint == "Give provider, one of: mars, venus."
    assert ask(GET, model="argo", provider="venus").document["provider"] == "venus"
    found = ask(SEARCH, text="ARGO").document
    assert [each["provider"] for each in found["catalogs"]] == ["mars", "venus"]
    assert '| venus; "lost"; llm; not listed since' in ask(SEARCH, text="los").text


def test_names_that_are_no_models_get_clues(ask: Ask) -> None:
    """An alias and a model of another provider are unknown as models, and explained."""
    alias = ask(GET, model="best")
    assert alias.document["clues"] == [{"provider": "mars", "alias_of": "argo"}]
    assert '| mars: an alias of "argo"' in alias.text
    other = ask(GET, model="lost", provider="mars")
    assert other.document["clues"] == [{"listed_by": "venus"}]
    assert other.document["found"] is False


@pytest.mark.long
def test_a_long_history_is_cut_in_the_text(ask: Ask) -> None:
    """The text has the newest changes, and the JSON has all of them."""
    for _ in range(21):
        ask.catalog.sync(provider="mars")
    shown = ask(GET, model="nova")
    assert "the newest 20 follow" in shown.text
    assert len(shown.document["history"]) > 20
    assert len(ask(CHANGES, model="nova", limit=500).document["changes"]) > 20


def test_noted_ends_and_successors_are_told(ask: Ask) -> None:
    """A noted end is near, and the noted successor is named as such, with or without an end."""
    ask.note("argo", successor="nova")
    instead = ask(REPLACE, model="argo", provider="mars")
    assert "| instead: nova (named by a person)" in instead.text
    assert "listed; no end is stored" in instead.text
    ask.note("argo", retires=(now() + timedelta(days=3)).date(), source="a letter")
    ends = ask(ENDS, days=3, provider="mars")
    assert '| mars; "argo"; 3 days left; announced to end on' in ends.text
    assert "instead: nova" in ends.text
    assert [each["model"] for each in ends.document["forecasts"]] == ["argo"]
    assert ask(ENDS, days=2, provider="mars").document == {"forecasts": []}
    assert ask(REPLACE, model="argo", provider="mars").document["forecast"]["days_left"] == 3
    assert "end: 3 days left" in ask(SEARCH, text="argo").text.replace("ends:", "end:")


def test_a_text_that_is_too_much_is_not_checked_in_full(ask: Ask) -> None:
    """A snippet over the limits of the scanner says that it was not checked completely."""
    text = "".join(f"model = 'argo-{n}'\n" for n in range(3_500))
    checked = ask(CHECK, text=text, provider="mars")
    assert "| not checked: only its first 3,000 names are checked" in checked.text


def test_a_mistake_of_ours_ends_no_server() -> None:
    """An unexpected error is one result that says whose mistake it is."""
    nothing: Any = None
    failed = mcp._call(Store((), nothing), "get_model", {"model": "a"})
    assert failed.is_error
    assert "broke off by a mistake of this program" in str(failed.content)
