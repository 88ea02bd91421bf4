"""`catalog config`: each value, its source, and all mistakes together."""

from pathlib import Path

import pytest

from catalog.config.exposed import exposed
from catalog.config.load import load
from tests.support.shell import TOKEN, Shell

FILE = f"""
database = "postgresql://user:{TOKEN}@db.example/catalog"
http.deadline = "1m"
rules.model-added = "warning"

[infomaniak]
token = "{TOKEN}"

[[channel]]
kind = "webhook"
name = "ops-chat"
url = "https://chat.example/{TOKEN}"
models = ["qwen*", "llama3"]
"""


def test_settings_are_shown_with_their_sources_and_without_secrets(shell: Shell) -> None:
    """Each value names its source: file, variable, option or default. Secrets are masked."""
    Path(shell.folder, "catalog.toml").write_text(FILE)
    given = {"CATALOG_HTTP_ATTEMPTS": "2", "CATALOG_CHANNEL_OPS_CHAT_SECRET": TOKEN}
    settings = shell("config", "show", "--format", "json", given=given).json["settings"]
    file = f"file {shell.folder}/catalog.toml"
    assert settings["database"] == {
        "value": "postgresql://user:***@db.example/catalog",
        "source": file,
    }
    assert settings["infomaniak.token"] == {"value": "***", "source": file}
    assert settings["infomaniak.token_file"] == {"source": "default"}
    assert settings["http.deadline"] == {"value": "1m", "source": file}
    assert settings["http.attempts"] == {
        "value": "2",
        "source": "environment CATALOG_HTTP_ATTEMPTS",
    }
    assert settings["rules.model-added"] == {"value": "warning", "source": file}
    assert settings["channel.0.url"] == {"value": "***", "source": file}
    assert settings["channel.0.secret"]["value"] == "***"
    assert settings["channel.0.models"]["value"] == "qwen*, llama3"
    table = shell("--database", "my.db", "config", "show").lines
    assert table[0].split() == ["Setting", "Value", "Source"]
    assert table[1].split(maxsplit=2)[1:] == [f"{shell.folder}/my.db", "command line"]
    assert [line.split()[1] for line in table if line.startswith("infomaniak.token_file")] == ["–"]


def test_a_valid_configuration_is_reported(shell: Shell) -> None:
    """`config check` names the file, or reports that there is no file and no token."""
    bare = shell("config", "check")
    assert bare.lines == ["the configuration is valid: no file, defaults and environment"]
    assert "INFOMANIAK_API_TOKEN" in bare.err
    home = Path(shell.folder, ".config", "catalog")
    home.mkdir(parents=True)
    (home / "catalog.toml").write_text(f'infomaniak.token = "{TOKEN}"\n')
    (home / "catalog.toml").chmod(0o600)
    ran = shell("config", "check")
    assert ran.lines == [f"the configuration is valid: {home}/catalog.toml"]
    assert ran.err == ""


def test_unknown_variables_are_reported(shell: Shell) -> None:
    """`config check` reports a CATALOG_ variable of another program, without failing."""
    given = {"CATALOG_SERVICE_HOST": TOKEN, "INFOMANIAK_API_TOKEN": TOKEN}
    ran = shell("config", "check", given=given)
    assert ran.err == "the variable CATALOG_SERVICE_HOST is unknown, so it is ignored\n"
    assert shell("config", "show", given=given).err == ""


