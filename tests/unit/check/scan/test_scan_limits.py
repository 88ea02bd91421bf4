"""Texts that a scan refuses or reads differently, because they are slow."""

import pytest

from catalog.check.scan.scan import MOST, scan_text
from catalog.check.scan.uses import Scanned
from tests.support.known_names import KNOWN


def read(path: str, text: str) -> Scanned:
    """Scan a text."""
    return scan_text(path, text, KNOWN, ())


def names(path: str, text: str) -> list[str]:
    """Return the names in a text that is read completely."""
    scanned = read(path, text)
    assert scanned.skipped == ""
    return [use.name for use in scanned.uses]


@pytest.mark.parametrize("left", ["(", "[", "{"])
def test_brackets_without_end(left: str) -> None:
    """Uses before and after brackets that are nested too deeply are found."""
    right = {"(": ")", "[": "]", "{": "}"}[left]
    text = f'model = "m1"\nx = {left * 1500}{right * 1500}\nmodel = "m2"\n'
    assert names("a.js", text) == ["m1", "m2"]
    assert names("a.js", text.replace(right * 1500, right * 2000)) == ["m1", "m2"]


def test_deep_python() -> None:
    """Extremely nested expressions give no strings, and other expressions do."""
    assert names("a.py", f"model = {'a or (' * 4}'m1'{')' * 4}\n") == ["m1"]
    assert names("a.py", f"model = 'm1'\nmodel = {'a if b else (' * 40}'m2'{')' * 40}\n") == ["m1"]
    assert names("a.py", f"model = 'm1'\nx{'.value' * 60} = 'm2'\n") == ["m1"]


@pytest.mark.long
def test_one_list_for_many_places() -> None:
    """A file that repeats a list in very many places is skipped, in Python and in YAML."""
    items = ", ".join(["'a'"] * 1000)
    reason = "it repeats its strings in more than 300,000 places"
    assert read("a.py", f"{'models = ' * 320}[{items}]\n").skipped == reason
    aliases = "".join(f"models{n}: *a\n" for n in range(320))
    assert read("a.yaml", f"a: &a [{items}]\n{aliases}").skipped == reason


@pytest.mark.parametrize("text", [
    "models: [{}]\n".format(", ".join(["*a"] * 1000)),
    "model: *a\n" * 1000,
    "b: {config: *a}\n" * 1000,
])  # fmt: skip
def test_one_mapping_for_many_places(text: str) -> None:
    """YAML with a mapping that many aliases repeat is skipped, in any place of the aliases."""
    pairs = ", ".join(f"x{n}: 1" for n in range(1000))
    reason = "it repeats its strings in more than 300,000 places"
    assert read("a.yaml", f"model: m1\na: &a {{{pairs}}}\n{text}").skipped == reason


@pytest.mark.parametrize(("target", "value"), [
    ("models", "[{}]".format("{}," * 1000)),
    ("models", "[{}]".format("()," * 1000)),
    ("model", "{{{}}}".format("'a': 1," * 1000)),
    ("model", "f({})".format(", ".join(f"a{n}=1" for n in range(1000)))),
    ("model", "Literal[{}]".format("a," * 1000)),
])  # fmt: skip
def test_one_value_for_many_variables(target: str, value: str) -> None:
    """Python that assigns a long value to very many variables is skipped."""
    reason = "it repeats its strings in more than 300,000 places"
    assert read("a.py", f"model = 'm1'\n{f'{target} = ' * 700}{value}\n").skipped == reason


def test_a_long_string_for_many_places() -> None:
    """A long string counts as several, so a file with many aliases of it is skipped."""
    text = f"model: &a {'x' * 100_000}\n" + "model: *a\n" * 400
    assert read("a.yaml", text).skipped.startswith("it repeats its strings in more")


@pytest.mark.parametrize("dot", [".", " . ", "\\\n."])
def test_a_name_of_many_dots_is_read_by_its_words(dot: str) -> None:
    """A file with a very long dotted import is checked without Python's parser."""
    dotted = dot.join(["a"] * 50_000)
    assert names("a.py", f"model = 'm1'\nfrom {dotted} import b\nmodel = 'm2'\n") == ["m1", "m2"]
    assert names("a.py", f"import {dot.join('abc')}\nmodel = 'm1'\n") == ["m1"]


