"""Turn docstrings into Markdown."""

import inspect


def unwrapped(text: str | None) -> str:
    """Return a text with each paragraph in one line."""
    blocks = inspect.cleandoc(text or "").split("\f")[0].split("\n\n")
    return "\n\n".join(" ".join(block.split()) for block in blocks)
