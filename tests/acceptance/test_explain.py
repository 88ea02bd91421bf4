"""`catalog explain`, renamed models and quiet changes, as an operator sees them."""

import sqlite3
from contextlib import closing
from datetime import date
from typing import Any

import pytest

from catalog.changes.change import Probed, Retiring
from catalog.store.database import Database
from catalog.store.record import record_findings
from tests.support.builders import MISSING, body, finding, row
from tests.support.http_server import answer, refusing
from tests.support.shell import Live, Shell
from tests.support.web_client import read_html

CHANNELS = """
[rules]
model-added = "quiet"
model-restored = "quiet"

[[channel]]
name = "ops"
kind = "log"
level = "warning"

[[channel]]
name = "beta-only"
kind = "log"
models = ["beta"]
"""
OLD = row(id=1, name="alpha", description="One of a kind")
NEW = OLD | {"id": 5, "name": "vendor/alpha", "version": "2.0"}
GAMMA = row(id=3, name="gamma")
UNSAID = body(OLD, row(id=2, name="beta", max_token_input=MISSING))
FIRST = body(OLD, row(id=2, name="beta", max_token_input=9))
SECOND = body(NEW, row(id=2, name="beta", max_token_input=8))
QUIET = body(OLD, row(id=2, name="beta", max_token_input=None), GAMMA)


def configured(live: Live, *bodies: bytes) -> Shell:
    """Poll these answers, with two channels and a rule of one's own."""
    shell, _ = live(*(answer(body=each) for each in bodies))
    (shell.folder / "catalog.toml").write_text(CHANNELS, encoding="utf-8")
    for _ in bodies:
        shell("-q", "sync")
    return shell


def by_rule(shell: Shell, *words: str) -> dict[str, Any]:
    """Return the changes by their rule."""
    output = shell("changes", "--format", "json", *words).json["changes"]
    return {each["rule"]: each for each in output}


@pytest.mark.long
def test_quiet_findings_are_stored_and_not_sent(live: Live) -> None:
    """Quiet changes reach no channel and no document, and `changes` counts them."""
    shell, _ = live(answer(body=UNSAID), answer(body=QUIET))
    (shell.folder / "catalog.toml").write_text(CHANNELS, encoding="utf-8")
    shell("-q", "sync")
    dry = shell("sync", "--dry-run").lines
    assert dry[0].endswith("changed, snapshot 2, 3 models, 2 quiet (dry run)")
    assert len(dry) == 2
    passed = shell("-q", "sync", "--exit-code")
    assert (passed.out, passed.err) == ("", "")
    assert "None recorded." in (shell.folder / "docs/models.md").read_text(encoding="utf-8")
    assert shell("alerts").out == "no messages\n"

    listed = shell("changes")
    assert listed.out == "no changes\n"
    assert listed.err == "2 quiet changes left out; --level quiet shows them too\n"
    asked = shell("changes", "--level", "quiet")
    assert [line.split()[2:4] for line in asked.lines[1:]] == [
        ["quiet", "null-moved"],
        ["quiet", "model-added"],
    ]
    assert asked.err == ""
    shown = shell("show", "beta")
    assert shown.lines[-1].startswith("  1 quiet change left out; `catalog changes")
    assert "missing → null" not in shown.out
    assert [each["rule"] for each in shell("show", "beta", "--format", "json").json["history"]] == [
        "null-moved"
    ]
    assert shell("explain", "1").lines[-1] == "  none: quiet findings are sent to no channel"


