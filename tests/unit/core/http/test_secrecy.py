import html
import json
import re
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.core.http.request import Request
from catalog.core.http.secrecy import HIDDEN, hide, hide_bytes

TOKEN = "tok-5b0c_9e77.Zq/41+dEfG=hIjKlMnOpQrStUvWxYz02468"
CHAT = "https://hooks.example/services/T00000000/B11111111/x7Kq9Zp2Lm4N?key=a%20b-c"
SECRETS = ("tok-9f", "seven77", "eight-88", TOKEN, CHAT, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
ESCAPES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "JSON": lambda c: f"\\u{ord(c):04x}",
    "JSON in capitals": lambda c: f"\\u{ord(c):04X}",
    "JSON in JSON": lambda c: f"\\\\u{ord(c):04x}",
    "backslash": lambda c: f"\\{c}",
    "backslashes": lambda c: f"\\\\\\{c}",
    "hexadecimal": lambda c: f"\\x{ord(c):02x}",
    "URL": lambda c: f"%{ord(c):02x}",
    "URL in capitals": lambda c: f"%{ord(c):02X}",
    "URL in URL": lambda c: f"%25{ord(c):02x}",
    "URL in JSON": lambda c: f"\\u0025{ord(c):02x}",
    "JSON in URL": lambda c: f"%5Cu{ord(c):04x}",
    "decimal in HTML": lambda c: f"&#{ord(c)};",
    "hexadecimal in HTML": lambda c: f"&#x{ord(c):x};",
    "HTML in HTML": lambda c: f"&amp;#{ord(c)};",
    "many digits in HTML": lambda c: f"&#{ord(c):012};",
    "braces": lambda c: f"\\u{{{ord(c):x}}}",
    "eight digits": lambda c: f"\\U{ord(c):08x}",
    "octal": lambda c: f"\\{ord(c):03o}",
    "octal in JSON": lambda c: f"\\\\{ord(c):03o}",
    "mail": lambda c: f"={ord(c):02X}",
    "mail on many lines": lambda c: f"=\r\n={ord(c):02X}",
    "mail in JSON": lambda c: f"\\u003d{ord(c):02x}",
}


