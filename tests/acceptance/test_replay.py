"""`catalog replay`, polled by `catalog sync` with the printed command."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from catalog.replay.faults import FAULTS
from tests.support.builders import body, row
from tests.support.shell import TOKEN, Shell


@pytest.mark.long
def test_a_history_is_served_and_polled_by_the_real_command(shell: Shell) -> None:
    """Each poll gets the next recording, and Ctrl-C ends with 0."""
    folder = shell.folder / "history"
    folder.mkdir()
    (folder / "2026-01-01T000000Z.json").write_bytes(body(row()))
    (folder / "2026-01-02T000000Z.json").write_bytes(body(row(), row(id=2, name="b")))
    with shell.start("-v", "replay", "--history", "history") as server:
        assert server.stdout
        serving, line = server.stdout.readline(), server.stdout.readline()
        start, _, rest = serving.partition("; ")
        assert re.fullmatch(r"serving 2 recordings at http://127\.0\.0\.1:\d+", start)
        assert rest == "each poll gets the next, dry runs too; Ctrl-C ends\n"
        found = re.fullmatch(r"try: (.*) catalog sync\n", line)
        assert found
        given = dict(part.split("=") for part in found[1].split())
        poller = replace(shell, given=given)
        said = [poller("sync").lines[0] for _ in range(2)]
        server.send_signal(signal.SIGINT)
        _, logged = server.communicate(timeout=20)
    assert [line.split("infomaniak: ")[1].split(",")[0] for line in said] == ["first", "changed"]
    assert server.returncode == 0
    statuses = [line.split("'/1/ai/models' ")[1][:3] for line in logged.splitlines()]
    assert statuses == ["200", "200"]


def test_a_history_that_cannot_be_served_is_wrong_usage(shell: Shell) -> None:
    """A folder without recordings is an error that shows how to name the files."""
    ran = shell("replay", "--history", shell.folder, code=2)
    assert "contains no recorded payload" in ran.err
    assert "2025-08-13T185522Z.json" in ran.err


@contextmanager
def served(shell: Shell, *words: str) -> Iterator[tuple[Shell, list[str]]]:
    """Start a replay. Yield a shell that polls it, and the output."""
    with shell.start("replay", *words) as server:
        try:
            assert server.stdout
            said = [line for _, line in zip(range(2 + bool(words)), server.stdout, strict=False)]
            url = re.search(r"http://[\d.:]+", said[0])
            assert url
            own = {"INFOMANIAK_API_TOKEN": TOKEN, "CATALOG_DATABASE": str(shell.folder / "poll.db")}
            yield replace(shell, given={"CATALOG_INFOMANIAK_URL": url[0], **own}), said
        finally:
            server.send_signal(signal.SIGINT)
            _, logged = server.communicate(timeout=20)
    said.append(logged)
    assert server.returncode == 0
    assert "Traceback" not in logged
    assert TOKEN not in logged


@pytest.mark.long
def test_faults_are_served_and_shown(shell: Shell) -> None:
    """Each fault gives its documented exit code, and the server logs its name."""
    with served(shell) as (poller, _):
        assert "first" in poller("sync").out
    with served(shell, "--fault", "NaN, half-list", "--seed", "1") as (poller, said):
        ran = [poller("sync", code=code) for code in (4, 5, 4)]
    share = "100 % of the polls get a fault (seed 1)"
    assert said[1] == f"{share} in place of an answer: half-list, nan\n"
    assert [line.split()[-1] for line in said[-1].splitlines()] == ["nan", "half-list", "nan"]
    assert "found NaN, expected a finite number" in ran[0].err
    assert "7 of 13 models are missing" in ran[1].err


def test_a_rate_of_none_serves_the_history(shell: Shell) -> None:
    """A fault rate of 0 serves the history without faults."""
    with served(shell, "--fault", "all", "--fault-rate", "0") as (poller, said):
        assert "first" in poller("sync").out
    assert said[-1] == ""


def test_help_lists_every_fault(shell: Shell) -> None:
    """The help lists each kind of fault, its effect and its outcome."""
    seen = " ".join(shell("replay", "--help").out.split())
    for fault in FAULTS.values():
        assert f"{fault.kind} {fault.does}: {fault.outcome}" in seen


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (["--fault", "half"], "there is no fault 'half' (did you mean half-list?). The kinds are"),
        (["--fault", "nan", "--fault-rate", "2"], "is not in the range"),
        (["--seed", "1"], "need --fault"),
        (["--fault-rate", "0"], "need --fault"),
    ],
)
def test_faults_that_make_no_sense_are_wrong_usage(
    words: list[str], seen: str, shell: Shell
) -> None:
    """A misspelled fault, an invalid rate and options without a fault are refused."""
    assert seen in shell("replay", *words, code=2).err


MARS = """
[[provider]]
name = "mars"
kind = "json"
url = "https://api.mars.example"

