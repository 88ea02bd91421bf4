"""The cache of answers: kept and dropped ones, and bugs."""

from pathlib import Path

import pytest
from starlette.requests import Request

from catalog.core.errors import InternalError
from catalog.store.database import Database
from catalog.web.answer import ROOM, Answers, Body, Make
from catalog.web.reader import Reader, Reading
from tests.support.rig import lay_database
from tests.support.web_client import NOW

SMALL, LARGE, HUGE = 100, ROOM // 9, ROOM // 8 + 1


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    """Return answers from a database without rows, at a fixed time."""
    return Answers(Reader((), Database(str(lay_database(tmp_path))), lambda: NOW))


def _request(path: str) -> Request:
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    return Request({**scope, "server": ("127.0.0.1", 80), "scheme": "http"})


def _counted(size: int, calls: list[int]) -> Make:
    def make(_reading: Reading) -> Body:
        calls.append(size)
        return Body(b"x" * size, "text/plain")

    return make


@pytest.mark.parametrize(("size", "made"), [(SMALL, 1), (HUGE, 2)])
def test_an_answer_is_made_once_unless_it_is_huge(answers: Answers, size: int, made: int) -> None:
    """A second request gets the kept answer, and a huge answer is not kept."""
    calls: list[int] = []
    for _ in range(2):
        assert len(answers.answer(_request("/a"), _counted(size, calls)).body) == size
    assert len(calls) == made


def test_the_oldest_answers_are_dropped(answers: Answers) -> None:
    """Answers that exceed the room replace the one that was used least recently."""
    calls: list[int] = []
    for path in (*map(str, range(12)), "11", "0"):
        answers.answer(_request(f"/{path}"), _counted(LARGE, calls))
    assert len(calls) == 13


def test_a_bug_in_a_page_names_its_place_in_the_log_alone(answers: Answers) -> None:
    """An unexpected exception becomes an error of the program."""

    def make(_reading: Reading) -> Body:
        raise ZeroDivisionError

    with pytest.raises(InternalError, match="a page could not be made: ZeroDivisionError"):
        answers.answer(_request("/a"), make)
