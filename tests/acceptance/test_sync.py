"""`catalog sync`, against a real server on the loopback."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders import body, row
from tests.support.database import outcomes
from tests.support.http_server import Exchange, answer, refusing, serve
from tests.support.shell import TOKEN, Live, Shell

ALPHA, BETA = row(), row(id=2, name="beta", description="Beta 1.0")
ONE, TWO = body(ALPHA), body(ALPHA, BETA)
STATED = {"ETag": '"one"'}
DEFAULT = {"CATALOG_HOLD_POLLS": "3", "CATALOG_HOLD_APART": "10m"}


def unless_known(exchange: Exchange) -> None:
    """Send 304 for a known tag, else the answer with its tag."""
    if exchange.request.headers.get("if-none-match") == STATED["ETag"]:
        exchange.send(304, STATED, b"")
    else:
        exchange.send(200, STATED, ONE)


def hidden_in(shell: Shell) -> list[str]:
    """Return the files that hold the token."""
    return [name for name, content in shell.files().items() if TOKEN.encode() in content]


def test_a_first_pass_stores_and_writes_and_the_next_are_quiet(live: Live) -> None:
    """The first pass makes database and document, and unchanged passes write nothing."""
    shell, server = live(unless_known, unless_known, answer(body=ONE), laid=False)
    first = shell("sync")
    assert "infomaniak: first, snapshot 1, 1 model" in first.lines[0]
    assert first.lines[1:] == [f"document {shell.folder}/docs/models.md written"]
    assert first.err == ""
    assert sorted(shell.files()) == ["catalog.db", "docs/models.md"]
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"

    same_tag = shell("-q", "sync", "--exit-code")
    assert (same_tag.out, same_tag.err) == ("", "")
    assert server.requests[1].headers["if-none-match"] == STATED["ETag"]
    same_bytes = shell("sync", "--exit-code")
    assert same_bytes.lines[0].endswith("infomaniak: unchanged, snapshot 1")
    assert len(same_bytes.lines) == 1
    assert outcomes(shell.folder / "catalog.db") == ["first", "unchanged", "unchanged"]
    assert hidden_in(shell) == []


def test_a_dry_run_shows_all_and_writes_nothing(live: Live) -> None:
    """A dry run makes no file before the first pass, and keeps no change after it."""
    shell, _ = live(answer(body=ONE), answer(body=ONE), answer(body=TWO), laid=False)
    before = shell("sync", "--dry-run")
    assert "first, snapshot 1, 1 model (dry run)" in before.lines[0]
    assert before.lines[1].endswith("docs/models.md would be written")
    assert shell.files() == {}

    shell("-q", "sync")
    known = shell.files()["docs/models.md"]
    after = shell("sync", "--dry-run", "--exit-code", "--format", "json", code=1).json
    assert after["dry_run"] is True
    assert [change["model"] for change in after["changes"]] == ["beta"]
    assert after["document"] == {"path": f"{shell.folder}/docs/models.md", "written": True}
    assert shell.files()["docs/models.md"] == known
    assert outcomes(shell.folder / "catalog.db") == ["first"]


def test_changes_are_shown_with_their_level_and_reason(live: Live) -> None:
    """A changed pass lists each change with the reason, and exits with 1 on request."""
    shell, _ = live(answer(body=TWO), answer(body=body(row(description="Alpha 2.0", version="2"))))
    shell("-q", "sync")
    ran = shell("sync", "--exit-code", code=1)
    headline, removed, *output, document = ran.lines
    assert "changed, snapshot 2, 1 model, 3 findings" in headline
    assert removed.startswith("  breaking  beta removed; callable until at least ")
    assert output == [
        "            Calls that use this name fail once the provider stops serving it.",
        "  warning   alpha: description Alpha 1.0 → Alpha 2.0",
        "            Another model may now answer calls of this name.",
        "  info      alpha: version 1.0 → 2",
    ]
    assert document == f"document {shell.folder}/docs/models.md written"


def test_json_has_the_keys_that_programs_rely_on(live: Live) -> None:
    """Each outcome's JSON holds its promised keys and no others."""
    broken = body(row(id="x"), row(id=2, name=" "))
    shell, _ = live(answer(body=ONE), answer(body=TWO), answer(body=broken), answer(503))

    def sync(code: int = 0) -> Any:
        return shell("sync", "--format", "json", code=code).json

    always = {"schema_version", "provider", "outcome", "snapshot", "changes", "document", "owed"}
    first, changed, invalid, failed = sync(), sync(), sync(code=4), sync(code=3)
    assert first.keys() == changed.keys() == always
    assert invalid.keys() == always | {"problems", "error"}
    assert failed.keys() == always | {"error"}
    every = (first, changed, invalid, failed)
    assert [one["outcome"] for one in every] == ["first", "changed", "invalid", "failed"]
    assert [one["snapshot"] for one in every] == [1, 2, 2, 2]
    assert [one["document"]["written"] for one in every] == [True, True, False, False]
    assert {(one["schema_version"], one["provider"], one["owed"]) for one in every} == {
        (1, "infomaniak", 0)
    }
    (change,) = changed["changes"]
    assert change.pop("at").endswith("Z")
    assert change.pop("fingerprint")
    assert change == {
        "provider": "infomaniak",
        "snapshot": 2,
        "model": "beta",
        "key": "2",
        "kind": "added",
        "after": BETA,
        "level": "info",
        "rule": "model-added",
    }
    assert [each["path"] for each in invalid["problems"]] == ["$.data[0].id", "$.data[1].name"]
    assert invalid["problems"][0].keys() == {"path", "found", "expected"}
    assert failed["error"].keys() == {"text", "hint"}


