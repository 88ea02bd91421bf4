"""`catalog demo`: a newcomer's first command."""

from pathlib import Path

from tests.support.shell import Ran, Shell

GOLDEN = Path(__file__).parent.parent / "golden"


def test_the_demo_shows_the_history(first_demo: tuple[Shell, Ran]) -> None:
    """The demo shows the swap, the held answer, its acceptance and the next command."""
    shell, ran = first_demo
    assert ran.err == ""
    swap = "  warning   qwen3: description Qwen3-235B-A22B-Instruct-2507 → "
    (place,) = [index for index, line in enumerate(ran.lines) if line.startswith(swap)]
    assert ran.lines[place + 1].strip() == "Another model may now answer calls of this name."
    outcomes = [line.split(": ")[1].split(",")[0] for line in ran.lines if "infomaniak: " in line]
    assert outcomes == ["first", *["changed"] * 3, "held", "changed"]
    error = "error: the answer is held, so it is not applied: 7 of 16 models are missing (44%, "
    (held,) = [index for index, line in enumerate(ran.lines) if line.startswith(error)]
    assert ran.lines[held + 3].endswith("so it is accepted: catalog sync --accept")
    assert ran.lines.count("document " + str(shell.folder / "demo/models.md") + " written") == 5
    assert "  catalog --config demo/catalog.toml show qwen3" in ran.lines
    files = shell.files()
    assert {"demo/catalog.db", "demo/catalog.toml", "demo/models.md"} <= files.keys()
    assert files["demo/models.md"] == (GOLDEN / "2026-05-19T154846Z.md").read_bytes()


def test_a_second_run_is_harmless_and_a_third_party_is_safe(own_demo: Shell) -> None:
    """A second demo run succeeds, and the demo never touches a foreign database."""
    document = own_demo.folder / "demo" / "models.md"
    document.write_text(document.read_text().replace("## Sources", "Mine.\n\n## Sources"))
    own = Shell(own_demo.folder)
    assert own("demo").lines[-1].startswith("To poll the live route, with a token: ")
    assert "Mine." in document.read_text()
    (own.folder / "catalog.db").write_text("years of history")
    refused = own("demo", ".", code=2)
    assert "catalog.db was not made by the demo" in refused.err
    assert (own.folder / "catalog.db").read_text() == "years of history"


def test_options_that_the_demo_would_pass_over_are_wrong_usage(shell: Shell) -> None:
    """The demo rejects --database and --config, and gives the reason."""
    for option in ("--database", "--config"):
        ran = shell(option, "own", "demo", code=2)
        assert f"{option} does not go with demo: it makes a database and a config" in ran.err
        assert "catalog demo DIRECTORY" in ran.err
    assert shell.files() == {}


def test_a_failed_demo_gives_the_reason(own_demo: Shell) -> None:
    """The demo stops with exit code 6 at an edited document or an impossible folder."""
    shell = Shell(own_demo.folder)
    (shell.folder / "file").write_text("")
    nowhere = shell("demo", "file", code=6)
    assert "cannot prepare file" in nowhere.err
    document = shell.folder / "demo" / "models.md"
    document.write_text(document.read_text().replace("Swiss-specific", "Best"))
    edited = shell("demo", code=6)
    assert "edited by hand" in edited.out
    assert "Now look around" not in edited.out
