import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from catalog.core.clock import now, stamp
from catalog.providers.recordings import find, shipped
from catalog.replay.behavior import Behavior, Entry
from catalog.replay.server import ReplayServer
from tests.support.daemon import serving
from tests.support.shell import TOKEN, Shell

REFUSES = Entry("qwen3", does=(422,))
WRONG = """\
produkts = [1]
products = ["x"]
served = 3

[[model]]
does = [200, "sulks", true]
route = "chat-v9"
body = "long"
colour = 1
looks = "often"

[[model]]
name = "x"
does = []
"""


@pytest.fixture
def provider() -> Iterator[ReplayServer]:
    """Serve the newest recorded catalog, whose models can be called."""
    with ReplayServer(find(shipped())[-1:]) as server:
        yield server


@pytest.fixture(scope="session")
def late_history(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Give a folder with the recorded history, ending ten days ago.

    Which models that left are still called depends on how long ago that was.
    """
    shell = Shell(tmp_path_factory.mktemp("late"))
    recordings = find(shipped())
    moved = now() - timedelta(days=10) - recordings[-1].at
    files = shell.folder / "history"
    files.mkdir()
    for each in recordings:
        shutil.copy(each.path, files / f"{stamp(each.at + moved)}.json")
    shell("import", "history", "--accept")
    return shell


@pytest.fixture
def asking(late_history: Shell, tmp_path: Path, provider: ReplayServer) -> Shell:
    """Give a copy of that folder, and a way to the provider."""
    shutil.copytree(late_history.folder, tmp_path, dirs_exist_ok=True)
    given = {"CATALOG_INFOMANIAK_URL": provider.url, "INFOMANIAK_API_TOKEN": TOKEN}
    return Shell(tmp_path, given)


def test_probing_is_off_until_it_is_enabled(asking: Shell) -> None:
    """Without the setting no model is called, and with it the probe runs."""
    ran = asking("probe", "whisper", code=2)
    assert ran.err.splitlines() == [
        "error: probing is off: it calls the models, which costs money",
        "hint: Set `probe.enabled = true`, or call them now by --once. --dry-run shows the calls.",
    ]
    enabled = asking("probe", "mini_lm_l12_v2", given={"CATALOG_PROBE_ENABLED": "true"})
    assert "mini_lm_l12_v2  embeddings     answers" in enabled.out


def test_without_a_token_nothing_is_called(own_demo: Shell) -> None:
    """The error about a missing token names its variable."""
    assert "INFOMANIAK_API_TOKEN" in own_demo("probe", "--once", code=2).err


def test_a_dry_run_sends_no_request(asking: Shell, provider: ReplayServer) -> None:
    """A dry run lists the calls and their highest cost, without contacting the provider."""
    provider.close()
    ran = asking("probe", "--dry-run")
    assert "at most 60 calls and 3,090 tokens" in ran.out
    assert "today so far 0 of 200 calls, 0 of 20,000 tokens" in ran.out
    output = asking("probe", "--dry-run", "qwen3", "--format", "json").json
    assert (output["calls"], output["tokens"]) == (2, 200)
    assert output["plan"][0] == {
        "model": "qwen3",
        "key": "17",
        "route": "chat-v1",
        "calls": 1,
        "tokens": 100,
    }


def test_a_provider_that_is_not_there_is_an_error(asking: Shell, provider: ReplayServer) -> None:
    """An unreachable provider is exit 3, and no call is stored."""
    provider.close()
    assert "could not be read" in asking("probe", "--once", code=3).err
    assert asking("matrix").out == "no calls\n"


@pytest.mark.long
def test_second_tries_and_their_findings(asking: Shell, provider: ReplayServer) -> None:
    """A second try confirms a refusal, and the finding is reported and verified."""
    provider.behave(Behavior(entries=(REFUSES, Entry("mixtral", "chat-v1"))))
    given = {"CATALOG_PROBE_AGAIN_AFTER": "1s"}
    first = asking("probe", "--once", "qwen3")
    assert "refused (?)" in first.out
    assert "a second try is due at" in first.out
    ran = asking("probe", "--once", "--wait", "granite", given=given)
    assert "waiting for the second tries until" in ran.err
    assert "breaking  granite is refused by chat-v1, chat-v2 now," in ran.out
    output = asking("probe", "--once", "qwen3", "--format", "json", given=given).json
    assert [each["verdict"] for each in output["probes"]] == ["refused", "refused"]
    assert output["probes"][0]["believed"]
    assert "mixtral" in output["probes"][0]["accepted"]
    assert [(each["kind"], each["model"]) for each in output["changes"]] == [("over", "qwen3")]
    assert output["today"] == {"calls": 8, "tokens": 0}
    logged = asking("changes", "--model", "qwen3", "--format", "json").json["changes"]
    assert logged[-1]["rule"] == "delisted-refused"
    assert "qwen3 is refused" in asking("show", "qwen3").out
    assert asking("db", "verify").code == 0


@pytest.mark.long
def test_the_matrix_in_each_form(asking: Shell, provider: ReplayServer) -> None:
    """The table has a column for each route, the lines have the words, JSON has everything."""
    provider.behave(Behavior(entries=(Entry("flux", answered_as="Flux"),)))
    asking("probe", "--once", "flux", "whisperV2", "mini_lm_l12_v2")
    table = asking("matrix").lines
    assert table[0].split() == [
        *("Model", "Form", "List", "embeddings", "embeddings-v1", "images", "transcription")
    ]
    assert [line.split()[0] for line in table[1:]] == ["flux", "mini_lm_l12_v2", "whisperV2"]
    assert table[3].endswith("refused (?)")
    markdown = asking("matrix", "--format", "markdown").lines
    assert markdown[2].startswith("| flux | short | listed | – | – | skipped 20")
    answers = asking("matrix", "--answers").lines
    assert answers[1].endswith("images are made on request only: --images")
    cells = asking("matrix", "--format", "json").json["cells"]
    assert [each["route"] for each in cells] == [
        *("images", "embeddings", "embeddings-v1", "transcription")
    ]
    assert cells[3]["list"] == "delisted"
    assert cells[3]["waiting"][0]["verdict"] == "refused"
    assert "verdict" not in cells[3]


def test_a_document_in_an_impossible_folder_is_reported(asking: Shell) -> None:
    """If the document cannot be written, the calls are kept and the exit code is 6."""
    document = asking.folder / "docs" / "models.md"
    document.write_text("no markers\n<!-- catalog:begin llm -->\n", encoding="utf-8")
    ran = asking("probe", "--once", "mini_lm_l12_v2", code=6)
    assert "answers" in ran.out
    assert "error: " in ran.err
    assert asking("-q", "probe", "--once", "mini_lm_l12_v2", code=6).out == ""


def test_a_bar_shows_where_it_is(asking: Shell) -> None:
    """On a terminal a progress bar shows the last model, and stdout stays clean."""
    shown, out = asking.on_terminal("probe", "--once", "mini_lm_l12_v2", piped=True)
    assert "mini_lm_l12_v2" in shown
    assert out.startswith("Model")


@pytest.mark.long
def test_a_behavior_file_is_served(own_demo: Shell, tmp_path: Path) -> None:
    """A behavior file scripts the replies, with either spelling of the option."""
    file = tmp_path / "behavior.toml"
    file.write_text('[[model]]\nname = "mini*"\ndoes = "answers"\nanswered_as = "x"\n')
    for option in ("--behavior", "--behaviour"):
        with own_demo.start("replay", option, file) as process:
            assert process.stdout
            url = process.stdout.readline().split(" at ")[1].split(";")[0]
            given = {"CATALOG_INFOMANIAK_URL": url, "INFOMANIAK_API_TOKEN": TOKEN}
            words = ("probe", "--once", "mini_lm_l12_v2", "--format", "json")
            output = json.loads(own_demo(*words, given=given).out)
            process.terminate()
        assert {each["answered_as"] for each in output["probes"]} == {"x"}


def test_every_mistake_in_a_behavior_file_is_reported(shell: Shell) -> None:
    """All mistakes in a behavior file are listed together with their places."""
    file = shell.folder / "b.toml"
    file.write_text(WRONG, encoding="utf-8")
    assert shell("replay", "--behavior", file, code=2).err.splitlines()[1:] == [
        "  produkts: there is no such key; the keys are products, served and model",
        "  products: write a list of numbers",
        "  served: write a list of names",
        (
            "  model.0.colour: there is no such key; the keys are name, route, does, body, "
            "answered_as, tokens, latency, retry_after, looks, batch"
        ),
        "  model.0.looks: 'often' has the wrong type",
        "  model.0.name: it must be given",
        (
            "  model.0.route: 'chat-v9' is not one of *, chat-v2, chat-v1, embeddings, "
            "embeddings-v1, rerank, transcription, images"
        ),
        "  model.0.body: 'long' is not one of validation, other, plain, html, empty",
        "  model.0.does: 200 is not one of answers, hangs, breaks or a status from 300 to 599",
        "  model.0.does: 'sulks' is not one of answers, hangs, breaks or a status from 300 to 599",
        "  model.0.does: True is not one of answers, hangs, breaks or a status from 300 to 599",
        "  model.1.does: the list is empty",
        "hint: `catalog help probing` shows such a file.",
    ]
    file.write_text("model = 3", encoding="utf-8")
    assert "model: write tables: [[model]]" in shell("replay", "--behavior", file, code=2).err
    file.write_text("[", encoding="utf-8")
    assert "is not TOML" in shell("replay", "--behavior", file, code=2).err
    assert "cannot read" in shell("replay", "--behavior", "none.toml", code=2).err


def test_a_provider_with_unknown_routes(shell: Shell) -> None:
    """Probing a provider of another kind is refused with the reason."""
    text = '[[provider]]\nname = "router"\nkind = "openrouter"\n'
    (shell.folder / "catalog.toml").write_text(text, encoding="utf-8")
    output = shell("probe", "--once", code=2).err
    assert "catalog does not know how to call the models of router" in output
    assert "providers of the kind infomaniak" in output


def test_the_daemon_logs_whether_it_calls_models(asking: Shell) -> None:
    """The daemon logs the probe schedule at its start."""
    given = {"CATALOG_PROBE_ENABLED": "true", "CATALOG_PROBE_CRON": "@daily"}
    with serving(replace(asking, given={**asking.given, **given})) as daemon:
        daemon.until("probes cron @daily")
        daemon.until("next run")
        daemon.stop()


def test_two_schedules_of_the_probes_are_a_mistake(shell: Shell) -> None:
    """An interval and a cron expression do not go together."""
    text = '[probe]\nevery = "1d"\ncron = "@daily"\n'
    (shell.folder / "catalog.toml").write_text(text, encoding="utf-8")
    output = shell("config", "check", code=2).err
    assert "probe.cron: probe.every is given too; remove one of the two" in output


@pytest.mark.long
def test_all_models_at_once(asking: Shell) -> None:
    """Without names, every callable model is probed."""
    given = {"CATALOG_PROBE_RATE": "60", "CATALOG_PROBE_ENABLED": "true"}
    output = asking("probe", "--format", "json", given=given).json
    assert len(output["probes"]) == 41
    assert output["again_at"] > output["probes"][0]["at"]
    assert asking("matrix").out.count("answers") == 13
