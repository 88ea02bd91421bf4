"""Mistakes in a configuration: one report, in words, without secrets."""

from pathlib import Path

import pytest

from catalog.config.load import load
from catalog.core.errors import SettingsInvalid
from tests.support.configuration import OPS, OPS_URL, SECRET, mistakes, read


def test_mistakes_with_secret_files_are_reported(file: Path) -> None:
    """A secret given twice, and a missing, empty or unreadable secret file are mistakes."""
    (file.parent / "empty").write_text(" \n")
    (file.parent / "binary").write_bytes(b"\xff\xfe")
    both = f'[infomaniak]\ntoken = "{SECRET}"\ntoken_file = "empty"\n'
    assert "infomaniak.token_file: infomaniak.token is given too" in mistakes(file, both)
    environ = {"INFOMANIAK_API_TOKEN": SECRET, "INFOMANIAK_API_TOKEN_FILE": "empty"}
    assert "remove one of the two" in mistakes(file, "", environ)
    for name, reported in (
        ("empty", f"{file.parent}/empty is empty"),
        ("missing", f"cannot read {file.parent}/missing: No such file or directory"),
        ("binary", f"cannot read {file.parent}/binary: it is not valid UTF-8: byte 0xff in line 1"),
        ("a\\u0000b", "a path must not contain NUL"),
    ):
        text = f'[infomaniak]\ntoken_file = "{name}"\n'
        assert f"infomaniak.token_file: {reported}" in mistakes(file, text)


@pytest.mark.parametrize("wrong", ["", " ", f"{SECRET} x", f"{SECRET}\\n", f"{SECRET}é"])
def test_a_token_that_no_header_takes_is_a_mistake(file: Path, wrong: str) -> None:
    """Blanks, line breaks and accents in a token are a mistake before any request."""
    reported = mistakes(file, f'[infomaniak]\ntoken = "{wrong}"\n')
    assert (
        reported
        == "infomaniak.token: a token must not be empty or contain blanks, line breaks or accents"
    )


@pytest.mark.parametrize(
    ("lines", "reported"),
    [
        (OPS, "channel.0.url: webhook needs url, url_file or CATALOG_CHANNEL_OPS_CHAT_URL"),
        (
            OPS + f'url = "http://chat.example/{SECRET}"\n',
            "channel.0.url: the URL for chat.example",
        ),
        (OPS + f'url = "{SECRET}"\n', "channel.0.url: "),
        (OPS + OPS_URL + f'secret = "whsec_{SECRET}!"\n', "channel.0.secret: the secret starts"),
        (OPS + OPS_URL + f'secret = "right whsec_%{SECRET}"\n', "channel.0.secret: the secret st"),
        (OPS + OPS_URL + 'secret = " "\n', "channel.0.secret: the secret is empty"),
        (OPS + OPS_URL + "secret = 5\n", "channel.0.secret: text is expected"),
        (
            OPS + OPS_URL + 'level = "loud"\n',
            'channel.0.level: "breaking", "warning" or "info" is expected',
        ),
        (
            OPS + OPS_URL + 'level = "quiet"\n',
            "channel.0.level: quiet findings are never sent",
        ),
        (
            OPS + OPS_URL + 'models = "qwen3"\n',
            'channel.0.models: a list such as ["A", "B"] is expected',
        ),
        (OPS + OPS_URL + 'colour = "red"\n', "channel.0.colour: there is no such setting"),
        ('[[channel]]\nkind = "log"\nname = "A b"\n', "channel.0.name: a letter first"),
        ('[[channel]]\nkind = "log"\n', "channel.0.name: it must be given"),
        (
            '[[channel]]\nkind = "sms"\nname = "a"\n',
            'channel.0.kind: use kind = "apprise", with the',
        ),
        ('[[channel]]\nname = "a"\n', "channel.0.kind: it must be given: apprise, email, log"),
        ('[channel]\nname = "a"\n', "channel: write [[channel]], with two brackets"),
        ("channel = [5]\n", "channel.0: a table is expected"),
    ],
)
def test_each_mistake_of_a_channel_is_reported(file: Path, lines: str, reported: str) -> None:
    """Each invalid channel setting is reported without its value."""
    assert mistakes(file, lines).startswith(reported)


def test_an_invalid_annotations_path_is_reported_once(file: Path) -> None:
    """An invalid annotations path gives one mistake."""
    for odd, reported in (
        ("5", "a path is expected"),
        ('"a\\u0000b"', "a path must not contain NUL"),
    ):
        text = f"document.annotations = {odd}\n"
        assert mistakes(file, text) == f"document.annotations: {reported}"