def test_an_invalid_answer_is_refused_with_every_problem(live: Live) -> None:
    """Each problem of an invalid answer has its line, also with -q."""
    broken = body(row(id="x"), row(id=2, name=" "), row(id=3, name="c", max_token_input=-1))
    shell, _ = live(answer(body=broken))
    ran = shell("-q", "sync", code=4)
    assert [line.partition("  ")[2] for line in ran.lines] == ["infomaniak: invalid"]
    headline, *problems, hint = ran.err.splitlines()
    assert headline == "error: the answer breaks the contract in 3 places"
    places = [line.split(":")[0].strip() for line in problems]
    assert places == ["$.data[0].id", "$.data[1].name", "$.data[2].max_token_input"]
    assert hint.startswith("hint: ")
    assert outcomes(shell.folder / "catalog.db") == ["invalid"]


@pytest.mark.long
def test_a_wall_of_problems_is_cut_for_people_alone(live: Live) -> None:
    """Text shows ten problems and counts the rest, and JSON lists all of them."""
    shell, _ = live(answer(body=body(*[0] * 12)), answer(body=body(*[0] * 12)))
    headline, *problems, more, hint = shell("sync", code=4).err.splitlines()
    assert headline == "error: the answer breaks the contract in 12 places"
    assert len(problems) == 10
    assert more == "  and 2 more: `catalog sync --dry-run --format json` lists them"
    assert hint.startswith("hint: ")
    listed = shell("sync", "--dry-run", "--format", "json", code=4).json["problems"]
    assert len(listed) == 12

    shell, _ = live(answer(body=body(*[0] * 10_001)))
    output = shell("sync", code=4).err.splitlines()
    assert output[0] == "error: the answer breaks the contract in at least 10,000 places"
    assert output[-2].startswith("  and at least 9,990 more: ")


def test_an_unbelievable_answer_is_held_until_accepted(live: Live) -> None:
    """An empty list is held with exit 5 until --accept."""
    patience = {"CATALOG_HOLD_POLLS": "4", "CATALOG_HOLD_APART": "90s"}
    shell, _ = live(answer(body=ONE), answer(body=body()), **patience)
    shell("-q", "sync")
    held = shell("sync", code=5)
    assert held.lines[0].endswith("infomaniak: held, snapshot 1 stays current")
    assert len(held.lines) == 1
    error, hint = held.err.splitlines()
    held_as = "error: the answer is held, so it is not applied: the list is empty: alpha"
    assert error == held_as
    assert hint.startswith(
        "hint: Look first: `catalog sync --dry-run --accept`. If it is right: `catalog sync "
        "--accept`. It is accepted without a command after 3 more polls that lack the same models, "
        "not before 20"
    )
    default = shell("sync", "--format", "json", code=5, given=DEFAULT).json
    assert "after 2 more polls that lack the same models" in default["error"]["hint"]
    assert default["held"]["missing"] == ["alpha"]
    assert [each["kind"] for each in default["held"]["changes"]] == ["removed"]
    dry = shell("sync", "--dry-run", code=5).lines
    assert dry[1] == "the change that is held:"
    assert dry[2].startswith("  breaking  alpha removed")
    accepted = shell("sync", "--accept")
    assert "changed, snapshot 2, 0 models, 1 finding" in accepted.lines[0]
    assert outcomes(shell.folder / "catalog.db") == ["first", "held", "held", "changed"]


