"""Providers of names across the cells of a notebook."""

import json

import pytest

from tests.unit.check.test_counting import ABOUT, judged

CHAT = 'client.chat.completions.create(model="llama3")\n'


def notebook(*cells: str) -> str:
    """Return a notebook with cells of code."""
    return json.dumps({"cells": [{"cell_type": "code", "source": [each]} for each in cells]})


@pytest.mark.parametrize(
    ("cells", "uses"),
    [
        ((f'client = OpenAI(base_url="https://api.groq.com/v1")\n{CHAT}',), []),
        (('client = OpenAI(base_url="https://api.groq.com/v1")', CHAT), []),
        (('url = "http://localhost:11434"', 'model = "llama3"'), []),
        (
            (
                'client = OpenAI(base_url="https://api.groq.com/v1")',
                CHAT,
                'client = OpenAI(base_url="https://api.infomaniak.com/v1")',
                CHAT.replace("llama3", "qwen3"),
            ),
            ["qwen3"],
        ),
        (("import groq", f'model = "mixtral"  # {ABOUT}'), ["mixtral"]),
    ],
)
def test_a_cell_sets_the_provider_of_later_cells(cells: tuple[str, ...], uses: list[str]) -> None:
    """A base URL counts for its cell and later cells, even in a notebook about our provider."""
    assert judged("a.ipynb", notebook(f"# {ABOUT}", *cells))[0] == uses
