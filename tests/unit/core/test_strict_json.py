import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.core.errors import MAX_PROBLEMS, PayloadInvalid
from catalog.core.strict_json import (
    MAX_DEPTH,
    canonical,
    child,
    cut,
    dotted,
    parse,
    read,
    read_strict,
    shorten,
    undotted,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
numbers = st.integers(-(10**300), 10**300) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
snippets = st.sampled_from(
    [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"a"',
        b":",
        b",",
        b"1",
        b"-0",
        b"1e999",
        b"NaN",
        b'"\\ud800"',
        b"\xff",
    ]
)


def problems(body: bytes) -> list[str]:
    """Return the problems of a body."""
    with pytest.raises(PayloadInvalid) as caught:
        read_strict(body)
    return [str(problem) for problem in caught.value.problems]


@given(st.binary(max_size=30) | st.lists(snippets, max_size=12).map(b"".join))
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b"1" * 100_000)
def test_any_bytes(body: bytes) -> None:
    """Any bytes are parsed, or refused with problems, without another exception."""
    try:
        value = read_strict(body)
    except PayloadInvalid as error:
        assert error.problems  # noqa: PT017  # either end is right
    else:
        assert parse(canonical(value)) == value


@given(json_values)
def test_any_json_is_read(value: Any) -> None:
    """Any valid JSON is parsed to its value, indented or not, escaped or not."""
    assert read_strict(json.dumps(value).encode()) == value
    assert read_strict(json.dumps(value, indent=1, ensure_ascii=False).encode()) == value


@given(json_values)
def test_canonical_text_is_stable(value: Any) -> None:
    """Canonical text read and written again is the same text, by either reader."""
    text = canonical(read_strict(json.dumps(value).encode()))
    assert canonical(parse(text)) == text
    assert canonical(read_strict(text.encode())) == text
    assert "\n" not in text


@given(st.dictionaries(texts, json_values, max_size=5))
def test_canonical_text_ignores_key_order(value: dict[str, Any]) -> None:
    """Canonical text does not depend on the order of keys."""
    assert canonical(dict(reversed(value.items()))) == canonical(value)


def test_canonical_text_as_written() -> None:
    """Canonical text is sorted, without spaces, and unescaped."""
    value = {"z": [1, True, None], "é🦙": 0.5, "a": {"c": "x", "b": ""}}
    assert canonical(value) == '{"a":{"b":"","c":"x"},"z":[1,true,null],"é🦙":0.5}'


@pytest.mark.parametrize("body", [b"1", b"1.0", b"1e0", b"10e-1", b"0.1E+1", b" 1.00\n"])
def test_one_has_one_spelling(body: bytes) -> None:
    """Every spelling of 1 is the same number, and none is true."""
    assert canonical(read_strict(body)) == "1"
    assert canonical(read_strict(b"true")) == "true"


@given(st.integers(-(10**15), 10**15))
def test_whole_floats_are_integers(number: int) -> None:
    """A whole number with the fraction `.0` is the same number."""
    assert canonical(read_strict(b"%d.0" % number)) == canonical(read_strict(b"%d" % number))


def test_fractions_stay_fractions() -> None:
    """A number that is not whole keeps its fraction."""
    assert read_strict(b"[1.5, -0.25, 1e-7]") == [1.5, -0.25, 1e-7]


def test_canonical_text_has_no_odd_number() -> None:
    """NaN and infinity have no canonical text."""
    for number in (math.nan, math.inf):
        with pytest.raises(ValueError, match="not JSON compliant"):
            canonical(number)


def test_parse_gives_a_fresh_value() -> None:
    """Changing a parsed value does not change other results."""
    text = canonical({"a": []})
    parse(text)["a"].append(1)
    assert parse(text) == {"a": []}


@pytest.mark.parametrize("depth", [1, MAX_DEPTH - 1, MAX_DEPTH])
def test_depth_allowed(depth: int) -> None:
    """Lists and objects may be nested 64 levels deep."""
    inside = depth - 1
    assert read_strict(b"[" * inside + b"[1]" + b"]" * inside)
    assert read_strict(b'{"a":' * inside + b'{"b":1}' + b"}" * inside)


