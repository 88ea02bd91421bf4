"""The command that starts this program, for commands in its output."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.cli.program import FINDS, STARTED_AS, program, typed, with_config

Place = Callable[[str], Path]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Return a function that makes a program and sets argv to it."""
    monkeypatch.chdir(tmp_path)

    def put(name: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o755)
        monkeypatch.setattr(sys, "argv", [str(file)])
        return file

    return put


def test_a_program_on_the_path_is_shown_by_its_name(place: Place) -> None:
    """A shell finds it by the name alone, unless another one comes first."""
    folder = place("bin/catalog").parent
    assert program({"PATH": str(folder)}) == "catalog"
    other = place("other/catalog").parent
    assert program({"PATH": f"{folder}:{other}"}) == "other/catalog"


def test_a_program_elsewhere_is_shown_by_its_path(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path is relative below the working folder, else absolute, and quoted for the shell."""
    place("catalog")
    assert program({}) == "./catalog"
    file = place("an env/bin/catalog")
    assert program({}) == "'an env/bin/catalog'"
    monkeypatch.chdir(file.parent.parent / "bin")
    assert program({}) == "./catalog"
    monkeypatch.chdir("/")
    monkeypatch.setattr(sys, "argv", ["/nowhere/catalog"])
    assert program({"PATH": ""}) == "nowhere/catalog"
    monkeypatch.chdir(file.parent)
    assert program({"PATH": ""}) == "/nowhere/catalog"


def test_a_module_is_shown_with_its_interpreter(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m catalog` names the interpreter that was used."""
    interpreter = place("env/bin/python")
    place("catalog/__main__.py")
    monkeypatch.setattr(sys, "executable", str(interpreter))
    assert program({"PATH": str(interpreter.parent)}) == "python -m catalog"
    assert program({"PATH": ""}) == "env/bin/python -m catalog"


def test_a_script_gives_the_command_to_show() -> None:
    """Its name is shown, and the configuration only where it does not use that by itself."""
    given = {STARTED_AS: "scripts/run"}
    demo = Path("demo/catalog.toml")
    assert with_config(demo, given) == "scripts/run --config demo/catalog.toml"
    assert with_config(demo, {**given, FINDS: "demo/catalog.toml"}) == "scripts/run"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["sync"], "`catalog polls`"),
        (["-q", "--config", "/srv/a b.toml", "sync"], "`catalog --config '/srv/a b.toml' polls`"),
        (["--config=x.toml", "sync"], "`catalog --config x.toml polls`"),
        (["--log-format", "json", "--config", "x.toml"], "`catalog --config x.toml polls`"),
        (["--database", "x.db", "sync"], "`catalog --database x.db polls`"),
        (["--database=postgresql://u:secret@host/x", "sync"], "`catalog polls`"),
        (["check", "--config", "x.toml"], "`catalog polls`"),
        (["--config"], "`catalog polls`"),
    ],
)
def test_a_command_in_a_hint_has_the_options_of_this_command(
    monkeypatch: pytest.MonkeyPatch, words: list[str], shown: str
) -> None:
    """Without it, a hint in a mail of cron would show another database."""
    monkeypatch.setenv(STARTED_AS, "catalog")
    monkeypatch.setattr(sys, "argv", ["catalog", *words])
    assert typed("See `catalog polls`.") == f"See {shown}."


def test_some_commands_need_no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Help and the demo read none, and a command that names its own one keeps it."""
    monkeypatch.setenv(STARTED_AS, "catalog")
    monkeypatch.setattr(sys, "argv", ["catalog", "--config", "x.toml", "sync"])
    for command in ("`catalog help held`", "`catalog demo`", "`catalog --config FILE init`"):
        assert typed(command) == command