def test_large_yaml_is_read_by_its_lines() -> None:
    """YAML with very many or deep nodes or many directives is read by lines."""
    assert names("a.yaml", "model: m1\n" + "a:\n" * 51_000) == ["m1"]
    assert names("a.yaml", "model: m1\nx: " + "[" * 300) == ["m1"]
    directives = "".join(f"%TAG !a{n}! b\n" for n in range(1100))
    assert names("a.yaml", f"{directives}---\nmodel: m1\n") == ["m1"]


def test_documents_of_one_file() -> None:
    """Every model is found in each of many documents in one YAML file."""
    wanted = [[f"m{n}x{key}" for key in range(n * 7 % 5 + 1)] for n in range(60)]
    text = "".join(
        "---\n" + "".join(f"{name}: {{x: [1, 2], model: {name}}}\n" for name in document)
        for document in wanted
    )
    assert names("a.yaml", text) == [name for document in wanted for name in document]


def test_the_highest_limit_of_each_owner() -> None:
    """Of several limits beside a name, the highest counts in any order."""
    (use,) = read("a.env", "MODEL=m1\nMAX_TOKENS=9\nMAX_CONTEXT=7\nCHAT_MAX_TOKENS=8\n").uses
    assert (use.limit, use.limit_place) == (9, "MAX_TOKENS")


@pytest.mark.long
def test_very_many_strings() -> None:
    """A file with too many strings is skipped, and of very many names the first are checked."""
    assert read(".env", "MODELS=" + "a," * 150_001).skipped == (
        "it has more than 100,000 strings that may be names"
    )
    scanned = read(".env", "MODELS=" + "m1," * (MOST + 1))
    assert (len(scanned.uses), scanned.skipped) == (MOST, "only its first 3,000 names are checked")


def test_very_many_blocks_of_code() -> None:
    """Markdown and notebooks with very many blocks of code are skipped."""
    reason = "it has more than 10,000 blocks of code"
    assert read("a.md", "The model `m1`.\n" + "```\n```\n" * 10_001).skipped == reason
    assert read("a.ipynb", '"model", "source": [""],' * 10_001).skipped == reason


@pytest.mark.long
def test_very_many_lines_of_a_script() -> None:
    """A script with a path in each of very many lines is skipped."""
    assert read("a.sh", "MODEL=m1\n" + "a/b\n" * 100_001).skipped == (
        "it has more than 100,000 strings that may be names"
    )


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("a.js", "const a = 'it\\'s open\nmodel = \"m1\"\n", ["m1"]),
        ("a.js", "x = \"open 'model' model = 'm1'\n", ["m1"]),
        ("a.js", 'x = "\\"open model = \'m1\', "\\"\nmodel = "m2"\n', ["m2"]),
        ("a.js", "x = `open\nmodel = 'm1'\n", ["m1"]),
        ("a.js", "x = /open\nmodel = 'm1'\n", ["m1"]),
        ("a.rb", "model = 'm1'\n=begin\nmodel = 'm2'\n", ["m1"]),
        ("a.md", "The model ``m1`` and `m2``m3`.\n", ["``m1``"]),
        ("a.sh", "X=${MODEL:-m1} Y=${MODEL-m2} ${MODEL:-\n", ["m1", "m2"]),
        ("a.py", "é = 'é' * 3000; model = 'm1'\n", ["m1"]),
    ],
)
def test_an_unclosed_opening_hides_nothing_else(path: str, text: str, found: list[str]) -> None:
    """Uses after a quote or comment that is never closed are found."""
    assert [use.name for use in read(path, text).uses if use.kind == "use"] == [
        name for name in found if not name.startswith("`")
    ]


def test_a_notebook_of_very_many_lines_is_skipped() -> None:
    """A notebook with very many lines is skipped, because each line takes time to locate."""
    source = ", ".join(['"a\\n"'] * 40_001)
    document = f'{{"model": 1, "cells": [{{"source": [{source}]}}]}}'
    assert read("a.ipynb", document).skipped == "it has more than 40,000 lines in cells"