def test_depth_refused() -> None:
    """Each place deeper than 64 levels is reported once with its path."""
    body = b"[" * (MAX_DEPTH - 1) + b"[[1]],[2],[{}]" + b"]" * (MAX_DEPTH - 1)
    way = "[0]" * (MAX_DEPTH - 2)
    text = "found deeper nesting, expected at most 64 levels"
    assert problems(body) == [f"${way}[{at}][0]: {text}" for at in (0, 2)]


def test_largest_numbers() -> None:
    """A number is refused exactly if a double cannot represent it, written long or short."""
    largest = int(1.7976931348623157e308)
    assert read_strict(b"[%d, -%d, 1.7976931348623157e308]" % ((largest,) * 2))[0] == largest
    expected = "expected a finite number that a double can hold"
    assert problems(b"[-1e309]") == [f"$[0]: found -1e309, {expected}"]
    assert problems(b"%d" % (largest * 2)) == [f"$: found {str(largest * 2)[:59]}…, {expected}"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "an empty body"),
        (b" \r\n\t", "an empty body"),
        (b"\xef\xbb\xbf{}", "a byte order mark"),
        (b'{"a": 1', "the end of the body at line 1 column 8"),
        (b'{"a":\n  nope}', '"nope}" at line 2 column 3'),
        (b"[] []", '"[]" at line 1 column 4'),
        (b"<" * 100, f'"{"<" * 58}… at line 1 column 1'),
    ],
)
def test_no_json(body: bytes, found: str) -> None:
    """The problem of invalid JSON has the text, line and column of the error."""
    assert problems(body) == [f"$: found {found}, expected one JSON value"]


def test_no_utf8() -> None:
    """The problem of invalid UTF-8 has the first byte and its offset."""
    assert problems(b'"caf\xe9"') == ["$: found byte 0xe9 at offset 4, expected valid UTF-8"]


def test_all_flaws_at_once() -> None:
    """Every flaw of a body is reported, row 2 before row 10."""
    body = b'[%s NaN, {"a": 1, "a": 2, "b": 3, "b": 3, "c": 4}]' % (b"0," * 9)
    body = body.replace(b"0,0,0,", b'0,0,"\\udfff",', 1)
    assert problems(body) == [
        '$[2]: found "\\udfff", expected text without lone surrogates',
        "$[9]: found NaN, expected a finite number that a double can hold",
        "$[10].a: found the same key twice, expected each key once",
        "$[10].b: found the same key twice, expected each key once",
    ]


@pytest.mark.parametrize(
    ("body", "repeats", "flaws"),
    [
        (b'{"a": 1, "a": 1}', {("a",): 2}, []),
        (b'[{"a": {"b": [1, 1.0]}, "\\u0061": {"b": [1.0, 1]}}]', {(0, "a"): 2}, []),
        (b'{"a": {"x": 1, "y": 2}, "a": {"y": 2, "x": 1}, "a": {"x": 1, "y": 2}}', {("a",): 3}, []),
        (b'{"a": 1, "a": true}', {}, [("a",)]),
        (b'{"a": 1, "a": "1"}', {}, [("a",)]),
        (b'{"a": 1, "b": {"c": 0, "c": 0}, "a": 2}', {("b", "c"): 2}, [("a",)]),
        (b'{"a": NaN, "a": NaN}', {("a",): 2}, [("a",)]),
        (b'{"a": %s1%s, "a": %s1%s}' % ((b"[" * 80, b"]" * 80) * 2), {}, None),
    ],
)
def test_equal_values_of_one_key_are_a_repeat(
    body: bytes, repeats: dict[Any, int], flaws: list[Any] | None
) -> None:
    """A key with several equal values is a repeat, one with unlike values is a flaw."""
    parsed = read(body)
    assert {each.steps: each.times for each in parsed.repeats} == repeats
    assert flaws is None or [each.steps for each in parsed.flaws] == flaws
    with pytest.raises(PayloadInvalid):
        read_strict(body)


