"""The Python interface agrees with the commands and raises documented errors."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, assert_type, cast

import pytest

import catalog
from catalog import (
    ArgumentInvalid,
    Catalog,
    CatalogError,
    CatalogHeld,
    CheckResult,
    Finding,
    Level,
    Model,
    ModelDetails,
    NotFound,
    Outcome,
    Pass,
    PayloadInvalid,
    SettingsInvalid,
    Snapshot,
    StoreError,
    Unreachable,
    as_json,
    sentence,
)
from catalog.providers.recordings import find, shipped
from tests.support.builders import body, row
from tests.support.check_builders import CODE, write
from tests.support.http_server import answer
from tests.support.shell import Live, Shell

DAY = date(2025, 12, 23)
NOON = datetime(2025, 12, 23, 12)  # noqa: DTZ001  # without a zone, as people write it
TWO = """
[[provider]]
name = "mars"
kind = "openai"
url = "https://mars.example"

[[provider]]
name = "venus"
kind = "openai"
url = "https://venus.example"
"""


@pytest.fixture
def opened(demo: Shell) -> Iterator[Catalog]:
    """Open the database of the demo."""
    with Catalog.open(demo.folder / "demo" / "catalog.toml", environ={}) as made:
        yield made


def without_version(printed: dict[str, Any]) -> dict[str, Any]:
    """Return printed JSON without the number of its schema."""
    return {name: value for name, value in printed.items() if name != "schema_version"}


def opened_live(shell: Shell) -> Catalog:
    """Open the catalog of a folder that polls a server."""
    file = shell.folder / "catalog.db"
    return Catalog.open(database=file, environ={**shell.given, "HOME": str(shell.folder)})


def test_models_are_those_of_the_command(demo: Shell, opened: Catalog) -> None:
    """A state is found by time, day, number and text, and has the models that are printed."""
    printed = demo("models", "--at", "3", "--format", "json").json
    snapshot = assert_type(opened.snapshot(3), Snapshot)
    assert snapshot.number == 3
    names = [model["name"] for model in printed["models"]]
    moments = (3, "3", DAY, "2025-12-23", "2025-12-23 10:16:55", NOON)
    for at in (*moments, snapshot.taken_at):
        assert [model.name for model in opened.models(at)] == names, at
    assert assert_type(opened.models(), tuple[Model, ...]) == opened.models("now")
    facts = {model["key"]: model["facts"] for model in printed["models"]}
    assert {m["key"]: m["facts"] for m in as_json(snapshot)["models"]} == facts


@pytest.mark.parametrize("words", [("mistral24b",), ("qwen3",), ("mistral24b", "--at", "1")])
def test_details_are_those_of_the_command(
    words: tuple[str, ...], demo: Shell, opened: Catalog
) -> None:
    """All that `catalog show` prints, also of a model that left and as of an earlier time."""
    printed = demo("show", *words, "--format", "json").json
    details = assert_type(
        opened.model(words[0], int(words[2]) if words[1:] else None), ModelDetails
    )
    assert as_json(details) == without_version(printed)
    assert details.is_listed == printed["listed"]


def test_changes_are_those_of_the_command(demo: Shell, opened: Catalog) -> None:
    """Times, level and model select the same findings as the options."""
    cases: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        ((), {}),
        (("--level", "quiet"), {"level": "quiet"}),
        (("--level", "breaking"), {"level": Level.BREAKING}),
        (("--since", "2025-12-23", "--until", "4"), {"since": DAY, "until": 4}),
        (("--model", "mistral24b"), {"model": "mistral24b", "provider": "infomaniak"}),
    ]
    for words, given in cases:
        printed = demo("changes", *words, "--format", "json").json["changes"]
        found = assert_type(opened.changes(**given), tuple[Finding, ...])
        assert [as_json(each) for each in found] == printed, words
        assert all(map(sentence, found))
    assert opened.changes(level="quiet")


def test_differences_are_those_of_the_command(demo: Shell, opened: Catalog) -> None:
    """Two states may be times, snapshots and files in any mix."""
    printed = demo("diff", "2", "4", "--format", "json").json["changes"]
    files = [recording.path for recording in find(shipped())]
    states = (opened.snapshot(2), 4), ("2", opened.snapshot(4)), (2, files[3])
    assert printed
    for a, b in (*states, (files[1], 4)):
        found = opened.diff(a, b)
        assert [each.fingerprint for each in found] == [each["fingerprint"] for each in printed]
    assert [as_json(each) for each in opened.diff(2, 4)] == printed


def test_rows_that_a_comparison_leaves_out_are_logged(
    opened: Catalog, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Bad and repeated rows of a file go to the log, because they are no differences."""
    config = tmp_path / "catalog.toml"
    config.write_text(TWO, encoding="utf-8")
    file, rows = tmp_path / "a.json", [{"id": f"m{number}"} for number in range(120)]
    file.write_text(json.dumps({"data": [*rows, rows[0], {"name": "x"}]}), encoding="utf-8")
    with caplog.at_level(logging.WARNING), Catalog.open(config, environ={}) as made:
        assert made.diff(file, file, provider="mars") == ()
    assert "a row is left out" in caplog.text
    assert "row listed 2 times (m0)" in caplog.text
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(PayloadInvalid):
        opened.diff(file, 1)


