"""Hints about a failed request name the settings of the provider that failed."""

from typing import Any

import pytest

from catalog.config.hints import names, with_hints
from catalog.config.settings import Settings
from catalog.providers.infomaniak.provider import LIST_REQUEST
from catalog.providers.source import ListRequest

MARS = {"name": "red-mars", "kind": "json", "url": "https://m.example", "list": {"route": "/m"}}
OWN = {"name": "own", "kind": "infomaniak"}


def hints(*providers: dict[str, Any], at: int = 0) -> ListRequest:
    """Return the request of one of these providers, with its hints."""
    settings = Settings.model_validate({"provider": list(providers)}).each[at]
    return with_hints(settings, settings.one.description or LIST_REQUEST)


def test_each_provider_has_its_own_names() -> None:
    """The variable has the name, and the setting the index in the configuration."""
    asking = hints(OWN, MARS, at=1)
    setting = "(CATALOG_PROVIDER_RED_MARS_URL, or `provider.1.url`)"
    assert asking.hints["404"] == f"Check the base URL {setting}."
    assert "CATALOG_PROVIDER_RED_MARS_TOKEN or `provider.1.token_file`" in asking.hints["401"]
    assert "CATALOG_PROVIDER_RED_MARS_TOKEN" in asking.how_to
    assert not any("infomaniak" in hint.lower() for hint in (*asking.hints.values(), asking.how_to))


def test_the_usual_provider_has_the_general_names() -> None:
    """Without a [[provider]], the hints name the section of Infomaniak."""
    asking = hints()
    assert "(CATALOG_INFOMANIAK_URL, or `infomaniak.url`)" in asking.hints["404"]
    assert "INFOMANIAK_API_TOKEN or `infomaniak.token_file`" in asking.hints["401"]
    assert "AI Tools" in asking.hints["403"]
    assert asking.how_to == LIST_REQUEST.how_to


@pytest.mark.parametrize(
    ("own", "setting"),
    [
        (OWN, "infomaniak.url"),
        (OWN | {"url": "https://o.example"}, "provider.0.url"),
    ],
)
def test_an_own_url_is_named_where_it_stands(own: dict[str, Any], setting: str) -> None:
    """A provider of the kind infomaniak uses the general setting if it has none."""
    settings = Settings.model_validate({"provider": [own]})
    assert names(settings, "url").setting == setting
