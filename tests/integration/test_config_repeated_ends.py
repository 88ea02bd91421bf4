"""Ends of a provider's URL that its route repeats."""

from pathlib import Path

import pytest

from tests.support.configuration import mistakes, read

ACME = '[[provider]]\nname = "acme"\n'


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        (
            'kind = "openai"\nurl = "https://a.example/v1"',
            "remove /v1 at its end, because the route is /v1/models",
        ),
        (
            'kind = "openai"\nurl = "https://a.example/proxy/v1/models/"',
            "remove /v1/models at its end, because the program adds it",
        ),
        (
            'kind = "json"\nurl = "https://a.example/api"\nlist = { route = "/api/tags" }',
            "remove /api at its end, because the route is /api/tags",
        ),
        (
            'kind = "anthropic"\nlist = { route = "/a/b/c" }\nurl = "https://x.example/a/b"',
            "remove /a/b at its end, because the route is /a/b/c",
        ),
        (
            'kind = "infomaniak"\nurl = "https://a.example/1"',
            "remove /1 at its end, because the route is /1/ai/models",
        ),
    ],
)
def test_an_end_of_the_url_that_the_route_repeats(file: Path, text: str, reported: str) -> None:
    """A base URL that ends as the route begins is a mistake for each kind of provider."""
    assert mistakes(file, f"{ACME}{text}") == f"provider.0.url: {reported}"


def test_a_repeated_end_in_the_environment_names_its_variable(file: Path) -> None:
    """If the variable has the wrong base URL, the mistake names it."""
    text = f'{ACME}kind = "openai"\nurl = "https://a.example"\n'
    environ = {"CATALOG_PROVIDER_ACME_URL": "https://a.example/v1"}
    assert mistakes(file, text, environ).endswith("(environment CATALOG_PROVIDER_ACME_URL)")


@pytest.mark.parametrize("end", ["", "/", "/v11", "/models", "/v1/openai"])
def test_an_end_that_the_route_does_not_repeat(file: Path, end: str) -> None:
    """A proxy's path is no mistake."""
    url = f"https://a.example{end}"
    assert read(file, f'{ACME}kind = "openai"\nurl = "{url}"').settings.one.url == url