def test_every_mistake_is_reported_at_once(shell: Shell) -> None:
    """Mistakes of file, environment and option are listed together with exit code 2."""
    file = Path(shell.folder, "my.toml")
    channel = f'kind = "webhook"\nname = "ops"\nsecret = "whsec_{TOKEN}"\n'
    file.write_text(f"hold.share = 30\ncolour = 1\n[[channel]]\n{channel}")
    ran = shell(
        *("--config", "my.toml", "--database", "postgresql://u:p@ss:w/rd", "config", "check"),
        code=2,
        given={"CATALOG_INFOMANIAK_URL": "http://api.example"},
    )
    heading, *mistakes, hint = ran.err.splitlines()
    assert heading == "error: the configuration has 6 mistakes:"
    assert [line.split(": ")[0].strip() for line in mistakes[:2]] == [
        "database",
        'infomaniak.url = "http://api.example"',
    ]
    assert [line.split(": ")[:2] for line in mistakes[2:]] == [
        ["  my.toml:1", "hold.share = 30"],
        ["  my.toml:2", "colour"],
        ["  my.toml:3", "channel.0.url"],
        ["  my.toml:6", "channel.0.secret"],
    ]
    assert mistakes[0].endswith("(command line)")
    assert mistakes[1].endswith("(environment CATALOG_INFOMANIAK_URL)")
    assert hint.startswith("hint: ")
    assert "ss:w" not in ran.err


def test_mistakes_in_the_annotations_are_reported(shell: Shell) -> None:
    """A user's own names are checked with the configuration."""
    Path(shell.folder, "catalog.toml").write_text('document.annotations = "names.toml"\n')
    names = Path(shell.folder, "names.toml")
    names.write_text("[17]\ntitel = 'Qwen'\n")
    ran = shell("config", "check", code=2, given={"CATALOG_HTTP_ATTEMPTS": "0"})
    _, *mistakes, hint = ran.err.splitlines()
    assert mistakes[0].startswith('  http.attempts = "0": ')
    place = '  catalog.toml:1: document.annotations = "names.toml": '
    assert all(line.startswith(place) for line in mistakes[1:])
    assert mistakes[1].endswith(f"{names}: 17: neither a title nor a description")
    assert "17.titel: unknown" in mistakes[2]
    assert "config check" not in hint
    names.write_text("[17")
    broken = shell("config", "check", code=2).err
    assert f'document.annotations = "names.toml": {names}: ' in broken
    assert "config check" not in broken
    names.unlink()
    assert f"{names}: No such file" in shell("config", "check", code=2).err


def test_a_file_that_is_not_toml_is_reported_with_a_hint(shell: Shell) -> None:
    """The hint for broken TOML points to the docs, not to `config check` itself."""
    Path(shell.folder, "catalog.toml").write_text("[http\n")
    ran = shell("config", "check", code=2)
    assert f"{shell.folder}/catalog.toml:1 is not TOML" in ran.err
    assert "hint: `catalog help configuration` " in ran.err


@pytest.mark.long
def test_commands_that_read_the_store_need_no_secret_file(own_demo: Shell) -> None:
    """Commands that only read the store ignore a missing token file, and the others report it."""
    webhook = '[[channel]]\nkind = "webhook"\nname = "a"\nurl_file = "no-url"\n'
    file = own_demo.folder / "demo" / "catalog.toml"
    file.write_text(f'{file.read_text()}{webhook}[infomaniak]\ntoken_file = "no-token"\n')
    for words in ("models", "changes", "show qwen3", "snapshots", "polls", "render", "alerts"):
        assert own_demo(*words.split()).err == ""
    shown = own_demo("config", "show", "--format", "json").json["settings"]
    token = {"value": "***", "source": f"file {file.parent}/no-token"}
    assert shown["infomaniak.token"] == token
    for words in (
        "sync",
        "sync --dry-run",
        "serve",
        "config check",
        "alerts retry",
        "alerts test a",
    ):
        seen = own_demo(*words.split(), code=2).err
        assert f'token_file = "no-token": cannot read {file.parent}/no-token: No such file' in seen
        assert f'url_file = "no-url": cannot read {file.parent}/no-url: No such file' in seen