def test_a_pass_stores_its_findings(live: Live) -> None:
    """A poll returns its outcome, an unchanged one too, and a dry run stores nothing."""
    shell, _ = live(answer(body=body(row(id=1, name="a"))), laid=False)
    with opened_live(shell) as made:
        assert made.sync(dry_run=True).poll.outcome is Outcome.FIRST
        with pytest.raises(StoreError, match="there is no database"):
            made.models()
        assert assert_type(made.sync(), Pass).poll.outcome is Outcome.FIRST
        assert made.sync(dry_run=True).error is None
        assert made.sync().poll.outcome is Outcome.UNCHANGED
        assert [model.name for model in made.models()] == ["a"]


@pytest.mark.parametrize("given", [{}, {"CATALOG_DOCUMENT_PATH": "models.md"}])
def test_a_document_is_written_only_where_one_is_wanted(
    given: dict[str, str], live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program gets no file in its working folder without the setting."""
    shell, _ = live(answer(body=body(row())), **given)
    monkeypatch.chdir(shell.folder)
    with opened_live(shell) as made:
        assert (made.sync().document is not None) == bool(given)
    assert sorted(shell.files()) == ["catalog.db", *given.values()]


def test_a_command_writes_the_document_after_a_program(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pass of a program writes no default document, so the next `catalog sync` does."""
    steps = (answer(body=body(row(id=1, name="a"))), answer(body=body(row(id=1, name="b"))))
    shell, _ = live(*steps)
    shell("sync")
    monkeypatch.chdir(shell.folder)
    with Catalog.open(environ={**shell.given, "HOME": str(shell.folder)}) as made:
        made.sync()
    assert "`b`" not in shell.files()["docs/models.md"].decode()
    shell("sync")
    assert "`b`" in shell.files()["docs/models.md"].decode()


def test_an_implausible_answer_raises_until_accepted(live: Live) -> None:
    """A held answer raises after it is recorded, and `accept` applies it."""
    steps = answer(body=body(*(row(id=n, name=f"m{n}") for n in range(20)))), answer(body=body())
    shell, _ = live(*steps)
    with opened_live(shell) as made:
        made.sync()
        with pytest.raises(CatalogHeld) as caught:
            made.sync()
        assert caught.value.hint
        assert len(made.models()) == 20
        assert made.sync(raise_errors=False).poll.outcome is Outcome.HELD
        assert made.sync(accept=True).poll.outcome is Outcome.CHANGED
        assert made.models() == ()


def test_a_failed_poll_raises_its_error(live: Live, tmp_path: Path) -> None:
    """A provider that cannot be reached, and a missing token, are errors of the tree."""
    shell, _ = live(answer(), CATALOG_INFOMANIAK_URL="http://127.0.0.1:1")
    with opened_live(shell) as made, pytest.raises(Unreachable):
        made.sync()
    nothing = Catalog.open(database=tmp_path / "a.db", environ={"HOME": str(tmp_path)})
    with nothing as made, pytest.raises(SettingsInvalid, match="token"):
        made.sync()


def test_code_is_checked_as_by_the_command(demo: Shell, opened: Catalog, tmp_path: Path) -> None:
    """Notices are those of `catalog check` against the same database."""
    write(tmp_path, CODE)
    words = ("check", str(tmp_path), "--format", "json")
    printed = demo(*words, "--trust-config", code=1).json
    result = assert_type(opened.check(tmp_path), CheckResult)
    assert as_json(result) == without_version(printed)
    assert result.failed
    assert not opened.check([str(tmp_path)], fail_on="never").failed


def test_a_check_without_a_database_uses_the_shipped_history(tmp_path: Path) -> None:
    """Code is checked offline. A provider without a shipped history is not."""
    write(tmp_path, CODE)
    with Catalog.open(database=tmp_path / "none.db", environ={"HOME": str(tmp_path)}) as made:
        result = made.check(tmp_path)
    assert (result.source, result.failed) == ("shipped history", True)
    config = tmp_path / "catalog.toml"
    config.write_text(TWO, encoding="utf-8")
    with (
        Catalog.open(config, environ={}) as made,
        pytest.raises(NotFound, match="no history of venus"),
    ):
        made.check(tmp_path, provider="venus")


def test_wrong_arguments_are_named(opened: Catalog, tmp_path: Path) -> None:
    """A wrong argument raises ArgumentInvalid, a ValueError, with its name and what is right."""
    wrong: dict[str, Callable[[], object]] = {
        "at: 'soon' is not a time": lambda: opened.models("soon"),
        "since: 'soon' is not a time": lambda: opened.changes(since="soon"),
        "b: 'a.json' is not a time": lambda: opened.diff(1, "a.json"),
        "level: there is no 'braking'": lambda: opened.changes(level=cast("Any", "braking")),
        "fail_on: there is no": lambda: opened.check(tmp_path, fail_on=cast("Any", "quiet")),
        "config: catalog.db is a database": lambda: Catalog.open("catalog.db"),
        "provider: there is no 'infomaniac'": lambda: opened.models(provider="infomaniac"),
        "paths: at least one": lambda: opened.check([]),
        "a: a snapshot of mars": lambda: opened.diff(Snapshot.of("mars", datetime.now(UTC), ()), 1),
    }
    for text, call in wrong.items():
        with pytest.raises(ArgumentInvalid) as caught:
            call()
        assert str(caught.value).startswith(text)
        assert isinstance(caught.value, ValueError)
        assert caught.value.hint
    assert "pathlib.Path" in _hint(lambda: opened.diff("a.json", 1))
    assert "did you mean infomaniak?" in str(_raised(lambda: opened.sync(provider="infomaniac")))


def _raised(call: Callable[[], object]) -> CatalogError:
    with pytest.raises(CatalogError) as caught:
        call()
    return caught.value


def _hint(call: Callable[[], object]) -> str:
    return _raised(call).hint


def test_missing_data_is_not_found(opened: Catalog, tmp_path: Path) -> None:
    """An unknown model, a time before the first snapshot and a missing file raise NotFound."""
    for call in (
        lambda: opened.model("no-such-model"),
        lambda: opened.models(date(2020, 1, 1)),
        lambda: opened.changes(since=99),
        lambda: opened.check(tmp_path / "none.py"),
    ):
        with pytest.raises(NotFound):
            call()


def test_one_of_several_providers_is_chosen_by_name(tmp_path: Path) -> None:
    """Methods for one provider need its name if several are configured, and others search all."""
    config = tmp_path / "catalog.toml"
    config.write_text(TWO, encoding="utf-8")
    shell = Shell(tmp_path)
    for name in ("mars", "venus"):
        folder = tmp_path / name
        folder.mkdir()
        rows = {"data": [{"id": "rover"}, {"id": f"{name}-1"}]}
        file = folder / "2026-01-01T000000Z.json"
        file.write_text(json.dumps(rows), encoding="utf-8")
        shell("import", name, "--provider", name)
    with Catalog.open(config, environ={}) as made:
        assert made.providers == ("mars", "venus")
        assert [model.name for model in made.models(provider="venus")] == ["rover", "venus-1"]
        assert made.model("mars-1").provider == "mars"
        assert made.model("rover", provider="venus").provider == "venus"
        assert {finding.provider for finding in made.changes()} <= {"mars", "venus"}
        for call in (made.models, made.sync, lambda: made.diff(1, 1), lambda: made.model("rover")):
            assert _hint(call) == "Give provider=…, one of: mars, venus."


def test_open_catalogs_are_apart(
    demo: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two open catalogs share nothing, and none follows a later change of the working folder."""
    monkeypatch.chdir(demo.folder)
    home = {"HOME": str(tmp_path)}
    with Catalog.open("demo/catalog.toml", environ={}) as one:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "catalog.toml").write_text(TWO, encoding="utf-8")
        with Catalog.open(environ=home) as other:
            assert (one.providers, other.providers) == (("infomaniak",), ("mars", "venus"))
            assert one.models()
            with pytest.raises(StoreError):
                other.changes()
        one.close()
        assert one.models()
    assert repr(one) == f"<Catalog of infomaniak in {demo.folder}/demo/catalog.db>"


def test_a_wrong_configuration_is_refused_at_once(tmp_path: Path) -> None:
    """Every mistake is named when a catalog is opened, and passwords are not shown."""
    config = tmp_path / "catalog.toml"
    config.write_text("[hold]\nshare = 7\n[http]\nattempts = 0\n", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=r"(?s)hold.share.*http.attempts"):
        Catalog.open(config, environ={})
    place = "postgresql+psycopg://me:s3cret@127.0.0.1:1/x"
    assert "s3cret" not in repr(Catalog.open(database=place, environ={"HOME": str(tmp_path)}))


def test_every_public_name_is_there() -> None:
    """Each name of `__all__` can be used and is documented, and all errors are among them."""
    for name in catalog.__all__:
        assert getattr(catalog, name).__doc__, name
    assert set(dir(catalog)) >= {*catalog.__all__, "__version__"}
    assert list(catalog.__all__) == sorted(catalog.__all__)
    for kind in _errors(CatalogError):
        assert getattr(catalog, kind.__name__) is kind
    slip = "Catalogue"
    with pytest.raises(AttributeError, match="module 'catalog' has no attribute 'Catalogue'"):
        getattr(catalog, slip)


def _errors(kind: type[CatalogError]) -> Iterator[type[CatalogError]]:
    yield kind
    for derived in kind.__subclasses__():
        yield from _errors(derived)
