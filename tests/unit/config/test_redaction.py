"""Every secret of the settings is found, and nothing else."""

import pytest

from catalog.config.redaction import all_secrets
from catalog.config.settings import Settings
from catalog.core.http.request import Request

CHANNELS = [
    {"name": "a", "kind": "webhook", "url": "https://a.example/hook", "secret": "one two"},
    {"name": "b", "kind": "webhook", "url": "https://b.example/hook"},
    {"name": "c", "kind": "apprise", "urls": ["json://c.example/first", "json://c.example/other"]},
    {"name": "d", "kind": "log"},
]
LISTS = {
    "route": "/models",
    "headers": {"X-Api-Key": "in-header", "Authentication": "Basic in-other", "Accept": "text/x"},
    "query": {"token": "in-query", "limit": "1000"},
}


def test_every_secret_is_found() -> None:
    """The secrets of providers, channels, monitor and database are found, and nothing else."""
    settings = Settings.model_validate(
        {
            "database": "postgresql+psycopg://me:in%20url@h.example/x?sslpassword=in-parameter&a=b",
            "infomaniak": {"token": "of-infomaniak"},
            "ping": {"url": "https://p.example/ping"},
            "provider": [
                {"name": "x", "kind": "infomaniak", "token": "of-x"},
                {"name": "y", "kind": "json", "url": "https://y.example", "list": LISTS},
                {"name": "z", "kind": "openai", "url": "https://z.example", "token": "of-z"},
            ],
            "channel": CHANNELS,
        }
    )
    assert set(all_secrets(settings)) == {
        *("https://a.example/hook", "one two", "one", "two", "https://b.example/hook"),
        *("json://c.example/first", "json://c.example/other", "https://p.example/ping"),
        *("in-header", "in-other", "in-query", "in url", "in-parameter"),
        *("of-infomaniak", "of-x", "of-z"),
    }
    assert all(all_secrets(each) == all_secrets(settings) for each in settings.each)


@pytest.mark.parametrize("database", ["catalog.db", "sqlite:///catalog.db", "sqlite://"])
def test_settings_without_a_secret_have_none(database: str) -> None:
    """The name of a database file is not a secret."""
    assert all_secrets(Settings(database=database)) == ()


def test_stored_answers_keep_short_parts_of_other_secrets() -> None:
    """A part of a channel's URL may be a common word, which a stored answer must keep."""
    others = ("https://chat.example/services/models/x7Kq9Zp2Lm4N8vRw", "short-secret")
    answer = "/services/models short-secret x7Kq9Zp2Lm4N8vRw"
    stored = Request("https://a.example", others=others, is_stored=True)
    assert stored.hide_answer(answer.encode()).decode() == "/services/models short-secret ***"
    shown = Request("https://a.example", others=others)
    assert shown.hide_answer(answer.encode()).decode() == "*** *** ***"
