"""Settings from flags, environment, files and defaults."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from catalog.changes.finding import Level
from catalog.config.channels import LogSettings, WebhookSettings
from catalog.config.load import Loaded, load, show
from catalog.config.sources import find_file, table_variable
from catalog.config.types import read_duration, write_duration
from catalog.core.errors import SettingsInvalid
from tests.support.configuration import OPS, OPS_URL, SECRET, mistakes, read


def test_with_nothing_given_the_defaults_hold(here: Path) -> None:
    """Without file and environment, state and document live in the working folder."""
    loaded = load(environ={})
    settings = loaded.settings
    assert (loaded.file, dict(loaded.sources)) == (None, {})
    assert settings.database == f"{here}/catalog.db"
    assert settings.document.path == here / "docs/models.md"
    assert settings.infomaniak.url == "https://api.infomaniak.com"
    assert settings.http.deadline == timedelta(seconds=30)
    assert settings.http.max_bytes == 16 * 1024 * 1024
    assert (settings.hold.share, settings.hold.floor, settings.hold.polls) == (0.3, 10, 3)
    assert settings.channel == ()


def test_flags_go_over_environment_over_file_over_defaults(file: Path) -> None:
    """Command line, environment, file and default apply in this order, and the source is known."""
    text = "[http]\nattempts = 2\ndeadline = 5\n[hold]\nfloor = 7\npolls = 9\n"
    environ = {"CATALOG_HTTP_ATTEMPTS": "3", "CATALOG_HOLD_FLOOR": "8", "CATALOG_HOLD_POLLS": ""}
    loaded = read(file, text, environ, {"http.attempts": 4})
    settings = loaded.settings
    assert (settings.http.attempts, settings.hold.floor) == (4, 8)
    assert (settings.http.deadline, settings.hold.polls) == (timedelta(seconds=5), 9)
    assert loaded.sources["http.attempts"] == "command line"
    assert loaded.sources["hold.floor"] == "environment CATALOG_HOLD_FLOOR"
    assert loaded.sources["hold.polls"] == f"file {file}"
    assert "http.max_bytes" not in loaded.sources


def test_every_plain_setting_has_a_variable(file: Path) -> None:
    """Each plain setting can be given by a variable of its name."""
    environ = {
        "CATALOG_DATABASE": "other.db",
        "CATALOG_INFOMANIAK_URL": "https://api.example",
        "CATALOG_INFOMANIAK_PRODUCT_ID": "42",
        "CATALOG_HTTP_MAX_BYTES": "1000",
        "CATALOG_HTTP_RETRY_FOR": "90s",
        "CATALOG_HOLD_SHARE": "0.5",
        "CATALOG_HOLD_APART": "1h",
        "CATALOG_DOCUMENT_PATH": "o.md",
        "CATALOG_DOCUMENT_ANNOTATIONS": "names.toml",
        "CATALOG_DOCUMENT_RECENT": "0",
    }
    settings = read(file, "", environ, files=False).settings
    assert settings.infomaniak.url == "https://api.example"
    assert settings.infomaniak.product_id == 42
    assert (settings.http.max_bytes, settings.http.retry_for) == (1000, timedelta(seconds=90))
    assert (settings.hold.share, settings.hold.apart) == (0.5, timedelta(hours=1))
    assert settings.document.recent == 0


def test_relative_paths_start_where_they_were_written(file: Path, here: Path) -> None:
    """Paths in the file start from its folder, and other paths from the working folder."""
    text = '[document]\npath = "d.md"\nannotations = "a.toml"\n'
    loaded = read(file, text, files=False).settings
    assert loaded.database == f"{file.parent}/catalog.db"
    assert loaded.document.path == file.parent / "d.md"
    assert loaded.document.annotations == file.parent / "a.toml"
    environ = {"CATALOG_DOCUMENT_PATH": "d.md", "CATALOG_DOCUMENT_ANNOTATIONS": "/abs/a.toml"}
    loaded = read(file, text, environ, {"database": "sqlite:///x.db"}, files=False).settings
    assert loaded.database == f"{here}/x.db"
    assert loaded.document.path == here / "d.md"
    assert loaded.document.annotations == Path("/abs/a.toml")


@pytest.mark.parametrize(
    "url",
    ["postgresql://db.example/catalog", "sqlite://", "sqlite:///:memory:", "sqlite:///b?mode=ro"],
)
def test_a_database_that_is_no_relative_file_stays_as_it_is(file: Path, url: str) -> None:
    """Servers, memory and URLs with options are not changed to paths in a folder."""
    assert read(file, f'database = "{url}"').settings.database == url


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1ms", 0.001),
        ("30s", 30),
        ("10m", 600),
        ("1.5 h", 5400),
        (" 7d ", 604800),
        ("45", 45),
        (45, 45),
        (0.5, 0.5),
    ],
)
def test_durations_are_read(text: str | float, seconds: float) -> None:
    """A number with a unit, or a number of seconds, is a duration."""
    assert read_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["1ms", "1500ms", "30s", "90s", "10m", "90m", "1h", "36h", "7d"])
def test_durations_are_written_in_the_largest_unit(text: str) -> None:
    """A duration is shown as a person would write it."""
    assert write_duration(read_duration(text)) == text


@pytest.mark.parametrize("text", ["60s", "24h", "1.5ms", "0.001001", "30.0004s", "604799.999999"])
def test_durations_are_written_so_that_they_can_be_read(text: str) -> None:
    """A shown duration reads back to the same value."""
    duration = read_duration(text)
    assert read_duration(write_duration(duration)) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5x",
        "-1s",
        "1h30m",
        "ten",
        True,
        None,
        "0s",
        "8d",
        "9" * 400,
        1e300,
        float("nan"),
        10**40,
    ],
)
def test_an_invalid_duration_is_refused(text: Any) -> None:
    """Odd text, other types, and durations that are too short or too long are rejected."""
    with pytest.raises(ValueError, match="a duration "):
        read_duration(text)


def test_an_empty_path_means_no_document(file: Path) -> None:
    """An empty path disables the document and the annotations."""
    settings = read(file, '[document]\npath = ""\nannotations = ""\n').settings
    assert settings.document.path is None
    assert settings.document.annotations is None


def token(loaded: Loaded) -> str:
    """Return the current token."""
    secret = loaded.settings.infomaniak.token
    assert secret is not None
    return secret.get_secret_value()


def test_the_token_comes_from_a_variable_or_a_file(file: Path, here: Path) -> None:
    """A variable overrides the file for the token, and the source is kept."""
    (file.parent / "token").write_text(" from-file\n")
    (here / "token").write_text("from-here\n")
    by_file = read(file, '[infomaniak]\ntoken_file = "token"\n')
    assert token(by_file) == "from-file"
    assert by_file.sources["infomaniak.token"] == f"file {file.parent}/token"
    over = read(file, '[infomaniak]\ntoken_file = "token"\n', {"INFOMANIAK_API_TOKEN": "from-env"})
    assert token(over) == "from-env"
    assert over.sources["infomaniak.token"] == "environment INFOMANIAK_API_TOKEN"
    assert over.settings.infomaniak.token_file is None
    named = read(
        file, '[infomaniak]\ntoken = "from-toml"\n', {"INFOMANIAK_API_TOKEN_FILE": "token"}
    )
    assert token(named) == "from-here"
    assert token(read(file, '[infomaniak]\ntoken = "from-toml"\n')) == "from-toml"


def test_files_can_be_skipped(file: Path) -> None:
    """Without files there is no token, its source is known, and contradictions are errors."""
    text = '[infomaniak]\ntoken_file = "token"\n[document]\nannotations = "names.toml"\n'
    loaded = read(file, text, files=False)
    assert loaded.settings.infomaniak.token is None
    assert loaded.sources["infomaniak.token"] == f"file {file.parent}/token"
    both = f'[infomaniak]\ntoken = "{SECRET}"\ntoken_file = "token"\n'
    with pytest.raises(SettingsInvalid, match="remove one of the two"):
        read(file, both, files=False)


def test_channels_are_read_with_their_filters(file: Path) -> None:
    """A log and a webhook channel keep name, level and filters, and the kind's own settings."""
    text = '[[channel]]\nkind = "log"\nname = "log"\n' + OPS + OPS_URL
    text += 'level = "breaking"\nmodels = ["qwen*"]\ntypes = ["llm"]\nformat = "slack"\n'
    log, hook = read(file, text).settings.channel
    assert isinstance(log, LogSettings)
    assert (log.level, log.models, log.types) == (Level.INFO, (), ())
    assert isinstance(hook, WebhookSettings)
    assert (hook.level, hook.models, hook.types) == (Level.BREAKING, ("qwen*",), ("llm",))
    assert (hook.format, hook.secret) == ("slack", None)


