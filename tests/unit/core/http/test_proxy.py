"""Hosts, URLs and hidden credentials of proxies."""

import pytest

from catalog.core.errors import SettingsInvalid
from catalog.core.http.proxy import checked_host, ignored_proxy, is_listed, read_proxy


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("http://proxy.example/", "http://proxy.example:80"),
        ("https://proxy.example", "https://proxy.example:443"),
        ("http://[fd00::1]:8080", "http://[fd00::1]:8080"),
        ("http://me:s3cret@proxy.example:3128", "http://***@proxy.example:3128"),
        ("http://token-only@proxy.example:3128", "http://***@proxy.example:3128"),
    ],
)
def test_a_proxy_is_shown_without_credentials(url: str, shown: str) -> None:
    """Host and port are shown, with the default port, and credentials are not."""
    proxy = read_proxy(url)
    assert proxy.shown == shown
    assert repr(proxy) == f"Proxy({proxy.where})"


def test_credentials_are_secrets_escaped_and_decoded() -> None:
    """A password is hidden escaped and decoded, and a user name only without a password."""
    assert set(read_proxy("http://me:s%40cret@h:1").secrets) == {
        *("s%40cret", "s@cret", "me:s%40cret", "me:s@cret"),
    }
    assert set(read_proxy("http://to%2Fken@h:1").secrets) == {"to/ken", "to/ken:", "to%2Fken"}
    assert read_proxy("http://h:1").secrets == ()


@pytest.mark.parametrize(
    ("url", "mistake"),
    [
        ("proxy.example:3128", "http:// is missing in 'proxy.example:3128'"),
        ("", "http:// is missing in '***'"),
        ("a-lone-passw0rd", "http:// is missing in '***'"),
        ("http://me:s3cret@h/x", "'***' is not only a host and a port"),
        ("socks5://me:s3cret@h:1080", "socks5 is not supported in 'h:1080'"),
        ("http://me:s3cret@h:99999", "'h:99999' cannot be read"),
        ("http://me:s3cret@h:0", "'h:0' is not only a host and a port"),
        ("http://me:s3 cret@h:1", "'h:1' is not only a host and a port"),
        ("http://me:s3cret@:1", "':1' is not only a host and a port"),
        ("http://me:s3cret@h:1/x", "'h:1/x' is not only a host and a port"),
        ("http://me:s3cret@h:1?x", "'h:1?x' is not only a host and a port"),
        ("http://me:s3cret@h:1#x", "'h:1#x' is not only a host and a port"),
    ],
)
def test_a_wrong_url_is_shown_with_the_right_form(url: str, mistake: str) -> None:
    """The error shows the wrong value without the password, and the right form."""
    with pytest.raises(SettingsInvalid) as caught:
        read_proxy(url)
    form = "write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT"
    assert str(caught.value) == f"{mistake}; {form}"


@pytest.mark.parametrize(
    ("host", "without", "served"),
    [
        ("api.example.org", [], True),
        ("api.example.org", ["example.org"], False),
        ("api.example.org", [".example.org"], False),
        ("example.org", ["example.org"], False),
        ("API.Example.ORG", ["example.org"], False),
        ("myexample.org", ["example.org"], True),
        ("10.1.2.3", ["10.0.0.0/8"], False),
        ("11.1.2.3", ["10.0.0.0/8", "example.org"], True),
        ("192.0.2.7", ["192.0.2.7/32"], False),
        ("fd00::7", ["fd00::/8"], False),
        ("api.example.org", ["10.0.0.0/8"], True),
        ("api.example.org", ["*"], False),
        ("11.1.2.3", ["*"], False),
        ("localhost", [], False),
        ("127.0.0.2", [], False),
        ("::1", [], False),
    ],
)
def test_a_proxy_serves_all_but_this_machine_and_exceptions(
    host: str, without: list[str], served: bool
) -> None:
    """A name also excepts the hosts below it, and a network excepts its addresses."""
    assert read_proxy("http://h:1", without).serves(host) is served


def test_an_exception_is_a_name_an_address_or_a_network() -> None:
    """Other forms are refused with examples of the right forms."""
    right = ["example.org", " .Example.org", "10.0.0.0/8", "192.0.2.7", "[::1]", "*"]
    read = ["example.org", ".example.org", "10.0.0.0/8", "192.0.2.7", "::1/128", "*"]
    assert [checked_host(each) for each in right] == read
    for wrong in ("h:80", "*.example.org", "http://example.org", "10.0.0.1/8", ""):
        with pytest.raises(SettingsInvalid, match="is not a host: write example"):
            checked_host(wrong)


def test_the_proxy_that_others_would_use_is_named() -> None:
    """The first set variable is named, unless NO_PROXY or a local host excludes the proxy."""
    environ = {"HTTPS_PROXY": "http://h:1", "all_proxy": "http://h:2"}
    assert ignored_proxy("api.example.org", environ) == "HTTPS_PROXY"
    assert ignored_proxy("api.example.org", {"https_proxy": "x", **environ}) == "https_proxy"
    assert ignored_proxy("api.example.org", {"HTTPS_PROXY": ""}) is None
    assert ignored_proxy("localhost", environ) is None
    assert ignored_proxy("10.1.1.1", environ | {"NO_PROXY": "a.example, 10.0.0.0/8"}) is None
    assert not is_listed("10.1.1.1", ["10.0.0.0/99"])
