"""Several providers in one configuration, one of them unknown to the program."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.builders import body, row
from tests.support.http_server import Server, Step, answer, serve
from tests.support.shell import TOKEN, Shell

MARS = """
[[provider]]
name = "mars"
kind = "json"
url = "{mars}"
token_file = "mars.txt"
removals = "at once"

[provider.list]
route = "/fleet"
rows = "fleet.*.ships"
key = "{{1}}/{{hull}}"
name = "hull"
type = "class"
context_limit = "tokens"
prices = "fare"
volatile = "fuel"
"""
INFOMANIAK = """
[[provider]]
name = "infomaniak"
kind = "infomaniak"
url = "{infomaniak}"
"""


def ship(hull: str, **facts: Any) -> dict[str, Any]:
    """Make a row as Mars sends it."""
    return {"hull": hull, "class": "llm", "tokens": 9000, "fare": "5e-07", "fuel": 0.3} | facts


def fleet(*ships: dict[str, Any]) -> Step:
    """Answer with a fleet."""
    return answer(body=json.dumps({"fleet": {"red": {"ships": ships}}}).encode())


Start = Callable[..., tuple[Shell, dict[str, Server]]]


@pytest.fixture
def start(shell: Shell) -> Iterator[Start]:
    """Give a function that starts servers and a shell that polls them."""
    with ExitStack() as stack:

        def make(settings: str, **steps: tuple[Step, ...]) -> tuple[Shell, dict[str, Server]]:
            servers = {name: stack.enter_context(serve(*each)) for name, each in steps.items()}
            urls = {name: server.url for name, server in servers.items()}
            text = settings.format(**urls) + "\n[http]\nattempts = 1\n"
            (shell.folder / "catalog.toml").write_text(text, encoding="utf-8")
            (shell.folder / "mars.txt").write_text(TOKEN, encoding="utf-8")
            given = {"INFOMANIAK_API_TOKEN": TOKEN}
            return Shell(shell.folder, given), servers

        yield make


@pytest.mark.long
def test_an_unknown_provider_by_configuration_alone(start: Start) -> None:
    """A configuration alone adds a provider with its models, changes and document."""
    dearer = ship("argo", fare="0.0000006", fuel=0.9)
    steps = (fleet(ship("argo"), ship("pegasus")), fleet(dearer), fleet(ship("argo", fare="6E-7")))
    shell, servers = start(MARS, mars=steps)
    assert "mars: first, snapshot 1, 2 models" in shell("sync").out
    assert servers["mars"].requests[0].path == "/fleet"
    assert servers["mars"].requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    changed = shell("sync", "--format", "json").json
    assert [(each["kind"], each["key"]) for each in changed["changes"]] == [
        ("removed", "red/pegasus"),
        ("updated", "red/argo"),
    ]
    assert (changed["changes"][1]["before"], changed["changes"][1]["after"]) == (
        "0.0000005",
        "0.0000006",
    )
    assert "mars: unchanged" in shell("sync").out
    document = (shell.folder / "docs" / "models.md").read_text(encoding="utf-8")
    assert document.startswith("# mars AI Models Overview\n")
    url = servers["mars"].url
    assert f"- **Base URL:** `{url}`\n- **Models list:** `GET {url}/fleet`\n" in document
    assert "| `argo` |" in document


@pytest.mark.long
def test_all_providers_together(start: Start) -> None:
    """Without a name all providers are polled and shown, and with a name only that one."""
    alpha = answer(body=body(row()))
    shell, _ = start(
        INFOMANIAK + MARS, infomaniak=(alpha,), mars=(fleet(ship("argo")), fleet(ship("pegasus")))
    )
    first = shell("sync").out
    assert "infomaniak: first, snapshot 1" in first
    assert "mars: first, snapshot 2" in first
    assert {"docs/models-infomaniak.md", "docs/models-mars.md"} <= shell.files().keys()
    passes = shell("sync", "--format", "json").json["passes"]
    assert [each["outcome"] for each in passes] == ["unchanged", "changed"]
    assert [line.split()[0] for line in shell("models").lines] == ["Provider", "infomaniak", "mars"]
    catalogs = shell("models", "--format", "json").json["catalogs"]
    assert [each["provider"] for each in catalogs] == ["infomaniak", "mars"]
    assert len(shell("models", "--provider", "mars").lines) == 2
    assert {line.split()[1] for line in shell("changes").lines[1:]} == {"mars"}
    assert len(shell("changes", "--provider", "infomaniak", "--format", "csv").lines) == 1
    assert len(shell("snapshots").lines) == 4
    assert len(shell("polls", "--limit", "3").lines) == 4
    assert [each["provider"] for each in shell("status", "--format", "json").json["providers"]] == [
        "infomaniak",
        "mars",
    ]
    assert shell("show", "argo").lines[0] == "argo  (id red/argo)"
    assert shell("show", "alpha").lines[0] == "alpha  (id 1)"
    assert "provider mars" in shell("doctor").out
    assert shell("alerts").out == "no messages\n"
    assert [line.split()[0] for line in shell("provider").lines] == ["Name", "infomaniak", "mars"]
    known = shell("provider", "--format", "json").json["providers"]
    assert [each["name"] for each in known] == ["infomaniak", "mars"]
    assert known[1].keys() == {"name", "kind", "url", "schedule", "document"}


def test_one_that_fails_stops_no_other(start: Start) -> None:
    """A failed provider does not stop the others, and the most severe exit code counts."""
    shell, _ = start(
        INFOMANIAK + MARS, infomaniak=(answer(500),), mars=(fleet(ship("argo")), fleet())
    )
    ended = shell("sync", code=3)
    assert "infomaniak: failed" in ended.out
    assert "mars: first" in ended.out
    held = shell("sync", code=5)
    assert "mars: held" in held.out


def test_the_hint_of_a_held_answer_names_one_of_several_providers(start: Start) -> None:
    """Held answers of other providers are not accepted by the command of the hint."""
    alpha = answer(body=body(row()))
    steps = (fleet(ship("argo")), fleet())
    shell, _ = start(INFOMANIAK + MARS, infomaniak=(alpha, answer(body=body())), mars=steps)
    shell("sync")
    shell("sync", code=5)
    hints = [
        provider["problems"][0]["next"]
        for provider in shell("status", "--format", "json", code=1).json["providers"]
    ]
    for name, hint in zip(("infomaniak", "mars"), hints, strict=True):
        held = shell("sync", "--provider", name, code=5).err.splitlines()[1]
        accept = f"catalog sync --provider {name} --accept"
        look = f"catalog sync --provider {name} --dry-run --accept"
        assert held.startswith(f"hint: Look first: `{look}`. If it is right: `{accept}`. ")
        assert hint.startswith(f"Look first: `{look}`. If it is right: `{accept}`. ")
    assert shell(*accept.split()[1:]).out.count("changed, snapshot") == 1
    assert "infomaniak: held" in shell("sync", code=5).out


def test_one_without_a_token_stops_no_other(start: Start) -> None:
    """A provider without a token is reported, and the others are polled."""
    no_token = MARS.replace('token_file = "mars.txt"', "")
    shell, _ = start(INFOMANIAK + no_token, infomaniak=(answer(body=body(row())),), mars=())
    ended = shell("sync", code=2)
    assert "there is no token for mars" in ended.err
    assert "infomaniak: first" in ended.out


@pytest.mark.long
def test_a_command_about_one_asks_for_its_name(start: Start) -> None:
    """A command for one provider asks for --provider and lists the names."""
    both = INFOMANIAK + MARS
    shell, _ = start(
        both, infomaniak=(answer(body=body(row(name="argo"))),), mars=(fleet(ship("argo")),)
    )
    shell("sync")
    (shell.folder / "2026-01-01T000000Z.json").write_text("[]", encoding="utf-8")
    for words in (("render",), ("diff", "1", "2"), ("validate", "catalog.toml"), ("import", ".")):
        assert "add --provider: infomaniak, mars" in shell(*words, code=2).err
    assert "several providers have 'argo'" in shell("show", "argo", code=2).err
    assert "no model 'argos' is known; did you mean argo?" in shell("show", "argos", code=2).err
    wrong = shell("models", "--provider", "venus", code=2).err
    assert "there is no provider 'venus'; there are: infomaniak, mars." in wrong
    assert shell("show", "argo", "--provider", "mars").lines[0].endswith("(id red/argo)")
    assert "is up to date" in shell("render", "--provider", "mars").out


def test_recordings_of_a_described_provider(start: Start) -> None:
    """Recorded answers are validated and imported by the description, bare lists too."""
    bare = MARS.replace('rows = "fleet.*.ships"', 'rows = "fleet"').replace("{{1}}/", "")
    shell, _ = start(bare, mars=())
    history = shell.folder / "history"
    history.mkdir()
    for day, ships in (("01", [ship("argo")]), ("02", [ship("argo"), ship("pegasus")])):
        (history / f"2026-01-{day}T000000Z.json").write_text(json.dumps(ships), encoding="utf-8")
    first = str(history / "2026-01-01T000000Z.json")
    assert "valid: 1 model" in shell("validate", first).out
    assert "2 recordings: 1 changed, 1 first" in shell("import", "history").out
    assert "pegasus added" in shell("diff", "1", "2").out
    assert "$.fleet" in shell("validate", "-", stdin=b"{}", code=1).out


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('[[provider]]\nname = "a"\nkind = "json"', "provider.0.url: the kind json needs one"),
        ('[[provider]]\nname = "a"\nkind = "openai"', "provider.0.url: the kind openai needs one"),
        (
            '[[provider]]\nname = "a"\nkind = "json"\nurl = "https://a.example"',
            "provider.0.list.route: the kind json needs one",
        ),
        ('[[provider]]\nname = "a"\nkind = "none"', 'provider.0.kind = "none": '),
        (MARS + MARS, 'provider.1.name = "mars": another provider already has the name mars'),
        (
            INFOMANIAK + '[provider.list]\nkey = "name"',
            "provider.0.list: the kind infomaniak does not use these settings; try kind json",
        ),
        (MARS + "[provider.list.paging]\n", "provider.0.list.paging.by:"),
        (MARS + 'paging = {{ by = "next" }}', "provider.0.list.paging.at: next needs the place"),
        (MARS + 'paging = {{ by = "cursor", at = "a" }}', "paging.parameter: cursor needs the"),
        (MARS.replace("{{1}}", "{{7}}"), "the place of the rows only has {1} to {2}"),
        (MARS + 'status = ""', "provider.0.list.status.0: the place of a field is expected"),
        (
            MARS.replace("/fleet", "fleet?x"),
            'provider.0.list.route = "fleet?x": a path that begins with /',
        ),
        (MARS + "sort = 1", "provider.0.list.sort: there is no such setting"),
        ('provider = ["a"]', "provider.0: a table is expected"),
        (
            '[[provider]]\nname = "a"\nkind = "json"\nlist = 1',
            "provider.0.list: a table is expected",
        ),
    ],
)
def test_mistakes_in_a_provider(start: Start, settings: str, said: str) -> None:
    """Each mistake in a provider's settings is reported with its place."""
    shell, _ = start(settings, mars=(), infomaniak=())
    assert said in shell("config", "check", code=2).err