def test_a_channels_secrets_come_from_variables_or_files(file: Path) -> None:
    """Each channel reads its secrets from its variables or files, which may hold several."""
    (file.parent / "secrets").write_text("old-secret\nwhsec_bmV3LXNlY3JldA==\n")
    environ = {"CATALOG_CHANNEL_OPS_CHAT_URL": f"https://chat.example/{SECRET}"}
    loaded = read(file, f'{OPS}secret_file = "secrets"\n', environ)
    (hook,) = loaded.settings.channel
    assert isinstance(hook, WebhookSettings)
    assert hook.url == SecretStr(f"https://chat.example/{SECRET}")
    assert hook.secret == SecretStr("old-secret\nwhsec_bmV3LXNlY3JldA==")
    assert loaded.sources["channel.0.url"] == "environment CATALOG_CHANNEL_OPS_CHAT_URL"
    assert loaded.sources["channel.0.secret"] == f"file {file.parent}/secrets"
    assert SECRET not in repr(loaded)
    assert (
        table_variable("channel", "ops-chat", "secret_file")
        == "CATALOG_CHANNEL_OPS_CHAT_SECRET_FILE"
    )


@pytest.mark.parametrize("text", ["30,7,0", "30, 7, 0", "30 7 0"])
def test_marks_are_a_list_in_a_file_and_in_a_variable(file: Path, text: str) -> None:
    """A list of days reads the same from file and variable, and invalid days are mistakes."""
    given = read(file, "", environ={"CATALOG_FORECAST_REMIND": text})
    assert given.settings.forecast.remind == (30, 7, 0)
    assert given.settings == read(file, "[forecast]\nremind = [30, 7, 0]\n").settings
    (shown,) = (each for each in show(given) if each.setting == "forecast.remind")
    assert shown.value == "30, 7, 0"
    assert read(file, "[forecast]\nremind = []\n").settings.forecast.remind == ()
    for wrong in ("[7, 7]", "[-1]", "[366]", "[true]", "7", '"soon"'):
        assert "forecast.remind" in mistakes(file, f"[forecast]\nremind = {wrong}\n")


