"""`catalog init` by its options alone, without a terminal."""

import shlex
import subprocess
import tomllib
from pathlib import Path
from stat import S_IMODE

import pytest

from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.shell import TOKEN, Live, Ran, Shell

ONE = answer(body=body(row()))
PIPED = f"{TOKEN}\n".encode()
OURS = "# Ours\n"


def mode(path: Path) -> int:
    """Return the permissions of a file."""
    return S_IMODE(path.stat().st_mode)


def settings(shell: Shell, name: str = "catalog.toml") -> dict[str, object]:
    """Return the written configuration as TOML."""
    return tomllib.loads((shell.folder / name).read_text(encoding="utf-8"))


def without_token(shell: Shell) -> Shell:
    """Return the shell without a token in its environment."""
    given = {name: text for name, text in shell.given.items() if name != "INFOMANIAK_API_TOKEN"}
    return Shell(shell.folder, given)


def line_after(ran: Ran, heading: str) -> str:
    """Return the line below the heading of a section."""
    place = next(n for n, line in enumerate(ran.lines) if line.startswith(heading))
    return ran.lines[place + 1]


def test_a_token_on_stdin_is_all_it_takes(live: Live) -> None:
    """Token file and configuration are made and tried, and pass every check."""
    shell, server = live(ONE, laid=False)
    shell = without_token(shell)
    ran = shell("init", "--token-stdin", stdin=PIPED)
    assert ran.err == ""
    assert ran.lines[:6] == [
        "Written:",
        "  infomaniak-token.txt  the token of infomaniak; only you can read it (mode 600)",
        "  catalog.toml  the configuration",
        "",
        "Trying it, as a dry run: nothing is stored or sent.",
        ran.lines[5],
    ]
    assert ran.lines[5].endswith("infomaniak: first, snapshot 1, 1 model (dry run)")
    assert mode(shell.folder / "infomaniak-token.txt") == 0o600
    assert mode(shell.folder / "catalog.toml") == 0o644
    assert sorted(shell.files()) == ["catalog.toml", "infomaniak-token.txt"]
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert shell("config", "check").err == ""
    assert shell("doctor").code == 0
    assert shell("sync").lines[-1] == f"document {shell.folder}/docs/models.md written"


def test_the_cron_line_polls_from_any_folder(live: Live, tmp_path: Path) -> None:
    """The printed line names program and configuration in full, and works as typed."""
    shell, server = live(ONE, laid=False)
    shell = without_token(shell)
    ran = shell("--config", "my dir/50%.toml", "init", "--token-stdin", stdin=PIPED)
    line = line_after(ran, "# cron")
    assert line.startswith("0 * * * * /")
    assert "50\\%.toml" in line  # because cron ends the line at a bare %
    command = line.removeprefix("0 * * * * ").replace("\\%", "%")
    done = subprocess.run(["/bin/sh", "-c", command], cwd="/", env=shell.environ, check=True)
    assert done.returncode == 0
    assert len(server.requests) == 2
    assert (tmp_path / "my dir" / "docs" / "models.md").exists()
    assert "catalog --config 'my dir/50%.toml' sync   #" in ran.out
    unit = next(each for each in ran.lines if each.startswith("ExecStart="))
    assert unit.endswith(f'catalog --config "{tmp_path}/my dir/50%%.toml" serve')
    assert f"--volume '{tmp_path}/my dir:/data'" in ran.out


def test_nothing_is_overwritten_without_force(live: Live) -> None:
    """A configuration or a token that exists is refused with the way on, and stays."""
    shell, server = live(ONE, laid=False)
    shell = without_token(shell)
    (shell.folder / "catalog.toml").write_text("mine")
    refused = shell("init", code=2)
    seen, hint = refused.err.splitlines()
    assert seen == "error: catalog.toml exists, so nothing was written"
    assert hint == (
        "hint: To see it: `catalog config show`. To replace it: --force. "
        "To write another one: `catalog --config FILE init`."
    )
    given = {"CATALOG_CONFIG": "other.toml"}
    (shell.folder / "infomaniak-token.txt").write_text("old")
    taken = shell("init", "--token-stdin", stdin=PIPED, given=given, code=2)
    assert "infomaniak-token.txt exists; --force replaces it" in taken.err
    assert shell.files().keys() == {"catalog.toml", "infomaniak-token.txt"}
    assert not server.requests
    shell("init", "--token-stdin", "--force", stdin=PIPED)
    assert settings(shell)["infomaniak"] == {"token_file": "infomaniak-token.txt"}
    assert (shell.folder / "infomaniak-token.txt").read_text() == f"{TOKEN}\n"
    assert mode(shell.folder / "infomaniak-token.txt") == 0o600


