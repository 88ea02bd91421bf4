"""Access to the pages: server names, tokens, headers of a proxy."""

from pathlib import Path

import pytest

from catalog.web.app import Options
from catalog.web.security import Access
from tests.support.rig import lay_database
from tests.support.web_client import make_client

TOKEN = "tok-of-the-pages"


def _status(folder: Path, access: Access, path: str = "/", **headers: str) -> int:
    client = make_client(lay_database(folder), Options(access=access))
    return client.get(path, headers=headers).status_code


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8080", "LOCALHOST", "[::1]:8080"])
def test_names_of_this_machine_are_accepted(tmp_path: Path, host: str) -> None:
    """A browser on the same machine reads the pages."""
    assert _status(tmp_path, Access(), Host=host) == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil"])
def test_other_names_are_refused(tmp_path: Path, host: str) -> None:
    """A foreign page whose name leads to the loopback reads nothing."""
    assert _status(tmp_path, Access(), Host=host) == 421
    assert _status(tmp_path, Access(), "/livez", Host=host) == 421


def test_a_token_is_needed_if_one_is_set(tmp_path: Path) -> None:
    """Without the token only the health of the server is shown."""
    access = Access(token=TOKEN)
    assert _status(tmp_path, access) == 401
    assert _status(tmp_path, access, Authorization="Bearer other") == 401
    assert _status(tmp_path, access, Authorization=f"Basic {TOKEN}") == 401
    assert _status(tmp_path, access, Authorization=f"Bearer {TOKEN}") == 200
    assert _status(tmp_path, access, Authorization=f"bearer {TOKEN}") == 200
    assert _status(tmp_path, access, Authorization=TOKEN) == 401
    assert _status(tmp_path, access, "/livez") == 200
    assert _status(tmp_path, access, "/metrics") == 401


def test_a_header_of_the_proxy_is_needed_if_one_is_set(tmp_path: Path) -> None:
    """A request that did not come through the proxy is refused."""
    access = Access(header="X-Forwarded-User")
    assert _status(tmp_path, access) == 403
    assert _status(tmp_path, access, **{"X-Forwarded-User": " "}) == 403
    assert _status(tmp_path, access, **{"X-Forwarded-User": "ana"}) == 200


def test_every_answer_has_the_headers_of_security(tmp_path: Path) -> None:
    """Refusals, errors and pages forbid scripts, frames and guessed types."""
    client = make_client(lay_database(tmp_path), Options(access=Access(token=TOKEN)))
    allowed = {"Authorization": f"Bearer {TOKEN}"}
    for path, headers in (("/", {}), ("/", allowed), ("/none", allowed), ("/style.css", allowed)):
        answer = client.get(path, headers=headers)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "script" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_addresses_are_below_the_root_path(tmp_path: Path) -> None:
    """Behind a proxy, every link of a page begins with the path of the proxy."""
    client = make_client(lay_database(tmp_path), Options(root_path="/catalog"))
    assert client.get("/catalog/models").text == client.get("/models").text
    page = client.get("/models").text
    assert 'href="/catalog/changes"' in page
    assert 'href="/changes"' not in page
    assert "http://127.0.0.1/catalog/changes" in client.get("/llms.txt").text.replace(".md", "")
