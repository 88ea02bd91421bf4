"""What a scan refuses, or reads in another way, because it would take too long."""

import pytest

from catalog.check.scan.scan import MOST, scan_text
from catalog.check.scan.uses import Scanned
from tests.support.known_names import KNOWN


def read(path: str, text: str) -> Scanned:
    """Scan a text."""
    return scan_text(path, text, KNOWN, ())


def names(path: str, text: str) -> list[str]:
    """Name what is found in a text that is read to its end."""
    scanned = read(path, text)
    assert scanned.skipped == ""
    return [use.name for use in scanned.uses]


@pytest.mark.parametrize("left", ["(", "[", "{"])
def test_brackets_without_end(left: str) -> None:
    """What stands before brackets that nest too deeply is found, and what stands behind them."""
    right = {"(": ")", "[": "]", "{": "}"}[left]
    text = f'model = "m1"\nx = {left * 1500}{right * 1500}\nmodel = "m2"\n'
    assert names("a.js", text) == ["m1", "m2"]
    assert names("a.js", text.replace(right * 1500, right * 2000)) == ["m1", "m2"]


def test_deep_python() -> None:
    """Expressions that nest deeper than a person writes give nothing; others give their strings."""
    assert names("a.py", f"model = {'a or (' * 4}'m1'{')' * 4}\n") == ["m1"]
    assert names("a.py", f"model = 'm1'\nmodel = {'a if b else (' * 40}'m2'{')' * 40}\n") == ["m1"]
    assert names("a.py", f"model = 'm1'\nx{'.value' * 60} = 'm2'\n") == ["m1"]


@pytest.mark.long
def test_one_list_for_many_places() -> None:
    """A list that is given to very many places is given up, in Python and in YAML."""
    items = ", ".join(["'a'"] * 1000)
    reason = "it gives its strings to places more than 300,000 times"
    assert read("a.py", f"{'models = ' * 320}[{items}]\n").skipped == reason
    aliases = "".join(f"models{n}: *a\n" for n in range(320))
    assert read("a.yaml", f"a: &a [{items}]\n{aliases}").skipped == reason


@pytest.mark.parametrize("text", [
    "models: [{}]\n".format(", ".join(["*a"] * 1000)),
    "model: *a\n" * 1000,
    "b: {config: *a}\n" * 1000,
])  # fmt: skip
def test_one_mapping_for_many_places(text: str) -> None:
    """A mapping of YAML that many aliases repeat is given up, whatever repeats it."""
    pairs = ", ".join(f"x{n}: 1" for n in range(1000))
    reason = "it gives its strings to places more than 300,000 times"
    assert read("a.yaml", f"model: m1\na: &a {{{pairs}}}\n{text}").skipped == reason


@pytest.mark.parametrize(("target", "value"), [
    ("models", "[{}]".format("{}," * 1000)),
    ("models", "[{}]".format("()," * 1000)),
    ("model", "{{{}}}".format("'a': 1," * 1000)),
    ("model", "f({})".format(", ".join(f"a{n}=1" for n in range(1000)))),
    ("model", "Literal[{}]".format("a," * 1000)),
])  # fmt: skip
def test_one_value_for_many_variables(target: str, value: str) -> None:
    """A long value of Python that is assigned to very many variables is given up."""
    reason = "it gives its strings to places more than 300,000 times"
    assert read("a.py", f"model = 'm1'\n{f'{target} = ' * 700}{value}\n").skipped == reason


def test_a_long_string_for_many_places() -> None:
    """A long string counts as several, so that many aliases of it are given up."""
    text = f"model: &a {'x' * 100_000}\n" + "model: *a\n" * 400
    assert read("a.yaml", text).skipped.startswith("it gives its strings to places")


@pytest.mark.parametrize("dot", [".", " . ", "\\\n."])
def test_a_name_of_many_dots_is_read_by_its_words(dot: str) -> None:
    """A file with an import of very many dots is checked too, without Python's parser."""
    dotted = dot.join(["a"] * 50_000)
    assert names("a.py", f"model = 'm1'\nfrom {dotted} import b\nmodel = 'm2'\n") == ["m1", "m2"]
    assert names("a.py", f"import {dot.join('abc')}\nmodel = 'm1'\n") == ["m1"]


def test_large_yaml_is_read_by_its_lines() -> None:
    """Very many or deep nodes, and many directives, are left to the reader of lines."""
    assert names("a.yaml", "model: m1\n" + "a:\n" * 51_000) == ["m1"]
    assert names("a.yaml", "model: m1\nx: " + "[" * 300) == ["m1"]
    directives = "".join(f"%TAG !a{n}! b\n" for n in range(1100))
    assert names("a.yaml", f"{directives}---\nmodel: m1\n") == ["m1"]


def test_documents_of_one_file() -> None:
    """In each document of a file of YAML every model is found, however many there are."""
    wanted = [[f"m{n}x{key}" for key in range(n * 7 % 5 + 1)] for n in range(60)]
    text = "".join(
        "---\n" + "".join(f"{name}: {{x: [1, 2], model: {name}}}\n" for name in document)
        for document in wanted
    )
    assert names("a.yaml", text) == [name for document in wanted for name in document]


def test_the_highest_limit_of_each_owner() -> None:
    """Of several limits beside a name the highest counts, in whatever order they stand."""
    (use,) = read("a.env", "MODEL=m1\nMAX_TOKENS=9\nMAX_CONTEXT=7\nCHAT_MAX_TOKENS=8\n").uses
    assert (use.limit, use.limit_place) == (9, "MAX_TOKENS")


@pytest.mark.long
def test_very_many_strings() -> None:
    """More strings than names fit into a file are given up; of very many names the first count."""
    assert read(".env", "MODELS=" + "a," * 150_001).skipped == (
        "it has more than 100,000 strings where a name may stand"
    )
    scanned = read(".env", "MODELS=" + "m1," * (MOST + 1))
    assert (len(scanned.uses), scanned.skipped) == (MOST, "only its first 3,000 names are checked")


def test_very_many_blocks_of_code() -> None:
    """More blocks of code than a person writes are given up, in Markdown and in notebooks."""
    reason = "it has more than 10,000 blocks of code"
    assert read("a.md", "The model `m1`.\n" + "```\n```\n" * 10_001).skipped == reason
    assert read("a.ipynb", '"model", "source": [""],' * 10_001).skipped == reason


@pytest.mark.long
def test_very_many_lines_of_a_script() -> None:
    """A script with a path in each of very many lines is given up."""
    assert read("a.sh", "MODEL=m1\n" + "a/b\n" * 100_001).skipped == (
        "it has more than 100,000 strings where a name may stand"
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
def test_what_is_open_hides_nothing_else(path: str, text: str, found: list[str]) -> None:
    """An opening that nothing closes leaves what stands behind it as it is."""
    assert [use.name for use in read(path, text).uses if use.kind == "use"] == [
        name for name in found if not name.startswith("`")
    ]


def test_a_notebook_of_very_many_lines_is_given_up() -> None:
    """More lines than a person writes are given up: each is found again in the file."""
    source = ", ".join(['"a\\n"'] * 40_001)
    document = f'{{"model": 1, "cells": [{{"source": [{source}]}}]}}'
    assert read("a.ipynb", document).skipped == "it has more than 40,000 lines in cells"