def test_mistakes_in_templates_and_urls_are_reported(shell: Shell) -> None:
    """`config check` finds broken templates and URLs that Apprise rejects."""
    Path(shell.folder, "text.txt").write_text("$titel of $whom costs 5 $\n")
    channel = '[[channel]]\nkind = "apprise"\nname = "chat"\ntemplate = "text.txt"\n'
    file = Path(shell.folder, "catalog.toml")
    file.write_text(f'{channel}urls = ["nosuch://{TOKEN}"]\n')
    heading, *mistakes, hint = shell("config", "check", code=2).err.splitlines()
    assert heading == "error: the channels have 2 mistakes:"
    assert [line.split(": ")[:2] for line in mistakes] == [
        ["  catalog.toml:4", "channel.0.template"],
        ["  catalog.toml:5", "channel.0.urls.0"],
    ]
    for seen in (
        "no placeholder $titel;",
        "no placeholder $whom;",
        "a $ without a name after it",
    ):
        assert seen in mistakes[0]
    assert hint.startswith("hint: ")


KEYS = """
[[provider]]
name = "a"
kind = "openai"
url = "https://a.example"
document.path = ""
list.headers = { "X-Api-Key" = "%s", "Accept" = "x/y" }
"""


@pytest.mark.parametrize(
    ("content", "held"),
    [
        (f'infomaniak.token = "{TOKEN}"\n', "infomaniak.token"),
        (f'ping.url = "https://ping.example/{TOKEN}"\n', "ping.url"),
        (FILE, "channel.0.url, database, infomaniak.token"),
        (KEYS % TOKEN, "provider.0.list.headers.X-Api-Key"),
    ],
)
def test_a_configuration_with_secrets_that_others_can_read_is_a_warning(
    shell: Shell, content: str, held: str
) -> None:
    """`config check` names the secrets in a readable file and the command that protects it."""
    file = Path(shell.folder, "catalog.toml")
    file.write_text(content)
    file.chmod(0o644)
    said = shell("config", "check").err
    warning = f"every user can read {file} (mode 0644), which holds {held}"
    assert f"warning: {warning}\nhint: run `chmod 600 {file}`\n" in said
    file.chmod(0o640)  # a group may be how a service reads it
    assert "every user" not in shell("config", "check").err


def test_a_token_file_that_others_can_read_is_a_warning(shell: Shell) -> None:
    """`config check` and `doctor` warn about a token file that every user can read."""
    token, folder = Path(shell.folder, "my token"), shell.folder
    token.write_text(TOKEN)
    Path(folder, "catalog.toml").write_text('infomaniak.token_file = "my token"\n')
    token.chmod(0o604)
    command = f"chmod 600 '{token}'"
    ran = shell("config", "check")
    assert f"every user can read {token} (mode 0604), which holds infomaniak.token" in ran.err
    assert f"hint: run `{command}`" in ran.err
    given = {"CATALOG_INFOMANIAK_URL": "http://127.0.0.1:9", "CATALOG_HTTP_ATTEMPTS": "1"}
    (look,) = [
        each
        for each in shell("doctor", "--format", "json", given=given, code=1).json["checks"]
        if each["check"] == "secrets"
    ]
    assert (look["state"], look["todo"]) == ("warn", f"Run `{command}`.")
    token.chmod(0o600)
    assert shell("config", "check").err == ""
    loaded = load(folder / "catalog.toml", environ={})
    token.unlink()
    assert list(exposed(loaded)) == []


@pytest.mark.parametrize("kind", ["systemd", "kubernetes"])
def test_a_mounted_secret_gives_no_warning(shell: Shell, kind: str) -> None:
    """A secret mounted by systemd or Kubernetes gives no warning about its mode."""
    folder = Path(shell.folder, "mounted")
    (folder / "..data").mkdir(parents=True)
    token = folder / "token"
    if kind == "kubernetes":
        (folder / "..data").rename(folder / "..now")
        (folder / "..data").symlink_to("..now")
        (folder / "..now" / "token").write_text(TOKEN)
        token.symlink_to("..data/token")
    else:
        token.write_text(TOKEN)
    given = {"INFOMANIAK_API_TOKEN_FILE": str(token)}
    if kind == "systemd":
        assert "every user can read" in shell("config", "check", given=given).err
        given["CREDENTIALS_DIRECTORY"] = str(folder)
    assert shell("config", "check", given=given).err == ""