def shown(text: str) -> str:
    """Return the text with every escape decoded, slowly and simply."""
    for _ in range(6):
        text = html.unescape(text)
        text = re.sub(r"%([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), text)
        text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
        text = re.sub(r"\\+x([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), text)
    return text.replace("\\", "")


def secret_part(secret: str) -> str:
    """Return the secret part of a secret."""
    return secret.removeprefix("https://hooks.example")


def parts(secret: str, length: int = 8) -> Iterable[str]:
    """Return every part of a secret with this length."""
    return (secret[at : at + length] for at in range(len(secret) - length + 1))


def request(*secrets: str) -> Request:
    """Make a request with these secrets."""
    return Request("https://api.example", secrets=secrets)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("escape", ESCAPES.values(), ids=list(ESCAPES))
def test_every_part_of_a_secret_is_hidden_however_it_is_escaped(
    secret: str, escape: Callable[[str], str]
) -> None:
    """Each prefix and suffix of at least eight characters is hidden, in text and bytes."""
    asked, known = request(secret), secret_part(secret)
    for length in range(8, len(known) + 1):
        for part in (known[:length], known[-length:]):
            text = "".join(map(escape, part))
            assert asked.hide(f"<{text}>") == f"<{HIDDEN}>", (part, text)
            assert asked.hide_bytes(f"<{text}>".encode()) == f"<{HIDDEN}>".encode()


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("before", ["", "u", "me", "me:", "user:", "Bearer "])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_a_secret_in_base64_is_hidden(
    secret: str, before: str, encode: Callable[[bytes], bytes]
) -> None:
    """A secret in Base64 is hidden after any name, whole or cut, on one line or several.

    Only characters that also encode the neighbors of the secret may be left.
    """
    asked, known = request(secret), secret_part(secret)
    first = (len(before) * 8 + 5) // 6
    for after in ("", "x", "@h"):
        coded = encode(f"{before}{known}{after}".encode()).decode()
        head, mark, tail = asked.hide(f"<{coded}>").partition(HIDDEN)
        assert (head, mark) == (f"<{coded[:first]}", HIDDEN)
        assert len(tail[:-1].rstrip("=")) <= ((len(after) * 8 + 9) // 6 if after else 0)
        if len(known) > len("eight-88"):
            assert asked.hide(f"<{coded[:-16]}>") == f"<{coded[:first]}{HIDDEN}>"
            lines = asked.hide(re.sub("(.{20})", r"\1\r\n", coded)).splitlines()
            assert lines[1:-2] == [HIDDEN] * len(lines[1:-2])


@pytest.mark.parametrize("secret", SECRETS)
def test_a_shorter_part_of_a_secret_is_left_as_it_is(secret: str) -> None:
    """Seven characters of a longer secret stay, because they are part of many words."""
    asked, known = request(secret), secret_part(secret)
    for part in parts(known, 7):
        assert asked.hide(f"<{part}>") == ("<***>" if len(known) == 7 else f"<{part}>")


def test_the_host_of_a_url_is_not_secret() -> None:
    """The host of a URL is shown. Path, query and their long parts are hidden."""
    asked = request(CHAT)
    assert asked.hide("https://hooks.example/") == "https://hooks.example/"
    assert asked.hide(CHAT) == "https://hooks.example***"
    assert (
        asked.hide("see https://hooks.example/services/help") == "see https://hooks.example***help"
    )
    assert request("HTTPS://h.example?0123456789").hide("?0123456789") == "***"
    assert request("https://h.example").hide("https://h.example") == "https://h.example"


@pytest.mark.parametrize("text", ["pässwörd-ü", "パスワード秘密です", "🔑🔒🔑🔒🔑🔒🔑🔒"])
def test_a_secret_in_another_script_is_hidden(text: str) -> None:
    """Letters of several bytes or UTF-16 units are hidden plain, in JSON and in a URL."""
    assert hide(json.dumps(text)[1:-1] + "\\", (text,)) == "***\\"
    assert hide(quote(text), (text,)) == "***"
    for spelled in (text, json.dumps(text)[1:-1], quote(text), quote(quote(text))):
        assert hide(f"<{spelled}>", (text,)) == "<***>"


def test_json_stays_json() -> None:
    """A backslash before a secret does not escape the replacement."""
    body = json.dumps({"path": f"C:\\{TOKEN}", "n": f"\n{TOKEN}", "name": f'"{TOKEN}"'})
    assert json.loads(hide(body, (TOKEN,))) == {"path": "C:***", "n": "\n***", "name": '"***"'}


@pytest.mark.parametrize(
    "odd",
    ["%41bcdefgh", "u0041bcdefgh", "a\\bcdefghi", "ab%zzcdefgh", "%ff%feabcdefgh", "&#9999999;"],
)
def test_a_secret_that_looks_like_an_escape_is_hidden(odd: str) -> None:
    """A secret is searched as written and with its escapes decoded."""
    for before in ("", "\\", "%", "&amp;", "%25"):
        assert odd not in hide(f"<{before}{odd}>", (odd,))
    assert hide(f"<{quote(odd, safe='')}>", (odd,)) == "<***>"
    assert hide(f"<{json.dumps(odd)[1:-1]}>", (odd,)) == "<***>"


def test_a_whole_secret_is_hidden_only_if_complete() -> None:
    """A complete secret is hidden in any spelling, and its parts stay."""
    text = f"{TOKEN[:-1]} {TOKEN} {quote(TOKEN)} {b64encode(TOKEN.encode()).decode()} {TOKEN}"
    left = hide(text, ("other-secret",), (TOKEN,))
    assert left.startswith(f"{TOKEN[:-1]} *** *** ***")
    assert left.endswith(" ***")
    assert hide(text, (), (TOKEN,)) == left
    assert hide(TOKEN, (), ("short",)) == TOKEN


@given(st.text(alphabet="abcu0041x2d%\\&#;/-é "))
@example("%25%2525&amp;amp;#x;\\u\\x\\\\")
def test_a_text_without_a_secret_is_unchanged(text: str) -> None:
    """Escapes of other characters are left as they are."""
    assert hide(text, ("ZYXWVUTSRQ",)) == text
    assert hide_bytes(text.encode(), ("ZYXWVUTSRQ", "short")) == text.encode()


@given(st.binary())
def test_bytes_without_a_secret_are_unchanged(body: bytes) -> None:
    """Invalid UTF-8 is searched too and stays unchanged."""
    assert hide_bytes(body, (TOKEN,)) == body


@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(0, 40), st.integers(1, 49)),
            st.sampled_from(['"', "\\", "%", "\\n", "%2", "&", "é", "token"]),
        ),
        max_size=6,
    ),
    st.lists(st.sampled_from(list(ESCAPES.values())), min_size=1, max_size=9),
)
def test_no_long_part_of_a_secret_is_left(
    pieces: list[tuple[int, int] | str], escapes: list[Callable[[str], str]]
) -> None:
    """Any repeated part of a secret is hidden, with any escaping."""
    text = ""
    for piece in pieces:
        part = piece if isinstance(piece, str) else TOKEN[piece[0] : piece[0] + piece[1]]
        if isinstance(piece, str):
            text += part
        else:
            text += "".join(escapes[at % len(escapes)](c) for at, c in enumerate(part))
    left = hide(text, (TOKEN,))
    for each in (left, shown(left)):
        assert not [part for part in parts(TOKEN) if part in each], (text, left)