def test_rules_take_levels_of_our_own(file: Path) -> None:
    """A rule's level can be overridden, and an unknown rule or level is a mistake."""
    loaded = read(file, '[rules]\nmodel-added = "warning"\n')
    assert loaded.settings.rules == {"model-added": Level.WARNING}
    reported = mistakes(file, '[rules]\nmodel-added = "loud"\nno-such = "info"\nlog = "info"\n')
    assert reported.split("\n") == [
        'rules.model-added: "breaking", "warning", "info" or "quiet" is expected',
        "rules.no-such: there is no such rule; `catalog help rules` lists them",
        "rules.log: there is no such rule; `catalog help rules` lists them",
    ]


def test_the_file_is_looked_for_in_order(file: Path, here: Path, tmp_path: Path) -> None:
    """The flag goes before CATALOG_CONFIG, the working folder, and the XDG and home folders."""
    home = {"HOME": str(tmp_path / "home")}
    assert find_file(None, home) is None
    assert find_file(None, {}) is None
    no_folder = home | {"XDG_CONFIG_HOME": f"/{'x' * 300}"}
    assert find_file(None, no_folder) is None
    by_home = tmp_path / "home" / ".config" / "catalog" / "catalog.toml"
    by_xdg = tmp_path / "xdg" / "catalog" / "catalog.toml"
    for path in (by_home, by_xdg):
        path.parent.mkdir(parents=True)
        path.write_text("")
    assert find_file(None, home) == by_home
    xdg = home | {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert find_file(None, xdg) == by_xdg
    (here / "catalog.toml").write_text("")
    assert load(environ=xdg).file == here / "catalog.toml"
    named = xdg | {"CATALOG_CONFIG": "named.toml"}
    assert find_file(None, named) == Path("named.toml")
    assert find_file(file, named) == file


def test_shown_settings_hide_secrets_and_name_sources(file: Path) -> None:
    """Every setting is shown with its source, and secrets and passwords are masked."""
    text = f'database = "postgresql://u:{SECRET}@db.example/c"\nhttp.deadline = "1.5s"\n'
    text += f'[infomaniak]\ntoken = "{SECRET}"\n{OPS}url = "https://chat.example/{SECRET}"\n'
    text += 'models = ["a", "b"]\n[rules]\nmodel-added = "warning"\nlogo-changed = "info"\n'
    shown = {each.setting: each for each in show(read(file, text))}
    assert SECRET not in repr(shown)
    assert shown["database"].value == "postgresql://u:***@db.example/c"
    assert shown["infomaniak.token"].value == "***"
    assert shown["infomaniak.product_id"].value is None
    assert shown["http.deadline"].value == "1500ms"
    assert (shown["http.deadline"].source, shown["http.attempts"].source) == (
        f"file {file}",
        "default",
    )
    assert shown["channel.0.url"].value == "***"
    assert shown["channel.0.secret"].value is None
    assert shown["channel.0.models"].value == "a, b"
    assert shown["channel.0.types"].value is None
    assert [name for name in shown if name.startswith("rules.")] == [
        "rules.logo-changed",
        "rules.model-added",
    ]
    assert list(shown)[:2] == ["database", "infomaniak.url"]


@pytest.mark.parametrize("given", ["sqlite:////a/b.db", "/a/b.db", "sqlite:////a/%62.db"])
def test_an_absolute_file_is_where_it_says(file: Path, given: str) -> None:
    """A path and its URL name the same file."""
    assert read(file, f'database = "{given}"').settings.database == "/a/b.db"


def test_added_headers_and_queries_are_hidden(tmp_path: Path) -> None:
    """Values of extra headers and query parts are masked, and their names and source shown."""
    file = tmp_path / "catalog.toml"
    file.write_text(
        '[[provider]]\nname = "own"\nkind = "openai"\nurl = "https://own.example"\n'
        '[provider.list]\nheaders = { X-Key = "key-never-shown" }\nquery = { key = "nor-this" }\n',
        encoding="utf-8",
    )
    shown = {each.setting: each for each in show(load(file, environ={"HOME": str(tmp_path)}))}
    headers, query = shown["provider.0.list.headers"], shown["provider.0.list.query"]
    assert (headers.value, query.value) == ("X-Key: ***", "key: ***")
    assert headers.source == query.source == f"file {file}"
