"""Mistakes of a configuration with place, wrong value and suggestion."""

from datetime import timedelta
from pathlib import Path

import pytest

from catalog.config.load import load
from catalog.core.errors import SettingsInvalid
from tests.support.configuration import SECRET, located, mistakes, read

JSON = '[[provider]]\nname = "a"\nkind = "json"\nurl = "https://a.example"\n'
MISTYPED = f"""\
database = 5
colour = "{SECRET}"

[http]  # ten mistakes
attempts = 50
deadline = "soon"
max_bytes = "{"x" * 90}"

[hold]
share = 30

[schedule]
evry = "1h"

[[channel]]
kind = "slack"
name = "ops"
url = "https://hooks.example/{SECRET}"

[[channel]]
kind = "webhook"
name = "chat"
format = "slck"
secret = "{SECRET}"
"""


def test_ten_mistakes_have_line_value_and_suggestion(file: Path) -> None:
    """Each mistake of a file is one line, in the order of the file, without a secret."""
    reported = {
        1: "database = 5: text is expected",
        2: "colour: there is no such setting",
        5: "http.attempts = 50: a number of at least 1 and at most 20 is expected",
        6: 'http.deadline = "soon": a duration such as 30s, 10m, 1h or 7d is expected',
        7: f'http.max_bytes = "{"x" * 58}…: a whole number is expected',
        10: "hold.share = 30: a number of more than 0 and at most 1 is expected",
        13: "schedule.evry: there is no such setting; did you mean schedule.every?",
        16: 'channel.0.kind = "slack": use kind = "webhook" and format = "slack"',
        20: "channel.1.url: webhook needs url, url_file or CATALOG_CHANNEL_CHAT_URL",
        23: 'channel.1.format = "slck": "cloudevents" or "slack" is expected; '
        'did you mean "slack"?',
    }
    found = located(file, MISTYPED)
    assert len(found) == len(reported)
    for line, (number, each) in zip(found, reported.items(), strict=True):
        assert line.startswith(f"{file}:{number}: {each}")


def test_a_file_in_the_working_folder_has_a_short_name(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the working folder, the error names the file as a person types it."""
    monkeypatch.chdir(file.parent)
    assert located(file, "hold.floor = 0.5") == [
        "catalog.toml:1: hold.floor = 0.5: a whole number is expected"
    ]


@pytest.mark.parametrize(
    ("kind", "reported"),
    [
        ("slack", 'use kind = "webhook" and format = "slack"'),
        ("Mattermost", 'use kind = "webhook" and format = "slack"'),
        ("teams", 'use kind = "apprise", with the address in urls'),
        ("smtp", 'use kind = "email"'),
        ("https", 'use kind = "webhook"'),
        ("stdout", 'use kind = "log"'),
        ("emial", '"log", "webhook", "email" or "apprise" is expected; did you mean "email"?'),
        ("zzz", '"log", "webhook", "email" or "apprise" is expected'),
    ],
)
def test_a_kind_of_channel_of_another_name(file: Path, kind: str, reported: str) -> None:
    """The name of a channel type in other programs gets a suggestion."""
    text = f'[[channel]]\nname = "a"\nkind = "{kind}"\n'
    assert located(file, text) == [f'{file}:3: channel.0.kind = "{kind}": {reported}']


@pytest.mark.parametrize(
    ("kind", "reported"),
    [
        ("ollama", 'use kind = "openai" and set url'),
        ("claude", 'use kind = "anthropic"'),
        ("openrooter", '"json" is expected; did you mean "openrouter"?'),
    ],
)
def test_a_kind_of_provider_of_another_name(file: Path, kind: str, reported: str) -> None:
    """The name of a provider as its kind gets a suggestion."""
    (mistake,) = located(file, f'[[provider]]\nname = "a"\nkind = "{kind}"\n')
    assert mistake.startswith(f'{file}:3: provider.0.kind = "{kind}": ')
    assert mistake.endswith(reported)


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("probe.enabled = 5", "probe.enabled = 5: true or false is expected"),
        ('probe.enabled = "perhaps"', 'probe.enabled = "perhaps": true or false is expected'),
        ("hold.share = []", "hold.share: a number is expected"),
        ("hold.floor = true", "hold.floor = true: a number is expected"),
        (
            f'{JSON}list = {{ route = "/m", paging = {{ by = "page", first = -1 }} }}',
            "provider.0.list.paging.first = -1: a number of at least 0 is expected",
        ),
        ('rules.model-added = "brekaing"', 'did you mean "breaking"?'),
        ('rules."a b" = "info"', 'catalog.toml:1: rules.a b = "info": there is no such rule'),
        ("document.recent = -1", "document.recent = -1: a number of at least 0 is expected"),
        (
            f"{JSON}bad_rows_share = 2\nlist.route = '/m'",
            "provider.0.bad_rows_share = 2: a number of at least 0 and at most 1 is expected",
        ),
        (
            '[[channel]]\nname = "a"\nkind = "webhook"\nurl = "https://a.example"\nmax_size = 5',
            "channel.0.max_size = 5: a number of at least 2000 is expected",
        ),
        (
            'infomaniak.url = "https://a.example?key=1"',
            "infomaniak.url: a base URL must not contain ?",
        ),
    ],
)
def test_values_are_shown_and_bounds_named(file: Path, text: str, reported: str) -> None:
    """A wrong type, word or number is shown with the allowed values, but no address with a key."""
    (mistake,) = located(file, text)
    assert reported in mistake


def test_the_source_outside_of_the_file_is_named(file: Path) -> None:
    """A mistake in the environment names its variable, before those of the file."""
    environ = {"CATALOG_HTTP_ATTEMPTS": "many", "INFOMANIAK_API_TOKEN": f"{SECRET} x"}
    reported = located(file, "hold.polls = 1", environ)
    assert reported[0].startswith("infomaniak.token: a token must not be empty or contain blanks")
    assert reported[0].endswith("(environment INFOMANIAK_API_TOKEN)")
    assert reported[1] == (
        'http.attempts = "many": a whole number is expected (environment CATALOG_HTTP_ATTEMPTS)'
    )
    assert reported[2] == f"{file}:1: hold.polls = 1: a number of at least 2 is expected"


@pytest.mark.parametrize("none", ["0", '""', '"0"', '"0s"', '"0m"', "0.0"])
def test_no_jitter_is_written_in_any_way(file: Path, none: str) -> None:
    """`jitter = 0`, `"0s"` and `""` are no jitter."""
    assert read(file, f"schedule.jitter = {none}").settings.schedule.jitter is None
    assert read(file, 'schedule.jitter = "1s"').settings.schedule.jitter == timedelta(seconds=1)
    assert "a duration such as" in mistakes(file, "schedule.jitter = false")


def test_text_without_quotes_has_a_hint(file: Path) -> None:
    """A broken file has its line, and the hint shows quotes but not the value."""
    for text, place, hint in (
        (f"a = 1\ntoken = {SECRET}\n", ":2 is not TOML: ", 'Write text in quotes: token = "…".'),
        (
            "a = 1\na = 2\n",
            ":2 is not TOML: a is there twice",
            "Remove one of the two lines.",
        ),
        ("[http\n", ":1 is not TOML: ", "`catalog help configuration`"),
        ("a = '''", " is not TOML: ", "`catalog help configuration`"),
    ):
        file.write_text(text)
        with pytest.raises(SettingsInvalid) as caught:
            load(file, environ={})
        assert str(caught.value).startswith(f"{file}{place}")
        assert SECRET not in f"{caught.value}{caught.value.hint}"
        assert hint in str(caught.value.hint)
