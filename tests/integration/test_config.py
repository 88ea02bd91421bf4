"""Settings from flags, environment, files and defaults, and every mistake that can be in them."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import SecretStr

from catalog.change import Level
from catalog.config.given import channel_variable, find_file
from catalog.config.load import Loaded, load, show
from catalog.config.settings import LogSettings, WebhookSettings, read_duration
from catalog.errors import SettingsInvalid

NOTHING: Mapping[str, Any] = MappingProxyType({})
SECRET = "s3cr3t-value"
OPS = '[[channel]]\nkind = "webhook"\nname = "ops-chat"\n'
OPS_URL = 'url = "https://chat.example/x"\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the path of a configuration in a folder of its own."""
    (tmp_path / "etc").mkdir()
    return tmp_path / "etc" / "catalog.toml"


def read(
    file: Path, text: str, environ: Mapping[str, str] = NOTHING, flags: Mapping[str, Any] = NOTHING
) -> Loaded:
    """Write a configuration and load it with this environment and these flags."""
    file.write_text(text, encoding="utf-8")
    return load(file, flags, environ)


def mistakes(
    file: Path, text: str, environ: Mapping[str, str] = NOTHING, flags: Mapping[str, Any] = NOTHING
) -> str:
    """Return what is told of a wrong configuration, without its heading."""
    with pytest.raises(SettingsInvalid) as caught:
        read(file, text, environ, flags)
    told = str(caught.value)
    assert SECRET not in told
    assert SECRET not in repr(caught.value.__cause__)
    heading, _, lines = told.partition("\n")
    assert heading == f"the configuration ({file}) has mistakes:"
    return lines.replace("  ", "")


def test_with_nothing_given_the_defaults_hold(here: Path) -> None:
    """Without file and environment, state and document live in the working folder."""
    loaded = load(environ={})
    settings = loaded.settings
    assert (loaded.file, dict(loaded.sources)) == (None, {})
    assert settings.database == f"sqlite:///{here}/catalog.db"
    assert settings.document.path == here / "docs/models.md"
    assert settings.infomaniak.url == "https://api.infomaniak.com"
    assert settings.http.deadline == timedelta(seconds=30)
    assert settings.http.max_bytes == 16 * 1024 * 1024
    assert (settings.hold.share, settings.hold.floor, settings.hold.polls) == (0.3, 10, 3)
    assert settings.channel == ()


def test_flags_go_over_environment_over_file_over_defaults(file: Path) -> None:
    """Of several values the strongest holds, and its source is known."""
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
    """Each setting that is one value can be given by a variable named after it."""
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
    settings = read(file, "", environ).settings
    assert settings.infomaniak.url == "https://api.example"
    assert settings.infomaniak.product_id == 42
    assert (settings.http.max_bytes, settings.http.retry_for) == (1000, timedelta(seconds=90))
    assert (settings.hold.share, settings.hold.apart) == (0.5, timedelta(hours=1))
    assert settings.document.recent == 0


def test_relative_paths_start_where_they_were_written(file: Path, here: Path) -> None:
    """In the file, and by default, they start from its folder; else from where we are."""
    text = '[document]\npath = "d.md"\nannotations = "a.toml"\n'
    loaded = read(file, text).settings
    assert loaded.database == f"sqlite:///{file.parent}/catalog.db"
    assert loaded.document.path == file.parent / "d.md"
    assert loaded.document.annotations == file.parent / "a.toml"
    environ = {"CATALOG_DOCUMENT_PATH": "d.md", "CATALOG_DOCUMENT_ANNOTATIONS": "/abs/a.toml"}
    loaded = read(file, text, environ, {"database": "sqlite:///x.db"}).settings
    assert loaded.database == f"sqlite:///{here}/x.db"
    assert loaded.document.path == here / "d.md"
    assert loaded.document.annotations == Path("/abs/a.toml")


@pytest.mark.parametrize(
    "url",
    ["postgresql://db.example/catalog", "sqlite://", "sqlite:///:memory:", "sqlite:////a/b.db"],
)
def test_a_database_that_is_no_relative_file_stays_as_it_is(file: Path, url: str) -> None:
    """Servers, memory and absolute paths are not bent to a folder."""
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
    """A number with a unit, or of seconds, is a duration."""
    assert read_duration(text) == timedelta(seconds=seconds)


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
def test_what_is_no_duration_is_refused(text: Any) -> None:
    """Odd text, other types, and what is shorter or longer than a socket takes are mistakes."""
    with pytest.raises(ValueError, match="a duration "):
        read_duration(text)


def test_an_empty_path_means_no_document(file: Path) -> None:
    """TOML has no null, so an empty text says that none is wanted."""
    settings = read(file, '[document]\npath = ""\nannotations = ""\n').settings
    assert settings.document.path is None
    assert settings.document.annotations is None


def token(loaded: Loaded) -> str:
    """Return the token in force."""
    secret = loaded.settings.infomaniak.token
    assert secret is not None
    return secret.get_secret_value()