def test_a_token_file_that_exists_is_used_as_it_is(live: Live) -> None:
    """A token file by name or in its usual place is named, not written."""
    shell, _ = live(ONE, laid=False)
    shell = without_token(shell)
    other = shell.folder.parent / f"{shell.folder.name}-elsewhere.txt"
    other.write_text(TOKEN)
    other.chmod(0o640)
    ran = shell("init", "--token-file", other)
    assert f"  {other}  existed already: the token of infomaniak" in ran.lines
    assert settings(shell)["infomaniak"] == {"token_file": str(other)}
    assert f"--volume {other}:{other}:ro" in ran.out
    assert mode(other) == 0o640
    (shell.folder / "infomaniak-token.txt").write_text(TOKEN)
    shell("init", "--force")
    assert settings(shell)["infomaniak"] == {"token_file": "infomaniak-token.txt"}
    (shell.folder / "infomaniak-token.txt").chmod(0o644)
    open_file = shell("init", "--force")
    assert "warning: every user can read" in open_file.err
    assert "hint: run `chmod 600 " in open_file.err
    shell("init", "--force", given={"INFOMANIAK_API_TOKEN": TOKEN})
    assert settings(shell)["infomaniak"] == {"token_file": "infomaniak-token.txt"}
    absent = shell("init", "--force", "--token-file", "no.txt", code=2)
    assert "--token-file: there is no no.txt with the token of infomaniak" in absent.err


def test_without_a_token_it_shows_how_to_give_one(shell: Shell) -> None:
    """The configuration is written and valid, and nothing is tried."""
    ran = shell("init")
    assert "Not tried, because there is no token of infomaniak yet" in ran.err
    assert f"install -m 600 /dev/stdin {shell.folder}/infomaniak-token.txt" in ran.err
    assert sorted(shell.files()) == ["catalog.toml"]
    assert shell("config", "check").lines[0].startswith("the configuration is valid")
    text = (shell.folder / "catalog.toml").read_text()
    (shell.folder / "catalog.toml").write_text(text.replace("# token_file", "token_file"))
    (shell.folder / "infomaniak-token.txt").write_text(TOKEN)
    assert shell("config", "show", "--format", "json").json["settings"]["infomaniak.token"]


@pytest.mark.parametrize("form", ["", "_FILE"])
def test_a_token_of_the_environment_stays_there(live: Live, form: str) -> None:
    """It is used and not written, and the output warns that cron and containers lack it."""
    shell, _ = live(ONE, laid=False)
    token = shell.folder / "token"
    token.write_text(TOKEN)
    given = dict(without_token(shell).given)
    given[f"INFOMANIAK_API_TOKEN{form}"] = str(token) if form else TOKEN
    ran = Shell(shell.folder, given)("init")
    assert "first, snapshot 1" in ran.out
    name = f"INFOMANIAK_API_TOKEN{form}"
    assert f"  cron and systemd do not have {name}: name a token file in catalog.toml." in ran.lines
    assert f"--env {name} " in ran.out
    assert "infomaniak-token.txt" not in shell.files()


@pytest.mark.parametrize(
    ("stdin", "seen"),
    [(b" \n", "stdin is empty"), (b"a b\n", "this cannot be used: a token must not be empty")],
)
def test_an_invalid_piped_token_is_refused(shell: Shell, stdin: bytes, seen: str) -> None:
    """Nothing is written, and the secret is not repeated."""
    ran = shell("init", "--token-stdin", stdin=stdin, code=2)
    assert seen in ran.err
    assert "a b" not in ran.err
    assert shell.files() == {}


def test_a_poll_that_fails_keeps_the_files(live: Live) -> None:
    """The exit code is that of the poll, and the next try is named."""
    shell, _ = live(answer(401), laid=False)
    ran = shell("init", code=3)
    assert "Give a valid token" in ran.err
    assert ran.err.endswith("try again: catalog sync --dry-run\n")
    assert "catalog.toml" in shell.files()
    assert line_after(ran, "# cron").startswith("0 * * * *")


def test_a_broken_secret_file_is_reported_after_writing(shell: Shell) -> None:
    """An empty token file is a mistake of the configuration with its exit code."""
    (shell.folder / "empty.txt").touch()
    ran = shell("init", "--token-file", "empty.txt", code=2)
    assert "infomaniak.token_file = " in ran.err


def test_an_unwritable_file_is_exit_6(shell: Shell) -> None:
    """A file in place of the folder is named, without a traceback."""
    (shell.folder / "file").touch()
    ran = shell("--config", "file/new.toml", "init", "--offline", "--document", "none", code=6)
    assert "file/new.toml could not be written: " in ran.err


