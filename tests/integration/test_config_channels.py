"""Settings of channels: content, timing and recipients."""

from datetime import UTC, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from catalog.alerts.apprise import AppriseChannel, target
from catalog.alerts.email import EmailChannel, MailServer
from catalog.alerts.log import LogChannel
from catalog.alerts.message import MAIL_LINES, MAIL_TEMPLATE, TITLED
from catalog.alerts.timing import Digest, Quiet, Timing
from catalog.alerts.webhook import WebhookChannel
from catalog.config.build import check_channels, wire_channels, wire_http
from catalog.config.load import Loaded, show
from catalog.core.clock import now
from catalog.core.errors import SettingsInvalid
from tests.support.configuration import OPS, OPS_URL, SECRET, mistakes, read

LOG = '[[channel]]\nkind = "log"\nname = "journal"\n'
MAIL = '[[channel]]\nkind = "email"\nname = "ops"\n'
MAIL_TO = 'server = "smtp://mail.example.org"\nsender = "c@example.org"\nto = ["a@example.org"]\n'
CHATS = '[[channel]]\nkind = "apprise"\nname = "team-chat"\n'


def wired(loaded: Loaded) -> tuple[object, ...]:
    """Make the channels of a configuration."""
    with wire_http(loaded.settings) as http:
        return wire_channels(loaded.settings, http, now)


def test_the_timing_of_a_channel(file: Path) -> None:
    """Digest, hours and zone become the channel's timing, and the default sends immediately."""
    text = LOG + OPS + OPS_URL
    text += 'digest = "daily"\ndaily_at = "07:30"\nquiet_hours = "22:00-06:00"\n'
    text += 'time_zone = "Europe/Zurich"\nbreaking_waits = true\nproviders = ["infomaniak"]\n'
    journal, ops = wired(read(file, text))
    assert isinstance(journal, LogChannel)
    assert journal.timing == Timing()
    quiet, zone = Quiet(time(22), time(6)), ZoneInfo("Europe/Zurich")
    assert isinstance(ops, WebhookChannel)
    assert ops.timing == Timing(Digest.DAILY, time(7, 30), quiet, zone, breaking_waits=True)
    assert ops.audience.providers == ("infomaniak",)
    assert journal.timing.zone is UTC


@pytest.mark.parametrize(("attempts", "tries"), [(1, 1), (3, 3), (4, 3), (20, 3)])
def test_how_often_a_webhook_is_tried(file: Path, attempts: int, tries: int) -> None:
    """A webhook uses the configured attempts, but at most three."""
    (ops,) = wired(read(file, f"http.attempts = {attempts}\n{OPS}{OPS_URL}"))
    assert isinstance(ops, WebhookChannel)
    assert ops.attempts == tries


def test_each_recipient_is_a_channel(file: Path) -> None:
    """A mail channel becomes one for each address, with the login from a file."""
    (file.parent / "pw").write_text(f"{SECRET}\n")
    text = f'{MAIL}server = "smtps://mail.example.org"\nsender = "c@example.org"\n'
    text += 'to = ["a@example.org", "b@example.org"]\nuser = "c"\npassword_file = "pw"\n'
    loaded = read(file, text)
    first, second = wired(loaded)
    assert isinstance(first, EmailChannel)
    assert isinstance(second, EmailChannel)
    assert (first.name, second.name) == ("ops/a@example.org", "ops/b@example.org")
    assert (first.user, first.password) == ("c", SECRET)
    assert first.server == MailServer("mail.example.org", 465, "tls")
    assert (first.wording.template, first.wording.lines) == (MAIL_TEMPLATE, MAIL_LINES)
    assert SECRET not in repr(loaded) + repr(first) + repr(show(loaded))


def test_each_url_is_a_channel(file: Path) -> None:
    """URLs from a list, a file or a variable each become a channel, and stay hidden."""
    (file.parent / "urls").write_text(f"# the team\njson://a/{SECRET}\n\n  json://b/{SECRET}\n")
    variable = {"CATALOG_CHANNEL_TEAM_CHAT_URLS": f"json://c/{SECRET} json://d/{SECRET}"}
    given = {
        f'urls = ["json://a/{SECRET}"]\n': ("json://a",),
        'urls_file = "urls"\n': ("json://a", "json://b"),
    }
    for text, urls in given.items():
        loaded = read(file, CHATS + text)
        chats = [each for each in wired(loaded) if isinstance(each, AppriseChannel)]
        assert [each.url for each in chats] == [f"{url}/{SECRET}" for url in urls]
        assert SECRET not in repr(loaded) + repr(wired(loaded)) + repr(show(loaded))
        assert {each.setting: each.value for each in show(loaded)}["channel.0.urls"] == "***"
    (first, _) = wired(read(file, f'{CHATS}urls_file = "urls"\n', variable))
    assert isinstance(first, AppriseChannel)
    assert first.name == f"team-chat/{target(f'json://c/{SECRET}')}"
    assert first.wording.template is TITLED


def test_a_template_and_a_link(file: Path) -> None:
    """A relative template is read from the configuration's folder, and the link is kept."""
    (file.parent / "text.txt").write_text("$title: $link\n")
    text = f'{OPS}{OPS_URL}template = "text.txt"\nlink = "https://wiki.example"\n'
    (ops,) = wired(read(file, text))
    assert isinstance(ops, WebhookChannel)
    assert ops.wording.template.template == "$title: $link\n"
    assert ops.wording.link == "https://wiki.example"


