"""Strict reading of users' TOML."""

import time

import pytest

from catalog.core.strict_toml import Refused, parse

MIB = 1024 * 1024
REFUSED = {
    "deep lists": ("a = " + "[" * 50_000, "it is nested too deeply"),
    "deep tables": ("a = " + "{a=" * 50_000, "it is nested too deeply"),
    "lists of 70 levels": ("a = " + "[" * 70 + "]" * 70, "it is nested too deeply"),
    "a key of 500,000 parts": (
        ".".join(["a"] * (MIB // 2)) + " = 1",
        "it is nested too deeply: 524,287 dots in line 1",
    ),
    "many keys of 1,000 parts": (
        "".join(f"a{n}." + ".".join(["a"] * 1_000) + " = 1\n" for n in range(500)),
        "it is nested too deeply: 1,000 dots in line 1",
    ),
    "a number of 5,000 digits": ("a = 1\nb = " + "9" * 5_000, "the number in line 2 does not fit"),
    "a number of 65 bits": ("[a]\nb = [1, 18446744073709551616]", "the number at a.b.1 does not"),
    "a long number in hexadecimal": ("a = 0x" + "f" * 10_000, "the number at a does not fit"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_slow_or_large_input_is_refused(kind: str) -> None:
    """Slow or too large input is refused at once with its place."""
    text, reason = REFUSED[kind]
    before = time.process_time()
    with pytest.raises(Refused) as refused:
        parse(text)
    assert str(refused.value).startswith(reason)
    assert time.process_time() - before < 1


def test_usual_documents_are_read() -> None:
    """64-bit numbers, dotted keys and long text are accepted."""
    prose = "Sentence. " * 500
    tree = parse(f'a.b.c = {2**63 - 1}\nd = {-(2**63)}\ne = true\nf = """{prose}\n{prose}"""\n')
    assert tree["a"] == {"b": {"c": 2**63 - 1}}
    assert tree["d"] == -(2**63)