def test_a_path_that_is_no_utf_8_is_refused(shell: Shell) -> None:
    """TOML cannot hold such a path, so nothing is written."""
    ran = shell("init", "--offline", "--document", "m\udcff.md", code=2)
    assert "a path is not UTF-8" in ran.err
    assert shell.files() == {}


@pytest.mark.parametrize(
    ("database", "written", "permissions"),
    [
        ("my.db", "my.db", 0o644),
        ("sqlite:///sub/my.db", "sub/my.db", 0o644),
        ("postgresql+psycopg://u@db.example/c", "postgresql+psycopg://u@db.example/c", 0o644),
        ("postgresql+psycopg://u:p@db.example/c", "postgresql+psycopg://u:p@db.example/c", 0o600),
    ],
)
def test_the_database_of_the_command_line_is_written(
    shell: Shell, database: str, written: str, permissions: int
) -> None:
    """With a password in it, only the user can read the configuration."""
    ran = shell("--database", database, "init", "--offline")
    assert settings(shell)["database"] == written
    assert mode(shell.folder / "catalog.toml") == permissions
    assert "u:p@" not in ran.out + ran.err
    assert "every user can read" not in shell("config", "check").err


def test_files_that_git_must_not_have_are_named(shell: Shell) -> None:
    """In a repository, secrets and the database are listed."""
    (shell.folder / ".git").mkdir()
    (shell.folder / "infomaniak-token.txt").write_text(TOKEN)
    ran = shell("init", "--offline")
    assert "  Keep out of git: infomaniak-token.txt, catalog.db" in ran.lines
    named = shell("--database", "x.db", "init", "--offline", "--force")
    assert "  Keep out of git: infomaniak-token.txt" in named.lines


def test_the_commands_may_start_python(shell: Shell) -> None:
    """Called as `python -m catalog`, the printed lines call it in the same way."""
    with shell.python("-m", "catalog", "init", "--offline") as running:
        out, _ = running.communicate()
    line = next(each for each in out.splitlines() if each.startswith("0 * * * *"))
    assert shlex.split(line)[6:8] == ["-m", "catalog"]


def test_a_document_of_the_user_is_never_an_error(shell: Shell) -> None:
    """By default another one is chosen, and a named one offers two ways on."""
    document = shell.folder / "docs" / "models.md"
    document.parent.mkdir()
    document.write_text(OURS)
    ran = shell("init", "--offline")
    assert ran.err == (
        "docs/models.md exists without markers, so it is not changed. "
        "The document is docs/models-catalog.md.\n"
    )
    assert settings(shell)["document"] == {"path": "docs/models-catalog.md"}
    (shell.folder / "docs" / "models-catalog.md").write_text(OURS)
    named = shell("init", "--offline", "--force", "--document", "docs/models.md", code=2)
    assert "--append" in named.err
    assert "--document docs/models-catalog2.md" in named.err
    assert document.read_text() == OURS
    none = shell("init", "--offline", "--force", "--document", "none")
    assert settings(shell)["document"] == {"path": ""}
    assert none.err == ""
    folder = shell("init", "--offline", "--force", "--document", "docs", code=2)
    assert "the document could not be read" in folder.err


def test_regions_are_added_to_a_document_of_the_user(live: Live) -> None:
    """--append keeps the user's text, and the first poll fills the regions."""
    shell, _ = live(ONE, laid=False)
    document = shell.folder / "OURS.md"
    document.write_text(OURS)
    ran = shell("init", "--document", "OURS.md", "--append")
    assert "  OURS.md  the regions were added at its end; the first poll fills them" in ran.lines
    assert document.read_text().startswith(
        "# Ours\n\n## Infomaniak AI Models Overview\n\n<!-- catalog:"
    )
    shell("sync")
    assert "| `alpha` |" in document.read_text()
    assert document.read_text().startswith("# Ours\n\n## ")


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (("--channel-file", "x"), "--channel-file does not go with --channel none"),
        (("--channel", "log", "--mail-to", "a@b.example"), "need --channel email, not log"),
        (("--provider", "openrouter", "--token-file", "x"), "openrouter needs no token"),
        (("--provider", "openrouter", "--token-stdin"), "openrouter needs no token"),
    ],
)
def test_an_option_without_effect_is_wrong_usage(
    shell: Shell, words: tuple[str, ...], seen: str
) -> None:
    """An option that the other ones make useless is named, and nothing is written."""
    assert seen in shell("init", "--offline", *words, code=2).err
    assert shell.files() == {}