def test_the_token_comes_from_a_variable_or_a_file(file: Path, here: Path) -> None:
    """Either form of the environment goes over either form in the file, and its source is kept."""
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


def test_mistakes_with_secret_files_are_told(file: Path) -> None:
    """Both forms at once, and files that are missing, empty, no text or no path are mistakes."""
    (file.parent / "empty").write_text(" \n")
    (file.parent / "binary").write_bytes(b"\xff\xfe")
    both = f'[infomaniak]\ntoken = "{SECRET}"\ntoken_file = "empty"\n'
    assert "infomaniak.token_file: infomaniak.token is given too" in mistakes(file, both)
    environ = {"INFOMANIAK_API_TOKEN": SECRET, "INFOMANIAK_API_TOKEN_FILE": "empty"}
    assert "one of the two must go" in mistakes(file, "", environ)
    for name, told in (
        ("empty", f"{file.parent}/empty is empty"),
        ("missing", f"cannot read {file.parent}/missing: No such file or directory"),
        ("binary", f"cannot read {file.parent}/binary: not text"),
        ("a\\u0000b", "a path holds no NUL"),
    ):
        text = f'[infomaniak]\ntoken_file = "{name}"\n'
        assert f"infomaniak.token_file: {told}" in mistakes(file, text)


@pytest.mark.parametrize("wrong", ["", " ", f"{SECRET} x", f"{SECRET}\\n", f"{SECRET}é"])
def test_a_token_that_no_header_takes_is_a_mistake(file: Path, wrong: str) -> None:
    """Blanks, line breaks and accents are found before anybody is asked, and are not shown."""
    told = mistakes(file, f'[infomaniak]\ntoken = "{wrong}"\n')
    assert told == "infomaniak.token: a token is not empty and holds no blank, line break or accent"


def test_channels_are_read_with_what_they_want_to_hear(file: Path) -> None:
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
    """Each channel has variables of its own, and several secrets may stand in one file."""
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
    assert channel_variable("ops-chat", "secret_file") == "CATALOG_CHANNEL_OPS_CHAT_SECRET_FILE"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (OPS, "channel.0.url: a webhook needs url, url_file or CATALOG_CHANNEL_OPS_CHAT_URL"),
        (
            OPS + f'url = "http://chat.example/{SECRET}"\n',
            "channel.0.url: the URL for chat.example",
        ),
        (OPS + f'url = "{SECRET}"\n', "channel.0.url: "),
        (OPS + OPS_URL + f'secret = "whsec_{SECRET}!"\n', "channel.0.secret: the secret starts"),
        (OPS + OPS_URL + f'secret = "right whsec_%{SECRET}"\n', "channel.0.secret: the secret st"),
        (OPS + OPS_URL + 'secret = " "\n', "channel.0.secret: the secret is empty"),
        (OPS + OPS_URL + "secret = 5\n", "channel.0.secret: text is wanted"),
        (OPS + OPS_URL + 'level = "loud"\n', "channel.0.level: Input should be 'breaking', 'warn"),
        (OPS + OPS_URL + 'models = "qwen3"\n', "channel.0.models: a list is wanted"),
        (OPS + OPS_URL + 'colour = "red"\n', "channel.0.colour: there is no such setting"),
        ('[[channel]]\nkind = "log"\nname = "A b"\n', "channel.0.name: a letter first"),
        ('[[channel]]\nkind = "log"\n', "channel.0.name: it must be given"),
        ('[[channel]]\nkind = "sms"\nname = "a"\n', "channel.0: there is no such kind"),
        ('[[channel]]\nname = "a"\n', "channel.0: kind must be given: log or webhook"),
        ('[channel]\nname = "a"\n', "channel: a list is wanted"),
        ("channel = [5]\n", "channel.0: a table is wanted"),
    ],
)
def test_each_mistake_with_a_channel_is_told(file: Path, lines: str, told: str) -> None:
    """Every setting of a channel is checked, and told without its value."""
    assert mistakes(file, lines).startswith(told)


def test_two_channels_of_one_name_are_a_mistake(file: Path) -> None:
    """The outbox knows channels by name, so each needs its own, whatever else is wrong."""
    log = '[[channel]]\nkind = "log"\nname = "ops-chat"\n'
    told = mistakes(file, f"hold.share = 2\n{OPS}{OPS_URL}{log}")
    assert told.split("\n")[0] == "channel.1.name: ops-chat names another channel already"
    assert "hold.share" in told


