import re
from collections.abc import Iterator

import pytest

from catalog.core import errors
from catalog.core.errors import CatalogError, PayloadInvalid, Problem, ProviderError, Unreachable


def drawn_tree() -> Iterator[tuple[str, str, int | None, bool]]:
    """Yield name, parent, exit code and retry of each drawn error."""
    parents = ["CatalogError"]
    line = re.compile(r"^([│ ]*)[├└]── (\w+) +(?:(\d\d?)  )? *(.+)$", re.MULTILINE)
    for bars, name, code, text in line.findall(errors.__doc__ or ""):
        depth = 1 + len(bars) // 4
        parents[depth:] = [name]
        yield name, parents[depth - 1], int(code) if code else None, "(retried)" in text


def subclasses(parent: type[CatalogError]) -> Iterator[type[CatalogError]]:
    """Yield the classes below a parent."""
    for child in parent.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from subclasses(child)


def test_errors_are_as_drawn() -> None:
    """The drawing has every error under its parent, and no other."""
    drawn = {name: parent for name, parent, _, _ in drawn_tree()}
    assert drawn == {
        each.__name__: (each.__base__ or object).__name__ for each in subclasses(CatalogError)
    }


@pytest.mark.parametrize(("name", "parent", "code", "again"), [*drawn_tree()])
def test_exit_codes_are_as_drawn(name: str, parent: str, code: int | None, again: bool) -> None:
    """Each error has the exit code in the drawing, or its parent's."""
    kind = getattr(errors, name)
    assert kind.exit_code == (code if code is not None else getattr(errors, parent).exit_code)
    assert kind.retryable == (
        again or name in {"DatabaseBusy", "DatabaseUnreachable", "DeliveryFailed"}
    )


def test_every_error_says_what_to_do() -> None:
    """Each error has a hint in whole sentences, except NotFound, which gets one when raised."""
    silent = {each.__name__ for each in subclasses(CatalogError) if not each.hint}
    assert silent == {"NotFound"}
    assert all(each.hint.endswith((".", ").")) for each in subclasses(CatalogError) if each.hint)


def test_own_hint_comes_first() -> None:
    """The hint of an instance replaces the general one."""
    assert Unreachable("gone", hint="Wait.").hint == "Wait."
    assert Unreachable("gone").hint == Unreachable.hint


def test_provider_error_carries_http_facts() -> None:
    """A ProviderError has the status and the requested pause."""
    error = ProviderError("busy", status=503, retry_after=2.5)
    assert (str(error), error.status, error.retry_after) == ("busy", 503, 2.5)
    assert (ProviderError("x").status, ProviderError("x").retry_after) == (None, None)


def test_problems_are_sorted() -> None:
    """Problems are sorted by place, row 2 before row 10."""
    paths = ["$", "$.data[2].id", "$.data[10]", "$.data[10].id", '$["x"]', "$[3]"]
    error = PayloadInvalid([Problem(path, "1", "2") for path in reversed(paths)])
    assert [problem.path for problem in error.problems] == ["$", '$["x"]', *paths[1:4], "$[3]"]
    assert str(error) == "$: found 1, expected 2 (and 5 more)"
    assert not error.is_cut