def test_two_channels_of_one_name_are_a_mistake(file: Path) -> None:
    """Two channels with one name are a mistake, even next to other mistakes."""
    log = '[[channel]]\nkind = "log"\nname = "ops-chat"\n'
    reported = mistakes(file, f"hold.share = 2\n{OPS}{OPS_URL}{log}")
    assert (
        reported.split("\n")[1] == "channel.1.name: another channel already has the name ops-chat"
    )
    assert reported.startswith("hold.share")


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ('database = ""', "database: it is empty; write the path of an SQLite file"),
        ('database = "a\\u0000b"', "database: it contains NUL; write the path"),
        (
            f'database = "postgresql://u:{SECRET}@ss:w/rd"',
            "database: it is not a database URL; write the path of an SQLite file",
        ),
        ("database = 5", "database: text is expected"),
        (
            '[schedule]\nevery = "1h"\ncron = "0 * * * *"',
            "schedule.cron: schedule.every is given too; remove one of the two",
        ),
        *(
            (f'database = "{kind}://u:{SECRET}@h/d"', f"database: {reported}")
            for kind, reported in (
                ("mysql", "mysql is not supported; write the path of an SQLite file, or install"),
                ("nonsense", "nonsense is not supported; "),
                ("postgresql+pg8000", "no driver is installed for postgresql+pg8000; wri"),
                ("postgresql+nonsense", "no driver is installed for postgresql+nonsense; "),
                ("postgresql+psycopg_async", "postgresql+psycopg_async is for asyncio; "),
            )
        ),
        *(
            (f"{name} = true", f"{name}: a number is expected")
            for name in (
                "hold.share",
                "hold.floor",
                "hold.polls",
                "http.attempts",
                "http.max_bytes",
            )
        ),
        *(
            (f"{name} = false", f"{name}: a number is expected")
            for name in ("infomaniak.product_id", "document.recent", "trouble.failures")
        ),
        ("http = 3", "http: a table is expected"),
        ("[[http]]\nattempts = 2", "http: a table is expected"),
        ("http.attempts = 0", "http.attempts: a number of at least 1 and at most 20 is expected"),
        (
            'http.deadline = "soon"',
            "http.deadline: a duration such as 30s, 10m, 1h or 7d is expected",
        ),
        ("hold.share = nan", "hold.share: a finite number is expected"),
        ("document.path = 5", "document.path: a path is expected"),
        ('document.path = "a\\u0000b"', "document.path: a path must not contain NUL"),
        (
            'infomaniak.url = "http://api.example"',
            "infomaniak.url: the URL for api.example is plain",
        ),
        (
            f'infomaniak.url = "https://u:{SECRET}@api.example"',
            "infomaniak.url: the URL for api.ex",
        ),
        ("colour = 1", "colour: there is no such setting"),
        *(
            (f'infomaniak.url = "https://api.example{end}"', f"infomaniak.url: {reported}")
            for end, reported in (
                ("?a=b", "a base URL must not contain ? or #; remove it and the text after it"),
                ("/x?", "a base URL must not contain ? or #"),
                ("#top", "a base URL must not contain ? or #"),
                ("/1/ai/models", "remove /1/ai/models at its end, because the program adds it"),
                ("/proxy/1/ai/models//", "remove /1/ai/models at its end"),
            )
        ),
        ('other_file = "/etc/hostname"', "other_file: there is no such setting"),
        ("rules = 3", "rules: a table is expected"),
    ],
)
def test_each_mistake_is_reported_in_words(file: Path, text: str, reported: str) -> None:
    """Each mistake is reported with its place and the expected value."""
    assert mistakes(file, text).startswith(reported)


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        (
            "http.retries = 2",
            "http.retries: there is no such setting; did you mean http.attempts?",
        ),
        (
            'document.time_zone = "UTC"',
            "document.time_zone: there is no such setting; did you mean channel.N.time_zone?",
        ),
        (
            'schedule.every = "0 * * *"',
            (
                "schedule.every: a duration such as 30s, 10m, 1h or 7d is expected; "
                "a cron expression goes into schedule.cron"
            ),
        ),
        (
            'http.deadline = "1 hour"',
            'http.deadline: a duration such as 30s, 10m, 1h or 7d is expected; did you mean "1h"?',
        ),
        (
            '[[channel]]\nkind = "log"\nname = "a"\ntime_zone = "Zurik"\n',
            (
                "channel.0.time_zone: this machine does not know this time zone; "
                'an example is Europe/Zurich; did you mean "Europe/Zurich"?'
            ),
        ),
        ("http.atempts = 2", "http.atempts: there is no such setting; did you mean http.attempts?"),
        (
            "http.retry-for = 2",
            "http.retry-for: there is no such setting; did you mean http.retry_for?",
        ),
        ("[documents]", "documents: there is no such setting; did you mean document?"),
        ("attempts = 2", "attempts: there is no such setting; did you mean http.attempts?"),
        (
            'infomaniak.base_url = "x"',
            "infomaniak.base_url: there is no such setting; did you mean infomaniak.url?",
        ),
        (
            OPS + OPS_URL + 'webhook-url = "x"\n',
            "channel.0.webhook-url: there is no such setting; did you mean channel.0.url?",
        ),
        ("[trouble]\nrecent = 2", "trouble.recent: there is no such setting; did you mean docume"),
        (
            OPS + OPS_URL + 'levels = "info"\n',
            "channel.0.levels: there is no such setting; did you mean channel.0.level?",
        ),
        (
            '[[channel]]\nkind = "log"\nname = "a"\nurl = "x"\n',
            "channel.0.url: there is no such setting",
        ),
        (
            'rules.model-aded = "info"',
            "rules.model-aded: there is no such rule; did you mean model-added? `catalog help",
        ),
    ],
)
def test_a_misspelled_name_gets_a_suggestion(file: Path, text: str, reported: str) -> None:
    """A misspelled or misplaced name is reported with the right one."""
    assert mistakes(file, text).startswith(reported)