@pytest.mark.long
def test_a_renamed_model_keeps_its_history(live: Live) -> None:
    """A renamed model shows its earlier changes, and the old name leads to the new."""
    before = body(OLD | {"version": "0.9"}, row(id=2, name="beta"))
    shell = configured(live, before, FIRST, SECOND)
    shown = shell("show", "vendor/alpha")
    assert "formerly    id 1" in shown.lines
    assert [line.split("  ", 2)[-1].strip() for line in shown.lines if "T" in line[:15]][-3:] == [
        "info      alpha: version 0.9 → 1.0",
        *[line.split("  ", 2)[-1].strip() for line in shown.lines[-2:]],
    ]
    assert "alpha renamed to vendor/alpha (id 1 → 5); callable until at least" in shown.out
    assert shown.lines[-1].endswith("vendor/alpha: version 1.0 → 2.0")
    assert shell("show", "vendor/alpha", "--format", "json").json["formerly"] == ["1"]
    assert "renamed to vendor/alpha" in shell("show", "alpha").out
    shell("web", "build", "site")
    page = read_html((shell.folder / "site/models/infomaniak/5.html").read_text()).text
    assert "alpha: version 0.9 → 1.0" in page
    assert "alpha renamed to vendor/alpha" in page
    assert "formerly" not in shell("show", "alpha", "--format", "json").json
    kinds = [each["kind"] for each in by_rule(shell, "--model", "vendor/alpha").values()]
    assert sorted(kinds) == ["renamed", "updated"]
    document = (shell.folder / "docs/models.md").read_text(encoding="utf-8")
    (gone,) = [line for line in document.split("\n") if line.startswith("| ") and "alpha" in line][
        -1:
    ]
    assert gone.rstrip(" |").split("|")[-1].strip().startswith("20")
    assert shell("db", "verify").out.count("  ok  ") == 11


def test_a_finding_is_explained(live: Live) -> None:
    """An explanation shows rule, level, compared snapshots, facts and deliveries."""
    shell = configured(live, FIRST, SECOND)
    found = by_rule(shell)
    lowered = shell("explain", str(found["limit-lowered"]["number"])).lines
    assert lowered[0].startswith("finding     ")
    assert lowered[2:6] == [
        "text        beta: max_token_input 9 → 8",
        "rule        limit-lowered: Prompts that fit before may be refused.",
        "conditions  kind updated, attribute context_limit, move lowered",
        "level       breaking; the shipped rule says breaking",
    ]
    assert lowered[6].startswith("compared    snapshot 1 of 20")
    assert lowered[7:11] == [
        "facts",
        "  beta (id 2): max_token_input, which is 'context_limit'",
        "    before  9",
        "    after   8",
    ]
    assert [line.split(" at ")[0] for line in lowered[12:]] == ["  beta-only: sent", "  ops: sent"]

    renamed = shell("explain", found["name-changed"]["fingerprint"][:6].upper())
    assert "  alpha (id 1): renamed to vendor/alpha (id 5)" in renamed.lines
    assert renamed.lines[-1] == "  beta-only: not sent; the settings of the channel exclude it"
    known = shell("explain", found["name-changed"]["fingerprint"], "--format", "json").json
    assert known["conditions"] == {"kind": "renamed"}
    assert known["table_level"] == known["level"] == "breaking"
    assert known["facts"] == [{"kind": "renamed", "model": "alpha", "key": "1"}]
    assert [(each["channel"], each["state"]) for each in known["channels"]] == [
        ("ops", "delivered")
    ]
    assert known["earlier"] == []


@pytest.mark.long
def test_the_same_found_again_is_the_latest(live: Live) -> None:
    """A fingerprint that was found twice is explained as it was found last."""
    gone = body(OLD)
    shell = configured(live, FIRST, gone, FIRST, gone)
    found = shell("changes", "--level", "quiet", "--format", "json").json["changes"]
    first, last = [each for each in found if each["kind"] == "removed"]
    assert [each["rule"] for each in (first, last)] == ["model-removed"] * 2
    assert first["fingerprint"] == last["fingerprint"]
    lines = shell("explain", last["fingerprint"]).lines
    assert "level       breaking; the shipped rule says breaking" in lines
    assert (
        "            a return to an earlier value has the level of its move, if that is more severe"
        in lines
    )
    assert lines[0].startswith(f"finding     {last['number']} of infomaniak, fingerprint ")
    (back,) = [each for each in found if each["kind"] == "restored"]
    own = shell("explain", str(back["number"]), "--format", "json").json
    assert (own["own_level"], own["table_level"]) == ("quiet", "info")
    assert f"before      the same was found as number {first['number']}" in lines


