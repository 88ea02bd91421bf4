"""`catalog` behind a proxy, on both paths and without a visible password."""

import ssl
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.fast_path import BODY, took_fast_path
from tests.support.http_proxy import HOST, PASSWORD, USER, ProxyServer, proxy
from tests.support.http_server import Server, answer, refusing, serve
from tests.support.shell import TOKEN, Ran, Shell


@dataclass(frozen=True)
class Behind:
    """A shell whose provider is reached only through a proxy."""

    shell: Shell
    server: Server
    proxy: ProxyServer

    def __call__(self, *words: str, code: int = 0, **given: str) -> Ran:
        """Run a command, which must not show the password."""
        ran = replace(self.shell, given={**self.shell.given, **given})(*words, code=code)
        assert PASSWORD not in ran.out + ran.err
        return ran


@pytest.fixture
def behind(shell: Shell, authority: Path, encrypted: ssl.SSLContext) -> Iterator[Behind]:
    """Set up a provider with its own certificate behind a proxy."""
    (shell.folder / "company.pem").write_bytes(authority.read_bytes())
    with (
        serve(answer(body=BODY), tls=encrypted) as server,
        proxy(server.port, login=True) as way,
    ):
        given = {
            "CATALOG_INFOMANIAK_URL": f"https://{HOST}",
            "INFOMANIAK_API_TOKEN": TOKEN,
            "CATALOG_HTTP_ATTEMPTS": "1",
        }
        (shell.folder / "catalog.toml").write_text(
            '[http]\nproxy_file = "proxy"\nca_file = "company.pem"\n', encoding="utf-8"
        )
        (shell.folder / "proxy").write_text(f"{way.whole}\n", encoding="utf-8")
        yield Behind(replace(shell, given=given), server, way)


def test_the_fast_path_uses_the_proxy(behind: Behind) -> None:
    """The second poll takes the fast path through the same proxy with the same certificates."""
    behind("sync")
    assert took_fast_path(behind.shell)
    assert len(behind.proxy.heads) == len(behind.server.requests) == 2
    stored = (behind.shell.folder / "catalog.db").read_bytes()
    secret = b64encode(f"{USER}:{PASSWORD}".encode())
    assert PASSWORD.encode() not in stored
    assert secret not in stored


@pytest.mark.long
def test_the_fast_path_reads_the_proxy_each_time(behind: Behind) -> None:
    """A changed password, an unreadable proxy and another certificate apply immediately."""
    behind("sync")
    file = behind.shell.folder / "proxy"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace(PASSWORD, "another-one"), encoding="utf-8")
    assert "407 Proxy Authentication Required" in behind("sync", code=3).err
    file.write_text("nonsense", encoding="utf-8")
    assert "http.proxy: http:// is missing in '***'" in behind("sync", code=2).err
    file.write_text(whole, encoding="utf-8")
    behind("sync")
    (behind.shell.folder / "company.pem").write_text("no certificate", encoding="utf-8")
    assert "http.ca_file" in behind("sync", code=2).err


@pytest.mark.long
def test_a_proxy_of_the_environment_is_not_stored(behind: Behind) -> None:
    """CATALOG_HTTP_PROXY replaces the file and may change its password without a full pass."""
    url = behind.proxy.whole
    shell = replace(behind.shell, given={**behind.shell.given, "CATALOG_HTTP_PROXY": url})
    (shell.folder / "proxy").unlink()
    shell("sync")
    assert took_fast_path(shell)
    assert "http://***@127.0.0.1" in behind("config", "show", CATALOG_HTTP_PROXY=url).out


@pytest.mark.long
def test_no_output_shows_the_password(behind: Behind) -> None:
    """Settings, logs, errors and the doctor show only the host of the proxy."""
    behind("-vv", "sync")
    shown = behind("config", "show", "--format", "json").json["settings"]["http.proxy"]
    assert shown["value"] == "***"
    behind("config", "check")
    assert f"https://{HOST} accepted the token" in behind("doctor").out
    with refusing() as url:
        gone = url.replace("//", f"//{USER}:{PASSWORD}@")
        err = behind("-vv", "sync", code=3, CATALOG_HTTP_PROXY=gone).err
        assert f"through the proxy {url.removeprefix('http://')}: Connection refused" in err


@pytest.mark.long
def test_a_webhook_goes_through_the_proxy(behind: Behind) -> None:
    """A test message reaches a chat through the proxy, and the doctor checks the proxy."""
    with (behind.shell.folder / "catalog.toml").open("a", encoding="utf-8") as file:
        file.write(f'[[channel]]\nkind = "webhook"\nname = "ops"\nurl = "https://{HOST}/hook"\n')
    behind("alerts", "test", "ops")
    assert behind.server.requests[-1].path == "/hook"
    where = f"127.0.0.1:{behind.proxy.port}"
    assert f"{where}, the proxy to {HOST} accepts connections" in behind("doctor").out


def test_a_certificate_file_without_certificates_is_a_mistake(shell: Shell) -> None:
    """A missing file and a file without a certificate are named with their path."""
    file = shell.folder / "company.pem"
    given = {"CATALOG_HTTP_CA_FILE": "company.pem"}
    err = shell("config", "check", code=2, given=given).err
    assert f'http.ca_file = "company.pem": cannot read {file}: No such file or directory' in err
    file.write_text("nonsense", encoding="utf-8")
    err = shell("config", "check", code=2, given=given).err
    assert f'http.ca_file = "company.pem": {file} contains no readable certificate' in err


def test_a_wrong_host_in_no_proxy_is_a_mistake(shell: Shell) -> None:
    """A URL in http.no_proxy is shown with the setting and the right forms."""
    ran = shell("config", "check", code=2, given={"CATALOG_HTTP_NO_PROXY": "a.ch,http://b.ch"})
    assert "http.no_proxy.1: 'http://b.ch' is not a host: write example.org, 192.0.2.7" in ran.err


def test_a_proxy_in_a_public_file_gives_a_warning(shell: Shell) -> None:
    """A public configuration file gives a warning only if its proxy has credentials."""
    file = shell.folder / "catalog.toml"
    for url, warned in (("http://h:1", False), ("http://me:s3cret@h:1", True)):
        file.write_text(f'[http]\nproxy = "{url}"\n', encoding="utf-8")
        file.chmod(0o644)
        ran = shell("config", "check")
        assert ("holds http.proxy" in ran.out + ran.err) is warned
        assert "s3cret" not in ran.out + ran.err
