"""`catalog web` and the pages of `catalog serve`, as real processes."""

import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.support.builders import body, row
from tests.support.daemon import Running, guarded, serving
from tests.support.http_server import answer
from tests.support.shell import SECONDS, Live, Shell

ANY = "127.0.0.1:0"


@contextmanager
def _web(shell: Shell, *options: str) -> Iterator[tuple[Running, str]]:
    """Start `catalog web` on a free port, and give its address."""
    with guarded(shell.start("web", "--listen", ANY, *options)) as running:
        line = running.until("serving http://")
        yield running, re.findall(r"http://\S+/", line)[0]


def _get(address: str, **headers: str) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=SECONDS) as client:
        return client.get(address, headers=headers)


def test_it_serves_until_it_is_stopped(demo: Shell) -> None:
    """The command names its address, answers there, and ends well at SIGTERM."""
    with _web(demo) as (running, address):
        assert "qwen3</a> removed" in _get(f"{address}changes").text
        running.stop()
    assert running.lines[0].endswith("from " + str(demo.folder / "demo/catalog.db"))


def test_pages_follow_the_polls_of_the_daemon(live: Live) -> None:
    """`catalog serve` shows the first poll on its own pages."""
    shell, _ = live(answer(body=body(row())))
    with serving(replace(shell, given={**shell.given, "CATALOG_WEB_LISTEN": ANY})) as daemon:
        address = re.findall(r"http://\S+/", daemon.until("serving http://"))[0]
        daemon.until("first, snapshot 1, 1 model")
        assert "alpha" in _get(f"{address}models").text
        assert _get(f"{address}readyz").text == "ready\n"
        daemon.stop()


def test_sighup_reloads_the_settings_of_the_pages(live: Live) -> None:
    """A new path, token and provider are used at once. Settings that need a restart are named."""
    shell, server = live(answer(body=body(row())))
    configuration = shell.folder / "catalog.toml"
    configuration.write_text(f'[web]\nlisten = "{ANY}"\n')
    with serving(shell) as daemon:
        address = re.findall(r"http://\S+/", daemon.until("serving http://"))[0]
        daemon.until("first, snapshot 1, 1 model")
        assert 'href="/models"' in _get(address).text
        (shell.folder / "token").write_text("tok-of-the-pages\n")
        web = '[web]\nlisten = "127.0.0.1:1"\nroot_path = "/catalog"\ntoken_file = "token"\n'
        every = f'[[provider]]\nname = "other"\nkind = "openai"\nurl = "{server.url}"\n'
        every += 'list = { authorization = "none" }\n'
        configuration.write_text(web + every)
        daemon.tell(signal.SIGHUP)
        line = daemon.until("until a restart")
        daemon.until("the configuration was reloaded")
        assert _get(address).status_code == 401
        page = _get(address, Authorization="Bearer tok-of-the-pages").text
        assert 'href="/catalog/models"' in page
        assert "other" in page
        configuration.write_text(f'[web]\nlisten = "{ANY}"\npublic = true\n')
        daemon.tell(signal.SIGHUP)
        daemon.until("web.public has changed, but the pages keep the old value until a restart")
        daemon.stop()
    assert f"web.listen is now 127.0.0.1:1, but the pages stay at {ANY}" in line


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--listen", "0.0.0.0:8080"), "error: 0.0.0.0 is reached from beyond this machine"),
        (("--listen", "8080"), "'8080' is not HOST:PORT, such as 127.0.0.1:8080"),
        (("--listen", "127.0.0.1:99999"), "is not HOST:PORT"),
    ],
)
def test_a_wrong_address_is_explained(demo: Shell, options: tuple[str, ...], words: str) -> None:
    """An address that cannot be used, or that others reach, ends the command with a hint."""
    assert words in demo("web", *options, code=2).err


def test_a_busy_port_is_explained(demo: Shell) -> None:
    """The error names the address, the reason, and another address."""
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ran = demo("web", "--listen", f"127.0.0.1:{port}", code=2)
    assert f"error: cannot listen on 127.0.0.1:{port}: Address already in use" in ran.err
    assert "hint: Name another address" in ran.err


def test_a_token_comes_from_its_file_alone(demo: Shell, tmp_path: Path) -> None:
    """The server reads its own token, and no token of a provider."""
    secret = tmp_path / "token"
    secret.write_text("tok-of-the-pages\n")
    given = {"CATALOG_WEB_TOKEN_FILE": str(secret), "INFOMANIAK_API_TOKEN_FILE": "/nowhere"}
    with _web(replace(demo, given=given)) as (running, address):
        assert _get(address).status_code == 401
        assert _get(address, Authorization="Bearer tok-of-the-pages").status_code == 200
        running.stop()
    assert "tok-of-the-pages" not in "\n".join(running.lines)


def test_public_is_said_by_option_or_setting(demo: Shell) -> None:
    """An address beyond this machine is served if the option allows it."""
    process = demo.start("web", "--listen", "0.0.0.0:0", "--public")
    with guarded(process) as running:
        line = running.until("serving http://0.0.0.0:")
        port = re.findall(r":(\d+)/", line)[0]
        assert _get(f"http://127.0.0.1:{port}/livez").text == "alive\n"
        running.stop()


@pytest.mark.parametrize("root", ["catalog", "//x", "/a?b", "/a#b"])
def test_a_wrong_root_path_is_explained(demo: Shell, root: str) -> None:
    """The path of a proxy begins with one slash and has no query."""
    ran = replace(demo, given={"CATALOG_WEB_ROOT_PATH": root})("web", "--listen", ANY, code=2)
    assert "is not a path such as /catalog" in ran.err


@pytest.mark.parametrize("options", [("--listen", ANY), ("--public",)])
def test_a_build_refuses_the_options_of_the_server(demo: Shell, options: tuple[str, ...]) -> None:
    """An option without effect ends the build, and the error names the command to run."""
    ran = demo("web", *options, "build", "site", code=2)
    words = f"Error: {options[0]} is for the server. To write the pages: catalog web build DIR.\n"
    assert words in ran.err
    assert not (demo.folder / "site").exists()


def test_the_address_and_the_path_may_be_settings(demo: Shell) -> None:
    """Without options, the settings give the address, and the path that a proxy adds."""
    given = {"CATALOG_WEB_LISTEN": ANY, "CATALOG_WEB_ROOT_PATH": "/catalog/"}
    with guarded(replace(demo, given=given).start("web")) as running:
        origin = re.findall(r"http://[^/]+/", running.until("serving http://"))[0]
        assert 'href="/catalog/changes"' in _get(f"{origin}catalog/models").text
        running.stop()


@pytest.mark.parametrize("words", [("web",), ("web", "build", "site")])
def test_a_missing_extra_is_named(demo: Shell, words: tuple[str, ...]) -> None:
    """Without the packages of the pages, the error shows the command that installs them."""
    code = "import sys; sys.modules['starlette'] = None; from catalog.cli.main import main; main()"
    shell = replace(demo, installed=True)  # because a fork has loaded the packages
    with shell.python("-c", code, *demo.before, *words) as running:
        out, errors = running.communicate(timeout=SECONDS)
    assert (running.returncode, out) == (2, "")
    assert "hint: Install it: `pip install 'model-catalog[web]'`." in errors