def test_a_provider_that_refuses_is_exit_3_with_advice(live: Live) -> None:
    """A refused token is reported with host, status and hint, and stays hidden."""
    shell, server = live(answer(401, TOKEN.encode()))
    ran = shell("-vv", "sync", "--format", "json", code=3)
    assert ran.json["error"]["text"] == f"127.0.0.1:{server.port}/1/ai/models answered 401"
    assert "INFOMANIAK_API_TOKEN or `infomaniak.token_file`" in ran.json["error"]["hint"]
    assert "snapshot" not in ran.json
    assert hidden_in(shell) == []


def test_an_unreachable_provider_is_told_in_json_lines_too(live: Live) -> None:
    """A refused connection is a failed poll, and each log line is JSON."""
    shell, _ = live()
    with refusing() as url:
        ran = shell(
            *("-v", "--log-format", "json", "sync"), code=3, given={"CATALOG_INFOMANIAK_URL": url}
        )
    assert ran.lines[0].endswith("infomaniak: failed")
    assert "Connection refused" in ran.err
    logged = [json.loads(line) for line in ran.err.splitlines()]
    in_a_pass = [line for line in logged if "run" in line]
    assert {"time", "level", "logger", "message", "run"} == in_a_pass[-1].keys()
    assert in_a_pass[-1]["message"] == "infomaniak: failed, 0 findings"
    assert outcomes(shell.folder / "catalog.db") == ["failed"]


def test_without_a_token_it_says_where_to_put_one(shell: Shell) -> None:
    """A pass without a token sends no request and makes no file."""
    ran = shell("sync", code=2)
    assert "INFOMANIAK_API_TOKEN" in ran.err
    assert "catalog demo" in ran.err
    assert shell.files() == {}


def test_a_document_edited_by_hand_is_kept_and_told(live: Live) -> None:
    """The pass is recorded, the edited document stays, and exit 6 has a hint."""
    shell, _ = live(answer(body=ONE), answer(body=TWO))
    shell("-q", "sync")
    document = shell.folder / "docs/models.md"
    edited = document.read_text().replace("Alpha", "My own words")
    document.write_text(edited)
    ran = shell("sync", "--format", "json", code=6)
    assert ran.json["outcome"] == "changed"
    assert "edited by hand" in ran.json["document_error"]["text"]
    assert "--force" in ran.json["document_error"]["hint"]
    assert document.read_text() == edited


@pytest.mark.long
def test_channels_are_told_and_what_they_refuse_stays_owed(live: Live) -> None:
    """A log channel writes JSON lines, and a refused webhook message stays pending.

    A message is tried as often as the provider is.
    """
    with serve(answer(503), answer(503), answer(200)) as hook:
        given = {"CATALOG_CHANNEL_OPS_URL": hook.url, "CATALOG_HTTP_ATTEMPTS": "2"}
        shell, _ = live(answer(body=ONE), answer(body=TWO), **given)
        channels = '[[channel]]\nname = "ops"\nkind = "webhook"\n'
        channels += '[[channel]]\nname = "log"\nkind = "log"\n'
        Path(shell.folder, "catalog.toml").write_text(channels)
        shell("-q", "sync")
        owing = shell("--log-format", "json", "sync")
        assert "1 message not delivered, channel " in owing.err
        assert owing.err.count("answered 503") == 1
        assert "; next attempt not before 20" in owing.err
        logged = [json.loads(line) for line in owing.err.splitlines() if line.startswith("{")]
        assert [line["finding"]["model"] for line in logged if "finding" in line] == ["beta"]
        assert any("ops" in line["message"] and "503" in line["message"] for line in logged)
        assert len(hook.requests) == 2
        settled = shell("alerts", "retry")
        assert (settled.out, settled.err) == ("1 message tried again\n", "")
        assert len({request.headers["webhook-id"] for request in hook.requests}) == 1


def test_a_database_that_cannot_be_used_is_exit_6(shell: Shell) -> None:
    """An invalid database file and a missing one are each reported in one line."""
    Path(shell.folder, "catalog.db").write_text("this is no database, but long enough for one" * 9)
    broken = shell("models", code=6)
    assert "not a database" in broken.err
    missing = shell("--database", "other.db", "changes", code=6)
    assert f"there is no database at {shell.folder}/other.db" in missing.err
    assert "catalog demo" in missing.err
    assert not Path(shell.folder, "other.db").exists()
