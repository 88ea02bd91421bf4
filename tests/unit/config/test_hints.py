"""Hints about a failed request name the settings of its provider."""

from typing import Any

import pytest

from catalog.config.hints import names, with_hints
from catalog.config.settings import Settings
from catalog.providers.infomaniak.provider import LIST_REQUEST
from catalog.providers.source import ListRequest

MARS = {"name": "red-mars", "kind": "json", "url": "https://m.example", "list": {"route": "/m"}}
OWN = {"name": "own", "kind": "infomaniak"}


def hints(*providers: dict[str, Any], at: int = 0) -> ListRequest:
    """Return the request of the provider at an index, with its hints."""
    settings = Settings.model_validate({"provider": list(providers)}).each[at]
    return with_hints(settings, settings.one.description or LIST_REQUEST)


def test_each_provider_has_its_own_names() -> None:
    """The variable contains the provider's name, and the setting its index."""
    request = hints(OWN, MARS, at=1)
    setting = "(CATALOG_PROVIDER_RED_MARS_URL, or `provider.1.url`)"
    route = "the route (`provider.1.list.route`)"
    assert request.hints["404"] == f"Check the base URL {setting} and {route}."
    assert "CATALOG_PROVIDER_RED_MARS_TOKEN or `provider.1.token_file`" in request.hints["401"]
    assert "CATALOG_PROVIDER_RED_MARS_TOKEN" in request.how_to
    assert not any(
        "infomaniak" in hint.lower() for hint in (*request.hints.values(), request.how_to)
    )


def test_the_default_provider_has_the_general_names() -> None:
    """Without a [[provider]], the hints name the section of Infomaniak."""
    request = hints()
    assert "(CATALOG_INFOMANIAK_URL, or `infomaniak.url`)" in request.hints["404"]
    assert "INFOMANIAK_API_TOKEN or `infomaniak.token_file`" in request.hints["401"]
    assert "AI Tools" in request.hints["403"]
    assert request.how_to == LIST_REQUEST.how_to


@pytest.mark.parametrize(
    ("own", "setting"),
    [
        (OWN, "infomaniak.url"),
        (OWN | {"url": "https://o.example"}, "provider.0.url"),
    ],
)
def test_the_url_setting_in_use_is_named(own: dict[str, Any], setting: str) -> None:
    """A provider of the kind infomaniak uses the general setting if it has no URL."""
    settings = Settings.model_validate({"provider": [own]})
    assert names(settings, "url").setting == setting
