"""`catalog init --provider`: providers by name or list address."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support.http_server import Exchange, Server, answer, serve
from tests.support.shell import TOKEN, Shell

FLEET = {
    "fleet": [
        {"hull": "argo", "class": "llm", "tokens": 9000, "fare": "5e-07"},
        {"hull": "dart", "class": "embedding", "tokens": 512, "fare": "1e-07"},
    ]
}
LIST = answer(body=json.dumps(FLEET).encode())
QUICK = {"CATALOG_HTTP_ATTEMPTS": "1"}


def locked(exchange: Exchange) -> None:
    """Send the list to those who have the token."""
    allowed = exchange.request.headers.get("authorization") == f"Bearer {TOKEN}"
    (LIST if allowed else answer(401))(exchange)


def written(shell: Shell) -> dict[str, Any]:
    """Return the written configuration as TOML."""
    return tomllib.loads((shell.folder / "catalog.toml").read_text(encoding="utf-8"))


def address(server: Server) -> str:
    """Return the address of the list."""
    return f"{server.url}/v1/fleet?page_size=9"


def test_an_address_is_read_and_polled(shell: Shell) -> None:
    """The list is described from one answer, with its query and token, and then polled."""
    with serve(locked) as server:
        words = ("init", "--provider", address(server), "--name", "mars", "--token-stdin")
        ran = shell(*words, stdin=TOKEN.encode(), given=QUICK)
        assert "found 2 models" in ran.err
        assert "mars: first, snapshot 1, 2 models (dry run)" in ran.out
        assert shell("sync").lines[0].endswith("mars: first, snapshot 1, 2 models")
    provider = written(shell)["provider"][0]
    assert provider["token_file"] == "mars-token.txt"
    assert provider["list"]["key"] == "hull"
    assert provider["list"]["query"] == {"page_size": "9"}
    assert server.requests[-1].path == "/v1/fleet?page_size=9"
    text = (shell.folder / "catalog.toml").read_text()
    assert "# Note: hull is different for all models here" in text
    assert (shell.folder / "catalog.toml").stat().st_mode & 0o777 == 0o600  # a query may be secret
    assert "every user can read" not in shell("config", "check").err


def test_a_public_list_needs_no_token(shell: Shell) -> None:
    """Without a token, the written provider polls without one."""
    with serve(LIST) as server:
        ran = shell("init", "--provider", f"{server.url}/fleet")
        assert "local: first, snapshot 1, 2 models (dry run)" in ran.out
    provider = written(shell)["provider"][0]
    assert provider["list"]["authorization"] == "none"
    assert "token_file" not in provider
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("form", ["", "_FILE"])
def test_the_token_of_a_variable_is_used(shell: Shell, form: str) -> None:
    """The provider's own variable gives the token of the first request too."""
    (shell.folder / "token").write_text(TOKEN)
    value = "token" if form else TOKEN
    with serve(locked) as server:
        given = {f"CATALOG_PROVIDER_LOCAL_TOKEN{form}": value}
        assert "first, snapshot 1" in shell("init", "--provider", server.url, given=given).out


@pytest.mark.parametrize(
    ("step", "code", "output"),
    [
        (answer(401), 3, "--token-file"),
        (answer(body=b"{}"), 2, "there is no list of models in it"),
        (answer(body=b"<html>"), 4, "one answer of the provider"),
    ],
)
def test_an_address_without_a_list_writes_nothing(
    shell: Shell, step: Any, code: int, output: str
) -> None:
    """The error says what came, and there is no file."""
    with serve(step) as server:
        ran = shell("init", "--provider", server.url, code=code, given=QUICK)
    assert output in ran.err
    assert shell.files() == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("openrouter", {"name": "openrouter", "kind": "openrouter"}),
        ("https://openrouter.ai/api/v1/models", {"name": "openrouter", "kind": "openrouter"}),
        ("models.dev", {"name": "models-dev", "kind": "models.dev"}),
        ("https://api.anthropic.com/", {"name": "anthropic", "kind": "anthropic"}),
    ],
)
def test_known_providers_have_their_own_kind(
    shell: Shell, source: str, expected: dict[str, str]
) -> None:
    """By name or by address, a known provider is read by its shipped description."""
    ran = shell("init", "--offline", "--provider", source)
    assert written(shell)["provider"] == [expected]
    assert ran.err == ""
    assert shell("config", "check").code == 0


def test_infomaniak_may_be_named_by_its_address(shell: Shell) -> None:
    """Its own address gives its own kind, another route of it does not."""
    shell("init", "--offline", "--provider", "https://api.infomaniak.com/1/ai/models")
    assert written(shell)["infomaniak"] == {}
    other = "https://api.infomaniak.com/2/ai/1/openai/v1/models"
    ran = shell("init", "--offline", "--force", "--provider", other, code=2)
    assert "--offline does not go with an address" in ran.err


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (("--provider", "infomanik"), "Did you mean infomaniak"),
        (("--provider", "mars.example/v1/models"), "an address begins with https:// or http://"),
        (("--provider", "mistral"), "give the address of its list of models"),
        (("--provider", "http://mars.example/v1"), "plain http"),
        (("--name", "mine"), "--name is only for an address"),
        (("--provider", "https://mars.example/", "--name", "Mars 1"), "'Mars 1': a letter first"),
    ],
)
def test_a_provider_that_cannot_be_is_refused(
    shell: Shell, words: tuple[str, ...], output: str
) -> None:
    """The wrong value is repeated, with what is allowed."""
    assert output.lower() in shell("init", *words, code=2).err.lower()
    assert shell.files() == {}


def test_a_token_file_that_cannot_be_read_is_named(shell: Shell) -> None:
    """A folder in place of the token file ends the command before the request."""
    (shell.folder / "token").mkdir()
    words = ("init", "--provider", "http://127.0.0.1:9/", "--token-file", "token")
    assert "cannot read token: Is a directory" in shell(*words, code=2).err


def test_settings_of_requests_come_from_the_environment(shell: Shell, tmp_path: Path) -> None:
    """The first request obeys CATALOG_HTTP_ variables, whatever CATALOG_CONFIG names."""
    given = {"CATALOG_HTTP_MAX_BYTES": "10", "CATALOG_CONFIG": str(tmp_path / "new.toml")}
    with serve(LIST) as server:
        ran = shell("init", "--provider", server.url, given=given, code=3)
    assert "10" in ran.err