def test_rules_take_levels_of_our_own(file: Path) -> None:
    """A rule's level can be overridden; a rule or level that is not known is a mistake."""
    loaded = read(file, '[rules]\nmodel-added = "warning"\n')
    assert loaded.settings.rules == {"model-added": Level.WARNING}
    told = mistakes(file, '[rules]\nmodel-added = "loud"\nno-such = "info"\nlog = "info"\n')
    assert told.split("\n") == [
        "rules.model-added: Input should be 'breaking', 'warning' or 'info'",
        "rules.no-such: there is no such rule; docs/rules.md lists them",
        "rules.log: there is no such rule; docs/rules.md lists them",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('database = ""', "database: an SQLAlchemy URL or the path of an SQLite file is wanted"),
        ('database = "a\\u0000b"', "database: an SQLAlchemy URL or"),
        (f'database = "postgresql://u:{SECRET}@ss:w/rd"', "database: an SQLAlchemy URL or"),
        ("database = 5", "database: text is wanted"),
        ("http = 3", "http: a table is wanted"),
        ("[[http]]\nattempts = 2", "http: a table is wanted"),
        ("http.attempts = 0", "http.attempts: Input should be greater than or equal to 1"),
        (
            'http.deadline = "soon"',
            "http.deadline: a duration such as 30s, 10m, 1h or 7d is wanted",
        ),
        ("hold.share = nan", "hold.share: Input should be a finite number"),
        ("document.path = 5", "document.path: a path is wanted"),
        ('document.path = "a\\u0000b"', "document.path: a path holds no NUL"),
        (
            'infomaniak.url = "http://api.example"',
            "infomaniak.url: the URL for api.example is plain",
        ),
        (
            f'infomaniak.url = "https://u:{SECRET}@api.example"',
            "infomaniak.url: the URL for api.ex",
        ),
        ("colour = 1", "colour: there is no such setting"),
        ('other_file = "/etc/hostname"', "other_file: there is no such setting"),
        ("rules = 3", "rules: a table is wanted"),
    ],
)
def test_each_mistake_is_told_in_words(file: Path, text: str, told: str) -> None:
    """Whatever is wrong with a setting, its place and what is wanted are said."""
    assert mistakes(file, text).startswith(told)


def test_all_mistakes_are_told_at_once_each_with_its_source(file: Path) -> None:
    """Mistakes of file, environment and flags stand in one list; the file is named above it."""
    text = f'colour = 1\nhttp.attempts = 0\n{OPS}[rules]\nno-such = "info"\n'
    environ = {"CATALOG_HOLD_SHARE": "30", "INFOMANIAK_API_TOKEN_FILE": "/missing"}
    told = mistakes(file, text, environ, {"http.max_bytes": 0}).split("\n")
    assert [line.split(":")[0] for line in told] == [
        "infomaniak.token_file",
        "channel.0.url",
        "http.max_bytes",
        "http.attempts",
        "hold.share",
        "rules.no-such",
        "colour",
    ]
    assert told[2].endswith("(command line)")
    assert told[3].endswith("equal to 1")
    assert told[4].endswith("(environment CATALOG_HOLD_SHARE)")


def test_an_environment_value_beside_an_odd_file_is_no_crash(file: Path) -> None:
    """Where the file has something else in a table's place, that is the mistake that is told."""
    environ = {"INFOMANIAK_API_TOKEN": SECRET, "CATALOG_HTTP_ATTEMPTS": "2"}
    told = mistakes(file, 'infomaniak = "odd"\nhttp = [1]\n', environ)
    assert told == "infomaniak: a table is wanted\nhttp: a table is wanted"


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"a = ", "is not TOML"), (b"a = '\xff'", "is not TOML"), (b"a = 1\na = 2", "is not TOML")],
)
def test_a_file_that_is_no_toml_is_told(file: Path, content: bytes, told: str) -> None:
    """What cannot be parsed is named with its file."""
    file.write_bytes(content)
    with pytest.raises(SettingsInvalid, match=told):
        load(file, environ={})


def test_a_file_that_cannot_be_read_is_told(file: Path) -> None:
    """A named file must be there, and be a file."""
    with pytest.raises(SettingsInvalid, match="No such file") as caught:
        load(file, environ={})
    assert "CATALOG_CONFIG" in caught.value.hint
    with pytest.raises(SettingsInvalid, match="Is a directory"):
        load(file.parent, environ={})


def test_the_file_is_looked_for_in_order(file: Path, here: Path, tmp_path: Path) -> None:
    """The flag goes over CATALOG_CONFIG, over the working folder, over the XDG and home folders."""
    home = {"HOME": str(tmp_path / "home")}
    assert find_file(None, home) is None
    assert find_file(None, {}) is None
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


def test_what_is_shown_hides_secrets_and_names_sources(file: Path) -> None:
    """Every setting has a line; secrets are stars, passwords too, and nothing stays nothing."""
    text = f'database = "postgresql://u:{SECRET}@db.example/c"\nhttp.deadline = "1.5s"\n'
    text += f'[infomaniak]\ntoken = "{SECRET}"\n{OPS}url = "https://chat.example/{SECRET}"\n'
    text += 'models = ["a", "b"]\n[rules]\nmodel-added = "warning"\nlogo-changed = "info"\n'
    shown = {each.setting: each for each in show(read(file, text))}
    assert SECRET not in repr(shown)
    assert shown["database"].value == "postgresql://u:***@db.example/c"
    assert shown["infomaniak.token"].value == "***"
    assert shown["infomaniak.product_id"].value is None
    assert shown["http.deadline"].value == "1.5 s"
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