HOSTILE: Mapping[str, Callable[[str, int], str]] = {
    "prefix": lambda secret, size: (secret[:18] + "!") * (size // 19),
    "parts": lambda secret, size: ".".join(secret[at % 24 :][:7] for at in range(size // 8)),
    "first character": lambda secret, size: secret[0] * size,
    "whole": lambda secret, size: secret * (size // len(secret)),
    "escaped prefix": lambda secret, size: (quote(secret[:18], safe="") + "%2") * (size // 22),
    "backslashes": lambda _, size: "\\" * size,
    "percent signs": lambda _, size: "%25" * (size // 3),
    "entities": lambda _, size: "&" + "amp;" * (size // 4),
    "digits": lambda _, size: "&#" + "1" * size,
    "half a pair": lambda _, size: "\\\\\\\\ud83d" * (size // 9),
}  # fmt: skip


def cpu(call: Callable[[], object]) -> float:
    """Return the smaller CPU time of two calls, in seconds."""
    times = []
    for _ in range(2):
        begun = time.process_time()
        call()
        times.append(time.process_time() - begun)
    return min(times)


@pytest.mark.long
@pytest.mark.parametrize("kind", HOSTILE)
def test_hiding_takes_linear_time(kind: str) -> None:
    """Four times the text takes about four times as long, with any content."""
    texts = [HOSTILE[kind](TOKEN, size).encode() for size in (15_000, 60_000)]
    small, large = (cpu(partial(hide_bytes, text, (TOKEN,))) for text in texts)
    assert large < 10 * small + 0.02


@pytest.mark.long
def test_a_longer_prefix_of_a_secret_takes_no_longer() -> None:
    """The cost per byte does not depend on the shared prefix."""
    texts = [(TOKEN[:length] + "~").encode() * (40_000 // (length + 1)) for length in (9, 18, 36)]
    times = [cpu(partial(hide_bytes, text, (TOKEN,))) for text in texts]
    assert max(times) < 4 * times[0] + 0.02