@pytest.mark.long
def test_all_kinds_can_be_explained(live: Live) -> None:
    """Drift and trouble compare no snapshots, and a wave shows its first facts."""
    before = [row(id=at, name=f"m{at}") for at in range(1, 13)]
    after = [each | {"flag": True} for each in before]
    shell = configured(live, body(*before), body(*after))
    wave = shell("explain", str(by_rule(shell)["field-changed"]["number"]))
    why = "one field on most models at once, or on 10 or more models that got the same move"
    assert f"as one      {why}, or that all got the field" in wave.lines
    assert "            of changes in one finding, the most severe rule decides" in wave.lines
    assert "  and 2 more; --format json has them all" in wave.lines
    assert wave.lines[-2:] == [
        "  ops: not sent; the settings of the channel exclude it",
        "  beta-only: not sent; the settings of the channel exclude it",
    ]
    facts = shell("explain", wave.lines[0].split()[1], "--format", "json").json["facts"]
    assert len(facts) == 12
    assert facts[0] == {
        "kind": "updated",
        "field": "flag",
        "model": "m1",
        "key": "1",
        "after": True,
    }
    drift = shell("explain", str(by_rule(shell)["schema-drift"]["number"]))
    assert "compared    the answer with the contract" in drift.lines
    assert "  new field: flag" in drift.lines


@pytest.mark.long
def test_channels_that_were_not_reached_are_listed(live: Live) -> None:
    """A pending message shows its error, and a later channel is marked as such."""
    shell, _ = live(answer(body=FIRST), answer(500), CATALOG_TROUBLE_FAILURES="1")
    file = shell.folder / "catalog.toml"
    with refusing() as nobody:
        hook = f'[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "{nobody}"\n'
        file.write_text(hook, encoding="utf-8")
        shell("-q", "sync")
        shell("-q", "sync", code=3)
    file.write_text(hook + CHANNELS, encoding="utf-8")
    lines = shell("explain", "1").lines
    assert "compared    nothing: it is about the poll or a message, not about the catalog" in lines
    assert lines[-6:-3] == ["facts", "  failing", "channels"]
    state, attempts, following, _ = lines[-3].split(", ")
    assert (state, attempts) == ("  hook: pending", "1 attempt")
    assert following.startswith("next at 20")
    assert lines[-2] == "  ops: not sent; it was imported, or the channel is newer"
    (output,) = shell("explain", "1", "--format", "json").json["channels"]
    assert output.keys() == {"channel", "state", "message", "attempts", "next_at", "error"}


def test_a_finding_of_a_probe_is_explained(live: Live) -> None:
    """A probe finding names the failed route, without a snapshot."""
    shell = configured(live, FIRST)
    database = Database(f"sqlite:///{shell.folder}/catalog.db")
    with database.writing() as connection:
        record_findings(connection, [finding(Probed("ghost", "alpha", ("chat",), key="1"))], {})
    database.close()
    lines = shell("explain", "1").lines
    assert "compared    the answers of called models with the lists" in lines
    assert "  alpha: ghost" in lines
    (known,) = shell("explain", "1", "--format", "json").json["facts"]
    assert known == {"kind": "ghost", "model": "alpha"}


def test_an_end_that_is_near(live: Live) -> None:
    """An end is explained by the poll's day and the model's name."""
    shell = configured(live, FIRST)
    database = Database(f"sqlite:///{shell.folder}/catalog.db")
    end = Retiring("1", "alpha", "llm", date(2031, 1, 1), "announced", "a mail")
    with database.writing() as connection:
        record_findings(connection, [finding(end)], {})
    database.close()
    lines = shell("explain", "1").lines
    assert "compared    the day on which the model ends with the day of the poll" in lines
    assert "  alpha: retiring" in lines


@pytest.mark.long
def test_a_rule_of_another_version(live: Live) -> None:
    """A finding of an unknown rule is explained as far as possible."""
    shell = configured(live, FIRST, SECOND)
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as database, database:
        database.execute("UPDATE finding SET rule = 'of-old' WHERE id = 1")
    lines = shell("explain", "1").lines
    assert "rule        of-old, which this version does not know" in lines
    assert "level       breaking" in lines


def test_unknown_findings_are_wrong_usage(live: Live) -> None:
    """An unknown number, a non-fingerprint and an ambiguous start are errors with hints."""
    shell = configured(live, FIRST, SECOND)
    for name in ("xyz", "99999999999999999999"):
        ran = shell("explain", name, code=2)
        assert ran.err.startswith(f"error: there is no finding '{name}'\nhint: `catalog changes`")
