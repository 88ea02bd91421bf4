from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.errors import SettingsInvalid
from catalog.core.http.request import Request, Response, check_url

TOKEN = 'to/ken "ä"'
CHAT = "https://chat.example/hooks/T0/B1"


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example",
        "HTTPS://API.example:8443/1/ai/models?with=pricing",
        "http://127.0.0.1:8000/",
        "http://127.9.8.7",
        "http://[::1]:8000",
        "http://localhost:8000/1/ai/models",
    ],
)
def test_a_safe_url_is_accepted(url: str) -> None:
    """Https is accepted for any host, and plain http only for this machine."""
    check_url(url)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://api.example/", "the URL for api.example is plain http"),
        ("http://localhost.example/", "plain http"),
        ("http://127.0.0.1.example/", "plain http"),
        ("http://[::2]/", "plain http"),
        ("http://10.0.0.1/", "plain http"),
        ("https://user:s3cret@api.example/", "the URL for api.example has a user name"),
        ("http://127.0.0.1@api.example/", "has a user name"),
        ("http://127.0.0.1\\@api.example/", "cannot be read"),
        ("ftp://api.example/", "does not begin with https://"),
        ("api.example/1", "does not begin with https://"),
        ("https:///1/ai", "does not begin with https://"),
        ("", "cannot be read"),
        ("https://api.example/a b", "cannot be read"),
        ("https://api.example/\r\nHost: x", "cannot be read"),
        ("https://äpi.example/", "cannot be read"),
        ("https://a%70i.example/", "cannot be read"),
        ("https://api.example:99999/", "cannot be read"),
        ("https://api.example:0/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        (f"https://{'a' * 64}.example/", "cannot be read"),
        (f"https://api.example/{'a' * 2000}", "cannot be read"),
    ],
)
def test_a_url_that_is_not_safe_is_refused(url: str, text: str) -> None:
    """A URL that could leak the token is refused as a setting."""
    with pytest.raises(SettingsInvalid, match=text) as caught:
        Request(url)
    assert caught.value.hint
    assert "s3cret" not in str(caught.value)


@given(
    scheme=st.sampled_from(["http://", "https://", "http:", "//"]),
    host=st.sampled_from(["127.0.0.1", "localhost", "[::1]", "a.example", "evil.example"]),
    rest=st.text(st.sampled_from("ab1.:/@?#[]%<\\\t\n -é"), max_size=12),
    more=st.sampled_from(["", "@b.example", ":80", "/x"]),
)
def test_the_checked_url_is_the_requested_one(scheme: str, host: str, rest: str, more: str) -> None:
    """No URL is checked as one host and requested as another."""
    url = scheme + host + rest + more
    try:
        check_url(url)
        parsed = httpx.URL(url)
    except (SettingsInvalid, httpx.InvalidURL):
        return
    assert parsed.host == urlsplit(url).hostname
    assert not parsed.userinfo
    assert parsed.scheme == "https" or parsed.host in ("127.0.0.1", "localhost", "::1")


@pytest.mark.parametrize(
    "value", ["Bearer a\nb", "Bearer a\r\nX: 1", "Bearer a ", " Bearer a", "ä", "\0"]
)
def test_a_header_that_http_forbids_is_refused(value: str) -> None:
    """A token with a line break never becomes a second header, and is not shown."""
    with pytest.raises(SettingsInvalid, match="the header Authorization contains") as caught:
        Request("https://api.example", headers={"Authorization": value})
    assert value.strip() not in str(caught.value)


def test_the_repr_of_a_request_shows_where_it_goes_and_nothing_else() -> None:
    """Neither headers, body, query nor secrets show in a repr."""
    request = Request(
        "https://api.example/x/sesame?key=sesame", "POST", {"A": "sesame"}, b"sesame", ("sesame",)
    )
    assert repr(request) == "Request(POST api.example/x/***)"


def test_a_secret_url_shows_only_its_host() -> None:
    """The path of a secret URL is hidden, because it permits writing to a chat."""
    assert Request(CHAT, secrets=(CHAT,)).where == "chat.example"


def test_the_repr_of_a_response_shows_no_content() -> None:
    """The repr of a response has only its status."""
    assert repr(Response(200, {"x": "secret"}, b"secret")) == "Response(status=200)"


@pytest.mark.parametrize(
    "spelling",
    [
        TOKEN,
        'to/ken \\"ä\\"',
        'to/ken \\"\\u00e4\\"',
        'to\\/ken \\"\\u00e4\\"',
        "to/ken%20%22%C3%A4%22",
    ],
)
def test_a_secret_is_hidden_however_it_is_spelled(spelling: str) -> None:
    """An echoed secret is hidden in plain text, JSON and URLs, in text and bytes."""
    request = Request("https://api.example", secrets=(TOKEN, "", "to"))
    assert request.hide(f"<{spelling}>") == "<***>"
    assert request.hide_bytes(f"<{spelling}>".encode()) == b"<***>"


@pytest.mark.parametrize("name", ["If-None-Match", "if-modified-since"])
def test_a_request_with_a_validator_is_conditional(name: str) -> None:
    """Either cache header permits 304, in any case of its name."""
    assert Request("https://api.example", headers={name: "x"}).is_conditional
    assert not Request("https://api.example", headers={"Accept": "x"}).is_conditional


def test_a_trial_token_changes_nothing_of_the_answer() -> None:
    """A token of a few letters is not hidden, so the answer stays unchanged."""
    request = Request(url="https://h/", secrets=("x",))
    assert request.hide_bytes(b'{"max_token_input": 1}') == b'{"max_token_input": 1}'


@pytest.mark.parametrize(
    "echo",
    [
        *("tok-1+2/3=", r"tok\u002d1+2/3=", r"tok-1\u002B2\/3\u003d", "tok-1%2B2%2F3%3D"),
        *("tok-1%2b2/3=", r"\u0074\u006f\u006b\u002d\u0031\u002b\u0032\u002f\u0033\u003D"),
    ],
)
def test_a_secret_is_found_however_it_is_escaped(echo: str) -> None:
    """Each character of an echoed token may be escaped or plain."""
    request = Request(url="https://h/", secrets=("tok-1+2/3=",))
    assert request.hide(f"<{echo}>") == "<***>"
    assert request.hide_bytes(f"<{echo}>".encode()) == b"<***>"