def test_a_token_by_variable(start: Start) -> None:
    """A provider's token can be a variable of its name, and hints mention it."""
    shell, servers = start(MARS.replace('token_file = "mars.txt"', ""), mars=(fleet(ship("argo")),))
    missing = shell("sync", code=2).err
    assert "there is no token for mars" in missing
    assert "there is no token for mars yet" in shell("config", "check").err
    shell("sync", given={"CATALOG_PROVIDER_MARS_TOKEN": TOKEN})
    assert servers["mars"].requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    shown = shell("config", "show", given={"CATALOG_PROVIDER_MARS_TOKEN": TOKEN}).out
    assert "CATALOG_PROVIDER_MARS_TOKEN" in shown


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "Give a valid token, by CATALOG_PROVIDER_MARS_TOKEN or `provider.0.token_file`;"),
        (403, "Allow the token (CATALOG_PROVIDER_MARS_TOKEN) to list the models."),
        (
            404,
            "`provider.0.url`) and the route (`provider.0.list.route`).",
        ),
    ],
)
def test_a_hint_names_the_settings_of_the_failed_provider(
    start: Start, status: int, hint: str
) -> None:
    """A hint names only settings that this provider reads."""
    shell, _ = start(MARS, mars=(answer(status),))
    ran = shell("sync", code=3)
    assert hint in ran.err.partition("hint: ")[2]
    assert "infomaniak" not in ran.err.lower()