def test_templates_and_urls_are_checked_too(file: Path) -> None:
    """Broken templates and URLs that Apprise refuses are all found, and no URL is shown."""
    (file.parent / "text.txt").write_text("$titel\n")
    text = f'{LOG}{OPS}{OPS_URL}template = "text.txt"\n'
    text += f'{CHATS}urls = ["json://localhost/x", "nosuch://{SECRET}"]\n'
    loaded = read(file, text)
    assert list(check_channels(loaded.settings)) == [
        f"channel.1.template: the template {file.parent}/text.txt: there is no placeholder $titel",
        "channel.2.urls.1: Apprise cannot read this URL",
    ]
    with pytest.raises(SettingsInvalid, match=r"\$titel"):
        wired(loaded)


def sizes(loaded: Loaded) -> list[int | None]:
    """Return the size limits of webhook, mail channel and chat."""
    kinds = (WebhookChannel, EmailChannel, AppriseChannel)
    return [each.max_size for each in wired(loaded) if isinstance(each, kinds)]


def test_the_size_of_a_message(file: Path) -> None:
    """Each kind of channel has its size limit, and max_size overrides it."""
    chats = f'{CHATS}urls = ["json://localhost/x"]\n'
    loaded = read(file, OPS + OPS_URL + MAIL.replace("ops", "m") + MAIL_TO + chats)
    assert sizes(loaded) == [None, 1024 * 1024, None]
    text = f"{OPS}{OPS_URL}max_size = 2000\n{MAIL.replace('ops', 'm')}{MAIL_TO}max_size = 8000\n"
    assert sizes(read(file, f"{text}{chats}max_size = 16777216\n")) == [2000, 8000, 16777216]


@pytest.mark.parametrize(
    ("lines", "reported"),
    [
        (OPS + OPS_URL + "max_size = 1999\n", "channel.0.max_size: "),
        (OPS + OPS_URL + "max_size = 16777217\n", "channel.0.max_size: "),
        (OPS + OPS_URL + "max_size = true\n", "channel.0.max_size: a number is expected"),
        (MAIL + MAIL_TO + "max_size = 7999\n", "channel.0.max_size: "),
        (LOG + "max_size = 8000\n", "channel.0.max_size: there is no such setting"),
        (
            LOG + 'digest = "weekly"\n',
            'channel.0.digest: "at_once", "hourly" or "daily" is expected',
        ),
        (LOG + 'daily_at = "8"\n', "channel.0.daily_at: a time of day such as 08:00 is expected"),
        (LOG + 'quiet_hours = "night"\n', "channel.0.quiet_hours: hours such as 22:00-07:00 are"),
        (LOG + 'quiet_hours = "08:00-08:00"\n', "channel.0.quiet_hours: quiet hours that begin"),
        (
            LOG + 'time_zone = "Zurich"\n',
            "channel.0.time_zone: this machine does not know this time zone",
        ),
        (
            LOG + 'time_zone = "../x"\n',
            "channel.0.time_zone: this machine does not know this time zone",
        ),
        (
            LOG + 'time_zone = "Europe"\n',
            "channel.0.time_zone: this machine does not know this time zone",
        ),
        (LOG + 'template = "x"\n', "channel.0.template: there is no such setting"),
        (OPS + OPS_URL + 'link = "javascript:x"\n', "channel.0.link: a link that begins with http"),
        (MAIL, "channel.0.server: it must be given\nchannel.0.sender: it must be given\nchannel"),
        (MAIL + MAIL_TO.replace("smtp:", "http:"), "channel.0.server: a mail server is written"),
        (MAIL + MAIL_TO.replace('"a@example.org"', ""), "channel.0.to: at least one is expected"),
        (MAIL + MAIL_TO.replace("a@", "A <a@"), "channel.0.to.0: a bare address such as"),
        (MAIL + MAIL_TO.replace("c@example.org", "ö@x"), "channel.0.sender: a bare address"),
        (
            MAIL + MAIL_TO.replace("]", ', "a@example.org"]'),
            "channel.0.to: one of them is given twice",
        ),
        (
            MAIL + MAIL_TO + 'user = "u"\n',
            "channel.0.password: user and password must be given together",
        ),
        (MAIL + MAIL_TO + f'password = "{SECRET}"\n', "channel.0.user: user and password must"),
        (
            MAIL + MAIL_TO + f'user = "u"\npassword = "{SECRET}é"\n',
            "channel.0.password: it must not be empty or contain line breaks or accents",
        ),
        (MAIL + MAIL_TO + 'user = "ü"\npassword = "x"\n', "channel.0.user: printable ASCII is"),
        (CHATS, "channel.0.urls: apprise needs urls, urls_file or CATALOG_CHANNEL_TEAM_CHAT_URLS"),
        (CHATS + f'urls = ["{SECRET}"]\n', "channel.0.urls.0: a URL of Apprise such as slack://"),
        (CHATS + "urls = [5]\n", "channel.0.urls.0: text is expected"),
        (CHATS + "urls = []\n", "channel.0.urls: at least one is expected"),
        (CHATS + f'urls = ["a://{SECRET}", "a://{SECRET}"]\n', "channel.0.urls: one of them is"),
    ],
)
def test_each_mistake_is_reported(file: Path, lines: str, reported: str) -> None:
    """Each invalid channel setting is reported without its value."""
    assert mistakes(file, lines).startswith(reported)
