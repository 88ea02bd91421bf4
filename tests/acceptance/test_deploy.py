"""The files of docs/deploy name commands that exist and run."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from catalog.store.database import Database
from tests.support.builders import body, row
from tests.support.checkout import ROOT
from tests.support.daemon import serving
from tests.support.http_server import answer
from tests.support.needs import needs
from tests.support.shell import COMMAND, TOKEN, Live, Shell

DEPLOY = ROOT / "docs" / "deploy"
PROGRAM = "/opt/catalog/bin/catalog"
UNITS = ("catalog.service", "catalog-sync.service", "catalog-sync.timer")


def text(name: str) -> str:
    """Read a file of the folder."""
    return (DEPLOY / name).read_text(encoding="utf-8")


def test_the_image_copies_all_that_the_build_needs(tmp_path: Path) -> None:
    """The package is built from only the files that the Dockerfile copies into the image."""
    build = text("Dockerfile").rpartition("\nFROM")[0]
    lines = re.findall(r"^COPY (.*)$", build, flags=re.MULTILINE)
    sources = [source for line in lines for source in line.split()[:-1]]
    for source in sources:
        kept = tmp_path / "src" / source
        kept.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, kept)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    made = tmp_path / "made"
    line = [*command, "--quiet", "--wheel-dir", str(made), "."]
    subprocess.run(line, cwd=tmp_path / "src", check=True)
    assert [file.suffix for file in made.iterdir()] == [".whl"]


class UnitParser(configparser.ConfigParser):
    """A parser of unit files, whose keys keep their case."""

    def optionxform(self, optionstr: str) -> str:
        """Return a key as written."""
        return optionstr


def unit(name: str) -> configparser.ConfigParser:
    """Read a unit file. A duplicate key is an error."""
    parser = UnitParser(interpolation=None, delimiters=("=",), strict=True)
    parser.read_string(text(name))
    return parser


def commands() -> list[list[str]]:
    """Return the words after each call of the program in a file."""
    services = [unit(name)["Service"]["ExecStart"] for name in UNITS if name.endswith("service")]
    cron = [line.split(maxsplit=6)[6] for line in text("catalog.cron").splitlines()[-1:]]
    lines = [shlex.split(line) for line in services + cron]
    assert all(words.pop(0) == PROGRAM for words in lines)
    image = re.search(r"^CMD (.*)$", text("Dockerfile"), flags=re.MULTILINE)
    compose = re.search(r"^    command: (.*)$", text("compose.yaml"), flags=re.MULTILINE)
    assert image
    assert compose
    return [*lines, json.loads(image[1]), json.loads(compose[1])]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_each_command_is_one_that_there_is(words: list[str], shell: Shell) -> None:
    """The command line of each file is understood, options and all."""
    assert f"Usage: catalog {words[-1] if words[-1] == 'serve' else 'sync'}" in (
        shell(*words, "--help").out
    )


def placed(name: str, shell: Shell) -> tuple[Shell, list[str]]:
    """Return a shell with the service's environment, local folders, and its arguments."""
    service = unit(name)["Service"]
    folders = {"/etc/catalog": "etc", "/var/lib/catalog": "lib", "%d": "credentials"}
    environ = service["Environment"]
    command = service["ExecStart"]
    for there, here in folders.items():
        (shell.folder / here).mkdir()
        environ = environ.replace(there, str(shell.folder / here))
        command = command.replace(there, str(shell.folder / here))
    credential, source = service["LoadCredential"].split(":")
    assert source == "/etc/catalog/token"
    (shell.folder / "credentials" / credential).write_text(TOKEN, encoding="utf-8")
    (shell.folder / "etc" / "catalog.toml").touch()
    given = dict(pair.split("=", 1) for pair in shlex.split(environ))
    asked = {"CATALOG_INFOMANIAK_URL": shell.given["CATALOG_INFOMANIAK_URL"]}
    return replace(shell, given=asked | given), shlex.split(command)[1:]