def test_an_error_with_status_200_shows_the_message(start: Start) -> None:
    """The provider's message is shown in place of what its answer lacks, without the token."""
    refused = json.dumps({"error": {"message": f"{TOKEN} may not list", "type": "denied"}})
    shell, _ = start(MARS, mars=(answer(body=refused.encode()),))
    ran = shell("sync", code=4)
    assert 'found "denied: *** may not list", expected no error' in ran.err


def test_one_part_of_a_list_is_reported_once(start: Start) -> None:
    """A cursor that nothing follows is a finding of the first poll, and not of the next ones."""

    def part(*ships: dict[str, Any], **around: Any) -> Step:
        return answer(body=json.dumps({"fleet": {"red": {"ships": ships}}} | around).encode())

    steps = (part(ship("argo"), nextPageToken="t1"), part(ship("dart"), nextPageToken="t2"))
    shell, _ = start(MARS, mars=steps)
    said = "the answer looks like one part of several: nextPageToken is filled"
    first, second = shell("sync").out, shell("sync").out
    assert f"warning   {said}" in first
    assert "mars: changed" in second
    assert said not in second
    assert (
        f"drift: {said}" in shell("validate", "-", stdin=b'{"fleet": {}, "nextPageToken": "t"}').out
    )


def test_a_removal_that_waits_for_the_next_poll_is_shown(start: Start) -> None:
    """A poll that lacks a listed model shows its name, and the next one reports its removal."""
    less = fleet(ship("argo"))
    settings = MARS.replace('removals = "at once"\n', "")
    shell, _ = start(settings, mars=(fleet(ship("argo"), ship("dart")), less, less, less))
    shell("sync")
    dry = shell("sync", "--dry-run", "--format", "json").json
    assert (dry["outcome"], dry["missing"]) == ("unchanged", ["red/dart"])
    assert shell("sync").lines[1] == (
        "1 model is missing from the answer: dart. "
        "It counts as removed if the next poll lacks it too."
    )
    assert "  breaking  dart removed" in shell("sync").lines


def test_a_provider_without_a_snapshot_hides_no_other(start: Start) -> None:
    """Lists of models and ends name the provider that was never polled, and show the rest."""
    shell, _ = start(MARS + INFOMANIAK, mars=(fleet(ship("argo")), fleet()), infomaniak=())
    shell("sync", "--provider", "mars")
    shell("note", "argo", "--retires", "2098-12-01")
    left_out = "left out, because no snapshot is stored yet: infomaniak"
    for command in ("models", "forecast"):
        ran = shell(command)
        assert "argo" in ran.out
        assert left_out in ran.err
        assert left_out not in shell(command, "--provider", "mars").err
        alone = shell(command, "--provider", "infomaniak", code=2)
        assert "error: no snapshot is stored yet" in alone.err