def test_repeats_do_not_hide_a_flaw() -> None:
    """A flaw is found beside any number of repeated keys."""
    many = b",".join(b'{"a": 1, "a": 1}' for _ in range(MAX_PROBLEMS + 1))
    parsed = read(b"[NaN, %s]" % many)
    assert len(parsed.repeats) == MAX_PROBLEMS + 1
    assert [each.steps for each in parsed.flaws] == [(0,)]


@pytest.mark.parametrize("code", ["d800", "dbff", "dc00", "dfff"])
def test_lone_surrogates(code: str) -> None:
    """Half of a surrogate pair is reported at its value, in a key at its object."""
    body = f'{{"a": {{"\\u{code.upper()}": 1}}, "b": "x\\u{code}"}}'.encode()
    assert problems(body) == [
        f'$.a: found key "\\u{code}", expected a key without lone surrogates',
        f'$.b: found "x\\u{code}", expected text without lone surrogates',
    ]


@pytest.mark.parametrize("text", ["\\ud83e\\udd99", "\\uD83E\\uDD99", "\\ud7ff", "\\ue000"])
def test_whole_characters_are_text(text: str) -> None:
    """A complete surrogate pair is one character, in keys and in texts."""
    body = f'[{{"{text}": "{text}"}}, "\\ud83e\\udd99"]'.encode()
    ((key, value),) = read_strict(body)[0].items()
    assert (key, len(value)) == (value, 1)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        (3, "$[3]"),
        ("plain_key-2", "$.plain_key-2"),
        ("_", "$._"),
        ("k" * 60, f"$.{'k' * 60}"),
        ("k" * 61, f'$["{"k" * 58}…]'),
        ("", '$[""]'),
        ("3", '$["3"]'),
        ("a b", '$["a b"]'),
        ("a.b", '$["a.b"]'),
        ("a\n", '$["a\\n"]'),
        ("é", '$["\\u00e9"]'),
    ],
)
def test_path_of_a_child(key: str | int, path: str) -> None:
    """A path shows plain keys with a dot, indexes and odd keys in brackets, long ones cut."""
    assert child("$", key) == path


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("meta", "is_beta"), "meta.is_beta"),
        (("meta.is_beta",), "meta\\.is_beta"),
        (("a\\", "b"), "a\\\\.b"),
        (("a\\.b",), "a\\\\\\.b"),
        (("meta", ""), "meta."),
        (("a\0",), "a\\0"),
    ],
)
def test_dotted_path(path: tuple[str, ...], text: str) -> None:
    """A dotted path distinguishes dots between keys from dots within."""
    assert dotted(path) == text


@given(st.sets(st.lists(st.text(".\\a0\0", max_size=3), min_size=1, max_size=3).map(tuple)))
def test_dotted_paths_are_unique(paths: set[tuple[str, ...]]) -> None:
    """Different paths never have the same text."""
    assert len({dotted(path) for path in paths}) == len(paths)


def test_shorten() -> None:
    """A value is shown as ASCII JSON on one line, cut if it is too long."""
    assert shorten({"é": "a\nb"}) == '{"\\u00e9": "a\\nb"}'
    assert shorten("x" * 58) == f'"{"x" * 58}"'
    assert shorten("x" * 59) == f'"{"x" * 58}…'
    assert shorten([1, 2, 3], limit=5) == "[1, …"


def test_cut() -> None:
    """A text is cut only if it is longer than the limit, and then has that length."""
    assert cut("12345", 5) == "12345"
    assert cut("123456", 5) == "1234…"


@pytest.mark.parametrize(
    "path", [("a",), ("a", "b"), ("a.b", "c\\"), ("",), ("", ""), ("a", ""), ("\0", "0", "\n.")]
)
def test_a_path_is_read_back(path: tuple[str, ...]) -> None:
    """Any dotted path is parsed to its keys."""
    assert undotted(dotted(path)) == path
