"""The name of a provider that is given by its address."""

import pytest

from catalog.cli.init_provider import name_of


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.mars.example/v1/models", "mars"),
        ("https://api.mars.co.uk/models", "mars"),
        ("https://mars.io/models", "mars"),
        ("https://co.uk/models", "co"),
        ("http://127.0.0.1:8000/v1/models", "local"),
        ("http://[::1]:8000/v1/models", "local"),
        ("http://localhost:8000/v1/models", "local"),
        ("http://vllm/v1/models", "vllm"),
        ("https://api.9to5.example/models", "local"),
        ("https://api.My_Models.example/models", "my-models"),
    ],
)
def test_a_host_gives_the_name(url: str, name: str) -> None:
    """The name is the part of the host that people know, or `local` without one."""
    assert name_of(url) == name