[provider.list]
route = "/fleet"
rows = "ships"
key = "hull"
"""


def fleet(shell: Shell, settings: str = MARS) -> None:
    """Write the configuration of a made-up provider, and two recordings of it."""
    (shell.folder / "catalog.toml").write_text(settings, encoding="utf-8")
    history = shell.folder / "history"
    history.mkdir()
    for day, hulls in (("01", ["argo"]), ("02", ["argo", "dart"])):
        sent = json.dumps([{"hull": hull} for hull in hulls])
        (history / f"2026-01-{day}T000000Z.json").write_text(sent, encoding="utf-8")


@pytest.mark.long
@pytest.mark.parametrize("authorization", ["bearer", "none"])
def test_any_provider_is_played(shell: Shell, authorization: str) -> None:
    """Recordings of a configured provider are served, and the printed command polls them."""
    fleet(shell, f'{MARS}authorization = "{authorization}"\n')
    words = ("replay", "--provider", "mars", "--history", "history", "--fault", "all")
    with shell.start(*words, "--fault-rate", "0") as server:
        assert server.stdout
        _, faults, line = (server.stdout.readline() for _ in range(3))
        found = re.fullmatch(r"try: (.*) catalog sync --provider mars\n", line)
        assert found
        given = dict(part.split("=") for part in found[1].split())
        poller = replace(shell, given=given)
        said = [poller("sync", "--provider", "mars").lines[0] for _ in range(3)]
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=20)
    assert ("CATALOG_PROVIDER_MARS_TOKEN" in given) == (authorization == "bearer")
    assert [each.split("mars: ")[1].split(",")[0] for each in said] == [
        "first",
        "changed",
        "unchanged",
    ]
    assert ("502" in faults, "half-list" in faults) == (True, False)


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ([], "no recordings of mars are shipped: name yours with --history"),
        (["--history", ".", "--behavior", "b.toml"], "the calls of mars's models are"),
        (["--history", ".", "--fault", "nan,500"], "nan need rows in `data`, each with an `id`"),
    ],
)
def test_options_for_infomaniak_alone(shell: Shell, words: list[str], seen: str) -> None:
    """Options for Infomaniak's answers are refused with another provider."""
    fleet(shell)
    assert seen in shell("replay", "--provider", "mars", *words, code=2).err


def test_infomaniak_may_be_named(shell: Shell) -> None:
    """The shipped history is also served under a configured name of Infomaniak."""
    (shell.folder / "catalog.toml").write_text(
        '[[provider]]\nname = "swiss"\nkind = "infomaniak"\n', encoding="utf-8"
    )
    with shell.start("replay", "--provider", "swiss") as server:
        assert server.stdout
        server.stdout.readline()
        line = server.stdout.readline()
        given = dict(part.split("=") for part in line.split()[1:3])
        said = replace(shell, given=given)("sync", "--provider", "swiss").out
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=20)
    assert "swiss: first, snapshot 1, 13 models" in said
