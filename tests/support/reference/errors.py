"""Describe the error tree from its classes."""

from collections.abc import Iterator

from catalog.core.errors import CatalogError, ProviderError
from tests.support.reference.text import unwrapped


def kinds(kind: type[CatalogError] = CatalogError) -> Iterator[type[CatalogError]]:
    """Return every error of the tree, each parent before its children."""
    yield kind
    for derived in kind.__subclasses__():
        yield from kinds(derived)


def described() -> str:
    """Return a section for each error: exit code, docstring and hint."""
    return "\n\n".join(map(_section, kinds()))


def _section(kind: type[CatalogError]) -> str:
    again = issubclass(kind, ProviderError) and kind.retryable
    lines = [f"- **Exit code:** {kind.exit_code}{', *tried again*' if again else ''}"]
    if kind.hint:
        lines.append(f"- **Hint:** {kind.hint}")
    return "\n\n".join([f"### {kind.__name__}", unwrapped(kind.__doc__), "\n".join(lines)])