def test_the_unit_of_the_daemon_runs(live: Live) -> None:
    """With its command, environment and credential, it writes to its state folder alone."""
    shell, server = live(answer(body=body(row())), laid=False)
    placed_shell, (*before, command) = placed("catalog.service", shell)
    assert command == "serve"
    with serving(placed_shell, *before) as daemon:
        daemon.until("infomaniak: first, snapshot 1, 1 model")
        daemon.until("models.md written")
        daemon.stop()
    assert sorted(shell.files()) == [
        *("credentials/token", "etc/catalog.toml", "lib/catalog.db", "lib/models.md"),
    ]
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_the_unit_of_the_timer_runs(live: Live) -> None:
    """The timer's command runs the slot, and prints nothing if there is no change."""
    shell, _ = live(answer(body=body(row())))
    placed_shell, words = placed("catalog-sync.service", shell)
    assert "infomaniak: first" in placed_shell(*words).out
    assert placed_shell(*words).out == ""
    assert unit("catalog-sync.timer")["Timer"]["OnCalendar"] == "hourly"


def test_the_image_checks_its_health(live: Live) -> None:
    """The check of the image is 0 after a good poll, and 1, never another code, if not."""
    shell, _ = live(answer(body=body(row())))
    image = text("Dockerfile")
    (check,) = re.findall(r"^HEALTHCHECK (?:--\S+ )+CMD (.+)$", image, flags=re.MULTILINE)
    given = shell.environ | {"PATH": f"{COMMAND.parent}:{os.defpath}"}

    def healthy() -> int:
        line = ["sh", "-c", check]
        return subprocess.run(
            line, cwd=shell.folder, env=given, capture_output=True, check=False, timeout=60
        ).returncode

    (shell.folder / "catalog.db").unlink()
    assert healthy() == 1
    shell("sync")
    assert healthy() == 0


def test_the_variant_with_postgresql_is_whole() -> None:
    """Each volume is declared, the database is waited for, and its URL is one that is read."""
    base, more = (yaml.safe_load(text(f"compose{each}.yaml")) for each in ("", "-postgresql"))
    catalog, database = more["services"]["catalog"], more["services"]["postgresql"]
    assert catalog.keys() & base["services"]["catalog"].keys() == {"environment", "volumes"}
    assert catalog["depends_on"] == {"postgresql": {"condition": "service_healthy"}}
    socket = catalog["volumes"][0]
    assert f"{socket['source']}:/var/run/postgresql" in database["volumes"]
    volumes = {socket["source"], *(each.split(":")[0] for each in database["volumes"])}
    assert volumes == set(more["volumes"])
    assert (database["network_mode"], "ports" in database) == ("none", False)
    url = Database(catalog["environment"]["CATALOG_DATABASE"]).url
    assert url.query["host"] == socket["target"]
    user, name = (database["environment"][f"POSTGRES_{each}"] for each in ("USER", "DB"))
    assert (url.username, url.database, url.host) == (user, name, None)


def test_the_services_are_shut_in() -> None:
    """Both may write to their state alone, gain no rights, and the daemon is watched."""
    for name in ("catalog.service", "catalog-sync.service"):
        service = unit(name)["Service"]
        assert service["DynamicUser"] == service["NoNewPrivileges"] == "yes"
        assert (service["ProtectSystem"], service["StateDirectory"]) == ("strict", "catalog")
    daemon = unit("catalog.service")["Service"]
    assert (daemon["Type"], daemon["WatchdogSec"]) == ("notify", "2min")


@needs("systemd-analyze")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    """The real thing reads the units without a complaint, and notices an unknown key."""

    def verified(name: str, more: str = "") -> str:
        for each in UNITS:
            content = text(each).replace(PROGRAM, str(COMMAND))
            (tmp_path / each).write_text(content + more, encoding="utf-8")
        command = ["systemd-analyze", "verify", str(tmp_path / name)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return ended.stderr

    assert [verified(name) for name in UNITS] == [""] * len(UNITS)
    assert "Nonsense" in verified("catalog.service", "\nNonsense=yes\n")
