"""Turn docstrings into Markdown."""

import inspect


def unwrapped(text: str | None) -> str:
    """Return a text with each paragraph in one line. After click's mark, lines stay."""
    blocks = inspect.cleandoc(text or "").split("\f")[0].split("\n\n")
    return "\n\n".join(map(_unwrapped, blocks))


def _unwrapped(block: str) -> str:
    mark, _, lines = block.partition("\n")
    return f"```text\n{lines}\n```" if mark == "\b" else " ".join(block.split())