def test_a_misspelled_variable_is_a_mistake(file: Path) -> None:
    """A misspelled variable is reported with the right name, and without its value."""
    environ = {
        "CATALOG_HTTP_ATEMPTS": SECRET,
        "CATALOG_INFOMANIAK_TOKEN": SECRET,
        "CATALOG_CHANNEL_OPS_CHAT_SECRETS": SECRET,
        "CATALOG_CONFG": SECRET,
        "CATALOG_HOLD_FLOR": "",
    }
    meant = {
        "CATALOG_CHANNEL_OPS_CHAT_SECRETS": "CATALOG_CHANNEL_OPS_CHAT_SECRET",
        "CATALOG_CONFG": "CATALOG_CONFIG",
        "CATALOG_HTTP_ATEMPTS": "CATALOG_HTTP_ATTEMPTS",
        "CATALOG_INFOMANIAK_TOKEN": "INFOMANIAK_API_TOKEN",
    }
    assert mistakes(file, OPS + OPS_URL, environ).split("\n") == [
        f"{name}: there is no such variable; did you mean {right}?" for name, right in meant.items()
    ]


def test_a_variable_of_kubernetes_is_no_mistake(file: Path) -> None:
    """Variables that Kubernetes sets for a service named catalog are ignored and listed."""
    environ = {"CATALOG_SERVICE_HOST": "10.0.0.1", "CATALOG_PORT_80_TCP_ADDR": "10.0.0.1"}
    loaded = read(file, "", environ)
    assert loaded.unknown_variables == ("CATALOG_PORT_80_TCP_ADDR", "CATALOG_SERVICE_HOST")


def test_all_mistakes_are_reported_at_once_with_their_source(file: Path) -> None:
    """Mistakes of file, environment and command line are reported in one list."""
    text = f'colour = 1\nhttp.attempts = 0\n{OPS}[rules]\nno-such = "info"\n'
    environ = {"CATALOG_HOLD_SHARE": "30", "INFOMANIAK_API_TOKEN_FILE": "/missing"}
    reported = mistakes(file, text, environ, {"http.max_bytes": 0}).split("\n")
    assert [line.split(":")[0] for line in reported] == [
        *("infomaniak.token_file", "http.max_bytes", "hold.share"),
        *("colour", "http.attempts", "channel.0.url", "rules.no-such"),
    ]
    assert reported[0].endswith("(environment INFOMANIAK_API_TOKEN_FILE)")
    assert reported[1].endswith("(command line)")
    assert reported[2].endswith("(environment CATALOG_HOLD_SHARE)")


def test_an_environment_value_beside_an_odd_file_is_no_crash(file: Path) -> None:
    """If the file has another type in a table's place, that is the reported mistake."""
    environ = {"INFOMANIAK_API_TOKEN": SECRET, "CATALOG_HTTP_ATTEMPTS": "2"}
    reported = mistakes(file, 'infomaniak = "odd"\nhttp = [1]\n', environ)
    assert reported == "infomaniak: a table is expected\nhttp: a table is expected"


@pytest.mark.parametrize(
    ("content", "reported"),
    [
        (b"a = ", "is not TOML"),
        (b"a = '\xff'", "it is not valid UTF-8: byte 0xff in line 1"),
        (b"a = 1\na = 2\n", "2 is not TOML: a is there twice"),
        (b"[hold]\na = 1\n[hold]", r"3 is not TOML: the section \[hold\] is there twice"),
        (b'[a]\nb = "c\n[d]\n', "2 is not TOML: the text has no closing quote"),
        (b"a = " + b"[" * 3000 + b"]" * 3000, "is nested too deeply"),
        (b".".join([b"a"] * 3000) + b" = 1", "is nested too deeply"),
    ],
)
def test_a_file_that_is_no_toml_is_reported(file: Path, content: bytes, reported: str) -> None:
    """A file that is not TOML is reported by name."""
    file.write_bytes(content)
    with pytest.raises(SettingsInvalid, match=reported):
        load(file, environ={})


def test_an_unreadable_file_is_reported(file: Path) -> None:
    """A named file must be there, and be a file."""
    with pytest.raises(SettingsInvalid, match="No such file") as caught:
        load(file, environ={})
    assert "CATALOG_CONFIG" in caught.value.hint
    with pytest.raises(SettingsInvalid, match="Is a directory"):
        load(file.parent, environ={})
